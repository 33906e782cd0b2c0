//! What others do: whoever runs the brokers, consumers, and hands that change things behind our back.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use kpl_core::model::{
    Account, AccountId, ConnectionState, Direction, EndpointId, Health, HealthCheck, InboundRules, InstanceId,
    InstanceState, LoadBalancerArn, OWNER_TAG, Owner, Peer, Port, PortRange, Principal, Rule, SecurityGroupId,
    ServiceId, ServiceState, Tags, Target, TargetGroupArn, TargetId, TargetType, Traffic,
};

use super::elb::new_group_attributes;
use super::state::{
    Aws, Connection, Instance, LoadBalancer, NlbListener, Registration, SecurityGroup, Subnet, TargetGroup, ours,
};

pub const VPC: &str = "vpc-01f50b790fa01dff";
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
            .into(),
        vpcs: [(VPC.into(), BTreeSet::from(["10.0.0.0/16".parse().expect("a block")]))].into(),
        subnets: BTreeMap::new(),
        instances: BTreeMap::new(),
        security_groups: BTreeMap::new(),
        lingering: Vec::new(),
        target_groups: BTreeMap::new(),
        load_balancers: BTreeMap::new(),
        services: BTreeMap::new(),
        tokens: BTreeMap::new(),
        made: BTreeMap::new(),
    };
    for n in 1..=4 {
        let cidr: Ipv4Net = format!("10.0.{n}.0/24").parse().expect("a block");
        let tags = tag("role", "brokers");
        let subnet = Subnet { vpc: VPC.into(), zone: zone(n).into(), cidr, free: 200, tags };
        aws.subnets.insert(subnet_id(n).into(), subnet);
    }
    let group = |name: &str| SecurityGroup {
        name: name.into(),
        vpc: VPC.into(),
        tags: tag("team", "theirs"),
        rules: BTreeMap::new(),
    };
    aws.security_groups.insert(BROKER_GROUP.into(), group("brokers"));
    aws.security_groups.insert("sg-0n000000000000001".into(), group("neighbour"));
    aws.hold_rule(&BROKER_GROUP.into(), Rule::allow_all_egress(), &Tags::new());
    aws.add_foreign_group("neighbour", plain_check());
    aws.add_foreign_load_balancer("neighbour");
    aws
}

impl Aws {
    // Whoever runs the brokers.

    pub fn start_broker(&mut self, id: i32, in_zone: u32) -> InstanceId {
        let n = self.instances.len() + 1;
        let instance = InstanceId::new(format!("i-{n:08x}"));
        let address = Ipv4Addr::new(10, 0, u8::try_from(in_zone).expect("few"), u8::try_from(n + 10).expect("few"));
        let mut tags = tag(CLUSTER_TAG.0, CLUSTER_TAG.1);
        tags.insert(ID_TAG.into(), id.to_string());
        let host = Instance {
            state: InstanceState::Running,
            vpc: VPC.into(),
            zone: zone(in_zone).into(),
            address,
            groups: BTreeSet::new(),
            tags,
            up: true,
        };
        self.instances.insert(instance.clone(), host);
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
        self.target_groups.insert(arn.clone(), group);
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
        self.load_balancers.insert(arn.clone(), lb);
        arn
    }

    pub fn add_foreign_security_group(&mut self, name: &str) -> SecurityGroupId {
        let id = SecurityGroupId::from("sg-0f000000000000001");
        let group =
            SecurityGroup { name: name.into(), vpc: VPC.into(), tags: tag("team", "theirs"), rules: BTreeMap::new() };
        self.security_groups.insert(id.clone(), group);
        id
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
        let open = |service: &&mut super::state::Service| {
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

    // Hands that change what is ours.

    pub fn our_load_balancer(&mut self, owner: &Owner) -> Option<&mut LoadBalancer> {
        self.load_balancers.values_mut().find(|lb| ours(owner, &lb.tags))
    }

    pub fn our_groups(&self, owner: &Owner) -> Vec<TargetGroupArn> {
        self.target_groups.iter().filter(|(_, group)| ours(owner, &group.tags)).map(|(arn, _)| arn.clone()).collect()
    }

    pub fn our_service(&self, owner: &Owner) -> Option<ServiceId> {
        let ours = |service: &super::state::Service| service.state.alive() && ours(owner, &service.tags);
        self.services.iter().find(|(_, service)| ours(service)).map(|(id, _)| id.clone())
    }

    /// One change by hand, by number; whatever does not apply does nothing.
    pub fn drift(&mut self, owner: &Owner, rng: &mut fastrand::Rng) -> &'static str {
        let groups = self.our_groups(owner);
        let group = rng.choice(&groups).cloned();
        match rng.u32(0..13) {
            0 => {
                if let Some(lb) = self.our_load_balancer(owner)
                    && let Some(port) = rng.choice(lb.listeners.keys().copied().collect::<Vec<_>>())
                {
                    lb.listeners.remove(&port);
                }
                "an NLB listener is deleted"
            }
            1 => {
                if let Some(group) = group.and_then(|arn| self.target_groups.get_mut(&arn)) {
                    group.targets.pop_first();
                }
                "a target is deregistered"
            }
            2 => {
                if let Some(arn) = group.filter(|arn| self.users(arn).next().is_none()) {
                    self.target_groups.remove(&arn);
                }
                "an unused target group is deleted"
            }
            3 => {
                if let Some(group) = self.our_security_group(owner) {
                    group.rules.pop_first();
                }
                "a rule is revoked"
            }
            4 => {
                if let Some((id, _)) = self.security_groups.iter().find(|(_, group)| ours(owner, &group.tags)) {
                    let (id, rule) = (id.clone(), stranger_rule());
                    if !self.security_groups[&id].rules.values().any(|held| held.rule == rule) {
                        self.hold_rule(&id, rule, &Tags::new());
                    }
                }
                "a stranger's rule is added"
            }
            5 => {
                let stranger = Target { id: TargetId::Instance(self.start_stranger()), port: Port(39092) };
                if let Some(group) = group.and_then(|arn| self.target_groups.get_mut(&arn))
                    && group.target_type == TargetType::Instance
                {
                    group.targets.insert(stranger, Registration { health: Health::Initial, until: None });
                }
                "a stranger's target is registered"
            }
            6 => {
                self.add_stranger_listener(owner);
                "a stranger's NLB listener is added"
            }
            7 => {
                if let Some(service) = self.our_service(owner).and_then(|id| self.services.get_mut(&id)) {
                    service.principals.insert("arn:aws:iam::999999999999:root".into());
                }
                "a stranger's principal is added"
            }
            8 => {
                if let Some(group) = group.and_then(|arn| self.target_groups.get_mut(&arn)) {
                    group.attributes.insert("preserve_client_ip.enabled".into(), "true".into());
                    group.health_check.interval_seconds = 30;
                }
                "a group's attributes and health check are changed"
            }
            9 => {
                if let Some(lb) = self.our_load_balancer(owner) {
                    lb.listeners.values_mut().for_each(|listener| listener.idle_timeout_seconds = 4000);
                    lb.inbound_rules = InboundRules::Ignored;
                }
                "idle timeouts and inbound rules are changed"
            }
            10 => {
                if let Some(service) = self.our_service(owner).and_then(|id| self.services.get_mut(&id)) {
                    service.acceptance_required = false;
                    service.principals.pop_first();
                }
                "acceptance is switched off and a principal removed"
            }
            11 => {
                if let Some(arn) = group
                    && let Some(lb) = self.our_load_balancer(owner)
                    && let Some(listener) = lb.listeners.values_mut().next()
                {
                    listener.forward = [(arn, 1)].into();
                }
                "an NLB listener is led elsewhere"
            }
            _ => {
                if let Some(group) = group.and_then(|arn| self.target_groups.get_mut(&arn)) {
                    group.tags.retain(|key, _| key == OWNER_TAG);
                }
                "tags of a group are removed, but for the owner"
            }
        }
    }

    fn our_security_group(&mut self, owner: &Owner) -> Option<&mut SecurityGroup> {
        self.security_groups.values_mut().find(|group| ours(owner, &group.tags))
    }

    fn start_stranger(&mut self) -> InstanceId {
        let id = self.start_broker(0, 1);
        self.instances.get_mut(&id).expect("just made").tags.clear();
        id
    }

    fn add_stranger_listener(&mut self, owner: &Owner) {
        let Some((lb_arn, _)) = self.load_balancers.iter().find(|(_, lb)| ours(owner, &lb.tags)) else { return };
        let (lb_arn, port) = (lb_arn.clone(), Port(7777));
        let group = TargetGroupArn::from("arn:theirs:targetgroup/neighbour/1");
        let listener = NlbListener {
            arn: format!("{lb_arn}/stranger").into(),
            tcp: true,
            forward: [(group, 1)].into(),
            idle_timeout_seconds: 350,
            tags: Tags::new(),
        };
        self.load_balancers.get_mut(&lb_arn).expect("found above").listeners.entry(port).or_insert(listener);
    }
}

fn stranger_rule() -> Rule {
    Rule {
        direction: Direction::Ingress,
        peer: Peer::Cidr("192.0.2.0/24".parse().expect("a block")),
        traffic: Traffic::Tcp(PortRange::single(Port(22))),
    }
}
