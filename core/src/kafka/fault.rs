//! What is wrong with one port, or cannot be told.

use std::fmt;

use super::Endpoint;
use crate::model::{BrokerId, ZoneId};
use crate::reason::Reason;

/// What keeps a port from being proved. The order is that of how much it says: the first of several is the reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Another broker answers.
    OtherBroker(Option<BrokerId>),
    /// `listeners` was set dynamically: the port is open, and no client is told of it.
    DynamicListeners {
        /// Whether the broker said so itself; else it follows from what it lists.
        read: bool,
    },
    /// It advertises what it had to advertise before.
    NotRestarted {
        /// What it has to advertise.
        wanted: Endpoint,
        /// What it does; `None` where it lacks the listener.
        found: Option<Endpoint>,
    },
    /// It runs, had the listener, and has it no more.
    MissingListener,
    /// It advertises the host of another zone.
    OtherZone {
        /// Its own.
        wanted: Endpoint,
        /// What it says.
        found: Endpoint,
        /// The zone in it.
        zone: ZoneId,
    },
    /// It advertises another port.
    OtherPort {
        /// The planned.
        wanted: Endpoint,
        /// What it says.
        found: Endpoint,
    },
    /// It advertises another host.
    OtherAddress {
        /// The planned.
        wanted: Endpoint,
        /// What it says.
        found: Endpoint,
    },
    /// Kafka tells clients of a broker that has no port.
    NotOffered(Endpoint),
    /// Kafka lists brokers, and not this one.
    NotListed,
    /// Something that is not Kafka answers, and with what.
    NotKafka(String),
    /// It takes connections and says nothing.
    Silent,
    /// One side encrypts and the other does not.
    OtherProtocol {
        /// Whether the port is the one that encrypts.
        encrypts: bool,
    },
    /// The handshake failed.
    Handshake(String),
    /// The certificate is trusted by nobody here.
    Untrusted(String),
    /// The certificate names another host.
    OtherName(String),
    /// No host is named by the certificate of every broker, and a client that bootstraps may meet any of them.
    NoCommonName,
    /// It does not take the mechanism; those that it takes.
    OtherMechanism(Vec<String>),
    /// It refuses user or password.
    LogInRefused(String),
    /// It answers with an error.
    KafkaError {
        /// To what.
        request: &'static str,
        /// Kafka's number.
        code: i16,
    },
    /// Nothing answers, and nothing says that the broker runs.
    Unavailable,
    /// What is needed to log in was not given.
    AuthenticationNeeded,
    /// What was given cannot be read.
    Unreadable(String),
    /// Our user may not ask which broker it is.
    PermissionNeeded,
    /// The operator does not reach the load balancer.
    NoRoute(String),
}

impl Fault {
    /// Whether it says that something is wrong, not only that nothing can be told.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !matches!(self, Self::AuthenticationNeeded | Self::Unreadable(_) | Self::PermissionNeeded | Self::NoRoute(_))
    }

    /// Whether a restart of the broker with the right lines mends it.
    #[must_use]
    pub fn wants_restart(&self) -> bool {
        matches!(
            self,
            Self::DynamicListeners { .. }
                | Self::NotRestarted { .. }
                | Self::MissingListener
                | Self::OtherZone { .. }
                | Self::OtherPort { .. }
                | Self::OtherAddress { .. }
        )
    }

    /// As a condition says it.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::OtherBroker(_) => Reason::PortLeadsToOtherBroker,
            Self::DynamicListeners { .. } => Reason::DynamicListenersOverride,
            Self::NotRestarted { .. } => Reason::BrokerNotRestarted,
            Self::MissingListener => Reason::BrokerMissingListener,
            Self::OtherZone { .. } => Reason::AdvertisesOtherZone,
            Self::OtherPort { .. } => Reason::AdvertisesOtherPort,
            Self::OtherAddress { .. } => Reason::AdvertisesOtherAddress,
            Self::NotOffered(_) => Reason::BrokerNotOffered,
            Self::NotListed => Reason::BrokerNotListed,
            Self::NotKafka(_) => Reason::NotKafka,
            Self::Silent => Reason::PortSilent,
            Self::OtherProtocol { .. } => Reason::ProtocolMismatch,
            Self::Handshake(_) => Reason::HandshakeFailed,
            Self::Untrusted(_) => Reason::CertificateUntrusted,
            Self::OtherName(_) | Self::NoCommonName => Reason::CertificateMismatch,
            Self::OtherMechanism(_) => Reason::MechanismNotOffered,
            Self::LogInRefused(_) => Reason::AuthenticationFailed,
            Self::KafkaError { .. } => Reason::KafkaError,
            Self::Unavailable => Reason::BrokerUnavailable,
            Self::AuthenticationNeeded => Reason::AuthenticationNeeded,
            Self::Unreadable(_) => Reason::SecretUnreadable,
            Self::PermissionNeeded => Reason::PermissionNeeded,
            Self::NoRoute(_) => Reason::NoRoute,
        }
    }
}

/// What is wrong; who and where is said before it.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let differs = |f: &mut fmt::Formatter<'_>, wanted: &Endpoint, found: &Endpoint| {
            write!(f, "must advertise {wanted} and advertises {found}")
        };
        match self {
            Self::OtherBroker(Some(id)) => write!(f, "its port leads to broker {id}"),
            Self::OtherBroker(None) => f.write_str("its port leads to another broker"),
            Self::DynamicListeners { read } => {
                f.write_str(if *read { "has" } else { "seems to have" })?;
                f.write_str(" a dynamic value of listeners, which opens the port and tells no client of it, and outlives restarts")
            }
            Self::NotRestarted { wanted, found: Some(found) } => {
                differs(f, wanted, found)?;
                f.write_str(", as it had to before: it was not restarted")
            }
            Self::NotRestarted { wanted, found: None } => {
                write!(f, "runs and lacks the listener, which must advertise {wanted}: it was not restarted")
            }
            Self::MissingListener => f.write_str("runs and lacks the listener that it had"),
            Self::OtherZone { wanted, found, zone } => {
                differs(f, wanted, found)?;
                write!(f, ": it is not in zone {zone}")
            }
            Self::OtherPort { wanted, found } => {
                differs(f, wanted, found)?;
                f.write_str(": the port differs")
            }
            Self::OtherAddress { wanted, found } => differs(f, wanted, found),
            Self::NotOffered(found) => write!(f, "Kafka tells clients of it ({found}), and it has no port"),
            Self::NotListed => f.write_str("answers and is not among the brokers that Kafka lists"),
            Self::NotKafka(said) => write!(f, "not Kafka but something that says \"{said}\" answers"),
            Self::Silent => f.write_str("takes the connection and says nothing"),
            Self::OtherProtocol { encrypts: true } => {
                f.write_str("speaks TLS, and securityProtocol says that it does not")
            }
            Self::OtherProtocol { encrypts: false } => {
                f.write_str("does not speak TLS, and securityProtocol says that it does")
            }
            Self::Handshake(why) => write!(f, "the TLS handshake failed: {why}"),
            Self::Untrusted(why) => write!(f, "its certificate is not trusted: {why}"),
            Self::OtherName(host) => write!(f, "its certificate does not name {host}"),
            Self::NoCommonName => f.write_str(
                "no host is named by the certificate of every broker: a client that bootstraps meets any of them",
            ),
            Self::OtherMechanism(offered) => {
                write!(f, "does not take the SASL mechanism; it takes {}", offered.join(", "))
            }
            Self::LogInRefused(why) => write!(f, "refuses the log-in: {why}"),
            Self::KafkaError { request, code } => write!(f, "answers {request} with Kafka's error {code}"),
            Self::Unavailable => f.write_str("does not answer"),
            Self::AuthenticationNeeded => f.write_str("asks for a log-in, and verification names no credentialsSecret"),
            Self::Unreadable(why) => f.write_str(why),
            Self::PermissionNeeded => {
                f.write_str("cannot be told from the others: the user lacks the right DescribeConfigs on Cluster")
            }
            Self::NoRoute(why) => write!(f, "the operator does not reach the load balancer: {why}"),
        }
    }
}
