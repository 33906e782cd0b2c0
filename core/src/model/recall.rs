//! What a process remembers from one look to the next. Losing it costs time, never correctness.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::ZoneId;

/// Memory of one object's reconciler.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Recall {
    /// Ids and ARNs that we made, and when: a missing one may be lag.
    pub made: BTreeMap<String, Timestamp>,
    /// Names and ports for which AWS said that something is there already, and since when.
    pub clashes: BTreeMap<String, Timestamp>,
    /// Closing steps that the look before this one planned because of a failed health check.
    pub seconded: BTreeSet<String>,
    /// Zones that the load balancer had when it was last added again to its service, and when first.
    pub offered_again: Option<(BTreeSet<ZoneId>, Timestamp)>,
    /// Client tokens of endpoint services that AWS answers with a dead service.
    pub burnt_tokens: BTreeSet<String>,
}
