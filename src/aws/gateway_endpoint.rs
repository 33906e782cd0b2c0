//! Gateway endpoints of ours.

use aws_sdk_ec2::types::{Filter, ResourceType, State, VpcEndpoint, VpcEndpointType};
use kpl_core::model::{Answer, EndpointId, Failure, GatewayEndpoint, RouteTableId, Seen, VpcId};
use kpl_core::plan::gateway_endpoint::Change;

use super::call::Unwritten;
use super::connection::all_successful;
use super::own::{self, Listed};
use super::{Clients, convert, operation};

impl Listed for GatewayEndpoint {
    async fn listed(aws: &Clients, owned: &Filter) -> Result<Vec<Self>, Failure> {
        let request = |token| {
            let request = aws.ec2.describe_vpc_endpoints().filters(owned.clone());
            request.max_results(1000).set_next_token(token).send()
        };
        let pages = aws.pages(operation::DESCRIBE_VPC_ENDPOINTS, request, |page| page.next_token()).await?;
        Ok(pages.iter().flat_map(|page| page.vpc_endpoints()).filter_map(gateway_endpoint).collect())
    }
}

/// None for one that is gone, or of another type.
fn gateway_endpoint(endpoint: &VpcEndpoint) -> Option<GatewayEndpoint> {
    // AWS does not write them as its model does.
    let is = |state: &State| endpoint.state().is_some_and(|said| said.as_str().eq_ignore_ascii_case(state.as_str()));
    if is(&State::Deleted) {
        return None;
    }
    let leaving = is(&State::Deleting);
    (endpoint.vpc_endpoint_type() == Some(&VpcEndpointType::Gateway)).then_some(())?;
    Some(GatewayEndpoint {
        id: EndpointId::new(endpoint.vpc_endpoint_id()?),
        vpc: VpcId::new(endpoint.vpc_id()?),
        service: endpoint.service_name()?.to_owned(),
        leaving,
        tables: endpoint.route_table_ids().iter().map(|id| RouteTableId::new(id.as_str())).collect(),
        tags: Seen::Read(convert::tags(endpoint.tags())),
    })
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    match change {
        Change::Create { vpc, service, table, tags } => {
            let operation = operation::CREATE_VPC_ENDPOINT;
            let request = aws
                .ec2_writes
                .create_vpc_endpoint()
                .vpc_endpoint_type(VpcEndpointType::Gateway)
                .vpc_id(vpc.as_str())
                .service_name(service)
                .route_table_ids(table.as_str())
                .set_tag_specifications(convert::tagged(ResourceType::VpcEndpoint, tags));
            let answer = aws.write(operation, request.send()).await?;
            own::made(answer.vpc_endpoint().and_then(|endpoint| endpoint.vpc_endpoint_id()), operation)
        }
        Change::AddTable { id, table } => {
            let request = aws.ec2_writes.modify_vpc_endpoint();
            let request = request.vpc_endpoint_id(id.as_str()).add_route_table_ids(table.as_str());
            aws.write(operation::MODIFY_VPC_ENDPOINT, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Delete { id } => {
            let operation = operation::DELETE_VPC_ENDPOINTS;
            let request = aws.ec2_writes.delete_vpc_endpoints().vpc_endpoint_ids(id.as_str());
            let answer = aws.write(operation, request.send()).await?;
            all_successful(operation, &answer, answer.unsuccessful(), 1)?;
            Ok(Answer::Accepted)
        }
    }
}
