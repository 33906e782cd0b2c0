//! The API server is away for a while, or does not take status.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::json;

use crate::harness::{Rights, Scene, Way, condition, is};

#[tokio::test]
async fn long_away_for_a_minute_in_the_middle() {
    let mut scene = Scene::quiet().await;
    let way = Way::for_operators_of(&mut scene).await;
    scene.start_operator(&[]);
    scene.account.standin.set(json!({ "latency_ms": 50 })).await;
    scene.orders().create(scene.plain_spec()).await;
    scene
        .until("the create is under way", async || {
            let writes = scene.calls().await.writes().len();
            is(writes >= 6, || format!("{writes} writes"))
        })
        .await;
    way.away_for_a_minute().await;
    scene.orders().settled().await;
    let aws = scene.inventory().await;
    assert_eq!(aws.ports(), [9092, 9093, 9094, 9095]);
    let (counts, before) = (aws.counts(), scene.before.counts());
    let made = |kind: &str| counts[kind] - before[kind];
    let kinds = ["load_balancers", "endpoint_services", "listeners", "target_groups", "security_groups"];
    assert_eq!(kinds.map(made), [1, 1, 4, 4, 1], "everything is there once");

    // What is asked for meanwhile is done afterwards.
    let (gone, ()) = tokio::join!(
        async {
            scene.orders().delete().await;
            scene.inventory().await
        },
        way.away_for_a_minute()
    );
    assert_eq!(gone.ports(), aws.ports());
    scene.orders().gone().await;
    scene.aws_is_as_before().await;
}

#[tokio::test]
async fn long_status_is_refused_for_a_while() {
    let mut scene = Scene::quiet().await;
    let actor = scene.actor.clone();
    let all = Rights::installed().objects.rules.expect("rules");
    let of_status = |rule: &PolicyRule| rule.resources == Some(vec!["kafkaprivatelinks/status".to_owned()]);
    let others: Vec<PolicyRule> = all.iter().filter(|rule| !of_status(rule)).cloned().collect();
    assert_eq!(others.len() + 1, all.len());
    let give = async || actor.may(all.clone()).await;
    let take = async || actor.may(others.clone()).await;
    take().await;
    let refused = async |scene: &Scene, more: usize| {
        let failed = || scene.operators.iter().map(|operator| operator.failed_passes().len()).sum::<usize>();
        let wanted = failed() + more;
        scene.until("status is refused", async || is(failed() >= wanted, || format!("{} times", failed()))).await;
    };
    scene.start_operator(&[]);
    scene.orders().create(scene.plain_spec()).await;
    refused(&scene, 4).await;
    // A port is in status before it is in AWS; so nothing that holds a port is there.
    let aws = scene.inventory().await;
    assert_eq!((aws.ports(), aws.group_count()), (vec![], 0));
    give().await;
    scene.orders().settled().await;
    let ports = scene.inventory().await.ports();
    assert_eq!(ports, [9092, 9093, 9094, 9095]);

    // A new broker has no port yet that status knows: it waits, and the others are served.
    take().await;
    scene.world.launch(4, "usw2-az1").await;
    refused(&scene, 4).await;
    assert_eq!(scene.inventory().await.ports(), ports);
    scene.leads_to(9094, &[scene.target(2, 39092)]).await;
    give().await;
    scene.leads_to(9096, &[scene.target(4, 39092)]).await;
    scene.orders().settled().await;
    let ready = scene.orders().object().await;
    assert!(condition(&ready, "Ready").is_some_and(|ready| ready.status == "True"));
    scene.orders().delete_and_wait().await;
    scene.aws_is_as_before().await;
}
