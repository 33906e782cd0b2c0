//! `gate`: whether Kafka can spare one broker now.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use kpl_core::kafka::gate::{Obstacle, Streak, is_blind, judge};
use kpl_core::kafka::{Route, WiredListener};
use kpl_core::model::{BrokerId, ListenerName};
use serde::Serialize;
use thiserror::Error;

use super::study::{self, Asked, Study, studies};
use super::{duration, reach};
use crate::cloud::Clouds;
use crate::kafka::{Access, Limits, ask_all};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    /// The broker that is to be stopped. Default: any one.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i32).range(0..))]
    broker: Option<i32>,
    /// The listener by whose ports brokers are asked. Default: the first that can be.
    #[arg(long, value_name = "NAME")]
    listener: Option<String>,
    /// Ask once a second, until it may be stopped for so long without a break.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    held: Option<SignedDuration>,
    /// With --for: when to give up. Default: 10m.
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, requires = "held")]
    timeout: Option<SignedDuration>,
    /// How the answer is printed.
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Why Kafka was not asked.
#[derive(Debug, Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Study(#[from] study::Failed),
    #[error("{0}: no load balancer routes yet, so Kafka cannot be asked")]
    NoBalancer(String),
    #[error("{0}: broker {1} has no port at that listener")]
    NoBroker(String, BrokerId),
    #[error("{0}: there is no listener {1}")]
    NoListener(String, String),
    #[error("{0}: no listener can be asked: {1}")]
    NoAccess(String, String),
    #[error("stdout cannot be written to")]
    Output(#[source] io::Error),
}

const NOT_NOW: u8 = 2;
/// From one look to the next.
const PAUSE: Duration = Duration::from_secs(1);
/// When `--for` gives up.
const PATIENCE: Duration = Duration::from_mins(10);
/// Obstacles of one kind that are printed for people.
const MOST_OF_A_KIND: usize = 20;

/// What came of it for an object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    object: String,
    /// Whose stop was asked about; `None` is any.
    broker: Option<BrokerId>,
    verdict: Verdict,
    obstacles: Vec<Told>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
enum Verdict {
    /// It may be stopped.
    Open,
    /// Not now.
    Shut,
    /// Nobody could be asked.
    Unasked,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    reason: &'static str,
    message: String,
}

/// What is asked again and again.
struct Question {
    listener: WiredListener,
    route: Route,
    access: Arc<Access>,
    broker: Option<BrokerId>,
    held: Duration,
    patience: Duration,
}

pub(super) async fn run<C: Clouds>(arguments: Arguments, clouds: C) -> Result<ExitCode, Failed> {
    let Arguments { asked, broker, listener, held, timeout, output } = arguments;
    let mut reports = Vec::new();
    for study in studies(asked, &clouds).await? {
        let (listener, route, access) = way(&study, listener.as_deref()).await?;
        let broker = broker.map(BrokerId);
        if let Some(id) = broker.filter(|id| !listener.brokers.contains_key(id)) {
            return Err(Failed::NoBroker(study.shown, id));
        }
        let question = Question {
            listener,
            route,
            access,
            broker,
            held: held.map_or(Duration::ZERO, SignedDuration::unsigned_abs),
            patience: match held {
                None => Duration::ZERO,
                Some(_) => timeout.map_or(PATIENCE, SignedDuration::unsigned_abs),
            },
        };
        reports.push(question.put(study.shown).await);
    }
    let text = match output {
        Output::Text => reports.iter().map(as_text).collect::<Vec<_>>().join("\n"),
        Output::Json => format!("{:#}\n", serde_json::json!(reports)),
    };
    io::stdout().write_all(text.as_bytes()).map_err(Failed::Output)?;
    Ok(match reports.iter().map(|report| report.verdict).max() {
        Some(Verdict::Open) => ExitCode::SUCCESS,
        Some(Verdict::Shut) => NOT_NOW.into(),
        Some(Verdict::Unasked) | None => ExitCode::FAILURE,
    })
}

/// The listener by which brokers are asked, and how: every listener leads to the same brokers.
async fn way(study: &Study, wanted: Option<&str>) -> Result<(WiredListener, Route, Arc<Access>), Failed> {
    let route = reach::route(study).ok_or_else(|| Failed::NoBalancer(study.shown.clone()))?;
    let mut listeners = study.desired.wiring(&study.intent).listeners;
    if let Some(name) = wanted {
        listeners.retain(|listener, _| listener.as_str() == name);
        if listeners.is_empty() {
            return Err(Failed::NoListener(study.shown.clone(), name.to_owned()));
        }
    }
    let mut accesses = reach::accesses(study).await;
    let mut reasons: BTreeMap<ListenerName, String> = BTreeMap::new();
    for (name, listener) in listeners {
        // Without the host nobody knows whom the certificate has to name.
        if listener.protocol.encrypts() && !listener.hosts_known {
            reasons.insert(name, "it awaits the consumer's domain".to_owned());
            continue;
        }
        match accesses.remove(&name) {
            Some(Ok(access)) => return Ok((listener, route, access)),
            Some(Err(why)) => reasons.insert(name, why),
            None => reasons.insert(name, "nothing says how it is asked".to_owned()),
        };
    }
    let reasons: Vec<String> = reasons.into_iter().map(|(name, why)| format!("{name}: {why}")).collect();
    Err(Failed::NoAccess(study.shown.clone(), reasons.join("; ")))
}

impl Question {
    async fn put(self, object: String) -> Report {
        let (began, mut streak, mut last) = (Instant::now(), Streak::default(), None);
        loop {
            let asked_at = began.elapsed();
            let asked = ask_all(&self.listener, &self.route, &self.access, &Limits::default()).await;
            let obstacles = judge(&asked, self.broker);
            let held = streak.note(obstacles.is_empty(), asked_at, began.elapsed());
            if held.is_some_and(|held| held >= self.held) {
                return Report { object, broker: self.broker, verdict: Verdict::Open, obstacles: Vec::new() };
            }
            let next = began.elapsed().max(asked_at + PAUSE);
            if next >= self.patience {
                return self.given_up(object, is_blind(&asked), held, &obstacles);
            }
            if last != Some(obstacles.is_empty()) {
                last = Some(obstacles.is_empty());
                // As it happens; the answer itself goes to stdout.
                eprintln!("{object}: {}", progress(&obstacles));
            }
            tokio::time::sleep(next.saturating_sub(began.elapsed())).await;
        }
    }

    fn given_up(&self, object: String, blind: bool, held: Option<Duration>, obstacles: &[Obstacle]) -> Report {
        let mut told: Vec<Told> = obstacles.iter().map(Told::of).collect();
        if let Some(held) = held {
            let message = format!(
                "it could be stopped for the last {} s, and {} s were wanted: ask again with a longer --timeout",
                held.as_secs(),
                self.held.as_secs()
            );
            told.push(Told { reason: "NotHeld", message });
        }
        let verdict = if blind { Verdict::Unasked } else { Verdict::Shut };
        Report { object, broker: self.broker, verdict, obstacles: told }
    }
}

impl Told {
    fn of(obstacle: &Obstacle) -> Self {
        Self { reason: obstacle.reason(), message: obstacle.to_string() }
    }
}

fn progress(obstacles: &[Obstacle]) -> String {
    match obstacles {
        [] => "it may be stopped; waiting whether that lasts".to_owned(),
        [first] => format!("not now: {first}"),
        [first, more @ ..] => format!("not now: {first} (and {} more)", more.len()),
    }
}

fn as_text(report: &Report) -> String {
    let whose = report.broker.map_or_else(|| "one broker".to_owned(), |id| format!("broker {id}"));
    let mut text = match report.verdict {
        Verdict::Open => format!("{}: {whose} may be stopped\n", report.object),
        Verdict::Shut => format!("{}: {whose} may not be stopped now\n", report.object),
        Verdict::Unasked => format!("{}: Kafka could not be asked\n", report.object),
    };
    let mut of_a_kind: BTreeMap<&str, usize> = BTreeMap::new();
    for Told { reason, message } in &report.obstacles {
        let count = of_a_kind.entry(reason).or_default();
        *count += 1;
        if *count <= MOST_OF_A_KIND {
            let _ = writeln!(text, "{reason}: {message}");
        }
    }
    for (reason, count) in of_a_kind.into_iter().filter(|(_, count)| *count > MOST_OF_A_KIND) {
        let _ = writeln!(text, "{reason}: {} more, which -o json has", count - MOST_OF_A_KIND);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdict: Verdict, broker: Option<i32>, partitions: usize) -> Report {
        let told = |partition: usize| Told { reason: "NotInSync", message: format!("partition orders-{partition}") };
        Report {
            object: "default/orders".into(),
            broker: broker.map(BrokerId),
            verdict,
            obstacles: (0..partitions).map(told).collect(),
        }
    }

    #[test]
    fn the_answer_comes_first_and_many_of_a_kind_are_counted() {
        assert_eq!(as_text(&report(Verdict::Open, Some(2), 0)), "default/orders: broker 2 may be stopped\n");
        assert_eq!(
            as_text(&report(Verdict::Shut, None, 1)),
            "default/orders: one broker may not be stopped now\nNotInSync: partition orders-0\n"
        );
        let many = as_text(&report(Verdict::Shut, None, 25));
        assert_eq!(many.lines().count(), 1 + MOST_OF_A_KIND + 1);
        assert!(many.ends_with("NotInSync: 5 more, which -o json has\n"), "{many}");
    }
}
