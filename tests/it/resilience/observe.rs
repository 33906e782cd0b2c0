//! Only a look.

use serde_json::json;

use crate::harness::{Scene, ZONES, is, listener};

fn finalizers(object: &kpl_core::api::KafkaPrivateLink) -> usize {
    object.metadata.finalizers.as_ref().map_or(0, Vec::len)
}

#[tokio::test]
async fn observe_shows_and_writes_nothing() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    let mut spec = scene.plain_spec();
    spec["mode"] = "Observe".into();
    orders.create(spec).await;
    orders.says("InSync", "False", "Differs").await;
    let status = orders.status().await;
    assert!(!status.plan.is_empty());
    let ports: Vec<_> = status.listeners[0].brokers.iter().map(|broker| broker.port).collect();
    assert_eq!(ports, [Some(9093), Some(9094), Some(9095)], "ports are shown as proposed");
    orders.looked_again().await;
    assert_eq!(finalizers(&orders.object().await), 0);
    assert_eq!(scene.calls().await.writes(), Vec::<&str>::new());
    orders.delete_and_wait().await;
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn from_manage_to_observe_all_stays_and_back_again() {
    let mut scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let aws = scene.inventory().await;
    scene.account.standin.forget_calls().await;
    scene.orders().change(json!({ "mode": "Observe" })).await;
    let released = |object: &kpl_core::api::KafkaPrivateLink| is(finalizers(object) == 0, || "held".into());
    scene.orders().until("the finalizer is removed", released).await;
    scene.orders().says("InSync", "True", "InSync").await;
    scene.orders().says("Ready", "True", "Available").await;

    scene.world.launch(4, ZONES[0]).await;
    scene.orders().says("InSync", "False", "Differs").await;
    assert_eq!(scene.calls().await.writes().iter().filter(|call| **call != "RunInstances").count(), 0);
    assert_eq!(scene.inventory().await.ports(), aws.ports());

    scene.orders().change(json!({ "mode": "Manage" })).await;
    scene.leads_to(9096, &[scene.target(4, 39092)]).await;
    scene.orders().settled().await;
    assert_eq!(finalizers(&scene.orders().object().await), 1);

    // Deleted while it is only observed, everything stays.
    let built = scene.inventory().await;
    scene.orders().change(json!({ "mode": "Observe" })).await;
    scene.orders().until("the finalizer is removed", released).await;
    scene.orders().delete_and_wait().await;
    assert_eq!(scene.inventory().await.counts(), built.counts());
    scene.orders().create_and_settle(scene.plain_spec()).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn observe_answers_nobody() {
    let scene = Scene::start().await;
    let consumer = crate::harness::Consumer::fresh(&scene.account.region, &ZONES).await;
    let consumers = json!([{ "accountId": consumer.id(), "acceptance": "Automatic" }]);
    scene.orders().create_and_settle(scene.spec(&consumers)).await;
    scene.orders().change(json!({ "mode": "Observe" })).await;
    scene.orders().says("InSync", "True", "InSync").await;
    let endpoint = consumer.connect(&scene.orders().service_name().await).await;
    let message = scene.orders().says("ConnectionsSettled", "False", "RequestsPending").await;
    assert!(message.contains(&endpoint), "{message}");
    consumer.sees(&endpoint, "pendingAcceptance").await;
    let listeners = json!([listener("EXTERNAL", 39092, 9092, 9093)]);
    scene.orders().change(json!({ "mode": "Manage", "listeners": listeners })).await;
    consumer.sees(&endpoint, "available").await;
    consumer.disconnect(&endpoint).await;
    scene.clean_up().await;
}
