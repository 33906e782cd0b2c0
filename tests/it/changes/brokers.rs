//! Brokers that come, go, move and are replaced.

use serde_json::json;

use crate::harness::{Scene, is};

#[tokio::test]
async fn a_replaced_broker_keeps_its_port() {
    let mut scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    scene.replace(2, "usw2-az2").await;
    scene.leads_to(9094, &[scene.target(2, 39092)]).await;
    let all: Vec<String> = (1..=3).map(|id| scene.target(id, 39092)).collect();
    scene.leads_to(9092, &all).await;
    let status = scene.orders().settled().await;
    let row = status.listeners[0].brokers.iter().find(|broker| broker.id == 2).expect("broker 2");
    assert_eq!((row.port, row.target.as_ref()), (Some(9094), Some(&scene.target(2, 39092))));
    scene.clean_up().await;
}

#[tokio::test]
async fn a_broker_that_moves_to_another_zone_keeps_its_port() {
    let mut scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    scene.replace(3, "usw2-az1").await;
    scene.leads_to(9095, &[scene.target(3, 39092)]).await;
    let status = scene.orders().settled().await;
    let row = status.listeners[0].brokers.iter().find(|broker| broker.id == 3).expect("broker 3");
    assert_eq!(row.zone_id.as_deref(), Some("usw2-az1"));
    let host = "b3.usw2-az1.abc.us-west-2.aws.3199015.tidbcloud.com:9095";
    assert_eq!(row.advertised.as_deref(), Some(host));
    scene.clean_up().await;
}

#[tokio::test]
async fn a_terminated_broker_leaves_and_its_port_is_kept_from_others() {
    let mut scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    scene.world.terminate(&[2]).await;
    scene
        .aws("its listener is gone", |aws| is(aws.ports() == [9092, 9093, 9095], || format!("{:?}", aws.ports())))
        .await;
    let status = scene.orders().settled().await;
    let kept = status.ports.iter().find(|entry| entry.broker_id == 2).expect("its port is kept");
    assert!(kept.port == 9094 && kept.released_at.is_some(), "{kept:?}");
    assert_eq!(scene.inventory().await.group_count(), 3);

    scene.world.launch(4, "usw2-az2").await;
    scene.leads_to(9096, &[scene.target(4, 39092)]).await;
    scene.world.launch(2, "usw2-az2").await;
    scene.leads_to(9094, &[scene.target(2, 39092)]).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn a_static_list_acts_at_once() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    let row = |id: i32| json!({ "id": id, "zoneId": format!("usw2-az{id}"), "instanceId": scene.world.brokers[&id] });
    let mut spec = scene.plain_spec();
    spec["brokers"] = json!({ "static": [row(1), row(2)] });
    orders.create_and_settle(spec).await;
    assert_eq!(scene.inventory().await.ports(), [9092, 9093, 9094]);
    orders.change_and_settle(json!({ "brokers": { "static": [row(1), row(2), row(3)] } })).await;
    scene.leads_to(9095, &[scene.target(3, 39092)]).await;
    orders.change_and_settle(json!({ "brokers": { "static": [row(2), row(3)] } })).await;
    assert_eq!(scene.inventory().await.ports(), [9092, 9094, 9095]);
    scene.clean_up().await;
}

#[tokio::test]
async fn an_unhealthy_broker_is_named_and_changes_nothing() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    let standin = &scene.account.standin;
    standin.force(&scene.account.region, &scene.world.brokers[&2], Some("unhealthy")).await;
    let message = orders.says("BrokersHealthy", "False", "BrokersUnhealthy").await;
    assert!(message.contains("broker 2"), "{message}");
    orders.says("Ready", "True", "Available").await;
    for id in [1, 3] {
        standin.force(&scene.account.region, &scene.world.brokers[&id], Some("unhealthy")).await;
    }
    orders.says("LoadBalancerReady", "False", "NoHealthyBroker").await;
    orders.says("Ready", "False", "NoHealthyBroker").await;
    for id in 1..=3 {
        standin.force(&scene.account.region, &scene.world.brokers[&id], None).await;
    }
    orders.settled().await;
    assert_eq!(scene.inventory().await.ports(), [9092, 9093, 9094, 9095]);
    scene.clean_up().await;
}
