//! What a look saw. Children sit inside their parent, so that what AWS deletes with the parent goes by
//! structure; nothing that can be derived is stored.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    AccountId, Attributes, AwsName, ConnectionState, EndpointId, Failure, Find, Forward, Health, HealthCheck,
    InboundRules, InstanceId, ListenerArn, Listing, LoadBalancerArn, LoadBalancerState, MachineKind, OwnVpc, Owned,
    Part, Partition, Port, Principal, Recall, Rule, SecurityGroupId, SecurityGroupRuleId, Seen, ServiceId,
    ServiceState, Subnet, SubnetId, Tags, Target, TargetGroupArn, TargetId, TargetType, Vpc, VpcId, ZoneId, ZoneName,
};

/// Everything known about one object's world.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// When the look began; the only clock that decisions see.
    pub at: Timestamp,
    /// A picture of an earlier look: it may open paths, never close one.
    pub kept: bool,
    /// What the spec refers to and we do not own.
    pub inputs: Inputs,
    /// What carries our owner tag and is known by its tags alone.
    pub own: Owned,
    /// Subnets that carry our owner tag, by zone.
    pub subnets: Listing<ZoneId, Subnet>,
    /// The load balancer's security group.
    pub security_group: Seen<Option<SecurityGroup>>,
    /// Rules of ours (by their own tags) in the brokers' groups.
    pub broker_group_rules: Listing<SecurityGroupId, BTreeMap<SecurityGroupRuleId, BrokerGroupRule>>,
    /// Target groups by name: the expected names in a steady look, all with our prefix in a full one.
    pub target_groups: Listing<AwsName, TargetGroup>,
    /// Whether the listing went beyond the expected names.
    pub all_groups: bool,
    /// The load balancer with its NLB listeners.
    pub load_balancer: Seen<Option<LoadBalancer>>,
    /// The endpoint service with principals and connections.
    pub endpoint_service: Seen<Option<EndpointService>>,
    /// Reads that failed: their parts are unread.
    pub read_failures: BTreeMap<Part, Failure>,
    /// What this process remembers from before the look.
    pub recall: Recall,
}

/// What the spec refers to.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Inputs {
    /// Whose credentials answer.
    pub account: Seen<Account>,
    /// The VPC; `None` when AWS does not know it.
    pub vpc: Seen<Option<Vpc>>,
    /// Candidates for every entry of `spec.network.subnets` that names an existing subnet, by the
    /// entry's zone. Exactly one candidate is wanted.
    pub subnets: Listing<ZoneId, Vec<Subnet>>,
    /// The zones of the region, by id.
    pub zones: Seen<BTreeMap<ZoneId, ZoneName>>,
    /// Instances that the selector or the static list names. Addresses need no look.
    pub brokers: Seen<Vec<BrokerInstance>>,
    /// What instances of the nodes' type can do; `None` when AWS knows no such type.
    pub machine: Seen<Option<MachineKind>>,
}

/// Result of `sts:GetCallerIdentity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub id: AccountId,
    /// First part of the region's ARNs.
    pub partition: Partition,
}

/// State of an EC2 instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstanceState {
    /// Starting.
    Pending,
    /// Can be registered.
    Running,
    /// Stopping or stopped: may come back.
    Stopped,
    /// Shutting down or terminated: will not come back.
    Terminated,
}

/// An instance that may be a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerInstance {
    /// Its id.
    pub id: InstanceId,
    /// Its state.
    pub state: InstanceState,
    /// Its VPC; none once terminated.
    pub vpc: Option<VpcId>,
    /// Its zone, if AWS says so.
    pub zone: Option<ZoneId>,
    /// Value of the selector's id tag, as it is.
    pub id_tag: Option<String>,
}

/// The load balancer's security group.
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Its tags.
    pub tags: Seen<Tags>,
    /// Both directions.
    pub rules: Seen<BTreeSet<Rule>>,
    /// Network interfaces that use it: what a deletion waits for. Read only when it is to be deleted.
    pub interfaces: Seen<u32>,
}

/// A rule of ours in a broker's group: one port from the load balancer's group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerGroupRule {
    /// The load balancer's group.
    pub source: SecurityGroupId,
    /// The broker port.
    pub port: Port,
}

/// A target group. Its health check comes with every listing, the rest does not.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: TargetGroupArn,
    /// Instances or addresses.
    pub target_type: TargetType,
    /// Its tags.
    pub tags: Seen<Tags>,
    /// Its health check.
    pub health_check: HealthCheck,
    /// The attributes that we manage.
    pub attributes: Seen<Attributes>,
    /// What is registered, and how it is.
    pub targets: Seen<BTreeMap<Target, Health>>,
}

/// The NLB.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: LoadBalancerArn,
    /// The name that consumers' endpoints lead to.
    pub dns_name: String,
    /// Its state.
    pub state: LoadBalancerState,
    /// Its subnets, with the names of their zones.
    pub subnets: BTreeMap<SubnetId, ZoneName>,
    /// Its security groups.
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// Whether inbound rules apply to endpoints.
    pub inbound_rules: InboundRules,
    /// Its tags.
    pub tags: Seen<Tags>,
    /// The attributes that we manage.
    pub attributes: Seen<Attributes>,
    /// Its NLB listeners by port.
    pub listeners: Seen<BTreeMap<Port, Listener>>,
}

/// An NLB listener.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// Its ARN.
    pub arn: ListenerArn,
    /// Whether it speaks plain TCP: the only protocol that we make.
    pub tcp: bool,
    /// Where it forwards to; empty for any other action.
    pub forward: Forward,
    /// `tcp.idle_timeout.seconds`.
    pub idle_timeout_seconds: Seen<u32>,
    /// Its tags.
    pub tags: Seen<Tags>,
}

/// The endpoint service.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointService {
    /// Its id.
    pub id: ServiceId,
    /// What consumers ask for; they hold it, so a service is never replaced.
    pub name: String,
    /// Its state.
    pub state: ServiceState,
    /// What it leads to.
    pub load_balancers: BTreeSet<LoadBalancerArn>,
    /// Whether a request waits for our yes.
    pub acceptance_required: bool,
    /// Zones that it offers.
    pub zones: Seen<BTreeSet<ZoneId>>,
    /// Its tags.
    pub tags: Seen<Tags>,
    /// Who may ask.
    pub principals: Seen<BTreeSet<Principal>>,
    /// Who asked.
    pub connections: Seen<BTreeMap<EndpointId, Connection>>,
}

/// An endpoint of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Whose endpoint.
    pub account: AccountId,
    /// Its state.
    pub state: ConnectionState,
    /// When it asked.
    pub since: Option<Timestamp>,
}

impl Observed {
    /// Nothing read yet.
    #[must_use]
    pub fn unread(at: Timestamp) -> Self {
        Self {
            at,
            kept: false,
            inputs: Inputs::default(),
            own: Owned::default(),
            subnets: Listing::default(),
            security_group: Seen::Unread,
            broker_group_rules: Listing::default(),
            target_groups: Listing::default(),
            all_groups: false,
            load_balancer: Seen::Unread,
            endpoint_service: Seen::Unread,
            read_failures: BTreeMap::new(),
            recall: Recall::default(),
        }
    }

    /// Takes over from an earlier look what is read seldom because it hardly changes: the account, VPCs, zones,
    /// subnets, what is known by its tags alone, and the rules in
    /// the brokers' groups.
    pub fn keep_inputs(&mut self, earlier: &Self) {
        self.inputs.account.or_keep(&earlier.inputs.account);
        self.inputs.vpc.or_keep(&earlier.inputs.vpc);
        self.inputs.zones.or_keep(&earlier.inputs.zones);
        self.inputs.machine.or_keep(&earlier.inputs.machine);
        if !self.inputs.subnets.whole {
            self.inputs.subnets.clone_from(&earlier.inputs.subnets);
        }
        self.own.keep(&earlier.own);
        if !self.subnets.whole {
            self.subnets.clone_from(&earlier.subnets);
        }
        if !self.broker_group_rules.whole {
            self.broker_group_rules.clone_from(&earlier.broker_group_rules);
            // So that no rule is revoked before somebody has looked again.
            self.broker_group_rules.whole = false;
        }
    }

    /// The VPC that was made for the object. Where lost answers have left several, it is the one in which our subnets
    /// lie, else the first: all others are surplus.
    #[must_use]
    pub fn own_vpc(&self) -> Find<'_, OwnVpc> {
        let ours = || self.own.vpcs.known().map(|(_, vpc)| vpc);
        match ours().find(|own| self.has_our_subnets(&own.vpc.id)).or_else(|| ours().next()) {
            Some(own) => Find::There(own),
            None if self.own.vpcs.is_complete() => Find::Gone,
            None => Find::Unknown,
        }
    }

    /// Whether a subnet of ours lies in this VPC.
    #[must_use]
    pub fn has_our_subnets(&self, vpc: &VpcId) -> bool {
        self.subnets.known().any(|(_, subnet)| subnet.vpc == *vpc)
    }

    /// Ports of the NLB listeners that lead to a group; `None` when they are not known.
    #[must_use]
    pub fn users(&self, group: &TargetGroupArn) -> Option<Vec<Port>> {
        match self.load_balancer.find() {
            Find::Unknown => None,
            Find::Gone => Some(Vec::new()),
            Find::There(lb) => {
                let leads = lb.listeners.get()?.iter().filter(|(_, listener)| listener.forward.contains_key(group));
                Some(leads.map(|(port, _)| *port).collect())
            }
        }
    }

    /// Whether every target group of ours was listed, and not only the expected ones.
    #[must_use]
    pub fn lists_all_groups(&self) -> bool {
        self.target_groups.whole && self.all_groups
    }

    /// The target group with this ARN.
    #[must_use]
    pub fn target_group(&self, arn: &TargetGroupArn) -> Option<(&AwsName, &TargetGroup)> {
        self.target_groups.known().find(|(_, group)| group.arn == *arn)
    }
}

impl LoadBalancer {
    /// The NLB listener with this ARN.
    #[must_use]
    pub fn listener(&self, arn: &ListenerArn) -> Option<&Listener> {
        self.listeners.get()?.values().find(|listener| listener.arn == *arn)
    }
}

impl TargetGroup {
    /// Registrations that are not on their way out.
    #[must_use]
    pub fn registered(&self) -> Option<impl Iterator<Item = (&Target, Health)>> {
        let targets = self.targets.get()?;
        Some(targets.iter().map(|(target, health)| (target, *health)).filter(|(_, h)| *h != Health::Draining))
    }
}

impl From<&BrokerInstance> for TargetId {
    fn from(instance: &BrokerInstance) -> Self {
        Self::Instance(instance.id.clone())
    }
}
