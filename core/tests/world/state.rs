//! What the simulated AWS holds: plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::Ipv4Addr;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use super::held::{HeldEndpoint, HeldInterface, HeldMachine, HeldTable, HeldVolume};
use ipnet::Ipv4Net;
use kpl_core::model::{
    self, AccountId, Attributes, AwsName, ConnectionState, Direction, EndpointId, Forward, Health, HealthCheck,
    InboundRules, InstanceId, InstanceState, InterfaceId, ListenerArn, LoadBalancerArn, OWNER_TAG, Owner, Peer, Port,
    Principal, RouteTableId, Rule, SecurityGroupId, SecurityGroupRuleId, ServiceId, ServiceState, SubnetId, Tags,
    Target, TargetGroupArn, TargetId, TargetType, Traffic, VolumeId, VpcDns, VpcId, ZoneId, ZoneName,
};

/// What several states share until one of them changes it: a state is copied for every write.
#[derive(Debug, Default)]
pub struct Shared<T>(Rc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Rc::make_mut(&mut self.0)
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Rc::new(value))
    }
}

/// Everything of one kind.
pub type All<K, V> = Shared<BTreeMap<K, Shared<V>>>;

/// A moment: how many ticks have passed.
pub type Tick = u32;

/// One region of one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Aws {
    pub now: Tick,
    pub account: model::Account,
    pub zones: Shared<BTreeMap<ZoneId, ZoneName>>,
    pub vpcs: Shared<BTreeMap<VpcId, BTreeSet<Ipv4Net>>>,
    /// Of those that were made here.
    pub vpc_details: All<VpcId, VpcDetails>,
    pub route_tables: All<RouteTableId, HeldTable>,
    pub gateway_endpoints: All<EndpointId, HeldEndpoint>,
    pub interfaces: All<InterfaceId, HeldInterface>,
    pub volumes: All<VolumeId, HeldVolume>,
    /// Of the instances that were made for nodes, until they have let go of everything.
    pub machines: All<InstanceId, HeldMachine>,
    pub subnets: All<SubnetId, Subnet>,
    pub instances: All<InstanceId, Instance>,
    pub security_groups: All<SecurityGroupId, SecurityGroup>,
    /// Network interfaces of deleted load balancers, which hold groups and subnets for a while.
    pub lingering: Vec<Lingering>,
    pub target_groups: All<TargetGroupArn, TargetGroup>,
    pub load_balancers: All<LoadBalancerArn, LoadBalancer>,
    pub services: All<ServiceId, Service>,
    /// Client tokens of endpoint services.
    pub tokens: Shared<BTreeMap<String, UsedToken>>,
    /// How many resources each natural key has had: ids follow from it, so that they do not depend on
    /// the order in which the steps of a wave run.
    pub made: Shared<BTreeMap<String, u32>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct VpcDetails {
    pub dns: VpcDns,
    pub tags: Tags,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Subnet {
    pub vpc: VpcId,
    pub zone: ZoneId,
    pub cidr: Ipv4Net,
    pub free: u32,
    pub tags: Tags,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    pub state: InstanceState,
    pub vpc: VpcId,
    pub zone: ZoneId,
    pub address: Ipv4Addr,
    /// Without any, everything may connect.
    pub groups: BTreeSet<SecurityGroupId>,
    pub tags: Tags,
    /// Whether Kafka answers, on every port.
    pub up: bool,
}

impl Instance {
    /// Whether it is there: a terminated one is listed for a while.
    pub fn alive(&self) -> bool {
        self.state != InstanceState::Terminated
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct SecurityGroup {
    pub name: String,
    pub vpc: VpcId,
    pub tags: Tags,
    pub rules: BTreeMap<SecurityGroupRuleId, HeldRule>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HeldRule {
    pub rule: Rule,
    pub tags: Tags,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lingering {
    pub groups: BTreeSet<SecurityGroupId>,
    pub subnets: BTreeSet<SubnetId>,
    pub until: Tick,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TargetGroup {
    pub name: AwsName,
    pub target_type: TargetType,
    pub vpc: VpcId,
    pub health_check: HealthCheck,
    pub attributes: Attributes,
    pub tags: Tags,
    pub targets: BTreeMap<Target, Registration>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Registration {
    pub health: Health,
    /// When it is gone: draining, or its instance is terminated.
    pub until: Option<Tick>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LoadBalancer {
    pub name: AwsName,
    pub dns_name: String,
    pub vpc: VpcId,
    pub subnets: BTreeSet<SubnetId>,
    pub security_groups: BTreeSet<SecurityGroupId>,
    pub inbound_rules: InboundRules,
    pub attributes: Attributes,
    pub tags: Tags,
    pub listeners: BTreeMap<Port, NlbListener>,
    /// Provisions until then.
    pub busy_until: Tick,
    /// Whether it was active once: it routes from then on.
    pub built: bool,
    pub failed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NlbListener {
    pub arn: ListenerArn,
    pub tcp: bool,
    pub forward: Forward,
    pub idle_timeout_seconds: u32,
    pub tags: Tags,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub name: String,
    pub state: ServiceState,
    /// When `Pending` becomes `Available`, or `Deleting` becomes `Deleted`.
    pub until: Tick,
    pub load_balancers: BTreeSet<LoadBalancerArn>,
    pub acceptance_required: bool,
    /// Fixed when the load balancer was added, not those that it has now.
    pub zones: BTreeSet<ZoneId>,
    /// Zones that it will offer, and when.
    pub zones_to_come: Option<(Tick, BTreeSet<ZoneId>)>,
    pub tags: Tags,
    pub principals: BTreeSet<Principal>,
    pub connections: BTreeMap<EndpointId, Connection>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    pub account: AccountId,
    pub state: ConnectionState,
    pub since: Tick,
}

/// What a client token was used for.
#[derive(Clone, Debug, PartialEq)]
pub struct UsedToken {
    pub load_balancer: LoadBalancerArn,
    pub tags: Tags,
    pub made: ServiceId,
}

/// Whether the owner tag names this owner. Written apart from `Owner::of`.
pub fn ours(owner: &Owner, tags: &Tags) -> bool {
    tags.get(OWNER_TAG) == Some(&format!("{}/{}/{}", owner.cluster_id, owner.namespace, owner.name))
}

impl Aws {
    /// Sixteen digits that follow from the natural key and how often it was used.
    pub fn digits(&mut self, key: &str) -> String {
        let count = self.made.entry(key.to_owned()).or_default();
        *count += 1;
        let mut hash = DefaultHasher::new();
        (key, *count).hash(&mut hash);
        format!("{:016x}", hash.finish())
    }

    /// Who forwards to a group: load balancers with their zones.
    pub fn users<'a>(
        &'a self,
        group: &'a TargetGroupArn,
    ) -> impl Iterator<Item = (&'a LoadBalancerArn, &'a Shared<LoadBalancer>)> {
        self.load_balancers
            .iter()
            .filter(|(_, lb)| lb.listeners.values().any(|listener| listener.forward.contains_key(group)))
    }

    /// Leaves of every group what is registered: health follows from when it came to be used.
    pub fn forget_health(&mut self) {
        let checked = |held: &Registration| held.health != Health::Initial;
        for group in self.target_groups.values_mut().filter(|group| group.targets.values().any(checked)) {
            group.targets.retain(|_, held| held.health != Health::Draining);
            group.targets.values_mut().for_each(|held| held.health = Health::Initial);
        }
    }

    pub fn zones_of(&self, lb: &LoadBalancer) -> BTreeSet<ZoneId> {
        lb.subnets.iter().filter_map(|id| self.subnets.get(id)).map(|subnet| subnet.zone.clone()).collect()
    }

    /// The service that a load balancer is in, unless it is fully gone.
    pub fn service_of(&self, lb: &LoadBalancerArn) -> Option<(&ServiceId, &Shared<Service>)> {
        self.services
            .iter()
            .find(|(_, service)| service.state != ServiceState::Deleted && service.load_balancers.contains(lb))
    }

    /// The instance behind a target.
    pub fn host(&self, target: &Target) -> Option<&Instance> {
        match &target.id {
            TargetId::Instance(id) => self.instances.get(id).map(|host| &**host),
            TargetId::Ip(address) => {
                let mut hosts = self.instances.values().map(|host| &**host);
                hosts.find(|host| host.address == *address && host.state != InstanceState::Terminated)
            }
        }
    }

    /// Whether rules let the load balancer reach the target: its own egress and the broker's ingress.
    pub fn reaches(&self, lb: &LoadBalancer, target: &Target) -> bool {
        let Some(host) = self.host(target) else { return false };
        let out = lb.security_groups.iter().filter_map(|id| self.security_groups.get(id)).any(|group| {
            group.rules.values().any(|held| {
                held.rule.direction == Direction::Egress
                    && lets_through(&held.rule.traffic, target.port)
                    && matches!(held.rule.peer, Peer::Cidr(cidr) if cidr.contains(&host.address))
            })
        });
        let into = host.groups.is_empty()
            || host.groups.iter().filter_map(|id| self.security_groups.get(id)).any(|group| {
                group.rules.values().any(|held| {
                    held.rule.direction == Direction::Ingress
                        && lets_through(&held.rule.traffic, target.port)
                        && match &held.rule.peer {
                            Peer::Group(id) => lb.security_groups.contains(id),
                            Peer::Cidr(cidr) => self.vpcs[&host.vpc].iter().all(|vpc| cidr.contains(vpc)),
                            Peer::Cidr6(_) | Peer::PrefixList(_) => false,
                        }
                })
            });
        out && into
    }

    /// How many interfaces use a security group.
    pub fn interfaces(&self, group: &SecurityGroupId) -> usize {
        let live: usize = self
            .load_balancers
            .values()
            .filter(|lb| lb.security_groups.contains(group))
            .map(|lb| lb.subnets.len())
            .sum();
        let nodes = self.interfaces.values().filter(|held| held.groups.contains(group)).count();
        live + nodes
            + self.lingering.iter().filter(|l| l.groups.contains(group)).map(|l| l.subnets.len()).sum::<usize>()
    }

    /// How many resources carry the owner tag, rules in the brokers' groups included.
    pub fn owned(&self, owner: &Owner) -> Vec<String> {
        let mut left = Vec::new();
        left.extend(self.vpc_details.iter().filter(|(_, x)| ours(owner, &x.tags)).map(|(id, _)| id.to_string()));
        left.extend(self.route_tables.iter().filter(|(_, x)| ours(owner, &x.tags)).map(|(id, _)| id.to_string()));
        left.extend(self.interfaces.iter().filter(|(_, x)| ours(owner, &x.tags)).map(|(id, _)| id.to_string()));
        left.extend(self.volumes.iter().filter(|(_, x)| ours(owner, &x.tags)).map(|(id, _)| id.to_string()));
        left.extend(self.machines.keys().map(ToString::to_string));
        left.extend(self.gateway_endpoints.iter().filter(|(_, x)| ours(owner, &x.tags)).map(|(id, _)| id.to_string()));
        left.extend(self.subnets.iter().filter(|(_, x)| ours(owner, &x.tags)).map(|(id, _)| id.to_string()));
        for (id, group) in self.security_groups.iter() {
            if ours(owner, &group.tags) {
                left.push(id.to_string());
            } else {
                let rules = group.rules.iter().filter(|(_, rule)| ours(owner, &rule.tags));
                left.extend(rules.map(|(rule, _)| format!("{rule} in {id}")));
            }
        }
        left.extend(self.target_groups.values().filter(|x| ours(owner, &x.tags)).map(|x| x.name.to_string()));
        left.extend(self.load_balancers.iter().filter(|(_, x)| ours(owner, &x.tags)).map(|(id, _)| id.to_string()));
        let alive = |x: &Service| x.state != ServiceState::Deleted && ours(owner, &x.tags);
        left.extend(self.services.iter().filter(|(_, x)| alive(x)).map(|(id, _)| id.to_string()));
        left
    }
}

pub fn lets_through(traffic: &Traffic, port: Port) -> bool {
    match traffic {
        Traffic::Tcp(ports) => ports.contains(port),
        Traffic::All => true,
        Traffic::Other(..) => false,
    }
}

/// What is not ours and changed between two states, without what time moves: nothing, if we behave.
pub fn foreign_touched(owner: &Owner, before: &Aws, after: &Aws) -> Option<String> {
    fn differs<K: Ord + std::fmt::Display, V: PartialEq>(
        before: &All<K, V>,
        after: &All<K, V>,
        foreign: impl Fn(&V) -> bool,
    ) -> Option<String> {
        if before == after {
            return None;
        }
        before
            .iter()
            .find(|(id, was)| foreign(was) && after.get(id) != Some(was))
            .map(|(id, _)| id.to_string())
            .or_else(|| {
                let new = after.iter().find(|(id, is)| foreign(is) && !before.contains_key(id));
                new.map(|(id, _)| id.to_string())
            })
    }
    fn theirs<'a>(
        owner: &'a Owner,
        group: &'a SecurityGroup,
    ) -> impl Iterator<Item = (&'a SecurityGroupRuleId, &'a HeldRule)> {
        group.rules.iter().filter(move |(_, held)| !ours(owner, &held.tags))
    }
    let same = |was: &SecurityGroup, is: &SecurityGroup| {
        was.name == is.name && was.vpc == is.vpc && was.tags == is.tags && theirs(owner, was).eq(theirs(owner, is))
    };
    differs(&before.subnets, &after.subnets, |x| !ours(owner, &x.tags))
        .or_else(|| differs(&before.vpc_details, &after.vpc_details, |x| !ours(owner, &x.tags)))
        .or_else(|| differs(&before.route_tables, &after.route_tables, |x| !ours(owner, &x.tags)))
        .or_else(|| differs(&before.gateway_endpoints, &after.gateway_endpoints, |x| !ours(owner, &x.tags)))
        .or_else(|| differs(&before.interfaces, &after.interfaces, |x| !ours(owner, &x.tags)))
        .or_else(|| differs(&before.volumes, &after.volumes, |x| !ours(owner, &x.tags)))
        .or_else(|| differs(&before.instances, &after.instances, |x| !ours(owner, &x.tags)))
        .or_else(|| differs(&before.target_groups, &after.target_groups, |x| !ours(owner, &x.tags)))
        .or_else(|| differs(&before.load_balancers, &after.load_balancers, |x| !ours(owner, &x.tags)))
        .or_else(|| differs(&before.services, &after.services, |x| !ours(owner, &x.tags)))
        .or_else(|| {
            let mut groups = before.security_groups.iter().filter(|(_, group)| !ours(owner, &group.tags));
            let touched = groups.find(|(id, was)| !after.security_groups.get(id).is_some_and(|is| same(was, is)));
            touched.map(|(id, _)| id.to_string())
        })
}
