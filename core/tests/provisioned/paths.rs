//! Which path a broker has on the load balancer.

use kpl_core::desired::{Desired, Goal, Issue, Memory, NodeIssue, Path};
use kpl_core::model::{BrokerId, Listing, OWNER_TAG, Observed, Port, TargetId, TargetType};
use kpl_core::node::Roles;

use super::scene::{ZONES, add, begun, decide, empty, intent, nodes, spec, words};

const AS_IT_IS: &str = "as it is";

/// Path and port of every broker.
fn paths(desired: &Desired) -> Vec<(i32, String, Option<u16>)> {
    let path = |path: &Path| match path {
        Path::To(target) => target.to_string(),
        Path::AsItIs => AS_IT_IS.to_owned(),
    };
    let port = |id: &BrokerId| desired.memory.ledger.port(&"EXTERNAL".into(), *id).map(|port| port.0);
    desired.brokers.iter().map(|(id, broker)| (id.0, path(&broker.path), port(id))).collect()
}

fn to(address: &str) -> String {
    address.to_owned()
}

#[test]
fn a_broker_gets_its_path_with_its_interface() {
    let spec = intent(spec());
    let nothing = decide(&spec, &Memory::default(), &empty());
    assert_eq!((&nothing.goal, paths(&nothing)), (&Goal::Hold, vec![]));
    let all = decide(&spec, &nothing.memory, &begun());
    let three = [(1, to("10.0.0.1"), Some(9093)), (2, to("10.0.0.2"), Some(9094)), (3, to("10.0.0.3"), Some(9095))];
    assert_eq!(paths(&all), three);
    let Goal::Offer(offer) = &all.goal else { panic!("{:?}", all.goal) };
    assert!(offer.target_groups.values().all(|group| group.target_type == TargetType::Ip));
    let targets = offer.target_groups.values().flat_map(|group| group.targets.wanted());
    assert!(targets.clone().all(|target| matches!(target.id, TargetId::Ip(_)) && target.port == Port(39092)));
    assert_eq!(targets.count(), 6, "each in its own group and in that of the bootstrap");
}

#[test]
fn paths_while_interfaces_come_and_go() {
    let at = |observed: &Observed, list: &[(i32, &[&str])], memory: &Memory| {
        let desired = decide(&intent(nodes(list)), memory, observed);
        (paths(&desired), desired.issues, desired.memory)
    };
    let mut observed = empty();
    for id in 1..=3 {
        add(&mut observed, &format!("eni-{id}"), id, Roles::Combined, ZONES[0]);
    }
    let three: &[(i32, &[&str])] = &[(1, &[]), (2, &[]), (3, &[])];
    let four: &[(i32, &[&str])] = &[(1, &[]), (2, &[]), (3, &[]), (4, &[])];
    let all = [(1, to("10.0.0.1"), Some(9093)), (2, to("10.0.0.2"), Some(9094)), (3, to("10.0.0.3"), Some(9095))];
    let (_, _, memory) = at(&observed, three, &Memory::default());

    let (found, issues, memory) = at(&observed, four, &memory);
    assert_eq!((found.as_slice(), issues), (&all[..], vec![]), "the fourth is to be made");

    add(&mut observed, "eni-4", 4, Roles::Broker, ZONES[0]);
    let fourth = (4, to("10.0.0.4"), Some(9096));
    let (found, _, memory) = at(&observed, four, &memory);
    assert_eq!(found.last(), Some(&fourth));

    let (found, issues, memory) = at(&observed, three, &memory);
    assert_eq!((found.last(), issues), (Some(&fourth), vec![]), "it goes when it is empty, and its interface last");
    assert_eq!(words(&memory.roles), "1cb 2cb 3cb 4b");

    observed.own.interfaces.gone(&"eni-4".into());
    let (found, _, memory) = at(&observed, three, &memory);
    assert_eq!(found, all);
    assert_eq!(words(&memory.roles), "1cb 2cb 3cb");

    observed.own.interfaces.gone(&"eni-2".into());
    let (found, issues, memory) = at(&observed, three, &memory);
    assert_eq!((found[1].clone(), issues), ((2, to(AS_IT_IS), Some(9094)), vec![]), "its path is left as it is");

    add(&mut observed, "eni-2a", 2, Roles::Combined, ZONES[0]);
    add(&mut observed, "eni-2b", 2, Roles::Combined, ZONES[0]);
    let (found, issues, memory) = at(&observed, three, &memory);
    let both = ["eni-2a", "eni-2b"].map(Into::into).into();
    assert_eq!(
        (found[1].clone(), issues),
        ((2, to(AS_IT_IS), Some(9094)), vec![Issue::Node(NodeIssue::Interfaces(BrokerId(2), both))])
    );

    observed.own.interfaces = Listing::default();
    let (found, issues, _) = at(&observed, three, &memory);
    assert!(found.iter().all(|(_, path, _)| path == AS_IT_IS), "nobody looked: all stays as it is");
    assert_eq!((found.len(), issues), (3, vec![]));
}

#[test]
fn a_look_that_lists_no_interfaces_takes_nothing_away() {
    let spec = intent(spec());
    let before = decide(&spec, &Memory::default(), &begun());
    let mut kept = begun();
    kept.own.interfaces.whole = false;
    let again = decide(&spec, &before.memory, &kept);
    assert_eq!((paths(&again), &again.nodes), (paths(&before), &before.nodes));
    kept.own.interfaces.items.remove(&"eni-2".into());
    let third = nodes(&[(1, &[]), (3, &[])]);
    let again = decide(&intent(third), &before.memory, &kept);
    assert_eq!(paths(&again)[1], (2, to(AS_IT_IS), Some(9094)));
    let lost = Memory { ledger: before.memory.ledger, ..Memory::default() };
    assert_eq!(decide(&spec, &lost, &kept).nodes, None, "nobody says what node 2 is");
}

#[test]
fn a_controller_alone_has_no_port() {
    let mut observed = empty();
    add(&mut observed, "eni-1", 1, Roles::Controller, ZONES[0]);
    add(&mut observed, "eni-2", 2, Roles::Broker, ZONES[0]);
    let desired = decide(&intent(nodes(&[(1, &["Controller"]), (2, &[])])), &Memory::default(), &observed);
    assert_eq!(paths(&desired), [(2, to("10.0.0.2"), Some(9093))]);
}

#[test]
fn an_interface_in_another_place_leads_nowhere() {
    let mut observed = begun();
    add(&mut observed, "eni-3", 3, Roles::Combined, ZONES[0]);
    add(&mut observed, "eni-4", 4, Roles::Broker, "usw2-az4");
    let desired = decide(&intent(spec()), &Memory::default(), &observed);
    assert_eq!(paths(&desired).len(), 2);
    let elsewhere = Issue::BrokerInOtherZone(BrokerId(3), ZONES[2].into(), ZONES[0].into());
    assert_eq!(desired.issues, [elsewhere, Issue::BrokerZoneNotOffered(BrokerId(4), "usw2-az4".into())]);
}

#[test]
fn an_interface_of_somebody_else_is_nobodys() {
    let mut observed = empty();
    add(&mut observed, "eni-1", 1, Roles::Broker, ZONES[0]);
    observed.own.interfaces.with(&"eni-1".into(), |interface| {
        interface.tags.update(|tags| _ = tags.insert(OWNER_TAG.to_owned(), "c1/streaming/other".to_owned()));
    });
    let desired = decide(&intent(spec()), &Memory::default(), &observed);
    assert_eq!((words(&desired.memory.roles).as_str(), paths(&desired)), ("1cb 2cb 3cb", vec![]));
}
