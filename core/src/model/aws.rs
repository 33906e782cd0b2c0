//! Values of AWS's own vocabulary.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{InstanceId, Port, PortRange, SecurityGroupId, TargetGroupArn};

/// How a target group names its targets; one group has one type for life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetType {
    /// EC2 instance ids.
    Instance,
    /// Private addresses.
    Ip,
}

impl TargetType {
    /// As the ELB API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Ip => "ip",
        }
    }
}

/// How names are resolved in a VPC. Both are needed for private names of AWS services, such as that of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VpcDns {
    /// Whether AWS's resolver answers.
    pub support: bool,
    /// Whether instances get DNS names. AWS takes it only where `support` is on.
    pub host_names: bool,
}

/// An instance or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetId {
    /// An EC2 instance.
    Instance(InstanceId),
    /// A private IPv4 address.
    Ip(Ipv4Addr),
}

impl TargetId {
    /// The type of group that takes this target.
    #[must_use]
    pub fn target_type(&self) -> TargetType {
        match self {
            Self::Instance(_) => TargetType::Instance,
            Self::Ip(_) => TargetType::Ip,
        }
    }
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(id) => id.fmt(f),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// A registration: one broker on two ports is two targets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Who.
    pub id: TargetId,
    /// On which port it listens.
    pub port: Port,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.id, self.port)
    }
}

/// Health of one registration, as `DescribeTargetHealth` groups it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// Registered; not checked often enough yet.
    Initial,
    /// Takes connections.
    Healthy,
    /// Fails its checks.
    Unhealthy,
    /// Not checked: the group is not used, or the target's zone is not enabled.
    Unused,
    /// Deregistered; open connections may still end.
    Draining,
    /// ELB does not know (also every state that we do not).
    Unavailable,
}

/// TCP health check of a target group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HealthCheck {
    /// Seconds between checks.
    pub interval_seconds: u32,
    /// Checks in a row until a target is healthy.
    pub healthy_threshold: u32,
    /// Checks in a row until it is not.
    pub unhealthy_threshold: u32,
    /// Whether it is TCP on the traffic port: the only kind that we make.
    pub tcp_on_traffic_port: bool,
}

/// Type of an EBS volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VolumeType {
    /// General purpose, of the second generation.
    Gp2,
    /// General purpose, of the third generation.
    Gp3,
}

impl VolumeType {
    /// As EC2 writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gp2 => "gp2",
            Self::Gp3 => "gp3",
        }
    }
}

/// Size of an EBS volume in GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumeSize(u32);

impl VolumeSize {
    /// One that AWS makes of every type that we know.
    #[must_use]
    pub fn new(gibibytes: u32) -> Option<Self> {
        (1..=16_384).contains(&gibibytes).then_some(Self(gibibytes))
    }

    /// The nearest one: what AWS shows may be larger.
    #[must_use]
    pub fn at_most(gibibytes: u32) -> Self {
        Self(gibibytes.clamp(1, 16_384))
    }

    /// In GiB.
    #[must_use]
    pub fn gibibytes(self) -> u32 {
        self.0
    }
}

impl fmt::Display for VolumeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} GiB", self.0)
    }
}

/// Attributes of a load balancer or target group by AWS's own keys; only keys that we manage are read.
pub type Attributes = BTreeMap<String, String>;

/// The only attribute of a load balancer that we manage.
pub const DELETION_PROTECTION: &str = "deletion_protection.enabled";

/// How many healthy targets a group needs in a zone for the zone to stay in DNS.
pub const DNS_FAILOVER: &str = "target_group_health.dns_failover.minimum_healthy_targets.count";
/// Attribute: whether the nodes of all zones lead to a target group's targets, or only those of the target's zone.
pub const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";

/// Where a group reads from: a target group with its weight, several while one replaces another.
pub type Forward = BTreeMap<TargetGroupArn, u32>;

/// State of a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoadBalancerState {
    /// Being built: minutes.
    Provisioning,
    /// Routes.
    Active,
    /// Routes, and is short of capacity.
    ActiveImpaired,
    /// Could not be built.
    Failed,
}

impl LoadBalancerState {
    /// Whether connections go through.
    #[must_use]
    pub fn usable(self) -> bool {
        matches!(self, Self::Active | Self::ActiveImpaired)
    }
}

/// State of an endpoint service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceState {
    /// Being made.
    Pending,
    /// Takes requests.
    Available,
    /// Going.
    Deleting,
    /// Gone, still listed.
    Deleted,
    /// Could not be made.
    Failed,
}

impl ServiceState {
    /// Services in any other state are never taken for ours.
    #[must_use]
    pub fn alive(self) -> bool {
        matches!(self, Self::Pending | Self::Available)
    }
}

/// State of a connection. AWS writes lower camel case where its model says upper: compared without case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConnectionState {
    /// Waits for our yes.
    PendingAcceptance,
    /// Accepted, being made.
    Pending,
    /// Carries traffic.
    Available,
    /// Refused, by us or by a person.
    Rejected,
    /// Going.
    Deleting,
    /// Gone, still listed.
    Deleted,
    /// Could not be made.
    Failed,
    /// Not accepted in time.
    Expired,
    /// A state that we do not know: wait.
    Unknown,
}

impl ConnectionState {
    /// Whether AWS refuses to delete the service because of it.
    #[must_use]
    pub fn blocks_deletion(self) -> bool {
        matches!(self, Self::PendingAcceptance | Self::Pending | Self::Available | Self::Unknown)
    }

    /// Whether a consumer relies on it.
    #[must_use]
    pub fn connected(self) -> bool {
        matches!(self, Self::Pending | Self::Available | Self::Unknown)
    }

    /// As AWS writes it on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingAcceptance => "pendingAcceptance",
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Rejected => "rejected",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }
}

impl From<&str> for ConnectionState {
    fn from(text: &str) -> Self {
        [
            Self::PendingAcceptance,
            Self::Pending,
            Self::Available,
            Self::Rejected,
            Self::Deleting,
            Self::Deleted,
            Self::Failed,
            Self::Expired,
        ]
        .into_iter()
        .find(|state| state.as_str().eq_ignore_ascii_case(text))
        .unwrap_or(Self::Unknown)
    }
}

/// Whether inbound rules are applied to traffic that comes over PrivateLink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InboundRules {
    /// AWS's default: rules see the client's own private address.
    Enforced,
    /// Rules do not apply to endpoints.
    Ignored,
}

/// Which way a rule lets traffic through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the load balancer.
    Ingress,
    /// From it.
    Egress,
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// IPv4, always in canonical form.
    Cidr(Ipv4Net),
    /// IPv6: never ours, kept so that it can be revoked.
    Cidr6(String),
    /// A managed prefix list: never ours.
    PrefixList(String),
    /// Another security group.
    Group(SecurityGroupId),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cidr(cidr) => cidr.fmt(f),
            Self::Cidr6(text) | Self::PrefixList(text) => f.write_str(text),
            Self::Group(id) => id.fmt(f),
        }
    }
}

/// What a rule lets through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Traffic {
    /// TCP on these ports: all that we ever allow.
    Tcp(PortRange),
    /// Every protocol: the egress rule of a new group.
    All,
    /// Anything else that somebody added; protocol, from, to as AWS writes them.
    Other(String, i32, i32),
}

/// One rule of a security group. AWS holds no two equal ones, so it is its own key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// Which way.
    pub direction: Direction,
    /// From or to whom.
    pub peer: Peer,
    /// What.
    pub traffic: Traffic,
}

impl Rule {
    /// What AWS puts into every new group.
    #[must_use]
    pub fn allow_all_egress() -> Self {
        Self { direction: Direction::Egress, peer: Peer::Cidr(Ipv4Net::default()), traffic: Traffic::All }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.direction {
            Direction::Ingress => "from",
            Direction::Egress => "to",
        };
        match &self.traffic {
            Traffic::Tcp(ports) => write!(f, "tcp {ports} {way} {}", self.peer),
            Traffic::All => write!(f, "all {way} {}", self.peer),
            Traffic::Other(protocol, first, last) => write!(f, "{protocol} {first}-{last} {way} {}", self.peer),
        }
    }
}
