//! What AWS refuses.

use crate::harness::{Scene, is};

#[tokio::test]
async fn a_missing_right_is_named_and_all_heals_when_it_is_given() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    scene.account.standin.refuse("CreateLoadBalancer", "AccessDenied").await;
    orders.create(scene.plain_spec()).await;
    let message = orders.stalls("Denied").await;
    assert!(message.contains("CreateLoadBalancer"), "{message}");
    orders.says("LoadBalancerReady", "False", "Denied").await;
    let aws = scene.inventory().await;
    assert_eq!(aws.group_count(), 4, "what can be done is done");
    scene.account.standin.forgive().await;
    orders.settled().await;
    scene.clean_up().await;
}

#[tokio::test]
async fn a_denied_deletion_leaves_the_object_until_it_is_allowed() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    scene.account.standin.refuse("DeleteLoadBalancer", "AccessDenied").await;
    orders.delete().await;
    let message = orders.stalls("Denied").await;
    assert!(message.contains("DeleteLoadBalancer"), "{message}");
    scene.account.standin.forgive().await;
    orders.gone().await;
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn quotas_are_named() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    scene.account.standin.set(serde_json::json!({ "target_groups": 3 })).await;
    orders.create(scene.plain_spec()).await;
    let message = orders.stalls("Quota").await;
    assert!(message.contains("TooManyTargetGroups"), "{message}");
    scene.account.standin.set(serde_json::json!({ "target_groups": 3000 })).await;
    orders.settled().await;
    scene.clean_up().await;
}

#[tokio::test]
async fn throttles_and_bad_moments_pass() {
    let scene = Scene::start().await;
    let faults = [
        ("CreateTargetGroup", "Throttling"),
        ("CreateListener", "InternalFailure"),
        ("DescribeTargetHealth", "Throttling"),
        ("CreateVpcEndpointServiceConfiguration", "Unavailable"),
        ("DescribeSecurityGroups", "RequestLimitExceeded"),
    ];
    for (action, code) in faults {
        scene.account.standin.refuse_times(action, code, 4).await;
    }
    scene.orders().create_and_settle(scene.plain_spec()).await;
    scene
        .until("every fault was met", async || is(!scene.account.standin.faults_wait().await, || "some wait".into()))
        .await;
    scene.clean_up().await;
}

#[tokio::test]
async fn long_published_rates_are_enough() {
    let scene = Scene::start().await;
    scene.account.standin.set(serde_json::json!({ "throttled": true })).await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    scene.clean_up().await;
}
