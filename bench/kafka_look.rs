//! How long a look at every port of an offer takes, and what memory: `kafka_look BROKERS FIRST_PORT...`, a listener for each port, which
//! is its bootstrap's; those of its brokers follow. Prints a line of JSON.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use kafka_privatelink::kafka::{Access, Accesses, look_at_all};
use kpl_core::kafka::{Endpoint, Route, SecurityProtocol, WiredBroker, WiredListener, Wiring, judge};
use kpl_core::model::{BrokerId, ListenerName, Port};
use tokio::sync::Semaphore;

const LOOKS: usize = 20;

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u16>().expect("a number"));
    let brokers = numbers.next().expect("BROKERS");
    let mut wiring = Wiring::default();
    let mut accesses = Accesses::new();
    for (index, first) in numbers.enumerate() {
        let name = ListenerName::from(format!("L{index}").as_str());
        wiring.listeners.insert(name.clone(), listener(first, brokers));
        let access = Access::new(None, None, None).expect("nothing is needed");
        accesses.insert(name, Ok(Arc::new(access)));
    }
    let route = Route::Given("127.0.0.1".to_owned());
    let permits = Semaphore::new(256);
    let before = memory("VmRSS");
    let mut seconds = Vec::new();
    for _ in 0..LOOKS {
        let began = Instant::now();
        let look = look_at_all(&wiring, &route, &accesses, &permits).await;
        let proof = judge(&wiring, &look, &BTreeMap::new(), None);
        seconds.push(began.elapsed().as_secs_f64());
        assert!(proof.faults.is_empty(), "{:#?}", proof.faults);
    }
    seconds.sort_by(f64::total_cmp);
    let said = serde_json::json!({
        "looks": LOOKS, "median": seconds[LOOKS / 2], "longest": seconds[LOOKS - 1],
        "mib": (memory("VmHWM") - before) / 1024.0,
    });
    println!("{said}");
}

fn listener(first: u16, brokers: u16) -> WiredListener {
    let broker = |id: u16| {
        let port = Port(first + id);
        let advertised = Some(Endpoint { host: format!("b{id}.example.com"), port });
        (BrokerId(id.into()), WiredBroker { port, zone: None, advertised, elsewhere: BTreeMap::new() })
    };
    WiredListener {
        protocol: SecurityProtocol::Plaintext,
        broker_port: Port(39092),
        bootstrap_port: Port(first),
        hosts_known: true,
        cross_zone: true,
        brokers: (1..=brokers).map(broker).collect(),
    }
}

/// Of this process, in KiB, as the kernel counts it.
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let found = status.lines().find_map(|row| row.strip_prefix(line)?.strip_prefix(':'));
    found.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).expect("a size")
}
