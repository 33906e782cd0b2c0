//! What a month of an offer costs by AWS's list prices: an estimate with its date and its assumptions.

mod nodes;
mod prices;

use std::fmt;
use std::iter::Sum;

use self::prices::{AS_OF, PRICED_REGION, Prices};
use crate::desired::{Acceptance, Desired, Goal, Offer};
use crate::model::{CROSS_ZONE, Region};

/// Millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub u64);

/// Whose bill it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// Ours: the account of the load balancer.
    Provider,
    /// Those of whoever makes endpoints.
    Consumers,
}

/// One line of the estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What, and how much of it.
    pub what: String,
    /// For a month.
    pub cost: Money,
    /// Whose.
    pub payer: Payer,
}

/// A month of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Lines, in the order of a bill.
    pub items: Vec<Item>,
    /// What was assumed, a sentence each.
    pub assumptions: Vec<String>,
}

/// Hours of a month, as AWS's own calculator counts.
const HOURS: u64 = 730;

impl Estimate {
    /// Of what is wanted, with this much traffic of all consumers in a month, in gigabytes both ways; `None` where
    /// nothing is offered.
    #[must_use]
    pub fn of(desired: &Desired, region: &Region, gigabytes: u32) -> Option<Self> {
        match &desired.goal {
            Goal::Offer(offer) => {
                let mut estimate = Self::of_offer(offer, region, gigabytes.into());
                nodes::add(desired.nodes.as_ref(), &mut estimate);
                Some(estimate)
            }
            Goal::Hold | Goal::Absent(_) | Goal::Retained => None,
        }
    }

    fn of_offer(offer: &Offer, region: &Region, gigabytes: u64) -> Self {
        let prices = Prices::LIST;
        let zones = u64::try_from(offer.subnets.len()).unwrap_or(u64::MAX);
        let item = |payer, what: String, cost| Item { what, cost, payer };
        let mut items = vec![
            item(Payer::Provider, format!("Network Load Balancer, {HOURS} hours"), prices.balancer_hour.times(HOURS)),
            item(Payer::Provider, format!("its capacity for {gigabytes} GB"), prices.capacity_unit.times(gigabytes)),
        ];
        let crossing = between_zones(offer, zones, gigabytes);
        if crossing > 0 {
            let what = format!("{crossing} GB between zones, out of one and into another");
            // Both sides of it are paid for.
            items.push(item(Payer::Provider, what, prices.between_zones.times(2 * crossing)));
        }
        let endpoints = endpoints(offer);
        let hours = endpoints * zones * HOURS;
        items.extend([
            item(
                Payer::Consumers,
                format!("endpoints ({endpoints}) in {zones} zones, {hours} hours"),
                prices.endpoint_hour.times(hours),
            ),
            item(Payer::Consumers, format!("{gigabytes} GB through them"), prices.endpoint_gigabyte.times(gigabytes)),
        ]);
        Self { items, assumptions: assumptions(region, gigabytes) }
    }

    /// What one side pays.
    #[must_use]
    pub fn total(&self, payer: Payer) -> Money {
        self.items.iter().filter(|item| item.payer == payer).map(|item| item.cost).sum()
    }
}

/// What clients send to brokers of other zones than theirs, and back. Bootstraps are reached from every zone, and carry next
/// to nothing.
fn between_zones(offer: &Offer, zones: u64, gigabytes: u64) -> u64 {
    let brokers = || offer.target_groups.values().filter(|group| group.bootstrap.is_some());
    let wide = brokers().filter(|group| group.attributes.get(CROSS_ZONE).is_some_and(|on| on == "true"));
    let [all, wide] = [brokers().count(), wide.count()].map(|count| u64::try_from(count).unwrap_or(u64::MAX));
    // Of evenly spread clients and brokers, all but one in as many as there are zones.
    gigabytes * wide * zones.saturating_sub(1) / (all * zones).max(1)
}

/// One for each account that is let in; one at least, for whoever is to come.
fn endpoints(offer: &Offer) -> u64 {
    let consumers = offer.endpoint_service.consumers.values();
    let let_in = consumers.filter(|consumer| consumer.acceptance != Acceptance::Rejected).count();
    u64::try_from(let_in.max(1)).unwrap_or(u64::MAX)
}

fn assumptions(region: &Region, gigabytes: u64) -> Vec<String> {
    let mut said = vec![
        format!("{gigabytes} GB a month, evenly spread over time, clients and zones (--monthly-traffic)"),
        "one endpoint, in every zone, for each account that is let in".to_owned(),
        format!("AWS's list prices of {AS_OF}, without taxes, discounts and free tiers"),
    ];
    if region.as_str() != PRICED_REGION {
        said.push(format!("prices of {PRICED_REGION}: those of {region} may differ"));
    }
    said
}

impl Money {
    fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        Self(all.map(|one| one.0).fold(0, u64::saturating_add))
    }
}

impl fmt::Display for Money {
    /// In dollars, rounded to the cent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.saturating_add(5_000) / 10_000;
        f.pad(&format!("${}.{:02}", cents / 100, cents % 100))
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (payer, title) in [(Payer::Provider, "a month of this"), (Payer::Consumers, "consumers pay besides")] {
            writeln!(f, "{title}: about {}", self.total(payer))?;
            for item in self.items.iter().filter(|item| item.payer == payer) {
                writeln!(f, "  {:>10}  {}", item.cost, item.what)?;
            }
        }
        for assumption in &self.assumptions {
            writeln!(f, "  assumed: {assumption}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_to_the_cent_only_when_it_is_shown() {
        for (millionths, shown) in [(0, "$0.00"), (4_999, "$0.00"), (5_000, "$0.01"), (16_425_000, "$16.43")] {
            assert_eq!(Money(millionths).to_string(), shown);
        }
        let thirds: Money = [Money(4_000); 3].into_iter().sum();
        assert_eq!(thirds.to_string(), "$0.01");
        assert_eq!(format!("{:>8}", Money(1_000_000)), "   $1.00");
    }
}
