//! What has to go into the brokers' configuration so that they advertise what was planned.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{SecurityProtocol, Wiring};
use crate::model::{BrokerId, ListenerName, Port};

/// Keys of a broker's configuration that hold listeners.
pub const LISTENERS: &str = "listeners";
/// See [`LISTENERS`].
pub const ADVERTISED_LISTENERS: &str = "advertised.listeners";
/// See [`LISTENERS`].
pub const PROTOCOL_MAP: &str = "listener.security.protocol.map";

/// Name of the `ConfigMap` with the lines of an object.
#[must_use]
pub fn lines_name(object: &str) -> String {
    format!("{object}-advertised-listeners")
}

/// One listener of one broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the broker listens on.
    pub port: Port,
    /// What it advertises, host:port.
    pub advertised: String,
    /// What it speaks.
    pub protocol: SecurityProtocol,
}

/// Entries of every broker, by listener. A listener whose hosts nobody has said has none.
pub type Entries = BTreeMap<BrokerId, BTreeMap<ListenerName, Entry>>;

/// The entries of a wiring.
#[must_use]
pub fn entries(wiring: &Wiring) -> Entries {
    let mut entries = Entries::new();
    for (name, listener) in &wiring.listeners {
        for (id, broker) in &listener.brokers {
            let Some(advertised) = &broker.advertised else { continue };
            let advertised = advertised.to_string();
            let entry = Entry { port: listener.broker_port, advertised, protocol: listener.protocol };
            entries.entry(*id).or_default().insert(name.clone(), entry);
        }
    }
    entries
}

/// The entries of one broker for people: no lines of a properties file, in which the last of two equal keys wins.
#[must_use]
pub fn text(object: &str, id: BrokerId, entries: &BTreeMap<ListenerName, Entry>) -> String {
    let mut text = format!(
        "# Broker {id} of {object}. Add each entry to the value that the key has (entries are separated by commas);\n\
         # an entry of the same listener is replaced. Then restart the broker. `kafka-privatelink render --merge` does it.\n"
    );
    let join = |one: &dyn Fn(&ListenerName, &Entry) -> String| {
        entries.iter().map(|(name, entry)| one(name, entry)).collect::<Vec<_>>().join(",")
    };
    let rows = [
        (LISTENERS, join(&|name, entry| format!("{name}://:{}", entry.port))),
        (ADVERTISED_LISTENERS, join(&|name, entry| format!("{name}://{}", entry.advertised))),
        (PROTOCOL_MAP, join(&|name, entry| format!("{name}:{}", entry.protocol.as_str()))),
    ];
    for (key, value) in rows {
        let _ = writeln!(text, "{key} += {value}");
    }
    text
}

/// The same facts of every broker, for tools.
#[must_use]
pub fn document(entries: &Entries) -> Value {
    let brokers = entries.iter().map(|(id, listeners)| {
        let listeners = listeners.iter().map(|(name, entry)| {
            json!({
                "name": name.as_str(),
                "port": entry.port.0,
                "advertised": entry.advertised,
                "securityProtocol": entry.protocol.as_str(),
            })
        });
        json!({ "id": id.0, "listeners": listeners.collect::<Vec<_>>() })
    });
    json!({ "brokers": brokers.collect::<Vec<_>>() })
}
