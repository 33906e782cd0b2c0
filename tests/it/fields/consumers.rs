//! `spec.endpointService.consumers`.

use serde_json::json;

use super::case::{Case, change, remove};
use super::play::Stage;
use crate::harness::{Consumer, Names, Scene, ZONES};

const LIVE: &str = "a live connection is cut by Rejected only";

pub fn cases() -> Vec<Case> {
    vec![
        remove("spec.endpointService").drop("/endpointService").refused("spec.endpointService: Required value"),
        remove("spec.endpointService.consumers")
            .drop("/endpointService/consumers")
            .refused("consumers: Required value"),
        change("spec.endpointService.consumers[]")
            .set("/endpointService/consumers/-", json!({ "accountId": "345678901234" }))
            .aws("principals > arn:aws:iam::345678901234:root", true),
        remove("spec.endpointService.consumers[]")
            .drop("/endpointService/consumers/3")
            .aws("principals > arn:aws:iam::345678901234:root", json!([null])),
        change("spec.endpointService.consumers[].accountId")
            .set("/endpointService/consumers/0/accountId", "345678901234")
            .aws("principals > arn:aws:iam::345678901234:role/network", true)
            .aws("principals > arn:aws:iam::210987654321:role/network", json!([null])),
        remove("spec.endpointService.consumers[].accountId")
            .drop("/endpointService/consumers/0/accountId")
            .refused("accountId"),
        change("spec.endpointService.consumers[].principals[]")
            .set("/endpointService/consumers/0/principals/-", "user/kim")
            .aws("principals > arn:aws:iam::210987654321:user/kim", true),
        remove("spec.endpointService.consumers[].principals[]")
            .drop("/endpointService/consumers/0/principals/1")
            .aws("principals > arn:aws:iam::210987654321:user/kim", json!([null])),
        remove("spec.endpointService.consumers[].principals")
            .drop("/endpointService/consumers/0/principals")
            .aws("principals > arn:aws:iam::210987654321:role/network", json!([null]))
            .aws("principals > arn:aws:iam::210987654321:root", true),
        change("spec.endpointService.consumers[].maxConnections")
            .set("/endpointService/consumers/1/maxConnections", 2)
            .aws("service > connections > <many2> > state", "available"),
        remove("spec.endpointService.consumers[].maxConnections")
            .drop("/endpointService/consumers/1/maxConnections")
            .aws("service > connections > <many3> > state", "available"),
        change("spec.endpointService.consumers[].endpointIds[]")
            .set("/endpointService/consumers/2/endpointIds/-", "<named2>")
            .aws("service > connections > <named2> > state", "available"),
        remove("spec.endpointService.consumers[].endpointIds[]")
            .drop("/endpointService/consumers/2/endpointIds/1")
            .stays("service > connections > <named2> > state", LIVE)
            .status("connections > endpointId=<named2> > acceptedBy", "Unlisted"),
        remove("spec.endpointService.consumers[].endpointIds")
            .drop("/endpointService/consumers/2/endpointIds")
            .stays("service > connections > <named1> > state", LIVE)
            .status("connections > endpointId=<named1> > acceptedBy", "Unlisted"),
        change("spec.endpointService.consumers[].acceptance")
            .set("/endpointService/consumers/2/acceptance", "Automatic")
            .aws("service > connections > <named3> > state", "available"),
        change("spec.endpointService.consumers[].acceptance")
            .set("/endpointService/consumers/1/acceptance", "Rejected")
            .aws("service > connections > <many1> > state", "rejected")
            .aws("principals > arn:aws:iam::<many>:root", json!([null])),
        // Manual lets the account ask again, and accepts nothing by itself.
        remove("spec.endpointService.consumers[].acceptance")
            .drop("/endpointService/consumers/1/acceptance")
            .aws("principals > arn:aws:iam::<many>:root", true)
            .stays("service > connections > <many1> > state", "Manual accepts what is listed in endpointIds"),
    ]
}

/// Who asks for connections needs a service, so the operator runs already.
pub async fn stage() -> Stage {
    let scene = Scene::start().await;
    let many = Consumer::fresh(&scene.account.region, &ZONES).await;
    let few = Consumer::fresh(&scene.account.region, &ZONES).await;
    let consumers = |named: &[&str]| {
        json!([
            { "accountId": "210987654321", "principals": ["role/network"] },
            { "accountId": many.id(), "acceptance": "Automatic", "maxConnections": 1 },
            { "accountId": few.id(), "acceptance": "Manual", "endpointIds": named },
        ])
    };
    let orders = scene.orders();
    orders.create_and_settle(scene.spec(&consumers(&[]))).await;
    let service = orders.service_name().await;
    for _ in 0..3 {
        many.connect(&service).await;
    }
    // The oldest is accepted first; those of one second have an order too, which status shows.
    let three = |object: &kpl_core::api::KafkaPrivateLink| {
        let known = object.status.clone().unwrap_or_default().connections;
        let ids: Vec<_> = known.into_iter().map(|connection| connection.endpoint_id).collect();
        <[String; 3]>::try_from(ids).map_err(|ids| format!("{ids:?}"))
    };
    let [many1, many2, many3] = orders.until("three requests are known", three).await;
    many.sees(&many1, "available").await;
    let mut names = Names::from([("many", many.id().to_owned()), ("many1", many1), ("many2", many2), ("many3", many3)]);
    for name in ["named1", "named2", "named3"] {
        names.insert(name, few.connect(&service).await);
    }
    let mut spec = scene.spec(&consumers(&[&names["named1"]]));
    // Nobody takes his leave.
    spec["endpointService"]["connectionDeletionPolicy"] = "Reject".into();
    Stage { scene, spec, names }
}
