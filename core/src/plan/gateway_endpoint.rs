//! The gateway endpoint of a VPC that is made for the object: the way of its subnets to S3.
//!
//! It is a route in the route tables that it is given, so it follows them and goes before them. Deleted ones are
//! listed for a while.

use std::collections::BTreeSet;
use std::fmt;

use super::{Draft, Effect, WaitingOn, own};
use crate::desired::WantedEgress;
use crate::model::{
    Answer, EndpointId, GatewayEndpoint, Observed, OwnKind, Part, ResourceKey, RouteTable, RouteTableId, Tags, VpcId,
};

/// A write to a gateway endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Make it.
    Create {
        /// Its VPC.
        vpc: VpcId,
        /// What it leads to.
        service: String,
        /// The first table that gets its route.
        table: RouteTableId,
        /// All tags.
        tags: Tags,
    },
    /// Put its route into a table.
    AddTable {
        /// The endpoint.
        id: EndpointId,
        /// The table.
        table: RouteTableId,
    },
    /// Delete it.
    Delete {
        /// The endpoint.
        id: EndpointId,
    },
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        let endpoints = &mut observed.own.gateway_endpoints;
        match (self, answer) {
            (Self::Create { vpc, service, table, tags }, Answer::Own(id)) => {
                let endpoint = GatewayEndpoint {
                    id: EndpointId::new(id.as_str()),
                    vpc: vpc.clone(),
                    service: service.clone(),
                    leaving: false,
                    tables: [table.clone()].into(),
                    tags: own::read(tags),
                };
                endpoints.put(endpoint.id.clone(), endpoint);
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::AddTable { id, table }, _) => endpoints.with(id, |endpoint| {
                endpoint.tables.insert(table.clone());
            }),
            (Self::Delete { id }, _) => endpoints.with(id, |endpoint| endpoint.leaving = true),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        let endpoints = &mut observed.own.gateway_endpoints;
        match self {
            Self::Create { .. } => endpoints.whole = false,
            Self::AddTable { id, .. } | Self::Delete { id } => endpoints.forget(id),
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } | Self::AddTable { .. } => Effect::Opens,
            Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        [Part::Own(OwnKind::GatewayEndpoint)].into()
    }

    fn makes(&self) -> Option<OwnKind> {
        matches!(self, Self::Create { .. }).then_some(OwnKind::GatewayEndpoint)
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::AddTable { .. } => '~',
            Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { vpc, service, .. } => write!(f, "gateway endpoint of {vpc} for {service}"),
            Self::AddTable { id, table } => write!(f, "gateway endpoint {id}: a route in {table}"),
            Self::Delete { id } => write!(f, "gateway endpoint {id}"),
        }
    }
}

// === plan ===

/// Makes and repairs it, with a route in the table.
pub(super) fn plan(wanted: &WantedEgress, table: &RouteTable, draft: &mut Draft<'_>) {
    let WantedEgress { service, endpoint_tags, .. } = wanted;
    let create = || {
        let (vpc, service, tags) = (table.vpc.clone(), service.clone(), endpoint_tags.clone());
        Change::Create { vpc, service, table: table.id.clone(), tags }.into()
    };
    let Some(endpoint) = own::hold::<GatewayEndpoint>(&ResourceKey::S3Endpoint, endpoint_tags, draft, create) else {
        return;
    };
    let id = &endpoint.id;
    if endpoint.leaving {
        // AWS takes no second one for the same service until it is gone.
        draft.wait(WaitingOn::EndpointGone(id.clone()));
    } else if !endpoint.tables.contains(&table.id) {
        own::write(endpoint, Change::AddTable { id: id.clone(), table: table.id.clone() }, draft);
    }
    for other in own::unwanted::<GatewayEndpoint>(draft, |other| other.id != *id && !other.leaving) {
        own::write(other, Change::Delete { id: other.id.clone() }, draft);
    }
}

/// Deletes all of ours; whether they are gone.
pub(super) fn remove(draft: &mut Draft<'_>) -> bool {
    for endpoint in own::unwanted::<GatewayEndpoint>(draft, |_| true) {
        let id = endpoint.id.clone();
        if endpoint.leaving {
            draft.wait(WaitingOn::EndpointGone(id));
        } else {
            own::write(endpoint, Change::Delete { id }, draft);
        }
    }
    own::is_gone::<GatewayEndpoint>(draft)
}
