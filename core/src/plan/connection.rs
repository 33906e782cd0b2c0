//! Connections: what we answer to consumers that ask.

use std::collections::BTreeSet;
use std::fmt;

use super::{Effect, joined};
use crate::model::{Answer, ConnectionState, EndpointId, Observed, Part, Seen, ServiceId};

/// An answer to consumers; AWS takes several at a time, at one call a second.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Yes.
    Accept {
        /// The service.
        service: ServiceId,
        /// Their endpoints.
        endpoints: BTreeSet<EndpointId>,
    },
    /// No; cuts a live connection off.
    Reject {
        /// The service.
        service: ServiceId,
        /// Their endpoints.
        endpoints: BTreeSet<EndpointId>,
    },
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, _: &Answer) {
        let (endpoints, state) = match self {
            Self::Accept { endpoints, .. } => (endpoints, ConnectionState::Pending),
            Self::Reject { endpoints, .. } => (endpoints, ConnectionState::Rejected),
        };
        observed.endpoint_service.with(|service| {
            service.connections.update(|connections| {
                for (_, connection) in connections.iter_mut().filter(|(id, _)| endpoints.contains(*id)) {
                    connection.state = state;
                }
            });
        });
    }

    fn forget(&self, observed: &mut Observed) {
        observed.endpoint_service.with(|service| service.connections = Seen::Unread);
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Accept { .. } => Effect::Opens,
            Self::Reject { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        [Part::EndpointService].into()
    }

    fn sign(&self) -> char {
        match self {
            Self::Accept { .. } => '+',
            Self::Reject { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept { endpoints, .. } => write!(f, "connections: accept {}", joined(endpoints)),
            Self::Reject { endpoints, .. } => write!(f, "connections: reject {}", joined(endpoints)),
        }
    }
}
