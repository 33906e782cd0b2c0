//! A VPC that is made for an object: from nothing to nothing.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{AttributeBooleanValue, VpcAttributeName};
use kpl_core::api::KafkaPrivateLink;
use serde_json::json;

use crate::harness::{Scene, condition, is, made_network};

/// The VPC and its subnets by zone, as status tells whoever starts brokers.
fn network(object: &KafkaPrivateLink) -> Result<(String, BTreeMap<String, String>), String> {
    let network = object.status.as_ref().and_then(|status| status.network.clone()).ok_or("nothing of it")?;
    let by_zone = |subnet: kpl_core::api::v1alpha1::SubnetStatus| Some((subnet.zone_id, subnet.subnet_id?));
    let subnets: BTreeMap<_, _> = network.subnets.into_iter().filter_map(by_zone).collect();
    match network.vpc_id {
        Some(vpc) if subnets.len() == 2 => Ok((vpc, subnets)),
        vpc => Err(format!("{vpc:?} {subnets:?}")),
    }
}

/// Read by the SDK, as anybody would.
async fn resolves_names(scene: &Scene, vpc: &str) -> [Option<bool>; 2] {
    let ask = |setting| scene.account.ec2.describe_vpc_attribute().vpc_id(vpc).attribute(setting).send();
    let support = ask(VpcAttributeName::EnableDnsSupport).await.expect("AWS answers");
    let names = ask(VpcAttributeName::EnableDnsHostnames).await.expect("AWS answers");
    [support.enable_dns_support, names.enable_dns_hostnames].map(|said| said.and_then(|said| said.value))
}

#[tokio::test]
async fn it_is_made_kept_and_deleted_when_others_have_left_it() {
    let mut scene = Scene::with_brokers(0).await;
    scene.start_operator(&[]);
    let mut spec = scene.plain_spec();
    spec["network"] = made_network();
    scene.orders().create(spec).await;
    let (vpc, subnets) = scene.orders().until("status has the VPC and its subnets", network).await;
    scene.orders().says("InputsResolved", "False", "NoBrokersFound").await;
    let aws = scene.inventory().await;
    let owner = scene.owner("orders").to_string();
    let tagged = |kind: &str, id: &str| aws.whole[kind][id]["tags"]["kafka-privatelink.io/owner"] == owner.as_str();
    assert!(tagged("vpcs", &vpc) && subnets.values().all(|id| tagged("subnets", id)), "all of it is ours");
    assert_eq!(aws.whole["vpcs"][&vpc]["cidr"], json!("10.40.0.0/16"));
    assert_eq!(resolves_names(&scene, &vpc).await, [Some(true); 2]);
    let zones = |mut zones: Vec<String>| {
        zones.sort();
        is(zones == ["usw2-az1", "usw2-az2"], || format!("{zones:?}"))
    };
    scene.aws("S3 can be reached from both subnets", |aws| zones(aws.reach_s3())).await;

    // Somebody starts brokers in it.
    scene.world.subnets = subnets.clone();
    scene.world.launch(1, "usw2-az1").await;
    scene.world.launch(2, "usw2-az2").await;
    scene.orders().settled().await;
    scene.leads_to(9094, &[scene.target(2, 39092)]).await;

    let off = AttributeBooleanValue::builder().value(false).build();
    let switched = scene.account.ec2.modify_vpc_attribute().vpc_id(&vpc).enable_dns_hostnames(off).send().await;
    switched.expect("somebody switches it off");
    scene.orders().looked_again().await;
    assert_eq!(resolves_names(&scene, &vpc).await, [Some(true); 2], "it is on again");

    scene.orders().delete().await;
    let broker = scene.world.brokers[&2].clone();
    let held = |object: &KafkaPrivateLink| {
        let ready = condition(object, "Ready").ok_or("no condition")?;
        let named = ready.message.contains(&vpc) && ready.message.contains(&broker);
        is(ready.reason == "Deleting" && named, || ready.message.clone())
    };
    scene.orders().until("what holds the VPC is named", held).await;
    let aws = scene.inventory().await;
    assert!(aws.load_balancer().is_none() && aws.service().is_none(), "all else is gone");
    assert!(subnets.values().all(|id| aws.whole["subnets"][id].is_object()), "no subnet goes while brokers are in it");
    scene.world.terminate(&[1, 2]).await;
    scene.orders().gone().await;
    scene.nothing_is_left().await;
}

/// The answer is lost, and AWS takes no token: it is looked for, and not asked for twice.
#[tokio::test]
async fn a_lost_answer_makes_no_second_one() {
    let mut scene = Scene::with_brokers(0).await;
    scene.account.standin.lose_answers("CreateVpc", 1).await;
    scene.start_operator(&[]);
    let before = scene.inventory().await.counts()["vpcs"];
    let mut spec = scene.plain_spec();
    spec["network"] = made_network();
    spec["brokers"] = json!({ "static": [{ "id": 1, "zoneId": "usw2-az1", "ipAddress": "10.40.0.10" }] });
    scene.orders().create_and_settle(spec).await;
    assert_eq!(scene.inventory().await.counts()["vpcs"], before + 1);
    assert_eq!(scene.calls().await.actions.get("CreateVpc"), Some(&1));
    scene.clean_up().await;
}
