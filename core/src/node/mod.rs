//! A node of a cluster that is provisioned: its Kafka's configuration, and the user data that bring its machine to it.
//!
//! ```text
//! cluster, node ─► properties ─┬─► user data: machine.sh, broker.sh (what its instance does at every boot)
//!                              └─► fingerprint (what a roll compares)
//! ```
//! Knows neither AWS nor the API: who plans gives it values.

mod base;
mod cluster;
mod cluster_id;
mod distribution;
mod fingerprint;
mod mime;
mod ours;
mod properties;
mod shadowed;
mod user_data;

pub use cluster::{CONTROLLER_PORT, Cluster, Format, INTERNAL_PORT, Node, Roles, Volume, factor};
pub use cluster_id::{ClusterId, NotAClusterId};
pub use distribution::{Distribution, Heap, NotADistribution, NotAHeap, Sha512, Version};
pub use fingerprint::Fingerprint;
pub use ours::{Because, ExtraProperties, Refused};
pub use properties::{NotConfigured, server_properties};
pub use shadowed::{dynamic, is_shadowed};
pub use user_data::{LIMIT, NotBooted, UserData, user_data};
