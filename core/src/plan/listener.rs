//! NLB listeners: a port and the target group behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Draft, Effect, Step, WaitingOn, tagging, target_group};
use crate::desired::{Offer, WantedGroup, WantedListener};
use crate::model::{
    Answer, AwsName, Find, Forward, Health, Listener, ListenerArn, LoadBalancerArn, LoadBalancerState, Observed,
    Ownership, Part, Port, RESOURCE_TAG, Seen, Tagged, Tags, TargetGroup,
};

/// `tcp.idle_timeout.seconds` of a new NLB listener.
pub const DEFAULT_IDLE_TIMEOUT_SECONDS: u32 = 350;

/// A write to an NLB listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Make it: TCP.
    Create {
        /// The load balancer.
        load_balancer: LoadBalancerArn,
        /// Its port.
        port: Port,
        /// Where it leads.
        forward: Forward,
        /// All tags.
        tags: Tags,
    },
    /// Lead elsewhere; makes it TCP if somebody made it otherwise.
    SetForward {
        /// Its port.
        port: Port,
        /// Its ARN.
        arn: ListenerArn,
        /// Where it leads.
        forward: Forward,
    },
    /// Change the idle timeout.
    SetIdleTimeout {
        /// Its port.
        port: Port,
        /// Its ARN.
        arn: ListenerArn,
        /// 60 to 6000.
        seconds: u32,
    },
    /// Delete it.
    Delete {
        /// Its port.
        port: Port,
        /// Its ARN.
        arn: ListenerArn,
    },
}

impl Change {
    fn port(&self) -> Port {
        match self {
            Self::Create { port, .. }
            | Self::SetForward { port, .. }
            | Self::SetIdleTimeout { port, .. }
            | Self::Delete { port, .. } => *port,
        }
    }

    fn update(&self, observed: &mut Observed, change: impl FnOnce(&mut Listener)) {
        observed.load_balancer.with(|lb| {
            lb.listeners.update(|listeners| {
                if let Some(listener) = listeners.get_mut(&self.port()) {
                    change(listener);
                }
            });
        });
    }
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        match (self, answer) {
            (Self::Create { port, forward, .. }, Answer::Listener(arn)) => {
                let made = Listener {
                    arn: arn.clone(),
                    tcp: true,
                    forward: forward.clone(),
                    idle_timeout_seconds: Seen::Read(DEFAULT_IDLE_TIMEOUT_SECONDS),
                    // ELB answers a create with a listener that was there with the same settings.
                    tags: Seen::Unread,
                };
                observed.load_balancer.with(|lb| {
                    lb.listeners.update(|listeners| {
                        listeners.insert(*port, made);
                    });
                });
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::SetForward { forward, .. }, _) => self.update(observed, |listener| {
                listener.forward.clone_from(forward);
                listener.tcp = true;
            }),
            (Self::SetIdleTimeout { seconds, .. }, _) => {
                self.update(observed, |listener| listener.idle_timeout_seconds = Seen::Read(*seconds));
            }
            (Self::Delete { port, .. }, _) => observed.load_balancer.with(|lb| {
                lb.listeners.update(|listeners| {
                    listeners.remove(port);
                });
            }),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        match self {
            Self::SetIdleTimeout { .. } => {
                self.update(observed, |listener| listener.idle_timeout_seconds = Seen::Unread);
            }
            _ => observed.load_balancer.with(|lb| lb.listeners = Seen::Unread),
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } => Effect::Opens,
            Self::SetIdleTimeout { .. } => Effect::Neutral,
            Self::SetForward { .. } | Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        match self {
            Self::SetIdleTimeout { port, .. } => [Part::LoadBalancer, Part::ListenerAttributes(*port)].into(),
            _ => [Part::LoadBalancer].into(),
        }
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::SetForward { .. } | Self::SetIdleTimeout { .. } => '~',
            Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leads = |forward: &Forward| {
            let short = |arn: &str| arn.split('/').nth(1).unwrap_or(arn).to_owned();
            match forward.len() {
                1 => forward.keys().map(|arn| short(arn.as_str())).collect(),
                _ => forward
                    .iter()
                    .map(|(arn, weight)| format!("{} (weight {weight})", short(arn.as_str())))
                    .collect::<Vec<_>>()
                    .join(", "),
            }
        };
        match self {
            Self::Create { port, forward, .. } | Self::SetForward { port, forward, .. } => {
                write!(f, "NLB listener {port} to {}", leads(forward))
            }
            Self::SetIdleTimeout { port, seconds, .. } => write!(f, "idle timeout of NLB listener {port}: {seconds} s"),
            Self::Delete { port, .. } => write!(f, "NLB listener {port}"),
        }
    }
}

// === plan ===

pub(super) fn plan(offer: &Offer, draft: &mut Draft<'_>) {
    let Find::There(lb) = draft.observed.load_balancer.find() else { return };
    if lb.state == LoadBalancerState::Failed {
        return; // it goes, and its listeners with it
    }
    let Some(have) = lb.listeners.get() else { return draft.ask(Part::LoadBalancer) };
    if offer.listeners.keys().any(|port| !have.contains_key(port)) && !lb.tags.is_read() {
        // It will be written to: its tags are read together with those of the groups, which come first.
        draft.ask(Part::Tags(Tagged::LoadBalancer(lb.arn.clone())));
    }
    let mut steps = Vec::new();
    for (port, wanted) in &offer.listeners {
        let Find::There(group) = draft.observed.target_groups.find(&wanted.group) else { continue };
        match have.get(port) {
            None => {
                if draft.owned(&group.tags, Tagged::TargetGroup(wanted.group.clone(), group.arn.clone())) {
                    steps.push(Step::Listener(Change::Create {
                        load_balancer: lb.arn.clone(),
                        port: *port,
                        forward: [(group.arn.clone(), 1)].into(),
                        tags: wanted.tags.clone(),
                    }));
                }
            }
            Some(listener) => steps.extend(kept(offer, *port, wanted, group, listener, draft)),
        }
    }
    for (port, listener) in have.iter().filter(|(port, _)| !offer.listeners.contains_key(*port)) {
        if may_go(offer, listener, have, draft) {
            steps.push(Step::Listener(Change::Delete { port: *port, arn: listener.arn.clone() }));
        }
    }
    draft.write(&lb.tags, Tagged::LoadBalancer(lb.arn.clone()), steps);
}

fn kept(
    offer: &Offer,
    port: Port,
    wanted: &WantedListener,
    group: &TargetGroup,
    have: &Listener,
    draft: &mut Draft<'_>,
) -> Vec<Step> {
    let subject = Tagged::Listener(port, have.arn.clone());
    let mut steps = tagging::repair(&wanted.tags, &have.tags, &subject);
    if have.idle_timeout_seconds.differs(&wanted.idle_timeout_seconds) {
        let (arn, seconds) = (have.arn.clone(), wanted.idle_timeout_seconds);
        steps.push(Step::Listener(Change::SetIdleTimeout { port, arn, seconds }));
    }
    let straight = Forward::from([(group.arn.clone(), 1)]);
    let leads_right = have.forward.len() == 1 && have.forward.contains_key(&group.arn);
    if (!have.tcp || !leads_right)
        && draft.owned(&group.tags, Tagged::TargetGroup(wanted.group.clone(), group.arn.clone()))
        && let Some(step) = change_over(offer, port, &wanted.group, group, have, straight, draft)
    {
        steps.push(step);
    }
    steps
}

/// From a group that AWS cannot change to its successor: attach it beside the old one without weight, so
/// that it is checked; when it serves, flip. Anything but a predecessor is repaired straight away.
fn change_over(
    offer: &Offer,
    port: Port,
    name: &AwsName,
    group: &TargetGroup,
    have: &Listener,
    straight: Forward,
    draft: &mut Draft<'_>,
) -> Option<Step> {
    let lead = |forward| Step::Listener(Change::SetForward { port, arn: have.arn.clone(), forward });
    let wanted = offer.target_groups.get(name)?;
    let old: Vec<_> = have.forward.keys().filter(|arn| **arn != group.arn).collect();
    if old.iter().any(|arn| draft.observed.target_group(arn).is_none()) && !draft.observed.lists_all_groups() {
        draft.ask(Part::TargetGroups);
        return None;
    }
    let mut predecessors = Vec::new();
    for arn in old {
        let Some((name, former)) = draft.observed.target_group(arn) else { continue };
        match former.tags.get() {
            None => {
                draft.ask(Part::Tags(Tagged::TargetGroup(name.clone(), former.arn.clone())));
                return None;
            }
            Some(tags) if is_predecessor(tags, wanted, name, offer, draft) => predecessors.push((name, former)),
            Some(_) => {}
        }
    }
    if predecessors.is_empty() {
        return Some(lead(straight));
    }
    let Some(targets) = group.targets.get() else {
        draft.ask(Part::Targets(name.clone()));
        return None;
    };
    if target_group::serves(wanted.targets.wanted(), targets) {
        return Some(lead(straight));
    }
    draft.wait(WaitingOn::TargetHealth(name.clone()));
    let beside = |old_weight: u32, new_weight: u32| {
        let mut forward: Forward = predecessors.iter().map(|(_, former)| (former.arn.clone(), old_weight)).collect();
        forward.insert(group.arn.clone(), new_weight);
        lead(forward)
    };
    let mut serving = false;
    for (name, former) in &predecessors {
        match former.targets.get() {
            None => {
                draft.ask(Part::Targets((*name).clone()));
                return None;
            }
            Some(targets) => serving |= targets.values().any(|health| *health == Health::Healthy),
        }
    }
    if !serving {
        let step = lead(straight);
        return draft.seconded(&step).then_some(step);
    }
    match have.forward.get(&group.arn) {
        None => Some(beside(1, 0)),
        // Where AWS does not check a group without weight, it gets the least there is.
        Some(0) if targets.values().all(|health| *health == Health::Unused) => {
            let step = beside(999, 1);
            draft.seconded(&step).then_some(step)
        }
        Some(_) => None,
    }
}

/// Whether a group that is wanted no more holds the same broker, or all of them: its Kafka listener may have had
/// another name.
fn is_predecessor(tags: &Tags, wanted: &WantedGroup, name: &AwsName, offer: &Offer, draft: &Draft<'_>) -> bool {
    let whose = |key: &str| key.rsplit('/').next().map(str::to_owned);
    draft.ownership(&Seen::Read(tags.clone())) == Some(Ownership::Ours)
        && tags.get(RESOURCE_TAG).is_some_and(|key| whose(key) == whose(&wanted.key.to_string()))
        && !offer.target_groups.contains_key(name)
}

/// Whether an NLB listener on a port that nobody wants may go: not before the targets of a leaving broker
/// have drained, nor before the group that it leads to is reached by its own port.
fn may_go(offer: &Offer, listener: &Listener, have: &BTreeMap<Port, Listener>, draft: &mut Draft<'_>) -> bool {
    let observed = draft.observed;
    let mut free = true;
    for arn in listener.forward.keys() {
        let Some((name, group)) = observed.target_group(arn) else {
            if !observed.lists_all_groups() {
                draft.ask(Part::TargetGroups);
                free = false;
            }
            continue;
        };
        if offer.target_groups.contains_key(name) {
            let own = offer.listeners.iter().find(|(_, wanted)| wanted.group == *name).map(|(port, _)| port);
            free &= own.is_none_or(|port| have.get(port).is_some_and(|l| l.forward.contains_key(arn)));
            continue;
        }
        match draft.ownership(&group.tags) {
            Some(Ownership::Foreign) => {}
            // The group's own plan asks, and says what it waits for.
            None => free = false,
            Some(Ownership::Ours) => free &= group.targets.get().is_some_and(BTreeMap::is_empty),
        }
    }
    free
}
