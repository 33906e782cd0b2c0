//! Events: one for every change of state, so that `kubectl describe` ends with the history.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::v1alpha1::{BrokerStatus, KafkaPrivateLinkStatus};
use crate::pass::Passed;
use crate::reason::Reason;
use crate::status::{ConditionType, condition};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether a person should look.
    pub warning: bool,
    /// Stable `CamelCase` word.
    pub reason: String,
    /// What happened, with ids.
    pub message: String,
}

fn normal(reason: &str, message: impl Into<String>) -> Notice {
    Notice { warning: false, reason: reason.into(), message: message.into() }
}

fn warning(reason: &str, message: impl Into<String>) -> Notice {
    Notice { warning: true, reason: reason.into(), message: message.into() }
}

/// What became of a pass, compared with the status before it.
#[must_use]
pub fn notices(
    previous: Option<&KafkaPrivateLinkStatus>,
    status: &KafkaPrivateLinkStatus,
    passed: &Passed,
) -> Vec<Notice> {
    let nothing = KafkaPrivateLinkStatus::default();
    let previous = previous.unwrap_or(&nothing);
    let mut notices = steps(passed);
    notices.extend(conditions(previous, status));
    notices.extend(brokers(previous, status));
    notices.extend(connections(previous, status));
    notices
}

/// One notice for what was written, however many calls it took.
fn steps(passed: &Passed) -> Vec<Notice> {
    let done: Vec<String> = passed
        .taken
        .iter()
        .filter(|(_, outcome)| outcome.failure().is_none())
        .map(|(step, _)| step.to_string())
        .collect();
    let mut notices = Vec::new();
    if !done.is_empty() {
        notices.push(normal("Applied", shortened(&done)));
    }
    notices
}

/// Notes of events are cut at 1024 bytes by the API server; the first steps tell the story.
fn shortened(steps: &[String]) -> String {
    let mut text = String::new();
    for (index, step) in steps.iter().enumerate() {
        if text.len() + step.len() > 900 {
            return format!("{text} … and {} more", steps.len() - index);
        }
        if index > 0 {
            text.push_str("; ");
        }
        text.push_str(step);
    }
    text
}

fn conditions(previous: &KafkaPrivateLinkStatus, status: &KafkaPrivateLinkStatus) -> Vec<Notice> {
    const TOLD: [ConditionType; 6] = [
        ConditionType::Ready,
        ConditionType::InputsResolved,
        ConditionType::HostsRoutable,
        ConditionType::AdvertisedListenersPublished,
        ConditionType::AdvertisedListenersVerified,
        ConditionType::Stalled,
    ];
    let mut notices: Vec<Notice> = TOLD
        .into_iter()
        .filter_map(|kind| {
            let now = condition(&status.conditions, kind)?;
            let before = condition(&previous.conditions, kind);
            let same = before.is_some_and(|before| before.status == now.status && before.reason == now.reason);
            if same || (before.is_none() && now.status == "True" && kind != ConditionType::Stalled) {
                // A condition that is true from the first look is no news, except that all is ready.
                return (!same && kind == ConditionType::Ready).then(|| normal("Ready", now.message.clone()));
            }
            Some(match (kind, now.status.as_str()) {
                (ConditionType::Ready, "True") => normal("Ready", now.message.clone()),
                (ConditionType::Ready, _) if progressing(&now.reason) => normal(&now.reason, now.message.clone()),
                (ConditionType::Stalled, _) | (_, "False") => warning(&now.reason, now.message.clone()),
                _ => normal(&now.reason, format!("{}: {}", kind.as_str(), now.message)),
            })
        })
        .collect();
    // Several conditions may have one cause: it is told once.
    let mut told = BTreeSet::new();
    notices.retain(|notice| told.insert((notice.reason.clone(), notice.message.clone())));
    notices
}

/// Reasons of a Ready that is not there yet: nobody has to do anything.
fn progressing(reason: &str) -> bool {
    [
        Reason::NotCreated,
        Reason::Provisioning,
        Reason::HealthChecksPending,
        Reason::ListenersMissing,
        Reason::NotAvailable,
        Reason::NoService,
        Reason::Deleting,
        Reason::Differs,
        Reason::NotReadYet,
    ]
    .iter()
    .any(|known| known.as_str() == reason)
}

fn brokers(previous: &KafkaPrivateLinkStatus, status: &KafkaPrivateLinkStatus) -> Vec<Notice> {
    let rows = |status: &KafkaPrivateLinkStatus| -> BTreeMap<(String, i32), BrokerStatus> {
        let rows = status.listeners.iter().flat_map(|listener| {
            listener.brokers.iter().map(|broker| ((listener.name.clone(), broker.id), broker.clone()))
        });
        rows.collect()
    };
    let (before, now) = (rows(previous), rows(status));
    let mut notices = Vec::new();
    for ((listener, id), broker) in &now {
        let port = broker.port.unwrap_or_default();
        match before.get(&(listener.clone(), *id)) {
            None => notices.push(normal("BrokerOffered", format!("broker {id} has port {port} on {listener}"))),
            Some(former) if former.target != broker.target && former.target.is_some() => {
                let of = |target: &Option<String>| target.clone().unwrap_or_else(|| "nothing".into());
                let message =
                    format!("port {port} on {listener}: {} instead of {}", of(&broker.target), of(&former.target));
                notices.push(normal("BrokerReplaced", message));
            }
            Some(former) if former.health != broker.health => {
                let healthy = |health: &Option<String>| health.as_deref() == Some("Healthy");
                if healthy(&broker.health) {
                    notices.push(normal("BrokerHealthy", format!("broker {id} takes connections on {listener}")));
                } else if healthy(&former.health) && broker.health.as_deref() != Some("Initial") {
                    let state = broker.health.as_deref().unwrap_or("not known");
                    notices.push(warning("BrokerUnhealthy", format!("broker {id} on {listener} is {state}")));
                }
            }
            Some(_) => {}
        }
    }
    for (listener, id) in before.keys().filter(|key| !now.contains_key(*key)) {
        notices.push(normal("BrokerRemoved", format!("broker {id} is no longer offered on {listener}")));
    }
    notices
}

fn connections(previous: &KafkaPrivateLinkStatus, status: &KafkaPrivateLinkStatus) -> Vec<Notice> {
    let mut notices = Vec::new();
    for connection in &status.connections {
        let former = previous.connections.iter().find(|before| before.endpoint_id == connection.endpoint_id);
        if former.is_some_and(|former| former.state == connection.state) {
            continue;
        }
        let account = connection.account_id.as_deref().unwrap_or("unknown");
        let said = |what: &str| format!("{} of account {account} {what}", connection.endpoint_id);
        match connection.state.as_deref() {
            Some("pendingAcceptance") => {
                notices.push(normal("ConnectionRequested", said("asks to connect and is not accepted by any rule")));
            }
            Some("pending") => notices.push(normal("ConnectionAccepted", said("was accepted"))),
            Some("available") => notices.push(normal("ConnectionAvailable", said("is connected"))),
            Some("rejected") => notices.push(normal("ConnectionRejected", said("was rejected"))),
            Some(state) => notices.push(normal("ConnectionChanged", said(&format!("is {state}")))),
            None => {}
        }
    }
    for former in &previous.connections {
        if !status.connections.iter().any(|connection| connection.endpoint_id == former.endpoint_id)
            && status.endpoint_service.is_some()
        {
            notices.push(normal("ConnectionGone", format!("{} is gone", former.endpoint_id)));
        }
    }
    notices
}
