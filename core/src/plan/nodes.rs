//! The nodes of a provisioned cluster: group, interfaces, volumes, instances, in the order in which they rest on one
//! another.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::node_instance::Kept;
use super::{Draft, NodeWait, WaitingOn, broker_group, node_instance, node_interface, own, subnet, volume};
use crate::desired::{Absent, WantedNode, WantedNodes};
use crate::model::{
    BrokerGroup, BrokerId, Find, Health, NodeInstance, NodeInterface, Observed, Part, ResourceKey, TargetId, Volume,
};
use crate::node::{Cluster, Fingerprint, Format, Node, user_data};

pub(super) fn plan(wanted: Option<&WantedNodes>, draft: &mut Draft<'_>) {
    let Some(wanted) = wanted else { return };
    let Some(vpc) = &wanted.vpc else { return };
    if wanted.once.cluster.is_none() {
        // A volume that an earlier object left behind may say which cluster it is.
        return own::list::<Volume>(draft);
    }
    let Some(group) = broker_group::plan(wanted, vpc, draft) else { return };
    let mut made: BTreeMap<BrokerId, (&NodeInterface, &Volume)> = BTreeMap::new();
    for (id, node) in &wanted.nodes {
        let subnet = node.subnet.as_ref().and_then(|offered| subnet::resolved(offered, &node.zone, draft.observed));
        let Some((subnet, zone)) = subnet else { continue };
        let place = node_interface::Place { vpc, subnet: &subnet, group: &group };
        let Some(interface) = node_interface::plan(*id, node, &place, draft) else { continue };
        let volume = volume::plan(*id, node, wanted.storage, interface, &zone, draft);
        made.extend(volume.map(|volume| (*id, (interface, volume))));
    }
    for (id, (interface, volume)) in made {
        let Some(node) = wanted.nodes.get(&id) else { continue };
        if runs(wanted, (id, node), volume, draft.observed) {
            volume::mark_formatted(volume, interface, draft);
        }
        if node_instance::keep(id, node, volume, draft) == Kept::Missing {
            launch(wanted, (id, node), interface, volume, draft);
        }
    }
}

/// What only a new instance takes: others go on without it.
fn launch(
    wanted: &WantedNodes,
    (id, node): (BrokerId, &WantedNode),
    interface: &NodeInterface,
    volume: &Volume,
    draft: &mut Draft<'_>,
) {
    let (Some(image), Some(_)) = (&wanted.once.image, wanted.vcpus) else {
        if !draft.observed.inputs.machine.is_read() {
            draft.ask(Part::Machine);
        }
        return;
    };
    let Some((cluster, described)) = describe(wanted, id, draft.observed) else {
        // Its ports are given in the next pass, now that its address and those of all voters are known.
        return draft.wait(WaitingOn::Node(id, NodeWait::Ports));
    };
    let format = if volume::ran(volume, interface) { Format::Forbidden } else { Format::Allowed };
    let on = crate::node::Volume { id: volume.id.clone(), format };
    let boots = user_data(&cluster, &described, &on)
        .and_then(|user_data| Ok((user_data, Fingerprint::of(&cluster, &described)?)));
    let parts = node_instance::Parts { interface, volume, machine: &wanted.machine, image, boots };
    node_instance::launch(id, node, parts, draft);
}

/// The cluster and one of its nodes, as far as its instance is told; `None` while something of it is not known: voters
/// are written into every node, so all of them have their addresses first.
pub(crate) fn describe(wanted: &WantedNodes, id: BrokerId, observed: &Observed) -> Option<(Cluster, Node)> {
    let node = wanted.nodes.get(&id)?;
    let voter = |id: &BrokerId| Some((*id, node_interface::address(*id, observed)?));
    let cluster = Cluster {
        id: wanted.once.cluster.clone()?,
        controllers: wanted.voters.iter().map(voter).collect::<Option<_>>()?,
        brokers: wanted.brokers(),
        distribution: wanted.software.distribution.clone(),
        heap: wanted.software.heap,
        vcpus: wanted.vcpus?,
        extra: wanted.software.properties.clone(),
    };
    let offered = if node.roles.serves() { node.offered.clone()? } else { BTreeMap::new() };
    let address = node_interface::address(id, observed)?;
    Some((cluster, Node { id, zone: node.zone.clone(), address, roles: node.roles, offered }))
}

/// Whether Kafka runs on the volume: it opens its ports when it has loaded its storage. A node that is a controller alone
/// has no port that is checked: brokers that are all healthy have a quorum.
fn runs(wanted: &WantedNodes, (id, node): (BrokerId, &WantedNode), volume: &Volume, observed: &Observed) -> bool {
    let instance = observed.own::<NodeInstance>(&ResourceKey::NodeInstance(id)).there();
    let has_it = instance.is_some_and(|instance| volume.attached.as_ref() == Some(&instance.id));
    let healthy = |id: BrokerId| node_interface::address(id, observed).is_some_and(|at| is_healthy(at, observed));
    let all_healthy = || wanted.nodes.iter().filter(|(_, node)| node.roles.serves()).all(|(id, _)| healthy(*id));
    has_it && if node.roles.serves() { healthy(id) } else { all_healthy() }
}

fn is_healthy(address: Ipv4Addr, observed: &Observed) -> bool {
    let targets = observed.target_groups.known().filter_map(|(_, group)| group.targets.get());
    targets.flatten().any(|(target, health)| target.id == TargetId::Ip(address) && *health == Health::Healthy)
}

/// What is to go has to be known.
fn list(draft: &mut Draft<'_>) {
    own::list::<NodeInstance>(draft);
    own::list::<NodeInterface>(draft);
    own::list::<Volume>(draft);
    own::list::<BrokerGroup>(draft);
}

/// Whether all that goes is gone: instances first, which hold the rest. The load balancer's group has counted away what
/// led to them when it is gone.
pub(super) fn remove(absent: Absent, draft: &mut Draft<'_>) -> bool {
    let Some(volumes) = absent.nodes else { return true };
    list(draft);
    if !matches!(draft.ours(|observed| observed.security_group.find()), Find::Gone) {
        return false;
    }
    if !node_instance::remove(draft) {
        return false;
    }
    node_interface::remove(draft);
    volume::remove(volumes, draft);
    if !own::is_gone::<NodeInterface>(draft) {
        return false;
    }
    broker_group::remove(draft);
    own::is_gone::<BrokerGroup>(draft)
}
