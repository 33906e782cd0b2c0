//! Instances that may be brokers: an input, never written.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, Instance, InstanceStateName};
use kpl_core::model::{BrokerInstance, BrokerSource, ErrorClass, Failure, InstanceId, InstanceState, VpcId, ZoneId};

use super::{Clients, convert, operation, vpc};

/// What the selector or the static list finds, in every state: what is terminated and what was never
/// there are two things.
pub(super) async fn brokers(aws: &Clients, source: &BrokerSource) -> Result<Vec<BrokerInstance>, Failure> {
    match source {
        BrokerSource::Selector { tags, id_tag } => selected(aws, tags, id_tag).await,
        BrokerSource::Instances(ids) => named(aws, ids).await,
        BrokerSource::Nothing => Ok(Vec::new()),
    }
}

async fn selected(
    aws: &Clients,
    tags: &BTreeMap<String, String>,
    id_tag: &str,
) -> Result<Vec<BrokerInstance>, Failure> {
    // Without a tag the filter would be none at all, and every instance a broker.
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    let filter = |(key, value): (&String, &String)| {
        // An empty value is a value here, unlike an empty id.
        let name = format!("tag:{key}");
        convert::filter(name.clone(), [value.as_str()])
            .unwrap_or_else(|| Filter::builder().name(name).values(String::new()).build())
    };
    let found = listed(aws, &[], tags.iter().map(filter).collect()).await?;
    let mut brokers = Vec::new();
    for instance in &found {
        let has = convert::tags(instance.tags());
        if tags.iter().all(|(key, value)| has.get(key) == Some(value)) {
            brokers.extend(broker(aws, instance, has.get(id_tag).cloned()).await?);
        }
    }
    Ok(brokers)
}

async fn named(aws: &Clients, ids: &BTreeSet<InstanceId>) -> Result<Vec<BrokerInstance>, Failure> {
    let Some(filter) = convert::filter("instance-id", ids.iter().map(InstanceId::as_str)) else {
        return Ok(Vec::new());
    };
    // By id first: a listing by filter fails as a whole while a zone is in trouble. By filter when an id
    // is unknown, since that fails the call for the others too.
    let by_id: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let found = match listed(aws, &by_id, Vec::new()).await {
        Err(failure) if failure.class == ErrorClass::NotFound => listed(aws, &[], vec![filter]).await?,
        found => found?,
    };
    let mut brokers = Vec::new();
    for instance in &found {
        brokers.extend(broker(aws, instance, None).await?);
    }
    Ok(brokers)
}

async fn listed(aws: &Clients, ids: &[String], filters: Vec<Filter>) -> Result<Vec<Instance>, Failure> {
    let by_id = !ids.is_empty();
    let request = |token| {
        aws.ec2
            .describe_instances()
            .set_instance_ids(by_id.then(|| ids.to_vec()))
            .set_filters((!by_id).then(|| filters.clone()))
            // AWS takes a page size and ids not together.
            .set_max_results((!by_id).then_some(1000))
            .set_next_token(token)
            .send()
    };
    let answers = aws.pages(operation::DESCRIBE_INSTANCES, request, |page| page.next_token()).await?;
    let instances = answers.into_iter().flat_map(|page| page.reservations.unwrap_or_default());
    Ok(instances.flat_map(|reservation| reservation.instances.unwrap_or_default()).collect())
}

async fn broker(aws: &Clients, instance: &Instance, id_tag: Option<String>) -> Result<Option<BrokerInstance>, Failure> {
    let Some(id) = instance.instance_id() else { return Ok(None) };
    let placement = instance.placement();
    let zone = match placement.and_then(|placement| placement.availability_zone_id()) {
        Some(zone) => Some(ZoneId::new(zone)),
        None => match placement.and_then(|placement| placement.availability_zone()) {
            Some(name) => vpc::zone_id(aws, name).await?,
            None => None,
        },
    };
    Ok(Some(BrokerInstance {
        id: InstanceId::new(id),
        state: state(instance.state().and_then(|state| state.name())),
        vpc: instance.vpc_id().filter(|vpc| !vpc.is_empty()).map(VpcId::new),
        zone,
        id_tag,
    }))
}

fn state(name: Option<&InstanceStateName>) -> InstanceState {
    match name {
        Some(InstanceStateName::Running) => InstanceState::Running,
        Some(InstanceStateName::Stopping | InstanceStateName::Stopped) => InstanceState::Stopped,
        Some(InstanceStateName::ShuttingDown | InstanceStateName::Terminated) => InstanceState::Terminated,
        // A state that nobody has met yet: neither to be registered nor gone.
        _ => InstanceState::Pending,
    }
}
