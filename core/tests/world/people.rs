//! What others do: whoever runs the brokers, consumers, and hands that change things behind our back.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use kpl_core::model::{
    Account, AccountId, ConnectionState, Direction, EndpointId, HOLDER_TAG, Health, HealthCheck, InboundRules,
    InstanceId, InstanceState, LoadBalancerArn, OWNER_TAG, Owner, Peer, Port, PortRange, Principal, RESOURCE_TAG, Rule,
    SecurityGroupId, ServiceId, ServiceState, Tags, Target, TargetGroupArn, TargetId, TargetType, Traffic, VpcId,
};

use super::elb::new_group_attributes;
use super::state::{
    Aws, Connection, Instance, LoadBalancer, Registration, SecurityGroup, Service, Shared, Subnet, TargetGroup, ours,
};

pub const VPC: &str = "vpc-01f50b790fa01dff";
/// Another VPC of the account.
pub const OTHER_VPC: &str = "vpc-02000000000000000";
/// The brokers' own security group.
pub const BROKER_GROUP: &str = "sg-0b000000000000001";
/// Tag that the selector asks for, and tag of the broker's id.
pub const CLUSTER_TAG: (&str, &str) = ("kafka-cluster", "orders");
pub const ID_TAG: &str = "kafka-node-id";

/// Zone id of the nth zone.
pub fn zone(n: u32) -> String {
    format!("usw2-az{n}")
}

/// Id of the user's subnet in the nth zone.
pub fn subnet_id(n: u32) -> String {
    format!("subnet-0000000{n}")
}

/// Id of another subnet of the user's in the nth zone.
pub fn spare_subnet_id(n: u32) -> String {
    format!("subnet-0000001{n}")
}

fn tag(key: &str, value: &str) -> Tags {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

pub fn plain_check() -> HealthCheck {
    HealthCheck { interval_seconds: 10, healthy_threshold: 2, unhealthy_threshold: 2, tcp_on_traffic_port: true }
}

/// A VPC with a subnet in each of four zones, the brokers' group, and a neighbour's load balancer.
pub fn account() -> Aws {
    let mut aws = Aws {
        now: 0,
        account: Account { id: "111122223333".into(), partition: "aws".into() },
        // Names are shuffled: the first zone by id is not the first by name.
        zones: [(1, "c"), (2, "a"), (3, "d"), (4, "b")]
            .map(|(n, name)| (zone(n).into(), format!("us-west-2{name}").into()))
            .into_iter()
            .collect::<BTreeMap<_, _>>()
            .into(),
        vpcs: [(VPC, "10.0.0.0/16"), (OTHER_VPC, "10.1.0.0/16")]
            .map(|(id, block)| (id.into(), BTreeSet::from([block.parse().expect("a block")])))
            .into_iter()
            .collect::<BTreeMap<_, _>>()
            .into(),
        vpc_details: Shared::default(),
        subnets: Shared::default(),
        instances: Shared::default(),
        security_groups: Shared::default(),
        route_tables: BTreeMap::new().into(),
        gateway_endpoints: BTreeMap::new().into(),
        interfaces: BTreeMap::new().into(),
        volumes: BTreeMap::new().into(),
        machines: BTreeMap::new().into(),
        lingering: Vec::new(),
        target_groups: Shared::default(),
        load_balancers: Shared::default(),
        services: Shared::default(),
        tokens: Shared::default(),
        made: Shared::default(),
    };
    for n in 1..=4 {
        let mut subnet = |id: String, vpc: &str, cidr: String, role| {
            let cidr: Ipv4Net = cidr.parse().expect("a block");
            let tags = tag("role", role);
            aws.subnets
                .insert(id.into(), Subnet { vpc: vpc.into(), zone: zone(n).into(), cidr, free: 200, tags }.into());
        };
        subnet(subnet_id(n), VPC, format!("10.0.{n}.0/24"), "brokers");
        subnet(spare_subnet_id(n), VPC, format!("10.0.{}.0/24", 20 + n), "spare");
        subnet(format!("subnet-0000002{n}"), OTHER_VPC, format!("10.1.{n}.0/24"), "brokers");
    }
    let group = |name: &str| SecurityGroup {
        name: name.into(),
        vpc: VPC.into(),
        tags: tag("team", "theirs"),
        rules: BTreeMap::new(),
    };
    aws.security_groups.insert(BROKER_GROUP.into(), group("brokers").into());
    aws.security_groups.insert("sg-0n000000000000001".into(), group("neighbour").into());
    aws.hold_rule(&BROKER_GROUP.into(), Rule::allow_all_egress(), &Tags::new());
    aws.add_foreign_group("neighbour", plain_check());
    aws.add_foreign_load_balancer("neighbour");
    aws
}

impl Aws {
    /// What is almost ours: other objects whose owner tags look like this one's.
    pub fn add_near_misses(&mut self, owner: &Owner) {
        let near = [
            format!("{owner}-2"),
            format!("{}/{}/{}x", owner.cluster_id, owner.namespace, owner.name),
            format!("{}/{}", owner.namespace, owner.name),
            format!("other-cluster/{}/{}", owner.namespace, owner.name),
        ];
        for (n, value) in near.iter().enumerate() {
            let tags = |resource: &str| {
                Tags::from([(OWNER_TAG.to_owned(), value.clone()), (RESOURCE_TAG.to_owned(), resource.to_owned())])
            };
            self.make_vpc("10.9.0.0/16".parse().expect("a block"), tags("vpc"));
            let group = self.add_foreign_group(&format!("{}near{n}", owner.name_prefix()), plain_check());
            self.target_groups.get_mut(&group).expect("just made").tags = tags("tg/EXTERNAL/1");
            let id = SecurityGroupId::new(format!("sg-0e00000000000000{n}"));
            let name = format!("near-{n}");
            let held = SecurityGroup { name, vpc: VPC.into(), tags: tags("sg"), rules: BTreeMap::new() };
            self.security_groups.insert(id.clone(), held.into());
            let rule = Rule {
                direction: Direction::Ingress,
                peer: Peer::Group(id),
                traffic: Traffic::Tcp(PortRange::single(Port(39092))),
            };
            self.hold_rule(&BROKER_GROUP.into(), rule, &tags("broker-group-rule"));
            let lb = self.add_foreign_load_balancer(&format!("near-{n}"));
            self.load_balancers.get_mut(&lb).expect("just made").tags = tags("nlb");
            let service = Service {
                name: format!("near-{n}"),
                state: ServiceState::Available,
                until: 0,
                load_balancers: [lb].into(),
                acceptance_required: true,
                zones: [zone(1).into()].into(),
                zones_to_come: None,
                tags: tags("service"),
                principals: BTreeSet::new(),
                connections: BTreeMap::new(),
            };
            self.services.insert(ServiceId::new(format!("vpce-svc-near{n}")), service.into());
        }
        // The same names in another VPC are no clash.
        let elsewhere = SecurityGroup {
            name: owner.security_group_name().to_string(),
            vpc: OTHER_VPC.into(),
            tags: tag("team", "theirs"),
            rules: BTreeMap::new(),
        };
        self.security_groups.insert("sg-0d00000000000000".into(), elsewhere.into());
    }
}

impl Aws {
    // Whoever runs the brokers.

    pub fn start_broker(&mut self, id: i32, in_zone: u32) -> InstanceId {
        self.start_broker_in(&VPC.into(), id, in_zone)
    }

    pub fn start_broker_in(&mut self, vpc: &VpcId, id: i32, in_zone: u32) -> InstanceId {
        let n = u32::try_from(self.instances.len()).expect("few") + 1;
        let instance = InstanceId::new(format!("i-{n:08x}"));
        let number = |n: u32| u8::try_from(n).expect("few");
        let second = u8::from(vpc.as_str() != VPC);
        let address = Ipv4Addr::new(10, second, number(in_zone + n / 200 * 4), number(n % 200 + 10));
        let mut tags = tag(CLUSTER_TAG.0, CLUSTER_TAG.1);
        tags.insert(ID_TAG.into(), id.to_string());
        let host = Instance {
            state: InstanceState::Running,
            vpc: vpc.clone(),
            zone: zone(in_zone).into(),
            address,
            groups: BTreeSet::new(),
            tags,
            up: true,
        };
        self.instances.insert(instance.clone(), host.into());
        instance
    }

    /// The running instances of a broker.
    pub fn running(&self, id: i32) -> Vec<InstanceId> {
        let of = |host: &Instance| {
            host.state == InstanceState::Running && host.tags.get(ID_TAG).is_some_and(|tag| *tag == id.to_string())
        };
        self.instances.iter().filter(|(_, host)| of(host)).map(|(id, _)| id.clone()).collect()
    }

    pub fn set_state(&mut self, id: &InstanceId, state: InstanceState) {
        self.instances.get_mut(id).expect("named by the caller").state = state;
    }

    // Neighbours.

    pub fn add_foreign_group(&mut self, name: &str, health_check: HealthCheck) -> TargetGroupArn {
        let arn = TargetGroupArn::new(format!("arn:theirs:targetgroup/{name}/1"));
        let target = Target { id: TargetId::Ip(Ipv4Addr::new(10, 0, 1, 250)), port: Port(80) };
        let group = TargetGroup {
            name: name.into(),
            target_type: TargetType::Instance,
            vpc: VPC.into(),
            health_check,
            attributes: new_group_attributes(TargetType::Instance),
            tags: tag("team", "theirs"),
            targets: [(target, Registration { health: Health::Unused, until: None })].into(),
        };
        self.target_groups.insert(arn.clone(), group.into());
        arn
    }

    pub fn add_foreign_load_balancer(&mut self, name: &str) -> LoadBalancerArn {
        let arn = LoadBalancerArn::new(format!("arn:theirs:loadbalancer/net/{name}/1"));
        let lb = LoadBalancer {
            name: name.into(),
            dns_name: "theirs.elb.us-west-2.amazonaws.com".into(),
            vpc: VPC.into(),
            subnets: [subnet_id(1).into()].into(),
            security_groups: ["sg-0n000000000000001".into()].into(),
            inbound_rules: InboundRules::Enforced,
            attributes: tag("deletion_protection.enabled", "false"),
            tags: tag("team", "theirs"),
            listeners: BTreeMap::new(),
            busy_until: 0,
            built: true,
            failed: false,
        };
        self.load_balancers.insert(arn.clone(), lb.into());
        arn
    }

    pub fn add_foreign_security_group(&mut self, name: &str) -> SecurityGroupId {
        let id = SecurityGroupId::from("sg-0f000000000000001");
        let group =
            SecurityGroup { name: name.into(), vpc: VPC.into(), tags: tag("team", "theirs"), rules: BTreeMap::new() };
        self.security_groups.insert(id.clone(), group.into());
        id
    }

    /// Somebody gives a group of ours to another cluster, by its owner tag.
    pub fn give_away(&mut self, arn: &TargetGroupArn) {
        if let Some(group) = self.target_groups.get_mut(arn) {
            let owner = group.tags.get(OWNER_TAG).cloned().unwrap_or_default();
            group.tags.insert(OWNER_TAG.into(), format!("{GIVEN_AWAY}{owner}"));
        }
    }

    /// And gives it back.
    pub fn give_back(&mut self) {
        for group in self.target_groups.values_mut() {
            if let Some(owner) = group.tags.get_mut(OWNER_TAG)
                && let Some(former) = owner.strip_prefix(GIVEN_AWAY)
            {
                *owner = former.to_owned();
            }
        }
    }

    /// Another cluster holds what is ours.
    pub fn hold_by(&mut self, owner: &Owner, holder: &str) {
        let balancers = self.load_balancers.values_mut().map(|lb| &mut lb.tags);
        let services = self.services.values_mut().map(|service| &mut service.tags);
        for tags in balancers.chain(services).filter(|tags| ours(owner, tags)) {
            tags.insert(HOLDER_TAG.into(), holder.into());
        }
    }

    /// The neighbour gives way: what is not ours and blocks a name of ours is gone.
    pub fn remove_foreign_clashes(&mut self, owner: &Owner) {
        let prefix = owner.name_prefix();
        let clashes = |name: &str, tags: &Tags| name.starts_with(&prefix) && !ours(owner, tags);
        self.target_groups.retain(|_, held| !clashes(held.name.as_str(), &held.tags));
        self.load_balancers.retain(|_, held| !clashes(held.name.as_str(), &held.tags));
        self.security_groups.retain(|_, held| !clashes(&held.name, &held.tags));
    }

    // Consumers.

    /// A consumer makes an endpoint, if a principal of the account may see the service.
    pub fn ask(&mut self, account: &str, endpoint: &str) -> bool {
        let (now, root) = (self.now, Principal::new(format!("arn:aws:iam::{account}:root")));
        let open = |service: &&mut Shared<Service>| {
            service.state == ServiceState::Available && service.principals.contains(&root)
        };
        let Some(service) = self.services.values_mut().find(open) else { return false };
        let state =
            if service.acceptance_required { ConnectionState::PendingAcceptance } else { ConnectionState::Pending };
        let connection = Connection { account: AccountId::from(account), state, since: now };
        service.connections.insert(EndpointId::from(endpoint), connection);
        true
    }

    /// Every consumer deletes its endpoints.
    pub fn leave_all(&mut self) {
        for service in self.services.values_mut() {
            service.connections.clear();
        }
    }
}

/// What an owner tag begins with that was given away.
const GIVEN_AWAY: &str = "another-";
