//! What status remembers of nodes.

use jiff::{SignedDuration, Timestamp};
use kpl_core::api::KafkaPrivateLinkStatus;
use kpl_core::desired::{Intent, Memory};
use kpl_core::model::{Observed, Region, Timing};
use kpl_core::node::{ClusterId, Roles};
use kpl_core::pass::Pass;
use kpl_core::plan::guard::Guard;
use kpl_core::status::{View, checkpoint, memory, status};
use serde_json::json;

use super::scene::{add, begun, decide, empty, intent, known, spec, words};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn pass(intent: &Intent, memory: &Memory, observed: Observed) -> Pass {
    Pass::new(decide(intent, memory, &observed), &Guard::default(), observed, Timing::default())
}

fn after(intent: &Intent, memory: &Memory, observed: Observed) -> KafkaPrivateLinkStatus {
    let passed = pass(intent, memory, observed).finish();
    status(&View {
        passed: &passed,
        intent: Ok(intent),
        generation: 1,
        previous: None,
        region: &Region::new("us-west-2"),
        requested_at: None,
        proof: None,
        patience: SignedDuration::ZERO,
        published: None,
        now: NOW,
    })
}

#[test]
fn who_votes_is_written_down_before_it_is_used() {
    let intent = intent(spec());
    let mut first = pass(&intent, &Memory::default(), empty());
    first.next_move();
    let written = checkpoint(None, &first, 1, NOW).expect("roles are new");
    assert_eq!(words(&memory(Some(&written)).roles), "1cb 2cb 3cb");
    let mut again = pass(&intent, &memory(Some(&written)), empty());
    again.next_move();
    assert_eq!(checkpoint(Some(&written), &again, 1, NOW), None);
}

#[test]
fn memory_comes_back_from_status() {
    let intent = intent(spec());
    let mut remembered = known(&[(1, Roles::Combined), (2, Roles::Controller), (3, Roles::Broker)]);
    remembered.cluster_id = Some(ClusterId::of([7; 16]));
    let mut observed = begun();
    observed.own.interfaces.gone(&"eni-2".into());
    add(&mut observed, "eni-9", 9, Roles::Broker, "usw2-az1");
    let written = after(&intent, &remembered, observed);
    let node = |id: i32, roles: &[&str]| json!({ "id": id, "roles": roles });
    let here = |id: i32, roles: &[&str]| {
        let mut node = node(id, roles);
        node["interfaceId"] = format!("eni-{id}").into();
        node["privateAddress"] = format!("10.0.0.{id}").into();
        node
    };
    let expected = json!({
        "clusterId": ClusterId::of([7; 16]).as_str(),
        "nodes": [here(1, &["Controller", "Broker"]), node(2, &["Controller"]), here(3, &["Broker"]), here(9, &["Broker"])],
    });
    assert_eq!(serde_json::to_value(&written.brokers).expect("JSON"), expected);
    let again = memory(Some(&written));
    assert_eq!(words(&again.roles), "1cb 2c 3b 9b");
    assert_eq!(again.cluster_id, remembered.cluster_id);
}

#[test]
fn roles_of_a_later_version_are_not_guessed() {
    let nodes =
        json!([{ "id": 1, "roles": ["Controller", "Observer"] }, { "id": 2 }, { "id": 3, "roles": ["Broker"] }]);
    let later = serde_json::from_value(json!({ "brokers": { "clusterId": "?", "nodes": nodes } })).expect("a status");
    let remembered = memory(Some(&later));
    assert_eq!((words(&remembered.roles).as_str(), remembered.cluster_id), ("3b", None));
}
