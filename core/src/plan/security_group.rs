//! The load balancer's security group.

use std::collections::BTreeSet;
use std::fmt;

use super::{Effect, joined};
use crate::model::{
    Answer, AwsName, Direction, Observed, Part, Rule, SecurityGroup, SecurityGroupId, Seen, Tags, VpcId,
};

/// A write to the security group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Make it.
    Create {
        /// Its name, unique in the VPC.
        name: AwsName,
        /// What the console shows.
        description: String,
        /// Its VPC.
        vpc: VpcId,
        /// All tags.
        tags: Tags,
    },
    /// Let more through. All rules have one direction: AWS has a call for each.
    Authorize {
        /// The group.
        group: SecurityGroupId,
        /// Which way.
        direction: Direction,
        /// What is added.
        rules: BTreeSet<Rule>,
        /// Tags of the rules.
        tags: Tags,
    },
    /// Let less through.
    Revoke {
        /// The group.
        group: SecurityGroupId,
        /// Which way.
        direction: Direction,
        /// What goes.
        rules: BTreeSet<Rule>,
    },
    /// Delete it.
    Delete {
        /// The group.
        group: SecurityGroupId,
    },
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        match (self, answer) {
            (Self::Create { tags, .. }, Answer::SecurityGroup(id)) => {
                observed.security_group = Seen::Read(Some(SecurityGroup {
                    id: id.clone(),
                    tags: Seen::Read(tags.clone()),
                    // AWS puts it into every new group.
                    rules: Seen::Read([Rule::allow_all_egress()].into()),
                    interfaces: Seen::Unread,
                }));
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::Authorize { rules, .. }, _) => {
                observed.security_group.with(|group| group.rules.update(|have| have.extend(rules.iter().cloned())));
            }
            (Self::Revoke { rules, .. }, _) => {
                observed
                    .security_group
                    .with(|group| group.rules.update(|have| have.retain(|rule| !rules.contains(rule))));
            }
            (Self::Delete { .. }, _) => observed.security_group = Seen::Read(None),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        observed.security_group = Seen::Unread;
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } | Self::Authorize { .. } => Effect::Opens,
            Self::Revoke { .. } | Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        [Part::SecurityGroup].into()
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } | Self::Authorize { .. } => '+',
            Self::Revoke { .. } | Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { name, vpc, .. } => write!(f, "security group {name} in {vpc}"),
            Self::Authorize { group, rules, .. } | Self::Revoke { group, rules, .. } => {
                write!(f, "rules of security group {group}: {}", joined(rules))
            }
            Self::Delete { group } => write!(f, "security group {group}"),
        }
    }
}
