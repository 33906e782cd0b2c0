//! Which paths carry traffic, by what the World holds and not by what anybody planned.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::desired::Ledger;
use kpl_core::model::{
    BrokerId, Direction, Health, InboundRules, InstanceState, ListenerName, Owner, Peer, Port, TargetGroupArn,
};

use super::people::{CLUSTER_TAG, ID_TAG};
use super::state::{Aws, LoadBalancer, lets_through, ours};

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

/// Of these paths, those that carry traffic to a right broker.
pub fn carried(aws: &Aws, owner: &Owner, paths: &BTreeSet<Path>) -> BTreeSet<Path> {
    let Some(lb) = aws.load_balancers.values().find(|lb| ours(owner, &lb.tags) && lb.built) else {
        return BTreeSet::new();
    };
    paths.iter().filter(|path| lets_in(aws, lb, path) && leads(aws, lb, path)).cloned().collect()
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

fn leads(aws: &Aws, lb: &LoadBalancer, path: &Path) -> bool {
    let Some(listener) = lb.listeners.get(&path.port) else { return false };
    let mut groups = listener.forward.iter().filter(|(_, weight)| **weight > 0).map(|(arn, _)| arn).peekable();
    listener.tcp && groups.peek().is_some() && groups.all(|arn| serves(aws, lb, arn, path.to))
}

/// Whether a group has a healthy target, and none but right ones.
fn serves(aws: &Aws, lb: &LoadBalancer, arn: &TargetGroupArn, to: Option<BrokerId>) -> bool {
    let Some(group) = aws.target_groups.get(arn) else { return false };
    group.targets.iter().any(|(target, held)| {
        held.health == Health::Healthy
            && aws.reaches(lb, target)
            && aws.host(target).is_some_and(|host| {
                host.up
                    && host.state == InstanceState::Running
                    && match to {
                        None => host.tags.get(CLUSTER_TAG.0).is_some_and(|tag| tag == CLUSTER_TAG.1),
                        Some(id) => host.tags.get(ID_TAG).is_some_and(|tag| *tag == id.to_string()),
                    }
            })
    })
}
