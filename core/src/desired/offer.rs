//! Everything that shall exist in AWS while the object does.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use super::loss::{Broker, Path};
use super::network::OfferedSubnet;
use super::{Acceptance, Consumer, Identity, Intent, Ledger, Listener};
use crate::model::{
    AccountId, Attributes, AwsName, BROKER_ID_TAG, BrokerId, DELETION_PROTECTION, Direction, HOLDER_TAG, HealthCheck,
    InboundRules, LISTENER_TAG, ListenerName, NAME_TAG, OWNER_TAG, PORT_TAG, Partition, Peer, Port, PortRange,
    Principal, RESOURCE_TAG, ResourceKey, Rule, SecurityGroupId, TAG_KEYS_TAG, Tags, Target, TargetType, Traffic, Vpc,
    VpcId, ZoneId, remembered,
};

/// What shall exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The VPC.
    pub vpc: VpcId,
    /// The load balancer's subnets.
    pub subnets: BTreeMap<ZoneId, OfferedSubnet>,
    /// Whether every entry of the spec resolved: a load balancer is made with all its subnets at once.
    pub subnets_whole: bool,
    /// The security group.
    pub security_group: WantedSecurityGroup,
    /// Whether the brokers' groups are all known: what leads to one that is not stays.
    pub broker_groups_known: bool,
    /// Broker ports to be opened in the brokers' groups, with the tags of each rule.
    pub broker_group_rules: BTreeMap<SecurityGroupId, BTreeMap<Port, Tags>>,
    /// Target groups by name.
    pub target_groups: BTreeMap<AwsName, WantedGroup>,
    /// The load balancer.
    pub load_balancer: WantedLoadBalancer,
    /// NLB listeners by port.
    pub listeners: BTreeMap<Port, WantedListener>,
    /// The endpoint service.
    pub endpoint_service: WantedService,
}

/// The security group as wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedSecurityGroup {
    /// Its name.
    pub name: AwsName,
    /// What the console shows.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
    /// Its rules.
    pub rules: BTreeSet<Rule>,
}

/// A target group as wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedGroup {
    /// Which one it is; its predecessor before a replacement has the same key.
    pub key: ResourceKey,
    /// Instances or addresses.
    pub target_type: TargetType,
    /// Its health check.
    pub health_check: HealthCheck,
    /// Its attributes.
    pub attributes: Attributes,
    /// What it leads to.
    pub targets: Targets,
    /// For a broker's group, the bootstrap group of its listener: it shows the broker's health too.
    pub bootstrap: Option<AwsName>,
    /// Its tags.
    pub tags: Tags,
}

/// Registrations as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// These and no others.
    Exactly(BTreeSet<Target>),
    /// These; what else is there belongs to brokers of which the look said nothing.
    AtLeast(BTreeSet<Target>),
}

impl Targets {
    /// Those that have to be there.
    #[must_use]
    pub fn wanted(&self) -> &BTreeSet<Target> {
        match self {
            Self::Exactly(targets) | Self::AtLeast(targets) => targets,
        }
    }
}

/// The load balancer as wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedLoadBalancer {
    /// Its name.
    pub name: AwsName,
    /// Its attributes.
    pub attributes: Attributes,
    /// Whether inbound rules apply to endpoints.
    pub inbound_rules: InboundRules,
    /// Its tags.
    pub tags: Tags,
}

/// An NLB listener as wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedListener {
    /// Where it leads.
    pub group: AwsName,
    /// Its idle timeout.
    pub idle_timeout_seconds: u32,
    /// Its tags.
    pub tags: Tags,
}

/// The endpoint service as wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedService {
    /// Its tags.
    pub tags: Tags,
    /// Who may ask.
    pub principals: BTreeSet<Principal>,
    /// What we answer.
    pub consumers: BTreeMap<AccountId, Consumer>,
}

/// What an offer is made of.
pub struct Ingredients<'a> {
    /// Whose it is.
    pub identity: &'a Identity,
    /// The spec.
    pub intent: &'a Intent,
    /// First part of ARNs.
    pub partition: &'a Partition,
    /// The VPC with its blocks.
    pub vpc: &'a Vpc,
    /// Resolved subnets.
    pub subnets: BTreeMap<ZoneId, OfferedSubnet>,
    /// Brokers that have a path.
    pub brokers: &'a BTreeMap<BrokerId, Broker>,
    /// Their ports.
    pub ledger: &'a Ledger,
    /// Their security groups: the user's, or that of nodes that we made.
    pub broker_groups: BTreeSet<SecurityGroupId>,
    /// Whether these are all: the group of nodes that we make may not have been read.
    pub broker_groups_known: bool,
}

/// Makes the offer; cannot fail, since everything in it has been resolved.
#[must_use]
pub fn offer(from: Ingredients<'_>) -> Offer {
    let mut target_groups = BTreeMap::new();
    let mut listeners = BTreeMap::new();
    for (name, listener) in &from.intent.listeners {
        groups(&from, name, listener, &mut target_groups, &mut listeners);
    }
    let Ingredients { identity, intent, partition, vpc, subnets, broker_groups, broker_groups_known, .. } = from;
    let ports: BTreeSet<Port> = intent.listeners.values().map(|listener| listener.broker_port).collect();
    // The user's tags may change, and tags of rules in groups that are not ours are read only to know them.
    let rule_tags = own_tags(identity, &ResourceKey::BrokerGroupRule);
    Offer {
        vpc: vpc.id.clone(),
        subnets_whole: super::network::whole(intent, &subnets),
        subnets,
        security_group: WantedSecurityGroup {
            name: identity.owner.security_group_name(),
            description: format!("KafkaPrivateLink {}/{}", identity.owner.namespace, identity.owner.name),
            tags: tags(identity, intent, &ResourceKey::SecurityGroup),
            rules: rules(intent, vpc, &ports),
        },
        broker_groups_known,
        broker_group_rules: broker_groups
            .iter()
            .map(|group| (group.clone(), ports.iter().map(|port| (*port, rule_tags.clone())).collect()))
            .collect(),
        target_groups,
        load_balancer: WantedLoadBalancer {
            name: identity.owner.load_balancer_name(),
            attributes: [(DELETION_PROTECTION.to_owned(), intent.deletion_protection.to_string())].into(),
            inbound_rules: intent.inbound_rules,
            tags: held(identity, tags(identity, intent, &ResourceKey::LoadBalancer)),
        },
        listeners,
        endpoint_service: WantedService {
            tags: held(identity, tags(identity, intent, &ResourceKey::EndpointService)),
            principals: intent
                .consumers
                .iter()
                .filter(|(_, consumer)| consumer.acceptance != Acceptance::Rejected)
                .flat_map(|(account, consumer)| consumer.arns(partition, account))
                .collect(),
            consumers: intent.consumers.clone(),
        },
    }
}

/// The bootstrap group, a group per broker, and their NLB listeners.
fn groups(
    from: &Ingredients<'_>,
    name: &ListenerName,
    listener: &Listener,
    groups: &mut BTreeMap<AwsName, WantedGroup>,
    listeners: &mut BTreeMap<Port, WantedListener>,
) {
    let Ingredients { identity, intent, vpc, brokers, ledger, .. } = from;
    let target_type = intent.target_type();
    let aws_name = |key: &ResourceKey| identity.owner.target_group_name(key, &vpc.id, target_type);
    let at_port = |path: &Path| match path {
        Path::To(id) => Some(Target { id: id.clone(), port: listener.broker_port }),
        Path::AsItIs => None,
    };
    let offered = brokers.iter().filter_map(|(id, broker)| Some((*id, broker, ledger.port(name, *id)?)));

    let key = ResourceKey::BootstrapGroup(name.clone());
    let bootstrap = aws_name(&key);
    let all: BTreeSet<Target> = offered.clone().filter_map(|(_, broker, _)| at_port(&broker.path)).collect();
    let sure = offered.clone().all(|(_, broker, _)| broker.path != Path::AsItIs);
    let group_tags = with(tags(identity, intent, &key), [(LISTENER_TAG, name.to_string())]);
    groups.insert(
        bootstrap.clone(),
        WantedGroup {
            key,
            target_type,
            health_check: intent.health_check,
            attributes: intent.group_attributes(listener.cross_zone, true),
            targets: if sure { Targets::Exactly(all) } else { Targets::AtLeast(all) },
            bootstrap: None,
            tags: group_tags,
        },
    );
    let listener_tags = with(
        tags(identity, intent, &ResourceKey::BootstrapListener(name.clone())),
        [(LISTENER_TAG, name.to_string()), (PORT_TAG, listener.bootstrap_port.to_string())],
    );
    listeners.insert(
        listener.bootstrap_port,
        WantedListener {
            group: bootstrap.clone(),
            idle_timeout_seconds: intent.idle_timeout_seconds,
            tags: listener_tags,
        },
    );

    for (id, broker, port) in offered {
        let key = ResourceKey::BrokerGroup(name.clone(), id);
        let group = aws_name(&key);
        let ledger_tags =
            [(LISTENER_TAG, name.to_string()), (BROKER_ID_TAG, id.to_string()), (PORT_TAG, port.to_string())];
        let wanted: BTreeSet<Target> = at_port(&broker.path).into_iter().collect();
        groups.insert(
            group.clone(),
            WantedGroup {
                target_type,
                health_check: intent.health_check,
                attributes: intent.group_attributes(listener.cross_zone, false),
                targets: if wanted.is_empty() { Targets::AtLeast(wanted) } else { Targets::Exactly(wanted) },
                bootstrap: Some(bootstrap.clone()),
                tags: with(tags(identity, intent, &key), ledger_tags.clone()),
                key,
            },
        );
        let listener_key = ResourceKey::BrokerListener(name.clone(), id);
        listeners.insert(
            port,
            WantedListener {
                group,
                idle_timeout_seconds: intent.idle_timeout_seconds,
                tags: with(tags(identity, intent, &listener_key), ledger_tags),
            },
        );
    }
}

/// In: every listener's ports from its consumers. Out: the broker ports to the VPC; a reference to the
/// brokers' group would block its deletion.
fn rules(intent: &Intent, vpc: &Vpc, broker_ports: &BTreeSet<Port>) -> BTreeSet<Rule> {
    let rule = |direction, cidr: &Ipv4Net, ports| Rule {
        direction,
        peer: Peer::Cidr(cidr.trunc()),
        traffic: Traffic::Tcp(ports),
    };
    let ingress = intent.listeners.values().flat_map(|listener| {
        let ranges = port_ranges(listener);
        listener
            .consumer_cidrs
            .iter()
            .flat_map(move |cidr| ranges.clone().into_iter().map(move |ports| rule(Direction::Ingress, cidr, ports)))
    });
    let egress = vpc
        .cidrs
        .iter()
        .flat_map(|cidr| broker_ports.iter().map(move |port| rule(Direction::Egress, cidr, PortRange::single(*port))));
    ingress.chain(egress).collect()
}

/// The contiguous ranges of a listener: one rule each and CIDR, so that the quota counts CIDRs, not brokers.
fn port_ranges(listener: &Listener) -> Vec<PortRange> {
    let (bootstrap, PortRange { first, last }) = (listener.bootstrap_port, listener.ports);
    if bootstrap.0.checked_add(1) == Some(first.0) {
        vec![PortRange { first: bootstrap, last }]
    } else if last.0.checked_add(1) == Some(bootstrap.0) {
        vec![PortRange { first, last: bootstrap }]
    } else {
        vec![PortRange::single(bootstrap), listener.ports]
    }
}

/// The tags that everything of ours carries.
pub(super) fn tags(identity: &Identity, intent: &Intent, key: &ResourceKey) -> Tags {
    let mut tags = own_tags(identity, key);
    tags.extend(intent.tags.clone());
    if !intent.tags.is_empty() {
        tags.insert(TAG_KEYS_TAG.to_owned(), remembered(intent.tags.keys()));
    }
    tags
}

/// Those that say whose it is and what.
fn own_tags(identity: &Identity, key: &ResourceKey) -> Tags {
    let owner = &identity.owner;
    Tags::from([
        (NAME_TAG.to_owned(), format!("{}/{} {key}", owner.namespace, owner.name)),
        (OWNER_TAG.to_owned(), owner.to_string()),
        (RESOURCE_TAG.to_owned(), key.to_string()),
    ])
}

fn held(identity: &Identity, tags: Tags) -> Tags {
    with(tags, [(HOLDER_TAG, identity.holder.to_string())])
}

pub(super) fn with(mut tags: Tags, more: impl IntoIterator<Item = (&'static str, String)>) -> Tags {
    tags.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    tags
}
