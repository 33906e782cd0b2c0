//! Brokers that are made for the object, as the spec has them.

use std::collections::BTreeMap;

use super::parse::{InvalidSpec, count, invalid};
use crate::api::v1alpha1 as api;
use crate::model::{BrokerId, ImageId, InstanceProfileArn, InstanceType, KeyName, VolumeSize, VolumeType, ZoneId};
use crate::node::{Distribution, ExtraProperties, Heap, Refused, Roles};
use crate::reason::Reason;

/// Brokers that are made for the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisioned {
    /// By id.
    pub nodes: BTreeMap<BrokerId, Node>,
    /// What every instance is.
    pub machine: Machine,
    /// What every volume is.
    pub storage: Storage,
    /// What runs on them.
    pub software: Software,
}

/// A node, as far as the spec says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where.
    pub zone: ZoneId,
    /// What it does in Kafka, where that is said.
    pub roles: Option<Roles>,
}

/// What an instance is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Machine {
    /// Its type.
    pub instance_type: InstanceType,
    /// What it is made from; none where that is chosen at first use.
    pub image: Option<ImageId>,
    /// With what one logs in.
    pub key: Option<KeyName>,
    /// What gives it rights in AWS.
    pub profile: Option<InstanceProfileArn>,
}

/// What a volume is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Its size.
    pub size: VolumeSize,
    /// Its type.
    pub volume_type: VolumeType,
    /// What becomes of it in the end.
    pub deletion: VolumeDeletion,
}

/// What becomes of a volume whose node goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeDeletion {
    /// It stays, tagged.
    Retain,
    /// It goes with all that is on it.
    Delete,
}

/// What runs on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Software {
    /// Kafka.
    pub distribution: Distribution,
    /// Of its Java.
    pub heap: Heap,
    /// What the user adds to its configuration.
    pub properties: ExtraProperties,
}

impl Provisioned {
    /// Nodes that hold records, with their zones. A node whose roles are not said is one, controller or not.
    pub fn brokers(&self) -> impl Iterator<Item = (BrokerId, &ZoneId)> {
        let serving = self.nodes.iter().filter(|(_, node)| node.roles.is_none_or(Roles::serves));
        serving.map(|(id, node)| (*id, &node.zone))
    }
}

const FIELD: &str = "brokers.provisioned";

pub(super) fn parse(made: &api::ProvisionedBrokers) -> Result<Provisioned, InvalidSpec> {
    let api::ProvisionedBrokers { nodes, instance_type, image, key_name, instance_profile_arn, storage, kafka } = made;
    let parsed = Provisioned {
        nodes: nodes.iter().map(node).collect::<Result<_, _>>()?,
        machine: Machine {
            instance_type: InstanceType::new(instance_type.as_str()),
            image: image.as_ref().map(|image| ImageId::new(image.id.as_str())),
            key: key_name.as_deref().map(KeyName::from),
            profile: instance_profile_arn.as_deref().map(InstanceProfileArn::from),
        },
        storage: self::storage(storage)?,
        software: software(kafka)?,
    };
    if parsed.brokers().next().is_none() {
        return Err(invalid(format!("{FIELD}.nodes"), "at least one node has the role Broker"));
    }
    Ok(parsed)
}

fn node(entry: &api::Node) -> Result<(BrokerId, Node), InvalidSpec> {
    count(&format!("{FIELD}.nodes.id"), entry.id)?;
    let has = |role| entry.roles.contains(&role);
    let roles = match (has(api::NodeRole::Controller), has(api::NodeRole::Broker)) {
        (true, true) => Some(Roles::Combined),
        (true, false) => Some(Roles::Controller),
        (false, true) => Some(Roles::Broker),
        (false, false) => None,
    };
    Ok((BrokerId(entry.id), Node { zone: ZoneId::new(entry.zone_id.to_ascii_lowercase()), roles }))
}

fn storage(entry: &api::Storage) -> Result<Storage, InvalidSpec> {
    let field = format!("{FIELD}.storage.sizeGiB");
    let size = VolumeSize::new(count(&field, entry.size_gib)?);
    Ok(Storage {
        size: size.ok_or_else(|| invalid(field, format!("{} is no size of a volume: 1 to 16384", entry.size_gib)))?,
        volume_type: match entry.volume_type {
            api::VolumeType::Gp2 => VolumeType::Gp2,
            api::VolumeType::Gp3 => VolumeType::Gp3,
        },
        deletion: match entry.deletion_policy {
            api::VolumeDeletionPolicy::Retain => VolumeDeletion::Retain,
            api::VolumeDeletionPolicy::Delete => VolumeDeletion::Delete,
        },
    })
}

fn software(entry: &api::Kafka) -> Result<Software, InvalidSpec> {
    let at = |field: &str| format!("{FIELD}.kafka.{field}");
    let version = entry.version.parse().map_err(|error| wrong(at("version"), &error))?;
    let sha512 = entry.distribution.sha512.parse().map_err(|error| wrong(at("distribution.sha512"), &error))?;
    Ok(Software {
        distribution: Distribution { version, url: entry.distribution.url.clone(), sha512 },
        heap: entry.heap.parse().map_err(|error| wrong(at("heap"), &error))?,
        properties: ExtraProperties::new(entry.properties.clone())
            .map_err(|error| refused(at("properties"), &error))?,
    })
}

fn wrong<E: std::error::Error>(field: String, error: &E) -> InvalidSpec {
    invalid(field, error.to_string())
}

/// No schema can tell every property that is not the user's to set: this has its own name.
fn refused(field: String, error: &Refused) -> InvalidSpec {
    InvalidSpec { reason: Reason::PropertyRefused, ..invalid(field, error.to_string()) }
}
