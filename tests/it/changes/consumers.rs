//! Who may ask, and what is answered.

use serde_json::json;

use crate::harness::{Consumer, Scene, ZONES, is};

#[tokio::test]
async fn principals_follow_the_list_of_consumers() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.spec(&json!([{ "accountId": "210987654321" }]))).await;
    let principals = async || scene.inventory().await.service().expect("a service").1.principals;
    assert_eq!(principals().await, ["arn:aws:iam::210987654321:root".to_owned()].into());

    let consumers = json!([
        { "accountId": "345678901234", "principals": ["role/network-admin", "user/kim"], "acceptance": "Manual" },
    ]);
    orders.change_and_settle(json!({ "endpointService": { "consumers": consumers } })).await;
    let wanted = ["arn:aws:iam::345678901234:role/network-admin", "arn:aws:iam::345678901234:user/kim"];
    assert_eq!(principals().await, wanted.map(str::to_owned).into());

    // Somebody lets an account in by hand: taken back.
    let service = scene.inventory().await.service().expect("a service").0;
    let asked = scene.account.ec2.modify_vpc_endpoint_service_permissions().service_id(service);
    asked.add_allowed_principals("arn:aws:iam::999999999999:root").send().await.expect("a principal by hand");
    scene
        .aws("the stranger is not allowed any more", |aws| {
            let have = aws.service().expect("a service").1.principals;
            is(have == wanted.map(str::to_owned).into(), || format!("{have:?}"))
        })
        .await;
    orders.change_and_settle(json!({ "endpointService": { "consumers": [] } })).await;
    assert!(principals().await.is_empty());
    scene.clean_up().await;
}

#[tokio::test]
async fn a_consumer_that_is_rejected_is_cut_off() {
    let scene = Scene::start().await;
    let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
    let orders = scene.orders();
    orders.create_and_settle(scene.spec(&json!([{ "accountId": consumer.id(), "acceptance": "Automatic" }]))).await;
    let endpoint = consumer.connect(&orders.service_name().await).await;
    consumer.sees(&endpoint, "available").await;

    let rejected = json!([{ "accountId": consumer.id(), "acceptance": "Rejected" }]);
    orders.change_and_settle(json!({ "endpointService": { "consumers": rejected } })).await;
    consumer.sees(&endpoint, "rejected").await;
    assert!(scene.inventory().await.service().expect("a service").1.principals.is_empty());
    scene.clean_up().await;
}

#[tokio::test]
async fn a_consumer_that_is_no_longer_listed_keeps_its_connection() {
    let scene = Scene::start().await;
    let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
    let orders = scene.orders();
    orders.create_and_settle(scene.spec(&json!([{ "accountId": consumer.id(), "acceptance": "Automatic" }]))).await;
    let endpoint = consumer.connect(&orders.service_name().await).await;
    consumer.sees(&endpoint, "available").await;
    orders.change_and_settle(json!({ "endpointService": { "consumers": [] } })).await;
    let unlisted = |object: &kpl_core::api::KafkaPrivateLink| {
        let status = object.status.clone().unwrap_or_default();
        let by = status.connections.first().and_then(|connection| connection.accepted_by.clone());
        is(by.as_deref() == Some("Unlisted"), || format!("{by:?}"))
    };
    orders.until("the connection is nobody's", unlisted).await;
    consumer.sees(&endpoint, "available").await;

    // Its policy says to cut it off with the object.
    orders.change_and_settle(json!({ "endpointService": { "connectionDeletionPolicy": "Reject" } })).await;
    orders.delete_and_wait().await;
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn manual_acceptance_takes_the_endpoints_that_are_listed() {
    let scene = Scene::start().await;
    let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
    let orders = scene.orders();
    orders.create_and_settle(scene.spec(&json!([{ "accountId": consumer.id(), "acceptance": "Manual" }]))).await;
    let service = orders.service_name().await;
    let (first, second) = (consumer.connect(&service).await, consumer.connect(&service).await);
    let message = orders.says("ConnectionsSettled", "False", "RequestsPending").await;
    assert!(message.contains("endpointIds"), "{message}");
    orders.says("Ready", "True", "Available").await;

    let listed = json!([{ "accountId": consumer.id(), "acceptance": "Manual", "endpointIds": [second] }]);
    orders.change_and_settle(json!({ "endpointService": { "consumers": listed } })).await;
    consumer.sees(&second, "available").await;
    consumer.sees(&first, "pendingAcceptance").await;
    orders.delete().await;
    consumer.disconnect(&second).await;
    orders.gone().await;
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn no_more_connections_are_accepted_than_the_limit_says() {
    let scene = Scene::start().await;
    let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
    let orders = scene.orders();
    let limited =
        |most: u32| json!([{ "accountId": consumer.id(), "acceptance": "Automatic", "maxConnections": most }]);
    orders.create_and_settle(scene.spec(&limited(1))).await;
    let service = orders.service_name().await;
    let first = consumer.connect(&service).await;
    consumer.sees(&first, "available").await;
    let second = consumer.connect(&service).await;
    let message = orders.says("ConnectionsSettled", "False", "RequestsPending").await;
    assert!(message.contains(&second), "{message}");
    consumer.sees(&second, "pendingAcceptance").await;
    orders.change_and_settle(json!({ "endpointService": { "consumers": limited(2) } })).await;
    consumer.sees(&second, "available").await;

    consumer.disconnect(&first).await;
    consumer.disconnect(&second).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn a_stranger_cannot_even_ask() {
    let scene = Scene::start().await;
    let stranger = Consumer::fresh(&scene.account.region, &ZONES).await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    let refused = stranger.ask(&orders.service_name().await, &ZONES).await;
    assert!(refused.is_err(), "{refused:?}");
    scene.clean_up().await;
}
