//! What is wrong with what the spec refers to: only AWS could tell. Each names the ids and what to do,
//! changes nothing by itself, and goes when its cause does.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;

use crate::model::{BrokerId, Failure, InstanceId, ListenerName, Part, Port, SubnetId, VpcId, ZoneId};
use crate::reason::Reason;

/// Something that the user, or AWS, has to put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issue {
    /// The spec itself: an older schema let it in.
    InvalidSpec(super::InvalidSpec),
    /// A read failed that nothing can be decided without.
    ReadFailed(Part, Failure),
    /// AWS does not know the VPC.
    VpcNotFound(VpcId),
    /// The region has no such zone.
    ZoneUnknown(ZoneId),
    /// No subnet has the id or the tags.
    SubnetNotFound(ZoneId),
    /// Several have the tags.
    SubnetAmbiguous(ZoneId, BTreeSet<SubnetId>),
    /// The subnet lies in another VPC.
    SubnetInOtherVpc(ZoneId, SubnetId, VpcId),
    /// The subnet lies in another zone.
    SubnetInOtherZone(ZoneId, SubnetId, ZoneId),
    /// AWS picks eight addresses a subnet for an internal load balancer.
    SubnetFull(ZoneId, SubnetId, u32),
    /// The selector matches nothing.
    NoBrokersFound,
    /// A listed instance does not exist.
    InstanceNotFound(BrokerId, InstanceId),
    /// An instance without the id tag.
    BrokerIdMissing(InstanceId, String),
    /// An instance whose id tag is no broker id.
    BrokerIdInvalid(InstanceId, String),
    /// Several running instances say the same id.
    BrokerIdTwice(BrokerId, BTreeSet<InstanceId>),
    /// An instance of another VPC.
    BrokerOutsideVpc(BrokerId, InstanceId),
    /// A zone for which `network.subnets` has no entry.
    BrokerZoneNotOffered(BrokerId, ZoneId),
    /// A listed instance runs in another zone than the list says.
    BrokerInOtherZone(BrokerId, ZoneId, ZoneId),
    /// An address outside the VPC's blocks.
    AddressNotInVpc(BrokerId, Ipv4Addr),
    /// Of nodes that are made.
    Node(super::NodeIssue),
    /// More brokers than `portRange` has ports to give.
    PortsExhausted(ListenerName, BTreeSet<BrokerId>),
    /// More NLB listeners than AWS allows on one NLB.
    TooManyListeners(BTreeSet<BrokerId>),
    /// A port fixed by hand that another broker holds, or for a broker that has another one.
    PortClash {
        /// Whose list.
        listener: ListenerName,
        /// Whose port.
        broker: BrokerId,
        /// What the spec says.
        wanted: Port,
        /// What stands against it.
        held: PortHolder,
    },
}

/// What stands against a port fixed by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortHolder {
    /// The broker has this port already; ports are never renumbered.
    Itself(Port),
    /// Another broker has, or had less than a day ago, the wanted port.
    Other(BrokerId),
}

impl Issue {
    /// Stable `CamelCase` reason for conditions and events.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::InvalidSpec(error) => error.reason,
            Self::ReadFailed(..) => Reason::ReadFailed,
            Self::VpcNotFound(_) => Reason::VpcNotFound,
            Self::ZoneUnknown(_) => Reason::ZoneUnknown,
            Self::SubnetNotFound(..) => Reason::SubnetNotFound,
            Self::SubnetAmbiguous(..) => Reason::SubnetAmbiguous,
            Self::SubnetInOtherVpc(..) => Reason::SubnetInOtherVpc,
            Self::SubnetInOtherZone(..) => Reason::SubnetInOtherZone,
            Self::SubnetFull(..) => Reason::SubnetFull,
            Self::NoBrokersFound => Reason::NoBrokersFound,
            Self::InstanceNotFound(..) => Reason::BrokerNotFound,
            Self::BrokerIdMissing(..) => Reason::BrokerIdMissing,
            Self::BrokerIdInvalid(..) => Reason::BrokerIdInvalid,
            Self::BrokerIdTwice(..) => Reason::DuplicateBrokerId,
            Self::BrokerOutsideVpc(..) => Reason::BrokerOutsideVpc,
            Self::BrokerZoneNotOffered(..) => Reason::BrokerZoneNotOffered,
            Self::BrokerInOtherZone(..) => Reason::BrokerInOtherZone,
            Self::AddressNotInVpc(..) => Reason::AddressNotInVpc,
            Self::Node(issue) => issue.reason(),
            Self::PortsExhausted(..) => Reason::PortsExhausted,
            Self::TooManyListeners(_) => Reason::TooManyListeners,
            Self::PortClash { .. } => Reason::PortClash,
        }
    }

    /// Whether only a person can mend it (a failed read mends itself).
    #[must_use]
    pub fn needs_person(&self) -> bool {
        match self {
            Self::ReadFailed(_, failure) => failure.class.needs_person(),
            Self::NoBrokersFound => false,
            Self::Node(issue) => issue.needs_person(),
            _ => true,
        }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |ids: &mut dyn Iterator<Item = String>| ids.collect::<Vec<_>>().join(", ");
        match self {
            Self::InvalidSpec(error) => write!(f, "{error}"),
            Self::ReadFailed(part, failure) => write!(f, "{part} could not be read: {failure}"),
            Self::VpcNotFound(vpc) => {
                write!(f, "VPC {vpc} does not exist in this account and region: correct spec.region or network.vpcId")
            }
            Self::ZoneUnknown(zone) => {
                write!(f, "zone {zone} does not exist in this region: network.subnets takes zone IDs of spec.region")
            }
            Self::SubnetNotFound(zone) => write!(
                f,
                "no subnet for zone {zone}: create it, or correct the subnetId or subnetTags of this zone in network.subnets"
            ),
            Self::SubnetAmbiguous(zone, ids) => write!(
                f,
                "subnetTags of zone {zone} match {} subnets ({}): they must match exactly one",
                ids.len(),
                listed(&mut ids.iter().map(ToString::to_string))
            ),
            Self::SubnetInOtherVpc(zone, id, vpc) => {
                write!(f, "subnet {id} of zone {zone} lies in {vpc}, not in network.vpcId")
            }
            Self::SubnetInOtherZone(zone, id, real) => {
                write!(f, "subnet {id} lies in zone {real}, but network.subnets lists it for {zone}")
            }
            Self::SubnetFull(zone, id, free) => write!(
                f,
                "subnet {id} of zone {zone} has {free} free addresses and the load balancer needs 8: free some first"
            ),
            Self::NoBrokersFound => f.write_str(
                "no instance matches brokers.ec2.tags: nothing is removed because of that; start the brokers or correct the tags",
            ),
            Self::InstanceNotFound(broker, id) => {
                write!(f, "instance {id} of broker {broker} does not exist: correct brokers.static")
            }
            Self::BrokerIdMissing(id, key) => {
                write!(f, "instance {id} matches brokers.ec2.tags but has no tag {key}: tag it with its broker id")
            }
            Self::BrokerIdInvalid(id, value) => {
                write!(f, "instance {id} says broker id \"{value}\", which is not a number from 0 to 2147483647")
            }
            Self::BrokerIdTwice(broker, ids) => write!(
                f,
                "broker id {broker} is claimed by {}: correct the tag of one; until then the path of broker {broker} is left as it is",
                listed(&mut ids.iter().map(ToString::to_string))
            ),
            Self::BrokerOutsideVpc(broker, id) => {
                write!(f, "instance {id} of broker {broker} is not in network.vpcId: the load balancer cannot reach it")
            }
            Self::BrokerZoneNotOffered(broker, zone) => {
                write!(f, "broker {broker} runs in zone {zone}, for which network.subnets has no entry: add one")
            }
            Self::BrokerInOtherZone(broker, said, real) => {
                write!(f, "broker {broker} runs in zone {real}, but spec.brokers says {said}")
            }
            Self::AddressNotInVpc(broker, address) => {
                write!(f, "address {address} of broker {broker} lies outside the VPC's blocks")
            }
            Self::Node(issue) => write!(f, "{issue}"),
            Self::PortsExhausted(listener, ids) => write!(
                f,
                "portRange of listener {listener} has no port left for brokers {}: extend portRange.last (released ports are kept for 24 h)",
                listed(&mut ids.iter().map(ToString::to_string))
            ),
            Self::TooManyListeners(ids) => write!(
                f,
                "brokers {} get no ports: with them the load balancer would have more than 50 NLB listeners, a hard limit of AWS",
                listed(&mut ids.iter().map(ToString::to_string))
            ),
            Self::PortClash { listener, broker, wanted, held } => match held {
                PortHolder::Itself(port) => write!(
                    f,
                    "ports of listener {listener} gives broker {broker} port {wanted}, but it has {port}: ports are never renumbered"
                ),
                PortHolder::Other(other) => write!(
                    f,
                    "ports of listener {listener} gives broker {broker} port {wanted}, which belongs to broker {other}"
                ),
            },
        }
    }
}
