//! What a look says of brokers that are right and wrong.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kpl_core::kafka::{Authorized, Endpoint, Identity, Level, Mechanism, Obstacle, SecurityProtocol, Sighting};
use kpl_core::model::{BrokerId, Port};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::broker::{Mood, Played, Running, Says, listen};
use super::certificates::Authority;
use crate::kafka::{Access, Dial, Limits, LogIn, MOST_CONNECTIONS, look};

const HOST: &str = "b1.example.com";

fn broker() -> Played {
    Played { id: 1, roster: vec![(1, HOST, 9093), (2, "b2.example.com", 9094)], ..Played::default() }
}

fn nobody() -> Access {
    Access::new(None, None, None).unwrap()
}

fn of(authority: &Authority) -> Access {
    Access::new(Some(authority.pem().as_bytes()), None, None).unwrap()
}

fn plain(password: &str) -> LogIn {
    LogIn { mechanism: Mechanism::Plain, user: "probe".into(), password: password.into() }
}

fn dial(running: &Running, protocol: SecurityProtocol, access: Access) -> Dial {
    Dial {
        address: "127.0.0.1".into(),
        port: running.port(),
        protocol,
        server_name: Some(HOST.into()),
        names: vec![HOST.into(), "b2.example.com".into()],
        broker: Some(BrokerId(1)),
        access: Arc::new(access),
    }
}

/// Short, for those that are silent; a machine under load is still quicker.
const LIMITS: Limits =
    Limits { connect: Duration::from_secs(3), answer: Duration::from_secs(3), whole: Duration::from_secs(8) };

async fn seen(running: &Running, protocol: SecurityProtocol, access: Access) -> Sighting {
    let sighting = look(&dial(running, protocol, access), &LIMITS).await;
    assert!(running.connections.load(Ordering::SeqCst) <= MOST_CONNECTIONS);
    sighting
}

#[tokio::test]
async fn a_broker_is_climbed_to_the_top() {
    let running = broker().start().await;
    let sighting = seen(&running, SecurityProtocol::Plaintext, nobody()).await;
    assert_eq!((sighting.reached, &sighting.obstacle), (Some(Level::Identity), &None));
    let roster = sighting.answered.roster.unwrap();
    assert_eq!(roster.cluster_id.as_deref(), Some("of-a-test"));
    assert_eq!(roster.brokers[&BrokerId(2)], Endpoint { host: "b2.example.com".into(), port: Port(9094) });
    assert_eq!(sighting.answered.identity, Some(Authorized::Yes(Identity::Expected)));
    let settings = sighting.answered.settings.unwrap();
    assert_eq!(
        (settings.listeners.as_deref(), settings.idle_millis, settings.dynamic_listeners),
        (Some("A://:1"), Some(600_000), false)
    );
    assert_eq!(running.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_old_broker_is_asked_in_its_own_versions() {
    let running = Played { old: true, ..broker() }.start().await;
    let sighting = seen(&running, SecurityProtocol::Plaintext, nobody()).await;
    assert_eq!((sighting.reached, sighting.obstacle), (Some(Level::Identity), None));
    assert_eq!(sighting.answered.roster.unwrap().brokers.len(), 2);
}

#[tokio::test]
async fn another_broker_says_who_it_is() {
    let running = Played { id: 3, ..broker() }.start().await;
    let sighting = seen(&running, SecurityProtocol::Plaintext, nobody()).await;
    assert_eq!(sighting.reached, Some(Level::Metadata));
    assert_eq!(sighting.answered.identity, Some(Authorized::Yes(Identity::Other(Some(BrokerId(3))))));
}

#[tokio::test]
async fn without_the_right_newer_brokers_are_asked_by_name() {
    for (id, says, expected) in [
        (1, Says::Nothing, Authorized::No),
        (1, Says::ItsName, Authorized::Yes(Identity::Expected)),
        (2, Says::ItsName, Authorized::Yes(Identity::Other(None))),
    ] {
        let running = Played { id, says, ..broker() }.start().await;
        let sighting = seen(&running, SecurityProtocol::Plaintext, nobody()).await;
        assert_eq!(sighting.answered.identity, Some(expected));
        assert_eq!(sighting.obstacle, None);
    }
}

#[tokio::test]
async fn a_dynamic_value_of_listeners_is_told() {
    let running = Played { says: Says::DynamicSettings, ..broker() }.start().await;
    let sighting = seen(&running, SecurityProtocol::Plaintext, nobody()).await;
    assert!(sighting.answered.settings.unwrap().dynamic_listeners);
}

#[tokio::test]
async fn a_bootstrap_port_is_asked_who_runs() {
    let running = Played { mood: Mood::ThirdStale, ..broker() }.start().await;
    let dial = Dial { broker: None, server_name: None, ..dial(&running, SecurityProtocol::Plaintext, nobody()) };
    let sighting = look(&dial, &LIMITS).await;
    assert_eq!((sighting.reached, sighting.obstacle), (Some(Level::Metadata), None));
    assert_eq!(sighting.answered.running, [1, 2].map(BrokerId).into());
    assert_eq!(sighting.answered.identity, None);
}

#[tokio::test]
async fn a_log_in_is_needed_and_judged() {
    let log_in = |password| Access::new(None, None, Some(plain(password))).unwrap();
    let played = Played { user: Some(("probe", "secret")), ..broker() };
    let running = played.start().await;
    let right = seen(&running, SecurityProtocol::SaslPlaintext, log_in("secret")).await;
    assert_eq!((right.reached, right.obstacle), (Some(Level::Identity), None));
    let running = Played { user: Some(("probe", "secret")), ..broker() }.start().await;
    let wrong = look(&dial(&running, SecurityProtocol::SaslPlaintext, log_in("guess")), &LIMITS).await;
    assert_eq!(wrong.obstacle, Some(Obstacle::LogInRefused("Authentication failed".into())));
    assert_eq!(wrong.reached, Some(Level::ApiVersions));
    for protocol in [SecurityProtocol::Plaintext, SecurityProtocol::SaslPlaintext] {
        let none = look(&dial(&running, protocol, nobody()), &LIMITS).await;
        assert_eq!((none.reached, none.obstacle), (Some(Level::ApiVersions), Some(Obstacle::NoCredentials)));
    }
}

#[tokio::test]
async fn a_certificate_is_judged_by_the_advertised_name() {
    let authority = Authority::new();
    let with = |hosts: &[&str], valid| Played {
        tls: Some(authority.server(&authority.issue(hosts, valid), false)),
        ..broker()
    };

    let running = with(&[HOST], (-1, 9)).start().await;
    let right = seen(&running, SecurityProtocol::Ssl, of(&authority)).await;
    assert_eq!((right.reached, right.obstacle), (Some(Level::Identity), None));
    let certificate = right.certificate.unwrap();
    assert_eq!((certificate.fits, certificate.names), (vec![HOST.to_owned()], vec![HOST.to_owned()]));
    assert_eq!(certificate.expires.duration_since(jiff::Timestamp::now()).as_hours() / 24, 8);

    let untrusted = seen(&running, SecurityProtocol::Ssl, nobody()).await;
    assert_eq!(untrusted.reached, Some(Level::ApiVersions));
    assert!(matches!(untrusted.obstacle, Some(Obstacle::Untrusted(why)) if why.contains("caSecret")));

    let running = with(&["other.example.com"], (-1, 9)).start().await;
    let other = seen(&running, SecurityProtocol::Ssl, of(&authority)).await;
    assert_eq!(other.obstacle, Some(Obstacle::OtherName { wanted: HOST.into() }));

    let running = with(&[HOST], (-9, -2)).start().await;
    let expired = seen(&running, SecurityProtocol::Ssl, of(&authority)).await;
    assert_eq!(expired.obstacle, Some(Obstacle::Untrusted("it has expired".into())));
}

#[tokio::test]
async fn no_password_is_shown_to_who_is_not_trusted() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let tls = Some(stranger.server(&stranger.issue(&[HOST], (-1, 9)), false));
    // It would take any password.
    let running = Played { tls, user: Some(("probe", "secret")), ..broker() }.start().await;
    let access = Access::new(Some(authority.pem().as_bytes()), None, Some(plain("secret"))).unwrap();
    let sighting = seen(&running, SecurityProtocol::SaslSsl, access).await;
    assert_eq!(sighting.reached, Some(Level::ApiVersions));
    assert!(matches!(sighting.obstacle, Some(Obstacle::Untrusted(_))));
    assert_eq!(sighting.answered.roster, None);
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_asked_for() {
    let authority = Authority::new();
    let tls = Some(authority.server(&authority.issue(&[HOST], (-1, 9)), true));
    let running = Played { tls, ..broker() }.start().await;
    let ours = authority.issue(&["probe"], (-1, 9));
    let shown = Some((ours.certificate.as_bytes(), ours.key.as_bytes()));
    let access = Access::new(Some(authority.pem().as_bytes()), shown, None).unwrap();
    let right = seen(&running, SecurityProtocol::Ssl, access).await;
    assert_eq!((right.reached, right.obstacle), (Some(Level::Identity), None));
    let none = look(&dial(&running, SecurityProtocol::Ssl, of(&authority)), &LIMITS).await;
    assert!(
        matches!(&none.obstacle, Some(Obstacle::Handshake(why)) if why.starts_with("it asks for a client certificate")),
        "{none:?}"
    );
}

#[tokio::test]
async fn the_other_protocol_is_told() {
    let authority = Authority::new();
    let tls = Some(authority.server(&authority.issue(&[HOST], (-1, 9)), false));
    let running = Played { tls, ..broker() }.start().await;
    let encrypted = seen(&running, SecurityProtocol::Plaintext, nobody()).await;
    assert_eq!((encrypted.reached, encrypted.obstacle), (Some(Level::Tcp), Some(Obstacle::WantsTls)));
    let running = broker().start().await;
    let open = seen(&running, SecurityProtocol::Ssl, of(&authority)).await;
    assert_eq!((open.reached, open.obstacle), (Some(Level::Tcp), Some(Obstacle::SpeaksPlaintext)));
}

#[tokio::test]
async fn a_web_server_is_no_broker() {
    let running = listen(|mut socket| async move {
        let mut asked = [0; 16];
        let _ = socket.read(&mut asked).await;
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\nServer: of a test\r\n\r\n").await;
    })
    .await;
    for protocol in [SecurityProtocol::Plaintext, SecurityProtocol::Ssl] {
        let sighting = look(&dial(&running, protocol, nobody()), &LIMITS).await;
        assert_eq!(sighting.obstacle, Some(Obstacle::NotKafka("HTTP/1.1 400 Bad Request".into())));
        assert_eq!(sighting.reached, Some(Level::Tcp));
    }
}

#[tokio::test]
async fn a_web_server_that_waits_for_a_line_is_no_broker() {
    let running = listen(|mut socket| async move {
        let mut asked = Vec::new();
        while !asked.contains(&b'\n') {
            match socket.read_buf(&mut asked).await {
                Ok(1..) => {}
                _ => return,
            }
        }
        let _ = socket.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await;
    })
    .await;
    let limits = Limits { answer: Duration::from_millis(200), ..LIMITS };
    let sighting = look(&dial(&running, SecurityProtocol::Plaintext, nobody()), &limits).await;
    assert_eq!(sighting.obstacle, Some(Obstacle::NotKafka("HTTP/1.0 200 OK".into())));
    assert!(running.connections.load(Ordering::SeqCst) <= MOST_CONNECTIONS);
}

#[tokio::test]
async fn who_says_nothing_costs_the_limit_and_no_more() {
    let running = listen(|socket| async move {
        let _kept = socket;
        std::future::pending::<()>().await;
    })
    .await;
    let limits = Limits { answer: Duration::from_millis(200), ..LIMITS };
    for protocol in [SecurityProtocol::Plaintext, SecurityProtocol::Ssl] {
        let sighting = look(&dial(&running, protocol, nobody()), &limits).await;
        assert_eq!((sighting.reached, sighting.obstacle), (Some(Level::Tcp), Some(Obstacle::Silent)));
    }
}

#[tokio::test]
async fn who_drips_bytes_is_left_at_the_limit() {
    let running = listen(|mut socket| async move {
        let _ = socket.write_all(&1000i32.to_be_bytes()).await;
        while socket.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let limits = Limits { answer: Duration::from_millis(200), ..LIMITS };
    let sighting = look(&dial(&running, SecurityProtocol::Plaintext, nobody()), &limits).await;
    assert_eq!((sighting.reached, sighting.obstacle), (Some(Level::Tcp), Some(Obstacle::Silent)));
}

#[tokio::test]
async fn nobody_there() {
    let running = listen(|_| async {}).await;
    let closed = look(&dial(&running, SecurityProtocol::Plaintext, nobody()), &LIMITS).await;
    assert_eq!((closed.reached, closed.obstacle), (Some(Level::Tcp), Some(Obstacle::Closed)));

    // Reserved by RFC 6761: it never resolves.
    let elsewhere = Dial { address: "kafka.invalid".into(), ..dial(&running, SecurityProtocol::Plaintext, nobody()) };
    let sighting = look(&elsewhere, &LIMITS).await;
    assert!(
        matches!(&sighting.obstacle, Some(Obstacle::NoRoute(why)) if why.starts_with("kafka.invalid does not resolve"))
    );

    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Port(listener.local_addr().unwrap().port())
    };
    let refused = look(&Dial { port: gone, ..dial(&running, SecurityProtocol::Plaintext, nobody()) }, &LIMITS).await;
    assert_eq!((refused.reached, refused.obstacle), (None, Some(Obstacle::Refused)));
}
