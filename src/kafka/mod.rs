//! Asks Kafka, in its own protocol, at a port of the load balancer: what answers there may be anything.
//!
//! ```text
//! climb ─► address, connection (frames, bounded) ◄─ tls (records what it was shown)
//!   └────► one file per request ─► request, answer (bytes)
//! ports: every port of an offer; gate: every broker, whether the cluster can spare one
//! ```
//! # Guarantees
//! At most [`MOST_CONNECTIONS`] connections and [`Limits::whole`] a look; an answer takes at most [`connection::MOST_BYTES`] of
//! memory ([`metadata::MOST_BYTES`] where the gate asks for every topic), and only as far as it arrived. A password is shown only to who has a trusted certificate for the host, where the
//! listener encrypts. No answer makes it panic.
//!
//! The answers are read here and not by `kafka-protocol`: that takes the length of a list from the wire and reserves it, which
//! a hostile port could use to abort the process.

mod access;
mod address;
mod answer;
mod api_versions;
mod climb;
mod connection;
mod describe_cluster;
mod describe_configs;
mod describe_quorum;
mod gate;
mod list_partition_reassignments;
mod metadata;
mod ports;
mod request;
mod sasl;
mod scram;
mod tls;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use kpl_core::kafka::{Answered, Obstacle, SecurityProtocol, Sighting};
use kpl_core::model::{BrokerId, Port};

use climb::Climbed;

pub use access::{Access, BadAccess, LogIn};
pub use gate::ask_all;
pub use ports::{Accesses, look_at_all};

/// Connections that one look may open: the one that it climbs on, and those that tell what else is spoken there.
pub const MOST_CONNECTIONS: usize = 3;

/// One port, and what is to be found there.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Host name or address of the load balancer.
    pub address: String,
    /// The port.
    pub port: Port,
    /// What its listener speaks.
    pub protocol: SecurityProtocol,
    /// The host that clients use for this port; `None` for a bootstrap port, where any of `names` will do.
    pub server_name: Option<String>,
    /// Hosts that the certificate is asked about.
    pub names: Vec<String>,
    /// Whose port it is; `None` for a bootstrap port.
    pub broker: Option<BrokerId>,
    /// How to log in and whom to trust.
    pub access: Arc<Access>,
}

/// What a look may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For one connect.
    pub connect: Duration,
    /// For one answer, and for a handshake.
    pub answer: Duration,
    /// For all of it.
    pub whole: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), answer: Duration::from_secs(5), whole: Duration::from_secs(12) }
    }
}

/// Looks once, and says how far it came and what stood in the way.
pub async fn look(dial: &Dial, limits: &Limits) -> Sighting {
    reach(dial, limits).await.0
}

/// The same, and what it came up on, where nothing stood in the way.
async fn reach(dial: &Dial, limits: &Limits) -> (Sighting, Option<Climbed>) {
    let mut sighting = Sighting { reached: None, obstacle: None, certificate: None, answered: Answered::default() };
    let ended = tokio::time::timeout(limits.whole, climb::climb(dial, limits, &mut sighting)).await;
    let (climbed, obstacle) = match ended {
        Ok(Ok(climbed)) => (Some(climbed), None),
        Ok(Err(obstacle)) => (None, Some(obstacle)),
        Err(_) if sighting.reached.is_none() => (None, Some(address::no_answer(&dial.address))),
        Err(_) => (None, Some(Obstacle::Silent)),
    };
    sighting.obstacle = obstacle;
    (sighting, climbed)
}
