//! `spec.brokers`: where the brokers are found.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::provisioned::ProvisionedBrokers;
use crate::api::rule::{Rule, ipv4_address, tag_values, zone_id};

/// Where the brokers are found, or what is made. Exactly one of ec2, static and provisioned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [ONE_SOURCE, OWN_GROUP]))]
pub struct Brokers {
    /// EC2 instances found by their tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ec2: Option<Ec2Brokers>,

    /// Brokers listed by hand, 1 to 49: all by instanceId or all by ipAddress.
    #[serde(default, rename = "static", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 49))]
    #[schemars(extend(
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["id"],
        "x-kubernetes-validations" = [ONE_TARGET_TYPE]
    ))]
    pub static_brokers: Vec<StaticBroker>,

    /// Brokers that are made for this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned: Option<ProvisionedBrokers>,

    /// Security groups of the brokers, at most 16. Each gets one rule for each broker port, which lets the load
    /// balancer in. Absent or empty: no rule is made, and whoever runs the brokers sees to it. Not for provisioned
    /// brokers, which have a group of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 32), regex(pattern = r"^sg-[0-9a-f]{8,17}$")))]
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    pub security_group_ids: Vec<String>,
}

/// EC2 instances found by their tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ec2Brokers {
    /// Tags, 1 to 10, all of which an instance of the VPC must carry to be a broker.
    #[schemars(transform = tag_values, extend("minProperties" = 1, "maxProperties" = 10))]
    pub tags: BTreeMap<String, String>,

    /// Key of the tag whose value is the broker's ID (node.id of Kafka), 1 to 128 characters.
    #[schemars(length(min = 1, max = 128))]
    pub id_tag_key: String,
}

/// A broker listed by hand. Exactly one of instanceId and ipAddress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [ONE_TARGET]))]
pub struct StaticBroker {
    /// ID of the broker: node.id of Kafka, or broker.id in older ones.
    #[schemars(range(min = 0))]
    pub id: i32,

    /// Zone ID of the broker, such as usw2-az1. network.subnets must have an entry for it.
    #[schemars(length(max = 24), extend("x-kubernetes-validations" = [zone_id()]))]
    pub zone_id: String,

    /// The EC2 instance of the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32), regex(pattern = r"^i-[0-9a-f]{8,17}$"))]
    pub instance_id: Option<String>,

    /// The IPv4 address of the broker, inside the CIDRs of the VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 15), extend("x-kubernetes-validations" = [ipv4_address()]))]
    pub ip_address: Option<String>,
}

const ONE_SOURCE: Rule = Rule::new(
    "[has(self.ec2), has(self.static), has(self.provisioned)].filter(x, x).size() == 1",
    "exactly one source of brokers: ec2, static or provisioned",
);

const OWN_GROUP: Rule = Rule::new(
    "!has(self.provisioned) || !has(self.securityGroupIds) || self.securityGroupIds.size() == 0",
    "provisioned brokers have a security group of their own: securityGroupIds is for brokers that are found",
)
.at(".securityGroupIds");

const ONE_TARGET_TYPE: Rule = Rule::new(
    "self.all(b, has(b.instanceId)) || self.all(b, has(b.ipAddress))",
    "either every broker by instanceId or every broker by ipAddress: \
     the bootstrap target group holds all and has one target type",
);

const ONE_TARGET: Rule =
    Rule::new("has(self.instanceId) != has(self.ipAddress)", "exactly one of instanceId and ipAddress")
        .naming("'broker %d: exactly one of instanceId and ipAddress'.format([self.id])");
