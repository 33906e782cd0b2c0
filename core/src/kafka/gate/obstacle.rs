//! Why no broker may be stopped now.

use std::collections::BTreeSet;

use strum::IntoStaticStr;

use super::asked::{Reassignment, Role};
use crate::kafka::Fault;
use crate::model::BrokerId;

/// Requests of the gate, as Kafka names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
pub enum Request {
    /// Who serves.
    DescribeCluster,
    /// Topics and their partitions.
    Metadata,
    /// Who fetches the cluster's metadata.
    DescribeQuorum,
    /// What is moved.
    ListPartitionReassignments,
}

/// A right in Kafka that the gate needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// For `DescribeQuorum` and `ListPartitionReassignments`.
    DescribeCluster,
    /// To tell which broker answers.
    DescribeClusterConfigs,
    /// For `Metadata` of all topics.
    DescribeTopics,
    /// For `min.insync.replicas` of all topics.
    DescribeTopicConfigs,
}

/// What keeps the gate shut. Its name is what programs compare.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
pub enum Obstacle {
    /// No broker has a port: nobody was asked.
    NoBrokers,
    /// The broker that is asked about is away, and no other answers.
    NobodyAnswers,
    /// The broker that was asked about has no port.
    NoSuchBroker(BrokerId),
    /// Ports are not reached from here.
    NoRoute {
        /// Of which brokers.
        brokers: BTreeSet<BrokerId>,
        /// Why.
        why: String,
    },
    /// What the user may not ask.
    PermissionNeeded(Right),
    /// A broker did not come to answering.
    BrokerUnavailable {
        /// Which.
        broker: BrokerId,
        /// What is wrong.
        fault: Fault,
    },
    /// A broker did not answer a request within its time.
    Unanswered {
        /// Which.
        broker: BrokerId,
        /// What.
        request: Request,
    },
    /// A broker answered with an error, or with what is no answer.
    KafkaError {
        /// Which.
        broker: BrokerId,
        /// To what.
        request: Request,
        /// With what.
        said: String,
    },
    /// The controllers have no leader.
    NoActiveController {
        /// Who said so.
        by: BTreeSet<BrokerId>,
    },
    /// A node does not fetch the cluster's metadata.
    MetadataStale {
        /// Which.
        node: BrokerId,
        /// Its part.
        role: Role,
        /// For how long, in seconds; `None`: not since the active controller was elected.
        seconds: Option<i64>,
    },
    /// A node fetches the cluster's metadata, and has not caught up.
    MetadataBehind {
        /// Which.
        node: BrokerId,
        /// Its part.
        role: Role,
        /// By so many records.
        records: i64,
    },
    /// A broker has a port, and is no node that the active controller knows.
    MetadataUnfetched(BrokerId),
    /// Brokers do not list one.
    BrokerNotListed {
        /// Which.
        broker: BrokerId,
        /// Who does not.
        by: BTreeSet<BrokerId>,
    },
    /// A broker is fenced.
    BrokerFenced {
        /// Which.
        broker: BrokerId,
        /// Who says so.
        by: BTreeSet<BrokerId>,
    },
    /// Kafka lists a broker that has no port, so it cannot be asked.
    BrokerNotOffered(BrokerId),
    /// A topic or partition has an error.
    PartitionError {
        /// Its topic.
        topic: String,
        /// `None` is the topic itself.
        partition: Option<i32>,
        /// Kafka's number.
        code: i16,
    },
    /// A partition is under-replicated.
    NotInSync {
        /// Its topic.
        topic: String,
        /// Its number.
        partition: i32,
        /// Replicas that lack some of it.
        missing: BTreeSet<BrokerId>,
    },
    /// A partition is moved.
    Reassigned(Reassignment),
    /// A partition has no replica to spare.
    RollWouldStop {
        /// Its topic.
        topic: String,
        /// Its number.
        partition: i32,
        /// Replicas in sync now.
        in_sync: BTreeSet<BrokerId>,
        /// `min.insync.replicas`.
        least: u32,
        /// Whose stop is asked about; `None` is any of them.
        stopping: Option<BrokerId>,
    },
    /// Nobody told what `min.insync.replicas` of topics is.
    MinInSyncUnknown {
        /// The first of them.
        topic: String,
        /// How many more.
        more: usize,
        /// What was said instead.
        said: String,
    },
}

impl Obstacle {
    /// Its name.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.into()
    }
}
