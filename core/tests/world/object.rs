//! The object that histories are about, and how its owner edits it.

use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::api::v1alpha1 as api;
use kpl_core::desired::Identity;
use kpl_core::model::{InstanceState, Owner};
use serde_json::json;

use super::people::{BROKER_GROUP, CLUSTER_TAG, ID_TAG, VPC, subnet_id, zone};
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
        "listeners": [listener("EXTERNAL", 9092, 9093)],
        "endpointService": { "consumers": [{ "accountId": CONSUMERS[0], "acceptance": "Automatic" }] },
    });
    serde_json::from_value(spec).expect("a spec as users write it")
}

fn listener(name: &str, bootstrap: u16, first: u16) -> serde_json::Value {
    json!({
        "name": name,
        "brokerPort": 39092,
        "bootstrapPort": bootstrap,
        "portRange": { "first": first, "last": first + 20 },
        "consumerCidrs": ["10.250.0.0/16"],
    })
}

/// Zones that the object offers.
pub fn zones(spec: &KafkaPrivateLinkSpec) -> Vec<u32> {
    let number = |subnet: &api::Subnet| subnet.zone_id.trim_start_matches("usw2-az").parse().expect("our zones");
    spec.network.subnets.iter().map(number).collect()
}

/// One edit of the spec, as the API server would let it through.
pub fn edit(spec: &mut KafkaPrivateLinkSpec, aws: &Aws, rng: &mut fastrand::Rng) -> &'static str {
    match rng.u32(0..18) {
        0 | 1 => add_listener(spec, rng),
        2 => {
            if spec.listeners.len() > 1 {
                let nth = rng.usize(0..spec.listeners.len());
                spec.listeners.remove(nth);
            }
            "a listener is removed"
        }
        3 | 4 => {
            let cidrs = ["10.250.0.0/16", "10.251.0.0/16", "10.252.3.7/24", "10.0.0.0/8"];
            let listener = any_listener(spec, rng);
            listener.consumer_cidrs = rng.choose_multiple(cidrs, 2).into_iter().map(str::to_owned).collect();
            "consumer CIDRs change"
        }
        5 | 6 => edit_consumers(spec, rng),
        7 => {
            spec.target_groups.health_check.interval_seconds = rng.i32(1..4) * 10;
            spec.target_groups.deregistration_delay_seconds = rng.i32(0..3) * 60;
            "health check and deregistration delay change"
        }
        8 => {
            let listener = any_listener(spec, rng);
            listener.cross_zone = match listener.cross_zone {
                api::CrossZone::Enabled => api::CrossZone::Disabled,
                api::CrossZone::Disabled => api::CrossZone::Enabled,
            };
            "cross zone changes"
        }
        9 => {
            spec.load_balancer.idle_timeout_seconds = *rng.choice(&[350, 60, 1000]).expect("not empty");
            "the idle timeout changes"
        }
        10 => {
            use api::DeletionProtection::{Disabled, Enabled};
            let protection = &mut spec.load_balancer.deletion_protection;
            *protection = if *protection == Enabled { Disabled } else { Enabled };
            "deletion protection changes"
        }
        11 => {
            use api::InboundRules::{Enforced, Ignored};
            let rules = &mut spec.load_balancer.inbound_rules_on_private_link;
            *rules = if *rules == Enforced { Ignored } else { Enforced };
            "inbound rules change"
        }
        12 => {
            any_listener(spec, rng).broker_port = *rng.choice(&[39092, 39093]).expect("not empty");
            "a broker port changes"
        }
        13 => {
            let listener = any_listener(spec, rng);
            listener.bootstrap_port =
                if rng.bool() { listener.port_range.first - 1 } else { listener.port_range.last + 1 };
            "a bootstrap port changes"
        }
        14 => add_zone(spec, rng),
        15 => switch_source(spec, aws, rng),
        16 => {
            let ids = &mut spec.brokers.security_group_ids;
            *ids = if ids.is_empty() { vec![BROKER_GROUP.into()] } else { vec![] };
            "the brokers' group is named or not"
        }
        _ => {
            spec.tags.clear();
            if rng.bool() {
                spec.tags.insert("team".into(), format!("team-{}", rng.u8(0..3)));
            }
            "the user's tags change"
        }
    }
}

fn any_listener<'a>(spec: &'a mut KafkaPrivateLinkSpec, rng: &mut fastrand::Rng) -> &'a mut api::Listener {
    let nth = rng.usize(0..spec.listeners.len());
    &mut spec.listeners[nth]
}

fn add_listener(spec: &mut KafkaPrivateLinkSpec, rng: &mut fastrand::Rng) -> &'static str {
    // The same name may come again at other ports.
    let name = *rng.choice(&["SECOND", "THIRD"]).expect("not empty");
    let base = *rng.choice(&[9192, 9292, 9392]).expect("not empty");
    let there = spec.listeners.iter().any(|held| {
        held.name == name || (held.bootstrap_port - base).abs() < 50 || (held.port_range.first - base).abs() < 50
    });
    if !there {
        let base = u16::try_from(base).expect("a port");
        let value = listener(name, base, base + 1);
        spec.listeners.push(serde_json::from_value(value).expect("a listener as users write it"));
    }
    "a listener is added"
}

fn edit_consumers(spec: &mut KafkaPrivateLinkSpec, rng: &mut fastrand::Rng) -> &'static str {
    let account = rng.choice(CONSUMERS).expect("not empty");
    let consumers = &mut spec.endpoint_service.consumers;
    consumers.retain(|consumer| consumer.account_id != account);
    let acceptance = *rng.choice(&["Automatic", "Automatic", "Manual", "Rejected", ""]).expect("not empty");
    if !acceptance.is_empty() {
        let value = json!({ "accountId": account, "acceptance": acceptance, "maxConnections": rng.i32(1..4) });
        consumers.push(serde_json::from_value(value).expect("a consumer as users write it"));
    }
    "consumers change"
}

fn add_zone(spec: &mut KafkaPrivateLinkSpec, rng: &mut fastrand::Rng) -> &'static str {
    let nth = rng.u32(3..5);
    if !zones(spec).contains(&nth) {
        let subnet = if rng.bool() {
            json!({ "zoneId": zone(nth), "subnetId": subnet_id(nth) })
        } else {
            json!({ "zoneId": zone(nth), "cidrBlock": format!("10.0.{}.0/24", 100 + nth) })
        };
        spec.network.subnets.push(serde_json::from_value(subnet).expect("a subnet as users write it"));
    }
    "a zone is added"
}

/// From selector to a list of addresses and back: the target type changes.
fn switch_source(spec: &mut KafkaPrivateLinkSpec, aws: &Aws, rng: &mut fastrand::Rng) -> &'static str {
    if spec.brokers.ec2.is_none() {
        spec.brokers.ec2 = plain().brokers.ec2;
        spec.brokers.static_brokers.clear();
        return "brokers are found by selector";
    }
    let by_address = rng.bool();
    let list = listed_brokers(aws, by_address);
    if !list.is_empty() {
        spec.brokers.ec2 = None;
        spec.brokers.static_brokers = list;
    }
    "brokers are listed"
}

/// The running brokers as a list; of two with one id the later.
pub fn listed_brokers(aws: &Aws, by_address: bool) -> Vec<api::StaticBroker> {
    let mut list: Vec<api::StaticBroker> = Vec::new();
    for (instance, host) in &aws.instances {
        let Some(id) = host.tags.get(ID_TAG).and_then(|id| id.parse().ok()) else { continue };
        if host.state == InstanceState::Running && host.tags.contains_key(CLUSTER_TAG.0) {
            list.retain(|broker| broker.id != id);
            list.push(api::StaticBroker {
                id,
                zone_id: host.zone.to_string(),
                instance_id: (!by_address).then(|| instance.to_string()),
                ip_address: by_address.then(|| host.address.to_string()),
            });
        }
    }
    list
}
