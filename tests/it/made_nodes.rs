//! Brokers that are made for an object: from an empty account, with instances that end, to volumes alone.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::AttributeBooleanValue;
use kpl_core::api::KafkaPrivateLink;
use serde_json::{Value, json};

use crate::harness::{Inventory, Scene, is, made_network, provisioned};

/// Nodes as status tells them: instance, address and volume by id.
fn nodes(object: &KafkaPrivateLink) -> Result<BTreeMap<i32, (String, String, String)>, String> {
    let said = object.status.as_ref().and_then(|status| status.brokers.clone()).ok_or("nothing of them")?;
    let node = |node: kpl_core::api::v1alpha1::NodeStatus| {
        Some((node.id, (node.instance_id?, node.private_address?, node.volume_id?)))
    };
    let nodes: BTreeMap<_, _> = said.nodes.into_iter().filter_map(node).collect();
    if nodes.len() == 2 { Ok(nodes) } else { Err(format!("{nodes:?}")) }
}

fn elb(aws: &Inventory) -> [Value; 3] {
    ["load_balancers", "listeners", "target_groups"].map(|kind| aws.whole[kind].clone())
}

/// As a person does it, who means it.
async fn terminate(scene: &Scene, instance: &str) {
    let off = AttributeBooleanValue::builder().value(false).build();
    let ec2 = &scene.account.ec2;
    let refused = ec2.terminate_instances().instance_ids(instance).send().await;
    assert!(refused.is_err(), "it is protected");
    let unprotected = ec2.modify_instance_attribute().instance_id(instance).disable_api_termination(off).send().await;
    unprotected.expect("AWS lets a person do it");
    ec2.terminate_instances().instance_ids(instance).send().await.expect("it is terminated");
}

fn spec(scene: &Scene) -> Value {
    let mut spec = scene.plain_spec();
    spec["network"] = made_network();
    spec["brokers"] = provisioned();
    spec
}

#[tokio::test]
async fn they_are_made_kept_and_leave_their_volumes() {
    let mut scene = Scene::with_brokers(0).await;
    scene.start_operator(&[]);
    let mut spec = spec(&scene);
    spec["brokers"]["provisioned"]["storage"]["deletionPolicy"] = json!("Retain");
    scene.orders().create_and_settle(spec).await;
    let made = scene.orders().until("status has the nodes", nodes).await;
    let target = |node: i32| format!("{}:39092", made[&node].1);
    scene.leads_to(9093, &[target(1)]).await;
    scene.leads_to(9094, &[target(2)]).await;
    let aws = scene.inventory().await;
    for (instance, address, volume) in made.values() {
        let machine = &aws.whole["instances"][instance];
        assert_eq!((&machine["address"], &machine["protected"]), (&json!(address), &json!(true)), "{machine}");
        assert_eq!(aws.whole["volumes"][volume]["encrypted"], json!(true), "{}", aws.whole["volumes"][volume]);
    }

    let before = elb(&aws);
    terminate(&scene, &made[&2].0).await;
    let replaced = |object: &KafkaPrivateLink| {
        let now = nodes(object)?;
        let kept = now[&2].1 == made[&2].1 && now[&2].2 == made[&2].2 && now[&1] == made[&1];
        is(kept && now[&2].0 != made[&2].0, || format!("{now:?}"))
    };
    scene.orders().until("another instance has its address and its volume", replaced).await;
    scene.orders().settled().await;
    let aws = scene.inventory().await;
    assert_eq!(elb(&aws), before, "nothing changed in ELB");

    let stopped = scene.account.ec2.stop_instances().instance_ids(&made[&1].0).send().await;
    stopped.expect("somebody stops it");
    let runs = |aws: &Inventory| {
        let state = &aws.whole["instances"][&made[&1].0]["state"];
        is(state == "running", || state.to_string())
    };
    scene.aws("it runs again", runs).await;
    scene.orders().settled().await;

    scene.orders().delete().await;
    scene.orders().gone().await;
    let volumes: Vec<&str> = made.values().map(|(_, _, volume)| volume.as_str()).collect();
    let only_volumes = |aws: &Inventory| {
        let changes = aws.changes_since(&scene.before);
        let others: Vec<_> = changes.iter().filter(|line| !volumes.iter().any(|id| line.contains(id))).collect();
        is(others.is_empty() && changes.len() == 2, || format!("{changes:?}"))
    };
    scene.aws("only the volumes are left", only_volumes).await;
    for volume in volumes {
        scene.account.ec2.delete_volume().volume_id(volume).send().await.expect("a person deletes it");
    }
}
