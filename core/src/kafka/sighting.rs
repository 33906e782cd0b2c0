//! What a look at one port of the load balancer saw, in the words of Kafka's protocol. No judgement yet.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use strum::IntoStaticStr;

use crate::model::{BrokerId, Port};

/// What a listener speaks, as `listener.security.protocol.map` names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr)]
pub enum SecurityProtocol {
    /// Neither encrypted nor authenticated.
    #[default]
    #[strum(serialize = "PLAINTEXT")]
    Plaintext,
    /// Encrypted.
    #[strum(serialize = "SSL")]
    Ssl,
    /// Authenticated by SASL, not encrypted.
    #[strum(serialize = "SASL_PLAINTEXT")]
    SaslPlaintext,
    /// Encrypted, and authenticated by SASL.
    #[strum(serialize = "SASL_SSL")]
    SaslSsl,
}

impl SecurityProtocol {
    /// Whether a connection begins with a TLS handshake.
    #[must_use]
    pub fn encrypts(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    /// Whether a client has to log in.
    #[must_use]
    pub fn logs_in(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    /// As Kafka writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How a client logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr)]
pub enum Mechanism {
    /// The password itself.
    #[strum(serialize = "PLAIN")]
    Plain,
    /// RFC 7677.
    #[strum(serialize = "SCRAM-SHA-256")]
    ScramSha256,
    /// The same with SHA-512.
    #[strum(serialize = "SCRAM-SHA-512")]
    ScramSha512,
}

impl Mechanism {
    /// As SASL names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How much a look proved, weakest first; each contains those before it. Where a listener does not encrypt, nothing is
/// missing for [`Level::TlsName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr)]
pub enum Level {
    /// Something takes connections.
    Tcp,
    /// It answers as a Kafka broker does.
    ApiVersions,
    /// Its certificate is trusted and names the advertised host.
    TlsName,
    /// It lists the brokers of the cluster with what they advertise.
    Metadata,
    /// It is the broker that the port is for.
    Identity,
}

/// What stood in the way of the next level. Texts are what the other side or the machine said, shortened.
#[derive(Clone, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Obstacle {
    /// No name, no route, or no answer to a connect within its time: the look says nothing about the broker.
    NoRoute(String),
    /// The connect was refused or reset.
    Refused,
    /// It took the connection and did not answer within the time.
    Silent,
    /// It closed the connection where a broker would have answered.
    Closed,
    /// It answered, and not as a broker does (the first bytes, printable).
    NotKafka(String),
    /// It asks for TLS, and the listener is said not to encrypt.
    WantsTls,
    /// It does not speak TLS, and the listener is said to encrypt.
    SpeaksPlaintext,
    /// The handshake failed for another reason, such as a client certificate that it asks for.
    Handshake(String),
    /// The certificate is signed by nobody who is trusted, or has expired, or is not valid yet.
    Untrusted(String),
    /// The certificate is trusted and does not name the host that clients use.
    OtherName {
        /// The host that clients use.
        wanted: String,
    },
    /// The listener asks for a log-in, and no credentials were given.
    NoCredentials,
    /// It does not offer the mechanism.
    MechanismNotOffered {
        /// Those that it offers.
        offered: Vec<String>,
    },
    /// It refused the credentials.
    LogInRefused(String),
    /// It answered with an error to a request that every authenticated client may make.
    Error {
        /// The request.
        request: &'static str,
        /// Kafka's number of the error.
        code: i16,
    },
}

/// A host and a port as a broker advertises them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The host.
    pub host: String,
    /// The port.
    pub port: Port,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// What `Metadata` listed: what a client of this listener would dial next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Kafka's id of the cluster.
    pub cluster_id: Option<String>,
    /// Every listed broker.
    pub brokers: BTreeMap<BrokerId, Endpoint>,
}

/// The certificate that was shown, trusted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// When it is no longer valid.
    pub expires: Timestamp,
    /// Which of the hosts asked about it names; empty where it could not be read.
    pub fits: Vec<String>,
    /// Hosts that it names, with its wildcards.
    pub names: Vec<String>,
}

/// Whether a question that needs a right in Kafka was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorized<T> {
    /// It was.
    Yes(T),
    /// The user lacks the right.
    No,
}

/// Who answers at the far end of the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The broker that was asked for.
    Expected,
    /// Another one, by its id where it said so.
    Other(Option<BrokerId>),
}

/// What the broker says about its own listeners (`DescribeConfigs`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `advertised.listeners`, as it is in force.
    pub advertised_listeners: Option<String>,
    /// `listeners`, as it is in force.
    pub listeners: Option<String>,
    /// Whether `listeners` was set dynamically, which outlives restarts and overrides the file.
    pub dynamic_listeners: bool,
    /// `listener.security.protocol.map`, as it is in force.
    pub protocol_map: Option<String>,
    /// `connections.max.idle.ms`, in milliseconds: after which the broker ends a connection that is not used.
    pub idle_millis: Option<i64>,
}

/// What a broker answered after it was known to be one; each is `None` where the look did not come so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// `Metadata`.
    pub roster: Option<Roster>,
    /// Whose port it is: by `DescribeConfigs` or, on Kafka 4.4 and later, by `ApiVersions` 5. Not asked of a bootstrap port.
    pub identity: Option<Authorized<Identity>>,
    /// Only of the broker that was asked for.
    pub settings: Option<Settings>,
    /// Nodes that fetched metadata just now (`DescribeQuorum`), whatever listeners they have. Asked at bootstrap ports; empty
    /// where it was refused.
    pub running: BTreeSet<BrokerId>,
}

/// All that one look at one port saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// How far the connection came: at most [`Level::Metadata`] means that `Metadata` was answered, not that it was right.
    pub reached: Option<Level>,
    /// Why it did not come further; `None` where everything was asked and answered.
    pub obstacle: Option<Obstacle>,
    /// The certificate.
    pub certificate: Option<Certificate>,
    /// The answers.
    pub answered: Answered,
}
