//! One pass, without I/O: the machine says what to read or write next, and is told what came of it.
//! The controller, the preview and the simulated world drive the same machine.
//!
//! ```text
//! look ─► next() ─► Read(parts) ─► observed_mut()  ┐
//!            ▲      Apply(steps) ─► applied() …    ├─ again, until Finished ─► finish()
//!            └─────────────────────────────────────┘
//! ```

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::desired::{Desired, Goal};
use crate::model::{
    Answer, Clash, DNS_FAILOVER, ErrorClass, Failure, Find, Observed, OfferedAgain, Outcome, Part, Timing,
};
use crate::plan::guard::{Block, Guard, guard};
use crate::plan::{Plan, Step, WaitingOn, absorb, endpoint_service, plan, target_group};

/// What the pass needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Read these into `observed_mut`.
    Read(BTreeSet<Part>),
    /// Take these steps, in any order or at once, and report each by `applied`.
    Apply(Vec<Step>),
    /// There is nothing more to do in this pass.
    Finished,
}

/// A pass under way.
#[derive(Clone, Debug)]
pub struct Pass {
    desired: Desired,
    observed: Observed,
    timing: Timing,
    demands: Guard,
    block: Option<Block>,
    plan: Plan,
    asked: BTreeMap<Part, u8>,
    taken: Vec<(Step, Outcome)>,
}

/// What a pass came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// What was wanted.
    pub desired: Desired,
    /// The picture after it, to be kept for the next look.
    pub observed: Observed,
    /// What would be next: the steps that failed or are blocked, and what is waited for.
    pub plan: Plan,
    /// Why nothing was written.
    pub block: Option<Block>,
    /// The steps that were taken, in order, and what came of each.
    pub taken: Vec<(Step, Outcome)>,
    /// What the next look has to read besides its base.
    pub doubt: BTreeSet<Part>,
}

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// After this delay.
    After(SignedDuration),
    /// After a delay that grows with every attempt, but no later than this.
    BackOff(SignedDuration),
}

/// How often one pass reads a part that the plan asks for.
const MOST_READS: u8 = 2;

impl Pass {
    /// Begins with a look. `observed.recall` is what the process remembers.
    #[must_use]
    pub fn new(desired: Desired, demands: &Guard, mut observed: Observed, timing: Timing) -> Self {
        let mut recall = std::mem::take(&mut observed.recall);
        recall.age(&observed, &timing);
        observed.recall = recall;
        let block = guard(demands, &desired.identity, &observed);
        Self {
            desired,
            observed,
            timing,
            demands: demands.clone(),
            block,
            plan: Plan::default(),
            asked: BTreeMap::new(),
            taken: Vec::new(),
        }
    }

    /// What is needed next. No step is taken twice in a pass, whatever became of it.
    pub fn next_move(&mut self) -> Move {
        let next = self.next_unguarded();
        // Tags that were only just read may show another holder.
        self.block = guard(&self.demands, &self.desired.identity, &self.observed);
        match next {
            Move::Apply(_) if self.block.is_some() => Move::Finished,
            next => next,
        }
    }

    /// The same for a preview, in which nothing is written anyway.
    pub(crate) fn next_unguarded(&mut self) -> Move {
        let Observed { recall, endpoint_service, .. } = &mut self.observed;
        recall.correct(endpoint_service);
        self.plan = plan(&self.desired, &self.observed);
        let ask: BTreeSet<Part> = self.plan.ask.iter().filter(|part| self.may_read(part)).cloned().collect();
        if !ask.is_empty() {
            for part in &ask {
                *self.asked.entry(part.clone()).or_default() += 1;
            }
            return Move::Read(ask);
        }
        let steps: Vec<Step> = self
            .plan
            .steps
            .iter()
            .filter(|step| !self.taken.iter().any(|(taken, _)| taken == *step))
            .cloned()
            .collect();
        if steps.is_empty() { Move::Finished } else { Move::Apply(steps) }
    }

    fn may_read(&self, part: &Part) -> bool {
        self.asked.get(part).is_none_or(|reads| *reads < MOST_READS)
    }

    /// Where the answers of a read belong.
    pub fn observed_mut(&mut self) -> &mut Observed {
        &mut self.observed
    }

    /// The picture as it is now.
    #[must_use]
    pub fn observed(&self) -> &Observed {
        &self.observed
    }

    /// What is wanted.
    #[must_use]
    pub fn desired(&self) -> &Desired {
        &self.desired
    }

    /// The plan as of the last `next_move`.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Reports what came of a step at this time.
    pub fn applied(&mut self, step: Step, outcome: Outcome, at: Timestamp) {
        let outcome = match outcome {
            Outcome::Refused(failure) if self.is_lag(&failure, at) => {
                Outcome::Refused(Failure { class: ErrorClass::Lag, ..failure })
            }
            outcome => outcome,
        };
        absorb(&mut self.observed, &step, &outcome);
        note(&mut self.observed, &step, &outcome, at);
        self.taken.push((step, outcome));
    }

    fn is_lag(&self, failure: &Failure, at: Timestamp) -> bool {
        let unseen = failure.class == ErrorClass::NotFound || LAG_CODES.contains(&failure.code.as_str());
        unseen && self.observed.recall.may_lag(at, &self.timing)
    }

    /// Ends the pass; also after a crash of the driver's own, with whatever was reported.
    #[must_use]
    pub fn finish(mut self) -> Passed {
        self.plan = plan(&self.desired, &self.observed);
        let failed = self.taken.iter().filter(|(_, outcome)| outcome.failure().is_some());
        let mut doubt: BTreeSet<Part> = failed.flat_map(|(step, _)| step.change().parts()).collect();
        doubt.extend(self.plan.ask.iter().cloned());
        doubt.extend(self.plan.waiting.iter().flat_map(WaitingOn::parts));
        self.observed.recall.seconded.clone_from(&self.plan.second);
        let Self { desired, observed, timing: _, demands: _, block, plan, asked: _, taken } = self;
        Passed { desired, observed, plan, block, taken, doubt }
    }
}

/// Codes that do not say "not found" and mean it (`aws-facts`, second reading).
const LAG_CODES: [&str; 3] = ["InvalidSecurityGroup", "InvalidTarget", "InvalidSubnet"];

/// A client token was used before, with other words.
const TOKEN_USED: &str = "IdempotentParameterMismatch";

/// What a process has to remember of a step.
fn note(observed: &mut Observed, step: &Step, outcome: &Outcome, at: Timestamp) {
    let Observed { recall, load_balancer, .. } = observed;
    match outcome {
        Outcome::Done(answer) => {
            recall.clashes.remove(&step.to_string());
            if *answer != Answer::Accepted {
                recall.made = Some(at);
            }
        }
        Outcome::Refused(failure) if failure.class == ErrorClass::AlreadyExists => {
            recall.clashes.entry(step.to_string()).or_insert(Clash { since: at, lasting: false });
        }
        Outcome::Refused(_) | Outcome::Lost(_) => {}
    }
    match step {
        // AWS makes another one for each such call: also one that was not answered may have made it.
        _ if step.change().makes().is_some() && !matches!(outcome, Outcome::Refused(_)) => {
            recall.unnamed.insert(step.to_string(), at);
        }
        // What is deleted is made again when it is wanted again.
        Step::Vpc(_)
        | Step::RouteTable(_)
        | Step::GatewayEndpoint(_)
        | Step::BrokerGroup(_)
        | Step::NodeInstance(_)
            if step.change().sign() == '-' && matches!(outcome, Outcome::Done(_)) =>
        {
            recall.unnamed.clear();
        }
        _ => {}
    }
    if matches!(step, Step::SecurityGroup(_)) || step.keeps_targets_to_their_zone().is_some() {
        recall.narrowing_refused = matches!(outcome, Outcome::Refused(_));
    }
    match (step, outcome) {
        (Step::EndpointService(endpoint_service::Change::Create { token, .. }), Outcome::Done(answer)) => {
            if matches!(answer, Answer::EndpointService { state, .. } if !state.alive()) {
                recall.burnt_tokens.insert(token.clone());
            } else {
                recall.service_asked = Some((token.clone(), at));
            }
        }
        (Step::EndpointService(endpoint_service::Change::Create { token, .. }), Outcome::Refused(failure))
            if failure.code == TOKEN_USED =>
        {
            // Perhaps for a service that is deleted: the token is given up when no look shows one for a while.
            recall.service_asked.get_or_insert((token.clone(), at));
        }
        (Step::EndpointService(endpoint_service::Change::OfferZones { .. }), Outcome::Done(_)) => {
            if let Find::There(lb) = load_balancer.find() {
                let subnets = lb.subnets.keys().cloned().collect();
                recall.offered_again = Some(OfferedAgain { subnets, since: at, in_vain: false });
            }
        }
        (Step::TargetGroup(target_group::Change::SetAttributes { attributes, .. }), Outcome::Refused(failure))
            if failure.class == ErrorClass::Invalid && attributes.contains_key(DNS_FAILOVER) =>
        {
            // Alone it is meant for sure.
            let refused =
                if attributes.len() == 1 { &mut recall.refused_attributes } else { &mut recall.suspected_attributes };
            refused.insert(DNS_FAILOVER.to_owned());
        }
        _ => {}
    }
}

impl Passed {
    /// Whether any step was taken.
    #[must_use]
    pub fn acted(&self) -> bool {
        !self.taken.is_empty()
    }

    /// Whether the wanted state is reached, as far as the look shows.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.plan.settled() && self.failures().next().is_none() && self.observed.read_failures.is_empty()
    }

    /// Whether everything of ours is gone.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.desired.goal, Goal::Absent(_)) && self.settled() && !self.acted()
    }

    /// Steps that were not done.
    pub fn failures(&self) -> impl Iterator<Item = (&Step, &Failure)> {
        self.taken.iter().filter_map(|(step, outcome)| Some((step, outcome.failure()?)))
    }

    /// When to look again: the earliest of all that is due.
    #[must_use]
    pub fn again(&self, timing: &Timing) -> Again {
        let mut delay = timing.resync;
        let mut back_off = false;
        let reads = self.observed.read_failures.values();
        for failure in self.failures().map(|(_, failure)| failure).chain(reads) {
            match failure.class {
                ErrorClass::Lag => delay = delay.min(timing.lag_retry),
                ErrorClass::Denied | ErrorClass::Quota | ErrorClass::Invalid => delay = delay.min(timing.person),
                ErrorClass::AlreadyExists
                | ErrorClass::InUse
                | ErrorClass::NotFound
                | ErrorClass::Throttled
                | ErrorClass::Transient => back_off = true,
            }
        }
        if self.acted() && !back_off {
            delay = delay.min(match self.desired.goal {
                Goal::Absent(_) => timing.after_removals,
                Goal::Offer(_) | Goal::Hold | Goal::Retained => timing.after_steps,
            });
        }
        let awaiting =
            !self.plan.waiting.is_empty() || !self.plan.ask.is_empty() || !self.desired.memory.absent.is_empty();
        if awaiting || self.desired.goal == Goal::Hold {
            delay = delay.min(timing.awaiting);
        }
        if back_off { Again::BackOff(delay) } else { Again::After(delay) }
    }
}
