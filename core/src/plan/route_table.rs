//! The route table of the subnets of a VPC that is made for the object. The VPC's main table is left as it is.
//!
//! AWS takes neither a name nor a token for one. Routes and associations that others add to it are left alone.

use std::collections::BTreeSet;
use std::fmt;

use super::{Draft, Effect, Step, own};
use crate::desired::WantedEgress;
use crate::model::{
    Answer, Observed, OwnKind, Part, ResourceKey, RouteAssociationId, RouteTable, RouteTableId, SubnetId, Tags, VpcId,
};

/// A write to a route table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Make it.
    Create {
        /// Its VPC.
        vpc: VpcId,
        /// All tags.
        tags: Tags,
    },
    /// Let it route a subnet.
    Associate {
        /// The table.
        id: RouteTableId,
        /// The subnet.
        subnet: SubnetId,
    },
    /// Let the main table route a subnet again.
    Disassociate {
        /// The table.
        id: RouteTableId,
        /// The subnet.
        subnet: SubnetId,
        /// What ties them.
        association: RouteAssociationId,
    },
    /// Delete it.
    Delete {
        /// The table.
        id: RouteTableId,
    },
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        let tables = &mut observed.own.route_tables;
        match (self, answer) {
            (Self::Create { vpc, tags }, Answer::Own(id)) => {
                let id = RouteTableId::new(id.as_str());
                let (associations, tags) = ([].into(), own::read(tags));
                tables.put(id.clone(), RouteTable { id, vpc: vpc.clone(), associations, tags });
            }
            (Self::Associate { id, subnet }, Answer::RouteAssociation(association)) => tables.with(id, |table| {
                table.associations.insert(subnet.clone(), association.clone());
            }),
            (Self::Create { .. } | Self::Associate { .. }, _) => self.forget(observed),
            (Self::Disassociate { id, subnet, .. }, _) => tables.with(id, |table| {
                table.associations.remove(subnet);
            }),
            (Self::Delete { id }, _) => tables.gone(id),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        let tables = &mut observed.own.route_tables;
        match self {
            Self::Create { .. } => tables.whole = false,
            Self::Associate { id, .. } | Self::Disassociate { id, .. } | Self::Delete { id } => tables.forget(id),
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } | Self::Associate { .. } => Effect::Opens,
            Self::Disassociate { .. } | Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        [Part::Own(OwnKind::RouteTable)].into()
    }

    fn makes(&self) -> Option<OwnKind> {
        matches!(self, Self::Create { .. }).then_some(OwnKind::RouteTable)
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::Associate { .. } | Self::Disassociate { .. } => '~',
            Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { vpc, .. } => write!(f, "route table in {vpc}"),
            Self::Associate { id, subnet } => write!(f, "route table {id}: routes {subnet}"),
            Self::Disassociate { id, subnet, .. } => write!(f, "route table {id}: routes {subnet} no more"),
            Self::Delete { id } => write!(f, "route table {id}"),
        }
    }
}

// === plan ===

/// Makes and repairs it and lets it route every subnet of ours; the table, once it is there.
pub(super) fn plan<'a>(wanted: &WantedEgress, vpc: &VpcId, draft: &mut Draft<'a>) -> Option<&'a RouteTable> {
    let (key, tags) = (ResourceKey::RouteTable, &wanted.table_tags);
    let create = || Change::Create { vpc: vpc.clone(), tags: tags.clone() }.into();
    let table = own::hold::<RouteTable>(&key, tags, draft, create)?;
    for (_, subnet) in draft.observed.subnets.known().filter(|(_, subnet)| subnet.vpc == table.vpc) {
        if !table.associations.contains_key(&subnet.id) {
            let tie = Step::from(Change::Associate { id: table.id.clone(), subnet: subnet.id.clone() });
            // Another table of somebody's routes it: theirs stays.
            if !draft.clashes(&tie.to_string()) {
                own::write(table, tie, draft);
            }
        }
    }
    delete_all_but(Some(&table.id), draft);
    Some(table)
}

/// Deletes all of ours: first what ties them to subnets.
pub(super) fn remove(draft: &mut Draft<'_>) {
    delete_all_but(None, draft);
}

fn delete_all_but(kept: Option<&RouteTableId>, draft: &mut Draft<'_>) {
    for table in own::unwanted::<RouteTable>(draft, |table| Some(&table.id) != kept) {
        let id = &table.id;
        for (subnet, association) in &table.associations {
            let (id, subnet, association) = (id.clone(), subnet.clone(), association.clone());
            own::write(table, Change::Disassociate { id, subnet, association }, draft);
        }
        if table.associations.is_empty() {
            own::write(table, Change::Delete { id: id.clone() }, draft);
        }
    }
}
