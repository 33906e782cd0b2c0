//! Which object: what the maps of the controller are keyed by.

use std::fmt;

use kpl_core::api::KafkaPrivateLink;
use kube::runtime::reflector::Lookup;

/// Namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl Key {
    /// Of an object, or of its metadata alone.
    pub(super) fn of<K: Lookup>(object: &K) -> Self {
        Self {
            namespace: object.namespace().unwrap_or_default().into_owned(),
            name: object.name().unwrap_or_default().into_owned(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What is watched: metadata alone. An object whose spec does not parse cannot stop such a watch, and the
/// whole object is read afresh at the beginning of every pass anyway.
pub(super) type Watched = kube::core::PartialObjectMeta<KafkaPrivateLink>;
