//! List prices, each with its source.

use super::Money;

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
}
