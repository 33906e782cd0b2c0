//! What may happen to a running object.

use serde_json::{Value, json};

use super::by_hand::Hand;
use super::stage::Stage;

/// A part of the spec that is to be merged.
type Patch = fn(&mut Stage) -> Value;

/// One change.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// Of the spec.
    Spec(&'static str, Patch),
    /// Of the brokers.
    Brokers(Brokers),
    /// Of AWS, by somebody's hand.
    Hand(Hand),
}

/// What brokers do.
#[derive(Clone, Copy, Debug)]
pub enum Brokers {
    /// Broker 4 starts.
    Comes,
    /// It ends.
    Ends,
    /// A new instance is broker 2.
    Replaced,
    /// Broker 3 starts again in this zone.
    Moves(&'static str),
    /// A new instance takes the tags of broker 1, which runs on.
    TakenOver,
}

impl Change {
    /// For people.
    pub fn name(&self) -> String {
        match self {
            Self::Spec(name, _) => (*name).to_owned(),
            Self::Brokers(what) => format!("brokers: {what:?}"),
            Self::Hand(what) => format!("by hand: {what:?}"),
        }
    }

    /// Makes it, where it is not of the spec.
    pub async fn act(&self, stage: &mut Stage) {
        match self {
            Self::Spec(..) => unreachable!("the stage patches the object"),
            Self::Brokers(what) => what.act(stage).await,
            Self::Hand(what) => what.act(&stage.scene).await,
        }
    }
}

impl Brokers {
    async fn act(self, stage: &mut Stage) {
        let world = &mut stage.scene.world;
        match self {
            Self::Comes => drop(world.launch(4, "usw2-az1").await),
            Self::Ends => world.terminate(&[4]).await,
            Self::Replaced => {
                world.terminate(&[2]).await;
                world.launch(2, "usw2-az2").await;
            }
            Self::Moves(zone) => {
                world.terminate(&[3]).await;
                world.launch(3, zone).await;
            }
            Self::TakenOver => {
                world.untag(&[&world.brokers[&1]], crate::harness::ID_TAG).await;
                world.untag(&[&world.brokers[&1]], "kafka-cluster").await;
                world.launch(1, "usw2-az1").await;
            }
        }
    }
}

/// Back to the spec of the stage.
pub const BACK: Change = Change::Spec("back again", |stage| stage.back());

/// Changes of the spec; `BACK` undoes each.
pub const SPEC: &[Change] = &[
    Change::Spec("a block is added", |s| blocks(s, &["10.250.0.0/16", "10.251.0.0/16"])),
    Change::Spec("a block gives way to another", |s| blocks(s, &["10.251.0.0/16"])),
    Change::Spec("a block gives way to a wider one", |s| blocks(s, &["10.250.0.0/15"])),
    Change::Spec("a block gives way to a narrower one", |s| blocks(s, &["10.250.128.0/17"])),
    Change::Spec("a block is written as its halves", |s| blocks(s, &["10.250.0.0/17", "10.250.128.0/17"])),
    Change::Spec("a block inside of another is added", |s| blocks(s, &["10.250.7.0/24", "10.250.0.0/16"])),
    Change::Spec("everybody is let in", |s| blocks(s, &["0.0.0.0/0"])),
    Change::Spec("another broker port", |s| listener(s, &json!({ "brokerPort": 49092 }))),
    Change::Spec("another bootstrap port", |s| listener(s, &json!({ "bootstrapPort": 9292 }))),
    Change::Spec("cross-zone", |s| listener(s, &json!({ "crossZone": "Enabled" }))),
    Change::Spec("the port range grows", |s| {
        s.last_port += 1;
        listener(s, &json!({}))
    }),
    Change::Spec("a listener is added", |s| json!({ "listeners": [s.listener(), second()] })),
    Change::Spec("a listener gives way to another", |_| json!({ "listeners": [second()] })),
    Change::Spec("a listener gets another name", |s| listener(s, &json!({ "name": "OUTSIDE" }))),
    Change::Spec("blocks, ports and cross-zone at once", |s| {
        let blocks = ["10.250.0.0/16", "10.252.0.0/16"];
        let all =
            json!({ "consumerCidrs": blocks, "brokerPort": 49092, "bootstrapPort": 9292, "crossZone": "Enabled" });
        listener(s, &all)
    }),
    Change::Spec("a block is narrower and cross-zone is on", |s| {
        listener(s, &json!({ "consumerCidrs": ["10.250.0.0/17"], "crossZone": "Enabled" }))
    }),
    Change::Spec("a block is narrower, with other ports and cross-zone", |s| {
        let all = json!({ "consumerCidrs": ["10.250.0.0/17"], "bootstrapPort": 9292, "crossZone": "Enabled" });
        listener(s, &all)
    }),
    Change::Spec(
        "inbound rules are ignored",
        |_| json!({ "loadBalancer": { "inboundRulesOnPrivateLink": "Ignored" } }),
    ),
    Change::Spec("inbound rules are ignored and gone", |s| {
        let open = listener(s, &json!({ "consumerCidrs": [] }));
        json!({ "listeners": open["listeners"], "loadBalancer": { "inboundRulesOnPrivateLink": "Ignored" } })
    }),
    Change::Spec("a consumer is added", |s| {
        let mut all = s.consumers("Automatic");
        all.push(json!({ "accountId": "210987654321", "principals": ["role/network", "user/kim"] }));
        consumers(&all)
    }),
    Change::Spec("no consumer is left", |_| consumers(&[])),
    Change::Spec("the consumer is rejected", |s| consumers(&s.consumers("Rejected"))),
    Change::Spec("other health checks", |_| {
        let check = json!({ "intervalSeconds": 30, "healthyThreshold": 3, "unhealthyThreshold": 4 });
        json!({ "targetGroups": { "healthCheck": check, "deregistrationDelaySeconds": 120 } })
    }),
    Change::Spec("another idle timeout", |_| json!({ "loadBalancer": { "idleTimeoutSeconds": 600 } })),
    Change::Spec("brokers are listed by hand", |s| listed(s, &[1, 2, 3])),
    Change::Spec("a broker is not listed", |s| listed(s, &[1, 3])),
    Change::Spec("brokers are listed by address, so that groups are replaced", |s| {
        let row = |(id, address): (&i32, &String)| json!({ "id": id, "zoneId": format!("usw2-az{id}"), "ipAddress": address });
        json!({ "brokers": { "ec2": null, "static": s.addresses.iter().map(row).collect::<Vec<_>>() } })
    }),
    Change::Spec("the brokers' groups are left alone", |_| json!({ "brokers": { "securityGroupIds": null } })),
];

/// Changes of brokers; in this order they end where they began.
pub const BROKERS: &[Change] = &[
    Change::Brokers(Brokers::Comes),
    Change::Brokers(Brokers::Replaced),
    Change::Brokers(Brokers::Ends),
    Change::Brokers(Brokers::Moves("usw2-az1")),
    Change::Brokers(Brokers::TakenOver),
    Change::Brokers(Brokers::Moves("usw2-az3")),
];

/// Changes of zones, while nobody is connected; `BACK` undoes each.
pub const ZONES: &[Change] = &[Change::Spec("a zone goes", |s| {
    let subnets = s.spec()["network"]["subnets"].as_array().expect("a list")[..2].to_vec();
    json!({ "network": { "subnets": subnets } })
})];

fn listener(stage: &Stage, change: &Value) -> Value {
    let mut listener = stage.listener();
    for (key, value) in change.as_object().expect("fields") {
        listener[key] = value.clone();
    }
    json!({ "listeners": [listener] })
}

fn second() -> Value {
    crate::harness::listener("EXTERNAL2", 39093, 9192, 9193)
}

fn blocks(stage: &Stage, blocks: &[&str]) -> Value {
    listener(stage, &json!({ "consumerCidrs": blocks }))
}

fn consumers(consumers: &[Value]) -> Value {
    json!({ "endpointService": { "consumers": consumers } })
}

fn listed(stage: &Stage, ids: &[i32]) -> Value {
    let row =
        |id: &i32| json!({ "id": id, "zoneId": format!("usw2-az{id}"), "instanceId": stage.scene.world.brokers[id] });
    json!({ "brokers": { "ec2": null, "static": ids.iter().map(row).collect::<Vec<_>>() } })
}
