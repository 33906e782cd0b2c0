//! `DescribeQuorum`: which nodes fetch the cluster's metadata just now, whatever listeners they have.

use std::collections::BTreeSet;

use kpl_core::model::BrokerId;

use super::answer::{Answer, Form, Malformed};
use super::request::{ApiKey, Request};

/// The first that has timestamps (Kafka 3.3).
const VERSION: i16 = 1;
const TOPIC: &str = "__cluster_metadata";
/// A node that has not fetched for so long is not counted among those that run, in ms: fetches are half a second apart.
const STALE: i64 = 5_000;

pub(super) fn known(newest: i16) -> bool {
    newest >= VERSION
}

pub(super) fn ask() -> Request {
    Request::new(ApiKey::DescribeQuorum, VERSION, Form::Flexible)
        .list(1)
        .text(TOPIC)
        .list(1)
        .i32(0)
        .tags()
        .tags()
        .tags()
}

/// Empty where it was refused.
pub(super) fn read(body: &[u8]) -> Result<BTreeSet<BrokerId>, Malformed> {
    let mut answer = Answer::new(body, Form::Flexible);
    if answer.i16()? != 0 || answer.list()? == 0 {
        return Ok(BTreeSet::new());
    }
    answer.text()?;
    if answer.list()? == 0 {
        return Ok(BTreeSet::new());
    }
    let (_partition, error, leader, _epoch, _high_watermark) =
        (answer.i32()?, answer.i16()?, BrokerId(answer.i32()?), answer.i32()?, answer.i64()?);
    if error != 0 {
        return Ok(BTreeSet::new());
    }
    let mut fetched = Vec::new();
    for _voters_then_observers in 0..2 {
        for _ in 0..answer.list()? {
            let (id, _end, fetch, _caught_up) = (answer.i32()?, answer.i64()?, answer.i64()?, answer.i64()?);
            answer.tags()?;
            fetched.push((BrokerId(id), fetch));
        }
    }
    // By the leader's own clock, which its row has.
    let now = fetched.iter().find(|(id, _)| *id == leader).map(|(_, fetch)| *fetch);
    let recent = |fetch: i64| now.is_some_and(|now| fetch > 0 && now.saturating_sub(fetch) <= STALE);
    let running = fetched.into_iter().filter(|(id, fetch)| *id == leader || recent(*fetch)).map(|(id, _)| id);
    Ok(running.collect())
}
