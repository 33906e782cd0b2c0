//! What an object offers, by the object alone: its spec, and its status where it has one.

use std::collections::BTreeMap;

use thiserror::Error;

use super::Wiring;
use crate::api::KafkaPrivateLink;
use crate::desired::{Brokers, Intent, Issue};
use crate::model::{BrokerId, ZoneId};
use crate::status::memory;

/// The object alone does not say it.
#[derive(Debug, Error)]
pub enum Unplanned {
    /// A selector finds brokers in AWS, and status has none yet.
    #[error(
        "which brokers there are is known to AWS alone: give the object with its status, as `kubectl get kpl -o yaml` shows it"
    )]
    Brokers,
    /// The brokers do not all get ports.
    #[error("{0}")]
    Ports(Box<Issue>),
}

/// By status; without one, as a first pass would give the ports.
///
/// # Errors
/// Brokers or ports are not known.
pub fn planned(object: &KafkaPrivateLink, intent: &Intent) -> Result<Wiring, Unplanned> {
    let mut memory = memory(object.status.as_ref());
    let listed: BTreeMap<BrokerId, Option<ZoneId>> = match &intent.brokers {
        Brokers::Instances(list) => list.iter().map(|(id, (zone, _))| (*id, Some(zone.clone()))).collect(),
        Brokers::Addresses(list) => list.iter().map(|(id, (zone, _))| (*id, Some(zone.clone()))).collect(),
        Brokers::Provisioned(made) => made.brokers().map(|(id, zone)| (id, Some(zone.clone()))).collect(),
        Brokers::Selector { .. } => BTreeMap::new(),
    };
    let known = || {
        let brokers = memory.ledger.brokers(intent.listeners.keys());
        brokers.into_iter().map(|id| (id, memory.zones.get(&id).cloned())).collect()
    };
    let brokers: BTreeMap<BrokerId, Option<ZoneId>> = if listed.is_empty() { known() } else { listed };
    if brokers.is_empty() {
        return Err(Unplanned::Brokers);
    }
    let mut issues = Vec::new();
    memory.ledger.allocate(&intent.listeners, &brokers.keys().copied().collect(), &mut issues);
    match issues.pop() {
        Some(issue) => Err(Unplanned::Ports(Box::new(issue))),
        None => Ok(Wiring::of(intent, &brokers, &memory.ledger)),
    }
}
