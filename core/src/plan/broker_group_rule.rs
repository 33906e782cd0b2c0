//! Rules of ours in the brokers' own security groups: one per broker port, from the load balancer's group.
//! The groups stay the user's; only rules that carry our owner tag are ever revoked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Effect;
use crate::model::{Answer, BrokerGroupRule, Observed, Part, Port, SecurityGroupId, SecurityGroupRuleId, Tags};

/// A write to a broker's group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Let the load balancer reach a broker port.
    Authorize {
        /// The broker's group.
        group: SecurityGroupId,
        /// The load balancer's group.
        source: SecurityGroupId,
        /// The broker port.
        port: Port,
        /// Tags of the rule.
        tags: Tags,
    },
    /// Take a rule of ours out again.
    Revoke {
        /// The broker's group.
        group: SecurityGroupId,
        /// Our rule.
        rule: SecurityGroupRuleId,
    },
}

impl Change {
    fn group(&self) -> &SecurityGroupId {
        match self {
            Self::Authorize { group, .. } | Self::Revoke { group, .. } => group,
        }
    }
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        match (self, answer) {
            (Self::Authorize { group, source, port, .. }, Answer::BrokerGroupRule(id)) => {
                let rule = BrokerGroupRule { source: source.clone(), port: *port };
                observed.broker_group_rules.with(group, |rules| {
                    rules.insert(id.clone(), rule.clone());
                });
                if observed.broker_group_rules.there(group).is_none() {
                    observed.broker_group_rules.put(group.clone(), BTreeMap::from([(id.clone(), rule)]));
                }
            }
            (Self::Authorize { .. }, _) => self.forget(observed),
            (Self::Revoke { group, rule }, _) => observed.broker_group_rules.with(group, |rules| {
                rules.remove(rule);
            }),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        observed.broker_group_rules.forget(self.group());
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Authorize { .. } => Effect::Opens,
            Self::Revoke { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        [Part::BrokerGroupRules].into()
    }

    fn sign(&self) -> char {
        match self {
            Self::Authorize { .. } => '+',
            Self::Revoke { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authorize { group, source, port, .. } => {
                write!(f, "rule in the brokers' security group {group}: tcp {port} from {source}")
            }
            Self::Revoke { group, rule } => write!(f, "rule {rule} in the brokers' security group {group}"),
        }
    }
}
