//! `run`: the operator itself.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use kpl_core::model::Timing;
use kube::Client;
use thiserror::Error;
use tracing::{info, warn};
#[cfg(not(feature = "traces"))]
use tracing_subscriber::layer::Identity;

use super::{cluster, duration, tag};
use crate::aws::{RateLimits, Terms};
use crate::cloud::Clouds;
use crate::controller::identity::{Cluster, UnknownCluster, holder};
use crate::controller::policy::{BadPolicy, PolicyFile};
use crate::controller::{self, Process, Settings};
use crate::election::{self, BadTimes, Election, Leadership, Times};
use crate::metrics::Metrics;
use crate::runtime::health::Health;
use crate::runtime::stop::Stop;
use crate::runtime::telemetry::{BadFilter, LogFormat};
#[cfg(feature = "traces")]
use crate::runtime::traces;
use crate::runtime::{admin, telemetry};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Names this cluster in the tags of everything in AWS. Default: the uid of namespace kube-system,
    /// which dies with the cluster; set it so that another cluster can take over what this one made.
    #[arg(long, env = "KPL_CLUSTER_ID", value_name = "ID", value_parser = cluster::parse)]
    cluster_id: Option<String>,
    /// Tags of everything that is made in AWS, beside those of the object, which win; may be repeated.
    #[arg(long, env = "KPL_DEFAULT_TAGS", value_name = "KEY=VALUE", value_delimiter = ',', value_parser = tag::parse)]
    default_tags: Vec<(String, String)>,
    /// Watch this namespace; may be repeated. Default: all.
    #[arg(long, env = "KPL_WATCH_NAMESPACE", value_name = "NAMESPACE", value_delimiter = ',')]
    watch_namespace: Vec<String>,
    /// How often AWS is looked at while nothing changes.
    #[arg(long, env = "KPL_RESYNC", value_name = "DURATION", default_value = "10m", value_parser = duration::parse)]
    resync: SignedDuration,
    /// How often every detail in AWS is looked at.
    #[arg(long, env = "KPL_FULL_RESYNC", value_name = "DURATION", default_value = "1h", value_parser = duration::parse)]
    full_resync: SignedDuration,
    /// How long a broker may be missing from its selector before its ports go.
    #[arg(long, env = "KPL_BROKER_ABSENCE_GRACE", value_name = "DURATION", default_value = "5m", value_parser = duration::parse)]
    broker_absence_grace: SignedDuration,
    /// Whether calls keep to the rates that AWS publishes for an account and region: what is too much then
    /// waits here, deletions and consumers first, and AWS refuses nothing.
    #[arg(long, env = "KPL_AWS_RATE_LIMITS", value_name = "LIMITS", value_enum, default_value = "published")]
    aws_rate_limits: RateLimits,
    /// Rules of who may offer what, in YAML. A change of the file counts from each object's next pass on.
    /// Default: everybody may offer everything that the operator's role in AWS may.
    #[arg(long, env = "KPL_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,
    /// How many objects are worked on at a time; those that are being deleted do not count.
    #[arg(long, env = "KPL_CONCURRENCY", value_name = "NUMBER", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// Whether one of several replicas leads and the others stand by. Without, this process must be the only one.
    #[arg(long, env = "KPL_LEADER_ELECTION", value_name = "ELECTION", value_enum, default_value = "enabled")]
    leader_election: LeaderElection,
    /// The lease that replicas of this operator share; operators of different namespaces or clusters in AWS each have their own.
    #[arg(long, env = "KPL_LEASE_NAME", value_name = "NAME", default_value = "kafka-privatelink")]
    lease_name: String,
    /// The lease's namespace. Default: the pod's, else that of the kubeconfig's context.
    #[arg(long, env = "KPL_LEASE_NAMESPACE", value_name = "NAMESPACE")]
    lease_namespace: Option<String>,
    /// How long replicas wait for a leader that says nothing.
    #[arg(long, env = "KPL_LEASE_DURATION", value_name = "DURATION", default_value = "15s", value_parser = duration::parse)]
    lease_duration: SignedDuration,
    /// How long a leader tries to renew the lease before its process ends.
    #[arg(long, env = "KPL_LEASE_RENEW_DEADLINE", value_name = "DURATION", default_value = "10s", value_parser = duration::parse)]
    lease_renew_deadline: SignedDuration,
    /// How often the lease is asked for, and renewed.
    #[arg(long, env = "KPL_LEASE_RETRY_PERIOD", value_name = "DURATION", default_value = "2s", value_parser = duration::parse)]
    lease_retry_period: SignedDuration,
    /// Where /livez, /readyz, /metrics and /log are served.
    #[arg(long, env = "KPL_ADMIN_ADDRESS", value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080")]
    admin_address: SocketAddr,
    /// How lines of the log look.
    #[arg(long, env = "KPL_LOG_FORMAT", value_enum, default_value = "json")]
    log_format: LogFormat,
    /// What is logged: a level, or a filter such as `info,kafka_privatelink=debug`.
    #[arg(long, env = "KPL_LOG_LEVEL", value_name = "FILTER", default_value = "info")]
    log_level: String,
    /// Divides every delay: for tests.
    #[arg(long, env = "KPL_TIME_SCALE", value_name = "NUMBER", default_value_t = 1, hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    time_scale: u32,
}

/// Why the operator does not run.
#[derive(Debug, Error)]
pub(super) enum Failed {
    #[error("--log-level cannot be followed")]
    LogLevel(#[source] BadFilter),
    #[error("signals cannot be handled")]
    Signals(#[source] io::Error),
    #[error("there is no way to a Kubernetes API server")]
    Client(#[source] Box<kube::Error>),
    #[error(transparent)]
    Cluster(#[from] UnknownCluster),
    #[error(transparent)]
    Policy(#[from] BadPolicy),
    #[error(transparent)]
    Admin(#[from] admin::BindError),
    #[error(transparent)]
    LeaseTimes(#[from] BadTimes),
    #[error(transparent)]
    Leadership(#[from] election::Lost),
    #[cfg(feature = "traces")]
    #[error(transparent)]
    Traces(#[from] traces::NotBegun),
}

/// Whether replicas may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LeaderElection {
    /// One of them leads.
    Enabled,
    /// There are none.
    Disabled,
}

impl Arguments {
    fn timing(&self) -> Timing {
        let timing = Timing {
            resync: self.resync,
            full_resync: self.full_resync,
            absence_grace: self.broker_absence_grace,
            ..Timing::default()
        };
        timing.scaled(self.time_scale)
    }

    /// What this process stands for, if it has to.
    fn election(&self, client: &Client) -> Result<Option<election::Settings>, BadTimes> {
        if self.leader_election == LeaderElection::Disabled {
            return Ok(None);
        }
        let [lease_duration, renew_deadline, retry_period] =
            [self.lease_duration, self.lease_renew_deadline, self.lease_retry_period].map(SignedDuration::unsigned_abs);
        let times = Times { lease_duration, renew_deadline, retry_period }.checked()?;
        let namespace = self.lease_namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
        Ok(Some(election::Settings { namespace, name: self.lease_name.clone(), identity: identity(), times }))
    }
}

/// The pod, and what tells this process from the one that its container ran before.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "kafka-privatelink".to_owned());
    format!("{host}_{:016x}", fastrand::u64(..))
}

pub(super) async fn run<C: Clouds, F: Future<Output = C>>(
    arguments: Arguments,
    clouds: impl FnOnce(Terms) -> F,
) -> Result<(), Failed> {
    #[cfg(feature = "traces")]
    let (_traces, spans) = traces::begin()?;
    #[cfg(not(feature = "traces"))]
    let spans = Identity::new();
    let log = telemetry::init(arguments.log_format, &arguments.log_level, spans).map_err(Failed::LogLevel)?;
    let stop = Stop::on_signals().map_err(Failed::Signals)?;
    let timing = arguments.timing();
    let policy = arguments.policy.clone().map(PolicyFile::read).transpose()?;
    let mut namespaces = arguments.watch_namespace.clone();
    namespaces.sort_unstable();
    namespaces.dedup();
    let metrics = Metrics::new();
    let health = Arc::new(Health::new(namespaces.len().max(1)));
    let address =
        admin::serve(arguments.admin_address, Arc::clone(&health), metrics.clone(), log, stop.clone()).await?;

    let client = Client::try_default().await.map_err(|error| Failed::Client(Box::new(error)))?;
    let election = arguments.election(&client)?;
    let holder = holder(&client).await?;
    let lasting = arguments.cluster_id.is_some();
    let default_tags = arguments.default_tags.into_iter().collect();
    let cluster = Cluster { id: cluster::id(arguments.cluster_id, &holder), holder, default_tags };
    info!(
        version = env!("CARGO_PKG_VERSION"),
        cluster_id = cluster.id,
        holder = %cluster.holder,
        namespaces = if namespaces.is_empty() { "all".to_owned() } else { namespaces.join(",") },
        regions = "as each object says",
        admin_address = %address,
        "kafka-privatelink begins"
    );
    if !lasting {
        warn!(
            "without --cluster-id, the uid of namespace kube-system names this cluster in AWS tags: it dies with the \
             cluster, and no other cluster can then take up what was made"
        );
    }
    if policy.is_none() {
        info!("without --policy, every namespace may offer every cluster that the operator's role in AWS reaches");
    }
    let election = election.map(|settings| Election::new(client.clone(), settings, metrics.clone()));
    metrics.leads(election.is_none());
    let leadership = election.as_ref().map_or_else(Leadership::undisputed, Election::leadership);
    let terms = Terms { limits: arguments.aws_rate_limits, leadership: leadership.clone(), metrics: metrics.clone() };
    let clouds = clouds(terms).await;
    let settings = Settings { cluster, namespaces, concurrency: arguments.concurrency, timing, policy };
    let passes = controller::run(client, clouds, settings, Process { health, leadership, metrics, stop });
    match election {
        None => passes.await,
        Some(election) => while_elected(election, passes).await?,
    }
    info!("kafka-privatelink ends");
    Ok(())
}

/// Works, and gives the leadership up only when the work has ended.
async fn while_elected(election: Election, work: impl Future<Output = ()>) -> Result<(), election::Lost> {
    let (worked, done) = Stop::new();
    // A task of its own: nothing that the work does with its thread keeps the lease from being renewed.
    let mut held = tokio::spawn(election.run(done));
    tokio::select! {
        () = work => worked.stop(),
        ended = &mut held => return ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())),
    }
    held.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn parsed(flags: &[&str]) -> Result<Arguments, clap::Error> {
        Line::try_parse_from([&["run"], flags].concat()).map(|line| line.arguments)
    }

    #[test]
    fn defaults_are_those_of_the_design() {
        let arguments = parsed(&[]).expect("no flag is needed");
        assert_eq!(arguments.timing(), Timing::default());
        assert_eq!((arguments.concurrency, arguments.aws_rate_limits), (32, RateLimits::Published));
        assert_eq!(arguments.admin_address.to_string(), "0.0.0.0:8080");
        let lease = [arguments.lease_duration, arguments.lease_renew_deadline, arguments.lease_retry_period];
        assert_eq!(lease.map(|time| time.as_secs()), [15, 10, 2]);
        assert_eq!(
            (arguments.leader_election, arguments.lease_name.as_str()),
            (LeaderElection::Enabled, "kafka-privatelink")
        );
    }

    #[test]
    fn time_is_divided() {
        let arguments = parsed(&["--resync", "30s", "--time-scale", "10"]).expect("flags");
        assert_eq!(arguments.timing().resync, SignedDuration::from_secs(3));
        assert_eq!(arguments.timing().port_quarantine, SignedDuration::from_mins(144));
    }

    #[test]
    fn namespaces_are_repeated_or_listed() {
        let arguments = parsed(&["--watch-namespace", "a", "--watch-namespace", "b,c"]).expect("flags");
        assert_eq!(arguments.watch_namespace, ["a", "b", "c"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for flags in [["--resync", "0s"], ["--concurrency", "0"], ["--cluster-id", "a b"], ["--time-scale", "0"]] {
            assert!(parsed(&flags).is_err(), "{flags:?}");
        }
    }
}
