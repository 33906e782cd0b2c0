//! `SaslHandshake` and `SaslAuthenticate`: logs in.

use kpl_core::kafka::{Mechanism, Obstacle};

use super::access::LogIn;
use super::answer::{Answer, Form, Malformed, printable};
use super::connection::{CallFailed, Connection};
use super::request::{ApiKey, Request};
use super::scram::{self, Scram};

/// The mechanism is not offered.
const UNSUPPORTED_MECHANISM: i16 = 33;
/// Mechanisms that a message has room for.
const MOST_MECHANISMS: usize = 10;

/// Why it did not log in.
pub(super) enum NotIn {
    Call(CallFailed),
    Refused(Obstacle),
}

impl From<CallFailed> for NotIn {
    fn from(failed: CallFailed) -> Self {
        Self::Call(failed)
    }
}

impl From<Malformed> for NotIn {
    fn from(malformed: Malformed) -> Self {
        Self::Call(malformed.into())
    }
}

impl From<scram::Failed> for NotIn {
    fn from(failed: scram::Failed) -> Self {
        Self::Refused(Obstacle::LogInRefused(failed.to_string()))
    }
}

pub(super) async fn log_in(connection: &mut Connection, log_in: &LogIn) -> Result<(), NotIn> {
    handshake(connection, log_in.mechanism).await?;
    match log_in.mechanism {
        Mechanism::Plain => {
            let message = format!("\0{}\0{}", log_in.user, log_in.password);
            authenticate(connection, message.as_bytes()).await?;
        }
        Mechanism::ScramSha256 | Mechanism::ScramSha512 => {
            let mut scram = Scram::new(log_in)?;
            let challenge = authenticate(connection, scram.first().as_bytes()).await?;
            let last = scram.answer(&challenge)?;
            let verdict = authenticate(connection, last.as_bytes()).await?;
            scram.verify(&verdict)?;
        }
    }
    Ok(())
}

async fn handshake(connection: &mut Connection, mechanism: Mechanism) -> Result<(), NotIn> {
    let request = Request::new(ApiKey::SaslHandshake, 1, Form::Fixed).text(mechanism.as_str());
    let body = connection.call(&request).await?;
    let mut answer = Answer::new(&body, Form::Fixed);
    match answer.i16()? {
        0 => Ok(()),
        UNSUPPORTED_MECHANISM => {
            let mut offered = Vec::new();
            for _ in 0..answer.list()?.min(MOST_MECHANISMS) {
                offered.push(printable(answer.text()?.as_bytes()));
            }
            Err(NotIn::Refused(Obstacle::MechanismNotOffered { offered }))
        }
        code => Err(NotIn::Refused(Obstacle::Error { request: "SaslHandshake", code })),
    }
}

async fn authenticate(connection: &mut Connection, message: &[u8]) -> Result<Vec<u8>, NotIn> {
    let request = Request::new(ApiKey::SaslAuthenticate, 0, Form::Fixed).blob(message);
    let body = connection.call(&request).await?;
    let mut answer = Answer::new(&body, Form::Fixed);
    let error = answer.i16()?;
    let why = answer.nullable_text()?;
    if error != 0 {
        let why = why.map_or_else(|| format!("error {error}"), |why| printable(why.as_bytes()));
        return Err(NotIn::Refused(Obstacle::LogInRefused(why)));
    }
    Ok(answer.blob()?.to_vec())
}
