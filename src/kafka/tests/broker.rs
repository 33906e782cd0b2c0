//! A broker that is played: it answers what the test says, on a port of loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kpl_core::model::Port;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What it says of itself to who asks for its settings.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum Says {
    #[default]
    Settings,
    /// In which `listeners` is a dynamic value.
    DynamicSettings,
    /// The right lacks.
    Nothing,
    /// The right lacks, but to who names it, it says that it is meant (Kafka 4.4).
    ItsName,
}

/// What it says of its cluster. Topic `orders` has two replicas, which have to be in sync both if it is said to be tight.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum Mood {
    #[default]
    Well,
    /// A third node has not fetched for a minute.
    ThirdStale,
    /// Whatever the active controller has to answer is not answered.
    NoQuorum,
    /// Broker 2 does not serve.
    Fenced,
    /// Partition 1 is not on broker 2.
    UnderReplicated,
    /// Partition 0 is moved to broker 3.
    Moving,
    /// The user lacks every right.
    Forbids,
    /// No replica can be spared.
    Tight,
}

/// What it is like.
#[derive(Clone, Default)]
pub(super) struct Played {
    pub(super) id: i32,
    pub(super) roster: Vec<(i32, &'static str, i32)>,
    /// What it speaks TLS with, if it does.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// User and password, if it asks for them, by PLAIN.
    pub(super) user: Option<(&'static str, &'static str)>,
    /// Whether it knows only the versions that are not flexible.
    pub(super) old: bool,
    pub(super) says: Says,
    pub(super) mood: Mood,
}

/// It ends with the test.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Running {
    pub(super) fn port(&self) -> Port {
        Port(self.address.port())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Accepts, and leaves each connection to `serve`.
pub(super) async fn listen<F, S>(serve: F) -> Running
where
    F: Fn(tokio::net::TcpStream) -> S + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let task = tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(socket));
        }
    });
    Running { address, connections, task }
}

impl Played {
    pub(super) async fn start(self) -> Running {
        listen(move |socket| {
            let this = self.clone();
            async move {
                match this.tls.clone() {
                    None => this.serve(socket).await,
                    // Whoever does not speak TLS is sent away.
                    Some(config) => {
                        if let Ok(stream) = TlsAcceptor::from(config).accept(socket).await {
                            this.serve(stream).await;
                        }
                    }
                }
            }
        })
        .await
    }

    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut logged_in = self.user.is_none();
        while let Ok(length) = stream.read_i32().await {
            // As Kafka does with a size beyond socket.request.max.bytes.
            let Some(length) = usize::try_from(length).ok().filter(|length| *length < 1_000_000) else { return };
            let mut frame = vec![0; length];
            if stream.read_exact(&mut frame).await.is_err() {
                return;
            }
            let (key, version) = (i16::from_be_bytes([frame[0], frame[1]]), i16::from_be_bytes([frame[2], frame[3]]));
            let Some(body) = self.answer(key, version, &frame[8..], &mut logged_in) else { return };
            let flexible = matches!((key, version), (3, 9..) | (32, 4..) | (46 | 55 | 60, _));
            let mut answer = frame[4..8].to_vec();
            if flexible {
                answer.push(0);
            }
            answer.extend(body);
            stream.write_i32(i32::try_from(answer.len()).unwrap()).await.unwrap();
            if stream.write_all(&answer).await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, key: i16, version: i16, rest: &[u8], logged_in: &mut bool) -> Option<Vec<u8>> {
        match key {
            18 => Some(self.api_versions(version, rest)),
            17 => Some([0i16.to_be_bytes().as_slice(), &1i32.to_be_bytes(), &text("PLAIN")].concat()),
            36 => {
                let (user, password) = self.user?;
                *logged_in = rest.ends_with(format!("\0{user}\0{password}").as_bytes());
                let error: i16 = if *logged_in { 0 } else { 58 };
                Some([error.to_be_bytes().as_slice(), &text("Authentication failed"), &0i32.to_be_bytes()].concat())
            }
            _ if !*logged_in => None,
            3 => Some(self.metadata(version, rest)),
            // A resource of type topic.
            32 if asked(rest, version >= 4).get(usize::from(version < 4) * 3 + 1) == Some(&2) => {
                Some(self.topic_settings(version, rest))
            }
            32 => Some(self.settings(version, rest)),
            46 | 55 if self.mood == Mood::NoQuorum => None,
            46 => Some(self.moved()),
            55 => Some(self.quorum(version)),
            60 => Some(self.cluster(version)),
            _ => None,
        }
    }

    fn api_versions(&self, version: i16, rest: &[u8]) -> Vec<u8> {
        if version == 5 {
            // The node is what stands before the last tags.
            let named = i32::from_be_bytes(rest[rest.len() - 5..rest.len() - 1].try_into().unwrap());
            let error: i16 = if named == self.id { 0 } else { 129 };
            return error.to_be_bytes().to_vec();
        }
        if self.old && version > 0 {
            return 35i16.to_be_bytes().to_vec();
        }
        let newest = if self.says == Says::ItsName { 5 } else { 4 };
        let all = if self.old {
            vec![(3, 4), (17, 1), (18, 2), (32, 1)]
        } else {
            vec![(3, 13), (17, 1), (18, newest), (32, 4), (36, 2), (46, 0), (55, 2), (60, 2)]
        };
        let mut body = 0i16.to_be_bytes().to_vec();
        if version == 0 {
            body.extend(i32::try_from(all.len()).unwrap().to_be_bytes());
        } else {
            body.push(u8::try_from(all.len()).unwrap() + 1);
        }
        for (key, newest) in all {
            for value in [key, 0, newest] {
                body.extend(i16::to_be_bytes(value));
            }
            if version > 0 {
                body.push(0);
            }
        }
        body.extend([0, 0, 0, 0, 0]);
        body
    }

    fn metadata(&self, version: i16, rest: &[u8]) -> Vec<u8> {
        let flexible = version >= 9;
        let mut body = 0i32.to_be_bytes().to_vec();
        if flexible {
            body.push(u8::try_from(self.roster.len()).unwrap() + 1);
        } else {
            body.extend(i32::try_from(self.roster.len()).unwrap().to_be_bytes());
        }
        for (id, host, port) in &self.roster {
            body.extend(id.to_be_bytes());
            body.extend(if flexible { compact(host) } else { text(host) });
            body.extend(port.to_be_bytes());
            body.extend(if flexible { vec![0, 0] } else { vec![0xff, 0xff] });
        }
        body.extend(if flexible { compact("of-a-test") } else { text("of-a-test") });
        body.extend([0, 0, 0, 1]);
        body.extend(self.topics(flexible, asked(rest, flexible)));
        if flexible {
            body.push(0);
        }
        body
    }

    /// None, all (there is one), or the one that is named.
    fn topics(&self, flexible: bool, asked: &[u8]) -> Vec<u8> {
        let list = |length: u8| if flexible { vec![length + 1] } else { vec![0, 0, 0, length] };
        let nodes = |ids: &[i32]| {
            let ids = ids.iter().flat_map(|id| id.to_be_bytes()).collect::<Vec<_>>();
            [list(u8::try_from(ids.len() / 4).unwrap()), ids].concat()
        };
        let write = |name: &str| if flexible { compact(name) } else { text(name) };
        let named = if flexible { asked[0] == 2 } else { asked[3] == 1 };
        let all = if flexible { asked[0] == 0 } else { asked[0] == 0xff };
        let end = || if flexible { vec![0x80, 0, 0, 0, 0] } else { vec![] };
        if named {
            let name = if flexible { &asked[2..=usize::from(asked[1])] } else { &asked[6..asked.len() - 1] };
            let error: i16 = if self.mood == Mood::Forbids { 29 } else { 3 };
            let name = write(std::str::from_utf8(name).unwrap());
            return [list(1), error.to_be_bytes().to_vec(), name, vec![0], list(0), end()].concat();
        }
        if !all || self.mood == Mood::Forbids {
            return list(0);
        }
        let mut body = [list(1), vec![0, 0], write("orders"), vec![0], list(2)].concat();
        for index in 0..2 {
            let behind = index == 1 && self.mood == Mood::UnderReplicated;
            body.extend([vec![0, 0], i32::to_be_bytes(index).to_vec(), 1i32.to_be_bytes().to_vec()].concat());
            if flexible {
                body.extend([0; 4]);
            }
            body.extend([nodes(&[1, 2]), nodes(if behind { &[1] } else { &[1, 2] })].concat());
            if flexible {
                body.extend([nodes(&[]), vec![0]].concat());
            }
        }
        body.extend(end());
        body
    }

    fn topic_settings(&self, version: i16, rest: &[u8]) -> Vec<u8> {
        assert!(version == 4 && asked(rest, true)[2..].starts_with(&compact("orders")));
        let mut body = vec![0, 0, 0, 0, 2];
        let value = if self.mood == Mood::Tight { "2" } else { "1" };
        body.extend([&[0, 0, 0, 2], compact("orders").as_slice(), &[2]].concat());
        body.extend([compact("min.insync.replicas"), compact(value), vec![0, 4, 0, 1, 3, 0, 0, 0, 0]].concat());
        body
    }

    fn settings(&self, version: i16, rest: &[u8]) -> Vec<u8> {
        let flexible = version >= 4;
        let asked = String::from_utf8_lossy(rest);
        let named = asked.chars().skip_while(|c| *c != '\u{4}').skip(1).find(char::is_ascii_digit).unwrap();
        let expected = named.to_digit(10) == u32::try_from(self.id).ok();
        let write = |value: &str| if flexible { compact(value) } else { text(value) };
        let list = |length: u8| if flexible { vec![length + 1] } else { vec![0, 0, 0, length] };
        let end = |bytes: &mut Vec<u8>| {
            if flexible {
                bytes.push(0);
            }
        };
        let forbids = matches!(self.says, Says::Nothing | Says::ItsName);
        let mut body = [&0i32.to_be_bytes(), list(1).as_slice()].concat();
        let (error, message) = match (forbids, expected) {
            (true, _) => (31i16, "Cluster authorization failed.".to_owned()),
            (_, true) => (0, String::new()),
            (_, false) => {
                (42, format!("Unexpected broker id, expected {} or empty string, but received {named}", self.id))
            }
        };
        body.extend(error.to_be_bytes());
        body.extend(write(&message));
        body.push(4);
        body.extend(write(&named.to_string()));
        let settings = [
            ("listeners", "A://:1", if self.says == Says::DynamicSettings { 2 } else { 4 }),
            ("connections.max.idle.ms", "600000", 5),
        ];
        body.extend(list(if error == 0 { 2 } else { 0 }));
        for (name, value, source) in settings.iter().filter(|_| error == 0) {
            body.extend([write(name), write(value)].concat());
            body.extend([0, *source, 0]);
            body.extend(list(0));
            if flexible {
                body.extend([2, 0]);
            }
            end(&mut body);
        }
        end(&mut body);
        end(&mut body);
        body
    }

    /// Broker 1 leads, 2 fetched a second ago, and if there is a third, that one a minute ago.
    fn quorum(&self, version: i16) -> Vec<u8> {
        if self.mood == Mood::Forbids {
            return if version >= 2 { vec![0, 31, 0, 1, 1, 0] } else { vec![0, 31, 1, 0] };
        }
        let words = if version >= 2 { vec![0] } else { vec![] };
        let mut body = [vec![0, 0], words.clone(), vec![2]].concat();
        body.extend(compact("__cluster_metadata"));
        body.push(2);
        body.extend([0i32.to_be_bytes().as_slice(), &[0, 0], &words, &1i32.to_be_bytes(), &[0; 4], &[0; 8]].concat());
        let mut rows = vec![(1i32, 1_000_000i64), (2, 999_000)];
        if self.mood == Mood::ThirdStale {
            rows.push((3, 940_000));
        }
        body.push(u8::try_from(rows.len()).unwrap() + 1);
        for (id, fetch) in rows {
            let directory: &[u8] = if version >= 2 { &[7; 16] } else { &[] };
            body.extend(
                [id.to_be_bytes().as_slice(), directory, &[0; 8], &fetch.to_be_bytes(), &[0; 8], &[0]].concat(),
            );
        }
        body.extend([1, 0, 0]);
        // From 2 on, where the nodes are.
        body.extend(if version >= 2 { [1, 0].as_slice() } else { &[0] });
        body
    }

    fn cluster(&self, version: i16) -> Vec<u8> {
        let mut body = vec![0, 0, 0, 0, 0, 0, 0];
        if version >= 1 {
            body.push(1);
        }
        body.extend([compact("of-a-test"), 1i32.to_be_bytes().to_vec()].concat());
        body.push(u8::try_from(self.roster.len()).unwrap() + 1);
        for (id, host, port) in &self.roster {
            body.extend([&id.to_be_bytes(), compact(host).as_slice(), &port.to_be_bytes(), &[0]].concat());
            if version >= 2 {
                body.push(u8::from(self.mood == Mood::Fenced && *id == 2));
            }
            body.push(0);
        }
        body.extend([0x80, 0, 0, 0, 0]);
        body
    }

    fn moved(&self) -> Vec<u8> {
        let error = if self.mood == Mood::Forbids { 31 } else { 0 };
        let mut body = vec![0, 0, 0, 0, 0, error, 0];
        if self.mood == Mood::Moving {
            body.push(2);
            body.extend([compact("orders"), vec![2, 0, 0, 0, 0, 4]].concat());
            body.extend([1i32, 2, 3].into_iter().flat_map(i32::to_be_bytes));
            body.extend([2, 0, 0, 0, 3, 1, 0, 0, 0]);
        } else {
            body.extend([1, 0]);
        }
        body
    }
}

/// The body of a request, behind our name.
fn asked(rest: &[u8], flexible: bool) -> &[u8] {
    let name = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
    &rest[2 + name + usize::from(flexible)..]
}

fn text(value: &str) -> Vec<u8> {
    [i16::try_from(value.len()).unwrap().to_be_bytes().as_slice(), value.as_bytes()].concat()
}

fn compact(value: &str) -> Vec<u8> {
    [&[u8::try_from(value.len()).unwrap() + 1], value.as_bytes()].concat()
}
