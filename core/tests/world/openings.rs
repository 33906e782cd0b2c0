//! What a write opens, and whether anybody allowed it.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::api::v1alpha1 as api;
use kpl_core::model::{
    Direction, Health, InboundRules, ListenerName, Owner, Peer, Port, PortRange, RESOURCE_TAG, Rule, Tags, Target,
    Traffic,
};
use kpl_core::plan::{Step, listener, load_balancer, security_group, target_group};

use super::people::ID_TAG;
use super::state::{Aws, LoadBalancer, lets_through, ours};
use super::watch::Offered;

/// Whether a step can open or close a path at all: what it makes is attached to nothing yet, or it is about
/// names, tags and consumers.
pub fn concerns(step: &Step) -> bool {
    !matches!(
        step,
        Step::Subnet(_)
            | Step::Tagging(_)
            | Step::Connection(_)
            | Step::EndpointService(_)
            | Step::SecurityGroup(security_group::Change::Create { .. })
            | Step::LoadBalancer(load_balancer::Change::Create { .. })
            | Step::TargetGroup(target_group::Change::Create { .. })
    )
}

/// From whom, to which port, to which target.
pub type Opening<'a> = (Ipv4Net, Port, &'a Target);

/// What a write opened that none of the offers allows.
pub fn openings<'a>(
    before: &'a Aws,
    after: &'a Aws,
    owner: &Owner,
    step: &Step,
    offers: &[Offered],
) -> Vec<Opening<'a>> {
    let opens = matches!(
        step,
        Step::SecurityGroup(security_group::Change::Authorize { .. })
            | Step::LoadBalancer(load_balancer::Change::SetSecurityGroups { .. })
            | Step::Listener(listener::Change::Create { .. } | listener::Change::SetForward { .. })
            | Step::TargetGroup(target_group::Change::Register { .. })
    );
    if !opens {
        return Vec::new();
    }
    // What hands have put in place counts for nothing: only what the step itself adds has to be allowed.
    let rules = matches!(step, Step::SecurityGroup(_) | Step::LoadBalancer(_));
    let led_by_us = matches!(step, Step::Listener(_));
    let had: BTreeSet<_> = open(before, owner, led_by_us).collect();
    open(after, owner, led_by_us)
        .filter(|opening| {
            let allowed = if rules { lets_in(offers, opening) } else { leads(after, offers, opening) };
            !had.contains(opening) && !allowed
        })
        .collect()
}

/// Everything that could carry traffic by rules, NLB listeners and registrations, healthy or not.
fn open<'a>(aws: &'a Aws, owner: &Owner, led_by_us: bool) -> impl Iterator<Item = Opening<'a>> {
    let balancers = aws.load_balancers.values().filter(|lb| ours(owner, &lb.tags)).collect::<Vec<_>>();
    balancers.into_iter().flat_map(move |lb| {
        let held = lb.listeners.iter().flat_map(move |(port, held)| {
            let right = move |tags: &Tags| led_by_us || resource(tags) == resource(&held.tags);
            let groups = held.forward.iter().filter(|(_, weight)| **weight > 0);
            let groups = groups.filter_map(|(arn, _)| aws.target_groups.get(arn));
            groups.filter(move |group| right(&group.tags)).map(move |group| (*port, group))
        });
        held.flat_map(move |(port, group)| {
            let targets = group.targets.iter().filter(|(_, held)| held.health != Health::Draining);
            targets.flat_map(move |(target, _)| let_in(aws, lb, port).map(move |from| (from, port, target)))
        })
    })
}

fn let_in<'a>(aws: &'a Aws, lb: &'a LoadBalancer, port: Port) -> impl Iterator<Item = Ipv4Net> + 'a {
    let all = (lb.inbound_rules == InboundRules::Ignored).then(Ipv4Net::default);
    let groups = lb.security_groups.iter().filter_map(|id| aws.security_groups.get(id));
    let rules = groups.flat_map(|group| group.rules.values()).filter(move |held| {
        all.is_none() && held.rule.direction == Direction::Ingress && lets_through(&held.rule.traffic, port)
    });
    all.into_iter()
        .chain(rules.filter_map(|held| if let Peer::Cidr(cidr) = held.rule.peer { Some(cidr) } else { None }))
}

fn resource(tags: &Tags) -> Option<&str> {
    Some(tags.get(RESOURCE_TAG)?.split_once('/')?.1)
}

/// Whether consumers of a block may use a port.
fn lets_in(offers: &[Offered], (from, port, _): &Opening<'_>) -> bool {
    offers.iter().any(|offer| {
        let ignored = offer.spec.load_balancer.inbound_rules_on_private_link == api::InboundRules::Ignored;
        offer.spec.listeners.iter().any(|listener| {
            let ports = listener.port_range.first..=listener.port_range.last;
            let of_it = ports.contains(&i32::from(port.0)) || listener.bootstrap_port == i32::from(port.0);
            of_it && (ignored || cidrs(listener).any(|cidr| cidr.contains(from)))
        })
    })
}

/// Whether a port may lead to a target; what is no broker at all, hands have registered.
fn leads(aws: &Aws, offers: &[Offered], (_, port, target): &Opening<'_>) -> bool {
    let Some(id) = aws.host(target).and_then(|host| host.tags.get(ID_TAG)) else { return true };
    let listeners = || offers.iter().flat_map(|offer| offer.spec.listeners.iter().map(move |held| (offer, held)));
    listeners().any(|(offer, listener)| {
        let name = ListenerName::new(listener.name.as_str());
        let mut entries = offer.ledger.entries();
        let means = entries.any(|(of, broker, entry)| *of == name && entry.port == *port && broker.to_string() == *id);
        // Where several changes are under way, a target may still be at a broker port of the first.
        let mut broker_ports = listeners().filter(|(_, other)| other.name == listener.name);
        (means || i32::from(port.0) == listener.bootstrap_port)
            && broker_ports.any(|(_, other)| other.broker_port == i32::from(target.port.0))
    })
}

fn cidrs(listener: &api::Listener) -> impl Iterator<Item = Ipv4Net> {
    listener.consumer_cidrs.iter().map(|cidr| cidr.parse::<Ipv4Net>().expect("a block").trunc())
}

/// Inbound rules that the object wants.
fn inbound(spec: &KafkaPrivateLinkSpec) -> BTreeSet<Rule> {
    let mut rules = BTreeSet::new();
    for listener in &spec.listeners {
        let port = |number: i32| Port(u16::try_from(number).expect("a port"));
        let (bootstrap, first, last) = (listener.bootstrap_port, listener.port_range.first, listener.port_range.last);
        let ranges = if bootstrap + 1 == first || last + 1 == bootstrap {
            vec![PortRange { first: port(first.min(bootstrap)), last: port(last.max(bootstrap)) }]
        } else {
            vec![PortRange::single(port(bootstrap)), PortRange { first: port(first), last: port(last) }]
        };
        for cidr in cidrs(listener) {
            rules.extend(ranges.iter().map(|ports| Rule {
                direction: Direction::Ingress,
                peer: Peer::Cidr(cidr),
                traffic: Traffic::Tcp(*ports),
            }));
        }
    }
    rules
}

/// Whether new rules do not fit beside the old ones: then AWS makes a gap impossible to avoid.
pub fn quota_leaves_no_room(step: &Step, before: &Aws, owner: &Owner, spec: &KafkaPrivateLinkSpec) -> bool {
    let Step::SecurityGroup(security_group::Change::Revoke { group, .. }) = step else { return false };
    let Some(group) = before.security_groups.get(group).filter(|group| ours(owner, &group.tags)) else { return false };
    let have: BTreeSet<_> =
        group.rules.values().map(|held| &held.rule).filter(|rule| rule.direction == Direction::Ingress).collect();
    let missing = inbound(spec).iter().filter(|rule| !have.contains(rule)).count();
    have.len() + missing > super::ec2::RULES_MOST
}
