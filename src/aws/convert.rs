//! Small ways between the SDK's types and the model's that several kinds need.

use std::net::Ipv4Addr;

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use aws_sdk_elasticloadbalancingv2::types::Tag as ElbTag;
use kpl_core::model::{Ipv4Net, OWNER_TAG, Owner, Ownership, Tags};

/// EC2 reads `*` and `?` in a filter's value as wildcards; no value of ours means one.
fn literal(value: &str) -> String {
    value.chars().fold(String::with_capacity(value.len()), |mut text, c| {
        if matches!(c, '*' | '?' | '\\') {
            text.push('\\');
        }
        text.push(c);
        text
    })
}

/// A filter that lets these values through. Without a value AWS would let everything through, so there is
/// none then.
pub(super) fn filter<'a>(name: impl Into<String>, values: impl IntoIterator<Item = &'a str>) -> Option<Filter> {
    let values: Vec<String> = values.into_iter().filter(|value| !value.is_empty()).map(literal).collect();
    (!values.is_empty()).then(|| Filter::builder().name(name).set_values(Some(values)).build())
}

/// What carries our owner tag.
pub(super) fn owned(owner: &Owner) -> Filter {
    Filter::builder().name(format!("tag:{OWNER_TAG}")).values(literal(&owner.to_string())).build()
}

pub(super) fn is_ours(owner: &Owner, tags: &Tags) -> bool {
    owner.of(tags) == Ownership::Ours
}

pub(super) fn tags(tags: &[Tag]) -> Tags {
    tags.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))).collect()
}

pub(super) fn ec2_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

pub(super) fn tagged(kind: ResourceType, tags: &Tags) -> Option<Vec<TagSpecification>> {
    (!tags.is_empty())
        .then(|| vec![TagSpecification::builder().resource_type(kind).set_tags(Some(ec2_tags(tags))).build()])
}

pub(super) fn from_elb_tags(tags: &[ElbTag]) -> Tags {
    tags.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))).collect()
}

/// ELB refuses an empty list.
pub(super) fn elb_tags(tags: &Tags) -> Option<Vec<ElbTag>> {
    (!tags.is_empty())
        .then(|| tags.iter().map(|(key, value)| ElbTag::builder().key(key).value(value).build()).collect())
}

/// A block without host bits. AWS may write a single address without its length.
pub(super) fn cidr(text: &str) -> Option<Ipv4Net> {
    let net = text.parse::<Ipv4Net>().ok().or_else(|| Ipv4Net::new(text.parse::<Ipv4Addr>().ok()?, 32).ok())?;
    Some(net.trunc())
}

/// AWS counts in `i32`; none of its numbers that we read is negative.
pub(super) fn count(number: Option<i32>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}

/// For a request: our bounds are far below AWS's.
pub(super) fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
