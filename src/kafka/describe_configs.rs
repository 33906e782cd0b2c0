//! `DescribeConfigs`. Of a broker only the broker itself answers, which tells who is at the far end of a port; of topics any does.

use std::collections::BTreeMap;

use kpl_core::kafka::Settings;
use kpl_core::model::BrokerId;

use super::answer::{Answer, Form, Malformed, printable};
use super::request::{ApiKey, Request};

const FLEXIBLE: i16 = 4;
const FIXED: i16 = 1;
/// A resource of type broker.
const BROKER: i8 = 4;
/// A resource of type topic.
const TOPIC: i8 = 2;
/// The broker is another (`INVALID_REQUEST`).
const INVALID_REQUEST: i16 = 42;
/// `CLUSTER_AUTHORIZATION_FAILED`.
const NOT_AUTHORIZED: i16 = 31;
/// Sources of a value that was set while the broker ran: for this broker, or for all.
const DYNAMIC: [i8; 2] = [2, 3];

const ADVERTISED: &str = "advertised.listeners";
const LISTENERS: &str = "listeners";
const PROTOCOL_MAP: &str = "listener.security.protocol.map";
/// Of the whole broker: the same key of one listener is ignored by Kafka.
const IDLE: &str = "connections.max.idle.ms";

/// Of a topic: replicas that have to be in sync for a write that wants them to be.
const MIN_IN_SYNC: &str = "min.insync.replicas";
/// A topic has no such setting, or none that is a number (`INVALID_CONFIG`).
const NO_NUMBER: i16 = 40;
/// Topics of one request: its answer is short.
pub(super) const TOPICS_AT_ONCE: usize = 500;

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Described {
    Broker(Settings),
    /// By its id where it said so.
    Other(Option<BrokerId>),
    NotAuthorized,
    Error(i16),
}

fn form(version: i16) -> Form {
    if version >= FLEXIBLE { Form::Flexible } else { Form::Fixed }
}

fn begin(newest: i16) -> Request {
    let version = if newest >= FLEXIBLE { FLEXIBLE } else { FIXED };
    Request::new(ApiKey::DescribeConfigs, version, form(version))
}

fn resource(request: Request, kind: i8, name: &str, keys: &[&str]) -> Request {
    let request = request.i8(kind).text(name).list(keys.len());
    keys.iter().fold(request, |request, key| request.text(key)).tags()
}

fn end(request: Request) -> Request {
    // Without synonyms; from 3 on without documentation.
    let request = request.bool(false);
    if request.version >= FLEXIBLE { request.bool(false).tags() } else { request }
}

pub(super) fn ask(newest: i16, broker: BrokerId) -> Request {
    let keys = [ADVERTISED, LISTENERS, PROTOCOL_MAP, IDLE];
    end(resource(begin(newest).list(1), BROKER, &broker.to_string(), &keys))
}

/// For `min.insync.replicas` of topics, at most [`TOPICS_AT_ONCE`].
pub(super) fn ask_topics(newest: i16, topics: &[&str]) -> Request {
    let request = begin(newest).list(topics.len());
    end(topics.iter().fold(request, |request, topic| resource(request, TOPIC, topic, &[MIN_IN_SYNC])))
}

pub(super) fn read(body: &[u8], version: i16) -> Result<Described, Malformed> {
    let mut answer = Answer::new(body, form(version));
    let _throttled = answer.i32()?;
    if answer.list()? == 0 {
        return Err(Malformed("DescribeConfigs describes nothing"));
    }
    let error = answer.i16()?;
    let message = answer.nullable_text()?.unwrap_or_default();
    match error {
        0 => {}
        INVALID_REQUEST => return Ok(Described::Other(answering(message))),
        NOT_AUTHORIZED => return Ok(Described::NotAuthorized),
        error => return Ok(Described::Error(error)),
    }
    let (_kind, _name) = (answer.i8()?, answer.text()?);
    let mut settings = Settings::default();
    for _ in 0..answer.list()? {
        let Setting { name, value, source } = setting(&mut answer, version)?;
        let kept = value.map(|value| printable(value.as_bytes()));
        match name {
            ADVERTISED => settings.advertised_listeners = kept,
            LISTENERS => {
                settings.listeners = kept;
                settings.dynamic_listeners = DYNAMIC.contains(&source);
            }
            PROTOCOL_MAP => settings.protocol_map = kept,
            IDLE => settings.idle_millis = value.and_then(|value| value.parse().ok()),
            _ => {}
        }
    }
    Ok(Described::Broker(settings))
}

struct Setting<'a> {
    name: &'a str,
    value: Option<&'a str>,
    source: i8,
}

fn setting<'a>(answer: &mut Answer<'a>, version: i16) -> Result<Setting<'a>, Malformed> {
    let (name, value) = (answer.text()?, answer.nullable_text()?);
    let (_read_only, source, _sensitive) = (answer.bool()?, answer.i8()?, answer.bool()?);
    for _ in 0..answer.list()? {
        let (_synonym, _value, _source) = (answer.text()?, answer.nullable_text()?, answer.i8()?);
        answer.tags()?;
    }
    if version >= FLEXIBLE {
        let (_type, _documentation) = (answer.i8()?, answer.nullable_text()?);
    }
    answer.tags()?;
    Ok(Setting { name, value, source })
}

/// `min.insync.replicas` as it is in force, or Kafka's number of the error, by topic.
pub(super) fn read_topics(body: &[u8], version: i16) -> Result<BTreeMap<String, Result<u32, i16>>, Malformed> {
    let mut answer = Answer::new(body, form(version));
    let _throttled = answer.i32()?;
    let mut topics = BTreeMap::new();
    for _ in 0..answer.list()? {
        let (error, _message, _kind) = (answer.i16()?, answer.nullable_text()?, answer.i8()?);
        let topic = answer.topic()?.to_owned();
        let mut least = None;
        for _ in 0..answer.list()? {
            let setting = setting(&mut answer, version)?;
            if setting.name == MIN_IN_SYNC {
                least = setting.value.and_then(|value| value.parse().ok());
            }
        }
        answer.tags()?;
        topics.insert(topic, if error == 0 { least.ok_or(NO_NUMBER) } else { Err(error) });
    }
    Ok(topics)
}

/// Kafka says "Unexpected broker id, expected N or empty string, but received M": N is the one that answers.
fn answering(message: &str) -> Option<BrokerId> {
    let rest = message.split_once(", expected ")?.1;
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    number.parse().ok().map(BrokerId)
}
