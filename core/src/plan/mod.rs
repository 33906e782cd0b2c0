//! `plan(desired, observed)`: what is to be done next, and what is waited for.
//!
//! A step is emitted only if every id that it needs is in the picture and all that it would break is known
//! to be gone from it. Steps of one plan are independent: none rests on a fact that another one changes.
//! What comes later needs no list: the next plan finds it.
//!
//! # Guarantees
//! Pure: the same two values give the same plan. Nothing without our owner tag is written to. A path that
//! was open and shall be open is never closed in between. What cannot be known is asked for, not assumed.

pub mod broker_group;
pub mod broker_group_rule;
pub mod connection;
mod draft;
pub mod endpoint_service;
pub mod gateway_endpoint;
pub mod guard;
pub mod listener;
pub mod load_balancer;
mod network;
pub mod node_instance;
pub mod node_interface;
mod node_wait;
pub(crate) mod nodes;
mod own;
pub mod route_table;
pub mod security_group;
mod step;
pub mod subnet;
pub mod tagging;
pub mod target_group;
pub mod volume;
pub mod vpc;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

pub use draft::Draft;
pub use node_wait::NodeWait;
pub use step::{Change, Effect, Step, absorb};
pub use waiting::{Conflict, WaitingOn};

use crate::desired::{Absent, Desired, Goal};
use crate::model::{Find, Observed, Part, Tagged};

/// What is to be done next, and why not more.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Plan {
    /// Independent writes.
    pub steps: Vec<Step>,
    /// What has to be read before the plan can say more; answered before the steps are applied.
    pub ask: BTreeSet<Part>,
    /// What is waited for.
    pub waiting: BTreeSet<WaitingOn>,
    /// What belongs to somebody else, or cannot be had at all.
    pub conflicts: BTreeSet<Conflict>,
    /// Closing steps that rest on a failed health check: emitted when the next look plans them again.
    pub second: BTreeSet<String>,
}

impl Plan {
    /// Whether nothing is to be done and nothing is waited for.
    #[must_use]
    pub fn settled(&self) -> bool {
        let Self { steps, ask, waiting, conflicts, second } = self;
        steps.is_empty() && ask.is_empty() && waiting.is_empty() && conflicts.is_empty() && second.is_empty()
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, ask, waiting, conflicts, second } = self;
        for step in steps {
            writeln!(f, "{step}")?;
        }
        for key in second {
            writeln!(f, "? {key} (if the next look says the same)")?;
        }
        for part in ask {
            writeln!(f, "? read {part}")?;
        }
        for on in waiting {
            writeln!(f, "… {on}")?;
        }
        for conflict in conflicts {
            writeln!(f, "! {conflict}")?;
        }
        Ok(())
    }
}

/// Decides what is to be done next.
#[must_use]
pub fn plan(desired: &Desired, observed: &Observed) -> Plan {
    let mut draft = Draft::new(desired, observed);
    match &desired.goal {
        Goal::Hold => {
            network::plan(desired.network.as_ref(), &mut draft);
            nodes::plan(desired.nodes.as_ref(), &mut draft);
        }
        Goal::Offer(offer) => {
            endpoint_service::plan(offer, &mut draft);
            connection::plan(offer, &mut draft);
            network::plan(desired.network.as_ref(), &mut draft);
            nodes::plan(desired.nodes.as_ref(), &mut draft);
            security_group::plan(offer, &mut draft);
            broker_group_rule::plan(offer, &mut draft);
            target_group::plan(offer, &mut draft);
            load_balancer::plan(offer, &mut draft);
            listener::plan(offer, &mut draft);
        }
        Goal::Absent(absent) => removal(*absent, &mut draft),
        Goal::Retained => retention(&mut draft),
    }
    draft.finish()
}

/// Deletion. One predicate stands before all: nothing of the data path goes while the service may be there.
fn removal(absent: Absent, draft: &mut Draft<'_>) {
    if !load_balancer::may_be_removed(absent, draft) {
        return;
    }
    endpoint_service::remove(absent, draft);
    if !matches!(draft.ours(|observed| observed.endpoint_service.find()), Find::Gone) {
        return;
    }
    load_balancer::remove(draft);
    target_group::remove(draft);
    broker_group_rule::remove(draft);
    security_group::remove(draft);
    if nodes::remove(absent, draft) {
        network::remove(absent, draft);
    }
}

/// `Retain`: all stays, and says that no cluster holds it.
fn retention(draft: &mut Draft<'_>) {
    let observed = draft.observed;
    if let Find::There(lb) = draft.ours(|observed| observed.load_balancer.find()) {
        tagging::clear_holder(&lb.tags, &Tagged::LoadBalancer(lb.arn.clone()), draft);
    }
    if let Find::There(service) = draft.ours(|observed| observed.endpoint_service.find()) {
        tagging::clear_holder(&service.tags, &Tagged::EndpointService(service.id.clone()), draft);
    }
    if matches!(observed.load_balancer.find(), Find::Unknown) {
        draft.ask(Part::LoadBalancer);
    }
    if matches!(observed.endpoint_service.find(), Find::Unknown) {
        draft.ask(Part::EndpointService);
    }
}

fn joined<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

fn settings(items: &BTreeMap<String, String>) -> String {
    joined(items.iter().map(|(key, value)| format!("{key}={value}")))
}
