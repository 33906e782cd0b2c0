//! Conditions: what is true, why not, and what to do next. `Ready` is computed from the others.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::View;
use super::finding::{ConditionType, Finding, condition, leaving, listed, no, unknown, yes};
use super::informing::{brokers_healthy, connections, differs, hosts, in_sync};
use super::kstatus::{deleting, reconciling, stalled};
use super::parts::{endpoint_service, inputs, load_balancer, owned, principals};
use super::verified::{published, verified};
use crate::plan::Plan;
use crate::reason::Reason;

pub(super) fn conditions(view: &View<'_>) -> Vec<Condition> {
    // What blocks everything comes first: the rest was seen with the wrong eyes.
    let parts = [owned(view), inputs(view), load_balancer(view), endpoint_service(view), principals(view)];
    let mut findings = vec![ready(view, &parts)];
    findings.extend(parts);
    findings.extend([in_sync(view), brokers_healthy(view), connections(view), hosts(view)]);
    findings.extend(published(view).into_iter().chain(verified(view)));
    // kstatus reads these two: present only when true, never both.
    if let Some(stalled) = stalled(view) {
        findings.push(stalled);
    } else if let Some(reconciling) = reconciling(view, &findings) {
        findings.push(reconciling);
    }
    let former = view.previous.map(|status| status.conditions.as_slice()).unwrap_or_default();
    findings.into_iter().map(|finding| stamped(finding, former, view.generation, view.now)).collect()
}

/// Conditions before the first write to AWS: at work, and not in sync; `Ready` keeps its value.
pub(super) fn begun(former: &[Condition], plan: &Plan, generation: i64, now: Timestamp) -> Vec<Condition> {
    let told = [ConditionType::InSync, ConditionType::Reconciling, ConditionType::Stalled];
    let stays = |condition: &&Condition| !told.iter().any(|kind| condition.type_ == kind.as_str());
    let mut conditions: Vec<Condition> = former.iter().filter(stays).cloned().collect();
    if condition(&conditions, ConditionType::Ready).is_none() {
        let finding = unknown(ConditionType::Ready, Reason::Reconciling, "not looked at yet");
        conditions.insert(0, stamped(finding, former, generation, now));
    }
    let steps = yes(ConditionType::Reconciling, Reason::Progressing, format!("{} steps to go", plan.steps.len()));
    conditions.extend([differs(plan), steps].map(|finding| stamped(finding, former, generation, now)));
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
        observed_generation: finding.of.or(Some(generation)),
        last_transition_time: since,
        reason: finding.reason.as_str().to_owned(),
        message,
    }
}

fn ready(view: &View<'_>, parts: &[Finding]) -> Finding {
    let kind = ConditionType::Ready;
    if leaving(view) {
        return no(kind, Reason::Deleting, deleting(view));
    }
    let false_ones: Vec<&Finding> = parts.iter().filter(|finding| finding.holds == Some(false)).collect();
    if let Some(first) = false_ones.first() {
        return no(kind, first.reason, listed(false_ones.iter().map(|finding| finding.message.as_str())));
    }
    if let Some(first) = parts.iter().find(|finding| finding.holds.is_none()) {
        return unknown(kind, first.reason, first.message.clone());
    }
    let name = view.passed.observed.endpoint_service.there().map(|service| service.name.clone()).unwrap_or_default();
    yes(kind, Reason::Available, format!("consumers connect to {name}"))
}
