//! How long the pure part takes for the largest cluster that one NLB can carry: one line of JSON for each figure.
//! `make bench` runs it.
//!
//! Not a bench for cargo, which would compile every dependency once more: a release build aborts on panics, and a
//! bench cannot.

#![allow(clippy::disallowed_methods, reason = "clocks are banned where decisions are made, and none is made here")]

#[path = "../tests/world/mod.rs"]
#[allow(dead_code, unused_imports, reason = "histories use the rest of the World")]
mod world;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use kpl_core::desired::{Desired, Intent, Memory, Request, desired, scope};
use kpl_core::model::{Base, Observed, Query, Timing};
use kpl_core::pass::{Move, Pass};
use kpl_core::plan::guard::Guard;
use kpl_core::plan::plan;
use serde_json::json;
use world::Manners;
use world::history::{Ended, History};

/// With the bootstrap these are the 50 NLB listeners of one NLB.
const BROKERS: i32 = 49;
const RUNS: usize = 2000;

fn main() {
    let mut history = cluster();
    let created = create(&mut history);
    let dearest = created
        .iter()
        .max_by_key(|(wanted, picture)| median(&timed(20, || plan(wanted, picture))))
        .expect("a create has pictures");
    let (settled, memory) = settled(&mut history);
    let intent = intent(&history);

    report("plan, nothing to do", &timed(RUNS, || plan(&settled.0, &settled.1)));
    report("plan, dearest wave of a create", &timed(RUNS, || plan(&dearest.0, &dearest.1)));
    report("desired, nothing to do", &timed(RUNS, || desire(&history, &intent, &memory, &settled.1)));
}

fn cluster() -> History {
    let mut history = History::new(1);
    history.in_order = true;
    history.world.manners = Manners::default();
    history.spec.listeners[0].port_range.last = history.spec.listeners[0].port_range.first + BROKERS;
    for id in 1..=BROKERS {
        history.world.by_hand().start_broker(id, id.unsigned_abs() % 2 + 1);
    }
    history
}

fn intent(history: &History) -> Intent {
    Intent::parse(&history.spec).expect("the World's own spec")
}

fn desire(history: &History, intent: &Intent, memory: &Memory, observed: &Observed) -> Desired {
    let timing = &Timing::default();
    desired(&Request { identity: &history.identity, intent, memory, observed, confirm: None, timing })
}

/// What `plan` is asked in the first pass: the picture before each wave.
fn create(history: &mut History) -> Vec<(Desired, Observed)> {
    let intent = intent(history);
    let scope = scope(&history.identity, Some(&intent), None);
    let mut query = Query { scope, base: Base::Full, parts: BTreeSet::new() };
    let observed = history.world.observe(&query);
    let wanted = desire(history, &intent, &Memory::default(), &observed);
    query.scope = wanted.scope(Some(&intent), Some(&observed));
    // What was made here is found by the next pass.
    history.memory = wanted.memory.clone();
    let mut pass = Pass::new(wanted, &Guard::default(), observed, Timing::default());
    let mut pictures = Vec::new();
    loop {
        pictures.push((pass.desired().clone(), pass.observed().clone()));
        match pass.next_move() {
            Move::Read(parts) => history.world.observe_more(&query, &parts, pass.observed_mut()),
            Move::Apply(steps) => {
                for step in steps {
                    let outcome = history.world.apply(&step);
                    pass.applied(step, outcome, history.world.now());
                }
            }
            Move::Finished => return pictures,
        }
    }
}

/// A look at everything that leaves nothing to do, and what is remembered then.
fn settled(history: &mut History) -> ((Desired, Observed), Memory) {
    loop {
        history.look_fully();
        let Ended::Passed(passed) = history.pass() else { panic!("nothing crashes here") };
        if passed.settled() && !passed.acted() {
            assert_eq!(passed.observed.target_groups.items.len(), BROKERS.unsigned_abs() as usize + 1);
            return ((passed.desired, passed.observed), history.memory.clone());
        }
        history.world.tick();
    }
}

/// Sorted.
fn timed<T>(runs: usize, work: impl Fn() -> T) -> Vec<Duration> {
    let mut took: Vec<Duration> = (0..runs)
        .map(|_| {
            let began = Instant::now();
            black_box(work());
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    took
}

fn median(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() / 2]
}

fn report(what: &str, sorted: &[Duration]) {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let line = json!({
        "what": what,
        "brokers": BROKERS,
        "runs": sorted.len(),
        "median_us": micros(median(sorted)),
        "p99_us": micros(sorted[sorted.len() * 99 / 100]),
        "most_us": micros(sorted[sorted.len() - 1]),
    });
    println!("{line}");
}
