//! Why nothing happened: what is waited for, and what stands in the way.

use std::collections::BTreeSet;
use std::fmt;

use super::{NodeWait, joined};
use crate::model::{
    AwsName, BrokerId, EndpointId, InstanceId, OwnKind, Part, ServiceId, SubnetId, Tagged, VpcId, ZoneId,
};
use crate::reason::Reason;

/// Something that time, AWS or a consumer brings about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitingOn {
    /// The load balancer provisions.
    LoadBalancerActive,
    /// Not every subnet of the spec resolved: a load balancer is made with all at once.
    Subnets,
    /// The service is not available yet.
    ServiceAvailable(ServiceId),
    /// The service goes.
    ServiceGone(ServiceId),
    /// The service does not offer these zones yet.
    ZonesOffered(BTreeSet<ZoneId>),
    /// New targets of this group are not healthy yet.
    TargetHealth(AwsName),
    /// Targets of this group drain.
    Draining(AwsName),
    /// The group is not known to be unused yet.
    Replacement(AwsName),
    /// A step that a failed health check justifies: the next look must say so too.
    SecondLook,
    /// A step that closes something is not decided on a kept picture.
    FreshLook,
    /// Consumers are connected, and the object says to wait for them.
    Connections(BTreeSet<EndpointId>),
    /// The object's spec protects the load balancer.
    DeletionProtection,
    /// Network interfaces of the load balancer linger.
    Interfaces(u32),
    /// What was asked for is not seen yet, and nobody can ask for the same thing twice.
    Appearing(String, BTreeSet<Part>),
    /// A gateway endpoint goes.
    EndpointGone(EndpointId),
    /// Something at a node.
    Node(BrokerId, NodeWait),
    /// A node's instance goes.
    InstanceGone(InstanceId),
    /// What others put into our VPC is there still.
    Tenants(VpcId, BTreeSet<String>),
}

impl WaitingOn {
    /// Stable `CamelCase` reason for conditions.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::LoadBalancerActive => Reason::LoadBalancerProvisioning,
            Self::Subnets => Reason::SubnetsUnresolved,
            Self::ServiceAvailable(_) => Reason::ServicePending,
            Self::ServiceGone(_) => Reason::ServiceDeleting,
            Self::ZonesOffered(_) => Reason::ZonesNotOfferedYet,
            Self::TargetHealth(_) => Reason::TargetsNotHealthyYet,
            Self::Draining(_) => Reason::TargetsDraining,
            Self::Replacement(_) => Reason::ReplacementInProgress,
            Self::SecondLook | Self::FreshLook | Self::Appearing(..) => Reason::LookingAgain,
            Self::Connections(_) => Reason::ConsumersConnected,
            Self::DeletionProtection => Reason::DeletionProtected,
            Self::Interfaces(_) => Reason::InterfacesLingering,
            Self::EndpointGone(_) => Reason::GatewayEndpointDeleting,
            Self::Node(_, wait) => wait.reason(),
            Self::InstanceGone(_) => Reason::InstanceTerminating,
            Self::Tenants(..) => Reason::VpcInUse,
        }
    }

    /// What the next look has to read to see whether it is over.
    #[must_use]
    pub fn parts(&self) -> BTreeSet<Part> {
        match self {
            Self::TargetHealth(name) | Self::Draining(name) | Self::Replacement(name) => {
                // A group that is going is not among the expected ones.
                [Part::TargetGroups, Part::Targets(name.clone())].into()
            }
            Self::Interfaces(_) => [Part::SecurityGroupInterfaces].into(),
            Self::Appearing(_, parts) => parts.clone(),
            Self::Node(_, wait) => wait.parts(),
            Self::InstanceGone(_) => [Part::Own(OwnKind::Instance)].into(),
            Self::EndpointGone(_) => [Part::Own(OwnKind::GatewayEndpoint)].into(),
            Self::Tenants(vpc, _) => [Part::VpcTenants(vpc.clone())].into(),
            _ => BTreeSet::new(),
        }
    }
}

impl fmt::Display for WaitingOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoadBalancerActive => f.write_str("the load balancer becomes active"),
            Self::Subnets => f.write_str("every subnet of network.subnets is found"),
            Self::ServiceAvailable(id) => write!(f, "endpoint service {id} becomes available"),
            Self::ServiceGone(id) => write!(f, "endpoint service {id} is deleted"),
            Self::ZonesOffered(zones) => write!(f, "the endpoint service offers {}", joined(zones)),
            Self::TargetHealth(name) => write!(f, "targets of {name} become healthy"),
            Self::Draining(name) => write!(f, "targets of {name} drain"),
            Self::Replacement(name) => write!(f, "target group {name} is no longer used"),
            Self::SecondLook => f.write_str("a second look confirms that a target is unhealthy"),
            Self::FreshLook => f.write_str("a fresh look before anything is closed"),
            Self::Connections(ids) => write!(
                f,
                "consumers disconnect: {} (set endpointService.connectionDeletionPolicy to Reject to cut them off)",
                joined(ids)
            ),
            Self::DeletionProtection => {
                f.write_str("loadBalancer.deletionProtection is set to Disabled: until then nothing is deleted")
            }
            Self::Interfaces(count) => write!(f, "{count} network interfaces of the load balancer are released"),
            Self::Appearing(what, _) => write!(f, "AWS shows what was asked for last: {what}"),
            Self::Node(node, wait) => write!(f, "node {node}: {wait}"),
            Self::InstanceGone(id) => write!(f, "instance {id} is terminated"),
            Self::EndpointGone(id) => write!(f, "gateway endpoint {id} is deleted"),
            Self::Tenants(vpc, tenants) => {
                write!(f, "others leave {vpc}, which is deleted only when it is empty: remove {}", few(tenants))
            }
        }
    }
}

/// Something that only a person can resolve.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conflict {
    /// A resource that we would have to write to is not ours.
    Foreign(Tagged),
    /// The load balancer failed and a service hangs on it.
    LoadBalancerFailed(ServiceId),
    /// A subnet can leave the load balancer only when no endpoint is connected.
    ZoneChangeBlocked {
        /// What would go.
        subnets: BTreeSet<SubnetId>,
        /// Who is connected.
        endpoints: BTreeSet<EndpointId>,
    },
    /// All zones would change their subnets at once, and a load balancer keeps at least one.
    EveryZoneSwapped,
    /// A subnet of ours has another block than the spec says.
    SubnetBlock(ZoneId, SubnetId),
    /// The VPC of ours has not the block that the spec says.
    VpcBlock(VpcId),
    /// The service does not follow a zone that was added to its load balancer.
    ZonesNotOffered(ServiceId, BTreeSet<ZoneId>),
    /// AWS says that something of this name exists, and no read shows it.
    Unseen(String),
}

impl Conflict {
    /// Stable `CamelCase` reason for conditions and events.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Foreign(_) | Self::Unseen(_) => Reason::Conflict,
            Self::LoadBalancerFailed(_) => Reason::LoadBalancerFailed,
            Self::ZoneChangeBlocked { .. } | Self::EveryZoneSwapped => Reason::ZoneChangeBlocked,
            Self::SubnetBlock(..) => Reason::SubnetBlockFixed,
            Self::VpcBlock(_) => Reason::VpcBlockFixed,
            Self::ZonesNotOffered(..) => Reason::ZonesNotOffered,
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(tagged) => write!(
                f,
                "{tagged} ({}) does not carry our owner tag, so it is not touched: delete or rename it, or give this object another name",
                tagged.id()
            ),
            Self::LoadBalancerFailed(id) => write!(
                f,
                "the load balancer failed, and endpoint service {id} hangs on it: consumers hold its name, so it is not replaced; ask AWS support or delete this object"
            ),
            Self::ZoneChangeBlocked { subnets, endpoints } => write!(
                f,
                "subnets {} stay on the load balancer while endpoints are connected ({}): AWS refuses to remove them",
                joined(subnets),
                joined(endpoints)
            ),
            Self::EveryZoneSwapped => f.write_str(
                "every zone has another subnet now, but a load balancer keeps at least one: change the zones one after the other",
            ),
            Self::SubnetBlock(zone, id) => write!(
                f,
                "subnet {id} of zone {zone} was made with another cidrBlock, which AWS cannot change: put the former one back"
            ),
            Self::VpcBlock(id) => write!(
                f,
                "VPC {id} was made with another cidrBlock, which AWS cannot change: put the former one back"
            ),
            Self::ZonesNotOffered(id, zones) => write!(
                f,
                "endpoint service {id} does not offer {} although its load balancer has them: in the console, remove and add the load balancer of the service",
                joined(zones)
            ),
            Self::Unseen(name) => {
                write!(f, "AWS says that {name} exists already, but no read shows it: look for it in this account and region")
            }
        }
    }
}

/// Tenants that a message names.
const MOST_NAMED: usize = 5;

fn few(tenants: &BTreeSet<String>) -> String {
    let named = joined(tenants.iter().take(MOST_NAMED));
    match tenants.len().saturating_sub(MOST_NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
