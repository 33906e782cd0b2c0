//! Brokers that are not found: never a mistake by absence.

use kpl_core::api::KafkaPrivateLink;

use crate::harness::{Scene, is};

const ALL_PORTS: [u16; 4] = [9092, 9093, 9094, 9095];

#[tokio::test]
async fn a_selector_that_finds_none_takes_nothing_away() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    let aws = scene.inventory().await;
    let all: Vec<&str> = scene.world.brokers.values().map(String::as_str).collect();
    scene.world.untag(&all, "kafka-cluster").await;
    let message = orders.says("InputsResolved", "False", "NoBrokersFound").await;
    assert!(message.contains("brokers.ec2.tags"), "{message}");
    outlast_the_grace(&scene).await;
    let now = scene.inventory().await;
    for port in ALL_PORTS {
        assert_eq!(now.targets_at(port), aws.targets_at(port), "port {port}");
    }
    for id in all {
        scene.world.tag(id, "kafka-cluster", "orders").await;
    }
    orders.settled().await;
    scene.clean_up().await;
}

/// Many looks, over more than the grace of five (scaled) seconds.
async fn outlast_the_grace(scene: &Scene) {
    let looks = async || scene.calls().await.actions.get("DescribeInstances").copied().unwrap_or(0);
    let before = looks().await;
    scene
        .until("a dozen looks", async || {
            let now = looks().await;
            is(now >= before + 12, || format!("{} looks", now - before))
        })
        .await;
}

#[tokio::test]
async fn one_absent_broker_goes_after_a_grace() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    scene.world.untag(&[&scene.world.brokers[&3]], "kafka-cluster").await;
    let absent = |object: &KafkaPrivateLink| {
        let absent = object.status.as_ref().map(|status| status.absent_brokers.clone()).unwrap_or_default();
        is(absent.first().is_some_and(|broker| broker.id == 3), || format!("{absent:?}"))
    };
    orders.until("the absence is noted", absent).await;
    assert_eq!(scene.inventory().await.ports(), ALL_PORTS, "its path stays for now");
    scene
        .aws("its path goes after the grace", |aws| {
            is(aws.ports() == [9092, 9093, 9094], || format!("{:?}", aws.ports()))
        })
        .await;
    orders.settled().await;
    scene.world.tag(&scene.world.brokers[&3], "kafka-cluster", "orders").await;
    scene.leads_to(9095, &[scene.target(3, 39092)]).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn losing_many_asks_first_and_the_answer_is_good_once() {
    let mut scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    scene.world.terminate(&[2, 3]).await;
    let asked = |object: &KafkaPrivateLink| {
        let asked = object.status.as_ref().and_then(|status| status.confirmation.clone());
        asked.ok_or_else(|| "nothing is asked".to_owned())
    };
    let question = scene.orders().until("a person is asked", asked).await;
    assert_eq!(question.loses, ["broker 2", "broker 3"]);
    let token = question.token.expect("a token");
    let message = scene.orders().stalls("AwaitingConfirmation").await;
    assert!(message.contains(&format!("kafka-privatelink.io/confirm={token}")), "{message}");
    assert_eq!(scene.inventory().await.ports(), ALL_PORTS);

    scene.orders().annotate("confirm", "something-else").await;
    scene.orders().looked_again().await;
    assert_eq!(scene.inventory().await.ports(), ALL_PORTS);
    scene.orders().annotate("confirm", &token).await;
    scene.aws("both go", |aws| is(aws.ports() == [9092, 9093], || format!("{:?}", aws.ports()))).await;
    scene.orders().settled().await;

    // The same loss once more: the old answer does not count.
    scene.world.launch(2, "usw2-az2").await;
    scene.world.launch(3, "usw2-az3").await;
    scene
        .orders()
        .until("both are back", |object| {
            let brokers = object.status.as_ref().map_or(0, |status| status.listeners[0].brokers.len());
            is(brokers == 3, || format!("{brokers}"))
        })
        .await;
    scene.orders().settled().await;
    scene.world.terminate(&[2, 3]).await;
    let again = scene.orders().until("a person is asked again", asked).await;
    assert_ne!(again.token, Some(token));
    assert_eq!(scene.inventory().await.ports(), ALL_PORTS);
    scene.clean_up().await;
}

#[tokio::test]
async fn a_failed_read_of_brokers_leaves_their_paths() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    scene.account.standin.refuse("DescribeInstances", "UnauthorizedOperation").await;
    let message = orders.stalls("Denied").await;
    assert!(message.contains("DescribeInstances"), "the missing right is named: {message}");
    // The rest goes on.
    let arn = scene.inventory().await.listener_arn(9094);
    scene.account.elb.delete_listener().listener_arn(arn).send().await.expect("the listener goes");
    scene.leads_to(9094, &[scene.target(2, 39092)]).await;
    scene.account.standin.forgive().await;
    orders.settled().await;
    scene.clean_up().await;
}
