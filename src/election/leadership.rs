//! Whether this process leads.

use std::time::Instant;

use tokio::sync::watch;

/// How it stands with a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// Another one leads, or none.
    Standby,
    /// It leads, and as far as it knows, until then.
    Leading {
        /// When it has to have renewed.
        until: Instant,
    },
    /// It led, and never will again.
    Over,
}

/// Whether this process leads.
#[derive(Clone, Debug)]
pub struct Leadership(Option<watch::Receiver<Term>>);

impl Leadership {
    pub(super) fn new(term: watch::Receiver<Term>) -> Self {
        Self(Some(term))
    }

    /// That of a process that is alone by its user's word.
    #[must_use]
    pub fn undisputed() -> Self {
        Self(None)
    }

    /// Resolves when this process leads; never, if it never will.
    pub async fn won(&self) {
        let Some(mut term) = self.0.clone() else { return };
        let led = term.wait_for(|term| matches!(term, Term::Leading { .. })).await.is_ok();
        if !led {
            std::future::pending::<()>().await;
        }
    }

    /// Whether it leads at this moment, by its own clock: to be asked right before a write.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self.0.as_ref().map(|term| *term.borrow()) {
            None => true,
            Some(Term::Leading { until }) => Instant::now() < until,
            Some(Term::Standby | Term::Over) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn leadership_ends_by_the_clock_too() {
        let (sender, receiver) = watch::channel(Term::Standby);
        let leadership = Leadership::new(receiver);
        assert!(!leadership.holds());
        let now = Instant::now();
        sender.send_replace(Term::Leading { until: now + Duration::from_hours(1) });
        assert!(leadership.holds());
        // A process that was frozen wakes up with a term that is over and does not know it.
        sender.send_replace(Term::Leading { until: now });
        assert!(!leadership.holds());
        sender.send_replace(Term::Over);
        assert!(!leadership.holds());
        assert!(Leadership::undisputed().holds());
    }
}
