//! Every metric with its name, its type and its labels.

use std::sync::{Mutex, PoisonError};

use prometheus::Registry;
use prometheus::core::Collector;
use prometheus::proto::MetricType;

/// A metric, whether or not it has a series yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// As Prometheus has it.
    pub name: String,
    /// Its type: `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// What it says.
    pub help: String,
}

/// Where metrics are entered when the process begins.
#[derive(Debug, Default)]
pub(super) struct Register {
    pub(super) registry: Registry,
    described: Mutex<Vec<Described>>,
}

impl Register {
    /// Enters a metric whose name and labels are constants.
    pub(super) fn add<T: Collector + Clone + 'static>(&self, made: prometheus::Result<T>) -> T {
        let metric = made.expect("names and labels are valid");
        for (desc, family) in metric.desc().into_iter().zip(metric.collect()) {
            let kind = match family.get_field_type() {
                MetricType::COUNTER => "counter",
                MetricType::GAUGE => "gauge",
                MetricType::HISTOGRAM => "histogram",
                MetricType::SUMMARY | MetricType::UNTYPED => unreachable!("we have none"),
            };
            let (name, help, labels) = (desc.fq_name.clone(), desc.help.clone(), desc.variable_labels.clone());
            self.entries().push(Described { name, kind, labels, help });
        }
        self.registry.register(Box::new(metric.clone())).expect("every name is used once");
        metric
    }

    /// All that were entered.
    pub(super) fn described(&self) -> Vec<Described> {
        self.entries().clone()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Described>> {
        self.described.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
