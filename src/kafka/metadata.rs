//! `Metadata` without topics: what a client of this listener would dial next.

use std::collections::BTreeMap;

use kpl_core::kafka::{Endpoint, Roster};
use kpl_core::model::{BrokerId, Port};

use super::answer::{Answer, Form, Malformed};
use super::request::{ApiKey, Request};

/// Since Kafka 2.4; brokers of other make may end at 7 or 8.
const FLEXIBLE: i16 = 9;
/// Since Kafka 1.0.
const FIXED: i16 = 4;
/// A host name of DNS ends there.
const LONGEST_HOST: usize = 253;

fn form(version: i16) -> Form {
    if version >= FLEXIBLE { Form::Flexible } else { Form::Fixed }
}

pub(super) fn ask(newest: i16) -> Request {
    let version = if newest >= FLEXIBLE { FLEXIBLE } else { FIXED };
    let request = Request::new(ApiKey::Metadata, version, form(version)).list(0).bool(false);
    // From 8 on: whether authorized operations are wanted, of the cluster and of topics.
    if version >= FLEXIBLE { request.bool(false).bool(false).tags() } else { request }
}

pub(super) fn read(body: &[u8], version: i16) -> Result<Roster, Malformed> {
    let mut answer = Answer::new(body, form(version));
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
