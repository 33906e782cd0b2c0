//! Which paths carry traffic, by what the World holds and not by what anybody planned.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::desired::Ledger;
use kpl_core::model::{
    BrokerId, Direction, Health, InboundRules, ListenerName, OWNER_TAG, Owner, Peer, Port, RESOURCE_TAG, Tags,
    TargetGroupArn,
};

use super::people::ID_TAG;
use super::state::{Aws, LoadBalancer, NlbListener, lets_through, ours};

/// From consumers of a block to a port that means a broker, or any broker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    pub from: Ipv4Net,
    pub port: Port,
    pub to: Option<BrokerId>,
}

/// What the object offers, by its spec and the ports that were given.
pub fn wanted(spec: &KafkaPrivateLinkSpec, ledger: &Ledger) -> BTreeSet<Path> {
    let mut paths = BTreeSet::new();
    for listener in &spec.listeners {
        let bootstrap = Port(u16::try_from(listener.bootstrap_port).expect("a port"));
        for cidr in &listener.consumer_cidrs {
            let from: Ipv4Net = cidr.parse().expect("a block");
            let from = from.trunc();
            paths.insert(Path { from, port: bootstrap, to: None });
            let name = ListenerName::new(listener.name.as_str());
            let ports = ledger.entries().filter(|(of, _, entry)| **of == name && entry.released.is_none());
            paths.extend(ports.map(|(_, broker, entry)| Path { from, port: entry.port, to: Some(broker) }));
        }
    }
    paths
}

/// What both offer: of blocks that overlap, the smaller one.
pub fn common(before: &BTreeSet<Path>, after: &BTreeSet<Path>) -> BTreeSet<Path> {
    let mut both = BTreeSet::new();
    for path in after {
        for was in before.iter().filter(|was| was.port == path.port && was.to == path.to) {
            if was.from.contains(&path.from) {
                both.insert(path.clone());
            } else if path.from.contains(&was.from) {
                both.insert(was.clone());
            }
        }
    }
    both
}

/// When it is asked what carries traffic: a group whose tags somebody changed counts for nothing before a step, since
/// the planner cannot know it for a predecessor, and for what it serves after it, since clients get through.
#[derive(Clone, Copy)]
pub enum When<'a> {
    Before,
    /// After a step in this state: of a path that led through a group without an own listener, a new listener for
    /// that group takes nothing away.
    After(&'a Aws),
}

impl<'a> When<'a> {
    /// The load balancer that says which groups have a listener of their own.
    fn judged_by(self, lb: &'a LoadBalancer) -> &'a LoadBalancer {
        match self {
            Self::Before => lb,
            Self::After(before) => before
                .load_balancers
                .values()
                .find(|earlier| earlier.dns_name == lb.dns_name)
                .map_or(lb, |earlier| earlier),
        }
    }
}

/// Of these paths, those that carry traffic to a right broker.
pub fn carried(aws: &Aws, owner: &Owner, paths: &BTreeSet<Path>, when: When<'_>) -> BTreeSet<Path> {
    let Some(lb) = aws.load_balancers.values().find(|lb| ours(owner, &lb.tags) && lb.built && !lb.failed) else {
        return BTreeSet::new();
    };
    paths.iter().filter(|path| lets_in(aws, lb, path) && leads(aws, lb, path, when)).cloned().collect()
}

fn lets_in(aws: &Aws, lb: &LoadBalancer, path: &Path) -> bool {
    lb.inbound_rules == InboundRules::Ignored
        || lb.security_groups.iter().filter_map(|id| aws.security_groups.get(id)).any(|group| {
            group.rules.values().any(|held| {
                held.rule.direction == Direction::Ingress
                    && lets_through(&held.rule.traffic, path.port)
                    && matches!(held.rule.peer, Peer::Cidr(cidr) if cidr.contains(&path.from))
            })
        })
}

/// By the health that AWS knows; at most one connection of a thousand may go astray, as where a new group
/// gets the least weight there is to be checked at all.
fn leads(aws: &Aws, lb: &LoadBalancer, path: &Path, when: When<'_>) -> bool {
    let Some(listener) = lb.listeners.get(&path.port).filter(|listener| listener.tcp) else { return false };
    let all: u32 = listener.forward.values().sum();
    let right: u32 = listener
        .forward
        .iter()
        .filter(|(arn, _)| serves(aws, lb, listener, arn, path.to, when))
        .map(|(_, weight)| weight)
        .sum();
    right > 0 && (all - right) * 1000 <= all
}

/// Whether two things have one owner.
fn is_ours(lb: &Tags, group: &Tags) -> bool {
    lb.get(OWNER_TAG) == group.get(OWNER_TAG)
}

/// Whether a group was made for this listener and has a healthy target that is a right one.
fn serves(
    aws: &Aws,
    lb: &LoadBalancer,
    listener: &NlbListener,
    arn: &TargetGroupArn,
    to: Option<BrokerId>,
    when: When<'_>,
) -> bool {
    let Some(group) = aws.target_groups.get(arn) else { return false };
    // A listener that was led elsewhere by hand is led back, whoever got through in the meantime. But a group whose
    // own listener is gone may be that of this one, from before its Kafka listener got another name.
    let resource = |tags: &Tags| tags.get(RESOURCE_TAG).and_then(|key| Some(key.split_once('/')?.1.to_owned()));
    let last = |key: &str| key.rsplit('/').next().map(str::to_owned);
    let own = resource(&listener.tags);
    let fits = match resource(&group.tags) {
        None => matches!(when, When::After(_)),
        Some(key) => {
            let renamed = || {
                own.as_deref().is_some_and(|own| last(own) == last(&key))
                    && !when.judged_by(lb).listeners.values().any(|other| resource(&other.tags).as_ref() == Some(&key))
            };
            let counts = matches!(when, When::After(_)) || is_ours(&lb.tags, &group.tags);
            counts && (own.as_ref() == Some(&key) || renamed())
        }
    };
    fits && group.targets.iter().any(|(target, held)| {
        held.health == Health::Healthy
            && aws.reaches(lb, target)
            && aws.host(target).is_some_and(|host| match to {
                None => host.tags.contains_key(ID_TAG),
                Some(id) => host.tags.get(ID_TAG).is_some_and(|tag| *tag == id.to_string()),
            })
    })
}
