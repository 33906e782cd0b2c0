//! The VPC and the region's zones: inputs, never written.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::VpcCidrBlockStateCode;
use kpl_core::model::{ErrorClass, Failure, Scope, Vpc, VpcId, ZoneId, ZoneName};

use super::call::incomplete;
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
