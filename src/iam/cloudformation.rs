//! A `CloudFormation` template: managed policies, as the parameters say.

use serde_json::{Value, json};

use super::json::document;
use super::statement::{Place, Statement, arn, statements};
use crate::aws::right::{Capability, Kind};

const PLACE: Place<'static> =
    Place { partition: "${AWS::Partition}", region: "${Region}", account: "${AWS::AccountId}" };

/// The template, as a value that is YAML or JSON.
#[must_use]
pub fn template() -> Value {
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Managed policies for the role of kafka-privatelink-operator",
        "Parameters": {
            "Mode": {
                "Type": "String", "AllowedValues": ["manage", "observe"], "Default": "manage",
                "Description": "observe: reads only, for objects with mode Observe",
            },
            "Owners": {
                "Type": "String", "Default": "*", "MinLength": 1,
                "Description": "Whose resources may be made and changed: a pattern for <cluster id>/<namespace>/<name>, such as prod/*",
            },
            "Region": {
                "Type": "String", "Default": "*", "MinLength": 1,
                "Description": "The region that writes are allowed in; * is any",
            },
            "BrokerSecurityGroupArns": {
                "Type": "CommaDelimitedList", "Default": "",
                "Description": "ARNs of the groups that objects may name in spec.brokers.securityGroupIds",
            },
            "MakeVpcs": {
                "Type": "String", "AllowedValues": ["true", "false"], "Default": "false",
                "Description": "Whether objects may have VPCs made for them (spec.network.vpc)",
            },
            "MakeClusters": {
                "Type": "String", "AllowedValues": ["true", "false"], "Default": "false",
                "Description": "Whether objects may have brokers made for them (spec.brokers.provisioned)",
            },
        },
        "Conditions": {
            "Observes": { "Fn::Equals": [{ "Ref": "Mode" }, "observe"] },
            "Manages": { "Fn::Equals": [{ "Ref": "Mode" }, "manage"] },
            "HasBrokerGroups": { "Fn::And": [
                { "Condition": "Manages" },
                { "Fn::Not": [{ "Fn::Equals": [{ "Fn::Join": ["", { "Ref": "BrokerSecurityGroupArns" }] }, ""] }] },
            ] },
            "MakesVpcs": { "Fn::And": [
                { "Condition": "Manages" }, { "Fn::Equals": [{ "Ref": "MakeVpcs" }, "true"] },
            ] },
            "MakesClusters": { "Fn::And": [
                { "Condition": "Manages" }, { "Fn::Equals": [{ "Ref": "MakeClusters" }, "true"] },
            ] },
        },
        "Resources": {
            "Observe": managed("Observes", Capability::Observe),
            "Manage": managed("Manages", Capability::Manage),
            "BrokerGroups": managed("HasBrokerGroups", Capability::BrokerGroups),
            "Network": managed("MakesVpcs", Capability::Network),
            "NewCluster": managed("MakesClusters", Capability::NewCluster),
        },
        "Outputs": {
            "ObservePolicyArn": output("Observes", "Observe"),
            "ManagePolicyArn": output("Manages", "Manage"),
            "BrokerGroupsPolicyArn": output("HasBrokerGroups", "BrokerGroups"),
            "NetworkPolicyArn": output("MakesVpcs", "Network"),
            "NewClusterPolicyArn": output("MakesClusters", "NewCluster"),
        },
    })
}

fn managed(condition: &str, capability: Capability) -> Value {
    let owners = json!({ "Ref": "Owners" });
    json!({
        "Type": "AWS::IAM::ManagedPolicy",
        "Condition": condition,
        "Properties": { "PolicyDocument": document(&statements(capability), &resources, &owners) },
    })
}

fn resources(statement: &Statement) -> Value {
    if statement.kinds.is_empty() {
        return "*".into();
    }
    // The groups' ARNs are a parameter, and CloudFormation cannot put a list into another: it stands alone.
    if statement.kinds.contains(&Kind::BrokerGroup) {
        return json!({ "Ref": "BrokerSecurityGroupArns" });
    }
    let arns = statement.kinds.iter().map(|kind| json!({ "Fn::Sub": arn(*kind, PLACE) }));
    arns.collect::<Vec<_>>().into()
}

fn output(condition: &str, resource: &str) -> Value {
    json!({ "Condition": condition, "Value": { "Ref": resource } })
}
