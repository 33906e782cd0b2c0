//! Whether every broker lists every other as serving.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::Listed;
use super::{Look, Obstacle};
use crate::model::BrokerId;

pub(super) fn obstacles(look: &Look) -> Vec<Obstacle> {
    let lists: Vec<_> = look.answers().filter_map(|(by, answers)| Some((by, answers.cluster.answer()?))).collect();
    let listed = lists.iter().flat_map(|(_, list)| list.keys().copied());
    let all: BTreeSet<BrokerId> =
        look.brokers().map(|(id, _)| id).chain(listed).filter(|id| !look.exempt([id])).collect();
    let mut lacking: BTreeMap<BrokerId, BTreeSet<BrokerId>> = BTreeMap::new();
    let mut fenced: BTreeMap<BrokerId, BTreeSet<BrokerId>> = BTreeMap::new();
    for (by, list) in lists {
        for id in &all {
            match list.get(id) {
                Some(Listed::Serving) => continue,
                Some(Listed::Fenced) => fenced.entry(*id).or_default().insert(by),
                None => lacking.entry(*id).or_default().insert(by),
            };
        }
    }
    let strangers = all.iter().filter(|id| !look.asked.brokers.contains_key(id));
    let mut found: Vec<_> = strangers.map(|id| Obstacle::BrokerNotOffered(*id)).collect();
    found.extend(lacking.into_iter().map(|(broker, by)| Obstacle::BrokerNotListed { broker, by }));
    found.extend(fenced.into_iter().map(|(broker, by)| Obstacle::BrokerFenced { broker, by }));
    found
}
