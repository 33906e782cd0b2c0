//! What a node's configuration says beside its listeners to consumers and what a user adds.

use super::{CONTROLLER_PORT, Cluster, INTERNAL_PORT, Node, factor};
use crate::kafka::{ADVERTISED_LISTENERS, LISTENERS, PROTOCOL_MAP};

pub(super) const CONTROLLER: &str = "CONTROLLER";
pub(super) const INTERNAL: &str = "INTERNAL";
/// A subfolder of the mount: a file system's own `lost+found` ends a broker that finds it.
const LOG_DIRS: &str = "/var/lib/kafka/data";
/// Below 350 s, after which load balancer and endpoints forget a connection.
const IDLE_MS: &str = "300000";

/// Counts of replicas: no more than there are brokers.
pub(super) const FACTORS: [&str; 4] = [
    "default.replication.factor",
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    SHARE_FACTOR,
];
/// How many of these have to be in sync.
pub(super) const MIN_IN_SYNC: [&str; 3] = [MIN_INSYNC_REPLICAS, "transaction.state.log.min.isr", SHARE_MIN_IN_SYNC];
pub(super) const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
const SHARE_FACTOR: &str = "share.coordinator.state.topic.replication.factor";
const SHARE_MIN_IN_SYNC: &str = "share.coordinator.state.topic.min.isr";

/// What is the node's or the cluster's own; no user changes it.
pub(super) fn own(cluster: &Cluster, node: &Node) -> Vec<(&'static str, String)> {
    let address = node.address;
    let voters = cluster.controllers.iter().map(|(id, address)| format!("{id}@{address}:{CONTROLLER_PORT}"));
    let mut lines = vec![
        ("process.roles", roles(node)),
        ("node.id", node.id.to_string()),
        ("controller.quorum.voters", voters.collect::<Vec<_>>().join(",")),
        ("controller.listener.names", CONTROLLER.to_owned()),
    ];
    let internal = node.roles.serves().then(|| format!("{INTERNAL}://{address}:{INTERNAL_PORT}"));
    let controller = node.roles.controls().then(|| format!("{CONTROLLER}://{address}:{CONTROLLER_PORT}"));
    let listeners: Vec<String> = internal.iter().cloned().chain(controller).collect();
    lines.push((LISTENERS, listeners.join(",")));
    if let Some(internal) = internal {
        lines.push((ADVERTISED_LISTENERS, internal));
        lines.push(("inter.broker.listener.name", INTERNAL.to_owned()));
    }
    lines.push((PROTOCOL_MAP, format!("{CONTROLLER}:PLAINTEXT,{INTERNAL}:PLAINTEXT")));
    lines.extend([
        ("broker.rack", node.zone.to_string()),
        ("log.dirs", LOG_DIRS.to_owned()),
        ("unclean.leader.election.enable", "false".to_owned()),
        ("controlled.shutdown.enable", "true".to_owned()),
        ("connections.max.idle.ms", IDLE_MS.to_owned()),
    ]);
    lines
}

fn roles(node: &Node) -> String {
    let roles = [(node.roles.serves(), "broker"), (node.roles.controls(), "controller")];
    roles.iter().filter_map(|(has, role)| has.then_some(*role)).collect::<Vec<_>>().join(",")
}

/// Defaults for production, which a user may change.
pub(super) fn defaults(cluster: &Cluster) -> Vec<(&'static str, String)> {
    let factor = factor(cluster.brokers);
    let in_sync = (factor - 1).max(1);
    let counts = FACTORS.iter().map(|key| (*key, factor)).chain(MIN_IN_SYNC.iter().map(|key| (*key, in_sync)));
    // Earlier versions have no share groups.
    let known = |key: &str| cluster.distribution.version.has(4, 0) || !key.starts_with("share.");
    let counts = counts.filter(|(key, _)| known(key)).map(|(key, count)| (key, count.to_string()));
    let mut lines: Vec<(&str, String)> = counts.collect();
    lines.extend([
        ("auto.create.topics.enable", "false".to_owned()),
        ("replica.selector.class", "org.apache.kafka.common.replica.RackAwareReplicaSelector".to_owned()),
        ("num.recovery.threads.per.data.dir", cluster.vcpus.to_string()),
    ]);
    lines
}
