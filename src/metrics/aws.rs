//! Calls to AWS.

use std::time::Duration;

use kpl_core::model::ErrorClass;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec};

use super::{NAMESPACE, Register, opts};

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was done.
    Ok,
    /// It was refused, or nobody knows.
    Failed(ErrorClass),
}

impl Answer {
    /// As metrics and traces name it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed(ErrorClass::AlreadyExists) => "already_exists",
            Self::Failed(ErrorClass::InUse) => "in_use",
            Self::Failed(ErrorClass::NotFound) => "not_found",
            Self::Failed(ErrorClass::Lag) => "lag",
            Self::Failed(ErrorClass::Throttled) => "throttled",
            Self::Failed(ErrorClass::Transient) => "transient",
            Self::Failed(ErrorClass::Denied) => "denied",
            Self::Failed(ErrorClass::Quota) => "quota",
            Self::Failed(ErrorClass::Invalid) => "invalid",
        }
    }
}

/// Calls to AWS, by service and operation: `ec2:DescribeVpcs` is `service="ec2", operation="DescribeVpcs"`.
#[derive(Debug)]
pub struct AwsCalls {
    calls: IntCounterVec,
    seconds: HistogramVec,
    throttles: IntCounterVec,
    waits: HistogramVec,
}

impl AwsCalls {
    pub(super) fn new(register: &Register) -> Self {
        let histogram = |name: &str, help: &str, buckets: &[f64]| {
            HistogramOpts::new(name, help).namespace(NAMESPACE).buckets(buckets.to_vec())
        };
        let seconds = histogram(
            "aws_call_seconds",
            "Time from sending a call to AWS to its answer, repetitions by the SDK included.",
            &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0],
        );
        let waits = histogram(
            "aws_limit_wait_seconds",
            "Time that a call waited so that AWS's published request rates are kept.",
            &[0.001, 0.1, 1.0, 10.0, 60.0, 300.0],
        );
        let calls = opts("aws_calls_total", "Calls to AWS by what came of them.");
        let throttles =
            opts("aws_throttles_total", "Answers by which AWS turned a call away because there were too many.");
        Self {
            calls: register.add(IntCounterVec::new(calls, &["service", "operation", "result"])),
            seconds: register.add(HistogramVec::new(seconds, &["service", "operation"])),
            throttles: register.add(IntCounterVec::new(throttles, &["service", "operation"])),
            waits: register.add(HistogramVec::new(waits, &["service"])),
        }
    }

    /// A call ended.
    pub fn called(&self, operation: &str, answer: Answer, took: Duration) {
        let (service, operation) = split(operation);
        self.calls.with_label_values(&[service, operation, answer.label()]).inc();
        self.seconds.with_label_values(&[service, operation]).observe(took.as_secs_f64());
    }

    /// AWS turned a request away; the SDK may send it again.
    pub fn throttled(&self, operation: &str) {
        let (service, operation) = split(operation);
        self.throttles.with_label_values(&[service, operation]).inc();
    }

    /// A call waited for its turn.
    pub fn waited(&self, operation: &str, time: Duration) {
        self.waits.with_label_values(&[split(operation).0]).observe(time.as_secs_f64());
    }
}

fn split(operation: &str) -> (&str, &str) {
    operation.split_once(':').unwrap_or(("", operation))
}
