//! Keys whose static value Kafka does not heed, since a dynamic one of the whole cluster lies over it.

use super::base::{MIN_INSYNC_REPLICAS, defaults};
use super::{Cluster, Version};

/// With eligible leader replicas, which clusters from 4.1 on begin with, the active controller makes the static value a
/// dynamic one of the cluster when it starts for the first time. A roll would change nothing after that.
const SHADOWED: [(&str, (u16, u16)); 1] = [(MIN_INSYNC_REPLICAS, (4, 1))];

/// Whether a roll cannot change it on this version: it is set dynamically, or named to the user.
#[must_use]
pub fn is_shadowed(key: &str, version: Version) -> bool {
    SHADOWED.iter().any(|(shadowed, (major, minor))| *shadowed == key && version.has(*major, *minor))
}

/// What the cluster has to have as dynamic values. They hold whether or not it has eligible leader replicas by now: a
/// cluster that was upgraded gets them with its feature level.
#[must_use]
pub fn dynamic(cluster: &Cluster) -> Vec<(&'static str, String)> {
    let said = |key: &str| cluster.extra.iter().find(|(own, _)| *own == key).map(|(_, value)| value.to_owned());
    let shadowed = |(key, _): &(&str, String)| is_shadowed(key, cluster.distribution.version);
    defaults(cluster).into_iter().filter(shadowed).map(|(key, value)| (key, said(key).unwrap_or(value))).collect()
}
