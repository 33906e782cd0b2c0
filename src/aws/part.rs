//! Parts of a picture that are read by themselves, over what is already known.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{BoxFuture, FutureExt};
use kpl_core::model::{ErrorClass, Failure, Observed, Part, Scope, Seen, Tagged, Tags};
use kpl_core::plan::tagging::tags_of;

use super::{
    Clients, listener, load_balancer, node_instance, operation, security_group, tagging, target_group, tenants, vpc,
};

/// Puts what a read found into the picture. Reads run side by side and fold one after the other.
pub(super) type Fold = Box<dyn FnOnce(&mut Observed) + Send>;
/// A read under way.
pub(super) type Reading<'a> = BoxFuture<'a, Fold>;

/// Records what was found, or why nothing was; then the picture keeps what it had.
pub(super) fn fold<T: Send + 'static>(
    part: Part,
    result: Result<T, Failure>,
    put: impl FnOnce(&mut Observed, T) + Send + 'static,
) -> Fold {
    Box::new(move |observed| match result {
        Ok(found) => {
            observed.read_failures.remove(&part);
            put(observed, found);
        }
        Err(failure) => {
            observed.read_failures.insert(part, failure);
        }
    })
}

/// The readings of details, by ids that the picture already holds; without an id there is none.
pub(super) fn details<'a>(
    aws: &'a Clients,
    scope: &'a Scope,
    parts: &BTreeSet<Part>,
    observed: &Observed,
) -> Vec<Reading<'a>> {
    let mut readings: Vec<_> = parts.iter().filter_map(|part| detail(aws, scope, part, observed)).collect();
    let (elb, ec2): (Vec<_>, Vec<_>) = parts
        .iter()
        .filter_map(|part| match part {
            Part::Tags(subject) => Some(subject.clone()),
            _ => None,
        })
        .partition(tagging::is_elb);
    readings.extend(elb.chunks(tagging::ELB_CHUNK).map(|chunk| elb_tags(aws, chunk.to_vec()).boxed()));
    if !ec2.is_empty() {
        readings.push(ec2_tags(aws, ec2).boxed());
    }
    readings
}

fn detail<'a>(aws: &'a Clients, scope: &'a Scope, part: &Part, observed: &Observed) -> Option<Reading<'a>> {
    let balancer = observed.load_balancer.there();
    let read = part.clone();
    Some(match part {
        Part::Targets(name) => {
            let arn = observed.target_groups.there(name)?.arn.clone();
            let name = name.clone();
            let put = move |observed: &mut Observed, found: Option<_>| match found {
                Some(targets) => observed.target_groups.with(&name, |group| group.targets = Seen::Read(targets)),
                None => observed.target_groups.gone(&name),
            };
            async move { fold(read, target_group::targets(aws, &arn).await, put) }.boxed()
        }
        Part::TargetGroupAttributes(name) => {
            let arn = observed.target_groups.there(name)?.arn.clone();
            let name = name.clone();
            let put = move |observed: &mut Observed, found: Option<_>| match found {
                Some(has) => observed.target_groups.with(&name, |group| group.attributes = Seen::Read(has)),
                None => observed.target_groups.gone(&name),
            };
            async move { fold(read, target_group::attributes(aws, &arn).await, put) }.boxed()
        }
        Part::LoadBalancerAttributes => {
            let arn = balancer?.arn.clone();
            let put = |observed: &mut Observed, found: Option<_>| match found {
                Some(has) => observed.load_balancer.with(|balancer| balancer.attributes = Seen::Read(has)),
                None => observed.load_balancer = Seen::Read(None),
            };
            async move { fold(read, load_balancer::attributes(aws, &arn).await, put) }.boxed()
        }
        Part::ListenerAttributes(on) => {
            let arn = balancer?.listeners.get()?.get(on)?.arn.clone();
            let on = *on;
            let put = move |observed: &mut Observed, found: Option<Seen<u32>>| {
                observed.load_balancer.with(|balancer| {
                    balancer.listeners.update(|listeners| match found {
                        Some(timeout) => {
                            if let Some(listener) = listeners.get_mut(&on) {
                                listener.idle_timeout_seconds = timeout;
                            }
                        }
                        None => {
                            listeners.remove(&on);
                        }
                    });
                });
            };
            async move { fold(read, listener::idle_timeout(aws, &arn).await, put) }.boxed()
        }
        Part::VpcDns(id) => {
            let id = observed.own.vpcs.there(id)?.vpc.id.clone();
            let of = id.clone();
            let put = move |observed: &mut Observed, dns| observed.own.vpcs.with(&of, |own| own.dns = Seen::Read(dns));
            async move { fold(read, vpc::dns(aws, &id).await, put) }.boxed()
        }
        Part::VpcTenants(id) => {
            let id = observed.own.vpcs.there(id)?.vpc.id.clone();
            let of = id.clone();
            let put = move |observed: &mut Observed, found| {
                observed.own.vpcs.with(&of, |own| own.tenants = Seen::Read(found));
            };
            async move { fold(read, tenants::tenants(aws, scope, &id).await, put) }.boxed()
        }
        Part::InstanceProtection(id) => {
            let id = observed.own.instances.there(id)?.id.clone();
            let of = id.clone();
            let put = move |observed: &mut Observed, found| {
                observed.own.instances.with(&of, |own| own.protected = Seen::Read(found));
            };
            async move { fold(read, node_instance::protection(aws, &id).await, put) }.boxed()
        }
        Part::SecurityGroupInterfaces => {
            let group = observed.security_group.there()?.id.clone();
            let put = |observed: &mut Observed, number: u32| {
                observed.security_group.with(|group| group.interfaces = Seen::Read(number));
            };
            async move { fold(read, security_group::interfaces(aws, &group).await, put) }.boxed()
        }
        _ => return None,
    })
}

async fn elb_tags(aws: &Clients, subjects: Vec<Tagged>) -> Fold {
    let ids: Vec<&str> = subjects.iter().map(Tagged::id).collect();
    let found = tagging::elb_tags(aws, &ids).await;
    tagged(subjects, operation::DESCRIBE_ELB_TAGS, found)
}

async fn ec2_tags(aws: &Clients, subjects: Vec<Tagged>) -> Fold {
    let ids: Vec<&str> = subjects.iter().map(Tagged::id).collect();
    let found = tagging::ec2_tags(aws, &ids).await;
    tagged(subjects, operation::DESCRIBE_EC2_TAGS, found)
}

fn tagged(subjects: Vec<Tagged>, operation: &'static str, found: Result<BTreeMap<String, Tags>, Failure>) -> Fold {
    Box::new(move |observed| {
        for subject in subjects {
            let tags = match &found {
                Ok(found) => found.get(subject.id()).cloned().ok_or_else(|| missing(operation, &subject)),
                Err(failure) => Err(failure.clone()),
            };
            let put = |observed: &mut Observed, tags| {
                if let Some(has) = tags_of(observed, &subject) {
                    *has = Seen::Read(tags);
                }
            };
            match tags {
                Ok(tags) => {
                    observed.read_failures.remove(&Part::Tags(subject.clone()));
                    put(observed, tags);
                }
                Err(failure) => {
                    observed.read_failures.insert(Part::Tags(subject), failure);
                }
            }
        }
    })
}

/// Just made and not seen yet, or just gone: the listing of its kind will tell.
fn missing(operation: &'static str, subject: &Tagged) -> Failure {
    Failure {
        class: ErrorClass::NotFound,
        operation,
        code: String::new(),
        message: format!("AWS knows no {subject}"),
        request_id: None,
    }
}
