//! A plan in the making. Ownership, asking and waiting live here and nowhere else.

use std::collections::BTreeSet;

use super::{Conflict, Effect, Plan, Step, WaitingOn, connection};
use crate::desired::{Desired, Goal};
use crate::model::{
    EndpointId, EndpointService, Find, LoadBalancer, Observed, Own, Owner, Ownership, Part, Port, SecurityGroup, Seen,
    Subnet, Tagged, Tags, TargetGroup,
};

/// A plan in the making.
pub struct Draft<'a> {
    /// The picture.
    pub observed: &'a Observed,
    owner: &'a Owner,
    wanted_ports: BTreeSet<Port>,
    narrowing: bool,
    plan: Plan,
}

/// An entity that carries tags.
pub trait Carrier {
    /// Its tags.
    fn tags(&self) -> &Seen<Tags>;
}

macro_rules! carriers {
    ($($kind:ty),+) => {$(
        impl Carrier for $kind {
            fn tags(&self) -> &Seen<Tags> {
                &self.tags
            }
        }
    )+};
}
carriers!(Subnet, SecurityGroup, TargetGroup, LoadBalancer, EndpointService);

impl<T: Own> Carrier for T {
    fn tags(&self) -> &Seen<Tags> {
        Own::tags(self)
    }
}

impl<'a> Draft<'a> {
    pub(super) fn new(desired: &'a Desired, observed: &'a Observed) -> Self {
        let wanted_ports = match &desired.goal {
            Goal::Offer(offer) => offer.listeners.keys().copied().collect(),
            Goal::Hold | Goal::Absent(_) | Goal::Retained => BTreeSet::new(),
        };
        let owner = &desired.identity.owner;
        Self { observed, owner, wanted_ports, narrowing: false, plan: Plan::default() }
    }

    /// Whose plan it is.
    pub(super) fn owner(&self) -> &'a Owner {
        self.owner
    }

    /// Whether the NLB listener on this port is one that shall be.
    pub(super) fn replaces(&self, port: Port) -> bool {
        self.wanted_ports.contains(&port)
    }

    /// Finds an entity, taking one that is known to be somebody else's for gone.
    pub(super) fn ours<T: Carrier>(&self, find: impl FnOnce(&'a Observed) -> Find<'a, T>) -> Find<'a, T> {
        match find(self.observed) {
            Find::There(entity) if self.ownership(entity.tags()) == Some(Ownership::Foreign) => Find::Gone,
            found => found,
        }
    }

    pub(super) fn ownership(&self, tags: &Seen<Tags>) -> Option<Ownership> {
        tags.get().map(|tags| self.owner.of(tags))
    }

    /// Whether a resource may be written to: asks when its tags are unread, says so when it is not ours.
    pub(super) fn owned(&mut self, tags: &Seen<Tags>, subject: Tagged) -> bool {
        match self.ownership(tags) {
            Some(Ownership::Ours) => true,
            Some(Ownership::Foreign) => {
                self.conflict(Conflict::Foreign(subject));
                false
            }
            None => {
                self.ask(Part::Tags(subject));
                false
            }
        }
    }

    /// Adds steps on one resource, if there are any and it is ours.
    pub(super) fn write(&mut self, tags: &Seen<Tags>, subject: Tagged, steps: Vec<Step>) {
        if !steps.is_empty() && self.owned(tags, subject) {
            self.plan.steps.extend(steps);
        }
    }

    /// Whether this plan lets a consumer in: from then on AWS keeps the zones of its endpoint.
    pub(super) fn accepts(&self, endpoint: &EndpointId) -> bool {
        self.plan.steps.iter().any(|step| {
            matches!(step, Step::Connection(connection::Change::Accept { endpoints, .. }) if endpoints.contains(endpoint))
        })
    }

    /// Adds a step that makes something new: there is no owner to ask.
    /// If AWS has long said that something like it is there, that is reported too.
    pub(super) fn create(&mut self, step: Step) {
        self.clashes(&step.to_string());
        self.plan.steps.push(step);
    }

    /// Whether AWS has long said that something like it is there: then it is reported.
    pub(super) fn clashes(&mut self, step: &str) -> bool {
        let lasting = self.observed.recall.clashes.get(step).is_some_and(|clash| clash.lasting);
        if lasting {
            self.conflict(Conflict::Unseen(step.to_owned()));
        }
        lasting
    }

    /// Adds a step that makes something for which AWS takes neither a name nor a token. While what such a step made
    /// may not be seen yet, another one would make a second.
    pub(super) fn create_unnamed(&mut self, step: Step) {
        if self.observed.recall.unnamed.contains_key(&step.to_string()) {
            self.wait(WaitingOn::Appearing(step.to_string(), step.change().parts()));
        } else {
            self.create(step);
        }
    }

    /// Whether a closing step that rests on a failed health check may be taken: the look before must
    /// have planned it too. A single failed check closes nothing.
    pub(super) fn seconded(&mut self, step: &Step) -> bool {
        let key = step.to_string();
        let seconded = self.observed.recall.seconded.contains(&key);
        self.plan.second.insert(key);
        if !seconded {
            self.wait(WaitingOn::SecondLook);
        }
        seconded
    }

    /// Our security group lets in somebody who shall be let in no more: what opens another way waits for the end
    /// of that, or they would have it too. Not where AWS refuses to change the rules: brokers must not wait for that.
    pub(super) fn narrow(&mut self) {
        self.narrowing = !self.observed.recall.narrowing_refused;
    }

    pub(super) fn ask(&mut self, part: Part) {
        self.plan.ask.insert(part);
    }

    pub(super) fn wait(&mut self, on: WaitingOn) {
        self.plan.waiting.insert(on);
    }

    pub(super) fn conflict(&mut self, conflict: Conflict) {
        self.plan.conflicts.insert(conflict);
    }

    pub(super) fn finish(self) -> Plan {
        let Self { observed, narrowing, mut plan, .. } = self;
        let inbound = |step: &Step| matches!(step, Step::SecurityGroup(change) if change.is_inbound());
        if narrowing && plan.steps.iter().any(inbound) {
            plan.steps.retain(|step| matches!(step, Step::SecurityGroup(_)) || step.change().effect() != Effect::Opens);
        }
        let shuts = |step: &Step| {
            let led_to = step.keeps_targets_to_their_zone().map(|group| observed.users(group));
            led_to.is_some_and(|users| users.is_none_or(|users| !users.is_empty()))
        };
        if plan.steps.iter().any(shuts) && !observed.recall.narrowing_refused {
            // Who is let in anew must not have, for a moment, the ways between zones that end.
            plan.steps.retain(|step| !inbound(step) || step.change().effect() != Effect::Opens);
        }
        if observed.kept {
            let before = plan.steps.len();
            plan.steps.retain(|step| step.change().effect() != Effect::Closes);
            if plan.steps.len() < before {
                plan.waiting.insert(WaitingOn::FreshLook);
            }
        }
        // What is emitted needs no second look any more.
        plan.second.retain(|key| !plan.steps.iter().any(|step| step.to_string() == *key));
        plan
    }
}
