//! `spec.brokers.provisioned`: brokers that are made for the object.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::api::rule::{Rule, immutable, zone_id};

/// Brokers that are made for this object: each has an instance, a network interface with a fixed address, and a volume
/// for its data. What changes here gets to a node when its instance is replaced: when somebody terminates it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionedBrokers {
    /// The nodes of the Kafka cluster, 1 to 49. One that is added later becomes a broker alone. One with the role
    /// Controller stays for ever.
    #[schemars(length(min = 1, max = 49))]
    #[schemars(extend(
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["id"],
        "x-kubernetes-validations" = NODES_RULES
    ))]
    pub nodes: Vec<Node>,

    /// EC2 instance type of every node, such as t3.large. It has to be one of the Nitro system.
    #[schemars(length(max = 32), regex(pattern = r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$"))]
    pub instance_type: String,

    /// What the instances are made from. Default: the newest Amazon Linux 2023 for the architecture of instanceType,
    /// chosen once and then kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,

    /// Name of the EC2 key pair with which one logs in to the instances. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255), regex(pattern = r"^[!-~]([ -~]*[!-~])?$"))]
    pub key_name: Option<String>,

    /// ARN of the instance profile that gives the instances their rights in AWS. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 700))]
    #[schemars(regex(pattern = r"^arn:aws[a-z-]*:iam::[0-9]{12}:instance-profile/[A-Za-z0-9+=,.@_/-]+$"))]
    pub instance_profile_arn: Option<String>,

    /// Where the data of a node are.
    pub storage: Storage,

    /// The Kafka that runs on the nodes.
    pub kafka: Kafka,
}

/// A node of the Kafka cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [KEPT_ROLES]))]
pub struct Node {
    /// ID of the node: node.id of Kafka.
    #[schemars(range(min = 0))]
    pub id: i32,

    /// Zone ID of the node, such as usw2-az1. network.subnets must have an entry for it. Cannot be changed.
    #[schemars(length(max = 24), extend("x-kubernetes-validations" = [zone_id(), KEPT_ZONE]))]
    pub zone_id: String,

    /// What the node does in Kafka. Default: Controller and Broker for the three lowest ids of the first apply (for one
    /// of them, where there are fewer than three nodes), Broker for all others. Cannot be changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 2), extend("x-kubernetes-list-type" = "set"))]
    pub roles: Vec<NodeRole>,
}

/// What a node does in Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum NodeRole {
    /// It votes on metadata.
    Controller,
    /// It holds records and serves clients.
    Broker,
}

/// What instances are made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// ID of an image of Amazon Linux 2023, ami-….
    #[schemars(length(max = 32), regex(pattern = r"^ami-[0-9a-f]{8,17}$"))]
    pub id: String,
}

/// Where the data of a node are: on an EBS volume of its own, encrypted, that outlives its instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Size of the volume of each node in GiB, 1 to 16384. Cannot be changed.
    #[serde(rename = "sizeGiB")]
    #[schemars(range(min = 1, max = 16384), extend("x-kubernetes-validations" = [KEPT_SIZE]))]
    pub size_gib: i32,

    /// Type of the volumes. Cannot be changed.
    #[serde(default, rename = "type")]
    #[schemars(extend("x-kubernetes-validations" = [KEPT_TYPE]))]
    pub volume_type: VolumeType,

    /// What becomes of a volume when its node or this object is deleted. Retain (default) keeps it, and an object of the
    /// same name takes it up again. Delete deletes it with all records on it.
    #[serde(default)]
    pub deletion_policy: VolumeDeletionPolicy,
}

/// Type of an EBS volume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VolumeType {
    /// General purpose, of the third generation.
    #[default]
    Gp3,
    /// General purpose, of the second generation.
    Gp2,
}

/// What becomes of a volume that is not needed any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum VolumeDeletionPolicy {
    /// It stays.
    #[default]
    Retain,
    /// It goes.
    Delete,
}

/// The Kafka that runs on the nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [OWN_DISTRIBUTION]))]
pub struct Kafka {
    /// Version of Kafka such as 4.3.1; 3.7.0 or later.
    #[schemars(length(max = 16), regex(pattern = r"^[0-9]+\.[0-9]+\.[0-9]+$"))]
    #[schemars(extend("x-kubernetes-validations" = [OLDEST_VERSION]))]
    pub version: String,

    /// Where the instances fetch it.
    pub distribution: Distribution,

    /// Heap of Kafka's Java in gibibytes or mebibytes, such as 4G or 512M.
    #[schemars(length(max = 8), regex(pattern = r"^[1-9][0-9]{0,5}[GM]$"))]
    pub heap: String,

    /// More lines for server.properties of every node, at most 100. What follows from the rest of this object, such as
    /// listeners and node.id, and secrets are refused.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = property_values)]
    #[schemars(extend("maxProperties" = 100, "x-kubernetes-validations" = PROPERTIES_RULES))]
    pub properties: BTreeMap<String, String>,
}

/// An archive of Kafka, kafka_….tgz as Apache publishes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Distribution {
    /// https://… for everybody, or s3://BUCKET/KEY for the instance profile. No secrets: whoever may describe the
    /// instances can read it.
    #[schemars(
        length(max = 1024),
        regex(pattern = r"^(https|s3)://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?/[A-Za-z0-9._~/%+=@-]+$")
    )]
    pub url: String,

    /// SHA-512 of the archive: 128 hexadecimal digits.
    #[schemars(length(max = 128), regex(pattern = r"^[0-9a-fA-F]{128}$"))]
    pub sha512: String,
}

/// Bounds the values of properties: a line each.
fn property_values(map: &mut Schema) {
    let values = serde_json::json!({ "type": "string", "maxLength": 1024, "pattern": r"^[^\x00-\x1f]*$" });
    map.insert("additionalProperties".into(), values);
}

const NODES_RULES: [Rule; 5] = [
    Rule::new(
        "self.filter(n, has(n.roles) && 'Controller' in n.roles).size() in [0, 1, 3, 5] && \
         (self.exists(n, !has(n.roles)) || self.exists(n, 'Controller' in n.roles))",
        "1, 3 or 5 nodes have the role Controller: an even number tolerates no more failures than one less",
    ),
    Rule::new("self.exists(n, !has(n.roles) || 'Broker' in n.roles)", "at least one node has the role Broker"),
    Rule::new(
        "oldSelf.all(o, !has(o.roles) || !('Controller' in o.roles) || self.exists(n, n.id == o.id))",
        "a node with the role Controller cannot be removed: every node knows it as a voter",
    )
    .forbidden(),
    Rule::new(
        "oldSelf.all(o, self.exists(n, n.id == o.id))",
        "a node cannot be removed: whatever it holds would be lost to the others",
    )
    .forbidden(),
    Rule::new(
        "self.all(n, !has(n.roles) || !('Controller' in n.roles) || oldSelf.exists(o, o.id == n.id))",
        "a node that is added later cannot have the role Controller: the voters stay those of the beginning",
    )
    .forbidden(),
];

const KEPT_ZONE: Rule =
    immutable("zoneId of a node cannot be changed: its volume lies there; add a node of another id");

const KEPT_ROLES: Rule = Rule::new(
    "has(self.roles) == has(oldSelf.roles) && (!has(self.roles) || self.roles == oldSelf.roles)",
    "roles of a node cannot be changed: add a node of another id",
)
.forbidden();

const KEPT_SIZE: Rule = immutable("sizeGiB cannot be changed");

const KEPT_TYPE: Rule = immutable("type of the volumes cannot be changed");

const OLDEST_VERSION: Rule =
    Rule::new("self.matches('^(3[.]([7-9]|[1-9][0-9]+)|([4-9]|[1-9][0-9]+)[.][0-9]+)[.]')", "Kafka 3.7.0 or later")
        .naming("'Kafka ' + self + ' is too old: 3.7.0 or later'");

const OWN_DISTRIBUTION: Rule = Rule::new(
    "self.version == oldSelf.version || self.distribution.sha512.lowerAscii() != oldSelf.distribution.sha512.lowerAscii()",
    "another version is another archive: give its url and sha512 too",
)
.at(".distribution.sha512");

/// Only names that can be told without reading every letter of a key, whose length no schema bounds: the rest is found
/// when the object is looked at.
const PROPERTIES_RULES: [Rule; 2] = [
    Rule::new("self.all(k, k.size() > 0 && k.size() <= 128)", "names of properties have 1 to 128 characters"),
    Rule::new(
        "self.all(k, !(k in ['process.roles', 'node.id', 'broker.id', 'broker.id.generation.enable', 'broker.rack', \
         'controller.quorum.voters', 'controller.quorum.bootstrap.servers', 'controller.quorum.auto.join.enable', \
         'listeners', 'advertised.listeners', 'listener.security.protocol.map', 'inter.broker.listener.name', \
         'security.inter.broker.protocol', 'controller.listener.names', 'early.start.listeners', 'log.dir', \
         'log.dirs', 'metadata.log.dir', 'unclean.leader.election.enable', 'controlled.shutdown.enable', \
         'connections.max.idle.ms', 'allow.everyone.if.no.acl.found']) && \
         !k.startsWith('listener.name.') && !k.startsWith('sasl.') && !k.startsWith('ssl.') && \
         !k.startsWith('authorizer.') && !k.startsWith('super.users') && !k.startsWith('principal.builder.') && \
         !k.startsWith('password.encoder.') && !k.startsWith('zookeeper.'))",
        "a property that is the operator's: it follows from the rest of the object, or a roll rests on it",
    ),
];

/// Rules over nodes and the rest of the spec.
pub(super) const SPEC_RULES: [Rule; 8] = [
    Rule::new(
        "!has(self.brokers.provisioned) || self.listeners.size() * (1 + \
         self.brokers.provisioned.nodes.filter(n, !has(n.roles) || 'Broker' in n.roles).size()) <= 50",
        "listeners x (1 bootstrap + brokers) exceed the 50 NLB listeners that AWS allows on one NLB (a hard limit)",
    )
    .at(".listeners"),
    Rule::new(
        "!has(self.brokers.provisioned) || \
         self.listeners.all(l, l.portRange.last - l.portRange.first + 1 >= \
         self.brokers.provisioned.nodes.filter(n, !has(n.roles) || 'Broker' in n.roles).size())",
        "a portRange holds fewer ports than there are brokers",
    )
    .at(".listeners"),
    Rule::new(
        "!has(self.brokers.provisioned) || \
         self.brokers.provisioned.nodes.all(n, self.network.subnets.exists(s, s.zoneId == n.zoneId))",
        "a node is in a zone for which network.subnets has no entry",
    )
    .at(".brokers.provisioned.nodes"),
    Rule::new(
        "!has(self.brokers.provisioned) || \
         self.listeners.all(a, self.listeners.exists_one(b, a.name.upperAscii() == b.name.upperAscii()) && \
         !(a.name.upperAscii() in ['CONTROLLER', 'INTERNAL']))",
        "provisioned brokers have listeners CONTROLLER and INTERNAL of their own, and Kafka does not tell small letters \
         from capitals: give the listener another name",
    )
    .at(".listeners"),
    Rule::new(
        "!has(self.brokers.provisioned) || \
         self.listeners.all(a, self.listeners.exists_one(b, a.brokerPort == b.brokerPort) && \
         !(a.brokerPort in [9093, 9094]))",
        "a brokerPort is used twice: provisioned brokers listen on one address for all listeners, and on 9093 and 9094 \
         for one another",
    )
    .at(".listeners"),
    Rule::new(
        "!has(self.brokers.provisioned) || !has(oldSelf.brokers.provisioned) || \
         self.listeners.all(l, oldSelf.listeners.all(o, o.name != l.name || o.brokerPort == l.brokerPort))",
        "brokerPort of provisioned brokers cannot be changed: add a listener with the other port",
    )
    .at(".listeners")
    .forbidden(),
    Rule::new(
        "!has(self.brokers.provisioned) || \
         self.listeners.all(l, !has(l.securityProtocol) || l.securityProtocol == 'PLAINTEXT')",
        "provisioned brokers speak PLAINTEXT alone",
    )
    .at(".listeners"),
    Rule::new(
        "has(self.brokers.provisioned) == has(oldSelf.brokers.provisioned)",
        "an object does not change between provisioned brokers and others: make a new object",
    )
    .at(".brokers")
    .forbidden(),
];
