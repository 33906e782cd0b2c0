//! Whether Kafka was seen to work, in a condition and in the rows of brokers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::finding::{ConditionType, Finding, condition, leaving, listed, no, unknown, yes};
use super::{Published, View};
use crate::api::v1alpha1::{BrokerStatus, ListenerStatus};
use crate::desired::Goal;
use crate::kafka::{Fault, Level, Proof, Seat, lines_name};
use crate::model::{BrokerId, ListenerName, NodeInstance, ResourceKey};
use crate::reason::Reason;

const KIND: ConditionType = ConditionType::AdvertisedListenersVerified;
/// Faults that a message has room for.
const MOST_FAULTS: usize = 12;

pub(super) fn published(view: &View<'_>) -> Option<Finding> {
    let kind = ConditionType::AdvertisedListenersPublished;
    Some(match view.published? {
        Published::Yes { name, brokers } => {
            yes(kind, Reason::Published, format!("ConfigMap {name} has the lines of {brokers} brokers"))
        }
        Published::Nothing => {
            let message = "nothing is known that brokers could advertise: set advertisedHostTemplate";
            unknown(kind, Reason::AwaitingConsumerDomain, message)
        }
        Published::Taken { name } => {
            let message = format!(
                "there is a ConfigMap {name} that does not belong to this object, and it is left alone: rename or delete it"
            );
            no(kind, Reason::ConfigMapTaken, message)
        }
        Published::Failed { name, problem } => {
            no(kind, Reason::ConfigMapRefused, format!("ConfigMap {name} cannot be kept: {problem}"))
        }
    })
}

pub(super) fn verified(view: &View<'_>) -> Option<Finding> {
    if leaving(view) {
        return None;
    }
    let (Ok(intent), Goal::Offer(_)) = (view.intent, &view.passed.desired.goal) else { return kept(view) };
    if !intent.verification.enabled {
        return Some(unknown(KIND, Reason::VerificationDisabled, "spec.verification.mode is Disabled"));
    }
    let balancer = view.passed.observed.load_balancer.there();
    if !balancer.is_some_and(|balancer| balancer.state.usable()) {
        let message = "Kafka is asked when the load balancer routes";
        return Some(unknown(KIND, Reason::LoadBalancerProvisioning, message));
    }
    let Some(proof) = view.proof else {
        let again = || unknown(KIND, Reason::LookingAgain, "what is offered has changed: Kafka is being asked");
        return Some(kept(view).filter(|_| unchanged(view)).unwrap_or_else(again));
    };
    Some(judged(view, proof))
}

fn judged(view: &View<'_>, proof: &Proof) -> Finding {
    let counting: Vec<(&ListenerName, Seat, &Fault)> = proof.counting(view.patience).collect();
    let certain = counting.iter().filter(|(_, _, fault)| fault.is_certain());
    if let Some((_, _, worst)) = certain.min_by_key(|(_, _, fault)| *fault) {
        return no(KIND, worst.reason(), told(view, &counting));
    }
    if proof.in_doubt(view.patience) {
        // A broker that restarts is seen like one that is gone.
        let doubt = "something looks wrong; a second look has to confirm it";
        return kept(view).unwrap_or_else(|| unknown(KIND, Reason::LookingAgain, doubt));
    }
    if let Some((_, _, worst)) = counting.iter().min_by_key(|(_, _, fault)| *fault) {
        return unknown(KIND, worst.reason(), told(view, &counting));
    }
    if !proof.awaiting_hosts.is_empty() {
        let message = format!(
            "nothing can be proved of listeners {} before their consumers have said the hosts: set advertisedHostTemplate",
            listed_with_commas(&proof.awaiting_hosts)
        );
        return unknown(KIND, Reason::AwaitingConsumerDomain, message);
    }
    let brokers: BTreeSet<&Seat> =
        proof.ports.keys().map(|(_, seat)| seat).filter(|seat| **seat != Seat::Bootstrap).collect();
    let listeners: BTreeSet<&ListenerName> = proof.ports.keys().map(|(listener, _)| listener).collect();
    let message = format!(
        "every port leads to its broker, and each of {} brokers advertises what it has to on listeners {}",
        brokers.len(),
        listed_with_commas(listeners)
    );
    yes(KIND, Reason::Verified, message)
}

/// What is wrong, the same of several brokers said once, and which restarts mend it.
fn told(view: &View<'_>, faults: &[(&ListenerName, Seat, &Fault)]) -> String {
    let mut said: BTreeMap<(&ListenerName, &Fault), Vec<Seat>> = BTreeMap::new();
    for (listener, seat, fault) in faults {
        said.entry((listener, fault)).or_default().push(*seat);
    }
    let mut lines: Vec<String> = said.iter().map(|((listener, fault), seats)| line(listener, seats, fault)).collect();
    let more = lines.len().saturating_sub(MOST_FAULTS);
    lines.truncate(MOST_FAULTS);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let restarts: BTreeSet<BrokerId> = faults
        .iter()
        .filter(|(listener, seat, fault)| fault.wants_restart() || never_seen(view, listener, *seat, fault))
        .filter_map(|(_, seat, _)| broker(*seat))
        .collect();
    if !restarts.is_empty() && view.passed.desired.nodes.is_some() {
        lines.push(of_nodes(view, &restarts));
    } else if !restarts.is_empty() {
        lines.push(format!(
            "put the lines of ConfigMap {} into the brokers' configuration and restart, one at a time, waiting for each: {}",
            lines_name(&view.passed.desired.identity.owner.name),
            listed_with_commas(restarts)
        ));
    }
    listed(lines)
}

/// Nobody edits files of nodes that are made: their instances are told all of it when they are launched.
fn of_nodes(view: &View<'_>, restarts: &BTreeSet<BrokerId>) -> String {
    let instance = |id: BrokerId| {
        let found = view.passed.observed.own::<NodeInstance>(&ResourceKey::NodeInstance(id)).there();
        found.map_or_else(|| format!("node {id} has no instance"), |found| format!("node {id} is {}", found.id))
    };
    format!(
        "an instance that starts takes a minute or two; when it stays, see its console output, and replace instances that are \
         outdated (status.brokers) one at a time: {}",
        listed_with_commas(restarts.iter().copied().map(instance))
    )
}

fn line(listener: &ListenerName, seats: &[Seat], fault: &Fault) -> String {
    let ids: Vec<BrokerId> = seats.iter().filter_map(|seat| broker(*seat)).collect();
    match ids.as_slice() {
        [] => format!("listener {listener}, bootstrap: {fault}"),
        [id] => format!("listener {listener}, broker {id}: {fault}"),
        ids => format!("listener {listener}, brokers {}: {fault}", listed_with_commas(ids)),
    }
}

/// A broker that does not answer and never did may run without the listener: nothing outside tells it from one that is down.
fn never_seen(view: &View<'_>, listener: &ListenerName, seat: Seat, fault: &Fault) -> bool {
    let row = broker(seat).and_then(|id| former_row(view, listener, id));
    *fault == Fault::Unavailable && row.is_none_or(|row| row.advertised_now.is_none())
}

fn broker(seat: Seat) -> Option<BrokerId> {
    match seat {
        Seat::Bootstrap => None,
        Seat::Broker(id) => Some(id),
    }
}

fn listed_with_commas<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// The condition as it was.
fn kept(view: &View<'_>) -> Option<Finding> {
    let former = condition(&view.previous?.conditions, KIND)?;
    let holds = match former.status.as_str() {
        "True" => Some(true),
        "False" => Some(false),
        _ => None,
    };
    let reason = former.reason.parse().ok()?;
    // What was found of an earlier spec is not said of this one.
    Some(Finding { kind: KIND, holds, reason, message: former.message.clone(), of: former.observed_generation })
}

/// Whether what is offered is what status says was offered.
fn unchanged(view: &View<'_>) -> bool {
    let former = view.previous.map(|status| status.listeners.as_slice()).unwrap_or_default();
    let offered = |listeners: &[ListenerStatus]| -> Vec<_> {
        let rows =
            listeners.iter().flat_map(|listener| listener.brokers.iter().map(|row| (listener.name.clone(), row)));
        rows.map(|(name, row)| (name, row.id, row.port, row.advertised.clone())).collect()
    };
    offered(former) == offered(&super::tables::listeners(view))
}

fn former_listener<'a>(view: &View<'a>, listener: &ListenerName) -> Option<&'a ListenerStatus> {
    view.previous?.listeners.iter().find(|row| row.name == listener.as_str())
}

fn former_row<'a>(view: &View<'a>, listener: &ListenerName, id: BrokerId) -> Option<&'a BrokerStatus> {
    former_listener(view, listener)?.brokers.iter().find(|row| row.id == id.0)
}

/// Fills in what was seen of a broker; `row` says what is wanted.
pub(super) fn fill(view: &View<'_>, listener: &ListenerName, row: &mut BrokerStatus) {
    let id = BrokerId(row.id);
    let former = former_row(view, listener, id);
    let seen = view.proof.and_then(|proof| {
        let port = proof.ports.get(&(listener.clone(), Seat::Broker(id)))?;
        Some((proof, port)).filter(|_| !doubted(view, proof, listener, Seat::Broker(id)))
    });
    let as_before = former.filter(|former| former.port == row.port && former.advertised == row.advertised);
    match (seen, as_before) {
        (Some((proof, port)), _) => {
            row.advertised_now = port.advertised_now.as_ref().map(ToString::to_string);
            row.certificate_expires = port.certificate_expires.map(Time);
            row.proof = port.level.map(name_of);
            row.proven_since = since(former, row.proof.as_deref(), proof.at);
        }
        (None, Some(former)) => {
            row.advertised_now.clone_from(&former.advertised_now);
            row.certificate_expires.clone_from(&former.certificate_expires);
            row.proof.clone_from(&former.proof);
            row.proven_since.clone_from(&former.proven_since);
        }
        (None, None) => row.advertised_now = former.and_then(|former| former.advertised_now.clone()),
    }
    row.advertised_before = former.and_then(|former| {
        let changed = former.advertised != row.advertised;
        let before =
            if changed && former.advertised.is_some() { &former.advertised } else { &former.advertised_before };
        before.clone().filter(|_| row.advertised_now.is_some() && row.advertised_now != row.advertised)
    });
}

fn name_of(level: Level) -> String {
    let name: &str = level.into();
    name.to_owned()
}

/// Moves only when the level does, so that nothing is written at rest.
fn since(former: Option<&BrokerStatus>, proof: Option<&str>, at: Timestamp) -> Option<Time> {
    proof?;
    let same = former.filter(|former| former.proof.as_deref() == proof);
    Some(same.and_then(|former| former.proven_since.clone()).unwrap_or(Time(at)))
}

fn doubted(view: &View<'_>, proof: &Proof, listener: &ListenerName, seat: Seat) -> bool {
    let key = (listener.clone(), seat);
    proof.faults.contains_key(&key) && !proof.counting(view.patience).any(|(of, at, _)| of == listener && at == seat)
}

/// How much is proved of the bootstrap port.
pub(super) fn bootstrap(view: &View<'_>, listener: &ListenerName) -> Option<String> {
    let former = || former_listener(view, listener)?.bootstrap.as_ref()?.proof.clone();
    let Some(proof) = view.proof.filter(|proof| !doubted(view, proof, listener, Seat::Bootstrap)) else {
        return former();
    };
    proof.ports.get(&(listener.clone(), Seat::Bootstrap))?.level.map(name_of)
}

/// Whether what consumers are told of a listener is proved.
pub(super) fn listener(view: &View<'_>, listener: &ListenerName) -> Option<String> {
    let enabled = view.intent.is_ok_and(|intent| intent.verification.enabled);
    let former = || former_listener(view, listener).and_then(|row| row.verified.clone());
    let said = match view.proof {
        None => former(),
        Some(proof) => {
            let of_it = |key: &(ListenerName, Seat)| key.0 == *listener;
            let counting: Vec<&Fault> =
                proof.counting(view.patience).filter(|(of, _, _)| *of == listener).map(|(_, _, fault)| fault).collect();
            let doubt = proof.faults.keys().filter(|key| of_it(key)).any(|key| doubted(view, proof, listener, key.1));
            if counting.iter().any(|fault| fault.is_certain()) {
                Some("False".to_owned())
            } else if doubt {
                former()
            } else if counting.is_empty() && proof.ports.keys().any(of_it) {
                Some("True".to_owned())
            } else {
                None
            }
        }
    };
    enabled.then(|| said.unwrap_or_else(|| "Unknown".to_owned()))
}
