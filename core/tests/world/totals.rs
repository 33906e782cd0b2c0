//! What all histories came to: counts by kind of change, of fault and of wrong.

use std::collections::BTreeMap;

use super::World;
use super::report::{KINDS, Kind, Report};

/// Counts of many histories.
#[derive(Clone, Default)]
pub struct Totals {
    pub histories: u64,
    pub misled_histories: u64,
    pub passes: u64,
    pub full_looks: u64,
    pub steps: u64,
    pub reads: u64,
    pub crashes: u64,
    pub changes: BTreeMap<&'static str, u64>,
    pub faults: BTreeMap<&'static str, u64>,
    pub refusals: BTreeMap<String, u64>,
    /// What was wrong, without and with a read before it that was not true.
    pub wrong: BTreeMap<Kind, (u64, u64)>,
    /// How many passes it took.
    pub to_settle: BTreeMap<u32, u64>,
    pub to_go: BTreeMap<u32, u64>,
    /// Histories that settled only after a full look was asked for, and one seed of each sort.
    pub asked_to_look: BTreeMap<String, (u64, u64)>,
}

impl Totals {
    pub fn add(&mut self, report: &Report, world: &World) {
        self.histories += 1;
        self.misled_histories += u64::from(report.untrue_in.is_some());
        self.passes += u64::from(report.passes);
        self.full_looks += u64::from(report.full_looks);
        self.steps += u64::from(report.steps);
        self.crashes += u64::from(report.crashes);
        let counts = &world.counts;
        self.reads += counts.reads.values().sum::<u64>();
        add_all(&mut self.changes, &counts.changes);
        add_all(&mut self.faults, &counts.faults);
        add_all(&mut self.refusals, &counts.refusals);
        for wrong in &report.wrong {
            let (plain, misled) = self.wrong.entry(wrong.kind).or_default();
            *(if wrong.untrue { misled } else { plain }) += 1;
        }
    }

    pub fn merge(&mut self, other: &Self) {
        let Self { histories, misled_histories, passes, full_looks, steps, reads, crashes, .. } = other;
        self.histories += histories;
        self.misled_histories += misled_histories;
        self.passes += passes;
        self.full_looks += full_looks;
        self.steps += steps;
        self.reads += reads;
        self.crashes += crashes;
        add_all(&mut self.changes, &other.changes);
        add_all(&mut self.faults, &other.faults);
        add_all(&mut self.refusals, &other.refusals);
        add_all(&mut self.to_settle, &other.to_settle);
        add_all(&mut self.to_go, &other.to_go);
        for (kind, (plain, misled)) in &other.wrong {
            let sum = self.wrong.entry(*kind).or_default();
            *sum = (sum.0 + plain, sum.1 + misled);
        }
        for (why, (count, seed)) in &other.asked_to_look {
            self.asked_to_look.entry(why.clone()).or_insert((0, *seed)).0 += count;
        }
    }

    pub fn print(&self, failures: usize) {
        let settled = spread(&self.to_settle);
        println!(
            "histories: {}; passes {}; full looks {}; steps {}; reads {}; crashes {}; failures {failures}",
            self.histories, self.passes, self.full_looks, self.steps, self.reads, self.crashes
        );
        let of = |kind| self.wrong.get(&kind).copied().unwrap_or_default();
        let (gaps, misled) = of(Kind::Gap);
        println!(
            "gaps without untrue reads {gaps}, with {misled} (in {} histories with such reads); settled in {settled}; \
             gone in {}; {} full looks asked for",
            self.misled_histories,
            spread(&self.to_go),
            self.asked_to_look.values().map(|(count, _)| count).sum::<u64>()
        );
        for kind in KINDS {
            let (plain, misled) = of(kind);
            println!(
                "  {plain:>8} {kind}{}",
                if misled > 0 { format!(" (and {misled} by untrue reads)") } else { String::new() }
            );
        }
        table("faults", &self.faults);
        table("changes", &self.changes);
        table("refused by AWS's own rules", &self.refusals);
        for (why, (count, seed)) in &self.asked_to_look {
            println!("  a full look was asked for in {count} histories such as {seed}: {why}");
        }
    }
}

fn add_all<K: Ord + Clone>(sum: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, count) in more {
        *sum.entry(key.clone()).or_default() += count;
    }
}

fn table<K: std::fmt::Display>(name: &str, counts: &BTreeMap<K, u64>) {
    println!("{name}: {}", counts.values().sum::<u64>());
    for (what, count) in counts {
        println!("  {count:>8} {what}");
    }
}

/// The most, the mean and the whole distribution of passes.
fn spread(passes: &BTreeMap<u32, u64>) -> String {
    let count: u64 = passes.values().sum();
    let sum: u64 = passes.iter().map(|(passes, count)| u64::from(*passes) * count).sum();
    let most = passes.keys().next_back().copied().unwrap_or_default();
    let mean = sum * 10 / count.max(1);
    format!("≤ {most} passes (mean {}.{}, {passes:?})", mean / 10, mean % 10)
}
