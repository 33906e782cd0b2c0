//! What goes first where AWS's request limits make calls wait.

/// How urgent a call is; the greater goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Looks after what stands.
    Drift,
    /// Makes what a person asked for.
    Create,
    /// Somebody waits at the door: deletes, accepts and rejects.
    Release,
}
