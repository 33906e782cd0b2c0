//! Whether a look at every port proves the wiring. What Kafka answers from memory is no proof that it is healthy, and
//! nothing here takes it for one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    Authorized, Endpoint, Fault, Identity, Level, Obstacle, Roster, Sighting, WiredBroker, WiredListener, Wiring,
};
use crate::model::{BrokerId, ListenerName};

/// Which port of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seat {
    /// Any broker answers.
    Bootstrap,
    /// This one has to.
    Broker(BrokerId),
}

/// One look at every port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// When it ended.
    pub at: Timestamp,
    /// What was seen.
    pub ports: BTreeMap<(ListenerName, Seat), Sighting>,
    /// Listeners that could not be looked at, and why: a Secret that is not there, for example.
    pub unreadable: BTreeMap<ListenerName, String>,
}

/// What was known of a broker's listener before.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Former {
    /// Whether it was seen with the listener.
    pub had: bool,
    /// What it had to advertise before the last change.
    pub advertised_before: Option<String>,
}

/// What is known of one port.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Port {
    /// How much is proved.
    pub level: Option<Level>,
    /// What its broker advertises.
    pub advertised_now: Option<Endpoint>,
    /// When its certificate expires.
    pub certificate_expires: Option<Timestamp>,
}

/// A fault, and since when it was seen in every look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// What is wrong.
    pub fault: Fault,
    /// The first of the looks in a row that saw it.
    pub since: Timestamp,
}

/// What a look proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// When the look ended.
    pub at: Timestamp,
    /// By port.
    pub ports: BTreeMap<(ListenerName, Seat), Port>,
    /// What is wrong, by port; a broker without a port has a seat here where Kafka tells clients of it.
    pub faults: BTreeMap<(ListenerName, Seat), Since>,
    /// Listeners whose hosts nobody has said: nothing can be right or wrong there.
    pub awaiting_hosts: BTreeSet<ListenerName>,
}

impl Proof {
    /// Faults that count: certain ones that were seen long enough, and what keeps us from telling.
    pub fn counting(&self, patience: SignedDuration) -> impl Iterator<Item = (&ListenerName, Seat, &Fault)> {
        self.faults
            .iter()
            .filter(move |(_, since)| self.counts(since, patience))
            .map(|((listener, seat), since)| (listener, *seat, &since.fault))
    }

    /// Whether a fault was seen that does not count yet.
    #[must_use]
    pub fn in_doubt(&self, patience: SignedDuration) -> bool {
        self.faults.values().any(|since| !self.counts(since, patience))
    }

    fn counts(&self, since: &Since, patience: SignedDuration) -> bool {
        !since.fault.is_certain() || self.at.duration_since(since.since) >= patience
    }
}

/// Judges a look by what was planned, what was known before, and the proof before it.
#[must_use]
pub fn judge(
    wiring: &Wiring,
    look: &Look,
    former: &BTreeMap<(ListenerName, BrokerId), Former>,
    last: Option<&Proof>,
) -> Proof {
    let mut proof =
        Proof { at: look.at, ports: BTreeMap::new(), faults: BTreeMap::new(), awaiting_hosts: BTreeSet::new() };
    let alive = alive(look);
    for (name, listener) in &wiring.listeners {
        let of = Of { name, listener, look, former, alive: &alive };
        if listener.hosts_known {
            let found = of.faults();
            for seat in of.seats() {
                proof.ports.insert((name.clone(), seat), of.port(seat, found.get(&seat)));
            }
            for (seat, fault) in found {
                let key = (name.clone(), seat);
                let before = last.and_then(|last| last.faults.get(&key)).filter(|since| alike(&since.fault, &fault));
                let since = before.map_or(look.at, |before| before.since);
                proof.faults.insert(key, Since { fault, since });
            }
        } else {
            proof.awaiting_hosts.insert(name.clone());
        }
    }
    proof
}

/// Whether the one goes on in the other: a broker that first is silent and then gone has been away all the time.
fn alike(before: &Fault, now: &Fault) -> bool {
    before.reason() == now.reason() || (before.is_certain() && now.is_certain())
}

/// Brokers that were seen to run, and on which listeners; `None` is Kafka's own traffic.
fn alive(look: &Look) -> BTreeMap<BrokerId, BTreeSet<Option<&ListenerName>>> {
    let mut alive: BTreeMap<BrokerId, BTreeSet<Option<&ListenerName>>> = BTreeMap::new();
    for ((listener, seat), sighting) in &look.ports {
        let itself = matches!(sighting.answered.identity, Some(Authorized::Yes(Identity::Expected)));
        if let (Seat::Broker(id), true) = (seat, itself) {
            alive.entry(*id).or_default().insert(Some(listener));
        }
        for id in sighting.answered.roster.iter().flat_map(|roster| roster.brokers.keys()) {
            alive.entry(*id).or_default().insert(Some(listener));
        }
        for id in &sighting.answered.running {
            alive.entry(*id).or_default().insert(None);
        }
    }
    alive
}

/// One listener of a look.
struct Of<'a> {
    name: &'a ListenerName,
    listener: &'a WiredListener,
    look: &'a Look,
    former: &'a BTreeMap<(ListenerName, BrokerId), Former>,
    alive: &'a BTreeMap<BrokerId, BTreeSet<Option<&'a ListenerName>>>,
}

impl Of<'_> {
    fn seats(&self) -> impl Iterator<Item = Seat> {
        [Seat::Bootstrap].into_iter().chain(self.listener.brokers.keys().map(|id| Seat::Broker(*id)))
    }

    fn sighting(&self, seat: Seat) -> Option<&Sighting> {
        self.look.ports.get(&(self.name.clone(), seat))
    }

    fn roster(&self, seat: Seat) -> Option<&Roster> {
        self.sighting(seat)?.answered.roster.as_ref()
    }

    /// What a broker advertises: by its own word before that of others, who may have heard an older one.
    fn advertised(&self, id: BrokerId) -> Option<&Endpoint> {
        let itself = matches!(
            self.sighting(Seat::Broker(id)).and_then(|sighting| sighting.answered.identity.as_ref()),
            Some(Authorized::Yes(Identity::Expected) | Authorized::No)
        );
        let own = self.roster(Seat::Broker(id)).filter(|_| itself).and_then(|roster| roster.brokers.get(&id));
        own.or_else(|| self.seats().find_map(|seat| self.roster(seat)?.brokers.get(&id)))
    }

    /// Every fault, at most one a port.
    fn faults(&self) -> BTreeMap<Seat, Fault> {
        if let Some(why) = self.look.unreadable.get(self.name) {
            return BTreeMap::from([(Seat::Bootstrap, Fault::Unreadable(why.clone()))]);
        }
        let mut found: BTreeMap<Seat, Fault> = BTreeMap::new();
        for (id, broker) in &self.listener.brokers {
            if let Some(fault) = self.broker(*id, broker) {
                found.insert(Seat::Broker(*id), fault);
            }
        }
        let listed = self.seats().filter_map(|seat| self.roster(seat)).flat_map(|roster| &roster.brokers);
        for (id, endpoint) in listed.filter(|(id, _)| !self.listener.brokers.contains_key(id)) {
            found.insert(Seat::Broker(*id), Fault::NotOffered(endpoint.clone()));
        }
        // What keeps every broker's port from answering is said of those.
        if let Some(fault) = self.bootstrap().filter(|_| found.is_empty()) {
            found.insert(Seat::Bootstrap, fault);
        }
        found
    }

    fn bootstrap(&self) -> Option<Fault> {
        let sighting = self.sighting(Seat::Bootstrap)?;
        if let Some(obstacle) = &sighting.obstacle {
            return Some(obstructed(obstacle));
        }
        let certified = self.listener.protocol.encrypts()
            && self
                .listener
                .brokers
                .keys()
                .all(|id| self.sighting(Seat::Broker(*id)).is_some_and(|sighting| sighting.certificate.is_some()));
        (certified && self.common_names().is_empty()).then_some(Fault::NoCommonName)
    }

    /// Hosts that the certificate of every broker names: advertised ones, or others, by which somebody bootstraps.
    fn common_names(&self) -> BTreeSet<&String> {
        let shown =
            self.listener.brokers.keys().filter_map(|id| self.sighting(Seat::Broker(*id))?.certificate.as_ref());
        let named = shown.map(|certificate| certificate.fits.iter().chain(&certificate.names).collect::<BTreeSet<_>>());
        named.reduce(|all, one| all.intersection(&one).copied().collect()).unwrap_or_default()
    }

    fn broker(&self, id: BrokerId, broker: &WiredBroker) -> Option<Fault> {
        let sighting = self.sighting(Seat::Broker(id))?;
        if let Some(Authorized::Yes(Identity::Other(other))) = sighting.answered.identity {
            return Some(Fault::OtherBroker(other));
        }
        let advertised = self.advertised(id);
        match &sighting.obstacle {
            Some(obstacle) if gone(obstacle) => return Some(self.away(id, broker)),
            Some(obstacle) => return Some(obstructed(obstacle)),
            None => {}
        }
        let settings = sighting.answered.settings.as_ref();
        let Some(found) = advertised else {
            let empty = sighting.answered.roster.as_ref().is_some_and(|roster| roster.brokers.is_empty());
            let read = settings.is_some_and(|settings| settings.dynamic_listeners);
            return Some(if read || empty { Fault::DynamicListeners { read } } else { Fault::NotListed });
        };
        let wanted = broker.advertised.as_ref()?;
        if found != wanted {
            return Some(self.differs(id, broker, wanted, found));
        }
        match sighting.answered.identity {
            Some(Authorized::No) => Some(Fault::PermissionNeeded),
            _ => None,
        }
    }

    /// Nothing that could be the broker answers at its port.
    fn away(&self, id: BrokerId, broker: &WiredBroker) -> Fault {
        let elsewhere = self.alive.get(&id).is_some_and(|on| on.iter().any(|listener| *listener != Some(self.name)));
        match &broker.advertised {
            _ if !elsewhere => Fault::Unavailable,
            Some(wanted) if !self.former(id).is_some_and(|former| former.had) => {
                Fault::NotRestarted { wanted: wanted.clone(), found: None }
            }
            _ => Fault::MissingListener,
        }
    }

    fn former(&self, id: BrokerId) -> Option<&Former> {
        self.former.get(&(self.name.clone(), id))
    }

    fn differs(&self, id: BrokerId, broker: &WiredBroker, wanted: &Endpoint, found: &Endpoint) -> Fault {
        let (wanted, found) = (wanted.clone(), found.clone());
        let before = self.former(id).and_then(|former| former.advertised_before.as_deref());
        if before == Some(found.to_string().as_str()) {
            return Fault::NotRestarted { wanted, found: Some(found) };
        }
        if found.host == wanted.host {
            return Fault::OtherPort { wanted, found };
        }
        match broker.elsewhere.iter().find(|(_, host)| **host == found.host) {
            Some((zone, _)) => Fault::OtherZone { wanted, found, zone: zone.clone() },
            None => Fault::OtherAddress { wanted, found },
        }
    }

    fn port(&self, seat: Seat, fault: Option<&Fault>) -> Port {
        let Some(sighting) = self.sighting(seat) else { return Port::default() };
        let right = |roster: &Roster| {
            let wanted = self.listener.brokers.iter().map(|(id, broker)| (id, broker.advertised.as_ref()));
            wanted.eq(roster.brokers.iter().map(|(id, endpoint)| (id, Some(endpoint))))
        };
        let level = match (sighting.reached, &sighting.answered) {
            (Some(Level::Metadata | Level::Identity), answered) => {
                let listed = answered.roster.as_ref().is_some_and(right);
                let itself = answered.identity == Some(Authorized::Yes(Identity::Expected));
                match (listed, itself, fault) {
                    (true, true, None) => Some(Level::Identity),
                    (true, _, _) => Some(Level::Metadata),
                    (false, _, _) if self.listener.protocol.encrypts() => Some(Level::TlsName),
                    (false, _, _) => Some(Level::ApiVersions),
                }
            }
            (reached, _) => reached,
        };
        let id = match seat {
            Seat::Bootstrap => None,
            Seat::Broker(id) => Some(id),
        };
        Port {
            level,
            advertised_now: id.and_then(|id| self.advertised(id)).cloned(),
            certificate_expires: sighting.certificate.as_ref().map(|certificate| certificate.expires),
        }
    }
}

/// Whether nothing answered that could be the broker. A load balancer without a live target takes some connections itself.
fn gone(obstacle: &Obstacle) -> bool {
    matches!(obstacle, Obstacle::Refused | Obstacle::Closed)
}

pub(super) fn obstructed(obstacle: &Obstacle) -> Fault {
    match obstacle.clone() {
        Obstacle::NoRoute(why) => Fault::NoRoute(why),
        Obstacle::Refused | Obstacle::Closed => Fault::Unavailable,
        Obstacle::Silent => Fault::Silent,
        Obstacle::NotKafka(said) => Fault::NotKafka(said),
        Obstacle::WantsTls => Fault::OtherProtocol { encrypts: true },
        Obstacle::SpeaksPlaintext => Fault::OtherProtocol { encrypts: false },
        Obstacle::Handshake(why) => Fault::Handshake(why),
        Obstacle::Untrusted(why) => Fault::Untrusted(why),
        Obstacle::OtherName { wanted } => Fault::OtherName(wanted),
        Obstacle::NoCredentials => Fault::AuthenticationNeeded,
        Obstacle::MechanismNotOffered { offered } => Fault::OtherMechanism(offered),
        Obstacle::LogInRefused(why) => Fault::LogInRefused(why),
        Obstacle::Error { request, code } => Fault::KafkaError { request, code },
    }
}
