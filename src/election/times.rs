//! How long leadership lasts.

use std::time::Duration;

use thiserror::Error;

/// How long leadership lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// How long others wait for a holder that says nothing.
    pub lease_duration: Duration,
    /// How long a holder tries to renew before it gives up.
    pub renew_deadline: Duration,
    /// Pause between two tries.
    pub retry_period: Duration,
}

/// With such times two processes might lead at once, or none for long.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BadTimes {
    /// A holder must have given up before others take over.
    #[error("--lease-renew-deadline must be shorter than --lease-duration")]
    DeadlineTooLong,
    /// One failed try must not be the end.
    #[error("--lease-retry-period must be at most a third of --lease-renew-deadline")]
    RetryTooSlow,
    /// A lease counts whole seconds.
    #[error("--lease-duration must be whole seconds, at least 1 s and at most 3600 s")]
    NotSeconds,
}

impl Times {
    /// Checks that they fit together.
    ///
    /// # Errors
    /// They do not.
    pub fn checked(self) -> Result<Self, BadTimes> {
        let Self { lease_duration, renew_deadline, retry_period } = self;
        if lease_duration.subsec_nanos() != 0 || !(1..=3600).contains(&lease_duration.as_secs()) {
            return Err(BadTimes::NotSeconds);
        }
        if renew_deadline >= lease_duration {
            return Err(BadTimes::DeadlineTooLong);
        }
        if retry_period.saturating_mul(3) > renew_deadline {
            return Err(BadTimes::RetryTooSlow);
        }
        Ok(self)
    }

    /// How long one request may take: a connection that leads nowhere leaves time for another one.
    pub(super) fn attempt(&self) -> Duration {
        self.renew_deadline / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fit_together_or_are_refused() {
        let times = |lease: u64, renew: u64, retry: u64| {
            let [lease_duration, renew_deadline, retry_period] = [lease, renew, retry].map(Duration::from_millis);
            Times { lease_duration, renew_deadline, retry_period }.checked().map(drop)
        };
        assert_eq!(times(15_000, 10_000, 2_000), Ok(()));
        assert_eq!(times(1_000, 700, 100), Ok(()));
        assert_eq!(times(15_000, 15_000, 2_000), Err(BadTimes::DeadlineTooLong));
        assert_eq!(times(15_000, 10_000, 4_000), Err(BadTimes::RetryTooSlow));
        assert_eq!(times(1_500, 1_000, 100), Err(BadTimes::NotSeconds));
        assert_eq!(times(0, 0, 0), Err(BadTimes::NotSeconds));
    }
}
