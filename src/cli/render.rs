//! `render`: what brokers have to advertise, without a cluster.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kpl_core::kafka::strimzi::{self, NotForStrimzi};
use kpl_core::kafka::{Entries, NotMerged, Unplanned, document, entries, merge, planned, text};
use thiserror::Error;

use super::file::{self, BadFile, Offered};

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
    #[error("{0}")]
    Unplanned(String, #[source] Unplanned),
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
    let Offered { name, object, intent } = file::offered(&arguments.filename)?;
    let mut wiring = planned(&object, &intent).map_err(|error| Failed::Unplanned(name.clone(), error))?;
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

fn properties(object: &str, entries: &Entries) -> String {
    entries.iter().map(|(id, one)| text(object, *id, one)).collect::<Vec<_>>().join("\n")
}
