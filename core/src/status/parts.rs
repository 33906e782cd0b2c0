//! The conditions that make up `Ready`.

use std::collections::BTreeSet;

use super::View;
use super::finding::{ConditionType, Finding, leaving, listed, no, unknown, yes};
use crate::desired::{Goal, Offer, WantedVpc};
use crate::model::{ErrorClass, Failure, Find, Health, LoadBalancerState, Port, Seen, ServiceState};
use crate::plan::guard::Block;
use crate::plan::{Conflict, Step};
use crate::reason::Reason;

pub(super) fn inputs(view: &View<'_>) -> Finding {
    let kind = ConditionType::InputsResolved;
    if let Err(error) = view.intent {
        return no(kind, error.reason, error.to_string());
    }
    if let Some(block @ Block::NotAllowed(_)) = &view.passed.block {
        return no(kind, block.reason(), block.to_string());
    }
    let issues = &view.passed.desired.issues;
    match issues.first() {
        Some(first) => no(kind, first.reason(), listed(issues)),
        None if is_being_made(view) => unknown(kind, Reason::NotCreated, "the VPC and its subnets are made first"),
        None if view.passed.desired.nodes.is_some() && view.passed.desired.goal == Goal::Hold => {
            unknown(kind, Reason::NotCreated, "the network interfaces of the nodes are made first")
        }
        None if view.passed.desired.goal == Goal::Hold => {
            unknown(kind, Reason::NotReadYet, "the inputs were not read yet")
        }
        None => yes(kind, Reason::Resolved, "everything that the spec refers to was found"),
    }
}

/// Whether the VPC that shall be made is not yet.
fn is_being_made(view: &View<'_>) -> bool {
    let made = view.passed.desired.network.as_ref().map(|network| &network.vpc);
    matches!(made, Some(WantedVpc::Made(_))) && view.passed.desired.goal == Goal::Hold
}

/// The failures of steps and reads that concern one part of the whole.
fn failures<'a>(view: &'a View<'_>, concerns: impl Fn(&Step) -> bool + 'a) -> impl Iterator<Item = &'a Failure> + 'a {
    view.passed.failures().filter(move |(step, _)| concerns(step)).map(|(_, failure)| failure)
}

fn failed(kind: ConditionType, failure: &Failure) -> Finding {
    no(kind, class_reason(failure.class), failure.to_string())
}

pub(super) fn class_reason(class: ErrorClass) -> Reason {
    match class {
        ErrorClass::AlreadyExists => Reason::AlreadyExists,
        ErrorClass::InUse => Reason::InUse,
        ErrorClass::NotFound => Reason::NotFound,
        ErrorClass::Lag => Reason::Lag,
        ErrorClass::Throttled => Reason::Throttled,
        ErrorClass::Transient => Reason::Transient,
        ErrorClass::Denied => Reason::Denied,
        ErrorClass::Quota => Reason::Quota,
        ErrorClass::Invalid => Reason::Refused,
    }
}

pub(super) fn load_balancer(view: &View<'_>) -> Finding {
    let kind = ConditionType::LoadBalancerReady;
    let observed = &view.passed.observed;
    let concerns = |step: &Step| {
        matches!(
            step,
            Step::LoadBalancer(_)
                | Step::Listener(_)
                | Step::TargetGroup(_)
                | Step::SecurityGroup(_)
                | Step::Vpc(_)
                | Step::Subnet(_)
                | Step::BrokerGroupRule(_)
        )
    };
    let lb = match observed.load_balancer.find() {
        Find::Unknown => return unknown(kind, Reason::NotReadYet, "the load balancer could not be read"),
        Find::Gone => {
            return match failures(view, concerns).next() {
                Some(failure) => failed(kind, failure),
                None if leaving(view) => no(kind, Reason::Deleted, "the load balancer is gone"),
                None => no(kind, Reason::NotCreated, "the load balancer does not exist yet"),
            };
        }
        Find::There(lb) => lb,
    };
    match lb.state {
        LoadBalancerState::Provisioning if observed.endpoint_service.there().is_none() => {
            return no(
                kind,
                Reason::Provisioning,
                format!("load balancer {} provisions, which takes minutes", lb.dns_name),
            );
        }
        LoadBalancerState::Failed => {
            return no(kind, Reason::LoadBalancerFailed, format!("load balancer {} failed", lb.arn));
        }
        LoadBalancerState::Provisioning | LoadBalancerState::Active | LoadBalancerState::ActiveImpaired => {}
    }
    if let Goal::Offer(offer) = &view.passed.desired.goal {
        let have = lb.listeners.get();
        let missing: BTreeSet<_> =
            offer.listeners.keys().filter(|port| have.is_some_and(|have| !have.contains_key(*port))).collect();
        // A broker that just joined is not served yet, and all others are.
        let bootstrap = |port: &Port| {
            let group = offer.listeners.get(port).and_then(|listener| offer.target_groups.get(&listener.group));
            group.is_some_and(|group| group.bootstrap.is_none())
        };
        let nothing_works = missing.len() + bootstraps(offer) >= offer.listeners.len();
        if missing.iter().any(|port| bootstrap(port)) || (!missing.is_empty() && nothing_works) {
            let reason =
                failures(view, concerns).next().map_or(Reason::ListenersMissing, |failure| class_reason(failure.class));
            let why = failures(view, concerns).map(ToString::to_string).collect::<Vec<_>>().join("; ");
            return no(kind, reason, format!("NLB listeners are missing: {} {why}", listed(missing)));
        }
        match served(view, offer) {
            Served::Nobody => {
                let message = "no broker takes connections on any listener: see status.listeners[].brokers[].health, the brokers' security groups and that they listen on brokerPort";
                return no(kind, Reason::NoHealthyBroker, message);
            }
            Served::NotYet => {
                return no(kind, Reason::HealthChecksPending, "no broker has passed its health checks yet");
            }
            Served::Some | Served::Unread => {}
        }
    }
    let message = if lb.state == LoadBalancerState::ActiveImpaired {
        format!("{} routes but is short of capacity (active_impaired)", lb.dns_name)
    } else {
        lb.dns_name.clone()
    };
    yes(kind, Reason::Active, message)
}

/// Bootstraps among the NLB listeners: one a Kafka listener.
fn bootstraps(offer: &Offer) -> usize {
    offer.target_groups.values().filter(|group| group.bootstrap.is_none()).count()
}

/// What the bootstrap groups, which are read in every look, say of all brokers together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Served {
    Some,
    NotYet,
    Nobody,
    Unread,
}

fn served(view: &View<'_>, offer: &Offer) -> Served {
    let groups = offer.target_groups.iter().filter(|(_, group)| group.bootstrap.is_none());
    let targets: Option<Vec<_>> =
        groups.map(|(name, _)| view.passed.observed.target_groups.there(name)?.targets.get()).collect();
    let Some(targets) = targets else { return Served::Unread };
    let states: Vec<Health> = targets.into_iter().flat_map(|targets| targets.values().copied()).collect();
    if states.contains(&Health::Healthy) {
        Served::Some
    } else if states.contains(&Health::Unhealthy) {
        Served::Nobody
    } else {
        Served::NotYet
    }
}

pub(super) fn endpoint_service(view: &View<'_>) -> Finding {
    let kind = ConditionType::EndpointServiceReady;
    let concerns = |step: &Step| matches!(step, Step::EndpointService(_));
    match view.passed.observed.endpoint_service.find() {
        Find::Unknown => unknown(kind, Reason::NotReadYet, "the endpoint service could not be read"),
        Find::Gone => match failures(view, concerns).next() {
            Some(failure) => failed(kind, failure),
            None if leaving(view) => no(kind, Reason::Deleted, "the endpoint service is gone"),
            None => no(kind, Reason::NotCreated, "the endpoint service is made when the load balancer is active"),
        },
        Find::There(service) => match service.state {
            ServiceState::Available => {
                let blocked = view
                    .passed
                    .plan
                    .conflicts
                    .iter()
                    .find(|conflict| matches!(conflict, Conflict::ZonesNotOffered(..)));
                match blocked {
                    Some(conflict) => no(kind, conflict.reason(), conflict.to_string()),
                    None => yes(kind, Reason::Available, service.name.clone()),
                }
            }
            state => no(kind, Reason::NotAvailable, format!("endpoint service {} is {state:?}", service.id)),
        },
    }
}

pub(super) fn principals(view: &View<'_>) -> Finding {
    let kind = ConditionType::PrincipalsSynced;
    let concerns = |step: &Step| matches!(step, Step::EndpointService(_));
    let service = match view.passed.observed.endpoint_service.find() {
        Find::Unknown => return unknown(kind, Reason::NotReadYet, "the endpoint service could not be read"),
        Find::Gone => return no(kind, Reason::NoService, "there is no endpoint service yet"),
        Find::There(service) => service,
    };
    let Goal::Offer(offer) = &view.passed.desired.goal else {
        return unknown(kind, Reason::NotWanted, "principals are not compared");
    };
    match &service.principals {
        Seen::Unread => unknown(kind, Reason::NotReadYet, "the principals could not be read"),
        Seen::Read(have) if *have == offer.endpoint_service.principals => {
            yes(kind, Reason::Synced, format!("{} principals may ask", have.len()))
        }
        Seen::Read(have) => match failures(view, concerns).next() {
            Some(failure) => failed(kind, failure),
            None => {
                let differing = have.symmetric_difference(&offer.endpoint_service.principals);
                no(kind, Reason::Differs, format!("to be changed: {}", listed(differing)))
            }
        },
    }
}

pub(super) fn owned(view: &View<'_>) -> Finding {
    let kind = ConditionType::ResourcesOwned;
    if let Some(block) = &view.passed.block
        && !matches!(block, Block::ObserveOnly | Block::NotAllowed(_))
    {
        return no(kind, block.reason(), block.to_string());
    }
    let conflicts: Vec<&Conflict> = view.passed.plan.conflicts.iter().collect();
    match conflicts.first() {
        Some(first) if first.reason() == Reason::Conflict => no(kind, Reason::Conflict, listed(conflicts)),
        _ => yes(kind, Reason::Owned, "every resource in use carries our owner tag"),
    }
}
