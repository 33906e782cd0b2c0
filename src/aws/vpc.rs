//! The VPC and the region's zones: inputs, never written.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::VpcCidrBlockStateCode;
use kpl_core::model::{ErrorClass, Failure, Vpc, VpcId, ZoneId, ZoneName};

use super::call::incomplete;
use super::{Clients, convert, operation};

/// The VPC, or `None` when AWS does not know it.
pub(super) async fn vpc(aws: &Clients, id: &VpcId) -> Result<Option<Vpc>, Failure> {
    let request = |token| aws.ec2.describe_vpcs().vpc_ids(id.as_str()).set_next_token(token).send();
    let answers = match aws.pages(operation::DESCRIBE_VPCS, request, |page| page.next_token()).await {
        Ok(answers) => answers,
        Err(failure) if failure.class == ErrorClass::NotFound => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let found = answers.iter().flat_map(|page| page.vpcs()).find(|vpc| vpc.vpc_id() == Some(id.as_str()));
    Ok(found.map(|vpc| Vpc {
        id: id.clone(),
        cidrs: vpc
            .cidr_block_association_set()
            .iter()
            .filter(|block| {
                let state = block.cidr_block_state().and_then(|state| state.state());
                state == Some(&VpcCidrBlockStateCode::Associated)
            })
            .filter_map(|block| convert::cidr(block.cidr_block()?))
            .collect(),
    }))
}

/// The region's zones by id. Zones that the account has not opted in to are left out by AWS.
pub(super) async fn zones(aws: &Clients) -> Result<BTreeMap<ZoneId, ZoneName>, Failure> {
    let operation = operation::DESCRIBE_AVAILABILITY_ZONES;
    let answer = aws.read(operation, aws.ec2.describe_availability_zones().send()).await?;
    let zones: BTreeMap<_, _> = answer
        .availability_zones()
        .iter()
        .filter_map(|zone| Some((ZoneId::new(zone.zone_id()?), ZoneName::new(zone.zone_name()?))))
        .collect();
    if zones.is_empty() { Err(incomplete(operation, "any zone")) } else { Ok(zones) }
}

/// The id of a zone that AWS gave by name alone.
pub(super) async fn zone_id(aws: &Clients, name: &str) -> Result<Option<ZoneId>, Failure> {
    let zones = aws.known_zones().await?;
    Ok(zones.iter().find(|(_, known)| known.as_str() == name).map(|(id, _)| id.clone()))
}
