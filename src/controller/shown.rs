//! What metrics show of an object and of a pass.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kpl_core::api::{ConnectionCounts, KafkaPrivateLinkStatus};
use kpl_core::pass::Passed;
use kpl_core::status::{ConditionType, condition};

use crate::metrics::{Ended, Shown};

/// What an object shows with this status, which had that one before.
pub(super) fn shown(
    created: Option<&Time>,
    before: Option<&KafkaPrivateLinkStatus>,
    now: &KafkaPrivateLinkStatus,
) -> Shown {
    let was = before.and_then(|status| condition(&status.conditions, ConditionType::Ready));
    let is = condition(&now.conditions, ConditionType::Ready);
    let ready = is.is_some_and(|is| is.status == "True");
    let kafka = condition(&now.conditions, ConditionType::AdvertisedListenersVerified);
    let kafka_verified = kafka.filter(|kafka| kafka.status != "Unknown").map(|kafka| kafka.status == "True");
    let became = is.filter(|_| ready && was.is_none_or(|was| was.status != "True"));
    // The first condition is as old as our first look; the object is older.
    let unready_since = was.filter(|was| was.status == "False").map(|was| &was.last_transition_time).or(created);
    let became_ready = became.and_then(|is| between(unready_since?.0, is.last_transition_time.0));
    let mut brokers = BTreeMap::new();
    for listener in &now.listeners {
        for broker in &listener.brokers {
            let health = broker.health.clone().unwrap_or_else(|| "Unknown".to_owned());
            *brokers.entry((listener.name.clone(), health)).or_insert(0) += 1;
        }
    }
    let connections = now.connection_counts.map(by_state).unwrap_or_default();
    Shown { ready, kafka_verified, became_ready, brokers, connections }
}

/// How a pass ended that came to this status.
pub(super) fn ended(passed: &Passed, status: &KafkaPrivateLinkStatus) -> Ended {
    if condition(&status.conditions, ConditionType::Stalled).is_some() {
        Ended::Stalled
    } else if passed.acted() {
        Ended::Acted
    } else if passed.settled() {
        Ended::Settled
    } else {
        Ended::Waiting
    }
}

fn by_state(counts: ConnectionCounts) -> BTreeMap<String, i64> {
    let ConnectionCounts { available, pending, pending_acceptance, rejected, failed, other } = counts;
    let states = [
        ("available", available),
        ("pending", pending),
        ("pendingAcceptance", pending_acceptance),
        ("rejected", rejected),
        ("failed", failed),
        ("other", other),
    ];
    states.map(|(state, count)| (state.to_owned(), i64::from(count))).into()
}

fn between(start: Timestamp, end: Timestamp) -> Option<Duration> {
    Duration::try_from(end.duration_since(start)).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(ready: &str, at: i64) -> KafkaPrivateLinkStatus {
        let at = Timestamp::from_second(at).expect("a time").to_string();
        let condition =
            json!({ "type": "Ready", "status": ready, "reason": "R", "message": "", "lastTransitionTime": at });
        serde_json::from_value(json!({
            "conditions": [condition],
            "connectionCounts": { "available": 2 },
            "listeners": [{ "name": "EXTERNAL", "brokers": [
                { "id": 1, "health": "Healthy" }, { "id": 2, "health": "Healthy" }, { "id": 3 }] }],
        }))
        .expect("a status")
    }

    #[test]
    fn time_to_ready_begins_with_the_object_or_with_its_failure() {
        let created = Time(Timestamp::from_second(100).expect("a time"));
        let time = |before: Option<(&str, i64)>, now: (&str, i64)| {
            let before = before.map(|(ready, at)| status(ready, at));
            shown(Some(&created), before.as_ref(), &status(now.0, now.1)).became_ready.map(|time| time.as_secs())
        };
        assert_eq!(time(None, ("True", 130)), Some(30));
        assert_eq!(time(Some(("Unknown", 110)), ("True", 130)), Some(30));
        assert_eq!(time(Some(("False", 500)), ("True", 530)), Some(30));
        assert_eq!(time(Some(("True", 130)), ("True", 130)), None);
        assert_eq!(time(Some(("True", 130)), ("False", 600)), None);
    }

    #[test]
    fn brokers_are_counted_by_listener_and_health() {
        let shown = shown(None, None, &status("True", 1));
        let count = |health: &str| shown.brokers.get(&("EXTERNAL".to_owned(), health.to_owned())).copied();
        assert_eq!([count("Healthy"), count("Unknown"), count("Unhealthy")], [Some(2), Some(1), None]);
        assert_eq!((shown.connections["available"], shown.connections["pendingAcceptance"]), (2, 0));
    }
}
