//! Nodes of a provisioned cluster: their configuration and their user data, as golden files and by rules.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use kpl_core::kafka::{Entry, NotMerged, SecurityProtocol};
use kpl_core::model::{BrokerId, ListenerName, Port, VolumeId};
use kpl_core::node::{
    Because, Cluster, ClusterId, Distribution, ExtraProperties, Fingerprint, Format, Heap, LIMIT, Node, NotBooted,
    NotConfigured, Refused, Roles, Volume, dynamic, server_properties, user_data,
};

fn address(node: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 64 * (node % 4), 10 + node)
}

fn extra(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn cluster(version: &str, brokers: usize) -> Cluster {
    let controllers = if brokers < 3 { 1..=1 } else { 1..=3 };
    Cluster {
        id: ClusterId::of([7; 16]),
        controllers: controllers.map(|id| (BrokerId(id.into()), address(id))).collect(),
        brokers,
        distribution: Distribution {
            version: version.parse().expect("a version"),
            url: format!("https://kafka.s3.us-west-2.amazonaws.com/kafka_2.13-{version}.tgz"),
            sha512: "c0ffee00".repeat(16).parse().expect("a digest"),
        },
        heap: "4G".parse().expect("an amount"),
        vcpus: 2,
        extra: ExtraProperties::default(),
    }
}

fn with(mut cluster: Cluster, properties: &[(&str, &str)]) -> Cluster {
    cluster.extra = ExtraProperties::new(extra(properties)).expect("none is ours");
    cluster
}

fn offered(name: &str, port: u16, advertised: String) -> BTreeMap<ListenerName, Entry> {
    let entry = Entry { port: Port(port), advertised, protocol: SecurityProtocol::Plaintext };
    [(name.into(), entry)].into()
}

fn node(id: u8, roles: Roles) -> Node {
    let advertised = format!("b{id}.usw2-az{id}.abc.example:{}", 9092 + u16::from(id));
    Node {
        id: BrokerId(id.into()),
        zone: format!("usw2-az{id}").into(),
        address: address(id),
        roles,
        offered: if roles.serves() { offered("EXTERNAL", 39092, advertised) } else { BTreeMap::new() },
    }
}

fn volume(format: Format) -> Volume {
    Volume { id: VolumeId::new("vol-0123456789abcdef0"), format }
}

fn value(cluster: &Cluster, node: &Node, key: &str) -> Option<String> {
    let text = server_properties(cluster, node).expect("it fits");
    let lines = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let values: Vec<&str> = lines.collect();
    assert!(values.len() <= 1, "{key} stands twice:\n{text}");
    values.first().map(|value| (*value).to_owned())
}

#[test]
fn a_combined_node_of_the_oldest_version() {
    let told = user_data(&cluster("3.7.1", 3), &node(1, Roles::Combined), &volume(Format::Allowed));
    insta::assert_snapshot!("combined_3.7.1", told.expect("it fits").as_str());
}

#[test]
fn nodes_of_the_newest_version() {
    let cluster = with(cluster("4.3.1", 4), &[("num.partitions", "3")]);
    let text = |node| server_properties(&cluster, &node).expect("it fits");
    insta::assert_snapshot!("properties_combined_4.3.1", text(node(2, Roles::Combined)));
    insta::assert_snapshot!("properties_controller_4.3.1", text(node(3, Roles::Controller)));
    let broker = user_data(&cluster, &node(4, Roles::Broker), &volume(Format::Forbidden)).expect("it fits");
    // The scripts are those of the other golden file.
    let values: Vec<&str> = broker.as_str().lines().take_while(|line| !line.starts_with("root=")).collect();
    insta::assert_snapshot!("values_of_machine_4.3.1", values.join("\n"));
    insta::assert_snapshot!("properties_broker_4.3.1", text(node(4, Roles::Broker)));
}

#[test]
fn replicas_follow_the_brokers() {
    for (brokers, factor, in_sync) in [(1, "1", "1"), (2, "2", "1"), (3, "3", "2"), (4, "3", "2"), (50, "3", "2")] {
        let cluster = cluster("4.3.1", brokers);
        let is = |key: &str| value(&cluster, &node(1, Roles::Combined), key);
        for key in ["default", "offsets.topic", "transaction.state.log", "share.coordinator.state.topic"] {
            assert_eq!(is(&format!("{key}.replication.factor")).as_deref(), Some(factor), "{brokers} brokers");
        }
        for key in ["min.insync.replicas", "transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr"] {
            assert_eq!(is(key).as_deref(), Some(in_sync), "{brokers} brokers");
        }
    }
}

#[test]
fn voters_do_not_follow_the_nodes() {
    let told = |brokers| value(&cluster("4.3.1", brokers), &node(1, Roles::Combined), "controller.quorum.voters");
    assert_eq!(told(3).as_deref(), Some("1@10.0.64.11:9093,2@10.0.128.12:9093,3@10.0.192.13:9093"));
    assert_eq!(told(3), told(9));
    let fourth = server_properties(&cluster("4.3.1", 4), &node(4, Roles::Combined));
    assert_eq!(fourth, Err(NotConfigured::NotAVoter(BrokerId(4))));
    let first = server_properties(&cluster("4.3.1", 4), &node(1, Roles::Broker));
    assert_eq!(first, Err(NotConfigured::NotAVoter(BrokerId(1))));
    let mut moved = node(1, Roles::Combined);
    moved.address = address(9);
    assert_eq!(server_properties(&cluster("4.3.1", 3), &moved), Err(NotConfigured::NotAVoter(BrokerId(1))));
}

#[test]
fn a_user_changes_defaults_and_adds_more() {
    let properties = [("min.insync.replicas", "1"), ("num.partitions", "6"), ("auto.create.topics.enable", "true")];
    let cluster = with(cluster("3.7.1", 3), &properties);
    for (key, wanted) in properties {
        assert_eq!(value(&cluster, &node(1, Roles::Combined), key).as_deref(), Some(wanted));
    }
}

#[test]
fn a_value_is_read_by_java_as_it_was_written() {
    for (said, written) in [
        ("a b", "a b"),
        (" a", r"\ a"),
        (r"C:\x", r"C:\\x"),
        ("a\nlisteners=x", r"a\u000alisteners=x"),
        ("ü€", r"\u00fc\u20ac"),
        ("😀", r"\ud83d\ude00"),
        ("a=b:c#d!e", "a=b:c#d!e"),
    ] {
        let cluster = with(cluster("4.3.1", 3), &[("message.of.the.day", said)]);
        assert_eq!(value(&cluster, &node(1, Roles::Combined), "message.of.the.day").as_deref(), Some(written));
    }
}

#[test]
fn what_is_ours_is_refused_by_name() {
    for (key, because, words) in [
        ("node.id", Because::Node, "follows from the node"),
        ("broker.rack", Because::Node, "follows from the node"),
        ("controller.quorum.voters", Because::Quorum, "first apply"),
        ("advertised.listeners", Because::Listeners, "spec.listeners"),
        ("log.dirs", Because::Storage, "volume"),
        ("unclean.leader.election.enable", Because::Durability, "would be lost"),
        ("controlled.shutdown.enable", Because::Roll, "a roll stops brokers"),
        ("connections.max.idle.ms", Because::Idle, "idle timeout"),
        ("listener.name.external.ssl.keystore.location", Because::Access, "securityProtocol"),
        ("authorizer.class.name", Because::Access, "securityProtocol"),
        ("sasl.enabled.mechanisms", Because::Access, "securityProtocol"),
        ("delegation.token.secret.key", Because::Secret, "user data"),
        ("my.reporter.password", Because::Secret, "user data"),
        ("zookeeper.connect", Because::ZooKeeper, "no ZooKeeper"),
        ("", Because::NoKey, "not the name"),
        ("--x", Because::NoKey, "not the name"),
        ("a=b", Because::NoKey, "not the name"),
        ("a\nb", Because::NoKey, "not the name"),
    ] {
        let refused = ExtraProperties::new(extra(&[(key, "1"), ("num.partitions", "1")])).expect_err("it is ours");
        assert_eq!(refused, Refused([(key.to_owned(), because)].into()));
        let said = refused.to_string();
        assert!(said.starts_with(&format!("{key}: ")) && said.contains(words), "{said}");
    }
    let two = ExtraProperties::new(extra(&[("node.id", "1"), ("log.dir", "/"), ("num.partitions", "1")]));
    assert_eq!(two.expect_err("they are ours").0.len(), 2);
    for fine in ["num.partitions", "log.retention.hours", "controller.quorum.fetch.timeout.ms", "log.segment.bytes"] {
        assert!(ExtraProperties::new(extra(&[(fine, "1")])).is_ok(), "{fine}");
    }
}

#[test]
fn listeners_that_do_not_fit_are_refused() {
    let refused = |offers: &[(&str, u16)]| {
        let mut node = node(1, Roles::Combined);
        node.offered = offers.iter().flat_map(|(name, port)| offered(name, *port, "h:1".into())).collect();
        server_properties(&cluster("4.3.1", 3), &node).expect_err("it is refused").to_string()
    };
    assert!(refused(&[("internal", 39092)]).contains("listener internal: the name is that of"));
    assert!(refused(&[("EXTERNAL", 9093)]).contains("listener EXTERNAL: brokerPort 9093 is also CONTROLLER's"));
    assert!(refused(&[("EXTERNAL", 9094)]).contains("9094 is also INTERNAL's"));
    assert!(refused(&[("A", 39092), ("B", 39092)]).contains("listener B: brokerPort 39092 is also A's"));
    let mut node = node(1, Roles::Combined);
    let entry = node.offered.values_mut().next().expect("one");
    entry.protocol = SecurityProtocol::SaslSsl;
    let refused = server_properties(&cluster("4.3.1", 3), &node).expect_err("it is refused").to_string();
    assert!(refused.contains("speak PLAINTEXT, and not SASL_SSL"), "{refused}");
    assert!(NotConfigured::from(NotMerged::NoListeners).to_string().contains("no line listeners"));
}

#[test]
fn more_replicas_than_brokers_are_refused() {
    for (brokers, key, said) in [
        (3, "default.replication.factor", "4"),
        (1, "min.insync.replicas", "2"),
        (3, "offsets.topic.replication.factor", "0"),
        (3, "transaction.state.log.min.isr", "two"),
    ] {
        let refused = server_properties(&with(cluster("4.3.1", brokers), &[(key, said)]), &node(1, Roles::Combined));
        let said = refused.expect_err("it is refused").to_string();
        assert!(said.contains(key) && said.contains(&format!("from 1 to {brokers}")), "{said}");
    }
}

#[test]
fn a_cluster_id_is_one_that_kafka_takes() {
    assert_eq!(ClusterId::of([0; 16]).as_str(), "AAAAAAAAQACAAAAAAAAAAA");
    assert_eq!(ClusterId::of([0xff; 16]).as_str(), "f_______T_-__________w");
    for byte in 0..=255 {
        let id = ClusterId::of([byte; 16]);
        assert!(id.as_str().len() == 22 && !id.as_str().starts_with('-'), "{id}");
        assert_eq!(id.as_str().parse(), Ok(id));
    }
    for bad in ["", "AAAA", "AAAAAAAAQACAAAAAAAAAAB", "AAAAAAAAQACAAAAAAAAA+A", "AAAAAAAAQACAAAAAAAAAAA=="] {
        assert!(bad.parse::<ClusterId>().is_err(), "{bad}");
    }
}

#[test]
fn a_fingerprint_changes_with_what_takes_a_restart() {
    let of = |cluster: &Cluster| Fingerprint::of(cluster, &node(1, Roles::Combined)).expect("it fits");
    let old = cluster("4.3.1", 3);
    let before = of(&old);
    let restarts: [fn(&mut Cluster); 4] = [
        |cluster| cluster.heap = Heap { mebibytes: 512 },
        |cluster| cluster.distribution.version = "4.3.2".parse().expect("a version"),
        |cluster| cluster.distribution.sha512 = "00".repeat(64).parse().expect("a digest"),
        |cluster| *cluster = with(cluster.clone(), &[("num.partitions", "3")]),
    ];
    for (at, change) in restarts.into_iter().enumerate() {
        let mut changed = old.clone();
        change(&mut changed);
        assert_ne!(of(&changed), before, "change {at}");
    }
    let mut elsewhere = old.clone();
    elsewhere.distribution.url = "s3://mirror/kafka.tgz".into();
    assert_eq!(of(&elsewhere), before, "the same archive");
    assert_eq!(of(&cluster("4.3.1", 9)), before, "one of many as one of three");
    assert_ne!(Fingerprint::of(&old, &node(2, Roles::Combined)), Ok(before.clone()));
    assert_eq!(Fingerprint::from(before.as_str()), before);
}

/// What Kafka would not heed rolls nobody.
#[test]
fn a_shadowed_key_is_not_rolled() {
    for (version, rolled) in [("3.7.1", true), ("4.0.0", true), ("4.1.0", false), ("4.3.1", false)] {
        let of = |cluster: &Cluster| Fingerprint::of(cluster, &node(1, Roles::Combined)).expect("it fits");
        let old = cluster(version, 3);
        let changed = with(cluster(version, 3), &[("min.insync.replicas", "1")]);
        assert_eq!(of(&old) != of(&changed), rolled, "{version}");
        let said = |cluster| dynamic(cluster).into_iter().map(|(_, value)| value).collect::<Vec<_>>();
        assert_eq!(
            (said(&old), said(&changed)),
            if rolled { (vec![], vec![]) } else { (vec!["2".into()], vec!["1".into()]) }
        );
    }
}

#[test]
fn user_data_are_no_longer_than_aws_takes() {
    let long = "x".repeat(LIMIT);
    let cluster = with(cluster("4.3.1", 3), &[("long", &long)]);
    let node = node(1, Roles::Combined);
    let refused = user_data(&cluster, &node, &volume(Format::Allowed)).expect_err("it is too long");
    let NotBooted::TooLarge { node: BrokerId(1), bytes } = refused else { panic!("{refused}") };
    assert!(refused.to_string().contains(&format!("have to be {} shorter", bytes - LIMIT)), "{refused}");
    let fits = "x".repeat(2 * LIMIT - bytes);
    let told = user_data(&with(cluster, &[("long", &fits)]), &node, &volume(Format::Allowed)).expect("it fits");
    assert_eq!(told.as_str().len(), LIMIT);
}

#[test]
fn user_data_are_ascii_whatever_a_user_writes() {
    let cluster = with(cluster("4.3.1", 3), &[("quoted", "it's \"$(x)\" `y` \\ ü\n--==kafka-privatelink==--")]);
    let told = user_data(&cluster, &node(1, Roles::Combined), &volume(Format::Allowed)).expect("it fits");
    assert!(told.as_str().is_ascii());
    assert!(told.as_str().contains(r#"quoted=it'\''s "$(x)" `y` \\ \u00fc\u000a--==kafka-privatelink==--"#));
    assert_eq!(told.as_str().lines().filter(|line| line.starts_with("--")).count(), 4);
}

#[test]
fn amounts_and_versions() {
    for (said, options) in [("4G", "-Xms4G -Xmx4G"), ("512M", "-Xms512M -Xmx512M"), ("2048M", "-Xms2G -Xmx2G")] {
        assert_eq!(said.parse::<Heap>().expect("an amount").options(), options);
    }
    for bad in ["", "G", "4", "0G", "+4G", "4g", "4 G", "4T", "9999999999G", "4194304G"] {
        assert!(bad.parse::<Heap>().is_err(), "{bad}");
    }
    for bad in ["4.3", "4.3.1.0", "4.3.x", "+4.3.1", "4..1", "", "3.6.2", "99999.0.0"] {
        assert!(bad.parse::<kpl_core::node::Version>().is_err(), "{bad}");
    }
    assert!("4.10.0".parse::<kpl_core::node::Version>().expect("a version") > "4.9.1".parse().expect("a version"));
}
