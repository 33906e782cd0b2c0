//! Specs that only AWS can tell are wrong: said, nothing is deleted, and healed by itself.

use serde_json::{Value, json};

use crate::harness::{Scene, ZONES};

/// Creates the object with this spec; says the reason and returns the message. Nothing is made meanwhile.
async fn refused(scene: &Scene, spec: Value, reason: &str) -> String {
    scene.orders().create(spec).await;
    let message = scene.orders().says("InputsResolved", "False", reason).await;
    scene.orders().says("Ready", "False", reason).await;
    message
}

#[tokio::test]
async fn subnets_that_are_missing_or_ambiguous() {
    let mut scene = Scene::start().await;
    let mut spec = scene.plain_spec();
    spec["network"]["subnets"][1] = json!({ "zoneId": "usw2-az2", "subnetTags": { "role": "nlb" } });
    let message = refused(&scene, spec, "SubnetNotFound").await;
    assert!(message.contains("usw2-az2"), "{message}");
    let (first, second) =
        (scene.world.subnets["usw2-az2"].clone(), scene.world.add_subnet("usw2-az2", "10.0.99.0/24").await);
    scene.world.tag(&first, "role", "nlb").await;
    scene.world.tag(&second, "role", "nlb").await;
    let message = scene.orders().says("InputsResolved", "False", "SubnetAmbiguous").await;
    assert!(message.contains(&first) && message.contains(&second), "{message}");
    assert!(scene.inventory().await.load_balancer().is_none());
    scene.world.untag(&[&second], "role").await;
    scene.orders().settled().await;
    scene.orders().delete_and_wait().await;
    assert!(scene.inventory().await.owned().is_empty());
}

#[tokio::test]
async fn a_subnet_of_another_zone() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    let good = scene.plain_spec();
    let mut spec = good.clone();
    let swapped = [&good["network"]["subnets"][1]["subnetId"], &good["network"]["subnets"][0]["subnetId"]];
    spec["network"]["subnets"][0]["subnetId"] = swapped[0].clone();
    spec["network"]["subnets"][1]["subnetId"] = swapped[1].clone();
    refused(&scene, spec, "SubnetInOtherZone").await;
    orders.change_and_settle(json!({ "network": good["network"] })).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn ids_that_are_missing_doubled_or_no_numbers() {
    let mut scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let aws = scene.inventory().await;
    let twin =
        scene.world.launch_tagged(ZONES[0], &[("kafka-cluster", "orders".into()), ("kafka-node-id", "2".into())]).await;
    let message = scene.orders().stalls("DuplicateBrokerId").await;
    assert!(message.contains(&twin) && message.contains(&scene.world.brokers[&2]), "{message}");
    assert_eq!(scene.inventory().await.targets_at(9094), aws.targets_at(9094), "its path is left as it is");

    scene.world.untag(&[&twin], "kafka-node-id").await;
    let message = scene.orders().stalls("BrokerIdMissing").await;
    assert!(message.contains(&twin) && message.contains("kafka-node-id"), "{message}");
    scene.world.tag(&twin, "kafka-node-id", "two").await;
    let message = scene.orders().stalls("BrokerIdInvalid").await;
    assert!(message.contains("two"), "{message}");
    scene.world.tag(&twin, "kafka-node-id", "4").await;
    scene.world.brokers.insert(4, twin);
    scene.leads_to(9096, &[scene.target(4, 39092)]).await;
    scene.orders().settled().await;
    scene.clean_up().await;
}

#[tokio::test]
async fn a_broker_in_a_zone_without_subnet() {
    let mut scene = Scene::quiet().await;
    let third = scene.world.subnets.remove("usw2-az3").expect("a third subnet");
    scene.start_operator(&[]);
    let orders = scene.orders();
    orders.create(scene.plain_spec()).await;
    let message = orders.stalls("BrokerZoneNotOffered").await;
    assert!(message.contains("broker 3") && message.contains("usw2-az3"), "{message}");
    scene
        .aws("the others are offered", |aws| {
            crate::harness::is(aws.ports() == [9092, 9093, 9094], || format!("{:?}", aws.ports()))
        })
        .await;
    let mut subnets = scene.plain_spec()["network"]["subnets"].clone();
    subnets.as_array_mut().expect("subnets").push(json!({ "zoneId": "usw2-az3", "subnetId": third }));
    orders.change_and_settle(json!({ "network": { "subnets": subnets } })).await;
    scene.leads_to(9095, &[scene.target(3, 39092)]).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn an_address_outside_of_the_vpc() {
    let scene = Scene::start().await;
    let mut spec = scene.plain_spec();
    let row = |id: i32, address: &str| json!({ "id": id, "zoneId": format!("usw2-az{id}"), "ipAddress": address });
    spec["brokers"] = json!({ "static": [row(1, "10.0.0.10"), row(2, "10.9.16.10")] });
    let orders = scene.orders();
    orders.create(spec).await;
    let message = orders.stalls("AddressNotInVpc").await;
    assert!(message.contains("10.9.16.10"), "{message}");
    scene.leads_to(9093, &["10.0.0.10:39092".to_owned()]).await;
    let mended = json!({ "brokers": { "static": [row(1, "10.0.0.10"), row(2, "10.0.16.10")] } });
    orders.change_and_settle(mended).await;
    scene.leads_to(9094, &["10.0.16.10:39092".to_owned()]).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn a_vpc_that_does_not_exist() {
    let scene = Scene::start().await;
    let mut spec = scene.plain_spec();
    spec["network"]["vpcId"] = "vpc-0123456789abcdef0".into();
    let message = refused(&scene, spec, "VpcNotFound").await;
    assert!(message.contains("vpc-0123456789abcdef0"), "{message}");
    scene.clean_up().await;
}

#[tokio::test]
async fn no_brokers_from_the_start() {
    let mut scene = Scene::with_brokers(0).await;
    scene.start_operator(&[]);
    let message = refused(&scene, scene.plain_spec(), "NoBrokersFound").await;
    assert!(message.contains("brokers.ec2.tags"), "{message}");
    scene.world.launch(1, ZONES[0]).await;
    scene.orders().settled().await;
    scene.leads_to(9093, &[scene.target(1, 39092)]).await;
    scene.clean_up().await;
}

#[tokio::test]
async fn a_port_range_that_is_too_small() {
    let scene = Scene::start().await;
    let mut spec = scene.plain_spec();
    spec["listeners"][0]["portRange"] = json!({ "first": 9093, "last": 9094 });
    let orders = scene.orders();
    orders.create(spec.clone()).await;
    let message = orders.stalls("PortsExhausted").await;
    assert!(message.contains("portRange.last"), "{message}");
    spec["listeners"][0]["portRange"]["last"] = 9095.into();
    orders.change_and_settle(json!({ "listeners": spec["listeners"] })).await;
    scene.leads_to(9095, &[scene.target(3, 39092)]).await;
    scene.clean_up().await;
}
