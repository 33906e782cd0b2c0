//! `spec.network`.

use serde_json::json;

use super::case::{Case, change, remove};
use super::play::Stage;
use crate::harness::{Names, Scene, made_network};

const ONE_VPC: &str = "exactly one of vpcId and vpc";
const ONE_SOURCE: &str = "exactly one of subnetId, subnetTags and cidrBlock";

pub fn cases() -> Vec<Case> {
    vec![
        remove("spec.network").drop("/network").refused("spec.network: Required value"),
        change("spec.network.vpcId").set("/network/vpcId", "vpc-0123456789abcdef0").refused("vpcId cannot be changed"),
        remove("spec.network.vpcId").drop("/network/vpcId").refused(ONE_VPC),
        remove("spec.network.subnets").drop("/network/subnets").refused("subnets: Required value"),
        change("spec.network.subnets[]")
            .set("/network/subnets/-", json!({ "zoneId": "usw2-az4", "subnetId": "<az4>" }))
            .aws("subnets > usw2-az4 > id", "<az4>")
            .aws("service > zones", json!(["usw2-az1", "usw2-az2", "usw2-az3", "usw2-az4"])),
        remove("spec.network.subnets[]")
            .drop("/network/subnets/3")
            .aws("subnets > usw2-az4 > id", json!([null]))
            .aws("service > zones", json!(["usw2-az1", "usw2-az2", "usw2-az3"])),
        change("spec.network.subnets[].zoneId")
            .set("/network/subnets/1/zoneId", "usw2-az4")
            .aws("subnets > usw2-az4 > id", "<az4>")
            .aws("subnets > usw2-az2 > id", json!([null])),
        remove("spec.network.subnets[].zoneId").drop("/network/subnets/1/zoneId").refused("zoneId"),
        change("spec.network.subnets[].subnetId")
            .set("/network/subnets/0/subnetId", "<az1-other>")
            .aws("subnets > usw2-az1 > id", "<az1-other>"),
        remove("spec.network.subnets[].subnetId").drop("/network/subnets/0/subnetId").refused(ONE_SOURCE),
        change("spec.network.subnets[].subnetTags.*")
            .set("/network/subnets/1/subnetTags/pick", "second")
            .aws("subnets > usw2-az2 > id", "<az2-second>"),
        remove("spec.network.subnets[].subnetTags.*").drop("/network/subnets/1/subnetTags/pick").says(
            "InputsResolved",
            "False",
            "SubnetAmbiguous",
            "<az2-second>",
        ),
        remove("spec.network.subnets[].subnetTags").drop("/network/subnets/1/subnetTags").refused(ONE_SOURCE),
        change("spec.network.subnets[].cidrBlock").set("/network/subnets/2/cidrBlock", "10.0.251.0/28").says(
            "Stalled",
            "True",
            "SubnetBlockFixed",
            "was made with another cidrBlock, which AWS cannot change",
        ),
        remove("spec.network.subnets[].cidrBlock").drop("/network/subnets/2/cidrBlock").refused(ONE_SOURCE),
    ]
}

/// Of a VPC that is made.
pub fn made() -> Vec<Case> {
    const KEPT: &str = "cidrBlock cannot be changed";
    vec![
        change("spec.network.vpc").set("/network/vpc", json!({ "cidrBlock": "10.40.0.0/17" })).refused(KEPT),
        remove("spec.network.vpc").drop("/network/vpc").refused(ONE_VPC),
        change("spec.network.vpc.cidrBlock").set("/network/vpc/cidrBlock", "10.40.0.0/17").refused(KEPT),
        remove("spec.network.vpc.cidrBlock").drop("/network/vpc/cidrBlock").refused("cidrBlock: Required value"),
        change("spec.network.egress").set("/network/egress", "None").aws("s3", json!([])),
        remove("spec.network.egress").afresh().drop("/network/egress").aws("s3", json!([])),
    ]
}

pub async fn stage_made() -> Stage {
    let scene = Scene::with_brokers(0).await;
    let mut spec = scene.plain_spec();
    spec["network"] = made_network();
    spec["brokers"] = json!({ "static": [{ "id": 1, "zoneId": "usw2-az1", "ipAddress": "10.40.0.10" }] });
    Stage { scene, spec, names: Names::new() }
}

pub async fn stage() -> Stage {
    let mut scene = Scene::with_brokers(1).await;
    let world = &mut scene.world;
    let first = world.subnets["usw2-az2"].clone();
    let names = Names::from([
        ("az1", world.subnets["usw2-az1"].clone()),
        ("az1-other", world.add_subnet("usw2-az1", "10.0.64.0/20").await),
        ("az2-second", world.add_subnet("usw2-az2", "10.0.80.0/20").await),
        ("az4", world.add_subnet("usw2-az4", "10.0.96.0/20").await),
    ]);
    for (subnet, pick) in [(&first, "first"), (&names["az2-second"], "second"), (&names["az4"], "first")] {
        world.tag(subnet, "role", "nlb").await;
        world.tag(subnet, "pick", pick).await;
    }
    scene.before = scene.inventory().await;
    let mut spec = scene.plain_spec();
    spec["network"]["subnets"] = json!([
        { "zoneId": "usw2-az1", "subnetId": "<az1>" },
        { "zoneId": "usw2-az2", "subnetTags": { "role": "nlb", "pick": "first" } },
        { "zoneId": "usw2-az3", "cidrBlock": "10.0.250.0/28" },
    ]);
    Stage { scene, spec, names }
}
