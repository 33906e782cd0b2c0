//! The sheet for a consumer: all that they need to connect, in words and to paste.
//!
//! Made of the object alone: what its status says was read from AWS.

mod consumer;
mod markdown;

use thiserror::Error;

pub use self::consumer::ConsumerKind;
use crate::api::v1alpha1::CrossZone;
use crate::api::{KafkaPrivateLink, full_name};
use crate::status::{ConditionType, condition};

/// What a consumer needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// `namespace/name`.
    pub object: String,
    /// Name of the object, for names in what is pasted.
    pub name: String,
    /// Region of the service.
    pub region: String,
    /// `com.amazonaws.vpce.…`.
    pub service_name: String,
    /// Zones in which it is offered.
    pub zones: Vec<String>,
    /// Why it does not serve now; `None` when it does.
    pub trouble: Option<String>,
    /// The Kafka listeners that are offered.
    pub listeners: Vec<Listener>,
}

/// A Kafka listener, as its clients see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// Port of the bootstrap.
    pub bootstrap_port: i32,
    /// From which the brokers' hosts are made.
    pub host_template: Option<String>,
    /// Whether a broker is reached through any zone.
    pub cross_zone: bool,
    /// Whether Kafka was seen to tell clients these addresses; `None` where it could not be asked.
    pub verified: Option<bool>,
    /// Brokers, by id.
    pub brokers: Vec<Broker>,
}

/// A broker, as clients of a listener see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its id.
    pub id: i32,
    /// Its zone.
    pub zone: Option<String>,
    /// Its port.
    pub port: i32,
    /// `host:port` that Kafka tells clients.
    pub advertised: Option<String>,
}

/// There is nothing to hand over.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Incomplete {
    /// AWS has not made the service.
    #[error("{object} has no endpoint service yet: {ready}")]
    NoService {
        /// `namespace/name`.
        object: String,
        /// What condition `Ready` says.
        ready: String,
    },
    /// Nothing of that name is offered.
    #[error("{object} offers no listener {listener}; it offers {offered}")]
    NoListener {
        /// `namespace/name`.
        object: String,
        /// The one that was asked for.
        listener: String,
        /// Those that there are.
        offered: String,
    },
}

impl Sheet {
    /// Made of an object; of one listener only, if one is named.
    ///
    /// # Errors
    /// The service or the listener is not there.
    pub fn of(object: &KafkaPrivateLink, listener: Option<&str>) -> Result<Self, Incomplete> {
        let name = object.metadata.name.clone().unwrap_or_default();
        let full_name = full_name(object);
        let status = object.status.clone().unwrap_or_default();
        let ready = condition(&status.conditions, ConditionType::Ready);
        let service = status.endpoint_service.unwrap_or_default();
        let Some(service_name) = service.service_name else {
            let ready = ready.map_or_else(|| "the operator has not seen it".into(), |ready| ready.message.clone());
            return Err(Incomplete::NoService { object: full_name, ready });
        };
        let offered = status.listeners.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>().join(", ");
        let listeners: Vec<Listener> = status
            .listeners
            .iter()
            .filter(|entry| listener.is_none_or(|wanted| wanted == entry.name))
            .filter_map(|entry| {
                let spec = object.spec.listeners.iter().find(|spec| spec.name == entry.name)?;
                let brokers = entry.brokers.iter().filter_map(|broker| {
                    let (zone, advertised) = (broker.zone_id.clone(), broker.advertised.clone());
                    Some(Broker { id: broker.id, zone, port: broker.port?, advertised })
                });
                Some(Listener {
                    name: entry.name.clone(),
                    bootstrap_port: spec.bootstrap_port,
                    host_template: spec.advertised_host_template.clone(),
                    cross_zone: spec.cross_zone == CrossZone::Enabled,
                    verified: match entry.verified.as_deref() {
                        Some("True") => Some(true),
                        Some("False") => Some(false),
                        _ => None,
                    },
                    brokers: brokers.collect(),
                })
            })
            .collect();
        if let Some(listener) = listener.filter(|_| listeners.is_empty()) {
            return Err(Incomplete::NoListener { object: full_name, listener: listener.to_owned(), offered });
        }
        let trouble = ready.filter(|ready| ready.status != "True").map(|ready| ready.message.clone());
        let region = object.spec.region.clone();
        Ok(Self { object: full_name, name, region, service_name, zones: service.zone_ids, trouble, listeners })
    }

    /// As Markdown, with a part for each of these consumers.
    #[must_use]
    pub fn markdown(&self, consumers: &[ConsumerKind]) -> String {
        markdown::written(self, consumers)
    }
}
