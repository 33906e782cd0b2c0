//! AWS's request limits, which the stand-in enforces as AWS publishes them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::harness::{Calls, ID_TAG, Scene, ZONES, condition, is, until_within};

/// Objects that are made at once, and brokers of each.
const OBJECTS: i32 = 10;
const BROKERS: i32 = 20;
/// What the theory leaves out: looks before the first write, the last answers.
const MOST_OF_THEORY: f64 = 1.2;
/// AWS's own pace makes this take minutes.
const PATIENCE: Duration = Duration::from_mins(15);

/// Buckets by AWS's documentation, as (burst, tokens a second).
fn bucket(action: &str) -> Option<(&'static str, f64, f64)> {
    const ELB: [&str; 6] = ["TargetGroup", "TargetHealth", "Targets", "LoadBalancer", "Listener", "SecurityGroups"];
    let elb = ELB.iter().any(|noun| action.contains(noun)) && !action.contains("DescribeSecurityGroup");
    match action {
        "RegisterTargets" | "DeregisterTargets" => Some(("targets", 20.0, 4.0)),
        "CreateLoadBalancer" | "SetSubnets" => Some(("heavy", 10.0, 0.2)),
        "CreateVpcEndpointServiceConfiguration" => Some(("services", 10.0, 1.0)),
        _ if elb && action.starts_with("Describe") => Some(("reads", 40.0, 10.0)),
        _ if elb => Some(("writes", 20.0, 3.0)),
        _ => None,
    }
}

/// The least that these calls take: as long as the slowest bucket.
fn theory(calls: &Calls) -> f64 {
    let mut by_bucket: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
    for call in &calls.log {
        if let Some((name, burst, rate)) = bucket(&call.action) {
            let (_, _, taken) = by_bucket.entry(name).or_insert((burst, rate, 0.0));
            *taken += 1.0;
        }
    }
    by_bucket.values().map(|(burst, rate, taken)| (taken - burst) / rate).fold(0.0, f64::max)
}

fn selector(number: i32) -> (&'static str, String) {
    ("kafka-cluster", format!("crowd-{number}"))
}

#[tokio::test]
async fn long_ten_objects_of_twenty_brokers_are_made_at_aws_s_pace() {
    let mut scene = Scene::quiet().await;
    for number in 0..OBJECTS {
        for id in 1..=BROKERS {
            let zone = ZONES[usize::try_from(id).expect("a small number") % ZONES.len()];
            scene.world.launch_tagged(zone, &[selector(number), (ID_TAG, id.to_string())]).await;
        }
    }
    let instant = ["load_balancer_provisioning", "load_balancer_update", "target_initial", "service_pending"];
    let instant: serde_json::Map<_, _> = instant.iter().map(|pace| ((*pace).to_owned(), json!(0))).collect();
    scene.account.standin.set(instant.into()).await;
    scene.account.standin.set(json!({ "throttled": true })).await;
    scene.start_operator(&[
        "--aws-rate-limits",
        "published",
        "--time-scale",
        "1",
        "--resync",
        "10m",
        "--full-resync",
        "1h",
    ]);
    scene.orders().create_and_settle(scene.plain_spec()).await;
    scene.account.standin.forget_calls().await;

    let names: Vec<String> = (0..OBJECTS).map(|number| format!("crowd-{number}")).collect();
    for (number, name) in (0..OBJECTS).zip(&names) {
        let mut spec = scene.plain_spec();
        let (key, value) = selector(number);
        spec["brokers"]["ec2"]["tags"] = json!({ key: value });
        scene.link(name).create(spec).await;
    }
    // Who leaves does not stand in line behind those who come.
    scene.orders().delete().await;
    let gone =
        until_within(PATIENCE, async || is(scene.orders().find().await.is_none(), || "still there".into())).await;
    gone.expect("the first object is gone");
    let ready = async |name: &str| {
        let object = scene.link(name).object().await;
        condition(&object, "Ready").is_some_and(|ready| ready.status == "True")
    };
    for name in &names {
        assert!(!ready(name).await, "{name} was made before the first object was gone");
    }
    for name in &names {
        let made = until_within(PATIENCE, async || is(ready(name).await, || format!("{name} is not ready"))).await;
        made.unwrap_or_else(|why| panic!("{why}"));
    }

    let calls = scene.calls().await;
    assert_eq!(calls.errors.keys().filter(|error| throttled(error)).count(), 0, "{:?}", calls.errors);
    let took = calls.log.last().expect("calls").at - calls.log[0].at;
    let least = theory(&calls);
    println!("{} calls in {took:.1} s, of which AWS's limits ask for {least:.1} s", calls.n);
    assert!(least > 60.0, "the limits were not what it took: {least:.1} s");
    assert!(took <= MOST_OF_THEORY * least, "{took:.1} s, and {least:.1} s would do");
    scene.account.standin.set(json!({ "throttled": false })).await;
}

fn throttled(error: &str) -> bool {
    ["Throttling", "RequestLimitExceeded"].iter().any(|code| error.contains(code))
}

/// With no limits of our own, AWS's are run into: the test above can fail.
#[tokio::test]
async fn long_without_limits_aws_refuses() {
    let mut scene = Scene::with_brokers(20).await;
    scene.account.standin.set(json!({ "throttled": true })).await;
    scene.start_operator(&["--time-scale", "10"]);
    scene.orders().create(scene.plain_spec()).await;
    scene
        .until("AWS refuses calls as too many", async || {
            let errors = scene.calls().await.errors;
            is(errors.keys().any(|error| throttled(error)), || format!("{errors:?}"))
        })
        .await;
    scene.account.standin.set(json!({ "throttled": false })).await;
    scene.orders().settled().await;
    scene.clean_up().await;
}
