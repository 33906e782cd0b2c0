//! Whether what is made for an object, network and nodes, is as it says: a part of `settled`.

use kpl_core::api::v1alpha1 as api;
use kpl_core::model::{FORMATTED_TAG, InstanceState, RESOURCE_TAG, Tags};

use super::object;
use super::settled::{Wish, only, tags};
use super::state::{Aws, ours};

/// The VPC, and what its subnets reach outside.
pub fn network(aws: &Aws, wish: &Wish<'_>) -> Result<(), String> {
    own_vpc(aws, wish)?;
    egress(aws, wish)
}

/// The one that the object asks for, and no other.
fn own_vpc(aws: &Aws, wish: &Wish<'_>) -> Result<(), String> {
    let own = || aws.vpc_details.iter().filter(|(_, held)| ours(wish.owner, &held.tags));
    let Some(made) = &wish.spec.network.vpc else {
        return if own().next().is_none() { Ok(()) } else { Err("a VPC that nobody asked for".into()) };
    };
    let (id, held) = only(own(), "VPC")?;
    tags(wish, &held.tags, "vpc")?;
    let blocks: Vec<_> = aws.vpcs[id].iter().map(ToString::to_string).collect();
    if blocks != [made.cidr_block.clone()] || !held.dns.support || !held.dns.host_names {
        return Err(format!("the VPC has {blocks:?} and {:?}", held.dns));
    }
    if object::vpc(aws, wish.spec).as_ref() == Some(id) { Ok(()) } else { Err("the subnets are elsewhere".into()) }
}

/// A way to S3 from every subnet of the VPC that is made, if the object asks for it.
fn egress(aws: &Aws, wish: &Wish<'_>) -> Result<(), String> {
    let tables = aws.route_tables.iter().filter(|(_, held)| ours(wish.owner, &held.tags));
    let mut endpoints = aws.gateway_endpoints.values().filter(|held| ours(wish.owner, &held.tags));
    if wish.spec.network.egress == api::Egress::None {
        let left = tables.count() + endpoints.count();
        return if left == 0 { Ok(()) } else { Err(format!("{left} ways to S3 that nobody asked for")) };
    }
    let (id, table) = only(tables, "route table")?;
    tags(wish, &table.tags, "route-table")?;
    let subnets = aws.subnets.iter().filter(|(_, held)| ours(wish.owner, &held.tags)).map(|(id, _)| id);
    if !table.associations.keys().eq(subnets) {
        return Err(format!("the route table routes {:?}", table.associations));
    }
    let endpoint = only(&mut endpoints, "gateway endpoint")?;
    tags(wish, &endpoint.tags, "s3")?;
    if endpoint.gone_at.is_none() && endpoint.tables.contains(id) && endpoint.service == "com.amazonaws.us-west-2.s3" {
        Ok(())
    } else {
        Err(format!("the gateway endpoint is {endpoint:?}"))
    }
}

/// A running, protected instance on its interface and with its volume for each node, and nothing more.
pub fn nodes(aws: &Aws, wish: &Wish<'_>) -> Result<(), String> {
    let Some(made) = &wish.spec.brokers.provisioned else { return Ok(()) };
    let key = |tags: &Tags| tags.get(RESOURCE_TAG).cloned().unwrap_or_default();
    let interfaces = || aws.interfaces.iter().filter(|(_, held)| ours(wish.owner, &held.tags));
    if interfaces().count() != made.nodes.len() || aws.machines.len() != made.nodes.len() {
        return Err(format!("{} interfaces and {} instances", interfaces().count(), aws.machines.len()));
    }
    for node in &made.nodes {
        let at = |kind: &str| format!("{kind}/{}", node.id);
        let (id, interface) = only(interfaces().filter(|(_, held)| key(&held.tags) == at("interface")), "interface")?;
        let holder = interface.holder.as_ref().ok_or(format!("nobody has {id}"))?;
        let (host, machine) = (&aws.instances[holder], &aws.machines[holder]);
        if host.state != InstanceState::Running || !machine.protected || key(&host.tags) != at("instance") {
            return Err(format!("node {}: {host:?} {machine:?}", node.id));
        }
        let volumes = aws.volumes.iter().filter(|(_, held)| key(&held.tags) == at("volume"));
        let (id, volume) = only(volumes, "volume")?;
        if volume.holder.as_ref() != Some(holder) || !volume.tags.contains_key(FORMATTED_TAG) {
            return Err(format!("node {}: {id} {volume:?}", node.id));
        }
    }
    Ok(())
}
