//! The judge is judged: paths of accounts written down by hand.

use serde_json::{Value, json};

use super::paths::{Paths, clients, open, wrong};
use super::snapshot::Snapshot;

const LB: &str = "arn:aws:elasticloadbalancing:us-west-2:1:loadbalancer/net/kpl/1";

/// Two brokers in two zones, each behind a port of its own, both behind 9092.
fn account() -> Value {
    let group = |cross_zone: &str, targets: Value| json!({ "attributes": { "load_balancing.cross_zone.enabled": cross_zone }, "targets": targets });
    let listener =
        |port: u16, weights: Value| json!({ "load_balancer": LB, "port": port, "protocol": "TCP", "weights": weights });
    let instance =
        |id: &str, address: &str| json!({ "tags": { "kafka-node-id": id }, "address": address, "state": "running" });
    let interface = |subnet: &str, address: &str, description: &str, group: &str| json!({ "subnet": subnet, "address": address, "description": description, "security_groups": [group] });
    let rule = |group: &str, egress: bool, ports: [u16; 2], peer: &str| json!({ "group": group, "egress": egress, "protocol": "tcp", "ports": ports, "peer": peer });
    json!({
        "subnets": { "s1": { "zone": "z1" }, "s2": { "zone": "z2" } },
        "instances": { "i-1": instance("1", "10.0.0.9"), "i-2": instance("2", "10.0.1.9") },
        "network_interfaces": {
            "e1": interface("s1", "10.0.0.9", "", "sg-kafka"), "e2": interface("s2", "10.0.1.9", "", "sg-kafka"),
            "e3": interface("s1", "10.0.0.5", "ELB net/kpl/1", "sg-lb"),
            "e4": interface("s2", "10.0.1.5", "ELB net/kpl/1", "sg-lb"),
        },
        "security_group_rules": {
            "in": rule("sg-lb", false, [9092, 9100], "10.250.0.0/16"),
            "out": rule("sg-lb", true, [39092, 39092], "10.0.0.0/16"),
            "kafka": rule("sg-kafka", false, [39092, 39092], "sg-lb"),
        },
        "load_balancers": { LB: {
            "serves": true, "subnets": ["s1", "s2"], "security_groups": ["sg-lb"], "enforce": "on",
            "attributes": { "load_balancing.cross_zone.enabled": "false" },
        } },
        "listeners": {
            "l0": listener(9092, json!({ "tg0": 1 })), "l1": listener(9093, json!({ "tg1": 1 })),
            "l2": listener(9094, json!({ "tg2": 1 })),
        },
        "target_groups": {
            "tg0": group("true", json!({ "i-1:39092": "healthy", "i-2:39092": "healthy" })),
            "tg1": group("use_load_balancer_configuration", json!({ "i-1:39092": "healthy" })),
            "tg2": group("false", json!({ "i-2:39092": "healthy" })),
        },
        "endpoint_services": { "vpce-svc": {
            "state": "Available", "load_balancers": [LB], "zones": ["z1", "z2"], "principals": ["arn:aws:iam::2:root"],
            "connections": { "vpce-1": { "state": "available", "zones": ["z1"] } },
        } },
    })
}

fn paths(account: &Value) -> Paths {
    let moment = Snapshot::new(account);
    open(&moment, &clients([&moment].into_iter()))
}

fn told(paths: &std::collections::BTreeSet<super::paths::Path>) -> Vec<String> {
    paths.iter().map(ToString::to_string).collect()
}

const ALL: [&str; 10] = [
    "10.250.0.0 by a new endpoint in z1 at port 9092 to broker 1",
    "10.250.0.0 by a new endpoint in z1 at port 9092 to broker 2",
    "10.250.0.0 by a new endpoint in z1 at port 9093 to broker 1",
    "10.250.0.0 by a new endpoint in z2 at port 9092 to broker 1",
    "10.250.0.0 by a new endpoint in z2 at port 9092 to broker 2",
    "10.250.0.0 by a new endpoint in z2 at port 9094 to broker 2",
    "10.250.0.0 by vpce-1 in z1 at port 9092 to broker 1",
    "10.250.0.0 by vpce-1 in z1 at port 9092 to broker 2",
    "10.250.0.0 by vpce-1 in z1 at port 9093 to broker 1",
    "request of arn:aws:iam::2:root",
];

#[test]
fn what_is_open_is_seen() {
    let paths = paths(&account());
    assert_eq!(told(&paths.sure), ALL);
    assert_eq!(told(&paths.possible), ALL);
}

/// What each single change at one place leaves of the ten.
#[test]
fn everything_on_the_way_decides() {
    let changes: &[(&str, Value, usize)] = &[
        ("/endpoint_services/vpce-svc/state", json!("Deleting"), 0),
        ("/endpoint_services/vpce-svc/load_balancers", json!([]), 1),
        ("/endpoint_services/vpce-svc/zones", json!(["z1"]), 7),
        ("/endpoint_services/vpce-svc/principals", json!([]), 9),
        ("/endpoint_services/vpce-svc/connections/vpce-1/state", json!("pendingAcceptance"), 7),
        ("/security_group_rules/in/ports", json!([9092, 9092]), 7),
        ("/security_group_rules/in/peer", json!("sg-other"), 1),
        ("/security_group_rules/in/group", json!("sg-other"), 1),
        ("/security_group_rules/out/ports", json!([1, 2]), 1),
        ("/security_group_rules/out/peer", json!("10.0.0.0/24"), 6),
        ("/security_group_rules/out/peer", json!("sg-kafka"), 10),
        ("/security_group_rules/kafka/peer", json!("sg-other"), 1),
        ("/security_group_rules/kafka/peer", json!("10.0.0.5/32"), 7),
        ("/security_group_rules/kafka/protocol", json!("udp"), 1),
        ("/listeners/l1/port", json!(9091), 8),
        ("/listeners/l1/weights", json!({ "tg-other": 1 }), 8),
        ("/target_groups/tg1/targets", json!({ "i-1:39092": "draining" }), 8),
        ("/target_groups/tg1/targets", json!({ "i-1:1": "healthy" }), 8),
        ("/target_groups/tg1/targets", json!({ "10.0.0.9:39092": "healthy" }), 10),
        ("/target_groups/tg0/attributes/load_balancing.cross_zone.enabled", json!("false"), 7),
        ("/instances/i-2/state", json!("terminated"), 6),
    ];
    for (place, value, left) in changes {
        let mut account = account();
        *account.pointer_mut(place).expect(place) = value.clone();
        assert_eq!(told(&paths(&account).sure).len(), *left, "{place} = {value}");
    }
    for (place, value) in [("serves", json!(false)), ("subnets", json!([]))] {
        let mut account = account();
        account["load_balancers"][LB][place] = value;
        assert_eq!(paths(&account).possible.len(), 1, "{place}");
    }
}

#[test]
fn rules_that_are_not_enforced_let_everybody_in() {
    let mut account = account();
    account["load_balancers"][LB]["enforce"] = "off".into();
    // Before, inside and behind the block.
    assert_eq!(paths(&account).sure.len(), 9 * 5 + 1);
}

#[test]
fn what_may_go_astray_is_not_sure() {
    let mut account = account();
    account["target_groups"]["new"] = json!({
        "attributes": { "load_balancing.cross_zone.enabled": "false" }, "targets": { "i-1:39092": "initial" },
    });
    for (weights, sure) in
        [(json!({ "tg1": 999, "new": 1 }), 10), (json!({ "tg1": 1, "new": 1 }), 8), (json!({ "new": 1, "tg1": 0 }), 8)]
    {
        account["listeners"]["l1"]["weights"] = weights.clone();
        let paths = paths(&account);
        assert_eq!((paths.sure.len(), paths.possible.len()), (sure, 10), "{weights}");
    }
}

#[test]
fn cuts_and_openings_are_told() {
    let (whole, mut less, mut other) = (account(), account(), account());
    less["security_group_rules"]["out"]["ports"] = json!([1, 2]);
    other["listeners"]["l1"]["weights"] = json!({ "tg2": 1 });
    let (whole, less, other) = (paths(&whole), paths(&less), paths(&other));
    assert!(wrong(&whole, &less, &less).is_empty() && wrong(&less, &whole, &whole).is_empty());
    assert_eq!(wrong(&whole, &less, &whole).values().filter(|what| **what == "cut").count(), 9);
    let astray = wrong(&whole, &other, &whole);
    let opened: Vec<String> =
        astray.iter().filter(|(_, what)| **what == "opened").map(|(path, _)| path.to_string()).collect();
    assert_eq!(opened, ["10.250.0.0 by a new endpoint in z2 at port 9093 to broker 2"]);
}
