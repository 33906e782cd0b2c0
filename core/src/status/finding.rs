//! What a condition says, before it is compared with what it said last.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::View;
use crate::desired::Goal;
use crate::reason::Reason;

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
    /// What the brokers have to advertise is written down for them.
    AdvertisedListenersPublished,
    /// Kafka was seen to work through the load balancer.
    AdvertisedListenersVerified,
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
            Self::AdvertisedListenersPublished => "AdvertisedListenersPublished",
            Self::AdvertisedListenersVerified => "AdvertisedListenersVerified",
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
pub(super) struct Finding {
    pub(super) kind: ConditionType,
    pub(super) holds: Option<bool>,
    pub(super) reason: Reason,
    pub(super) message: String,
    /// The generation of which it was found, where that is an earlier one.
    pub(super) of: Option<i64>,
}

pub(super) fn yes(kind: ConditionType, reason: Reason, message: impl Into<String>) -> Finding {
    Finding { kind, holds: Some(true), reason, message: message.into(), of: None }
}

pub(super) fn no(kind: ConditionType, reason: Reason, message: impl Into<String>) -> Finding {
    Finding { kind, holds: Some(false), reason, message: message.into(), of: None }
}

pub(super) fn unknown(kind: ConditionType, reason: Reason, message: impl Into<String>) -> Finding {
    Finding { kind, holds: None, reason, message: message.into(), of: None }
}

pub(super) fn listed<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join("; ")
}

pub(super) fn leaving(view: &View<'_>) -> bool {
    matches!(view.passed.desired.goal, Goal::Absent(_) | Goal::Retained)
}
