//! The endpoint service and who may ask for it.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, ResourceType, ServiceConfiguration, ServiceState as AwsState};
use kpl_core::model::{
    Answer, EndpointService, ErrorClass, Failure, LoadBalancerArn, Owner, Principal, Seen, ServiceId, ServiceState,
    ZoneId,
};
use kpl_core::plan::endpoint_service::Change;

use super::call::{Unwritten, confirmed};
use super::connection::all_successful;
use super::{Clients, convert, operation, vpc};

/// The service with this id, unless it is gone or dead.
pub(super) async fn by_id(aws: &Clients, id: &ServiceId) -> Result<Option<EndpointService>, Failure> {
    if id.as_str().is_empty() {
        return Ok(None);
    }
    match listed(aws, Some(id), Vec::new()).await {
        Ok(services) => first(aws, services, |service| service.service_id() == Some(id.as_str())).await,
        Err(failure) if failure.class == ErrorClass::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The service that carries our owner tag.
pub(super) async fn by_tag(aws: &Clients, owner: &Owner) -> Result<Option<EndpointService>, Failure> {
    let services = listed(aws, None, vec![convert::owned(owner)]).await?;
    first(aws, services, |service| convert::is_ours(owner, &convert::tags(service.tags()))).await
}

/// Whatever service leads to our load balancer: an NLB belongs to one at most, and it may be a stranger's.
pub(super) async fn by_load_balancer(aws: &Clients, arn: &LoadBalancerArn) -> Result<Option<EndpointService>, Failure> {
    let services = listed(aws, None, Vec::new()).await?;
    first(aws, services, |service| service.network_load_balancer_arns().iter().any(|held| held == arn.as_str())).await
}

async fn listed(
    aws: &Clients,
    id: Option<&ServiceId>,
    filters: Vec<Filter>,
) -> Result<Vec<ServiceConfiguration>, Failure> {
    let request = |token| {
        aws.ec2
            .describe_vpc_endpoint_service_configurations()
            .set_service_ids(id.map(|id| vec![id.to_string()]))
            .set_filters((!filters.is_empty()).then(|| filters.clone()))
            .set_max_results(id.is_none().then_some(1000))
            .set_next_token(token)
            .send()
    };
    let answers = aws.pages(operation::DESCRIBE_ENDPOINT_SERVICES, request, |page| page.next_token()).await?;
    Ok(answers.into_iter().flat_map(|page| page.service_configurations.unwrap_or_default()).collect())
}

/// Dead services stay listed for a while. One that goes is shown only when no living one is there.
async fn first(
    aws: &Clients,
    services: Vec<ServiceConfiguration>,
    wanted: impl Fn(&ServiceConfiguration) -> bool,
) -> Result<Option<EndpointService>, Failure> {
    let rank = |service: &ServiceConfiguration| match state(service.service_state()) {
        ServiceState::Available => Some(0),
        ServiceState::Pending => Some(1),
        ServiceState::Deleting => Some(2),
        ServiceState::Deleted | ServiceState::Failed => None,
    };
    let best = services
        .iter()
        .filter(|service| wanted(service))
        .filter_map(|service| Some((rank(service)?, service.service_id()?, service)))
        .min_by_key(|(rank, id, _)| (*rank, *id));
    match best {
        Some((_, id, service)) => Ok(Some(endpoint_service(aws, id, service).await?)),
        None => Ok(None),
    }
}

async fn endpoint_service(aws: &Clients, id: &str, service: &ServiceConfiguration) -> Result<EndpointService, Failure> {
    Ok(EndpointService {
        id: ServiceId::new(id),
        name: service.service_name().unwrap_or_default().to_owned(),
        state: state(service.service_state()),
        load_balancers: service
            .network_load_balancer_arns()
            .iter()
            .map(|arn| LoadBalancerArn::new(arn.as_str()))
            .collect(),
        acceptance_required: service.acceptance_required().unwrap_or(false),
        zones: Seen::Read(zones(aws, service).await?),
        tags: Seen::Read(convert::tags(service.tags())),
        principals: Seen::Unread,
        connections: Seen::Unread,
    })
}

/// Ids where AWS gives them; an older answer has names alone.
async fn zones(aws: &Clients, service: &ServiceConfiguration) -> Result<BTreeSet<ZoneId>, Failure> {
    let ids = service.availability_zone_ids();
    if !ids.is_empty() {
        return Ok(ids.iter().map(|id| ZoneId::new(id.as_str())).collect());
    }
    let mut zones = BTreeSet::new();
    for name in service.availability_zones() {
        zones.extend(vpc::zone_id(aws, name).await?);
    }
    Ok(zones)
}

/// States are compared without case, as those of connections have to be.
fn state(state: Option<&AwsState>) -> ServiceState {
    let text = state.map_or("", AwsState::as_str);
    let known = [
        ("Available", ServiceState::Available),
        ("Deleting", ServiceState::Deleting),
        ("Deleted", ServiceState::Deleted),
        ("Failed", ServiceState::Failed),
    ];
    let known = known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    // A state that nobody has met yet is waited for.
    known.map_or(ServiceState::Pending, |(_, state)| state)
}

/// Who may ask.
pub(super) async fn principals(aws: &Clients, id: &ServiceId) -> Result<BTreeSet<Principal>, Failure> {
    let request = |token| {
        let request = aws.ec2.describe_vpc_endpoint_service_permissions().service_id(id.as_str());
        request.max_results(1000).set_next_token(token).send()
    };
    let answers =
        aws.pages(operation::DESCRIBE_ENDPOINT_SERVICE_PERMISSIONS, request, |page| page.next_token()).await?;
    let all = answers.iter().flat_map(|page| page.allowed_principals());
    Ok(all.filter_map(|allowed| allowed.principal().map(Principal::new)).collect())
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    let ec2 = &aws.ec2_writes;
    match change {
        Change::Create { load_balancer, token, tags } => {
            let operation = operation::CREATE_ENDPOINT_SERVICE;
            let request = ec2
                .create_vpc_endpoint_service_configuration()
                .acceptance_required(true)
                .network_load_balancer_arns(load_balancer.as_str())
                .client_token(token)
                .set_tag_specifications(convert::tagged(ResourceType::VpcEndpointService, tags));
            let answer = aws.write(operation, request.send()).await?;
            let made = answer.service_configuration().and_then(|service| {
                Some(Answer::EndpointService {
                    id: ServiceId::new(service.service_id()?),
                    name: service.service_name()?.to_owned(),
                    state: state(service.service_state()),
                })
            });
            made.ok_or_else(|| Unwritten::incomplete(operation, "the service"))
        }
        Change::OfferZones { id, load_balancer } => {
            let operation = operation::MODIFY_ENDPOINT_SERVICE;
            let request = ec2.modify_vpc_endpoint_service_configuration().service_id(id.as_str());
            let request = request.add_network_load_balancer_arns(load_balancer.as_str());
            let answer = aws.write(operation, request.send()).await?;
            confirmed(operation, &answer, answer.r#return())?;
            Ok(Answer::Accepted)
        }
        Change::RequireAcceptance { id } => {
            let operation = operation::MODIFY_ENDPOINT_SERVICE;
            let request = ec2.modify_vpc_endpoint_service_configuration().service_id(id.as_str());
            let answer = aws.write(operation, request.acceptance_required(true).send()).await?;
            confirmed(operation, &answer, answer.r#return())?;
            Ok(Answer::Accepted)
        }
        Change::SetPrincipals { id, add, remove } => {
            let operation = operation::MODIFY_ENDPOINT_SERVICE_PERMISSIONS;
            let texts = |principals: &BTreeSet<Principal>| {
                (!principals.is_empty()).then(|| principals.iter().map(ToString::to_string).collect())
            };
            let request = ec2
                .modify_vpc_endpoint_service_permissions()
                .service_id(id.as_str())
                .set_add_allowed_principals(texts(add))
                .set_remove_allowed_principals(texts(remove));
            let answer = aws.write(operation, request.send()).await?;
            confirmed(operation, &answer, answer.return_value())?;
            Ok(Answer::Accepted)
        }
        Change::Delete { id } => {
            let operation = operation::DELETE_ENDPOINT_SERVICES;
            let request = ec2.delete_vpc_endpoint_service_configurations().service_ids(id.as_str());
            let answer = aws.write(operation, request.send()).await?;
            all_successful(operation, &answer, answer.unsuccessful(), 1)?;
            Ok(Answer::Accepted)
        }
    }
}
