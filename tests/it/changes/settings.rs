//! Settings of the load balancer and of target groups, and tags.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::{Inventory, Scene, is};

#[tokio::test]
async fn settings_of_groups_and_listeners_follow() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    let before = scene.inventory().await;
    let changed = json!({
        "targetGroups": {
            "healthCheck": { "intervalSeconds": 30, "healthyThreshold": 3, "unhealthyThreshold": 4 },
            "deregistrationDelaySeconds": 120,
        },
        "loadBalancer": { "idleTimeoutSeconds": 600 },
    });
    orders.change_and_settle(changed).await;
    let aws = scene.inventory().await;
    for (key, group) in aws.groups() {
        assert_eq!(group.check["HealthCheckIntervalSeconds"], 30, "{key}");
        assert_eq!(group.check["HealthyThresholdCount"], 3, "{key}");
        assert_eq!(group.check["UnhealthyThresholdCount"], 4, "{key}");
        assert_eq!(group.attributes["deregistration_delay.timeout_seconds"], "120", "{key}");
    }
    for (port, listener) in aws.listeners() {
        assert_eq!(listener.attributes["tcp.idle_timeout.seconds"], "600", "{port}");
    }
    assert_eq!(aws.counts(), before.counts(), "everything was changed in place");
    scene.clean_up().await;
}

#[tokio::test]
async fn attributes_are_those_that_kafka_needs() {
    let scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let aws = scene.inventory().await;
    let failover = "target_group_health.dns_failover.minimum_healthy_targets.count";
    for (key, group) in aws.groups() {
        let bootstrap = key == "tg/EXTERNAL/bootstrap";
        assert_eq!(group.attributes["preserve_client_ip.enabled"], "false", "{key}");
        assert_eq!(group.attributes["proxy_protocol_v2.enabled"], "false", "{key}");
        assert_eq!(group.attributes["deregistration_delay.connection_termination.enabled"], "true", "{key}");
        assert_eq!(group.attributes["load_balancing.cross_zone.enabled"], bootstrap.to_string(), "{key}");
        assert_eq!(group.attributes[failover], if bootstrap { "1" } else { "off" }, "{key}");
    }
    let group = scene.inventory().await.group_arn("tg/EXTERNAL/2");
    drift(&scene, &group, "preserve_client_ip.enabled", "true").await;
    scene
        .aws("an attribute changed by hand is set back", |aws| {
            let have = &aws.groups()["tg/EXTERNAL/2"].attributes["preserve_client_ip.enabled"];
            is(have == "false", || have.clone())
        })
        .await;
    scene.clean_up().await;
}

async fn drift(scene: &Scene, group: &str, key: &str, value: &str) {
    use aws_sdk_elasticloadbalancingv2::types::TargetGroupAttribute;
    let attribute = TargetGroupAttribute::builder().key(key).value(value).build();
    let changed = scene.account.elb.modify_target_group_attributes().target_group_arn(group).attributes(attribute);
    changed.send().await.expect("an attribute is changed");
}

#[tokio::test]
async fn cross_zone_of_a_listener_follows() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    let mut listener = crate::harness::listener("EXTERNAL", 39092, 9092, 9093);
    listener["advertisedHostTemplate"] = "b{brokerId}.example.com".into();
    orders.change(json!({ "listeners": [listener.clone()] })).await;
    let message = orders.says("HostsRoutable", "False", "CrossZoneNeeded").await;
    assert!(message.contains("EXTERNAL"), "{message}");
    listener["crossZone"] = "Enabled".into();
    orders.change_and_settle(json!({ "listeners": [listener] })).await;
    orders.says("HostsRoutable", "True", "Routable").await;
    for (key, group) in scene.inventory().await.groups() {
        assert_eq!(group.attributes["load_balancing.cross_zone.enabled"], "true", "{key}");
    }
    scene.clean_up().await;
}

#[tokio::test]
async fn deletion_protection_holds_the_deletion_until_it_is_lifted() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    orders.change_and_settle(json!({ "loadBalancer": { "deletionProtection": "Enabled" } })).await;
    let protected = |scene: &crate::harness::Inventory| {
        scene.load_balancer().is_some_and(|(_, lb)| lb.attributes["deletion_protection.enabled"] == "true")
    };
    assert!(protected(&scene.inventory().await));
    let before = scene.inventory().await;
    orders.delete().await;
    orders.stalls("DeletionProtected").await;
    let now = scene.inventory().await;
    assert_eq!(now.counts(), before.counts(), "nothing went");
    orders.change(json!({ "loadBalancer": { "deletionProtection": "Disabled" } })).await;
    orders.gone().await;
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn tags_of_the_user_are_added_changed_and_removed() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    let mut spec = scene.plain_spec();
    spec["tags"] = json!({ "team": "streaming", "cost": "17" });
    orders.create_and_settle(spec).await;
    scene.aws("every resource has the tag", all_have("team", Some("streaming"))).await;
    let foreign = scene.inventory().await.group_arn("tg/EXTERNAL/1");
    scene.set_tags(&foreign, &[("patrol".to_owned(), "daily".to_owned())].into()).await;

    orders.change_and_settle(json!({ "tags": { "team": "data", "cost": null, "stage": "prod" } })).await;
    scene.aws("the changed tag", all_have("team", Some("data"))).await;
    scene.aws("the new tag", all_have("stage", Some("prod"))).await;
    scene.aws("the removed tag", all_have("cost", None)).await;
    let kept = &scene.inventory().await.groups()["tg/EXTERNAL/1"].tags;
    assert_eq!(kept.get("patrol").map(String::as_str), Some("daily"), "tags of others are left alone");
    scene.clean_up().await;
}

/// What a resource of ours must show at a key.
fn all_have(key: &'static str, value: Option<&'static str>) -> impl Fn(&Inventory) -> Result<(), String> {
    move |aws| {
        let owned = aws.owned();
        let bad: Vec<_> = owned.iter().filter(|(_, tags)| tags.get(key).map(String::as_str) != value).collect();
        is(!owned.is_empty() && bad.is_empty(), || format!("{key} shall be {value:?}: {bad:?}"))
    }
}

#[tokio::test]
async fn default_tags_yield_to_those_of_the_object_and_go_with_their_flag() {
    let mut scene = Scene::quiet().await;
    scene.start_operator(&["--default-tags", "team=platform,stage=prod"]);
    let orders = scene.orders();
    let mut spec = scene.plain_spec();
    spec["tags"] = json!({ "team": "streaming" });
    orders.create_and_settle(spec).await;
    scene.aws("the object's own tag wins", all_have("team", Some("streaming"))).await;
    scene.aws("the default tag", all_have("stage", Some("prod"))).await;

    scene.operator().stop();
    scene.start_operator(&[]);
    scene.aws("the default tag went with the flag", all_have("stage", None)).await;
    scene.aws("the object's own tag stays", all_have("team", Some("streaming"))).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn more_tags_than_aws_has_room_for_are_refused() {
    let mut scene = Scene::quiet().await;
    scene.start_operator(&["--default-tags", "team=platform"]);
    let mut spec = scene.plain_spec();
    spec["tags"] =
        (0..40).map(|number| (format!("key-{number}"), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    scene.orders().create(spec).await;
    let said = scene.orders().says("InputsResolved", "False", "InvalidSpec").await;
    assert!(said.contains("tags") && said.contains("--default-tags"), "{said}");
    assert_eq!(scene.inventory().await.changes_since(&scene.before), Vec::<String>::new());
    scene.clean_up().await;
}

#[tokio::test]
async fn inbound_rules_and_blocks_of_consumers_follow() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    let door = |block: &str| (block.to_owned(), 9092, 9116);
    assert_eq!(scene.inventory().await.doors(), BTreeSet::from([door("10.250.0.0/16")]));

    // Host bits are dropped as AWS drops them: no endless repair.
    let mut listener = crate::harness::listener("EXTERNAL", 39092, 9092, 9093);
    listener["consumerCidrs"] = json!(["10.251.7.9/16", "10.252.0.0/24"]);
    orders.change_and_settle(json!({ "listeners": [listener.clone()] })).await;
    let doors = BTreeSet::from([door("10.251.0.0/16"), door("10.252.0.0/24")]);
    assert_eq!(scene.inventory().await.doors(), doors);
    assert_eq!(scene.inventory().await.load_balancer().expect("a load balancer").1.enforce, "on");

    listener.as_object_mut().expect("a listener").remove("consumerCidrs");
    let open = json!({ "listeners": [listener], "loadBalancer": { "inboundRulesOnPrivateLink": "Ignored" } });
    orders.change_and_settle(open).await;
    let aws = scene.inventory().await;
    assert_eq!(aws.load_balancer().expect("a load balancer").1.enforce, "off");
    assert_eq!(aws.doors(), BTreeSet::new());
    let out: Vec<_> = aws.own_rules().into_iter().filter(|rule| rule.egress).collect();
    assert_eq!(out.len(), 1, "the default rule that lets everything out is gone: {out:?}");
    assert_eq!((out[0].peer.as_str(), out[0].ports), ("10.0.0.0/16", (Some(39092), Some(39092))));
    scene.clean_up().await;
}
