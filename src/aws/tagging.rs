//! Tags of what is ours, whatever its kind.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Tag;
use kpl_core::model::{Answer, ErrorClass, Failure, Tagged, Tags};
use kpl_core::plan::tagging::Change;

use super::call::Unwritten;
use super::{Clients, convert, operation};

/// Most ARNs that ELB takes in one call.
pub(super) const ELB_CHUNK: usize = 20;

/// Whether a resource's tags are ELB's business.
pub(super) fn is_elb(subject: &Tagged) -> bool {
    match subject {
        Tagged::TargetGroup(..) | Tagged::LoadBalancer(_) | Tagged::Listener(..) => true,
        Tagged::Own(..) | Tagged::Subnet(..) | Tagged::SecurityGroup(_) | Tagged::EndpointService(_) => false,
    }
}

/// Tags by ARN. What is gone is absent from the answer.
pub(super) async fn elb_tags(aws: &Clients, arns: &[&str]) -> Result<BTreeMap<String, Tags>, Failure> {
    let chunks = futures::future::try_join_all(arns.chunks(ELB_CHUNK).map(|chunk| chunk_tags(aws, chunk))).await?;
    Ok(chunks.into_iter().flatten().collect())
}

/// One missing ARN fails the call for all: they are asked for one by one then.
async fn chunk_tags(aws: &Clients, arns: &[&str]) -> Result<BTreeMap<String, Tags>, Failure> {
    match described(aws, arns).await {
        Err(failure) if failure.class == ErrorClass::NotFound => {
            let mut tags = BTreeMap::new();
            for arn in arns {
                match described(aws, &[arn]).await {
                    Err(failure) if failure.class == ErrorClass::NotFound => {}
                    one => tags.extend(one?),
                }
            }
            Ok(tags)
        }
        tags => tags,
    }
}

async fn described(aws: &Clients, arns: &[&str]) -> Result<BTreeMap<String, Tags>, Failure> {
    let arns = arns.iter().map(|arn| (*arn).to_owned()).collect();
    let answer =
        aws.read(operation::DESCRIBE_ELB_TAGS, aws.elb.describe_tags().set_resource_arns(Some(arns)).send()).await?;
    let all = answer.tag_descriptions().iter();
    Ok(all.filter_map(|one| Some((one.resource_arn()?.to_owned(), convert::from_elb_tags(one.tags())))).collect())
}

/// Tags by id. EC2 does not tell what is untagged from what is gone: both have none.
pub(super) async fn ec2_tags(aws: &Clients, ids: &[&str]) -> Result<BTreeMap<String, Tags>, Failure> {
    let mut tags: BTreeMap<String, Tags> = ids.iter().map(|id| ((*id).to_owned(), Tags::new())).collect();
    let Some(filter) = convert::filter("resource-id", ids.iter().copied()) else { return Ok(tags) };
    let request = |token| {
        let request = aws.ec2.describe_tags().filters(filter.clone());
        request.max_results(1000).set_next_token(token).send()
    };
    let answers = aws.pages(operation::DESCRIBE_EC2_TAGS, request, |page| page.next_token()).await?;
    for tag in answers.iter().flat_map(|page| page.tags()) {
        if let (Some(id), Some(key)) = (tag.resource_id(), tag.key()) {
            let value = tag.value().unwrap_or_default().to_owned();
            tags.entry(id.to_owned()).or_default().insert(key.to_owned(), value);
        }
    }
    Ok(tags)
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    match change {
        Change::Set { subject, tags } if is_elb(subject) => {
            let request = aws.elb_writes.add_tags().resource_arns(subject.id()).set_tags(convert::elb_tags(tags));
            aws.write(operation::ADD_ELB_TAGS, request.send()).await?;
        }
        Change::Set { subject, tags } => {
            let request = aws.ec2_writes.create_tags().resources(subject.id());
            aws.write(operation::CREATE_EC2_TAGS, request.set_tags(Some(convert::ec2_tags(tags))).send()).await?;
        }
        Change::Remove { subject, keys } if is_elb(subject) => {
            let request = aws.elb_writes.remove_tags().resource_arns(subject.id());
            let request = request.set_tag_keys(Some(keys.iter().cloned().collect()));
            aws.write(operation::REMOVE_ELB_TAGS, request.send()).await?;
        }
        Change::Remove { subject, keys } => {
            // A key without a value is removed whatever its value is.
            let keyed = keys.iter().map(|key| Tag::builder().key(key).build()).collect();
            let request = aws.ec2_writes.delete_tags().resources(subject.id()).set_tags(Some(keyed));
            // Without a key EC2 would remove every tag.
            if !keys.is_empty() {
                aws.write(operation::DELETE_EC2_TAGS, request.send()).await?;
            }
        }
    }
    Ok(Answer::Accepted)
}
