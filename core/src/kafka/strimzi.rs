//! The same for Strimzi: whole entries of `spec.kafka.listeners` in its Kafka resource.

use serde_json::{Value, json};
use thiserror::Error;

use super::Wiring;
use crate::desired::Intent;
use crate::kafka::{Mechanism, SecurityProtocol};
use crate::model::{ListenerName, Port};

/// Ports below are the system's and Kafka's own, by Strimzi's documentation of `GenericKafkaListener`.
const LOWEST_PORT: Port = Port(9092);
/// Those of Strimzi's metrics and agent.
const TAKEN: [Port; 2] = [Port(9404), Port(9999)];
const LONGEST_NAME: usize = 11;

/// Why Strimzi cannot have a listener.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotForStrimzi {
    /// Its names are short.
    #[error("listener {0}: Strimzi's names have at most 11 lower-case letters and digits: set strimziName")]
    Name(ListenerName),
    /// Its ports are bounded.
    #[error(
        "listener {0}: Strimzi does not give port {1} to listeners: brokerPort must be at least 9092, and not 9404 or 9999"
    )]
    Port(ListenerName, Port),
    /// The hosts are unknown.
    #[error("listener {0}: its consumer has not said the hosts: set advertisedHostTemplate")]
    NoHosts(ListenerName),
}

/// The entries, in the order of the listeners.
///
/// # Errors
/// Strimzi would refuse one of them, or nothing is known to be advertised.
pub fn entries(intent: &Intent, wiring: &Wiring) -> Result<Value, NotForStrimzi> {
    let entries = wiring.listeners.iter().map(|(name, listener)| {
        let settings = intent.listeners.get(name);
        let named = settings.and_then(|settings| settings.strimzi_name.clone());
        let short = named.unwrap_or_else(|| name.as_str().to_lowercase());
        let fits = !short.is_empty()
            && short.len() <= LONGEST_NAME
            && short.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !fits {
            return Err(NotForStrimzi::Name(name.clone()));
        }
        if listener.broker_port < LOWEST_PORT || TAKEN.contains(&listener.broker_port) {
            return Err(NotForStrimzi::Port(name.clone(), listener.broker_port));
        }
        if !listener.hosts_known {
            return Err(NotForStrimzi::NoHosts(name.clone()));
        }
        let advertised = || listener.brokers.iter().filter_map(|(id, broker)| Some((id, broker.advertised.as_ref()?)));
        let brokers = advertised().map(|(id, endpoint)| {
            json!({ "broker": id.0, "advertisedHost": endpoint.host, "advertisedPort": endpoint.port.0 })
        });
        let hosts = advertised().map(|(_, endpoint)| endpoint.host.clone());
        let mut entry = json!({
            "name": short,
            "port": listener.broker_port.0,
            "type": "cluster-ip",
            "tls": listener.protocol.encrypts(),
            "configuration": {
                // Clients bootstrap by any of the hosts, and any broker answers: its certificate has to name them all.
                "bootstrap": { "alternativeNames": hosts.collect::<Vec<_>>() },
                "brokers": brokers.collect::<Vec<_>>(),
            },
        });
        let mechanism = settings.and_then(|settings| settings.access.log_in.as_ref()).map(|(mechanism, _)| *mechanism);
        if let Some(kind) = authentication(listener.protocol, mechanism) {
            entry["authentication"] = json!({ "type": kind });
        }
        Ok(entry)
    });
    entries.collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// Strimzi knows SCRAM by SHA-512 and client certificates; other ways are the user's to fill in.
fn authentication(protocol: SecurityProtocol, mechanism: Option<Mechanism>) -> Option<&'static str> {
    (protocol.logs_in() && mechanism == Some(Mechanism::ScramSha512)).then_some("scram-sha-512")
}
