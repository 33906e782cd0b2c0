//! `doctor`: AWS and Kafka at once, and what to do about what is wrong.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use kpl_core::api::KafkaPrivateLinkStatus;
use kpl_core::api::v1alpha1::BrokerStatus;
use kpl_core::kafka::{Fault, Proof, Seat, Wiring, judge};
use kpl_core::model::{BrokerId, ListenerName, Timing, ZoneId};
use kpl_core::pass::Pass;
use kpl_core::status::{ConditionType, View, former, status};
use serde::Serialize;
use thiserror::Error;
use tokio::sync::Semaphore;

use super::reach;
use super::study::{self, Asked, Study, studies};
use super::table::Table;
use crate::cloud::Clouds;
use crate::kafka::look_at_all;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    /// How the findings are printed.
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

/// Why there is no report.
#[derive(Debug, Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Study(#[from] study::Failed),
    #[error("stdout cannot be written to")]
    Output(#[source] io::Error),
}

const SOMETHING_WRONG: u8 = 2;
/// Connections of one look at all ports.
const CONNECTIONS: usize = 64;
/// An endpoint forgets a connection that is idle for so long, whatever the load balancer is set to (AWS: 350 s, fixed).
const ENDPOINT_IDLE_SECONDS: u32 = 350;

/// What was found of an object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    object: String,
    /// Each port, through each zone that its clients may come by.
    ports: Vec<Row>,
    /// Conditions that are not as they should be.
    conditions: Vec<Condition>,
    /// What works, and would be better otherwise; no part of the exit status.
    advice: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    listener: ListenerName,
    /// `None` is the bootstrap port.
    broker: Option<BrokerId>,
    /// Of the load balancer's node that was dialled.
    zone: Option<ZoneId>,
    port: Option<u16>,
    /// As AWS sees the target.
    target: Option<String>,
    /// How much is proved.
    proof: Option<&'static str>,
    finding: Option<String>,
    reason: Option<String>,
    remedy: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: String,
    message: String,
}

impl Report {
    fn well(&self) -> bool {
        self.conditions.is_empty() && self.ports.iter().all(|row| row.finding.is_none())
    }
}

pub(super) async fn run<C: Clouds>(arguments: Arguments, clouds: C) -> Result<ExitCode, Failed> {
    let mut reports = Vec::new();
    for study in studies(arguments.asked, &clouds).await? {
        reports.push(examine(study).await);
    }
    let text = match arguments.output {
        Output::Text => reports.iter().map(as_text).collect::<Vec<_>>().join("\n"),
        Output::Json => format!("{:#}\n", serde_json::json!(reports)),
    };
    io::stdout().write_all(text.as_bytes()).map_err(Failed::Output)?;
    let well = reports.iter().all(Report::well);
    Ok(if well { ExitCode::SUCCESS } else { SOMETHING_WRONG.into() })
}

/// What was seen through one way into the load balancer.
struct Looked {
    /// `None` is whichever zone its name leads to.
    zone: Option<ZoneId>,
    wiring: Wiring,
    proof: Proof,
    /// Brokers that end idle connections later than the way to them forgets these.
    idle: BTreeSet<(BrokerId, i64)>,
}

async fn examine(study: Study) -> Report {
    let looks = looks(&study).await;
    let Study { shown, given, present, intent, desired, guard, observed, .. } = study;
    let passed = Pass::new(desired, &guard, observed, Timing::default()).finish();
    let previous = present.as_ref().and_then(|object| object.status.as_ref());
    let status = status(&View {
        passed: &passed,
        intent: Ok(&intent),
        generation: given.metadata.generation.unwrap_or_default(),
        previous,
        region: &intent.region,
        requested_at: None,
        proof: None,
        patience: SignedDuration::ZERO,
        published: None,
        now: Timestamp::now(),
    });
    let idle: BTreeSet<(BrokerId, i64)> = looks.iter().flat_map(|look| look.idle.iter().copied()).collect();
    let most = intent.idle_timeout_seconds.min(ENDPOINT_IDLE_SECONDS);
    Report {
        object: shown,
        ports: looks.iter().flat_map(|look| rows(look, &status)).collect(),
        conditions: conditions(&status),
        advice: idle_advice(&idle, most).into_iter().collect(),
    }
}

/// A look through each zone that clients may come by: without cross-zone they come by that of the broker alone.
async fn looks(study: &Study) -> Vec<Looked> {
    let Study { intent, desired, .. } = study;
    let Some(route) = reach::route(study) else { return Vec::new() };
    let accesses = reach::accesses(study).await;
    let (wide, narrow) = desired.wiring(intent).by_cross_zone();
    let mut ways = vec![(None, route.clone(), narrow)];
    let zones: Vec<_> = intent.subnets.keys().filter_map(|zone| Some((zone, route.through(zone)?))).collect();
    if zones.is_empty() {
        ways.push((None, route, wide));
    } else {
        ways.extend(zones.into_iter().map(|(zone, through)| (Some(zone.clone()), through, wide.clone())));
    }
    let known = former(study.present.as_ref().and_then(|object| object.status.as_ref()));
    let permits = Semaphore::new(CONNECTIONS);
    let mut looks = Vec::new();
    for (zone, route, wiring) in ways.into_iter().filter(|(_, _, wiring)| !wiring.listeners.is_empty()) {
        let look = look_at_all(&wiring, &route, &accesses, &permits).await;
        let idle = look.ports.iter().filter_map(|((_, seat), sighting)| match seat {
            Seat::Broker(id) => Some((*id, sighting.answered.settings.as_ref()?.idle_millis?)),
            Seat::Bootstrap => None,
        });
        let idle = idle.collect();
        let proof = judge(&wiring, &look, &known, None);
        looks.push(Looked { zone, wiring, proof, idle });
    }
    looks
}

fn rows(look: &Looked, status: &KafkaPrivateLinkStatus) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, listener) in &look.wiring.listeners {
        let told: Option<&Vec<BrokerStatus>> =
            status.listeners.iter().find(|told| told.name == name.as_str()).map(|told| &told.brokers);
        let mut seats: BTreeSet<Seat> = listener.brokers.keys().map(|id| Seat::Broker(*id)).collect();
        seats.insert(Seat::Bootstrap);
        // Also a broker without a port that Kafka tells clients of.
        seats.extend(look.proof.faults.keys().filter(|(of, _)| of == name).map(|(_, seat)| *seat));
        for seat in seats {
            let at = (name.clone(), seat);
            let broker = match seat {
                Seat::Bootstrap => None,
                Seat::Broker(id) => Some(id),
            };
            let wired = broker.and_then(|id| listener.brokers.get(&id));
            let fault: Option<&Fault> = look.proof.faults.get(&at).map(|since| &since.fault);
            let awaits = look.proof.awaiting_hosts.contains(name);
            let awaited = awaits.then(|| "awaits the consumer's domain".to_owned());
            let row = told.and_then(|rows| rows.iter().find(|row| Some(row.id) == broker.map(|id| id.0)));
            rows.push(Row {
                listener: name.clone(),
                broker,
                zone: look.zone.clone().or_else(|| wired.and_then(|broker| broker.zone.clone())),
                port: match seat {
                    Seat::Bootstrap => Some(listener.bootstrap_port.0),
                    Seat::Broker(_) => wired.map(|broker| broker.port.0),
                },
                target: row.and_then(|row| row.health.clone()),
                proof: look.proof.ports.get(&at).and_then(|port| port.level).map(Into::into),
                finding: fault.map(ToString::to_string).or(awaited),
                reason: fault.map(|fault| fault.reason().as_str().to_owned()),
                remedy: fault
                    .map(Fault::remedy)
                    .or(awaits.then_some("set advertisedHostTemplate as the consumer says")),
            });
        }
    }
    rows
}

/// Without Kafka's, which the rows tell in full, and that of the way itself.
fn conditions(status: &KafkaPrivateLinkStatus) -> Vec<Condition> {
    let verified = ConditionType::AdvertisedListenersVerified.as_str();
    let bad = status.conditions.iter().filter(|condition| condition.type_ != verified);
    let bad = bad.filter(|condition| super::status::needs_a_look(&condition.type_, &condition.status));
    let told = bad.map(|condition| Condition {
        kind: condition.type_.clone(),
        status: condition.status.clone(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
    });
    told.collect()
}

fn idle_advice(idle: &BTreeSet<(BrokerId, i64)>, most_seconds: u32) -> Option<String> {
    let later: Vec<_> = idle.iter().filter(|(_, millis)| *millis > i64::from(most_seconds) * 1000).collect();
    let (_, millis) = later.first()?;
    let ids = later.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>().join(", ");
    Some(format!(
        "brokers {ids} end idle connections after {} s, and the way to them forgets these after {most_seconds} s without a \
         word: set connections.max.idle.ms of the whole broker (that of one listener is ignored) or of the clients below \
         {}",
        millis / 1000,
        most_seconds * 1000
    ))
}

fn as_text(report: &Report) -> String {
    let mut text = String::new();
    let wrong = report.conditions.len() + report.ports.iter().filter(|row| row.finding.is_some()).count();
    let verdict = if report.well() { "all is well".to_owned() } else { format!("{wrong} findings") };
    let _ = writeln!(text, "{}: {verdict}", report.object);
    let dash = || "-".to_owned();
    let mut table = Table::new(["LISTENER", "BROKER", "ZONE", "PORT", "TARGET", "PROOF", "FINDING"]);
    for row in &report.ports {
        table.row([
            row.listener.to_string(),
            row.broker.map_or_else(|| "bootstrap".to_owned(), |id| id.to_string()),
            row.zone.as_ref().map_or_else(dash, ToString::to_string),
            row.port.map_or_else(dash, |port| port.to_string()),
            row.target.clone().unwrap_or_else(dash),
            row.proof.map_or_else(dash, str::to_owned),
            row.finding.clone().unwrap_or_else(|| "ok".to_owned()),
        ]);
    }
    if report.ports.is_empty() {
        text.push_str("no load balancer routes yet: Kafka was not asked\n");
    } else {
        text.push_str(&table.to_string());
    }
    let remedies: BTreeSet<(&str, &str)> = report
        .ports
        .iter()
        .filter_map(|row| Some((row.reason.as_deref().unwrap_or("AwaitingConsumerDomain"), row.remedy?)))
        .collect();
    for (reason, remedy) in remedies {
        let _ = writeln!(text, "{reason}: {remedy}");
    }
    for Condition { kind, status, reason, message } in &report.conditions {
        let _ = writeln!(text, "{kind} {status}: {reason}: {message}");
    }
    for advice in &report.advice {
        let _ = writeln!(text, "advice: {advice}");
    }
    text
}
