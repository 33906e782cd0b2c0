//! `Metadata`: without topics, what a client of this listener would dial next; with all of them, how each partition is.

use std::collections::BTreeMap;

use kpl_core::kafka::gate::{Partition, Topic, Topics};
use kpl_core::kafka::{Endpoint, Roster};
use kpl_core::model::{BrokerId, Port};

use super::answer::{Answer, Form, Malformed};
use super::request::{ApiKey, Request};

/// Since Kafka 2.4; brokers of other make may end at 7 or 8.
const FLEXIBLE: i16 = 9;
/// Since Kafka 1.0.
const FIXED: i16 = 4;
/// The longest answer that tells of every topic, in bytes: all partitions that are taken fit.
pub(super) const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Partitions that are taken, and so topics; a cluster that has more is not judged.
const MOST_PARTITIONS: usize = 200_000;
/// `UNKNOWN_TOPIC_OR_PARTITION`.
const NO_SUCH_TOPIC: i16 = 3;
/// A topic that nobody has. Who may describe every topic is told so; who may not is told that.
const NOBODYS: &str = "kafka-privatelink-gate.asks-for-its-rights";

/// A host name of DNS ends there.
const LONGEST_HOST: usize = 253;

fn form(version: i16) -> Form {
    if version >= FLEXIBLE { Form::Flexible } else { Form::Fixed }
}

fn begin(newest: i16) -> Request {
    let version = if newest >= FLEXIBLE { FLEXIBLE } else { FIXED };
    Request::new(ApiKey::Metadata, version, form(version))
}

fn end(request: Request) -> Request {
    // No topic is made for being asked for.
    let request = request.bool(false);
    // From 8 on: whether authorized operations are wanted, of the cluster and of topics.
    if request.version >= FLEXIBLE { request.bool(false).bool(false).tags() } else { request }
}

pub(super) fn ask(newest: i16) -> Request {
    end(begin(newest).list(0))
}

/// For every topic that the user may describe; the others are left out without a word.
pub(super) fn ask_topics(newest: i16) -> Request {
    end(begin(newest).no_list())
}

/// May the user describe every topic?
pub(super) fn ask_right(newest: i16) -> Request {
    end(begin(newest).list(1).text(NOBODYS).tags())
}

pub(super) fn read(body: &[u8], version: i16) -> Result<Roster, Malformed> {
    roster(&mut Answer::new(body, form(version)))
}

fn roster(answer: &mut Answer) -> Result<Roster, Malformed> {
    let _throttled = answer.i32()?;
    let mut brokers = BTreeMap::new();
    for _ in 0..answer.list()? {
        let id = BrokerId(answer.i32()?);
        let host = answer.text()?;
        let port = u16::try_from(answer.i32()?).map_err(|_| Malformed("Metadata lists a port beyond 65535"))?;
        let _rack = answer.nullable_text()?;
        answer.tags()?;
        if host.len() > LONGEST_HOST || host.chars().any(char::is_control) {
            return Err(Malformed("Metadata lists a host that is no name"));
        }
        brokers.insert(id, Endpoint { host: host.to_owned(), port: Port(port) });
    }
    let cluster_id = answer.nullable_text()?.map(str::to_owned);
    Ok(Roster { cluster_id, brokers })
}

/// The topics; a topic or partition may have an error of its own.
pub(super) fn read_topics(body: &[u8], version: i16) -> Result<Topics, Malformed> {
    let mut answer = Answer::new(body, form(version));
    roster(&mut answer)?;
    let _controller = answer.i32()?;
    let (mut topics, mut left) = (Topics::new(), MOST_PARTITIONS);
    for _ in 0..answer.list_of(MOST_PARTITIONS)? {
        let (error, name, _internal) = (answer.i16()?, answer.topic()?.to_owned(), answer.bool()?);
        let count = answer.list_of(left)?;
        left -= count;
        let mut partitions = Vec::new();
        for _ in 0..count {
            partitions.push(partition(&mut answer, version)?);
        }
        if version >= FLEXIBLE {
            let _authorized = answer.i32()?;
        }
        answer.tags()?;
        topics.insert(name, Topic { error, partitions });
    }
    Ok(topics)
}

fn partition(answer: &mut Answer, version: i16) -> Result<Partition, Malformed> {
    let (error, index, leader) = (answer.i16()?, answer.i32()?, answer.i32()?);
    // From 7 on the leader's epoch, from 5 on who is offline.
    if version >= FLEXIBLE {
        let _epoch = answer.i32()?;
    }
    let (replicas, in_sync) = (answer.nodes()?, answer.nodes()?);
    if version >= FLEXIBLE {
        let _offline = answer.nodes()?;
    }
    answer.tags()?;
    let leader = (leader >= 0).then_some(BrokerId(leader));
    Ok(Partition { index, error, leader, replicas, in_sync })
}

/// Whether the user may describe every topic, or Kafka's number of what it was told instead.
pub(super) fn read_right(body: &[u8], version: i16) -> Result<Result<(), i16>, Malformed> {
    let topics = read_topics(body, version)?;
    match topics.get(NOBODYS).map(|topic| topic.error) {
        Some(0 | NO_SUCH_TOPIC) => Ok(Ok(())),
        Some(error) => Ok(Err(error)),
        None => Err(Malformed("Metadata does not tell of the topic that was asked for")),
    }
}
