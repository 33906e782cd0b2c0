//! What of the network is ours: the VPC, and the subnets in it or in the user's.

use super::{Draft, subnet, vpc};
use crate::desired::{Absent, Network, WantedVpc};
use crate::model::Find;

pub(super) fn plan(wanted: Option<&Network>, draft: &mut Draft<'_>) {
    let Some(network) = wanted else { return };
    let vpc = match &network.vpc {
        WantedVpc::Given(id) => Some(id.clone()),
        WantedVpc::Made(made) => vpc::plan(made, draft),
    };
    if let Some(vpc) = vpc {
        subnet::plan(network, &vpc, draft);
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
    if vpc::is_left(draft) {
        subnet::remove(draft);
        vpc::remove(draft);
    }
}
