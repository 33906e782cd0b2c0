//! Subnets, security groups and quotas.

use kpl_core::model::ErrorClass::{AlreadyExists, InUse, Invalid, NotFound, Quota};
use kpl_core::model::{Answer, Port, SecurityGroupId, SubnetId, Tags};
use kpl_core::plan::{Step, broker_group_rule, subnet};

use super::super::people::{BROKER_GROUP, VPC, subnet_id, zone};
use super::{
    Site, answer, authorize, delete_group, make_balancer, make_group, make_listener, refused, set_subnets, site, world,
};

#[test]
fn a_group_that_another_one_names_stays() {
    let mut world = world();
    let Answer::SecurityGroup(group) = answer(&mut world, &make_group("sg")) else { panic!() };
    let broker_group = SecurityGroupId::from(BROKER_GROUP);
    let rule = Step::BrokerGroupRule(broker_group_rule::Change::Authorize {
        group: broker_group.clone(),
        source: group.clone(),
        port: Port(39092),
        tags: Tags::new(),
    });
    let Answer::BrokerGroupRule(id) = answer(&mut world, &rule) else { panic!() };
    refused(&mut world, &rule, AlreadyExists);
    refused(&mut world, &delete_group(&group), InUse);
    let revoke = Step::BrokerGroupRule(broker_group_rule::Change::Revoke { group: broker_group, rule: id });
    answer(&mut world, &revoke);
    refused(&mut world, &revoke, NotFound);
    answer(&mut world, &delete_group(&group));
}

#[test]
fn quotas() {
    let Site { mut world, group, targets, lb, .. } = site();
    for port in 1..50 {
        answer(&mut world, &make_listener(&lb, port, &targets));
    }
    refused(&mut world, &make_listener(&lb, 50, &targets), Quota);
    answer(&mut world, &authorize(&group, 1..=60));
    refused(&mut world, &authorize(&group, [61]), Quota);
}

#[test]
fn subnets() {
    let Site { mut world, group, lb, .. } = site();
    let make = |cidr: &str| {
        let (zone, cidr) = (zone(1).into(), cidr.parse().expect("a block"));
        Step::Subnet(subnet::Change::Create { zone, vpc: VPC.into(), cidr, tags: Tags::new() })
    };
    refused(&mut world, &make("10.0.1.0/25"), AlreadyExists);
    refused(&mut world, &make("192.168.0.0/24"), Invalid);
    let Answer::Subnet(subnet) = answer(&mut world, &make("10.0.77.0/24")) else { panic!() };
    let delete = |id: &SubnetId| Step::Subnet(subnet::Change::Delete { zone: zone(1).into(), id: id.clone() });
    answer(&mut world, &delete(&subnet.id));
    refused(&mut world, &delete(&subnet.id), NotFound);
    refused(&mut world, &delete(&subnet_id(1).into()), InUse);
    world.by_hand().subnets.get_mut(&SubnetId::new(subnet_id(3))).expect("of the account").free = 7;
    refused(&mut world, &make_balancer("full", &[3], &group), Invalid);
    refused(&mut world, &make_balancer("none", &[9], &group), NotFound);
    answer(&mut world, &set_subnets(&lb, &[1, 2, 4]));
    answer(&mut world, &set_subnets(&lb, &[1, 4]));
}
