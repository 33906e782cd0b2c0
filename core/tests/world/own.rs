//! What is known by its tags alone, whatever the kind: how it is read, tagged and compared.

use kpl_core::model::{
    BrokerGroup, GatewayEndpoint, NodeInstance, NodeInterface, Observed, OwnId, OwnKind, OwnVpc, RouteTable, Scope,
    Tags, Volume,
};
use kpl_core::plan::{Step, broker_group, gateway_endpoint, node_instance, node_interface, route_table, volume, vpc};

use super::compare::Lies;
use super::state::Aws;
use super::{egress, network, nodes};

impl Aws {
    /// The tags of one, as AWS holds them.
    pub fn own_tags(&self, kind: OwnKind, id: &OwnId) -> Option<&Tags> {
        match kind {
            OwnKind::Vpc => self.vpc_details.get(&id.as_str().into()).map(|held| &held.tags),
            OwnKind::RouteTable => self.route_tables.get(&id.as_str().into()).map(|held| &held.tags),
            OwnKind::GatewayEndpoint => self.gateway_endpoints.get(&id.as_str().into()).map(|held| &held.tags),
            OwnKind::BrokerGroup => self.security_groups.get(&id.as_str().into()).map(|held| &held.tags),
            OwnKind::Interface => self.interfaces.get(&id.as_str().into()).map(|held| &held.tags),
            OwnKind::Volume => self.volumes.get(&id.as_str().into()).map(|held| &held.tags),
            OwnKind::Instance => self.instances.get(&id.as_str().into()).map(|held| &held.tags),
        }
    }

    pub fn own_tags_mut(&mut self, kind: OwnKind, id: &OwnId) -> Option<&mut Tags> {
        match kind {
            OwnKind::Vpc => self.vpc_details.get_mut(&id.as_str().into()).map(|held| &mut held.tags),
            OwnKind::RouteTable => self.route_tables.get_mut(&id.as_str().into()).map(|held| &mut held.tags),
            OwnKind::GatewayEndpoint => self.gateway_endpoints.get_mut(&id.as_str().into()).map(|held| &mut held.tags),
            OwnKind::BrokerGroup => self.security_groups.get_mut(&id.as_str().into()).map(|held| &mut held.tags),
            OwnKind::Interface => self.interfaces.get_mut(&id.as_str().into()).map(|held| &mut held.tags),
            OwnKind::Volume => self.volumes.get_mut(&id.as_str().into()).map(|held| &mut held.tags),
            OwnKind::Instance => self.instances.get_mut(&id.as_str().into()).map(|held| &mut held.tags),
        }
    }
}

/// A listing of ours.
pub fn read(aws: &Aws, scope: &Scope, kind: OwnKind, o: &mut Observed) {
    match kind {
        OwnKind::Vpc => o.list_own(network::own_vpcs(aws, scope)),
        OwnKind::RouteTable => o.list_own(egress::route_tables(aws, scope)),
        OwnKind::GatewayEndpoint => o.list_own(egress::gateway_endpoints(aws, scope)),
        OwnKind::BrokerGroup => o.list_own(nodes::broker_groups(aws, scope)),
        OwnKind::Interface => o.list_own(nodes::interfaces(aws, scope)),
        OwnKind::Volume => o.list_own(nodes::volumes(aws, scope)),
        OwnKind::Instance => o.list_own(nodes::instances(aws, scope)),
    }
}

/// What a step writes to, unless it makes something or writes to a kind that has a name.
pub fn written(step: &Step) -> Option<(OwnKind, OwnId)> {
    match step {
        Step::Vpc(vpc::Change::EnableDns { id, .. } | vpc::Change::Delete { id }) => {
            Some((OwnKind::Vpc, id.as_str().into()))
        }
        Step::RouteTable(
            route_table::Change::Associate { id, .. }
            | route_table::Change::Disassociate { id, .. }
            | route_table::Change::Delete { id },
        ) => Some((OwnKind::RouteTable, id.as_str().into())),
        Step::GatewayEndpoint(
            gateway_endpoint::Change::AddTable { id, .. } | gateway_endpoint::Change::Delete { id },
        ) => Some((OwnKind::GatewayEndpoint, id.as_str().into())),
        Step::BrokerGroup(broker_group::Change::OpenInside { id } | broker_group::Change::Delete { id }) => {
            Some((OwnKind::BrokerGroup, id.as_str().into()))
        }
        Step::NodeInterface(node_interface::Change::SetGroup { id, .. } | node_interface::Change::Delete { id }) => {
            Some((OwnKind::Interface, id.as_str().into()))
        }
        // Who launches on an interface has to have it.
        Step::NodeInstance(node_instance::Change::Launch(launch)) => {
            Some((OwnKind::Interface, launch.interface.as_str().into()))
        }
        Step::Volume(volume::Change::Attach { id, .. } | volume::Change::Delete { id }) => {
            Some((OwnKind::Volume, id.as_str().into()))
        }
        Step::NodeInstance(
            node_instance::Change::Start { id }
            | node_instance::Change::Unprotect { id }
            | node_instance::Change::Terminate { id },
        ) => Some((OwnKind::Instance, id.as_str().into())),
        _ => None,
    }
}

/// Which kind a step deletes one of.
pub fn deletes(step: &Step) -> Option<OwnKind> {
    match step {
        Step::Vpc(vpc::Change::Delete { .. }) => Some(OwnKind::Vpc),
        Step::RouteTable(route_table::Change::Disassociate { .. } | route_table::Change::Delete { .. }) => {
            Some(OwnKind::RouteTable)
        }
        Step::GatewayEndpoint(gateway_endpoint::Change::Delete { .. }) => Some(OwnKind::GatewayEndpoint),
        Step::BrokerGroup(broker_group::Change::Delete { .. }) => Some(OwnKind::BrokerGroup),
        Step::NodeInterface(node_interface::Change::Delete { .. }) => Some(OwnKind::Interface),
        Step::Volume(volume::Change::Delete { .. }) => Some(OwnKind::Volume),
        Step::NodeInstance(node_instance::Change::Terminate { .. }) => Some(OwnKind::Instance),
        _ => None,
    }
}

/// What the picture says of each kind, and what a new look says.
pub fn compare(lies: &mut Lies, believed: &Observed, looked: &Observed) {
    lies.own(believed, looked, |lies, a: &OwnVpc, b: &OwnVpc| {
        lies.same("VPC", &a.vpc, &b.vpc);
        lies.seen("VPC DNS", &a.dns, &b.dns);
    });
    lies.own(believed, looked, |lies, a: &RouteTable, b: &RouteTable| {
        lies.same("route table", &(&a.vpc, &a.associations), &(&b.vpc, &b.associations));
    });
    lies.own(believed, looked, |lies, a: &GatewayEndpoint, b: &GatewayEndpoint| {
        lies.same("gateway endpoint", &(&a.vpc, a.leaving, &a.tables), &(&b.vpc, b.leaving, &b.tables));
    });
    lies.own(believed, looked, |lies, a: &BrokerGroup, b: &BrokerGroup| {
        lies.same("nodes' group", &(&a.vpc, a.open_inside), &(&b.vpc, b.open_inside));
    });
    lies.own(believed, looked, |lies, a: &NodeInterface, b: &NodeInterface| {
        lies.same("node's interface", &(&a.subnet, a.address, &a.groups), &(&b.subnet, b.address, &b.groups));
        lies.same("node's interface has a holder", &a.attached, &b.attached);
    });
    lies.own(believed, looked, |lies, a: &Volume, b: &Volume| {
        lies.same("node's volume", &(a.size, a.volume_type, &a.attached), &(b.size, b.volume_type, &b.attached));
    });
    lies.own(believed, looked, |lies, a: &NodeInstance, b: &NodeInstance| {
        lies.same("node's instance", &(&a.image, &a.instance_type), &(&b.image, &b.instance_type));
    });
}
