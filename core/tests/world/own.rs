//! What is known by its tags alone, whatever the kind: how it is read, tagged and compared.

use kpl_core::model::{GatewayEndpoint, Observed, OwnId, OwnKind, OwnVpc, RouteTable, Scope, Tags};
use kpl_core::plan::{Step, gateway_endpoint, route_table, vpc};

use super::compare::Lies;
use super::state::Aws;
use super::{egress, network};

impl Aws {
    /// The tags of one, as AWS holds them.
    pub fn own_tags(&self, kind: OwnKind, id: &OwnId) -> Option<&Tags> {
        match kind {
            OwnKind::Vpc => self.vpc_details.get(&id.as_str().into()).map(|held| &held.tags),
            OwnKind::RouteTable => self.route_tables.get(&id.as_str().into()).map(|held| &held.tags),
            OwnKind::GatewayEndpoint => self.gateway_endpoints.get(&id.as_str().into()).map(|held| &held.tags),
        }
    }

    pub fn own_tags_mut(&mut self, kind: OwnKind, id: &OwnId) -> Option<&mut Tags> {
        match kind {
            OwnKind::Vpc => self.vpc_details.get_mut(&id.as_str().into()).map(|held| &mut held.tags),
            OwnKind::RouteTable => self.route_tables.get_mut(&id.as_str().into()).map(|held| &mut held.tags),
            OwnKind::GatewayEndpoint => self.gateway_endpoints.get_mut(&id.as_str().into()).map(|held| &mut held.tags),
        }
    }
}

/// A listing of ours.
pub fn read(aws: &Aws, scope: &Scope, kind: OwnKind, o: &mut Observed) {
    match kind {
        OwnKind::Vpc => o.list_own(network::own_vpcs(aws, scope)),
        OwnKind::RouteTable => o.list_own(egress::route_tables(aws, scope)),
        OwnKind::GatewayEndpoint => o.list_own(egress::gateway_endpoints(aws, scope)),
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
}
