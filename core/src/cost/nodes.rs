//! What nodes that are made for an object cost: they run all the time.

use super::prices::{Prices, instance_hour};
use super::{Estimate, HOURS, Item, Payer};
use crate::desired::WantedNodes;

/// Adds their lines; where others have made the brokers, only that these are not in it.
pub(super) fn add(nodes: Option<&WantedNodes>, estimate: &mut Estimate) {
    let Some(nodes) = nodes else {
        let others = "the brokers themselves, and what Kafka replicates between zones, are not in it";
        return estimate.assumptions.push(others.to_owned());
    };
    let count = u64::try_from(nodes.nodes.len()).unwrap_or(u64::MAX);
    let provider = |what, cost| Item { what, cost, payer: Payer::Provider };
    let machine = &nodes.machine.instance_type;
    match instance_hour(machine.as_str()) {
        Some(price) => {
            let what = format!("{count} instances of type {machine}, {HOURS} hours each");
            estimate.items.push(provider(what, price.times(count.saturating_mul(HOURS))));
        }
        None => estimate.assumptions.push(format!("no price of {machine} is known here: instances are not in it")),
    }
    let (size, kind) = (u64::from(nodes.storage.size.gibibytes()), nodes.storage.volume_type);
    let gibibytes = count.saturating_mul(size);
    let what = format!("{gibibytes} GiB of {} volumes, and {count} of 8 GiB for their systems", kind.as_str());
    let system = Prices::volume(crate::model::VolumeType::Gp3).times(count.saturating_mul(8));
    estimate.items.push(provider(what, [Prices::volume(kind).times(gibibytes), system].into_iter().sum()));
    estimate.assumptions.push("what Kafka replicates between zones is not in it".to_owned());
}
