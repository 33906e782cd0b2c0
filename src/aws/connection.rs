//! Connections of consumers, and our answers to them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::types::{UnsuccessfulItem, VpcEndpointConnection};
use jiff::Timestamp;
use kpl_core::model::{AccountId, Answer, Connection, ConnectionState, EndpointId, Failure, ServiceId};
use kpl_core::plan::connection::Change;

use super::call::Unwritten;
use super::{Clients, convert, operation};

/// Every connection that AWS still lists, whatever its state.
pub(super) async fn connections(
    aws: &Clients,
    service: &ServiceId,
) -> Result<BTreeMap<EndpointId, Connection>, Failure> {
    let Some(filter) = convert::filter("service-id", [service.as_str()]) else { return Ok(BTreeMap::new()) };
    let request = |token| {
        let request = aws.ec2.describe_vpc_endpoint_connections().filters(filter.clone());
        request.max_results(1000).set_next_token(token).send()
    };
    let answers = aws.pages(operation::DESCRIBE_ENDPOINT_CONNECTIONS, request, |page| page.next_token()).await?;
    let all = answers.iter().flat_map(|page| page.vpc_endpoint_connections());
    Ok(all.filter(|connection| connection.service_id() == Some(service.as_str())).filter_map(connection).collect())
}

fn connection(connection: &VpcEndpointConnection) -> Option<(EndpointId, Connection)> {
    let since = connection.creation_timestamp().and_then(|at| Timestamp::from_second(at.secs()).ok());
    // The SDK's variants are upper camel case and AWS writes lower: only the text can be compared.
    let state = connection.vpc_endpoint_state().map_or("", |state| state.as_str());
    let seen = Connection {
        account: AccountId::new(connection.vpc_endpoint_owner().unwrap_or_default()),
        state: ConnectionState::from(state),
        since,
    };
    Some((EndpointId::new(connection.vpc_endpoint_id()?), seen))
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    let ids = |endpoints: &BTreeSet<EndpointId>| Some(endpoints.iter().map(ToString::to_string).collect());
    match change {
        Change::Accept { service, endpoints } => {
            let operation = operation::ACCEPT_ENDPOINT_CONNECTIONS;
            let request = aws.ec2_writes.accept_vpc_endpoint_connections().service_id(service.as_str());
            let answer = aws.write(operation, request.set_vpc_endpoint_ids(ids(endpoints)).send()).await?;
            all_successful(operation, &answer, answer.unsuccessful(), endpoints.len())?;
        }
        Change::Reject { service, endpoints } => {
            let operation = operation::REJECT_ENDPOINT_CONNECTIONS;
            let request = aws.ec2_writes.reject_vpc_endpoint_connections().service_id(service.as_str());
            let answer = aws.write(operation, request.set_vpc_endpoint_ids(ids(endpoints)).send()).await?;
            all_successful(operation, &answer, answer.unsuccessful(), endpoints.len())?;
        }
    }
    Ok(Answer::Accepted)
}

/// These calls answer 200 and say inside what they refused. What was done in part is in doubt, not refused.
pub(super) fn all_successful(
    operation: &'static str,
    answer: &impl RequestId,
    unsuccessful: &[UnsuccessfulItem],
    asked: usize,
) -> Result<(), Unwritten> {
    let Some(first) = unsuccessful.first() else { return Ok(()) };
    let code = first.error().and_then(|error| error.code()).unwrap_or_default();
    let words = unsuccessful.iter().map(|item| {
        let message = item.error().and_then(|error| error.message()).unwrap_or_default();
        format!("{}: {message}", item.resource_id().unwrap_or_default())
    });
    let refused = Unwritten::refused(operation, answer, code, words.collect::<Vec<_>>().join("; "));
    Err(if unsuccessful.len() < asked { Unwritten::Lost(refused.into_failure()) } else { refused })
}
