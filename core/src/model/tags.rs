//! The tags that say what is ours. This is their one documented place.
//!
//! | tag | on | value |
//! |---|---|---|
//! | `…/owner` | everything we create, but not the rules of our own group: they belong to it | `<cluster id>/<namespace>/<name>` |
//! | `…/holder` | load balancer, endpoint service | uid of `kube-system`: which cluster acts |
//! | `…/resource` | everything we create | key inside the object, such as `tg/EXTERNAL/2` |
//! | `…/listener`, `…/broker-id`, `…/port` | target groups, NLB listeners | the port ledger, from which it can be rebuilt |
//! | `…/broker-id`, `…/roles` | network interfaces and volumes of nodes | its `node.id` and what it does in Kafka, `Controller Broker` |
//! | `…/kafka-cluster`, `…/image` | volumes of nodes | what was decided once for the cluster: its id, and what its instances are made from |
//! | `…/configuration` | instances of nodes | fingerprint of what it was told when it was launched |
//! | `…/formatted` | volumes of nodes | a broker was seen to run on it: it is never formatted again |
//! | `…/tag-keys` | everything we create | the user's keys that we set, so that a removed one is removed |
//! | `…/service-generation` | load balancer | counts endpoint services made on it: part of the client token |
//! | `Name` | everything we create | for people |

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::naming::digest;
use super::{BrokerId, HolderId, ListenerName, Port};
use crate::node::Roles;

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
/// What the node does in Kafka.
pub const ROLES_TAG: &str = "kafka-privatelink.io/roles";
/// The Kafka cluster whose data a volume holds.
pub const CLUSTER_TAG: &str = "kafka-privatelink.io/kafka-cluster";
/// What the instances of a cluster are made from, once that was chosen.
pub const IMAGE_TAG: &str = "kafka-privatelink.io/image";
/// What an instance was told when it was launched, as a fingerprint.
pub const CONFIGURATION_TAG: &str = "kafka-privatelink.io/configuration";
/// A broker was seen to run on the volume: it is never formatted again.
pub const FORMATTED_TAG: &str = "kafka-privatelink.io/formatted";
/// The NLB port that it serves.
pub const PORT_TAG: &str = "kafka-privatelink.io/port";
/// The user's keys that we set, as [`remembered`] writes them.
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

/// The node that something was made for, and what it does.
#[must_use]
pub fn node_entry(tags: &Tags) -> Option<(BrokerId, Roles)> {
    let id = tags.get(BROKER_ID_TAG)?.parse().ok()?;
    let said = tags.get(ROLES_TAG)?;
    let roles =
        [Roles::Controller, Roles::Broker, Roles::Combined].into_iter().find(|roles| roles_tag(*roles) == said)?;
    Some((BrokerId(id), roles))
}

/// The value of `roles`. Not every service of AWS takes a comma.
#[must_use]
pub fn roles_tag(roles: Roles) -> &'static str {
    match roles {
        Roles::Controller => "Controller",
        Roles::Broker => "Broker",
        Roles::Combined => "Controller Broker",
    }
}

/// The value of `tag-keys`: the keys, separated by spaces. Where that is not clear, or longer than the 256 characters
/// of a value, `=` and a mark of six characters for each of at most 40 keys.
#[must_use]
pub fn remembered<'a>(keys: impl Iterator<Item = &'a String> + Clone) -> String {
    let plain = keys.clone().map(String::as_str).collect::<Vec<_>>().join(" ");
    if plain.chars().count() <= 256 && !plain.starts_with(MARKED) && keys.clone().all(|key| !key.contains(' ')) {
        return plain;
    }
    keys.fold(MARKED.to_string(), |text, key| text + &mark(key))
}

const MARKED: char = '=';
const MARK_LENGTH: usize = 6;

fn is_remembered(value: &str, key: &str) -> bool {
    match value.strip_prefix(MARKED) {
        None => value.split(' ').any(|known| known == key),
        Some(marks) => marks.as_bytes().chunks(MARK_LENGTH).any(|known| known == mark(key).as_bytes()),
    }
}

/// One of two thousand million, so that no key of somebody else's passes for one of ours.
fn mark(key: &str) -> String {
    let number = u64::from_str_radix(&digest(&[key])[..15], 16).unwrap_or_default();
    let digits = std::iter::successors(Some(number), |rest| Some(rest / 36));
    let digits = digits.filter_map(|rest| char::from_digit(u32::try_from(rest % 36).ok()?, 36));
    digits.take(MARK_LENGTH).collect()
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
    let known = have.get(TAG_KEYS_TAG).map(String::as_str).unwrap_or_default();
    let mut remove: BTreeSet<String> =
        have.keys().filter(|key| !wanted.contains_key(*key) && is_remembered(known, key)).cloned().collect();
    if remove.is_empty() && !known.is_empty() && !wanted.contains_key(TAG_KEYS_TAG) {
        // What somebody else gives such a key to later is theirs.
        remove.insert(TAG_KEYS_TAG.to_owned());
    }
    (!set.is_empty() || !remove.is_empty()).then_some((set, remove))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(keys: &[&str]) -> Tags {
        keys.iter().map(|key| ((*key).to_owned(), "v".to_owned())).collect()
    }

    /// As an offer wants them.
    fn wanted(keys: &[&str]) -> Tags {
        let mut wanted = tags(keys);
        let remembered = remembered(tags(keys).keys());
        wanted.extend((!remembered.is_empty()).then(|| (TAG_KEYS_TAG.to_owned(), remembered)));
        wanted
    }

    #[test]
    fn a_key_that_the_spec_no_longer_has_is_removed_and_no_other() {
        let long: Vec<String> = (0..40).map(|i| format!("{i:0>128}")).collect();
        let long: Vec<&str> = long.iter().map(String::as_str).collect();
        for keys in [&["team", "cost"][..], &["cost center", "team"], &["=team", "cost"], &long] {
            let mut have = wanted(keys);
            assert!(have[TAG_KEYS_TAG].chars().count() <= 256);
            have.extend(tags(&["patrol", "center", "cost centers"]));
            assert_eq!(tag_difference(&wanted(keys), &have), None, "{keys:?}");
            let (_, removed) = tag_difference(&wanted(&keys[1..]), &have).expect("the first key is to go");
            assert_eq!(removed, [keys[0].to_owned()].into());
        }
    }

    #[test]
    fn without_keys_nothing_is_remembered() {
        let mut have = wanted(&["team"]);
        let mut removed = || {
            let (_, removed) = tag_difference(&Tags::new(), &have)?;
            have.retain(|key, _| !removed.contains(key));
            Some(removed)
        };
        assert_eq!(removed(), Some(["team".to_owned()].into()));
        assert_eq!(removed(), Some([TAG_KEYS_TAG.to_owned()].into()), "last, since the others are known from it only");
        assert_eq!(removed(), None);
    }
}
