//! The guide from its first step to its last, as the operator plays it.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::TargetDescription;
use serde_json::json;

use crate::harness::{Consumer, Scene, ZONES, is, listener};

#[tokio::test]
async fn the_guide_from_brokers_to_nothing() {
    let mut scene = Scene::start().await;
    let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
    let orders = scene.orders();
    let status =
        orders.create_and_settle(scene.spec(&json!([{ "accountId": consumer.id(), "acceptance": "Automatic" }]))).await;

    let external = &status.listeners[0];
    let table: Vec<_> = external.brokers.iter().map(|broker| (broker.id, broker.port, &broker.advertised)).collect();
    let host = |id: i32| Some(format!("b{id}.usw2-az{id}.abc.us-west-2.aws.3199015.tidbcloud.com:{}", 9092 + id));
    assert_eq!(
        table,
        [(1, Some(9093), &host(1)), (2, Some(9094), &host(2)), (3, Some(9095), &host(3))],
        "the guide's table of ports"
    );
    assert_eq!(status.summary.as_ref().and_then(|summary| summary.brokers.as_deref()), Some("3/3"));
    let service = status.endpoint_service.expect("a service").service_name.expect("its name");
    assert_eq!(service, service_name_in_aws(&scene).await);
    everybody_is_reached(&scene, &[1, 2, 3]).await;

    // The consumer asks, and the rule answers.
    let endpoint = consumer.connect(&service).await;
    consumer.sees(&endpoint, "available").await;
    let connected = |object: &kpl_core::api::KafkaPrivateLink| {
        let status = object.status.clone().unwrap_or_default();
        let shown = status.connections.iter().find(|connection| connection.endpoint_id == endpoint);
        let shown = shown.map(|connection| (connection.state.clone(), connection.accepted_by.clone()));
        is(shown == Some((Some("available".into()), Some("Automatic".into()))), || format!("{shown:?}"))
    };
    orders.until("status shows the connection", connected).await;

    a_fourth_broker_joins(&mut scene).await;
    what_people_break_is_repaired(&scene).await;

    // A second consumer's listener on the same load balancer and service.
    let listeners = [listener("EXTERNAL", 39092, 9092, 9093), listener("EXTERNAL2", 39093, 9192, 9193)];
    let status = scene.orders().change_and_settle(json!({ "listeners": listeners })).await;
    assert_eq!(scene.inventory().await.ports(), [9092, 9093, 9094, 9095, 9096, 9192, 9193, 9194, 9195, 9196]);
    assert_eq!(status.endpoint_service.and_then(|service| service.service_name).as_ref(), Some(&service));
    scene.leads_to(9194, &[scene.target(2, 39093)]).await;

    the_end_waits_for_the_consumer(&scene, &consumer, &endpoint).await;
    scene.nothing_is_left().await;
}

/// Read by the SDK, as anybody would.
async fn service_name_in_aws(scene: &Scene) -> String {
    let answer = scene.account.ec2.describe_vpc_endpoint_service_configurations().send().await.expect("AWS answers");
    let services = answer.service_configurations();
    assert_eq!(services.len(), 1);
    assert_eq!(services[0].acceptance_required, Some(true));
    let zones: BTreeSet<&str> = services[0].availability_zone_ids().iter().map(String::as_str).collect();
    assert_eq!(zones, BTreeSet::from(ZONES));
    services[0].service_name.clone().expect("a service has a name")
}

async fn everybody_is_reached(scene: &Scene, brokers: &[i32]) {
    let all: Vec<String> = brokers.iter().map(|id| scene.target(*id, 39092)).collect();
    scene.leads_to(9092, &all).await;
    for id in brokers {
        let port = u16::try_from(9092 + id).expect("a port");
        scene.leads_to(port, &[scene.target(*id, 39092)]).await;
    }
}

async fn a_fourth_broker_joins(scene: &mut Scene) {
    scene.world.launch(4, ZONES[0]).await;
    scene.aws("the fourth broker has port 9096", |aws| is(aws.ports().contains(&9096), || "no".into())).await;
    everybody_is_reached(scene, &[1, 2, 3, 4]).await;
}

async fn what_people_break_is_repaired(scene: &Scene) {
    let aws = scene.inventory().await;
    let elb = &scene.account.elb;
    elb.delete_listener().listener_arn(aws.listener_arn(9094)).send().await.expect("the listener goes");
    scene.leads_to(9094, &[scene.target(2, 39092)]).await;

    let target = TargetDescription::builder().id(&scene.world.brokers[&1]).port(39092).build();
    let group = aws.group_arn("tg/EXTERNAL/bootstrap");
    elb.deregister_targets().target_group_arn(group).targets(target).send().await.expect("the target goes");
    everybody_is_reached(scene, &[1, 2, 3, 4]).await;
    scene.orders().settled().await;
}

async fn the_end_waits_for_the_consumer(scene: &Scene, consumer: &Consumer, endpoint: &str) {
    let orders = scene.orders();
    let before = scene.inventory().await;
    orders.delete().await;
    let blocked = |object: &kpl_core::api::KafkaPrivateLink| {
        let ready = crate::harness::condition(object, "Ready").ok_or("no condition")?;
        is(ready.reason == "Deleting" && ready.message.contains(endpoint), || ready.message.clone())
    };
    orders.until("the connection that holds the deletion is named", blocked).await;
    scene
        .aws("nobody new may ask", |aws| {
            let principals = aws.service().expect("the service is there").1.principals;
            is(principals.is_empty(), || format!("{principals:?}"))
        })
        .await;
    // Two looks later the whole data path is there still.
    let looks =
        |calls: &crate::harness::Calls| calls.actions.get("DescribeVpcEndpointConnections").copied().unwrap_or(0);
    let so_far = looks(&scene.calls().await);
    scene
        .until("two more looks", async || {
            let now = looks(&scene.calls().await);
            is(now >= so_far + 2, || format!("{now} looks, {so_far} before"))
        })
        .await;
    let now = scene.inventory().await;
    assert_eq!(now.ports(), before.ports());
    assert_eq!(now.group_count(), before.group_count());
    assert_eq!(now.doors(), before.doors());
    for port in now.ports() {
        assert_eq!(now.targets_at(port), before.targets_at(port), "port {port}");
    }
    consumer.sees(endpoint, "available").await;

    consumer.disconnect(endpoint).await;
    orders.gone().await;
}
