//! Never a gap: while a running object changes, no moment between two AWS writes is worse than both ends.
//!
//! A path that is open before a change and after it is open all the while, and none is open that is open at
//! neither end. What is open is computed from all that AWS holds right after each write (the stand-in's journal),
//! without asking the operator anything.

mod by_hand;
mod change;
mod paths;
mod snapshot;
mod stage;
#[cfg(test)]
mod tests;

use crate::harness::{Inventory, is, random};
use by_hand::HANDS;
use change::{BACK, BROKERS, Change, SPEC, ZONES};
use stage::Stage;

fn spec_and_back() -> Vec<Change> {
    SPEC.iter().flat_map(|change| [*change, BACK]).collect()
}

fn hands() -> Vec<Change> {
    HANDS.iter().copied().map(Change::Hand).collect()
}

/// Makes changes one after the other; with crashes, each is interrupted after some of its writes.
async fn play(mut stage: Stage, changes: &[Change], mut crashes: Option<fastrand::Rng>) {
    if crashes.is_some() {
        stage.scene.account.standin.set(serde_json::json!({ "latency_ms": 40 })).await;
    }
    for change in changes {
        let killed_after = crashes.as_mut().map(|random| random.usize(1..=6));
        stage.make(change, killed_after).await;
    }
    stage.end().await;
}

#[tokio::test]
async fn some_changes_leave_no_gap() {
    let mut random = random();
    let spec = random.choice(SPEC).expect("changes");
    let hand = random.choice(HANDS).expect("blunders");
    play(Stage::connected().await, &[*spec, BACK, Change::Hand(*hand), BROKERS[1]], None).await;
}

#[tokio::test]
async fn a_crash_within_a_change_leaves_no_gap() {
    let mut random = random();
    let spec = random.choice(SPEC).expect("changes");
    play(Stage::connected().await, &[*spec], Some(random)).await;
}

#[tokio::test]
async fn long_changes_of_the_spec_leave_no_gap() {
    play(Stage::connected().await, &spec_and_back(), None).await;
}

#[tokio::test]
async fn long_crashes_within_changes_of_the_spec_leave_no_gap() {
    play(Stage::connected().await, &spec_and_back(), Some(random())).await;
}

#[tokio::test]
async fn long_brokers_leave_no_gap() {
    play(Stage::connected().await, BROKERS, None).await;
    play(Stage::connected().await, BROKERS, Some(random())).await;
}

#[tokio::test]
async fn long_repairs_leave_no_gap() {
    play(Stage::connected().await, &hands(), None).await;
    play(Stage::connected().await, &hands(), Some(random())).await;
}

#[tokio::test]
async fn long_zones_leave_no_gap() {
    let changes: Vec<Change> = ZONES.iter().flat_map(|change| [*change, BACK]).collect();
    play(Stage::unconnected().await, &changes, None).await;
    play(Stage::unconnected().await, &changes, Some(random())).await;
}

#[tokio::test]
async fn a_load_balancer_that_failed_is_replaced_and_nothing_opens_early() {
    let stage = Stage::with_brokers(3).await;
    let (before, start) = stage.now().await;
    let (standin, region) = (&stage.scene.account.standin, &stage.scene.account.region);
    standin.set(serde_json::json!({ "load_balancer_provisioning": 3600 })).await;
    stage.scene.orders().create(stage.spec()).await;
    let there = |aws: &Inventory| aws.load_balancer().map(|(arn, _)| arn).ok_or_else(|| "none".to_owned());
    let failed = stage.scene.aws("there is a load balancer", there).await;
    standin.set(serde_json::json!({ "load_balancer_provisioning": 0.3 })).await;
    standin.force(region, &failed, Some("failed")).await;
    let other = |aws: &Inventory| there(aws).and_then(|arn| is(arn != failed, || arn));
    stage.scene.aws("there is another", other).await;
    stage.settled_without_gap("a failed load balancer", &before, start).await;
    stage.end().await;
}
