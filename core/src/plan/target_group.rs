//! Target groups: one with every broker and one per broker, for each listener.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Effect, joined};
use crate::model::{
    Answer, Attributes, AwsName, Health, HealthCheck, Observed, Part, Seen, Tags, Target, TargetGroup, TargetGroupArn,
    TargetType, VpcId,
};

/// The port every group is created with. Targets are registered with a port of their own, so it is
/// immaterial, and a constant keeps it out of what would need a replacement.
pub const GROUP_PORT: u16 = 9092;

/// A write to a target group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
        ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
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
                observed.target_groups.with(name, |group| group.attributes = Seen::Unread)
            }
            Self::Register { name, .. } | Self::Deregister { name, .. } => {
                observed.target_groups.with(name, |group| group.targets = Seen::Unread);
            }
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } | Self::Register { .. } => Effect::Opens,
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
