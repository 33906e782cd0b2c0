//! A life that needs every right.

use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, TargetDescription};
use kpl_core::model::RESOURCE_TAG;
use serde_json::{Value, json};

use crate::harness::{Consumer, Scene, ZONES, listener, made_network, provisioned};

/// A scene with what the story needs, and no operator yet.
pub struct Life {
    pub scene: Scene,
    consumer: Consumer,
    /// Of a zone that is added.
    another: String,
}

impl Life {
    pub async fn prepared() -> Self {
        let mut scene = Scene::quiet().await;
        let another = scene.world.add_subnet("usw2-az4", "10.0.96.0/20").await;
        scene.before = scene.inventory().await;
        let consumer = Consumer::fresh(&scene.account.region, &ZONES).await;
        Self { scene, consumer, another }
    }

    fn consumers(&self, acceptance: &str) -> Value {
        json!([{ "accountId": self.consumer.id(), "acceptance": acceptance }])
    }

    /// The first spec: two subnets that are there, and one to be made.
    pub fn spec(&self) -> Value {
        let mut spec = self.scene.spec(&self.consumers("Automatic"));
        spec["network"]["subnets"] = json!([
            { "zoneId": "usw2-az1", "subnetId": self.scene.world.subnets["usw2-az1"] },
            { "zoneId": "usw2-az2", "subnetId": self.scene.world.subnets["usw2-az2"] },
            { "zoneId": "usw2-az3", "cidrBlock": "10.0.250.0/28" },
        ]);
        spec["brokers"]["securityGroupIds"] = json!([self.scene.world.brokers_group]);
        spec["tags"] = json!({ "team": "streaming", "cost": "17" });
        spec
    }

    /// From the first spec until nothing is left.
    pub async fn lived(&mut self) {
        let spec = self.spec();
        self.scene.orders().create_and_settle(spec.clone()).await;
        let endpoint = self.consumer.connect(&self.scene.orders().service_name().await).await;
        self.consumer.sees(&endpoint, "available").await;
        self.settings_change().await;
        self.people_break_things().await;

        self.scene.replace(2, ZONES[1]).await;
        self.scene.leads_to(9094, &[self.scene.target(2, 39092)]).await;
        let mut subnets = spec["network"]["subnets"].clone();
        subnets.as_array_mut().expect("subnets").push(json!({ "zoneId": "usw2-az4", "subnetId": self.another }));
        self.scene.orders().change_and_settle(json!({ "network": { "subnets": subnets } })).await;

        let rejected = json!({ "endpointService": { "consumers": self.consumers("Rejected") } });
        self.scene.orders().change_and_settle(rejected).await;
        self.consumer.sees(&endpoint, "rejected").await;
        self.scene.orders().change(json!({ "loadBalancer": { "deletionProtection": "Disabled" } })).await;
        self.vpc_is_made().await;
        self.scene.clean_up().await;
    }

    /// Another object, in a VPC of its own.
    async fn vpc_is_made(&self) {
        let mut spec = self.scene.plain_spec();
        spec["network"] = made_network();
        spec["brokers"] = json!({ "static": [{ "id": 1, "zoneId": "usw2-az1", "ipAddress": "10.40.0.10" }] });
        spec["tags"] = json!({ "team": "streaming", "cost": "17" });
        let made = self.scene.link("made");
        made.create_and_settle(spec).await;
        made.change_and_settle(json!({ "tags": { "team": "data", "cost": null } })).await;
        // Its route is taken out of the table by hand, and comes back.
        self.take_route_to_s3().await;
        made.looked_again().await;
        made.change_and_settle(json!({ "network": { "egress": "None" } })).await;
        made.delete_and_wait().await;
        self.brokers_are_made().await;
    }

    /// A third one, with brokers of its own.
    async fn brokers_are_made(&self) {
        let mut spec = self.scene.plain_spec();
        spec["network"] = made_network();
        spec["brokers"] = provisioned();
        let account = &self.scene.account;
        account.ec2.create_key_pair().key_name("ops").send().await.expect("AWS makes a key pair");
        spec["brokers"]["provisioned"]["keyName"] = json!("ops");
        let profile = account.standin.instance_profile("kafka").await;
        spec["brokers"]["provisioned"]["instanceProfileArn"] = json!(profile);
        spec["tags"] = json!({ "team": "streaming", "cost": "17" });
        let made = self.scene.link("nodes");
        made.create_and_settle(spec).await;
        made.change_and_settle(json!({ "tags": { "team": "data", "cost": null } })).await;
        let aws = self.scene.inventory().await;
        let all = |kind: &str| aws.whole[kind].as_object().expect("a kind by id").clone();
        let of = |key: &'static str| move |(_, one): &(String, Value)| one["tags"][RESOURCE_TAG] == key;
        // Somebody puts an interface into another group, and stops an instance.
        let (interface, held) = all("network_interfaces").into_iter().find(of("interface/1")).expect("it is made");
        let vpc = &all("subnets")[held["subnet"].as_str().expect("it lies in one")]["vpc"];
        let here = |(_, group): &(String, Value)| group["name"] == "default" && group["vpc"] == *vpc;
        let (group, _) = all("security_groups").into_iter().find(here).expect("AWS makes one in every VPC");
        let ec2 = &self.scene.account.ec2;
        let moved = ec2.modify_network_interface_attribute().network_interface_id(interface).groups(group).send();
        moved.await.expect("AWS lets a person do it");
        let (instance, _) = all("instances").into_iter().find(of("instance/1")).expect("it is made");
        ec2.stop_instances().instance_ids(instance).send().await.expect("it stops");
        made.looked_again().await;
        made.settled().await;
        made.delete_and_wait().await;
    }

    async fn take_route_to_s3(&self) {
        let aws = self.scene.inventory().await;
        let endpoints = aws.whole["vpc_endpoints"].as_object().expect("endpoints by id");
        let made = endpoints.iter().find(|(_, endpoint)| endpoint["tags"][RESOURCE_TAG] == "s3").expect("it is made");
        let table = made.1["route_tables"][0].as_str().expect("it has a table");
        let taken = self.scene.account.ec2.modify_vpc_endpoint().vpc_endpoint_id(made.0).remove_route_table_ids(table);
        taken.send().await.expect("somebody takes the route away");
    }

    /// All that is changed in place.
    async fn settings_change(&self) {
        // Tags that may have been set are read: those of the subnet, the security group and the service.
        self.scene.account.standin.lose_answers("CreateTags", 3).await;
        let mut moved = listener("EXTERNAL", 39092, 9192, 9093);
        moved["consumerCidrs"] = json!(["10.251.0.0/16"]);
        let change = json!({
            "tags": { "team": "data", "cost": null },
            "listeners": [moved],
            "targetGroups": { "healthCheck": { "intervalSeconds": 20 }, "deregistrationDelaySeconds": 30 },
            "loadBalancer": {
                "inboundRulesOnPrivateLink": "Ignored", "idleTimeoutSeconds": 300, "deletionProtection": "Enabled",
            },
        });
        self.scene.orders().change_and_settle(change).await;
    }

    async fn people_break_things(&self) {
        let aws = self.scene.inventory().await;
        let elb = &self.scene.account.elb;
        let stray = TargetDescription::builder().id(&self.scene.world.brokers[&1]).port(39092).build();
        let added = elb.register_targets().target_group_arn(aws.group_arn("tg/EXTERNAL/2")).targets(stray);
        added.send().await.expect("a target of somebody's");
        let elsewhere = Action::builder().r#type(ActionTypeEnum::Forward);
        let elsewhere = elsewhere.target_group_arn(aws.group_arn("tg/EXTERNAL/2")).build();
        let moved = elb.modify_listener().listener_arn(aws.listener_arn(9093)).default_actions(elsewhere);
        moved.send().await.expect("the listener leads elsewhere");
        for broker in [1, 2] {
            let port = u16::try_from(9092 + broker).expect("a port");
            self.scene.leads_to(port, &[self.scene.target(broker, 39092)]).await;
        }
        self.scene.orders().looked_again().await;
        self.scene.orders().settled().await;
    }
}
