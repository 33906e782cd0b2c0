//! A picture of what an object offers, from its consumers to its brokers: `kafka-privatelink diagram`.
//!
//! Made of the object alone. What its status does not say is drawn as planned, not as working.

mod mermaid;
mod svg;

use std::collections::BTreeMap;

use crate::api::v1alpha1::{Acceptance, BrokerStatus, KafkaPrivateLinkStatus};
use crate::api::{KafkaPrivateLink, full_name};
use crate::desired::{Brokers, Intent, VpcSource};
use crate::kafka::{Unplanned, WiredBroker, planned};
use crate::model::{BrokerId, ListenerName, SubnetSource, TargetId};

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagram {
    /// `namespace/name`.
    pub object: String,
    /// Where.
    pub region: String,
    /// Id of the VPC, or the block of one that is to be made.
    pub vpc: String,
    /// Name of the endpoint service; `None` before it is made.
    pub service: Option<String>,
    /// Name of the load balancer in DNS; `None` before it is made.
    pub load_balancer: Option<String>,
    /// By account.
    pub consumers: BTreeMap<String, Consumer>,
    /// Bootstraps.
    pub listeners: Vec<Listener>,
    /// By zone id; the empty one holds brokers of which nobody said where they are.
    pub zones: BTreeMap<String, Zone>,
}

/// An account that the spec names, or that asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consumer {
    /// What its requests get; `None` for one that the spec does not name any more.
    pub acceptance: Option<Acceptance>,
    /// Its endpoints, with their states as AWS calls them.
    pub endpoints: BTreeMap<String, String>,
}

impl Consumer {
    /// Whether a way leads from it to the service.
    fn is_let_in(&self) -> bool {
        self.acceptance != Some(Acceptance::Rejected)
    }

    /// In a word or two, what its requests get.
    fn gets(&self) -> String {
        self.acceptance.map_or_else(|| "not in the spec".to_owned(), |acceptance| format!("{acceptance:?}"))
    }
}

/// A Kafka listener that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// NLB port of the bootstrap.
    pub bootstrap_port: u16,
    /// Whether a broker is reached through any zone.
    pub cross_zone: bool,
}

/// A zone of the load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Its subnet: id, tags or block.
    pub subnet: Option<String>,
    /// By id.
    pub brokers: BTreeMap<i32, Broker>,
}

/// A broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broker {
    /// Instance or address.
    pub target: Option<String>,
    /// One for each listener.
    pub paths: Vec<Path>,
}

/// How clients of a listener get to a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The listener.
    pub listener: String,
    /// NLB port.
    pub port: u16,
    /// `host:port` that Kafka has to tell clients; `None` before the consumer has said the hosts.
    pub advertised: Option<String>,
    /// Whether it works.
    pub state: State,
}

/// Whether a path works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was not looked at.
    Planned,
    /// The broker takes connections, and tells clients nothing else than it has to.
    Works,
    /// In a few words, what is wrong.
    Trouble(String),
}

impl State {
    fn of(broker: Option<&BrokerStatus>) -> Self {
        let Some(broker) = broker else { return Self::Planned };
        match (broker.health.as_deref(), &broker.advertised_now) {
            (Some("Healthy"), Some(now)) if Some(now) != broker.advertised.as_ref() => {
                Self::Trouble(format!("advertises {now}"))
            }
            (Some("Healthy"), _) => Self::Works,
            (Some(health), _) => Self::Trouble(health.to_lowercase()),
            (None, _) => Self::Planned,
        }
    }

    /// A word for those who do not see the colour.
    fn word(&self) -> &str {
        match self {
            Self::Planned => "planned",
            Self::Works => "healthy",
            Self::Trouble(what) => what,
        }
    }
}

impl Diagram {
    /// Made of an object and its spec as it was parsed.
    ///
    /// # Errors
    /// Brokers or ports are not known.
    pub fn of(object: &KafkaPrivateLink, intent: &Intent) -> Result<Self, Unplanned> {
        let status = object.status.clone().unwrap_or_default();
        let network = status.network.clone().unwrap_or_default();
        let listeners = intent.listeners.iter().map(|(name, listener)| Listener {
            name: name.to_string(),
            bootstrap_port: listener.bootstrap_port.0,
            cross_zone: listener.cross_zone,
        });
        Ok(Self {
            object: full_name(object),
            region: intent.region.to_string(),
            vpc: match (&intent.vpc, network.vpc_id) {
                (VpcSource::Id(id), _) => id.to_string(),
                (VpcSource::Created(_), Some(id)) => id,
                (VpcSource::Created(block), None) => format!("new VPC {block}"),
            },
            service: status.endpoint_service.as_ref().and_then(|service| service.service_name.clone()),
            load_balancer: status.load_balancer.as_ref().and_then(|balancer| balancer.dns_name.clone()),
            consumers: consumers(object, &status),
            listeners: listeners.collect(),
            zones: zones(object, intent, &status)?,
        })
    }

    /// As a picture that needs no other file, and that is read in light and in dark.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::drawn(self)
    }

    /// As a flow chart for whatever shows Mermaid.
    #[must_use]
    pub fn mermaid(&self) -> String {
        mermaid::written(self)
    }
}

fn consumers(object: &KafkaPrivateLink, status: &KafkaPrivateLinkStatus) -> BTreeMap<String, Consumer> {
    let listed = object.spec.endpoint_service.consumers.iter();
    let mut consumers: BTreeMap<String, Consumer> = listed
        .map(|entry| {
            let consumer = Consumer { acceptance: Some(entry.acceptance), ..Consumer::default() };
            (entry.account_id.clone(), consumer)
        })
        .collect();
    for connection in &status.connections {
        let account = connection.account_id.clone().unwrap_or_default();
        let state = connection.state.clone().unwrap_or_default();
        consumers.entry(account).or_default().endpoints.insert(connection.endpoint_id.clone(), state);
    }
    consumers
}

fn zones(
    object: &KafkaPrivateLink,
    intent: &Intent,
    status: &KafkaPrivateLinkStatus,
) -> Result<BTreeMap<String, Zone>, Unplanned> {
    let made: BTreeMap<String, String> = status
        .network
        .iter()
        .flat_map(|network| &network.subnets)
        .filter_map(|subnet| Some((subnet.zone_id.clone(), subnet.subnet_id.clone()?)))
        .collect();
    let subnet = |zone: &str, source: &SubnetSource| match source {
        SubnetSource::Id(id) => id.to_string(),
        SubnetSource::Tags(tags) => {
            tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
        }
        SubnetSource::Created(block) => made.get(zone).cloned().unwrap_or_else(|| block.to_string()),
    };
    let mut zones: BTreeMap<String, Zone> = intent
        .subnets
        .iter()
        .map(|(zone, source)| {
            let subnet = Some(subnet(zone.as_str(), source));
            (zone.to_string(), Zone { subnet, ..Zone::default() })
        })
        .collect();
    for (name, listener) in planned(object, intent)?.listeners {
        for (id, wired) in &listener.brokers {
            let seen = seen(status, &name, *id);
            let zone = wired.zone.as_ref().map(ToString::to_string).unwrap_or_default();
            let broker = zones.entry(zone).or_default().brokers.entry(id.0).or_default();
            broker.target =
                listed(intent, *id).or_else(|| seen.and_then(|seen| seen.target.clone())).or(broker.target.take());
            broker.paths.push(path(&name, wired, seen));
        }
    }
    Ok(zones)
}

fn path(listener: &ListenerName, wired: &WiredBroker, seen: Option<&BrokerStatus>) -> Path {
    Path {
        listener: listener.to_string(),
        port: wired.port.0,
        advertised: wired.advertised.as_ref().map(ToString::to_string),
        state: State::of(seen),
    }
}

fn seen<'a>(status: &'a KafkaPrivateLinkStatus, listener: &ListenerName, id: BrokerId) -> Option<&'a BrokerStatus> {
    let listener = status.listeners.iter().find(|entry| entry.name == listener.as_str())?;
    listener.brokers.iter().find(|broker| broker.id == id.0)
}

/// What the spec says of a broker that it lists.
fn listed(intent: &Intent, id: BrokerId) -> Option<String> {
    match &intent.brokers {
        Brokers::Instances(list) => list.get(&id).map(|(_, instance)| TargetId::Instance(instance.clone()).to_string()),
        Brokers::Addresses(list) => list.get(&id).map(|(_, address)| TargetId::Ip(*address).to_string()),
        Brokers::Selector { .. } | Brokers::Provisioned(_) => None,
    }
}
