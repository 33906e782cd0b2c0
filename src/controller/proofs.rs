//! Asks Kafka, for each object in a task of its own: no pass waits for an answer, and no object for another's brokers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use kpl_core::desired::ListenerAccess;
use kpl_core::kafka::{Former, Look, Proof, Route, Wiring, judge};
use kpl_core::model::{BrokerId, ListenerName};
use kube::Client;
use tokio::sync::{Notify, Semaphore};
use tokio::task::AbortHandle;
use tracing::{Instrument, debug, debug_span};

use super::key::Key;
use super::retry;
use super::secrets;
use super::wakes::Wakes;
use crate::kafka::{self, Accesses};
use crate::metrics::Metrics;

/// What is asked, and of whom. Another question begins anew.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    /// Of the object.
    pub(super) uid: String,
    /// What was planned.
    pub(super) wiring: Wiring,
    /// Where the load balancer is reached.
    pub(super) route: Route,
    /// How each listener is asked.
    pub(super) access: BTreeMap<ListenerName, ListenerAccess>,
    /// Between two looks while all is well.
    pub(super) interval: SignedDuration,
    /// How long a fault has to be seen.
    pub(super) patience: SignedDuration,
}

/// What makes a look due at once without being another question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prompt {
    /// Annotation `requested-at`.
    pub(super) requested_at: Option<String>,
    /// Brokers that take connections, as AWS sees it.
    pub(super) healthy: BTreeSet<(ListenerName, BrokerId)>,
}

/// What was known from status.
pub(super) type Known = BTreeMap<(ListenerName, BrokerId), Former>;

struct Entry {
    question: Question,
    prompt: Prompt,
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Default)]
struct Shared {
    proof: Mutex<Option<Proof>>,
    known: Mutex<Known>,
    /// Whether the proof says something that status does not.
    news: Mutex<bool>,
    now: Notify,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connections of all objects together: file descriptors end somewhere.
const MOST_CONNECTIONS: usize = 256;
/// Looks in which a fault is confirmed or passes.
const LOOKS_IN_DOUBT: i32 = 3;

/// What Kafka was seen to be, of every object.
pub(super) struct Proofs {
    asker: Arc<Asker>,
    entries: Mutex<HashMap<Key, Entry>>,
}

struct Asker {
    client: Client,
    wakes: Arc<Wakes>,
    metrics: Metrics,
    connections: Semaphore,
}

impl Proofs {
    pub(super) fn new(client: Client, wakes: Arc<Wakes>, metrics: Metrics) -> Self {
        let connections = Semaphore::new(MOST_CONNECTIONS);
        Self { asker: Arc::new(Asker { client, wakes, metrics, connections }), entries: Mutex::default() }
    }

    /// Sees to it that the question is asked now and then.
    pub(super) fn ask(&self, key: &Key, question: Question, prompt: Prompt, known: Known) {
        let mut entries = lock(&self.entries);
        if let Some(entry) = entries.get_mut(key).filter(|entry| entry.question == question) {
            *lock(&entry.shared.known) = known;
            if entry.prompt != prompt {
                entry.prompt = prompt;
                entry.shared.now.notify_one();
            }
            return;
        }
        let shared = Arc::new(Shared { known: Mutex::new(known), ..Shared::default() });
        let (asker, of) = (Arc::clone(&self.asker), question.clone());
        let span = debug_span!(parent: None, "verify", object = %key);
        let task = asker.attend(key.clone(), of, Arc::clone(&shared)).instrument(span);
        let entry = Entry { question, prompt, shared, task: tokio::spawn(task).abort_handle() };
        if let Some(former) = entries.insert(key.clone(), entry) {
            former.task.abort();
        }
    }

    /// Nothing is to be asked of it any more.
    pub(super) fn forget(&self, key: &Key) {
        if let Some(entry) = lock(&self.entries).remove(key) {
            entry.task.abort();
        }
    }

    /// What was seen last; it is no news any more.
    pub(super) fn proof(&self, key: &Key) -> Option<Proof> {
        let shared = Arc::clone(&lock(&self.entries).get(key)?.shared);
        *lock(&shared.news) = false;
        lock(&shared.proof).clone()
    }

    /// Whether status has to be written for its sake.
    pub(super) fn has_news(&self, key: &Key) -> bool {
        lock(&self.entries).get(key).is_some_and(|entry| *lock(&entry.shared.news))
    }
}

impl Asker {
    /// Looks again and again, until it is aborted.
    async fn attend(self: Arc<Self>, key: Key, question: Question, shared: Arc<Shared>) {
        // Of the load balancer each target group finds out for itself that a broker is there: what changed changes again.
        let mut restless = None;
        loop {
            let began = Instant::now();
            let look = self.look(&key, &question).await;
            self.metrics.kafka().looked(began.elapsed());
            let known = lock(&shared.known).clone();
            let last = lock(&shared.proof).take();
            let proof = judge(&question.wiring, &look, &known, last.as_ref());
            let pause = pause(&question, &proof, restless.is_some_and(|until| Instant::now() < until));
            debug!(faults = proof.faults.len(), seconds = pause.as_secs_f64(), "Kafka was asked");
            let news = last.is_none_or(|last| said(&last, &question) != said(&proof, &question));
            *lock(&shared.proof) = Some(proof);
            if news {
                *lock(&shared.news) = true;
                self.wakes.wake(&key);
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shared.now.notified() => restless = Some(Instant::now() + retry::std_duration(question.patience)),
            }
        }
    }

    async fn look(&self, key: &Key, question: &Question) -> Look {
        let mut accesses = Accesses::new();
        for (name, wanted) in &question.access {
            let access = secrets::access(&self.client, &key.namespace, wanted).await;
            accesses.insert(name.clone(), access.map(Arc::new).map_err(|problem| problem.to_string()));
        }
        let look = kafka::look_at_all(&question.wiring, &question.route, &accesses, &self.connections).await;
        for sighting in look.ports.values() {
            self.metrics.kafka().dialled(sighting.obstacle.as_ref());
        }
        look
    }
}

/// What status shows of a proof.
fn said(proof: &Proof, question: &Question) -> impl PartialEq + use<> {
    let counting = proof.counting(question.patience);
    let counting: Vec<_> = counting.map(|(listener, seat, fault)| (listener.clone(), seat, fault.clone())).collect();
    (counting, proof.in_doubt(question.patience), proof.ports.clone())
}

/// Sooner while something is wrong: somebody may be mending it.
fn pause(question: &Question, proof: &Proof, restless: bool) -> Duration {
    let calm = retry::jittered(question.interval, fastrand::f64());
    let patience = retry::std_duration(question.patience);
    if restless || proof.in_doubt(question.patience) {
        calm.min(patience / u32::try_from(LOOKS_IN_DOUBT).unwrap_or(1))
    } else if proof.faults.is_empty() {
        calm
    } else {
        calm.min(patience)
    }
}
