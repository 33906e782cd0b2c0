//! The security group of the nodes that are made for the object.

use aws_sdk_ec2::types::{Filter, IpPermission, ResourceType, SecurityGroup as AwsGroup, UserIdGroupPair};
use kpl_core::desired::NODES_DESCRIPTION;
use kpl_core::model::{Answer, BrokerGroup, Failure, RESOURCE_TAG, ResourceKey, SecurityGroupId, Seen, VpcId};
use kpl_core::plan::broker_group::{Change, INSIDE};

use super::call::{Unwritten, confirmed};
use super::own::{self, Listed};
use super::{Clients, convert, operation};

impl Listed for BrokerGroup {
    async fn listed(aws: &Clients, owned: &Filter) -> Result<Vec<Self>, Failure> {
        let request = |token| {
            let request = aws.ec2.describe_security_groups().filters(owned.clone());
            request.max_results(1000).set_next_token(token).send()
        };
        let pages = aws.pages(operation::DESCRIBE_SECURITY_GROUPS, request, |page| page.next_token()).await?;
        let groups = pages.iter().flat_map(|page| page.security_groups()).filter(|group| is_of_nodes(group));
        Ok(groups.filter_map(broker_group).collect())
    }
}

/// The load balancer's group has our owner tag too.
pub(super) fn is_of_nodes(group: &AwsGroup) -> bool {
    let key = ResourceKey::BrokerGroupOfNodes.to_string();
    let tagged = convert::tags(group.tags()).get(RESOURCE_TAG) == Some(&key);
    // A description is for life; a tag may be taken off by hand.
    tagged || group.description().is_some_and(|words| words.starts_with(NODES_DESCRIPTION))
}

fn broker_group(group: &AwsGroup) -> Option<BrokerGroup> {
    let id = group.group_id()?;
    let inside = |permission: &IpPermission| {
        let itself = permission.user_id_group_pairs().iter().any(|pair| pair.group_id() == Some(id));
        let ports = (permission.from_port(), permission.to_port());
        itself
            && permission.ip_protocol() == Some("tcp")
            && ports == (Some(INSIDE.first.0.into()), Some(INSIDE.last.0.into()))
    };
    Some(BrokerGroup {
        id: SecurityGroupId::new(id),
        vpc: VpcId::new(group.vpc_id()?),
        open_inside: group.ip_permissions().iter().any(inside),
        tags: Seen::Read(convert::tags(group.tags())),
    })
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    match change {
        Change::Create { name, description, vpc, tags } => {
            let operation = operation::CREATE_SECURITY_GROUP;
            let request = aws
                .ec2_writes
                .create_security_group()
                .group_name(name.as_str())
                .description(description)
                .vpc_id(vpc.as_str())
                .set_tag_specifications(convert::tagged(ResourceType::SecurityGroup, tags));
            let answer = aws.write(operation, request.send()).await?;
            own::made(answer.group_id(), operation)
        }
        Change::OpenInside { id } => {
            let operation = operation::AUTHORIZE_SECURITY_GROUP_INGRESS;
            let itself = UserIdGroupPair::builder().group_id(id.as_str()).description("nodes of the cluster").build();
            let permission = IpPermission::builder()
                .ip_protocol("tcp")
                .from_port(INSIDE.first.0.into())
                .to_port(INSIDE.last.0.into())
                .user_id_group_pairs(itself)
                .build();
            let request = aws.ec2_writes.authorize_security_group_ingress().group_id(id.as_str());
            let answer = aws.write(operation, request.ip_permissions(permission).send()).await?;
            confirmed(operation, &answer, answer.r#return())?;
            Ok(Answer::Accepted)
        }
        Change::Delete { id } => {
            let request = aws.ec2_writes.delete_security_group().group_id(id.as_str());
            aws.write(operation::DELETE_SECURITY_GROUP, request.send()).await?;
            Ok(Answer::Accepted)
        }
    }
}
