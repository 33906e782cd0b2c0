//! The security group of the nodes that are made for the object.

use aws_sdk_ec2::types::{Filter, IpPermission, SecurityGroup as AwsGroup, UserIdGroupPair};
use kpl_core::desired::NODES_DESCRIPTION;
use kpl_core::model::{Answer, BrokerGroup, Failure, OwnId, RESOURCE_TAG, ResourceKey, SecurityGroupId, Seen, VpcId};
use kpl_core::plan::broker_group::{Change, INSIDE};

use super::call::{Unwritten, confirmed};
use super::own::Listed;
use super::{Clients, convert, operation, security_group};

impl Listed for BrokerGroup {
    async fn listed(aws: &Clients, owned: &Filter) -> Result<Vec<Self>, Failure> {
        let groups = security_group::listed(aws, vec![owned.clone()]).await?;
        Ok(groups.iter().filter(|group| is_of_nodes(group)).filter_map(broker_group).collect())
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
            let id = security_group::create(aws, name, description, vpc, tags).await?;
            Ok(Answer::Own(OwnId::new(id.as_str())))
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
        Change::Delete { id } => security_group::delete(aws, id).await,
    }
}
