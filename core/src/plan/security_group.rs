//! The load balancer's security group.

use std::collections::BTreeSet;
use std::fmt;

use super::{Draft, Effect, Step, WaitingOn, joined, tagging};
use crate::desired::Offer;
use crate::model::{
    Answer, AwsName, Direction, Find, InboundRules, LoadBalancerState, Observed, Part, Peer, Port, Rule, SecurityGroup,
    SecurityGroupId, Seen, Tagged, Tags, Traffic, VpcId,
};

/// A write to the security group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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
        /// What is added. Rules have no tags: they belong to the group, and what a group of ours holds is ours.
        rules: BTreeSet<Rule>,
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

impl Change {
    /// Whether it changes who is let in.
    pub(super) fn is_inbound(&self) -> bool {
        matches!(
            self,
            Self::Authorize { direction: Direction::Ingress, .. } | Self::Revoke { direction: Direction::Ingress, .. }
        )
    }
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

// === plan ===

/// Rules that AWS lets a group have in each direction, by default.
const RULE_QUOTA: usize = 60;

pub(super) fn plan(offer: &Offer, draft: &mut Draft<'_>) {
    let wanted = &offer.security_group;
    let group = match draft.observed.security_group.find() {
        Find::Unknown => return draft.ask(Part::SecurityGroup),
        Find::Gone => {
            return draft.create(Step::SecurityGroup(Change::Create {
                name: wanted.name.clone(),
                description: wanted.description.clone(),
                vpc: offer.vpc.clone(),
                tags: wanted.tags.clone(),
            }));
        }
        Find::There(group) => group,
    };
    let subject = Tagged::SecurityGroup(group.id.clone());
    let Some(have) = group.rules.get() else { return draft.ask(Part::SecurityGroup) };
    if lets_in_too_many(&wanted.rules, have) {
        draft.narrow();
    }
    let mut steps = tagging::repair(&wanted.tags, &group.tags, &subject);
    for direction in [Direction::Ingress, Direction::Egress] {
        let step = rules(group, direction, &wanted.rules, have, draft);
        steps.extend(step.filter(|step| !closes_what_ignoring_keeps(step, offer, draft.observed)));
    }
    draft.write(&group.tags, subject, steps);
}

/// Whether every inbound rule that is wanted is there.
pub(super) fn lets_in(offer: &Offer, group: &SecurityGroup) -> bool {
    let mut inbound = offer.security_group.rules.iter().filter(|rule| rule.direction == Direction::Ingress);
    group.rules.get().is_some_and(|have| inbound.all(|rule| have.contains(rule)))
}

/// Whether somebody is let in whom no wanted rule lets in, at whatever port.
fn lets_in_too_many(wanted: &BTreeSet<Rule>, have: &BTreeSet<Rule>) -> bool {
    let inbound = |rule: &&Rule| rule.direction == Direction::Ingress;
    let covers = |wide: &Rule, narrow: &Rule| match (&wide.peer, &narrow.peer) {
        (Peer::Cidr(wide), Peer::Cidr(narrow)) => wide.contains(narrow),
        (wide, narrow) => wide == narrow,
    };
    let surplus = have.difference(wanted).filter(inbound);
    surplus.into_iter().any(|rule| !wanted.iter().filter(inbound).any(|wide| covers(wide, rule)))
}

/// Whether a step takes inbound rules away that are still needed, because the load balancer does not ignore them yet.
fn closes_what_ignoring_keeps(step: &Step, offer: &Offer, observed: &Observed) -> bool {
    let revokes = matches!(step, Step::SecurityGroup(Change::Revoke { direction: Direction::Ingress, .. }));
    let enforced = match observed.load_balancer.find() {
        Find::There(lb) => lb.inbound_rules == InboundRules::Enforced && lb.state != LoadBalancerState::Failed,
        // It asks for itself.
        Find::Unknown => true,
        Find::Gone => false,
    };
    revokes && offer.load_balancer.inbound_rules == InboundRules::Ignored && enforced
}

/// The new rule is added before the old one goes: two waves. Only where the quota leaves no room is it the
/// other way round, and a gap.
fn rules(
    group: &SecurityGroup,
    direction: Direction,
    wanted: &BTreeSet<Rule>,
    have: &BTreeSet<Rule>,
    draft: &mut Draft<'_>,
) -> Option<Step> {
    let way = |rule: &&Rule| rule.direction == direction;
    let missing: BTreeSet<Rule> = wanted.difference(have).filter(way).cloned().collect();
    let extra: BTreeSet<Rule> = have.difference(wanted).filter(way).cloned().collect();
    let group = group.id.clone();
    if !missing.is_empty() && have.iter().filter(way).count() + missing.len() <= RULE_QUOTA {
        return Some(Step::SecurityGroup(Change::Authorize { group, direction, rules: missing }));
    }
    let rules: BTreeSet<Rule> = extra.into_iter().filter(|rule| !leads_to_targets(rule, wanted, draft)).collect();
    if !rules.is_empty() {
        return Some(Step::SecurityGroup(Change::Revoke { group, direction, rules }));
    }
    // Beyond the quota, and nothing to make room: AWS will say so, and the account's quota may be higher.
    (!missing.is_empty()).then_some(Step::SecurityGroup(Change::Authorize { group, direction, rules: missing }))
}

/// Whether connections to registered targets leave by this rule and no wanted one: a broker port that is
/// being left.
fn leads_to_targets(rule: &Rule, wanted: &BTreeSet<Rule>, draft: &mut Draft<'_>) -> bool {
    let lets_out = |rule: &Rule, port: Port| match &rule.traffic {
        Traffic::Tcp(ports) => ports.contains(port),
        Traffic::All => true,
        Traffic::Other(..) => false,
    };
    let egress = |rule: &&Rule| rule.direction == Direction::Egress;
    egress(&rule)
        && targets_at(
            |port| lets_out(rule, port) && !wanted.iter().filter(egress).any(|rule| lets_out(rule, port)),
            draft,
        )
}

/// Whether a target is registered, or drains, at such a port; groups that were not read are asked for and
/// count as yes.
pub(super) fn targets_at(at: impl Fn(Port) -> bool, draft: &mut Draft<'_>) -> bool {
    let observed = draft.observed;
    // A group that is wanted no more may hold one: the expected ones do not tell.
    let mut found = !observed.lists_all_groups() || !observed.target_groups.doubt.is_empty();
    if found {
        draft.ask(Part::TargetGroups);
    }
    for (name, group) in observed.target_groups.known() {
        match group.targets.get() {
            Some(targets) if targets.keys().any(|target| at(target.port)) => {
                draft.wait(WaitingOn::Draining(name.clone()));
                found = true;
            }
            Some(_) => {}
            None => {
                draft.ask(Part::Targets(name.clone()));
                found = true;
            }
        }
    }
    found
}

pub(super) fn remove(draft: &mut Draft<'_>) {
    let group = match draft.ours(|observed| observed.security_group.find()) {
        Find::Unknown => return draft.ask(Part::SecurityGroup),
        Find::Gone => return,
        Find::There(group) => group,
    };
    // A rule that names the group, in a broker's group, blocks its deletion.
    let named = draft.observed.broker_group_rules.known().any(|(_, rules)| !rules.is_empty());
    if !matches!(draft.observed.load_balancer.find(), Find::Gone) || named {
        return;
    }
    match group.interfaces.get() {
        None => draft.ask(Part::SecurityGroupInterfaces),
        Some(0) => {
            let step = Step::SecurityGroup(Change::Delete { group: group.id.clone() });
            draft.write(&group.tags, Tagged::SecurityGroup(group.id.clone()), vec![step]);
        }
        Some(count) => draft.wait(WaitingOn::Interfaces(*count)),
    }
}
