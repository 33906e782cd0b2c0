//! `DescribeCluster`: which brokers serve, as a broker knows it.

use std::collections::BTreeMap;

use kpl_core::kafka::gate::Listed;
use kpl_core::model::BrokerId;

use super::answer::{Answer, Form, Malformed};
use super::request::{ApiKey, Request};

/// Brokers or controllers may be asked for (KIP-919).
const ENDPOINT_TYPE: i16 = 1;
/// Fenced brokers are listed too (KIP-1073).
const FENCED: i16 = 2;
/// We ask for brokers.
const BROKERS: i8 = 1;

pub(super) fn ask(newest: i16) -> Request {
    let version = newest.min(FENCED);
    // Without the operations that the user is authorized to.
    let request = Request::new(ApiKey::DescribeCluster, version, Form::Flexible).bool(false);
    let request = if version >= ENDPOINT_TYPE { request.i8(BROKERS) } else { request };
    let request = if version >= FENCED { request.bool(true) } else { request };
    request.tags()
}

/// The brokers, or Kafka's number of the error.
pub(super) fn read(body: &[u8], version: i16) -> Result<Result<BTreeMap<BrokerId, Listed>, i16>, Malformed> {
    let mut answer = Answer::new(body, Form::Flexible);
    let (_throttled, error, _words) = (answer.i32()?, answer.i16()?, answer.nullable_text()?);
    if error != 0 {
        return Ok(Err(error));
    }
    if version >= ENDPOINT_TYPE {
        let _brokers = answer.i8()?;
    }
    // What it calls the controller is any broker that lives.
    let (_cluster, _controller) = (answer.text()?, answer.i32()?);
    let mut brokers = BTreeMap::new();
    for _ in 0..answer.list()? {
        let id = BrokerId(answer.i32()?);
        let (_host, _port, _rack) = (answer.text()?, answer.i32()?, answer.nullable_text()?);
        let fenced = version >= FENCED && answer.bool()?;
        answer.tags()?;
        brokers.insert(id, if fenced { Listed::Fenced } else { Listed::Serving });
    }
    Ok(Ok(brokers))
}
