//! Nodes that are made for the object: what each does in Kafka, and where it lies.
//!
//! Voters must not follow the nodes: one that is a voter for itself and not for the others looks healthy and never is
//! one. So roles are decided once, at the first apply, and kept in status and in tags.

use std::collections::{BTreeMap, BTreeSet};

use super::brokers::{Sighting, Sightings};
use super::issue::Issue;
use super::network::{self, OfferedSubnet};
use super::offer::{tags, with};
use super::once::{self, Once};
use super::{Identity, Intent, Ledger, Machine, Memory, NodeIssue, Provisioned, Software, Storage};
use crate::kafka::{Entry, Wiring, entries};
use crate::model::{
    AwsName, BROKER_ID_TAG, BrokerId, InterfaceId, ListenerName, NodeInterface, Observed, Ownership, ROLES_TAG,
    ResourceKey, Tags, TargetId, Volume, VpcId, ZoneId, node_entry, roles_tag,
};
use crate::node::Roles;

/// Nodes as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedNodes {
    /// By id.
    pub nodes: BTreeMap<BrokerId, WantedNode>,
    /// Who votes on metadata: the controllers of the first apply, whether the spec still has them or not.
    pub voters: BTreeSet<BrokerId>,
    /// In which VPC, once there is one.
    pub vpc: Option<VpcId>,
    /// Their security group.
    pub group: WantedBrokerGroup,
    /// What every instance is.
    pub machine: Machine,
    /// What every volume is.
    pub storage: Storage,
    /// What runs on them.
    pub software: Software,
    /// What was decided once.
    pub once: Once,
    /// Of the instance type; `None` while AWS has not said it.
    pub vcpus: Option<u32>,
}

/// The security group of the nodes, as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedBrokerGroup {
    /// Its name.
    pub name: AwsName,
    /// What people read.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
}

impl WantedNodes {
    /// Adds what each node offers, as far as its ports are given. A listener whose hosts nobody has said is not offered.
    pub(super) fn offer(&mut self, intent: &Intent, ledger: &Ledger) {
        let zones = self.nodes.iter().map(|(id, node)| (*id, Some(node.zone.clone()))).collect();
        let wiring = Wiring::of(intent, &zones, ledger);
        let mut entries = entries(&wiring);
        for (id, node) in &mut self.nodes {
            let given = intent.listeners.keys().all(|listener| ledger.port(listener, *id).is_some());
            node.offered = given.then(|| entries.remove(id).unwrap_or_default());
        }
    }

    /// How many nodes hold records.
    #[must_use]
    pub fn brokers(&self) -> usize {
        self.nodes.values().filter(|node| node.roles.serves()).count()
    }
}

/// A node as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedNode {
    /// Its zone.
    pub zone: ZoneId,
    /// The subnet of its zone; `None` while that one does not resolve, and then nothing can be made there.
    pub subnet: Option<OfferedSubnet>,
    /// What it does in Kafka.
    pub roles: Roles,
    /// What it offers to consumers; `None` while its ports are not given.
    pub offered: Option<BTreeMap<ListenerName, Entry>>,
    /// Tags of its network interface.
    pub interface_tags: Tags,
    /// Tags of its volume.
    pub volume_tags: Tags,
    /// Tags of its instance.
    pub instance_tags: Tags,
}

/// How the description of the nodes' security group begins.
pub const NODES_DESCRIPTION: &str = "Kafka nodes of";

/// Roles by node.
pub type KnownRoles = BTreeMap<BrokerId, Roles>;

/// What comes of the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What shall be; `None` as long as nobody can tell who votes.
    pub wanted: Option<WantedNodes>,
    /// To be remembered: roles of voters for ever, those of other nodes until they are gone.
    pub roles: KnownRoles,
}

/// Decides what each node is; `memory` has what was decided before.
pub fn decide(
    identity: &Identity,
    (intent, spec): (&Intent, &Provisioned),
    memory: &Memory,
    observed: &Observed,
    subnets: &BTreeMap<ZoneId, OfferedSubnet>,
    issues: &mut Vec<Issue>,
) -> Decided {
    let vcpus = vcpus(spec, observed, issues);
    let known = known_roles(identity, spec, &memory.roles, observed);
    let given = known.as_ref().and_then(|known| roles(spec, known, issues));
    let (Some(known), Some(given)) = (known, given) else {
        return Decided { wanted: None, roles: memory.roles.clone() };
    };
    let roles = remembered(&given, &known, identity, observed);
    let once = once::once(identity, spec, memory, observed);
    let nodes = spec.nodes.iter().filter_map(|(id, node)| {
        let roles = *given.get(id)?;
        let entry = [(BROKER_ID_TAG, id.to_string())];
        let named = |key: &ResourceKey| with(tags(identity, intent, key), entry.clone());
        let does = [(ROLES_TAG, roles_tag(roles).to_owned())];
        let wanted = WantedNode {
            zone: node.zone.clone(),
            subnet: subnets.get(&node.zone).cloned(),
            roles,
            offered: None,
            interface_tags: with(named(&ResourceKey::NodeInterface(*id)), does.clone()),
            volume_tags: with(with(named(&ResourceKey::NodeVolume(*id)), does.clone()), once.tags()),
            instance_tags: named(&ResourceKey::NodeInstance(*id)),
        };
        Some((*id, wanted))
    });
    let wanted = WantedNodes {
        nodes: nodes.collect(),
        voters: voters(&roles),
        vpc: network::vpc_id(intent, Some(observed)),
        group: WantedBrokerGroup {
            name: identity.owner.broker_group_name(),
            description: format!("{NODES_DESCRIPTION} {}/{}", identity.owner.namespace, identity.owner.name),
            tags: tags(identity, intent, &ResourceKey::BrokerGroupOfNodes),
        },
        machine: spec.machine.clone(),
        storage: spec.storage,
        software: spec.software.clone(),
        once,
        vcpus,
    };
    Decided { wanted: Some(wanted), roles }
}

/// A type that AWS does not know, or that cannot find its volume, is an issue.
fn vcpus(spec: &Provisioned, observed: &Observed, issues: &mut Vec<Issue>) -> Option<u32> {
    let of = &spec.machine.instance_type;
    match observed.inputs.machine.get()? {
        None => issues.push(Issue::Node(NodeIssue::InstanceTypeUnknown(of.clone()))),
        Some(kind) if !kind.nitro => issues.push(Issue::Node(NodeIssue::NotNitro(of.clone()))),
        Some(kind) => {
            if kind.newest_image.is_none() && spec.machine.image.is_none() {
                issues.push(Issue::Node(NodeIssue::NoImage(of.clone())));
            }
            return Some(kind.vcpus);
        }
    }
    None
}

/// What is known of roles: by status, and by tags of interfaces and volumes where that lost them.
///
/// `None` while nobody can tell whether a node of the spec was made before: then no roles are given.
fn known_roles(
    identity: &Identity,
    spec: &Provisioned,
    status: &KnownRoles,
    observed: &Observed,
) -> Option<KnownRoles> {
    let mut known = status.clone();
    let interfaces = node_interfaces(identity, observed).map(|found| (found.node, found.roles));
    for (node, roles) in interfaces.chain(roles_of_volumes(identity, observed)) {
        known.entry(node).or_insert(roles);
    }
    let all_known = || spec.nodes.keys().all(|id| known.contains_key(id));
    let all_listed = observed.knows_all::<NodeInterface>() && observed.knows_all::<Volume>();
    (all_listed || all_known()).then_some(known)
}

/// Volumes may outlive all else of a cluster: who voted on what is on them votes again.
fn roles_of_volumes<'a>(identity: &'a Identity, observed: &'a Observed) -> impl Iterator<Item = (BrokerId, Roles)> {
    let tags = observed.own.volumes.known().filter_map(|(_, volume)| volume.tags.get());
    tags.filter(|tags| identity.owner.of(tags) == Ownership::Ours).filter_map(node_entry)
}

/// An interface of ours, and for which node it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundInterface<'a> {
    /// The node.
    pub node: BrokerId,
    /// What the node does in Kafka.
    pub roles: Roles,
    /// The interface's id.
    pub id: &'a InterfaceId,
    /// The interface.
    pub interface: &'a NodeInterface,
}

/// Interfaces of ours that say for which node they are.
pub fn node_interfaces<'a>(identity: &'a Identity, observed: &'a Observed) -> impl Iterator<Item = FoundInterface<'a>> {
    observed.own.interfaces.known().filter_map(|(id, interface)| {
        let tags = interface.tags.get().filter(|tags| identity.owner.of(tags) == Ownership::Ours)?;
        let (node, roles) = node_entry(tags)?;
        Some(FoundInterface { node, roles, id, interface })
    })
}

/// How many of the nodes without roles become controllers at the first apply.
const CONTROLLERS: usize = 3;

/// Gives each node of the spec its roles; a node that can have none is not among the answers.
///
/// `None` if no roles can be given to anybody.
fn roles(spec: &Provisioned, known: &KnownRoles, issues: &mut Vec<Issue>) -> Option<KnownRoles> {
    if known.is_empty() {
        return first_roles(spec, issues);
    }
    let voters = voters(known);
    if voters.is_empty() {
        issues.push(Issue::Node(NodeIssue::ControllersUnknown(known.keys().copied().collect())));
        return None;
    }
    let removed: BTreeSet<_> = voters.iter().copied().filter(|id| !spec.nodes.contains_key(id)).collect();
    if !removed.is_empty() {
        issues.push(Issue::Node(NodeIssue::ControllersRemoved(removed)));
    }
    let mut given = KnownRoles::new();
    for (id, node) in &spec.nodes {
        match (known.get(id), node.roles) {
            (Some(real), said) => {
                if let Some(said) = said.filter(|said| said != real) {
                    issues.push(Issue::Node(NodeIssue::RolesFixed { node: *id, said, real: *real }));
                }
                given.insert(*id, *real);
            }
            (None, Some(said)) if said.controls() => {
                issues.push(Issue::Node(NodeIssue::ControllersFixed(*id, voters.clone())));
            }
            (None, _) => {
                given.insert(*id, Roles::Broker);
            }
        }
    }
    Some(given)
}

/// By the spec; where it names no controller, the lowest of the others are.
fn first_roles(spec: &Provisioned, issues: &mut Vec<Issue>) -> Option<KnownRoles> {
    let mut given: KnownRoles = spec.nodes.iter().filter_map(|(id, node)| Some((*id, node.roles?))).collect();
    let open: Vec<_> = spec.nodes.keys().filter(|id| !given.contains_key(id)).copied().collect();
    let count = match voters(&given).len() {
        0 if open.len() < CONTROLLERS => 1,
        0 => CONTROLLERS,
        _ => 0,
    };
    given.extend(
        open.into_iter().enumerate().map(|(at, id)| (id, if at < count { Roles::Combined } else { Roles::Broker })),
    );
    let voters = voters(&given);
    if matches!(voters.len(), 1 | 3 | 5) {
        return Some(given);
    }
    issues.push(Issue::Node(NodeIssue::ControllersUneven(voters)));
    None
}

fn voters(roles: &KnownRoles) -> BTreeSet<BrokerId> {
    roles.iter().filter(|(_, roles)| roles.controls()).map(|(id, _)| *id).collect()
}

/// Roles to be remembered.
fn remembered(given: &KnownRoles, known: &KnownRoles, identity: &Identity, observed: &Observed) -> KnownRoles {
    let here: BTreeSet<_> = node_interfaces(identity, observed).map(|found| found.node).collect();
    let listed = observed.knows_all::<NodeInterface>();
    let mut kept = known.clone();
    kept.retain(|id, roles| roles.controls() || here.contains(id) || !listed);
    kept.extend(given);
    kept
}

/// Where each broker's interface is; `None` when no interface is known. Those known from an earlier look are where they
/// were: an address is for life.
///
/// A broker that the spec has no more stays as long as its interface: it holds records until it was emptied.
pub(super) fn sightings(
    identity: &Identity,
    intent: &Intent,
    spec: &Provisioned,
    observed: &Observed,
    issues: &mut Vec<Issue>,
) -> Option<Sightings> {
    if !observed.knows_all::<NodeInterface>() && node_interfaces(identity, observed).next().is_none() {
        return None;
    }
    // One that has no interface yet has no path either.
    let mut found: Sightings = spec.brokers().map(|(id, zone)| (id, Sighting::Unclear(Some(zone.clone())))).collect();
    let mut by_node: BTreeMap<BrokerId, Vec<FoundInterface<'_>>> = BTreeMap::new();
    for one in node_interfaces(identity, observed).filter(|one| one.roles.serves()) {
        by_node.entry(one.node).or_default().push(one);
    }
    for (id, interfaces) in by_node {
        found.insert(id, sighting(intent, spec, id, &interfaces, issues));
    }
    Some(found)
}

fn sighting(
    intent: &Intent,
    spec: &Provisioned,
    id: BrokerId,
    interfaces: &[FoundInterface<'_>],
    issues: &mut Vec<Issue>,
) -> Sighting {
    let [FoundInterface { interface, .. }] = interfaces else {
        let ids = interfaces.iter().map(|one| one.id.clone()).collect();
        issues.push(Issue::Node(NodeIssue::Interfaces(id, ids)));
        return Sighting::Unclear(interfaces.first().map(|one| one.interface.zone.clone()));
    };
    if let Some(said) = spec.nodes.get(&id).map(|node| &node.zone).filter(|said| **said != interface.zone) {
        issues.push(Issue::BrokerInOtherZone(id, said.clone(), interface.zone.clone()));
        return Sighting::Unclear(Some(interface.zone.clone()));
    }
    if !intent.subnets.contains_key(&interface.zone) {
        issues.push(Issue::BrokerZoneNotOffered(id, interface.zone.clone()));
        return Sighting::Unclear(Some(interface.zone.clone()));
    }
    Sighting::Here { zone: interface.zone.clone(), target: TargetId::Ip(interface.address) }
}
