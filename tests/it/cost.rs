//! How many AWS calls it takes.

use crate::harness::{Calls, Scene, is, listener};

/// Calls of one steady look, at most (and one per further listener).
const STEADY: usize = 10;
/// A pause between two calls, in seconds, that tells one look from the next; looks are three seconds apart.
const PAUSE: f64 = 0.9;

/// Looks far apart, and full ones too far away to come by.
const FLAGS: [&str; 4] = ["--resync", "180s", "--full-resync", "2h"];

/// Calls in the order they were made, a group for each look.
fn looks(calls: &Calls) -> Vec<Vec<&str>> {
    let mut looks: Vec<Vec<&str>> = Vec::new();
    let mut last = f64::MIN;
    for call in &calls.log {
        if call.at - last > PAUSE {
            looks.push(Vec::new());
        }
        last = call.at;
        looks.last_mut().expect("one was pushed").push(&call.action);
    }
    looks
}

async fn steady_looks_are_cheap(brokers: i32, create_at_most: Option<usize>) {
    let mut scene = Scene::with_brokers(brokers).await;
    let mut spec = scene.plain_spec();
    spec["listeners"][0]["portRange"]["last"] = 9200.into();
    // What AWS takes its time for is not what a create costs: each look that awaits it comes on top.
    let instant = ["load_balancer_provisioning", "target_initial", "service_pending"];
    let instant: serde_json::Map<_, _> = instant.iter().map(|pace| ((*pace).to_owned(), 0.into())).collect();
    scene.account.standin.set(instant.into()).await;
    scene.start_operator(&FLAGS);
    scene.orders().create_and_settle(spec).await;
    let created = scene.calls().await.log;
    let last_write = created.iter().rposition(crate::harness::Call::is_write).expect("a create writes");
    if let Some(most) = create_at_most {
        let actions: Vec<&str> = created[..=last_write].iter().map(|call| call.action.as_str()).collect();
        assert!(actions.len() <= most, "creating took {} calls: {actions:?}", actions.len());
    }
    // The looks that still follow from the create are over when one has found nothing to do for a while.
    scene.account.standin.forget_calls().await;
    let seen = scene
        .until("four steady looks", async || {
            let calls = scene.calls().await;
            is(looks(&calls).len() >= 5, || format!("{} calls", calls.n)).map(|()| calls)
        })
        .await;
    assert_eq!(seen.writes(), Vec::<&str>::new(), "nothing is written in a steady look");
    let looks = looks(&seen);
    // The first may follow from the create, the last may not be over.
    for look in &looks[1..looks.len() - 1] {
        assert!(look.len() <= STEADY, "{} calls in a look: {look:?}", look.len());
    }
    scene.clean_up().await;
}

#[tokio::test]
async fn three_brokers() {
    steady_looks_are_cheap(3, Some(50)).await;
}

#[tokio::test]
async fn twelve_brokers() {
    steady_looks_are_cheap(12, None).await;
}

#[tokio::test]
async fn long_forty_nine_brokers() {
    steady_looks_are_cheap(49, None).await;
}

#[tokio::test]
async fn long_three_listeners_of_fifteen_brokers() {
    let mut scene = Scene::with_brokers(15).await;
    scene.start_operator(&[]);
    let mut spec = scene.plain_spec();
    let listeners = [(39092, 9092, 9093), (39093, 9192, 9193), (39094, 9292, 9293)];
    let listeners = listeners.iter().enumerate();
    let listeners =
        listeners.map(|(n, (broker, bootstrap, first))| listener(&format!("E{n}"), *broker, *bootstrap, *first));
    spec["listeners"] = listeners.collect();
    scene.orders().create_and_settle(spec).await;
    let aws = scene.inventory().await;
    assert_eq!((aws.ports().len(), aws.group_count()), (48, 48));
    scene.clean_up().await;
}

/// What `absorb` says after the steps is what a look finds: else the look would act again.
#[tokio::test]
async fn the_look_after_the_steps_finds_nothing_to_do() {
    let mut scene = Scene::quiet().await;
    scene.start_operator(&FLAGS);
    let orders = scene.orders();
    let mut spec = scene.plain_spec();
    spec["brokers"]["securityGroupIds"] = serde_json::json!([scene.world.brokers_group]);
    spec["tags"] = serde_json::json!({ "team": "streaming" });
    orders.create_and_settle(spec).await;
    scene.account.standin.forget_calls().await;
    // Every detail is read again.
    orders.looked_again().await;
    orders.settled().await;
    let calls = scene.calls().await;
    assert!(calls.n > 0);
    assert_eq!(calls.writes(), Vec::<&str>::new());
    scene.clean_up().await;
}
