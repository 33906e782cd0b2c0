//! Answers that AWS gives on its bad days, or that nobody has documented.

use kpl_core::api::KafkaPrivateLink;
use serde_json::json;

use crate::harness::{Inventory, Scene, is};

/// The endpoint service is deleted by hand, and AWS says this to the client token that made it.
async fn the_token_of_a_deleted_service(answer: &str) {
    let mut scene = Scene::start().await;
    scene.account.standin.set(json!({ "token_of_deleted_service": answer })).await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let (lost, _) = scene.inventory().await.service().expect("a service");
    let lb = scene.inventory().await.load_balancer().expect("a load balancer").0;
    let deleted = scene.account.ec2.delete_vpc_endpoint_service_configurations().service_ids(&lost).send().await;
    assert_eq!(deleted.expect("AWS answers").unsuccessful().len(), 0);
    let another = |aws: &Inventory| match aws.service() {
        Some((id, _)) if id != lost => Ok(id),
        other => Err(format!("{other:?}")),
    };
    let id = scene.aws("there is another service", another).await;
    let shown = |object: &KafkaPrivateLink| {
        let service = object.status.as_ref().and_then(|status| status.endpoint_service.as_ref());
        let shown = service.and_then(|service| service.id.as_ref());
        is(shown == Some(&id), || format!("{shown:?} and not {id}"))
    };
    scene.orders().until("status shows the service", shown).await;
    scene.orders().settled().await;
    assert_eq!(scene.inventory().await.load_balancer().expect("a load balancer").0, lb, "the load balancer stays");

    // A new process finds it, and makes none.
    scene.operator().kill();
    scene.start_operator(&[]);
    scene.orders().looked_again().await;
    scene.orders().settled().await;
    assert_eq!(scene.inventory().await.service().expect("a service").0, id);
    scene.clean_up().await;
}

#[tokio::test]
async fn long_a_used_token_makes_a_new_service() {
    the_token_of_a_deleted_service("new").await;
}

#[tokio::test]
async fn long_a_used_token_gives_the_deleted_service() {
    the_token_of_a_deleted_service("deleted").await;
}

#[tokio::test]
async fn long_a_used_token_is_refused() {
    the_token_of_a_deleted_service("mismatch").await;
}

#[tokio::test]
async fn long_a_load_balancer_fails_before_anybody_has_it() {
    let scene = Scene::start().await;
    let standin = &scene.account.standin;
    standin.set(json!({ "load_balancer_provisioning": 3600 })).await;
    scene.orders().create(scene.plain_spec()).await;
    let there = |aws: &Inventory| aws.load_balancer().map(|(arn, _)| arn).ok_or_else(|| "none".to_owned());
    let failed = scene.aws("a load balancer", there).await;
    standin.set(json!({ "load_balancer_provisioning": 0.3 })).await;
    standin.force(&scene.account.region, &failed, Some("failed")).await;
    scene.orders().settled().await;
    let aws = scene.inventory().await;
    assert_ne!(aws.load_balancer().expect("a load balancer").0, failed);
    assert_eq!(aws.ports(), [9092, 9093, 9094, 9095]);
    scene.clean_up().await;
}

#[tokio::test]
async fn long_a_load_balancer_fails_that_consumers_have() {
    let scene = Scene::start().await;
    let (standin, region) = (&scene.account.standin, &scene.account.region);
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let before = scene.inventory().await;
    let (arn, service) = (before.load_balancer().expect("one").0, before.service().expect("one").0);
    standin.force(region, &arn, Some("failed")).await;
    let message = scene.orders().stalls("LoadBalancerFailed").await;
    assert!(message.contains(&service), "{message}");
    scene.orders().looked_again().await;
    let now = scene.inventory().await;
    assert_eq!((now.load_balancer().map(|(arn, _)| arn), now.ports()), (Some(arn.clone()), before.ports()));
    assert_eq!(now.service().map(|(id, _)| id), Some(service));
    standin.force(region, &arn, None).await;
    scene.orders().settled().await;
    scene.clean_up().await;
}

/// As when a zone goes down: AWS answers nothing about any instance, and processes start meanwhile.
#[tokio::test]
async fn long_instances_cannot_be_described_for_a_while() {
    let mut scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let before = scene.inventory().await;
    scene.account.standin.refuse("DescribeInstances", "InternalError").await;
    for _ in 0..2 {
        let calls = async || scene.calls().await.errors.get("DescribeInstances InternalError").copied().unwrap_or(0);
        let so_far = calls().await;
        scene
            .until("a dozen refusals", async || {
                let now = calls().await;
                is(now >= so_far + 12, || format!("{now}, {so_far} before"))
            })
            .await;
        let now = scene.inventory().await;
        assert_eq!(now.whole, before.whole);
        scene.operator().kill();
        scene.start_operator(&[]);
    }
    // A broker that ended meanwhile is not missed before it is known to be gone.
    scene.world.terminate(&[3]).await;
    scene.world.launch(3, "usw2-az3").await;
    scene.orders().until("a look", |object| is(object.status.is_some(), || "no status".into())).await;
    assert_eq!(scene.inventory().await.ports(), before.ports());
    scene.account.standin.forgive().await;
    scene.leads_to(9095, &[scene.target(3, 39092)]).await;
    scene.orders().settled().await;
    assert_eq!(scene.inventory().await.ports(), before.ports());
    scene.clean_up().await;
}
