//! `server.properties` of a node.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use thiserror::Error;

use super::base::{CONTROLLER, FACTORS, INTERNAL, MIN_IN_SYNC, defaults, own};
use super::{CONTROLLER_PORT, Cluster, INTERNAL_PORT, Node};
use crate::kafka::{NotMerged, SecurityProtocol, merge};
use crate::model::{BrokerId, ListenerName, Port};

/// Why there is no configuration of a node.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotConfigured {
    /// A listener has the name of one of ours.
    #[error("listener {0}: the name is that of a listener between the nodes; name it otherwise")]
    NameTaken(ListenerName),
    /// Two listeners would have one port.
    #[error("listener {listener}: brokerPort {port} is also {other}'s")]
    PortTwice {
        /// The listener.
        listener: ListenerName,
        /// Its port.
        port: Port,
        /// Who else has it.
        other: String,
    },
    /// Nobody has given the node what it needs for it.
    #[error("listener {0}: brokers that are provisioned speak PLAINTEXT, and not {protocol}", protocol = .1.as_str())]
    Protocol(ListenerName, SecurityProtocol),
    /// A node that votes is not among the voters, or the other way round.
    #[error("node {0} is a controller by its roles or by the voters, and not by both")]
    NotAVoter(BrokerId),
    /// A count that cannot be had.
    #[error("{key}={value}: a number from 1 to {brokers}, for there are so many brokers")]
    Replicas {
        /// Of which property.
        key: String,
        /// What the user says.
        value: String,
        /// How many there are.
        brokers: usize,
    },
    /// The listeners do not fit.
    #[error(transparent)]
    Listeners(#[from] NotMerged),
}

/// The whole file.
///
/// # Errors
/// What the object says does not fit together.
pub fn server_properties(cluster: &Cluster, node: &Node) -> Result<String, NotConfigured> {
    check(cluster, node)?;
    let mut text = String::new();
    for (key, value) in lines(cluster, node) {
        let _ = writeln!(text, "{key}={}", escaped(&value));
    }
    Ok(if node.roles.serves() { merge(&text, &node.offered)? } else { text })
}

/// Every key once; what a user says goes before a default.
fn lines(cluster: &Cluster, node: &Node) -> Vec<(String, String)> {
    let extra: BTreeMap<&str, &str> = cluster.extra.iter().collect();
    let defaults = defaults(cluster).into_iter().filter(|(key, _)| !extra.contains_key(key));
    let ours = own(cluster, node).into_iter().chain(defaults).map(|(key, value)| (key.to_owned(), value));
    ours.chain(extra.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))).collect()
}

fn check(cluster: &Cluster, node: &Node) -> Result<(), NotConfigured> {
    let listed = cluster.controllers.get(&node.id);
    if listed != node.roles.controls().then_some(&node.address) {
        return Err(NotConfigured::NotAVoter(node.id));
    }
    let mut ports: BTreeMap<Port, &str> = [(CONTROLLER_PORT, CONTROLLER), (INTERNAL_PORT, INTERNAL)].into();
    for (name, entry) in &node.offered {
        // Kafka does not tell capitals in the names of listeners.
        if [CONTROLLER, INTERNAL].iter().any(|own| own.eq_ignore_ascii_case(name.as_str())) {
            return Err(NotConfigured::NameTaken(name.clone()));
        }
        if entry.protocol != SecurityProtocol::Plaintext {
            return Err(NotConfigured::Protocol(name.clone(), entry.protocol));
        }
        if let Some(other) = ports.insert(entry.port, name.as_str()) {
            let (listener, other) = (name.clone(), other.to_owned());
            return Err(NotConfigured::PortTwice { listener, port: entry.port, other });
        }
    }
    let counted: BTreeSet<&str> = FACTORS.into_iter().chain(MIN_IN_SYNC).collect();
    for (key, value) in cluster.extra.iter().filter(|(key, _)| counted.contains(key)) {
        if !value.trim().parse().is_ok_and(|count: usize| (1..=cluster.brokers).contains(&count)) {
            let (key, value) = (key.to_owned(), value.to_owned());
            return Err(NotConfigured::Replicas { key, value, brokers: cluster.brokers });
        }
    }
    Ok(())
}

/// A value as Java's `Properties` reads it: Latin 1, and everything else by its number.
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for (at, letter) in value.chars().enumerate() {
        match letter {
            '\\' => text.push_str("\\\\"),
            ' ' if at == 0 => text.push_str("\\ "),
            ' '..='~' => text.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text
}
