//! Brokers that are made for an object: what of its spec is taken, who votes, and which path a broker has.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kpl_core::api::{KafkaPrivateLinkSpec, crd};
use kpl_core::desired::{
    Brokers, Desired, Goal, Identity, Intent, InvalidSpec, Issue, KnownRoles, Memory, NodeIssue, OfferedSubnet, Path,
    Provisioned, Request, Roll, VolumeDeletion, desired,
};
use kpl_core::model::{
    Account, BROKER_ID_TAG, BrokerId, Listing, NodeInterface, OWNER_TAG, Observed, Owner, Port, ROLES_TAG, Seen,
    Subnet, Tags, TargetId, TargetType, Timing, VolumeType, Vpc, node_entry, roles_tag,
};
use kpl_core::node::{CONTROLLER_PORT, ExtraProperties, INTERNAL_PORT, Roles};
use kpl_core::reason::Reason;
use serde_json::{Value, json};

const ZONES: [&str; 3] = ["usw2-az1", "usw2-az2", "usw2-az3"];

fn spec() -> Value {
    let node = |id: usize| json!({ "id": id, "zoneId": ZONES[id - 1] });
    json!({
        "region": "us-west-2",
        "network": {
            "vpcId": "vpc-1",
            "subnets": ZONES.map(|zone| json!({ "zoneId": zone, "subnetId": format!("subnet-{zone}") })),
        },
        "brokers": { "provisioned": {
            "nodes": [node(1), node(2), node(3)],
            "instanceType": "t3.large",
            "storage": { "sizeGiB": 100 },
            "kafka": {
                "version": "4.3.1",
                "distribution": { "url": "https://archive.example.com/kafka.tgz", "sha512": "A".repeat(128) },
                "heap": "4G",
            },
        } },
        "listeners": [{
            "name": "EXTERNAL", "brokerPort": 39092, "bootstrapPort": 9092, "portRange": { "first": 9093, "last": 9116 },
            "consumerCidrs": ["10.250.0.0/16"],
        }],
        "endpointService": { "consumers": [] },
    })
}

/// The spec with another value at a place below `brokers.provisioned`.
fn with(at: &str, value: Value) -> Value {
    let mut spec = spec();
    let (parent, key) = at.rsplit_once('/').expect("a place below another");
    let place = spec.pointer_mut(&format!("/brokers/provisioned{parent}")).expect("a place");
    place[key] = value;
    spec
}

fn parsed(spec: Value) -> Result<Intent, InvalidSpec> {
    let spec: KafkaPrivateLinkSpec = serde_json::from_value(spec).expect("a spec as users write it");
    Intent::parse(&spec)
}

fn intent(spec: Value) -> Intent {
    parsed(spec).expect("a valid spec")
}

fn made(intent: &Intent) -> &Provisioned {
    let Brokers::Provisioned(made) = &intent.brokers else { panic!("{:?}", intent.brokers) };
    made
}

#[test]
fn what_is_not_said_has_its_default() {
    let intent = intent(spec());
    let made = made(&intent);
    assert_eq!(made.machine.instance_type.as_str(), "t3.large");
    assert_eq!((&made.machine.image, &made.machine.key, &made.machine.profile), (&None, &None, &None));
    let storage = made.storage;
    assert_eq!((storage.size.gibibytes(), storage.volume_type), (100, VolumeType::Gp3));
    assert_eq!(storage.deletion, VolumeDeletion::Retain);
    assert_eq!(made.roll, Roll::OneByOne);
    assert_eq!(made.software.distribution.version.to_string(), "4.3.1");
    assert_eq!(made.software.distribution.sha512.as_str(), "a".repeat(128), "in the form of sha512sum");
    assert_eq!(made.software.heap.mebibytes, 4096);
    assert_eq!(made.software.properties, ExtraProperties::default());
    assert!(made.nodes.values().all(|node| node.roles.is_none()));
    assert_eq!(intent.target_type(), TargetType::Ip);
}

#[test]
fn what_is_said_is_taken() {
    let mut spec = with("/nodes", json!([{ "id": 7, "zoneId": "usw2-az2", "roles": ["Broker", "Controller"] }]));
    let provisioned = &mut spec["brokers"]["provisioned"];
    provisioned["image"] = json!({ "id": "ami-0123456789abcdef0" });
    provisioned["keyName"] = json!("ops");
    provisioned["instanceProfileArn"] = json!("arn:aws:iam::111122223333:instance-profile/kafka");
    provisioned["storage"] = json!({ "sizeGiB": 16384, "type": "gp2", "deletionPolicy": "Delete" });
    provisioned["roll"] = json!("OnDelete");
    provisioned["kafka"]["properties"] = json!({ "num.partitions": "3" });
    let intent = intent(spec);
    let made = made(&intent);
    let machine = &made.machine;
    assert_eq!(machine.image, Some("ami-0123456789abcdef0".into()));
    assert_eq!(machine.key, Some("ops".into()));
    assert_eq!(machine.profile, Some("arn:aws:iam::111122223333:instance-profile/kafka".into()));
    let storage = made.storage;
    assert_eq!((storage.size.to_string().as_str(), storage.volume_type.as_str()), ("16384 GiB", "gp2"));
    assert_eq!((storage.deletion, made.roll), (VolumeDeletion::Delete, Roll::OnDelete));
    assert_eq!(made.software.properties.iter().collect::<Vec<_>>(), [("num.partitions", "3")]);
    let node = &made.nodes[&BrokerId(7)];
    assert_eq!((node.zone.as_str(), node.roles), ("usw2-az2", Some(Roles::Combined)));
}

/// What an older or a later schema may let in.
#[test]
fn what_makes_no_sense_is_refused_by_its_field() {
    use Reason::{InvalidSpec as Invalid, PropertyRefused as Refused};
    let properties = "brokers.provisioned.kafka.properties";
    for (at, value, field, reason) in [
        ("/nodes", json!([{ "id": -1, "zoneId": ZONES[0] }]), "brokers.provisioned.nodes.id", Invalid),
        ("/nodes", json!([]), "brokers.provisioned.nodes", Invalid),
        (
            "/nodes",
            json!([{ "id": 1, "zoneId": ZONES[0], "roles": ["Controller"] }]),
            "brokers.provisioned.nodes",
            Invalid,
        ),
        ("/storage/sizeGiB", json!(0), "brokers.provisioned.storage.sizeGiB", Invalid),
        ("/storage/sizeGiB", json!(-1), "brokers.provisioned.storage.sizeGiB", Invalid),
        ("/storage/sizeGiB", json!(16385), "brokers.provisioned.storage.sizeGiB", Invalid),
        ("/kafka/version", json!("4.3"), "brokers.provisioned.kafka.version", Invalid),
        ("/kafka/version", json!("3.6.2"), "brokers.provisioned.kafka.version", Invalid),
        ("/kafka/distribution/sha512", json!("abc"), "brokers.provisioned.kafka.distribution.sha512", Invalid),
        ("/kafka/heap", json!("4GiB"), "brokers.provisioned.kafka.heap", Invalid),
        ("/kafka/properties", json!({ "node.id": "7" }), properties, Refused),
        ("/kafka/properties", json!({ "my.password": "7" }), properties, Refused),
        ("/kafka/properties", json!({ "a b": "7" }), properties, Refused),
    ] {
        let error = parsed(with(at, value.clone())).expect_err(&format!("{at} {value}"));
        assert_eq!((error.field.as_str(), error.reason), (field, reason), "{at} {value}: {error}");
    }
}

/// Every rule of the CRD.
fn rules() -> String {
    serde_json::to_string(&crd()).expect("a CRD is JSON")
}

#[test]
fn the_schema_refuses_no_property_that_would_be_taken() {
    let rules = rules();
    let (_, rest) = rules.split_once("!(k in [").expect("the rule of properties");
    let (names, rest) = rest.split_once("])").expect("a list");
    let names = names.split(", ").map(|name| name.trim_matches('\''));
    let (prefixes, _) = rest.split_once('"').expect("the end of the rule");
    let prefixes: Vec<_> = prefixes.split("startsWith('").skip(1).map(|text| text.split('\'').next()).collect();
    let prefixes = prefixes.into_iter().flatten();
    let mut count = 0;
    for name in names.map(str::to_owned).chain(prefixes.map(|prefix| format!("{prefix}x"))) {
        let refused = ExtraProperties::new([(name.clone(), "v".to_owned())].into());
        assert!(refused.is_err(), "{name} is refused by the schema alone");
        count += 1;
    }
    assert_eq!(count, 30);
}

#[test]
fn the_schema_knows_the_ports_between_nodes() {
    let ports = format!("a.brokerPort in [{CONTROLLER_PORT}, {INTERNAL_PORT}]");
    assert!(rules().contains(&ports), "{ports}");
}

fn identity() -> Identity {
    let owner = Owner { cluster_id: "c1".into(), namespace: "streaming".into(), name: "orders".into() };
    Identity { owner, holder: "holder".into(), uid: "uid".into() }
}

/// An account with the user's VPC and subnets, and nothing of ours.
fn empty() -> Observed {
    let mut observed = Observed::unread(Timestamp::UNIX_EPOCH);
    observed.inputs.account = Seen::Read(Account { id: "111122223333".into(), partition: "aws".into() });
    let cidrs = ["10.0.0.0/16".parse().expect("a CIDR")].into();
    observed.inputs.vpc = Seen::Read(Some(Vpc { id: "vpc-1".into(), cidrs }));
    let subnet = |zone: &str| Subnet {
        id: format!("subnet-{zone}").into(),
        vpc: "vpc-1".into(),
        zone: zone.into(),
        zone_name: zone.into(),
        cidr: "10.0.0.0/18".parse().expect("a CIDR"),
        free_addresses: 100,
        tags: Seen::Unread,
    };
    observed.inputs.subnets = Listing::whole(ZONES.iter().map(|zone| ((*zone).into(), vec![subnet(zone)])).collect());
    observed.inputs.interfaces = Listing::whole(BTreeMap::new());
    observed.target_groups = Listing::whole(BTreeMap::new());
    observed
}

/// An interface for a node, in a zone.
fn add(observed: &mut Observed, eni: &str, node: i32, roles: Roles, zone: &str) {
    let tags = Tags::from([
        (OWNER_TAG.to_owned(), identity().owner.to_string()),
        (BROKER_ID_TAG.to_owned(), node.to_string()),
        (ROLES_TAG.to_owned(), roles_tag(roles).to_owned()),
    ]);
    let octet = u8::try_from(node).expect("few nodes");
    let interface = NodeInterface { zone: zone.into(), address: [10, 0, 0, octet].into(), tags: Seen::Read(tags) };
    observed.inputs.interfaces.put(eni.into(), interface);
}

/// The three nodes' interfaces, as of a first apply.
fn begun() -> Observed {
    let mut observed = empty();
    for (id, zone) in (1..).zip(ZONES) {
        add(&mut observed, &format!("eni-{id}"), id, Roles::Combined, zone);
    }
    observed
}

fn decide(intent: &Intent, memory: &Memory, observed: &Observed) -> Desired {
    let timing = Timing::default();
    desired(&Request { identity: &identity(), intent, memory, observed, confirm: None, timing: &timing })
}

fn known(roles: &[(i32, Roles)]) -> Memory {
    Memory { roles: roles.iter().map(|(id, roles)| (BrokerId(*id), *roles)).collect(), ..Memory::default() }
}

/// `1cb` is a node that is controller and broker.
fn words(roles: &KnownRoles) -> String {
    let word = |(id, roles): (&BrokerId, &Roles)| {
        let letters = [(roles.controls(), "c"), (roles.serves(), "b")];
        let letters: String = letters.iter().filter_map(|(has, letter)| has.then_some(*letter)).collect();
        format!("{id}{letters}")
    };
    roles.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn nodes(list: &[(i32, &[&str])]) -> Value {
    let node = |(id, roles): &(i32, &[&str])| {
        let mut node = json!({ "id": id, "zoneId": ZONES[0] });
        if !roles.is_empty() {
            node["roles"] = json!(roles);
        }
        node
    };
    with("/nodes", list.iter().map(node).collect())
}

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
    unread.inputs.interfaces = Listing::default();
    assert_eq!(decide(&spec, &Memory::default(), &unread).nodes, None);
    let mut partly = begun();
    partly.inputs.interfaces.with(&"eni-3".into(), |interface| interface.tags = Seen::Unread);
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

/// Path and port of every broker.
fn paths(desired: &Desired) -> Vec<(i32, Option<String>, Option<u16>)> {
    let path = |path: &Path| match path {
        Path::To(target) => Some(target.to_string()),
        Path::AsItIs => None,
    };
    let port = |id: &BrokerId| desired.memory.ledger.port(&"EXTERNAL".into(), *id).map(|port| port.0);
    desired.brokers.iter().map(|(id, broker)| (id.0, path(&broker.path), port(id))).collect()
}

fn to(address: &str) -> Option<String> {
    Some(address.to_owned())
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

    observed.inputs.interfaces.gone(&"eni-4".into());
    let (found, _, memory) = at(&observed, three, &memory);
    assert_eq!(found, all);
    assert_eq!(words(&memory.roles), "1cb 2cb 3cb");

    observed.inputs.interfaces.gone(&"eni-2".into());
    let (found, issues, memory) = at(&observed, three, &memory);
    assert_eq!((found[1].clone(), issues), ((2, None, Some(9094)), vec![]), "its path is left as it is");

    add(&mut observed, "eni-2a", 2, Roles::Combined, ZONES[0]);
    add(&mut observed, "eni-2b", 2, Roles::Combined, ZONES[0]);
    let (found, issues, memory) = at(&observed, three, &memory);
    let both = ["eni-2a", "eni-2b"].map(Into::into).into();
    assert_eq!(
        (found[1].clone(), issues),
        ((2, None, Some(9094)), vec![Issue::Node(NodeIssue::Interfaces(BrokerId(2), both))])
    );

    observed.inputs.interfaces = Listing::default();
    let (found, issues, _) = at(&observed, three, &memory);
    assert!(found.iter().all(|(_, path, _)| path.is_none()), "nobody looked: all stays as it is");
    assert_eq!((found.len(), issues), (3, vec![]));
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
    observed.inputs.interfaces.with(&"eni-1".into(), |interface| {
        interface.tags.update(|tags| _ = tags.insert(OWNER_TAG.to_owned(), "c1/streaming/other".to_owned()));
    });
    let desired = decide(&intent(spec()), &Memory::default(), &observed);
    assert_eq!((words(&desired.memory.roles).as_str(), paths(&desired)), ("1cb 2cb 3cb", vec![]));
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
