//! `status.brokers`: what is remembered of nodes, and where they are.

use crate::api::v1alpha1::{KafkaPrivateLinkStatus, NodeStatus, ProvisionedStatus};
use crate::desired::{Desired, KnownRoles, Memory, node_interfaces};
use crate::model::{BrokerId, NodeInstance, Observed, ResourceKey, Volume};
use crate::node::{Fingerprint, Roles};
use crate::plan::node_instance;
use crate::plan::nodes::describe;

const CONTROLLER: &str = "Controller";
const BROKER: &str = "Broker";

/// Nothing where nothing was made.
pub(super) fn provisioned(desired: &Desired, observed: &Observed) -> Option<ProvisionedStatus> {
    let Memory { roles, cluster_id, .. } = &desired.memory;
    let nodes = roles.iter().map(|(id, roles)| {
        let interface = node_interfaces(&desired.identity, observed).find(|found| found.node == *id);
        let volume = observed.own::<Volume>(&ResourceKey::NodeVolume(*id)).there();
        let instance = observed.own::<NodeInstance>(&ResourceKey::NodeInstance(*id)).there();
        NodeStatus {
            id: id.0,
            roles: words(*roles),
            instance_id: instance.map(|instance| instance.id.to_string()),
            interface_id: interface.as_ref().map(|found| found.id.to_string()),
            volume_id: volume.map(|volume| volume.id.to_string()),
            private_address: interface.map(|found| found.interface.address.to_string()),
            outdated: instance.is_some_and(|instance| is_outdated(desired, *id, instance, observed)),
        }
    });
    let status = ProvisionedStatus { cluster_id: cluster_id.as_ref().map(ToString::to_string), nodes: nodes.collect() };
    (status != ProvisionedStatus::default()).then_some(status)
}

fn is_outdated(desired: &Desired, id: BrokerId, instance: &NodeInstance, observed: &Observed) -> bool {
    let told = || {
        let wanted = desired.nodes.as_ref()?;
        let (cluster, node) = describe(wanted, id, observed)?;
        let told = Fingerprint::of(&cluster, &node).ok()?;
        Some(node_instance::is_outdated(instance, &wanted.machine, wanted.once.image.as_ref()?, &told))
    };
    told().unwrap_or_default()
}

fn words(roles: Roles) -> Vec<String> {
    let said = [(roles.controls(), CONTROLLER), (roles.serves(), BROKER)];
    said.into_iter().filter(|(has, _)| *has).map(|(_, word)| word.to_owned()).collect()
}

/// Roles that status says; those that this version does not know are not remembered.
pub(super) fn roles(status: &KafkaPrivateLinkStatus) -> KnownRoles {
    let nodes = status.brokers.iter().flat_map(|brokers| &brokers.nodes);
    let known = nodes.filter_map(|node| {
        let is_known = node.roles.iter().all(|role| [CONTROLLER, BROKER].contains(&role.as_str()));
        let has = |word: &str| node.roles.iter().any(|role| role == word);
        let roles = match (has(CONTROLLER), has(BROKER)) {
            _ if !is_known => return None,
            (true, true) => Roles::Combined,
            (true, false) => Roles::Controller,
            (false, true) => Roles::Broker,
            (false, false) => return None,
        };
        Some((BrokerId(node.id), roles))
    });
    known.collect()
}
