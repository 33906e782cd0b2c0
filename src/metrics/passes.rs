//! Passes of the controller.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec};

use super::{NAMESPACE, Register, opts};

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All is as the object says, and nothing had to be done.
    Settled,
    /// Steps were taken.
    Acted,
    /// Nothing could be done, and something is waited for.
    Waiting,
    /// A person has to act.
    Stalled,
    /// Kubernetes did not let it end.
    Failed,
}

/// A part of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading AWS.
    Look,
    /// Writing to AWS, and what is read between writes.
    Waves,
    /// Status, events, the finalizer.
    Conclusion,
}

/// Passes of the controller.
#[derive(Debug)]
pub struct Passes {
    ended: IntCounterVec,
    seconds: HistogramVec,
    found: IntCounterVec,
    repaired: IntCounterVec,
}

impl Passes {
    pub(super) fn new(register: &Register) -> Self {
        let seconds =
            HistogramOpts::new("pass_phase_seconds", "Time that a pass spent in a phase: look, waves, conclusion.")
                .namespace(NAMESPACE)
                .buckets(vec![0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0]);
        let ended =
            opts("passes_total", "Passes over objects by how they ended: settled, acted, waiting, stalled, failed.");
        let found = opts(
            "drift_found_total",
            "What differed in AWS though the object had settled: by hands, or since brokers came, went or moved.",
        );
        let repaired =
            opts("drift_repaired_total", "What differed in AWS though the object had settled, and was mended.");
        Self {
            ended: register.add(IntCounterVec::new(ended, &["outcome"])),
            seconds: register.add(HistogramVec::new(seconds, &["phase"])),
            found: register.add(IntCounterVec::new(found, &["kind", "change"])),
            repaired: register.add(IntCounterVec::new(repaired, &["kind", "change"])),
        }
    }

    /// A pass ended so.
    pub fn ended(&self, how: Ended) {
        let label = match how {
            Ended::Settled => "settled",
            Ended::Acted => "acted",
            Ended::Waiting => "waiting",
            Ended::Stalled => "stalled",
            Ended::Failed => "failed",
        };
        self.ended.with_label_values(&[label]).inc();
    }

    /// A phase took so long.
    pub fn took(&self, phase: Phase, time: Duration) {
        let label = match phase {
            Phase::Look => "look",
            Phase::Waves => "waves",
            Phase::Conclusion => "conclusion",
        };
        self.seconds.with_label_values(&[label]).observe(time.as_secs_f64());
    }

    /// Something differs in an object that had settled.
    pub fn drifted(&self, kind: &str, change: &str) {
        self.found.with_label_values(&[kind, change]).inc();
    }

    /// It was mended.
    pub fn repaired(&self, kind: &str, change: &str) {
        self.repaired.with_label_values(&[kind, change]).inc();
    }
}
