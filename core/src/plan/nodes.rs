//! The nodes of a provisioned cluster: group, interfaces, volumes, instances, in the order in which they rest on one
//! another.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::{Draft, NodeWait, WaitingOn, broker_group, node_instance, node_interface, own, subnet, volume};
use crate::desired::{Absent, WantedNode, WantedNodes};
use crate::model::{
    BrokerGroup, BrokerId, Find, Health, ImageId, NodeInstance, NodeInterface, Observed, Part, TargetId, Volume,
};
use crate::node::{Cluster, ClusterId, Format, Node, NotBooted, UserData, user_data};

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
        let interface = node_interface::plan(*id, node, &place, draft);
        let volume = volume::plan(*id, node, &wanted.storage, &zone, draft);
        made.extend(interface.zip(volume).map(|both| (*id, both)));
    }
    let Some(ready) = ready(wanted, draft) else { return };
    for (id, (interface, volume)) in made {
        let Some(node) = wanted.nodes.get(&id) else { continue };
        if is_healthy(interface, draft.observed) {
            volume::mark_formatted(volume, draft);
        }
        let user_data = boots(wanted, &ready, id, node, interface, volume);
        let Some(user_data) = user_data else {
            // Its ports are given in the next pass, now that its address is known.
            draft.wait(WaitingOn::Node(id, NodeWait::Ports));
            continue;
        };
        let parts = node_instance::Parts { interface, volume, machine: &wanted.machine, image: ready.image, user_data };
        node_instance::plan(id, node, parts, draft);
    }
}

/// What every node rests on.
struct Ready<'a> {
    cluster: &'a ClusterId,
    image: &'a ImageId,
    vcpus: u32,
    controllers: BTreeMap<BrokerId, Ipv4Addr>,
}

/// Voters are written into every node, so all of them have their addresses first.
fn ready<'a>(wanted: &'a WantedNodes, draft: &mut Draft<'_>) -> Option<Ready<'a>> {
    let observed = draft.observed;
    let cluster = wanted.once.cluster.as_ref()?;
    let (Some(image), Some(vcpus)) = (&wanted.once.image, wanted.vcpus) else {
        if !observed.inputs.machine.is_read() {
            draft.ask(Part::Machine);
        }
        return None;
    };
    let controllers: BTreeMap<_, _> =
        wanted.voters.iter().filter_map(|id| Some((*id, node_interface::address(*id, observed)?))).collect();
    (controllers.len() == wanted.voters.len()).then_some(Ready { cluster, image, vcpus, controllers })
}

/// `None` while it is not known what the node offers to consumers.
fn boots(
    wanted: &WantedNodes,
    ready: &Ready<'_>,
    id: BrokerId,
    node: &WantedNode,
    interface: &NodeInterface,
    volume: &Volume,
) -> Option<Result<UserData, NotBooted>> {
    let cluster = Cluster {
        id: ready.cluster.clone(),
        controllers: ready.controllers.clone(),
        brokers: wanted.brokers(),
        distribution: wanted.software.distribution.clone(),
        heap: wanted.software.heap,
        vcpus: ready.vcpus,
        extra: wanted.software.properties.clone(),
    };
    let (zone, address, roles) = (node.zone.clone(), interface.address, node.roles);
    let offered = if roles.serves() { node.offered.clone()? } else { BTreeMap::new() };
    let node = Node { id, zone, address, roles, offered };
    let format = if volume::is_formatted(volume) { Format::Forbidden } else { Format::Allowed };
    Some(user_data(&cluster, &node, &crate::node::Volume { id: volume.id.clone(), format }))
}

/// Kafka opens its ports when it has loaded its storage.
fn is_healthy(interface: &NodeInterface, observed: &Observed) -> bool {
    let address = TargetId::Ip(interface.address);
    let targets = observed.target_groups.known().filter_map(|(_, group)| group.targets.get());
    targets.flatten().any(|(target, health)| target.id == address && *health == Health::Healthy)
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
