//! What one test has for itself.

use std::collections::BTreeMap;

use aws_sdk_ec2::config::Credentials;
use k8s_openapi::api::core::v1::{Event, Namespace};
use kpl_core::api::KafkaPrivateLink;
use kpl_core::model::{Owner, Tags};
use kube::api::{Api, ListParams, ObjectMeta, PostParams};
use serde_json::{Value, json};

use super::account::credentials;
use super::operator::Environment;
use super::{Account, Actor, Inventory, Link, Operator, Policies, World, ZONES, bed, patience};

/// `--cluster-id` of the operators.
pub const CLUSTER_ID: &str = "bed";
/// The guide's region.
pub const REGION: &str = "us-west-2";

/// An account with the guide's world, a namespace, and perhaps operators.
pub struct Scene {
    /// Whose AWS it is.
    pub account: Account,
    /// What is there before the operator comes.
    pub world: World,
    /// Where the objects are.
    pub namespace: String,
    /// What the account held at first.
    pub before: Inventory,
    /// The operators, the latest last.
    pub operators: Vec<Operator>,
    /// What operators get in their environment.
    pub environment: Environment,
    credentials: Credentials,
    /// Whom the API server takes operators for.
    pub actor: Actor,
    kube: kube::Client,
}

impl Scene {
    /// The guide's three brokers, and no operator.
    pub async fn quiet() -> Self {
        Self::with_brokers(3).await
    }

    /// The guide's three brokers, and an operator.
    pub async fn start() -> Self {
        let mut scene = Self::quiet().await;
        scene.start_operator(&[]);
        scene
    }

    /// So many brokers over three zones, and no operator.
    pub async fn with_brokers(brokers: i32) -> Self {
        let account = Account::fresh(REGION).await;
        let world = World::make(&account, &ZONES, brokers).await;
        let kube = bed().kube().await;
        let namespace = format!("it-{:08x}", fastrand::u32(..));
        let metadata = ObjectMeta { name: Some(namespace.clone()), ..ObjectMeta::default() };
        let made = Namespace { metadata, ..Namespace::default() };
        Api::all(kube.clone()).create(&PostParams::default(), &made).await.expect("a namespace");
        let actor = Actor::in_namespace(&kube, &namespace).await;
        let before = account.inventory().await;
        account.standin.set(json!({ "iam_enforced": true })).await;
        let credentials = account.standin.role(REGION, &Policies::manage().documents()).await;
        Self {
            account,
            world,
            namespace,
            before,
            operators: Vec::new(),
            environment: Environment::new(),
            credentials,
            actor,
            kube,
        }
    }

    /// Starts an operator with these flags over the usual ones.
    pub fn start_operator(&mut self, more: &[&str]) {
        let operator = self.another_operator(more);
        self.operators.push(operator);
    }

    /// An operator that is not among the scene's yet.
    pub fn another_operator(&self, more: &[&str]) -> Operator {
        let mut environment = Environment::from([("KUBECONFIG", self.actor.kubeconfig.clone().into())]);
        environment.extend(self.environment.clone());
        Operator::start(CLUSTER_ID, &self.namespace, &self.credentials, &environment, more)
    }

    /// The latest operator.
    pub fn operator(&mut self) -> &mut Operator {
        self.operators.last_mut().expect("an operator was started")
    }

    /// A new instance takes a broker's place, in one step as the operator sees it: how long a
    /// broker may be absent passes within a second here.
    pub async fn replace(&mut self, broker: i32, zone: &str) {
        let still = self.operators.last().map(Operator::paused);
        self.world.terminate(&[broker]).await;
        self.world.launch(broker, zone).await;
        drop(still);
    }

    /// Keys of the operators for this account.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// AWS calls of one of the operators.
    pub async fn calls_of(&self, operator: usize) -> super::Calls {
        self.account.standin.calls(&self.operators[operator].key).await
    }

    /// From now on operators get the keys of this account.
    pub async fn use_account(&mut self, account: &str) {
        self.credentials = if account == self.account.id {
            self.account.standin.role(REGION, &Policies::manage().documents()).await
        } else {
            credentials(account).await
        };
    }

    /// From now on operators get the keys of a role with just these policies.
    pub async fn act_under(&mut self, policies: &Value) {
        self.credentials = self.account.standin.role(&self.account.region, policies).await;
    }

    /// The object of most tests.
    pub fn orders(&self) -> Link<'_> {
        self.link("orders")
    }

    /// An object of another name.
    pub fn link(&self, name: &str) -> Link<'_> {
        Link::new(self, name, Api::namespaced(self.kube.clone(), &self.namespace))
    }

    /// Objects of the API server in the namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.kube.clone(), &self.namespace)
    }

    /// What an object of the namespace is called in tags.
    pub fn owner(&self, name: &str) -> Owner {
        Owner { cluster_id: CLUSTER_ID.into(), namespace: self.namespace.clone(), name: name.into() }
    }

    /// The guide's spec for this world, with consumers as given: `[{ accountId, acceptance, … }]`.
    pub fn spec(&self, consumers: &Value) -> Value {
        let subnets: Vec<Value> =
            self.world.subnets.iter().map(|(zone, id)| json!({ "zoneId": zone, "subnetId": id })).collect();
        json!({
            "region": self.account.region,
            "accountId": self.account.id,
            "network": { "vpcId": self.world.vpc, "subnets": subnets },
            "brokers": { "ec2": { "tags": { "kafka-cluster": "orders" }, "idTagKey": "kafka-node-id" } },
            "listeners": [listener("EXTERNAL", 39092, 9092, 9093)],
            "endpointService": { "consumers": consumers },
        })
    }

    /// The guide's spec without consumers.
    pub fn plain_spec(&self) -> Value {
        self.spec(&json!([]))
    }

    /// What the account holds now.
    pub async fn inventory(&self) -> Inventory {
        self.account.inventory().await
    }

    /// AWS calls of the latest operator.
    pub async fn calls(&self) -> super::Calls {
        let operator = self.operators.last().expect("an operator was started");
        self.account.standin.calls(&operator.key).await
    }

    /// Waits until something is so; otherwise ends the test with all that is known.
    pub async fn until<T>(&self, what: &str, probe: impl AsyncFnMut() -> Result<T, String>) -> T {
        match patience::until(probe).await {
            Ok(found) => found,
            Err(why) => panic!("waited in vain: {what}\nlast seen: {why}\n{}", self.report().await),
        }
    }

    /// Waits until something is so in AWS.
    pub async fn aws<T>(&self, what: &str, probe: impl Fn(&Inventory) -> Result<T, String>) -> T {
        self.until(what, async || probe(&self.inventory().await)).await
    }

    /// Waits until a port leads to exactly these healthy targets.
    pub async fn leads_to(&self, port: u16, targets: &[String]) {
        let wanted: BTreeMap<String, String> =
            targets.iter().map(|target| (target.clone(), "healthy".to_owned())).collect();
        let what = format!("port {port} leads to {targets:?}");
        self.aws(&what, |aws| {
            let have = aws.targets_at(port);
            super::is(have == wanted, || format!("{have:?}"))
        })
        .await;
    }

    /// Target of a broker on a port of its own.
    pub fn target(&self, broker: i32, port: u16) -> String {
        format!("{}:{port}", self.world.brokers[&broker])
    }

    /// The account holds what it held before: all of ours is gone, and nothing else was touched.
    pub async fn nothing_is_left(&self) {
        self.aws_is_as_before().await;
        // What a retry mends is a mistake all the same.
        let failed = self.operators.iter().flat_map(Operator::failed_passes).collect::<Vec<_>>();
        assert_eq!(failed, Vec::<String>::new(), "passes failed");
    }

    /// The same of the account alone: the API server was not always there for the operator.
    pub async fn aws_is_as_before(&self) {
        self.aws("AWS is as before", |aws| {
            let changes = aws.changes_since(&self.before);
            super::is(changes.is_empty(), || changes.join("\n"))
        })
        .await;
    }

    /// Deletes the object and checks that nothing is left.
    pub async fn clean_up(&self) {
        self.orders().delete_and_wait().await;
        self.nothing_is_left().await;
    }

    /// Reasons of the events in the namespace.
    pub async fn events(&self) -> Vec<(String, String)> {
        let events = self.api::<Event>().list(&ListParams::default()).await.expect("a list of events");
        let told = events.items.into_iter();
        told.map(|event| (event.reason.unwrap_or_default(), event.message.unwrap_or_default())).collect()
    }

    /// Tags that a person could have set on something of ours.
    pub async fn set_tags(&self, arn: &str, tags: &Tags) {
        use aws_sdk_elasticloadbalancingv2::types::Tag;
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        self.account.elb.add_tags().resource_arns(arn).set_tags(Some(tags)).send().await.expect("tags are set");
    }

    async fn report(&self) -> String {
        let objects = self.api::<KafkaPrivateLink>().list(&ListParams::default()).await;
        let objects = objects.map(|list| list.items).unwrap_or_default();
        let states = objects.iter().map(|object| {
            let name = object.metadata.name.as_deref().unwrap_or_default();
            let status = serde_json::to_string_pretty(&object.status).unwrap_or_default();
            let meta = (object.metadata.generation, &object.metadata.finalizers, &object.metadata.deletion_timestamp);
            format!("--- {name} {meta:?}\n{status}\n")
        });
        let calls = match self.operators.last() {
            Some(_) => format!("{:?}", self.calls().await.errors),
            None => String::new(),
        };
        format!("{}--- failed AWS calls: {calls}\n", states.collect::<String>())
    }
}

/// A VPC that is made, with subnets in two zones.
pub fn made_network() -> Value {
    json!({
        "vpc": { "cidrBlock": "10.40.0.0/16" },
        "egress": "S3Endpoint",
        "subnets": [
            { "zoneId": "usw2-az1", "cidrBlock": "10.40.0.0/20" },
            { "zoneId": "usw2-az2", "cidrBlock": "10.40.16.0/20" },
        ],
    })
}

/// Brokers that are made in it: two, of which the first votes; nothing of them stays.
pub fn provisioned() -> Value {
    json!({ "provisioned": {
        "nodes": [
            { "id": 1, "zoneId": "usw2-az1", "roles": ["Controller", "Broker"] },
            { "id": 2, "zoneId": "usw2-az2", "roles": ["Broker"] },
        ],
        "instanceType": "t3.large",
        "storage": { "sizeGiB": 100, "type": "gp3", "deletionPolicy": "Delete" },
        "kafka": {
            "version": "4.3.1",
            "distribution": { "url": "s3://example/kafka.tgz", "sha512": "a".repeat(128) },
            "heap": "4G",
            "properties": { "num.partitions": "3" },
        },
    } })
}

/// A listener of the guide with 24 ports to grow into.
pub fn listener(name: &str, broker_port: u16, bootstrap: u16, first: u16) -> Value {
    json!({
        "name": name, "brokerPort": broker_port, "bootstrapPort": bootstrap,
        "portRange": { "first": first, "last": first + 23 },
        "advertisedHostTemplate": "b{brokerId}.{zoneId}.abc.{region}.aws.3199015.tidbcloud.com",
        "consumerCidrs": ["10.250.0.0/16"],
    })
}
