//! Rules of ours in the brokers' own security groups: one per broker port, from the load balancer's group.
//! The groups stay the user's; only rules that carry our owner tag are ever revoked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Draft, Effect, Step, security_group};
use crate::desired::Offer;
use crate::model::{Answer, BrokerGroupRule, Find, Observed, Part, Port, SecurityGroupId, SecurityGroupRuleId, Tags};

/// A write to a broker's group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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

// === plan ===

pub(super) fn plan(offer: &Offer, draft: &mut Draft<'_>) {
    let observed = draft.observed;
    let Find::There(source) = draft.ours(|observed| observed.security_group.find()) else { return };
    for (group, ports) in &offer.broker_group_rules {
        let have = match observed.broker_group_rules.find(group) {
            Find::Unknown => {
                draft.ask(Part::BrokerGroupRules);
                continue;
            }
            Find::There(rules) => Some(rules),
            Find::Gone => None,
        };
        let open = |port: &Port| {
            have.is_some_and(|rules| rules.values().any(|rule| rule.source == source.id && rule.port == *port))
        };
        for (port, tags) in ports.iter().filter(|(port, _)| !open(port)) {
            draft.create(Step::BrokerGroupRule(Change::Authorize {
                group: group.clone(),
                source: source.id.clone(),
                port: *port,
                tags: tags.clone(),
            }));
        }
    }
    for (group, rules) in observed.broker_group_rules.known() {
        let wanted = offer.broker_group_rules.get(group);
        for (id, rule) in rules {
            let right = rule.source == source.id;
            if right && wanted.is_some_and(|ports| ports.contains_key(&rule.port)) {
                continue;
            }
            // A broker port that is being left stays open as long as a target is registered at it.
            if right && wanted.is_some() && security_group::targets_at(|port| port == rule.port, draft) {
                continue;
            }
            if !offer.broker_groups_known {
                continue;
            }
            if observed.broker_group_rules.whole {
                draft.create(Step::BrokerGroupRule(Change::Revoke { group: group.clone(), rule: id.clone() }));
            } else {
                draft.ask(Part::BrokerGroupRules);
            }
        }
    }
}

pub(super) fn remove(draft: &mut Draft<'_>) {
    let observed = draft.observed;
    if !observed.broker_group_rules.whole || !observed.broker_group_rules.doubt.is_empty() {
        draft.ask(Part::BrokerGroupRules);
    }
    if !matches!(observed.load_balancer.find(), Find::Gone) {
        return;
    }
    for (group, rules) in observed.broker_group_rules.known() {
        for id in rules.keys() {
            draft.create(Step::BrokerGroupRule(Change::Revoke { group: group.clone(), rule: id.clone() }));
        }
    }
}
