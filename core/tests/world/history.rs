//! One object through time: what happens to it, the passes between, and what must hold of each step.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::api::v1alpha1::{Acceptance, ConnectionDeletionPolicy, DeletionProtection};
use kpl_core::desired::{self, Absent, Desired, Goal, Identity, Intent, Memory, Request};
use kpl_core::model::{Base, ConnectionState, EndpointId, Observed, Outcome, Part, Query, Scope, Timing};
use kpl_core::pass::{Move, Pass, Passed};
use kpl_core::plan::guard::Guard;
use kpl_core::plan::{Step, connection};

use super::lint::lint;
use super::paths::{Path, Untagged, carried, wanted};
use super::state::{Aws, foreign_touched, ours};
use super::{Faults, Manners, World, compare, object, people};

/// An object, what its reconciler remembers, and the World.
pub struct History {
    pub world: World,
    pub identity: Identity,
    pub spec: KafkaPrivateLinkSpec,
    /// Whether the object is being deleted.
    pub deleting: bool,
    /// In status.
    pub memory: Memory,
    /// Annotation `confirm`.
    pub confirm: Option<String>,
    pub process: Process,
    /// The paths that the object wanted when it was looked at last.
    offered: BTreeSet<Path>,
    /// Whether any look was answered from the past.
    pub stale_reads: bool,
    /// Whether the steps of a wave are taken as the plan lists them: golden files want that.
    pub in_order: bool,
    pub report: Report,
}

/// What is lost with the process.
#[derive(Default)]
pub struct Process {
    looked_for: Option<(KafkaPrivateLinkSpec, bool)>,
    last: Option<Observed>,
    scope: Option<Scope>,
    doubt: BTreeSet<Part>,
    looks_since_full: u32,
}

/// What happened.
#[derive(Default, Debug)]
pub struct Report {
    pub log: Vec<String>,
    pub wrong: Vec<String>,
    pub gaps: Vec<String>,
    pub passes: u32,
    pub full_looks: u32,
    pub steps: u32,
    pub crashes: u32,
}

/// What one pass came to, unless the process ended in it.
pub enum Ended {
    Passed(Box<Passed>),
    Crashed,
}

/// Steady looks between two full ones.
const FULL_EVERY: u32 = 40;

impl History {
    pub fn new(seed: u64) -> Self {
        let identity = object::identity("orders");
        let mut world = World::new(people::account(), seed);
        world.manners = manners(&mut world.rng);
        Self {
            world,
            identity,
            spec: object::plain(),
            deleting: false,
            memory: Memory::default(),
            confirm: None,
            process: Process::default(),
            offered: BTreeSet::new(),
            stale_reads: false,
            in_order: false,
            report: Report::default(),
        }
    }

    pub fn log(&mut self, text: impl Into<String>) {
        self.report.log.push(format!("{:>4} {}", self.world.aws.now, text.into()));
    }

    fn wrong(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.log(format!("WRONG {text}"));
        self.report.wrong.push(text);
    }

    /// The process ends: what it remembers is lost, AWS and status are not.
    pub fn restart(&mut self) {
        self.process = Process::default();
    }

    /// The next look is a full one.
    pub fn look_fully(&mut self) {
        self.process.looks_since_full = FULL_EVERY;
    }

    fn desire(&self, intent: &Intent, observed: &Observed, memory: &Memory) -> Desired {
        if self.deleting {
            let reject = self.spec.endpoint_service.connection_deletion_policy == ConnectionDeletionPolicy::Reject;
            let protected = self.spec.load_balancer.deletion_protection == DeletionProtection::Enabled;
            let goal = Goal::Absent(Absent { reject_connections: reject, protected });
            return desired::undesired(&self.identity, goal, memory);
        }
        desired::desired(&Request {
            identity: &self.identity,
            intent,
            memory,
            observed,
            confirm: self.confirm.as_deref(),
            timing: &Timing::default(),
        })
    }

    fn look(&mut self, intent: &Intent) -> (Query, Observed, bool) {
        let changed = self.process.looked_for.as_ref() != Some(&(self.spec.clone(), self.deleting));
        let full = changed || self.process.looks_since_full >= FULL_EVERY;
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
        let parts = std::mem::take(&mut self.process.doubt);
        let query = Query { scope, base, parts };
        let mut observed = self.world.observe(&query);
        let complete = observed.read_failures.is_empty();
        if let Some(last) = &self.process.last {
            observed.recall = last.recall.clone();
            if !full {
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
        self.log(format!("look {base:?} {:?}", query.parts));
        (query, observed, full)
    }

    /// One look and its waves.
    pub fn pass(&mut self) -> Ended {
        self.report.passes += 1;
        self.stale_reads |= self.world.faults.stale > 0;
        let intent = Intent::parse(&self.spec).expect("edits keep the spec valid");
        let (mut query, observed, fresh) = self.look(&intent);
        let wants = self.desire(&intent, &observed, &self.memory);
        // Status is written before a port is used.
        self.memory = wants.memory.clone();
        let known = observed.clone();
        query.scope = wants.scope(Some(&intent), Some(&known));
        let now = wanted(&self.spec, &self.memory.ledger);
        let both: BTreeSet<Path> = self.offered.intersection(&now).cloned().collect();
        self.offered = now;
        let mut pass = Pass::new(wants, &Guard::default(), observed, Timing::default());
        loop {
            match pass.next_move() {
                Move::Read(parts) => {
                    self.log(format!("read {parts:?}"));
                    let mut picture = pass.observed().clone();
                    self.world.observe_more(&query, &parts, &mut picture);
                    *pass.observed_mut() = picture;
                }
                Move::Apply(steps) => {
                    if !self.wave(&mut pass, steps, &both, &query, fresh) {
                        self.report.crashes += 1;
                        self.log("crash");
                        self.restart();
                        return Ended::Crashed;
                    }
                }
                Move::Finished => break,
            }
        }
        let passed = pass.finish();
        self.process.doubt.clone_from(&passed.doubt);
        self.process.scope = Some(Scope {
            load_balancer: passed.observed.load_balancer.there().map(|lb| lb.arn.clone()),
            ..query.scope
        });
        self.process.last = Some(passed.observed.clone());
        if passed.desired.goal == Goal::Hold {
            // Nothing is expected, so a steady look would list no group at all and call that whole.
            self.process.looked_for = None;
        }
        let waiting: Vec<_> = passed.plan.waiting.iter().map(ToString::to_string).collect();
        self.log(format!(
            "passed: {} taken, waits {waiting:?}, conflicts {:?}, doubt {:?}, issues {:?}",
            passed.taken.len(),
            passed.plan.conflicts,
            passed.doubt,
            passed.desired.issues
        ));
        Ended::Passed(Box::new(passed))
    }

    /// Takes the steps of a wave in any order; false if the process ended.
    fn wave(
        &mut self,
        pass: &mut Pass,
        mut steps: Vec<Step>,
        both: &BTreeSet<Path>,
        query: &Query,
        fresh: bool,
    ) -> bool {
        for wrong in lint(pass.desired(), pass.observed(), &steps) {
            self.wrong(wrong);
        }
        self.any_order(&steps);
        if !self.in_order {
            self.world.rng.shuffle(&mut steps);
        }
        self.log("wave");
        for step in steps {
            if self.world.chance(self.world.faults.crash) {
                return false;
            }
            let before = Rc::clone(&self.world.aws);
            let outcome = self.world.apply(&step);
            self.report.steps += 1;
            self.log(match &outcome {
                Outcome::Done(_) => format!("{step}"),
                other => format!(
                    "{step} => {:?} {}",
                    other.failure().map(|f| f.class),
                    other.failure().map_or("", |f| &f.code)
                ),
            });
            self.check(&step, &before, both);
            let at = self.world.now();
            pass.applied(step, outcome, at);
            if self.world.chance(self.world.faults.crash) {
                return false;
            }
        }
        if self.world.faults.stale == 0 {
            let mut mirror = self.world.clone();
            mirror.calm();
            let looked = mirror.observe(&Query { base: Base::Full, parts: BTreeSet::new(), ..query.clone() });
            for lie in compare::lies(pass.observed(), &looked, &query.scope, fresh) {
                self.wrong(format!("absorbed is not looked: {lie}"));
            }
        }
        true
    }

    /// The steps of a wave are independent: two orders end in the same World.
    fn any_order(&mut self, steps: &[Step]) {
        if steps.len() < 2 {
            return;
        }
        let run = |world: &World, order: &[usize]| -> (Rc<Aws>, BTreeSet<usize>) {
            let mut world = world.clone();
            let refused = order.iter().filter(|nth| world.write(&steps[**nth]).is_err()).copied().collect();
            Rc::make_mut(&mut world.aws).forget_health();
            (world.aws, refused)
        };
        let mut order: Vec<usize> = (0..steps.len()).collect();
        let first = run(&self.world, &order);
        self.world.rng.shuffle(&mut order);
        let second = run(&self.world, &order);
        if first.1 != second.1 {
            let twice: Vec<_> = first.1.symmetric_difference(&second.1).map(|nth| steps[*nth].clone()).collect();
            self.wrong(format!("refused or not by the order of the wave: {}", words(&twice)));
        } else if first.0 != second.0 {
            self.wrong(format!("the order of the wave matters: {}", words(steps)));
        }
    }

    /// What must hold of a step, whatever AWS said to it.
    fn check(&mut self, step: &Step, before: &Aws, both: &BTreeSet<Path>) {
        let owner = self.identity.owner.clone();
        let after = Rc::clone(&self.world.aws);
        if let Some(what) = foreign_touched(&owner, before, &after) {
            self.wrong(format!("{step}: touches {what}, which is not ours"));
        }
        let alive = after.services.values().filter(|service| service.state.alive() && ours(&owner, &service.tags));
        if alive.count() > 1 {
            self.wrong(format!("{step}: a second service"));
        }
        for endpoint in cut_off(before, &after) {
            if !self.may_cut(step, &endpoint, before) {
                self.wrong(format!("{step}: cuts consumer {endpoint} off"));
            }
        }
        let held = self.deleting && {
            let mut connections = before.services.values().flat_map(|service| service.connections.values());
            connections.any(|connection| connection.state.connected())
        };
        if !self.deleting || held {
            let paths = if self.deleting { self.offered.clone() } else { both.clone() };
            let had = carried(before, &owner, &paths, Untagged::Nothing);
            let has = carried(&after, &owner, &paths, Untagged::ItsTargets);
            let lost: Vec<Path> = had.difference(&has).cloned().collect();
            if !lost.is_empty() {
                let gap = format!("{step}: closes {lost:?}");
                self.log(format!("GAP {gap}"));
                self.report.gaps.push(gap);
            }
        }
    }

    fn may_cut(&self, step: &Step, endpoint: &EndpointId, before: &Aws) -> bool {
        if !matches!(step, Step::Connection(connection::Change::Reject { .. })) {
            return false;
        }
        let of = |account: &str| {
            self.spec
                .endpoint_service
                .consumers
                .iter()
                .any(|consumer| consumer.account_id == account && consumer.acceptance == Acceptance::Rejected)
        };
        let connections = before.services.values().flat_map(|service| &service.connections);
        let account =
            connections.filter(|(id, _)| *id == endpoint).map(|(_, connection)| connection.account.as_str()).next();
        let by_rule = !self.deleting && account.is_some_and(of);
        let reject = self.spec.endpoint_service.connection_deletion_policy == ConnectionDeletionPolicy::Reject;
        by_rule || (self.deleting && reject)
    }
}

fn manners(rng: &mut fastrand::Rng) -> Manners {
    use super::Offers::{AtOnce, Later, Never};
    Manners {
        provisioning: rng.u32(1..5),
        builds_that_fail: u32::from(rng.u8(0..20) == 0),
        offers: *rng.choice(&[AtOnce, AtOnce, Later(3), Never]).expect("not empty"),
        tokens_outlive_services: rng.bool(),
        rejected_can_be_accepted: rng.bool(),
    }
}

/// Connections that carried traffic before and do not after.
fn cut_off(before: &Aws, after: &Aws) -> Vec<EndpointId> {
    let states = |aws: &Aws| -> BTreeMap<EndpointId, ConnectionState> {
        let connections = aws.services.values().flat_map(|service| &service.connections);
        connections.map(|(id, connection)| (id.clone(), connection.state)).collect()
    };
    let after = states(after);
    let connected = states(before).into_iter().filter(|(_, state)| state.connected());
    connected.filter(|(id, _)| !after.get(id).is_some_and(|state| state.connected())).map(|(id, _)| id).collect()
}

fn words(steps: &[Step]) -> String {
    steps.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Faults as in a bad week.
pub fn bad_week(stale: u32) -> Faults {
    Faults { refused: 120, lost: 80, unread: 20, stale, crash: 10 }
}
