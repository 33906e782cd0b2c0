//! What goes wrong, and how often: at random in histories, once and at a known call in the full product.

use std::collections::BTreeMap;
use std::rc::Rc;

use kpl_core::model::{ErrorClass, Failure};

use super::World;
use super::state::Aws;

/// How often, of a thousand, something goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A write is refused, by a class taken at random.
    pub refused: u32,
    /// The answer to a write is lost, whether it was done or not.
    pub lost: u32,
    /// A part of a look fails.
    pub unread: u32,
    /// A part of a look is answered from an earlier state.
    pub stale: u32,
    /// A part of a look lacks some of what is new, and shows some of what is gone.
    pub torn: u32,
    /// The process ends before or after a call; a tenth as often at reads.
    pub crash: u32,
    /// Status is not written.
    pub unwritten: u32,
    /// The operator's clock jumps within a pass.
    pub clock: u32,
    /// All reads of this kind fail.
    pub outage: Option<&'static str>,
}

/// Faults as in a bad week.
pub fn bad_week(stale: u32) -> Faults {
    Faults {
        refused: 120,
        lost: 80,
        unread: 20,
        stale,
        torn: stale / 3,
        crash: 20,
        unwritten: 50,
        clock: 20,
        outage: None,
    }
}

/// One thing that goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The process ends, and the call was not made.
    CrashBefore,
    /// The call was made, and the process ends.
    CrashAfter,
    /// The call was made, and its answer is lost.
    Lost,
    /// So is the answer to the next call of its kind.
    LostTwice,
    /// The call never got through.
    Timeout,
    /// AWS says no.
    Refused(ErrorClass),
}

/// A fault that waits for its call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Injection {
    /// Which call: reads and writes are counted together.
    pub at: u32,
    pub fault: Fault,
}

/// Everything that can go wrong with a call.
pub const EVERY_FAULT: [Fault; 14] = [
    Fault::CrashBefore,
    Fault::CrashAfter,
    Fault::Lost,
    Fault::LostTwice,
    Fault::Timeout,
    Fault::Refused(ErrorClass::Throttled),
    Fault::Refused(ErrorClass::Transient),
    Fault::Refused(ErrorClass::Denied),
    Fault::Refused(ErrorClass::Quota),
    Fault::Refused(ErrorClass::Invalid),
    Fault::Refused(ErrorClass::NotFound),
    Fault::Refused(ErrorClass::InUse),
    Fault::Refused(ErrorClass::AlreadyExists),
    Fault::Refused(ErrorClass::Lag),
];

impl World {
    /// True in `per_mille` of a thousand cases.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.rng.u32(0..1000) < per_mille
    }

    /// The same for a fault, which is counted.
    pub fn goes_wrong(&mut self, per_mille: u32, what: &'static str) -> bool {
        let wrong = self.chance(per_mille);
        if wrong {
            self.counts.fault(what);
        }
        wrong
    }

    /// Counts a call, and says what goes wrong with it: by plan, or else at random.
    pub(super) fn strike(&mut self, call: &'static str, write: bool) -> Option<Fault> {
        let number = self.calls;
        self.calls += 1;
        if let Some(injection) = self.injected.filter(|injection| injection.at == number) {
            self.again = (injection.fault == Fault::LostTwice).then_some(call);
            return Some(injection.fault);
        }
        if self.again == Some(call) {
            self.again = None;
            return Some(Fault::Lost);
        }
        if write { self.strike_write(call) } else { self.strike_read(call) }
    }

    fn strike_write(&mut self, call: &'static str) -> Option<Fault> {
        use ErrorClass::{AlreadyExists, Denied, InUse, Invalid, Lag, NotFound, Quota, Throttled, Transient};
        if self.goes_wrong(self.faults.crash, "crash before a write") {
            return Some(Fault::CrashBefore);
        }
        if self.goes_wrong(self.faults.refused, "write refused") {
            let classes = [Denied, Quota, Throttled, Transient, Lag, NotFound, InUse, AlreadyExists, Invalid];
            let class = self.rng.choice(classes).expect("not empty");
            // Of an attribute AWS means it, and says it every time.
            let class = if call == "ModifyTargetGroupAttributes" && class == Invalid { Throttled } else { class };
            return Some(Fault::Refused(class));
        }
        if self.goes_wrong(self.faults.lost, "answer lost") {
            return Some(if self.rng.bool() { Fault::Lost } else { Fault::Timeout });
        }
        self.goes_wrong(self.faults.crash, "crash after a write").then_some(Fault::CrashAfter)
    }

    fn strike_read(&mut self, call: &'static str) -> Option<Fault> {
        use ErrorClass::{Denied, Throttled, Transient};
        if self.faults.outage == Some(call) {
            self.counts.fault("outage of one kind of read");
            return Some(Fault::Refused(Transient));
        }
        if self.faults.crash > 0 && self.rng.u8(0..10) == 0 && self.goes_wrong(self.faults.crash, "crash at a read") {
            return Some(Fault::CrashAfter);
        }
        let class = [Throttled, Transient, Denied];
        let unread = self.goes_wrong(self.faults.unread, "read failed");
        if unread { self.rng.choice(class).map(Fault::Refused) } else { None }
    }

    /// The state that a read is answered from.
    pub(super) fn answered_from(&mut self) -> Rc<Aws> {
        if self.past.is_empty() || self.faults.stale + self.faults.torn == 0 {
            return Rc::clone(&self.aws);
        }
        let nth = self.rng.usize(0..self.past.len());
        if self.goes_wrong(self.faults.stale, "stale read") {
            self.untrue += 1;
            return Rc::clone(&self.past[nth]);
        }
        if self.goes_wrong(self.faults.torn, "partial read") {
            self.untrue += 1;
            return Rc::new(torn(&self.aws, &self.past[nth], &mut self.rng));
        }
        Rc::clone(&self.aws)
    }
}

/// What a call says that failed.
pub fn failure(class: ErrorClass, operation: &'static str, code: &str) -> Failure {
    Failure { class, operation, code: code.to_owned(), message: "the World says no".into(), request_id: None }
}

/// The present, with some of what changed since as it was.
fn torn(now: &Aws, past: &Aws, rng: &mut fastrand::Rng) -> Aws {
    let mut aws = now.clone();
    tear(&mut aws.subnets, &past.subnets, rng);
    tear(&mut aws.instances, &past.instances, rng);
    tear(&mut aws.security_groups, &past.security_groups, rng);
    tear(&mut aws.target_groups, &past.target_groups, rng);
    for (arn, lb) in aws.load_balancers.iter_mut() {
        if let Some(was) = past.load_balancers.get(arn) {
            tear(&mut lb.listeners, &was.listeners, rng);
        }
    }
    tear(&mut aws.load_balancers, &past.load_balancers, rng);
    for (id, service) in aws.services.iter_mut() {
        if let Some(was) = past.services.get(id) {
            tear(&mut service.connections, &was.connections, rng);
        }
    }
    tear(&mut aws.services, &past.services, rng);
    aws
}

fn tear<K: Ord + Clone, V: Clone + PartialEq>(
    now: &mut BTreeMap<K, V>,
    past: &BTreeMap<K, V>,
    rng: &mut fastrand::Rng,
) {
    let changed: Vec<K> = now.keys().chain(past.keys()).filter(|key| now.get(key) != past.get(key)).cloned().collect();
    for key in changed {
        if rng.bool() {
            match past.get(&key) {
                Some(was) => now.insert(key, was.clone()),
                None => now.remove(&key),
            };
        }
    }
}
