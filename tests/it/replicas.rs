//! Replicas of one operator: one leads, and whatever ends it, the next one goes on where it was.

use k8s_openapi::api::coordination::v1::Lease;

use crate::harness::{Clock, Scene, Way, is};

/// The lease that a scene's replicas share.
const LEASE: &str = "kafka-privatelink-operator";

/// Times that are short, so that a test does not wait long for those who say nothing.
const SHORT: [&str; 6] = ["--lease-duration", "5s", "--lease-renew-deadline", "4s", "--lease-retry-period", "1s"];

/// Starts a replica whose AWS calls can be told from those of the others.
async fn start_replica(scene: &mut Scene, times: &[&str]) {
    let account = scene.account.id.clone();
    scene.use_account(&account).await;
    let namespace = scene.namespace.clone();
    let stands = ["--leader-election", "enabled", "--lease-namespace", &namespace];
    scene.start_operator(&[&stands[..], times].concat());
}

async fn lease(scene: &Scene) -> Option<Lease> {
    scene.api::<Lease>().get_opt(LEASE).await.expect("leases are read")
}

/// Who holds it, and how often it changed hands.
async fn held(scene: &Scene) -> Option<(String, i32)> {
    let spec = lease(scene).await?.spec?;
    Some((spec.holder_identity.filter(|holder| !holder.is_empty())?, spec.lease_transitions?))
}

/// Waits until the replica writes to AWS: the first one leads from the beginning.
async fn writes(scene: &Scene, replica: usize, wanted: usize) {
    scene
        .until("the leader writes", async || {
            let writes = scene.calls_of(replica).await.writes().len();
            is(writes >= wanted, || format!("{writes} writes"))
        })
        .await;
}

/// Two replicas, of which the first leads and is in the middle of a create.
async fn in_the_middle(scene: &mut Scene, times: &[&str]) {
    scene.account.standin.set(serde_json::json!({ "latency_ms": 80 })).await;
    start_replica(scene, times).await;
    scene.until("the first one leads", async || held(scene).await.ok_or_else(|| "nobody does".into())).await;
    // The way and the clock of the first are its own.
    scene.environment.clear();
    start_replica(scene, times).await;
    scene
        .until("the second one stands by", async || {
            is(scene.operators[1].log().contains("stands for leadership"), || scene.operators[1].log())
        })
        .await;
    scene.orders().create(scene.plain_spec()).await;
    writes(scene, 0, 6).await;
}

/// All is there once, and no two replicas wrote at a time.
async fn handed_over(scene: &Scene) {
    scene.orders().settled().await;
    let aws = scene.inventory().await;
    let (counts, before) = (aws.counts(), scene.before.counts());
    let kinds = ["load_balancers", "endpoint_services", "listeners", "target_groups", "security_groups"];
    assert_eq!(kinds.map(|kind| counts[kind] - before[kind]), [1, 1, 4, 4, 1], "everything is there once");
    let (first, second) = (scene.calls_of(0).await, scene.calls_of(1).await);
    let times = |calls: &crate::harness::Calls| -> Vec<f64> {
        calls.log.iter().filter(|call| call.is_write()).map(|call| call.at).collect()
    };
    let (first, second) = (times(&first), times(&second));
    assert!(!first.is_empty() && !second.is_empty(), "both wrote: {} and {}", first.len(), second.len());
    let last_of_first = first.iter().copied().fold(f64::MIN, f64::max);
    let first_of_second = second.iter().copied().fold(f64::MAX, f64::min);
    assert!(last_of_first < first_of_second, "{last_of_first} is after {first_of_second}");
    assert_eq!(held(scene).await.map(|(_, changes)| changes), Some(1), "it changed hands once");
    scene.orders().delete_and_wait().await;
    scene.aws_is_as_before().await;
}

#[tokio::test]
async fn a_standby_takes_over_from_a_leader_that_stops() {
    let mut scene = Scene::quiet().await;
    in_the_middle(&mut scene, &[]).await;
    let ended = scene.operators[0].stop();
    assert!(ended.success(), "{ended}");
    handed_over(&scene).await;
}

#[tokio::test]
async fn a_standby_takes_over_from_a_leader_that_is_killed() {
    let mut scene = Scene::quiet().await;
    in_the_middle(&mut scene, &SHORT).await;
    scene.operators[0].kill();
    handed_over(&scene).await;
}

#[tokio::test]
async fn a_leader_that_cannot_renew_ends() {
    let mut scene = Scene::quiet().await;
    let way = Way::for_operators_of(&mut scene).await;
    in_the_middle(&mut scene, &SHORT).await;
    way.cut();
    let ended = scene.operators[0].ended().await;
    assert_eq!(ended.code(), Some(1), "{ended}");
    let log = scene.operators[0].log();
    assert!(log.contains("could not be renewed for 4 s: another replica may lead by now"), "{log}");
    handed_over(&scene).await;
}

/// A frozen process cannot know that its time is up; when it wakes it writes nothing.
#[tokio::test]
async fn a_leader_that_was_frozen_writes_nothing_more() {
    let mut scene = Scene::quiet().await;
    in_the_middle(&mut scene, &SHORT).await;
    let frozen = scene.operators[0].paused();
    scene
        .until("the second one leads", async || {
            let (_, changes) = held(&scene).await.ok_or("nobody does")?;
            is(changes == 1, || format!("{changes} changes"))
        })
        .await;
    writes(&scene, 1, 1).await;
    let before = scene.calls_of(0).await.writes().len();
    drop(frozen);
    let ended = scene.operators[0].ended().await;
    assert_eq!(ended.code(), Some(1), "{ended}");
    assert_eq!(scene.calls_of(0).await.writes().len(), before, "it wrote after it woke");
    handed_over(&scene).await;
}

/// Clocks that differ by hours take the lease from nobody.
#[tokio::test]
async fn long_clocks_need_not_agree() {
    for offset in [0, 7200] {
        let mut scene = Scene::quiet().await;
        Clock::of_operators_of(&mut scene, offset);
        in_the_middle(&mut scene, &SHORT).await;
        scene.orders().settled().await;
        let first = held(&scene).await;
        let renewed = async || lease(&scene).await?.spec?.renew_time.map(|time| time.0);
        let start = renewed().await.expect("it is held");
        scene
            .until("the lease was renewed for long", async || {
                let now = renewed().await.ok_or("nobody holds it")?;
                is(now.duration_since(start).as_secs() >= 20, || format!("{now}"))
            })
            .await;
        assert_eq!(held(&scene).await, first, "it stays where it was");
        assert_eq!(scene.calls_of(1).await.n, 0, "a standby asks nothing of AWS");
        scene.clean_up().await;
    }
}

/// Three that are killed again and again.
#[tokio::test]
async fn long_leaders_are_killed_again_and_again() {
    let mut scene = Scene::quiet().await;
    in_the_middle(&mut scene, &SHORT).await;
    for leader in 0..6 {
        start_replica(&mut scene, &SHORT).await;
        scene.operators[leader].kill();
        let changes = i32::try_from(leader).expect("few") + 1;
        scene
            .until("somebody leads", async || {
                let held = held(&scene).await;
                is(held.as_ref().is_some_and(|(_, have)| *have == changes), || format!("{held:?}"))
            })
            .await;
        // Whoever of the two it was: the next to die is the one that leads.
        let identity = held(&scene).await.map(|(identity, _)| identity).unwrap_or_default();
        let leads = scene.operators[leader + 1].log().contains(&identity);
        if !leads {
            scene.operators.swap(leader + 1, leader + 2);
        }
    }
    scene.orders().settled().await;
    let aws = scene.inventory().await;
    assert_eq!(aws.ports(), [9092, 9093, 9094, 9095]);
    scene.orders().delete_and_wait().await;
    scene.aws_is_as_before().await;
}
