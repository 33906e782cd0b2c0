//! The words for it: who or what it is about, what is wrong, and the next step.

use std::collections::BTreeSet;
use std::fmt;

use super::asked::{Reassignment, Role};
use super::obstacle::{Obstacle, Request, Right};
use crate::kafka::Fault;
use crate::model::BrokerId;

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBrokers => {
                f.write_str("no broker has a port yet, so nobody was asked: see `kafka-privatelink status`")
            }
            Self::NobodyAnswers => f.write_str("no broker answers that could tell of the cluster: start one"),
            Self::NoSuchBroker(id) => {
                write!(f, "broker {id} has no port: name one that `kafka-privatelink status` lists")
            }
            Self::NoRoute { brokers, why } => {
                let remedy = Fault::NoRoute(String::new()).remedy();
                write!(f, "{} cannot be asked from here: {why}; {remedy}", named(brokers))
            }
            Self::PermissionNeeded(right) => right.fmt(f),
            Self::BrokerUnavailable { broker, fault } => write!(f, "broker {broker}: {fault}; {}", fault.remedy()),
            Self::Unanswered { broker, request } => {
                write!(f, "broker {broker} does not answer {}: {}", name(*request), unanswered(*request))
            }
            Self::KafkaError { broker, request, said } => {
                write!(f, "broker {broker} answers {} with {said}: see its log", name(*request))
            }
            Self::NoActiveController { by } => {
                let by = named(by);
                write!(f, "the controllers have no leader, as {by} told: see whether a majority of them runs")
            }
            Self::MetadataStale { node, role, seconds } => {
                write!(f, "node {node} ({}) {}", part(*role), stale(*seconds))
            }
            Self::MetadataBehind { node, role, records } => {
                let part = part(*role);
                write!(f, "node {node} ({part}) is {records} records behind in the cluster's metadata: wait for it")
            }
            Self::MetadataUnfetched(broker) => write!(
                f,
                "broker {broker} has a port, and the active controller does not know of it: see in its log whether it has \
                 registered"
            ),
            Self::BrokerNotListed { broker, by } => write!(
                f,
                "broker {broker} is not listed by {}: start it, or see in its log whether it has registered",
                named(by)
            ),
            Self::BrokerFenced { broker, by } => {
                let by = named(by);
                write!(
                    f,
                    "broker {broker} is fenced, as {by} told: start it, or see in its log what keeps it from serving"
                )
            }
            Self::BrokerNotOffered(broker) => {
                write!(
                    f,
                    "Kafka lists broker {broker}, which has no port and cannot be asked: let spec.brokers find it"
                )
            }
            Self::PartitionError { topic, partition: Some(partition), code } => {
                write!(f, "partition {topic}-{partition} has Kafka's error {code}{}", meaning(*code))
            }
            Self::PartitionError { topic, partition: None, code } => {
                write!(f, "topic {topic} has Kafka's error {code}{}", meaning(*code))
            }
            Self::NotInSync { topic, partition, missing } => write!(
                f,
                "partition {topic}-{partition} is not in sync on {}: wait until it is, or see why it falls behind",
                named(missing)
            ),
            Self::Reassigned(Reassignment { topic, partition, adding, removing }) => write!(
                f,
                "partition {topic}-{partition} is moved (to {}, from {}): wait until that is done, or cancel it \
                 (kafka-reassign-partitions.sh --list, --cancel)",
                ids(adding),
                ids(removing)
            ),
            Self::RollWouldStop { topic, partition, in_sync, least, stopping } => {
                let without = stopping.map_or_else(|| "one more".to_owned(), |id| format!("broker {id}"));
                let (left, now) = (in_sync.len().saturating_sub(1), ids(in_sync));
                write!(
                    f,
                    "partition {topic}-{partition} would stop: without {without}, {left} of its replicas would be in sync (now \
                     {now}), and min.insync.replicas is {least}; give it more replicas, or lower min.insync.replicas of topic \
                     {topic}"
                )
            }
            Self::MinInSyncUnknown { topic, more, said } => {
                let and = if *more == 0 { String::new() } else { format!(" and {more} more") };
                write!(f, "min.insync.replicas of topic {topic}{and} is not known: {said}; ask again")
            }
        }
    }
}

/// The next step where nothing came.
fn unanswered(request: Request) -> &'static str {
    match request {
        Request::DescribeQuorum | Request::ListPartitionReassignments => {
            "it hands this on to the active controller; see whether a majority of the controllers runs, and whether this \
             broker reaches them"
        }
        Request::DescribeCluster | Request::Metadata => "see in its log whether it hangs",
    }
}

fn stale(seconds: Option<i64>) -> String {
    match seconds {
        Some(seconds) => format!(
            "has not fetched the cluster's metadata for {seconds} s: see whether it runs and reaches the active controller"
        ),
        None => {
            "has not fetched the cluster's metadata from the active controller at all: start it, or see what keeps it \
                 away"
                .to_owned()
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operation, resource, flag) = match self {
            Self::DescribeCluster => ("Describe", "Cluster", "--cluster"),
            Self::DescribeClusterConfigs => ("DescribeConfigs", "Cluster", "--cluster"),
            Self::DescribeTopics => ("Describe", "Topic *", "--topic '*'"),
            Self::DescribeTopicConfigs => ("DescribeConfigs", "Topic *", "--topic '*'"),
        };
        write!(
            f,
            "the user lacks the right {operation} on {resource}: \
             kafka-acls.sh --add --allow-principal User:NAME --operation {operation} {flag}"
        )
    }
}

fn name(request: Request) -> &'static str {
    request.into()
}

fn part(role: Role) -> &'static str {
    match role {
        Role::Voter => "voter",
        Role::Observer => "observer",
    }
}

/// What an error of a partition means, and what to do about it.
fn meaning(code: i16) -> &'static str {
    match code {
        5 => " (no leader): start a broker that has it in sync",
        9 => " (a replica is not available): start the broker that has it",
        72 => " (its leader lacks the listener): restart the leader with the rendered lines",
        _ => ": see the log of its leader",
    }
}

fn ids<'a>(all: impl IntoIterator<Item = &'a BrokerId>) -> String {
    let all: Vec<String> = all.into_iter().map(ToString::to_string).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn named(all: &BTreeSet<BrokerId>) -> String {
    let word = if all.len() == 1 { "broker" } else { "brokers" };
    format!("{word} {}", ids(all))
}
