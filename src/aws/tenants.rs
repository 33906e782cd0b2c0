//! What others have put into a VPC of ours: AWS deletes none that holds anything.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, NetworkInterface, RouteTable, Tag, VpcEndpointType};
use kpl_core::model::{Failure, Scope, VpcId};

use super::{Clients, convert, operation};

/// Each with its id, in words. Not among them is what AWS makes with every VPC and deletes with it: its main route
/// table, its default security group and its network ACL.
pub(super) async fn tenants(aws: &Clients, scope: &Scope, vpc: &VpcId) -> Result<BTreeSet<String>, Failure> {
    let Some(inside) = convert::filter("vpc-id", [vpc.as_str()]) else { return Ok(BTreeSet::new()) };
    let (interfaces, subnets, groups, gateways, endpoints, tables) = futures::try_join!(
        interfaces(aws, &inside),
        subnets(aws, scope, &inside),
        security_groups(aws, scope, &inside),
        internet_gateways(aws, vpc),
        gateway_endpoints(aws, scope, &inside),
        route_tables(aws, scope, &inside),
    )?;
    Ok([interfaces, subnets, groups, gateways, endpoints, tables].into_iter().flatten().collect())
}

fn is_ours(scope: &Scope, tags: &[Tag]) -> bool {
    convert::is_ours(&scope.owner, &convert::tags(tags))
}

/// By the instance that has it, where one does: that is what a person removes.
fn named(interface: &NetworkInterface) -> Option<String> {
    let instance = interface.attachment().and_then(|attachment| attachment.instance_id());
    match instance {
        Some(id) => Some(format!("instance {id}")),
        None => interface.network_interface_id().map(|id| format!("network interface {id}")),
    }
}

async fn interfaces(aws: &Clients, inside: &Filter) -> Result<Vec<String>, Failure> {
    let request = |token| {
        let request = aws.ec2.describe_network_interfaces().filters(inside.clone());
        request.max_results(1000).set_next_token(token).send()
    };
    let pages = aws.pages(operation::DESCRIBE_NETWORK_INTERFACES, request, |page| page.next_token()).await?;
    Ok(pages.iter().flat_map(|page| page.network_interfaces()).filter_map(named).collect())
}

async fn subnets(aws: &Clients, scope: &Scope, inside: &Filter) -> Result<Vec<String>, Failure> {
    let request =
        |token| aws.ec2.describe_subnets().filters(inside.clone()).max_results(1000).set_next_token(token).send();
    let pages = aws.pages(operation::DESCRIBE_SUBNETS, request, |page| page.next_token()).await?;
    let others = pages.iter().flat_map(|page| page.subnets()).filter(|subnet| !is_ours(scope, subnet.tags()));
    Ok(others.filter_map(|subnet| Some(format!("subnet {}", subnet.subnet_id()?))).collect())
}

async fn security_groups(aws: &Clients, scope: &Scope, inside: &Filter) -> Result<Vec<String>, Failure> {
    let request = |token| {
        let request = aws.ec2.describe_security_groups().filters(inside.clone());
        request.max_results(1000).set_next_token(token).send()
    };
    let pages = aws.pages(operation::DESCRIBE_SECURITY_GROUPS, request, |page| page.next_token()).await?;
    let others = pages.iter().flat_map(|page| page.security_groups()).filter(|group| {
        // AWS lets nobody else have this name.
        group.group_name() != Some("default") && !is_ours(scope, group.tags())
    });
    Ok(others.filter_map(|group| Some(format!("security group {}", group.group_id()?))).collect())
}

async fn internet_gateways(aws: &Clients, vpc: &VpcId) -> Result<Vec<String>, Failure> {
    let Some(attached) = convert::filter("attachment.vpc-id", [vpc.as_str()]) else { return Ok(Vec::new()) };
    let request = |token| {
        let request = aws.ec2.describe_internet_gateways().filters(attached.clone());
        request.max_results(1000).set_next_token(token).send()
    };
    let pages = aws.pages(operation::DESCRIBE_INTERNET_GATEWAYS, request, |page| page.next_token()).await?;
    let all = pages.iter().flat_map(|page| page.internet_gateways());
    Ok(all.filter_map(|gateway| Some(format!("internet gateway {}", gateway.internet_gateway_id()?))).collect())
}

/// Endpoints of the other types have network interfaces.
async fn gateway_endpoints(aws: &Clients, scope: &Scope, inside: &Filter) -> Result<Vec<String>, Failure> {
    let request = |token| {
        let request = aws.ec2.describe_vpc_endpoints().filters(inside.clone());
        request.max_results(1000).set_next_token(token).send()
    };
    let pages = aws.pages(operation::DESCRIBE_VPC_ENDPOINTS, request, |page| page.next_token()).await?;
    let gateways = pages
        .iter()
        .flat_map(|page| page.vpc_endpoints())
        .filter(|endpoint| endpoint.vpc_endpoint_type() == Some(&VpcEndpointType::Gateway))
        .filter(|endpoint| !is_ours(scope, endpoint.tags()));
    Ok(gateways.filter_map(|endpoint| Some(format!("endpoint {}", endpoint.vpc_endpoint_id()?))).collect())
}

async fn route_tables(aws: &Clients, scope: &Scope, inside: &Filter) -> Result<Vec<String>, Failure> {
    let request = |token| {
        let request = aws.ec2.describe_route_tables().filters(inside.clone());
        request.max_results(100).set_next_token(token).send()
    };
    let pages = aws.pages(operation::DESCRIBE_ROUTE_TABLES, request, |page| page.next_token()).await?;
    let is_main = |table: &RouteTable| table.associations().iter().any(|association| association.main() == Some(true));
    let others = pages
        .iter()
        .flat_map(|page| page.route_tables())
        .filter(|table| !is_main(table) && !is_ours(scope, table.tags()));
    Ok(others.filter_map(|table| Some(format!("route table {}", table.route_table_id()?))).collect())
}
