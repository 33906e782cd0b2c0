//! Policies, whose effect shows when the object is deleted.

use serde_json::json;

use super::case::{Case, Expect, Left, change, remove};
use crate::harness::{Consumer, Scene, ZONES, condition, is};

pub fn cases() -> Vec<Case> {
    vec![
        change("spec.deletionPolicy").set("/deletionPolicy", "Retain").deleted(Left::Everything),
        remove("spec.deletionPolicy").drop("/deletionPolicy").deleted(Left::WhatIsInUse),
        change("spec.endpointService.connectionDeletionPolicy")
            .set("/endpointService/connectionDeletionPolicy", "Reject")
            .deleted(Left::Nothing),
        remove("spec.endpointService.connectionDeletionPolicy")
            .drop("/endpointService/connectionDeletionPolicy")
            .deleted(Left::WhatIsInUse),
    ]
}

#[tokio::test]
async fn long_policies_of_deletion_are_followed() {
    let scene = Scene::start().await;
    let orders = scene.orders();
    let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
    let first = scene.spec(&json!([{ "accountId": consumer.id(), "acceptance": "Automatic" }]));
    let (mut spec, mut connected) = (first.clone(), None);
    for case in cases() {
        let what = format!("{:?} {}", case.act, case.path);
        orders.create_and_settle(if case.afresh { first.clone() } else { spec }).await;
        let endpoint = match connected.take() {
            Some(endpoint) => endpoint,
            None => consumer.connect(&orders.service_name().await).await,
        };
        consumer.sees(&endpoint, "available").await;
        let path = scene.inventory().await.portrait()["listeners"].take();
        orders.edit(case.operations.into()).await.unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        orders.settled().await;
        spec = serde_json::to_value(orders.object().await.spec).expect("JSON");
        orders.delete().await;
        let [Expect::Deleted(left)] = case.expect.as_slice() else { panic!("{what}: the object shall be deleted") };
        match left {
            Left::Everything => {
                orders.gone().await;
                consumer.sees(&endpoint, "available").await;
                assert_eq!(scene.inventory().await.portrait()["listeners"], path, "{what}");
                connected = Some(endpoint);
            }
            Left::WhatIsInUse => {
                let waits = |object: &kpl_core::api::KafkaPrivateLink| {
                    let ready = condition(object, "Ready").ok_or("no condition")?;
                    is(ready.reason == "Deleting" && ready.message.contains(&endpoint), || ready.message.clone())
                };
                orders.until(&format!("{what}: the connection that holds it is named"), waits).await;
                assert_eq!(scene.inventory().await.portrait()["listeners"], path, "{what}");
                consumer.disconnect(&endpoint).await;
                orders.gone().await;
                scene.nothing_is_left().await;
            }
            Left::Nothing => {
                orders.gone().await;
                consumer.sees(&endpoint, "rejected").await;
                scene.nothing_is_left().await;
            }
        }
    }
}
