//! What kube calls: decides whether a pass is due, and runs it in a task of its own.

use std::sync::Arc;

use kube::Resource as _;
use kube::runtime::controller::Action;
use tracing::{Instrument, debug, info_span, warn};

use super::Context;
use super::error::Error;
use super::key::{Key, Watched};
use super::object::Object;
use super::retry;
use super::trigger::Trigger;
use super::turn::{Next, Turn};
use crate::cloud::Clouds;
use crate::metrics::Ended;
use crate::runtime::chain;

/// Handles one wake-up of one object.
pub(super) async fn reconcile<C: Clouds>(watched: Arc<Watched>, context: Arc<Context<C>>) -> Result<Action, Error> {
    let key = Key::of(&*watched);
    // Objects gather here until this process leads; kube keeps one wake-up of each.
    tokio::select! {
        () = context.leadership.won() => {}
        () = context.stop.clone().asked() => return Ok(Action::await_change()),
    }
    let rest = context.states.resting(&key, &Trigger::of(watched.meta()));
    if let Some(left) = rest.filter(|_| !context.proofs.has_news(&key)) {
        return Ok(Action::requeue(left));
    }
    // Without kube's span around it, which says the same at length.
    let span = info_span!(parent: None, "reconcile", object = %key);
    // Detached: whatever becomes of the caller, a write to AWS is not cut off half-way.
    if let Some(left) = rest {
        tokio::spawn(renew(key, context).instrument(span)).await.map_err(Error::Panicked)??;
        return Ok(Action::requeue(left));
    }
    let leaving = watched.meta().deletion_timestamp.is_some();
    tokio::spawn(pass(key, leaving, context).instrument(span)).await.map_err(Error::Panicked)?
}

/// Only Kafka has news: status is written with what was seen of AWS before.
async fn renew<C: Clouds>(key: Key, context: Arc<Context<C>>) -> Result<(), Error> {
    let api = context.api(&key.namespace);
    let found = api.get_opt(&key.name).await.map_err(|error| Error::Read(Box::new(error)))?;
    match found {
        Some(raw) => Turn::new(&context, &key, api, Object::read(raw, &context.cluster.default_tags)).renew().await,
        None => Ok(()),
    }
}

async fn pass<C: Clouds>(key: Key, leaving: bool, context: Arc<Context<C>>) -> Result<Action, Error> {
    // What is made at AWS's pace takes minutes, and a deletion does not stand in line behind it.
    // The semaphore is never closed.
    let _permit = if leaving { None } else { context.permits.acquire().await.ok() };
    if context.ends() {
        return Ok(Action::await_change());
    }
    let api = context.api(&key.namespace);
    let found = api.get_opt(&key.name).await.map_err(|error| Error::Read(Box::new(error)))?;
    let Some(raw) = found else {
        context.forget(&key);
        return Ok(Action::await_change());
    };
    let mut turn = Turn::new(&context, &key, api, Object::read(raw, &context.cluster.default_tags));
    let next = turn.take().await?;
    match next {
        Next::Rest(pause) => {
            context.states.rest(&key, turn.trigger(), pause);
            debug!(seconds = pause.as_secs_f64(), "rests");
            Ok(Action::requeue(pause))
        }
        Next::Gone => {
            context.forget(&key);
            Ok(Action::await_change())
        }
    }
}

/// When to try again after an error.
#[expect(clippy::needless_pass_by_value, reason = "kube's signature")]
pub(super) fn error_policy<C>(watched: Arc<Watched>, error: &Error, context: Arc<Context<C>>) -> Action {
    let key = Key::of(&*watched);
    let pause = retry::delay(context.retries.failed(&key), fastrand::f64(), &context.timing);
    if error.is_conflict() {
        debug!(object = %key, error = chain(error), "the object changed meanwhile: starting over");
    } else {
        context.metrics.passes().ended(Ended::Failed);
        let category = error.category();
        warn!(object = %key, category, error = chain(error), retry_seconds = pause.as_secs_f64(), "the pass failed");
    }
    Action::requeue(pause)
}
