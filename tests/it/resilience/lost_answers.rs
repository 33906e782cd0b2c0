//! Answers and requests that get lost on the way.

use crate::harness::Scene;

async fn survives_a_lost_answer(action: &str) {
    let scene = Scene::start().await;
    scene.account.standin.lose_answers(action, 1).await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    assert!(!scene.account.standin.faults_wait().await, "the answer to {action} was lost");
    whole(&scene).await;
    scene.clean_up().await;
}

/// Everything is there once.
async fn whole(scene: &Scene) {
    let (aws, before) = (scene.inventory().await, scene.before.counts());
    let made = |kind: &str| aws.counts()[kind] - before[kind];
    assert_eq!(made("load_balancers"), 1);
    assert_eq!(made("endpoint_services"), 1);
    assert_eq!(made("target_groups"), 4);
    assert_eq!(made("listeners"), 4);
    assert_eq!(made("security_groups"), 1, "surplus groups are deleted: {:?}", aws.owned().keys());
    assert_eq!(aws.ports(), [9092, 9093, 9094, 9095]);
}

#[tokio::test]
async fn of_the_load_balancer() {
    survives_a_lost_answer("CreateLoadBalancer").await;
}

#[tokio::test]
async fn of_the_endpoint_service() {
    survives_a_lost_answer("CreateVpcEndpointServiceConfiguration").await;
}

#[tokio::test]
async fn of_the_security_group() {
    survives_a_lost_answer("CreateSecurityGroup").await;
}

#[tokio::test]
async fn of_a_target_group() {
    survives_a_lost_answer("CreateTargetGroup").await;
}

#[tokio::test]
async fn of_a_listener_and_of_rules() {
    let scene = Scene::start().await;
    scene.account.standin.lose_answers("CreateListener", 2).await;
    scene.account.standin.lose_answers("AuthorizeSecurityGroupIngress", 1).await;
    scene.account.standin.lose_answers("RegisterTargets", 2).await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    assert!(!scene.account.standin.faults_wait().await);
    whole(&scene).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn of_a_subnet() {
    let scene = Scene::start().await;
    scene.account.standin.lose_answers("CreateSubnet", 1).await;
    let mut spec = scene.plain_spec();
    spec["network"]["subnets"][2] = serde_json::json!({ "zoneId": "usw2-az3", "cidrBlock": "10.0.250.0/28" });
    scene.orders().create_and_settle(spec).await;
    assert!(!scene.account.standin.faults_wait().await);
    let (aws, before) = (scene.inventory().await, scene.before.counts());
    assert_eq!(aws.counts()["subnets"], before["subnets"] + 1);
    scene.clean_up().await;
}

#[tokio::test]
async fn of_deletions() {
    let scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let deletions =
        ["DeleteVpcEndpointServiceConfigurations", "DeleteLoadBalancer", "DeleteTargetGroup", "DeleteSecurityGroup"];
    for action in deletions {
        scene.account.standin.lose_answers(action, 1).await;
    }
    scene.clean_up().await;
    assert!(!scene.account.standin.faults_wait().await);
}

#[tokio::test]
async fn requests_that_never_arrive() {
    let scene = Scene::start().await;
    for action in ["CreateLoadBalancer", "CreateSecurityGroup", "CreateVpcEndpointServiceConfiguration"] {
        scene.account.standin.lose_requests(action, 1).await;
    }
    scene.orders().create_and_settle(scene.plain_spec()).await;
    assert!(!scene.account.standin.faults_wait().await);
    whole(&scene).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn what_was_made_is_not_seen_at_once() {
    let scene = Scene::start().await;
    scene.account.standin.set(serde_json::json!({ "read_lag": 0.4 })).await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    whole(&scene).await;
    scene.clean_up().await;
}
