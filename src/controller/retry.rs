//! How long to wait before the next try.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use kpl_core::model::Timing;

use super::key::Key;

/// Objects whose last try failed, with the number of tries.
#[derive(Debug, Default)]
pub(super) struct Retries(Mutex<HashMap<Key, u32>>);

impl Retries {
    /// Counts a failed try; says how many there were before it.
    pub(super) fn failed(&self, key: &Key) -> u32 {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = tries.entry(key.clone()).or_default();
        let before = *count;
        *count = count.saturating_add(1);
        before
    }

    /// Forgets the failures of an object that succeeded or is gone.
    pub(super) fn reset(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// The pause after so many failed tries: grows exponentially, with full jitter (a number from 0 to 1) so
/// that many objects that failed together do not come back together.
pub(super) fn delay(attempts: u32, jitter: f64, timing: &Timing) -> Duration {
    let (least, most) = (std_duration(timing.backoff_least), std_duration(timing.backoff_most));
    let grown = least.saturating_mul(1 << attempts.min(16)).min(most);
    // Not zero: a try that fails at once must not become a loop.
    grown.mul_f64(jitter.clamp(0.0, 1.0)).max(least / 4)
}

/// A delay of up to a tenth more or less.
pub(super) fn jittered(delay: SignedDuration, jitter: f64) -> Duration {
    std_duration(delay).mul_f64(0.9 + 0.2 * jitter.clamp(0.0, 1.0))
}

pub(super) fn std_duration(duration: SignedDuration) -> Duration {
    Duration::try_from(duration).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound() {
        let timing = Timing::default();
        let longest = |attempts| delay(attempts, 1.0, &timing).as_secs();
        assert_eq!([0, 1, 2, 3, 6, 7, 100].map(longest), [1, 2, 4, 8, 64, 120, 120]);
        assert_eq!(delay(100, 0.5, &timing), Duration::from_mins(1));
        assert_eq!(delay(100, 0.0, &timing), Duration::from_millis(250));
    }

    #[test]
    fn jitter_is_a_tenth() {
        let tenth = |jitter| jittered(SignedDuration::from_secs(100), jitter);
        assert_eq!([tenth(0.0), tenth(0.5), tenth(1.0)], [90, 100, 110].map(Duration::from_secs));
    }

    #[test]
    fn success_forgets_failures() {
        let retries = Retries::default();
        let key = Key { namespace: "n".into(), name: "o".into() };
        assert_eq!([retries.failed(&key), retries.failed(&key)], [0, 1]);
        retries.reset(&key);
        assert_eq!(retries.failed(&key), 0);
    }
}
