//! What a look at every port is judged to be: each wrong wiring by its own reason, and none where all is right.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kpl_core::kafka::{
    Answered, Authorized, Certificate, Endpoint, Former, Identity, Level, Look, Obstacle, Proof, Roster, Route, Seat,
    SecurityProtocol, Settings, Sighting, WiredBroker, WiredListener, Wiring, judge,
};
use kpl_core::model::{BrokerId, ListenerName, Port};
use kpl_core::reason::Reason;

const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

fn host(broker: i32, zone: i32) -> String {
    format!("b{broker}.usw2-az{zone}.abc")
}

fn endpoint(host: &str, port: u16) -> Endpoint {
    Endpoint { host: host.to_owned(), port: Port(port) }
}

/// Three brokers in three zones, at ports 9093 to 9095 (or a hundred more).
fn listener(protocol: SecurityProtocol, shift: u16) -> WiredListener {
    let broker = |id: i32| {
        let port = 9092 + shift + u16::try_from(id).expect("few");
        let elsewhere =
            (1..=3).filter(|zone| *zone != id).map(|zone| (format!("usw2-az{zone}").into(), host(id, zone)));
        let wired = WiredBroker {
            port: Port(port),
            zone: Some(format!("usw2-az{id}").into()),
            advertised: Some(endpoint(&host(id, id), port)),
            elsewhere: elsewhere.collect(),
        };
        (BrokerId(id), wired)
    };
    WiredListener {
        protocol,
        broker_port: Port(39092 + shift),
        bootstrap_port: Port(9092 + shift),
        hosts_known: true,
        cross_zone: true,
        brokers: (1..=3).map(broker).collect(),
    }
}

/// An offer, and a look that finds all as it was planned.
struct Case {
    wiring: Wiring,
    look: Look,
    former: BTreeMap<(ListenerName, BrokerId), Former>,
}

impl Case {
    fn right(protocol: SecurityProtocol, listeners: &[(&str, u16)]) -> Self {
        let wired = listeners.iter().map(|(name, shift)| ((*name).into(), listener(protocol, *shift)));
        let wiring = Wiring { listeners: wired.collect() };
        let mut look = Look { at: Timestamp::UNIX_EPOCH, ports: BTreeMap::new(), unreadable: BTreeMap::new() };
        for (name, listener) in &wiring.listeners {
            let advertised =
                listener.brokers.iter().map(|(id, broker)| (*id, broker.advertised.clone().expect("said")));
            let roster = Roster { cluster_id: Some("c".into()), brokers: advertised.collect() };
            let hosts = roster.brokers.values().map(|endpoint| endpoint.host.clone()).collect();
            let certificate = Certificate { expires: Timestamp::UNIX_EPOCH, fits: hosts, names: Vec::new() };
            let seen = |seat| Sighting {
                reached: Some(if seat == Seat::Bootstrap { Level::Metadata } else { Level::Identity }),
                obstacle: None,
                certificate: listener.protocol.encrypts().then(|| certificate.clone()),
                answered: Answered {
                    roster: Some(roster.clone()),
                    identity: (seat != Seat::Bootstrap).then_some(Authorized::Yes(Identity::Expected)),
                    settings: Some(Settings::default()),
                    running: roster.brokers.keys().copied().collect(),
                },
            };
            let seats = [Seat::Bootstrap].into_iter().chain(listener.brokers.keys().map(|id| Seat::Broker(*id)));
            look.ports.extend(seats.map(|seat| ((name.clone(), seat), seen(seat))));
        }
        Self { wiring, look, former: BTreeMap::new() }
    }

    fn plain() -> Self {
        Self::right(SecurityProtocol::Plaintext, &[("EXTERNAL", 0)])
    }

    fn two() -> Self {
        Self::right(SecurityProtocol::Plaintext, &[("EXTERNAL", 0), ("EXTERNAL2", 100)])
    }

    fn at(&mut self, listener: &str, seat: Seat) -> &mut Sighting {
        self.look.ports.get_mut(&(listener.into(), seat)).expect("a port")
    }

    /// Only what stands in the way is seen at a broker's port.
    fn obstruct(&mut self, listener: &str, broker: i32, reached: Option<Level>, obstacle: Obstacle) {
        let answered = Answered::default();
        *self.at(listener, Seat::Broker(BrokerId(broker))) =
            Sighting { reached, obstacle: Some(obstacle), certificate: None, answered };
    }

    /// No client of the listener is told of the broker.
    fn unlist(&mut self, listener: &str, broker: i32) {
        for ((name, _), sighting) in &mut self.look.ports {
            if name.as_str() == listener
                && let Some(roster) = &mut sighting.answered.roster
            {
                roster.brokers.remove(&BrokerId(broker));
            }
        }
    }

    /// Everybody lists this for a broker.
    fn advertise(&mut self, broker: i32, host: &str, port: u16) {
        for sighting in self.look.ports.values_mut() {
            let roster = sighting.answered.roster.as_mut().expect("a roster");
            roster.brokers.insert(BrokerId(broker), endpoint(host, port));
        }
    }

    fn had(&mut self, broker: i32, advertised_before: Option<&str>) {
        let former = Former { had: true, advertised_before: advertised_before.map(str::to_owned) };
        self.former.insert(("EXTERNAL".into(), BrokerId(broker)), former);
    }

    /// Two looks, half a minute apart.
    fn judged(&self) -> Proof {
        let first = judge(&self.wiring, &self.look, &self.former, None);
        let later = Look { at: self.look.at + PATIENCE, ..self.look.clone() };
        let second = judge(&self.wiring, &later, &self.former, Some(&first));
        let certain = first.faults.values().filter(|since| since.fault.is_certain()).count();
        assert_eq!(first.in_doubt(PATIENCE), certain > 0, "the first look alone says nothing for certain");
        assert!(!second.in_doubt(PATIENCE));
        second
    }

    #[track_caller]
    fn is(&self, expected: &[(Seat, Reason, &str)]) {
        let proof = self.judged();
        let found: Vec<_> =
            proof.counting(PATIENCE).map(|(_, seat, fault)| (seat, fault.reason(), fault.to_string())).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for ((seat, reason, words), (wanted, because, part)) in found.iter().zip(expected) {
            assert_eq!((seat, reason), (wanted, because), "{found:#?}");
            assert!(words.contains(part), "{words:?} lacks {part:?}");
        }
    }

    fn level(&self, broker: i32) -> Option<Level> {
        self.judged().ports[&("EXTERNAL".into(), Seat::Broker(BrokerId(broker)))].level
    }
}

const B1: Seat = Seat::Broker(BrokerId(1));
const B2: Seat = Seat::Broker(BrokerId(2));
const B3: Seat = Seat::Broker(BrokerId(3));

#[test]
fn what_is_right_is_proved_to_the_last_level() {
    for protocol in [SecurityProtocol::Plaintext, SecurityProtocol::SaslSsl] {
        let case = Case::right(protocol, &[("EXTERNAL", 0), ("EXTERNAL2", 100)]);
        case.is(&[]);
        assert_eq!(case.level(2), Some(Level::Identity));
        let bootstrap = &case.judged().ports[&("EXTERNAL".into(), Seat::Bootstrap)];
        assert_eq!(bootstrap.level, Some(Level::Metadata));
    }
}

#[test]
fn two_ports_are_swapped() {
    let mut case = Case::plain();
    for (at, other) in [(1, 2), (2, 1)] {
        let sighting = case.at("EXTERNAL", Seat::Broker(BrokerId(at)));
        sighting.answered.identity = Some(Authorized::Yes(Identity::Other(Some(BrokerId(other)))));
    }
    case.is(&[
        (B1, Reason::PortLeadsToOtherBroker, "leads to broker 2"),
        (B2, Reason::PortLeadsToOtherBroker, "leads to broker 1"),
    ]);
    assert_eq!((case.level(1), case.level(3)), (Some(Level::Metadata), Some(Level::Identity)));
}

#[test]
fn a_broker_advertises_something_else() {
    let wanted = "must advertise b2.usw2-az2.abc:9094";
    for (host, port, reason) in [
        ("b2.usw2-az2.abc", 9095, Reason::AdvertisesOtherPort),
        ("b2.usw2-az3.abc", 9094, Reason::AdvertisesOtherZone),
        ("b2.usw2-az2.def", 9094, Reason::AdvertisesOtherAddress),
    ] {
        let mut case = Case::plain();
        case.advertise(2, host, port);
        case.is(&[(B2, reason, wanted)]);
        case.is(&[(B2, reason, &format!("advertises {host}:{port}"))]);
        assert_eq!(case.level(1), Some(Level::ApiVersions), "what it lists is wrong");
        case.had(2, Some(&format!("{host}:{port}")));
        case.is(&[(B2, Reason::BrokerNotRestarted, "not restarted")]);
    }
}

/// A broker hears late of what another advertises now.
#[test]
fn its_own_word_counts_before_that_of_others() {
    let mut case = Case::plain();
    let at_first = case.at("EXTERNAL", B1).answered.roster.as_mut().expect("a roster");
    at_first.brokers.insert(BrokerId(2), endpoint("old", 1));
    case.is(&[]);
}

#[test]
fn a_listener_is_missing_on_one_broker() {
    let mut case = Case::two();
    case.obstruct("EXTERNAL", 2, None, Obstacle::Refused);
    case.unlist("EXTERNAL", 2);
    case.is(&[(B2, Reason::BrokerNotRestarted, "lacks the listener")]);
    case.had(2, None);
    case.is(&[(B2, Reason::BrokerMissingListener, "lacks the listener that it had")]);
}

/// Kafka's own traffic shows that it runs.
#[test]
fn a_broker_that_fetches_is_alive() {
    let mut case = Case::plain();
    case.obstruct("EXTERNAL", 2, Some(Level::Tcp), Obstacle::Closed);
    case.unlist("EXTERNAL", 2);
    case.is(&[(B2, Reason::BrokerNotRestarted, "lacks the listener")]);
    for sighting in case.look.ports.values_mut() {
        sighting.answered.running.remove(&BrokerId(2));
    }
    case.is(&[(B2, Reason::BrokerUnavailable, "does not answer")]);
    // It may have been listed a moment ago: that says nothing of another listener.
    case.had(2, None);
    case.is(&[(B2, Reason::BrokerUnavailable, "does not answer")]);
}

#[test]
fn a_dynamic_value_hides_the_listener() {
    let mut case = Case::plain();
    case.unlist("EXTERNAL", 3);
    let sighting = case.at("EXTERNAL", B3);
    sighting.answered.roster = Some(Roster::default());
    case.is(&[(B3, Reason::DynamicListenersOverride, "seems to have a dynamic value")]);
    case.at("EXTERNAL", B3).answered.settings.as_mut().expect("settings").dynamic_listeners = true;
    case.is(&[(B3, Reason::DynamicListenersOverride, "has a dynamic value")]);
}

#[test]
fn what_stands_in_the_way_has_its_reason() {
    for (obstacle, reason, words) in [
        (Obstacle::NotKafka("HTTP/1.1 400".into()), Reason::NotKafka, "HTTP/1.1 400"),
        (Obstacle::Silent, Reason::PortSilent, "says nothing"),
        (Obstacle::WantsTls, Reason::ProtocolMismatch, "speaks TLS"),
        (Obstacle::SpeaksPlaintext, Reason::ProtocolMismatch, "does not speak TLS"),
        (Obstacle::Handshake("certificate required".into()), Reason::HandshakeFailed, "certificate required"),
        (Obstacle::Untrusted("unknown issuer".into()), Reason::CertificateUntrusted, "unknown issuer"),
        (Obstacle::OtherName { wanted: "b2.x".into() }, Reason::CertificateMismatch, "does not name b2.x"),
        (Obstacle::MechanismNotOffered { offered: vec!["PLAIN".into()] }, Reason::MechanismNotOffered, "takes PLAIN"),
        (Obstacle::LogInRefused("invalid".into()), Reason::AuthenticationFailed, "refuses the log-in: invalid"),
        (Obstacle::Error { request: "Metadata", code: 35 }, Reason::KafkaError, "Metadata with Kafka's error 35"),
        (Obstacle::NoCredentials, Reason::AuthenticationNeeded, "credentialsSecret"),
        (Obstacle::NoRoute("timed out".into()), Reason::NoRoute, "timed out"),
    ] {
        let mut case = Case::plain();
        case.obstruct("EXTERNAL", 2, Some(Level::Tcp), obstacle);
        case.is(&[(B2, reason, words)]);
        assert_eq!(case.level(2), Some(Level::Tcp));
    }
}

#[test]
fn what_cannot_be_told_is_not_wrong() {
    let mut case = Case::plain();
    case.at("EXTERNAL", B2).answered.identity = Some(Authorized::No);
    case.is(&[(B2, Reason::PermissionNeeded, "DescribeConfigs on Cluster")]);
    assert_eq!(case.level(2), Some(Level::Metadata));
    let mut case = Case::plain();
    case.look.unreadable.insert("EXTERNAL".into(), "Secret kafka is not there".into());
    case.is(&[(Seat::Bootstrap, Reason::SecretUnreadable, "Secret kafka")]);
}

#[test]
fn kafka_has_a_broker_that_is_not_offered() {
    let mut case = Case::plain();
    case.advertise(4, "b4.internal", 9092);
    case.is(&[(Seat::Broker(BrokerId(4)), Reason::BrokerNotOffered, "b4.internal:9092")]);
    assert_eq!(case.level(1), Some(Level::ApiVersions));
}

#[test]
fn any_broker_may_answer_a_bootstrap_by_a_name() {
    let mut case = Case::right(SecurityProtocol::Ssl, &[("EXTERNAL", 0)]);
    for id in 1..=3 {
        let certificate = case.at("EXTERNAL", Seat::Broker(BrokerId(id))).certificate.as_mut().expect("shown");
        certificate.fits = vec![host(id, id)];
    }
    case.is(&[(Seat::Bootstrap, Reason::CertificateMismatch, "no host is named by the certificate of every broker")]);
}

#[test]
fn a_bootstrap_may_have_a_name_that_no_broker_advertises() {
    let mut case = Case::right(SecurityProtocol::Ssl, &[("EXTERNAL", 0)]);
    for id in 1..=3 {
        let certificate = case.at("EXTERNAL", Seat::Broker(BrokerId(id))).certificate.as_mut().expect("shown");
        certificate.fits = vec![host(id, id)];
        certificate.names = vec![host(id, id), "bootstrap.abc".to_owned()];
    }
    case.is(&[]);
}

/// A broker that restarts is silent for a moment, and nothing is said of it.
#[test]
fn a_fault_that_passes_was_none() {
    let mut case = Case::plain();
    case.obstruct("EXTERNAL", 2, None, Obstacle::Refused);
    let first = judge(&case.wiring, &case.look, &case.former, None);
    assert!(first.in_doubt(PATIENCE) && first.counting(PATIENCE).next().is_none());
    let mut again = Case::plain();
    again.look.at += PATIENCE;
    let second = judge(&again.wiring, &again.look, &again.former, Some(&first));
    assert_eq!(second.faults.len(), 0);
}

#[test]
fn nothing_is_judged_before_the_hosts_are_known() {
    let mut case = Case::plain();
    let listener = case.wiring.listeners.get_mut(&ListenerName::new("EXTERNAL")).expect("it");
    listener.hosts_known = false;
    let proof = case.judged();
    assert!(proof.faults.is_empty() && proof.ports.is_empty());
    assert_eq!(proof.awaiting_hosts.len(), 1);
}

#[test]
fn without_cross_zone_the_zone_of_the_broker_is_dialled() {
    let mut listener = listener(SecurityProtocol::Plaintext, 0);
    let zones =
        (1..=3).map(|zone| (format!("usw2-az{zone}").into(), format!("us-west-2{}", ['a', 'b', 'c'][zone - 1]).into()));
    let own = Route::Balancer { name: "nlb.example".into(), zones: zones.collect() };
    let given = |address: &str| Route::Given(address.into());
    let two = Seat::Broker(BrokerId(2));
    assert_eq!(own.address(&listener, two), "nlb.example");
    listener.cross_zone = false;
    assert_eq!(own.address(&listener, two), "us-west-2b.nlb.example");
    assert_eq!(given("{zoneId}.kafka.example").address(&listener, two), "usw2-az2.kafka.example");
    assert_eq!(given("{zoneId}.kafka.example").address(&listener, Seat::Bootstrap), "usw2-az1.kafka.example");
    assert_eq!(given("10.0.0.1").address(&listener, two), "10.0.0.1");
}

#[test]
fn silence_in_another_zone_says_nothing_of_a_broker() {
    let refused = || Sighting {
        reached: None,
        obstacle: Some(Obstacle::Refused),
        certificate: None,
        answered: Answered::default(),
    };
    let mut listener = listener(SecurityProtocol::Plaintext, 0);
    let two = Seat::Broker(BrokerId(2));
    let blind = |route: &Route, listener: &WiredListener, seat| {
        matches!(route.judged(listener, seat, refused()).obstacle, Some(Obstacle::NoRoute(_)))
    };
    let one = Route::Given("10.0.0.1".into());
    assert!(!blind(&one, &listener, two), "with cross-zone every zone leads to every broker");
    listener.cross_zone = false;
    assert!(blind(&one, &listener, two));
    assert!(!blind(&one, &listener, Seat::Bootstrap));
    assert!(!blind(&Route::Given("{zoneId}.kafka.example".into()), &listener, two));
    assert!(!blind(&Route::Balancer { name: "nlb.example".into(), zones: BTreeMap::new() }, &listener, two));
    listener.brokers.retain(|id, _| id.0 == 2);
    assert!(!blind(&one, &listener, two), "there is one zone only");
}
