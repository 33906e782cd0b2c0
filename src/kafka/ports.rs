//! Every port of an offer, side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use kpl_core::kafka::{Look, Route, Seat, WiredBroker, WiredListener, Wiring};
use kpl_core::model::{BrokerId, ListenerName};
use tokio::sync::Semaphore;

use super::{Access, Dial, Limits, look};

/// How each listener is asked, or why it cannot be.
pub type Accesses = BTreeMap<ListenerName, Result<Arc<Access>, String>>;

/// Ports of one object that are looked at side by side.
pub(super) const AT_A_TIME: usize = 8;

/// Every port of a listener.
pub(super) fn dials(listener: &WiredListener, route: &Route, access: &Arc<Access>) -> Vec<(Seat, Dial)> {
    let hosts = listener.brokers.values().filter_map(|broker| Some(broker.advertised.as_ref()?.host.clone()));
    let names: Vec<String> = hosts.collect();
    let seats = listener.brokers.iter().map(|(id, broker)| (Seat::Broker(*id), Some((*id, broker))));
    let dial = |(seat, of): (Seat, Option<(BrokerId, &WiredBroker)>)| {
        let dial = Dial {
            address: route.address(listener, seat),
            port: of.map_or(listener.bootstrap_port, |(_, broker)| broker.port),
            protocol: listener.protocol,
            server_name: of.and_then(|(_, broker)| Some(broker.advertised.as_ref()?.host.clone())),
            names: names.clone(),
            broker: of.map(|(id, _)| id),
            access: Arc::clone(access),
        };
        (seat, dial)
    };
    [(Seat::Bootstrap, None)].into_iter().chain(seats).map(dial).collect()
}

/// Looks at every port of a wiring whose hosts are known; each takes one of the permits.
pub async fn look_at_all(wiring: &Wiring, route: &Route, accesses: &Accesses, permits: &Semaphore) -> Look {
    let mut all = Vec::new();
    let mut unreadable = BTreeMap::new();
    for (name, listener) in wiring.listeners.iter().filter(|(_, listener)| listener.hosts_known) {
        let access = match accesses.get(name) {
            Some(Ok(access)) => access,
            Some(Err(why)) => {
                unreadable.insert(name.clone(), why.clone());
                continue;
            }
            None => continue,
        };
        all.extend(dials(listener, route, access).into_iter().map(|(seat, dial)| ((name.clone(), seat), dial)));
    }
    let looks = stream::iter(all).map(|(at, dial)| async move {
        // Never closed.
        let _permit = permits.acquire().await;
        let seen = look(&dial, &Limits::default()).await;
        let seen = match wiring.listeners.get(&at.0) {
            Some(listener) => route.judged(listener, at.1, seen),
            None => seen,
        };
        (at, seen)
    });
    let ports = looks.buffer_unordered(AT_A_TIME).collect().await;
    Look { at: Timestamp::now(), ports, unreadable }
}
