//! The security group of the nodes that are made for the object.
//!
//! Nodes reach one another by the ports that are theirs alone; the load balancer gets in by rules of its own, one for
//! each broker port. Rules that others add are left alone.

use std::collections::BTreeSet;
use std::fmt;

use super::{Draft, Effect, own};
use crate::desired::WantedNodes;
use crate::model::{
    Answer, AwsName, BrokerGroup, Observed, OwnKind, Part, PortRange, ResourceKey, SecurityGroupId, Tags, VpcId,
};
use crate::node::{CONTROLLER_PORT, INTERNAL_PORT};

/// The ports by which nodes reach one another.
pub const INSIDE: PortRange = PortRange { first: CONTROLLER_PORT, last: INTERNAL_PORT };

/// A write to the nodes' group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Make it.
    Create {
        /// Its name.
        name: AwsName,
        /// What people read.
        description: String,
        /// Its VPC.
        vpc: VpcId,
        /// All tags.
        tags: Tags,
    },
    /// Let nodes reach one another.
    OpenInside {
        /// The group.
        id: SecurityGroupId,
    },
    /// Delete it.
    Delete {
        /// The group.
        id: SecurityGroupId,
    },
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        let groups = &mut observed.own.broker_groups;
        match (self, answer) {
            (Self::Create { vpc, tags, .. }, Answer::Own(id)) => {
                let id = SecurityGroupId::new(id.as_str());
                let tags = own::read(tags);
                groups.put(id.clone(), BrokerGroup { id, vpc: vpc.clone(), open_inside: false, tags });
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::OpenInside { id }, _) => groups.with(id, |group| group.open_inside = true),
            (Self::Delete { id }, _) => groups.gone(id),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        let groups = &mut observed.own.broker_groups;
        match self {
            Self::Create { .. } => groups.whole = false,
            Self::OpenInside { id } | Self::Delete { id } => groups.forget(id),
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } | Self::OpenInside { .. } => Effect::Opens,
            Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        [Part::Own(OwnKind::BrokerGroup)].into()
    }

    fn makes(&self) -> Option<OwnKind> {
        matches!(self, Self::Create { .. }).then_some(OwnKind::BrokerGroup)
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::OpenInside { .. } => '~',
            Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { name, vpc, .. } => write!(f, "security group of the nodes {name} in {vpc}"),
            Self::OpenInside { id } => write!(f, "security group of the nodes {id}: tcp {INSIDE} among themselves"),
            Self::Delete { id } => write!(f, "security group of the nodes {id}"),
        }
    }
}

// === plan ===

/// Makes and repairs it; its id, once it has one.
pub(super) fn plan(wanted: &WantedNodes, vpc: &VpcId, draft: &mut Draft<'_>) -> Option<SecurityGroupId> {
    let tags = &wanted.group.tags;
    let create = || {
        let (name, description) = (wanted.group.name.clone(), wanted.group.description.clone());
        Change::Create { name, description, vpc: vpc.clone(), tags: tags.clone() }.into()
    };
    let group = own::hold::<BrokerGroup>(&ResourceKey::BrokerGroupOfNodes, tags, draft, create)?;
    if !group.open_inside {
        own::write(group, Change::OpenInside { id: group.id.clone() }, draft);
    }
    Some(group.id.clone())
}

/// Deletes all of ours: no interface has them any more.
pub(super) fn remove(draft: &mut Draft<'_>) {
    for group in own::unwanted::<BrokerGroup>(draft, |_| true) {
        own::write(group, Change::Delete { id: group.id.clone() }, draft);
    }
}
