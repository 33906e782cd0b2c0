//! `spec.loadBalancer` and `spec.targetGroups`: settings that have good defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of every target group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TargetGroups {
    /// How the load balancer probes the brokers: by a TCP connection to the broker port.
    #[schemars(extend("default" = {}))]
    pub health_check: HealthCheck,

    /// Seconds for which connections to a broker that leaves may last before they are cut, 0 to 3600, default 60.
    #[schemars(range(min = 0, max = 3600))]
    pub deregistration_delay_seconds: i32,
}

impl Default for TargetGroups {
    fn default() -> Self {
        Self { health_check: HealthCheck::default(), deregistration_delay_seconds: 60 }
    }
}

/// How the load balancer probes the brokers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HealthCheck {
    /// Seconds between two probes, 10 to 300, default 10.
    #[schemars(range(min = 10, max = 300))]
    pub interval_seconds: i32,

    /// Probes in a row that must succeed before a broker gets connections, 2 to 10, default 2.
    #[schemars(range(min = 2, max = 10))]
    pub healthy_threshold: i32,

    /// Probes in a row that must fail before a broker gets none, 2 to 10, default 2.
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy_threshold: i32,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self { interval_seconds: 10, healthy_threshold: 2, unhealthy_threshold: 2 }
    }
}

/// Settings of the Network Load Balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancer {
    /// Whether the inbound rules of the load balancer's security group hold for traffic over PrivateLink.
    /// Enforced (default) lets in only the consumerCidrs of the listeners; Ignored lets in every connection that
    /// was accepted.
    pub inbound_rules_on_private_link: InboundRules,

    /// Protection of the load balancer against deletion, default Disabled. Enabled also holds the deletion of this
    /// object until it is set back: the operator never switches it off by itself.
    pub deletion_protection: DeletionProtection,

    /// Seconds without traffic after which a connection is closed, 60 to 6000, default 350 as in AWS. Kafka keeps
    /// connections idle for longer by its own defaults: set connections.max.idle.ms below this in brokers and clients.
    #[schemars(range(min = 60, max = 6000))]
    pub idle_timeout_seconds: i32,
}

impl Default for LoadBalancer {
    fn default() -> Self {
        Self {
            inbound_rules_on_private_link: InboundRules::default(),
            deletion_protection: DeletionProtection::default(),
            idle_timeout_seconds: 350,
        }
    }
}

/// Whether inbound security-group rules hold for traffic over PrivateLink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum InboundRules {
    /// They hold.
    #[default]
    Enforced,
    /// They do not.
    Ignored,
}

/// Protection of the load balancer against deletion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DeletionProtection {
    /// It can be deleted.
    #[default]
    Disabled,
    /// AWS refuses to delete it.
    Enabled,
}
