//! AWS remembers: status and object may be lost.

use kpl_core::api::KafkaPrivateLinkStatus;
use kpl_core::model::Tags;
use serde_json::json;

use crate::harness::{Consumer, Scene, ZONES, is};

#[tokio::test]
async fn a_wiped_status_is_restored_and_nothing_is_made_twice() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    orders.looked_again().await;
    let before = orders.settled().await;
    let aws = scene.inventory().await;
    scene.account.standin.forget_calls().await;
    orders.wipe_status().await;
    let after = orders.settled().await;
    assert_eq!(after.ports, before.ports);
    assert_eq!(after.endpoint_service, before.endpoint_service);
    assert_eq!(after.listeners, before.listeners);
    assert_eq!(scene.inventory().await.whole, aws.whole);
    assert_eq!(scene.calls().await.writes(), Vec::<&str>::new());
    scene.clean_up().await;
}

#[tokio::test]
async fn a_wiped_status_is_restored_by_a_new_process_too() {
    let mut scene = Scene::start().await;
    let before = scene.orders().create_and_settle(scene.plain_spec()).await;
    let aws = scene.inventory().await;
    let status = scene.operator().stop();
    assert!(status.success(), "SIGTERM ends the operator in peace: {status}");
    scene.account.standin.forget_calls().await;
    scene.orders().wipe_status().await;
    scene.start_operator(&[]);
    let after = scene.orders().settled().await;
    assert_eq!((after.ports, after.listeners), (before.ports, before.listeners));
    assert_eq!(scene.inventory().await.whole, aws.whole);
    assert_eq!(scene.calls().await.writes(), Vec::<&str>::new());
    scene.clean_up().await;
}

#[tokio::test]
async fn an_object_of_the_same_name_takes_up_what_was_retained() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    let mut spec = scene.plain_spec();
    spec["deletionPolicy"] = "Retain".into();
    let before = orders.create_and_settle(spec.clone()).await;
    let aws = scene.inventory().await;
    orders.delete_and_wait().await;
    let retained = scene.inventory().await;
    assert_eq!(retained.counts(), aws.counts(), "everything stays");
    let holder = |tags: Tags| tags.get(kpl_core::model::HOLDER_TAG).cloned().filter(|holder| !holder.is_empty());
    let holders: Vec<String> = retained.owned().into_values().filter_map(holder).collect();
    assert_eq!(holders, Vec::<String>::new(), "nobody holds it");

    spec["deletionPolicy"] = "Delete".into();
    let after = orders.create_and_settle(spec).await;
    let name = |status: &KafkaPrivateLinkStatus| status.endpoint_service.as_ref()?.service_name.clone();
    assert!(name(&before).is_some());
    assert_eq!(name(&after), name(&before), "the service name survives");
    assert_eq!(after.ports, before.ports);
    assert_eq!(scene.inventory().await.counts(), aws.counts());
    scene.clean_up().await;
}

#[tokio::test]
async fn retaining_touches_no_consumer() {
    let scene = Scene::start().await;
    let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
    let mut spec = scene.spec(&json!([{ "accountId": consumer.id(), "acceptance": "Automatic" }]));
    spec["deletionPolicy"] = "Retain".into();
    scene.orders().create_and_settle(spec.clone()).await;
    let endpoint = consumer.connect(&scene.orders().service_name().await).await;
    consumer.sees(&endpoint, "available").await;
    let principals = scene.inventory().await.service().expect("a service").1.principals;
    scene.orders().delete_and_wait().await;
    assert_eq!(scene.inventory().await.service().expect("a service").1.principals, principals);
    consumer.sees(&endpoint, "available").await;

    spec["deletionPolicy"] = "Delete".into();
    scene.orders().create_and_settle(spec).await;
    consumer.sees(&endpoint, "available").await;
    consumer.disconnect(&endpoint).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn two_objects_share_a_vpc() {
    let scene = Scene::start().await;
    let clicks = scene.link("clicks");
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let orders = scene.inventory().await;
    let mut spec = scene.plain_spec();
    spec["listeners"] = json!([crate::harness::listener("EXTERNAL", 39092, 9292, 9293)]);
    clicks.create_and_settle(spec).await;
    let both = scene.inventory().await;
    assert_eq!(both.group_count(), 8);
    assert_eq!(both.ports(), [9092, 9093, 9094, 9095, 9292, 9293, 9294, 9295]);
    for port in orders.ports() {
        assert_eq!(both.listener_arn(port), orders.listener_arn(port));
    }
    clicks.delete_and_wait().await;
    scene
        .aws("only the first is left", |aws| {
            let changes = aws.changes_since(&orders);
            is(changes.is_empty(), || changes.join("\n"))
        })
        .await;
    scene.clean_up().await;
}
