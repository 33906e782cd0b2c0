//! `Stalled` and `Reconciling`, as kstatus reads them: present only when true, never both.

use std::collections::BTreeSet;

use super::View;
use super::finding::{ConditionType, Finding, leaving, listed, yes};
use super::parts::class_reason;
use crate::model::BrokerId;
use crate::plan::WaitingOn;
use crate::plan::guard::Block;
use crate::reason::Reason;

/// A person must act: nothing that the operator does will help.
pub(super) fn stalled(view: &View<'_>) -> Option<Finding> {
    let kind = ConditionType::Stalled;
    if let Err(error) = view.intent
        && !leaving(view)
    {
        return Some(yes(kind, error.reason, error.to_string()));
    }
    if let Some(block) = &view.passed.block
        && matches!(block, Block::WrongAccount { .. } | Block::HeldByOtherCluster(_) | Block::NotAllowed(_))
    {
        return Some(yes(kind, block.reason(), block.to_string()));
    }
    if let Some(asked) = &view.passed.desired.memory.confirmation {
        return Some(yes(kind, Reason::AwaitingConfirmation, question(view, &asked.token, &asked.loses)));
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

pub(super) fn reconciling(view: &View<'_>, findings: &[Finding]) -> Option<Finding> {
    let kind = ConditionType::Reconciling;
    let passed = view.passed;
    if leaving(view) {
        return Some(yes(kind, Reason::Deleting, deleting(view)));
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
        return Some(yes(kind, Reason::Progressing, format!("{} steps to go", passed.plan.steps.len())));
    }
    let ready = findings.first().filter(|ready| ready.holds != Some(true) && passed.block.is_none())?;
    Some(yes(kind, ready.reason, ready.message.clone()))
}

/// What a deletion waits for.
pub(super) fn deleting(view: &View<'_>) -> String {
    if let Some(block) = &view.passed.block {
        return block.to_string();
    }
    let waiting = &view.passed.plan.waiting;
    if waiting.is_empty() { "everything is being removed".into() } else { format!("until {}", listed(waiting)) }
}
