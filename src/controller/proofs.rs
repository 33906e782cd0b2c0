//! Asks Kafka, for each object in a task of its own: no pass waits for an answer, and no object for another's brokers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use kpl_core::desired::ListenerAccess;
use kpl_core::kafka::{Former, Look, Proof, Seat, Sighting, Wiring, judge};
use kpl_core::model::{BrokerId, ListenerName};
use kube::Client;
use tokio::sync::{Notify, Semaphore};
use tokio::task::AbortHandle;
use tracing::{Instrument, debug, debug_span};

use super::key::Key;
use super::retry;
use super::secrets;
use super::wakes::Wakes;
use crate::kafka::{self, Access, Dial, Limits};
use crate::metrics::Metrics;

/// What is asked, and of whom. Another question begins anew.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    /// Of the object.
    pub(super) uid: String,
    /// What was planned.
    pub(super) wiring: Wiring,
    /// Where the load balancer is reached.
    pub(super) address: String,
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
/// Ports of one object that are looked at side by side.
const PORTS_AT_A_TIME: usize = 8;
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
        loop {
            let began = Instant::now();
            let look = self.look(&key, &question).await;
            self.metrics.kafka().looked(began.elapsed());
            let known = lock(&shared.known).clone();
            let last = lock(&shared.proof).take();
            let proof = judge(&question.wiring, &look, &known, last.as_ref());
            let pause = pause(&question, &proof);
            debug!(faults = proof.faults.len(), seconds = pause.as_secs_f64(), "Kafka was asked");
            let news = last.is_none_or(|last| said(&last, &question) != said(&proof, &question));
            *lock(&shared.proof) = Some(proof);
            if news {
                *lock(&shared.news) = true;
                self.wakes.wake(&key);
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shared.now.notified() => {}
            }
        }
    }

    async fn look(&self, key: &Key, question: &Question) -> Look {
        let mut dials = Vec::new();
        let mut unreadable = BTreeMap::new();
        for (name, listener) in question.wiring.listeners.iter().filter(|(_, listener)| listener.hosts_known) {
            let wanted = question.access.get(name).cloned().unwrap_or_default();
            let access = match secrets::access(&self.client, &key.namespace, &wanted).await {
                Ok(access) => Arc::new(access),
                Err(problem) => {
                    unreadable.insert(name.clone(), problem.to_string());
                    continue;
                }
            };
            let hosts = listener.brokers.values().filter_map(|broker| Some(broker.advertised.as_ref()?.host.clone()));
            let names: Vec<String> = hosts.collect();
            let dial = |port, server_name: Option<String>, broker, access: &Arc<Access>| Dial {
                address: question.address.clone(),
                port,
                protocol: listener.protocol,
                server_name,
                names: names.clone(),
                broker,
                access: Arc::clone(access),
            };
            dials.push(((name.clone(), Seat::Bootstrap), dial(listener.bootstrap_port, None, None, &access)));
            for (id, broker) in &listener.brokers {
                let host = broker.advertised.as_ref().map(|endpoint| endpoint.host.clone());
                dials.push(((name.clone(), Seat::Broker(*id)), dial(broker.port, host, Some(*id), &access)));
            }
        }
        let looks = stream::iter(dials).map(|(at, dial)| async move { (at, self.dialled(&dial).await) });
        let ports = looks.buffer_unordered(PORTS_AT_A_TIME).collect::<BTreeMap<_, _>>().await;
        Look { at: Timestamp::now(), ports, unreadable }
    }

    async fn dialled(&self, dial: &Dial) -> Sighting {
        // Never closed.
        let _permit = self.connections.acquire().await;
        let sighting = kafka::look(dial, &Limits::default()).await;
        self.metrics.kafka().dialled(sighting.obstacle.as_ref());
        sighting
    }
}

/// What status shows of a proof.
fn said(proof: &Proof, question: &Question) -> impl PartialEq + use<> {
    let counting = proof.counting(question.patience);
    let counting: Vec<_> = counting.map(|(listener, seat, fault)| (listener.clone(), seat, fault.clone())).collect();
    (counting, proof.in_doubt(question.patience), proof.ports.clone())
}

/// Sooner while something is wrong: somebody may be mending it.
fn pause(question: &Question, proof: &Proof) -> Duration {
    let calm = retry::jittered(question.interval, fastrand::f64());
    let patience = retry::std_duration(question.patience);
    if proof.in_doubt(question.patience) {
        calm.min(patience / u32::try_from(LOOKS_IN_DOUBT).unwrap_or(1))
    } else if proof.faults.is_empty() {
        calm
    } else {
        calm.min(patience * 2)
    }
}
