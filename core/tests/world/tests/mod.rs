//! Each refusal of the World, so that a history fails for what the operator does, not for what the World forgets;
//! and that what watches the histories sees what it is there for.

mod ec2;
mod elb;
mod guards;
mod privatelink;

use kpl_core::model::ErrorClass::Invalid;
use kpl_core::model::{
    Answer, ConnectionState, Direction, EndpointId, ErrorClass, ListenerArn, LoadBalancerArn, Peer, Port, PortRange,
    Rule, SecurityGroupId, ServiceId, SubnetId, Tags, Target, TargetGroupArn, TargetId, TargetType, Traffic,
};
use kpl_core::plan::{Step, connection, endpoint_service, listener, load_balancer, security_group, target_group};

use super::World;
use super::people::{VPC, account, plain_check, subnet_id};

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

impl World {
    /// What a state would be a tick from now, twice over: targets are initial for one.
    fn tick_and<T>(&self, then: impl FnOnce(&super::state::Aws) -> T) -> T {
        let mut later = self.clone();
        later.tick();
        then(&later.aws)
    }
}
