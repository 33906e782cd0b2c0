//! `ApiVersions`: which requests a broker understands, and from Kafka 4.4 on whether it is a given one.

use kpl_core::model::BrokerId;

use super::answer::{Answer, Form, Malformed};
use super::request::{ApiKey, Request};

/// Since Kafka 2.4; older brokers answer as to version 0, with [`UNSUPPORTED`].
const VERSION: i16 = 3;
/// KIP-1242: the request names a cluster and a node.
const NAMES_NODE: i16 = 5;
/// The request has a version that the broker does not know.
pub(super) const UNSUPPORTED: i16 = 35;
/// The broker is another than the one that was named (`REBOOTSTRAP_REQUIRED`).
const OTHER_NODE: i16 = 129;

/// Requests with their newest version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Versions(Vec<(i16, i16)>);

impl Versions {
    /// The newest version of a request that the broker knows.
    pub(super) fn newest(&self, api: ApiKey) -> Option<i16> {
        self.0.iter().find(|(key, _)| *key == api as i16).map(|(_, newest)| *newest)
    }

    /// Whether a node can be named.
    pub(super) fn names_node(&self) -> bool {
        self.newest(ApiKey::ApiVersions).is_some_and(|newest| newest >= NAMES_NODE)
    }
}

fn request(version: i16) -> Request {
    Request::new(ApiKey::ApiVersions, version, Form::Flexible)
        .text(env!("CARGO_PKG_NAME"))
        .text(env!("CARGO_PKG_VERSION"))
}

pub(super) fn ask() -> Request {
    request(VERSION).tags()
}

/// For brokers before Kafka 2.4.
pub(super) fn ask_oldest() -> Request {
    Request::new(ApiKey::ApiVersions, 0, Form::Fixed)
}

/// Is it this broker of this cluster?
pub(super) fn ask_node(cluster: &str, broker: BrokerId) -> Request {
    request(NAMES_NODE).text(cluster).i32(broker.0).tags()
}

pub(super) fn read(body: &[u8]) -> Result<Versions, Malformed> {
    match Answer::new(body, Form::Fixed).i16()? {
        UNSUPPORTED => read_oldest(body),
        _ => listed(body, Form::Flexible),
    }
}

/// An answer to version 0, or as to version 0.
pub(super) fn read_oldest(body: &[u8]) -> Result<Versions, Malformed> {
    listed(body, Form::Fixed)
}

fn listed(body: &[u8], form: Form) -> Result<Versions, Malformed> {
    let mut answer = Answer::new(body, form);
    if !matches!(answer.i16()?, 0 | UNSUPPORTED) {
        return Err(Malformed("ApiVersions was refused"));
    }
    let mut versions = Vec::new();
    for _ in 0..answer.list()? {
        let (key, _oldest, newest) = (answer.i16()?, answer.i16()?, answer.i16()?);
        answer.tags()?;
        versions.push((key, newest));
    }
    Ok(Versions(versions))
}

/// Whether it is the node; `None` where the broker would not say.
pub(super) fn read_node(body: &[u8]) -> Result<Option<bool>, Malformed> {
    match Answer::new(body, Form::Fixed).i16()? {
        0 => Ok(Some(true)),
        OTHER_NODE => Ok(Some(false)),
        _ => Ok(None),
    }
}
