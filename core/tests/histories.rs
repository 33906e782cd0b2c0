//! Random histories of an object against a simulated AWS, on all cores. A history follows from its seed alone.
//!
//! `KPL_HISTORIES=20000 cargo test -p kpl-core --test histories` for more of them, `KPL_SEED=…` for one with its
//! whole log, `KPL_ROUNDS=…` to end it early.

#[allow(dead_code, reason = "scenarios and the product use the rest of the World")]
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use kpl_core::api::v1alpha1::DeletionPolicy;
use world::faults::{Faults, bad_week};
use world::history::{Ended, History};
use world::report::Kind;
use world::settled::differences;
use world::totals::Totals;

/// Passes in which everything is right once nothing goes wrong any more, at most one of them a full look that
/// nobody but this test asked for.
const PASSES_TO_SETTLE: u32 = 40;

/// What one history came to.
struct Lived {
    history: History,
    settled_in: Vec<u32>,
    gone_in: Option<u32>,
    asked_to_look: Option<String>,
}

/// Half of the histories without faults, a quarter in a bad week, a quarter with reads that are not true besides.
fn faults_of(seed: u64) -> Faults {
    match seed % 4 {
        0 | 1 => Faults::default(),
        2 => bad_week(0),
        _ => bad_week(300),
    }
}

fn live(seed: u64, most_rounds: u32, terse: bool) -> Lived {
    let mut history = History::new(seed);
    history.report.terse = terse;
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
    let mut lived = Lived { history, settled_in: Vec::new(), gone_in: None, asked_to_look: None };
    if lived.settle() {
        lived.end(faults);
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
    fn settle(&mut self) -> bool {
        let mut full_look_given = false;
        let mut last = String::new();
        for pass in 1..=PASSES_TO_SETTLE {
            let history = &mut self.history;
            // A person answers what is asked.
            history.confirm = history.memory.confirmation.as_ref().map(|asked| asked.token.clone());
            history.change_zones_one_by_one();
            let ended = history.pass();
            history.world.tick();
            let Ended::Passed(passed) = ended else { continue };
            let right = differences(&history.world.aws, &history.wish());
            if right.is_ok() && !passed.acted() && passed.plan.waiting.is_empty() {
                self.settled_in.push(pass);
                return self.stay();
            }
            last = right.err().unwrap_or_else(|| format!("still acting, or waiting for {:?}", passed.plan.waiting));
            let quiet = !passed.acted() && passed.plan.waiting.is_empty() && history.memory.confirmation.is_none();
            if quiet && history.memory.absent.is_empty() && !full_look_given {
                full_look_given = true;
                self.asked_to_look = Some(last.clone());
                self.history.look_fully();
            }
        }
        self.unsettled(format!("does not settle: {last}"))
    }

    fn unsettled(&mut self, text: String) -> bool {
        self.history.wrong(Kind::Unsettled, text, false);
        false
    }

    /// What is as it should be is left alone, however closely it is looked at.
    fn stay(&mut self) -> bool {
        self.history.look_fully();
        let Ended::Passed(passed) = self.history.pass() else { return true };
        // What AWS refuses for good has to be asked once in a process.
        let done = passed.taken.iter().filter(|(_, outcome)| outcome.failure().is_none());
        let steps: Vec<_> = done.map(|(step, _)| step.to_string()).collect();
        steps.is_empty() || self.unsettled(format!("acts though all is right: {}", steps.join("; ")))
    }

    /// The object goes, and what is in AWS with it or not; sometimes one of the same name comes again.
    fn end(&mut self, faults: Faults) {
        let retain = self.history.world.chance(200);
        if retain {
            self.history.spec.deletion_policy = DeletionPolicy::Retain;
        }
        let ended = if retain { self.retain(faults) } else { self.remove(faults) };
        if ended && (retain || self.history.world.chance(300)) {
            self.history.make_again();
            self.settle();
        }
    }

    /// It goes, in bad weather at first, and leaves nothing.
    fn remove(&mut self, faults: Faults) -> bool {
        self.go_in_bad_weather(faults);
        let owner = self.history.identity.owner.clone();
        for pass in 1..=PASSES_TO_SETTLE {
            let ended = self.history.pass();
            self.history.world.tick();
            if let Ended::Passed(passed) = ended
                && passed.is_gone()
            {
                self.gone_in = Some(pass);
                let left = self.history.world.aws.owned(&owner);
                return left.is_empty() || self.leaves(&left);
            }
        }
        let left = self.history.world.aws.owned(&owner);
        self.unsettled(format!("does not go: {left:?}"))
    }

    fn leaves(&mut self, left: &[String]) -> bool {
        self.history.wrong(Kind::Leak, format!("says that all is gone, and leaves {left:?}"), false);
        false
    }

    fn go_in_bad_weather(&mut self, faults: Faults) {
        let history = &mut self.history;
        history.world.faults = faults;
        history.delete();
        for _ in 0..history.world.rng.u32(0..6) {
            history.pass();
            wait(history);
        }
        history.calm();
        history.let_go();
    }

    /// All stays, and an object of the same name finds the same service.
    fn retain(&mut self, faults: Faults) -> bool {
        let owner = self.history.identity.owner.clone();
        let before = self.history.world.aws.owned(&owner);
        self.go_in_bad_weather(faults);
        for _ in 1..=PASSES_TO_SETTLE {
            let ended = self.history.pass();
            self.history.world.tick();
            if let Ended::Passed(passed) = ended
                && passed.settled()
            {
                let after = self.history.world.aws.owned(&owner);
                return before == after || self.unsettled(format!("retained, but {before:?} became {after:?}"));
            }
        }
        self.unsettled("does not let go of what is to stay".into())
    }

    fn count(&self, seed: u64, totals: &mut Totals) {
        totals.add(&self.history.report, &self.history.world);
        for passes in &self.settled_in {
            *totals.to_settle.entry(*passes).or_default() += 1;
        }
        if let Some(passes) = self.gone_in {
            *totals.to_go.entry(passes).or_default() += 1;
        }
        if let Some(why) = &self.asked_to_look {
            totals.asked_to_look.entry(kind_of(why)).or_insert((0, seed)).0 += 1;
        }
    }

    fn failures(&self) -> Vec<String> {
        self.history.report.failures().map(|wrong| format!("{}: {}", wrong.kind, wrong.text)).collect()
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}: {text:?} is not a number")))
}

/// The seed's history cut after the fewest rounds with which it still fails in this way.
fn shortest(seed: u64, kind: &str) -> (u32, Lived) {
    (0..=15)
        .map(|rounds| (rounds, live(seed, rounds, false)))
        .find(|(_, lived)| lived.failures().iter().any(|failure| kind_of(failure) == kind))
        .expect("it failed with all its rounds")
}

/// Seeds of the histories that failed, by the way in which they did.
type Failed = BTreeMap<String, Vec<u64>>;

/// Plays histories until none is left.
fn play(next: &AtomicU64, end: u64, most_rounds: u32) -> (Totals, Failed) {
    let (mut totals, mut failed) = (Totals::default(), Failed::new());
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return (totals, failed);
        }
        let lived = live(seed, most_rounds, true);
        lived.count(seed, &mut totals);
        for failure in lived.failures() {
            println!("KPL_SEED={seed}: {failure}");
            failed.entry(kind_of(&failure)).or_default().push(seed);
        }
    }
}

#[test]
fn whatever_happens() {
    let most_rounds = number("KPL_ROUNDS").map_or(u32::MAX, |rounds| u32::try_from(rounds).expect("few"));
    if let Some(seed) = number("KPL_SEED") {
        let lived = live(seed, most_rounds, false);
        println!("{}", lived.history.report.log.join("\n"));
        assert!(lived.failures().is_empty(), "{:#?}", lived.failures());
        return;
    }
    let count = number("KPL_HISTORIES").unwrap_or(2000);
    let next = AtomicU64::new(0);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (mut totals, mut failed) = (Totals::default(), Failed::new());
    std::thread::scope(|scope| {
        let players: Vec<_> = (0..cores).map(|_| scope.spawn(|| play(&next, count, most_rounds))).collect();
        for player in players {
            let (more, others) = player.join().expect("a history panicked");
            totals.merge(&more);
            for (kind, seeds) in others {
                failed.entry(kind).or_default().extend(seeds);
            }
        }
    });
    totals.print(failed.values().map(Vec::len).sum());
    let mut shortest_log: Option<Vec<String>> = None;
    for (kind, seeds) in &mut failed {
        seeds.sort_unstable();
        seeds.dedup();
        println!("{} histories: {kind}", seeds.len());
        let tries = seeds.iter().take(4).map(|seed| (*seed, shortest(*seed, kind)));
        let (seed, (rounds, lived)) = tries.min_by_key(|(_, (_, lived))| lived.history.report.log.len()).expect("some");
        println!("    KPL_SEED={seed} KPL_ROUNDS={rounds} cargo test -p kpl-core --test histories");
        let log = lived.history.report.log;
        if shortest_log.as_ref().is_none_or(|shorter| log.len() < shorter.len()) {
            shortest_log = Some(log);
        }
    }
    println!("{}", shortest_log.unwrap_or_default().join("\n"));
    assert!(failed.is_empty(), "see above");
}

/// What a failure is about, without ids, so that like is counted with like.
fn kind_of(failure: &str) -> String {
    let words = failure.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    words.take(16).collect::<Vec<_>>().join(" ")
}
