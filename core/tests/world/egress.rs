//! Route tables and gateway endpoints: how EC2 makes them, ties them to subnets, and what it refuses.

use kpl_core::model::{
    Answer, EndpointId, ErrorClass, GatewayEndpoint, RouteAssociationId, RouteTable, RouteTableId, Scope, Seen,
    SubnetId,
};
use kpl_core::plan::{gateway_endpoint, route_table};

use super::held::{HeldEndpoint, HeldTable};
use super::state::{Aws, ours};
use super::time::DELETING;
use super::{Refusal, Said, no};

fn no_table() -> Refusal {
    no(ErrorClass::NotFound, "InvalidRouteTableID.NotFound")
}

fn no_endpoint() -> Refusal {
    no(ErrorClass::NotFound, "InvalidVpcEndpointId.NotFound")
}

fn in_use() -> Refusal {
    no(ErrorClass::InUse, "DependencyViolation")
}

impl Aws {
    pub fn write_route_table(&mut self, change: &route_table::Change) -> Said {
        use route_table::Change;
        match change {
            Change::Create { vpc, tags } => {
                if !self.vpcs.contains_key(vpc) {
                    return Err(no(ErrorClass::NotFound, "InvalidVpcID.NotFound"));
                }
                let id = RouteTableId::new(format!("rtb-{}", self.digits(&format!("route table {vpc}"))));
                let held = HeldTable { vpc: vpc.clone(), associations: [].into(), tags: tags.clone() };
                self.route_tables.insert(id.clone(), held.into());
                Ok(Answer::Own(id.as_str().into()))
            }
            Change::Associate { id, subnet } => {
                if !self.route_tables.contains_key(id) {
                    return Err(no_table());
                }
                if !self.subnets.contains_key(subnet) {
                    return Err(no(ErrorClass::NotFound, "InvalidSubnetID.NotFound"));
                }
                if self.route_tables.values().any(|held| held.associations.contains_key(subnet)) {
                    return Err(no(ErrorClass::AlreadyExists, "Resource.AlreadyAssociated"));
                }
                let key = format!("association {subnet}");
                let association = RouteAssociationId::new(format!("rtbassoc-{}", self.digits(&key)));
                let held = self.route_tables.get_mut(id).ok_or_else(no_table)?;
                held.associations.insert(subnet.clone(), association.clone());
                Ok(Answer::RouteAssociation(association))
            }
            Change::Disassociate { id, subnet, association } => {
                let held = self.route_tables.get_mut(id).ok_or_else(no_table)?;
                if held.associations.get(subnet) != Some(association) {
                    return Err(no(ErrorClass::NotFound, "InvalidAssociationID.NotFound"));
                }
                held.associations.remove(subnet);
                Ok(Answer::Accepted)
            }
            Change::Delete { id } => {
                let held = self.route_tables.get(id).ok_or_else(no_table)?;
                let routed = self.gateway_endpoints.values().any(|endpoint| endpoint.tables.contains(id));
                if routed || !held.associations.is_empty() {
                    return Err(in_use());
                }
                self.route_tables.remove(id);
                Ok(Answer::Accepted)
            }
        }
    }

    pub fn write_gateway_endpoint(&mut self, change: &gateway_endpoint::Change) -> Said {
        use gateway_endpoint::Change;
        match change {
            Change::Create { vpc, service, table, tags } => {
                if self.route_tables.get(table).is_none_or(|held| held.vpc != *vpc) {
                    return Err(no_table());
                }
                if self.routes_to(service, table) {
                    return Err(no(ErrorClass::AlreadyExists, "RouteAlreadyExists"));
                }
                let id = EndpointId::new(format!("vpce-{}", self.digits(&format!("endpoint {vpc} {service}"))));
                let (vpc, service, tags) = (vpc.clone(), service.clone(), tags.clone());
                let held = HeldEndpoint { vpc, service, tables: [table.clone()].into(), gone_at: None, tags };
                self.gateway_endpoints.insert(id.clone(), held.into());
                Ok(Answer::Own(id.as_str().into()))
            }
            Change::AddTable { id, table } => {
                let service = self.gateway_endpoints.get(id).ok_or_else(no_endpoint)?.service.clone();
                if !self.route_tables.contains_key(table) {
                    return Err(no_table());
                }
                if self.routes_to(&service, table) {
                    return Err(no(ErrorClass::AlreadyExists, "RouteAlreadyExists"));
                }
                self.gateway_endpoints.get_mut(id).ok_or_else(no_endpoint)?.tables.insert(table.clone());
                Ok(Answer::Accepted)
            }
            Change::Delete { id } => {
                let gone_at = Some(self.now + DELETING);
                let held = self.gateway_endpoints.get_mut(id).ok_or_else(no_endpoint)?;
                held.gone_at = held.gone_at.or(gone_at);
                Ok(Answer::Accepted)
            }
        }
    }

    fn routes_to(&self, service: &str, table: &RouteTableId) -> bool {
        self.gateway_endpoints.values().any(|held| held.service == service && held.tables.contains(table))
    }

    /// AWS ends what ties a subnet to a table with the subnet.
    pub fn untie(&mut self, subnet: &SubnetId) {
        for held in self.route_tables.values_mut().filter(|held| held.associations.contains_key(subnet)) {
            held.associations.remove(subnet);
        }
    }
}

pub fn route_tables(aws: &Aws, scope: &Scope) -> Vec<RouteTable> {
    let owned = aws.route_tables.iter().filter(|(_, held)| ours(&scope.owner, &held.tags));
    let seen = owned.map(|(id, held)| RouteTable {
        id: id.clone(),
        vpc: held.vpc.clone(),
        associations: held.associations.clone(),
        tags: Seen::Read(held.tags.clone()),
    });
    seen.collect()
}

pub fn gateway_endpoints(aws: &Aws, scope: &Scope) -> Vec<GatewayEndpoint> {
    let owned = aws.gateway_endpoints.iter().filter(|(_, held)| ours(&scope.owner, &held.tags));
    let seen = owned.map(|(id, held)| GatewayEndpoint {
        id: id.clone(),
        vpc: held.vpc.clone(),
        service: held.service.clone(),
        leaving: held.gone_at.is_some(),
        tables: held.tables.clone(),
        tags: Seen::Read(held.tags.clone()),
    });
    seen.collect()
}
