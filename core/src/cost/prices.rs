//! List prices, each with its source.

use super::Money;
use crate::model::VolumeType;

/// When they were looked up last.
pub(super) const AS_OF: &str = "May 2026";
/// Where they hold; other regions have prices of their own.
pub(super) const PRICED_REGION: &str = "us-east-1";

/// Prices of what an offer takes.
pub(super) struct Prices {
    /// A Network Load Balancer for an hour: "Elastic Load Balancing pricing".
    pub(super) balancer_hour: Money,
    /// A unit of its capacity for an hour. Kafka's connections are few and live long, so of its three measures the gigabytes
    /// that pass in an hour decide: one each. Same page.
    pub(super) capacity_unit: Money,
    /// A gigabyte from one zone to another, paid on both sides: "Amazon EC2 On-Demand Pricing", data transfer.
    pub(super) between_zones: Money,
    /// An interface endpoint in one zone for an hour: "AWS PrivateLink pricing".
    pub(super) endpoint_hour: Money,
    /// A gigabyte through an endpoint, of the first petabyte in a month. Same page.
    pub(super) endpoint_gigabyte: Money,
}

impl Prices {
    pub(super) const LIST: Self = Self {
        balancer_hour: Money(22_500),
        capacity_unit: Money(6_000),
        between_zones: Money(10_000),
        endpoint_hour: Money(10_000),
        endpoint_gigabyte: Money(10_000),
    };

    /// A GiB of a volume for a month: "Amazon EBS pricing".
    pub(super) fn volume(kind: VolumeType) -> Money {
        match kind {
            VolumeType::Gp3 => Money(80_000),
            VolumeType::Gp2 => Money(100_000),
        }
    }
}

/// Families with the price of their size `large` for an hour, with Linux: "Amazon EC2 On-Demand Pricing". The other sizes
/// cost as many times as much as they are larger.
const LARGE: [(&str, u64); 12] = [
    ("t3", 83_200),
    ("t4g", 67_200),
    ("m5", 96_000),
    ("m6g", 77_000),
    ("m6i", 96_000),
    ("m7g", 81_600),
    ("m7i", 100_800),
    ("r5", 126_000),
    ("r6g", 100_800),
    ("r6i", 126_000),
    ("r7g", 107_100),
    ("c6i", 85_000),
];

/// Sizes in quarters of `large`.
const SIZES: [(&str, u64); 9] = [
    ("small", 1),
    ("medium", 2),
    ("large", 4),
    ("xlarge", 8),
    ("2xlarge", 16),
    ("4xlarge", 32),
    ("8xlarge", 64),
    ("12xlarge", 96),
    ("16xlarge", 128),
];

/// An instance for an hour; `None` for types whose price nobody wrote down here.
pub(super) fn instance_hour(instance_type: &str) -> Option<Money> {
    let (family, size) = instance_type.split_once('.')?;
    let (_, large) = LARGE.iter().find(|(name, _)| *name == family)?;
    let (_, quarters) = SIZES.iter().find(|(name, _)| *name == size)?;
    Some(Money(large * quarters / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_cost_as_they_are_large() {
        assert_eq!(instance_hour("t3.small"), Some(Money(20_800)));
        assert_eq!(instance_hour("m7g.4xlarge"), Some(Money(652_800)));
        assert_eq!(instance_hour("x9.large"), None);
    }
}
