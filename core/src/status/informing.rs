//! The conditions that inform and leave `Ready` alone.

use std::collections::BTreeMap;

use super::View;
use super::finding::{ConditionType, Finding, listed, no, unknown, yes};
use crate::desired::{Acceptance, Goal, Intent, Path};
use crate::kafka::advertised_host;
use crate::model::{AccountId, BrokerId, ConnectionState, Health, LISTENER_TAG, ZoneId};
use crate::plan::Plan;
use crate::reason::Reason;

pub(super) fn in_sync(view: &View<'_>) -> Finding {
    let kind = ConditionType::InSync;
    let plan = &view.passed.plan;
    if !plan.ask.is_empty() || !view.passed.observed.read_failures.is_empty() {
        let unread = listed(plan.ask.iter().chain(view.passed.observed.read_failures.keys()));
        return unknown(kind, Reason::NotReadYet, format!("not read: {unread}"));
    }
    if view.passed.desired.goal == Goal::Hold {
        return unknown(kind, Reason::InputsUnresolved, "it is not known what is wanted");
    }
    if plan.settled() {
        return yes(kind, Reason::InSync, "AWS is as the spec says");
    }
    if plan.steps.is_empty() && plan.conflicts.is_empty() {
        return no(kind, Reason::Waiting, format!("until {}", listed(&plan.waiting)));
    }
    differs(plan)
}

/// AWS is not as the spec says, and this is what is to be done.
pub(super) fn differs(plan: &Plan) -> Finding {
    let steps = plan.steps.iter().map(ToString::to_string);
    let conflicts = plan.conflicts.iter().map(ToString::to_string);
    no(ConditionType::InSync, Reason::Differs, listed(steps.chain(conflicts).take(10)))
}

pub(super) fn connections(view: &View<'_>) -> Finding {
    let kind = ConditionType::ConnectionsSettled;
    let Some(connections) = view.passed.observed.endpoint_service.there().and_then(|service| service.connections.get())
    else {
        return unknown(kind, Reason::NotReadYet, "no connections were read");
    };
    let pending: Vec<String> = connections
        .iter()
        .filter(|(_, connection)| connection.state == ConnectionState::PendingAcceptance)
        .map(|(id, connection)| {
            format!("{id} of account {}: {}", connection.account, why_pending(view, &connection.account))
        })
        .collect();
    if pending.is_empty() {
        return yes(kind, Reason::Settled, "no request waits for an answer");
    }
    no(kind, Reason::RequestsPending, pending.join("; "))
}

fn why_pending(view: &View<'_>, account: &AccountId) -> &'static str {
    match view.intent.ok().and_then(|intent| intent.consumers.get(account)).map(|consumer| consumer.acceptance) {
        None => "not in endpointService.consumers",
        Some(Acceptance::Manual) => "add it to endpointIds to accept it",
        Some(Acceptance::Automatic { .. }) => "maxConnections is reached, or it is being accepted",
        Some(Acceptance::Rejected) => "is being rejected",
    }
}

/// AWS's own idle timeout; above it the targets' connection tracking has to allow it too.
const TRACKED_SECONDS: u32 = 350;

pub(super) fn hosts(view: &View<'_>) -> Finding {
    let kind = ConditionType::HostsRoutable;
    let Ok(intent) = view.intent else { return unknown(kind, Reason::InvalidSpec, "the spec could not be read") };
    let mut problems = Vec::new();
    let mut reason = Reason::Routable;
    for (name, listener) in &intent.listeners {
        match &listener.host_template {
            None => {
                reason = Reason::HostTemplateMissing;
                problems.push(format!(
                    "listener {name} has no advertisedHostTemplate: set it when the consumer has said it"
                ));
            }
            Some(template) if !listener.cross_zone && intent.subnets.len() > 1 && !template.contains("{zoneId}") => {
                reason = Reason::CrossZoneNeeded;
                problems.push(format!(
                    "hosts of listener {name} do not tell zones apart, and brokers of other zones cannot be reached: set crossZone to Enabled or use {{zoneId}} in advertisedHostTemplate"
                ));
            }
            Some(template) => {
                problems.extend(too_long(intent, name.as_str(), template, &view.passed.desired.memory.zones));
            }
        }
    }
    if reason == Reason::Routable && !problems.is_empty() {
        reason = Reason::HostInvalid;
    }
    if problems.is_empty() {
        let note = if intent.idle_timeout_seconds > TRACKED_SECONDS {
            format!(
                "; idleTimeoutSeconds {} needs a TcpEstablishedTimeout of the brokers' interfaces above it (350 s on Nitro v6)",
                intent.idle_timeout_seconds
            )
        } else {
            String::new()
        };
        return yes(kind, reason, format!("every advertised host can be routed{note}"));
    }
    no(kind, reason, problems.join("; "))
}

fn too_long(intent: &Intent, listener: &str, template: &str, zones: &BTreeMap<BrokerId, ZoneId>) -> Option<String> {
    let hosts = zones.iter().map(|(id, zone)| advertised_host(template, *id, zone, &intent.region));
    let bad = hosts.into_iter().find(|host| host.len() > 253 || host.split('.').any(|label| label.len() > 63))?;
    Some(format!("host {bad} of listener {listener} is no DNS name: 253 characters at most, 63 between dots"))
}

/// Health of every broker of every listener, as the bootstrap groups show it.
fn healths<'a>(view: &'a View<'_>) -> Option<Vec<(&'a str, BrokerId, Option<Health>)>> {
    let Goal::Offer(offer) = &view.passed.desired.goal else { return None };
    let mut all = Vec::new();
    for (name, wanted) in offer.target_groups.iter().filter(|(_, group)| group.bootstrap.is_none()) {
        let targets = view.passed.observed.target_groups.there(name)?.targets.get()?;
        let listener = wanted.tags.get(LISTENER_TAG)?;
        for (id, broker) in &view.passed.desired.brokers {
            let health = match &broker.path {
                Path::To(target) => targets.iter().find(|(have, _)| have.id == *target).map(|(_, health)| *health),
                Path::AsItIs => None,
            };
            all.push((listener.as_str(), *id, health));
        }
    }
    Some(all)
}

pub(super) fn brokers_healthy(view: &View<'_>) -> Finding {
    let kind = ConditionType::BrokersHealthy;
    let Some(all) = healths(view) else { return unknown(kind, Reason::NotReadYet, "no health was read") };
    let bad: Vec<String> = all
        .iter()
        .filter(|(_, _, health)| *health != Some(Health::Healthy))
        .map(|(listener, id, health)| match health {
            Some(health) => format!("broker {id} on {listener} is {health:?}"),
            None => format!("broker {id} on {listener} is not registered or was not found"),
        })
        .collect();
    if bad.is_empty() {
        return yes(kind, Reason::AllHealthy, "every broker takes connections on every listener");
    }
    no(kind, Reason::BrokersUnhealthy, bad.join("; "))
}
