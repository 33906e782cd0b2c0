//! The endpoint service and who may ask for it. Consumers hold its name: it is never replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Conflict, Draft, Effect, Step, WaitingOn, joined, load_balancer, tagging};
use crate::desired::{Absent, Offer};
use crate::model::{
    Answer, EndpointService, Find, LoadBalancer, LoadBalancerArn, Observed, Part, Principal, SERVICE_GENERATION_TAG,
    Seen, ServiceId, ServiceState, Tagged, Tags, ZoneId,
};

/// A write to the endpoint service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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

// === plan ===

pub(super) fn plan(offer: &Offer, draft: &mut Draft<'_>) {
    let wanted = &offer.endpoint_service;
    let service = match draft.observed.endpoint_service.find() {
        Find::Unknown => return draft.ask(Part::EndpointService),
        Find::Gone => return create(offer, draft),
        Find::There(service) if !service.state.alive() => {
            return draft.wait(WaitingOn::ServiceGone(service.id.clone()));
        }
        Find::There(service) => service,
    };
    let subject = Tagged::EndpointService(service.id.clone());
    let mut steps = tagging::repair(&wanted.tags, &service.tags, &subject);
    if service.state != ServiceState::Available {
        draft.wait(WaitingOn::ServiceAvailable(service.id.clone()));
        return draft.write(&service.tags, subject, steps);
    }
    if !service.acceptance_required {
        steps.push(Step::EndpointService(Change::RequireAcceptance { id: service.id.clone() }));
    }
    match service.principals.get() {
        None => draft.ask(Part::EndpointService),
        Some(have) => {
            let add: BTreeSet<_> = wanted.principals.difference(have).cloned().collect();
            let remove: BTreeSet<_> = have.difference(&wanted.principals).cloned().collect();
            if !add.is_empty() || !remove.is_empty() {
                let id = service.id.clone();
                steps.push(Step::EndpointService(Change::SetPrincipals { id, add, remove }));
            }
        }
    }
    if let Find::There(lb) = draft.ours(|observed| observed.load_balancer.find()) {
        steps.extend(zones(offer, service, lb, draft));
    }
    draft.write(&service.tags, subject, steps);
}

fn create(offer: &Offer, draft: &mut Draft<'_>) {
    let Find::There(lb) = draft.observed.load_balancer.find() else { return };
    if !lb.state.usable() {
        return draft.wait(WaitingOn::LoadBalancerActive);
    }
    // The service takes the zones that the load balancer has when it is made.
    if !load_balancer::has_its_subnets(offer, lb, draft.observed) {
        return;
    }
    let subject = Tagged::LoadBalancer(lb.arn.clone());
    if !draft.owned(&lb.tags, subject.clone()) {
        return;
    }
    let generation = lb.tags.get().and_then(|tags| tags.get(SERVICE_GENERATION_TAG)?.parse().ok()).unwrap_or(0);
    let token = draft.owner().service_token(&lb.arn, generation);
    if draft.observed.recall.burnt_tokens.contains(&token) {
        let tags = [(SERVICE_GENERATION_TAG.to_owned(), (generation + 1).to_string())].into();
        return draft.create(Step::Tagging(tagging::Change::Set { subject, tags }));
    }
    let tags = offer.endpoint_service.tags.clone();
    draft.create(Step::EndpointService(Change::Create { load_balancer: lb.arn.clone(), token, tags }));
}

/// Zones that were added to the load balancer, or removed, are offered as they are only once it was added to the service again.
fn zones(offer: &Offer, service: &EndpointService, lb: &LoadBalancer, draft: &mut Draft<'_>) -> Option<Step> {
    let again = || {
        let (id, load_balancer) = (service.id.clone(), lb.arn.clone());
        Step::EndpointService(Change::OfferZones { id, load_balancer })
    };
    let exact = load_balancer::has_its_subnets(offer, lb, draft.observed);
    let settled = exact || load_balancer::is_kept_in_more_zones(offer, lb, service, draft.observed);
    if !lb.state.usable() || !settled {
        return None;
    }
    if !service.load_balancers.contains(&lb.arn) {
        return Some(again());
    }
    let zones: BTreeSet<ZoneId> = offer.subnets.keys().cloned().collect();
    let have = service.zones.get()?;
    let missing: BTreeSet<ZoneId> = zones.difference(have).cloned().collect();
    if *have == zones || (missing.is_empty() && !exact) {
        return None;
    }
    match &draft.observed.recall.offered_again {
        Some(offered) if lb.subnets.keys().eq(&offered.subnets) => {
            if missing.is_empty() {
                // It still names a zone that was removed: nothing comes through there, and nothing more can be done.
            } else if offered.in_vain {
                draft.conflict(Conflict::ZonesNotOffered(service.id.clone(), missing));
            } else {
                draft.wait(WaitingOn::ZonesOffered(missing));
            }
            None
        }
        _ => Some(again()),
    }
}

/// Under either policy principals go and requests are rejected first: else an outsider could block for ever.
pub(super) fn remove(absent: Absent, draft: &mut Draft<'_>) {
    let service = match draft.ours(|observed| observed.endpoint_service.find()) {
        Find::Unknown => return draft.ask(Part::EndpointService),
        Find::Gone => return,
        Find::There(service) if !service.state.alive() => {
            return draft.wait(WaitingOn::ServiceGone(service.id.clone()));
        }
        Find::There(service) => service,
    };
    let (Some(principals), Some(connections)) = (service.principals.get(), service.connections.get()) else {
        return draft.ask(Part::EndpointService);
    };
    let subject = Tagged::EndpointService(service.id.clone());
    let id = service.id.clone();
    let mut steps = Vec::new();
    if !principals.is_empty() {
        let (id, remove) = (id.clone(), principals.clone());
        steps.push(Step::EndpointService(Change::SetPrincipals { id, add: BTreeSet::new(), remove }));
    }
    let blocking = || connections.iter().filter(|(_, connection)| connection.state.blocks_deletion());
    let (rejected, waited): (Vec<_>, Vec<_>) =
        blocking().partition(|(_, connection)| absent.reject_connections || !connection.state.connected());
    if !rejected.is_empty() {
        let endpoints = rejected.into_iter().map(|(id, _)| id.clone()).collect();
        steps.push(Step::Connection(super::connection::Change::Reject { service: id.clone(), endpoints }));
    }
    if !waited.is_empty() {
        draft.wait(WaitingOn::Connections(waited.into_iter().map(|(id, _)| id.clone()).collect()));
    }
    if steps.is_empty() && blocking().next().is_none() {
        steps.push(Step::EndpointService(Change::Delete { id }));
    }
    draft.write(&service.tags, subject, steps);
}
