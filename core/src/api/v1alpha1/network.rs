//! `spec.network`: the VPC and the subnets of the load balancer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::rule::{Rule, immutable, ipv4_cidr, tag_values, zone_id};

/// The VPC and the subnets of the load balancer. Exactly one of vpcId and vpc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [ONE_VPC, KEPT_VPC, OWN_EGRESS, OWN_SUBNETS, SUBNETS_INSIDE, SUBNETS_APART]))]
pub struct Network {
    /// The VPC in which the brokers run. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32), regex(pattern = r"^vpc-[0-9a-f]{8,17}$"))]
    #[schemars(extend("x-kubernetes-validations" = [immutable("vpcId cannot be changed: make a new object")]))]
    pub vpc_id: Option<String>,

    /// A VPC that is made for this object and deleted with it, once nothing of others is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc: Option<Vpc>,

    /// What the subnets reach outside of the VPC that is made for this object, default None. S3Endpoint gives them a
    /// gateway endpoint for S3 of the region, which costs nothing.
    #[serde(default)]
    pub egress: Egress,

    /// One subnet for each zone in which the service is offered, and in which brokers may be. Consumers can connect
    /// from these zones only. AWS wants 8 free addresses in each.
    #[schemars(length(min = 1, max = 8))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["zoneId"]))]
    pub subnets: Vec<Subnet>,
}

/// What subnets reach outside of their VPC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Egress {
    /// Nothing.
    #[default]
    None,
    /// S3 of the region, by a gateway endpoint.
    S3Endpoint,
}

/// A VPC that is made for this object. DNS support and DNS host names are kept on in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vpc {
    /// IPv4 CIDR of the VPC, /16 to /28. Cannot be changed. Every subnet lies in it.
    #[schemars(length(max = 18))]
    #[schemars(extend("x-kubernetes-validations" = [VPC_BLOCK, immutable("cidrBlock cannot be changed: make a new object")]))]
    pub cidr_block: String,
}

const VPC_BLOCK: Rule = Rule::new(
    "isCIDR(self) && cidr(self).ip().family() == 4 && cidr(self).prefixLength() >= 16 && cidr(self).prefixLength() <= 28",
    "an IPv4 CIDR from /16 to /28 such as 10.0.0.0/16",
);

const ONE_VPC: Rule = Rule::new("has(self.vpcId) != has(self.vpc)", "exactly one of vpcId and vpc");

const KEPT_VPC: Rule = Rule::new(
    "has(self.vpcId) == has(oldSelf.vpcId)",
    "an object does not change between vpcId and vpc: make a new object",
)
.forbidden();

const OWN_EGRESS: Rule = Rule::new(
    "has(self.vpc) || !has(self.egress) || self.egress == 'None'",
    "egress is for a VPC that is made for the object: your own VPC has your own routes",
)
.at(".egress");

const OWN_SUBNETS: Rule = Rule::new(
    "!has(self.vpc) || self.subnets.all(s, has(s.cidrBlock))",
    "in a VPC that is made for the object every subnet is too: give each a cidrBlock",
)
.at(".subnets");

const SUBNETS_INSIDE: Rule = Rule::new(
    "!has(self.vpc) || self.subnets.all(s, !has(s.cidrBlock) || cidr(self.vpc.cidrBlock).containsCIDR(s.cidrBlock))",
    "every subnet lies in vpc.cidrBlock",
)
.at(".subnets");

const SUBNETS_APART: Rule = Rule::new(
    "!has(self.vpc) || self.subnets.all(a, self.subnets.all(b, a.zoneId == b.zoneId || !has(a.cidrBlock) || !has(b.cidrBlock) || !cidr(a.cidrBlock).containsCIDR(b.cidrBlock)))",
    "subnets do not overlap",
)
.at(".subnets");

/// The subnet of one zone. Exactly one of subnetId, subnetTags and cidrBlock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [ONE_SOURCE]))]
pub struct Subnet {
    /// Zone ID such as usw2-az1. Not a zone name such as us-west-2a: names mean another zone in another account.
    #[schemars(length(max = 24), extend("x-kubernetes-validations" = [zone_id()]))]
    pub zone_id: String,

    /// An existing subnet by its ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32), regex(pattern = r"^subnet-[0-9a-f]{8,17}$"))]
    pub subnet_id: Option<String>,

    /// An existing subnet by its tags, 1 to 10, all of which it must carry. Exactly one subnet of the VPC and the zone
    /// must match.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = tag_values, extend("minProperties" = 1, "maxProperties" = 10))]
    pub subnet_tags: BTreeMap<String, String>,

    /// IPv4 CIDR of a subnet that is created for this object and deleted with it. AWS takes /16 to /28.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 18))]
    #[schemars(extend("x-kubernetes-validations" = [ipv4_cidr("an IPv4 CIDR such as 10.0.0.0/18")]))]
    pub cidr_block: Option<String>,
}

const ONE_SOURCE: Rule = Rule::new(
    "[has(self.subnetId), has(self.subnetTags), has(self.cidrBlock)].filter(x, x).size() == 1",
    "exactly one of subnetId, subnetTags and cidrBlock",
)
.naming("'zone ' + self.zoneId + ': exactly one of subnetId, subnetTags and cidrBlock'");
