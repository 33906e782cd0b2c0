//! The load balancer's security group.

use std::collections::BTreeSet;

use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::types::{
    Filter, IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroup as AwsGroup, UserIdGroupPair,
};
use kpl_core::model::{
    Answer, AwsName, Direction, Failure, Peer, Port, PortRange, Rule, Scope, SecurityGroup, SecurityGroupId, Seen,
    Tags, Traffic, VpcId,
};
use kpl_core::plan::security_group::Change;

use super::broker_group::is_of_nodes;
use super::call::{Unwritten, confirmed};
use super::{Clients, convert, operation};

/// The group with our owner tag; else whatever holds our name in the VPC, with its own tags.
pub(super) async fn security_group(aws: &Clients, scope: &Scope) -> Result<Option<SecurityGroup>, Failure> {
    let name = scope.owner.security_group_name();
    let mut ours = listed(aws, vec![convert::owned(&scope.owner)]).await?;
    ours.retain(|group| convert::is_ours(&scope.owner, &convert::tags(group.tags())) && !is_of_nodes(group));
    // A create whose answer was lost may have left two; the one with our name first, then always the same.
    let named = |group: &AwsGroup| group.group_name() == Some(name.as_str());
    ours.sort_by(|a, b| named(b).cmp(&named(a)).then_with(|| a.group_id().cmp(&b.group_id())));
    if let Some(group) = ours.iter().find_map(security_group_from) {
        return Ok(Some(group));
    }
    let Some(in_vpc) = scope.vpc.as_ref().and_then(|vpc| convert::filter("vpc-id", [vpc.as_str()])) else {
        return Ok(None);
    };
    let by_name = convert::filter("group-name", [name.as_str()]);
    let holders = listed(aws, by_name.into_iter().chain([in_vpc]).collect()).await?;
    Ok(holders.iter().filter(|group| named(group)).find_map(security_group_from))
}

/// How many network interfaces use a group.
pub(super) async fn interfaces(aws: &Clients, group: &SecurityGroupId) -> Result<u32, Failure> {
    let Some(filter) = convert::filter("group-id", [group.as_str()]) else { return Ok(0) };
    let request = |token| {
        let request = aws.ec2.describe_network_interfaces().filters(filter.clone());
        request.max_results(1000).set_next_token(token).send()
    };
    let answers = aws.pages(operation::DESCRIBE_NETWORK_INTERFACES, request, |page| page.next_token()).await?;
    let number = answers.iter().map(|page| page.network_interfaces().len()).sum::<usize>();
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

pub(super) async fn listed(aws: &Clients, filters: Vec<Filter>) -> Result<Vec<AwsGroup>, Failure> {
    let request = |token| {
        let request = aws.ec2.describe_security_groups().set_filters(Some(filters.clone()));
        request.max_results(1000).set_next_token(token).send()
    };
    let answers = aws.pages(operation::DESCRIBE_SECURITY_GROUPS, request, |page| page.next_token()).await?;
    Ok(answers.into_iter().flat_map(|page| page.security_groups.unwrap_or_default()).collect())
}

fn security_group_from(group: &AwsGroup) -> Option<SecurityGroup> {
    let ingress = group.ip_permissions().iter().flat_map(|permission| rules(Direction::Ingress, permission));
    let egress = group.ip_permissions_egress().iter().flat_map(|permission| rules(Direction::Egress, permission));
    Some(SecurityGroup {
        id: SecurityGroupId::new(group.group_id()?),
        tags: Seen::Read(convert::tags(group.tags())),
        rules: Seen::Read(ingress.chain(egress).collect()),
        interfaces: Seen::Unread,
    })
}

/// AWS folds rules with equal ports into one permission; each peer is a rule of its own.
fn rules(direction: Direction, permission: &IpPermission) -> Vec<Rule> {
    let cidrs = permission.ip_ranges().iter().filter_map(|range| convert::cidr(range.cidr_ip()?).map(Peer::Cidr));
    let cidrs6 = permission.ipv6_ranges().iter().filter_map(|range| Some(Peer::Cidr6(range.cidr_ipv6()?.to_owned())));
    let lists = permission.prefix_list_ids().iter();
    let lists = lists.filter_map(|list| Some(Peer::PrefixList(list.prefix_list_id()?.to_owned())));
    let groups = permission.user_id_group_pairs().iter();
    let groups = groups.filter_map(|pair| Some(Peer::Group(SecurityGroupId::new(pair.group_id()?))));
    let peers = cidrs.chain(cidrs6).chain(lists).chain(groups);
    peers.map(|peer| Rule { direction, peer, traffic: traffic(permission) }).collect()
}

fn traffic(permission: &IpPermission) -> Traffic {
    let protocol = permission.ip_protocol().unwrap_or_default();
    let (from, to) = (permission.from_port().unwrap_or(-1), permission.to_port().unwrap_or(-1));
    match (protocol, u16::try_from(from), u16::try_from(to)) {
        ("-1", _, _) => Traffic::All,
        ("tcp" | "6", Ok(first), Ok(last)) => Traffic::Tcp(PortRange { first: Port(first), last: Port(last) }),
        _ => Traffic::Other(protocol.to_owned(), from, to),
    }
}

/// The way back: one permission per rule.
fn permission(rule: &Rule) -> IpPermission {
    let permission = match &rule.traffic {
        Traffic::All => IpPermission::builder().ip_protocol("-1"),
        Traffic::Tcp(ports) => IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(i32::from(ports.first.0))
            .to_port(i32::from(ports.last.0)),
        Traffic::Other(protocol, from, to) => {
            IpPermission::builder().ip_protocol(protocol).from_port(*from).to_port(*to)
        }
    };
    let permission = match &rule.peer {
        Peer::Cidr(cidr) => permission.ip_ranges(IpRange::builder().cidr_ip(cidr.trunc().to_string()).build()),
        Peer::Cidr6(cidr) => permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).build()),
        Peer::PrefixList(list) => permission.prefix_list_ids(PrefixListId::builder().prefix_list_id(list).build()),
        Peer::Group(group) => {
            permission.user_id_group_pairs(UserIdGroupPair::builder().group_id(group.as_str()).build())
        }
    };
    permission.build()
}

fn permissions(rules: &BTreeSet<Rule>) -> Vec<IpPermission> {
    rules.iter().map(permission).collect()
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    let ec2 = &aws.ec2_writes;
    match change {
        Change::Create { name, description, vpc, tags } => {
            create(aws, name, description, vpc, tags).await.map(Answer::SecurityGroup)
        }
        Change::Authorize { group, direction, rules } => {
            match direction {
                Direction::Ingress => {
                    let operation = operation::AUTHORIZE_SECURITY_GROUP_INGRESS;
                    let request = ec2.authorize_security_group_ingress().group_id(group.as_str());
                    let answer =
                        aws.write(operation, request.set_ip_permissions(Some(permissions(rules))).send()).await?;
                    confirmed(operation, &answer, answer.r#return())?;
                }
                Direction::Egress => {
                    let operation = operation::AUTHORIZE_SECURITY_GROUP_EGRESS;
                    let request = ec2.authorize_security_group_egress().group_id(group.as_str());
                    let answer =
                        aws.write(operation, request.set_ip_permissions(Some(permissions(rules))).send()).await?;
                    confirmed(operation, &answer, answer.r#return())?;
                }
            }
            Ok(Answer::Accepted)
        }
        Change::Revoke { group, direction, rules } => {
            match direction {
                Direction::Ingress => {
                    let operation = operation::REVOKE_SECURITY_GROUP_INGRESS;
                    let request = ec2.revoke_security_group_ingress().group_id(group.as_str());
                    let answer =
                        aws.write(operation, request.set_ip_permissions(Some(permissions(rules))).send()).await?;
                    known(operation, &answer, answer.unknown_ip_permissions())?;
                    confirmed(operation, &answer, answer.r#return())?;
                }
                Direction::Egress => {
                    let operation = operation::REVOKE_SECURITY_GROUP_EGRESS;
                    let request = ec2.revoke_security_group_egress().group_id(group.as_str());
                    let answer =
                        aws.write(operation, request.set_ip_permissions(Some(permissions(rules))).send()).await?;
                    known(operation, &answer, answer.unknown_ip_permissions())?;
                    confirmed(operation, &answer, answer.r#return())?;
                }
            }
            Ok(Answer::Accepted)
        }
        Change::Delete { group } => delete(aws, group).await,
    }
}

/// Makes a group, the load balancer's or that of nodes.
pub(super) async fn create(
    aws: &Clients,
    name: &AwsName,
    description: &str,
    vpc: &VpcId,
    tags: &Tags,
) -> Result<SecurityGroupId, Unwritten> {
    let operation = operation::CREATE_SECURITY_GROUP;
    let request = aws
        .ec2_writes
        .create_security_group()
        .group_name(name.as_str())
        .description(description)
        .vpc_id(vpc.as_str())
        .set_tag_specifications(convert::tagged(ResourceType::SecurityGroup, tags));
    let answer = aws.write(operation, request.send()).await?;
    let id = answer.group_id().ok_or_else(|| Unwritten::incomplete(operation, "the group's id"))?;
    Ok(SecurityGroupId::new(id))
}

/// Deletes one.
pub(super) async fn delete(aws: &Clients, group: &SecurityGroupId) -> Result<Answer, Unwritten> {
    let operation = operation::DELETE_SECURITY_GROUP;
    let answer = aws.write(operation, aws.ec2_writes.delete_security_group().group_id(group.as_str()).send()).await?;
    confirmed(operation, &answer, answer.r#return())?;
    Ok(Answer::Accepted)
}

/// Rules that AWS was to revoke and did not have: our picture was wrong.
fn known(operation: &'static str, answer: &impl RequestId, unknown: &[IpPermission]) -> Result<(), Unwritten> {
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("{} of the rules were not there", unknown.len());
    Err(Unwritten::refused(operation, answer, "UnknownIpPermissions", message))
}
