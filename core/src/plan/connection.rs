//! Connections: what we answer to consumers that ask.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Draft, Effect, Step, joined};
use crate::desired::{Acceptance, Offer};
use crate::model::{
    AccountId, Answer, Connection, ConnectionState, EndpointId, EndpointService, Find, Observed, Part, Seen, ServiceId,
    ServiceState,
};

/// An answer to consumers; AWS takes several at a time, at one call a second.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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

// === plan ===

pub(super) fn plan(offer: &Offer, draft: &mut Draft<'_>) {
    let Find::There(service) = draft.ours(|observed| observed.endpoint_service.find()) else { return };
    if service.state != ServiceState::Available {
        return;
    }
    let Some(connections) = service.connections.get() else { return draft.ask(Part::EndpointService) };
    let mut accept = BTreeSet::new();
    let mut reject = BTreeSet::new();
    for (account, consumer) in &offer.endpoint_service.consumers {
        let theirs = requests(account, connections);
        match consumer.acceptance {
            Acceptance::Rejected => reject.extend(
                theirs.iter().filter(|(_, connection)| connection.state.blocks_deletion()).map(|(id, _)| (*id).clone()),
            ),
            Acceptance::Manual => accept.extend(named(&theirs, &consumer.endpoints)),
            Acceptance::Automatic { most } => {
                accept.extend(named(&theirs, &consumer.endpoints));
                accept.extend(oldest(&theirs, &consumer.endpoints, most));
            }
        }
    }
    let service_id = || service.id.clone();
    let mut steps = Vec::new();
    if !accept.is_empty() {
        steps.push(Step::Connection(Change::Accept { service: service_id(), endpoints: accept }));
    }
    if !reject.is_empty() {
        steps.push(Step::Connection(Change::Reject { service: service_id(), endpoints: reject }));
    }
    draft.write(&service.tags, tagged(service), steps);
}

type Requests<'a> = Vec<(&'a EndpointId, &'a Connection)>;

/// Connections of one account, oldest first.
fn requests<'a>(account: &AccountId, connections: &'a BTreeMap<EndpointId, Connection>) -> Requests<'a> {
    let mut theirs: Requests<'a> =
        connections.iter().filter(|(_, connection)| connection.account == *account).collect();
    theirs.sort_by_key(|(id, connection)| (connection.since, (*id).clone()));
    theirs
}

/// A person's yes, which also takes back a person's no.
fn named(theirs: &Requests<'_>, endpoints: &BTreeSet<EndpointId>) -> BTreeSet<EndpointId> {
    theirs
        .iter()
        .filter(|(id, connection)| {
            endpoints.contains(*id)
                && matches!(connection.state, ConnectionState::PendingAcceptance | ConnectionState::Rejected)
        })
        .map(|(id, _)| (*id).clone())
        .collect()
}

fn oldest(theirs: &Requests<'_>, named: &BTreeSet<EndpointId>, most: u32) -> BTreeSet<EndpointId> {
    let waiting = |connection: &Connection| connection.state == ConnectionState::PendingAcceptance;
    let taken = theirs
        .iter()
        .filter(|(id, connection)| connection.state.connected() || (waiting(connection) && named.contains(*id)))
        .count();
    let room = usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(taken);
    theirs
        .iter()
        .filter(|(id, connection)| waiting(connection) && !named.contains(*id))
        .take(room)
        .map(|(id, _)| (*id).clone())
        .collect()
}

fn tagged(service: &EndpointService) -> crate::model::Tagged {
    crate::model::Tagged::EndpointService(service.id.clone())
}
