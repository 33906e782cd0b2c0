//! Each refusal of the World, so that a history fails for what the operator does, not for what the World forgets.

use kpl_core::model::ErrorClass::{AlreadyExists, InUse, Invalid, NotFound, Quota};
use kpl_core::model::{
    Answer, ConnectionState, Direction, EndpointId, ErrorClass, Health, InboundRules, InstanceState, ListenerArn,
    LoadBalancerArn, Peer, Port, PortRange, Rule, SecurityGroupId, ServiceId, ServiceState, SubnetId, Tags, Target,
    TargetGroupArn, TargetId, TargetType, Traffic,
};
use kpl_core::plan::{
    Step, broker_group_rule, connection, endpoint_service, listener, load_balancer, security_group, subnet,
    target_group,
};

use super::people::{BROKER_GROUP, VPC, account, plain_check, subnet_id, zone};
use super::{Offers, World};

/// A World in which everything stands, made by steps.
struct Site {
    world: World,
    group: SecurityGroupId,
    targets: TargetGroupArn,
    lb: LoadBalancerArn,
    listener: ListenerArn,
    service: ServiceId,
}

fn world() -> World {
    World::new(account(), 1)
}

fn answer(world: &mut World, step: &Step) -> Answer {
    world.write(step).unwrap_or_else(|refusal| panic!("{step}: {refusal:?}"))
}

fn refused(world: &mut World, step: &Step, class: ErrorClass) {
    let before = world.aws.clone();
    match world.write(step) {
        Err(refusal) => assert_eq!(refusal.class, class, "{step}: {refusal:?}"),
        Ok(answer) => panic!("{step} is taken: {answer:?}"),
    }
    assert_eq!(before, world.aws, "{step} is refused and changed something");
}

fn make_group(name: &str) -> Step {
    Step::SecurityGroup(security_group::Change::Create {
        name: name.into(),
        description: "ours".into(),
        vpc: VPC.into(),
        tags: Tags::new(),
    })
}

fn make_targets(name: &str, target_type: TargetType) -> Step {
    Step::TargetGroup(target_group::Change::Create {
        name: name.into(),
        target_type,
        vpc: VPC.into(),
        health_check: plain_check(),
        tags: Tags::new(),
    })
}

fn make_balancer(name: &str, subnets: &[u32], group: &SecurityGroupId) -> Step {
    Step::LoadBalancer(load_balancer::Change::Create {
        name: name.into(),
        subnets: subnets.iter().map(|n| SubnetId::new(subnet_id(*n))).collect(),
        security_group: group.clone(),
        tags: Tags::new(),
    })
}

fn make_listener(lb: &LoadBalancerArn, port: u16, group: &TargetGroupArn) -> Step {
    Step::Listener(listener::Change::Create {
        load_balancer: lb.clone(),
        port: Port(port),
        forward: [(group.clone(), 1)].into(),
        tags: Tags::new(),
    })
}

fn make_service(lb: &LoadBalancerArn, token: &str) -> Step {
    Step::EndpointService(endpoint_service::Change::Create {
        load_balancer: lb.clone(),
        token: token.into(),
        tags: Tags::new(),
    })
}

fn register(arn: &TargetGroupArn, id: TargetId) -> Step {
    let targets = [Target { id, port: Port(39092) }].into();
    Step::TargetGroup(target_group::Change::Register { name: "tg".into(), arn: arn.clone(), targets })
}

fn delete_targets(arn: &TargetGroupArn) -> Step {
    Step::TargetGroup(target_group::Change::Delete { name: "tg".into(), arn: arn.clone() })
}

fn authorize(group: &SecurityGroupId, ports: impl IntoIterator<Item = u16>) -> Step {
    let rule = |port| Rule {
        direction: Direction::Ingress,
        peer: Peer::Cidr("10.250.0.0/16".parse().expect("a block")),
        traffic: Traffic::Tcp(PortRange::single(Port(port))),
    };
    Step::SecurityGroup(security_group::Change::Authorize {
        group: group.clone(),
        direction: Direction::Ingress,
        rules: ports.into_iter().map(rule).collect(),
    })
}

fn delete_balancer(lb: &LoadBalancerArn) -> Step {
    Step::LoadBalancer(load_balancer::Change::Delete { arn: lb.clone() })
}

fn set_subnets(lb: &LoadBalancerArn, subnets: &[u32]) -> Step {
    Step::LoadBalancer(load_balancer::Change::SetSubnets {
        arn: lb.clone(),
        subnets: subnets.iter().map(|n| (SubnetId::new(subnet_id(*n)), "name".into())).collect(),
        removes: false,
    })
}

fn delete_service(service: &ServiceId) -> Step {
    Step::EndpointService(endpoint_service::Change::Delete { id: service.clone() })
}

fn delete_group(group: &SecurityGroupId) -> Step {
    Step::SecurityGroup(security_group::Change::Delete { group: group.clone() })
}

fn site() -> Site {
    let mut world = world();
    let Answer::SecurityGroup(group) = answer(&mut world, &make_group("sg")) else { panic!() };
    let Answer::TargetGroup(targets) = answer(&mut world, &make_targets("tg", TargetType::Instance)) else { panic!() };
    let Answer::LoadBalancer(lb) = answer(&mut world, &make_balancer("lb", &[1, 2], &group)) else { panic!() };
    let lb = lb.arn;
    let Answer::Listener(listener) = answer(&mut world, &make_listener(&lb, 9092, &targets)) else { panic!() };
    refused(&mut world, &make_service(&lb, "t"), Invalid); // it provisions
    world.tick();
    world.tick();
    let Answer::EndpointService { id, .. } = answer(&mut world, &make_service(&lb, "t")) else { panic!() };
    world.tick();
    Site { world, group, targets, lb, listener, service: id }
}

impl Site {
    fn connect(&mut self) {
        let principals = endpoint_service::Change::SetPrincipals {
            id: self.service.clone(),
            add: ["arn:aws:iam::123456789012:root".into()].into(),
            remove: [].into(),
        };
        answer(&mut self.world, &Step::EndpointService(principals));
        assert!(self.world.by_hand().ask("123456789012", "vpce-1"));
    }

    fn connection(&self) -> ConnectionState {
        self.world.aws.services[&self.service].connections[&EndpointId::from("vpce-1")].state
    }

    fn answer_connection(&mut self, accept: bool) {
        let (service, endpoints) = (self.service.clone(), ["vpce-1".into()].into());
        let change = if accept {
            connection::Change::Accept { service, endpoints }
        } else {
            connection::Change::Reject { service, endpoints }
        };
        answer(&mut self.world, &Step::Connection(change));
    }
}

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

#[test]
fn zones_of_a_connected_service_stay() {
    let mut site = site();
    site.connect();
    site.answer_connection(true);
    refused(&mut site.world, &set_subnets(&site.lb, &[1]), InUse);
    answer(&mut site.world, &set_subnets(&site.lb, &[1, 2, 3]));
    assert_eq!(site.world.aws.services[&site.service].zones.len(), 2, "zones do not follow");
    let again = Step::EndpointService(endpoint_service::Change::OfferZones {
        id: site.service.clone(),
        load_balancer: site.lb.clone(),
    });
    for (offers, zones) in [(Offers::Never, 2), (Offers::Later(2), 2), (Offers::AtOnce, 3)] {
        let mut world = site.world.clone();
        world.manners.offers = offers;
        answer(&mut world, &again);
        assert_eq!(world.aws.services[&site.service].zones.len(), zones, "{offers:?}");
        world.tick();
        world.tick();
        let later = if offers == Offers::Never { 2 } else { 3 };
        assert_eq!(world.aws.services[&site.service].zones.len(), later, "{offers:?}");
    }
}

#[test]
fn connections_hold_the_service() {
    let mut site = site();
    assert!(!site.world.by_hand().ask("123456789012", "vpce-1"), "no principal may see the service");
    site.connect();
    assert_eq!(site.connection(), ConnectionState::PendingAcceptance);
    refused(&mut site.world, &delete_service(&site.service), InUse);
    site.answer_connection(true);
    assert_eq!(site.connection(), ConnectionState::Pending);
    site.world.tick();
    assert_eq!(site.connection(), ConnectionState::Available);
    refused(&mut site.world, &delete_service(&site.service), InUse);
    site.answer_connection(false);
    assert_eq!(site.connection(), ConnectionState::Rejected);
    answer(&mut site.world, &delete_service(&site.service));
}

#[test]
fn a_load_balancer_has_one_service_and_a_token_makes_one() {
    let Site { mut world, lb, service, group, .. } = site();
    let Answer::EndpointService { id, .. } = answer(&mut world, &make_service(&lb, "t")) else { panic!() };
    assert_eq!(id, service);
    refused(&mut world, &make_service(&lb, "u"), AlreadyExists);
    answer(&mut world, &make_balancer("other", &[1], &group));
    let other = world.aws.load_balancers.iter().find(|(_, lb)| lb.name == "other".into());
    let other = other.expect("just made").0.clone();
    refused(&mut world, &make_service(&other, "t"), AlreadyExists);
    answer(&mut world, &delete_service(&service));
    for _ in 0..3 {
        world.tick();
    }
    let mut forgetful = world.clone();
    forgetful.manners.tokens_outlive_services = false;
    let Answer::EndpointService { id, state, .. } = answer(&mut world, &make_service(&lb, "t")) else { panic!() };
    assert_eq!((id, state), (service.clone(), ServiceState::Deleted), "the dead one");
    let Answer::EndpointService { id, .. } = answer(&mut forgetful, &make_service(&lb, "t")) else { panic!() };
    assert_ne!(id, service);
    answer(&mut world, &make_service(&lb, "v"));
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

impl World {
    /// What a state would be a tick from now, twice over: targets are initial for one.
    fn tick_and<T>(&self, then: impl FnOnce(&super::state::Aws) -> T) -> T {
        let mut later = self.clone();
        later.tick();
        then(&later.aws)
    }
}
