//! Version `v1alpha1` of the API.

#![expect(clippy::doc_markdown, reason = "the docs become descriptions of the CRD, which are plain text")]
#![expect(clippy::duplicated_attributes, reason = "each printer column has a type and a path of its own")]

mod brokers;
mod conditions;
mod endpoint_service;
mod listener;
mod load_balancer;
mod network;
mod node_status;
mod provisioned;
mod status;
mod verification;

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use brokers::{Brokers, Ec2Brokers, StaticBroker};
pub use endpoint_service::{Acceptance, ConnectionDeletionPolicy, Consumer, EndpointService};
pub use listener::{CrossZone, FixedPort, Listener, PortRange};
pub use load_balancer::{DeletionProtection, HealthCheck, InboundRules, LoadBalancer, TargetGroups};
pub use network::{Egress, Network, Subnet, Vpc};
pub use node_status::{NodeStatus, ProvisionedStatus};
pub use provisioned::{
    Distribution, Image, Kafka, Node, NodeRole, ProvisionedBrokers, Storage, VolumeDeletionPolicy, VolumeType,
};
pub use status::{
    AbsentBroker, AwsStatus, BootstrapStatus, BrokerStatus, ConfirmationStatus, ConnectionCounts, ConnectionStatus,
    EndpointServiceStatus, KafkaPrivateLinkStatus, ListenerStatus, LoadBalancerStatus, NetworkStatus, PortAllocation,
    SubnetStatus, SummaryStatus,
};

pub use verification::{
    ListenerVerification, SaslMechanism, SecretKey, SecretName, SecurityProtocol, Verification, VerificationMode,
};

use super::rule::{Rule, immutable, tag_values};

/// How one Kafka cluster is offered to consumers over AWS PrivateLink.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "kafka-privatelink.io",
    version = "v1alpha1",
    kind = "KafkaPrivateLink",
    plural = "kafkaprivatelinks",
    singular = "kafkaprivatelink",
    shortname = "kpl",
    category = "kafka",
    namespaced,
    status = "KafkaPrivateLinkStatus",
    derive = "PartialEq",
    doc = "KafkaPrivateLink offers one Kafka cluster to consumers over AWS PrivateLink.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Service", type_ = "string", json_path = ".status.endpointService.serviceName"),
    printcolumn(name = "Brokers", type_ = "string", json_path = ".status.summary.brokers"),
    printcolumn(
        name = "Verified",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="AdvertisedListenersVerified")].status"#
    ),
    printcolumn(name = "Connections", type_ = "string", json_path = ".status.summary.connections"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Load Balancer", type_ = "string", priority = 1, json_path = ".status.loadBalancer.dnsName"),
    printcolumn(name = "Zones", type_ = "string", priority = 1, json_path = ".status.summary.zones"),
    printcolumn(
        name = "Message",
        type_ = "string",
        priority = 1,
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#
    )
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = SPEC_RULES))]
pub struct KafkaPrivateLinkSpec {
    /// AWS Region of the VPC, such as us-west-2. Cannot be changed.
    #[schemars(length(max = 32), regex(pattern = r"^[a-z]{2,3}(-[a-z]+)+-[0-9]+$"))]
    #[schemars(extend("x-kubernetes-validations" = [immutable("region cannot be changed: make a new object")]))]
    pub region: String,

    /// AWS account that must be the one of the operator's credentials, as a guard against credentials of
    /// another account. Optional; can be added later, then neither changed nor removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    #[schemars(extend("x-kubernetes-validations" = [immutable("accountId cannot be changed: make a new object")]))]
    pub account_id: Option<String>,

    /// Manage (default) makes AWS equal to this object. Observe only reads AWS and reports what differs: nothing is
    /// written there and no connection is answered.
    #[serde(default)]
    pub mode: Mode,

    /// What becomes of the AWS resources when this object is deleted. Delete (default) removes them. Retain leaves
    /// all in place with its tags, and an object of the same name takes it up again.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,

    /// Tags set on everything that is created in AWS. At most 40: AWS allows 50 on a resource, and some are ours.
    /// Tags set by others are left alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = tag_values)]
    #[schemars(extend("maxProperties" = 40, "x-kubernetes-validations" = TAG_RULES))]
    pub tags: BTreeMap<String, String>,

    /// The VPC and the subnets of the load balancer.
    pub network: Network,

    /// Where the brokers are found, or what is made. Exactly one of ec2, static and provisioned.
    pub brokers: Brokers,

    /// The Kafka listeners that are offered, one for each domain of consumers. Listeners times (1 + brokers) must not
    /// exceed 50, the number of NLB listeners that AWS allows on one load balancer; this quota cannot be raised.
    #[schemars(length(min = 1, max = 16))]
    #[schemars(extend(
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["name"],
        "x-kubernetes-validations" = listener::LIST_RULES
    ))]
    pub listeners: Vec<Listener>,

    /// Settings of every target group.
    #[serde(default)]
    #[schemars(extend("default" = {}))]
    pub target_groups: TargetGroups,

    /// Settings of the Network Load Balancer.
    #[serde(default)]
    #[schemars(extend("default" = {}))]
    pub load_balancer: LoadBalancer,

    /// The endpoint service, and who may connect to it.
    pub endpoint_service: EndpointService,

    /// Whether and how it is proved that Kafka works through the load balancer.
    #[serde(default)]
    #[schemars(extend("default" = {}))]
    pub verification: Verification,
}

/// What the operator does with the AWS account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// Creates, changes and deletes.
    #[default]
    Manage,
    /// Only reads.
    Observe,
}

/// What happens in AWS once the object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// The resources are deleted too.
    #[default]
    Delete,
    /// The resources stay.
    Retain,
}

/// Rules over several parts of the spec. Those that count brokers apply where the number is known here.
const SPEC_RULES: [Rule; 14] = [
    Rule::new(
        "!has(self.brokers.static) || self.listeners.size() * (1 + self.brokers.static.size()) <= 50",
        "more than 50 NLB listeners (a hard limit of AWS)",
    )
    .naming(
        "'%d listeners x (1 bootstrap + %d brokers) = %d NLB listeners, but AWS allows 50 on one NLB (a hard limit)'\
         .format([self.listeners.size(), self.brokers.static.size(), \
         self.listeners.size() * (1 + self.brokers.static.size())])",
    )
    .at(".listeners"),
    Rule::new(
        "!has(self.brokers.static) || \
         self.listeners.all(l, l.portRange.last - l.portRange.first + 1 >= self.brokers.static.size())",
        "a portRange holds fewer ports than there are brokers",
    )
    .naming(
        "'%d brokers do not fit into the portRange of %s'.format([self.brokers.static.size(), \
         self.listeners.filter(l, l.portRange.last - l.portRange.first + 1 < self.brokers.static.size())\
         .map(l, l.name)])",
    )
    .at(".listeners"),
    Rule::new(
        "!has(self.brokers.static) || \
         self.brokers.static.all(b, self.network.subnets.exists(s, s.zoneId == b.zoneId))",
        "a broker is in a zone for which network.subnets has no entry",
    )
    .naming(
        "'brokers %s are in zones for which network.subnets has no entry'\
         .format([self.brokers.static.filter(b, !self.network.subnets.exists(s, s.zoneId == b.zoneId))\
         .map(b, b.id)])",
    )
    .at(".brokers"),
    Rule::new(
        "(has(self.loadBalancer) && has(self.loadBalancer.inboundRulesOnPrivateLink) && \
         self.loadBalancer.inboundRulesOnPrivateLink == 'Ignored') || \
         self.listeners.all(l, has(l.consumerCidrs) && l.consumerCidrs.size() > 0)",
        "every listener needs consumerCidrs while loadBalancer.inboundRulesOnPrivateLink is Enforced",
    )
    .naming(
        "'listeners %s need consumerCidrs while loadBalancer.inboundRulesOnPrivateLink is Enforced: \
         without them no consumer gets through'\
         .format([self.listeners.filter(l, !has(l.consumerCidrs) || l.consumerCidrs.size() == 0).map(l, l.name)])",
    )
    .at(".listeners"),
    Rule::new(
        "self.listeners.map(l, has(l.consumerCidrs) ? l.consumerCidrs.size() * 2 : 0).sum() <= 58",
        "consumerCidrs of all listeners x 2 security-group rules exceed 58 \
         (AWS allows 60 by default, and a change needs room for the new rule beside the old)",
    )
    .at(".listeners"),
    // A rule on accountId itself is not asked when the field goes.
    Rule::new("has(self.accountId) || !has(oldSelf.accountId)", "accountId cannot be removed once it is set")
        .forbidden(),
    provisioned::SPEC_RULES[0],
    provisioned::SPEC_RULES[1],
    provisioned::SPEC_RULES[2],
    provisioned::SPEC_RULES[3],
    provisioned::SPEC_RULES[4],
    provisioned::SPEC_RULES[5],
    provisioned::SPEC_RULES[6],
    provisioned::SPEC_RULES[7],
];

const TAG_RULES: [Rule; 2] = [
    Rule::new(
        "self.all(k, k.size() > 0 && k.size() <= 128 && !k.startsWith('aws:') && \
         !k.startsWith('kafka-privatelink.io/'))",
        "tag keys have 1 to 128 characters and do not begin with aws: or kafka-privatelink.io/",
    ),
    Rule::new(
        r"self.all(k, self[k].matches('^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$'))",
        "tag values may hold letters, digits, spaces and _ . : / = + - @",
    ),
];
