//! The wall clock jumps, as it does when a machine wakes up or is told the time.

use aws_sdk_elasticloadbalancingv2::types::TargetGroupAttribute;
use serde_json::json;

use crate::harness::{Clock, Inventory, Scene, condition, is};

const TWO_HOURS: i64 = 7200;

/// A create and a quiet time, with a jump in the middle of each.
async fn jumps(from: i64, to: i64) {
    let mut scene = Scene::quiet().await;
    let clock = Clock::of_operators_of(&mut scene, from);
    scene.account.standin.set(json!({ "latency_ms": 50 })).await;
    scene.start_operator(&[]);
    scene.orders().create(scene.plain_spec()).await;
    scene
        .until("the create is under way", async || {
            let writes = scene.calls().await.writes().len();
            is(writes >= 6, || format!("{writes} writes"))
        })
        .await;
    clock.jump_to(to);
    scene.orders().settled().await;
    let ready = |object: &kpl_core::api::KafkaPrivateLink| {
        let ready = condition(object, "Ready").expect("a condition");
        ready.last_transition_time.0.as_second() - jiff::Timestamp::now().as_second()
    };
    let off = ready(&scene.orders().object().await);
    assert!((to - 600..=to).contains(&off), "the operator goes by another clock: it is {off} s off");
    let aws = scene.inventory().await;
    let (counts, before) = (aws.counts(), scene.before.counts());
    let made = |kind: &str| counts[kind] - before[kind];
    let kinds = ["load_balancers", "endpoint_services", "listeners", "target_groups", "security_groups"];
    assert_eq!(kinds.map(made), [1, 1, 4, 4, 1], "everything is there once");

    // In a quiet time a jump changes nothing.
    clock.jump_to(from);
    scene.orders().looked_again().await;
    scene.orders().settled().await;
    scene.account.standin.forget_calls().await;
    clock.jump_to(to);
    looks(&scene, 6).await;
    assert_eq!(scene.calls().await.writes(), Vec::<&str>::new());
    assert_eq!(scene.inventory().await.whole, aws.whole);

    // And every detail is looked at as often as before.
    let (group, delay) = (aws.group_arn("tg/EXTERNAL/2"), "deregistration_delay.timeout_seconds");
    let other = TargetGroupAttribute::builder().key(delay).value("7").build();
    let changed = scene.account.elb.modify_target_group_attributes().target_group_arn(&group).attributes(other);
    changed.send().await.expect("an attribute is changed by hand");
    let repaired = |aws: &Inventory| {
        let have = &aws.groups()["tg/EXTERNAL/2"].attributes[delay];
        is(have == "60", || have.clone())
    };
    scene.aws("what people change is repaired", repaired).await;
    scene.clean_up().await;
}

async fn looks(scene: &Scene, wanted: usize) {
    scene
        .until("some looks", async || {
            let looks = scene.calls().await.actions.get("DescribeInstances").copied().unwrap_or(0);
            is(looks >= wanted, || format!("{looks}"))
        })
        .await;
}

#[tokio::test]
async fn long_two_hours_forward() {
    jumps(0, TWO_HOURS).await;
}

#[tokio::test]
async fn long_two_hours_back() {
    jumps(TWO_HOURS, 0).await;
}
