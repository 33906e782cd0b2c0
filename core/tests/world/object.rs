//! The object that histories are about.

use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::api::v1alpha1 as api;
use kpl_core::desired::Identity;
use kpl_core::model::{InstanceState, Owner, VpcId};
use serde_json::json;

use super::people::{CLUSTER_TAG, ID_TAG, VPC, subnet_id, zone};
use super::state::{Aws, ours};

/// Its name.
pub const NAME: &str = "orders";
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

/// Brokers by their addresses: id, zone and address of each.
pub fn at_addresses(brokers: &[(i32, u32, &str)]) -> api::Brokers {
    let list = brokers.iter().map(|(id, n, address)| json!({ "id": id, "zoneId": zone(*n), "ipAddress": address }));
    serde_json::from_value(json!({ "static": list.collect::<Vec<_>>() })).expect("as users write it")
}

/// A subnet that is made.
pub fn made_subnet(n: u32, cidr: &str) -> api::Subnet {
    serde_json::from_value(json!({ "zoneId": zone(n), "cidrBlock": cidr })).expect("as users write it")
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

/// The VPC that the object lies in: the one that it names, or that was made for it and has its subnets.
pub fn vpc(aws: &Aws, spec: &KafkaPrivateLinkSpec) -> Option<VpcId> {
    if let Some(id) = &spec.network.vpc_id {
        return Some(id.as_str().into());
    }
    let owner = identity(NAME).owner;
    let own = aws.subnets.values().filter(|held| ours(&owner, &held.tags));
    own.map(|held| held.vpc.clone()).next()
}

/// The same object in a VPC that is made for it.
pub fn in_made_vpc() -> KafkaPrivateLinkSpec {
    let mut spec = plain();
    let network = json!({
        "vpc": { "cidrBlock": "10.1.0.0/16" },
        "egress": "S3Endpoint",
        "subnets": [
            { "zoneId": zone(1), "cidrBlock": "10.1.1.0/24" },
            { "zoneId": zone(2), "cidrBlock": "10.1.2.0/24" },
        ],
    });
    spec.network = serde_json::from_value(network).expect("as users write it");
    spec
}

/// The same with nodes that are made: three, in two zones.
pub fn with_nodes() -> KafkaPrivateLinkSpec {
    let mut spec = in_made_vpc();
    let node = |id: u32| json!({ "id": id, "zoneId": zone(1 + (id + 1) % 2) });
    let brokers = json!({ "provisioned": {
        "nodes": [node(1), node(2), node(3)],
        "instanceType": "t3.large",
        "storage": { "sizeGiB": 100 },
        "kafka": {
            "version": "4.3.1",
            "distribution": { "url": "s3://kafka/kafka.tgz", "sha512": "a".repeat(128) },
            "heap": "4G",
        },
    } });
    spec.brokers = serde_json::from_value(brokers).expect("as users write it");
    spec
}

/// The running brokers as a list, as far as the object can offer them; of two with one id the later.
pub fn listed_brokers(aws: &Aws, spec: &KafkaPrivateLinkSpec, by_address: bool) -> Vec<api::StaticBroker> {
    let mut list: Vec<api::StaticBroker> = Vec::new();
    let (vpc, offered) = (vpc(aws, spec), &spec.network.subnets);
    for (instance, host) in aws.instances.iter().filter(|(_, host)| Some(&host.vpc) == vpc.as_ref()) {
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
