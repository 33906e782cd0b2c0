//! Which broker each port has meant: kept apart from the ledger, so that the ledger can be held against it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use kpl_core::model::{BrokerId, ListenerName, Port};

/// A listener with the first port of its range: the same name may come again with another range.
type Range = (String, i32);

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Ports {
    seen: BTreeMap<(Range, Port), (BrokerId, Timestamp)>,
}

/// Less than the day that a released port rests: the clock may have been put back meanwhile.
const RESTS: SignedDuration = SignedDuration::from_hours(20);

impl Ports {
    /// Takes note of the ports that are in use, and says which mean another broker than before.
    pub fn see(
        &mut self,
        now: Timestamp,
        ranges: &BTreeSet<Range>,
        given: &[(ListenerName, BrokerId, Port)],
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        self.seen.retain(|_, (_, last)| now.duration_since(*last) < RESTS);
        for (listener, broker, port) in given {
            let Some(range) = ranges.iter().find(|(name, _)| name == listener.as_str()) else { continue };
            let former = self.seen.insert((range.clone(), *port), (*broker, now));
            if let Some((other, _)) = former.filter(|(other, _)| other != broker) {
                wrong.push(format!("port {port} of broker {other} is given to broker {broker}"));
            }
            let mut own = self.seen.iter().filter(|((of, _), (id, _))| of == range && id == broker);
            if let Some(((_, other), _)) = own.find(|((_, other), _)| other != port) {
                wrong.push(format!("broker {broker} had port {other} and gets port {port}"));
                let other = *other;
                self.seen.remove(&(range.clone(), other));
            }
        }
        wrong
    }

    /// Status is lost: what rested there rests no more; what AWS mirrors is known all the same.
    pub fn forget_all_but(&mut self, mirrored: &BTreeSet<(String, BrokerId, Port)>) {
        self.seen.retain(|(range, port), (broker, _)| mirrored.contains(&(range.0.clone(), *broker, *port)));
    }
}
