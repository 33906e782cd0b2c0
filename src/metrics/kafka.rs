//! What Kafka was asked through load balancers.

use std::time::Duration;

use kpl_core::kafka::Obstacle;
use prometheus::{Histogram, HistogramOpts, IntCounterVec};

use super::{NAMESPACE, Register, opts};

/// Looks at Kafka.
#[derive(Debug)]
pub struct Kafka {
    seconds: Histogram,
    dials: IntCounterVec,
}

impl Kafka {
    pub(super) fn new(register: &Register) -> Self {
        let seconds =
            HistogramOpts::new("kafka_look_seconds", "Time to ask every port of an object's load balancer for Kafka.")
                .namespace(NAMESPACE)
                .buckets(vec![0.05, 0.25, 1.0, 2.5, 10.0, 60.0]);
        let dials = opts("kafka_dials_total", "Ports that were asked for Kafka, by what stood in the way.");
        Self {
            seconds: register.add(Histogram::with_opts(seconds)),
            dials: register.add(IntCounterVec::new(dials, &["obstacle"])),
        }
    }

    /// Every port of an object was asked.
    pub fn looked(&self, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
    }

    /// One port was asked.
    pub fn dialled(&self, obstacle: Option<&Obstacle>) {
        let obstacle = obstacle.map_or("none", <&'static str>::from);
        self.dials.with_label_values(&[obstacle]).inc();
    }
}
