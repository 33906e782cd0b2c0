//! An operator that is killed in the middle of its work.

use crate::harness::{Inventory, Scene, is};

/// What is there when all is done: how many of each kind.
fn made(scene: &Scene, aws: &Inventory) -> Vec<(String, usize)> {
    let before = scene.before.counts();
    let more = |(kind, count): (String, usize)| (count.saturating_sub(before[&kind]), kind);
    let more = aws.counts().into_iter().map(more).filter(|(count, _)| *count > 0);
    more.map(|(count, kind)| (kind, count)).collect()
}

fn whole(made: &[(String, usize)]) {
    let of = |kind: &str| made.iter().find(|(have, _)| have == kind).map_or(0, |(_, count)| *count);
    assert_eq!(
        [of("load_balancers"), of("endpoint_services"), of("listeners"), of("target_groups"), of("security_groups")],
        [1, 1, 4, 4, 1],
        "everything is there once: {made:?}"
    );
}

/// Kills the operator as soon as it has made so many writes; the next one goes on. `false`: it made fewer.
async fn kill_after(scene: &mut Scene, writes: usize, done: impl AsyncFn(&Scene) -> bool) -> bool {
    let reached = scene
        .until("enough writes, or the end", async || {
            let made = scene.calls().await.writes().len();
            if made >= writes {
                return Ok(true);
            }
            let ended = done(scene).await;
            if ended { Ok(false) } else { Err(format!("{made} writes")) }
        })
        .await;
    scene.operator().kill();
    reached
}

async fn ready(scene: &Scene) -> bool {
    let object = scene.orders().object().await;
    crate::harness::condition(&object, "Ready").is_some_and(|ready| ready.status == "True")
}

/// A create and a delete, killed once each after so many writes of its own.
async fn killed_after(writes: usize) {
    let mut scene = Scene::quiet().await;
    scene.account.standin.set(serde_json::json!({ "latency_ms": 30 })).await;
    scene.start_operator(&[]);
    scene.orders().create(scene.plain_spec()).await;
    kill_after(&mut scene, writes, ready).await;
    scene.start_operator(&[]);
    scene.orders().settled().await;
    whole(&made(&scene, &scene.inventory().await));
    let ports = scene.inventory().await.ports();
    assert_eq!(ports, [9092, 9093, 9094, 9095]);

    scene.account.standin.forget_calls().await;
    scene.orders().delete().await;
    kill_after(&mut scene, writes.min(12), async |scene| scene.orders().find().await.is_none()).await;
    scene.start_operator(&[]);
    scene.orders().gone().await;
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn killed_after_the_first_write() {
    killed_after(1).await;
}

#[tokio::test]
async fn killed_after_seven_writes() {
    killed_after(7).await;
}

#[tokio::test]
async fn long_killed_after_every_write() {
    for writes in [2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 16, 18, 20, 22, 24] {
        killed_after(writes).await;
    }
}

#[tokio::test]
async fn long_killed_again_and_again() {
    let mut scene = Scene::quiet().await;
    scene.account.standin.set(serde_json::json!({ "latency_ms": 30 })).await;
    scene.orders().create(scene.plain_spec()).await;
    let mut rounds = 0;
    loop {
        scene.account.standin.forget_calls().await;
        scene.start_operator(&[]);
        if !kill_after(&mut scene, 2, ready).await {
            break;
        }
        rounds += 1;
        assert!(rounds < 60, "every process gets further than the one before");
    }
    scene.start_operator(&[]);
    scene.orders().settled().await;
    whole(&made(&scene, &scene.inventory().await));
    scene.clean_up().await;
}

#[tokio::test]
async fn a_second_operator_writes_nothing_new() {
    let mut scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let aws = scene.inventory().await;
    scene.operator().kill();
    scene.account.standin.forget_calls().await;
    scene.start_operator(&[]);
    scene
        .until("a full look of the new process", async || {
            let calls = scene.calls().await.n;
            is(calls > 25, || format!("{calls} calls"))
        })
        .await;
    assert_eq!(scene.calls().await.writes(), Vec::<&str>::new());
    assert_eq!(scene.inventory().await.whole, aws.whole);
    scene.clean_up().await;
}
