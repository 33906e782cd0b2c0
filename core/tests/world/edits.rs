//! How the owner of an object edits it, as the API server would let it through.

use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::api::v1alpha1 as api;
use serde_json::json;

use super::object::{CONSUMERS, listed_brokers, listener, plain, zones};
use super::people::{BROKER_GROUP, OTHER_VPC, spare_subnet_id, subnet_id, zone};
use super::state::Aws;

/// CIDRs that all listeners may have together.
const CIDRS_MOST: usize = 29;

/// One edit.
pub fn edit(spec: &mut KafkaPrivateLinkSpec, aws: &Aws, rng: &mut fastrand::Rng) -> &'static str {
    match rng.u32(0..26) {
        0 | 1 => add_listener(spec, rng),
        2 => {
            if spec.listeners.len() > 1 {
                let nth = rng.usize(0..spec.listeners.len());
                spec.listeners.remove(nth);
            }
            "a listener is removed"
        }
        3 | 4 => edit_cidrs(spec, rng),
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
        14 | 15 => add_zone(spec, rng),
        16 => remove_zone(spec, rng),
        17 | 18 => swap_zone(spec, rng),
        19 | 20 => switch_source(spec, aws, rng),
        21 => {
            let ids = &mut spec.brokers.security_group_ids;
            *ids = if ids.is_empty() { vec![BROKER_GROUP.into()] } else { vec![] };
            "the brokers' group is named or not"
        }
        22 => fix_port(spec, rng),
        23 => {
            let listener = any_listener(spec, rng);
            if listener.bootstrap_port < listener.port_range.first && listener.port_range.last % 100 < 70 {
                listener.port_range.last += 2;
            }
            "a port range grows"
        }
        24 => {
            use api::Mode::{Manage, Observe};
            spec.mode = if spec.mode == Manage { Observe } else { Manage };
            "the object observes, or manages again"
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

fn cidrs(spec: &KafkaPrivateLinkSpec) -> usize {
    spec.listeners.iter().map(|listener| listener.consumer_cidrs.len()).sum()
}

fn add_listener(spec: &mut KafkaPrivateLinkSpec, rng: &mut fastrand::Rng) -> &'static str {
    // The same name may come again at other ports.
    let name = *rng.choice(&["SECOND", "THIRD"]).expect("not empty");
    let base = *rng.choice(&[9192, 9292, 9392]).expect("not empty");
    let there = spec.listeners.iter().any(|held| {
        held.name == name || (held.bootstrap_port - base).abs() < 50 || (held.port_range.first - base).abs() < 50
    });
    let listed = spec.brokers.static_brokers.len();
    if !there && cidrs(spec) < CIDRS_MOST && (spec.listeners.len() + 1) * (listed + 1) <= 50 {
        let base = u16::try_from(base).expect("a port");
        let value = listener(name, base, base + 1, 60);
        spec.listeners.push(serde_json::from_value(value).expect("a listener as users write it"));
    }
    "a listener is added"
}

/// Mostly two; sometimes as many as a security group takes.
fn edit_cidrs(spec: &mut KafkaPrivateLinkSpec, rng: &mut fastrand::Rng) -> &'static str {
    let mut pool: Vec<String> =
        ["10.250.0.0/16", "10.250.0.0/17", "10.250.128.0/17", "10.251.0.0/16", "10.252.3.7/24", "10.0.0.0/8"]
            .map(str::to_owned)
            .into();
    let room = CIDRS_MOST + 1 - cidrs(spec);
    let many = rng.u8(0..5) == 0;
    if many {
        pool.extend((0..40).map(|n| format!("10.{}.0.0/16", 128 + n)));
    }
    let listener = any_listener(spec, rng);
    let most = if many { room + listener.consumer_cidrs.len() - 1 } else { 2 };
    listener.consumer_cidrs = rng.choose_multiple(pool, most.min(CIDRS_MOST));
    while cidrs(spec) > CIDRS_MOST {
        let longest = spec.listeners.iter_mut().max_by_key(|listener| listener.consumer_cidrs.len());
        longest.expect("a spec has listeners").consumer_cidrs.pop();
    }
    "consumer CIDRs change"
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

fn fix_port(spec: &mut KafkaPrivateLinkSpec, rng: &mut fastrand::Rng) -> &'static str {
    let listener = any_listener(spec, rng);
    let (broker_id, port) = (rng.i32(1..8), rng.i32(listener.port_range.first..=listener.port_range.last));
    listener.ports.retain(|fixed| fixed.broker_id != broker_id && fixed.port != port);
    if rng.u8(0..4) > 0 {
        listener.ports.push(api::FixedPort { broker_id, port });
    }
    "a port is fixed by hand"
}

/// An entry for a zone: a subnet by id, another one by tags, or one that is made.
fn subnet(spec: &KafkaPrivateLinkSpec, nth: u32, rng: &mut fastrand::Rng) -> api::Subnet {
    let other = spec.network.vpc_id.as_deref() == Some(OTHER_VPC);
    let value = match rng.u8(0..4) {
        0 if other => json!({ "zoneId": zone(nth), "cidrBlock": format!("10.1.{}.0/24", 200 + nth) }),
        _ if other => json!({ "zoneId": zone(nth), "subnetTags": { "role": "brokers" } }),
        0 => json!({ "zoneId": zone(nth), "cidrBlock": format!("10.0.{}.0/24", 200 + nth) }),
        1 => json!({ "zoneId": zone(nth), "subnetId": subnet_id(nth) }),
        2 => json!({ "zoneId": zone(nth), "subnetId": spare_subnet_id(nth) }),
        _ => json!({ "zoneId": zone(nth), "subnetTags": { "role": "brokers" } }),
    };
    serde_json::from_value(value).expect("a subnet as users write it")
}

fn add_zone(spec: &mut KafkaPrivateLinkSpec, rng: &mut fastrand::Rng) -> &'static str {
    let nth = rng.u32(1..5);
    if !zones(spec).contains(&nth) {
        let entry = subnet(spec, nth, rng);
        spec.network.subnets.push(entry);
    }
    "a zone is added"
}

fn remove_zone(spec: &mut KafkaPrivateLinkSpec, rng: &mut fastrand::Rng) -> &'static str {
    let nth = rng.usize(0..spec.network.subnets.len());
    let zone = spec.network.subnets[nth].zone_id.clone();
    let listed = spec.brokers.static_brokers.iter().any(|broker| broker.zone_id == zone);
    if spec.network.subnets.len() > 1 && !listed {
        spec.network.subnets.remove(nth);
    }
    "a zone is removed"
}

fn swap_zone(spec: &mut KafkaPrivateLinkSpec, rng: &mut fastrand::Rng) -> &'static str {
    let nth = rng.choice(zones(spec)).expect("a spec has zones");
    let entry = subnet(spec, nth, rng);
    if let Some(held) = spec.network.subnets.iter_mut().find(|held| held.zone_id == entry.zone_id) {
        *held = entry;
    }
    "a zone gets another subnet"
}

/// From a selector to a list of instances or of addresses, and from any to any: the target type may change.
fn switch_source(spec: &mut KafkaPrivateLinkSpec, aws: &Aws, rng: &mut fastrand::Rng) -> &'static str {
    if spec.brokers.ec2.is_none() && rng.bool() {
        spec.brokers.ec2 = plain().brokers.ec2;
        spec.brokers.static_brokers.clear();
        return "brokers are found by selector";
    }
    let list = listed_brokers(aws, spec, rng.bool());
    if !list.is_empty() {
        spec.brokers.ec2 = None;
        spec.brokers.static_brokers = list;
    }
    "brokers are listed"
}
