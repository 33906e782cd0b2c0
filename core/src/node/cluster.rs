//! What a cluster and its nodes are made of.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::{ClusterId, Distribution, ExtraProperties, Heap};
use crate::kafka::Entry;
use crate::model::{BrokerId, ListenerName, Port, VolumeId, ZoneId};

/// What controllers listen on, at each one's fixed address.
pub const CONTROLLER_PORT: Port = Port(9093);
/// What brokers listen on for one another.
pub const INTERNAL_PORT: Port = Port(9094);

/// What all nodes have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Made once.
    pub id: ClusterId,
    /// The voters at their fixed addresses. They do not follow the nodes: those of the first apply stay.
    pub controllers: BTreeMap<BrokerId, Ipv4Addr>,
    /// How many nodes are brokers.
    pub brokers: usize,
    /// What runs.
    pub distribution: Distribution,
    /// Java's.
    pub heap: Heap,
    /// Of the instance type: so many threads recover a log after a crash.
    pub vcpus: u32,
    /// What the user adds.
    pub extra: ExtraProperties,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `node.id`.
    pub id: BrokerId,
    /// Where it is.
    pub zone: ZoneId,
    /// That of its interface, which survives its instance.
    pub address: Ipv4Addr,
    /// What it does.
    pub roles: Roles,
    /// What it offers to consumers, as [`crate::kafka::entries`] computes it.
    pub offered: BTreeMap<ListenerName, Entry>,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Roles {
    /// Votes on metadata, and holds no records.
    Controller,
    /// Holds records.
    Broker,
    /// Both, in one process.
    Combined,
}

impl Roles {
    /// Whether it is a voter.
    #[must_use]
    pub fn controls(self) -> bool {
        matches!(self, Self::Controller | Self::Combined)
    }

    /// Whether it holds records.
    #[must_use]
    pub fn serves(self) -> bool {
        matches!(self, Self::Broker | Self::Combined)
    }
}

/// The data volume of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its id.
    pub id: VolumeId,
    /// Whether there can be nothing on it yet.
    pub format: Format,
}

/// Whether an instance may make a file system and Kafka's storage on its volume.
///
/// A voter of a static quorum that comes back with an empty log takes part as if nothing were, and what it had
/// acknowledged may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// We made the volume, and no broker on it was ever proved.
    Allowed,
    /// It holds records, or held them.
    Forbidden,
}

/// R: how many replicas a partition has where nobody says otherwise.
#[must_use]
pub fn factor(brokers: usize) -> usize {
    brokers.clamp(1, 3)
}
