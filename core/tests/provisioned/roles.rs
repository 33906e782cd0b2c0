//! What each node does in Kafka.

use kpl_core::desired::{Issue, KnownRoles, Memory, NodeIssue, OfferedSubnet};
use kpl_core::model::{BROKER_ID_TAG, BrokerId, Listing, ROLES_TAG, Seen, Tags, node_entry, roles_tag};
use kpl_core::node::Roles;
use kpl_core::reason::Reason;

use super::scene::{ZONES, add, begun, decide, empty, intent, known, nodes, spec, words};

#[test]
fn roles_of_the_first_apply() {
    const C: &[&str] = &["Controller"];
    const B: &[&str] = &["Broker"];
    const CB: &[&str] = &["Controller", "Broker"];
    const NONE: &[&str] = &[];
    for (list, given) in [
        (&[(1, NONE)][..], "1cb"),
        (&[(1, NONE), (2, NONE)], "1cb 2b"),
        (&[(3, NONE), (2, NONE), (1, NONE)], "1cb 2cb 3cb"),
        (&[(9, NONE), (4, NONE), (5, NONE), (7, NONE), (6, NONE)], "4cb 5cb 6cb 7b 9b"),
        (&[(1, B), (2, NONE), (3, NONE), (4, NONE), (5, NONE)], "1b 2cb 3cb 4cb 5b"),
        (&[(1, B), (2, B), (3, NONE), (4, NONE)], "1b 2b 3cb 4b"),
        (&[(1, NONE), (2, C), (3, NONE)], "1b 2c 3b"),
        (&[(1, CB), (2, C), (3, C), (4, B), (5, NONE)], "1cb 2c 3c 4b 5b"),
        (&[(1, CB), (2, CB), (3, CB), (4, C), (5, C)], "1cb 2cb 3cb 4c 5c"),
    ] {
        let desired = decide(&intent(nodes(list)), &Memory::default(), &empty());
        assert_eq!(words(&desired.memory.roles), given, "{list:?}");
        let wanted = desired.nodes.expect("everything is known");
        let roles = wanted.nodes.iter().map(|(id, node)| (*id, node.roles)).collect();
        assert_eq!(words(&roles), given, "{list:?}");
        assert!(wanted.voters.iter().all(|id| roles[id].controls()));
        assert_eq!(desired.issues, [], "{list:?}");
        // Whatever becomes of the spec: they stay.
        let again = decide(&intent(nodes(list)), &desired.memory, &empty());
        assert_eq!(again.memory.roles, desired.memory.roles);
    }
}

#[test]
fn an_even_number_of_controllers_is_nobody() {
    for (list, controllers) in [
        (&[(1, &["Controller"][..]), (2, &["Controller", "Broker"])][..], 2),
        (&[(1, &["Broker"]), (2, &["Broker"])], 0),
    ] {
        let desired = decide(&intent(nodes(list)), &Memory::default(), &empty());
        let [Issue::Node(NodeIssue::ControllersUneven(ids))] = desired.issues.as_slice() else { panic!("{desired:?}") };
        assert_eq!(ids.len(), controllers);
        assert_eq!((desired.nodes, words(&desired.memory.roles)), (None, String::new()));
    }
}

#[test]
fn a_node_that_comes_later_is_a_broker_whatever_its_id() {
    use Roles::{Broker, Combined};
    let memory = known(&[(2, Combined), (3, Broker)]);
    let desired = decide(&intent(nodes(&[(1, &[]), (2, &[]), (3, &[]), (4, &["Broker"])])), &memory, &empty());
    assert_eq!(words(&desired.memory.roles), "1b 2cb 3b 4b");
    assert_eq!(desired.issues, []);
}

#[test]
fn voters_stay_whatever_the_spec_says() {
    use Roles::{Broker, Combined};
    let memory = known(&[(1, Combined), (2, Combined), (3, Combined), (4, Broker)]);
    let spec = intent(nodes(&[(1, &[]), (3, &["Broker"]), (5, &["Controller", "Broker"])]));
    let desired = decide(&spec, &memory, &empty());
    let wanted = desired.nodes.expect("everything is known");
    assert_eq!(wanted.voters, [1, 2, 3].map(BrokerId).into());
    let roles: KnownRoles = wanted.nodes.iter().map(|(id, node)| (*id, node.roles)).collect();
    assert_eq!(words(&roles), "1cb 3cb", "one that would be a voter more is not made");
    assert_eq!(words(&desired.memory.roles), "1cb 2cb 3cb", "4 has no interface any more");
    let reasons: Vec<_> = desired.issues.iter().map(Issue::reason).collect();
    assert_eq!(reasons, [Reason::ControllersRemoved, Reason::RolesFixed, Reason::ControllersFixed]);
}

#[test]
fn roles_are_found_again_by_tags() {
    use Roles::{Broker, Combined, Controller};
    let mut observed = empty();
    for (id, roles) in [(1, Broker), (2, Controller), (3, Combined), (4, Combined)] {
        add(&mut observed, &format!("eni-{id}"), id, roles, ZONES[0]);
    }
    let spec = intent(nodes(&[(1, &[]), (2, &["Controller"]), (3, &[]), (4, &[]), (5, &[])]));
    let desired = decide(&spec, &Memory::default(), &observed);
    assert_eq!(words(&desired.memory.roles), "1b 2c 3cb 4cb 5b");
    // Where somebody has changed a tag, status is right.
    let desired = decide(&spec, &known(&[(1, Combined), (2, Controller), (3, Combined)]), &observed);
    assert_eq!(words(&desired.memory.roles), "1cb 2c 3cb 4cb 5b");
    for roles in [Controller, Broker, Combined] {
        let tags = [(BROKER_ID_TAG, "7"), (ROLES_TAG, roles_tag(roles))];
        let tags: Tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert_eq!(node_entry(&tags), Some((BrokerId(7), roles)));
    }
}

#[test]
fn who_votes_is_not_guessed() {
    let spec = intent(spec());
    // Nobody looked, or not at all of it.
    let mut unread = empty();
    unread.own.interfaces = Listing::default();
    assert_eq!(decide(&spec, &Memory::default(), &unread).nodes, None);
    let mut partly = begun();
    partly.own.interfaces.with(&"eni-3".into(), |interface| interface.tags = Seen::Unread);
    let desired = decide(&spec, &Memory::default(), &partly);
    assert_eq!((desired.nodes, desired.memory.roles), (None, KnownRoles::new()));
    // What status says is enough.
    let memory = known(&[(1, Roles::Combined), (2, Roles::Broker), (3, Roles::Broker)]);
    assert!(decide(&spec, &memory, &unread).nodes.is_some());
    // Brokers without a controller.
    let mut headless = empty();
    add(&mut headless, "eni-4", 4, Roles::Broker, ZONES[0]);
    let desired = decide(&spec, &Memory::default(), &headless);
    assert_eq!(desired.nodes, None);
    assert_eq!(desired.issues, [Issue::Node(NodeIssue::ControllersUnknown([BrokerId(4)].into()))]);
}

#[test]
fn a_node_knows_the_subnet_of_its_zone() {
    let mut observed = empty();
    observed.inputs.subnets.items.insert(ZONES[1].into(), Vec::new());
    let desired = decide(&intent(spec()), &Memory::default(), &observed);
    let wanted = desired.nodes.expect("roles are known");
    let subnets: Vec<_> = wanted.nodes.values().map(|node| node.subnet.clone()).collect();
    let there = |zone: &str| Some(OfferedSubnet::Existing(format!("subnet-{zone}").into(), zone.into()));
    assert_eq!(subnets, [there(ZONES[0]), None, there(ZONES[2])]);
    assert_eq!(desired.issues, [Issue::SubnetNotFound(ZONES[1].into())]);
}

#[test]
fn every_issue_says_what_to_do() {
    let ids = |ids: &[i32]| ids.iter().copied().map(BrokerId).collect();
    let issues = [
        NodeIssue::Interfaces(BrokerId(2), ["eni-1", "eni-2"].map(Into::into).into()),
        NodeIssue::RolesFixed { node: BrokerId(3), said: Roles::Broker, real: Roles::Combined },
        NodeIssue::ControllersFixed(BrokerId(4), ids(&[1, 2, 3])),
        NodeIssue::ControllersRemoved(ids(&[1, 2])),
        NodeIssue::ControllersUneven(ids(&[1, 2])),
        NodeIssue::ControllersUneven(ids(&[])),
        NodeIssue::ControllersUnknown(ids(&[4, 5])),
    ];
    let said = issues.map(Issue::Node).map(|issue| {
        let who = if issue.needs_person() { "a person" } else { "nobody" };
        format!("{} (mended by {who}): {issue}", issue.reason().as_str())
    });
    insta::assert_snapshot!(said.join("\n"));
}
