//! Route tables of ours.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, ResourceType, RouteTable as AwsRouteTable, RouteTableAssociationStateCode};
use kpl_core::model::{Answer, Failure, RouteAssociationId, RouteTable, RouteTableId, Seen, SubnetId, VpcId};
use kpl_core::plan::route_table::Change;

use super::call::Unwritten;
use super::own::{self, Listed};
use super::{Clients, convert, operation};

impl Listed for RouteTable {
    async fn listed(aws: &Clients, owned: &Filter) -> Result<Vec<Self>, Failure> {
        let request = |token| {
            let request = aws.ec2.describe_route_tables().filters(owned.clone());
            request.max_results(100).set_next_token(token).send()
        };
        let pages = aws.pages(operation::DESCRIBE_ROUTE_TABLES, request, |page| page.next_token()).await?;
        Ok(pages.iter().flat_map(|page| page.route_tables()).filter_map(route_table).collect())
    }
}

fn route_table(table: &AwsRouteTable) -> Option<RouteTable> {
    Some(RouteTable {
        id: RouteTableId::new(table.route_table_id()?),
        vpc: VpcId::new(table.vpc_id()?),
        associations: associations(table),
        tags: Seen::Read(convert::tags(table.tags())),
    })
}

/// Those that end are listed for a while.
fn associations(table: &AwsRouteTable) -> BTreeMap<SubnetId, RouteAssociationId> {
    use RouteTableAssociationStateCode::{Associated, Associating};
    let ties = table.associations().iter().filter(|association| {
        let state = association.association_state().and_then(|state| state.state());
        state.is_none_or(|state| matches!(state, Associated | Associating))
    });
    let subnet = |id: &str| SubnetId::new(id);
    ties.filter_map(|tie| Some((subnet(tie.subnet_id()?), RouteAssociationId::new(tie.route_table_association_id()?))))
        .collect()
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    match change {
        Change::Create { vpc, tags } => {
            let operation = operation::CREATE_ROUTE_TABLE;
            let request = aws.ec2_writes.create_route_table().vpc_id(vpc.as_str());
            let request = request.set_tag_specifications(convert::tagged(ResourceType::RouteTable, tags));
            let answer = aws.write(operation, request.send()).await?;
            own::made(answer.route_table().and_then(|table| table.route_table_id()), operation)
        }
        Change::Associate { id, subnet } => {
            let operation = operation::ASSOCIATE_ROUTE_TABLE;
            let request = aws.ec2_writes.associate_route_table();
            let request = request.route_table_id(id.as_str()).subnet_id(subnet.as_str());
            let answer = aws.write(operation, request.send()).await?;
            let tie = answer.association_id().map(|id| Answer::RouteAssociation(RouteAssociationId::new(id)));
            tie.ok_or_else(|| Unwritten::incomplete(operation, "the association"))
        }
        Change::Disassociate { association, .. } => {
            let request = aws.ec2_writes.disassociate_route_table().association_id(association.as_str());
            aws.write(operation::DISASSOCIATE_ROUTE_TABLE, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Delete { id } => {
            let request = aws.ec2_writes.delete_route_table().route_table_id(id.as_str());
            aws.write(operation::DELETE_ROUTE_TABLE, request.send()).await?;
            Ok(Answer::Accepted)
        }
    }
}
