//! From what a look found to which broker is where.

use std::collections::{BTreeMap, BTreeSet};

use super::issue::Issue;
use super::{Brokers, Identity, Intent, network, nodes};
use crate::model::{BrokerId, BrokerInstance, InstanceState, Observed, TargetId, VpcId, ZoneId};

/// What a look says of one broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// It is there and can be registered.
    Here {
        /// Its zone.
        zone: ZoneId,
        /// Its instance or address.
        target: TargetId,
    },
    /// It is there, and something about it is not right: its path is left as it is.
    Unclear(Option<ZoneId>),
    /// It will not come back.
    Gone,
}

/// Sightings by broker id; a known broker that is not among them is absent.
pub type Sightings = BTreeMap<BrokerId, Sighting>;

/// Brokers that are there, right or not.
pub fn here(sightings: &Sightings) -> BTreeSet<BrokerId> {
    sightings.iter().filter(|(_, sighting)| **sighting != Sighting::Gone).map(|(id, _)| *id).collect()
}

/// Where brokers have to be.
#[derive(Clone, Copy)]
struct Place<'a> {
    intent: &'a Intent,
    /// `None` for a VPC that is not made yet: no instance is in it.
    vpc: Option<&'a VpcId>,
}

/// Reads the sightings out of a look; `None` when the brokers were not read.
pub fn sightings(
    identity: &Identity,
    intent: &Intent,
    observed: &Observed,
    issues: &mut Vec<Issue>,
) -> Option<Sightings> {
    let vpc = network::vpc_id(intent, Some(observed));
    let place = Place { intent, vpc: vpc.as_ref() };
    match &intent.brokers {
        Brokers::Addresses(list) => Some(addresses(intent, list, observed, issues)),
        Brokers::Provisioned(spec) => nodes::sightings(identity, intent, spec, observed, issues),
        Brokers::Instances(list) => {
            let found = observed.inputs.brokers.get()?;
            Some(
                list.iter()
                    .map(|(id, (zone, instance))| {
                        let sighting = match found.iter().find(|candidate| candidate.id == *instance) {
                            Some(candidate) => listed(place, *id, zone, candidate, issues),
                            None => {
                                issues.push(Issue::InstanceNotFound(*id, instance.clone()));
                                Sighting::Unclear(Some(zone.clone()))
                            }
                        };
                        (*id, sighting)
                    })
                    .collect(),
            )
        }
        Brokers::Selector { id_tag, .. } => Some(selected(place, id_tag, observed.inputs.brokers.get()?, issues)),
    }
}

fn addresses(
    intent: &Intent,
    list: &BTreeMap<BrokerId, (ZoneId, std::net::Ipv4Addr)>,
    observed: &Observed,
    issues: &mut Vec<Issue>,
) -> Sightings {
    let blocks = network::blocks(intent, observed);
    list.iter()
        .map(|(id, (zone, address))| {
            let sighting = if blocks.iter().any(|block| block.contains(address)) {
                Sighting::Here { zone: zone.clone(), target: TargetId::Ip(*address) }
            } else {
                issues.push(Issue::AddressNotInVpc(*id, *address));
                Sighting::Unclear(Some(zone.clone()))
            };
            (*id, sighting)
        })
        .collect()
}

fn listed(
    place: Place<'_>,
    id: BrokerId,
    zone: &ZoneId,
    instance: &BrokerInstance,
    issues: &mut Vec<Issue>,
) -> Sighting {
    if instance.state == InstanceState::Terminated {
        // A list is a person's word: what it names stays named until the person changes it.
        issues.push(Issue::InstanceNotFound(id, instance.id.clone()));
        return Sighting::Unclear(Some(zone.clone()));
    }
    if let Some(real) = instance.zone.as_ref().filter(|real| *real != zone) {
        issues.push(Issue::BrokerInOtherZone(id, zone.clone(), real.clone()));
        return Sighting::Unclear(Some(real.clone()));
    }
    placed(place, id, instance, issues)
}

fn selected(place: Place<'_>, id_tag: &str, found: &[BrokerInstance], issues: &mut Vec<Issue>) -> Sightings {
    let mut by_id: BTreeMap<BrokerId, Vec<&BrokerInstance>> = BTreeMap::new();
    for instance in found {
        let gone = instance.state == InstanceState::Terminated;
        match instance.id_tag.as_deref().map(|text| (text, text.parse::<i32>())) {
            Some((_, Ok(id))) if id >= 0 => by_id.entry(BrokerId(id)).or_default().push(instance),
            // The tags of a terminated instance no longer matter to anybody.
            _ if gone => {}
            Some((text, _)) => issues.push(Issue::BrokerIdInvalid(instance.id.clone(), text.to_owned())),
            None => issues.push(Issue::BrokerIdMissing(instance.id.clone(), id_tag.to_owned())),
        }
    }
    by_id.into_iter().map(|(id, instances)| (id, claimed(place, id, &instances, issues))).collect()
}

/// Which of the instances with one id is the broker: the one that runs. Two that run are a mistake that
/// nobody but a person can resolve.
fn claimed(place: Place<'_>, id: BrokerId, instances: &[&BrokerInstance], issues: &mut Vec<Issue>) -> Sighting {
    let up: Vec<_> = instances
        .iter()
        .filter(|instance| matches!(instance.state, InstanceState::Running | InstanceState::Pending))
        .collect();
    match up.as_slice() {
        [instance] => placed(place, id, instance, issues),
        [] => match instances.iter().find(|instance| instance.state == InstanceState::Stopped) {
            Some(stopped) => Sighting::Unclear(stopped.zone.clone()),
            None => Sighting::Gone,
        },
        several => {
            let ids: BTreeSet<_> = several.iter().map(|instance| instance.id.clone()).collect();
            issues.push(Issue::BrokerIdTwice(id, ids));
            Sighting::Unclear(several.first().and_then(|instance| instance.zone.clone()))
        }
    }
}

/// An instance can be registered when it runs, in our VPC, in a zone that is offered.
fn placed(
    Place { intent, vpc }: Place<'_>,
    id: BrokerId,
    instance: &BrokerInstance,
    issues: &mut Vec<Issue>,
) -> Sighting {
    let unclear = Sighting::Unclear(instance.zone.clone());
    if instance.vpc.as_ref().is_some_and(|lies_in| Some(lies_in) != vpc) {
        issues.push(Issue::BrokerOutsideVpc(id, instance.id.clone()));
        return unclear;
    }
    let Some(zone) = &instance.zone else { return unclear };
    if !intent.subnets.contains_key(zone) {
        issues.push(Issue::BrokerZoneNotOffered(id, zone.clone()));
        return unclear;
    }
    if instance.state != InstanceState::Running {
        return unclear; // RegisterTargets takes running instances only
    }
    Sighting::Here { zone: zone.clone(), target: TargetId::from(instance) }
}
