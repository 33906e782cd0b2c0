//! Every write of the story killed and lost, every call of it failed in every way, one at a time. The list
//! is made from what the operator called when nothing went wrong: a new call gets its faults by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use super::fault::{Fault, Kind};
use super::run::{self, Told};
use super::story::Chapter;
use crate::harness::random;

/// How many stories are told side by side: they mostly wait.
const LANES: usize = 6;
/// How many `make test` tells.
const A_FEW: usize = 12;

/// What the names of those that are wanted begin with; a failed run prints its own.
const WANTED: &str = "KPL_FAULT";
/// Where it is read.
const COMMAND: &str =
    "python3 tests/bed/bed.py run --crd crds/kafkaprivatelinks.yaml -- cargo test --workspace --locked --test it --";

#[test]
fn long_every_fault_at_every_call() {
    let plain = plain();
    let wanted = std::env::var(WANTED).unwrap_or_default();
    let mut faults = matrix(&plain);
    faults.retain(|fault| fault.to_string().starts_with(&wanted));
    assert!(!faults.is_empty(), "{WANTED}={wanted}: no fault is called so");
    play(&plain, &faults);
}

#[test]
fn some_faults_at_some_calls() {
    let plain = plain();
    // The operator's own limit of time is waited for: in the whole matrix only.
    let mut faults: Vec<Fault> = matrix(&plain).into_iter().filter(|fault| fault.kind != Kind::Timeout).collect();
    random().shuffle(&mut faults);
    faults.truncate(A_FEW);
    play(&plain, &faults);
}

/// What the others are held against.
fn plain() -> Told {
    let plain = alone("the plain story".to_owned(), run::plain).unwrap_or_else(|why| panic!("the plain story: {why}"));
    assert_eq!(plain.wrong(), Vec::<&String>::new());
    plain
}

/// All faults: each write of each chapter, and each call in one of its chapters.
fn matrix(plain: &Told) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut chapters: BTreeMap<&String, Vec<Chapter>> = BTreeMap::new();
    for (chapter, calls) in &plain.calls {
        for (call, writes) in calls {
            chapters.entry(call).or_default().push(*chapter);
            let kinds = Kind::OF_WRITES.into_iter().filter(|_| *writes);
            faults.extend(kinds.map(|kind| Fault { chapter: *chapter, call: call.clone(), kind }));
        }
    }
    for (call, chapters) in chapters {
        let kinds = Kind::OF_CALLS.into_iter().zip(chapters.iter().cycle());
        faults.extend(kinds.map(|(kind, chapter)| Fault { chapter: *chapter, call: call.clone(), kind }));
    }
    faults
}

/// Tells the story once for each fault, prints what came of it, and ends the test if anything is wrong.
fn play(plain: &Told, faults: &[Fault]) {
    assert_eq!(faults.iter().collect::<BTreeSet<_>>().len(), faults.len(), "each once");
    let (began, next) = (Instant::now(), AtomicUsize::new(0));
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..LANES.min(faults.len()) {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = alone(fault.to_string(), async || run::with(fault, plain).await);
                    let verdict = if went_well(&result) { "as without it" } else { "NOT as without it" };
                    println!("{:4.0} s  {fault}: {verdict}", began.elapsed().as_secs_f64());
                    results.lock().expect("no lane panics").push((fault, result));
                }
            });
        }
    });
    let results = results.into_inner().expect("no lane panics");
    println!("{}", table(&results));
    println!("{} runs in {:.0} s, {LANES} at a time", results.len(), began.elapsed().as_secs_f64());
    let mut failed = String::new();
    for (fault, result) in &results {
        let wrong = match result {
            Ok(told) if told.wrong().is_empty() => continue,
            Ok(told) => format!("{:#?}", told.wrong()),
            Err(panic) => panic.clone(),
        };
        let again = format!("{WANTED}='{fault}' {COMMAND} long_every_fault --nocapture");
        writeln!(failed, "{fault}: {wrong}\n    again: {again}").expect("a string takes text");
    }
    assert!(failed.is_empty(), "{failed}");
}

fn went_well(result: &Result<Told, String>) -> bool {
    result.as_ref().is_ok_and(|told| told.wrong().is_empty())
}

/// Runs in a thread of its own, which may panic: operators end with the thread that started them.
fn alone(name: String, story: impl AsyncFnOnce() -> Told + Send) -> Result<Told, String> {
    thread::scope(|scope| {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let lane = thread::Builder::new().name(name).spawn_scoped(scope, move || runtime().block_on(story()));
        lane.expect("a thread").join().map_err(|panic| match panic.downcast::<String>() {
            Ok(words) => *words,
            Err(panic) => panic.downcast_ref::<&str>().copied().unwrap_or("a panic without words").to_owned(),
        })
    })
}

fn table(results: &[(&Fault, Result<Told, String>)]) -> String {
    let row = |name: &str, of: &dyn Fn(&Fault) -> bool| {
        let of: Vec<_> = results.iter().filter(|(fault, _)| of(fault)).map(|(_, result)| result).collect();
        let sum = |count: &dyn Fn(&Told) -> usize| of.iter().copied().flatten().map(count).sum::<usize>();
        let failed = of.iter().filter(|result| !went_well(result)).count();
        let met: u64 = of.iter().copied().flatten().map(|told| told.met).sum();
        let (duplicates, leaks) = (sum(&|told| told.duplicates.len()), sum(&|told| told.leaks.len()));
        let foreign = sum(&|told| told.foreign.len());
        format!("{name:14} {:5} {met:10} {duplicates:11} {leaks:6} {foreign:16} {failed:7}\n", of.len())
    };
    let head = format!(
        "{:14} {:>5} {:>10} {:>11} {:>6} {:>16} {:>7}\n",
        "fault", "runs", "calls hit", "duplicates", "leaks", "foreign changes", "failed"
    );
    let rows: String = Kind::all().map(|kind| row(&kind.to_string(), &|fault| fault.kind == kind)).collect();
    format!("{head}{rows}{}", row("all", &|_| true))
}
