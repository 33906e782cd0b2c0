//! For how long the gate has been open without a break.

use std::time::Duration;

/// Looks in a row. Time is since any beginning, and comes in from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streak {
    /// When the first of those in a row ended.
    since: Option<Duration>,
}

impl Streak {
    /// Notes a look that lasted from `began` to `ended`, and says for how long at least the gate has been open.
    pub fn note(&mut self, open: bool, began: Duration, ended: Duration) -> Option<Duration> {
        self.since = open.then(|| self.since.unwrap_or(ended));
        self.since.map(|since| began.saturating_sub(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_begins_it_anew() {
        let mut streak = Streak::default();
        let looks = [
            (true, 0, Some(0)),
            (true, 2, Some(1)),
            (true, 4, Some(3)),
            (false, 6, None),
            (true, 8, Some(0)),
            (true, 10, Some(1)),
        ];
        for (open, began, expected) in looks {
            let (began, ended) = (Duration::from_secs(began), Duration::from_secs(began + 1));
            assert_eq!(streak.note(open, began, ended), expected.map(Duration::from_secs), "{began:?}");
        }
    }
}
