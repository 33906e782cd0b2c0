//! Subnets: the user's, which the spec names, and ours.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, ResourceType, Subnet as AwsSubnet};
use kpl_core::model::{Answer, Failure, Scope, Seen, Subnet, SubnetId, SubnetSource, VpcId, ZoneId, ZoneName};
use kpl_core::plan::subnet::Change;

use super::call::Unwritten;
use super::{Clients, convert, operation};

/// Candidates for every entry of the spec that names an existing subnet.
pub(super) async fn candidates(aws: &Clients, scope: &Scope) -> Result<BTreeMap<ZoneId, Vec<Subnet>>, Failure> {
    let ids = scope.subnets.values().filter_map(|source| match source {
        SubnetSource::Id(id) => Some(id.as_str()),
        SubnetSource::Tags(_) | SubnetSource::Created(_) => None,
    });
    // By filter and not by id: one that does not exist is absent then, and does not fail the others.
    let by_id = async {
        match convert::filter("subnet-id", ids) {
            Some(filter) => listed(aws, vec![filter]).await,
            None => Ok(Vec::new()),
        }
    };
    let by_tags = async {
        let wanted = scope.subnets.values().any(|source| matches!(source, SubnetSource::Tags(_)));
        match scope.vpc.as_ref().filter(|_| wanted).and_then(|vpc| convert::filter("vpc-id", [vpc.as_str()])) {
            Some(filter) => listed(aws, vec![filter]).await,
            None => Ok(Vec::new()),
        }
    };
    let (by_id, in_vpc) = futures::try_join!(by_id, by_tags)?;
    let found = scope.subnets.iter().filter_map(|(zone, source)| match source {
        SubnetSource::Id(id) => Some((zone.clone(), by_id.iter().filter(|subnet| subnet.id == *id).cloned().collect())),
        SubnetSource::Tags(tags) => {
            let fits = |subnet: &&Subnet| {
                let has = subnet.tags.get();
                subnet.zone == *zone
                    && tags.iter().all(|(key, value)| has.is_some_and(|has| has.get(key) == Some(value)))
            };
            Some((zone.clone(), in_vpc.iter().filter(fits).cloned().collect()))
        }
        SubnetSource::Created(_) => None,
    });
    Ok(found.collect())
}

/// Those that carry our owner tag. Of several in one zone, the one with the wanted block.
pub(super) async fn owned(aws: &Clients, scope: &Scope) -> Result<BTreeMap<ZoneId, Subnet>, Failure> {
    let mut ours = listed(aws, vec![convert::owned(&scope.owner)]).await?;
    ours.retain(|subnet| subnet.tags.get().is_some_and(|tags| convert::is_ours(&scope.owner, tags)));
    let wanted = |subnet: &Subnet| scope.subnets.get(&subnet.zone) == Some(&SubnetSource::Created(subnet.cidr));
    ours.sort_by(|a, b| wanted(b).cmp(&wanted(a)).then_with(|| a.id.cmp(&b.id)));
    Ok(ours.into_iter().fold(BTreeMap::new(), |mut by_zone, subnet| {
        by_zone.entry(subnet.zone.clone()).or_insert(subnet);
        by_zone
    }))
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
