//! What is somebody else's in the account, and looks like ours.

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, LoadBalancerSchemeEnum, LoadBalancerTypeEnum, ProtocolEnum, TargetDescription,
};
use kpl_core::model::{OWNER_TAG, RESOURCE_TAG};
use serde_json::Value;

use crate::harness::{Inventory, Scene, ZONES, is};

const PORT: i32 = 443;

/// Makes them: names with our prefix, tags of another object's, brokers of another cluster's, and a
/// service, all in use.
pub async fn settle(scene: &Scene) {
    let (ec2, elb, vpc) = (&scene.account.ec2, &scene.account.elb, &scene.world.vpc);
    let name = format!("{}0000000000", scene.owner("orders").name_prefix());
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    let payments = scene.owner("payments").to_string();
    let tags = TagSpecification::builder().resource_type(ResourceType::SecurityGroup);
    let tags = tags.tags(tag(OWNER_TAG, &payments)).tags(tag(RESOURCE_TAG, "security-group")).build();
    let group = ec2.create_security_group().group_name(&name).description("a neighbour's").vpc_id(vpc);
    group.tag_specifications(tags).send().await.expect("a security group");

    let cluster = [("kafka-cluster", "payments".to_owned()), ("kafka-node-id", "1".to_owned())];
    let instance = scene.world.launch_tagged(ZONES[0], &cluster).await;
    let group = elb.create_target_group().name(&name).protocol(ProtocolEnum::Tcp).port(PORT).vpc_id(vpc);
    let group = group.send().await.expect("a target group").target_groups()[0].target_group_arn.clone();
    let group = group.expect("an ARN");
    let target = TargetDescription::builder().id(&instance).port(PORT).build();
    elb.register_targets().target_group_arn(&group).targets(target).send().await.expect("a target");

    let lb = elb.create_load_balancer().name("neighbour").r#type(LoadBalancerTypeEnum::Network);
    let lb = lb.scheme(LoadBalancerSchemeEnum::Internal).subnets(&scene.world.subnets[ZONES[0]]);
    let lb = lb.send().await.expect("a load balancer").load_balancers()[0].load_balancer_arn.clone();
    let lb = lb.expect("an ARN");
    let leads = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(&group).build();
    let listener = elb.create_listener().load_balancer_arn(&lb).protocol(ProtocolEnum::Tcp).port(PORT);
    listener.default_actions(leads).send().await.expect("a listener");
    scene
        .aws("the neighbours are at home", |aws| {
            let (state, health) = (&aws.whole["load_balancers"][&lb]["state"], &aws.whole["target_groups"][&group]);
            let health = &health["targets"][format!("{instance}:{PORT}")];
            is(state == "active" && health == "healthy", || format!("{state}, {health}"))
        })
        .await;
    let service = ec2.create_vpc_endpoint_service_configuration().network_load_balancer_arns(&lb);
    service.send().await.expect("an endpoint service");
}

/// What was there before the operator came and is not as it was; brokers come and go by our own hand.
pub fn disturbed(before: &Inventory, now: &Inventory, brokers_group: &str) -> Vec<String> {
    let now = now.things();
    let changed = before.things().into_iter().filter_map(|(key, was)| {
        let (kind, id) = &key;
        let of_instance = was["description"] == "Primary network interface";
        let is = now.get(&key).cloned().unwrap_or_default();
        // Our rules in the brokers' group are things of their own, and so are its own ones.
        let aside = match kind.as_str() {
            "instances" => "state",
            "security_groups" if id == brokers_group => "rules",
            _ => "",
        };
        let same = without(&was, aside) == without(&is, aside);
        (!same && !of_instance).then(|| format!("{kind} {id}: {is} instead of {was}"))
    });
    changed.collect()
}

fn without(thing: &Value, field: &str) -> Value {
    let mut thing = thing.clone();
    if let Some(fields) = thing.as_object_mut() {
        fields.remove(field);
    }
    thing
}
