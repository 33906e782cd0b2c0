//! `status`: what the operator found and did.
//!
//! It is written whole, and everything in it can be found again in AWS, except for the times. Every field may be
//! absent, and AWS' states are plain strings, so that a status of any other version of the operator parses.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conditions::conditions;
use super::node_status::ProvisionedStatus;

/// What the operator found and did. Set by the operator alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
// Without this, tools that wait for readiness take an object that nobody has looked at yet for a finished one.
#[schemars(extend("default" = { "observedGeneration": -1 }))]
pub struct KafkaPrivateLinkStatus {
    /// metadata.generation that this status speaks of; -1 before the first look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Where the resources are. Pinned at the first pass: credentials of another account change nothing afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<AwsStatus>,

    /// The state in conditions. Ready sums up; Reconciling and Stalled are present only while True.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions")]
    pub conditions: Vec<Condition>,

    /// Short texts for the columns of kubectl get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<SummaryStatus>,

    /// What was made of the network for this object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkStatus>,

    /// The endpoint service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_service: Option<EndpointServiceStatus>,

    /// The Network Load Balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<LoadBalancerStatus>,

    /// The Kafka cluster that was made for this object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brokers: Option<ProvisionedStatus>,

    /// Listeners with their bootstrap and brokers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub listeners: Vec<ListenerStatus>,

    /// Connections and requests for one, oldest first, at most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub connections: Vec<ConnectionStatus>,

    /// How many connections are in which state, also of those that connections has no room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_counts: Option<ConnectionCounts>,

    /// Ports of brokers. An entry stays when its broker goes, because clients may hold its port.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["listener", "brokerId"]))]
    pub ports: Vec<PortAllocation>,

    /// Steps that are next, and what they wait on, at most 50. Empty when AWS is as this object says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub plan: Vec<String>,

    /// Number of all steps that are next, also of those that plan has no room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_steps: Option<i32>,

    /// A question to a person, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<ConfirmationStatus>,

    /// Value of the annotation kafka-privatelink.io/requested-at when AWS was last looked at for its sake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_request: Option<String>,

    /// Brokers that the selector no longer finds, though AWS does not call them terminated. They keep their ports and
    /// targets until they have been missed long enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub absent_brokers: Vec<AbsentBroker>,
}

/// Where the resources are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsStatus {
    /// Account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Partition, such as aws or aws-cn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// What was made of the network for this object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkStatus {
    /// The VPC, where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// The route table of its subnets, where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_table_id: Option<String>,
    /// The gateway endpoint for S3, where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_endpoint_id: Option<String>,
    /// The subnets that were made, by zone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["zoneId"]))]
    pub subnets: Vec<SubnetStatus>,
}

/// A subnet that was made for this object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubnetStatus {
    /// Its zone.
    pub zone_id: String,
    /// Its ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// Its IPv4 CIDR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr_block: Option<String>,
}

/// Short texts for the columns of kubectl get.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SummaryStatus {
    /// Healthy brokers of all, such as 3/3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brokers: Option<String>,
    /// Live connections and requests, such as 2 (+1 pending).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<String>,
    /// Zones in which the service is offered, such as usw2-az1,usw2-az2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zones: Option<String>,
}

/// The endpoint service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointServiceStatus {
    /// Its ID, vpce-svc-….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name that consumers need to make an endpoint, com.amazonaws.vpce.….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// Its state as AWS calls it, such as Available.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Zones in which it is offered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    pub zone_ids: Vec<String>,
}

/// The Network Load Balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerStatus {
    /// Its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Its DNS name inside the VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<String>,
    /// Its state as AWS calls it, such as active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Its security group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group_id: Option<String>,
}

/// A listener with its bootstrap and brokers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListenerStatus {
    /// Name of the listener.
    pub name: String,
    /// Whether what consumers are told of this listener is proved: True, False or Unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
    /// Its bootstrap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<BootstrapStatus>,
    /// Its brokers, by ID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub brokers: Vec<BrokerStatus>,
}

/// The bootstrap of a listener.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BootstrapStatus {
    /// Port on the load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
    /// Target group that holds every broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group_arn: Option<String>,
    /// Brokers that answer the health check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy_brokers: Option<i32>,
    /// All brokers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brokers: Option<i32>,
    /// Zones with a broker that answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    pub healthy_zone_ids: Vec<String>,
    /// How much is proved of the bootstrap port: Tcp, ApiVersions, TlsName or Metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

/// A broker of a listener.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrokerStatus {
    /// ID of the broker.
    pub id: i32,
    /// Its zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<String>,
    /// Its port on the load balancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
    /// Where the load balancer sends its connections: instance or address, and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What it must advertise for this listener, host:port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advertised: Option<String>,
    /// Its health, such as Healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// Its target group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_group_arn: Option<String>,
    /// What it advertised for this listener when Kafka was asked last, host:port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advertised_now: Option<String>,
    /// What it had to advertise before the last change, as long as it does not advertise what it has to now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advertised_before: Option<String>,
    /// How much is proved of its port: Tcp, ApiVersions, TlsName, Metadata or Identity, each with those before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// Since when that much is proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_since: Option<Time>,
    /// When its certificate expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_expires: Option<Time>,
}

/// A connection, or a request for one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionStatus {
    /// The consumer's endpoint, vpce-….
    pub endpoint_id: String,
    /// Account of the consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Its state as AWS calls it, such as available or pendingAcceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What accepts it: Automatic, EndpointIds, or Unlisted when nothing in the spec does any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
    /// When the endpoint was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

/// How many connections are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectionCounts {
    /// Live.
    pub available: i32,
    /// Accepted, on the way to live.
    pub pending: i32,
    /// Not answered.
    pub pending_acceptance: i32,
    /// Rejected.
    pub rejected: i32,
    /// Failed or expired.
    pub failed: i32,
    /// In any other state, such as deleting.
    pub other: i32,
}

/// The port of one broker on one listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PortAllocation {
    /// Name of the listener.
    pub listener: String,
    /// ID of the broker.
    pub broker_id: i32,
    /// Its port on the load balancer.
    pub port: i32,
    /// When the broker went; absent while it is there. The port is given to no other broker for 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Time>,
}

/// A question to a person: to go on means to lose what is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfirmationStatus {
    /// Value to give to the annotation kafka-privatelink.io/confirm. Good for this loss only, and once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What is lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub loses: Vec<String>,
    /// Since when it is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

/// A broker that the selector no longer finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AbsentBroker {
    /// ID of the broker.
    pub id: i32,
    /// When it was missed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Looks in a row that did not find it.
    #[serde(default)]
    pub looks: i32,
}
