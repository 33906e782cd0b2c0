//! `run`: the operator itself.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use jiff::SignedDuration;
use kpl_core::model::Timing;
use kube::Client;
use thiserror::Error;
use tracing::{info, warn};

use super::{cluster, duration};
use crate::aws::RateLimits;
use crate::cloud::Clouds;
use crate::controller::identity::{Cluster, UnknownCluster, holder};
use crate::controller::{self, Settings};
use crate::runtime::health::Health;
use crate::runtime::stop::Stop;
use crate::runtime::telemetry::{BadFilter, LogFormat};
use crate::runtime::{admin, telemetry};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Names this cluster in the tags of everything in AWS. Default: the uid of namespace kube-system,
    /// which dies with the cluster; set it so that another cluster can take over what this one made.
    #[arg(long, env = "KPL_CLUSTER_ID", value_name = "ID", value_parser = cluster::parse)]
    cluster_id: Option<String>,
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
    /// How many objects are worked on at a time; those that are being deleted do not count.
    #[arg(long, env = "KPL_CONCURRENCY", value_name = "NUMBER", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// Where /livez and /readyz are served.
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
    #[error(transparent)]
    Telemetry(#[from] BadFilter),
    #[error("signals cannot be handled")]
    Signals(#[source] io::Error),
    #[error("there is no way to a Kubernetes API server")]
    Client(#[source] Box<kube::Error>),
    #[error(transparent)]
    Cluster(#[from] UnknownCluster),
    #[error(transparent)]
    Admin(#[from] admin::BindError),
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
}

pub(super) async fn run<C: Clouds, F: Future<Output = C>>(
    arguments: Arguments,
    clouds: impl FnOnce(RateLimits) -> F,
) -> Result<(), Failed> {
    telemetry::init(arguments.log_format, &arguments.log_level)?;
    let stop = Stop::on_signals().map_err(Failed::Signals)?;
    let timing = arguments.timing();
    let Arguments { cluster_id, mut watch_namespace, concurrency, aws_rate_limits, admin_address, .. } = arguments;
    watch_namespace.sort_unstable();
    watch_namespace.dedup();
    let health = Arc::new(Health::new(watch_namespace.len().max(1)));
    let address = admin::serve(admin_address, Arc::clone(&health), stop.clone()).await?;

    let client = Client::try_default().await.map_err(|error| Failed::Client(Box::new(error)))?;
    let holder = holder(&client).await?;
    let lasting = cluster_id.is_some();
    let cluster = Cluster { id: cluster::id(cluster_id, &holder), holder };
    info!(
        version = env!("CARGO_PKG_VERSION"),
        cluster_id = cluster.id,
        holder = %cluster.holder,
        namespaces = if watch_namespace.is_empty() { "all".to_owned() } else { watch_namespace.join(",") },
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
    let clouds = clouds(aws_rate_limits).await;
    let settings = Settings { cluster, namespaces: watch_namespace, concurrency, timing };
    controller::run(client, clouds, settings, health, stop).await;
    info!("kafka-privatelink ends");
    Ok(())
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
