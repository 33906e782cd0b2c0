//! `ListPartitionReassignments`: which partitions are moved. Only the active controller knows, and the broker asks it.

use kpl_core::kafka::gate::Reassignment;

use super::answer::{Answer, Form, Malformed};
use super::request::{ApiKey, Request};

const VERSION: i16 = 0;
/// How long the broker may take, in ms.
const TIMEOUT: i32 = 5_000;

/// For every topic.
pub(super) fn ask() -> Request {
    Request::new(ApiKey::ListPartitionReassignments, VERSION, Form::Flexible).i32(TIMEOUT).no_list().tags()
}

/// What is moved, or Kafka's number of the error.
pub(super) fn read(body: &[u8]) -> Result<Result<Vec<Reassignment>, i16>, Malformed> {
    let mut answer = Answer::new(body, Form::Flexible);
    let (_throttled, error, _words) = (answer.i32()?, answer.i16()?, answer.nullable_text()?);
    if error != 0 {
        return Ok(Err(error));
    }
    let mut moved = Vec::new();
    for _ in 0..answer.list()? {
        let topic = answer.topic()?;
        for _ in 0..answer.list()? {
            let (partition, _replicas) = (answer.i32()?, answer.nodes()?);
            let (adding, removing) = (answer.nodes()?, answer.nodes()?);
            answer.tags()?;
            moved.push(Reassignment { topic: topic.to_owned(), partition, adding, removing });
        }
        answer.tags()?;
    }
    Ok(Ok(moved))
}
