//! One story of an object, told step by step for a golden file.

use kpl_core::api::v1alpha1 as api;
use kpl_core::plan::Conflict;

use super::Manners;
use super::history::{Ended, History};
use super::settled::differences;

/// An object, and what is told of it.
pub struct Scenario {
    pub history: History,
    pub told_from: usize,
}

/// More passes than any change needs.
const MOST_PASSES: u32 = 40;

impl Scenario {
    /// Three brokers in two zones, and nothing left to do.
    pub fn settled() -> Self {
        let mut scenario = Self::begun(|_| {});
        scenario.settle();
        scenario.told_from = scenario.history.report.log.len();
        scenario
    }

    pub fn begun(edit: impl FnOnce(&mut api::KafkaPrivateLinkSpec)) -> Self {
        let mut history = History::new(1);
        history.in_order = true;
        history.world.manners = Manners::default();
        for (id, zone) in [(1, 1), (2, 2), (3, 1)] {
            history.world.by_hand().start_broker(id, zone);
        }
        edit(&mut history.spec);
        Self { history, told_from: 0 }
    }

    /// Passes until one finds nothing to do and nothing to wait for; then one look at everything must agree.
    pub fn settle(&mut self) {
        for _ in 0..MOST_PASSES {
            let passed = self.pass();
            if passed.settled() && !passed.acted() && passed.desired.memory.absent.is_empty() {
                self.history.look_fully();
                let again = self.pass();
                assert!(again.settled() && !again.acted(), "plan again finds:\n{}", again.plan);
                assert_eq!(differences(&self.history.world.aws, &self.history.wish()), Ok(()));
                return;
            }
        }
        panic!("does not settle:\n{}", self.history.report.log.join("\n"));
    }

    pub fn pass(&mut self) -> kpl_core::pass::Passed {
        let Ended::Passed(passed) = self.history.pass() else { panic!("nothing crashes here") };
        self.history.world.tick();
        *passed
    }

    /// Passes in which a connected endpoint keeps a zone from leaving, until its consumer leaves.
    pub fn blocks_zone(&mut self) {
        for _ in 0..5 {
            self.pass();
        }
        let passed = self.pass();
        let blocks = |conflict: &Conflict| matches!(conflict, Conflict::ZoneChangeBlocked { .. });
        assert!(passed.plan.conflicts.iter().any(blocks), "nothing blocks:\n{}", passed.plan);
        assert!(!passed.acted(), "still acts");
        self.history.world.by_hand().leave_all();
    }

    pub fn go(&mut self) {
        for _ in 0..MOST_PASSES {
            if self.pass().is_gone() {
                let left = self.history.world.aws.owned(&self.history.identity.owner);
                assert!(left.is_empty(), "left: {left:?}");
                return;
            }
        }
        panic!("does not go:\n{}", self.history.report.log.join("\n"));
    }

    /// The story since the object was settled, without what only the World knows.
    pub fn told(&self) -> String {
        let report = &self.history.report;
        assert!(report.wrong.is_empty(), "{:#?}", report.wrong);
        report.log[self.told_from..].join("\n")
    }
}
