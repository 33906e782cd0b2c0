//! Target groups and load balancers.

use kpl_core::model::ErrorClass::{AlreadyExists, InUse, Invalid, NotFound, Quota};
use kpl_core::model::{
    Answer, Direction, Health, InboundRules, InstanceState, Port, Rule, SecurityGroupId, ServiceState, Target,
    TargetId, TargetType,
};
use kpl_core::plan::{Step, listener, load_balancer, security_group, target_group};

use super::super::World;
use super::super::people::plain_check;
use super::{
    Site, answer, authorize, delete_balancer, delete_group, delete_service, delete_targets, make_balancer, make_group,
    make_listener, make_targets, refused, register, site, world,
};

#[test]
fn a_create_of_what_is_there_answers_with_it_or_says_duplicate() {
    let Site { mut world, group, targets, lb, listener, .. } = site();
    refused(&mut world, &make_group("SG"), AlreadyExists);
    assert_eq!(
        answer(&mut world, &make_targets("tg", TargetType::Instance)),
        Answer::TargetGroup(targets.clone()),
        "the same settings"
    );
    refused(&mut world, &make_targets("tg", TargetType::Ip), AlreadyExists);
    let Answer::LoadBalancer(same) = answer(&mut world, &make_balancer("lb", &[1, 2], &group)) else { panic!() };
    assert_eq!(same.arn, lb);
    refused(&mut world, &make_balancer("lb", &[1], &group), AlreadyExists);
    assert_eq!(answer(&mut world, &make_listener(&lb, 9092, &targets)), Answer::Listener(listener));
    let Answer::TargetGroup(other) = answer(&mut world, &make_targets("other", TargetType::Instance)) else { panic!() };
    refused(&mut world, &make_listener(&lb, 9092, &other), AlreadyExists);
    answer(&mut world, &authorize(&group, [1]));
    refused(&mut world, &authorize(&group, [1, 2]), AlreadyExists);
}

#[test]
fn even_a_foreign_group_is_answered_for_a_create() {
    let mut world = world();
    let theirs = world.by_hand().add_foreign_group("ours-by-name", plain_check());
    let step = make_targets("ours-by-name", TargetType::Instance);
    assert_eq!(answer(&mut world, &step), Answer::TargetGroup(theirs));
}

#[test]
fn what_is_in_use_stays() {
    let Site { mut world, group, targets, lb, service, .. } = site();
    refused(&mut world, &delete_targets(&targets), InUse);
    refused(&mut world, &delete_group(&group), InUse);
    refused(&mut world, &delete_balancer(&lb), InUse);
    answer(&mut world, &delete_service(&service));
    refused(&mut world, &delete_balancer(&lb), InUse);
    refused(&mut world, &delete_service(&service), NotFound);
    world.tick();
    world.tick();
    assert_eq!(world.aws.services[&service].state, ServiceState::Deleted);
    answer(&mut world, &delete_balancer(&lb));
    answer(&mut world, &delete_balancer(&lb)); // of a missing one
    answer(&mut world, &delete_targets(&targets));
    refused(&mut world, &delete_group(&group), InUse); // interfaces linger
    world.tick();
    assert!(!world.aws.services.contains_key(&service));
    world.tick();
    answer(&mut world, &delete_group(&group));
    refused(&mut world, &delete_group(&group), NotFound);
}

#[test]
fn a_protected_load_balancer_stays() {
    let Site { mut world, lb, service, .. } = site();
    answer(&mut world, &delete_service(&service));
    world.tick();
    world.tick();
    let attributes = [("deletion_protection.enabled".to_owned(), "true".to_owned())].into();
    let protect = load_balancer::Change::SetAttributes { arn: lb.clone(), attributes };
    answer(&mut world, &Step::LoadBalancer(protect));
    refused(&mut world, &delete_balancer(&lb), Invalid);
}

#[test]
fn targets_are_running_instances_of_the_vpc_or_its_addresses() {
    let Site { mut world, targets, .. } = site();
    let broker = world.by_hand().start_broker(1, 1);
    world.by_hand().set_state(&broker, InstanceState::Pending);
    refused(&mut world, &register(&targets, TargetId::Instance(broker.clone())), Invalid);
    world.by_hand().set_state(&broker, InstanceState::Running);
    answer(&mut world, &register(&targets, TargetId::Instance(broker)));
    refused(&mut world, &register(&targets, TargetId::Ip([10, 0, 1, 9].into())), Invalid);
    let Answer::TargetGroup(by_ip) = answer(&mut world, &make_targets("ip", TargetType::Ip)) else { panic!() };
    refused(&mut world, &register(&by_ip, TargetId::Ip([192, 168, 1, 1].into())), Invalid);
    answer(&mut world, &register(&by_ip, TargetId::Ip([10, 0, 1, 9].into())));
}

#[test]
fn health_follows_use_zone_rules_and_the_broker() {
    let Site { mut world, group, targets, lb, listener, .. } = site();
    let (near, far) = (world.by_hand().start_broker(1, 1), world.by_hand().start_broker(2, 3));
    answer(&mut world, &register(&targets, TargetId::Instance(near.clone())));
    answer(&mut world, &register(&targets, TargetId::Instance(far)));
    let health = |world: &World| {
        world.tick_and(|aws| aws.target_groups[&targets].targets.values().map(|held| held.health).collect::<Vec<_>>())
    };
    assert_eq!(health(&world), [Health::Healthy, Health::Unused], "its zone is not enabled");
    let all_out = Step::SecurityGroup(security_group::Change::Revoke {
        group,
        direction: Direction::Egress,
        rules: [Rule::allow_all_egress()].into(),
    });
    let mut shut = world.clone();
    answer(&mut shut, &all_out);
    assert_eq!(health(&shut)[0], Health::Unhealthy, "the load balancer gets out no more");
    let mut down = world.clone();
    down.by_hand().instances.get_mut(&near).expect("started above").up = false;
    assert_eq!(health(&down)[0], Health::Unhealthy);
    let gone = Step::TargetGroup(target_group::Change::Deregister {
        name: "tg".into(),
        arn: targets.clone(),
        targets: [Target { id: TargetId::Instance(near.clone()), port: Port(39092) }].into(),
    });
    answer(&mut world, &gone);
    assert_eq!(health(&world)[0], Health::Draining);
    answer(&mut world, &register(&targets, TargetId::Instance(near)));
    assert_eq!(health(&world)[0], Health::Healthy);
    answer(&mut world, &Step::Listener(listener::Change::Delete { port: Port(9092), arn: listener }));
    assert_eq!(health(&world)[0], Health::Unused);
    let _ = lb;
}

#[test]
fn security_groups_of_a_load_balancer() {
    let Site { mut world, lb, group, .. } = site();
    let set = |groups: &[SecurityGroupId]| {
        Step::LoadBalancer(load_balancer::Change::SetSecurityGroups {
            arn: lb.clone(),
            groups: groups.iter().cloned().collect(),
            inbound_rules: InboundRules::Ignored,
        })
    };
    refused(&mut world, &set(&[]), Invalid);
    refused(&mut world, &set(&["sg-gone".into()]), NotFound);
    answer(&mut world, &set(&[group]));
}

#[test]
fn some_regions_do_not_take_the_failover_setting() {
    let Site { mut world, targets, .. } = site();
    let attributes =
        [("target_group_health.dns_failover.minimum_healthy_targets.count".to_owned(), "off".to_owned())].into();
    let (name, arn) = ("tg".into(), targets);
    let off = Step::TargetGroup(target_group::Change::SetAttributes { name, arn, attributes });
    answer(&mut world, &off);
    world.manners.takes_failover_off = false;
    refused(&mut world, &off, Invalid);
}

#[test]
fn an_account_has_so_many_target_groups() {
    let mut world = world();
    world.manners.target_groups_most = world.aws.target_groups.len() + 1;
    answer(&mut world, &make_targets("a", TargetType::Instance));
    refused(&mut world, &make_targets("b", TargetType::Instance), Quota);
}
