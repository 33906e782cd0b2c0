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

    /// Whether it knows no port of one of these brokers on one of these listeners, not even a released one.
    #[must_use]
    pub fn lacks(&self, listeners: &BTreeMap<ListenerName, Listener>, brokers: &BTreeSet<BrokerId>) -> bool {
        let knows = |listener: &ListenerName, broker| self.entries.contains_key(&(listener.clone(), broker));
        listeners.keys().any(|listener| brokers.iter().any(|broker| !knows(listener, *broker)))
    }

    /// Adds what this one does not know, but for ports that it knows another broker to have.
    pub fn merge(&mut self, others: impl IntoIterator<Item = ((ListenerName, BrokerId), Allocation)>) {
        for (key, allocation) in others {
            if self.holder(&key.0, allocation.port).is_none() {
                self.entries.entry(key).or_insert(allocation);
            }
        }
    }

    /// Adds what target groups say in their tags. One that names a port of another broker is of a broker that left
    /// long ago, or this ledger is an old one: then that other broker has no group, nor is it here any more.
    ///
    /// Returns whether that cannot be told, since nobody knows which brokers are here.
    pub fn recover(
        &mut self,
        tags: impl IntoIterator<Item = ((ListenerName, BrokerId), Allocation)>,
        here: Option<&BTreeSet<BrokerId>>,
    ) -> bool {
        let tags: Vec<_> = tags.into_iter().collect();
        let mut torn = false;
        for (key, allocation) in &tags {
            let (listener, broker) = key;
            match self.holder(listener, allocation.port).filter(|holder| holder != broker) {
                _ if self.entries.contains_key(key) => continue,
                None => {}
                Some(holder) => {
                    let held = (listener.clone(), holder);
                    let confirmed = tags.iter().any(|(other, said)| *other == held && said.port == allocation.port);
                    torn |= !confirmed && here.is_none();
                    if confirmed || here.is_none_or(|here| here.contains(&holder)) {
                        continue;
                    }
                    self.entries.remove(&held);
                }
            }
            self.entries.insert(key.clone(), *allocation);
        }
        torn
    }

    fn holder(&self, listener: &ListenerName, port: Port) -> Option<BrokerId> {
        self.entries().find(|(of, _, entry)| *of == listener && entry.port == port).map(|(_, broker, _)| broker)
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
            // A clock that was put back must not make it rest until it has caught up.
            entry.released = entry.released.map(|since| since.min(now));
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
        // A listener that was removed may have come back with another range.
        if let Some(own) = self.entries.get(&(name.clone(), broker))
            && (listener.ports.contains(own.port) || listener.fixed.get(&broker) == Some(&own.port))
        {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::ListenerAccess;
    use crate::kafka::SecurityProtocol;
    use crate::model::PortRange;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn listeners(names: &[&str], first: u16, last: u16) -> BTreeMap<ListenerName, Listener> {
        let listener = |at: usize| {
            let shift = u16::try_from(at).expect("few listeners") * 1000;
            Listener {
                broker_port: Port(39092),
                bootstrap_port: Port(first - 1 + shift),
                ports: PortRange { first: Port(first + shift), last: Port(last + shift) },
                host_template: None,
                consumer_cidrs: BTreeSet::new(),
                cross_zone: false,
                fixed: BTreeMap::new(),
                protocol: SecurityProtocol::Plaintext,
                strimzi_name: None,
                access: ListenerAccess::default(),
            }
        };
        names.iter().enumerate().map(|(at, name)| ((*name).into(), listener(at))).collect()
    }

    fn ids(ids: &[i32]) -> BTreeSet<BrokerId> {
        ids.iter().copied().map(BrokerId).collect()
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn table(ledger: &Ledger) -> Vec<(i32, u16)> {
        ledger.entries().filter(|(_, _, e)| e.released.is_none()).map(|(_, b, e)| (b.0, e.port.0)).collect()
    }

    /// Serves brokers at a time, as `desired` does, and returns what was wrong.
    fn serve(
        ledger: &mut Ledger,
        offered: &BTreeMap<ListenerName, Listener>,
        brokers: &[i32],
        hours: i64,
    ) -> Vec<Issue> {
        let mut issues = Vec::new();
        ledger.release(offered, &ids(brokers), at(hours), DAY);
        ledger.allocate(offered, &ids(brokers), &mut issues);
        issues
    }

    #[test]
    fn the_guides_example() {
        let mut ledger = Ledger::default();
        assert_eq!(serve(&mut ledger, &listeners(&["EXTERNAL"], 9093, 9116), &[3, 1, 2], 0), []);
        assert_eq!(table(&ledger), [(1, 9093), (2, 9094), (3, 9095)]);
    }

    #[test]
    fn nothing_is_renumbered_when_brokers_come_and_go() {
        let (mut ledger, offered) = (Ledger::default(), listeners(&["EXTERNAL"], 9093, 9116));
        serve(&mut ledger, &offered, &[5, 7], 0);
        serve(&mut ledger, &offered, &[1, 5, 7], 1);
        assert_eq!(table(&ledger), [(1, 9095), (5, 9093), (7, 9094)]);
        serve(&mut ledger, &offered, &[1, 7], 2);
        serve(&mut ledger, &offered, &[1, 5, 7], 3);
        assert_eq!(table(&ledger), [(1, 9095), (5, 9093), (7, 9094)], "the port stays its own");
    }

    #[test]
    fn a_released_port_is_nobody_elses_for_a_day() {
        let (mut ledger, offered) = (Ledger::default(), listeners(&["EXTERNAL"], 9093, 9094));
        serve(&mut ledger, &offered, &[1, 2], 0);
        let issues = serve(&mut ledger, &offered, &[2, 3], 1);
        assert_eq!(issues, [Issue::PortsExhausted("EXTERNAL".into(), ids(&[3]))]);
        assert_eq!(serve(&mut ledger, &offered, &[2, 3], 25), []);
        assert_eq!(table(&ledger), [(2, 9094), (3, 9093)]);
    }

    /// Tags of target groups: broker and port.
    fn tags(of: &[(i32, u16)]) -> Vec<((ListenerName, BrokerId), Allocation)> {
        let entry = |(broker, port): &(i32, u16)| {
            (("EXTERNAL".into(), BrokerId(*broker)), Allocation { port: Port(*port), released: None })
        };
        of.iter().map(entry).collect()
    }

    #[test]
    fn two_brokers_of_which_tags_and_status_say_one_port() {
        for (case, status, groups, here, want, torn) in [
            ("the first left long ago", vec![(3, 9093)], vec![(1, 9093)], Some(vec![3]), vec![(3, 9093)], false),
            ("both have groups", vec![(3, 9093)], vec![(1, 9093), (3, 9093)], None, vec![(3, 9093)], false),
            ("status is old", vec![(1, 9093)], vec![(3, 9093)], Some(vec![3]), vec![(3, 9093)], false),
            ("nobody knows", vec![(1, 9093)], vec![(3, 9093)], None, vec![(1, 9093)], true),
            ("another port", vec![(1, 9093)], vec![(3, 9094)], None, vec![(1, 9093), (3, 9094)], false),
            ("status is right", vec![(1, 9093)], vec![(1, 9094)], Some(vec![1]), vec![(1, 9093)], false),
        ] {
            let mut ledger = Ledger::from_entries(tags(&status));
            let here = here.map(|here| ids(&here));
            assert_eq!(ledger.recover(tags(&groups), here.as_ref()), torn, "{case}");
            assert_eq!(table(&ledger), want, "{case}");
        }
    }

    #[test]
    fn memory_is_right_where_status_gives_its_port_to_another() {
        let mut ledger = Ledger::from_entries(tags(&[(3, 9093)]));
        ledger.merge(tags(&[(1, 9093), (2, 9094)]));
        assert_eq!(table(&ledger), [(2, 9094), (3, 9093)]);
    }

    #[test]
    fn a_port_fixed_by_hand_wins_for_a_broker_without_one() {
        let (mut ledger, mut offered) = (Ledger::default(), listeners(&["EXTERNAL"], 9093, 9116));
        let fix = |offered: &mut BTreeMap<ListenerName, Listener>, broker, port| {
            for listener in offered.values_mut() {
                listener.fixed.insert(BrokerId(broker), Port(port));
            }
        };
        fix(&mut offered, 2, 9093);
        assert_eq!(serve(&mut ledger, &offered, &[1, 2], 0), []);
        assert_eq!(table(&ledger), [(1, 9094), (2, 9093)]);
        fix(&mut offered, 1, 9100);
        let wanted = Port(9100);
        let clash =
            |broker, held| Issue::PortClash { listener: "EXTERNAL".into(), broker: BrokerId(broker), wanted, held };
        assert_eq!(serve(&mut ledger, &offered, &[1, 2], 1), [clash(1, PortHolder::Itself(Port(9094)))]);
        assert_eq!(table(&ledger), [(1, 9094), (2, 9093)]);
    }

    #[test]
    fn a_fixed_port_that_another_broker_holds_is_a_clash() {
        let (mut ledger, mut offered) = (Ledger::default(), listeners(&["EXTERNAL"], 9093, 9116));
        serve(&mut ledger, &offered, &[1], 0);
        for listener in offered.values_mut() {
            listener.fixed.insert(BrokerId(2), Port(9093));
        }
        let issues = serve(&mut ledger, &offered, &[1, 2], 1);
        let [Issue::PortClash { held, .. }] = issues.as_slice() else { panic!("{issues:?}") };
        assert_eq!(*held, PortHolder::Other(BrokerId(1)));
        assert_eq!(table(&ledger), [(1, 9093), (2, 9094)], "it is served all the same");
    }

    #[test]
    fn fifty_nlb_listeners_and_no_more() {
        let (mut ledger, offered) = (Ledger::default(), listeners(&["A", "B"], 9093, 9200));
        let brokers: Vec<i32> = (1..=25).collect();
        assert_eq!(serve(&mut ledger, &offered, &brokers, 0), [Issue::TooManyListeners(ids(&[25]))]);
        assert_eq!(table(&ledger).len() + offered.len(), MOST_NLB_LISTENERS);
        // One that has its port keeps it, however low the id of a newcomer.
        let newcomers: Vec<i32> = (0..=24).collect();
        assert_eq!(serve(&mut ledger, &offered, &newcomers, 1), [Issue::TooManyListeners(ids(&[0]))]);
    }

    #[test]
    fn a_removed_listener_releases_its_ports() {
        let (mut ledger, both) = (Ledger::default(), listeners(&["A", "B"], 9093, 9200));
        serve(&mut ledger, &both, &[1], 0);
        let one = listeners(&["A"], 9093, 9200);
        serve(&mut ledger, &one, &[1], 1);
        assert_eq!(ledger.port(&"B".into(), BrokerId(1)), None);
        assert_eq!(ledger.brokers(one.keys()), ids(&[1]));
    }
}
