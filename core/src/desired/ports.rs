//! The port ledger: which broker has which NLB port. A port is given once and never renumbered.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Listener;
use super::issue::{Issue, PortHolder};
use crate::model::{BrokerId, ListenerName, Port};

/// NLB listeners on one NLB: a hard limit of AWS.
pub const MOST_NLB_LISTENERS: usize = 50;

/// One allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// The NLB port.
    pub port: Port,
    /// Since when the broker is gone. Its port is kept for it, and from others, for a day: clients cache metadata.
    pub released: Option<Timestamp>,
}

/// All allocations of an object.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Ledger {
    entries: BTreeMap<(ListenerName, BrokerId), Allocation>,
}

impl Ledger {
    /// From what status or tags say.
    pub fn from_entries(entries: impl IntoIterator<Item = ((ListenerName, BrokerId), Allocation)>) -> Self {
        Self { entries: entries.into_iter().collect() }
    }

    /// Every allocation, released ones included.
    pub fn entries(&self) -> impl Iterator<Item = (&ListenerName, BrokerId, Allocation)> {
        self.entries.iter().map(|((listener, broker), allocation)| (listener, *broker, *allocation))
    }

    /// The port of a broker that is not gone.
    #[must_use]
    pub fn port(&self, listener: &ListenerName, broker: BrokerId) -> Option<Port> {
        self.entries.get(&(listener.clone(), broker)).filter(|entry| entry.released.is_none()).map(|entry| entry.port)
    }

    /// Brokers that have a port on one of these listeners and are not gone.
    pub fn brokers<'a>(&self, listeners: impl Iterator<Item = &'a ListenerName>) -> BTreeSet<BrokerId> {
        let listeners: BTreeSet<_> = listeners.collect();
        self.entries()
            .filter(|(listener, _, entry)| entry.released.is_none() && listeners.contains(listener))
            .map(|(_, broker, _)| broker)
            .collect()
    }

    /// Adds what this one does not know.
    pub fn merge(&mut self, others: impl IntoIterator<Item = ((ListenerName, BrokerId), Allocation)>) {
        for (key, allocation) in others {
            self.entries.entry(key).or_insert(allocation);
        }
    }

    /// Releases what no broker or listener needs any more, and forgets what was released long ago.
    pub fn release(
        &mut self,
        listeners: &BTreeMap<ListenerName, Listener>,
        brokers: &BTreeSet<BrokerId>,
        now: Timestamp,
        quarantine: SignedDuration,
    ) {
        for ((listener, broker), entry) in &mut self.entries {
            if entry.released.is_none() && !(listeners.contains_key(listener) && brokers.contains(broker)) {
                entry.released = Some(now);
            }
        }
        self.entries.retain(|_, entry| entry.released.is_none_or(|since| now.duration_since(since) < quarantine));
    }

    /// Gives every broker a port on every listener: its former one, the one fixed by hand, or the lowest free.
    /// Brokers are served in ascending order, those that have ports before those that do not.
    pub fn allocate(
        &mut self,
        listeners: &BTreeMap<ListenerName, Listener>,
        brokers: &BTreeSet<BrokerId>,
        issues: &mut Vec<Issue>,
    ) {
        let known = self.brokers(listeners.keys());
        let room = (MOST_NLB_LISTENERS / listeners.len().max(1)).saturating_sub(1);
        let order = || brokers.intersection(&known).chain(brokers.difference(&known)).copied();
        let beyond: BTreeSet<_> = order().skip(room).collect();
        for (name, listener) in listeners {
            self.report_clashes(name, listener, brokers, issues);
            let mut without = BTreeSet::new();
            for broker in order().take(room) {
                match self.choose(name, listener, broker) {
                    Some(port) => {
                        self.entries.insert((name.clone(), broker), Allocation { port, released: None });
                    }
                    None => {
                        without.insert(broker);
                    }
                }
            }
            if !without.is_empty() {
                issues.push(Issue::PortsExhausted(name.clone(), without));
            }
        }
        if !beyond.is_empty() {
            issues.push(Issue::TooManyListeners(beyond));
        }
    }

    fn choose(&self, name: &ListenerName, listener: &Listener, broker: BrokerId) -> Option<Port> {
        if let Some(own) = self.entries.get(&(name.clone(), broker)) {
            return Some(own.port);
        }
        let taken: BTreeSet<Port> =
            self.entries().filter(|(other, _, _)| *other == name).map(|(_, _, entry)| entry.port).collect();
        if let Some(port) = listener.fixed.get(&broker)
            && !taken.contains(port)
        {
            return Some(*port);
        }
        let promised: BTreeSet<Port> =
            listener.fixed.iter().filter(|(id, _)| **id != broker).map(|(_, port)| *port).collect();
        listener.ports.ports().find(|port| !taken.contains(port) && !promised.contains(port))
    }

    fn report_clashes(
        &self,
        name: &ListenerName,
        listener: &Listener,
        brokers: &BTreeSet<BrokerId>,
        issues: &mut Vec<Issue>,
    ) {
        for (broker, wanted) in listener.fixed.iter().filter(|(broker, _)| brokers.contains(broker)) {
            let own = self.entries.get(&(name.clone(), *broker)).map(|entry| entry.port);
            let other = self
                .entries()
                .find(|(other, id, entry)| *other == name && id != broker && entry.port == *wanted)
                .map(|(_, id, _)| id);
            let held = match (own, other) {
                (Some(port), _) if port == *wanted => continue,
                (Some(port), _) => PortHolder::Itself(port),
                (None, Some(id)) => PortHolder::Other(id),
                (None, None) => continue,
            };
            issues.push(Issue::PortClash { listener: name.clone(), broker: *broker, wanted: *wanted, held });
        }
    }
}
