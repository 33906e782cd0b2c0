//! Whether a cluster can spare one broker now, by what every broker answered.
//!
//! ```text
//! asked ─► judge ─┬─ whether each could be asked, and may tell
//!                 ├─ quorum: who fetches the cluster's metadata
//!                 ├─ listing: who serves
//!                 └─ partitions: in sync, moved, with a replica to spare
//! ```
//! # Guarantees
//! What was not answered, or refused, is never taken for well: after a broker was killed, `Metadata` goes on to list a full
//! cluster for ten seconds and more, and so it does when the controllers have no majority. What proves that an answer is
//! fresh are the requests that only the active controller answers.

mod asked;
mod listing;
mod obstacle;
mod partitions;
mod quorum;
mod streak;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use asked::{Answers, Asked, Broker, Listed, Partition, Quorum, Reassignment, Replica, Reply, Role, Topic, Topics};
pub use obstacle::{Obstacle, Request, Right};
pub use streak::Streak;

use super::judge::obstructed;
use super::{Authorized, Fault, Identity};
use crate::model::BrokerId;

/// `TOPIC_AUTHORIZATION_FAILED`.
const TOPIC_NOT_AUTHORIZED: i16 = 29;
/// `CLUSTER_AUTHORIZATION_FAILED`.
const CLUSTER_NOT_AUTHORIZED: i16 = 31;
/// `UNSUPPORTED_VERSION`.
const UNSUPPORTED: i16 = 35;

/// Why no broker may be stopped now, or why `stopping` may not; nothing is that it may. In an order that does not change.
///
/// A broker that is asked about and is away already is exempt from its own absence: it stands still, and what mends it must
/// not wait for it.
#[must_use]
pub fn judge(asked: &Asked, stopping: Option<BrokerId>) -> Vec<Obstacle> {
    let mut found = BTreeSet::new();
    if asked.brokers.is_empty() {
        found.insert(Obstacle::NoBrokers);
    }
    if let Some(broker) = stopping.filter(|broker| !asked.brokers.contains_key(broker)) {
        found.insert(Obstacle::NoSuchBroker(broker));
    }
    let absent = stopping.filter(|broker| away(asked, *broker));
    let mut look = Look { asked, stopping, absent, explained: false };
    found.extend(look.reached());
    found.extend(look.answered());
    look.explained = !found.is_empty();
    found.extend(quorum::obstacles(&look));
    found.extend(listing::obstacles(&look));
    found.extend(partitions::obstacles(&look));
    found.into_iter().collect()
}

/// Whether nothing can be said of the cluster, only of the way to it: nobody answered, and it is not for being down.
#[must_use]
pub fn is_blind(asked: &Asked) -> bool {
    asked.brokers.values().all(|broker| broker.answers.is_none() && !is_gone(broker))
}

/// What keeps a broker from being asked, or from being known.
fn fault(broker: &Broker) -> Option<Fault> {
    match (&broker.sighting.answered.identity, &broker.sighting.obstacle) {
        (Some(Authorized::Yes(Identity::Other(other))), _) => Some(Fault::OtherBroker(*other)),
        (_, Some(obstacle)) => Some(obstructed(obstacle)),
        (Some(Authorized::No), None) => Some(Fault::PermissionNeeded),
        (Some(Authorized::Yes(Identity::Expected)), None) if broker.answers.is_some() => None,
        (Some(Authorized::Yes(Identity::Expected)) | None, None) => Some(Fault::Unavailable),
    }
}

/// Whether nothing answers at its port.
fn is_gone(broker: &Broker) -> bool {
    broker.answers.is_none() && matches!(fault(broker), Some(Fault::Unavailable | Fault::Silent))
}

/// Whether a broker does not run for its cluster: it does not answer, or another says that it does not serve.
fn away(asked: &Asked, broker: BrokerId) -> bool {
    let Some(itself) = asked.brokers.get(&broker) else { return false };
    let others = asked.brokers.iter().filter(|(id, _)| **id != broker).filter_map(|(_, other)| other.answers.as_ref());
    let mut lists = others.filter_map(|answers| answers.cluster.answer());
    is_gone(itself) || lists.any(|list| list.get(&broker) != Some(&Listed::Serving))
}

/// A look, and what is asked about.
struct Look<'a> {
    asked: &'a Asked,
    /// Whose stop is asked about.
    stopping: Option<BrokerId>,
    /// The same, where it is away.
    absent: Option<BrokerId>,
    /// Whether it is said already that somebody was not asked, or did not answer.
    explained: bool,
}

impl<'a> Look<'a> {
    /// Brokers whose answers count.
    fn brokers(&self) -> impl Iterator<Item = (BrokerId, &'a Broker)> {
        let absent = self.absent;
        self.asked.brokers.iter().map(|(id, broker)| (*id, broker)).filter(move |(id, _)| Some(*id) != absent)
    }

    fn answers(&self) -> impl Iterator<Item = (BrokerId, &'a Answers)> {
        self.brokers().filter_map(|(id, broker)| Some((id, broker.answers.as_ref()?)))
    }

    /// Whether all of these are the broker that is asked about and away, and there are some.
    fn exempt<'b>(&self, brokers: impl IntoIterator<Item = &'b BrokerId>) -> bool {
        let mut brokers = brokers.into_iter().peekable();
        self.absent.is_some_and(|absent| brokers.peek().is_some() && brokers.all(|id| *id == absent))
    }

    /// Who could not be asked.
    fn reached(&self) -> Vec<Obstacle> {
        let mut found = Vec::new();
        let mut ways: BTreeMap<String, BTreeSet<BrokerId>> = BTreeMap::new();
        for (broker, seen) in self.brokers() {
            match fault(seen) {
                None => {}
                Some(Fault::NoRoute(why)) => {
                    ways.entry(why).or_default().insert(broker);
                }
                Some(Fault::PermissionNeeded) => {
                    found.push(Obstacle::PermissionNeeded(Right::DescribeClusterConfigs));
                }
                Some(fault) => found.push(Obstacle::BrokerUnavailable { broker, fault }),
            }
        }
        // That one broker is away is nothing to go by.
        if self.absent.is_some() && self.answers().next().is_none() {
            found.push(Obstacle::NobodyAnswers);
        }
        found.extend(ways.into_iter().map(|(why, brokers)| Obstacle::NoRoute { brokers, why }));
        found
    }

    /// What was not answered. After a request without an answer the others were not asked.
    fn answered(&self) -> Vec<Obstacle> {
        let mut found = Vec::new();
        for (broker, answers) in self.answers() {
            let Answers { cluster, every_topic, topics, quorum, reassignments } = answers;
            let of = |request| Question { broker, request };
            let all = [
                of(Request::DescribeCluster).put(cluster),
                of(Request::Metadata).put(every_topic),
                of(Request::Metadata).put(topics),
                of(Request::DescribeQuorum).put(quorum),
                of(Request::ListPartitionReassignments).put(reassignments),
            ];
            for obstacle in all.into_iter().flatten() {
                let last = matches!(obstacle, Obstacle::Unanswered { .. });
                found.push(obstacle);
                if last {
                    break;
                }
            }
        }
        found
    }
}

struct Question {
    broker: BrokerId,
    request: Request,
}

impl Question {
    fn put<T>(self, reply: &Reply<T>) -> Option<Obstacle> {
        let Self { broker, request } = self;
        match reply {
            Reply::Answered(_) => None,
            Reply::Silent => Some(Obstacle::Unanswered { broker, request }),
            Reply::Refused(CLUSTER_NOT_AUTHORIZED) => Some(Obstacle::PermissionNeeded(Right::DescribeCluster)),
            Reply::Refused(TOPIC_NOT_AUTHORIZED) => Some(Obstacle::PermissionNeeded(Right::DescribeTopics)),
            Reply::Refused(_) | Reply::Strange(_) => Some(Obstacle::KafkaError { broker, request, said: said(reply) }),
        }
    }
}

/// What was said that is no answer.
fn said<T>(reply: &Reply<T>) -> String {
    match reply {
        Reply::Answered(_) => "an answer".to_owned(),
        Reply::Silent => "nothing".to_owned(),
        Reply::Refused(UNSUPPORTED) => {
            "that it does not know the request (Kafka before 3.3, or with ZooKeeper)".to_owned()
        }
        Reply::Refused(code) => format!("Kafka's error {code}"),
        Reply::Strange(why) => format!("what cannot be read ({why})"),
    }
}
