//! User data of a node, for tests that run them: what it is comes as JSON on stdin.
//!
//! `{"version", "url", "sha512", "volume", "format", "properties": {…}, "controllers": {ID: ADDRESS}, "brokers": N,
//! "node": {"id", "zone", "address", "roles", "external": "HOST:PORT"}}`

use std::collections::BTreeMap;
use std::error::Error;
use std::io::read_to_string;
use std::net::Ipv4Addr;

use kpl_core::kafka::{Entry, SecurityProtocol};
use kpl_core::model::{BrokerId, Port};
use kpl_core::node::{Cluster, ClusterId, Distribution, ExtraProperties, Format, Node, Roles, Volume, user_data};
use serde::Deserialize;

#[derive(Deserialize)]
struct Asked {
    version: String,
    url: String,
    sha512: String,
    volume: String,
    format: String,
    properties: BTreeMap<String, String>,
    controllers: BTreeMap<BrokerId, Ipv4Addr>,
    brokers: usize,
    node: AskedNode,
}

#[derive(Deserialize)]
struct AskedNode {
    id: BrokerId,
    zone: String,
    address: Ipv4Addr,
    roles: String,
    external: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked: Asked = serde_json::from_str(&read_to_string(std::io::stdin())?)?;
    let cluster = Cluster {
        id: ClusterId::of([7; 16]),
        controllers: asked.controllers,
        brokers: asked.brokers,
        distribution: Distribution { version: asked.version.parse()?, url: asked.url, sha512: asked.sha512.parse()? },
        heap: "128M".parse()?,
        vcpus: 1,
        extra: ExtraProperties::new(asked.properties)?,
    };
    let external = Entry { port: Port(39092), advertised: asked.node.external, protocol: SecurityProtocol::Plaintext };
    let roles = match asked.node.roles.as_str() {
        "Combined" => Roles::Combined,
        "Broker" => Roles::Broker,
        "Controller" => Roles::Controller,
        other => return Err(format!("no roles: {other}").into()),
    };
    let node = Node {
        id: asked.node.id,
        zone: asked.node.zone.into(),
        address: asked.node.address,
        roles,
        offered: if roles.serves() { [("EXTERNAL".into(), external)].into() } else { BTreeMap::new() },
    };
    let format = match asked.format.as_str() {
        "allowed" => Format::Allowed,
        "forbidden" => Format::Forbidden,
        other => return Err(format!("no format: {other}").into()),
    };
    let volume = Volume { id: asked.volume.into(), format };
    print!("{}", user_data(&cluster, &node, &volume)?.as_str());
    Ok(())
}
