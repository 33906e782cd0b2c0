//! Zones and subnets.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Consumer, Scene, ZONES, is};

#[tokio::test]
async fn a_zone_is_added_and_offered() {
    let scene = Scene::start().await;
    let consumer = Consumer::fresh(&scene.account.region, &ZONES[..2]).await;
    let orders = scene.orders();
    scene.world.terminate(&[3]).await;
    let mut spec = scene.spec(&json!([{ "accountId": consumer.id(), "acceptance": "Automatic" }]));
    let all = spec["network"]["subnets"].clone();
    spec["network"]["subnets"] = all.as_array().expect("subnets")[..2].to_vec().into();
    orders.create_and_settle(spec).await;
    let service = orders.service_name().await;
    let endpoint = consumer.connect(&service).await;
    consumer.sees(&endpoint, "available").await;
    assert_eq!(scene.inventory().await.service().expect("a service").1.zones.len(), 2);

    orders.change_and_settle(json!({ "network": { "subnets": all } })).await;
    let aws = scene.inventory().await;
    let zones: BTreeSet<String> = ZONES.iter().map(|zone| (*zone).to_owned()).collect();
    assert_eq!(aws.service().expect("a service").1.zones, zones);
    let subnets: BTreeSet<String> = scene.world.subnets.values().cloned().collect();
    assert_eq!(aws.load_balancer().expect("a load balancer").1.subnets, subnets);
    assert_eq!(orders.service_name().await, service);
    consumer.sees(&endpoint, "available").await;

    // Back again: not while somebody is connected.
    let two = json!({ "network": { "subnets": all.as_array().expect("subnets")[..2].to_vec() } });
    orders.change(two).await;
    let message = orders.stalls("ZoneChangeBlocked").await;
    assert!(message.contains(&endpoint), "{message}");
    assert_eq!(scene.inventory().await.load_balancer().expect("a load balancer").1.subnets, subnets);
    consumer.disconnect(&endpoint).await;
    orders.settled().await;
    assert_eq!(scene.inventory().await.load_balancer().expect("a load balancer").1.subnets.len(), 2);
    scene.clean_up().await;
}

#[tokio::test]
async fn subnets_are_made_found_by_tags_and_removed() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    let mut spec = scene.plain_spec();
    spec["network"]["subnets"] = json!([
        { "zoneId": "usw2-az1", "subnetId": scene.world.subnets["usw2-az1"] },
        { "zoneId": "usw2-az2", "subnetTags": { "role": "broker" } },
        { "zoneId": "usw2-az3", "cidrBlock": "10.0.250.0/28" },
    ]);
    orders.create_and_settle(spec).await;
    let aws = scene.inventory().await;
    let subnets = aws.load_balancer().expect("a load balancer").1.subnets;
    assert_eq!(subnets.len(), 3);
    assert!(subnets.contains(&scene.world.subnets["usw2-az2"]));
    let made: Vec<&String> = subnets.iter().filter(|id| !scene.world.subnets.values().any(|own| own == *id)).collect();
    assert_eq!(made.len(), 1);
    let made: &Value = &aws.whole["subnets"][made[0]];
    assert_eq!((made["cidr"].as_str(), made["zone"].as_str()), (Some("10.0.250.0/28"), Some("usw2-az3")));
    scene.clean_up().await;
}

#[tokio::test]
async fn addresses_replace_instances_by_weights() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    orders.create_and_settle(scene.plain_spec()).await;
    let before = scene.inventory().await;
    let address = |id: i32| {
        let instance = &before.whole["instances"][&scene.world.brokers[&id]];
        instance["address"].as_str().expect("an address").to_owned()
    };
    let listed: Vec<Value> =
        (1..=3).map(|id| json!({ "id": id, "zoneId": format!("usw2-az{id}"), "ipAddress": address(id) })).collect();

    // The new groups do not get healthy: what was there carries the traffic on.
    let hold = async |health: Option<&str>| {
        for id in 1..=3 {
            let target = format!("{}:39092", address(id));
            scene.account.standin.force(&scene.account.region, &target, health).await;
        }
    };
    hold(Some("initial")).await;
    orders.change(json!({ "brokers": { "ec2": null, "static": listed } })).await;
    scene
        .aws("a group of addresses stands beside that of instances", |aws| {
            let groups = aws.group_count();
            is(groups == 8, || format!("{groups} groups"))
        })
        .await;
    orders.looked_again().await;
    scene.leads_to(9094, &[scene.target(2, 39092)]).await;
    assert_eq!(scene.inventory().await.group_count(), 8);

    hold(None).await;
    orders.settled().await;
    for id in 1..=3 {
        let port = u16::try_from(9092 + id).expect("a port");
        scene.leads_to(port, &[format!("{}:39092", address(id))]).await;
    }
    let aws = scene.inventory().await;
    assert_eq!(aws.group_count(), 4, "the former groups are gone");
    assert!(aws.groups().values().all(|group| group.kind == "ip"));
    for port in aws.ports() {
        assert_eq!(aws.listener_arn(port), before.listener_arn(port), "no listener was made again");
    }
    scene.clean_up().await;
}
