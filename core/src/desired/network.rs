//! The VPC, and the subnets of the load balancer.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use super::issue::Issue;
use super::offer::tags;
use super::{Identity, Intent, VpcSource};
use crate::api::v1alpha1::Egress;
use crate::model::{Find, Observed, ResourceKey, Subnet, SubnetId, SubnetSource, Tags, Vpc, VpcId, ZoneId, ZoneName};

/// What of the network is made and kept for the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Where.
    pub vpc: WantedVpc,
    /// What its subnets reach outside.
    pub egress: Option<WantedEgress>,
    /// Subnets that we make, by zone.
    pub subnets: BTreeMap<ZoneId, MadeSubnet>,
    /// Whether every entry of the spec resolved.
    pub subnets_whole: bool,
}

/// The VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedVpc {
    /// The user's: it is not touched.
    Given(VpcId),
    /// Ours.
    Made(MadeVpc),
}

/// A VPC that we make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeVpc {
    /// Its block.
    pub cidr: Ipv4Net,
    /// Its tags.
    pub tags: Tags,
}

/// The way of the subnets of a made VPC to S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedEgress {
    /// S3 of the region, as EC2 names it.
    pub service: String,
    /// Tags of the route table.
    pub table_tags: Tags,
    /// Tags of the endpoint.
    pub endpoint_tags: Tags,
}

/// A subnet that we make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeSubnet {
    /// Its block.
    pub cidr: Ipv4Net,
    /// Its tags.
    pub tags: Tags,
}

/// A subnet of the load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferedSubnet {
    /// The user's.
    Existing(SubnetId, ZoneName),
    /// Ours, with this block.
    Made(Ipv4Net),
}

/// The VPC with its blocks. One that we make is of use when a subnet of ours shows that it is the one.
pub fn vpc<'a>(intent: &Intent, observed: &'a Observed) -> Find<'a, Vpc> {
    match &intent.vpc {
        VpcSource::Id(_) => observed.inputs.vpc.find(),
        VpcSource::Created(_) => match observed.own_vpc() {
            Find::There(own) if observed.has_our_subnets(&own.vpc.id) => Find::There(&own.vpc),
            _ => Find::Unknown,
        },
    }
}

/// The VPC's id, as far as it has one: that of a VPC that we make a look has to show.
pub fn vpc_id(intent: &Intent, observed: Option<&Observed>) -> Option<VpcId> {
    match &intent.vpc {
        VpcSource::Id(id) => Some(id.clone()),
        VpcSource::Created(_) => observed?.own_vpc().there().map(|own| own.vpc.id.clone()),
    }
}

/// Blocks in which addresses of brokers may lie, as far as they are known.
pub fn blocks(intent: &Intent, observed: &Observed) -> BTreeSet<Ipv4Net> {
    match (&intent.vpc, vpc(intent, observed)) {
        (_, Find::There(vpc)) => vpc.cidrs.clone(),
        (VpcSource::Created(cidr), _) => [*cidr].into(),
        (VpcSource::Id(_), _) => BTreeSet::new(),
    }
}

/// What shall be made of the network, whoever the brokers are. A VPC that the user names has to be there first.
pub fn network(
    identity: &Identity,
    intent: &Intent,
    observed: &Observed,
    subnets: &BTreeMap<ZoneId, OfferedSubnet>,
) -> Option<Network> {
    let vpc = match &intent.vpc {
        VpcSource::Created(cidr) => {
            WantedVpc::Made(MadeVpc { cidr: *cidr, tags: tags(identity, intent, &ResourceKey::Vpc) })
        }
        VpcSource::Id(id) => {
            observed.inputs.vpc.there()?;
            WantedVpc::Given(id.clone())
        }
    };
    let made = subnets.iter().filter_map(|(zone, subnet)| {
        let OfferedSubnet::Made(cidr) = subnet else { return None };
        let tags = tags(identity, intent, &ResourceKey::Subnet(zone.clone()));
        Some((zone.clone(), MadeSubnet { cidr: *cidr, tags }))
    });
    Some(Network {
        vpc,
        egress: egress(identity, intent),
        subnets: made.collect(),
        subnets_whole: whole(intent, subnets),
    })
}

fn egress(identity: &Identity, intent: &Intent) -> Option<WantedEgress> {
    let made = matches!(intent.vpc, VpcSource::Created(_));
    match intent.egress {
        Egress::S3Endpoint if made => Some(WantedEgress {
            service: format!("com.amazonaws.{}.s3", intent.region),
            table_tags: tags(identity, intent, &ResourceKey::RouteTable),
            endpoint_tags: tags(identity, intent, &ResourceKey::S3Endpoint),
        }),
        Egress::S3Endpoint | Egress::None => None,
    }
}

/// Whether every entry of the spec resolved.
pub fn whole(intent: &Intent, subnets: &BTreeMap<ZoneId, OfferedSubnet>) -> bool {
    intent.subnets.keys().all(|zone| subnets.contains_key(zone))
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
    if matches!(&intent.vpc, VpcSource::Id(id) if subnet.vpc != *id) {
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
