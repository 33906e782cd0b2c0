//! Somebody else's resources under the names that we would use.

use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancerSchemeEnum, LoadBalancerTypeEnum, ProtocolEnum, TargetTypeEnum,
};
use kpl_core::model::{ResourceKey, TargetType, VpcId};

use crate::harness::Scene;

#[tokio::test]
async fn a_target_group_of_our_name() {
    let scene = Scene::quiet().await;
    let key = ResourceKey::BootstrapGroup("EXTERNAL".into());
    let vpc = VpcId::from(scene.world.vpc.as_str());
    let name = scene.owner("orders").target_group_name(&key, &vpc, TargetType::Instance);
    // Other settings: AWS answers our create with DuplicateTargetGroupName.
    let made = scene.account.elb.create_target_group().name(name.as_str()).protocol(ProtocolEnum::Tcp).port(443);
    let made = made.vpc_id(vpc.as_str()).target_type(TargetTypeEnum::Ip).send().await.expect("a foreign group");
    let arn = made.target_groups()[0].target_group_arn.clone().expect("an ARN");
    let free = async |scene: &Scene| {
        let deleted = scene.account.elb.delete_target_group().target_group_arn(&arn).send().await;
        deleted.expect("the foreign group goes");
    };
    clash(scene, &arn, "target_groups", free).await;
}

#[tokio::test]
async fn a_load_balancer_of_our_name() {
    let scene = Scene::quiet().await;
    let name = scene.owner("orders").load_balancer_name();
    let made = scene.account.elb.create_load_balancer().name(name.as_str()).r#type(LoadBalancerTypeEnum::Network);
    let made = made.scheme(LoadBalancerSchemeEnum::Internal).subnets(&scene.world.subnets["usw2-az1"]);
    let made = made.send().await.expect("a foreign load balancer");
    let arn = made.load_balancers()[0].load_balancer_arn.clone().expect("an ARN");
    scene
        .aws("it is active", |aws| {
            let state = &aws.whole["load_balancers"][&arn]["state"];
            crate::harness::is(state == "active", || state.to_string())
        })
        .await;
    let free = async |scene: &Scene| {
        let deleted = scene.account.elb.delete_load_balancer().load_balancer_arn(&arn).send().await;
        deleted.expect("the foreign load balancer goes");
    };
    clash(scene, &arn, "load_balancers", free).await;
}

#[tokio::test]
async fn a_security_group_of_our_name() {
    let scene = Scene::quiet().await;
    let name = scene.owner("orders").security_group_name();
    let made = scene.account.ec2.create_security_group().group_name(name.as_str()).description("somebody else's");
    let made = made.vpc_id(&scene.world.vpc).send().await.expect("a foreign security group");
    let id = made.group_id.expect("an id");
    let free = async |scene: &Scene| {
        let deleted = scene.account.ec2.delete_security_group().group_id(&id).send().await;
        deleted.expect("the foreign group goes");
    };
    clash(scene, &id, "security_groups", free).await;
}

/// The clash is said with the id, the foreign thing is left alone, and all heals when it goes.
async fn clash(mut scene: Scene, id: &str, kind: &str, free: impl AsyncFn(&Scene)) {
    let foreign = scene.inventory().await.whole[kind][id].clone();
    assert!(!foreign.is_null());
    scene.start_operator(&[]);
    let orders = scene.orders();
    orders.create(scene.plain_spec()).await;
    let message = orders.stalls("Conflict").await;
    assert!(message.contains(id), "{id} is not named: {message}");
    orders.says("ResourcesOwned", "False", "Conflict").await;
    orders.looked_again().await;
    assert_eq!(scene.inventory().await.whole[kind][id], foreign, "what is foreign is not touched");
    free(&scene).await;
    orders.settled().await;
    scene.clean_up().await;
}

#[tokio::test]
async fn an_object_that_clashes_can_be_deleted() {
    let mut scene = Scene::quiet().await;
    let name = scene.owner("orders").security_group_name();
    let made = scene.account.ec2.create_security_group().group_name(name.as_str()).description("somebody else's");
    made.vpc_id(&scene.world.vpc).send().await.expect("a foreign security group");
    scene.before = scene.inventory().await;
    scene.start_operator(&[]);
    scene.orders().create(scene.plain_spec()).await;
    scene.orders().stalls("Conflict").await;
    scene.clean_up().await;
}

#[tokio::test]
async fn what_people_add_to_ours_is_removed_and_what_is_theirs_stays() {
    use aws_sdk_ec2::types::{IpPermission, IpRange};

    let scene = Scene::start().await;
    let orders = scene.orders();
    let mut spec = scene.plain_spec();
    spec["brokers"]["securityGroupIds"] = serde_json::json!([scene.world.brokers_group]);
    orders.create_and_settle(spec).await;
    let settled = scene.inventory().await;
    let own = settled.load_balancer().expect("a load balancer").1.security_groups[0].clone();
    let open = IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22);
    let open = open.ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build();
    for group in [&own, &scene.world.brokers_group] {
        let opened = scene.account.ec2.authorize_security_group_ingress().group_id(group);
        opened.ip_permissions(open.clone()).send().await.expect("a rule by hand");
    }
    let doors = settled.doors();
    scene
        .aws("the rule in our group is revoked", |aws| {
            crate::harness::is(aws.doors() == doors, || format!("{:?}", aws.doors()))
        })
        .await;
    let theirs = scene.inventory().await.rules_of(&scene.world.brokers_group);
    assert!(theirs.iter().any(|rule| rule.ports == (Some(22), Some(22))), "the rule in their group stays: {theirs:?}");
    orders.delete_and_wait().await;
    let left = scene.inventory().await;
    assert!(left.owned().is_empty(), "{:?}", left.owned());
    assert_eq!(left.rules_of(&scene.world.brokers_group).len(), 3, "two of before, and the one by hand");
}
