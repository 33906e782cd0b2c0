//! Subnets: the user's, which the spec names, and ours.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, ResourceType, Subnet as AwsSubnet};
use kpl_core::model::{Answer, Failure, Scope, Seen, Subnet, SubnetId, SubnetSource, VpcId, ZoneId, ZoneName};
use kpl_core::plan::subnet::Change;

use super::call::Unwritten;
use super::{Clients, convert, operation};

/// Existing subnets that an entry of the spec may mean.
type Candidates = BTreeMap<ZoneId, Vec<Subnet>>;
/// Those that we made.
type Owned = BTreeMap<ZoneId, Subnet>;

/// Existing subnets by the entry of the spec that means them, and ours: mostly by one listing of the VPC.
pub(super) async fn all(aws: &Clients, scope: &Scope) -> Result<(Candidates, Owned), Failure> {
    let Some(in_vpc) = scope.vpc.as_ref().and_then(|vpc| convert::filter("vpc-id", [vpc.as_str()])) else {
        return Ok((Candidates::new(), owned(aws, scope).await?));
    };
    let mut found = listed(aws, vec![in_vpc]).await?;
    let elsewhere = scope.subnets.values().filter_map(|source| match source {
        SubnetSource::Id(id) if !found.iter().any(|subnet| subnet.id == *id) => Some(id.as_str()),
        SubnetSource::Id(_) | SubnetSource::Tags(_) | SubnetSource::Created(_) => None,
    });
    // By filter and not by id: one that does not exist is absent then, and does not fail the others.
    if let Some(by_id) = convert::filter("subnet-id", elsewhere) {
        found.extend(listed(aws, vec![by_id]).await?);
    }
    Ok((candidates(&found, scope), ours(found, scope)))
}

fn candidates(found: &[Subnet], scope: &Scope) -> Candidates {
    let fitting = |fits: &dyn Fn(&Subnet) -> bool| found.iter().filter(|subnet| fits(subnet)).cloned().collect();
    let by_zone = scope.subnets.iter().filter_map(|(zone, source)| match source {
        SubnetSource::Id(id) => Some((zone.clone(), fitting(&|subnet| subnet.id == *id))),
        SubnetSource::Tags(tags) => {
            let tagged = |subnet: &Subnet| {
                let has = subnet.tags.get();
                tags.iter().all(|(key, value)| has.is_some_and(|has| has.get(key) == Some(value)))
            };
            let in_vpc = |subnet: &Subnet| Some(&subnet.vpc) == scope.vpc.as_ref();
            Some((zone.clone(), fitting(&|subnet| subnet.zone == *zone && in_vpc(subnet) && tagged(subnet))))
        }
        SubnetSource::Created(_) => None,
    });
    by_zone.collect()
}

/// Those that carry our owner tag, wherever they are.
pub(super) async fn owned(aws: &Clients, scope: &Scope) -> Result<Owned, Failure> {
    Ok(ours(listed(aws, vec![convert::owned(&scope.owner)]).await?, scope))
}

/// Of several in one zone, the one with the wanted block.
fn ours(mut found: Vec<Subnet>, scope: &Scope) -> Owned {
    found.retain(|subnet| subnet.tags.get().is_some_and(|tags| convert::is_ours(&scope.owner, tags)));
    let wanted = |subnet: &Subnet| scope.subnets.get(&subnet.zone) == Some(&SubnetSource::Created(subnet.cidr));
    found.sort_by(|a, b| wanted(b).cmp(&wanted(a)).then_with(|| a.id.cmp(&b.id)));
    found.into_iter().fold(BTreeMap::new(), |mut by_zone, subnet| {
        by_zone.entry(subnet.zone.clone()).or_insert(subnet);
        by_zone
    })
}

async fn listed(aws: &Clients, filters: Vec<Filter>) -> Result<Vec<Subnet>, Failure> {
    let request = |token| {
        aws.ec2.describe_subnets().set_filters(Some(filters.clone())).max_results(1000).set_next_token(token).send()
    };
    let answers = aws.pages(operation::DESCRIBE_SUBNETS, request, |page| page.next_token()).await?;
    Ok(answers.iter().flat_map(|page| page.subnets()).filter_map(subnet).collect())
}

/// Subnets without an IPv4 block can be none of those that we look for.
fn subnet(subnet: &AwsSubnet) -> Option<Subnet> {
    Some(Subnet {
        id: SubnetId::new(subnet.subnet_id()?),
        vpc: VpcId::new(subnet.vpc_id()?),
        zone: ZoneId::new(subnet.availability_zone_id()?),
        zone_name: ZoneName::new(subnet.availability_zone().unwrap_or_default()),
        cidr: convert::cidr(subnet.cidr_block()?)?,
        free_addresses: convert::count(subnet.available_ip_address_count()),
        tags: Seen::Read(convert::tags(subnet.tags())),
    })
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    match change {
        Change::Create { zone, vpc, cidr, tags } => {
            let operation = operation::CREATE_SUBNET;
            let request = aws
                .ec2_writes
                .create_subnet()
                .vpc_id(vpc.as_str())
                .availability_zone_id(zone.as_str())
                .cidr_block(cidr.to_string())
                .set_tag_specifications(convert::tagged(ResourceType::Subnet, tags));
            let answer = aws.write(operation, request.send()).await?;
            let made = answer.subnet().and_then(subnet);
            made.map(Answer::Subnet).ok_or_else(|| Unwritten::incomplete(operation, "the subnet"))
        }
        Change::Delete { id, .. } => {
            let request = aws.ec2_writes.delete_subnet().subnet_id(id.as_str());
            aws.write(operation::DELETE_SUBNET, request.send()).await?;
            Ok(Answer::Accepted)
        }
    }
}
