//! What becomes of a write.

use std::collections::BTreeSet;

use kpl_core::model::{Answer, Direction, ErrorClass, Failure, Outcome, Peer, PortRange, Rule, Tags, Traffic};
use kpl_core::plan::{
    Step, connection, endpoint_service, listener, load_balancer, security_group, subnet, target_group,
};

use super::server::{Reply, Server};
use super::{cloud, ec2, elb, of};
use crate::cloud::Cloud;

fn create_subnet() -> Step {
    Step::Subnet(subnet::Change::Create {
        zone: "usw2-az1".into(),
        vpc: "vpc-1".into(),
        cidr: "10.0.0.0/24".parse().unwrap(),
        tags: Tags::from([("Name".into(), "n".into())]),
    })
}

fn delete_balancer() -> Step {
    Step::LoadBalancer(load_balancer::Change::Delete { arn: "arn:lb".into() })
}

fn lost(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::Lost(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn refused(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::Refused(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_cut_connection_is_lost_and_not_repeated() {
    let server = Server::start(|_| Reply::Cut).await;
    let failure = lost(cloud(&server).apply(&create_subnet()).await);
    assert_eq!((failure.class, failure.operation), (ErrorClass::Transient, "ec2:CreateSubnet"));
    assert_eq!(server.actions(), ["CreateSubnet"]);
}

#[tokio::test]
async fn a_server_that_fails_leaves_the_outcome_open() {
    let server = Server::start(|_| Reply::ec2_error(500, "InternalError", "An internal error has occurred")).await;
    let failure = lost(cloud(&server).apply(&create_subnet()).await);
    assert_eq!((failure.class, failure.code.as_str()), (ErrorClass::Transient, "InternalError"));
    assert_eq!(failure.request_id.as_deref(), Some("req-e"));
    assert_eq!(server.actions().len(), 1);
}

#[tokio::test]
async fn garbage_is_lost() {
    for status in [200, 500] {
        let server = Server::start(move |_| Reply::Answer(status, "<html>oops".into())).await;
        assert_eq!(lost(cloud(&server).apply(&delete_balancer()).await).class, ErrorClass::Transient, "{status}");
    }
    // Well-formed, and without the subnet's id.
    let server = Server::start(|_| Reply::ok(ec2("CreateSubnet", ""))).await;
    assert!(lost(cloud(&server).apply(&create_subnet()).await).message.contains("lacks the subnet"));
}

#[tokio::test]
async fn a_throttled_write_is_refused_after_some_tries() {
    for reply in [
        || Reply::ec2_error(503, "RequestLimitExceeded", "Request limit exceeded."),
        || Reply::ec2_error(400, "Throttling", "Rate exceeded"),
    ] {
        let server = Server::start(move |_| reply()).await;
        let failure = refused(cloud(&server).apply(&create_subnet()).await);
        assert_eq!(failure.class, ErrorClass::Throttled);
        assert_eq!(server.actions().len(), 3);
    }
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let server = Server::start(|_| Reply::Cut).await;
    let failure = refused(of(&server, None).apply(&create_subnet()).await);
    assert_eq!(failure.class, ErrorClass::Denied, "{failure:?}");
    assert!(!failure.message.is_empty());
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn refusals_have_code_words_and_request() {
    let server = Server::start(|_| {
        Reply::elb_error(400, "ResourceInUse", "Load balancer is currently associated with another service")
    })
    .await;
    let failure = refused(cloud(&server).apply(&delete_balancer()).await);
    assert_eq!(
        failure,
        Failure {
            class: ErrorClass::InUse,
            operation: "elasticloadbalancing:DeleteLoadBalancer",
            code: "ResourceInUse".into(),
            message: "Load balancer is currently associated with another service".into(),
            request_id: Some("req-e".into()),
        }
    );
}

#[tokio::test]
async fn what_only_aws_can_decode_is_left_out() {
    let server = Server::start(|_| {
        Reply::ec2_error(
            403,
            "UnauthorizedOperation",
            "You are not allowed. Encoded authorization failure message: abc",
        )
    })
    .await;
    let failure = refused(cloud(&server).apply(&create_subnet()).await);
    assert_eq!((failure.class, failure.message.as_str()), (ErrorClass::Denied, "You are not allowed."));
}

#[tokio::test]
async fn unsuccessful_items_are_refusals() {
    let item = |code: &str| {
        format!(
            "<unsuccessful><item><error><code>{code}</code><message>no</message></error>\
             <resourceId>vpce-svc-1</resourceId></item></unsuccessful>"
        )
    };
    let delete = Step::EndpointService(endpoint_service::Change::Delete { id: "vpce-svc-1".into() });
    for (code, class) in [
        ("ExistingVpcEndpointConnections", ErrorClass::InUse),
        ("InvalidVpcEndpointService.NotFound", ErrorClass::NotFound),
    ] {
        let server =
            Server::start(move |_| Reply::ok(ec2("DeleteVpcEndpointServiceConfigurations", &item(code)))).await;
        let failure = refused(cloud(&server).apply(&delete).await);
        assert_eq!((failure.class, failure.code.as_str()), (class, code));
        assert_eq!(failure.message, "vpce-svc-1: no");
    }
    let accept = Step::Connection(connection::Change::Accept {
        service: "vpce-svc-1".into(),
        endpoints: BTreeSet::from(["vpce-1".into(), "vpce-2".into()]),
    });
    let server = Server::start(move |_| Reply::ok(ec2("AcceptVpcEndpointConnections", &item("InvalidState")))).await;
    // One of two: the other one may have been accepted.
    let Outcome::Lost(failure) = cloud(&server).apply(&accept).await else { panic!("half done is not refused") };
    assert_eq!(failure.class, ErrorClass::NotFound);
    assert_eq!(server.seen()[0]["VpcEndpointId.2"], "vpce-2");
    let server = Server::start(|_| Reply::ok(ec2("AcceptVpcEndpointConnections", "<unsuccessful/>"))).await;
    assert_eq!(cloud(&server).apply(&accept).await, Outcome::Done(Answer::Accepted));
}

#[tokio::test]
async fn a_flag_of_false_and_an_unknown_rule_are_refusals() {
    let rule = Rule {
        direction: Direction::Ingress,
        peer: Peer::Cidr("10.0.0.0/8".parse().unwrap()),
        traffic: Traffic::Tcp(PortRange { first: kpl_core::model::Port(9092), last: kpl_core::model::Port(9116) }),
    };
    let revoke = Step::SecurityGroup(security_group::Change::Revoke {
        group: "sg-1".into(),
        direction: Direction::Ingress,
        rules: BTreeSet::from([rule]),
    });
    for (inside, class) in [
        ("<return>false</return>", ErrorClass::Invalid),
        (
            "<return>true</return><unknownIpPermissionSet><item><ipProtocol>tcp</ipProtocol></item></unknownIpPermissionSet>",
            ErrorClass::NotFound,
        ),
    ] {
        let server = Server::start(move |_| Reply::ok(ec2("RevokeSecurityGroupIngress", inside))).await;
        assert_eq!(refused(cloud(&server).apply(&revoke).await).class, class);
        let sent = &server.seen()[0];
        assert_eq!(sent["IpPermissions.1.FromPort"], "9092");
        assert_eq!(sent["IpPermissions.1.IpRanges.1.CidrIp"], "10.0.0.0/8");
    }
}

#[tokio::test]
async fn forwards_are_plain_for_one_group_and_weighted_for_several() {
    let server = Server::start(|form| Reply::ok(elb(&form["Action"], "<Listeners/>"))).await;
    let to = |forward: &[(&str, u32)]| {
        Step::Listener(listener::Change::SetForward {
            port: kpl_core::model::Port(9093),
            arn: "arn:listener".into(),
            forward: forward.iter().map(|(arn, weight)| ((*arn).into(), *weight)).collect(),
        })
    };
    let aws = cloud(&server);
    assert_eq!(aws.apply(&to(&[("arn:a", 1)])).await, Outcome::Done(Answer::Accepted));
    assert_eq!(aws.apply(&to(&[("arn:a", 1), ("arn:b", 0)])).await, Outcome::Done(Answer::Accepted));
    let seen = server.seen();
    assert_eq!(seen[0]["DefaultActions.member.1.TargetGroupArn"], "arn:a");
    assert!(!seen[0].keys().any(|key| key.contains("ForwardConfig")));
    let weights = "DefaultActions.member.1.ForwardConfig.TargetGroups.member";
    assert_eq!(seen[1][&format!("{weights}.1.Weight")], "1");
    assert_eq!(seen[1][&format!("{weights}.2.TargetGroupArn")], "arn:b");
    assert_eq!(seen[1][&format!("{weights}.2.Weight")], "0");
}

#[tokio::test]
async fn a_new_group_has_a_timeout_within_its_interval() {
    let made = "<TargetGroups><member><TargetGroupArn>arn:tg</TargetGroupArn></member></TargetGroups>";
    let server = Server::start(|form| Reply::ok(elb(&form["Action"], made))).await;
    for (interval, timeout) in [(5, "5"), (10, "10"), (30, "10")] {
        let create = Step::TargetGroup(target_group::Change::Create {
            name: "kpl-default-orders-1".into(),
            target_type: kpl_core::model::TargetType::Ip,
            vpc: "vpc-1".into(),
            health_check: kpl_core::model::HealthCheck {
                interval_seconds: interval,
                healthy_threshold: 2,
                unhealthy_threshold: 2,
                tcp_on_traffic_port: true,
            },
            tags: Tags::from([("Name".into(), "n".into())]),
        });
        assert_eq!(cloud(&server).apply(&create).await, Outcome::Done(Answer::TargetGroup("arn:tg".into())));
        let sent = server.seen().pop().unwrap();
        assert_eq!(sent["HealthCheckTimeoutSeconds"], timeout);
        assert_eq!((sent["TargetType"].as_str(), sent["Port"].as_str()), ("ip", "9092"));
        assert_eq!(sent["Tags.member.1.Key"], "Name");
    }
}
