//! `spec.listeners`, but for ports fixed by hand, which the table of listed brokers has.

use serde_json::{Value, json};

use super::case::{Case, change, remove};
use super::play::Stage;
use crate::harness::{Names, Scene, listener};

const CROSS_ZONE: &str = "groups > tg/EXTERNAL/2 > attributes > load_balancing.cross_zone.enabled";
const ADVERTISED: &str = "listeners > name=EXTERNAL > brokers > id=2 > advertised";
const GROWS: &str = "portRange can only grow";

/// Rules that let these blocks in at the bootstrap port and the range.
fn doors(blocks: &[&str], range: &str) -> Value {
    blocks.iter().flat_map(|block| [format!("{block} 9000-9000"), format!("{block} {range}")]).collect()
}

pub fn cases() -> Vec<Case> {
    let (one, both) = (["10.250.0.0/16"], ["10.250.0.0/16", "10.252.0.0/24"]);
    vec![
        remove("spec.listeners").drop("/listeners").refused("spec.listeners: Required value"),
        change("spec.listeners[]")
            .set("/listeners/-", listener("INTERNAL", 39093, 9192, 9193))
            .aws("listeners > 9192 > group", "tg/INTERNAL/bootstrap")
            .aws("listeners > 9194 > targets", "<b2>:39093"),
        remove("spec.listeners[]").drop("/listeners/1").aws("listeners > 9192 > group", json!([null])),
        change("spec.listeners[].name")
            .set("/listeners/0/name", "OTHER")
            .aws("listeners > 9000 > group", "tg/OTHER/bootstrap")
            .aws("listeners > 9094 > group", "tg/OTHER/2"),
        remove("spec.listeners[].name").drop("/listeners/0/name").refused("name"),
        change("spec.listeners[].brokerPort")
            .set("/listeners/0/brokerPort", 49092)
            .aws("listeners > 9094 > targets", "<b2>:49092"),
        remove("spec.listeners[].brokerPort").drop("/listeners/0/brokerPort").refused("brokerPort: Required value"),
        change("spec.listeners[].bootstrapPort")
            .set("/listeners/0/bootstrapPort", 9001)
            .aws("listeners > 9001 > group", "tg/EXTERNAL/bootstrap")
            .aws("listeners > 9000 > group", json!([null])),
        remove("spec.listeners[].bootstrapPort")
            .drop("/listeners/0/bootstrapPort")
            .refused("bootstrapPort: Required value"),
        remove("spec.listeners[].portRange").drop("/listeners/0/portRange").refused("portRange: Required value"),
        change("spec.listeners[].portRange.first").set("/listeners/0/portRange/first", 9094).refused(GROWS),
        change("spec.listeners[].portRange.last").set("/listeners/0/portRange/last", 9115).refused(GROWS),
        remove("spec.listeners[].portRange.first")
            .drop("/listeners/0/portRange/first")
            .refused("first: Required value"),
        remove("spec.listeners[].portRange.last").drop("/listeners/0/portRange/last").refused("last: Required value"),
        change("spec.listeners[].advertisedHostTemplate")
            .set("/listeners/0/advertisedHostTemplate", "k{brokerId}-{zoneId}.example.com")
            .status(ADVERTISED, "k2-usw2-az2.example.com:9094"),
        remove("spec.listeners[].advertisedHostTemplate")
            .drop("/listeners/0/advertisedHostTemplate")
            .status(ADVERTISED, json!([null]))
            .says("HostsRoutable", "False", "HostTemplateMissing", "EXTERNAL"),
        change("spec.listeners[].crossZone").set("/listeners/0/crossZone", "Enabled").aws(CROSS_ZONE, "true"),
        remove("spec.listeners[].crossZone").drop("/listeners/0/crossZone").aws(CROSS_ZONE, "false"),
        change("spec.listeners[].consumerCidrs[]")
            .set("/listeners/0/consumerCidrs/-", "10.252.0.0/24")
            .aws("doors", doors(&both, "9093-9116")),
        remove("spec.listeners[].consumerCidrs[]")
            .drop("/listeners/0/consumerCidrs/1")
            .aws("doors", doors(&one, "9093-9116")),
        remove("spec.listeners[].consumerCidrs").drop("/listeners/0/consumerCidrs").refused("need consumerCidrs"),
        // The range grows for good, so these come last.
        change("spec.listeners[].portRange.first")
            .set("/listeners/0/portRange/first", 9080)
            .aws("doors", doors(&one, "9080-9116")),
        change("spec.listeners[].portRange.last")
            .further()
            .set("/listeners/0/portRange/last", 9120)
            .aws("doors", doors(&one, "9080-9120")),
    ]
}

pub async fn stage() -> Stage {
    let scene = Scene::quiet().await;
    let mut spec = scene.plain_spec();
    spec["listeners"][0]["bootstrapPort"] = 9000.into();
    let names = Names::from([("b2", scene.world.brokers[&2].clone())]);
    Stage { scene, spec, names }
}
