//! Instances of nodes.

use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, HttpTokensState, IamInstanceProfileSpecification, Instance, InstanceAttributeName,
    InstanceMetadataOptionsRequest, InstanceMetadataTagsState, InstanceNetworkInterfaceSpecification,
    InstanceStateName, InstanceType as AwsType, ResourceType,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kpl_core::model::{Answer, Failure, ImageId, InstanceId, InstanceType, NodeInstance, NodeState, Seen};
use kpl_core::plan::node_instance::{Change, Launch};

use super::call::Unwritten;
use super::own::{self, Listed};
use super::{Clients, convert, operation};

impl Listed for NodeInstance {
    async fn listed(aws: &Clients, owned: &Filter) -> Result<Vec<Self>, Failure> {
        let request = |token| {
            let request = aws.ec2.describe_instances().filters(owned.clone());
            request.max_results(1000).set_next_token(token).send()
        };
        let pages = aws.pages(operation::DESCRIBE_INSTANCES, request, |page| page.next_token()).await?;
        let reservations = pages.iter().flat_map(|page| page.reservations());
        Ok(reservations.flat_map(|reservation| reservation.instances()).filter_map(node_instance).collect())
    }
}

/// None for one that is terminated: it has let go of everything.
fn node_instance(instance: &Instance) -> Option<NodeInstance> {
    let state = match instance.state().and_then(|state| state.name())? {
        InstanceStateName::Pending => NodeState::Pending,
        InstanceStateName::Running => NodeState::Running,
        InstanceStateName::Stopping => NodeState::Stopping,
        InstanceStateName::Stopped => NodeState::Stopped,
        InstanceStateName::Terminated => return None,
        _ => NodeState::ShuttingDown,
    };
    Some(NodeInstance {
        id: InstanceId::new(instance.instance_id()?),
        state,
        instance_type: InstanceType::new(instance.instance_type()?.as_str()),
        image: ImageId::new(instance.image_id()?),
        protected: Seen::Unread,
        tags: Seen::Read(convert::tags(instance.tags())),
    })
}

/// Whether AWS refuses to terminate it.
pub(super) async fn protection(aws: &Clients, id: &InstanceId) -> Result<bool, Failure> {
    let request = aws.ec2.describe_instance_attribute().instance_id(id.as_str());
    let request = request.attribute(InstanceAttributeName::DisableApiTermination);
    let answer = aws.read(operation::DESCRIBE_INSTANCE_ATTRIBUTE, request.send()).await?;
    Ok(answer.disable_api_termination().and_then(|value| value.value()).unwrap_or_default())
}

pub(super) async fn apply(aws: &Clients, change: &Change) -> Result<Answer, Unwritten> {
    match change {
        Change::Launch(launch) => self::launch(aws, launch).await,
        Change::Start { id } => {
            let request = aws.ec2_writes.start_instances().instance_ids(id.as_str());
            aws.write(operation::START_INSTANCES, request.send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Unprotect { id } => {
            let off = AttributeBooleanValue::builder().value(false).build();
            let request = aws.ec2_writes.modify_instance_attribute().instance_id(id.as_str());
            aws.write(operation::MODIFY_INSTANCE_ATTRIBUTE, request.disable_api_termination(off).send()).await?;
            Ok(Answer::Accepted)
        }
        Change::Terminate { id } => {
            let request = aws.ec2_writes.terminate_instances().instance_ids(id.as_str());
            aws.write(operation::TERMINATE_INSTANCES, request.send()).await?;
            Ok(Answer::Accepted)
        }
    }
}

/// On its own interface, which brings subnet and groups: EC2 takes none beside it.
async fn launch(aws: &Clients, launch: &Launch) -> Result<Answer, Unwritten> {
    let Launch { interface, machine, image, user_data, tags, .. } = launch;
    let operation = operation::RUN_INSTANCES;
    let on = InstanceNetworkInterfaceSpecification::builder()
        .network_interface_id(interface.as_str())
        .device_index(0)
        .delete_on_termination(false)
        .build();
    // Credentials of the instance's profile are for nobody who makes Kafka forward a request.
    let metadata = InstanceMetadataOptionsRequest::builder()
        .http_tokens(HttpTokensState::Required)
        .http_put_response_hop_limit(1)
        .instance_metadata_tags(InstanceMetadataTagsState::Disabled)
        .build();
    let profile =
        machine.profile.as_ref().map(|arn| IamInstanceProfileSpecification::builder().arn(arn.as_str()).build());
    let request = aws
        .ec2_writes
        .run_instances()
        .min_count(1)
        .max_count(1)
        .image_id(image.as_str())
        .instance_type(AwsType::from(machine.instance_type.as_str()))
        .network_interfaces(on)
        .metadata_options(metadata)
        .disable_api_termination(true)
        .user_data(STANDARD.encode(user_data.as_str()))
        .set_key_name(machine.key.as_ref().map(ToString::to_string))
        .set_iam_instance_profile(profile)
        .set_tag_specifications(convert::tagged(ResourceType::Instance, tags));
    let answer = aws.write(operation, request.send()).await?;
    own::made(answer.instances().first().and_then(|instance| instance.instance_id()), operation)
}
