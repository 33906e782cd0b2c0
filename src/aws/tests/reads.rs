//! What AWS's answers become, kind by kind.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kpl_core::model::{
    AwsName, Base, BrokerInstance, BrokerSource, ConnectionState, Direction, ErrorClass, Health, InstanceState,
    OWNER_TAG, Observed, Part, Peer, Port, PortRange, Rule, Seen, Target, TargetId, Traffic,
};

use super::server::{Form, Reply, Server};
use super::{TAG_OWNER, cloud, ec2, ec2_owner_tag, elb, query, scope};
use crate::aws::{broker, broker_group_rule, connection, listener, security_group, target_group};
use crate::cloud::Cloud as _;

/// An answer without anything in it.
pub(super) fn empty(form: &Form) -> Reply {
    let action = &form["Action"];
    let is_elb = form["Version"] == "2015-12-01";
    Reply::ok(if is_elb { elb(action, "") } else { ec2(action, "") })
}

pub(super) fn group(name: &str, arn: &str) -> String {
    format!(
        "<member><TargetGroupArn>{arn}</TargetGroupArn><TargetGroupName>{name}</TargetGroupName><Protocol>TCP</Protocol>\
         <Port>9092</Port><TargetType>instance</TargetType><HealthCheckProtocol>TCP</HealthCheckProtocol>\
         <HealthCheckPort>traffic-port</HealthCheckPort><HealthCheckIntervalSeconds>10</HealthCheckIntervalSeconds>\
         <HealthyThresholdCount>2</HealthyThresholdCount><UnhealthyThresholdCount>3</UnhealthyThresholdCount></member>"
    )
}

fn two_pages_of_groups(form: &Form) -> Reply {
    let page = match form.get("Marker").map(String::as_str) {
        None => format!(
            "<TargetGroups>{}{}</TargetGroups><NextMarker>m2</NextMarker>",
            group("kpl-default-orders-1", "arn:1"),
            group("somebody-elses", "arn:x")
        ),
        Some("m2") => format!("<TargetGroups>{}</TargetGroups>", group("kpl-default-orders-2", "arn:2")),
        Some(other) => return Reply::elb_error(400, "ValidationError", other),
    };
    Reply::ok(elb("DescribeTargetGroups", &page))
}

#[tokio::test]
async fn target_groups_come_from_every_page() {
    let server = Server::start(two_pages_of_groups).await;
    let aws = cloud(&server);
    let mut scope = scope();
    scope.expected_groups = ["kpl-default-orders-1", "kpl-default-orders-2"].map(AwsName::from).into();
    let groups = target_group::expected(&aws.clients, &scope).await.unwrap();
    assert_eq!(groups.keys().cloned().collect::<BTreeSet<_>>(), scope.expected_groups);
    let check = groups[&AwsName::from("kpl-default-orders-2")].health_check;
    assert_eq!((check.interval_seconds, check.unhealthy_threshold, check.tcp_on_traffic_port), (10, 3, true));
    assert_eq!(server.actions().len(), 2);
}

#[tokio::test]
async fn groups_of_others_with_our_prefix_are_left_out_and_vanished_ones_do_not_spoil_the_rest() {
    let server = Server::start(|form| {
        if form["Action"] == "DescribeTargetGroups" {
            return two_pages_of_groups(form);
        }
        // The second group went meanwhile: AWS refuses the tags of both.
        if form.values().any(|value| value == "arn:2") {
            return Reply::elb_error(400, "TargetGroupNotFound", "One or more target groups not found");
        }
        let tags = format!(
            "<TagDescriptions><member><ResourceArn>arn:1</ResourceArn><Tags><member><Key>{OWNER_TAG}</Key>\
             <Value>{TAG_OWNER}</Value></member></Tags></member></TagDescriptions>"
        );
        Reply::ok(elb("DescribeTags", &tags))
    })
    .await;
    let groups = listed(&server).await.target_groups;
    assert!(groups.whole);
    assert_eq!(groups.items.keys().map(AwsName::as_str).collect::<Vec<_>>(), ["kpl-default-orders-1"]);
    assert_eq!(groups.items[&AwsName::from("kpl-default-orders-1")].tags.get().unwrap()[OWNER_TAG], TAG_OWNER);
}

#[tokio::test]
async fn a_listing_whose_tags_cannot_be_read_is_none() {
    let server = Server::start(|form| match form["Action"].as_str() {
        "DescribeTargetGroups" => two_pages_of_groups(form),
        _ => Reply::elb_error(403, "AccessDenied", "no"),
    })
    .await;
    let observed = listed(&server).await;
    assert!(!observed.target_groups.whole && observed.target_groups.items.is_empty());
    let failures: Vec<_> = observed.read_failures.iter().map(|(part, failure)| (part, failure.class)).collect();
    assert_eq!(failures, [(&Part::TargetGroups, ErrorClass::Denied)]);
}

async fn listed(server: &Server) -> Observed {
    let mut observed = Observed::unread(Timestamp::now());
    cloud(server).observe_more(&query(Base::Steady), &[Part::TargetGroups].into(), &mut observed).await;
    observed
}

#[tokio::test]
async fn targets_are_kept_by_port_and_drain_when_they_leave() {
    let target = |id: &str, port: u16, state: &str| {
        format!(
            "<member><Target><Id>{id}</Id><Port>{port}</Port></Target><TargetHealth><State>{state}</State></TargetHealth></member>"
        )
    };
    let all = [
        target("i-1", 39092, "healthy"),
        target("i-1", 39093, "unhealthy"),
        target("10.0.0.7", 39092, "unhealthy.draining"),
        target("i-2", 39092, "never-heard-of"),
    ];
    let body = format!("<TargetHealthDescriptions>{}</TargetHealthDescriptions>", all.concat());
    let server = Server::start(move |_| Reply::ok(elb("DescribeTargetHealth", &body))).await;
    let targets = target_group::targets(&cloud(&server).clients, &"arn:1".into()).await.unwrap().unwrap();
    let on = |id: TargetId, port| Target { id, port: Port(port) };
    let expected = BTreeMap::from([
        (on(TargetId::Instance("i-1".into()), 39092), Health::Healthy),
        (on(TargetId::Instance("i-1".into()), 39093), Health::Unhealthy),
        (on(TargetId::Ip("10.0.0.7".parse().unwrap()), 39092), Health::Draining),
        (on(TargetId::Instance("i-2".into()), 39092), Health::Unavailable),
    ]);
    assert_eq!(targets, expected);
}

#[tokio::test]
async fn connections_come_from_every_page_in_lower_camel_case() {
    let one = |id: &str, state: &str| {
        format!(
            "<item><serviceId>vpce-svc-1</serviceId><vpcEndpointId>{id}</vpcEndpointId><vpcEndpointOwner>123456789012</vpcEndpointOwner>\
             <vpcEndpointState>{state}</vpcEndpointState><creationTimestamp>2026-11-22T10:00:00.000Z</creationTimestamp></item>"
        )
    };
    let server = Server::start(move |form| {
        let page = match form.get("NextToken") {
            None => {
                format!(
                    "{}<nextToken>t2</nextToken>",
                    set(&[one("vpce-1", "pendingAcceptance"), one("vpce-2", "available")])
                )
            }
            Some(_) => set(&[one("vpce-3", "Rejected"), one("vpce-4", "partial")]),
        };
        Reply::ok(ec2("DescribeVpcEndpointConnections", &page))
    })
    .await;
    let connections = connection::connections(&cloud(&server).clients, &"vpce-svc-1".into()).await.unwrap();
    let states: Vec<_> = connections.values().map(|connection| connection.state).collect();
    assert_eq!(
        states,
        [
            ConnectionState::PendingAcceptance,
            ConnectionState::Available,
            ConnectionState::Rejected,
            ConnectionState::Unknown
        ]
    );
    let since = connections[&"vpce-1".into()].since.unwrap();
    assert_eq!(since.to_string(), "2026-11-22T10:00:00Z");
    assert_eq!(server.seen()[0]["Filter.1.Value.1"], "vpce-svc-1");
}

fn set(items: &[String]) -> String {
    format!("<vpcEndpointConnectionSet>{}</vpcEndpointConnectionSet>", items.concat())
}

#[tokio::test]
async fn rules_are_canonical_and_one_per_peer() {
    let permissions = "<ipPermissions><item><ipProtocol>tcp</ipProtocol><fromPort>9092</fromPort><toPort>9116</toPort>\
        <ipRanges><item><cidrIp>10.250.1.7/16</cidrIp></item><item><cidrIp>192.168.0.1</cidrIp></item></ipRanges>\
        <ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges><groups><item><groupId>sg-9</groupId></item></groups></item>\
        <item><ipProtocol>icmp</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort>\
        <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item></ipPermissions>\
        <ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>\
        </ipPermissionsEgress>";
    let body = format!(
        "<securityGroupInfo><item><groupId>sg-1</groupId><groupName>kpl</groupName>{permissions}{}</item></securityGroupInfo>",
        ec2_owner_tag()
    );
    let server = Server::start(move |_| Reply::ok(ec2("DescribeSecurityGroups", &body))).await;
    let group = security_group::security_group(&cloud(&server).clients, &scope()).await.unwrap().unwrap();
    let tcp = Traffic::Tcp(PortRange { first: Port(9092), last: Port(9116) });
    let from = |peer, traffic: &Traffic| Rule { direction: Direction::Ingress, peer, traffic: traffic.clone() };
    let expected = BTreeSet::from([
        from(Peer::Cidr("10.250.0.0/16".parse().unwrap()), &tcp),
        from(Peer::Cidr("192.168.0.1/32".parse().unwrap()), &tcp),
        from(Peer::Cidr6("::/0".into()), &tcp),
        from(Peer::Group("sg-9".into()), &tcp),
        from(Peer::PrefixList("pl-1".into()), &Traffic::Other("icmp".into(), -1, -1)),
        Rule::allow_all_egress(),
    ]);
    assert_eq!(group.rules, Seen::Read(expected));
    assert_eq!(server.seen()[0]["Filter.1.Name"], "tag:kafka-privatelink.io/owner");
}

#[tokio::test]
async fn a_stranger_with_our_group_s_name_is_seen() {
    let name = scope().owner.security_group_name();
    let server = Server::start(move |form| {
        if form["Filter.1.Name"].starts_with("tag:") {
            return empty(form);
        }
        let body = format!(
            "<securityGroupInfo><item><groupId>sg-7</groupId><groupName>{name}</groupName></item></securityGroupInfo>"
        );
        Reply::ok(ec2("DescribeSecurityGroups", &body))
    })
    .await;
    let group = security_group::security_group(&cloud(&server).clients, &scope()).await.unwrap().unwrap();
    assert_eq!((group.id.as_str(), group.tags), ("sg-7", Seen::Read(BTreeMap::new())));
}

#[tokio::test]
async fn only_our_rules_in_the_brokers_groups_count() {
    let rule = |id: &str, port: u16, to: u16, source: &str, tags: &str| {
        format!(
            "<item><securityGroupRuleId>{id}</securityGroupRuleId><groupId>sg-b</groupId><isEgress>false</isEgress>\
             <ipProtocol>tcp</ipProtocol><fromPort>{port}</fromPort><toPort>{to}</toPort>{source}{tags}</item>"
        )
    };
    let from = "<referencedGroupInfo><groupId>sg-lb</groupId></referencedGroupInfo>";
    let tags = ec2_owner_tag();
    let body = [
        rule("sgr-1", 39092, 39092, from, &tags),
        rule("sgr-2", 39093, 39099, from, &tags),
        rule("sgr-3", 9092, 9092, "<cidrIpv4>10.0.0.0/8</cidrIpv4>", &tags),
        rule("sgr-4", 39092, 39092, from, ""),
    ];
    let body = format!("<securityGroupRuleSet>{}</securityGroupRuleSet>", body.concat());
    let server = Server::start(move |_| Reply::ok(ec2("DescribeSecurityGroupRules", &body))).await;
    let rules = broker_group_rule::rules(&cloud(&server).clients, &scope()).await.unwrap();
    let rules: Vec<_> = rules[&"sg-b".into()].iter().map(|(id, rule)| (id.to_string(), rule.port.0)).collect();
    // The second was widened by hand: a port that nobody wants.
    assert_eq!(rules, [("sgr-1".to_owned(), 39092), ("sgr-2".to_owned(), 0)]);
}

#[tokio::test]
async fn forwards_read_with_weights() {
    let listener = |port: u16, action: &str| {
        format!(
            "<member><ListenerArn>arn:l{port}</ListenerArn><Port>{port}</Port><Protocol>TCP</Protocol>\
             <DefaultActions><member><Type>forward</Type>{action}</member></DefaultActions></member>"
        )
    };
    let tuple = |arn: &str, weight: u32| {
        format!("<member><TargetGroupArn>{arn}</TargetGroupArn><Weight>{weight}</Weight></member>")
    };
    let config = |tuples: &str| format!("<ForwardConfig><TargetGroups>{tuples}</TargetGroups></ForwardConfig>");
    let body = [
        listener(1, "<TargetGroupArn>arn:a</TargetGroupArn>"),
        listener(2, &format!("<TargetGroupArn>arn:a</TargetGroupArn>{}", config(&tuple("arn:a", 100)))),
        listener(3, &config(&(tuple("arn:a", 100) + &tuple("arn:b", 0)))),
    ];
    let body = format!("<Listeners>{}</Listeners>", body.concat());
    let server = Server::start(move |_| Reply::ok(elb("DescribeListeners", &body))).await;
    let listeners = listener::listeners(&cloud(&server).clients, &"arn:lb".into()).await.unwrap();
    assert_eq!(listeners[&Port(1)].forward, BTreeMap::from([("arn:a".into(), 1)]));
    assert_eq!(listeners[&Port(2)].forward, BTreeMap::from([("arn:a".into(), 1)]));
    assert_eq!(listeners[&Port(3)].forward, BTreeMap::from([("arn:a".into(), 100), ("arn:b".into(), 0)]));
}

pub(super) fn instances(form: &Form) -> Reply {
    if form["Action"] == "DescribeAvailabilityZones" {
        let zone = "<item><zoneName>us-west-2b</zoneName><zoneId>usw2-az2</zoneId></item>";
        return Reply::ok(ec2(
            "DescribeAvailabilityZones",
            &format!("<availabilityZoneInfo>{zone}</availabilityZoneInfo>"),
        ));
    }
    if form.contains_key("InstanceId.1") {
        return Reply::ec2_error(400, "InvalidInstanceID.NotFound", "The instance IDs 'i-9' do not exist");
    }
    let one = |id: &str, state: &str, inside: &str, tags: &str| {
        format!(
            "<item><instancesSet><item><instanceId>{id}</instanceId><instanceState><name>{state}</name></instanceState>{inside}\
             <tagSet><item><key>kafka</key><value>orders</value></item>{tags}</tagSet></item></instancesSet></item>"
        )
    };
    let id = "<item><key>node</key><value>1</value></item>";
    let placed = "<vpcId>vpc-1</vpcId><placement><availabilityZone>us-west-2b</availabilityZone></placement>";
    let by_id = "<vpcId>vpc-1</vpcId><placement><availabilityZone>x</availabilityZone><availabilityZoneId>usw2-az1</availabilityZoneId></placement>";
    let all = [one("i-1", "running", by_id, id), one("i-2", "stopping", placed, ""), one("i-3", "terminated", "", id)];
    Reply::ok(ec2("DescribeInstances", &format!("<reservationSet>{}</reservationSet>", all.concat())))
}

#[tokio::test]
async fn instances_are_seen_in_every_state_and_without_id_tag() {
    let server = Server::start(instances).await;
    let tags = BTreeMap::from([("kafka".to_owned(), "orders".to_owned())]);
    let source = BrokerSource::Selector { tags, id_tag: "node".into() };
    let brokers = broker::brokers(&cloud(&server).clients, &source).await.unwrap();
    let expected = |id: &str, state, vpc: Option<&str>, zone: Option<&str>, tag: Option<&str>| BrokerInstance {
        id: id.into(),
        state,
        vpc: vpc.map(Into::into),
        zone: zone.map(Into::into),
        id_tag: tag.map(ToOwned::to_owned),
    };
    assert_eq!(
        brokers,
        [
            expected("i-1", InstanceState::Running, Some("vpc-1"), Some("usw2-az1"), Some("1")),
            expected("i-2", InstanceState::Stopped, Some("vpc-1"), Some("usw2-az2"), None),
            expected("i-3", InstanceState::Terminated, None, None, Some("1")),
        ]
    );
    // A tag whose value differs by more than AWS's wildcards would see is not ours.
    let source =
        BrokerSource::Selector { tags: BTreeMap::from([("kafka".into(), "ord*".into())]), id_tag: "node".into() };
    assert_eq!(broker::brokers(&cloud(&server).clients, &source).await.unwrap(), []);
    assert_eq!(server.seen().last().unwrap()["Filter.1.Value.1"], "ord\\*");
}

#[tokio::test]
async fn an_unknown_instance_does_not_hide_the_others() {
    let server = Server::start(instances).await;
    let source = BrokerSource::Instances(["i-1", "i-9"].map(Into::into).into());
    let brokers = broker::brokers(&cloud(&server).clients, &source).await.unwrap();
    assert_eq!(brokers.len(), 3);
    assert_eq!(server.seen()[1]["Filter.1.Name"], "instance-id");
    let none = broker::brokers(&cloud(&server).clients, &BrokerSource::Instances(BTreeSet::new())).await.unwrap();
    assert_eq!((none.len(), server.actions().iter().filter(|action| *action == "DescribeInstances").count()), (0, 2));
}
