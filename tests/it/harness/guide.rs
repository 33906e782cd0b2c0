//! The guide's world in an account: a VPC, a subnet in each zone, brokers, and things that are somebody else's.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{InstanceType, IpPermission, IpRange, ResourceType, Tag, TagSpecification};
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum;

use super::Account;

/// Zones of the guide.
pub const ZONES: [&str; 3] = ["usw2-az1", "usw2-az2", "usw2-az3"];
/// The tag that selects brokers.
pub const CLUSTER_TAG: (&str, &str) = ("kafka-cluster", "orders");
/// The tag that holds a broker's id.
pub const ID_TAG: &str = "kafka-node-id";

/// What is there before the operator comes.
#[derive(Debug)]
pub struct World {
    /// Where it is.
    pub account: Account,
    /// `10.0.0.0/16`.
    pub vpc: String,
    /// By zone.
    pub subnets: BTreeMap<String, String>,
    /// Instances by broker id.
    pub brokers: BTreeMap<i32, String>,
    /// The brokers' security group.
    pub brokers_group: String,
}

impl World {
    /// Three subnets, and as many brokers, spread over the zones.
    pub async fn make(account: &Account, zones: &[&str], brokers: i32) -> Self {
        let (vpc, subnets) = Self::network(account, "10.0", zones).await;
        let brokers_group = security_group(account, &vpc, "kafka-brokers").await;
        let inside = IpPermission::builder().ip_protocol("tcp").from_port(0).to_port(65535);
        let inside = inside.ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/16").build()).build();
        let opened = account.ec2.authorize_security_group_ingress().group_id(&brokers_group).ip_permissions(inside);
        opened.send().await.expect("a rule of the brokers' own");
        let mut world = Self { account: account.clone(), vpc, subnets, brokers: BTreeMap::new(), brokers_group };
        for id in 1..=brokers {
            let zone = zones[usize::try_from(id - 1).expect("ids begin with 1") % zones.len()];
            world.launch(id, zone).await;
        }
        security_group(account, &world.vpc, "somebody-elses").await;
        let foreign = account.elb.create_target_group().name("somebody-elses").protocol(ProtocolEnum::Tcp).port(443);
        foreign.vpc_id(&world.vpc).send().await.expect("a foreign target group");
        world
    }

    /// A VPC and a subnet in each zone.
    pub async fn network(account: &Account, prefix: &str, zones: &[&str]) -> (String, BTreeMap<String, String>) {
        let vpc = account.ec2.create_vpc().cidr_block(format!("{prefix}.0.0/16")).send().await.expect("a VPC");
        let vpc = vpc.vpc.and_then(|vpc| vpc.vpc_id).expect("a VPC has an id");
        let mut subnets = BTreeMap::new();
        for (index, zone) in zones.iter().enumerate() {
            let subnet = subnet(account, &vpc, zone, &format!("{prefix}.{}.0/20", index * 16)).await;
            subnets.insert((*zone).to_owned(), subnet);
        }
        (vpc, subnets)
    }

    /// Starts a broker, in the place of a former one with its id.
    pub async fn launch(&mut self, id: i32, zone: &str) -> String {
        let tags = [(CLUSTER_TAG.0, CLUSTER_TAG.1.to_owned()), (ID_TAG, id.to_string())];
        let instance = self.launch_tagged(zone, &tags).await;
        self.brokers.insert(id, instance.clone());
        instance
    }

    /// Starts an instance with just these tags.
    pub async fn launch_tagged(&self, zone: &str, tags: &[(&str, String)]) -> String {
        let launched = self.account.ec2.run_instances().image_id("ami-12c6146b").instance_type(InstanceType::T2Large);
        let launched = launched.min_count(1).max_count(1).subnet_id(&self.subnets[zone]);
        let launched = launched.security_group_ids(&self.brokers_group);
        let launched = launched.tag_specifications(tagged(ResourceType::Instance, tags)).send().await;
        let instances = launched.expect("an instance").instances.expect("one instance");
        instances[0].instance_id.clone().expect("an instance has an id")
    }

    /// Ends brokers, all at once.
    pub async fn terminate(&self, ids: &[i32]) {
        let instances = ids.iter().map(|id| self.brokers[id].clone()).collect();
        let ended = self.account.ec2.terminate_instances().set_instance_ids(Some(instances)).send().await;
        ended.expect("the brokers end");
    }

    /// Sets a tag of an EC2 resource.
    pub async fn tag(&self, id: &str, key: &str, value: &str) {
        let tag = Tag::builder().key(key).value(value).build();
        self.account.ec2.create_tags().resources(id).tags(tag).send().await.expect("a tag is set");
    }

    /// Removes a tag of EC2 resources.
    pub async fn untag(&self, ids: &[&str], key: &str) {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let removed = self.account.ec2.delete_tags().set_resources(Some(ids)).tags(Tag::builder().key(key).build());
        removed.send().await.expect("a tag is removed");
    }

    /// One more subnet.
    pub async fn add_subnet(&mut self, zone: &str, block: &str) -> String {
        let id = subnet(&self.account, &self.vpc, zone, block).await;
        self.subnets.insert(zone.to_owned(), id.clone());
        id
    }
}

async fn subnet(account: &Account, vpc: &str, zone: &str, block: &str) -> String {
    let subnet = account.ec2.create_subnet().vpc_id(vpc).availability_zone_id(zone).cidr_block(block);
    let tags = tagged(ResourceType::Subnet, &[("role", "broker".to_owned())]);
    let made = subnet.tag_specifications(tags).send().await.expect("a subnet");
    made.subnet.and_then(|subnet| subnet.subnet_id).expect("a subnet has an id")
}

async fn security_group(account: &Account, vpc: &str, name: &str) -> String {
    let group = account.ec2.create_security_group().group_name(name).description("of the test").vpc_id(vpc);
    group.send().await.expect("a security group").group_id.expect("a group has an id")
}

fn tagged(kind: ResourceType, tags: &[(&str, String)]) -> TagSpecification {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(value).build()).collect();
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()
}
