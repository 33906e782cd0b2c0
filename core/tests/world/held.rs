//! What of a made network and of made nodes the simulated AWS holds: plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use kpl_core::model::{
    ImageId, InstanceId, InstanceType, InterfaceId, RouteAssociationId, RouteTableId, SecurityGroupId, SubnetId, Tags,
    VolumeSize, VolumeType, VpcId, ZoneId, ZoneName,
};

use super::state::Tick;

#[derive(Clone, Debug, PartialEq)]
pub struct HeldTable {
    pub vpc: VpcId,
    pub associations: BTreeMap<SubnetId, RouteAssociationId>,
    pub tags: Tags,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HeldEndpoint {
    pub vpc: VpcId,
    pub service: String,
    pub tables: BTreeSet<RouteTableId>,
    /// Of one that was deleted: it is listed until then.
    pub gone_at: Option<Tick>,
    pub tags: Tags,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HeldInterface {
    pub vpc: VpcId,
    pub subnet: SubnetId,
    pub zone: ZoneId,
    pub address: Ipv4Addr,
    pub groups: BTreeSet<SecurityGroupId>,
    pub holder: Option<InstanceId>,
    pub tags: Tags,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HeldVolume {
    pub zone: ZoneName,
    pub size: VolumeSize,
    pub volume_type: VolumeType,
    pub ready_at: Tick,
    pub failed: bool,
    pub holder: Option<InstanceId>,
    pub tags: Tags,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HeldMachine {
    pub interface: InterfaceId,
    pub instance_type: InstanceType,
    pub image: ImageId,
    pub protected: bool,
    pub pending_until: Option<Tick>,
    pub gone_at: Option<Tick>,
}
