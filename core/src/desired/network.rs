//! The subnets of the load balancer.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::Intent;
use super::issue::Issue;
use crate::model::{Find, Observed, Subnet, SubnetId, SubnetSource, ZoneId, ZoneName};

/// A subnet of the load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferedSubnet {
    /// The user's.
    Existing(SubnetId, ZoneName),
    /// Ours, with this block.
    Made(Ipv4Net),
}

/// Free addresses that AWS wants in a subnet of an internal load balancer.
const FREE_ADDRESSES: u32 = 8;

/// Resolves every entry of `network.subnets`; an entry that does not resolve is missing and reported.
pub fn subnets(intent: &Intent, observed: &Observed, issues: &mut Vec<Issue>) -> BTreeMap<ZoneId, OfferedSubnet> {
    let zones = observed.inputs.zones.get();
    let mut resolved = BTreeMap::new();
    for (zone, source) in &intent.subnets {
        if zones.is_some_and(|zones| !zones.contains_key(zone)) {
            issues.push(Issue::ZoneUnknown(zone.clone()));
            continue;
        }
        let offered = match source {
            SubnetSource::Created(cidr) => Some(OfferedSubnet::Made(*cidr)),
            SubnetSource::Id(_) | SubnetSource::Tags(_) => existing(intent, zone, observed, issues),
        };
        resolved.extend(offered.map(|subnet| (zone.clone(), subnet)));
    }
    resolved
}

fn existing(intent: &Intent, zone: &ZoneId, observed: &Observed, issues: &mut Vec<Issue>) -> Option<OfferedSubnet> {
    let candidates = match observed.inputs.subnets.find(zone) {
        Find::There(candidates) => candidates.as_slice(),
        Find::Gone => &[],
        Find::Unknown => return None, // the failed read is an issue of its own
    };
    let subnet = match candidates {
        [] => {
            issues.push(Issue::SubnetNotFound(zone.clone()));
            return None;
        }
        [subnet] => subnet,
        several => {
            let ids = several.iter().map(|subnet| subnet.id.clone()).collect();
            issues.push(Issue::SubnetAmbiguous(zone.clone(), ids));
            return None;
        }
    };
    if subnet.vpc != intent.vpc {
        issues.push(Issue::SubnetInOtherVpc(zone.clone(), subnet.id.clone(), subnet.vpc.clone()));
        return None;
    }
    if subnet.zone != *zone {
        issues.push(Issue::SubnetInOtherZone(zone.clone(), subnet.id.clone(), subnet.zone.clone()));
        return None;
    }
    if subnet.free_addresses < FREE_ADDRESSES && !in_use(observed, subnet) {
        issues.push(Issue::SubnetFull(zone.clone(), subnet.id.clone(), subnet.free_addresses));
        return None;
    }
    Some(OfferedSubnet::Existing(subnet.id.clone(), subnet.zone_name.clone()))
}

fn in_use(observed: &Observed, subnet: &Subnet) -> bool {
    observed.load_balancer.there().is_some_and(|lb| lb.subnets.contains_key(&subnet.id))
}
