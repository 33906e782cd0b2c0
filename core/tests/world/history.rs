//! One object through time: its reconciler as a process that may end at any call, and what it remembers.

use std::collections::BTreeSet;
use std::rc::Rc;

use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::api::v1alpha1::{
    ConnectionDeletionPolicy, DeletionPolicy, DeletionProtection, Mode, VolumeDeletionPolicy,
};
use kpl_core::desired::{self, Absent, Desired, Goal, Identity, Intent, Memory, Request, VolumeDeletion};
use kpl_core::model::{AwsName, Base, HolderId, Observed, Outcome, Part, Query, Scope, Timing};
use kpl_core::pass::{Move, Pass, Passed};
use kpl_core::plan::Step;
use kpl_core::plan::guard::Guard;

use super::habits::{awaits_balancer, next_group, provisions};
use super::report::{Kind, Report};
use super::settled::differences;
use super::watch::{Offered, Sight};
use super::{World, object, people, random_manners};

/// An object, what its reconciler remembers, and the World.
#[derive(Clone)]
pub struct History {
    pub world: World,
    pub identity: Identity,
    pub spec: KafkaPrivateLinkSpec,
    /// Whether the object is being deleted.
    pub deleting: bool,
    /// What status says, as the API server has it.
    pub status: Memory,
    /// A status that somebody kept.
    pub backup: Memory,
    /// What the last pass remembered; with the process, all but status is lost.
    pub memory: Memory,
    /// Annotation `confirm`.
    pub confirm: Option<String>,
    /// Annotation `take-over`.
    pub take_over: Option<HolderId>,
    pub process: Process,
    /// What the object wanted when it was looked at last.
    pub offered: Offered,
    /// All that it wanted since AWS was last as it wanted.
    pub offers: Vec<Offered>,
    /// Whether waves are taken as the plan lists them and looks are plain ones: golden files want that.
    pub in_order: bool,
    pub report: Report,
}

/// What is lost with the process.
#[derive(Clone, Default)]
pub struct Process {
    looked_for: Option<(KafkaPrivateLinkSpec, bool)>,
    last: Option<Observed>,
    looked: Option<jiff::Timestamp>,
    scope: Option<Scope>,
    doubt: BTreeSet<Part>,
    looks_since_full: u32,
    /// The broker's group that was looked at last in turn.
    rotated: Option<AwsName>,
    awaits_balancer: bool,
    kept_looks: u32,
    pub sight: Sight,
}

/// What one pass came to, unless the process ended in it.
pub enum Ended {
    Passed(Box<Passed>),
    Crashed,
}

/// A look.
struct Looked {
    query: Query,
    observed: Observed,
    /// Whether two looks in a row came after whatever we made last.
    certain: bool,
}

/// Steady looks between two full ones.
const FULL_EVERY: u32 = 40;
/// Looks for which a picture is kept.
const KEPT_MOST: u32 = 8;

impl History {
    pub fn new(seed: u64) -> Self {
        let mut world = World::new(people::account(), seed);
        world.manners = random_manners(&mut world.rng);
        Self {
            world,
            identity: object::identity(object::NAME),
            spec: object::plain(),
            deleting: false,
            status: Memory::default(),
            backup: Memory::default(),
            memory: Memory::default(),
            confirm: None,
            take_over: None,
            process: Process::default(),
            offered: Offered::default(),
            offers: Vec::new(),
            in_order: false,
            report: Report::default(),
        }
    }

    pub fn log(&mut self, text: impl Into<String>) {
        self.report.log.push(format!("{:>4} {}", self.world.aws.now, text.into()));
    }

    /// What is long to say is said only where somebody reads it.
    fn tell(&mut self, text: impl FnOnce(&Self) -> String) {
        if !self.report.terse {
            let text = text(self);
            self.log(text);
        }
    }

    /// The process ends: what it remembers is lost, AWS and status are not.
    pub fn restart(&mut self) {
        self.process = Process::default();
        self.memory = self.status.clone();
    }

    /// Whether the process ended in the last call.
    fn crashed(&mut self) -> bool {
        let crashed = std::mem::take(&mut self.world.crashed);
        if crashed {
            self.report.crashes += 1;
            self.log("crash");
            self.restart();
        }
        crashed
    }

    /// The next look is a full one.
    pub fn look_fully(&mut self) {
        self.process.looks_since_full = FULL_EVERY;
    }

    fn guard(&self) -> Guard {
        Guard { observe_only: self.spec.mode == Mode::Observe, take_over: self.take_over.clone(), ..Guard::default() }
    }

    fn desire(&self, intent: &Intent, observed: &Observed) -> Desired {
        let mut memory = self.memory.clone();
        let written = self.status.ledger.entries();
        memory.ledger.merge(written.map(|(listener, broker, entry)| ((listener.clone(), broker), entry)));
        if self.deleting && self.spec.deletion_policy == DeletionPolicy::Retain {
            return desired::undesired(&self.identity, Goal::Retained, &memory);
        }
        if self.deleting {
            let reject = self.spec.endpoint_service.connection_deletion_policy == ConnectionDeletionPolicy::Reject;
            let protected = self.spec.load_balancer.deletion_protection == DeletionProtection::Enabled;
            let owns_vpc = self.spec.network.vpc.is_some();
            let nodes = self.spec.brokers.provisioned.as_ref().map(|made| match made.storage.deletion_policy {
                VolumeDeletionPolicy::Retain => VolumeDeletion::Retain,
                VolumeDeletionPolicy::Delete => VolumeDeletion::Delete,
            });
            let goal = Goal::Absent(Absent { reject_connections: reject, protected, owns_vpc, nodes });
            return desired::undesired(&self.identity, goal, &memory);
        }
        desired::desired(&Request {
            identity: &self.identity,
            intent,
            memory: &memory,
            observed,
            confirm: self.confirm.as_deref(),
            timing: &Timing::default(),
        })
    }

    /// The kept picture with the load balancer's state renewed, while that is all that is waited for.
    fn look_again(&mut self) -> Option<Looked> {
        let Process { awaits_balancer, kept_looks, doubt, last: Some(last), scope: Some(scope), .. } = &self.process
        else {
            return None;
        };
        if self.in_order || !awaits_balancer || *kept_looks >= KEPT_MOST || !doubt.is_empty() {
            return None;
        }
        let mut observed = last.clone();
        (observed.kept, observed.at) = (true, self.world.now());
        observed.read_failures.clear();
        let query = Query { scope: scope.clone(), base: Base::Steady, parts: [Part::LoadBalancerState].into() };
        self.world.observe_more(&query, &query.parts, &mut observed);
        if !provisions(&observed) && observed.read_failures.is_empty() {
            return None;
        }
        self.process.kept_looks += 1;
        self.log("keeps the picture");
        Some(Looked { query, observed, certain: false })
    }

    fn look(&mut self, intent: &Intent) -> Looked {
        let changed = self.process.looked_for.as_ref() != Some(&(self.spec.clone(), self.deleting));
        let full = changed || self.process.looks_since_full >= FULL_EVERY;
        if !full
            && !self.deleting
            && let Some(kept) = self.look_again()
        {
            return kept;
        }
        self.process.kept_looks = 0;
        // A steady look sees only what is wanted: of no use for what is to go.
        let base = match (full, self.deleting) {
            (_, true) => Base::Names,
            (true, false) => Base::Full,
            (false, false) => Base::Steady,
        };
        let scope = match self.process.scope.take() {
            Some(scope) if !changed => scope,
            _ => desired::scope(&self.identity, Some(intent), self.process.last.as_ref()),
        };
        let mut parts = std::mem::take(&mut self.process.doubt);
        if base == Base::Steady && !self.in_order {
            self.process.rotated = next_group(&scope, self.process.rotated.as_ref());
            parts.extend(self.process.rotated.clone().map(Part::Targets));
        }
        let query = Query { scope, base, parts };
        let mut observed = self.world.observe(&query);
        let complete = observed.read_failures.is_empty();
        if let Some(last) = &self.process.last {
            observed.recall = last.recall.clone();
            if base != Base::Full {
                observed.keep_inputs(last);
            }
        }
        if full {
            self.report.full_looks += 1;
            self.process.looks_since_full = 0;
            self.process.looked_for = complete.then(|| (self.spec.clone(), self.deleting));
        } else {
            self.process.looks_since_full += 1;
        }
        self.tell(|_| format!("look {base:?} {:?}", query.parts));
        let certain = observed.recall.made.is_none_or(|made| self.process.looked.is_some_and(|looked| made <= looked));
        self.process.looked = Some(observed.at);
        Looked { query, observed, certain }
    }

    /// One look and its waves.
    pub fn pass(&mut self) -> Ended {
        self.report.passes += 1;
        assert!(!self.deleting || self.spec.mode == Mode::Manage, "an object that observes is let go without a pass");
        let intent = Intent::parse(&self.spec).expect("edits keep the spec valid");
        self.world.shown.clear();
        let untrue = self.world.untrue;
        let Looked { mut query, observed, certain } = self.look(&intent);
        if self.crashed() {
            return Ended::Crashed;
        }
        self.clock_may_jump();
        let wants = self.desire(&intent, &observed);
        self.memory = wants.memory.clone();
        query.scope = wants.scope(Some(&intent), Some(&observed));
        let before = self.offered.clone();
        self.offered = Offered { spec: self.spec.clone(), ledger: self.memory.ledger.clone() };
        self.offers.push(self.offered.clone());
        let mut sight = self.sight(&query, observed.kept, untrue, before);
        let mut pass = Pass::new(wants, &self.guard(), observed, Timing::default());
        let mut checkpointed = false;
        loop {
            match pass.next_move() {
                Move::Read(parts) => {
                    self.tell(|_| format!("read {parts:?}"));
                    let mut picture = pass.observed().clone();
                    self.world.observe_more(&query, &parts, &mut picture);
                    *pass.observed_mut() = picture;
                    if self.crashed() {
                        return Ended::Crashed;
                    }
                }
                Move::Apply(steps) => {
                    if !checkpointed && !self.checkpoint() {
                        return Ended::Crashed;
                    }
                    checkpointed = true;
                    sight.untrue |= self.world.untrue > untrue;
                    if !self.wave(&mut pass, steps, &query, &sight) {
                        return Ended::Crashed;
                    }
                }
                Move::Finished => break,
            }
        }
        let passed = pass.finish();
        sight.untrue |= self.world.untrue > untrue;
        self.conclude(passed, query, sight, certain)
    }

    fn conclude(&mut self, passed: Passed, query: Query, sight: Sight, certain: bool) -> Ended {
        self.keep_sight(sight, &query.scope);
        self.process.doubt.clone_from(&passed.doubt);
        self.process.awaits_balancer = awaits_balancer(&passed);
        self.process.scope = Some(Scope {
            load_balancer: passed.observed.load_balancer.there().map(|lb| lb.arn.clone()),
            ..query.scope
        });
        self.process.last = Some(passed.observed.clone());
        if passed.desired.goal == Goal::Hold {
            // Nothing is expected, so a steady look would list no group at all and call that whole.
            self.process.looked_for = None;
        }
        if !self.world.goes_wrong(self.world.faults.unwritten, "status not written") {
            self.status = self.memory.clone();
            self.see_ports();
        }
        self.tell(|_| {
            let waiting: Vec<_> = passed.plan.waiting.iter().map(ToString::to_string).collect();
            format!(
                "passed: {} taken, waits {waiting:?}, conflicts {:?}, doubt {:?}, issues {:?}",
                passed.taken.len(),
                passed.plan.conflicts,
                passed.doubt,
                passed.desired.issues
            )
        });
        // The plan of an object whose brokers cannot be found is empty as well.
        if passed.is_gone() || differences(&self.world.aws, &self.wish()).is_ok() {
            self.offers.clear();
            self.offers.push(self.offered.clone());
        }
        if certain && passed.is_gone() {
            self.see_gone();
        }
        Ended::Passed(Box::new(passed))
    }

    /// Ports are in status before they are used; where that fails, the pass ends and its memory with it.
    fn checkpoint(&mut self) -> bool {
        if self.status.ledger == self.memory.ledger {
            return true;
        }
        if self.world.goes_wrong(self.world.faults.unwritten, "status not written") {
            self.log("no checkpoint");
            self.restart();
            return false;
        }
        self.status = Memory { zones: self.status.zones.clone(), ..self.memory.clone() };
        self.see_ports();
        if self.world.goes_wrong(self.world.faults.crash, "crash after a checkpoint") {
            self.world.crashed = true;
        }
        !self.crashed()
    }

    /// Takes the steps of a wave in any order; false if the process ended.
    fn wave(&mut self, pass: &mut Pass, mut steps: Vec<Step>, query: &Query, sight: &Sight) -> bool {
        self.see_wave(pass, &steps, sight);
        if !self.in_order {
            self.world.rng.shuffle(&mut steps);
        }
        self.log("wave");
        for step in steps {
            let before = Rc::clone(&self.world.aws);
            let outcome = self.world.apply(&step);
            self.report.steps += 1;
            self.tell(|_| {
                let failed = outcome.failure().map(|failure| format!(" => {:?} {}", failure.class, failure.code));
                format!("{step}{}", failed.unwrap_or_default())
            });
            self.see_step(&step, &before, sight);
            if self.crashed() {
                return false;
            }
            self.note_made(&step, &outcome);
            self.clock_may_jump();
            let at = self.world.now();
            pass.applied(step, outcome, at);
        }
        self.compare(pass.observed(), query, sight);
        true
    }

    /// What was just made needs no look.
    fn note_made(&mut self, step: &Step, outcome: &Outcome) {
        if matches!(outcome, Outcome::Done(answer) if *answer != kpl_core::model::Answer::Accepted) {
            self.world.shown.extend(step.change().parts());
        }
    }

    fn clock_may_jump(&mut self) {
        if self.world.goes_wrong(self.world.faults.clock, "clock jumps in a pass") {
            self.jump();
        }
    }

    pub fn wrong(&mut self, kind: Kind, text: impl Into<String>, untrue: bool) {
        let text = text.into();
        self.log(format!("WRONG {kind}: {text}"));
        self.report.add(kind, text, untrue);
    }
}
