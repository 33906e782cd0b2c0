//! What was planned, as Kafka and its clients see it: for each port of the load balancer the broker behind it, and what that
//! one has to advertise.

use std::collections::BTreeMap;

use super::{Endpoint, SecurityProtocol};
use crate::desired::{Intent, Ledger};
use crate::model::{BrokerId, ListenerName, Port, Region, ZoneId};

/// The host that a broker of this zone advertises.
#[must_use]
pub fn advertised_host(template: &str, broker: BrokerId, zone: &ZoneId, region: &Region) -> String {
    template
        .replace("{brokerId}", &broker.to_string())
        .replace("{zoneId}", zone.as_str())
        .replace("{region}", region.as_str())
}

/// Everything that is offered.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Wiring {
    /// By listener.
    pub listeners: BTreeMap<ListenerName, WiredListener>,
}

/// A listener that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WiredListener {
    /// What it speaks.
    pub protocol: SecurityProtocol,
    /// What the brokers listen on.
    pub broker_port: Port,
    /// NLB port of the bootstrap.
    pub bootstrap_port: Port,
    /// Whether the consumer has said the hosts.
    pub hosts_known: bool,
    /// Whether every zone of the load balancer leads to every broker.
    pub cross_zone: bool,
    /// Brokers with a port.
    pub brokers: BTreeMap<BrokerId, WiredBroker>,
}

/// A broker of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WiredBroker {
    /// NLB port.
    pub port: Port,
    /// Its zone, where somebody said it.
    pub zone: Option<ZoneId>,
    /// What it has to advertise; `None` as long as zone or hosts are not known.
    pub advertised: Option<Endpoint>,
    /// The same with the zone id of each other broker: a broker that advertises one of these is placed wrongly.
    pub elsewhere: BTreeMap<ZoneId, String>,
}

impl Wiring {
    /// Listeners with cross-zone, and those without.
    #[must_use]
    pub fn by_cross_zone(self) -> (Self, Self) {
        let (wide, narrow) = self.listeners.into_iter().partition(|(_, listener)| listener.cross_zone);
        (Self { listeners: wide }, Self { listeners: narrow })
    }

    /// Of these brokers, as far as they have ports.
    #[must_use]
    pub fn of(intent: &Intent, brokers: &BTreeMap<BrokerId, Option<ZoneId>>, ledger: &Ledger) -> Self {
        let zones: Vec<&ZoneId> = intent.subnets.keys().collect();
        let listeners = intent.listeners.iter().map(|(name, listener)| {
            let template = listener.host_template.as_deref();
            let wired = brokers.iter().filter_map(|(id, zone)| {
                let port = ledger.port(name, *id)?;
                let host = |zone: &ZoneId| Some(advertised_host(template?, *id, zone, &intent.region));
                let advertised = zone.as_ref().and_then(host).map(|host| Endpoint { host, port });
                let others = zones.iter().filter(|other| zone.as_ref() != Some(**other));
                let elsewhere = others.filter_map(|zone| Some(((*zone).clone(), host(zone)?)));
                let elsewhere = elsewhere.filter(|(_, host)| advertised.as_ref().is_some_and(|own| own.host != *host));
                Some((*id, WiredBroker { port, zone: zone.clone(), elsewhere: elsewhere.collect(), advertised }))
            });
            let wired = WiredListener {
                protocol: listener.protocol,
                broker_port: listener.broker_port,
                bootstrap_port: listener.bootstrap_port,
                hosts_known: template.is_some(),
                cross_zone: listener.cross_zone,
                brokers: wired.collect(),
            };
            (name.clone(), wired)
        });
        Self { listeners: listeners.collect() }
    }
}
