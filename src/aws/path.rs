//! The path of a connection: load balancer and endpoint service, of which each helps to find the other.

use std::collections::BTreeSet;

use kpl_core::model::{
    EndpointService, Failure, LoadBalancer, LoadBalancerArn, Observed, Part, Scope, Seen, ServiceId,
};

use super::part::{Fold, fold};
use super::{Clients, connection, endpoint_service, listener, load_balancer};

/// Over what is known of the same load balancer: what a listing does not bring stays.
pub(super) fn put_balancer(observed: &mut Observed, mut found: Option<LoadBalancer>) {
    if let (Some(found), Some(known)) = (&mut found, observed.load_balancer.there())
        && found.arn == known.arn
    {
        found.tags.or_keep(&known.tags);
        found.attributes.or_keep(&known.attributes);
        found.listeners.update(|listeners| {
            for listener in listeners.values_mut() {
                if let Some(before) = known.listener(&listener.arn) {
                    listener.tags.or_keep(&before.tags);
                    listener.idle_timeout_seconds.or_keep(&before.idle_timeout_seconds);
                }
            }
        });
        found.listeners.or_keep(&known.listeners);
    }
    observed.load_balancer = Seen::Read(found);
}

/// Ids that save a search.
pub(super) struct Known {
    balancer: Option<LoadBalancerArn>,
    service: Option<ServiceId>,
    of_service: BTreeSet<LoadBalancerArn>,
}

impl Known {
    pub(super) fn of(observed: &Observed, scope: &Scope) -> Self {
        let balancer = observed.load_balancer.there().map(|balancer| balancer.arn.clone());
        let service = observed.endpoint_service.there();
        Self {
            balancer: balancer.or_else(|| scope.load_balancer.clone()),
            service: service.map(|service| service.id.clone()).or_else(|| scope.service.clone()),
            of_service: service.map(|service| service.load_balancers.clone()).unwrap_or_default(),
        }
    }
}

/// What of the two is to be read.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) balancer: bool,
    pub(super) listeners: bool,
    pub(super) service: bool,
}

/// Load balancer and endpoint service, of which each helps to find the other.
pub(super) async fn path(aws: &Clients, scope: &Scope, known: Known, wanted: Wanted) -> Fold {
    let (service, balancer) = futures::join!(
        async { if wanted.service { service(aws, scope, known.service.as_ref()).await } else { Ok(None) } },
        async {
            match known.balancer.as_ref().filter(|_| wanted.balancer) {
                Some(arn) => load_balancer::by_arn(aws, arn).await,
                None => Ok(None),
            }
        },
    );
    let balancer = match balancer {
        Ok(None) if wanted.balancer => {
            let of_service = service.as_ref().ok().and_then(Option::as_ref).map(|service| &service.load_balancers);
            search(aws, scope, of_service.unwrap_or(&known.of_service)).await
        }
        balancer => balancer,
    };
    let arn = balancer.as_ref().ok().and_then(Option::as_ref).map(|balancer| balancer.arn.clone()).or(known.balancer);
    let service = match (service, arn) {
        (Ok(None), Some(arn)) if wanted.service => endpoint_service::by_load_balancer(aws, &arn).await,
        (service, _) => service,
    };
    let (balancer, service) =
        futures::join!(with_listeners(aws, balancer, wanted.listeners), with_consumers(aws, service));
    let put = |observed: &mut Observed, found| observed.endpoint_service = Seen::Read(found);
    let balancer = wanted.balancer.then(|| parent(Part::LoadBalancer, balancer, put_balancer));
    let service = wanted.service.then(|| parent(Part::EndpointService, service, put));
    Box::new(move |observed| {
        for fold in balancer.into_iter().chain(service) {
            fold(observed);
        }
    })
}

async fn service(aws: &Clients, scope: &Scope, known: Option<&ServiceId>) -> Result<Option<EndpointService>, Failure> {
    if let Some(id) = known
        && let Some(service) = endpoint_service::by_id(aws, id).await?
    {
        return Ok(Some(service));
    }
    endpoint_service::by_tag(aws, &scope.owner).await
}

async fn search(
    aws: &Clients,
    scope: &Scope,
    of_service: &BTreeSet<LoadBalancerArn>,
) -> Result<Option<LoadBalancer>, Failure> {
    for arn in of_service {
        if let Some(balancer) = load_balancer::by_arn(aws, arn).await? {
            return Ok(Some(balancer));
        }
    }
    load_balancer::by_name(aws, &scope.owner.load_balancer_name()).await
}

/// A parent that was read, with the failure of a child that was not: the parent counts all the same.
type Found<T> = Result<(Option<T>, Option<Failure>), Failure>;

async fn with_listeners(
    aws: &Clients,
    balancer: Result<Option<LoadBalancer>, Failure>,
    wanted: bool,
) -> Found<LoadBalancer> {
    let Some(mut balancer) = balancer? else { return Ok((None, None)) };
    if !wanted {
        return Ok((Some(balancer), None));
    }
    match listener::listeners(aws, &balancer.arn).await {
        Ok(listeners) => {
            balancer.listeners = Seen::Read(listeners);
            Ok((Some(balancer), None))
        }
        Err(failure) => Ok((Some(balancer), Some(failure))),
    }
}

async fn with_consumers(aws: &Clients, service: Result<Option<EndpointService>, Failure>) -> Found<EndpointService> {
    let Some(mut service) = service? else { return Ok((None, None)) };
    let (principals, connections) =
        futures::join!(endpoint_service::principals(aws, &service.id), connection::connections(aws, &service.id));
    let mut failed = None;
    match principals {
        Ok(principals) => service.principals = Seen::Read(principals),
        Err(failure) => failed = Some(failure),
    }
    match connections {
        Ok(connections) => service.connections = Seen::Read(connections),
        Err(failure) => failed = Some(failure),
    }
    Ok((Some(service), failed))
}

fn parent<T: Send + 'static>(
    part: Part,
    found: Found<T>,
    put: impl FnOnce(&mut Observed, Option<T>) + Send + 'static,
) -> Fold {
    match found {
        Ok((found, None)) => fold(part, Ok(found), put),
        Ok((found, Some(failure))) => Box::new(move |observed| {
            put(observed, found);
            observed.read_failures.insert(part, failure);
        }),
        Err(failure) => fold(part, Err(failure), put),
    }
}
