//! Where a port of the load balancer is dialled, so that an answer says something about its broker.

use std::collections::{BTreeMap, BTreeSet};

use super::{Obstacle, Seat, Sighting, WiredListener};
use crate::model::{Observed, ZoneId, ZoneName};

/// Stands for the zone id of a broker in `spec.verification.address`.
const ZONE: &str = "{zoneId}";

/// How the load balancer is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// By its own DNS name, before which AWS takes the name of a zone.
    Balancer {
        /// The name.
        name: String,
        /// Names of zones in the account.
        zones: BTreeMap<ZoneId, ZoneName>,
    },
    /// As the spec says.
    Given(String),
}

impl Route {
    /// `given` is that of the spec, `name` the load balancer's own.
    #[must_use]
    pub fn of(given: Option<&str>, name: &str, observed: &Observed) -> Self {
        if let Some(address) = given {
            return Self::Given(address.to_owned());
        }
        let candidates = observed.inputs.subnets.items.values().flatten().chain(observed.subnets.items.values());
        let zones = candidates.filter(|subnet| !subnet.zone_name.as_str().is_empty());
        let zones = zones.map(|subnet| (subnet.zone.clone(), subnet.zone_name.clone())).collect();
        Self::Balancer { name: name.to_owned(), zones }
    }

    /// Where a port is dialled. Without cross-zone a zone's node leads to brokers of its own zone alone, so that one is asked.
    #[must_use]
    pub fn address(&self, listener: &WiredListener, seat: Seat) -> String {
        let zone = zone(listener, seat);
        match self {
            Self::Balancer { name, zones } => {
                match zone.filter(|_| !listener.cross_zone).and_then(|zone| zones.get(zone)) {
                    Some(zone) => format!("{zone}.{name}"),
                    None => name.clone(),
                }
            }
            Self::Given(address) => match zone {
                Some(zone) => address.replace(ZONE, zone.as_str()),
                None => address.clone(),
            },
        }
    }

    /// The same by the node of one zone alone; `None` where nothing says how that is reached.
    #[must_use]
    pub fn through(&self, zone: &ZoneId) -> Option<Self> {
        match self {
            Self::Balancer { name, zones } => Some(Self::Given(format!("{}.{name}", zones.get(zone)?))),
            Self::Given(address) if address.contains(ZONE) => Some(Self::Given(address.replace(ZONE, zone.as_str()))),
            Self::Given(_) => None,
        }
    }

    /// What was seen, less what it cannot say: that nothing answers at another zone's node is right without cross-zone.
    #[must_use]
    pub fn judged(&self, listener: &WiredListener, seat: Seat, mut sighting: Sighting) -> Sighting {
        let zones: BTreeSet<_> = listener.brokers.values().map(|broker| &broker.zone).collect();
        let blind =
            matches!(self, Self::Given(address) if !address.contains(ZONE)) && !listener.cross_zone && zones.len() > 1;
        let nothing = matches!(sighting.obstacle, Some(Obstacle::Refused | Obstacle::Closed));
        if blind && nothing && matches!(seat, Seat::Broker(_)) {
            let why = "crossZone is Disabled, and what answers at spec.verification.address leads to brokers of its own zone \
                       alone: write {zoneId} in a host name there";
            sighting.obstacle = Some(Obstacle::NoRoute(why.to_owned()));
        }
        sighting
    }
}

/// The zone that is to be dialled; for a bootstrap port any that has a broker.
fn zone(listener: &WiredListener, seat: Seat) -> Option<&ZoneId> {
    match seat {
        Seat::Broker(id) => listener.brokers.get(&id)?.zone.as_ref(),
        Seat::Bootstrap => listener.brokers.values().find_map(|broker| broker.zone.as_ref()),
    }
}
