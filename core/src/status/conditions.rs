//! Conditions: what is true, why not, and what to do next. `Ready` is computed from the others.

use std::collections::BTreeSet;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::View;
use super::tables::advertised_host;
use crate::desired::{Acceptance, Goal, Intent};
use crate::model::{
    BrokerId, ConnectionState, ErrorClass, Failure, Find, Health, LoadBalancerState, Seen, ServiceState, ZoneId,
};
use crate::plan::{Conflict, Step, WaitingOn};

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionType {
    /// Consumers can be served.
    Ready,
    /// Everything that the spec refers to was found.
    InputsResolved,
    /// The load balancer routes.
    LoadBalancerReady,
    /// The endpoint service takes requests.
    EndpointServiceReady,
    /// Exactly the listed principals may ask.
    PrincipalsSynced,
    /// Nothing that is needed belongs to somebody else.
    ResourcesOwned,
    /// AWS is as the spec says.
    InSync,
    /// Every broker takes connections.
    BrokersHealthy,
    /// No request waits for an answer.
    ConnectionsSettled,
    /// Clients can route to every advertised host.
    HostsRoutable,
    /// A person must act.
    Stalled,
    /// Work is under way.
    Reconciling,
}

impl ConditionType {
    /// As it stands in status.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::InputsResolved => "InputsResolved",
            Self::LoadBalancerReady => "LoadBalancerReady",
            Self::EndpointServiceReady => "EndpointServiceReady",
            Self::PrincipalsSynced => "PrincipalsSynced",
            Self::ResourcesOwned => "ResourcesOwned",
            Self::InSync => "InSync",
            Self::BrokersHealthy => "BrokersHealthy",
            Self::ConnectionsSettled => "ConnectionsSettled",
            Self::HostsRoutable => "HostsRoutable",
            Self::Stalled => "Stalled",
            Self::Reconciling => "Reconciling",
        }
    }
}

/// One condition of a status.
#[must_use]
pub fn condition(conditions: &[Condition], kind: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == kind.as_str())
}

/// What a condition says before it is compared with the former one.
#[derive(Clone, Debug)]
struct Finding {
    kind: ConditionType,
    holds: Option<bool>,
    reason: &'static str,
    message: String,
}

fn yes(kind: ConditionType, reason: &'static str, message: impl Into<String>) -> Finding {
    Finding { kind, holds: Some(true), reason, message: message.into() }
}

fn no(kind: ConditionType, reason: &'static str, message: impl Into<String>) -> Finding {
    Finding { kind, holds: Some(false), reason, message: message.into() }
}

fn unknown(kind: ConditionType, reason: &'static str, message: impl Into<String>) -> Finding {
    Finding { kind, holds: None, reason, message: message.into() }
}

pub(super) fn conditions(view: &View<'_>) -> Vec<Condition> {
    let parts = [inputs(view), load_balancer(view), endpoint_service(view), principals(view), owned(view)];
    let mut findings = vec![ready(view, &parts)];
    findings.extend(parts);
    findings.extend([in_sync(view), brokers_healthy(view), connections(view), hosts(view)]);
    // kstatus reads these two: present only when true, never both.
    if let Some(stalled) = stalled(view) {
        findings.push(stalled);
    } else if let Some(reconciling) = reconciling(view, &findings) {
        findings.push(reconciling);
    }
    let former = view.previous.map(|status| status.conditions.as_slice()).unwrap_or_default();
    findings.into_iter().map(|finding| stamped(finding, former, view.generation, view.now)).collect()
}

/// Conditions at the first write for a generation: at work; `Ready` keeps its value.
pub(super) fn begun(former: &[Condition], generation: i64, now: Timestamp) -> Vec<Condition> {
    let stays = |condition: &&Condition| {
        condition.type_ != ConditionType::Reconciling.as_str() && condition.type_ != ConditionType::Stalled.as_str()
    };
    let mut conditions: Vec<Condition> = former.iter().filter(stays).cloned().collect();
    if condition(&conditions, ConditionType::Ready).is_none() {
        let finding = unknown(ConditionType::Ready, "Reconciling", "not looked at yet");
        conditions.insert(0, stamped(finding, former, generation, now));
    }
    let message = format!("generation {generation} is being carried out");
    conditions.push(stamped(yes(ConditionType::Reconciling, "Progressing", message), former, generation, now));
    conditions
}

/// Conditions are cut where the API server would refuse them.
const LONGEST_MESSAGE: usize = 32_000;

fn stamped(finding: Finding, former: &[Condition], generation: i64, now: Timestamp) -> Condition {
    let status = match finding.holds {
        Some(true) => "True",
        Some(false) => "False",
        None => "Unknown",
    };
    let since = condition(former, finding.kind)
        .filter(|condition| condition.status == status)
        .map_or(Time(now), |condition| condition.last_transition_time.clone());
    let mut message = finding.message;
    if message.len() > LONGEST_MESSAGE {
        let end = (0..=LONGEST_MESSAGE).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    Condition {
        type_: finding.kind.as_str().to_owned(),
        status: status.to_owned(),
        observed_generation: Some(generation),
        last_transition_time: since,
        reason: finding.reason.to_owned(),
        message,
    }
}

fn listed<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join("; ")
}

fn leaving(view: &View<'_>) -> bool {
    matches!(view.passed.desired.goal, Goal::Absent(_) | Goal::Retained)
}

fn inputs(view: &View<'_>) -> Finding {
    let kind = ConditionType::InputsResolved;
    if let Err(error) = view.intent {
        return no(kind, "InvalidSpec", error.to_string());
    }
    let issues = &view.passed.desired.issues;
    match issues.first() {
        Some(first) => no(kind, first.reason(), listed(issues)),
        None if view.passed.desired.goal == Goal::Hold => unknown(kind, "NotReadYet", "the inputs were not read yet"),
        None => yes(kind, "Resolved", "everything that the spec refers to was found"),
    }
}

/// The failures of steps and reads that concern one part of the whole.
fn failures<'a>(view: &'a View<'_>, concerns: impl Fn(&Step) -> bool + 'a) -> impl Iterator<Item = &'a Failure> + 'a {
    view.passed.failures().filter(move |(step, _)| concerns(step)).map(|(_, failure)| failure)
}

fn failed(kind: ConditionType, failure: &Failure) -> Finding {
    no(kind, class_reason(failure.class), failure.to_string())
}

fn class_reason(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::AlreadyExists => "AlreadyExists",
        ErrorClass::InUse => "InUse",
        ErrorClass::NotFound => "NotFound",
        ErrorClass::Lag => "Lag",
        ErrorClass::Throttled => "Throttled",
        ErrorClass::Transient => "Transient",
        ErrorClass::Denied => "Denied",
        ErrorClass::Quota => "Quota",
        ErrorClass::Invalid => "Refused",
    }
}

fn load_balancer(view: &View<'_>) -> Finding {
    let kind = ConditionType::LoadBalancerReady;
    let observed = &view.passed.observed;
    let concerns = |step: &Step| {
        matches!(
            step,
            Step::LoadBalancer(_)
                | Step::Listener(_)
                | Step::TargetGroup(_)
                | Step::SecurityGroup(_)
                | Step::Subnet(_)
                | Step::BrokerGroupRule(_)
        )
    };
    let lb = match observed.load_balancer.find() {
        Find::Unknown => return unknown(kind, "NotReadYet", "the load balancer could not be read"),
        Find::Gone => {
            return match failures(view, concerns).next() {
                Some(failure) => failed(kind, failure),
                None if leaving(view) => no(kind, "Deleted", "the load balancer is gone"),
                None => no(kind, "NotCreated", "the load balancer does not exist yet"),
            };
        }
        Find::There(lb) => lb,
    };
    match lb.state {
        LoadBalancerState::Provisioning if observed.endpoint_service.there().is_none() => {
            return no(kind, "Provisioning", format!("load balancer {} provisions, which takes minutes", lb.dns_name));
        }
        LoadBalancerState::Failed => return no(kind, "LoadBalancerFailed", format!("load balancer {} failed", lb.arn)),
        LoadBalancerState::Provisioning | LoadBalancerState::Active | LoadBalancerState::ActiveImpaired => {}
    }
    if let Goal::Offer(offer) = &view.passed.desired.goal {
        let have = lb.listeners.get();
        let missing: BTreeSet<_> =
            offer.listeners.keys().filter(|port| have.is_some_and(|have| !have.contains_key(*port))).collect();
        if !missing.is_empty() {
            let reason =
                failures(view, concerns).next().map_or("ListenersMissing", |failure| class_reason(failure.class));
            let why = failures(view, concerns).map(ToString::to_string).collect::<Vec<_>>().join("; ");
            return no(kind, reason, format!("NLB listeners are missing: {} {why}", listed(missing)));
        }
        if nobody_healthy(view) == Some(true) {
            let message = "no broker takes connections on any listener: see status.listeners[].brokers[].health, the brokers' security groups and that they listen on brokerPort";
            return no(kind, "NoHealthyBroker", message);
        }
    }
    let message = if lb.state == LoadBalancerState::ActiveImpaired {
        format!("{} routes but is short of capacity (active_impaired)", lb.dns_name)
    } else {
        lb.dns_name.clone()
    };
    yes(kind, "Active", message)
}

/// Health of every broker of every listener, as the bootstrap groups show it.
fn healths<'a>(view: &'a View<'_>) -> Option<Vec<(&'a str, BrokerId, Option<Health>)>> {
    let Goal::Offer(offer) = &view.passed.desired.goal else { return None };
    let mut all = Vec::new();
    for (name, wanted) in offer.target_groups.iter().filter(|(_, group)| group.bootstrap.is_none()) {
        let targets = view.passed.observed.target_groups.there(name)?.targets.get()?;
        let listener = wanted.tags.get(crate::model::LISTENER_TAG)?;
        for (id, broker) in &view.passed.desired.brokers {
            let health = match &broker.path {
                crate::desired::Path::To(target) => {
                    targets.iter().find(|(have, _)| have.id == *target).map(|(_, health)| *health)
                }
                crate::desired::Path::AsItIs => None,
            };
            all.push((listener.as_str(), *id, health));
        }
    }
    Some(all)
}

fn nobody_healthy(view: &View<'_>) -> Option<bool> {
    let Goal::Offer(offer) = &view.passed.desired.goal else { return None };
    let groups = offer.target_groups.iter().filter(|(_, group)| group.bootstrap.is_none());
    let targets: Option<Vec<_>> =
        groups.map(|(name, _)| view.passed.observed.target_groups.there(name)?.targets.get()).collect();
    // Right after registering nothing was checked yet: that is work, not failure.
    let states: Vec<Health> = targets?.into_iter().flat_map(|targets| targets.values().copied()).collect();
    Some(!states.contains(&Health::Healthy))
}

fn brokers_healthy(view: &View<'_>) -> Finding {
    let kind = ConditionType::BrokersHealthy;
    let Some(all) = healths(view) else { return unknown(kind, "NotReadYet", "no health was read") };
    let bad: Vec<String> = all
        .iter()
        .filter(|(_, _, health)| *health != Some(Health::Healthy))
        .map(|(listener, id, health)| match health {
            Some(health) => format!("broker {id} on {listener} is {health:?}"),
            None => format!("broker {id} on {listener} is not registered or was not found"),
        })
        .collect();
    if bad.is_empty() {
        return yes(kind, "AllHealthy", "every broker takes connections on every listener");
    }
    no(kind, "BrokersUnhealthy", bad.join("; "))
}

fn endpoint_service(view: &View<'_>) -> Finding {
    let kind = ConditionType::EndpointServiceReady;
    let concerns = |step: &Step| matches!(step, Step::EndpointService(_));
    match view.passed.observed.endpoint_service.find() {
        Find::Unknown => unknown(kind, "NotReadYet", "the endpoint service could not be read"),
        Find::Gone => match failures(view, concerns).next() {
            Some(failure) => failed(kind, failure),
            None if leaving(view) => no(kind, "Deleted", "the endpoint service is gone"),
            None => no(kind, "NotCreated", "the endpoint service is made when the load balancer is active"),
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
                    None => yes(kind, "Available", service.name.clone()),
                }
            }
            state => no(kind, "NotAvailable", format!("endpoint service {} is {state:?}", service.id)),
        },
    }
}

fn principals(view: &View<'_>) -> Finding {
    let kind = ConditionType::PrincipalsSynced;
    let concerns = |step: &Step| matches!(step, Step::EndpointService(_));
    let Some(service) = view.passed.observed.endpoint_service.there() else {
        return no(kind, "NoService", "there is no endpoint service yet");
    };
    let Goal::Offer(offer) = &view.passed.desired.goal else {
        return unknown(kind, "NotWanted", "principals are not compared");
    };
    match &service.principals {
        Seen::Unread => unknown(kind, "NotReadYet", "the principals could not be read"),
        Seen::Read(have) if *have == offer.endpoint_service.principals => {
            yes(kind, "Synced", format!("{} principals may ask", have.len()))
        }
        Seen::Read(have) => match failures(view, concerns).next() {
            Some(failure) => failed(kind, failure),
            None => {
                let differing = have.symmetric_difference(&offer.endpoint_service.principals);
                no(kind, "Differs", format!("to be changed: {}", listed(differing)))
            }
        },
    }
}

fn owned(view: &View<'_>) -> Finding {
    let kind = ConditionType::ResourcesOwned;
    if let Some(block) = &view.passed.block
        && *block != crate::plan::guard::Block::ObserveOnly
    {
        return no(kind, block.reason(), block.to_string());
    }
    let conflicts: Vec<&Conflict> = view.passed.plan.conflicts.iter().collect();
    match conflicts.first() {
        Some(first) if first.reason() == "Conflict" => no(kind, "Conflict", listed(conflicts)),
        _ => yes(kind, "Owned", "every resource in use carries our owner tag"),
    }
}

fn ready(view: &View<'_>, parts: &[Finding]) -> Finding {
    let kind = ConditionType::Ready;
    if leaving(view) {
        return no(kind, "Deleting", deleting(view));
    }
    let false_ones: Vec<&Finding> = parts.iter().filter(|finding| finding.holds == Some(false)).collect();
    if let Some(first) = false_ones.first() {
        return no(kind, first.reason, listed(false_ones.iter().map(|finding| finding.message.as_str())));
    }
    if let Some(first) = parts.iter().find(|finding| finding.holds.is_none()) {
        return unknown(kind, first.reason, first.message.clone());
    }
    let name = view.passed.observed.endpoint_service.there().map(|service| service.name.clone()).unwrap_or_default();
    yes(kind, "Available", format!("consumers connect to {name}"))
}

fn deleting(view: &View<'_>) -> String {
    let waiting = &view.passed.plan.waiting;
    if waiting.is_empty() { "everything is being removed".into() } else { format!("until {}", listed(waiting)) }
}

fn in_sync(view: &View<'_>) -> Finding {
    let kind = ConditionType::InSync;
    let plan = &view.passed.plan;
    if !plan.ask.is_empty() || !view.passed.observed.read_failures.is_empty() {
        let unread = listed(plan.ask.iter().chain(view.passed.observed.read_failures.keys()));
        return unknown(kind, "NotReadYet", format!("not read: {unread}"));
    }
    if view.passed.desired.goal == Goal::Hold {
        return unknown(kind, "InputsUnresolved", "it is not known what is wanted");
    }
    if plan.settled() {
        return yes(kind, "InSync", "AWS is as the spec says");
    }
    if plan.steps.is_empty() && plan.conflicts.is_empty() {
        return no(kind, "Waiting", format!("until {}", listed(&plan.waiting)));
    }
    let steps = plan.steps.iter().map(ToString::to_string);
    no(kind, "Differs", listed(steps.chain(plan.conflicts.iter().map(ToString::to_string)).take(10)))
}

fn connections(view: &View<'_>) -> Finding {
    let kind = ConditionType::ConnectionsSettled;
    let Some(connections) = view.passed.observed.endpoint_service.there().and_then(|service| service.connections.get())
    else {
        return unknown(kind, "NotReadYet", "no connections were read");
    };
    let pending: Vec<String> = connections
        .iter()
        .filter(|(_, connection)| connection.state == ConnectionState::PendingAcceptance)
        .map(|(id, connection)| {
            format!("{id} of account {}: {}", connection.account, why_pending(view, &connection.account))
        })
        .collect();
    if pending.is_empty() {
        return yes(kind, "Settled", "no request waits for an answer");
    }
    no(kind, "RequestsPending", pending.join("; "))
}

fn why_pending(view: &View<'_>, account: &crate::model::AccountId) -> &'static str {
    match view.intent.ok().and_then(|intent| intent.consumers.get(account)).map(|consumer| consumer.acceptance) {
        None => "not in endpointService.consumers",
        Some(Acceptance::Manual) => "add it to endpointIds to accept it",
        Some(Acceptance::Automatic { .. }) => "maxConnections is reached, or it is being accepted",
        Some(Acceptance::Rejected) => "is being rejected",
    }
}

/// AWS's own idle timeout; above it the targets' connection tracking has to allow it too.
const TRACKED_SECONDS: u32 = 350;

fn hosts(view: &View<'_>) -> Finding {
    let kind = ConditionType::HostsRoutable;
    let Ok(intent) = view.intent else { return unknown(kind, "InvalidSpec", "the spec could not be read") };
    let mut problems = Vec::new();
    let mut reason = "Routable";
    for (name, listener) in &intent.listeners {
        match &listener.host_template {
            None => {
                reason = "HostTemplateMissing";
                problems.push(format!(
                    "listener {name} has no advertisedHostTemplate: set it when the consumer has said it"
                ));
            }
            Some(template) if !listener.cross_zone && intent.subnets.len() > 1 && !template.contains("{zoneId}") => {
                reason = "CrossZoneNeeded";
                problems.push(format!(
                    "hosts of listener {name} do not tell zones apart, and brokers of other zones cannot be reached: set crossZone to Enabled or use {{zoneId}} in advertisedHostTemplate"
                ));
            }
            Some(template) => {
                problems.extend(too_long(intent, name.as_str(), template, &view.passed.desired.memory.zones));
            }
        }
    }
    if reason == "Routable" && !problems.is_empty() {
        reason = "HostInvalid";
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

fn too_long(
    intent: &Intent,
    listener: &str,
    template: &str,
    zones: &std::collections::BTreeMap<BrokerId, ZoneId>,
) -> Option<String> {
    let hosts = zones.iter().map(|(id, zone)| advertised_host(template, *id, zone, &intent.region));
    let bad = hosts.into_iter().find(|host| host.len() > 253 || host.split('.').any(|label| label.len() > 63))?;
    Some(format!("host {bad} of listener {listener} is no DNS name: 253 characters at most, 63 between dots"))
}

/// A person must act: nothing that the operator does will help.
fn stalled(view: &View<'_>) -> Option<Finding> {
    let kind = ConditionType::Stalled;
    if let Err(error) = view.intent
        && !leaving(view)
    {
        return Some(yes(kind, "InvalidSpec", error.to_string()));
    }
    if let Some(block) = &view.passed.block
        && matches!(
            block,
            crate::plan::guard::Block::WrongAccount { .. } | crate::plan::guard::Block::HeldByOtherCluster(_)
        )
    {
        return Some(yes(kind, block.reason(), block.to_string()));
    }
    if let Some(asked) = &view.passed.desired.memory.confirmation {
        return Some(yes(kind, "AwaitingConfirmation", question(view, &asked.token, &asked.loses)));
    }
    let conflicts = &view.passed.plan.conflicts;
    if let Some(first) = conflicts.first() {
        return Some(yes(kind, first.reason(), listed(conflicts)));
    }
    let reads = view.passed.observed.read_failures.values();
    let mut failures = view.passed.failures().map(|(_, failure)| failure).chain(reads);
    if let Some(failure) = failures.find(|failure| failure.class.needs_person()) {
        return Some(yes(kind, class_reason(failure.class), failure.to_string()));
    }
    let waits = view.passed.plan.waiting.iter().find(|on| matches!(on, WaitingOn::DeletionProtection));
    if let Some(on) = waits {
        return Some(yes(kind, on.reason(), format!("until {on}")));
    }
    let issue = view.passed.desired.issues.iter().find(|issue| issue.needs_person())?;
    Some(yes(kind, issue.reason(), listed(&view.passed.desired.issues)))
}

fn question(view: &View<'_>, token: &str, loses: &BTreeSet<BrokerId>) -> String {
    let owner = &view.passed.desired.identity.owner;
    let ids = loses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!(
        "brokers {ids} are gone; their paths stay until somebody confirms that they shall go: kubectl annotate --overwrite kpl -n {} {} kafka-privatelink.io/confirm={token}",
        owner.namespace, owner.name
    )
}

fn reconciling(view: &View<'_>, findings: &[Finding]) -> Option<Finding> {
    let kind = ConditionType::Reconciling;
    let passed = view.passed;
    if leaving(view) {
        return Some(yes(kind, "Deleting", deleting(view)));
    }
    if let Some((step, failure)) = passed.failures().next() {
        return Some(yes(kind, class_reason(failure.class), format!("{step}: {failure}")));
    }
    if let Some((part, failure)) = passed.observed.read_failures.iter().next() {
        return Some(yes(kind, class_reason(failure.class), format!("{part}: {failure}")));
    }
    if let Some(on) = passed.plan.waiting.first() {
        return Some(yes(kind, on.reason(), format!("until {}", listed(&passed.plan.waiting))));
    }
    if passed.block.is_none() && !passed.plan.settled() {
        return Some(yes(kind, "Progressing", format!("{} steps to go", passed.plan.steps.len())));
    }
    let ready = findings.first().filter(|ready| ready.holds != Some(true) && passed.block.is_none())?;
    Some(yes(kind, ready.reason, ready.message.clone()))
}
