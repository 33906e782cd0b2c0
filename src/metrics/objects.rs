//! What objects show, each under its namespace and name for as long as it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus::{CounterVec, Histogram, HistogramOpts, IntGaugeVec};

use super::{NAMESPACE, Register, opts};

/// What one object shows after a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Condition `Ready`.
    pub ready: bool,
    /// Whether Kafka was seen to work as it is offered; `None` where nobody knows.
    pub kafka_verified: Option<bool>,
    /// How long it took to become ready, where it has become so in this pass.
    pub became_ready: Option<Duration>,
    /// Brokers by listener and health.
    pub brokers: BTreeMap<(String, String), i64>,
    /// Connections by state.
    pub connections: BTreeMap<String, i64>,
}

/// What objects show.
#[derive(Debug)]
pub struct Objects {
    ready: IntGaugeVec,
    kafka_verified: IntGaugeVec,
    seconds: CounterVec,
    to_ready: Histogram,
    brokers: IntGaugeVec,
    connections: IntGaugeVec,
    known: Mutex<BTreeMap<(String, String), Known>>,
}

#[derive(Debug)]
struct Known {
    ready: bool,
    since: Instant,
    brokers: BTreeSet<(String, String)>,
    connections: BTreeSet<String>,
}

impl Objects {
    pub(super) fn new(register: &Register) -> Self {
        let object = ["namespace", "name"];
        let with = |label: &'static str| [object[0], object[1], label];
        let to_ready =
            HistogramOpts::new("time_to_ready_seconds", "Time that an object was not ready before it became so.")
                .namespace(NAMESPACE)
                .buckets(vec![5.0, 15.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 7200.0]);
        let ready = opts("object_ready", "Condition Ready of an object: 1 or 0.");
        let verified = opts(
            "object_kafka_verified",
            "Condition AdvertisedListenersVerified of an object: 1 or 0; no series where it is Unknown.",
        );
        let seconds =
            opts("object_seconds_total", "Time that an object was ready, or was not, under this replica's lead.");
        let brokers = opts("brokers", "Brokers that an object offers, by listener and health.");
        let connections = opts("connections", "Connections of consumers to an object's endpoint service by state.");
        Self {
            ready: register.add(IntGaugeVec::new(ready, &object)),
            kafka_verified: register.add(IntGaugeVec::new(verified, &object)),
            seconds: register.add(CounterVec::new(seconds, &with("ready"))),
            to_ready: register.add(Histogram::with_opts(to_ready)),
            brokers: register.add(IntGaugeVec::new(brokers, &[object[0], object[1], "listener", "health"])),
            connections: register.add(IntGaugeVec::new(connections, &with("state"))),
            known: Mutex::default(),
        }
    }

    /// An object shows this now.
    pub fn show(&self, namespace: &str, name: &str, shown: &Shown) {
        let mut known = self.known();
        let key = (namespace.to_owned(), name.to_owned());
        if let Some(before) = known.remove(&key) {
            self.count(namespace, name, &before);
            // A state that nobody is in any more is none: a series of zeros for ever helps nobody.
            for (listener, health) in before.brokers.iter().filter(|key| !shown.brokers.contains_key(*key)) {
                let _ = self.brokers.remove_label_values(&[namespace, name, listener, health]);
            }
            for state in before.connections.iter().filter(|state| !shown.connections.contains_key(*state)) {
                let _ = self.connections.remove_label_values(&[namespace, name, state]);
            }
        }
        self.ready.with_label_values(&[namespace, name]).set(i64::from(shown.ready));
        match shown.kafka_verified {
            Some(verified) => self.kafka_verified.with_label_values(&[namespace, name]).set(i64::from(verified)),
            // `Err` says that there is none.
            None => drop(self.kafka_verified.remove_label_values(&[namespace, name])),
        }
        for ((listener, health), count) in &shown.brokers {
            self.brokers.with_label_values(&[namespace, name, listener, health]).set(*count);
        }
        for (state, count) in &shown.connections {
            self.connections.with_label_values(&[namespace, name, state]).set(*count);
        }
        if let Some(time) = shown.became_ready {
            self.to_ready.observe(time.as_secs_f64());
        }
        let brokers = shown.brokers.keys().cloned().collect();
        let connections = shown.connections.keys().cloned().collect();
        known.insert(key, Known { ready: shown.ready, since: Instant::now(), brokers, connections });
    }

    /// An object is gone, and its series with it.
    pub fn forget(&self, namespace: &str, name: &str) {
        let Some(before) = self.known().remove(&(namespace.to_owned(), name.to_owned())) else { return };
        // `Err` says that a series never was.
        let _ = self.ready.remove_label_values(&[namespace, name]);
        let _ = self.kafka_verified.remove_label_values(&[namespace, name]);
        for ready in ["true", "false"] {
            let _ = self.seconds.remove_label_values(&[namespace, name, ready]);
        }
        for (listener, health) in &before.brokers {
            let _ = self.brokers.remove_label_values(&[namespace, name, listener, health]);
        }
        for state in &before.connections {
            let _ = self.connections.remove_label_values(&[namespace, name, state]);
        }
    }

    /// Counts the time up to now.
    pub(super) fn count_time(&self) {
        for ((namespace, name), known) in self.known().iter_mut() {
            self.count(namespace, name, known);
            known.since = Instant::now();
        }
    }

    fn count(&self, namespace: &str, name: &str, known: &Known) {
        let ready = if known.ready { "true" } else { "false" };
        self.seconds.with_label_values(&[namespace, name, ready]).inc_by(known.since.elapsed().as_secs_f64());
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<(String, String), Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use super::*;

    #[test]
    fn an_object_that_is_gone_leaves_no_series() {
        let metrics = Metrics::new();
        let series = |metrics: &Metrics| {
            let text = metrics.text().expect("text");
            text.lines().filter(|line| line.contains(r#"name="orders""#)).map(str::to_owned).collect::<Vec<_>>()
        };
        let healthy = |count| (("EXTERNAL".to_owned(), "Healthy".to_owned()), count);
        let mut shown = Shown {
            kafka_verified: Some(true),
            ready: true,
            became_ready: Some(Duration::from_secs(3)),
            brokers: [healthy(3)].into(),
            connections: [("available".to_owned(), 2)].into(),
        };
        metrics.objects().show("streaming", "orders", &shown);
        assert_eq!(series(&metrics).len(), 5, "{:?}", series(&metrics));
        shown.brokers = [healthy(2), (("EXTERNAL".to_owned(), "Unhealthy".to_owned()), 1)].into();
        shown.connections.clear();
        metrics.objects().show("streaming", "orders", &shown);
        let told = series(&metrics).join("\n");
        assert!(
            told.contains(r#"health="Unhealthy",listener="EXTERNAL",name="orders",namespace="streaming"} 1"#),
            "{told}"
        );
        assert!(!told.contains("available"), "{told}");
        metrics.objects().forget("streaming", "orders");
        assert_eq!(series(&metrics), Vec::<String>::new());
    }
}
