//! The object that histories are about.

use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::api::v1alpha1 as api;
use kpl_core::desired::Identity;
use kpl_core::model::{InstanceState, Owner, VpcId};
use serde_json::json;

use super::people::{CLUSTER_TAG, ID_TAG, VPC, subnet_id, zone};
use super::state::Aws;

pub const CONSUMERS: [&str; 3] = ["123456789012", "210987654321", "333333333333"];

pub fn identity(name: &str) -> Identity {
    let owner = Owner { cluster_id: "c1".into(), namespace: "streaming".into(), name: name.into() };
    Identity { owner, holder: "kube-system-uid".into(), uid: format!("uid-{name}") }
}

/// One listener, zones 1 and 2, brokers by selector, one consumer.
pub fn plain() -> KafkaPrivateLinkSpec {
    let spec = json!({
        "region": "us-west-2",
        "network": {
            "vpcId": VPC,
            "subnets": [
                { "zoneId": zone(1), "subnetId": subnet_id(1) },
                { "zoneId": zone(2), "subnetTags": { "role": "brokers" } },
            ],
        },
        "brokers": { "ec2": { "tags": { CLUSTER_TAG.0: CLUSTER_TAG.1 }, "idTagKey": ID_TAG } },
        "listeners": [listener("EXTERNAL", 9092, 9093, 21)],
        "endpointService": { "consumers": [{ "accountId": CONSUMERS[0], "acceptance": "Automatic" }] },
    });
    serde_json::from_value(spec).expect("a spec as users write it")
}

pub fn listener(name: &str, bootstrap: u16, first: u16, ports: u16) -> serde_json::Value {
    json!({
        "name": name,
        "brokerPort": 39092,
        "bootstrapPort": bootstrap,
        "portRange": { "first": first, "last": first + ports - 1 },
        "consumerCidrs": ["10.250.0.0/16"],
    })
}

/// Zones that the object offers.
pub fn zones(spec: &KafkaPrivateLinkSpec) -> Vec<u32> {
    let number = |subnet: &api::Subnet| subnet.zone_id.trim_start_matches("usw2-az").parse().expect("our zones");
    spec.network.subnets.iter().map(number).collect()
}

/// The VPC that the object lies in.
pub fn vpc(spec: &KafkaPrivateLinkSpec) -> VpcId {
    VpcId::new(spec.network.vpc_id.as_str())
}

/// The running brokers as a list, as far as the object can offer them; of two with one id the later.
pub fn listed_brokers(aws: &Aws, spec: &KafkaPrivateLinkSpec, by_address: bool) -> Vec<api::StaticBroker> {
    let mut list: Vec<api::StaticBroker> = Vec::new();
    let (vpc, offered) = (vpc(spec), &spec.network.subnets);
    for (instance, host) in aws.instances.iter().filter(|(_, host)| host.vpc == vpc) {
        let Some(id) = host.tags.get(ID_TAG).and_then(|id| id.parse().ok()) else { continue };
        let is_offered = offered.iter().any(|subnet| subnet.zone_id == host.zone.as_str());
        if is_offered && host.state == InstanceState::Running && host.tags.contains_key(CLUSTER_TAG.0) {
            list.retain(|broker| broker.id != id);
            list.push(api::StaticBroker {
                id,
                zone_id: host.zone.to_string(),
                instance_id: (!by_address).then(|| instance.to_string()),
                ip_address: by_address.then(|| host.address.to_string()),
            });
        }
    }
    list.truncate(50 / spec.listeners.len() - 1);
    list
}
