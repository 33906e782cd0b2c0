//! Brokers that are made for an object: from nothing, with instances that end, and going, against the World.

#[allow(dead_code, reason = "histories use the rest of the World")]
mod world;

use kpl_core::api::v1alpha1::{Node, VolumeDeletionPolicy};
use kpl_core::desired::{Intent, Memory};
use kpl_core::model::{FORMATTED_TAG, InstanceId, InstanceState, RESOURCE_TAG, ROLES_TAG, VolumeId};
use kpl_core::plan::{NodeWait, WaitingOn};
use kpl_core::status::{View, status};
use world::object::with_nodes;
use world::scenario::Scenario;
use world::state::Aws;

fn begun(policy: VolumeDeletionPolicy) -> Scenario {
    let mut scenario = Scenario::begun(|spec| {
        *spec = with_nodes();
        spec.brokers.provisioned.as_mut().expect("they are made").storage.deletion_policy = policy;
    });
    scenario.history.world.by_hand().instances.clear();
    scenario
}

fn settled() -> Scenario {
    let mut scenario = begun(VolumeDeletionPolicy::Delete);
    scenario.settle();
    scenario
}

/// A new chapter: what came before is not told.
fn from_here(mut scenario: Scenario) -> Scenario {
    scenario.told_from = scenario.history.report.log.len();
    scenario
}

/// The instance of a node.
fn instance(aws: &Aws, node: i32) -> InstanceId {
    let key = format!("instance/{node}");
    let of_node = aws.machines.keys().find(|id| aws.instances[id].tags["kafka-privatelink.io/resource"] == key);
    of_node.cloned().expect("the node has an instance")
}

#[test]
fn from_an_empty_account_to_an_offer_and_back() {
    let mut scenario = begun(VolumeDeletionPolicy::Delete);
    scenario.settle();
    insta::assert_snapshot!("from_nothing_to_brokers", scenario.told());
    let mut scenario = from_here(scenario);
    scenario.history.delete();
    scenario.go();
    insta::assert_snapshot!("from_brokers_to_nothing", scenario.told());
}

/// Same data, same address, same port: only the instance is another one.
#[test]
fn an_instance_that_ends_comes_back_and_nothing_changes_in_elb() {
    let mut scenario = from_here(settled());
    let aws = &scenario.history.world.aws;
    let (listeners, interfaces) = (aws.load_balancers.clone(), aws.interfaces.keys().cloned().collect::<Vec<_>>());
    let volumes: Vec<_> = aws.volumes.keys().cloned().collect();
    let dead = instance(aws, 2);
    scenario.history.world.by_hand().set_state(&dead, InstanceState::Terminated);
    scenario.history.look_fully();
    scenario.settle();
    let aws = &scenario.history.world.aws;
    assert_ne!(instance(aws, 2), dead);
    assert!(aws.interfaces.keys().eq(&interfaces) && aws.volumes.keys().eq(&volumes));
    assert_eq!(aws.load_balancers, listeners);
    insta::assert_snapshot!(scenario.told());
}

#[test]
fn an_instance_that_somebody_stopped_is_started() {
    let mut scenario = from_here(settled());
    let stopped = instance(&scenario.history.world.aws, 1);
    scenario.history.world.by_hand().set_state(&stopped, InstanceState::Stopped);
    scenario.settle();
    assert_eq!(instance(&scenario.history.world.aws, 1), stopped);
    insta::assert_snapshot!(scenario.told());
}

/// An object of the same name takes up the data that the one before it left behind.
#[test]
fn volumes_stay_and_are_taken_up_again() {
    let mut scenario = begun(VolumeDeletionPolicy::Retain);
    scenario.settle();
    let volumes =
        |scenario: &Scenario| -> Vec<VolumeId> { scenario.history.world.aws.volumes.keys().cloned().collect() };
    let before = volumes(&scenario);
    let cluster = |scenario: &Scenario| -> Vec<String> {
        let tags = scenario.history.world.aws.volumes.values().map(|held| &held.tags);
        tags.map(|tags| tags["kafka-privatelink.io/kafka-cluster"].clone()).collect()
    };
    let of = cluster(&scenario);
    scenario.history.delete();
    let mut passes = 0;
    while !scenario.pass().is_gone() {
        passes += 1;
        assert!(passes < 40, "it does not go:\n{}", scenario.history.report.log.join("\n"));
    }
    assert_eq!(volumes(&scenario), before);
    assert!(scenario.history.world.aws.machines.is_empty() && scenario.history.world.aws.interfaces.is_empty());
    scenario.history.deleting = false;
    scenario.history.identity.uid = "another object".into();
    scenario.history.restart();
    scenario.history.look_fully();
    scenario.settle();
    assert_eq!((volumes(&scenario), cluster(&scenario)), (before, of));
}

/// Who votes follows from the data that are there, whatever the spec looks like by now.
#[test]
fn who_voted_on_data_that_stayed_votes_again() {
    let mut scenario = begun(VolumeDeletionPolicy::Retain);
    let zone = "usw2-az1".to_owned();
    let node = |id| Node { id, zone_id: zone.clone(), roles: Vec::new() };
    let set = |scenario: &mut Scenario, ids: &[i32]| {
        let made = scenario.history.spec.brokers.provisioned.as_mut().expect("they are made");
        made.nodes = ids.iter().copied().map(node).collect();
    };
    set(&mut scenario, &[2, 3, 4]);
    scenario.settle();
    set(&mut scenario, &[1, 2, 3, 4]);
    scenario.settle();
    scenario.history.delete();
    while !scenario.pass().is_gone() {}
    scenario.history.deleting = false;
    scenario.history.status = Memory::default();
    scenario.history.restart();
    scenario.history.look_fully();
    scenario.settle();
    let roles = |id: i32| {
        let key = format!("interface/{id}");
        let mut held = scenario.history.world.aws.interfaces.values();
        let found = held.find(|held| held.tags[RESOURCE_TAG] == key).expect("it has an interface");
        found.tags[ROLES_TAG].clone()
    };
    let voters: Vec<i32> = (1..=4).filter(|id| roles(*id).contains("Controller")).collect();
    assert_eq!(voters, [2, 3, 4]);
}

/// Nobody can tell what was on it: a person decides.
#[test]
fn a_volume_that_has_failed_is_not_replaced() {
    let mut scenario = settled();
    let dead = instance(&scenario.history.world.aws, 3);
    let aws = scenario.history.world.by_hand();
    aws.set_state(&dead, InstanceState::Terminated);
    let lost: VolumeId = {
        let held = aws.volumes.iter_mut().find(|(_, held)| held.holder.as_ref() == Some(&dead));
        let (id, held) = held.expect("it had one");
        held.failed = true;
        id.clone()
    };
    scenario.history.look_fully();
    let mut passed = scenario.pass();
    for _ in 0..6 {
        passed = scenario.pass();
    }
    let says = |on: &WaitingOn| matches!(on, WaitingOn::Node(_, NodeWait::VolumeLost(id)) if *id == lost);
    assert!(passed.plan.waiting.iter().any(says), "{}", passed.plan);
    assert_eq!(scenario.history.world.aws.volumes.len(), 3, "no empty one takes its place");
    assert_eq!(scenario.history.world.aws.machines.len(), 2);
}

#[test]
fn a_broker_that_was_seen_to_run_marks_its_volume() {
    let scenario = settled();
    let tags = scenario.history.world.aws.volumes.values().map(|held| &held.tags);
    assert!(tags.clone().count() == 3 && tags.clone().all(|tags| tags.contains_key(FORMATTED_TAG)));
}

/// As users read it.
fn outdated(scenario: &mut Scenario) -> Vec<i32> {
    let passed = scenario.pass();
    let intent = Intent::parse(&scenario.history.spec).expect("a valid spec");
    let said = status(&View {
        passed: &passed,
        intent: Ok(&intent),
        generation: 1,
        previous: None,
        region: &intent.region,
        requested_at: None,
        proof: None,
        patience: jiff::SignedDuration::ZERO,
        published: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    });
    let nodes = said.brokers.expect("nodes are made").nodes.into_iter();
    nodes.filter(|node| node.outdated).map(|node| node.id).collect()
}

/// What changes gets to a node when its instance is replaced; status says which ones lag behind.
#[test]
fn an_instance_that_was_told_something_else_is_outdated() {
    let mut scenario = settled();
    assert_eq!(outdated(&mut scenario), [] as [i32; 0]);
    let made = scenario.history.spec.brokers.provisioned.as_mut().expect("they are made");
    made.kafka.properties.insert("num.partitions".into(), "6".into());
    scenario.settle();
    assert_eq!(outdated(&mut scenario), [1, 2, 3]);
    let dead = instance(&scenario.history.world.aws, 2);
    scenario.history.world.by_hand().set_state(&dead, InstanceState::Terminated);
    scenario.history.look_fully();
    scenario.settle();
    assert_eq!(outdated(&mut scenario), [1, 3]);
}

/// A voter that comes back empty takes part as if nothing were: what was on the volume a person has to say.
#[test]
fn a_volume_that_is_gone_is_not_replaced_by_an_empty_one() {
    let mut scenario = settled();
    let dead = instance(&scenario.history.world.aws, 2);
    let aws = scenario.history.world.by_hand();
    aws.set_state(&dead, InstanceState::Terminated);
    let lost = aws.volumes.iter().find(|(_, held)| held.holder.as_ref() == Some(&dead)).map(|(id, _)| id.clone());
    let lost = lost.expect("it had one");
    let held = aws.volumes.remove(&lost).expect("it is there");
    let mut passed = wait(&mut scenario, 8);
    let says = |on: &WaitingOn| matches!(on, WaitingOn::Node(_, NodeWait::VolumeMissing(_)));
    assert!(passed.plan.waiting.iter().any(says), "{}", passed.plan);
    assert_eq!((scenario.history.world.aws.volumes.len(), scenario.history.world.aws.machines.len()), (2, 2));

    // A copy with its tags, beside the old one that was found again: which one it is nobody can tell.
    let aws = scenario.history.world.by_hand();
    aws.volumes.insert(lost.clone(), held.clone());
    aws.volumes.insert("vol-copy".into(), held);
    for held in aws.volumes.values_mut().filter(|held| held.holder.as_ref() == Some(&dead)) {
        held.holder = None;
    }
    passed = wait(&mut scenario, 8);
    let says = |on: &WaitingOn| matches!(on, WaitingOn::Node(_, NodeWait::SeveralVolumes(..)));
    assert!(passed.plan.waiting.iter().any(says), "{}", passed.plan);
    assert_eq!((scenario.history.world.aws.volumes.len(), scenario.history.world.aws.machines.len()), (4, 2));

    scenario.history.world.by_hand().volumes.get_mut(&lost).expect("it is there").tags.clear();
    scenario.history.look_fully();
    scenario.settle();
}

/// The last of some passes, the first of which looks at everything.
fn wait(scenario: &mut Scenario, passes: u32) -> kpl_core::pass::Passed {
    scenario.history.look_fully();
    (0..passes).map(|_| scenario.pass()).last().expect("some passes")
}

/// AWS shows what it has made some seconds later: it is not made twice.
#[test]
fn what_is_not_seen_yet_is_not_made_twice() {
    let mut scenario = begun(VolumeDeletionPolicy::Delete);
    // No tick of time goes by.
    while scenario.history.world.aws.volumes.is_empty() {
        scenario.history.pass();
    }
    let aws = scenario.history.world.by_hand();
    let (volumes, interfaces) = (aws.volumes.clone(), aws.interfaces.clone());
    aws.volumes = std::collections::BTreeMap::new().into();
    aws.interfaces = std::collections::BTreeMap::new().into();
    scenario.history.look_fully();
    scenario.history.pass();
    let aws = scenario.history.world.by_hand();
    assert!(aws.volumes.is_empty() && aws.interfaces.is_empty(), "AWS is asked again only when they do not show");
    (aws.volumes, aws.interfaces) = (volumes, interfaces);
    scenario.settle();
    let aws = &scenario.history.world.aws;
    assert_eq!((aws.volumes.len(), aws.interfaces.len(), aws.machines.len()), (3, 3, 3));
}

/// Voters are known by it: while no instance has it, another one under the same key does not take its place.
#[test]
fn the_address_of_a_node_that_ran_stays() {
    let mut scenario = settled();
    let dead = instance(&scenario.history.world.aws, 2);
    let aws = scenario.history.world.by_hand();
    aws.set_state(&dead, InstanceState::Terminated);
    let held = aws.interfaces.iter().find(|(_, held)| held.holder.as_ref() == Some(&dead));
    let (kept, mut copy) = held.map(|(id, held)| (id.clone(), (**held).clone())).expect("it has one");
    copy.tags.remove(FORMATTED_TAG);
    copy.holder = None;
    copy.address = "10.1.2.99".parse().expect("an address");
    aws.interfaces.insert("eni-0".into(), copy.into());
    scenario.history.look_fully();
    scenario.settle();
    let interfaces = &scenario.history.world.aws.interfaces;
    assert!(interfaces.len() == 3 && interfaces.contains_key(&kept));
}
