//! The IAM policies of `deploy/iam/`, held to by the stand-in.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use futures::future::{self, Either};
use futures::stream;
use kafka_privatelink::aws::operation;
use kafka_privatelink::aws::right::Needs;
use kpl_core::api::KafkaPrivateLink;
use kube::runtime::{WatchStreamExt as _, watcher};
use serde_json::json;

use super::story::Life;
use crate::harness::{Missing, Policies, Scene, ZONES, random};

/// AWS asks for it on somebody's behalf: nobody calls it.
const NOT_CALLED: [&str; 2] = [operation::ON_BEHALF[0].0, operation::ON_BEHALF[1].0];

/// A call that is not declared has no right and fails; one that is declared and not made fails here.
#[tokio::test]
async fn the_policies_suffice_and_every_right_is_used() {
    let policies = Policies::manage();
    let mut life = Life::prepared().await;
    life.scene.act_under(&policies.documents()).await;
    life.scene.start_operator(&[]);
    life.lived().await;

    let calls = life.scene.calls().await;
    let refused: Vec<_> =
        calls.errors.keys().filter(|key| key.contains("Unauthorized") || key.contains("Denied")).collect();
    assert_eq!(refused, Vec::<&String>::new());
    let used: BTreeSet<String> = calls.log.iter().map(|call| format!("{}:{}", call.service, call.action)).collect();
    let free = operation::ALL.iter().filter(|(_, needs)| *needs == Needs::Nothing).map(|(name, _)| (*name).to_owned());
    let mut allowed: BTreeSet<String> = policies.actions().into_iter().chain(free).collect();
    for name in NOT_CALLED {
        assert!(allowed.remove(name), "{name}");
    }
    assert_eq!(allowed.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "allowed and not used");
    assert_eq!(used.difference(&allowed).collect::<Vec<_>>(), Vec::<&String>::new(), "used and not allowed");
}

#[tokio::test]
async fn observing_needs_reads_only() {
    let mut scene = Scene::start().await;
    scene.orders().create_and_settle(scene.plain_spec()).await;
    scene.operator().stop();
    scene.act_under(&Policies::observe().documents()).await;
    scene.start_operator(&[]);
    scene.orders().change(json!({ "mode": "Observe" })).await;
    scene.orders().says("InSync", "True", "InSync").await;
    scene.orders().says("Ready", "True", "Available").await;
    scene.world.launch(4, ZONES[0]).await;
    scene.orders().says("InSync", "False", "Differs").await;
    scene.orders().looked_again().await;
    let calls = scene.calls().await;
    assert_eq!(calls.errors.into_keys().collect::<Vec<_>>(), Vec::<String>::new());
    assert!(calls.n > 20, "{} calls", calls.n);
}

/// The story stops, and the object says for want of which right.
async fn is_missed(missing: &Missing) {
    let (policies, lost) = Policies::manage().without(missing);
    let mut life = Life::prepared().await;
    life.scene.act_under(&policies.documents()).await;
    life.scene.start_operator(&[]);
    // A watch sees every status, also one that stands for a moment: where AWS shows tags elsewhere too, a read
    // that is denied is soon made up for.
    let objects = watcher::watcher(life.scene.api::<KafkaPrivateLink>(), watcher::Config::default());
    let named = objects.applied_objects().filter_map(|object| {
        let conditions = object.ok().and_then(|object| object.status).unwrap_or_default().conditions;
        let named = lost.iter().find(|action| conditions.iter().any(|told| names(&told.message, action)));
        future::ready(named.cloned())
    });
    let said = Box::pin(named).into_future();
    let lived = Box::pin(life.lived());
    match future::select(said, lived).await {
        Either::Left(((Some(action), _), _)) => println!("{missing:?}: the object names {action}"),
        Either::Left(((None, _), _)) => panic!("the watch has ended"),
        Either::Right(_) => panic!("nobody missed {missing:?}"),
    }
}

/// Whether a condition tells a reader what to allow.
fn names(words: &str, action: &str) -> bool {
    words.contains("is denied") && words.contains(&format!("the operator's role needs {action}"))
        || words.contains(&format!("{action} is denied: the operator's role needs this action"))
}

#[tokio::test]
async fn a_right_that_is_missing_is_named() {
    let mut all: Vec<Missing> = Policies::manage().parts().into_iter().collect();
    random().shuffle(&mut all);
    for missing in &all[..3] {
        is_missed(missing).await;
    }
}

#[tokio::test]
async fn long_every_right_that_is_missing_is_named() {
    let all = Policies::manage().parts();
    println!("{} rights and statements", all.len());
    stream::iter(&all).for_each_concurrent(4, is_missed).await;
}
