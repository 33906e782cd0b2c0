//! Writes to endpoint services and connections, and to tags of anything, refused as EC2 and ELB refuse them.

use std::collections::{BTreeMap, BTreeSet};

use kpl_core::model::{
    Answer, ConnectionState, EndpointId, ErrorClass, LoadBalancerArn, ServiceId, ServiceState, Tagged, Tags,
};
use kpl_core::plan::{connection, endpoint_service, tagging};

use super::state::{Aws, Service, Shared, UsedToken};
use super::time::DELETING;
use super::{Manners, Offers, Refusal, Said, Tokens, no};

impl Aws {
    pub fn write_endpoint_service(&mut self, change: &endpoint_service::Change, manners: &Manners) -> Said {
        use endpoint_service::Change;
        match change {
            Change::Create { load_balancer, token, tags } => self.create_service(load_balancer, token, tags, manners),
            Change::OfferZones { id, load_balancer } => {
                let zones = match self.load_balancers.get(load_balancer) {
                    Some(lb) => self.zones_of(lb),
                    None => return Err(no(ErrorClass::Invalid, "InvalidParameter")),
                };
                let now = self.now;
                let service = self.service(id)?;
                match manners.offers {
                    Offers::AtOnce => service.zones = zones,
                    Offers::Later(ticks) => service.zones_to_come = Some((now + ticks, zones)),
                    Offers::Never => {}
                }
                Ok(Answer::Accepted)
            }
            Change::RequireAcceptance { id } => {
                self.service(id)?.acceptance_required = true;
                Ok(Answer::Accepted)
            }
            Change::SetPrincipals { id, add, remove } => {
                let service = self.service(id)?;
                service.principals.retain(|principal| !remove.contains(principal));
                service.principals.extend(add.iter().cloned());
                Ok(Answer::Accepted)
            }
            Change::Delete { id } => {
                let until = self.now + DELETING;
                let service = self.service(id)?;
                if service.connections.values().any(|c| c.state.blocks_deletion()) {
                    return Err(no(ErrorClass::InUse, "ExistingVpcEndpointConnections"));
                }
                service.state = ServiceState::Deleting;
                service.until = until;
                Ok(Answer::Accepted)
            }
        }
    }

    fn service(&mut self, id: &ServiceId) -> Result<&mut Shared<Service>, Refusal> {
        self.services
            .get_mut(id)
            .filter(|service| !matches!(service.state, ServiceState::Deleted | ServiceState::Deleting))
            .ok_or(no(ErrorClass::NotFound, "InvalidVpcEndpointServiceId.NotFound"))
    }

    fn create_service(&mut self, lb: &LoadBalancerArn, token: &str, tags: &Tags, manners: &Manners) -> Said {
        if let Some(used) = self.tokens.get(token) {
            let state = self.services.get(&used.made).map_or(ServiceState::Deleted, |service| service.state);
            let other = used.load_balancer != *lb || (manners.tokens == Tokens::Compared && used.tags != *tags);
            if manners.tokens_outlive_services || state != ServiceState::Deleted {
                return if other {
                    Err(no(ErrorClass::AlreadyExists, "IdempotentParameterMismatch"))
                } else if manners.tokens == Tokens::Associated && self.service_of(lb).is_some() {
                    Err(no(ErrorClass::AlreadyExists, "InvalidParameter"))
                } else {
                    let id = used.made.clone();
                    Ok(Answer::EndpointService { name: service_name(&id), id, state })
                };
            }
        }
        let Some(balancer) = self.load_balancers.get(lb) else {
            return Err(no(ErrorClass::NotFound, "LoadBalancerNotFound"));
        };
        if self.service_of(lb).is_some() {
            return Err(no(ErrorClass::AlreadyExists, "InvalidParameter"));
        }
        if !balancer.built {
            return Err(no(ErrorClass::Invalid, "InvalidParameter"));
        }
        let zones = self.zones_of(balancer);
        let id = ServiceId::new(format!("vpce-svc-{}", self.digits(&format!("service {lb}"))));
        let service = Service {
            name: service_name(&id),
            state: ServiceState::Pending,
            until: self.now + 1,
            load_balancers: BTreeSet::from([lb.clone()]),
            acceptance_required: true,
            zones,
            zones_to_come: None,
            tags: tags.clone(),
            principals: BTreeSet::new(),
            connections: BTreeMap::new(),
        };
        self.services.insert(id.clone(), service.into());
        let used = UsedToken { load_balancer: lb.clone(), tags: tags.clone(), made: id.clone() };
        self.tokens.insert(token.to_owned(), used);
        Ok(Answer::EndpointService { name: service_name(&id), id, state: ServiceState::Pending })
    }

    /// AWS answers each endpoint by itself: those that it can, it does, and names the others.
    pub fn write_connection(&mut self, change: &connection::Change, manners: &Manners) -> Said {
        let (service, endpoints, accept) = match change {
            connection::Change::Accept { service, endpoints } => (service, endpoints, true),
            connection::Change::Reject { service, endpoints } => (service, endpoints, false),
        };
        let again = manners.rejected_can_be_accepted;
        let service = self.service(service)?;
        let mut said = Ok(Answer::Accepted);
        for id in endpoints {
            if let Err(refusal) = answer(service, id, accept, again) {
                said = Err(refusal);
            }
        }
        said
    }

    pub fn write_tags(&mut self, change: &tagging::Change) -> Said {
        let (tagging::Change::Set { subject, .. } | tagging::Change::Remove { subject, .. }) = change;
        let held = self.tags_mut(subject).ok_or(no(ErrorClass::NotFound, "NotFound"))?;
        match change {
            tagging::Change::Set { tags, .. } => held.extend(tags.clone()),
            tagging::Change::Remove { keys, .. } => held.retain(|key, _| !keys.contains(key)),
        }
        Ok(Answer::Accepted)
    }

    fn tags_mut(&mut self, subject: &Tagged) -> Option<&mut Tags> {
        match subject {
            Tagged::Own(kind, id) => self.own_tags_mut(*kind, id),
            Tagged::Subnet(_, id) => self.subnets.get_mut(id).map(|held| &mut held.tags),
            Tagged::SecurityGroup(id) => self.security_groups.get_mut(id).map(|held| &mut held.tags),
            Tagged::TargetGroup(_, arn) => self.target_groups.get_mut(arn).map(|held| &mut held.tags),
            Tagged::LoadBalancer(arn) => self.load_balancers.get_mut(arn).map(|held| &mut held.tags),
            Tagged::Listener(_, arn) => {
                let (lb, port) = self.find_listener(arn).ok()?;
                self.load_balancers.get_mut(&lb)?.listeners.get_mut(&port).map(|held| &mut held.tags)
            }
            Tagged::EndpointService(id) => self.services.get_mut(id).map(|held| &mut held.tags),
        }
    }
}

fn service_name(id: &ServiceId) -> String {
    format!("com.amazonaws.vpce.us-west-2.{id}")
}

fn answer(service: &mut Service, id: &EndpointId, accept: bool, again: bool) -> Result<(), Refusal> {
    use ConnectionState::{Available, Pending, PendingAcceptance, Rejected};
    let connection =
        service.connections.get_mut(id).ok_or(no(ErrorClass::NotFound, "InvalidVpcEndpointId.NotFound"))?;
    connection.state = match (accept, connection.state) {
        (true, PendingAcceptance) => Pending,
        (true, Rejected) if again => Pending,
        (false, PendingAcceptance | Pending | Available) => Rejected,
        _ => return Err(no(ErrorClass::Invalid, "InvalidState")),
    };
    Ok(())
}
