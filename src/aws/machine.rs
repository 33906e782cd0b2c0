//! What instances of a type can do, and the newest image for them.

use aws_sdk_ec2::types::{ArchitectureType, Filter, ImageState, InstanceType as AwsType, InstanceTypeHypervisor};
use kpl_core::model::{ErrorClass, Failure, ImageId, InstanceType, MachineKind};

use super::call::incomplete;
use super::{Clients, convert, operation};

/// `None` when AWS knows no such type in the region.
pub(super) async fn kind(aws: &Clients, of: &InstanceType, wants_image: bool) -> Result<Option<MachineKind>, Failure> {
    let operation = operation::DESCRIBE_INSTANCE_TYPES;
    let request = aws.ec2.describe_instance_types().instance_types(AwsType::from(of.as_str()));
    let answer = match aws.read(operation, request.send()).await {
        Ok(answer) => answer,
        Err(failure) if failure.class == ErrorClass::NotFound => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let Some(found) = answer.instance_types().first() else { return Ok(None) };
    let architectures = found.processor_info().map(|info| info.supported_architectures()).unwrap_or_default();
    let arm = architectures.contains(&ArchitectureType::Arm64);
    let vcpus = found.v_cpu_info().and_then(|info| info.default_v_cpus());
    Ok(Some(MachineKind {
        vcpus: vcpus.map(|count| convert::count(Some(count))).ok_or_else(|| incomplete(operation, "the vCPUs"))?,
        nitro: found.bare_metal() == Some(true) || found.hypervisor() == Some(&InstanceTypeHypervisor::Nitro),
        newest_image: if wants_image { newest_image(aws, arm).await? } else { None },
    }))
}

/// Of Amazon Linux 2023, as Amazon publishes it; minimal ones lack what the machine's script needs.
async fn newest_image(aws: &Clients, arm: bool) -> Result<Option<ImageId>, Failure> {
    let architecture = if arm { "arm64" } else { "x86_64" };
    let named = Filter::builder().name("name").values(format!("al2023-ami-2023.*-{architecture}")).build();
    let request = |token| {
        let request = aws.ec2.describe_images().owners("amazon").filters(named.clone());
        request.max_results(1000).set_next_token(token).send()
    };
    let pages = aws.pages(operation::DESCRIBE_IMAGES, request, |page| page.next_token()).await?;
    let usable =
        pages.iter().flat_map(|page| page.images()).filter(|image| image.state() == Some(&ImageState::Available));
    // AWS writes the date so that it sorts as text.
    let newest = usable.max_by_key(|image| image.creation_date().unwrap_or_default().to_owned());
    Ok(newest.and_then(|image| image.image_id()).map(ImageId::new))
}
