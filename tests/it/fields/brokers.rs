//! `spec.brokers`, each source in a table of its own, and the ports fixed by hand for listed ones.

use serde_json::json;

use super::case::{Case, change, remove};
use super::play::Stage;
use crate::harness::{Names, Scene, ZONES};

const ONE_SOURCE: &str = "exactly one source of brokers: ec2, static or provisioned";
const ONE_TARGET: &str = "exactly one of instanceId and ipAddress";
const STAYS: &str = "a broker gets its port once and for all";

pub fn by_tag() -> Vec<Case> {
    vec![
        remove("spec.brokers").drop("/brokers").refused("spec.brokers: Required value"),
        remove("spec.brokers.ec2").drop("/brokers/ec2").refused(ONE_SOURCE),
        remove("spec.brokers.ec2.tags").drop("/brokers/ec2/tags").refused("tags: Required value"),
        remove("spec.brokers.ec2.idTagKey").drop("/brokers/ec2/idTagKey").refused("idTagKey: Required value"),
        change("spec.brokers.securityGroupIds[]")
            .set("/brokers/securityGroupIds/-", "<other-group>")
            .aws("opened", json!(["<group> 39092", "<other-group> 39092"])),
        remove("spec.brokers.securityGroupIds[]").drop("/brokers/securityGroupIds/1").aws("opened", "<group> 39092"),
        remove("spec.brokers.securityGroupIds").drop("/brokers/securityGroupIds").aws("opened", json!([])),
        // By the other tag the two have each other's ids.
        change("spec.brokers.ec2.idTagKey")
            .set("/brokers/ec2/idTagKey", "seat")
            .aws("listeners > 9093 > targets", "<b2>:39092")
            .aws("listeners > 9094 > targets", "<b1>:39092"),
        change("spec.brokers.ec2.tags.*")
            .set("/brokers/ec2/tags/batch", "new")
            .aws("listeners > 9093 > targets", "<new1>:39092")
            .aws("listeners > 9094 > targets", "<new2>:39092"),
        // Without the tag a third broker is found, and two instances for each of the others.
        remove("spec.brokers.ec2.tags.*")
            .drop("/brokers/ec2/tags/batch")
            .aws("listeners > 9095 > targets", "<b3>:39092")
            .says("InputsResolved", "False", "DuplicateBrokerId", "<new1>"),
    ]
}

pub async fn stage_by_tag() -> Stage {
    let scene = Scene::with_brokers(0).await;
    let launch = async |zone: &str, more: &[(&str, &str)]| {
        let all = [&[("kafka-cluster", "orders")], more].concat();
        let tags: Vec<_> = all.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
        scene.world.launch_tagged(zone, &tags).await
    };
    let (old, new) = (("batch", "old"), ("batch", "new"));
    let foreign = &scene.before.whole["security_groups"];
    let foreign = foreign.as_object().expect("groups").iter().find(|(_, group)| group["name"] == "somebody-elses");
    let names = Names::from([
        ("b1", launch(ZONES[0], &[old, ("kafka-node-id", "1"), ("seat", "2")]).await),
        ("b2", launch(ZONES[1], &[old, ("kafka-node-id", "2"), ("seat", "1")]).await),
        ("b3", launch(ZONES[2], &[("kafka-node-id", "3")]).await),
        ("new1", launch(ZONES[0], &[new, ("kafka-node-id", "1")]).await),
        ("new2", launch(ZONES[1], &[new, ("kafka-node-id", "2")]).await),
        ("group", scene.world.brokers_group.clone()),
        ("other-group", foreign.expect("a foreign group").0.clone()),
    ]);
    let mut spec = scene.plain_spec();
    spec["brokers"]["ec2"]["tags"]["batch"] = "old".into();
    spec["brokers"]["securityGroupIds"] = json!(["<group>"]);
    Stage { scene, spec, names }
}

pub fn by_list() -> Vec<Case> {
    let third = json!({ "id": 3, "zoneId": "usw2-az3", "instanceId": "<b3>" });
    vec![
        remove("spec.brokers.static").drop("/brokers/static").refused(ONE_SOURCE),
        change("spec.brokers.static[]")
            .set("/brokers/static/-", third.clone())
            .aws("listeners > 9094 > targets", "<b3>:39092"),
        remove("spec.brokers.static[]").drop("/brokers/static/2").aws("listeners > 9094 > group", json!([null])),
        change("spec.brokers.static[].zoneId").set("/brokers/static/1/zoneId", "usw2-az3").says(
            "InputsResolved",
            "False",
            "BrokerInOtherZone",
            "broker 2 runs in zone usw2-az2",
        ),
        remove("spec.brokers.static[].zoneId").drop("/brokers/static/1/zoneId").refused("zoneId: Required value"),
        change("spec.brokers.static[].instanceId")
            .set("/brokers/static/0/instanceId", "<b4>")
            .aws("listeners > 9093 > targets", "<b4>:39092"),
        remove("spec.brokers.static[].instanceId").drop("/brokers/static/0/instanceId").refused(ONE_TARGET),
        change("spec.brokers.static[].id")
            .set("/brokers/static/1/id", 7)
            .aws("groups > tg/EXTERNAL/7 > targets", "<b2>:39092")
            .aws("groups > tg/EXTERNAL/2 > targets", json!([null])),
        remove("spec.brokers.static[].id").drop("/brokers/static/1/id").refused("id"),
        change("spec.listeners[].ports[].port").set("/listeners/0/ports/0/port", 9102).says(
            "InputsResolved",
            "False",
            "PortClash",
            "gives broker 2 port 9102, but it has 9101",
        ),
        remove("spec.listeners[].ports[].port").drop("/listeners/0/ports/0/port").refused("port: Required value"),
        change("spec.listeners[].ports[].brokerId").set("/listeners/0/ports/0/brokerId", 1).says(
            "InputsResolved",
            "False",
            "PortClash",
            "gives broker 1 port 9101, but it has 9093",
        ),
        remove("spec.listeners[].ports[].brokerId").drop("/listeners/0/ports/0/brokerId").refused("brokerId"),
        // A broker that is new with it; its port is promised to nobody else then.
        change("spec.listeners[].ports[]")
            .set("/brokers/static/-", json!({ "id": 4, "zoneId": "usw2-az1", "instanceId": "<b4>" }))
            .set("/listeners/0/ports/-", json!({ "brokerId": 4, "port": 9110 }))
            .aws("listeners > 9110 > targets", "<b4>:39092"),
        remove("spec.listeners[].ports[]").drop("/listeners/0/ports/1").stays("listeners > 9110 > targets", STAYS),
        remove("spec.listeners[].ports").drop("/listeners/0/ports").stays("listeners > 9101 > targets", STAYS),
    ]
}

pub async fn stage_by_list() -> Stage {
    let scene = Scene::with_brokers(4).await;
    let names = [("b1", 1), ("b2", 2), ("b3", 3), ("b4", 4)].map(|(name, id)| (name, scene.world.brokers[&id].clone()));
    let mut spec = scene.plain_spec();
    spec["brokers"] = json!({ "static": [
        { "id": 1, "zoneId": "usw2-az1", "instanceId": "<b1>" }, { "id": 2, "zoneId": "usw2-az2", "instanceId": "<b2>" },
    ] });
    spec["listeners"][0]["ports"] = json!([{ "brokerId": 2, "port": 9101 }]);
    Stage { names: names.into(), scene, spec }
}

pub fn by_address() -> Vec<Case> {
    vec![
        change("spec.brokers.static[].ipAddress")
            .set("/brokers/static/0/ipAddress", "10.0.0.77")
            .aws("listeners > 9093 > targets", "10.0.0.77:39092"),
        remove("spec.brokers.static[].ipAddress").drop("/brokers/static/0/ipAddress").refused(ONE_TARGET),
        // AWS is not told where an address is; brokers are, by what they shall advertise.
        change("spec.brokers.static[].zoneId").set("/brokers/static/1/zoneId", "usw2-az3").status(
            "listeners > * > brokers > id=2 > advertised",
            "b2.usw2-az3.abc.us-west-2.aws.3199015.tidbcloud.com:9094",
        ),
    ]
}

pub async fn stage_by_address() -> Stage {
    let scene = Scene::with_brokers(0).await;
    let mut spec = scene.plain_spec();
    spec["brokers"] = json!({ "static": [
        { "id": 1, "zoneId": "usw2-az1", "ipAddress": "10.0.0.10" },
        { "id": 2, "zoneId": "usw2-az2", "ipAddress": "10.0.16.10" },
    ] });
    Stage { scene, spec, names: Names::new() }
}
