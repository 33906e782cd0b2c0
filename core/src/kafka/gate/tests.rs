//! What keeps the gate shut, and what does not.

use std::sync::Arc;

use super::*;
use crate::kafka::{Answered, Level, Obstacle as InTheWay, Sighting};

const B1: BrokerId = BrokerId(1);
const B2: BrokerId = BrokerId(2);
const B3: BrokerId = BrokerId(3);
const ALL: [BrokerId; 3] = [B1, B2, B3];
const NOW: i64 = 1_000_000;

fn sighting(obstacle: Option<InTheWay>, identity: Option<Authorized<Identity>>) -> Sighting {
    let answered = Answered { identity, ..Answered::default() };
    Sighting { reached: Some(Level::Metadata), obstacle, certificate: None, answered }
}

fn partition(index: i32, replicas: &[BrokerId], in_sync: &[BrokerId]) -> Partition {
    let leader = in_sync.first().copied();
    Partition { index, error: 0, leader, replicas: replicas.to_vec(), in_sync: in_sync.to_vec() }
}

fn topics(partitions: Vec<Partition>) -> Reply<Arc<Topics>> {
    Reply::Answered(Arc::new([("orders".to_owned(), Topic { error: 0, partitions })].into()))
}

fn replica(node: BrokerId, end: i64, fetched: i64) -> Replica {
    Replica { node, role: Role::Voter, end, fetched: (fetched >= 0).then_some(fetched) }
}

/// Broker 1 is the active controller.
fn quorum(rows: [(i64, i64); 3]) -> Reply<Quorum> {
    let replicas = ALL.into_iter().zip(rows).map(|(node, (end, fetched))| replica(node, end, fetched)).collect();
    Reply::Answered(Quorum { leader: Some(B1), replicas })
}

fn answers() -> Answers {
    Answers {
        cluster: Reply::Answered(ALL.map(|id| (id, Listed::Serving)).into()),
        every_topic: Reply::Answered(()),
        topics: topics(vec![partition(0, &ALL, &ALL), partition(1, &[B2, B3, B1], &ALL)]),
        quorum: quorum([(500, NOW), (500, NOW - 400), (490, NOW - 4_900)]),
        reassignments: Reply::Answered(Vec::new()),
    }
}

fn well() -> Asked {
    let broker =
        || Broker { sighting: sighting(None, Some(Authorized::Yes(Identity::Expected))), answers: Some(answers()) };
    Asked {
        brokers: ALL.map(|id| (id, broker())).into(),
        min_in_sync: [("orders".to_owned(), Reply::Answered(2))].into(),
    }
}

/// Changes what every broker answers.
fn with(change: impl Fn(&mut Answers)) -> Asked {
    let mut asked = well();
    asked.brokers.values_mut().filter_map(|broker| broker.answers.as_mut()).for_each(change);
    asked
}

/// Changes what one answers.
fn with_one(id: BrokerId, change: impl FnOnce(&mut Answers)) -> Asked {
    let mut asked = well();
    change(asked.brokers.get_mut(&id).and_then(|broker| broker.answers.as_mut()).unwrap());
    asked
}

fn at_port(mut asked: Asked, id: BrokerId, obstacle: InTheWay) -> Asked {
    asked.brokers.insert(id, Broker { sighting: sighting(Some(obstacle), None), answers: None });
    asked
}

/// The reasons, and each part in the text.
fn shut(asked: &Asked, stopping: Option<BrokerId>, reasons: &[&str], parts: &[&str]) {
    let found = judge(asked, stopping);
    assert_eq!(found.iter().map(Obstacle::reason).collect::<Vec<_>>(), reasons, "{found:#?}");
    let text = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    println!("{text}");
    for part in parts {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

fn open(asked: &Asked, stopping: Option<BrokerId>) {
    shut(asked, stopping, &[], &[]);
}

#[test]
fn a_cluster_that_is_well_can_spare_any() {
    for stopping in [None, Some(B1), Some(B2), Some(B3)] {
        open(&well(), stopping);
    }
}

#[test]
fn a_broker_was_killed_a_second_ago() {
    // All the others say what they said before: the controller, too, waits for its session's time.
    let asked = at_port(well(), B2, InTheWay::Refused);
    shut(&asked, None, &["BrokerUnavailable"], &["broker 2: does not answer; start the broker"]);
    // Six seconds later its row is old, and the lists are as they were.
    let mut asked =
        at_port(with(|it| it.quorum = quorum([(520, NOW), (500, NOW - 6_200), (520, NOW)])), B2, InTheWay::Closed);
    shut(
        &asked,
        Some(B3),
        &["BrokerUnavailable", "MetadataStale"],
        &["node 2 (voter) has not fetched the cluster's metadata for 6 s"],
    );
    // What mends it must not wait for it.
    open(&asked, Some(B2));
    asked.brokers.remove(&B1);
    asked.brokers.remove(&B3);
    shut(&asked, Some(B2), &["NobodyAnswers"], &[]);
}

#[test]
fn the_quorum_is_lost() {
    let silent = with(|it| (it.quorum, it.reassignments) = (Reply::Silent, Reply::Silent));
    shut(
        &silent,
        Some(B1),
        &["Unanswered"; 3],
        &["broker 3 does not answer DescribeQuorum", "whether a majority of the controllers runs"],
    );
    // Which is why nobody was asked for settings.
    let mut unasked = silent;
    unasked.min_in_sync.clear();
    shut(&unasked, Some(B1), &["Unanswered"; 3], &[]);
    let no_leader = with(|it| it.quorum = Reply::Answered(Quorum { leader: None, replicas: Vec::new() }));
    shut(&no_leader, None, &["NoActiveController"], &["no leader, as brokers 1, 2, 3 told"]);
    let leader_without_row =
        with(|it| it.quorum = Reply::Answered(Quorum { leader: Some(B1), replicas: vec![replica(B2, 5, NOW)] }));
    shut(&leader_without_row, None, &["NoActiveController"], &[]);
}

#[test]
fn a_node_does_not_keep_up() {
    let never = with(|it| it.quorum = quorum([(500, NOW), (-1, -1), (500, NOW)]));
    shut(&never, Some(B1), &["MetadataStale"], &["node 2 (voter) has not fetched", "at all"]);
    let just_in_time = with(|it| it.quorum = quorum([(500, NOW), (400, NOW - 5_000), (500, NOW)]));
    open(&just_in_time, None);
    let behind = with(|it| it.quorum = quorum([(500, NOW), (399, NOW), (500, NOW)]));
    shut(&behind, None, &["MetadataBehind"], &["node 2 (voter) is 101 records behind"]);
    let late = with_one(B3, |it| it.quorum = quorum([(500, NOW), (500, NOW - 5_001), (500, NOW)]));
    shut(&late, None, &["MetadataStale"], &["for 5 s"]);
    let unknown = with(|it| {
        it.quorum =
            Reply::Answered(Quorum { leader: Some(B1), replicas: vec![replica(B1, 5, NOW), replica(B2, 5, NOW)] });
    });
    shut(&unknown, None, &["MetadataUnfetched"], &["broker 3 has a port, and the active controller does not know"]);
    let observer = with(|it| {
        let Reply::Answered(quorum) = &mut it.quorum else { return };
        quorum.replicas.push(Replica { node: BrokerId(9), role: Role::Observer, end: 500, fetched: Some(NOW - 9_000) });
    });
    shut(&observer, None, &["MetadataStale"], &["node 9 (observer)", "for 9 s"]);
}

#[test]
fn one_partition_is_under_replicated() {
    let one = || topics(vec![partition(0, &ALL, &ALL), partition(1, &ALL, &[B1, B3])]);
    let asked = with(|it| it.topics = one());
    shut(&asked, Some(B2), &["NotInSync"], &["partition orders-1 is not in sync on broker 2"]);
    shut(&asked, None, &["NotInSync", "RollWouldStop"], &["without one more, 1 of its replicas", "(now 1, 3)"]);
    // One broker that knows is enough.
    shut(&with_one(B3, |it| it.topics = one()), Some(B2), &["NotInSync"], &[]);
    let fault = with(|it| {
        it.topics = topics(vec![Partition { error: 72, leader: None, ..partition(4, &ALL, &ALL) }]);
    });
    shut(
        &fault,
        None,
        &["PartitionError"],
        &["partition orders-4 has Kafka's error 72 (its leader lacks the listener)"],
    );
    let topic = with(|it| {
        it.topics = Reply::Answered(Arc::new([("orders".to_owned(), Topic { error: 5, partitions: vec![] })].into()));
    });
    shut(&topic, None, &["PartitionError"], &["topic orders has Kafka's error 5"]);
}

#[test]
fn a_partition_is_moved() {
    let moved = Reassignment { topic: "orders".into(), partition: 7, adding: vec![B3], removing: vec![] };
    let asked = with(|it| it.reassignments = Reply::Answered(vec![moved.clone()]));
    shut(&asked, Some(B1), &["Reassigned"], &["partition orders-7 is moved (to 3, from none): wait"]);
}

#[test]
fn rights_are_missing() {
    let cluster = with(|it| (it.quorum, it.reassignments) = (Reply::Refused(31), Reply::Refused(31)));
    shut(&cluster, None, &["PermissionNeeded"], &["Describe on Cluster", "--operation Describe --cluster"]);
    // As Kafka answers who may see no topic: nothing is out of sync.
    let none = with(|it| {
        it.topics = Reply::Answered(Arc::new(Topics::new()));
        it.every_topic = Reply::Refused(29);
    });
    shut(&none, Some(B1), &["PermissionNeeded"], &["Describe on Topic *"]);
    let mut asked = well();
    asked.min_in_sync = [("orders".to_owned(), Reply::Refused(29))].into();
    shut(&asked, Some(B1), &["PermissionNeeded"], &["DescribeConfigs on Topic *"]);
    let mut asked = well();
    for broker in asked.brokers.values_mut() {
        broker.sighting.answered.identity = Some(Authorized::No);
    }
    shut(&asked, None, &["PermissionNeeded"], &["DescribeConfigs on Cluster"]);
}

#[test]
fn who_is_listed() {
    let cluster =
        |listed: &[(i32, Listed)]| Reply::Answered(listed.iter().map(|(id, it)| (BrokerId(*id), *it)).collect());
    let two = [(1, Listed::Serving), (3, Listed::Serving)];
    let unlisted = with_one(B3, |it| it.cluster = cluster(&two));
    shut(&unlisted, None, &["BrokerNotListed"], &["broker 2 is not listed by broker 3:"]);
    let nobody = with(|it| it.cluster = cluster(&two));
    shut(&nobody, Some(B1), &["BrokerNotListed"], &["by brokers 1, 2, 3"]);
    open(&nobody, Some(B2));
    let fenced = with(|it| it.cluster = cluster(&[(1, Listed::Serving), (2, Listed::Fenced), (3, Listed::Serving)]));
    shut(&fenced, None, &["BrokerFenced"], &["broker 2 is fenced, as brokers 1, 2, 3 told"]);
    let four = [(1, Listed::Serving), (2, Listed::Serving), (3, Listed::Serving), (4, Listed::Serving)];
    let stranger = with(|it| it.cluster = cluster(&four));
    shut(&stranger, None, &["BrokerNotOffered"], &["Kafka lists broker 4, which has no port"]);
    shut(&well(), Some(BrokerId(9)), &["NoSuchBroker"], &["broker 9"]);
}

#[test]
fn a_partition_has_no_replica_to_spare() {
    let alone = with(|it| it.topics = topics(vec![partition(0, &[B2], &[B2]), partition(1, &ALL, &ALL)]));
    let text = "partition orders-0 would stop: without broker 2, 0 of its replicas would be in sync (now 2)";
    shut(&alone, Some(B2), &["RollWouldStop"], &[text, "min.insync.replicas is 2"]);
    open(&alone, Some(B1));
    let mut all = well();
    all.min_in_sync = [("orders".to_owned(), Reply::Answered(3))].into();
    shut(&all, Some(B1), &["RollWouldStop"; 2], &["orders-0", "orders-1"]);
    let mut unknown = well();
    unknown.min_in_sync = [("orders".to_owned(), Reply::Silent)].into();
    shut(&unknown, Some(B1), &["MinInSyncUnknown"], &["topic orders is not known: Kafka said nothing"]);
    unknown.min_in_sync.clear();
    shut(&unknown, None, &["MinInSyncUnknown"], &["nobody was asked"]);
}

#[test]
fn who_is_away_is_exempt_from_its_own_absence_alone() {
    let mut away = at_port(
        with(|it| {
            it.cluster = Reply::Answered([(B1, Listed::Serving), (B3, Listed::Serving)].into());
            it.quorum = quorum([(500, NOW), (20, NOW - 60_000), (500, NOW)]);
            let lost = Partition { error: 5, leader: None, ..partition(2, &[B2, B3], &[B2]) };
            it.topics = topics(vec![partition(0, &ALL, &[B1, B3]), partition(1, &ALL, &[B3, B1]), lost]);
        }),
        B2,
        InTheWay::Refused,
    );
    open(&away, Some(B2));
    // It stays what it is for the others.
    assert!(judge(&away, Some(B1)).len() > 3 && judge(&away, None).len() > 3);
    // And theirs is no business of its absence.
    away = at_port(away, B3, InTheWay::Refused);
    shut(&away, Some(B2), &["BrokerUnavailable"], &["broker 3: does not answer"]);
}

#[test]
fn the_way_is_said_once() {
    let why = || InTheWay::NoRoute("nlb.example does not resolve".into());
    let one = at_port(well(), B1, why());
    assert!(!is_blind(&one));
    shut(&one, Some(B1), &["NoRoute"], &["broker 1 cannot be asked from here: nlb.example does not resolve"]);
    let none = ALL.into_iter().fold(well(), |asked, id| at_port(asked, id, why()));
    assert!(is_blind(&none));
    shut(&none, None, &["NoRoute"], &["brokers 1, 2, 3", "spec.verification.address"]);
    let stranger = ALL.into_iter().fold(well(), |asked, id| at_port(asked, id, InTheWay::LogInRefused("no".into())));
    assert!(is_blind(&stranger));
    let down = ALL.into_iter().fold(well(), |asked, id| at_port(asked, id, InTheWay::Refused));
    assert!(!is_blind(&down));
    let mut swapped = well();
    swapped.brokers.get_mut(&B3).unwrap().sighting.answered.identity = Some(Authorized::Yes(Identity::Other(Some(B2))));
    shut(&swapped, None, &["BrokerUnavailable"], &["broker 3: its port leads to broker 2"]);
}

/// Whatever else is answered, and whoever is asked about.
#[test]
fn no_answer_never_opens_the_gate() {
    let obstacles = [
        InTheWay::Refused,
        InTheWay::Silent,
        InTheWay::Closed,
        InTheWay::NoRoute("x".into()),
        InTheWay::NoCredentials,
        InTheWay::WantsTls,
    ];
    assert!(!judge(&Asked::default(), None).is_empty() && !judge(&Asked::default(), Some(B1)).is_empty());
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let stopping = random.choice([None, Some(B1), Some(B2), Some(B3)]).unwrap();
        let mut asked = well();
        asked.min_in_sync.retain(|_, _| random.bool());
        for id in ALL {
            let obstacle = random.choice(&obstacles).unwrap().clone();
            asked = match random.u8(0..3) {
                0 => at_port(asked, id, obstacle),
                // It came to asking, and then said nothing.
                1 => silenced(asked, id, 0),
                _ => silenced(asked, id, random.u8(0..5)),
            };
        }
        assert!(!judge(&asked, stopping).is_empty(), "{stopping:?} {asked:#?}");
    }
}

/// From this request on nothing is answered.
fn silenced(mut asked: Asked, id: BrokerId, from: u8) -> Asked {
    let Some(it) = asked.brokers.get_mut(&id).and_then(|broker| broker.answers.as_mut()) else { return asked };
    if from < 1 {
        it.cluster = Reply::Silent;
    }
    if from < 2 {
        it.every_topic = Reply::Silent;
    }
    if from < 3 {
        it.topics = Reply::Silent;
    }
    if from < 4 {
        it.quorum = Reply::Silent;
    }
    it.reassignments = Reply::Silent;
    asked
}

/// One unanswered or refused request of one broker is enough.
#[test]
fn every_request_counts() {
    type Take = fn(&mut Answers);
    let taken: [Take; 15] = [
        |it| it.cluster = Reply::Silent,
        |it| it.every_topic = Reply::Silent,
        |it| it.topics = Reply::Silent,
        |it| it.quorum = Reply::Silent,
        |it| it.reassignments = Reply::Silent,
        |it| it.cluster = Reply::Refused(1),
        |it| it.every_topic = Reply::Refused(1),
        |it| it.topics = Reply::Refused(1),
        |it| it.quorum = Reply::Refused(35),
        |it| it.reassignments = Reply::Refused(41),
        |it| it.cluster = Reply::Strange("x".into()),
        |it| it.every_topic = Reply::Strange("x".into()),
        |it| it.topics = Reply::Strange("x".into()),
        |it| it.quorum = Reply::Strange("x".into()),
        |it| it.reassignments = Reply::Strange("x".into()),
    ];
    for (index, take) in taken.into_iter().enumerate() {
        let asked = with_one(B2, take);
        for stopping in [None, Some(B1), Some(B2)] {
            assert_eq!(judge(&asked, stopping).len(), 1, "{index} {stopping:?}");
        }
    }
}
