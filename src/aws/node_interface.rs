//! Network interfaces of nodes.

use aws_sdk_ec2::types::{Filter, NetworkInterface, NetworkInterfaceStatus, ResourceType};
use kpl_core::model::{Answer, Failure, InterfaceId, NodeInterface, SecurityGroupId, Seen, SubnetId, VpcId};
use kpl_core::plan::node_interface::Change;

use super::call::Unwritten;
use super::own::Listed;
use super::{Clients, convert, operation, vpc};

impl Listed for NodeInterface {
    async fn listed(aws: &Clients, owned: &Filter) -> Result<Vec<Self>, Failure> {
        let request = |token| {
            let request = aws.ec2.describe_network_interfaces().filters(owned.clone());
            request.max_results(1000).set_next_token(token).send()
        };
        let pages = aws.pages(operation::DESCRIBE_NETWORK_INTERFACES, request, |page| page.next_token()).await?;
        let mut found = Vec::new();
        for interface in pages.iter().flat_map(|page| page.network_interfaces()) {
            found.extend(node_interface(aws, interface).await?);
        }
        Ok(found)
    }
}

/// AWS names the zone, and names mean another zone in another account.
async fn node_interface(aws: &Clients, interface: &NetworkInterface) -> Result<Option<NodeInterface>, Failure> {
    let Some(zone) = vpc::zone_id(aws, interface.availability_zone().unwrap_or_default()).await? else {
        return Ok(None);
    };
    let read = || {
        Some(NodeInterface {
            id: InterfaceId::new(interface.network_interface_id()?),
            vpc: VpcId::new(interface.vpc_id()?),
            subnet: SubnetId::new(interface.subnet_id()?),
            zone,
            address: interface.private_ip_address()?.parse().ok()?,
            groups: interface.groups().iter().filter_map(|group| group.group_id().map(SecurityGroupId::new)).collect(),
            attached: interface.status() != Some(&NetworkInterfaceStatus::Available),
            tags: Seen::Read(convert::tags(interface.tag_set())),
        })
    };
    Ok(read())
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    match change {
        Change::Create { node, subnet, group, tags, .. } => {
            let operation = operation::CREATE_NETWORK_INTERFACE;
            let request = aws
                .ec2_writes
                .create_network_interface()
                .subnet_id(subnet.as_str())
                .groups(group.as_str())
                .description(format!("Kafka node {node}"))
                .set_tag_specifications(convert::tagged(ResourceType::NetworkInterface, tags));
            let answer = aws.write(operation, request.send()).await?;
            let made = answer.network_interface().and_then(|interface| {
                let address = interface.private_ip_address()?.parse().ok()?;
                Some(Answer::Interface(InterfaceId::new(interface.network_interface_id()?), address))
            });
            made.ok_or_else(|| Unwritten::incomplete(operation, "the network interface"))
        }
        Change::SetGroup { id, group } => {
            let request = aws.ec2_writes.modify_network_interface_attribute();
            let request = request.network_interface_id(id.as_str()).groups(group.as_str());
            aws.write(operation::MODIFY_NETWORK_INTERFACE, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Delete { id } => {
            let request = aws.ec2_writes.delete_network_interface().network_interface_id(id.as_str());
            aws.write(operation::DELETE_NETWORK_INTERFACE, request.send()).await?;
            Ok(Answer::Accepted)
        }
    }
}
