//! The network interface of each node: its address is the node's for ever, whatever instance has it.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;

use super::{Draft, Effect, own};
use crate::desired::WantedNode;
use crate::model::{
    Answer, BrokerId, InterfaceId, NodeInterface, Observed, Own, OwnKind, Part, ResourceKey, SecurityGroupId, SubnetId,
    Tags, VpcId, ZoneId,
};

/// A write to a node's interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Make it; AWS chooses an address of the subnet.
    Create {
        /// Whose it is.
        node: BrokerId,
        /// Where.
        subnet: SubnetId,
        /// The subnet's VPC.
        vpc: VpcId,
        /// The subnet's zone.
        zone: ZoneId,
        /// Who may reach it.
        group: SecurityGroupId,
        /// All tags.
        tags: Tags,
    },
    /// Put it into the nodes' group, and no other.
    SetGroup {
        /// The interface.
        id: InterfaceId,
        /// The group.
        group: SecurityGroupId,
    },
    /// Delete it.
    Delete {
        /// The interface.
        id: InterfaceId,
    },
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        let interfaces = &mut observed.own.interfaces;
        match (self, answer) {
            (Self::Create { subnet, vpc, zone, group, tags, .. }, Answer::Interface(id, address)) => {
                let interface = NodeInterface {
                    id: id.clone(),
                    vpc: vpc.clone(),
                    subnet: subnet.clone(),
                    zone: zone.clone(),
                    address: *address,
                    groups: [group.clone()].into(),
                    attached: false,
                    tags: own::read(tags),
                };
                interfaces.put(id.clone(), interface);
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::SetGroup { id, group }, _) => {
                interfaces.with(id, |interface| interface.groups = [group.clone()].into());
            }
            (Self::Delete { id }, _) => interfaces.gone(id),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        let interfaces = &mut observed.own.interfaces;
        match self {
            Self::Create { .. } => interfaces.whole = false,
            Self::SetGroup { id, .. } | Self::Delete { id } => interfaces.forget(id),
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } => Effect::Opens,
            // It may take away what somebody opened.
            Self::SetGroup { .. } | Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        [Part::Own(OwnKind::Interface)].into()
    }

    fn makes(&self) -> Option<OwnKind> {
        matches!(self, Self::Create { .. }).then_some(OwnKind::Interface)
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::SetGroup { .. } => '~',
            Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { node, subnet, .. } => write!(f, "network interface of node {node} in {subnet}"),
            Self::SetGroup { id, group } => write!(f, "network interface {id}: security group {group}"),
            Self::Delete { id } => write!(f, "network interface {id}"),
        }
    }
}

// === plan ===

/// Where an interface is made, and who may reach it.
pub(super) struct Place<'a> {
    pub vpc: &'a VpcId,
    pub subnet: &'a SubnetId,
    pub group: &'a SecurityGroupId,
}

/// Makes and repairs it.
pub(super) fn plan<'a>(
    id: BrokerId,
    node: &WantedNode,
    place: &Place<'_>,
    draft: &mut Draft<'a>,
) -> Option<&'a NodeInterface> {
    let key = ResourceKey::NodeInterface(id);
    let create = || {
        let (subnet, vpc, group) = (place.subnet.clone(), place.vpc.clone(), place.group.clone());
        let (zone, tags) = (node.zone.clone(), node.interface_tags.clone());
        Change::Create { node: id, subnet, vpc, zone, group, tags }.into()
    };
    let interface = own::hold::<NodeInterface>(&key, &node.interface_tags, draft, create)?;
    if !interface.groups.iter().eq([place.group]) {
        own::write(interface, Change::SetGroup { id: interface.id.clone(), group: place.group.clone() }, draft);
    }
    let other = |other: &NodeInterface| other.is_at(&key) && other.id != interface.id && !other.attached;
    for surplus in own::unwanted(draft, other) {
        own::write(surplus, Change::Delete { id: surplus.id.clone() }, draft);
    }
    Some(interface)
}

/// Addresses of nodes whose interface is known.
pub(super) fn address(id: BrokerId, observed: &Observed) -> Option<Ipv4Addr> {
    let interface = observed.own::<NodeInterface>(&ResourceKey::NodeInterface(id)).there()?;
    Some(interface.address)
}

/// Deletes all of ours: no instance has them any more.
pub(super) fn remove(draft: &mut Draft<'_>) {
    for interface in own::unwanted::<NodeInterface>(draft, |_| true) {
        own::write(interface, Change::Delete { id: interface.id.clone() }, draft);
    }
}
