//! `spec.endpointService`: who may connect.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::rule::{Rule, each};

/// The endpoint service, and who may connect to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointService {
    /// AWS accounts that may ask for a connection, and how they are answered, at most 50. Nobody else can even see
    /// the service. A live connection of an account that is no longer listed stays.
    #[schemars(length(max = 50))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["accountId"]))]
    pub consumers: Vec<Consumer>,

    /// What happens to live connections when this object is deleted. Wait (default) names them in a condition and
    /// waits until their owners have closed them; Reject closes them.
    #[serde(default)]
    pub connection_deletion_policy: ConnectionDeletionPolicy,
}

/// An AWS account that may ask for a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consumer {
    /// The 12 digits of the account.
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    pub account_id: String,

    /// Who in the account may create endpoints: root (the whole account), user/NAME or role/NAME, 1 to 20.
    /// Absent means root.
    // No default in the schema: nobody would own the defaulted entry, and no server-side apply could remove it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), inner(length(max = 128)), transform = each(PRINCIPAL))]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub principals: Vec<String>,

    /// Answer to requests of the account. Manual (default) accepts those in endpointIds and leaves the others pending;
    /// Automatic accepts all up to maxConnections; Rejected withdraws the principals and rejects requests and live
    /// connections.
    #[serde(default)]
    pub acceptance: Acceptance,

    /// Endpoints that are accepted by name, at most 50, also ones that were rejected before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 32), regex(pattern = r"^vpce-[0-9a-f]{8,17}$")))]
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    pub endpoint_ids: Vec<String>,

    /// Connections, pending and live, up to which requests are accepted automatically, 1 to 1000, default 5.
    #[serde(default = "default_max_connections")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_connections: i32,
}

/// How requests for a connection are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Acceptance {
    /// All are accepted, up to a number.
    Automatic,
    /// Those listed by endpoint ID are accepted.
    #[default]
    Manual,
    /// None is, and live connections are rejected too.
    Rejected,
}

/// What deletion does with live connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConnectionDeletionPolicy {
    /// Waits until they are gone.
    #[default]
    Wait,
    /// Rejects them.
    Reject,
}

fn default_max_connections() -> i32 {
    5
}

const PRINCIPAL: Rule =
    Rule::new("self.matches('^(root|(user|role)/[A-Za-z0-9+=,.@_-]+)$')", "root, user/NAME or role/NAME")
        .naming(r#"'"' + self + '" is none of root, user/NAME and role/NAME (AWS takes no path here)'"#);
