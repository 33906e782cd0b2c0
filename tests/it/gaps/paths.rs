//! Which paths are open, by what AWS says alone: nothing here knows what the operator plans.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;

use super::snapshot::{Address, Block, Listener, LoadBalancer, Peer, Rule, Service, Snapshot, TargetGroup};
use crate::harness::ID_TAG;

/// What somebody outside can do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// A client reaches a broker.
    Traffic {
        /// The endpoint; one of its own for whoever may connect next.
        endpoint: String,
        /// The zone in which the endpoint is entered.
        zone: String,
        /// The client. One stands for all that no rule tells apart.
        client: Address,
        /// Of the load balancer.
        port: u16,
        /// The broker.
        broker: String,
    },
    /// A principal may ask for a connection.
    Ask(String),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Traffic { endpoint, zone, client, port, broker } => {
                write!(f, "{} by {endpoint} in {zone} at port {port} to {broker}", Ipv4Addr::from_bits(client.0))
            }
            Self::Ask(principal) => write!(f, "request of {principal}"),
        }
    }
}

/// The paths of one moment.
#[derive(Debug, Default)]
pub struct Paths {
    /// A new connection gets there, but for at most one of a thousand.
    pub sure: BTreeSet<Path>,
    /// A new connection may get there.
    pub possible: BTreeSet<Path>,
}

/// At most so many of a thousand connections may go where nobody answers: a group that comes gets the least weight
/// there is before its targets are checked.
const STRAY: u32 = 1000;
/// Whoever connects next.
const NEWCOMER: &str = "a new endpoint";

/// The clients that rules of these moments tell apart: the first of every stretch between two borders.
pub fn clients<'a>(moments: impl Iterator<Item = &'a Snapshot>) -> BTreeSet<Address> {
    let peers = moments.flat_map(|moment| moment.security_group_rules.values());
    let blocks = peers.filter_map(|rule| if let Peer::Block(block) = rule.peer { Some(block) } else { None });
    let borders = blocks.flat_map(|Block { first, last }| [Some(first), last.checked_add(1)]);
    borders.flatten().chain([0]).map(Address).collect()
}

/// What is open at a moment, for these clients.
pub fn open(moment: &Snapshot, clients: &BTreeSet<Address>) -> Paths {
    let mut paths = Paths::default();
    for service in moment.endpoint_services.values().filter(|service| service.state == "Available") {
        paths.sure.extend(service.principals.iter().cloned().map(Path::Ask));
        for arn in &service.load_balancers {
            let Some(lb) = moment.load_balancers.get(arn).filter(|lb| lb.serves) else { continue };
            let view = View { moment, arn, lb };
            for listener in moment.listeners.values().filter(|listener| listener.load_balancer == *arn) {
                view.through(listener, &entrances(service), clients, &mut paths);
            }
        }
    }
    let sure = paths.sure.iter().cloned().collect::<Vec<_>>();
    paths.possible.extend(sure);
    paths
}

/// Endpoints that were accepted, and the zones where they are entered.
fn entrances(service: &Service) -> Vec<(String, &BTreeSet<String>)> {
    let live = service.connections.iter().filter(|(_, connection)| connection.state == "available");
    let live = live.map(|(id, connection)| (id.clone(), &connection.zones));
    live.chain([(NEWCOMER.to_owned(), &service.zones)]).collect()
}

/// One load balancer at a moment.
struct View<'a> {
    moment: &'a Snapshot,
    arn: &'a str,
    lb: &'a LoadBalancer,
}

/// Brokers behind a listener, as seen from a zone.
#[derive(Default)]
struct Reached {
    sure: BTreeSet<String>,
    possible: BTreeSet<String>,
}

impl View<'_> {
    fn through(
        &self,
        listener: &Listener,
        entrances: &[(String, &BTreeSet<String>)],
        clients: &BTreeSet<Address>,
        paths: &mut Paths,
    ) {
        let admitted: Vec<&Address> = clients.iter().filter(|client| self.admits(**client, listener.port)).collect();
        for (endpoint, zones) in entrances {
            for zone in *zones {
                let reached = self.reached(listener, zone);
                let to = |broker: &String, client: &&Address| Path::Traffic {
                    endpoint: endpoint.clone(),
                    zone: zone.clone(),
                    client: **client,
                    port: listener.port,
                    broker: broker.clone(),
                };
                for client in &admitted {
                    paths.sure.extend(reached.sure.iter().map(|broker| to(broker, client)));
                    paths.possible.extend(reached.possible.iter().map(|broker| to(broker, client)));
                }
            }
        }
    }

    /// Whether the load balancer's groups let a client in.
    fn admits(&self, client: Address, port: u16) -> bool {
        let from = |rule: &Rule| matches!(rule.peer, Peer::Block(block) if block.contains(client));
        self.lb.enforce.as_deref() == Some("off") || self.rules(&self.lb.security_groups, false, port).any(from)
    }

    fn reached(&self, listener: &Listener, zone: &str) -> Reached {
        let mut reached = Reached::default();
        if listener.protocol != "TCP" {
            return reached;
        }
        let Some(node) = self.node(zone) else { return reached };
        let (mut all, mut answering) = (0, 0);
        for (arn, weight) in listener.weights.iter().filter(|(_, weight)| **weight > 0) {
            all += weight;
            let Some(group) = self.moment.target_groups.get(arn) else { continue };
            let held = self.targets(group, zone, node);
            if held.sure.is_empty() {
                // Nobody is healthy: AWS then tries them all.
                reached.possible.extend(held.possible);
            } else {
                answering += weight;
                reached.sure.extend(held.sure);
            }
        }
        if (all - answering) * STRAY > all {
            let weak = std::mem::take(&mut reached.sure);
            reached.possible.extend(weak);
        }
        reached
    }

    /// Address of the load balancer in a zone.
    fn node(&self, zone: &str) -> Option<Address> {
        let description = format!("ELB {}", self.arn.split_once("loadbalancer/")?.1);
        let interfaces = self.moment.network_interfaces.values();
        let own = interfaces.filter(|interface| interface.description.as_deref() == Some(&description));
        let here = |subnet: &String| self.moment.subnets.get(subnet).is_some_and(|subnet| subnet.zone == zone);
        own.filter(|interface| self.lb.subnets.contains(&interface.subnet))
            .find(|interface| here(&interface.subnet))
            .map(|interface| interface.address)
    }

    /// Brokers of a group that a node reaches: the healthy ones, and the others that are not leaving.
    fn targets(&self, group: &TargetGroup, zone: &str, node: Address) -> Reached {
        let cross_zone = match group.attributes["load_balancing.cross_zone.enabled"].as_str() {
            "use_load_balancer_configuration" => self.lb.attributes["load_balancing.cross_zone.enabled"] == "true",
            own => own == "true",
        };
        let mut reached = Reached::default();
        for (target, health) in &group.targets {
            let Some((id, port)) = target.rsplit_once(':') else { continue };
            let Some(host) = self.host(id) else { continue };
            let open = self.way(node, &host, port.parse().expect("a port"));
            if !open || !(cross_zone || host.zone == zone) {
                continue;
            }
            match health.as_str() {
                "healthy" => reached.sure.insert(host.broker),
                "initial" | "unhealthy" | "unavailable" => reached.possible.insert(host.broker),
                _ => false,
            };
        }
        reached
    }

    /// Whether the rules on both sides let the load balancer through to a port of a host.
    fn way(&self, node: Address, host: &Host, port: u16) -> bool {
        let names = |rule: &Rule, groups: &BTreeSet<String>, address: Address| match &rule.peer {
            Peer::Block(block) => block.contains(address),
            Peer::Other(group) => groups.contains(group),
        };
        let out = |rule: &Rule| names(rule, host.groups, host.address);
        let into = |rule: &Rule| names(rule, &self.lb.security_groups, node);
        self.rules(&self.lb.security_groups, true, port).any(out) && self.rules(host.groups, false, port).any(into)
    }

    fn rules<'b>(&'b self, groups: &'b BTreeSet<String>, egress: bool, port: u16) -> impl Iterator<Item = &'b Rule> {
        let rules = self.moment.security_group_rules.values();
        rules.filter(move |rule| rule.egress == egress && groups.contains(&rule.group) && rule.lets_through(port))
    }

    /// Whom a target means, if it runs.
    fn host(&self, id: &str) -> Option<Host<'_>> {
        let by_address = Address::try_from(id.to_owned()).ok();
        let mut instances = self.moment.instances.iter().filter(|(_, instance)| instance.state == "running");
        let (name, instance) =
            instances.find(|(name, instance)| by_address.map_or(*name == id, |address| instance.address == address))?;
        let mut interfaces = self.moment.network_interfaces.values();
        let interface = interfaces.find(|interface| interface.address == instance.address)?;
        Some(Host {
            broker: instance.tags.get(ID_TAG).map_or_else(|| name.clone(), |id| format!("broker {id}")),
            address: instance.address,
            zone: &self.moment.subnets.get(&interface.subnet)?.zone,
            groups: &interface.security_groups,
        })
    }
}

struct Host<'a> {
    broker: String,
    address: Address,
    zone: &'a str,
    groups: &'a BTreeSet<String>,
}

/// What is wrong at one moment between two others: what was cut though both allow it, what was opened though
/// neither does. Equal words are said once.
pub fn wrong(before: &Paths, between: &Paths, after: &Paths) -> BTreeMap<Path, &'static str> {
    let cut = before.sure.intersection(&after.sure).filter(|path| !between.sure.contains(*path));
    let neither = |path: &&Path| !before.possible.contains(*path) && !after.possible.contains(*path);
    let opened = between.possible.iter().filter(neither);
    cut.map(|path| (path.clone(), "cut")).chain(opened.map(|path| (path.clone(), "opened"))).collect()
}
