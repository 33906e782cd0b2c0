//! What the process tells Prometheus, by its naming conventions: seconds, `_total`, one unit a metric.
//!
//! Labels are bounded: objects by what is in the cluster (one that is gone takes its series with it), operations and
//! kinds by what the operator can do, classes and phases by their enums. No id of AWS is ever a label.

mod aws;
mod kafka;
mod objects;
mod passes;
mod register;

use std::fmt;
use std::sync::Arc;

use prometheus::{Encoder, IntGauge, IntGaugeVec, Opts, TextEncoder};
use thiserror::Error;

pub use self::aws::{Answer, AwsCalls};
pub use self::kafka::Kafka;
pub use self::objects::{Objects, Shown};
pub use self::passes::{Ended, Passes, Phase};
pub use self::register::Described;
use self::register::Register;

/// Before every metric's name.
const NAMESPACE: &str = "kafka_privatelink";

/// All metrics of the process.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

struct Families {
    register: Register,
    leader: IntGauge,
    aws: AwsCalls,
    kafka: Kafka,
    passes: Passes,
    objects: Objects,
}

/// The metrics cannot be written as text.
#[derive(Debug, Error)]
#[error("the metrics cannot be written as text")]
pub struct Unwritable(#[source] prometheus::Error);

impl Metrics {
    /// With nothing counted yet.
    ///
    /// # Panics
    /// Two metrics have one name: a mistake of ours, which every start would show.
    #[must_use]
    pub fn new() -> Self {
        let register = Register::default();
        let build = IntGaugeVec::new(opts("build_info", "The version that runs; always 1."), &["version"]);
        let build = register.add(build);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let leader = IntGauge::with_opts(opts("leader", "Whether this replica leads: 1 or 0."));
        Self(Arc::new(Families {
            leader: register.add(leader),
            aws: AwsCalls::new(&register),
            kafka: Kafka::new(&register),
            passes: Passes::new(&register),
            objects: Objects::new(&register),
            register,
        }))
    }

    /// Whether this replica leads.
    pub fn leads(&self, leads: bool) {
        self.0.leader.set(i64::from(leads));
    }

    /// Calls to AWS.
    #[must_use]
    pub fn aws(&self) -> &AwsCalls {
        &self.0.aws
    }

    /// What Kafka was asked.
    #[must_use]
    pub fn kafka(&self) -> &Kafka {
        &self.0.kafka
    }

    /// Passes of the controller.
    #[must_use]
    pub fn passes(&self) -> &Passes {
        &self.0.passes
    }

    /// What objects show.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.0.objects
    }

    /// All metrics that there can be, by name.
    #[must_use]
    pub fn described(&self) -> Vec<Described> {
        let mut all = self.0.register.described();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Prometheus's text format.
    ///
    /// # Errors
    /// A metric is not one.
    pub fn text(&self) -> Result<String, Unwritable> {
        self.0.objects.count_time();
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.0.register.registry.gather(), &mut text).map_err(Unwritable)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace(NAMESPACE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_keep_to_the_conventions() {
        let metrics = Metrics::new();
        metrics.aws().called("ec2:DescribeVpcs", Answer::Ok, Duration::from_millis(20));
        metrics.aws().waited("ec2:DescribeVpcs", Duration::ZERO);
        metrics.aws().throttled("ec2:DescribeVpcs");
        metrics.kafka().looked(Duration::from_millis(20));
        metrics.kafka().dialled(Some(&kpl_core::kafka::Obstacle::Refused));
        metrics.passes().ended(Ended::Settled);
        metrics.passes().took(Phase::Look, Duration::from_millis(20));
        metrics.passes().drifted("listener", "create");
        metrics.passes().repaired("listener", "create");
        let brokers = [(("EXTERNAL".into(), "Healthy".into()), 1)].into();
        let connections = [("available".into(), 1)].into();
        metrics.objects().show(
            "ns",
            "name",
            &Shown { ready: true, kafka_verified: Some(false), became_ready: None, brokers, connections },
        );
        let text = metrics.text().expect("text");
        for Described { name, kind, .. } in metrics.described() {
            assert!(name.starts_with("kafka_privatelink_"), "{name}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name} {kind}");
            assert!(kind != "histogram" || name.ends_with("_seconds"), "{name}");
            assert!(text.contains(&format!("# TYPE {name} {kind}\n")), "{name} {kind} is not in {text}");
        }
        assert!(text.contains("kafka_privatelink_build_info{version="), "{text}");
        assert!(
            text.contains(r#"kafka_privatelink_aws_calls_total{operation="DescribeVpcs",result="ok",service="ec2"} 1"#)
        );
        assert!(text.contains("kafka_privatelink_leader 0"));
        metrics.leads(true);
        assert!(metrics.text().expect("text").contains("kafka_privatelink_leader 1"));
    }
}
