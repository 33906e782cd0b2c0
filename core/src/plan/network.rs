//! What of the network is ours: the VPC, the subnets in it or in the user's, and what the subnets reach outside.

use super::{Draft, gateway_endpoint, own, route_table, subnet, vpc};
use crate::desired::{Absent, Network, WantedVpc};
use crate::model::{Find, GatewayEndpoint, RouteTable};

pub(super) fn plan(wanted: Option<&Network>, draft: &mut Draft<'_>) {
    let Some(network) = wanted else { return };
    let vpc = match &network.vpc {
        WantedVpc::Given(id) => {
            subnet::plan(network, id, draft);
            return;
        }
        WantedVpc::Made(made) => vpc::plan(made, draft),
    };
    let Some(vpc) = vpc else { return };
    subnet::plan(network, &vpc, draft);
    match &network.egress {
        Some(egress) => {
            if let Some(table) = route_table::plan(egress, &vpc, draft) {
                gateway_endpoint::plan(egress, table, draft);
            }
        }
        None => remove_egress(draft),
    }
}

/// The endpoint's route lies in the tables.
fn remove_egress(draft: &mut Draft<'_>) {
    if gateway_endpoint::remove(draft) {
        route_table::remove(draft);
    }
}

/// Last of all. The load balancer's interfaces lie in the subnets; the security group has counted those away when it
/// is gone. Where others have something in a VPC of ours, nothing of the network goes.
pub(super) fn remove(absent: Absent, draft: &mut Draft<'_>) {
    subnet::list(draft);
    if !matches!(draft.ours(|observed| observed.security_group.find()), Find::Gone) {
        return;
    }
    if !absent.owns_vpc {
        return subnet::remove(draft);
    }
    own::list::<GatewayEndpoint>(draft);
    own::list::<RouteTable>(draft);
    if vpc::is_left(draft) {
        remove_egress(draft);
        subnet::remove(draft);
        if own::is_gone::<RouteTable>(draft) {
            vpc::remove(draft);
        }
    }
}
