//! Whose account, and which cluster.

use kpl_core::model::HOLDER_TAG;

use crate::harness::{Scene, is, random_account};

#[tokio::test]
async fn credentials_of_another_account_change_nothing() {
    let mut scene = Scene::start().await;
    let (own, other) = (scene.account.id.clone(), random_account());
    let mut spec = scene.plain_spec();
    spec.as_object_mut().expect("a spec").remove("accountId");
    scene.orders().create_and_settle(spec).await;
    let aws = scene.inventory().await;

    scene.operator().stop();
    scene.use_account(&other).await;
    scene.start_operator(&[]);
    let message = scene.orders().stalls("WrongAccount").await;
    assert!(message.contains(&own) && message.contains(&other), "{message}");
    scene.orders().delete().await;
    scene.orders().looked_again().await;
    let object = scene.orders().object().await;
    assert!(!object.metadata.finalizers.unwrap_or_default().is_empty(), "the finalizer stays");
    assert_eq!(scene.inventory().await.whole, aws.whole);
    let calls = crate::harness::StandIn::of(&other).calls(&scene.operators.last().expect("an operator").key).await;
    assert_eq!(calls.writes(), Vec::<&str>::new());

    scene.operator().stop();
    scene.use_account(&own).await;
    scene.start_operator(&[]);
    scene.orders().gone().await;
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn an_account_that_the_spec_does_not_name_is_refused() {
    let mut scene = Scene::quiet().await;
    scene.use_account(&random_account()).await;
    scene.start_operator(&[]);
    scene.orders().create(scene.plain_spec()).await;
    scene.orders().stalls("WrongAccount").await;
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn what_another_cluster_holds_is_left_alone_until_it_is_taken_over() {
    let mut scene = Scene::start().await;
    let status = scene.orders().create_and_settle(scene.plain_spec()).await;
    scene.operator().stop();
    let arn = status.load_balancer.and_then(|lb| lb.arn).expect("a load balancer");
    let service = status.endpoint_service.and_then(|service| service.id).expect("a service");
    scene.set_tags(&arn, &[(HOLDER_TAG.to_owned(), "another-cluster".to_owned())].into()).await;
    scene.world.tag(&service, HOLDER_TAG, "another-cluster").await;
    let aws = scene.inventory().await;

    scene.start_operator(&[]);
    let orders = scene.orders();
    let message = orders.stalls("HeldByOtherCluster").await;
    assert!(message.contains("kafka-privatelink.io/take-over=another-cluster"), "{message}");
    orders.change(serde_json::json!({ "tags": { "team": "streaming" } })).await;
    orders.looked_again().await;
    assert_eq!(scene.inventory().await.whole, aws.whole);

    orders.annotate("take-over", "a-third-cluster").await;
    orders.looked_again().await;
    assert_eq!(scene.inventory().await.whole, aws.whole);
    orders.annotate("take-over", "another-cluster").await;
    orders.settled().await;
    scene
        .aws("nothing of the other's is left", |aws| {
            let held = aws.owned();
            let theirs = held.iter().find(|(_, tags)| tags.get(HOLDER_TAG).is_some_and(|who| who == "another-cluster"));
            is(theirs.is_none(), || format!("{theirs:?}"))
        })
        .await;
    scene.clean_up().await;
}
