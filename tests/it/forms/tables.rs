//! The forms.

use serde_json::{Value, json};

use super::form::{Form, form};
use crate::harness::listener;

/// All.
pub fn all() -> Vec<Form> {
    [blocks(), ports(), consumers(), tags(), names(), brokers(), subnets(), settings()].concat()
}

const CIDRS: &str = "/listeners/0/consumerCidrs";
const CONSUMERS: &str = "/endpointService/consumers";

/// So many blocks, with host bits or without.
fn many(count: u8, host: &str) -> Value {
    (1..=count).map(|n| format!("10.{n}.{host}/16")).collect()
}

pub fn blocks() -> Vec<Form> {
    vec![
        form("a block with host bits").with(CIDRS, json!(["10.250.3.7/16"])).same_as(CIDRS, json!(["10.250.0.0/16"])),
        form("an address").with(CIDRS, json!(["10.250.3.7/32"])),
        form("all addresses").with(CIDRS, json!(["0.0.0.0/0"])),
        form("all addresses, with host bits").with(CIDRS, json!(["9.8.7.6/0"])),
        form("a block inside another")
            .with(CIDRS, json!(["10.0.0.0/8", "10.1.0.0/16"]))
            .same_as(CIDRS, json!(["10.1.0.0/16", "10.0.0.0/8"])),
        form("one block in two spellings")
            .with(CIDRS, json!(["10.250.0.0/16", "10.250.3.7/16"]))
            .same_as(CIDRS, json!(["10.250.9.9/16"])),
        form("29 blocks apart from the range of ports")
            .with("/listeners/0/bootstrapPort", 9000)
            .with(CIDRS, many(29, "0.0"))
            .same_as(CIDRS, many(29, "3.7")),
    ]
}

pub fn ports() -> Vec<Form> {
    let two = [listener("EXTERNAL", 39092, 9092, 9093), listener("EXTERNAL2", 39092, 9192, 9193)];
    let [first, second] = two.clone();
    vec![
        form("bootstrap below its range").with("/listeners/0/bootstrapPort", 9092),
        form("bootstrap above its range").with("/listeners/0/bootstrapPort", 9117),
        form("bootstrap apart from its range").with("/listeners/0/bootstrapPort", 9119),
        form("the lowest and the highest port")
            .with("/listeners/0/bootstrapPort", 65535)
            .with("/listeners/0/portRange", json!({ "first": 1, "last": 3 }))
            .with("/listeners/0/brokerPort", 65535),
        form("two listeners of one broker port")
            .with("/listeners", json!(two))
            .same_as("/listeners", json!([second, first])),
        form("ports fixed by hand")
            .with("/listeners/0/ports", json!([{ "brokerId": 2, "port": 9116 }, { "brokerId": 1, "port": 9100 }]))
            .same_as("/listeners/0/ports", json!([{ "brokerId": 1, "port": 9100 }, { "brokerId": 2, "port": 9116 }])),
        form("the ports that they have, fixed by hand").same_as(
            "/listeners/0/ports",
            json!([{ "brokerId": 3, "port": 9095 }, { "brokerId": 1, "port": 9093 }, { "brokerId": 2, "port": 9094 }]),
        ),
        form("hosts without zone, and with hyphens")
            .with("/listeners/0/advertisedHostTemplate", "{region}-b{brokerId}.x--y.example.com")
            .with("/listeners/0/crossZone", "Enabled"),
    ]
}

pub fn consumers() -> Vec<Form> {
    let account = |id: &str| json!({ "accountId": id });
    let with = |principals: Value| json!([{ "accountId": "210987654321", "principals": principals }]);
    let fifty: Value = (10..60).map(|n| account(&format!("2109876543{n}"))).collect();
    vec![
        form("the whole account, unsaid").with(CONSUMERS, json!([account("210987654321")])).same_as(CONSUMERS, with(json!(["root"]))),
        form("principals of all kinds")
            .with(CONSUMERS, with(json!(["user/kim", "root", "role/network"])))
            .same_as(CONSUMERS, with(json!(["role/network", "user/kim", "root"]))),
        form("one principal twice")
            .with(CONSUMERS, with(json!(["role/network", "role/network"])))
            .same_as(CONSUMERS, with(json!(["role/network"]))),
        form("principals of odd characters, and of each case")
            .with(CONSUMERS, with(json!(["role/a+b=c,d.e@f_g-h", "role/Network", "role/network", "user/KIM"]))),
        form("an account that begins with zeros").with(CONSUMERS, json!([account("000987654321")])),
        form("consumers in another order")
            .with(CONSUMERS, json!([account("210987654321"), account("345678901234")]))
            .same_as(CONSUMERS, json!([account("345678901234"), account("210987654321")])),
        form("fifty consumers").with(CONSUMERS, fifty),
        form("a rejected consumer and one by endpoints that are not there")
            .with(
                CONSUMERS,
                json!([
                    { "accountId": "210987654321", "acceptance": "Rejected", "principals": ["role/network"] },
                    { "accountId": "345678901234", "endpointIds": ["vpce-0123456789abcdef1", "vpce-0123456789abcdef0"] },
                ]),
            )
            .same_as(
                CONSUMERS,
                json!([
                    { "accountId": "345678901234", "endpointIds": ["vpce-0123456789abcdef0", "vpce-0123456789abcdef1"] },
                    { "accountId": "210987654321", "acceptance": "Rejected" },
                ]),
            ),
    ]
}

pub fn tags() -> Vec<Form> {
    let numbered = |count: usize, key: &dyn Fn(usize) -> String| -> Value {
        (0..count).map(|n| (key(n), Value::from("v"))).collect::<serde_json::Map<_, _>>().into()
    };
    vec![
        form("tags of odd characters").with(
            "/tags",
            json!({ "cost center": "17 / b", "Größe:größe": "ä=+-@_.:/", "=team": "=", "team": "Streaming", "Team": "x" }),
        ),
        form("an empty tag value").with("/tags", json!({ "empty": "", "full": "v".repeat(256) })),
        form("a tag that we set too").with("/tags", json!({ "Name": "orders of everybody" })),
        form("forty tags").with("/tags", numbered(40, &|n| format!("key-{n}"))),
        form("forty tags of long keys").with("/tags", numbered(40, &|n| format!("{n:k>128}"))),
    ]
}

pub fn names() -> Vec<Form> {
    let long = "a-name.of-sixty-three-characters-that-begins-as-the-other-doe-";
    let listener_name = |name: String| {
        json!([{ "name": name, "brokerPort": 39092, "bootstrapPort": 9092,
        "portRange": { "first": 9093, "last": 9116 }, "consumerCidrs": ["10.250.0.0/16"] }])
    };
    vec![
        form("a long name").named(&format!("{long}1")),
        form("a long name that differs in its last character").named(&format!("{long}2")),
        form("a name of one character").named("x"),
        form("a name that is cut at a dot").named("orders1.v2"),
        form("a listener of a long name").with("/listeners", listener_name("L".repeat(31) + "_" + &"l".repeat(31))),
        form("a listener of odd case").with("/listeners", listener_name("eXternal_1-b".into())),
    ]
}

pub fn brokers() -> Vec<Form> {
    let by_instance = |id: i32, zone: i32| json!({ "id": id, "zoneId": format!("usw2-az{zone}"), "instanceId": format!("<b{zone}>") });
    let by_address = |id: i32, zone: i32| json!({ "id": id, "zoneId": format!("usw2-az{zone}"), "ipAddress": format!("10.0.{}.10", (zone - 1) * 16) });
    let list = |rows: [Value; 3]| json!({ "static": rows });
    vec![
        form("brokers in another order")
            .with("/brokers", list([by_instance(1, 1), by_instance(2, 2), by_instance(3, 3)]))
            .same_as("/brokers", list([by_instance(3, 3), by_instance(1, 1), by_instance(2, 2)])),
        form("the instances that tags find, by a list")
            .same_as("/brokers", list([by_instance(1, 1), by_instance(2, 2), by_instance(3, 3)])),
        form("the lowest and the highest broker id")
            .with("/brokers", list([by_instance(0, 1), by_instance(2_147_483_647, 2), by_instance(7, 3)])),
        form("brokers by address")
            .with("/brokers", list([by_address(1, 1), by_address(2, 2), by_address(3, 3)]))
            .same_as("/brokers", list([by_address(2, 2), by_address(3, 3), by_address(1, 1)])),
        form("brokers with a security group").with("/brokers/securityGroupIds", json!(["<group>"])),
    ]
}

pub fn subnets() -> Vec<Form> {
    let by_id = |zone: i32| json!({ "zoneId": format!("usw2-az{zone}"), "subnetId": format!("<az{zone}>") });
    let by_tag = |zone: i32| json!({ "zoneId": format!("usw2-az{zone}"), "subnetTags": { "role": "broker" } });
    let made = |block: &str| json!({ "zoneId": "usw2-az3", "cidrBlock": block });
    vec![
        form("subnets in another order")
            .with("/network/subnets", json!([by_id(1), by_id(2), by_id(3)]))
            .same_as("/network/subnets", json!([by_id(3), by_id(2), by_id(1)])),
        form("the same subnets by id and by tag")
            .with("/network/subnets", json!([by_id(1), by_tag(2), by_id(3)]))
            .same_as("/network/subnets", json!([by_tag(1), by_id(2), by_tag(3)])),
        form("a block of a subnet with host bits")
            .with("/network/subnets", json!([by_id(1), by_id(2), made("10.0.250.5/28")]))
            .same_as("/network/subnets", json!([by_id(1), by_id(2), made("10.0.250.0/28")])),
    ]
}

pub fn settings() -> Vec<Form> {
    let check = |interval: u32, threshold: u32| json!({ "intervalSeconds": interval, "healthyThreshold": threshold, "unhealthyThreshold": threshold });
    let groups = |delay: u32, check: Value| json!({ "deregistrationDelaySeconds": delay, "healthCheck": check });
    let idle = |seconds: u32| json!({ "idleTimeoutSeconds": seconds });
    vec![
        form("the least of all numbers").with("/targetGroups", groups(0, check(10, 2))).with("/loadBalancer", idle(60)),
        form("the most of all numbers").with("/targetGroups", groups(3600, check(300, 10))).with("/loadBalancer", idle(6000)),
        form("defaults, unsaid")
            .same_as("/mode", "Manage")
            .same_as("/deletionPolicy", "Delete")
            .same_as("/tags", json!({}))
            .same_as("/targetGroups", groups(60, check(10, 2)))
            .same_as(
                "/loadBalancer",
                json!({ "inboundRulesOnPrivateLink": "Enforced", "deletionProtection": "Disabled", "idleTimeoutSeconds": 350 }),
            ),
        form("rules that do not hold")
            .with(CIDRS, json!([]))
            .with("/loadBalancer", json!({ "inboundRulesOnPrivateLink": "Ignored" }))
            .same_as(CIDRS, Value::Null),
    ]
}
