//! What the gate says of clusters of two brokers that are played.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kpl_core::kafka::gate::{Listed, Obstacle, Quorum, Reassignment, Replica, Reply, Role, judge};
use kpl_core::kafka::{Endpoint, Route, SecurityProtocol, WiredBroker, WiredListener};
use kpl_core::model::{BrokerId, Port};

use super::broker::{Mood, Played, Running, Says};
use crate::kafka::{Access, Limits, ask_all, describe_cluster, describe_quorum};

const LIMITS: Limits =
    Limits { connect: Duration::from_secs(3), answer: Duration::from_millis(700), whole: Duration::from_secs(5) };

fn broker(id: i32, mood: Mood) -> Played {
    Played { id, mood, roster: vec![(1, "b1.example.com", 9093), (2, "b2.example.com", 9094)], ..Played::default() }
}

fn listener(brokers: &[(i32, &Running)]) -> WiredListener {
    let wired = brokers.iter().map(|(id, running)| {
        let advertised = Some(Endpoint { host: format!("b{id}.example.com"), port: running.port() });
        (BrokerId(*id), WiredBroker { port: running.port(), zone: None, advertised, elsewhere: BTreeMap::new() })
    });
    WiredListener {
        protocol: SecurityProtocol::Plaintext,
        broker_port: Port(39092),
        bootstrap_port: Port(9092),
        hosts_known: true,
        cross_zone: true,
        brokers: wired.collect(),
    }
}

async fn reasons(first: Played, second: Played, stopping: Option<i32>) -> Vec<&'static str> {
    let (first, second) = (first.start().await, second.start().await);
    let access = Arc::new(Access::new(None, None, None).unwrap());
    let listener = listener(&[(1, &first), (2, &second)]);
    let asked = ask_all(&listener, &Route::Given("127.0.0.1".into()), &access, &LIMITS).await;
    let found = judge(&asked, stopping.map(BrokerId));
    println!("{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    found.iter().map(Obstacle::reason).collect()
}

#[tokio::test]
async fn a_cluster_that_is_well_opens_it() {
    assert_eq!(reasons(broker(1, Mood::Well), broker(2, Mood::Well), None).await, [""; 0]);
}

#[tokio::test]
async fn whatever_is_wrong_at_one_broker_shuts_it() {
    for (mood, expected) in [
        (Mood::ThirdStale, vec!["MetadataStale"]),
        (Mood::NoQuorum, vec!["Unanswered"]),
        (Mood::Fenced, vec!["BrokerFenced"]),
        (Mood::UnderReplicated, vec!["NotInSync", "RollWouldStop"]),
        (Mood::Moving, vec!["Reassigned"]),
    ] {
        assert_eq!(reasons(broker(1, Mood::Well), broker(2, mood), Some(1)).await, expected);
    }
    // Describe on the cluster, and on every topic.
    let forbidden = reasons(broker(1, Mood::Forbids), broker(2, Mood::Forbids), Some(1)).await;
    assert_eq!(forbidden, ["PermissionNeeded"; 2]);
    assert_eq!(reasons(broker(1, Mood::Tight), broker(2, Mood::Tight), Some(1)).await, ["RollWouldStop"; 2]);
    let forbids = |id| Played { says: Says::Nothing, ..broker(id, Mood::Well) };
    assert_eq!(reasons(forbids(1), forbids(2), None).await, ["PermissionNeeded"]);
    assert_eq!(reasons(broker(1, Mood::Well), broker(3, Mood::Well), None).await, ["BrokerUnavailable"]);
}

#[tokio::test]
async fn brokers_without_these_requests_shut_it() {
    let old = |id| Played { old: true, ..broker(id, Mood::Well) };
    let reasons = reasons(old(1), old(2), None).await;
    assert!(reasons.contains(&"KafkaError"), "{reasons:?}");
}

#[tokio::test]
async fn a_broker_that_is_away_is_exempt_from_its_absence() {
    let gone = broker(2, Mood::Well).start().await;
    let first = broker(1, Mood::Well).start().await;
    let listener = listener(&[(1, &first), (2, &gone)]);
    drop(gone);
    let access = Arc::new(Access::new(None, None, None).unwrap());
    let asked = ask_all(&listener, &Route::Given("127.0.0.1".into()), &access, &LIMITS).await;
    assert_eq!(judge(&asked, None).iter().map(Obstacle::reason).collect::<Vec<_>>(), ["BrokerUnavailable"]);
    assert_eq!(judge(&asked, Some(BrokerId(2))), []);
}

#[test]
fn the_bytes_are_those_of_kafka() {
    let replica = |role, node, end, fetched| Replica { role, node: BrokerId(node), end, fetched };
    let expected = Quorum {
        leader: Some(BrokerId(1)),
        replicas: vec![
            replica(Role::Voter, 1, 9, Some(5)),
            replica(Role::Voter, 2, -1, None),
            replica(Role::Observer, 3, 8, Some(4)),
        ],
    };
    for version in [1, 2] {
        let two = version >= 2;
        let words: &[u8] = if two { &[0] } else { &[] };
        let row = |id: i32, end: i64, fetched: i64, caught_up: i64| {
            let directory: &[u8] = if two { &[3; 16] } else { &[] };
            [&id.to_be_bytes(), directory, &end.to_be_bytes(), &fetched.to_be_bytes(), &caught_up.to_be_bytes(), &[0]]
                .concat()
        };
        let body = [
            [&[0, 0], words, &[2, 2, b'm', 2, 0, 0, 0, 0, 0, 0], words, &[0, 0, 0, 1, 0, 0, 0, 7], &[0; 8], &[3]]
                .concat(),
            row(1, 9, -1, 5),
            row(2, -1, -1, -1),
            vec![2],
            row(3, 8, 4, 4),
            // What a newer version may add is passed over.
            vec![1, 0, 1, 0xff, 0, 0],
        ];
        assert_eq!(describe_quorum::read(&body.concat(), version), Ok(Ok(expected.clone())), "{version}");
    }
    let cluster = |version: i16, body: &[&[u8]]| describe_cluster::read(&body.concat(), version).unwrap().unwrap();
    let (head, rest) = ([0, 0, 0, 0, 0, 0, 0], [2, b'c', 0, 0, 0, 1, 2, 0, 0, 0, 4, 2, b'h', 0, 0, 0, 9, 2, b'r']);
    let end = [0x80, 0, 0, 0, 0];
    let serving = BTreeMap::from([(BrokerId(4), Listed::Serving)]);
    assert_eq!(cluster(0, &[&head, &rest, &[0], &end]), serving);
    assert_eq!(cluster(1, &[&head, &[1], &rest, &[0], &end]), serving);
    assert_eq!(cluster(2, &[&head, &[1], &rest, &[0, 0], &end]), serving);
    assert_eq!(cluster(2, &[&head, &[1], &rest, &[1, 0], &end]), [(BrokerId(4), Listed::Fenced)].into());
}

#[tokio::test]
async fn what_is_moved_is_told_in_full() {
    let (first, second) = (broker(1, Mood::Moving).start().await, broker(2, Mood::Well).start().await);
    let access = Arc::new(Access::new(None, None, None).unwrap());
    let listener = listener(&[(1, &first), (2, &second)]);
    let asked = ask_all(&listener, &Route::Given("127.0.0.1".into()), &access, &LIMITS).await;
    let moved = Reassignment { topic: "orders".into(), partition: 0, adding: vec![BrokerId(3)], removing: vec![] };
    let answers = |id: i32| asked.brokers[&BrokerId(id)].answers.as_ref().unwrap();
    assert_eq!(answers(1).reassignments, Reply::Answered(vec![moved]));
    assert_eq!(answers(2).reassignments, Reply::Answered(vec![]));
    // Brokers that agree share one list.
    let topics = [1, 2].map(|id| answers(id).topics.answer().unwrap());
    assert!(Arc::ptr_eq(topics[0], topics[1]) && topics[0]["orders"].partitions.len() == 2);
    assert_eq!(asked.min_in_sync["orders"], Reply::Answered(1));
}
