//! One pass of one object: what is wanted, a look, and waves.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use kpl_core::desired::{Desired, Goal, Identity, Intent, Memory, Request, desired, scope, undesired};
use kpl_core::model::{AwsName, Base, Observed, Outcome, Part, Query, Region};
use kpl_core::pass::{Move, Pass, Passed};
use kpl_core::plan::guard::Guard;
use kpl_core::policy::{Claim, Hearing};
use kpl_core::status::{checkpoint, memory};
use kube::api::{Api, DynamicObject};
use tracing::{Instrument, debug, info, info_span};

use super::conclude::farewell;
use super::error::Error;
use super::finalizer::{Hold, ensure};
use super::key::Key;
use super::look::{self, Cause, Look, Past};
use super::object::{Object, Wish};
use super::state::State;
use super::trigger::Trigger;
use super::{Context, retry, status_writer, wave};
use crate::cloud::{Cloud, Clouds};
use crate::metrics::Phase;

/// What comes after a pass.
pub(super) enum Next {
    /// The next one, after this pause.
    Rest(Duration),
    /// Nothing: we have no part in the object any more.
    Gone,
}

/// A pass under way.
pub(super) struct Turn<'a, C> {
    pub(super) context: &'a Context<C>,
    pub(super) key: &'a Key,
    pub(super) api: Api<DynamicObject>,
    pub(super) object: Object,
    pub(super) identity: Identity,
    intent: Option<Intent>,
}

/// A look, and what the next one has to know of it.
struct Looked {
    observed: Observed,
    query: Query,
    kept: bool,
    past: Option<Past>,
    rotated: Option<AwsName>,
}

impl<'a, C: Clouds> Turn<'a, C> {
    pub(super) fn new(context: &'a Context<C>, key: &'a Key, api: Api<DynamicObject>, object: Object) -> Self {
        let identity = object.identity(&context.cluster);
        let intent = object.intent.as_ref().ok().cloned();
        Self { context, key, api, object, identity, intent }
    }

    /// What would wake the object before its time.
    pub(super) fn trigger(&self) -> Trigger {
        Trigger::of(&self.object.raw.metadata)
    }

    /// Makes the pass.
    pub(super) async fn take(&mut self) -> Result<Next, Error> {
        let wish = self.object.wish();
        let goal = match wish {
            Wish::Stand => match &self.intent {
                None => return self.refuse().await,
                // An object that only observes must not be held, also one that was managed before.
                Some(intent) => {
                    let hold = if intent.observe_only { Hold::Released } else { Hold::Held };
                    ensure(&self.api, &mut self.object, hold).await?;
                    None
                }
            },
            _ if !self.object.is_held() => return Ok(Next::Gone),
            Wish::LetGo => {
                ensure(&self.api, &mut self.object, Hold::Released).await?;
                return Ok(Next::Gone);
            }
            Wish::Remove(absent) => Some(Goal::Absent(absent)),
            Wish::Retain => Some(Goal::Retained),
        };
        // Without a region nothing can be looked for, so nothing may be let go either.
        let Some(region) = self.object.region() else { return self.refuse().await };
        self.pass(&region, goal).await
    }

    async fn pass(&mut self, region: &Region, goal: Option<Goal>) -> Result<Next, Error> {
        let state = self.context.states.take(self.key, &self.identity.uid);
        let memory = self.memory(state.as_ref());
        let cause = Cause {
            generation: self.object.generation(),
            requested_at: self.object.requested_at().map(str::to_owned),
            leaving: goal.is_some(),
        };
        let past = look::still_past(state.and_then(|state| state.past), Timestamp::now());
        let cloud = self.context.clouds.region(region, look::urgency(past.as_ref(), &cause));
        let began = Instant::now();
        // Then hands in AWS changed something, or brokers came, went or moved.
        let drifts = look::stands(past.as_ref(), &cause);
        let looked = self.look(&cloud, &cause, past).await;
        self.context.metrics.passes().took(Phase::Look, began.elapsed());
        let Looked { observed, query, kept, past, rotated } = looked;
        let complete = observed.read_failures.is_empty();
        let certain = look::looked_twice(past.as_ref(), &observed);
        let looked = past.as_ref().filter(|_| kept).map_or(observed.at, |past| past.looked);
        let demands = Guard { hearing: self.hearing(goal.as_ref()), ..self.object.guard() };
        let wanted = self.desire(goal, &observed, &memory);
        let machine = Pass::new(wanted, &demands, observed, self.context.timing);
        let before = self.object.status.clone();
        let began = Instant::now();
        let passed = self.drive(&cloud, machine, &query).await?;
        self.context.metrics.passes().took(Phase::Waves, began.elapsed());
        if drifts {
            self.count_drift(&passed);
        }
        debug!(
            steps = passed.taken.len(),
            doubt = passed.doubt.len(),
            plan = passed.plan.to_string(),
            block = passed.block.as_ref().map(ToString::to_string),
            "passed"
        );
        self.note_account(&passed.observed);

        let full_due = match past.as_ref().filter(|_| query.base != Base::Full) {
            Some(past) => past.full_due,
            None => after(Timestamp::now(), retry::jittered(self.context.timing.full_resync, fastrand::f64())),
        };
        let kept_until = match past.as_ref().filter(|_| kept) {
            Some(past) => past.kept_until,
            None => after(Timestamp::now(), retry::std_duration(self.context.timing.resync)),
        };
        let seen = match query.base {
            // As long as nothing is wanted, no target group is expected, and a steady look would list none.
            _ if passed.desired.goal == Goal::Hold => None,
            Base::Full => complete.then_some(cause),
            Base::Names | Base::Steady => past.and_then(|past| past.cause),
        };
        let past = Past {
            cause: seen,
            full_due,
            kept_until,
            scope: passed.desired.scope(self.intent.as_ref(), Some(&passed.observed)),
            doubt: passed.doubt.clone(),
            awaits_balancer: look::awaits_balancer(&passed),
            settled: passed.settled() && !passed.acted(),
            rotated,
            looked,
            picture: passed.observed.clone(),
        };
        let state = State { uid: self.identity.uid.clone(), memory: passed.desired.memory.clone(), past: Some(past) };
        self.context.states.put(self.key, state);
        if let (true, Some(notice)) = (certain, farewell(&passed)) {
            return self.let_go(notice).await;
        }
        self.conclude(passed, before.as_ref(), region, full_due).await
    }

    /// What the policy is asked; nothing of an object that goes.
    fn hearing(&self, goal: Option<&Goal>) -> Option<Hearing> {
        let (file, intent) = (self.context.policy.as_ref()?, self.intent.as_ref()?);
        let source = file.path().display().to_string();
        goal.is_none().then(|| Hearing { policy: file.current(), source, claim: Claim::of(&self.identity, intent) })
    }

    /// What is remembered: by this process as of its last pass, and by status where that lost nothing yet.
    pub(super) fn memory(&self, state: Option<&State>) -> Memory {
        let written = memory(self.object.status.as_ref());
        let Some(state) = state else { return written };
        let mut kept = state.memory.clone();
        let entries = written.ledger.entries();
        kept.ledger.merge(entries.map(|(listener, broker, entry)| ((listener.clone(), broker), entry)));
        kept
    }

    async fn look(&self, cloud: &C::Cloud, cause: &Cause, past: Option<Past>) -> Looked {
        let query = |base, parts, past: Option<&Past>| {
            let scope = match past.filter(|past| past.cause.as_ref() == Some(cause)) {
                Some(past) => past.scope.clone(),
                None => scope(&self.identity, self.intent.as_ref(), past.map(|past| &past.picture)),
            };
            Query { scope, base, parts }
        };
        let mut choice = look::choose(past.as_ref(), cause, Timestamp::now());
        if let (Look::Kept, Some(past)) = (&choice, &past) {
            let parts = [Part::LoadBalancerState].into();
            let mut observed = past.picture.clone();
            (observed.kept, observed.at) = (true, Timestamp::now());
            observed.read_failures.clear();
            let query = query(Base::Steady, parts, Some(past));
            debug!("looks at the load balancer alone");
            cloud.observe_more(&query, &query.parts, &mut observed).await;
            if look::provisions(&observed) || !observed.read_failures.is_empty() {
                let rotated = past.rotated.clone();
                return Looked { observed, query, kept: true, rotated, past: Some(past.clone()) };
            }
            choice = look::steady(past);
        }
        let (base, parts, rotated) = match choice {
            Look::Fresh { base, parts, rotated } => (base, parts, rotated),
            Look::Kept => (Base::Full, [].into(), None),
        };
        let query = query(base, parts, past.as_ref());
        debug!(?base, parts = query.parts.len(), "looks");
        let mut observed = cloud.observe(&query).await;
        if let Some(past) = &past {
            observed.recall = past.picture.recall.clone();
            // Everything was looked at: what is unread is not known.
            if base != Base::Full {
                observed.keep_inputs(&past.picture);
            }
        }
        let rotated = rotated.or_else(|| past.as_ref()?.rotated.clone());
        Looked { observed, query, kept: false, rotated, past }
    }

    pub(super) fn desire(&self, goal: Option<Goal>, observed: &Observed, memory: &Memory) -> Desired {
        match (goal, &self.intent) {
            (Some(goal), _) => undesired(&self.identity, goal, memory),
            (None, None) => undesired(&self.identity, Goal::Hold, memory),
            (None, Some(intent)) => desired(&Request {
                identity: &self.identity,
                intent,
                memory,
                observed,
                confirm: self.object.confirm(),
                timing: &self.context.timing,
            }),
        }
    }

    /// Reads and writes what the pass asks for until it has enough.
    async fn drive(&mut self, cloud: &C::Cloud, mut pass: Pass, query: &Query) -> Result<Passed, Error> {
        let scope = pass.desired().scope(self.intent.as_ref(), Some(pass.observed()));
        let mut query = Query { scope, ..query.clone() };
        let mut waves = 0;
        loop {
            match pass.next_move() {
                Move::Read(parts) => {
                    debug!(parts = parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "), "reads");
                    // What was made meanwhile is found by its id.
                    query.scope = pass.desired().scope(self.intent.as_ref(), Some(pass.observed()));
                    cloud.observe_more(&query, &parts, pass.observed_mut()).await;
                }
                Move::Apply(steps) => {
                    if self.context.ends() {
                        info!(steps = steps.len(), "stopping: these steps are left to the next process");
                        break;
                    }
                    if waves == 0 {
                        self.checkpoint(&pass).await?;
                    }
                    waves += 1;
                    let span = info_span!("wave", number = waves);
                    for (step, outcome) in wave::apply(cloud, steps).instrument(span).await {
                        pass.applied(step, outcome, Timestamp::now());
                    }
                }
                Move::Finished => break,
            }
        }
        Ok(pass.finish())
    }

    /// Writes down that work begins, what differs, and every port before it is used.
    async fn checkpoint(&mut self, pass: &Pass) -> Result<(), Error> {
        let previous = self.object.status.as_ref();
        match checkpoint(previous, pass, self.object.generation(), Timestamp::now()) {
            Some(status) => status_writer::write(&self.api, &mut self.object, status).await,
            None => Ok(()),
        }
    }

    fn count_drift(&self, passed: &Passed) {
        let counts = self.context.metrics.passes();
        for (step, outcome) in &passed.taken {
            let (kind, change) = step.labels();
            counts.drifted(kind, change);
            if matches!(outcome, Outcome::Done(_)) {
                counts.repaired(kind, change);
            }
        }
    }

    fn note_account(&self, observed: &Observed) {
        if observed.inputs.account.is_read() {
            self.context.health.account_read();
        } else if let Some(failure) = observed.read_failures.get(&Part::Account) {
            self.context.health.account_unread(&failure.to_string());
        }
    }
}

fn after(at: Timestamp, pause: Duration) -> Timestamp {
    at.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
