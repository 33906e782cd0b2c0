//! Drives passes for every `KafkaPrivateLink`: it reads and writes, and `kpl_core` decides.
//!
//! ```text
//! watch (metadata) ─► trigger changed, or time is up? ─► GET ─► finalizer ─► look ─► desired
//!        ▲                                                                          │
//!        └─ requeue ◄─ events ◄─ status ◄─ waves ◄─ checkpoint ◄─ plan ◄────────────┘
//! ```
//!
//! # Guarantees
//! Passes of one object never overlap. A pass that began is not cancelled: it ends in a task of its own,
//! so no AWS write is cut off half-way. Nothing is written to AWS for an object that our finalizer does not
//! hold, and no port is used before status says so.

mod conclude;
mod error;
mod events;
mod finalizer;
pub mod identity;
mod key;
pub(crate) mod lines;
mod look;
pub mod object;
pub mod policy;
mod proofs;
mod reconcile;
mod retry;
pub(crate) mod secrets;
mod shown;
mod state;
mod status_writer;
mod trigger;
mod turn;
mod wakes;
mod wave;

use std::sync::Arc;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use kpl_core::api::{GROUP, KIND, KafkaPrivateLink, PLURAL};
use kpl_core::model::Timing;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::{WatchStreamExt, applier, controller, reflector, watcher};
use kube::{Api, Client};
use tokio::sync::Semaphore;
use tracing::{debug, error, warn};

use self::events::Publisher;
use self::identity::Cluster;
use self::key::{Key, Watched};
use self::policy::PolicyFile;
use self::proofs::Proofs;
use self::retry::Retries;
use self::state::States;
use self::wakes::Wakes;
use crate::cloud::Clouds;
use crate::election::Leadership;
use crate::metrics::Metrics;
use crate::runtime::chain;
use crate::runtime::health::Health;
use crate::runtime::stop::Stop;

/// Holds an object until nothing of it is left in AWS.
pub const FINALIZER: &str = "kafka-privatelink.io/aws-resources";
/// Our name in `managedFields` and events.
pub const FIELD_MANAGER: &str = "kafka-privatelink";
/// Annotation: a person's answer to `status.confirmation`.
pub const CONFIRM: &str = "kafka-privatelink.io/confirm";
/// Annotation: the holder that may be replaced.
pub const TAKE_OVER: &str = "kafka-privatelink.io/take-over";
/// Annotation: look now.
pub const REQUESTED_AT: &str = "kafka-privatelink.io/requested-at";

/// What the controller is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who acts.
    pub cluster: Cluster,
    /// Where to watch; everywhere if there is none.
    pub namespaces: Vec<String>,
    /// How many passes are under way at a time.
    pub concurrency: u16,
    /// How long things take.
    pub timing: Timing,
    /// Who may offer what; everybody everything if there is none.
    pub policy: Option<PolicyFile>,
}

/// The process in which it runs.
#[derive(Clone, Debug)]
pub struct Process {
    /// Is told what makes it ready.
    pub health: Arc<Health>,
    /// Whether it may act.
    pub leadership: Leadership,
    /// Counts what is done.
    pub metrics: Metrics,
    /// Whether it shall end.
    pub stop: Stop,
}

/// What all passes share.
struct Context<C> {
    client: Client,
    clouds: C,
    kind: ApiResource,
    cluster: Cluster,
    timing: Timing,
    policy: Option<PolicyFile>,
    proofs: Proofs,
    states: States,
    retries: Retries,
    publisher: Publisher,
    /// Several watches share one bound, which is ours and not kube's.
    permits: Semaphore,
    health: Arc<Health>,
    leadership: Leadership,
    metrics: Metrics,
    stop: Stop,
}

impl<C> Context<C> {
    /// Whether no further step may be begun.
    fn ends(&self) -> bool {
        self.stop.is_asked() || !self.leadership.holds()
    }

    fn api(&self, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &self.kind)
    }

    fn forget(&self, key: &Key) {
        self.states.forget(key);
        self.proofs.forget(key);
        self.retries.reset(key);
        self.metrics.objects().forget(&key.namespace, &key.name);
    }
}

/// Runs until `stop` is asked for, and then until all that is under way has ended. Watches from the beginning, so
/// that a process that comes to lead knows its objects already; acts while it leads.
pub async fn run<C: Clouds>(client: Client, clouds: C, settings: Settings, process: Process) {
    let Settings { cluster, namespaces, concurrency, timing, policy } = settings;
    let Process { health, leadership, metrics, stop } = process;
    let kind = ApiResource::erase::<KafkaPrivateLink>(&());
    let wakes = Arc::new(Wakes::default());
    let context = Arc::new(Context {
        proofs: Proofs::new(client.clone(), Arc::clone(&wakes), metrics.clone()),
        publisher: Publisher::new(client.clone(), kind.clone()),
        client: client.clone(),
        clouds,
        kind,
        cluster,
        timing,
        policy,
        states: States::default(),
        retries: Retries::default(),
        permits: Semaphore::new(usize::from(concurrency)),
        health: Arc::clone(&health),
        leadership,
        metrics,
        stop: stop.clone(),
    });
    let apis: Vec<(Option<String>, Api<Watched>)> = if namespaces.is_empty() {
        vec![(None, Api::all(client))]
    } else {
        let api = |namespace: String| (Some(namespace.clone()), Api::namespaced(client.clone(), &namespace));
        namespaces.into_iter().map(api).collect()
    };
    let watches = apis.into_iter().enumerate().map(|(index, (namespace, api))| {
        // Not `Controller`: only the watch itself tells when it is filled. (`Store::wait_until_ready` wakes
        // one waiter, and that must be the applier.)
        let (store, writer) = reflector::store();
        let health = Arc::clone(&health);
        let objects = watcher(api, watcher::Config::default())
            .default_backoff()
            .inspect_ok(move |event| {
                if matches!(event, watcher::Event::InitDone) {
                    health.watch_filled(index);
                }
            })
            .reflect(writer)
            .applied_objects();
        applier(
            |watched, context| reconcile::reconcile(watched, context).boxed(),
            reconcile::error_policy,
            Arc::clone(&context),
            store,
            stream::select(
                controller::trigger_self(objects, ()),
                wakes.of_watch(namespace).map(|object| Ok(controller::ReconcileRequest::from(object))),
            )
            .take_until(stop.clone().asked()),
            controller::Config::default(),
        )
        .boxed()
    });
    let mut ends = stream::select_all(watches.collect::<Vec<_>>());
    while let Some(end) = ends.next().await {
        if let Err(problem) = end {
            report(&problem, &context);
        }
    }
}

/// Gone: the API server does not remember that far back.
const EXPIRED: u16 = 410;

/// What an API server answers for a kind that it has never heard of, without a reason that it gives otherwise.
const NOT_FOUND: u16 = 404;

fn report<C>(problem: &controller::Error<error::Error, watcher::Error>, context: &Context<C>) {
    match problem {
        controller::Error::ObjectNotFound(object) => {
            let key = Key { namespace: object.namespace.clone().unwrap_or_default(), name: object.name.clone() };
            debug!(object = %key, "gone");
            context.forget(&key);
        }
        // `error_policy` has said it.
        controller::Error::ReconcilerFailed(..) => {}
        controller::Error::QueueError(error) if not_served(error) => warn!(
            "the API server does not know {KIND} ({PLURAL}.{GROUP}): apply the output of `kafka-privatelink crd`; trying again"
        ),
        // Ordinary after a pause or a change of the CRD: it lists again.
        controller::Error::QueueError(watcher::Error::WatchError(status)) if status.code == EXPIRED => {
            debug!("the watch is too old; beginning it anew");
        }
        controller::Error::QueueError(error) => {
            // The watch's own words repeat those of their cause.
            let cause = std::error::Error::source(error).unwrap_or(error);
            warn!(error = chain(cause), "the watch failed; trying again");
        }
        controller::Error::RunnerError(error) => error!(error = chain(error), "the controller's queue failed"),
    }
}

fn not_served(error: &watcher::Error) -> bool {
    let (watcher::Error::InitialListFailed(kube::Error::Api(status))
    | watcher::Error::WatchStartFailed(kube::Error::Api(status))) = error
    else {
        return false;
    };
    status.code == NOT_FOUND
}
