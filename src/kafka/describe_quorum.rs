//! `DescribeQuorum`: which nodes fetch the cluster's metadata just now, whatever listeners they have.

use std::collections::BTreeSet;

use kpl_core::kafka::gate::{Quorum, Replica, Role};
use kpl_core::model::BrokerId;

use super::answer::{Answer, Form, Malformed};
use super::request::{ApiKey, Request};

/// The first that has timestamps (Kafka 3.3).
pub(super) const OLDEST: i16 = 1;
/// From which on nodes have directories, and errors have words (Kafka 3.9).
const DIRECTORIES: i16 = 2;
const TOPIC: &str = "__cluster_metadata";
/// A node that has not fetched for so long is not counted among those that run, in ms: fetches are half a second apart.
const STALE: i64 = 5_000;
/// There is no such partition (`UNKNOWN_TOPIC_OR_PARTITION`).
const NO_PARTITION: i16 = 3;

pub(super) fn known(newest: i16) -> bool {
    newest >= OLDEST
}

pub(super) fn ask(newest: i16) -> Request {
    Request::new(ApiKey::DescribeQuorum, newest.min(DIRECTORIES), Form::Flexible)
        .list(1)
        .text(TOPIC)
        .list(1)
        .i32(0)
        .tags()
        .tags()
        .tags()
}

/// The quorum, or Kafka's number of the error.
pub(super) fn read(body: &[u8], version: i16) -> Result<Result<Quorum, i16>, Malformed> {
    let mut answer = Answer::new(body, Form::Flexible);
    if let Some(error) = error(&mut answer, version)? {
        return Ok(Err(error));
    }
    if answer.list()? == 0 {
        return Ok(Err(NO_PARTITION));
    }
    answer.text()?;
    if answer.list()? == 0 {
        return Ok(Err(NO_PARTITION));
    }
    let _partition = answer.i32()?;
    if let Some(error) = error(&mut answer, version)? {
        return Ok(Err(error));
    }
    let (leader, _epoch, _high_watermark) = (answer.i32()?, answer.i32()?, answer.i64()?);
    let leader = (leader >= 0).then_some(BrokerId(leader));
    let mut replicas = Vec::new();
    for role in [Role::Voter, Role::Observer] {
        for _ in 0..answer.list()? {
            replicas.push(replica(&mut answer, version, role, leader)?);
        }
    }
    Ok(Ok(Quorum { leader, replicas }))
}

fn error(answer: &mut Answer, version: i16) -> Result<Option<i16>, Malformed> {
    let error = answer.i16()?;
    if version >= DIRECTORIES {
        let _words = answer.nullable_text()?;
    }
    Ok((error != 0).then_some(error))
}

fn replica(answer: &mut Answer, version: i16, role: Role, leader: Option<BrokerId>) -> Result<Replica, Malformed> {
    let node = BrokerId(answer.i32()?);
    if version >= DIRECTORIES {
        let _directory = answer.uuid()?;
    }
    let (end, fetched, caught_up) = (answer.i64()?, answer.i64()?, answer.i64()?);
    answer.tags()?;
    // By Kafka's documents a leader has no time of fetching; by its code it has, and both are now.
    let fetched = if Some(node) == leader { fetched.max(caught_up) } else { fetched };
    Ok(Replica { node, role, end, fetched: (fetched > 0).then_some(fetched) })
}

/// Nodes that fetched just now, by the leader's own clock.
pub(super) fn running(quorum: &Quorum) -> BTreeSet<BrokerId> {
    let of_leader = quorum.replicas.iter().find(|replica| Some(replica.node) == quorum.leader);
    let now = of_leader.and_then(|leader| leader.fetched);
    let recent = |replica: &&Replica| {
        let age = now.zip(replica.fetched).map(|(now, fetched)| now.saturating_sub(fetched));
        Some(replica.node) == quorum.leader || age.is_some_and(|age| age <= STALE)
    };
    quorum.replicas.iter().filter(recent).map(|replica| replica.node).collect()
}
