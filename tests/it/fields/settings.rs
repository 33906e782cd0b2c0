//! Settings of all that is made, and what cannot be changed at all.

use serde_json::json;

use super::case::{Case, change, remove};
use super::play::Stage;
use crate::harness::{Names, Scene};

const INTERVAL: &str = "groups > * > check > HealthCheckIntervalSeconds";
const HEALTHY: &str = "groups > * > check > HealthyThresholdCount";
const UNHEALTHY: &str = "groups > * > check > UnhealthyThresholdCount";
const DELAY: &str = "groups > * > attributes > deregistration_delay.timeout_seconds";
const IDLE: &str = "listeners > * > attributes > tcp.idle_timeout.seconds";
const PROTECTED: &str = "balancer > attributes > deletion_protection.enabled";

pub fn cases() -> Vec<Case> {
    vec![
        change("spec.region").set("/region", "eu-central-1").refused("region cannot be changed"),
        remove("spec.region").drop("/region").refused("spec.region: Required value"),
        change("spec.accountId").set("/accountId", "210987654321").refused("accountId cannot be changed"),
        remove("spec.accountId").drop("/accountId").refused("accountId cannot be removed"),
        // Nothing is written: another setting, changed with it, waits until the mode is gone.
        change("spec.mode")
            .set("/mode", "Observe")
            .set("/targetGroups/deregistrationDelaySeconds", 100)
            .says("InSync", "False", "Differs", "deregistration_delay.timeout_seconds")
            .stays(DELAY, "Observe only reads AWS and reports what differs"),
        remove("spec.mode").drop("/mode").aws(DELAY, "100"),
        change("spec.tags.*").set("/tags/team", "data").aws("tags > * > team", "data"),
        remove("spec.tags.*").drop("/tags/team").aws("tags > * > team", json!([null])),
        change("spec.tags.*").set("/tags/cost center", "17").aws("tags > * > cost center", "17"),
        remove("spec.tags.*").drop("/tags/cost center").aws("tags > * > cost center", json!([null])),
        remove("spec.tags").drop("/tags").aws("tags > * > cost", json!([null])),
        change("spec.targetGroups.healthCheck.intervalSeconds")
            .set("/targetGroups/healthCheck/intervalSeconds", 30)
            .aws(INTERVAL, 30),
        remove("spec.targetGroups.healthCheck.intervalSeconds")
            .drop("/targetGroups/healthCheck/intervalSeconds")
            .aws(INTERVAL, 10),
        change("spec.targetGroups.healthCheck.healthyThreshold")
            .set("/targetGroups/healthCheck/healthyThreshold", 4)
            .aws(HEALTHY, 4),
        remove("spec.targetGroups.healthCheck.healthyThreshold")
            .drop("/targetGroups/healthCheck/healthyThreshold")
            .aws(HEALTHY, 2),
        change("spec.targetGroups.healthCheck.unhealthyThreshold")
            .set("/targetGroups/healthCheck/unhealthyThreshold", 5)
            .aws(UNHEALTHY, 5),
        remove("spec.targetGroups.healthCheck.unhealthyThreshold")
            .drop("/targetGroups/healthCheck/unhealthyThreshold")
            .aws(UNHEALTHY, 2),
        remove("spec.targetGroups.healthCheck").afresh().drop("/targetGroups/healthCheck").aws(HEALTHY, 2),
        change("spec.targetGroups.deregistrationDelaySeconds")
            .set("/targetGroups/deregistrationDelaySeconds", 120)
            .aws(DELAY, "120"),
        remove("spec.targetGroups.deregistrationDelaySeconds")
            .drop("/targetGroups/deregistrationDelaySeconds")
            .aws(DELAY, "60"),
        remove("spec.targetGroups").afresh().drop("/targetGroups").aws(DELAY, "60").aws(HEALTHY, 2),
        change("spec.loadBalancer.inboundRulesOnPrivateLink")
            .set("/loadBalancer/inboundRulesOnPrivateLink", "Ignored")
            .aws("balancer > enforce", "off"),
        remove("spec.loadBalancer.inboundRulesOnPrivateLink")
            .drop("/loadBalancer/inboundRulesOnPrivateLink")
            .aws("balancer > enforce", "on"),
        change("spec.loadBalancer.deletionProtection")
            .set("/loadBalancer/deletionProtection", "Enabled")
            .aws(PROTECTED, "true"),
        remove("spec.loadBalancer.deletionProtection").drop("/loadBalancer/deletionProtection").aws(PROTECTED, "false"),
        change("spec.loadBalancer.idleTimeoutSeconds").set("/loadBalancer/idleTimeoutSeconds", 600).aws(IDLE, "600"),
        remove("spec.loadBalancer.idleTimeoutSeconds").drop("/loadBalancer/idleTimeoutSeconds").aws(IDLE, "350"),
        remove("spec.loadBalancer").afresh().drop("/loadBalancer").aws(IDLE, "350"),
    ]
}

pub async fn stage() -> Stage {
    let scene = Scene::quiet().await;
    let mut spec = scene.plain_spec();
    spec["tags"] = json!({ "team": "streaming", "cost": "17" });
    spec["targetGroups"] = json!({ "healthCheck": { "healthyThreshold": 3 }, "deregistrationDelaySeconds": 90 });
    spec["loadBalancer"] = json!({ "idleTimeoutSeconds": 400 });
    Stage { scene, spec, names: Names::new() }
}
