//! What somebody with a console does to an object's things: the operator takes it back.

use aws_sdk_ec2::types::{IpPermission, IpRange};
use aws_sdk_elasticloadbalancingv2::types as elb;

use crate::harness::Scene;

/// A blunder.
#[derive(Clone, Copy, Debug)]
pub enum Hand {
    DeletesAListener,
    LeadsAListenerAstray,
    RevokesWhatLetsConsumersIn,
    RevokesWhatLetsTheLoadBalancerOut,
    RevokesWhatLetsTheLoadBalancerToBrokers,
    LetsEverybodyIn,
    LetsAStrangerAsk,
    ForbidsTheConsumerToAsk,
    DeregistersABroker,
    EmptiesTheBootstrapGroup,
    RegistersAStranger,
    SwitchesInboundRulesOff,
    SwitchesCrossZoneOn,
    ExchangesTheSecurityGroup,
}

/// All of them.
pub const HANDS: &[Hand] = &[
    Hand::DeletesAListener,
    Hand::LeadsAListenerAstray,
    Hand::RevokesWhatLetsConsumersIn,
    Hand::RevokesWhatLetsTheLoadBalancerOut,
    Hand::RevokesWhatLetsTheLoadBalancerToBrokers,
    Hand::LetsEverybodyIn,
    Hand::LetsAStrangerAsk,
    Hand::ForbidsTheConsumerToAsk,
    Hand::DeregistersABroker,
    Hand::EmptiesTheBootstrapGroup,
    Hand::RegistersAStranger,
    Hand::SwitchesInboundRulesOff,
    Hand::SwitchesCrossZoneOn,
    Hand::ExchangesTheSecurityGroup,
];

impl Hand {
    /// Does it.
    pub async fn act(self, scene: &Scene) {
        let aws = scene.inventory().await;
        let (ec2, client) = (&scene.account.ec2, &scene.account.elb);
        let (lb, held) = aws.load_balancer().expect("a load balancer");
        let own = &held.security_groups[0];
        match self {
            Self::DeletesAListener => {
                client.delete_listener().listener_arn(aws.listener_arn(9094)).send().await.expect("it goes");
            }
            Self::LeadsAListenerAstray => {
                let action = elb::Action::builder().r#type(elb::ActionTypeEnum::Forward);
                let action = action.target_group_arn(aws.group_arn("tg/EXTERNAL/1")).build();
                let changed = client.modify_listener().listener_arn(aws.listener_arn(9094)).default_actions(action);
                changed.send().await.expect("it leads elsewhere");
            }
            Self::RevokesWhatLetsConsumersIn => revoke(scene, own, false).await,
            Self::RevokesWhatLetsTheLoadBalancerOut => revoke(scene, own, true).await,
            Self::RevokesWhatLetsTheLoadBalancerToBrokers => revoke(scene, &scene.world.brokers_group, false).await,
            Self::LetsEverybodyIn => {
                let all = IpPermission::builder().ip_protocol("tcp").from_port(0).to_port(65535);
                let all = all.ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build();
                let opened = ec2.authorize_security_group_ingress().group_id(own).ip_permissions(all);
                opened.send().await.expect("a rule");
            }
            Self::LetsAStrangerAsk => principals(scene, &["arn:aws:iam::999999999999:root"], &[]).await,
            Self::ForbidsTheConsumerToAsk => {
                let service = aws.service().expect("a service").1;
                principals(scene, &[], &service.principals.iter().map(String::as_str).collect::<Vec<_>>()).await;
            }
            Self::DeregistersABroker => {
                registered(scene, "tg/EXTERNAL/2", &[scene.world.brokers[&2].clone()], false).await;
            }
            Self::EmptiesTheBootstrapGroup => {
                let all: Vec<String> = scene.world.brokers.values().cloned().collect();
                registered(scene, "tg/EXTERNAL/bootstrap", &all, false).await;
            }
            Self::RegistersAStranger => {
                let stranger = scene.world.launch_tagged("usw2-az2", &[("role", "stranger".to_owned())]).await;
                registered(scene, "tg/EXTERNAL/2", &[stranger], true).await;
            }
            Self::SwitchesInboundRulesOff => {
                let off = elb::EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum::Off;
                let set = client.set_security_groups().load_balancer_arn(lb).security_groups(own);
                let set = set.enforce_security_group_inbound_rules_on_private_link_traffic(off);
                set.send().await.expect("it is switched off");
            }
            Self::SwitchesCrossZoneOn => {
                let on = elb::TargetGroupAttribute::builder().key("load_balancing.cross_zone.enabled").value("true");
                let set = client.modify_target_group_attributes().target_group_arn(aws.group_arn("tg/EXTERNAL/2"));
                set.attributes(on.build()).send().await.expect("it is switched on");
            }
            Self::ExchangesTheSecurityGroup => {
                let set = client.set_security_groups().load_balancer_arn(lb);
                set.security_groups(&scene.world.brokers_group).send().await.expect("another group");
            }
        }
    }
}

/// Takes rules of ours out of a group.
async fn revoke(scene: &Scene, group: &str, egress: bool) {
    let aws = scene.inventory().await;
    let rules = aws.whole["security_group_rules"].as_object().expect("rules by id").iter();
    let ours = rules.filter(|(_, rule)| rule["group"] == group && rule["egress"] == egress);
    let ids = Some(ours.map(|(id, _)| id.clone()).collect());
    let ec2 = &scene.account.ec2;
    if egress {
        let revoked = ec2.revoke_security_group_egress().group_id(group).set_security_group_rule_ids(ids);
        revoked.send().await.expect("the rules go");
    } else {
        let revoked = ec2.revoke_security_group_ingress().group_id(group).set_security_group_rule_ids(ids);
        revoked.send().await.expect("the rules go");
    }
}

async fn principals(scene: &Scene, add: &[&str], remove: &[&str]) {
    let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let service = scene.inventory().await.service().expect("a service").0;
    let changed = scene.account.ec2.modify_vpc_endpoint_service_permissions().service_id(service);
    let changed = changed.set_add_allowed_principals(list(add)).set_remove_allowed_principals(list(remove));
    changed.send().await.expect("other principals");
}

/// Registers instances in a group, or takes them out.
async fn registered(scene: &Scene, group: &str, instances: &[String], wanted: bool) {
    let arn = scene.inventory().await.group_arn(group);
    let target = |id: &String| elb::TargetDescription::builder().id(id).port(39092).build();
    let targets = Some(instances.iter().map(target).collect());
    let client = &scene.account.elb;
    if wanted {
        let set = client.register_targets().target_group_arn(arn).set_targets(targets);
        set.send().await.expect("it is registered");
    } else {
        let set = client.deregister_targets().target_group_arn(arn).set_targets(targets);
        set.send().await.expect("it is deregistered");
    }
}
