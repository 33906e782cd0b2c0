//! Every delay of the operator in one value, so that tests can divide them all.

use jiff::SignedDuration;

/// How long things may take and how often they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between steady looks (`--resync`).
    pub resync: SignedDuration,
    /// Between full looks (`--full-resync`).
    pub full_resync: SignedDuration,
    /// Between looks while something is awaited.
    pub awaiting: SignedDuration,
    /// From the last step of a pass to the look that checks it.
    pub after_steps: SignedDuration,
    /// The same for a deletion, where a look that comes too early does no harm.
    pub after_removals: SignedDuration,
    /// How soon a step is repeated that AWS refused because it does not see yet what it made.
    pub lag_retry: SignedDuration,
    /// How long a missing id may be lag after we created it.
    pub lag: SignedDuration,
    /// How long a clash with something that no read shows is taken for lag.
    pub unseen_clash: SignedDuration,
    /// How long a broker may be absent from the selector before it is gone (`--broker-absence-grace`).
    pub absence_grace: SignedDuration,
    /// How long a released port is not given to another broker: clients cache metadata.
    pub port_quarantine: SignedDuration,
    /// How long an endpoint service may take to offer a zone that was added.
    pub zones_follow: SignedDuration,
    /// First pause after a transient error; doubles up to `backoff_most`.
    pub backoff_least: SignedDuration,
    /// Longest pause after transient errors.
    pub backoff_most: SignedDuration,
    /// Pause where a person has to act (denied, quota, invalid).
    pub person: SignedDuration,
    /// How long Kafka has to be seen wrong before it is called so: a broker that restarts is not.
    pub kafka_patience: SignedDuration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            resync: SignedDuration::from_mins(10),
            full_resync: SignedDuration::from_hours(1),
            awaiting: SignedDuration::from_secs(10),
            after_steps: SignedDuration::from_secs(1),
            after_removals: SignedDuration::from_millis(250),
            lag_retry: SignedDuration::from_secs(3),
            lag: SignedDuration::from_secs(60),
            unseen_clash: SignedDuration::from_mins(10),
            absence_grace: SignedDuration::from_mins(5),
            port_quarantine: SignedDuration::from_hours(24),
            zones_follow: SignedDuration::from_mins(10),
            backoff_least: SignedDuration::from_secs(1),
            backoff_most: SignedDuration::from_mins(2),
            person: SignedDuration::from_mins(5),
            kafka_patience: SignedDuration::from_secs(30),
        }
    }
}

impl Timing {
    /// The same with every delay divided by `scale` (at least 1).
    #[must_use]
    pub fn scaled(self, scale: u32) -> Self {
        let by = |delay: SignedDuration| delay / i32::try_from(scale.max(1)).unwrap_or(i32::MAX);
        let Self {
            resync,
            full_resync,
            awaiting,
            after_steps,
            after_removals,
            lag_retry,
            lag,
            unseen_clash,
            absence_grace,
            port_quarantine,
            zones_follow,
            backoff_least,
            backoff_most,
            person,
            kafka_patience,
        } = self;
        Self {
            resync: by(resync),
            full_resync: by(full_resync),
            awaiting: by(awaiting),
            after_steps: by(after_steps),
            after_removals: by(after_removals),
            lag_retry: by(lag_retry),
            lag: by(lag),
            unseen_clash: by(unseen_clash),
            absence_grace: by(absence_grace),
            port_quarantine: by(port_quarantine),
            zones_follow: by(zones_follow),
            backoff_least: by(backoff_least),
            backoff_most: by(backoff_most),
            person: by(person),
            kafka_patience: by(kafka_patience),
        }
    }
}
