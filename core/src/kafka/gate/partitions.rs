//! Whether every partition is in sync, at rest, and can spare a replica.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::asked::{Partition, Reply, Topics};
use super::{Look, Obstacle, Right, TOPIC_NOT_AUTHORIZED, said};
use crate::model::BrokerId;

/// What all brokers together tell of partitions.
#[derive(Default)]
struct Told<'a> {
    errors: BTreeSet<(&'a str, Option<i32>, i16)>,
    missing: BTreeMap<(&'a str, i32), BTreeSet<BrokerId>>,
    stopping: BTreeMap<(&'a str, i32), (BTreeSet<BrokerId>, u32)>,
    /// By what was said instead.
    unknown: BTreeMap<String, BTreeSet<&'a str>>,
    unauthorized: bool,
}

pub(super) fn obstacles(look: &Look) -> Vec<Obstacle> {
    let mut told = Told::default();
    let mut seen: Vec<&Arc<Topics>> = Vec::new();
    for topics in look.answers().filter_map(|(_, answers)| answers.topics.answer()) {
        // Brokers that agree share one list.
        if !seen.iter().any(|other| Arc::ptr_eq(other, topics)) {
            seen.push(topics);
            told.add(look, topics);
        }
    }
    let moved = look.answers().filter_map(|(_, answers)| answers.reassignments.answer()).flatten();
    moved.map(|moved| Obstacle::Reassigned(moved.clone())).chain(told.obstacles(look)).collect()
}

impl<'a> Told<'a> {
    fn add(&mut self, look: &Look<'a>, topics: &'a Topics) {
        for (name, topic) in topics {
            if topic.error != 0 {
                self.errors.insert((name, None, topic.error));
            }
            let least = look.asked.min_in_sync.get(name);
            let least = match least {
                Some(Reply::Answered(least)) => Some(*least),
                Some(Reply::Refused(TOPIC_NOT_AUTHORIZED)) => {
                    self.unauthorized = true;
                    None
                }
                None if look.explained => None,
                other => {
                    let said =
                        other.map_or_else(|| "nobody was asked".to_owned(), |it| format!("Kafka said {}", said(it)));
                    self.unknown.entry(said).or_default().insert(name);
                    None
                }
            };
            for partition in &topic.partitions {
                self.partition(look, name, partition, least);
            }
        }
    }

    fn partition(&mut self, look: &Look, topic: &'a str, partition: &Partition, least: Option<u32>) {
        let in_sync: BTreeSet<BrokerId> = partition.in_sync.iter().copied().collect();
        let missing: BTreeSet<_> = partition.replicas.iter().filter(|id| !in_sync.contains(id)).copied().collect();
        let at = (topic, partition.index);
        // Whose whole data only the broker has that is away: nothing but its start mends it.
        let lost = partition.leader.is_none() && (look.exempt(&in_sync) || look.exempt(&partition.replicas));
        if !lost && !look.exempt(&missing) {
            if partition.error != 0 {
                self.errors.insert((topic, Some(partition.index), partition.error));
            }
            if !missing.is_empty() {
                self.missing.entry(at).or_default().extend(missing);
            }
        }
        let Some(least) = least.filter(|_| partition.leader.is_some()) else { return };
        let concerned = look.stopping.is_none_or(|broker| in_sync.contains(&broker));
        let left = u32::try_from(in_sync.len().saturating_sub(1)).unwrap_or(u32::MAX);
        if concerned && left < least.max(1) {
            self.stopping.insert(at, (in_sync, least));
        }
    }

    fn obstacles(self, look: &Look) -> Vec<Obstacle> {
        let Self { errors, missing, stopping, unknown, unauthorized } = self;
        let mut found = Vec::new();
        if unauthorized {
            found.push(Obstacle::PermissionNeeded(Right::DescribeTopicConfigs));
        }
        let errors = errors.into_iter();
        found.extend(errors.map(|(topic, partition, code)| match code {
            TOPIC_NOT_AUTHORIZED => Obstacle::PermissionNeeded(Right::DescribeTopics),
            code => Obstacle::PartitionError { topic: topic.to_owned(), partition, code },
        }));
        found.extend(missing.into_iter().map(|((topic, partition), missing)| Obstacle::NotInSync {
            topic: topic.to_owned(),
            partition,
            missing,
        }));
        found.extend(stopping.into_iter().map(|((topic, partition), (in_sync, least))| Obstacle::RollWouldStop {
            topic: topic.to_owned(),
            partition,
            in_sync,
            least,
            stopping: look.stopping,
        }));
        found.extend(unknown.into_iter().map(|(said, topics)| Obstacle::MinInSyncUnknown {
            topic: topics.first().copied().unwrap_or_default().to_owned(),
            more: topics.len().saturating_sub(1),
            said,
        }));
        found
    }
}
