//! Whole looks: what they read, at what price, and what they make of failures.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kpl_core::model::{
    Base, BrokerSource, ErrorClass, InboundRules, LoadBalancerState, Part, Port, Seen, ServiceState, Tagged,
};

use super::reads::{empty, group, instances};
use super::server::{Form, Reply, Server};
use super::{cloud, ec2, ec2_owner_tag, elb, query};
use crate::cloud::Cloud;

const BALANCER: &str = "<LoadBalancers><member><LoadBalancerArn>arn:lb</LoadBalancerArn><DNSName>lb.example</DNSName>\
    <State><Code>active</Code></State><AvailabilityZones><member><ZoneName>us-west-2a</ZoneName><SubnetId>subnet-1</SubnetId></member>\
    </AvailabilityZones><SecurityGroups><member>sg-1</member></SecurityGroups>\
    <EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic>off</EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic></member></LoadBalancers>";
const LISTENER: &str = "<Listeners><member><ListenerArn>arn:l1</ListenerArn><Port>9092</Port><Protocol>TCP</Protocol></member></Listeners>";

fn service(id: &str, state: &str, tags: &str) -> String {
    format!(
        "<item><serviceId>{id}</serviceId><serviceName>com.amazonaws.{id}</serviceName><serviceState>{state}</serviceState>\
         <acceptanceRequired>true</acceptanceRequired><availabilityZoneIdSet><item>usw2-az1</item></availabilityZoneIdSet>\
         <networkLoadBalancerArnSet><item>arn:lb</item></networkLoadBalancerArnSet>{tags}</item>"
    )
}

fn services(items: &str) -> Reply {
    let set = format!("<serviceConfigurationSet>{items}</serviceConfigurationSet>");
    Reply::ok(ec2("DescribeVpcEndpointServiceConfigurations", &set))
}

fn world(form: &Form) -> Reply {
    match form["Action"].as_str() {
        "DescribeTargetGroups" => {
            let groups = format!("<TargetGroups>{}</TargetGroups>", group("kpl-default-orders-1", "arn:1"));
            Reply::ok(elb("DescribeTargetGroups", &groups))
        }
        "DescribeLoadBalancers" => Reply::ok(elb("DescribeLoadBalancers", BALANCER)),
        "DescribeListeners" => Reply::ok(elb("DescribeListeners", LISTENER)),
        "DescribeVpcEndpointServiceConfigurations" => services(&service("vpce-svc-1", "Available", &ec2_owner_tag())),
        "DescribeVpcEndpointServicePermissions" => {
            let set = "<allowedPrincipals><item><principal>arn:aws:iam::123456789012:root</principal></item></allowedPrincipals>";
            Reply::ok(ec2("DescribeVpcEndpointServicePermissions", set))
        }
        "DescribeSecurityGroups" => {
            let set = format!(
                "<securityGroupInfo><item><groupId>sg-1</groupId>{}</item></securityGroupInfo>",
                ec2_owner_tag()
            );
            Reply::ok(ec2("DescribeSecurityGroups", &set))
        }
        "DescribeInstances" | "DescribeAvailabilityZones" => instances(form),
        _ => empty(form),
    }
}

#[tokio::test]
async fn a_steady_look_takes_nine_calls() {
    let server = Server::start(world).await;
    let mut query = query(Base::Steady);
    query.scope.brokers =
        BrokerSource::Selector { tags: BTreeMap::from([("kafka".into(), "orders".into())]), id_tag: "node".into() };
    query.scope.load_balancer = Some("arn:lb".into());
    query.scope.service = Some("vpce-svc-1".into());
    query.scope.expected_groups = ["kpl-default-orders-1".into()].into();
    query.scope.bootstrap_groups = query.scope.expected_groups.clone();
    let observed = cloud(&server).observe(&query).await;
    assert!(observed.read_failures.is_empty(), "{:?}", observed.read_failures);
    let mut actions = server.actions();
    // Instances whose zone came by name alone cost one call in a process's life.
    actions.retain(|action| action != "DescribeAvailabilityZones");
    assert_eq!(actions.len(), 9, "{actions:?}");
    let balancer = observed.load_balancer.there().unwrap();
    assert_eq!((balancer.state, balancer.inbound_rules), (LoadBalancerState::Active, InboundRules::Ignored));
    assert!(balancer.listeners.get().unwrap()[&Port(9092)].tcp);
    let service = observed.endpoint_service.there().unwrap();
    assert_eq!((service.state, service.zones.get().unwrap().len()), (ServiceState::Available, 1));
    assert_eq!(service.principals.get().unwrap().len(), 1);
    assert!(
        observed.target_groups.whole
            && observed.target_groups.there(&"kpl-default-orders-1".into()).unwrap().targets.is_read()
    );
    assert!(!observed.inputs.account.is_read() && !observed.subnets.whole);
}

#[tokio::test]
async fn a_failed_read_leaves_its_part_unread_and_the_rest_goes_on() {
    let server = Server::start(|form| match form["Action"].as_str() {
        "DescribeListeners" | "DescribeTargetGroups" => Reply::elb_error(403, "AccessDenied", "no"),
        _ => world(form),
    })
    .await;
    let observed = cloud(&server).observe(&query(Base::Steady)).await;
    let failed: Vec<_> = observed.read_failures.iter().map(|(part, failure)| (part.clone(), failure.class)).collect();
    assert_eq!(failed, [(Part::TargetGroups, ErrorClass::Denied), (Part::LoadBalancer, ErrorClass::Denied)]);
    assert!(!observed.target_groups.whole);
    let balancer = observed.load_balancer.there().unwrap();
    assert_eq!((balancer.arn.as_str(), &balancer.listeners), ("arn:lb", &Seen::Unread));
    assert!(observed.endpoint_service.there().is_some() && observed.security_group.there().is_some());
}

#[tokio::test]
async fn a_dead_service_is_not_ours_and_a_stranger_s_is_found_by_our_load_balancer() {
    let server = Server::start(|form| match form["Action"].as_str() {
        "DescribeVpcEndpointServiceConfigurations" if form.contains_key("ServiceId.1") => {
            Reply::ec2_error(400, "InvalidVpcEndpointServiceId.NotFound", "gone")
        }
        "DescribeVpcEndpointServiceConfigurations" if form.contains_key("Filter.1.Name") => services(
            &(service("vpce-svc-1", "Deleted", &ec2_owner_tag()) + &service("vpce-svc-2", "Failed", &ec2_owner_tag())),
        ),
        "DescribeVpcEndpointServiceConfigurations" => services(&service("vpce-svc-3", "Available", "")),
        _ => world(form),
    })
    .await;
    let mut query = query(Base::Steady);
    query.scope.service = Some("vpce-svc-1".into());
    let observed = cloud(&server).observe(&query).await;
    let service = observed.endpoint_service.there().unwrap();
    assert_eq!((service.id.as_str(), service.tags.get().unwrap().len()), ("vpce-svc-3", 0));
}

#[tokio::test]
async fn parts_are_read_over_what_is_known() {
    let server = Server::start(world).await;
    let aws = cloud(&server);
    let query = query(Base::Steady);
    let mut observed = aws.observe(&query).await;
    let tags = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    observed.load_balancer.with(|balancer| {
        balancer.state = LoadBalancerState::Provisioning;
        balancer.tags = Seen::Read(tags.clone());
    });
    let before = server.actions().len();
    aws.observe_more(&query, &[Part::LoadBalancerState].into(), &mut observed).await;
    assert_eq!(server.actions()[before..], ["DescribeLoadBalancers"]);
    let balancer = observed.load_balancer.there().unwrap();
    assert_eq!((balancer.state, &balancer.tags), (LoadBalancerState::Active, &Seen::Read(tags)));
    assert!(balancer.listeners.is_read());

    // Nothing is known of that group, so nothing is read.
    let before = server.actions().len();
    aws.observe_more(&query, &[Part::Targets("kpl-default-orders-1".into())].into(), &mut observed).await;
    assert_eq!(server.actions().len(), before);

    // AWS does not see the listener yet.
    let subject = Tagged::Listener(Port(9092), "arn:l1".into());
    aws.observe_more(&query, &[Part::Tags(subject.clone())].into(), &mut observed).await;
    assert_eq!(observed.read_failures[&Part::Tags(subject)].class, ErrorClass::NotFound);
}

#[tokio::test]
async fn a_load_balancer_that_went_is_gone() {
    let gone = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&gone);
    let server = Server::start(move |form| match form["Action"].as_str() {
        "DescribeLoadBalancers" if switch.load(Ordering::SeqCst) => {
            Reply::elb_error(400, "LoadBalancerNotFound", "One or more load balancers not found")
        }
        _ => world(form),
    })
    .await;
    let aws = cloud(&server);
    let query = query(Base::Steady);
    let mut observed = aws.observe(&query).await;
    gone.store(true, Ordering::SeqCst);
    aws.observe_more(&query, &[Part::LoadBalancerState].into(), &mut observed).await;
    assert_eq!(observed.load_balancer, Seen::Read(None));
    assert!(observed.read_failures.is_empty());
}
