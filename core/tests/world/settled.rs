//! Whether AWS is as the object says, by the spec, the brokers that run and the ports that were given: written
//! apart from `desired` and from the planner.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::api::v1alpha1 as api;
use kpl_core::desired::Ledger;
use kpl_core::model::{
    BROKER_ID_TAG, BrokerId, ConnectionState, Direction, HOLDER_TAG, Health, HolderId, InboundRules, InstanceId,
    ListenerName, Owner, Peer, Port, PortRange, RESOURCE_TAG, ServiceState, SubnetId, Tags, Target, TargetId,
    TargetType, Traffic,
};

use super::history::History;
use super::made;
use super::nodes::is_of_nodes;
use super::object;
use super::people::{CLUSTER_TAG, ID_TAG, zone};
use super::state::{Aws, LoadBalancer, SecurityGroup, Service, Subnet, TargetGroup, ours};
use super::{Manners, Offers};

/// What an object wants, and where.
pub struct Wish<'a> {
    pub owner: &'a Owner,
    pub holder: &'a HolderId,
    pub spec: &'a KafkaPrivateLinkSpec,
    pub ledger: &'a Ledger,
    pub manners: &'a Manners,
}

impl History {
    /// What its object wants now.
    pub fn wish(&self) -> Wish<'_> {
        let Self { world, identity, spec, memory, .. } = self;
        let (owner, holder) = (&identity.owner, &identity.holder);
        Wish { owner, holder, spec, ledger: &memory.ledger, manners: &world.manners }
    }
}

/// What differs, or nothing.
pub fn differences(aws: &Aws, wish: &Wish<'_>) -> Result<(), String> {
    made::network(aws, wish)?;
    made::nodes(aws, wish)?;
    let brokers = brokers(aws, wish);
    let own = aws.security_groups.iter().filter(|(_, x)| ours(wish.owner, &x.tags) && !is_of_nodes(&x.tags));
    let (sg_id, sg) = only(own, "security group")?;
    tags(wish, &sg.tags, "sg")?;
    rules(aws, sg, wish)?;
    broker_group_rules(aws, sg_id, wish)?;
    let groups = groups(aws, wish, &brokers)?;
    let (lb_arn, lb) = only(aws.load_balancers.iter().filter(|(_, x)| ours(wish.owner, &x.tags)), "load balancer")?;
    tags(wish, &lb.tags, "nlb")?;
    if lb.security_groups != BTreeSet::from([sg_id.clone()]) {
        return Err("the load balancer has other security groups".into());
    }
    let alive = aws.services.iter().filter(|(_, x)| ours(wish.owner, &x.tags) && x.state != ServiceState::Deleted);
    let (_, service) = only(alive, "service")?;
    load_balancer(aws, lb, service, wish)?;
    listeners(lb, wish, &groups, &brokers)?;
    tags(wish, &service.tags, "service")?;
    if service.state != ServiceState::Available || service.load_balancers != BTreeSet::from([lb_arn.clone()]) {
        return Err("the service is not available on our load balancer".into());
    }
    // A zone that cannot leave may be offered or not.
    let wanted: BTreeSet<_> = object::zones(wish.spec).into_iter().map(|n| zone(n).into()).collect();
    let right = service.zones.is_superset(&wanted) && (service.zones == wanted || wanted != aws.zones_of(lb));
    if wish.manners.offers != Offers::Never && !right {
        return Err(format!("the service offers {:?}", service.zones));
    }
    consumers(service, wish)
}

pub(super) fn only<T>(mut found: impl Iterator<Item = T>, what: &str) -> Result<T, String> {
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(format!("no {what}")),
        _ => Err(format!("more than one {what}")),
    }
}

/// The target of each broker that the spec means.
fn brokers(aws: &Aws, wish: &Wish<'_>) -> BTreeMap<BrokerId, TargetId> {
    if wish.spec.brokers.provisioned.is_some() {
        let ours = aws.interfaces.values().filter(|held| ours(wish.owner, &held.tags));
        let id = |tags: &Tags| BrokerId(tags[BROKER_ID_TAG].parse().expect("the id of a node"));
        return ours.map(|held| (id(&held.tags), TargetId::Ip(held.address))).collect();
    }
    let list = &wish.spec.brokers.static_brokers;
    if wish.spec.brokers.ec2.is_none() {
        let target = |broker: &api::StaticBroker| match (&broker.instance_id, &broker.ip_address) {
            (Some(id), _) => TargetId::Instance(InstanceId::new(id.as_str())),
            (None, Some(address)) => TargetId::Ip(address.parse::<Ipv4Addr>().expect("an address")),
            (None, None) => panic!("a broker without target"),
        };
        return list.iter().map(|broker| (BrokerId(broker.id), target(broker))).collect();
    }
    let vpc = object::vpc(aws, wish.spec);
    let selected = aws.instances.iter().filter(|(_, host)| {
        host.state == kpl_core::model::InstanceState::Running
            && Some(&host.vpc) == vpc.as_ref()
            && host.tags.get(CLUSTER_TAG.0).is_some_and(|tag| tag == CLUSTER_TAG.1)
    });
    selected
        .filter_map(|(id, host)| Some((BrokerId(host.tags.get(ID_TAG)?.parse().ok()?), TargetId::Instance(id.clone()))))
        .collect()
}

pub(super) fn tags(wish: &Wish<'_>, have: &Tags, resource: &str) -> Result<(), String> {
    if have.get(RESOURCE_TAG).is_none_or(|tag| tag != resource) {
        return Err(format!("{resource}: resource tag {:?}", have.get(RESOURCE_TAG)));
    }
    if have.get("team") != wish.spec.tags.get("team") {
        return Err(format!("{resource}: the user's tag is {:?}", have.get("team")));
    }
    Ok(())
}

fn port(number: i32) -> Port {
    Port(u16::try_from(number).expect("a port"))
}

/// Every port of every consumer is let in, every broker port is let out, and nothing else is.
fn rules(aws: &Aws, sg: &SecurityGroup, wish: &Wish<'_>) -> Result<(), String> {
    let mut inward: BTreeSet<(Ipv4Net, Port)> = BTreeSet::new();
    let mut outward: BTreeSet<Port> = BTreeSet::new();
    for listener in &wish.spec.listeners {
        let ports = PortRange { first: port(listener.port_range.first), last: port(listener.port_range.last) };
        for cidr in &listener.consumer_cidrs {
            let cidr = cidr.parse::<Ipv4Net>().expect("a block").trunc();
            inward.extend(ports.ports().chain([port(listener.bootstrap_port)]).map(|port| (cidr, port)));
        }
        outward.insert(port(listener.broker_port));
    }
    let blocks = &aws.vpcs[&object::vpc(aws, wish.spec).ok_or("no VPC")?];
    let (mut lets_in, mut lets_out) = (BTreeSet::new(), BTreeSet::new());
    for held in sg.rules.values() {
        match (held.rule.direction, &held.rule.peer, &held.rule.traffic) {
            (Direction::Ingress, Peer::Cidr(cidr), Traffic::Tcp(ports)) => {
                lets_in.extend(ports.ports().map(|port| (*cidr, port)));
            }
            (Direction::Egress, Peer::Cidr(cidr), Traffic::Tcp(ports)) if blocks.contains(cidr) => {
                lets_out.extend(ports.ports());
            }
            _ => return Err(format!("a rule too many: {}", held.rule)),
        }
    }
    if inward != lets_in || outward != lets_out {
        return Err("rules of the security group".into());
    }
    Ok(())
}

fn broker_group_rules(aws: &Aws, sg: &kpl_core::model::SecurityGroupId, wish: &Wish<'_>) -> Result<(), String> {
    let mut wanted = BTreeSet::new();
    let of_nodes = aws.security_groups.iter().filter(|(_, x)| ours(wish.owner, &x.tags) && is_of_nodes(&x.tags));
    let of_nodes = of_nodes.map(|(id, _)| id.to_string());
    for group in wish.spec.brokers.security_group_ids.iter().cloned().chain(of_nodes) {
        wanted.extend(wish.spec.listeners.iter().map(|listener| (group.clone(), port(listener.broker_port))));
    }
    let mut have = BTreeSet::new();
    for (id, group) in aws.security_groups.iter().filter(|(id, _)| *id != sg) {
        for held in group.rules.values().filter(|held| ours(wish.owner, &held.tags)) {
            match (&held.rule.peer, &held.rule.traffic) {
                (Peer::Group(source), Traffic::Tcp(ports)) if source == sg && ports.first == ports.last => {
                    have.insert((id.to_string(), ports.first));
                }
                _ => return Err(format!("a rule of ours in {id}: {}", held.rule)),
            }
        }
    }
    if wanted == have { Ok(()) } else { Err("rules in the brokers' groups".into()) }
}

/// Every group that is wanted and no other, by resource key.
fn groups<'a>(
    aws: &'a Aws,
    wish: &Wish<'_>,
    brokers: &BTreeMap<BrokerId, TargetId>,
) -> Result<BTreeMap<String, &'a kpl_core::model::TargetGroupArn>, String> {
    let target_type = match wish.spec.brokers.static_brokers.first() {
        _ if wish.spec.brokers.provisioned.is_some() => TargetType::Ip,
        Some(broker) if wish.spec.brokers.ec2.is_none() && broker.ip_address.is_some() => TargetType::Ip,
        _ => TargetType::Instance,
    };
    let mut found = BTreeMap::new();
    for (arn, group) in aws.target_groups.iter().filter(|(_, group)| ours(wish.owner, &group.tags)) {
        let key = group.tags.get(RESOURCE_TAG).cloned().unwrap_or_default();
        if found.insert(key.clone(), arn).is_some() {
            return Err(format!("two target groups for {key}"));
        }
    }
    let mut wanted = BTreeSet::new();
    for listener in &wish.spec.listeners {
        let at = |id: &TargetId| Target { id: id.clone(), port: port(listener.broker_port) };
        let all = (format!("tg/{}/bootstrap", listener.name), brokers.values().map(at).collect(), true);
        let each = brokers
            .iter()
            .map(|(id, target)| (format!("tg/{}/{id}", listener.name), BTreeSet::from([at(target)]), false));
        for (key, targets, bootstrap) in each.chain([all]) {
            let arn = found.get(&key).ok_or(format!("no target group for {key}"))?;
            let held = &aws.target_groups[*arn];
            group(held, wish, listener, &key, target_type, &targets, bootstrap)?;
            wanted.insert(key);
        }
    }
    match found.keys().find(|key| !wanted.contains(*key)) {
        Some(key) => Err(format!("a target group too many: {key}")),
        None => Ok(found),
    }
}

fn group(
    held: &TargetGroup,
    wish: &Wish<'_>,
    listener: &api::Listener,
    key: &str,
    target_type: TargetType,
    targets: &BTreeSet<Target>,
    bootstrap: bool,
) -> Result<(), String> {
    tags(wish, &held.tags, key)?;
    let check = &wish.spec.target_groups.health_check;
    let seconds = i64::from(held.health_check.interval_seconds);
    if held.target_type != target_type || seconds != i64::from(check.interval_seconds) {
        return Err(format!("{key}: target type or health check"));
    }
    let cross = bootstrap || listener.cross_zone == api::CrossZone::Enabled;
    let wanted = [
        ("deregistration_delay.timeout_seconds", wish.spec.target_groups.deregistration_delay_seconds.to_string()),
        ("deregistration_delay.connection_termination.enabled", "true".into()),
        ("preserve_client_ip.enabled", "false".into()),
        ("proxy_protocol_v2.enabled", "false".into()),
        ("load_balancing.cross_zone.enabled", cross.to_string()),
        (
            "target_group_health.dns_failover.minimum_healthy_targets.count",
            if bootstrap || !wish.manners.takes_failover_off { "1" } else { "off" }.to_owned(),
        ),
    ];
    for (name, value) in wanted {
        if held.attributes.get(name) != Some(&value) {
            return Err(format!("{key}: {name} is {:?}", held.attributes.get(name)));
        }
    }
    let registered = held.targets.iter().filter(|(_, held)| held.health != Health::Draining);
    let registered: BTreeSet<Target> = registered.map(|(target, _)| target.clone()).collect();
    if registered != *targets {
        return Err(format!("{key}: targets {registered:?}, wanted {targets:?}"));
    }
    Ok(())
}

fn load_balancer(aws: &Aws, lb: &LoadBalancer, service: &Service, wish: &Wish<'_>) -> Result<(), String> {
    for tags in [&lb.tags, &service.tags] {
        if tags.get(HOLDER_TAG).is_none_or(|holder| holder != wish.holder.as_str()) {
            return Err(format!("held by {:?}", tags.get(HOLDER_TAG)));
        }
    }
    let rules = match wish.spec.load_balancer.inbound_rules_on_private_link {
        api::InboundRules::Enforced => InboundRules::Enforced,
        api::InboundRules::Ignored => InboundRules::Ignored,
    };
    let protected = wish.spec.load_balancer.deletion_protection == api::DeletionProtection::Enabled;
    let protection = lb.attributes.get("deletion_protection.enabled").map(String::as_str);
    // Never switched off by us.
    let protection_right = protection == Some(if protected { "true" } else { "false" });
    if lb.inbound_rules != rules || !protection_right {
        return Err(format!("the load balancer's inbound rules or protection ({protection:?})"));
    }
    if Some(&lb.vpc) != object::vpc(aws, wish.spec).as_ref() {
        return Err(format!("the load balancer is in {}", lb.vpc));
    }
    let connected = service.connections.values().any(|connection| connection.state.connected());
    subnets(aws, lb, connected, wish)?;
    Ok(())
}

/// A subnet for every entry and no other, unless a connected endpoint holds it; and none of ours that is not used.
fn subnets(aws: &Aws, lb: &LoadBalancer, connected: bool, wish: &Wish<'_>) -> Result<(), String> {
    let vpc = object::vpc(aws, wish.spec).ok_or("no VPC")?;
    let mut wanted = BTreeSet::new();
    for entry in &wish.spec.network.subnets {
        let is = |id: &SubnetId, held: &Subnet| {
            let own = ours(wish.owner, &held.tags);
            held.vpc == vpc
                && held.zone.as_str() == entry.zone_id
                && match (&entry.subnet_id, &entry.cidr_block) {
                    (Some(wanted), _) => wanted == id.as_str(),
                    (None, Some(block)) => own && held.cidr.to_string() == *block,
                    (None, None) => entry.subnet_tags.iter().all(|(key, value)| held.tags.get(key) == Some(value)),
                }
        };
        let (id, _) = only(aws.subnets.iter().filter(|(id, held)| is(id, held)), "subnet")?;
        wanted.insert(id.clone());
    }
    let zones = |ids: &BTreeSet<SubnetId>| ids.iter().map(|id| aws.subnets[id].zone.clone()).collect::<BTreeSet<_>>();
    let covered = zones(&lb.subnets).is_superset(&zones(&wanted));
    if lb.subnets != wanted && !(connected && covered) {
        return Err(format!("the load balancer is in {:?}, wanted {wanted:?}", lb.subnets));
    }
    let own = aws.subnets.iter().filter(|(_, held)| ours(wish.owner, &held.tags)).map(|(id, _)| id);
    match own.into_iter().find(|id| !wanted.contains(*id) && !lb.subnets.contains(*id)) {
        Some(id) => Err(format!("a subnet too many: {id}")),
        None => Ok(()),
    }
}

fn listeners(
    lb: &LoadBalancer,
    wish: &Wish<'_>,
    groups: &BTreeMap<String, &kpl_core::model::TargetGroupArn>,
    brokers: &BTreeMap<BrokerId, TargetId>,
) -> Result<(), String> {
    let mut wanted: BTreeMap<Port, String> = BTreeMap::new();
    for listener in &wish.spec.listeners {
        let name = ListenerName::new(listener.name.as_str());
        wanted.insert(port(listener.bootstrap_port), format!("{name}/bootstrap"));
        for broker in brokers.keys() {
            let port = wish.ledger.port(&name, *broker).ok_or(format!("no port for broker {broker} on {name}"))?;
            let range = &listener.port_range;
            if !(range.first..=range.last).contains(&i32::from(port.0)) {
                return Err(format!("port {port} of broker {broker} lies outside of the range of {name}"));
            }
            wanted.insert(port, format!("{name}/{broker}"));
        }
    }
    if !lb.listeners.keys().eq(wanted.keys()) {
        return Err(format!("ports {:?}, wanted {:?}", lb.listeners.keys(), wanted.keys()));
    }
    for (port, key) in wanted {
        let held = &lb.listeners[&port];
        tags(wish, &held.tags, &format!("listener/{key}"))?;
        let leads = held.forward.keys().collect::<Vec<_>>();
        if !held.tcp || leads != [groups[&format!("tg/{key}")]] {
            return Err(format!("NLB listener {port} leads to {leads:?}"));
        }
        if i64::from(held.idle_timeout_seconds) != i64::from(wish.spec.load_balancer.idle_timeout_seconds) {
            return Err(format!("idle timeout of {port}"));
        }
    }
    Ok(())
}

fn consumers(service: &Service, wish: &Wish<'_>) -> Result<(), String> {
    use api::Acceptance::{Automatic, Rejected};
    if !service.acceptance_required {
        return Err("acceptance is not required".into());
    }
    let listed = &wish.spec.endpoint_service.consumers;
    let admitted = listed.iter().filter(|consumer| consumer.acceptance != Rejected);
    let wanted: BTreeSet<_> =
        admitted.map(|consumer| format!("arn:aws:iam::{}:root", consumer.account_id).into()).collect();
    if service.principals != wanted {
        return Err(format!("principals {:?}", service.principals));
    }
    for consumer in listed {
        let states =
            service.connections.values().filter(|c| c.account.as_str() == consumer.account_id).map(|c| c.state);
        let live = states.clone().filter(|state| state.connected()).count();
        let waiting = states.filter(|state| *state == ConnectionState::PendingAcceptance).count();
        let most = usize::try_from(consumer.max_connections).expect("at least one");
        match consumer.acceptance {
            Automatic if waiting > 0 && live < most => {
                return Err(format!("{} waits for acceptance", consumer.account_id));
            }
            Rejected if waiting + live > 0 => return Err(format!("{} is not rejected", consumer.account_id)),
            _ => {}
        }
    }
    Ok(())
}
