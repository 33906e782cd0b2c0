//! Target groups: one with every broker and one per broker, for each listener.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Draft, Effect, Step, WaitingOn, joined, tagging};
use crate::desired::{Offer, Targets, WantedGroup};
use crate::model::{
    Answer, Attributes, AwsName, CROSS_ZONE, Find, Health, HealthCheck, Observed, Ownership, Part, Seen, Tagged, Tags,
    Target, TargetGroup, TargetGroupArn, TargetType, VpcId,
};

/// The port every group is created with. Targets are registered with a port of their own, so it is
/// immaterial, and a constant keeps it out of what would need a replacement.
pub const GROUP_PORT: u16 = 9092;

/// A write to a target group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Make it: TCP, health check on the traffic port.
    Create {
        /// Its name.
        name: AwsName,
        /// Instances or addresses.
        target_type: TargetType,
        /// Its VPC.
        vpc: VpcId,
        /// Its health check.
        health_check: HealthCheck,
        /// All tags.
        tags: Tags,
    },
    /// Change the health check.
    SetHealthCheck {
        /// Its name.
        name: AwsName,
        /// Its ARN.
        arn: TargetGroupArn,
        /// The new one, whole.
        health_check: HealthCheck,
    },
    /// Change attributes.
    SetAttributes {
        /// Its name.
        name: AwsName,
        /// Its ARN.
        arn: TargetGroupArn,
        /// Those that differ.
        attributes: Attributes,
    },
    /// Add targets.
    Register {
        /// Its name.
        name: AwsName,
        /// Its ARN.
        arn: TargetGroupArn,
        /// Those that are missing.
        targets: BTreeSet<Target>,
    },
    /// Let targets drain.
    Deregister {
        /// Its name.
        name: AwsName,
        /// Its ARN.
        arn: TargetGroupArn,
        /// Those that go.
        targets: BTreeSet<Target>,
    },
    /// Delete it.
    Delete {
        /// Its name.
        name: AwsName,
        /// Its ARN.
        arn: TargetGroupArn,
    },
}

/// What AWS gives the attributes that we manage in a new group.
#[must_use]
pub fn default_attributes(target_type: TargetType) -> Attributes {
    let preserve = match target_type {
        TargetType::Instance => "true",
        TargetType::Ip => "false",
    };
    [
        ("deregistration_delay.timeout_seconds", "300"),
        ("deregistration_delay.connection_termination.enabled", "false"),
        ("preserve_client_ip.enabled", preserve),
        ("proxy_protocol_v2.enabled", "false"),
        (CROSS_ZONE, "use_load_balancer_configuration"),
        ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

impl Change {
    fn name(&self) -> &AwsName {
        match self {
            Self::Create { name, .. }
            | Self::SetHealthCheck { name, .. }
            | Self::SetAttributes { name, .. }
            | Self::Register { name, .. }
            | Self::Deregister { name, .. }
            | Self::Delete { name, .. } => name,
        }
    }
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        let groups = &mut observed.target_groups;
        match (self, answer) {
            (Self::Create { name, target_type, health_check, .. }, Answer::TargetGroup(arn)) => groups.put(
                name.clone(),
                TargetGroup {
                    arn: arn.clone(),
                    target_type: *target_type,
                    // ELB answers a create with somebody else's group of the same name and settings.
                    tags: Seen::Unread,
                    health_check: *health_check,
                    attributes: Seen::Read(default_attributes(*target_type)),
                    targets: Seen::Read(BTreeMap::new()),
                },
            ),
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::SetHealthCheck { name, health_check, .. }, _) => {
                groups.with(name, |group| group.health_check = *health_check);
            }
            (Self::SetAttributes { name, attributes, .. }, _) => groups.with(name, |group| {
                group.attributes.update(|have| have.extend(attributes.clone()));
            }),
            (Self::Register { name, targets, .. }, _) => groups.with(name, |group| {
                group
                    .targets
                    .update(|have| have.extend(targets.iter().map(|target| (target.clone(), Health::Initial))));
            }),
            (Self::Deregister { name, targets, .. }, _) => groups.with(name, |group| {
                group.targets.update(|have| {
                    for (_, health) in have.iter_mut().filter(|(target, _)| targets.contains(*target)) {
                        *health = Health::Draining;
                    }
                });
            }),
            (Self::Delete { name, .. }, _) => groups.gone(name),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        match self {
            Self::Create { name, .. } | Self::SetHealthCheck { name, .. } | Self::Delete { name, .. } => {
                observed.target_groups.forget(name);
            }
            Self::SetAttributes { name, .. } => {
                observed.target_groups.with(name, |group| group.attributes = Seen::Unread);
            }
            Self::Register { name, .. } | Self::Deregister { name, .. } => {
                observed.target_groups.with(name, |group| group.targets = Seen::Unread);
            }
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } | Self::Register { .. } => Effect::Opens,
            Self::SetAttributes { attributes, .. } if attributes.get(CROSS_ZONE).is_some_and(|on| on == "true") => {
                Effect::Opens
            }
            Self::SetHealthCheck { .. } | Self::SetAttributes { .. } => Effect::Neutral,
            Self::Deregister { .. } | Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        let name = self.name().clone();
        match self {
            Self::SetAttributes { .. } => [Part::TargetGroups, Part::TargetGroupAttributes(name)].into(),
            Self::Register { .. } | Self::Deregister { .. } => [Part::TargetGroups, Part::Targets(name)].into(),
            Self::Create { .. } | Self::SetHealthCheck { .. } | Self::Delete { .. } => {
                [Part::TargetGroups, Part::Targets(name.clone()), Part::TargetGroupAttributes(name)].into()
            }
        }
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } | Self::Register { .. } => '+',
            Self::SetHealthCheck { .. } | Self::SetAttributes { .. } => '~',
            Self::Deregister { .. } | Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { name, tags, .. } => {
                let resource = tags.get(crate::model::RESOURCE_TAG).map_or("", String::as_str);
                write!(f, "target group {name} ({resource})")
            }
            Self::SetHealthCheck { name, health_check, .. } => write!(
                f,
                "health check of target group {name}: every {} s, {} to be healthy, {} to be unhealthy",
                health_check.interval_seconds, health_check.healthy_threshold, health_check.unhealthy_threshold
            ),
            Self::SetAttributes { name, attributes, .. } => {
                write!(f, "attributes of target group {name}: {}", super::settings(attributes))
            }
            Self::Register { name, targets, .. } | Self::Deregister { name, targets, .. } => {
                write!(f, "targets of target group {name}: {}", joined(targets))
            }
            Self::Delete { name, .. } => write!(f, "target group {name}"),
        }
    }
}

// === plan ===

pub(super) fn plan(offer: &Offer, draft: &mut Draft<'_>) {
    for (name, wanted) in &offer.target_groups {
        match draft.observed.target_groups.find(name) {
            Find::Unknown => draft.ask(Part::TargetGroups),
            // A steady look lists the names that were wanted before it.
            Find::Gone if !draft.observed.lists_all_groups() => draft.ask(Part::TargetGroups),
            Find::Gone => draft.create(Step::TargetGroup(Change::Create {
                name: name.clone(),
                target_type: wanted.target_type,
                vpc: offer.vpc.clone(),
                health_check: wanted.health_check,
                tags: wanted.tags.clone(),
            })),
            Find::There(group) => {
                let subject = Tagged::TargetGroup(name.clone(), group.arn.clone());
                let mut steps = repairs(name, wanted, group, draft);
                steps.extend(registrations(name, wanted, group, draft));
                steps.extend(tagging::repair(&wanted.tags, &group.tags, &subject));
                draft.write(&group.tags, subject, steps);
            }
        }
    }
    leftovers(draft, |name| !offer.target_groups.contains_key(name), Parting::AfterDraining);
}

/// Settings that AWS changes in place.
fn repairs(name: &AwsName, wanted: &WantedGroup, have: &TargetGroup, draft: &Draft<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    if have.health_check != wanted.health_check {
        let (name, arn) = (name.clone(), have.arn.clone());
        steps.push(Step::TargetGroup(Change::SetHealthCheck { name, arn, health_check: wanted.health_check }));
    }
    let attributes: Attributes = have
        .attributes
        .get()
        .into_iter()
        .flat_map(|have| wanted.attributes.iter().filter(|(key, value)| have.get(*key) != Some(*value)))
        .filter(|(key, _)| !draft.observed.recall.refused_attributes.contains(*key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let (suspected, others): (Attributes, Attributes) =
        attributes.into_iter().partition(|(key, _)| draft.observed.recall.suspected_attributes.contains(key));
    for attributes in [others, suspected].into_iter().filter(|attributes| !attributes.is_empty()) {
        let (name, arn) = (name.clone(), have.arn.clone());
        steps.push(Step::TargetGroup(Change::SetAttributes { name, arn, attributes }));
    }
    steps
}

/// The new target is registered and seen healthy before the old one goes.
fn registrations(name: &AwsName, wanted: &WantedGroup, have: &TargetGroup, draft: &mut Draft<'_>) -> Option<Step> {
    let Some(targets) = have.targets.get() else {
        if bootstrap_disagrees(wanted, draft.observed) {
            draft.ask(Part::Targets(name.clone()));
        }
        return None;
    };
    let live = |target: &Target| targets.get(target).is_some_and(|health| *health != Health::Draining);
    let missing: BTreeSet<Target> = wanted.targets.wanted().iter().filter(|t| !live(t)).cloned().collect();
    let (name, arn) = (name.clone(), have.arn.clone());
    if !missing.is_empty() {
        return Some(Step::TargetGroup(Change::Register { name, arn, targets: missing }));
    }
    let Targets::Exactly(exactly) = &wanted.targets else { return None };
    let extra: BTreeSet<Target> =
        targets.keys().filter(|target| live(target) && !exactly.contains(*target)).cloned().collect();
    if extra.is_empty() {
        return None;
    }
    if serves(exactly, targets) {
        return Some(Step::TargetGroup(Change::Deregister { name, arn, targets: extra }));
    }
    let idle: BTreeSet<Target> =
        extra.iter().filter(|target| targets.get(*target) != Some(&Health::Healthy)).cloned().collect();
    draft.wait(WaitingOn::TargetHealth(name.clone()));
    let step = Step::TargetGroup(Change::Deregister { name, arn, targets: idle.clone() });
    (!idle.is_empty() && draft.seconded(&step)).then_some(step)
}

/// Whether every target was judged and one at least takes connections.
pub(super) fn serves(wanted: &BTreeSet<Target>, have: &BTreeMap<Target, Health>) -> bool {
    let health = |target: &Target| have.get(target).copied();
    wanted.iter().all(|target| matches!(health(target), Some(Health::Healthy | Health::Unhealthy)))
        && wanted.iter().any(|target| health(target) == Some(Health::Healthy))
}

/// For a group that was not read: the bootstrap group shows every broker, so a registration that it does
/// not have as wanted is evidence that this one is not right either. A group without such a witness is read.
fn bootstrap_disagrees(wanted: &WantedGroup, observed: &Observed) -> bool {
    let Some(bootstrap) = &wanted.bootstrap else { return true };
    let Some(targets) = observed.target_groups.there(bootstrap).and_then(|group| group.targets.get()) else {
        return false;
    };
    wanted.targets.wanted().iter().any(|target| targets.get(target).is_none_or(|health| *health == Health::Draining))
}

/// Whether a group that is wanted no more drains before it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parting {
    AfterDraining,
    AtOnce,
}

fn leftovers(draft: &mut Draft<'_>, unwanted: impl Fn(&AwsName) -> bool, parting: Parting) {
    let observed = draft.observed;
    for (name, group) in observed.target_groups.known().filter(|(name, _)| unwanted(name)) {
        let subject = Tagged::TargetGroup(name.clone(), group.arn.clone());
        match draft.ownership(&group.tags) {
            Some(Ownership::Ours) => {}
            Some(Ownership::Foreign) => continue,
            None => {
                draft.ask(Part::Tags(subject));
                continue;
            }
        }
        let Some(used) = observed.users(&group.arn) else {
            draft.ask(Part::LoadBalancer);
            continue;
        };
        let (name, arn) = (name.clone(), group.arn.clone());
        let step = if parting == Parting::AtOnce {
            used.is_empty().then_some(Change::Delete { name, arn })
        } else if used.iter().any(|port| draft.replaces(*port)) {
            draft.wait(WaitingOn::Replacement(name));
            None
        } else {
            match group.targets.get() {
                None => {
                    draft.ask(Part::Targets(name));
                    None
                }
                Some(targets) if targets.is_empty() => used.is_empty().then_some(Change::Delete { name, arn }),
                Some(targets) => {
                    let live: BTreeSet<Target> =
                        targets.iter().filter(|(_, h)| **h != Health::Draining).map(|(t, _)| t.clone()).collect();
                    draft.wait(WaitingOn::Draining(name.clone()));
                    (!live.is_empty()).then_some(Change::Deregister { name, arn, targets: live })
                }
            }
        };
        draft.write(&group.tags, subject, step.into_iter().map(Step::TargetGroup).collect());
    }
    if !observed.target_groups.doubt.is_empty() {
        draft.ask(Part::TargetGroups);
    }
}

pub(super) fn remove(draft: &mut Draft<'_>) {
    if !draft.observed.target_groups.whole {
        draft.ask(Part::TargetGroups);
    }
    if matches!(draft.ours(|observed| observed.load_balancer.find()), Find::Gone) {
        leftovers(draft, |_| true, Parting::AtOnce);
    }
}
