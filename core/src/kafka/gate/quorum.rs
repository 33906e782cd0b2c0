//! Whether everybody fetches the cluster's metadata. Measured by the active controller's own clock, which its row has.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::{Quorum, Replica, Role};
use super::{Look, Obstacle};
use crate::model::BrokerId;

/// Since when a node has not fetched that counts as away, in ms: fetches are half a second apart.
const STALE: i64 = 5_000;
/// Records that a node may be behind.
const MOST_BEHIND: i64 = 100;

/// The worst that anybody was told of a node.
#[derive(Clone, Copy)]
struct Worst {
    /// In ms; `None` is never.
    age: Option<i64>,
    behind: i64,
}

pub(super) fn obstacles(look: &Look) -> Vec<Obstacle> {
    let mut leaderless = BTreeSet::new();
    let mut worst: BTreeMap<(BrokerId, Role), Worst> = BTreeMap::new();
    let mut unfetched = BTreeSet::new();
    for (by, answers) in look.answers() {
        let Some(quorum) = answers.quorum.answer() else { continue };
        let Some(leader) = leader(quorum) else {
            leaderless.insert(by);
            continue;
        };
        for replica in quorum.replicas.iter().filter(|replica| replica.node != leader.node) {
            let told = told(replica, leader);
            let known = worst.entry((replica.node, replica.role)).or_insert(told);
            known.age = known.age.zip(told.age).map(|(one, other)| one.max(other));
            known.behind = known.behind.max(told.behind);
        }
        let known: BTreeSet<_> = quorum.replicas.iter().map(|replica| replica.node).collect();
        unfetched.extend(look.brokers().map(|(id, _)| id).filter(|id| !known.contains(id)));
    }
    let mut found = Vec::new();
    if !leaderless.is_empty() {
        found.push(Obstacle::NoActiveController { by: leaderless });
    }
    found.extend(unfetched.into_iter().map(Obstacle::MetadataUnfetched));
    let counted = worst.into_iter().filter(|((node, _), _)| !look.exempt([node]));
    found.extend(counted.filter_map(|((node, role), worst)| judged(node, role, worst)));
    found
}

fn leader(quorum: &Quorum) -> Option<&Replica> {
    quorum.replicas.iter().find(|replica| Some(replica.node) == quorum.leader && replica.fetched.is_some())
}

fn told(replica: &Replica, leader: &Replica) -> Worst {
    let age = leader.fetched.zip(replica.fetched).map(|(now, fetched)| now.saturating_sub(fetched));
    Worst { age, behind: leader.end.saturating_sub(replica.end) }
}

fn judged(node: BrokerId, role: Role, Worst { age, behind }: Worst) -> Option<Obstacle> {
    match age {
        Some(age) if age <= STALE => {
            (behind > MOST_BEHIND).then_some(Obstacle::MetadataBehind { node, role, records: behind })
        }
        age => Some(Obstacle::MetadataStale { node, role, seconds: age.map(|age| age / 1000) }),
    }
}
