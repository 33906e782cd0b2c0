//! Volumes of nodes.

use aws_sdk_ec2::types::{Filter, ResourceType, Volume as AwsVolume, VolumeState as AwsState, VolumeType as AwsType};
use kpl_core::model::{Answer, Failure, InstanceId, Seen, Volume, VolumeId, VolumeSize, VolumeState, VolumeType};
use kpl_core::plan::volume::Change;

use super::call::Unwritten;
use super::own::{self, Listed};
use super::{Clients, convert, operation};

/// By what an instance is told its volume: on the Nitro system it finds it by id.
const DEVICE: &str = "/dev/sdf";

impl Listed for Volume {
    async fn listed(aws: &Clients, owned: &Filter) -> Result<Vec<Self>, Failure> {
        let request = |token| {
            let request = aws.ec2.describe_volumes().filters(owned.clone());
            request.max_results(1000).set_next_token(token).send()
        };
        let pages = aws.pages(operation::DESCRIBE_VOLUMES, request, |page| page.next_token()).await?;
        Ok(pages.iter().flat_map(|page| page.volumes()).filter_map(volume).collect())
    }
}

fn volume(volume: &AwsVolume) -> Option<Volume> {
    let state = match volume.state()? {
        AwsState::Deleted => return None,
        AwsState::Creating => VolumeState::Creating,
        AwsState::Available => VolumeState::Available,
        AwsState::InUse => VolumeState::InUse,
        _ => VolumeState::Unusable,
    };
    Some(Volume {
        id: VolumeId::new(volume.volume_id()?),
        // One that somebody has enlarged beyond what we make is still the node's.
        size: VolumeSize::at_most(convert::count(volume.size())),
        volume_type: match volume.volume_type()? {
            AwsType::Gp2 => VolumeType::Gp2,
            _ => VolumeType::Gp3,
        },
        state,
        attached: volume.attachments().iter().find_map(|attachment| attachment.instance_id().map(InstanceId::new)),
        tags: Seen::Read(convert::tags(volume.tags())),
    })
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    match change {
        Change::Create { zone, size, volume_type, tags, .. } => {
            let operation = operation::CREATE_VOLUME;
            let request = aws
                .ec2_writes
                .create_volume()
                .availability_zone(zone.as_str())
                .size(convert::number(size.gibibytes()))
                .volume_type(match volume_type {
                    VolumeType::Gp2 => AwsType::Gp2,
                    VolumeType::Gp3 => AwsType::Gp3,
                })
                .encrypted(true)
                .set_tag_specifications(convert::tagged(ResourceType::Volume, tags));
            let answer = aws.write(operation, request.send()).await?;
            own::made(answer.volume_id(), operation)
        }
        Change::Attach { id, instance } => {
            let request = aws.ec2_writes.attach_volume().volume_id(id.as_str()).instance_id(instance.as_str());
            aws.write(operation::ATTACH_VOLUME, request.device(DEVICE).send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Delete { id } => {
            let request = aws.ec2_writes.delete_volume().volume_id(id.as_str());
            aws.write(operation::DELETE_VOLUME, request.send()).await?;
            Ok(Answer::Accepted)
        }
    }
}
