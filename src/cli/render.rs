//! `render`: what brokers have to advertise, without a cluster.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kpl_core::api::KafkaPrivateLink;
use kpl_core::desired::{Brokers, Intent, InvalidSpec, Issue};
use kpl_core::kafka::strimzi::{self, NotForStrimzi};
use kpl_core::kafka::{Entries, NotMerged, Wiring, document, entries, merge, text};
use kpl_core::model::{BrokerId, ZoneId};
use kpl_core::status::memory;
use thiserror::Error;

use super::file::{self, BadFile};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The object, as YAML or JSON; - is stdin. With its status (`kubectl get kpl NAME -o yaml`) ports and zones are
    /// those that it has; without, brokers have to be listed in spec.brokers.static.
    #[arg(short, long, value_name = "FILE")]
    filename: PathBuf,
    /// Only this broker. Default: all.
    #[arg(long, value_name = "ID")]
    broker: Option<i32>,
    /// How it is written.
    #[arg(short, long, value_enum, default_value = "properties", conflicts_with = "merge")]
    output: Output,
    /// A broker's whole configuration: it is written with the entries in it.
    #[arg(long, value_name = "FILE", requires = "broker")]
    merge: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Entries for server.properties.
    Properties,
    /// For programs.
    Json,
    /// Entries of spec.kafka.listeners in a Kafka resource of Strimzi.
    Strimzi,
}

/// Why there is nothing to show.
#[derive(Debug, Error)]
pub(super) enum Failed {
    #[error(transparent)]
    File(#[from] BadFile),
    #[error("{0} holds several objects: give one")]
    Several(PathBuf),
    #[error("{0}")]
    Spec(String, #[source] InvalidSpec),
    #[error(
        "{0}: which brokers there are is known to AWS alone: give the object with its status, as `kubectl get kpl -o yaml` shows it"
    )]
    UnknownBrokers(String),
    #[error("{0}: {1}")]
    Ports(String, Box<Issue>),
    #[error("{object}: broker {broker} advertises nothing yet: it has no port, or advertisedHostTemplate is missing")]
    NoBroker { object: String, broker: i32 },
    #[error("{0}")]
    NotMerged(PathBuf, #[source] NotMerged),
    #[error(transparent)]
    NotForStrimzi(#[from] NotForStrimzi),
    #[error("the entries cannot be written as YAML")]
    Yaml(#[source] serde_saphyr::ser::Error),
    #[error("stdout cannot be written to")]
    Output(#[source] io::Error),
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let mut objects = file::objects(&arguments.filename)?;
    let (Some(object), true) = (objects.pop(), objects.is_empty()) else {
        return Err(Failed::Several(arguments.filename.clone()));
    };
    let name = shown(&object);
    let intent = Intent::parse(&object.spec).map_err(|error| Failed::Spec(name.clone(), error))?;
    let mut wiring = wiring(&name, &object, &intent)?;
    if let Some(broker) = arguments.broker {
        wiring.listeners.values_mut().for_each(|listener| listener.brokers.retain(|id, _| id.0 == broker));
    }
    let entries = entries(&wiring);
    if let (Some(broker), true) = (arguments.broker, entries.is_empty()) {
        return Err(Failed::NoBroker { object: name, broker });
    }
    let text = match (&arguments.merge, arguments.output) {
        (Some(path), _) => {
            let listeners = entries.into_values().next().unwrap_or_default();
            merge(&file::text(path)?, &listeners).map_err(|error| Failed::NotMerged(path.clone(), error))?
        }
        (None, Output::Properties) => properties(&name, &entries),
        (None, Output::Json) => format!("{:#}\n", document(&entries)),
        (None, Output::Strimzi) => {
            serde_saphyr::to_string(&strimzi::entries(&intent, &wiring)?).map_err(Failed::Yaml)?
        }
    };
    io::stdout().write_all(text.as_bytes()).map_err(Failed::Output)
}

fn shown(object: &KafkaPrivateLink) -> String {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    object.metadata.namespace.as_ref().map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"))
}

fn properties(object: &str, entries: &Entries) -> String {
    entries.iter().map(|(id, one)| text(object, *id, one)).collect::<Vec<_>>().join("\n")
}

/// By status; without one, as a first pass would give the ports.
fn wiring(name: &str, object: &KafkaPrivateLink, intent: &Intent) -> Result<Wiring, Failed> {
    let mut memory = memory(object.status.as_ref());
    let listed: BTreeMap<BrokerId, Option<ZoneId>> = match &intent.brokers {
        Brokers::Instances(list) => list.iter().map(|(id, (zone, _))| (*id, Some(zone.clone()))).collect(),
        Brokers::Addresses(list) => list.iter().map(|(id, (zone, _))| (*id, Some(zone.clone()))).collect(),
        Brokers::Selector { .. } => BTreeMap::new(),
    };
    let known = || {
        let brokers = memory.ledger.brokers(intent.listeners.keys());
        brokers.into_iter().map(|id| (id, memory.zones.get(&id).cloned())).collect()
    };
    let brokers: BTreeMap<BrokerId, Option<ZoneId>> = if listed.is_empty() { known() } else { listed };
    if brokers.is_empty() {
        return Err(Failed::UnknownBrokers(name.to_owned()));
    }
    let mut issues = Vec::new();
    memory.ledger.allocate(&intent.listeners, &brokers.keys().copied().collect(), &mut issues);
    match issues.pop() {
        Some(issue) => Err(Failed::Ports(name.to_owned(), Box::new(issue))),
        None => Ok(Wiring::of(intent, &brokers, &memory.ledger)),
    }
}
