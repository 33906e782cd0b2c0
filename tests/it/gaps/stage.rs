//! A settled object with a consumer, and what is asked of it: one change at a time, judged at every write.

use std::collections::BTreeMap;

use kpl_core::api::KafkaPrivateLink;
use serde_json::{Value, json};

use super::change::Change;
use super::paths::{clients, open, wrong};
use super::snapshot::Snapshot;
use crate::harness::{Consumer, Scene, Written, ZONES, condition, is};

/// A scene in which every path hangs on what the operator does.
pub struct Stage {
    pub scene: Scene,
    /// A consumer, and its endpoint in all zones.
    pub consumer: Option<(Consumer, String)>,
    /// The last port of the range: it only grows.
    pub last_port: u16,
    /// Addresses of the first brokers.
    pub addresses: BTreeMap<i32, String>,
}

impl Stage {
    /// With a consumer that is connected, and its brokers in three zones.
    pub async fn connected() -> Self {
        let mut stage = Self::with_brokers(3).await;
        let consumer = Consumer::fresh(&stage.scene.account.region, &ZONES).await;
        stage.consumer = Some((consumer, String::new()));
        stage.scene.orders().create_and_settle(stage.spec()).await;
        let service = stage.scene.orders().service_name().await;
        let (consumer, endpoint) = stage.consumer.as_mut().expect("set above");
        *endpoint = consumer.connect(&service).await;
        consumer.sees(endpoint, "available").await;
        stage.scene.orders().change_and_settle(stage.spec()).await;
        stage
    }

    /// With nobody connected and no broker in the third zone: it may go.
    pub async fn unconnected() -> Self {
        let stage = Self::with_brokers(2).await;
        stage.scene.orders().create_and_settle(stage.spec()).await;
        stage
    }

    /// Before there is an object.
    pub async fn with_brokers(brokers: i32) -> Self {
        let mut scene = Scene::with_brokers(brokers).await;
        close_brokers(&scene).await;
        scene.account.standin.set(json!({ "journal": true })).await;
        scene.start_operator(&[]);
        let instances = &scene.before.whole["instances"];
        let address = |id: &String| instances[id]["address"].as_str().expect("an address").to_owned();
        let addresses = scene.world.brokers.iter().map(|(broker, id)| (*broker, address(id))).collect();
        Self { scene, consumer: None, last_port: 9116, addresses }
    }

    /// The spec to which every change goes back.
    pub fn spec(&self) -> Value {
        let mut spec = self.scene.plain_spec();
        spec["brokers"]["securityGroupIds"] = json!([self.scene.world.brokers_group]);
        spec["listeners"] = json!([self.listener()]);
        spec["endpointService"]["consumers"] = json!(self.consumers("Automatic"));
        spec
    }

    /// What changes any other spec back into it.
    pub fn back(&self) -> Value {
        let mut patch = self.spec();
        patch["brokers"]["static"] = Value::Null;
        patch["targetGroups"] = Value::Null;
        patch["loadBalancer"] = Value::Null;
        patch
    }

    /// Its listener.
    pub fn listener(&self) -> Value {
        let mut listener = crate::harness::listener("EXTERNAL", 39092, 9092, 9093);
        listener["portRange"]["last"] = self.last_port.into();
        listener
    }

    /// Its consumer. The endpoint is named, so that it is accepted again after a rejection.
    pub fn consumers(&self, acceptance: &str) -> Vec<Value> {
        let one = self.consumer.as_ref().map(|(consumer, endpoint)| {
            let ids: Vec<&String> = Some(endpoint).into_iter().filter(|id| !id.is_empty()).collect();
            json!({ "accountId": consumer.id(), "acceptance": acceptance, "endpointIds": ids })
        });
        one.into_iter().collect()
    }

    /// Makes a change and waits until the operator rests; with `killed_after`, it is killed after so many writes and
    /// started again. Ends the test if any moment on the way was worse than both ends.
    pub async fn make(&mut self, change: &Change, killed_after: Option<usize>) {
        let (before, start) = if let Change::Spec(_, patch) = change {
            let patch = patch(self);
            let before = self.now().await;
            self.scene.orders().change(patch).await;
            before
        } else {
            let still = self.scene.operator().paused();
            change.act(self).await;
            let before = self.now().await;
            drop(still);
            before
        };
        if let Some(writes) = killed_after {
            self.kill_after(start + writes).await;
        }
        let words = format!("{}, killed after {killed_after:?}", change.name());
        self.settled_without_gap(&words, &before, start).await;
    }

    /// Waits until the operator rests; ends the test if any moment since was worse than both ends.
    pub async fn settled_without_gap(&self, change: &str, before: &Snapshot, start: usize) {
        self.settle().await;
        let after = self.now().await.0;
        let journal = self.scene.account.standin.journal(&self.scene.account.region, start).await;
        let gaps = gaps(before, &journal.entries, &after);
        assert!(gaps.is_empty(), "{change}:\n{}", gaps.join("\n"));
    }

    /// What AWS is now, and how many writes there were.
    pub async fn now(&self) -> (Snapshot, usize) {
        let last = self.scene.account.standin.journal(&self.scene.account.region, usize::MAX).await.last;
        (Snapshot::new(&self.scene.inventory().await.whole), last)
    }

    /// Kills the operator once there are so many writes, or once it rests without, and starts another.
    async fn kill_after(&mut self, writes: usize) {
        let orders = self.scene.orders();
        let request = orders.ask_for_a_look().await;
        let rests = |object: &KafkaPrivateLink| {
            let handled = object.status.as_ref().and_then(|status| status.last_handled_request.as_ref());
            let current = |have: &&_| {
                condition(object, have)
                    .is_some_and(|have| have.status == "True" && have.observed_generation == object.metadata.generation)
            };
            handled == Some(&request) && ["Ready", "InSync"].iter().all(current)
        };
        self.scene
            .until("enough writes, or the end", async || {
                let made = self.now().await.1;
                is(made >= writes || rests(&orders.object().await), || format!("{made} of {writes} writes"))
            })
            .await;
        self.scene.operator().kill();
        self.scene.start_operator(&[]);
    }

    /// Waits until full looks find nothing to write any more.
    async fn settle(&self) {
        let orders = self.scene.orders();
        let mut writes = usize::MAX;
        loop {
            orders.looked_again().await;
            orders.settled().await;
            let made = self.now().await.1;
            if made == writes {
                return;
            }
            writes = made;
        }
    }

    /// Nothing is left when the object is gone.
    pub async fn end(self) {
        let orders = self.scene.orders();
        orders.change(json!({ "endpointService": { "connectionDeletionPolicy": "Reject" } })).await;
        orders.delete_and_wait().await;
        self.scene
            .until("ours is gone", async || {
                let owned = self.scene.inventory().await.owned();
                is(owned.is_empty(), || format!("{owned:?}"))
            })
            .await;
    }
}

/// Takes away the brokers' own rule, which lets the whole VPC in.
async fn close_brokers(scene: &Scene) {
    let group = &scene.world.brokers_group;
    let rules = scene.account.ec2.describe_security_group_rules();
    let filter = aws_sdk_ec2::types::Filter::builder().name("group-id").values(group).build();
    let rules = rules.filters(filter).send().await.expect("rules").security_group_rules.unwrap_or_default();
    let ids =
        rules.into_iter().filter(|rule| rule.is_egress == Some(false)).filter_map(|rule| rule.security_group_rule_id);
    let revoked = scene.account.ec2.revoke_security_group_ingress().group_id(group);
    revoked.set_security_group_rule_ids(Some(ids.collect())).send().await.expect("the rule goes");
}

/// The writes after which something was wrong, with the first path of each kind.
pub fn gaps(before: &Snapshot, between: &[Written], after: &Snapshot) -> Vec<String> {
    let moments: Vec<Snapshot> = between.iter().map(|written| Snapshot::new(&written.inventory)).collect();
    let clients = clients(moments.iter().chain([before, after]));
    let (before, after) = (open(before, &clients), open(after, &clients));
    assert!(!before.possible.is_empty() || !after.possible.is_empty(), "no path is open at either end");
    let mut said = Vec::new();
    for (number, (written, moment)) in between.iter().zip(&moments).enumerate() {
        let wrong = wrong(&before, &open(moment, &clients), &after);
        for kind in ["cut", "opened"] {
            let mut paths = wrong.iter().filter(|(_, what)| **what == kind).map(|(path, _)| path);
            if let Some(first) = paths.next() {
                let (more, Written { action, request, .. }) = (paths.count(), written);
                said.push(format!("write {number}, {action} {request}: {kind}: {first}, and {more} more"));
            }
        }
    }
    said
}
