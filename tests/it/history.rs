//! Events, and a status that rests while nothing changes.

use kube::ResourceExt as _;

use crate::harness::{Consumer, Scene, ZONES, is};

async fn told(scene: &Scene, reasons: &[&str]) {
    scene
        .until(&format!("events {reasons:?}"), async || {
            let events = scene.events().await;
            let missing: Vec<_> =
                reasons.iter().filter(|reason| !events.iter().any(|(have, _)| have == *reason)).collect();
            is(missing.is_empty(), || format!("missing {missing:?} of {events:#?}"))
        })
        .await;
}

#[tokio::test]
async fn the_history_is_told_in_events() {
    let mut scene = Scene::start().await;
    let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
    let consumers = serde_json::json!([{ "accountId": consumer.id(), "acceptance": "Automatic" }]);
    scene.orders().create_and_settle(scene.spec(&consumers)).await;
    told(&scene, &["Applied", "BrokerOffered", "Ready"]).await;
    let endpoint = consumer.connect(&scene.orders().service_name().await).await;
    consumer.sees(&endpoint, "available").await;
    told(&scene, &["ConnectionAvailable"]).await;

    let region = scene.account.region.clone();
    scene.account.standin.force(&region, &scene.world.brokers[&1], Some("unhealthy")).await;
    told(&scene, &["BrokerUnhealthy"]).await;
    scene.account.standin.force(&region, &scene.world.brokers[&1], None).await;
    told(&scene, &["BrokerHealthy"]).await;
    scene.replace(2, "usw2-az2").await;
    told(&scene, &["BrokerReplaced"]).await;

    scene.orders().delete().await;
    told(&scene, &["Deleting"]).await;
    consumer.disconnect(&endpoint).await;
    scene.orders().gone().await;
    told(&scene, &["Deleted"]).await;
    let events = scene.events().await;
    assert!(events.len() < 60, "a handful for each change: {events:#?}");
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn status_rests_while_nothing_changes() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    orders.looked_again().await;
    orders.settled().await;
    // The last word of Kafka's: a resolver that answers late gives it after everything else.
    orders.says("AdvertisedListenersVerified", "Unknown", "NoRoute").await;
    let looks = async || scene.calls().await.actions.get("DescribeInstances").copied().unwrap_or(0);
    let (object, before) = (orders.object().await, looks().await);
    let events = scene.events().await.len();
    scene
        .until("six more looks, a full one among them", async || {
            let now = looks().await;
            is(now >= before + 6, || format!("{} looks", now - before))
        })
        .await;
    let now = orders.object().await;
    assert_eq!(now.status, object.status, "status was written though nothing changed");
    assert_eq!(now.resource_version(), object.resource_version(), "status was written as it was");
    assert_eq!(scene.events().await.len(), events);
    scene.clean_up().await;
}

#[tokio::test]
async fn the_first_status_says_that_work_is_under_way() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    scene.account.standin.set(serde_json::json!({ "load_balancer_provisioning": 3 })).await;
    orders.create(scene.plain_spec()).await;
    orders.says("Ready", "False", "Provisioning").await;
    orders.says("Reconciling", "True", "LoadBalancerProvisioning").await;
    orders.settled().await;
    scene.clean_up().await;
}
