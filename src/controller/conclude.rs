//! The end of a pass: status, events, the finalizer, and when to come back.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use kpl_core::api::KafkaPrivateLinkStatus;
use kpl_core::desired::{Goal, undesired};
use kpl_core::events::{Notice, notices};
use kpl_core::kafka::Route;
use kpl_core::model::{Observed, Region};
use kpl_core::pass::{Again, Pass, Passed};
use kpl_core::plan::guard::Block;
use kpl_core::status::{Published, View, former, healthy, status};

use super::error::Error;
use super::finalizer::{Hold, ensure};
use super::proofs::{Prompt, Question};
use super::shown::{ended, shown};
use super::turn::{Next, Turn};
use super::{retry, status_writer};
use crate::cloud::Clouds;
use crate::metrics::Phase;

impl<C: Clouds> Turn<'_, C> {
    /// Lets the object go, and says so.
    pub(super) async fn let_go(&mut self, notice: Notice) -> Result<Next, Error> {
        ensure(&self.api, &mut self.object, Hold::Released).await?;
        self.context.publisher.publish(&self.object.raw, vec![notice]).await;
        Ok(Next::Gone)
    }

    /// Ends a pass whose memory is put away already.
    pub(super) async fn conclude(
        &mut self,
        passed: Passed,
        before: Option<&KafkaPrivateLinkStatus>,
        region: &Region,
        full_due: Timestamp,
    ) -> Result<Next, Error> {
        self.ask_kafka(&passed);
        let published = self.publish(&passed).await;
        let status = self.status(&passed, region, published.as_ref());
        self.tell(&passed, before, status).await?;
        // All is gone and only a second look is wanted: soon.
        let soon = self.context.timing.awaiting;
        let most = farewell(&passed).map_or(Duration::MAX, |_| retry::std_duration(soon));
        Ok(Next::Rest(self.pause(&passed, full_due).min(most)))
    }

    /// The spec says nothing that can be done: says so, and touches nothing.
    pub(super) async fn refuse(&mut self) -> Result<Next, Error> {
        let state = self.context.states.take(self.key, &self.identity.uid);
        let memory = self.memory(state.as_ref());
        let picture = state.as_ref().and_then(|state| Some(state.past.as_ref()?.picture.clone()));
        let blind = picture.is_none();
        let observed = picture.unwrap_or_else(|| Observed::unread(Timestamp::now()));
        if let Some(state) = state {
            self.context.states.put(self.key, state);
        }
        let held = undesired(&self.identity, Goal::Hold, &memory);
        let passed = Pass::new(held, &self.object.guard(), observed, self.context.timing).finish();
        let before = self.object.status.clone();
        let region = self.object.region().unwrap_or_else(|| Region::from(""));
        let mut status = self.status(&passed, &region, None);
        if let (true, Some(before)) = (blind, &before) {
            // Nobody looked, so what was found before stands: consumers need the service's name.
            let KafkaPrivateLinkStatus { observed_generation, conditions, .. } = status;
            status = KafkaPrivateLinkStatus { observed_generation, conditions, ..before.clone() };
        }
        self.tell(&passed, before.as_ref(), status).await?;
        self.context.retries.reset(self.key);
        // Only a change of the spec can help; status is looked after all the same.
        Ok(Next::Rest(retry::jittered(self.context.timing.resync, fastrand::f64())))
    }

    /// Status with news of Kafka and what was seen of AWS last. Whatever is not at rest has a pass coming.
    pub(super) async fn renew(&mut self) -> Result<(), Error> {
        let Some(state) = self.context.states.copy(self.key, &self.identity.uid) else { return Ok(()) };
        let (Some(past), Some(region)) = (state.past.as_ref().filter(|past| past.settled), self.object.region()) else {
            return Ok(());
        };
        let memory = self.memory(Some(&state));
        let wanted = self.desire(None, &past.picture, &memory);
        let passed = Pass::new(wanted, &self.object.guard(), past.picture.clone(), self.context.timing).finish();
        let before = self.object.status.clone();
        let published = self.publish(&passed).await;
        let status = self.status(&passed, &region, published.as_ref());
        self.tell(&passed, before.as_ref(), status).await
    }

    /// Sees to it that Kafka is asked as long as there is something to ask.
    fn ask_kafka(&self, passed: &Passed) {
        let proofs = &self.context.proofs;
        // What nobody allows is not dialled either.
        if matches!(passed.block, Some(Block::NotAllowed(_))) {
            return proofs.forget(self.key);
        }
        let (Ok(intent), Goal::Offer(_)) = (&self.object.intent, &passed.desired.goal) else {
            // What is wrong with the spec says nothing of Kafka.
            if passed.desired.goal != Goal::Hold {
                proofs.forget(self.key);
            }
            return;
        };
        let balancer = passed.observed.load_balancer.there().filter(|balancer| balancer.state.usable());
        let Some(balancer) = balancer.filter(|_| intent.verification.enabled) else {
            return proofs.forget(self.key);
        };
        let timing = &self.context.timing;
        let question = Question {
            uid: self.identity.uid.clone(),
            wiring: passed.desired.wiring(intent),
            route: Route::of(intent.verification.address.as_deref(), &balancer.dns_name, &passed.observed),
            access: intent.listeners.iter().map(|(name, listener)| (name.clone(), listener.access.clone())).collect(),
            interval: timing.scaled_too(intent.verification.interval),
            patience: timing.kafka_patience,
        };
        let healthy = healthy(passed);
        let prompt = Prompt { requested_at: self.object.requested_at().map(str::to_owned), healthy };
        proofs.ask(self.key, question, prompt, former(self.object.status.as_ref()));
    }

    fn status(&self, passed: &Passed, region: &Region, published: Option<&Published>) -> KafkaPrivateLinkStatus {
        let proof = self.context.proofs.proof(self.key);
        status(&View {
            passed,
            intent: self.object.intent.as_ref(),
            generation: self.object.generation(),
            previous: self.object.status.as_ref(),
            region,
            requested_at: self.object.requested_at(),
            proof: proof.as_ref(),
            published,
            patience: self.context.timing.kafka_patience,
            now: Timestamp::now(),
        })
    }

    async fn tell(
        &mut self,
        passed: &Passed,
        before: Option<&KafkaPrivateLinkStatus>,
        status: KafkaPrivateLinkStatus,
    ) -> Result<(), Error> {
        let began = Instant::now();
        let news = notices(before, &status, passed);
        let shown = shown(self.object.raw.metadata.creation_timestamp.as_ref(), before, &status);
        let ended = ended(passed, &status);
        status_writer::write(&self.api, &mut self.object, status).await?;
        self.context.publisher.publish(&self.object.raw, news).await;
        let metrics = &self.context.metrics;
        metrics.objects().show(&self.key.namespace, &self.key.name, &shown);
        metrics.passes().took(Phase::Conclusion, began.elapsed());
        metrics.passes().ended(ended);
        Ok(())
    }

    fn pause(&self, passed: &Passed, full_due: Timestamp) -> Duration {
        let timing = &self.context.timing;
        let pause = match passed.again(timing) {
            Again::After(delay) => {
                self.context.retries.reset(self.key);
                retry::jittered(delay, fastrand::f64())
            }
            Again::BackOff(most) => {
                let attempts = self.context.retries.failed(self.key);
                retry::delay(attempts, fastrand::f64(), timing).min(retry::std_duration(most))
            }
        };
        match passed.desired.goal {
            Goal::Offer(_) | Goal::Hold => {
                let left = retry::std_duration(full_due.duration_since(Timestamp::now()));
                pause.min(left.max(retry::std_duration(timing.backoff_least)))
            }
            Goal::Absent(_) | Goal::Retained => pause,
        }
    }
}

/// What is said to an object that may go.
pub(super) fn farewell(passed: &Passed) -> Option<Notice> {
    // A look with the wrong account's eyes sees nothing either.
    if passed.block.is_some() {
        return None;
    }
    let (reason, message) = match passed.desired.goal {
        Goal::Absent(_) if passed.is_gone() => ("Deleted", "nothing of this object is left in AWS"),
        Goal::Retained if passed.settled() => ("Retained", "everything stays in AWS; no cluster holds it any more"),
        _ => return None,
    };
    Some(Notice { warning: false, reason: reason.into(), message: message.into() })
}
