//! What a look is to read. Data, so that the same words serve AWS, the simulated world and a count of calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{
    AwsName, InstanceId, InstanceType, LoadBalancerArn, Owner, SecurityGroupId, SubnetId, TargetGroupArn, VpcId, ZoneId,
};
use super::{ListenerArn, OwnId, OwnKind, Port, ServiceId};

/// How much a look reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Base {
    /// Everything: attributes, registrations and tags included. At start, for a new generation, then hourly.
    Full,
    /// Everything there is, without details: for deletion.
    Names,
    /// What changes by itself or by hand, at a price that does not grow with the number of brokers.
    Steady,
}

/// A look: a base and whatever is in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Whose resources.
    pub scope: Scope,
    /// How much.
    pub base: Base,
    /// Read besides the base.
    pub parts: BTreeSet<Part>,
}

/// Where to look: constant for a generation of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The owner tag, from which all names follow.
    pub owner: Owner,
    /// The VPC; none where the spec does not say it and no look has found one that was made.
    pub vpc: Option<VpcId>,
    /// Kinds that are known by their tags alone and of which there may be one.
    pub owns: BTreeSet<OwnKind>,
    /// Existing subnets that the spec refers to.
    pub subnets: BTreeMap<ZoneId, SubnetSource>,
    /// Where brokers come from.
    pub brokers: BrokerSource,
    /// What instances of nodes are, where nodes are made.
    pub machine: Option<MachineQuery>,
    /// The brokers' own groups, in which we keep rules.
    pub broker_groups: BTreeSet<SecurityGroupId>,
    /// Names of the target groups that are wanted now: all that a steady look lists.
    pub expected_groups: BTreeSet<AwsName>,
    /// The bootstrap groups among them: each shows the health of every broker.
    pub bootstrap_groups: BTreeSet<AwsName>,
    /// Known from an earlier look; an ARN saves a search.
    pub load_balancer: Option<LoadBalancerArn>,
    /// Known from an earlier look.
    pub service: Option<ServiceId>,
}

/// How the spec refers to an existing subnet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubnetSource {
    /// By id.
    Id(SubnetId),
    /// By tags; must match exactly one in the zone.
    Tags(BTreeMap<String, String>),
    /// Made and owned by us, with this block.
    Created(ipnet::Ipv4Net),
}

/// Where brokers come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerSource {
    /// EC2 instances by tags; one more tag holds the broker's id.
    Selector {
        /// All must match.
        tags: BTreeMap<String, String>,
        /// Its value is `node.id`.
        id_tag: String,
    },
    /// These instances.
    Instances(BTreeSet<InstanceId>),
    /// Addresses, or deletion: nothing to read.
    Nothing,
}

/// What is to be known of an instance type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineQuery {
    /// The type.
    pub instance_type: InstanceType,
    /// Whether the newest image for it is of interest.
    pub image: bool,
}

/// Something that can be read by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Account and partition of the credentials.
    Account,
    /// The VPC's blocks.
    Vpc,
    /// Zones of the region.
    Zones,
    /// All of ours of a kind that is known by its tags alone, with their tags.
    Own(OwnKind),
    /// How names are resolved in one of these.
    VpcDns(VpcId),
    /// What lies in one of these and is not ours.
    VpcTenants(VpcId),
    /// Subnets, the user's and ours.
    Subnets,
    /// Broker instances.
    Brokers,
    /// What instances of the nodes' type can do, and the newest image for them.
    Machine,
    /// Whether AWS refuses to terminate an instance of ours.
    InstanceProtection(InstanceId),
    /// The security group with its rules and tags.
    SecurityGroup,
    /// How many network interfaces use it.
    SecurityGroupInterfaces,
    /// Rules of ours in the brokers' groups.
    BrokerGroupRules,
    /// All target groups with our prefix: tags included, details not.
    TargetGroups,
    /// Registrations of one target group.
    Targets(AwsName),
    /// Attributes of one target group.
    TargetGroupAttributes(AwsName),
    /// The load balancer and its NLB listeners.
    LoadBalancer,
    /// The load balancer alone, in one call, over what is already known of it.
    LoadBalancerState,
    /// The load balancer's attributes.
    LoadBalancerAttributes,
    /// Idle timeout of one NLB listener.
    ListenerAttributes(Port),
    /// The service with principals and connections.
    EndpointService,
    /// Tags of one resource; all that are asked for together are read together.
    Tags(Tagged),
}

/// A resource that carries tags.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tagged {
    /// What is known by its tags alone.
    Own(OwnKind, OwnId),
    /// A subnet of ours.
    Subnet(ZoneId, SubnetId),
    /// The security group.
    SecurityGroup(SecurityGroupId),
    /// A target group.
    TargetGroup(AwsName, TargetGroupArn),
    /// The load balancer.
    LoadBalancer(LoadBalancerArn),
    /// An NLB listener.
    Listener(Port, ListenerArn),
    /// The endpoint service.
    EndpointService(ServiceId),
}

impl Tagged {
    /// The id that EC2, or the ARN that ELB, takes for its tag calls.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Own(_, id) => id.as_str(),
            Self::Subnet(_, id) => id.as_str(),
            Self::SecurityGroup(id) => id.as_str(),
            Self::TargetGroup(_, arn) => arn.as_str(),
            Self::LoadBalancer(arn) => arn.as_str(),
            Self::Listener(_, arn) => arn.as_str(),
            Self::EndpointService(id) => id.as_str(),
        }
    }
}

impl fmt::Display for Tagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(kind, id) => write!(f, "{kind} {id}"),
            Self::Subnet(_, id) => write!(f, "subnet {id}"),
            Self::SecurityGroup(id) => write!(f, "security group {id}"),
            Self::TargetGroup(name, _) => write!(f, "target group {name}"),
            Self::LoadBalancer(arn) => write!(f, "load balancer {arn}"),
            Self::Listener(port, _) => write!(f, "NLB listener {port}"),
            Self::EndpointService(id) => write!(f, "endpoint service {id}"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("the account"),
            Self::Vpc => f.write_str("the VPC"),
            Self::Zones => f.write_str("the region's zones"),
            Self::Own(kind) => write!(f, "each {kind} that was made for the object"),
            Self::VpcDns(id) => write!(f, "DNS settings of {id}"),
            Self::VpcTenants(id) => write!(f, "what lies in {id}"),
            Self::Subnets => f.write_str("the subnets"),
            Self::Brokers => f.write_str("the brokers"),
            Self::Machine => f.write_str("the instance type"),
            Self::InstanceProtection(id) => write!(f, "termination protection of {id}"),
            Self::SecurityGroup => f.write_str("the security group"),
            Self::SecurityGroupInterfaces => f.write_str("the security group's network interfaces"),
            Self::BrokerGroupRules => f.write_str("the rules in the brokers' security groups"),
            Self::TargetGroups => f.write_str("the target groups"),
            Self::Targets(name) => write!(f, "targets of {name}"),
            Self::TargetGroupAttributes(name) => write!(f, "attributes of {name}"),
            Self::LoadBalancer => f.write_str("the load balancer"),
            Self::LoadBalancerState => f.write_str("the load balancer's state"),
            Self::LoadBalancerAttributes => f.write_str("the load balancer's attributes"),
            Self::ListenerAttributes(port) => write!(f, "attributes of NLB listener {port}"),
            Self::EndpointService => f.write_str("the endpoint service"),
            Self::Tags(tagged) => write!(f, "tags of {tagged}"),
        }
    }
}
