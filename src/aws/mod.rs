//! AWS: reads what a query names and makes the writes that steps say, by the SDK. Decides nothing.
//!
//! One file per kind, with the names of `kpl_core::plan`: each holds the reading and the writing of its
//! kind and the way between the SDK's types and the model's. `observe` puts the readings together, `call`
//! is the door through which every call goes, `error` says what refusals mean.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the SDK's names of answers are four times as long as the closures"
)]

mod account;
mod broker;
mod broker_group;
mod broker_group_rule;
mod call;
mod connection;
mod convert;
mod endpoint_service;
mod error;
mod gateway_endpoint;
mod limits;
mod listener;
mod load_balancer;
mod machine;
mod node_instance;
mod node_interface;
mod observe;
pub mod operation;
mod own;
mod part;
mod path;
pub mod right;
mod route_table;
mod security_group;
mod subnet;
mod tagging;
mod target_group;
mod tenants;
mod volume;
mod vpc;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use kpl_core::model::{Observed, Outcome, Part, Query, Region, Urgency};
use kpl_core::plan::Step;

use crate::cloud::Cloud;
use crate::election::Leadership;
use crate::metrics::Metrics;

use self::limits::Limits;
pub use self::limits::RateLimits;

/// What AWS sees of us in its logs.
const APP_NAME: &str = "kafka-privatelink";
/// How many calls of one look are under way at a time.
const CONCURRENT_READS: usize = 8;

/// On what terms calls are made.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Whether they wait for AWS's limits.
    pub limits: RateLimits,
    /// Who may write.
    pub leadership: Leadership,
    /// Where they are counted.
    pub metrics: Metrics,
}

impl Terms {
    /// Those of a process that nobody competes with.
    #[must_use]
    pub fn alone() -> Self {
        Self { limits: RateLimits::Published, leadership: Leadership::undisputed(), metrics: Metrics::new() }
    }
}

/// One set of credentials; hands out regions.
#[derive(Clone)]
pub struct AwsClients {
    shared: Arc<Shared>,
}

struct Shared {
    config: SdkConfig,
    terms: Terms,
    regions: Mutex<BTreeMap<Region, Clients>>,
}

impl AwsClients {
    /// The standard chain: environment, profile, web identity, container, instance. `AWS_ENDPOINT_URL` and
    /// its like are honoured, as are `AWS_MAX_ATTEMPTS` and `AWS_RETRY_MODE`.
    pub async fn load(terms: Terms) -> Self {
        Self::new(&aws_config::defaults(BehaviorVersion::latest()).load().await, terms)
    }

    /// With a configuration that is there already; time limits and the application's name are ours.
    #[must_use]
    pub fn new(config: &SdkConfig, terms: Terms) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(Duration::from_secs(20))
            .operation_timeout(Duration::from_mins(1))
            .build();
        let mut builder = config.to_builder().timeout_config(timeouts);
        builder.set_app_name(AppName::new(APP_NAME).ok());
        Self { shared: Arc::new(Shared { config: builder.build(), terms, regions: Mutex::default() }) }
    }

    /// The cloud in one region; clients are made once and shared, as are AWS's limits.
    #[must_use]
    pub fn for_region(&self, region: &Region, urgency: Urgency) -> AwsCloud {
        let mut regions = self.shared.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &self.shared;
        let clients =
            regions.entry(region.clone()).or_insert_with(|| Clients::new(&shared.config, &shared.terms, region));
        AwsCloud { clients: Arc::new(clients.at(urgency)) }
    }
}

impl fmt::Debug for AwsClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsClients").finish_non_exhaustive()
    }
}

/// [`Cloud`] on AWS: one region of one account.
#[derive(Clone, Debug)]
pub struct AwsCloud {
    clients: Arc<Clients>,
}

/// The clients of a region. Writes have their own, which never repeat what may have been done.
#[derive(Clone, Debug)]
struct Clients {
    sts: aws_sdk_sts::Client,
    ec2: aws_sdk_ec2::Client,
    elb: aws_sdk_elasticloadbalancingv2::Client,
    ec2_writes: aws_sdk_ec2::Client,
    elb_writes: aws_sdk_elasticloadbalancingv2::Client,
    /// As they were read last.
    zones: Arc<tokio::sync::Mutex<vpc::Zones>>,
    limits: Arc<Limits>,
    leadership: Leadership,
    metrics: Metrics,
    /// Of all calls that are made by this value.
    urgency: Urgency,
}

impl Clients {
    fn new(config: &SdkConfig, terms: &Terms, region: &Region) -> Self {
        let config = config.to_builder().region(aws_config::Region::new(region.as_str().to_owned())).build();
        let ec2 = aws_sdk_ec2::config::Builder::from(&config).interceptor(call::Watch);
        let elb = aws_sdk_elasticloadbalancingv2::config::Builder::from(&config).interceptor(call::Watch);
        let sts = aws_sdk_sts::config::Builder::from(&config).interceptor(call::Watch);
        Self {
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
            ec2: aws_sdk_ec2::Client::from_conf(ec2.clone().build()),
            elb: aws_sdk_elasticloadbalancingv2::Client::from_conf(elb.clone().build()),
            ec2_writes: aws_sdk_ec2::Client::from_conf(ec2.retry_classifier(call::RepeatOnlyThrottled).build()),
            elb_writes: aws_sdk_elasticloadbalancingv2::Client::from_conf(
                elb.retry_classifier(call::RepeatOnlyThrottled).build(),
            ),
            zones: Arc::default(),
            limits: Arc::new(Limits::new(terms.limits)),
            leadership: terms.leadership.clone(),
            metrics: terms.metrics.clone(),
            urgency: Urgency::Drift,
        }
    }

    /// The same clients for calls of this urgency.
    fn at(&self, urgency: Urgency) -> Self {
        Self { urgency, ..self.clone() }
    }
}

impl Cloud for AwsCloud {
    async fn observe(&self, query: &Query) -> Observed {
        observe::observe(&self.clients, query).await
    }

    async fn observe_more(&self, query: &Query, parts: &BTreeSet<Part>, observed: &mut Observed) {
        observe::observe_more(&self.clients, &query.scope, parts, observed).await;
    }

    async fn apply(&self, step: &Step) -> Outcome {
        let aws = &self.clients.at(step.urgency(self.clients.urgency));
        let result = match step {
            Step::Vpc(change) => vpc::apply(aws, change).await,
            Step::RouteTable(change) => route_table::apply(aws, change).await,
            Step::GatewayEndpoint(change) => gateway_endpoint::apply(aws, change).await,
            Step::BrokerGroup(change) => broker_group::apply(aws, change).await,
            Step::NodeInterface(change) => node_interface::apply(aws, change).await,
            Step::Volume(change) => volume::apply(aws, change).await,
            Step::NodeInstance(change) => node_instance::apply(aws, change).await,
            Step::Subnet(change) => subnet::apply(aws, change).await,
            Step::SecurityGroup(change) => security_group::apply(aws, change).await,
            Step::BrokerGroupRule(change) => broker_group_rule::apply(aws, change).await,
            Step::TargetGroup(change) => target_group::apply(aws, change).await,
            Step::LoadBalancer(change) => load_balancer::apply(aws, change).await,
            Step::Listener(change) => listener::apply(aws, change).await,
            Step::EndpointService(change) => endpoint_service::apply(aws, change).await,
            Step::Connection(change) => connection::apply(aws, change).await,
            Step::Tagging(change) => tagging::apply(aws, change).await,
        };
        result.map_or_else(Outcome::from, Outcome::Done)
    }
}
