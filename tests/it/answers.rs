//! What nobody knows of AWS: the operator settles and goes with either answer.
//!
//! The stand-in's own list says which answers there are; one that is added there is tested here by itself.

use serde_json::{Value, json};

use crate::harness::{Consumer, Inventory, Scene, StandIn, ZONES, is, random};

/// What each answer may matter for, one after the other: lost answers, a broker that comes while tags change, one
/// that is replaced, a rejection that is taken back, a zone that is added, groups that are replaced, and a service
/// that somebody deleted.
async fn lives_with(name: &str, answer: &Value) {
    eprintln!("{name} = {answer}");
    let mut scene = Scene::quiet().await;
    let standin = scene.account.standin.clone();
    let consumer = Consumer::fresh(&scene.account.region, &ZONES[..2]).await;
    standin.set(json!({ name: answer })).await;
    for action in ["CreateLoadBalancer", "CreateTargetGroup", "CreateListener", "CreateVpcEndpointServiceConfiguration"]
    {
        standin.lose_answers(action, 1).await;
    }
    scene.start_operator(&[]);
    let consumers = |acceptance: &str, ids: &[&String]| json!([{ "accountId": consumer.id(), "acceptance": acceptance, "endpointIds": ids }]);
    let mut spec = scene.spec(&consumers("Automatic", &[]));
    let zones = spec["network"]["subnets"].clone();
    let brokers: Vec<Value> = (1..=2).map(|id| by_id(&scene, id)).collect();
    spec["network"]["subnets"] = zones.as_array().expect("subnets")[..2].to_vec().into();
    spec["brokers"] = json!({ "static": brokers });
    scene.orders().create_and_settle(spec.clone()).await;
    assert!(!standin.faults_wait().await, "answers were lost");
    whole(&scene.inventory().await, 3);

    // The group of a new broker is made, the answer is lost, and meanwhile the tags are others.
    standin.lose_answers("CreateTargetGroup", 1).await;
    let zone = json!({ "network": { "subnets": zones }, "brokers": { "static": [by_id(&scene, 1), by_id(&scene, 2), by_id(&scene, 3)] } });
    scene.orders().change(zone).await;
    scene.orders().change_and_settle(json!({ "tags": { "team": "streaming" } })).await;
    whole(&scene.inventory().await, 4);
    let offered = scene.inventory().await.service().expect("a service").1.zones;
    assert_eq!(offered.len(), 3, "the third zone is offered");

    // A broker is replaced while the first is still there to be deregistered.
    scene.replace(2, "usw2-az2").await;
    let brokers = json!({ "static": [by_id(&scene, 1), by_id(&scene, 2), by_id(&scene, 3)] });
    scene.orders().change_and_settle(json!({ "brokers": brokers })).await;
    scene.leads_to(9094, &[scene.target(2, 39092)]).await;

    let endpoint = consumer.connect(&scene.orders().service_name().await).await;
    consumer.sees(&endpoint, "available").await;
    scene.orders().change_and_settle(json!({ "endpointService": { "consumers": consumers("Rejected", &[]) } })).await;
    consumer.sees(&endpoint, "rejected").await;
    scene.orders().change(json!({ "endpointService": { "consumers": consumers("Manual", &[&endpoint]) } })).await;
    if (name, answer) == ("rejected_may_be_accepted", &json!(false)) {
        // Nothing brings this connection back: what stands in the way is said until its owner gives it up.
        let message = scene.orders().says("Reconciling", "True", "NotFound").await;
        assert!(message.contains(&endpoint) && message.contains("rejected"), "{message}");
        scene.orders().says("Ready", "True", "Available").await;
    } else {
        consumer.sees(&endpoint, "available").await;
    }
    consumer.disconnect(&endpoint).await;
    scene.orders().settled().await;

    let addresses: Vec<Value> = (1..=3).map(|id| by_id(&scene, id)).collect();
    let aws = scene.inventory().await;
    let addresses: Vec<Value> = addresses.into_iter().map(|row| by_address(&aws, row)).collect();
    scene.orders().change_and_settle(json!({ "brokers": { "static": addresses } })).await;
    assert!(scene.inventory().await.groups().values().all(|group| group.kind == "ip"));

    let (former, _) = scene.inventory().await.service().expect("a service");
    let deleted = scene.account.ec2.delete_vpc_endpoint_service_configurations().service_ids(&former).send().await;
    assert_eq!(deleted.expect("it goes").unsuccessful().len(), 0);
    scene
        .aws("there is another service", |aws| {
            let have = aws.service().map(|(id, _)| id);
            is(have.as_ref().is_some_and(|id| *id != former), || format!("{have:?}"))
        })
        .await;
    scene.orders().looked_again().await;
    scene.orders().settled().await;
    whole(&scene.inventory().await, 4);
    scene.clean_up().await;
}

fn by_id(scene: &Scene, id: i32) -> Value {
    json!({ "id": id, "zoneId": format!("usw2-az{id}"), "instanceId": scene.world.brokers[&id] })
}

fn by_address(aws: &Inventory, mut row: Value) -> Value {
    let fields = row.as_object_mut().expect("a row");
    let instance = fields.remove("instanceId").expect("an instance");
    fields.insert("ipAddress".into(), aws.whole["instances"][instance.as_str().expect("an id")]["address"].clone());
    row
}

/// Everything is there once, and so many NLB listeners and groups.
fn whole(aws: &Inventory, each: usize) {
    aws.load_balancer().expect("a load balancer");
    aws.service().expect("a service");
    assert_eq!((aws.ports().len(), aws.group_count()), (each, each));
}

#[tokio::test]
async fn an_unlikely_answer_changes_nothing_for_users() {
    let (name, answer) = random().choice(StandIn::unlikely_answers().await).expect("answers");
    lives_with(&name, &answer).await;
}

#[tokio::test]
async fn long_each_answer_changes_nothing_for_users() {
    for (name, answer) in StandIn::unlikely_answers().await {
        lives_with(&name, &answer).await;
    }
}
