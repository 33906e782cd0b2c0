//! `DescribeConfigs` of a broker: only the broker itself answers, which tells who is at the far end of a port.

use kpl_core::kafka::Settings;
use kpl_core::model::BrokerId;

use super::answer::{Answer, Form, Malformed, printable};
use super::request::{ApiKey, Request};

const FLEXIBLE: i16 = 4;
const FIXED: i16 = 1;
/// A resource of type broker.
const BROKER: i8 = 4;
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

pub(super) fn ask(newest: i16, broker: BrokerId) -> Request {
    let version = if newest >= FLEXIBLE { FLEXIBLE } else { FIXED };
    let keys = [ADVERTISED, LISTENERS, PROTOCOL_MAP, IDLE];
    let request = Request::new(ApiKey::DescribeConfigs, version, form(version));
    let request = request.list(1).i8(BROKER).text(&broker.to_string()).list(keys.len());
    let request = keys.into_iter().fold(request, Request::text).tags();
    // Without synonyms; from 3 on without documentation.
    let request = request.bool(false);
    if version >= FLEXIBLE { request.bool(false).tags() } else { request }
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
        let name = answer.text()?;
        let value = answer.nullable_text()?;
        let (_read_only, source, _sensitive) = (answer.bool()?, answer.i8()?, answer.bool()?);
        for _ in 0..answer.list()? {
            let (_synonym, _value, _source) = (answer.text()?, answer.nullable_text()?, answer.i8()?);
            answer.tags()?;
        }
        if version >= FLEXIBLE {
            let (_type, _documentation) = (answer.i8()?, answer.nullable_text()?);
        }
        answer.tags()?;
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

/// Kafka says "Unexpected broker id, expected N or empty string, but received M": N is the one that answers.
fn answering(message: &str) -> Option<BrokerId> {
    let rest = message.split_once(", expected ")?.1;
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    number.parse().ok().map(BrokerId)
}
