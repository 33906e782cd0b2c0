//! What of a node takes a restart when it changes, as one short text.

use std::fmt;

use super::{Cluster, Node, NotConfigured, is_shadowed, server_properties};
use crate::model::digest;

/// Two nodes with the same one run the same. Kept beside an instance, and compared by a roll.
///
/// The scripts are not in it: what they do has to come to the same state, so a new one of ours rolls nobody's brokers.
/// Nor is what takes another instance, such as its image: that is compared with the instance itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of what the node is to run.
    ///
    /// # Errors
    /// It has no configuration.
    pub fn of(cluster: &Cluster, node: &Node) -> Result<Self, NotConfigured> {
        let version = cluster.distribution.version;
        let properties = server_properties(cluster, node)?;
        let shadowed = |line: &str| line.split_once('=').is_some_and(|(key, _)| is_shadowed(key, version));
        let mut heeded: Vec<&str> = properties.lines().filter(|line| !shadowed(line)).collect();
        // Where a line stands changes nothing.
        heeded.sort_unstable();
        let all =
            [&version.to_string(), cluster.distribution.sha512.as_str(), &cluster.heap.options(), &heeded.join("\n")];
        Ok(Self(digest(&all)[..16].to_owned()))
    }

    /// 16 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Fingerprint {
    /// One that was kept.
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
