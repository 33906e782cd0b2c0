//! What the process knows of its own readiness.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Shared between those who know and the admin server.
#[derive(Debug)]
pub struct Health {
    watches: usize,
    filled: Mutex<BTreeSet<usize>>,
    account_known: AtomicBool,
    account_failure: Mutex<Option<String>>,
}

impl Health {
    /// With this many watches still to be filled.
    #[must_use]
    pub fn new(watches: usize) -> Self {
        Self {
            watches,
            filled: Mutex::default(),
            account_known: AtomicBool::new(false),
            account_failure: Mutex::new(None),
        }
    }

    /// A watch has shown every object: the CRD is served, and we may read it.
    pub fn watch_filled(&self, index: usize) {
        self.filled.lock().unwrap_or_else(PoisonError::into_inner).insert(index);
    }

    /// AWS told whose credentials ours are. Once is enough: afterwards it is a matter of the single object.
    pub fn account_read(&self) {
        self.account_known.store(true, Ordering::Relaxed);
    }

    /// AWS did not tell whose credentials ours are.
    pub fn account_unread(&self, why: &str) {
        *self.account_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    /// Why the process is not ready.
    #[must_use]
    pub fn unready(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        let filled = self.filled.lock().unwrap_or_else(PoisonError::into_inner).len();
        let missing = self.watches.saturating_sub(filled);
        if missing > 0 {
            reasons.push(format!("{missing} of {} watches of kafkaprivatelinks are not established", self.watches));
        }
        // Without an object nobody has asked AWS anything, and nothing is wrong.
        let failure = self.account_failure.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = failure.as_ref().filter(|_| !self.account_known.load(Ordering::Relaxed)) {
            reasons.push(format!("the AWS account is not known: {failure}"));
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_when_every_watch_is_there() {
        let health = Health::new(2);
        health.watch_filled(0);
        // It was lost and came back.
        health.watch_filled(0);
        assert_eq!(health.unready(), ["1 of 2 watches of kafkaprivatelinks are not established"]);
        health.watch_filled(1);
        assert!(health.unready().is_empty());
    }

    #[test]
    fn one_known_account_is_enough() {
        let health = Health::new(0);
        health.account_unread("no credentials");
        assert_eq!(health.unready(), ["the AWS account is not known: no credentials"]);
        health.account_read();
        health.account_unread("region is not enabled");
        assert!(health.unready().is_empty());
    }
}
