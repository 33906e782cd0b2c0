//! The tags that say what is ours. This is their one documented place.
//!
//! | tag | on | value |
//! |---|---|---|
//! | `…/owner` | everything we create, but not the rules of our own group: they belong to it | `<cluster id>/<namespace>/<name>` |
//! | `…/holder` | load balancer, endpoint service | uid of `kube-system`: which cluster acts |
//! | `…/resource` | everything we create | key inside the object, such as `tg/EXTERNAL/2` |
//! | `…/listener`, `…/broker-id`, `…/port` | target groups, NLB listeners | the port ledger, from which it can be rebuilt |
//! | `…/tag-keys` | everything we create | the user's keys that we set, so that a removed one is removed |
//! | `…/service-generation` | load balancer | counts endpoint services made on it: part of the client token |
//! | `Name` | everything we create | for people |

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{BrokerId, HolderId, ListenerName, Port};

/// Tags of one resource.
pub type Tags = BTreeMap<String, String>;

/// Prefix of every key that is ours; `spec.tags` may not use it.
pub const TAG_PREFIX: &str = "kafka-privatelink.io/";
/// Whose resource it is.
pub const OWNER_TAG: &str = "kafka-privatelink.io/owner";
/// Which cluster acts on it.
pub const HOLDER_TAG: &str = "kafka-privatelink.io/holder";
/// Which resource of the object it is.
pub const RESOURCE_TAG: &str = "kafka-privatelink.io/resource";
/// The Kafka listener that it serves.
pub const LISTENER_TAG: &str = "kafka-privatelink.io/listener";
/// The broker that it serves.
pub const BROKER_ID_TAG: &str = "kafka-privatelink.io/broker-id";
/// The NLB port that it serves.
pub const PORT_TAG: &str = "kafka-privatelink.io/port";
/// The user's keys that we set, separated by spaces.
pub const TAG_KEYS_TAG: &str = "kafka-privatelink.io/tag-keys";
/// How many endpoint services were made on this load balancer before the present one.
pub const SERVICE_GENERATION_TAG: &str = "kafka-privatelink.io/service-generation";
/// What people see in the console.
pub const NAME_TAG: &str = "Name";

/// `<cluster id>/<namespace>/<name>`: whom a resource belongs to. By name and not by uid, so that an
/// object restored from Git or a backup finds its resources again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// `--cluster-id`, by default the uid of `kube-system`.
    pub cluster_id: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.cluster_id, self.namespace, self.name)
    }
}

/// Whether a resource is ours to touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// It carries our owner tag.
    Ours,
    /// It does not.
    Foreign,
}

impl Owner {
    /// Reads the owner tag.
    #[must_use]
    pub fn of(&self, tags: &Tags) -> Ownership {
        if tags.get(OWNER_TAG).is_some_and(|owner| *owner == self.to_string()) {
            Ownership::Ours
        } else {
            Ownership::Foreign
        }
    }
}

/// The cluster that last acted on a resource, if one says so.
#[must_use]
pub fn holder(tags: &Tags) -> Option<HolderId> {
    tags.get(HOLDER_TAG).filter(|holder| !holder.is_empty()).map(|holder| HolderId::new(holder.as_str()))
}

/// The ledger entry that a target group's tags mirror.
#[must_use]
pub fn ledger_entry(tags: &Tags) -> Option<(ListenerName, BrokerId, Port)> {
    let listener = tags.get(LISTENER_TAG)?;
    let broker = tags.get(BROKER_ID_TAG)?.parse().ok()?;
    let port = tags.get(PORT_TAG)?.parse().ok()?;
    Some((ListenerName::new(listener.as_str()), BrokerId(broker), Port(port)))
}

/// What has to be written so that a resource carries the wanted tags.
///
/// Keys that nobody named are left alone; a key of the user's that we once set, as `tag-keys` tells,
/// and that is wanted no more is removed.
#[must_use]
pub fn tag_difference(wanted: &Tags, have: &Tags) -> Option<(Tags, BTreeSet<String>)> {
    let set: Tags = wanted
        .iter()
        .filter(|(key, value)| have.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let remove: BTreeSet<String> = have
        .get(TAG_KEYS_TAG)
        .map(String::as_str)
        .unwrap_or_default()
        .split(' ')
        .filter(|key| !key.is_empty() && have.contains_key(*key) && !wanted.contains_key(*key))
        .map(str::to_owned)
        .collect();
    (!set.is_empty() || !remove.is_empty()).then_some((set, remove))
}
