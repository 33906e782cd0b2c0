//! The VPC: the user's, which is only read, or ours. And the region's zones.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, ResourceType, Vpc as AwsVpc, VpcAttributeName, VpcCidrBlockStateCode,
};
use kpl_core::model::{Answer, ErrorClass, Failure, OwnVpc, Scope, Seen, Vpc, VpcDns, VpcId, ZoneId, ZoneName};
use kpl_core::plan::vpc::{Change, DnsSetting};

use super::call::{Unwritten, incomplete};
use super::own::{self, Listed};
use super::{Clients, convert, operation};

/// Zones of a region.
pub(super) type Zones = BTreeMap<ZoneId, ZoneName>;

/// The VPC, or `None` when AWS does not know it.
pub(super) async fn vpc(aws: &Clients, id: &VpcId) -> Result<Option<Vpc>, Failure> {
    let request = |token| aws.ec2.describe_vpcs().vpc_ids(id.as_str()).set_next_token(token).send();
    let answers = match aws.pages(operation::DESCRIBE_VPCS, request, |page| page.next_token()).await {
        Ok(answers) => answers,
        Err(failure) if failure.class == ErrorClass::NotFound => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let found = answers.iter().flat_map(|page| page.vpcs()).find(|vpc| vpc.vpc_id() == Some(id.as_str()));
    Ok(found.and_then(vpc_from))
}

fn vpc_from(vpc: &AwsVpc) -> Option<Vpc> {
    Some(Vpc {
        id: VpcId::new(vpc.vpc_id()?),
        cidrs: vpc
            .cidr_block_association_set()
            .iter()
            .filter(|block| {
                let state = block.cidr_block_state().and_then(|state| state.state());
                state == Some(&VpcCidrBlockStateCode::Associated)
            })
            .filter_map(|block| convert::cidr(block.cidr_block()?))
            .collect(),
    })
}

impl Listed for OwnVpc {
    async fn listed(aws: &Clients, owned: &Filter) -> Result<Vec<Self>, Failure> {
        let request = |token| {
            let request = aws.ec2.describe_vpcs().filters(owned.clone());
            request.max_results(1000).set_next_token(token).send()
        };
        let answers = aws.pages(operation::DESCRIBE_VPCS, request, |page| page.next_token()).await?;
        let found = answers.iter().flat_map(|page| page.vpcs()).filter_map(|found| {
            let tags = Seen::Read(convert::tags(found.tags()));
            Some(Self { vpc: vpc_from(found)?, dns: Seen::Unread, tenants: Seen::Unread, tags })
        });
        Ok(found.collect())
    }
}

/// How names are resolved in it: AWS tells one setting in a call.
pub(super) async fn dns(aws: &Clients, id: &VpcId) -> Result<VpcDns, Failure> {
    let operation = operation::DESCRIBE_VPC_ATTRIBUTE;
    let ask = |setting| aws.ec2.describe_vpc_attribute().vpc_id(id.as_str()).attribute(setting).send();
    let support = aws.read(operation, ask(VpcAttributeName::EnableDnsSupport)).await?;
    let names = aws.read(operation, ask(VpcAttributeName::EnableDnsHostnames)).await?;
    let said = |value: Option<&AttributeBooleanValue>| {
        value.and_then(|value| value.value()).ok_or_else(|| incomplete(operation, "the value"))
    };
    Ok(VpcDns { support: said(support.enable_dns_support())?, host_names: said(names.enable_dns_hostnames())? })
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    match change {
        Change::Create { cidr, tags } => {
            let operation = operation::CREATE_VPC;
            let request = aws.ec2_writes.create_vpc().cidr_block(cidr.to_string());
            let request = request.set_tag_specifications(convert::tagged(ResourceType::Vpc, tags));
            let answer = aws.write(operation, request.send()).await?;
            own::made(answer.vpc().and_then(|vpc| vpc.vpc_id()), operation)
        }
        Change::EnableDns { id, setting } => {
            let on = AttributeBooleanValue::builder().value(true).build();
            let request = aws.ec2_writes.modify_vpc_attribute().vpc_id(id.as_str());
            let request = match setting {
                DnsSetting::Support => request.enable_dns_support(on),
                DnsSetting::HostNames => request.enable_dns_hostnames(on),
            };
            aws.write(operation::MODIFY_VPC_ATTRIBUTE, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Delete { id } => {
            let request = aws.ec2_writes.delete_vpc().vpc_id(id.as_str());
            aws.write(operation::DELETE_VPC, request.send()).await?;
            Ok(Answer::Accepted)
        }
    }
}

/// The region's zones by id. Zones that the account has not opted in to are left out by AWS. Zones hardly
/// ever change: those that were read once will do if they have what is looked for.
pub(super) async fn zones(aws: &Clients, will_do: impl Fn(&Zones) -> bool) -> Result<Zones, Failure> {
    let mut known = aws.zones.lock().await;
    if known.is_empty() || !will_do(&known) {
        *known = described(aws).await?;
    }
    Ok(known.clone())
}

async fn described(aws: &Clients) -> Result<Zones, Failure> {
    let operation = operation::DESCRIBE_AVAILABILITY_ZONES;
    let answer = aws.read(operation, aws.ec2.describe_availability_zones().send()).await?;
    let zones: Zones = answer
        .availability_zones()
        .iter()
        .filter_map(|zone| Some((ZoneId::new(zone.zone_id()?), ZoneName::new(zone.zone_name()?))))
        .collect();
    if zones.is_empty() { Err(incomplete(operation, "any zone")) } else { Ok(zones) }
}

/// Whether the zones that an object names are among these.
pub(super) fn holds(zones: &Zones, scope: &Scope) -> bool {
    scope.subnets.keys().all(|zone| zones.contains_key(zone))
}

/// The id of a zone that AWS gave by name alone.
pub(super) async fn zone_id(aws: &Clients, name: &str) -> Result<Option<ZoneId>, Failure> {
    let named = |zones: &Zones| zones.iter().find(|(_, known)| known.as_str() == name).map(|(id, _)| id.clone());
    Ok(named(&zones(aws, |zones| named(zones).is_some()).await?))
}
