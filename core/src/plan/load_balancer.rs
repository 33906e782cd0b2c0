//! The internal network load balancer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Conflict, Draft, Effect, Step, WaitingOn, joined, security_group, subnet, tagging};
use crate::desired::{Absent, Offer};
use crate::model::{
    Answer, Attributes, AwsName, DELETION_PROTECTION, EndpointService, Find, InboundRules, LoadBalancer,
    LoadBalancerArn, LoadBalancerState, Observed, Part, SecurityGroupId, Seen, SubnetId, Tagged, Tags, ZoneName,
};

/// A write to the load balancer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Make it: internal, IPv4, with all subnets at once and a security group, which cannot be added later.
    Create {
        /// Its name.
        name: AwsName,
        /// Its subnets, one a zone.
        subnets: BTreeSet<SubnetId>,
        /// Its security group.
        security_group: SecurityGroupId,
        /// All tags.
        tags: Tags,
    },
    /// Change attributes.
    SetAttributes {
        /// Its ARN.
        arn: LoadBalancerArn,
        /// Those that differ.
        attributes: Attributes,
    },
    /// Set security groups and whether inbound rules apply to endpoints; AWS takes both in one call.
    SetSecurityGroups {
        /// Its ARN.
        arn: LoadBalancerArn,
        /// All groups.
        groups: BTreeSet<SecurityGroupId>,
        /// Whether inbound rules apply.
        inbound_rules: InboundRules,
    },
    /// Set subnets. The names of their zones are carried along for the picture.
    SetSubnets {
        /// Its ARN.
        arn: LoadBalancerArn,
        /// All subnets.
        subnets: BTreeMap<SubnetId, ZoneName>,
        /// Whether one goes: its zone's flows end.
        removes: bool,
    },
    /// Delete it; its NLB listeners go with it.
    Delete {
        /// Its ARN.
        arn: LoadBalancerArn,
    },
}

/// What AWS gives the attributes that we manage in a new load balancer.
#[must_use]
pub fn default_attributes() -> Attributes {
    [(DELETION_PROTECTION.to_owned(), "false".to_owned())].into()
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        let balancer = &mut observed.load_balancer;
        match (self, answer) {
            (Self::Create { .. }, Answer::LoadBalancer(made)) => {
                let mut made = made.clone();
                // ELB answers a create with somebody else's load balancer of the same name and settings.
                made.tags = Seen::Unread;
                made.attributes = Seen::Read(default_attributes());
                made.listeners = Seen::Read(BTreeMap::new());
                *balancer = Seen::Read(Some(made));
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::SetAttributes { attributes, .. }, _) => {
                balancer.with(|lb| lb.attributes.update(|have| have.extend(attributes.clone())));
            }
            (Self::SetSecurityGroups { groups, inbound_rules, .. }, _) => balancer.with(|lb| {
                lb.security_groups.clone_from(groups);
                lb.inbound_rules = *inbound_rules;
            }),
            (Self::SetSubnets { subnets, .. }, _) => balancer.with(|lb| {
                lb.subnets.clone_from(subnets);
                lb.state = LoadBalancerState::Provisioning;
            }),
            (Self::Delete { .. }, _) => {
                *balancer = Seen::Read(None);
                // Its network interfaces linger and hold the security group.
                observed.security_group.with(|group| group.interfaces = Seen::Unread);
            }
        }
    }

    fn forget(&self, observed: &mut Observed) {
        match self {
            Self::SetAttributes { .. } => observed.load_balancer.with(|lb| lb.attributes = Seen::Unread),
            _ => observed.load_balancer = Seen::Unread,
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } | Self::SetSubnets { removes: false, .. } => Effect::Opens,
            Self::SetAttributes { .. } => Effect::Neutral,
            Self::SetSecurityGroups { .. } | Self::SetSubnets { .. } | Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        match self {
            Self::SetAttributes { .. } => [Part::LoadBalancer, Part::LoadBalancerAttributes].into(),
            _ => [Part::LoadBalancer].into(),
        }
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::Delete { .. } => '-',
            _ => '~',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { name, subnets, .. } => write!(f, "network load balancer {name} in {}", joined(subnets)),
            Self::SetAttributes { attributes, .. } => {
                write!(f, "attributes of the load balancer: {}", super::settings(attributes))
            }
            Self::SetSecurityGroups { groups, inbound_rules, .. } => write!(
                f,
                "security groups of the load balancer: {}, inbound rules on PrivateLink {}",
                joined(groups),
                match inbound_rules {
                    InboundRules::Enforced => "enforced",
                    InboundRules::Ignored => "ignored",
                }
            ),
            Self::SetSubnets { subnets, removes, .. } => write!(
                f,
                "subnets of the load balancer: {}{}",
                joined(subnets.keys()),
                if *removes { " (disruptive: flows of the removed zone end)" } else { "" }
            ),
            Self::Delete { arn } => write!(f, "network load balancer {arn}"),
        }
    }
}

// === plan ===

pub(super) fn plan(offer: &Offer, draft: &mut Draft<'_>) {
    let wanted = &offer.load_balancer;
    let lb = match draft.observed.load_balancer.find() {
        Find::Unknown => return draft.ask(Part::LoadBalancer),
        Find::Gone => return create(offer, draft),
        Find::There(lb) => lb,
    };
    let subject = Tagged::LoadBalancer(lb.arn.clone());
    if lb.state == LoadBalancerState::Failed {
        return failed(lb, draft);
    }
    let mut steps = tagging::repair(&wanted.tags, &lb.tags, &subject);
    if let Some(attributes) = drifted(&wanted.attributes, &lb.attributes) {
        steps.push(Step::LoadBalancer(Change::SetAttributes { arn: lb.arn.clone(), attributes }));
    }
    if let Find::There(group) = draft.ours(|observed| observed.security_group.find()) {
        let groups = BTreeSet::from([group.id.clone()]);
        // Rules that are not there yet would shut everybody out.
        let shuts = wanted.inbound_rules == InboundRules::Enforced
            && lb.inbound_rules == InboundRules::Ignored
            && !security_group::lets_in(offer, group);
        // Without inbound rules a port that nobody wants any more would be open to everybody.
        let opens = wanted.inbound_rules == InboundRules::Ignored && !only_wanted_ports(offer, lb);
        let inbound_rules = if opens { lb.inbound_rules } else { wanted.inbound_rules };
        if !shuts && (lb.security_groups != groups || lb.inbound_rules != inbound_rules) {
            let arn = lb.arn.clone();
            steps.push(Step::LoadBalancer(Change::SetSecurityGroups { arn, groups, inbound_rules }));
        }
    }
    steps.extend(subnets(offer, lb, draft));
    draft.write(&lb.tags, subject, steps);
}

fn only_wanted_ports(offer: &Offer, lb: &LoadBalancer) -> bool {
    lb.listeners.get().is_some_and(|have| have.keys().all(|port| offer.listeners.contains_key(port)))
}

fn create(offer: &Offer, draft: &mut Draft<'_>) {
    let Find::There(group) = draft.ours(|observed| observed.security_group.find()) else { return };
    if !offer.subnets_whole {
        return draft.wait(WaitingOn::Subnets);
    }
    let subnets: BTreeSet<SubnetId> = wanted_subnets(offer, draft.observed).into_keys().collect();
    if subnets.len() < offer.subnets.len() {
        return; // those that we make come first
    }
    draft.create(Step::LoadBalancer(Change::Create {
        name: offer.load_balancer.name.clone(),
        subnets,
        security_group: group.id.clone(),
        tags: offer.load_balancer.tags.clone(),
    }));
}

/// A failed load balancer is made again while no consumer can hold it.
fn failed(lb: &LoadBalancer, draft: &mut Draft<'_>) {
    match draft.observed.endpoint_service.find() {
        Find::Unknown => draft.ask(Part::EndpointService),
        Find::There(service) => draft.conflict(Conflict::LoadBalancerFailed(service.id.clone())),
        Find::Gone => {
            let Some(have) = lb.attributes.get() else { return draft.ask(Part::LoadBalancerAttributes) };
            let arn = lb.arn.clone();
            // Nobody ever got through it, so the protection that the spec asks for protects nothing yet.
            let change = if have.get(DELETION_PROTECTION).is_some_and(|on| on == "true") {
                Change::SetAttributes { arn, attributes: default_attributes() }
            } else {
                Change::Delete { arn }
            };
            draft.write(&lb.tags, Tagged::LoadBalancer(lb.arn.clone()), vec![Step::LoadBalancer(change)]);
        }
    }
}

/// The subnets that exist of those that are offered.
pub(crate) fn wanted_subnets(offer: &Offer, observed: &Observed) -> BTreeMap<SubnetId, ZoneName> {
    offer.subnets.keys().filter_map(|zone| subnet::id_of(offer, zone, observed)).collect()
}

/// Whether the load balancer has exactly the subnets that it shall have: what rests on its zones waits for that.
pub(super) fn has_its_subnets(offer: &Offer, lb: &LoadBalancer, observed: &Observed) -> bool {
    let wanted = wanted_subnets(offer, observed);
    offer.subnets_whole && wanted.len() == offer.subnets.len() && wanted == lb.subnets
}

/// Whether it lies in every zone that it shall have, and connected endpoints keep it from leaving others.
pub(super) fn is_kept_in_more_zones(
    offer: &Offer,
    lb: &LoadBalancer,
    service: &EndpointService,
    observed: &Observed,
) -> bool {
    let connected = service.connections.get().is_some_and(|all| all.values().any(|one| one.state.connected()));
    let (wanted, have): (_, BTreeSet<_>) = (wanted_subnets(offer, observed), lb.subnets.values().collect());
    connected
        && offer.subnets_whole
        && wanted.len() == offer.subnets.len()
        && wanted.values().all(|zone| have.contains(zone))
}

fn drifted(wanted: &Attributes, have: &Seen<Attributes>) -> Option<Attributes> {
    let have = have.get()?;
    let differing: Attributes = wanted
        .iter()
        .filter(|(key, value)| have.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    (!differing.is_empty()).then_some(differing)
}

/// Zones are added at once; a subnet leaves only while no endpoint is connected, and before its successor
/// in the same zone comes: AWS takes one subnet a zone.
fn subnets(offer: &Offer, lb: &LoadBalancer, draft: &mut Draft<'_>) -> Option<Step> {
    let wanted = wanted_subnets(offer, draft.observed);
    let missing: BTreeMap<_, _> = wanted.iter().filter(|(id, _)| !lb.subnets.contains_key(*id)).collect();
    let extra: BTreeMap<_, _> = lb.subnets.iter().filter(|(id, _)| !wanted.contains_key(*id)).collect();
    let extra = if offer.subnets_whole && wanted.len() == offer.subnets.len() { extra } else { BTreeMap::new() };
    if missing.is_empty() && extra.is_empty() {
        if !lb.state.usable() {
            draft.wait(WaitingOn::LoadBalancerActive);
        }
        return None;
    }
    if !lb.state.usable() {
        draft.wait(WaitingOn::LoadBalancerActive);
        return None;
    }
    let set = |subnets: BTreeMap<SubnetId, ZoneName>, removes| {
        Step::LoadBalancer(Change::SetSubnets { arn: lb.arn.clone(), subnets, removes })
    };
    let addable = missing.iter().filter(|(_, name)| !lb.subnets.values().any(|have| have == **name));
    let mut more = lb.subnets.clone();
    more.extend(addable.map(|(id, name)| ((*id).clone(), (*name).clone())));
    if more.len() > lb.subnets.len() {
        return Some(set(more, false));
    }
    if extra.is_empty() {
        return None;
    }
    let endpoints: BTreeSet<_> = match draft.observed.endpoint_service.find() {
        Find::Gone => BTreeSet::new(),
        Find::There(service) if let Some(connections) = service.connections.get() => connections
            .iter()
            .filter(|(id, connection)| connection.state.connected() || draft.accepts(id))
            .map(|(id, _)| id.clone())
            .collect(),
        Find::There(_) | Find::Unknown => {
            draft.ask(Part::EndpointService);
            return None;
        }
    };
    let leaving: BTreeSet<SubnetId> = extra.keys().map(|id| (*id).clone()).collect();
    if !endpoints.is_empty() {
        draft.conflict(Conflict::ZoneChangeBlocked { subnets: leaving, endpoints });
        return None;
    }
    let staying: BTreeMap<_, _> =
        lb.subnets.iter().filter(|(id, _)| !leaving.contains(*id)).map(|(id, n)| (id.clone(), n.clone())).collect();
    if staying.is_empty() {
        draft.conflict(Conflict::EveryZoneSwapped);
        return None;
    }
    Some(set(staying, true))
}

/// Whether deletion may begin at all: the spec, or AWS after somebody protected it there, may hold it.
pub(super) fn may_be_removed(absent: Absent, draft: &mut Draft<'_>) -> bool {
    let lb = match draft.ours(|observed| observed.load_balancer.find()) {
        Find::Unknown => {
            draft.ask(Part::LoadBalancer);
            return false;
        }
        Find::Gone => return true,
        Find::There(lb) => lb,
    };
    if absent.protected {
        draft.wait(WaitingOn::DeletionProtection);
        return false;
    }
    let subject = Tagged::LoadBalancer(lb.arn.clone());
    match lb.attributes.get() {
        None => {
            draft.ask(Part::LoadBalancerAttributes);
            false
        }
        // The user lifted it in the spec, and the object went before the change was made.
        Some(attributes) if attributes.get(DELETION_PROTECTION).is_some_and(|on| on == "true") => {
            let attributes = default_attributes();
            let step = Step::LoadBalancer(Change::SetAttributes { arn: lb.arn.clone(), attributes });
            draft.write(&lb.tags, subject, vec![step]);
            false
        }
        Some(_) => true,
    }
}

pub(super) fn remove(draft: &mut Draft<'_>) {
    if let Find::There(lb) = draft.ours(|observed| observed.load_balancer.find()) {
        let step = Step::LoadBalancer(Change::Delete { arn: lb.arn.clone() });
        draft.write(&lb.tags, Tagged::LoadBalancer(lb.arn.clone()), vec![step]);
    }
}
