//! The endpoint service and who may ask for it. Consumers hold its name: it is never replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Effect, joined};
use crate::model::{
    Answer, EndpointService, LoadBalancerArn, Observed, Part, Principal, Seen, ServiceId, ServiceState, Tags,
};

/// A write to the endpoint service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Make it; acceptance is always required.
    Create {
        /// What it leads to.
        load_balancer: LoadBalancerArn,
        /// Client token: the same request again makes no second service.
        token: String,
        /// All tags.
        tags: Tags,
    },
    /// Add its load balancer once more, so that it offers the zones that were added to it.
    OfferZones {
        /// The service.
        id: ServiceId,
        /// Its load balancer.
        load_balancer: LoadBalancerArn,
    },
    /// Require acceptance again after somebody switched it off.
    RequireAcceptance {
        /// The service.
        id: ServiceId,
    },
    /// Change who may ask. Removing a principal does not cut its connection.
    SetPrincipals {
        /// The service.
        id: ServiceId,
        /// Who may ask from now on.
        add: BTreeSet<Principal>,
        /// Who may not any more.
        remove: BTreeSet<Principal>,
    },
    /// Delete it.
    Delete {
        /// The service.
        id: ServiceId,
    },
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        match (self, answer) {
            (Self::Create { load_balancer, tags, .. }, Answer::EndpointService { id, name, state }) => {
                observed.endpoint_service = Seen::Read(Some(EndpointService {
                    id: id.clone(),
                    name: name.clone(),
                    state: *state,
                    load_balancers: [load_balancer.clone()].into(),
                    acceptance_required: true,
                    zones: Seen::Unread,
                    tags: Seen::Read(tags.clone()),
                    principals: Seen::Read(BTreeSet::new()),
                    connections: Seen::Read(BTreeMap::new()),
                }));
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::OfferZones { .. }, _) => observed.endpoint_service.with(|service| service.zones = Seen::Unread),
            (Self::RequireAcceptance { .. }, _) => {
                observed.endpoint_service.with(|service| service.acceptance_required = true);
            }
            (Self::SetPrincipals { add, remove, .. }, _) => observed.endpoint_service.with(|service| {
                service.principals.update(|have| {
                    have.extend(add.iter().cloned());
                    have.retain(|principal| !remove.contains(principal));
                });
            }),
            (Self::Delete { .. }, _) => {
                observed.endpoint_service.with(|service| service.state = ServiceState::Deleting);
            }
        }
    }

    fn forget(&self, observed: &mut Observed) {
        observed.endpoint_service = Seen::Unread;
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } | Self::OfferZones { .. } => Effect::Opens,
            Self::RequireAcceptance { .. } | Self::SetPrincipals { .. } => Effect::Neutral,
            Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        [Part::EndpointService].into()
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::Delete { .. } => '-',
            _ => '~',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { load_balancer, .. } => write!(f, "endpoint service over {load_balancer}"),
            Self::OfferZones { id, .. } => write!(f, "zones of endpoint service {id}: add its load balancer again"),
            Self::RequireAcceptance { id } => write!(f, "endpoint service {id}: require acceptance"),
            Self::SetPrincipals { id, add, remove } => {
                write!(f, "principals of endpoint service {id}:")?;
                if !add.is_empty() {
                    write!(f, " allow {}", joined(add))?;
                }
                if !remove.is_empty() {
                    write!(f, " no longer allow {}", joined(remove))?;
                }
                Ok(())
            }
            Self::Delete { id } => write!(f, "endpoint service {id}"),
        }
    }
}
