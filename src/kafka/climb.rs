//! One look, level by level.

use kpl_core::kafka::{Authorized, Identity, Level, Obstacle, Sighting};
use kpl_core::model::BrokerId;
use rustls::Error;

use super::address::Address;
use super::api_versions::{self, Versions};
use super::connection::{self, CallFailed, Connection};
use super::describe_configs::{self, Described};
use super::request::ApiKey;
use super::sasl::{self, NotIn};
use super::tls::{self, Shown};
use super::{Dial, Limits, describe_quorum, metadata};

/// A connection at whose end is a broker, logged in where it asks for that.
pub(super) struct Climbed {
    pub(super) connection: Connection,
    pub(super) versions: Versions,
}

/// Climbs as high as it can; what was seen on the way is in the sighting, and the error says what stood in the way.
pub(super) async fn climb(dial: &Dial, limits: &Limits, sighting: &mut Sighting) -> Result<Climbed, Obstacle> {
    let mut address = Address::of(dial, limits).await?;
    let socket = address.connect().await?;
    sighting.reached = Some(Level::Tcp);
    let (mut connection, shown) = if dial.protocol.encrypts() {
        let handshake = tls::handshake(socket, dial, limits.answer).await;
        sighting.certificate.clone_from(&handshake.shown.certificate);
        match handshake.stream {
            Ok(stream) => (Connection::new(stream, limits.answer), handshake.shown),
            Err(failed) => return Err(no_handshake(failed, &handshake.shown, &mut address, limits).await),
        }
    } else {
        (Connection::new(socket, limits.answer), Shown::default())
    };
    let versions = match versions(&mut connection).await {
        Ok(versions) => versions,
        Err(failed) if dial.protocol.encrypts() => return Err(past_handshake(failed, &shown)),
        Err(failed) => return Err(not_plain(failed, dial, &mut address, limits).await),
    };
    sighting.reached = Some(Level::ApiVersions);
    if dial.protocol.encrypts() {
        if let Some(fault) = shown.fault {
            return Err(fault);
        }
        sighting.reached = Some(Level::TlsName);
    }
    if dial.protocol.logs_in() {
        let log_in = dial.access.log_in.as_ref().ok_or(Obstacle::NoCredentials)?;
        sasl::log_in(&mut connection, log_in).await.map_err(|not_in| match not_in {
            NotIn::Refused(obstacle) => obstacle,
            NotIn::Call(failed) => failed.into(),
        })?;
    }
    let mut asking = Asking { climbed: Climbed { connection, versions }, dial, sighting };
    asking.ask().await?;
    Ok(asking.climbed)
}

/// The questions to who is known to be a broker.
struct Asking<'a> {
    climbed: Climbed,
    dial: &'a Dial,
    sighting: &'a mut Sighting,
}

impl Asking<'_> {
    async fn ask(&mut self) -> Result<(), Obstacle> {
        self.roster().await?;
        self.sighting.reached = Some(Level::Metadata);
        match self.dial.broker {
            Some(broker) => self.identity(broker).await,
            None => self.running().await,
        }
    }

    async fn roster(&mut self) -> Result<(), Obstacle> {
        let request = metadata::ask(self.newest(ApiKey::Metadata, "Metadata")?);
        let body = match self.climbed.connection.call(&request).await {
            Ok(body) => body,
            // A listener that wants a log-in answers ApiVersions and ends the connection at anything else.
            Err(CallFailed::Closed) if !self.dial.protocol.logs_in() => return Err(Obstacle::NoCredentials),
            Err(failed) => return Err(failed.into()),
        };
        self.sighting.answered.roster = Some(metadata::read(&body, request.version).map_err(CallFailed::from)?);
        Ok(())
    }

    async fn identity(&mut self, broker: BrokerId) -> Result<(), Obstacle> {
        let request = describe_configs::ask(self.newest(ApiKey::DescribeConfigs, "DescribeConfigs")?, broker);
        let body = self.climbed.connection.call(&request).await?;
        let identity = match describe_configs::read(&body, request.version).map_err(CallFailed::from)? {
            Described::Broker(settings) => {
                self.sighting.answered.settings = Some(settings);
                Authorized::Yes(Identity::Expected)
            }
            Described::Other(id) => Authorized::Yes(Identity::Other(id)),
            Described::NotAuthorized => self.by_name(broker).await?,
            Described::Error(code) => return Err(Obstacle::Error { request: "DescribeConfigs", code }),
        };
        if identity == Authorized::Yes(Identity::Expected) {
            self.sighting.reached = Some(Level::Identity);
        }
        self.sighting.answered.identity = Some(identity);
        Ok(())
    }

    /// Without the right to read settings: Kafka from 4.4 on says whether it is the node that is named.
    async fn by_name(&mut self, broker: BrokerId) -> Result<Authorized<Identity>, Obstacle> {
        let roster = self.sighting.answered.roster.as_ref();
        let Some(cluster) =
            roster.and_then(|roster| roster.cluster_id.clone()).filter(|_| self.climbed.versions.names_node())
        else {
            return Ok(Authorized::No);
        };
        let body = self.climbed.connection.call(&api_versions::ask_node(&cluster, broker)).await?;
        Ok(match api_versions::read_node(&body).map_err(CallFailed::from)? {
            Some(true) => Authorized::Yes(Identity::Expected),
            Some(false) => Authorized::Yes(Identity::Other(None)),
            None => Authorized::No,
        })
    }

    async fn running(&mut self) -> Result<(), Obstacle> {
        let newest = self.climbed.versions.newest(ApiKey::DescribeQuorum);
        let Some(newest) = newest.filter(|newest| describe_quorum::known(*newest)) else { return Ok(()) };
        let request = describe_quorum::ask(newest);
        let body = self.climbed.connection.call(&request).await?;
        if let Ok(quorum) = describe_quorum::read(&body, request.version).map_err(CallFailed::from)? {
            self.sighting.answered.running = describe_quorum::running(&quorum);
        }
        Ok(())
    }

    fn newest(&self, api: ApiKey, request: &'static str) -> Result<i16, Obstacle> {
        self.climbed.versions.newest(api).ok_or(Obstacle::Error { request, code: api_versions::UNSUPPORTED })
    }
}

async fn versions(connection: &mut Connection) -> Result<Versions, CallFailed> {
    let mut body = connection.call(&api_versions::ask()).await?;
    // Before Kafka 2.4 the list is left out of an answer to a version that is too new.
    if body == api_versions::UNSUPPORTED.to_be_bytes() {
        body = connection.call(&api_versions::ask_oldest()).await?;
        return Ok(api_versions::read_oldest(&body)?);
    }
    Ok(api_versions::read(&body)?)
}

/// The listener is said not to encrypt, and no broker answers: does it speak TLS?
async fn not_plain(failed: CallFailed, dial: &Dial, address: &mut Address, limits: &Limits) -> Obstacle {
    match failed {
        CallFailed::TlsAlert => Obstacle::WantsTls,
        CallFailed::Closed => {
            let Ok(socket) = address.connect().await else { return Obstacle::Closed };
            let handshake = tls::handshake(socket, dial, limits.answer).await;
            let alert = matches!(handshake.stream, Err(CallFailed::Tls(Error::AlertReceived(_))));
            if handshake.shown.any || alert { Obstacle::WantsTls } else { Obstacle::Closed }
        }
        CallFailed::Silent => silent(address, limits).await,
        failed => failed.into(),
    }
}

/// Nobody answers a broker's first question. Some wait for the end of a line that Kafka does not write: a web server does.
async fn silent(address: &mut Address, limits: &Limits) -> Obstacle {
    let Ok(socket) = address.connect().await else { return Obstacle::Silent };
    match connection::greeted(socket, limits.answer).await {
        Some(said) => Obstacle::NotKafka(said),
        None => Obstacle::Silent,
    }
}

/// The listener is said to encrypt, and there is no handshake: does a broker answer in plain text?
async fn no_handshake(failed: CallFailed, shown: &Shown, address: &mut Address, limits: &Limits) -> Obstacle {
    let spoke = shown.any || matches!(failed, CallFailed::Tls(Error::AlertReceived(_)));
    if spoke {
        return past_handshake(failed, shown);
    }
    if matches!(failed, CallFailed::Silent) {
        return silent(address, limits).await;
    }
    let Ok(socket) = address.connect().await else { return past_handshake(failed, shown) };
    match versions(&mut Connection::new(socket, limits.answer)).await {
        Ok(_) => Obstacle::SpeaksPlaintext,
        Err(CallFailed::Strange(said)) => Obstacle::NotKafka(said),
        Err(_) => past_handshake(failed, shown),
    }
}

/// TLS was spoken, and then it ended: mostly for want of our certificate, which TLS 1.3 says after the handshake.
fn past_handshake(failed: CallFailed, shown: &Shown) -> Obstacle {
    match failed {
        CallFailed::Tls(error) if shown.asked => {
            Obstacle::Handshake(format!("it asks for a client certificate: {error}"))
        }
        CallFailed::Closed if shown.asked => {
            Obstacle::Handshake("it asks for a client certificate, and ended the connection".into())
        }
        failed => failed.into(),
    }
}

impl From<CallFailed> for Obstacle {
    fn from(failed: CallFailed) -> Self {
        match failed {
            CallFailed::Silent => Self::Silent,
            CallFailed::Closed => Self::Closed,
            CallFailed::TlsAlert => Self::WantsTls,
            CallFailed::Tls(error) => Self::Handshake(error.to_string()),
            CallFailed::Strange(said) => Self::NotKafka(said),
        }
    }
}
