//! What every broker answered, in the words of Kafka's protocol. No judgement yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kafka::Sighting;
use crate::model::BrokerId;

/// What came of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<T> {
    /// It was answered.
    Answered(T),
    /// The broker answered with an error of this number; 35 also where it says beforehand that it does not know the request.
    Refused(i16),
    /// Nothing came within its time, or the connection ended before.
    Silent,
    /// Something came that is no such answer, and why.
    Strange(String),
}

impl<T> Reply<T> {
    /// The answer.
    #[must_use]
    pub fn answer(&self) -> Option<&T> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::Refused(_) | Self::Silent | Self::Strange(_) => None,
        }
    }
}

/// How `DescribeCluster` lists a broker. One that is fenced is listed only from version 2 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listed {
    /// It serves.
    Serving,
    /// The controller has not heard from it for its session's time, or not yet.
    Fenced,
}

/// A node's part in the cluster's metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A controller that votes.
    Voter,
    /// A broker, or a controller that does not vote.
    Observer,
}

/// What the active controller knows of a node that fetches the cluster's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// `node.id`.
    pub node: BrokerId,
    /// Its part.
    pub role: Role,
    /// Where its log ends; negative where that is not known.
    pub end: i64,
    /// When it last fetched, in ms by the active controller's clock; `None` where that is not known. An active controller's own
    /// is now.
    pub fetched: Option<i64>,
}

/// `DescribeQuorum`: the partition of the cluster's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// The active controller; `controller_id` of other requests is any broker.
    pub leader: Option<BrokerId>,
    /// Voters and observers.
    pub replicas: Vec<Replica>,
}

/// A partition, as `Metadata` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its number.
    pub index: i32,
    /// Kafka's number of the error; 0 is none.
    pub error: i16,
    /// Who leads it.
    pub leader: Option<BrokerId>,
    /// Who has it.
    pub replicas: Vec<BrokerId>,
    /// Who has all of it.
    pub in_sync: Vec<BrokerId>,
}

/// A topic, as `Metadata` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Kafka's number of the error; 0 is none.
    pub error: i16,
    /// Its partitions.
    pub partitions: Vec<Partition>,
}

/// Topics by name, internal ones too.
pub type Topics = BTreeMap<String, Topic>;

/// A partition that is moved, as `ListPartitionReassignments` tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reassignment {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
    /// Brokers that it is copied to.
    pub adding: Vec<BrokerId>,
    /// Brokers that it is taken from when that is done.
    pub removing: Vec<BrokerId>,
}

/// What a broker answered after it was known to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// `DescribeCluster`.
    pub cluster: Reply<BTreeMap<BrokerId, Listed>>,
    /// Whether `Metadata` tells of a topic that does not exist that it does not: Kafka leaves topics without the right `Describe`
    /// out of its list without a word, and names them only to who asks by name. Refused with 29 where the right lacks.
    pub every_topic: Reply<()>,
    /// `Metadata` for all topics. Shared: brokers that agree have the same.
    pub topics: Reply<Arc<Topics>>,
    /// `DescribeQuorum`, which the broker hands on to the active controller.
    pub quorum: Reply<Quorum>,
    /// `ListPartitionReassignments`, handed on too.
    pub reassignments: Reply<Vec<Reassignment>>,
}

/// A broker at its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// How far the connection came.
    pub sighting: Sighting,
    /// `None` where it did not come to asking.
    pub answers: Option<Answers>,
}

/// One look at the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Asked {
    /// Every broker that has a port.
    pub brokers: BTreeMap<BrokerId, Broker>,
    /// `min.insync.replicas` as it is in force, by topic: `DescribeConfigs`, asked of one broker.
    pub min_in_sync: BTreeMap<String, Reply<u32>>,
}
