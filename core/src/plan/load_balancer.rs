//! The internal network load balancer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Effect, joined};
use crate::model::{
    Answer, Attributes, AwsName, InboundRules, LoadBalancerArn, LoadBalancerState, Observed, Part, SecurityGroupId,
    Seen, SubnetId, Tags, ZoneName,
};

/// Key of the only load-balancer attribute that we manage.
pub const DELETION_PROTECTION: &str = "deletion_protection.enabled";

/// A write to the load balancer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
            Self::Create { .. } => Effect::Opens,
            Self::SetAttributes { .. } => Effect::Neutral,
            Self::SetSubnets { removes: false, .. } => Effect::Opens,
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
