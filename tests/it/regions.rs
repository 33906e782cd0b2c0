//! Two regions side by side in one process.

use serde_json::json;

use crate::harness::{Account, Scene, World, until};

const ELSEWHERE: &str = "eu-central-1";
const ZONES_ELSEWHERE: [&str; 2] = ["euc1-az1", "euc1-az2"];

#[tokio::test]
async fn two_regions_side_by_side() {
    let scene = Scene::start().await;
    let there = Account::in_region(&scene.account.id, ELSEWHERE).await;
    let world = World::make(&there, &ZONES_ELSEWHERE, 2).await;
    let before = there.inventory().await;
    let mut spec = scene.plain_spec();
    let subnets: Vec<_> = world.subnets.iter().map(|(zone, id)| json!({ "zoneId": zone, "subnetId": id })).collect();
    spec["region"] = ELSEWHERE.into();
    spec["network"] = json!({ "vpcId": world.vpc, "subnets": subnets });
    let (here, far) = (scene.orders(), scene.link("orders-eu"));
    here.create(scene.plain_spec()).await;
    far.create(spec).await;
    let (near, distant) = (here.settled().await, far.settled().await);
    let name = |status: kpl_core::api::KafkaPrivateLinkStatus| {
        status.endpoint_service.and_then(|service| service.service_name).expect("a service name")
    };
    assert!(name(near).starts_with("com.amazonaws.vpce.us-west-2."));
    assert!(name(distant).starts_with("com.amazonaws.vpce.eu-central-1."));
    assert_eq!(there.inventory().await.ports(), [9092, 9093, 9094]);
    assert_eq!(scene.inventory().await.ports(), [9092, 9093, 9094, 9095]);

    far.delete_and_wait().await;
    let left = until(async || {
        let changes = there.inventory().await.changes_since(&before);
        crate::harness::is(changes.is_empty(), || changes.join("\n"))
    });
    left.await.expect("nothing is left in the other region");
    assert_eq!(scene.inventory().await.ports(), [9092, 9093, 9094, 9095]);
    scene.clean_up().await;
}
