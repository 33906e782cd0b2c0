//! What is wrong with nodes that are made for the object. As every [`super::Issue`], it names ids and what to do.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::{BrokerId, InstanceType, InterfaceId, ROLES_TAG, roles_tag};
use crate::node::Roles;
use crate::reason::Reason;

/// Something about the nodes that nobody decides alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeIssue {
    /// Several interfaces of ours are for one node.
    Interfaces(BrokerId, BTreeSet<InterfaceId>),
    /// A node is there that does something else than the spec says.
    RolesFixed {
        /// Which.
        node: BrokerId,
        /// By the spec.
        said: Roles,
        /// By status and tags.
        real: Roles,
    },
    /// A node that would join the voters of the first apply.
    ControllersFixed(BrokerId, BTreeSet<BrokerId>),
    /// Voters that the spec no longer has.
    ControllersRemoved(BTreeSet<BrokerId>),
    /// None, an even number, or more than five.
    ControllersUneven(BTreeSet<BrokerId>),
    /// Nodes are there, and nothing says who votes.
    ControllersUnknown(BTreeSet<BrokerId>),
    /// AWS knows no such type in the region.
    InstanceTypeUnknown(InstanceType),
    /// Instances of the type do not find their volumes by id.
    NotNitro(InstanceType),
    /// AWS has no image for the type.
    NoImage(InstanceType),
}

impl NodeIssue {
    /// Stable `CamelCase` reason for conditions and events.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Interfaces(..) => Reason::NodeInterfacesAmbiguous,
            Self::RolesFixed { .. } => Reason::RolesFixed,
            Self::ControllersFixed(..) => Reason::ControllersFixed,
            Self::ControllersRemoved(_) => Reason::ControllersRemoved,
            Self::ControllersUneven(_) => Reason::ControllersUneven,
            Self::ControllersUnknown(_) => Reason::ControllersUnknown,
            Self::InstanceTypeUnknown(_) => Reason::InstanceTypeUnknown,
            Self::NotNitro(_) => Reason::InstanceTypeNotNitro,
            Self::NoImage(_) => Reason::ImageNotFound,
        }
    }

    /// Whether only a person can mend it.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        // Surplus interfaces go by themselves.
        !matches!(self, Self::Interfaces(..))
    }
}

impl fmt::Display for NodeIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interfaces(node, ids) => write!(
                f,
                "node {node} has {} network interfaces ({}): its path is left as it is until one is left",
                ids.len(),
                listed(ids)
            ),
            Self::RolesFixed { node, said, real } => write!(
                f,
                "node {node} was made with the roles {}, but brokers.provisioned.nodes says {}: roles are for life, so make the object anew with those that it has",
                roles_tag(*real),
                roles_tag(*said)
            ),
            Self::ControllersFixed(node, voters) => write!(
                f,
                "node {node} cannot have the role Controller: voters are {}, as of the first apply; make the object anew without roles for it",
                listed(voters)
            ),
            Self::ControllersRemoved(ids) => write!(
                f,
                "brokers.provisioned.nodes lacks {}, which every node knows as voters: put them back",
                listed(ids)
            ),
            Self::ControllersUneven(ids) => write!(
                f,
                "controllers would be {}: 1, 3 or 5 are possible, since an even number tolerates no more failures than one less",
                if ids.is_empty() { "none".to_owned() } else { listed(ids) }
            ),
            Self::InstanceTypeUnknown(of) => {
                write!(f, "AWS has no instance type {of} in this region: correct brokers.provisioned.instanceType")
            }
            Self::NotNitro(of) => write!(
                f,
                "instances of type {of} are not of the Nitro system, so they cannot find their volumes: choose a later type"
            ),
            Self::NoImage(of) => write!(
                f,
                "AWS has no image of Amazon Linux 2023 for {of} in this region: set brokers.provisioned.image"
            ),
            Self::ControllersUnknown(ids) => write!(
                f,
                "nodes {} are there, and neither status nor tags say which are controllers: give the network interface of each controller its tag {ROLES_TAG} back (\"{}\" or \"{}\")",
                listed(ids),
                roles_tag(Roles::Combined),
                roles_tag(Roles::Controller)
            ),
        }
    }
}

fn listed<T: ToString>(ids: &BTreeSet<T>) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
