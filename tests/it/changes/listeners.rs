//! Ports and listeners.

use std::collections::BTreeMap;

use serde_json::json;

use crate::harness::{Scene, is, listener};

#[tokio::test]
async fn another_broker_port_is_registered_before_the_former_goes() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    let mut spec = scene.plain_spec();
    spec["brokers"]["securityGroupIds"] = json!([scene.world.brokers_group]);
    orders.create_and_settle(spec).await;

    // New targets do not get healthy: the former ones stay.
    hold(&scene, Some("initial")).await;
    orders.change(json!({ "listeners": [listener("EXTERNAL", 49092, 9092, 9093)] })).await;
    let both = BTreeMap::from([
        (scene.target(2, 39092), "healthy".to_owned()),
        (scene.target(2, 49092), "initial".to_owned()),
    ]);
    scene
        .aws("both ports of a broker are registered", |aws| {
            is(aws.targets_at(9094) == both, || format!("{:?}", aws.targets_at(9094)))
        })
        .await;
    orders.looked_again().await;
    let aws = scene.inventory().await;
    assert_eq!(aws.targets_at(9094), both);
    let out: Vec<_> = aws.own_rules().into_iter().filter(|rule| rule.egress).filter_map(|rule| rule.ports.0).collect();
    assert!(out.contains(&39092) && out.contains(&49092), "the way to both is open: {out:?}");

    hold(&scene, None).await;
    orders.settled().await;
    for id in 1..=3 {
        let port = u16::try_from(9092 + id).expect("a port");
        scene.leads_to(port, &[scene.target(id, 49092)]).await;
    }
    scene
        .until("the former port is closed when its targets have drained", async || {
            let ports = opened_for_us(&scene).await;
            is(ports == [Some(49092)], || format!("{ports:?}"))
        })
        .await;
    scene.clean_up().await;
}

/// Holds the health of what is registered by the new port.
async fn hold(scene: &Scene, health: Option<&str>) {
    for id in 1..=3 {
        scene.account.standin.force(&scene.account.region, &scene.target(id, 49092), health).await;
    }
}

async fn opened_for_us(scene: &Scene) -> Vec<Option<u16>> {
    let rules = scene.inventory().await.rules_of(&scene.world.brokers_group);
    rules
        .into_iter()
        .filter(|rule| rule.tags.contains_key("kafka-privatelink.io/owner"))
        .map(|rule| rule.ports.0)
        .collect()
}

#[tokio::test]
async fn another_bootstrap_port_is_there_before_the_former_goes() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    // The first attempt fails: meanwhile the former port serves.
    scene.account.standin.refuse("CreateListener", "InternalFailure").await;
    orders.change(json!({ "listeners": [listener("EXTERNAL", 39092, 9192, 9093)] })).await;
    scene
        .until("a listener was refused", async || {
            let errors = scene.calls().await.errors;
            is(errors.keys().any(|key| key.starts_with("CreateListener")), || format!("{errors:?}"))
        })
        .await;
    orders.looked_again().await;
    assert_eq!(scene.inventory().await.ports(), [9092, 9093, 9094, 9095]);
    scene.account.standin.forgive().await;
    orders.settled().await;
    assert_eq!(scene.inventory().await.ports(), [9093, 9094, 9095, 9192]);
    scene.clean_up().await;
}

#[tokio::test]
async fn a_listener_goes_while_another_carries_traffic() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    let mut spec = scene.plain_spec();
    let second = listener("EXTERNAL2", 39093, 9192, 9193);
    spec["listeners"] = json!([listener("EXTERNAL", 39092, 9092, 9093), second.clone()]);
    let service = orders.create_and_settle(spec).await.endpoint_service.expect("a service").service_name;
    let before = scene.inventory().await;

    let status = orders.change_and_settle(json!({ "listeners": [second] })).await;
    let aws = scene.inventory().await;
    assert_eq!(aws.ports(), [9192, 9193, 9194, 9195]);
    assert_eq!(aws.group_count(), 4);
    for port in aws.ports() {
        assert_eq!(aws.listener_arn(port), before.listener_arn(port), "the other listener was not touched");
        assert_eq!(aws.targets_at(port), before.targets_at(port));
    }
    assert_eq!(status.endpoint_service.expect("a service").service_name, service);
    assert!(status.confirmation.is_none(), "removing a whole listener does not ask");
    scene.clean_up().await;
}

#[tokio::test]
async fn ports_fixed_by_hand_win_and_clashes_are_said() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    let mut spec = scene.plain_spec();
    spec["listeners"][0]["ports"] = json!([{ "brokerId": 2, "port": 9101 }]);
    orders.create_and_settle(spec).await;
    let aws = scene.inventory().await;
    assert_eq!(aws.ports(), [9092, 9093, 9094, 9101]);
    scene.leads_to(9101, &[scene.target(2, 39092)]).await;

    let mut clashing = listener("EXTERNAL", 39092, 9092, 9093);
    clashing["ports"] = json!([{ "brokerId": 2, "port": 9102 }]);
    orders.change(json!({ "listeners": [clashing] })).await;
    let message = orders.says("InputsResolved", "False", "PortClash").await;
    assert!(message.contains("9102") && message.contains("9101"), "{message}");
    assert_eq!(scene.inventory().await.ports(), aws.ports(), "ports are never renumbered");
    scene.clean_up().await;
}

#[tokio::test]
async fn rules_in_the_brokers_groups_come_and_go() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    assert_eq!(opened_for_us(&scene).await, []);
    let group = scene.world.brokers_group.clone();
    let own = scene.inventory().await.rules_of(&group);

    orders.change_and_settle(json!({ "brokers": { "securityGroupIds": [group] } })).await;
    assert_eq!(opened_for_us(&scene).await, [Some(39092)]);
    let aws = scene.inventory().await;
    let lb_group = aws.load_balancer().expect("a load balancer").1.security_groups[0].clone();
    let ours = aws.rules_of(&group).into_iter().find(|rule| rule.tags.contains_key("kafka-privatelink.io/owner"));
    assert_eq!(ours.expect("a rule").peer, lb_group);

    orders.change_and_settle(json!({ "brokers": { "securityGroupIds": null } })).await;
    assert_eq!(scene.inventory().await.rules_of(&group), own, "the brokers' own rules are as before");
    scene.clean_up().await;
}
