//! The story that is played with and without faults: an object from its beginning to its end.

use std::cell::OnceCell;
use std::fmt;

use serde_json::{Value, json};

use super::neighbours;
use super::portrait::Portrait;
use crate::harness::{Consumer, Operator, Scene, ZONES, is};

/// A part of the story; at its end everything rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chapter {
    /// Three brokers are offered, and a consumer connects.
    Create,
    /// A fourth broker joins.
    ScaleOut,
    /// An instance takes a broker's place.
    Replacement,
    /// Brokers are given by address: no target group can be changed into one of addresses.
    NewGroups,
    /// The consumer is cut off, and all goes.
    Delete,
}

impl Chapter {
    /// In order.
    pub const ALL: [Self; 5] = [Self::Create, Self::ScaleOut, Self::Replacement, Self::NewGroups, Self::Delete];
}

impl fmt::Display for Chapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::ScaleOut => "scale-out",
            Self::Replacement => "replacement",
            Self::NewGroups => "new-groups",
            Self::Delete => "delete",
        })
    }
}

/// Steady looks are rare, so that many stories can be told side by side: what people do asks for a look.
const FLAGS: [&str; 4] = ["--resync", "10m", "--full-resync", "1h"];

/// The port that the brokers listen on.
const BROKER_PORT: u16 = 39092;

/// One telling of the story, in an account of its own.
pub struct Story {
    /// Where it is played.
    pub scene: Scene,
    consumer: Consumer,
    endpoint: OnceCell<String>,
    flags: Vec<&'static str>,
}

impl Story {
    /// Brokers, neighbours, a consumer, and an operator with these flags.
    pub async fn begin(flags: &[&'static str]) -> Self {
        let mut scene = Scene::quiet().await;
        neighbours::settle(&scene).await;
        scene.before = scene.inventory().await;
        let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
        let mut story = Self { scene, consumer, endpoint: OnceCell::new(), flags: flags.to_vec() };
        let operator = story.another_operator();
        story.scene.operators.push(operator);
        story
    }

    /// An operator for this story.
    pub fn another_operator(&self) -> Operator {
        self.scene.another_operator(&[&FLAGS, self.flags.as_slice()].concat())
    }

    /// What people do in a chapter.
    pub async fn act(&mut self, chapter: Chapter) {
        match chapter {
            Chapter::Create => self.scene.orders().create(self.spec()).await,
            Chapter::ScaleOut => {
                self.scene.world.launch(4, ZONES[0]).await;
                self.look().await;
            }
            Chapter::Replacement => {
                self.scene.replace(2, ZONES[1]).await;
                self.look().await;
            }
            Chapter::NewGroups => {
                let brokers = json!({ "ec2": null, "static": self.addresses().await });
                self.scene.orders().change(json!({ "brokers": brokers })).await;
            }
            Chapter::Delete => self.scene.orders().delete().await,
        }
    }

    async fn look(&self) {
        self.scene.orders().annotate("requested-at", &fastrand::u64(..).to_string()).await;
    }

    /// Waits until AWS has followed and all rests.
    pub async fn outcome(&self, chapter: Chapter) {
        match chapter {
            Chapter::Create => {
                self.scene.orders().settled().await;
                self.all_lead_to(&[1, 2, 3], |broker| self.scene.world.brokers[&broker].clone()).await;
                let service = self.scene.orders().service_name().await;
                let endpoint = self.consumer.connect(&service).await;
                self.look().await;
                self.consumer.sees(&endpoint, "available").await;
                self.endpoint.set(endpoint).expect("the story begins once");
            }
            Chapter::ScaleOut | Chapter::Replacement => {
                self.all_lead_to(&[1, 2, 3, 4], |broker| self.scene.world.brokers[&broker].clone()).await;
            }
            Chapter::NewGroups => {
                let addresses = self.addresses().await;
                let address = |broker: i32| {
                    let found = addresses.iter().find(|listed| listed["id"] == broker).expect("a broker");
                    found["ipAddress"].as_str().expect("an address").to_owned()
                };
                self.all_lead_to(&[1, 2, 3, 4], address).await;
            }
            Chapter::Delete => {
                self.scene.orders().gone().await;
                return self.consumer.sees(self.endpoint.get().expect("it was made"), "rejected").await;
            }
        }
        self.scene.orders().settled().await;
    }

    /// Waits until every detail was looked at again, and all still rests.
    pub async fn looked_at(&self, chapter: Chapter) {
        if chapter != Chapter::Delete {
            self.scene.orders().looked_again().await;
            self.scene.orders().settled().await;
        }
    }

    /// What the account holds, in words that are the same in every telling.
    pub async fn portrait(&self) -> Portrait {
        let prefix = self.scene.owner("orders").name_prefix();
        let given = [
            (prefix.as_str(), "PREFIX-"),
            (self.scene.namespace.as_str(), "NAMESPACE"),
            (self.consumer.id(), "CONSUMER"),
            (self.endpoint.get().map_or("vpce-none", String::as_str), "ENDPOINT"),
        ];
        Portrait::of(&self.scene.inventory().await, &given)
    }

    /// With everything that has a write of its own: a subnet to be made, a rule in the brokers' group.
    fn spec(&self) -> Value {
        let mut spec = self.scene.spec(&json!([{ "accountId": self.consumer.id(), "acceptance": "Automatic" }]));
        spec["network"]["subnets"][2] = json!({ "zoneId": ZONES[2], "cidrBlock": "10.0.250.0/28" });
        spec["brokers"]["securityGroupIds"] = json!([self.scene.world.brokers_group]);
        spec["endpointService"]["connectionDeletionPolicy"] = "Reject".into();
        spec
    }

    async fn addresses(&self) -> Vec<Value> {
        let aws = self.scene.inventory().await;
        let listed = self.scene.world.brokers.iter().map(|(id, instance)| {
            let zone = usize::try_from(id - 1).expect("ids begin with 1") % ZONES.len();
            let address = &aws.whole["instances"][instance]["address"];
            json!({ "id": id, "zoneId": ZONES[zone], "ipAddress": address })
        });
        listed.collect()
    }

    async fn all_lead_to(&self, brokers: &[i32], place: impl Fn(i32) -> String) {
        let target = |broker: &i32| format!("{}:{BROKER_PORT}", place(*broker));
        for broker in brokers {
            let port = u16::try_from(9092 + broker).expect("a port");
            self.scene.leads_to(port, &[target(broker)]).await;
        }
        let all: Vec<String> = brokers.iter().map(target).collect();
        self.scene.leads_to(9092, &all).await;
        // What was in their place is gone when no group of it is left.
        let groups = 1 + brokers.len();
        let what = format!("{groups} target groups");
        let probe = |aws: &crate::harness::Inventory| is(aws.group_count() == groups, || aws.group_count().to_string());
        self.scene.aws(&what, probe).await;
    }
}
