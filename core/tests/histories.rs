//! Random histories of an object against a simulated AWS.
//!
//! `KPL_HISTORIES=20000 cargo test -p kpl-core --test histories` for more of them, `KPL_SEED=…` for one with its
//! whole log, `KPL_ROUNDS=…` to end it early.

mod world;

use std::collections::BTreeMap;

use world::history::{Ended, History, bad_week};
use world::settled::{Wish, differences};
use world::{Faults, World};

/// Passes in which everything must be right once nothing goes wrong any more.
const PASSES_TO_SETTLE: u32 = 40;

/// What all histories came to.
#[derive(Default)]
struct Totals {
    histories: u64,
    passes: u64,
    full_looks: u64,
    steps: u64,
    crashes: u64,
    reads: u64,
    gaps_by_stale_reads: u64,
    needed_a_full_look: BTreeMap<String, Vec<u64>>,
    passes_to_settle: BTreeMap<u32, u64>,
    passes_to_go: BTreeMap<u32, u64>,
    refusals: BTreeMap<String, u64>,
}

/// What one history came to.
struct Lived {
    history: History,
    settled_in: u32,
    gone_in: u32,
    needed_a_full_look: Option<String>,
    failures: Vec<String>,
}

fn faults_of(seed: u64) -> Faults {
    match seed % 4 {
        0 | 1 => Faults::default(),
        2 => bad_week(0),
        _ => bad_week(300),
    }
}

fn live(seed: u64, most_rounds: u32) -> Lived {
    let mut history = History::new(seed);
    let faults = faults_of(seed);
    history.world.faults = faults;
    history.settle_in();
    let rounds = history.world.rng.u32(3..15).min(most_rounds);
    for _ in 0..rounds {
        history.event();
        history.pass();
        wait(&mut history);
    }
    history.calm();
    let mut lived = Lived { history, settled_in: 0, gone_in: 0, needed_a_full_look: None, failures: Vec::new() };
    lived.settle();
    if lived.failures.is_empty() {
        lived.remove(faults);
    }
    lived
}

fn wait(history: &mut History) {
    for _ in 0..history.world.rng.u32(0..4) {
        history.world.tick();
    }
}

impl Lived {
    /// Without faults it becomes what the object says, by itself or after one full look.
    fn settle(&mut self) {
        let mut full_look_given = false;
        let mut last = String::new();
        for pass in 1..=PASSES_TO_SETTLE {
            let history = &mut self.history;
            // A person answers what is asked.
            history.confirm = history.memory.confirmation.as_ref().map(|asked| asked.token.clone());
            let ended = history.pass();
            history.world.tick();
            let Ended::Passed(passed) = ended else { continue };
            let History { world, identity, spec, memory, .. } = &*history;
            let wish = Wish { owner: &identity.owner, spec, ledger: &memory.ledger, manners: &world.manners };
            let right = differences(&world.aws, &wish);
            if right.is_ok() && !passed.acted() && passed.plan.waiting.is_empty() {
                self.settled_in = pass;
                self.stay();
                return;
            }
            last = right.err().unwrap_or_else(|| format!("still acting, or waiting for {:?}", passed.plan.waiting));
            let quiet = !passed.acted() && passed.plan.waiting.is_empty() && memory.confirmation.is_none();
            if quiet && memory.absent.is_empty() && !full_look_given {
                full_look_given = true;
                self.needed_a_full_look = Some(last.clone());
                self.history.look_fully();
            }
        }
        self.failures.push(format!("does not settle: {last}"));
    }

    /// What is as it should be is left alone, however closely it is looked at.
    fn stay(&mut self) {
        self.history.look_fully();
        if let Ended::Passed(passed) = self.history.pass() {
            let steps: Vec<_> = passed.taken.iter().map(|(step, _)| step.to_string()).collect();
            if !steps.is_empty() {
                self.failures.push(format!("acts though all is right: {}", steps.join("; ")));
            }
        }
    }

    /// It goes, in bad weather at first, and leaves nothing.
    fn remove(&mut self, faults: Faults) {
        let history = &mut self.history;
        history.world.faults = faults;
        history.delete();
        for _ in 0..history.world.rng.u32(0..6) {
            history.pass();
            wait(history);
        }
        history.calm();
        history.let_go();
        let owner = history.identity.owner.clone();
        for pass in 1..=PASSES_TO_SETTLE {
            let ended = self.history.pass();
            self.history.world.tick();
            let left = self.history.world.aws.owned(&owner);
            if let Ended::Passed(passed) = ended
                && passed.is_gone()
            {
                if !left.is_empty() {
                    self.failures.push(format!("says that all is gone, and leaves {left:?}"));
                }
                self.gone_in = pass;
                break;
            }
        }
        if self.gone_in == 0 {
            let left = self.history.world.aws.owned(&owner);
            self.failures.push(format!("does not go: {left:?}"));
        } else if self.history.world.chance(300) {
            self.history.make_again();
            self.settle();
        }
    }

    fn all_failures(&self) -> Vec<String> {
        let mut failures = self.history.report.wrong.clone();
        if !self.had_stale_reads() {
            failures.extend(self.history.report.gaps.iter().map(|gap| format!("gap: {gap}")));
        }
        failures.extend(self.failures.clone());
        failures
    }

    fn had_stale_reads(&self) -> bool {
        self.history.stale_reads
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}: {text:?} is not a number")))
}

/// The seed's history cut after the fewest rounds with which it still fails in this way.
fn shortest(seed: u64, kind: &str) -> (u32, Lived) {
    (0..=15)
        .map(|rounds| (rounds, live(seed, rounds)))
        .find(|(_, lived)| lived.all_failures().iter().any(|failure| kind_of(failure) == kind))
        .expect("it failed with all its rounds")
}

#[test]
fn whatever_happens() {
    let only = number("KPL_SEED");
    let most_rounds = number("KPL_ROUNDS").map_or(u32::MAX, |rounds| u32::try_from(rounds).expect("few"));
    let count = number("KPL_HISTORIES").unwrap_or(2000);
    let mut totals = Totals::default();
    let mut failed: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for seed in only.map_or(0..count, |seed| seed..seed + 1) {
        let lived = live(seed, most_rounds);
        totals.add(seed, &lived);
        if only.is_some() {
            println!("{}", lived.history.report.log.join("\n"));
        }
        for failure in lived.all_failures() {
            failed.entry(kind_of(&failure)).or_default().push(seed);
        }
    }
    totals.print();
    let mut shortest_log = None;
    for (kind, seeds) in &mut failed {
        seeds.dedup();
        println!("{} histories: {kind}", seeds.len());
        if only.is_none() {
            let tries = seeds.iter().take(6).map(|seed| (*seed, shortest(*seed, kind)));
            let (seed, (rounds, lived)) =
                tries.min_by_key(|(_, (_, lived))| lived.history.report.log.len()).expect("some");
            println!("    KPL_SEED={seed} KPL_ROUNDS={rounds}");
            let log = lived.history.report.log;
            if shortest_log.as_ref().is_none_or(|shorter: &Vec<String>| log.len() < shorter.len()) {
                shortest_log = Some(log);
            }
        }
    }
    println!("{}", shortest_log.unwrap_or_default().join("\n"));
    assert!(failed.is_empty(), "see above");
}

/// What a failure is about, without ids, so that like is counted with like.
fn kind_of(failure: &str) -> String {
    let words = failure.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    words.take(14).collect::<Vec<_>>().join(" ")
}

impl Totals {
    fn add(&mut self, seed: u64, lived: &Lived) {
        let (report, World { counts, .. }) = (&lived.history.report, &lived.history.world);
        self.histories += 1;
        self.passes += u64::from(report.passes);
        self.full_looks += u64::from(report.full_looks);
        self.steps += u64::from(report.steps);
        self.crashes += u64::from(report.crashes);
        self.reads += counts.reads.values().sum::<u64>();
        if lived.had_stale_reads() {
            self.gaps_by_stale_reads += report.gaps.len() as u64;
        }
        if let Some(why) = &lived.needed_a_full_look {
            self.needed_a_full_look.entry(kind_of(why)).or_default().push(seed);
        }
        *self.passes_to_settle.entry(lived.settled_in).or_default() += 1;
        *self.passes_to_go.entry(lived.gone_in).or_default() += 1;
        for (refusal, count) in &counts.refusals {
            *self.refusals.entry(refusal.clone()).or_default() += count;
        }
    }

    fn print(&self) {
        println!(
            "{} histories: {} passes, {} full looks, {} steps, {} reads, {} crashes",
            self.histories, self.passes, self.full_looks, self.steps, self.reads, self.crashes
        );
        println!("gaps by stale reads: {}", self.gaps_by_stale_reads);
        for (why, seeds) in &self.needed_a_full_look {
            println!("needed a full look: {} histories, such as {}: {why}", seeds.len(), seeds[0]);
        }
        println!("passes to settle: {:?}", self.passes_to_settle);
        println!("passes to go: {:?}", self.passes_to_go);
        println!("refused by AWS: {:#?}", self.refusals);
    }
}
