//! Each change that an object or its world can undergo, from a settled three-broker cluster on, as a golden file
//! of looks, waves and waits. Every one ends with a look at everything that finds nothing to do.
//!
//! `INSTA_UPDATE=always cargo test --workspace --test scenarios` writes the files anew; read the difference.

#[allow(dead_code, reason = "histories use the rest of the World")]
mod world;

use std::collections::BTreeSet;

use kpl_core::api::v1alpha1 as api;
use kpl_core::desired::{self, Goal, Intent, Memory, Request, WantedGroup};
use kpl_core::model::{AwsName, Base, InstanceState, Observed, Part, Query, Timing};
use world::calls;
use world::faults::{Fault, Injection};
use world::history::History;
use world::object::{self, CONSUMERS, listed_brokers};
use world::people::{BROKER_GROUP, CLUSTER_TAG};
use world::scenario::Scenario;

fn third_zone() -> api::Subnet {
    object::made_subnet(3, "10.0.128.0/24")
}

/// Nothing lies in the second zone any more, and the object does not want it.
fn remove_second_zone(history: &mut History) {
    end(history, 2);
    history.world.by_hand().start_broker(2, 1);
    history.spec.network.subnets.retain(|subnet| subnet.zone_id != "usw2-az2");
}

/// A change, what comes of it, and a golden file of its name.
macro_rules! changes {
    ($($name:ident: $change:expr;)+) => {$(
        #[test]
        fn $name() {
            let mut scenario = Scenario::settled();
            let change: fn(&mut History) = $change;
            change(&mut scenario.history);
            scenario.settle();
            insta::assert_snapshot!(scenario.told());
        }
    )+};
}

fn listener(history: &mut History) -> &mut api::Listener {
    &mut history.spec.listeners[0]
}

fn consumer(history: &mut History) -> &mut api::Consumer {
    &mut history.spec.endpoint_service.consumers[0]
}

fn second_listener() -> api::Listener {
    serde_json::from_value(serde_json::json!({
        "name": "EXTERNAL2", "brokerPort": 39093, "bootstrapPort": 9192,
        "portRange": { "first": 9193, "last": 9216 }, "consumerCidrs": ["10.251.0.0/16"],
    }))
    .expect("a listener as users write it")
}

fn end(history: &mut History, broker: i32) {
    let instance = history.world.aws.running(broker).remove(0);
    history.world.by_hand().set_state(&instance, InstanceState::Terminated);
}

changes! {
    a_broker_joins: |history| {
        history.world.by_hand().start_broker(4, 2);
    };
    a_broker_ends: |history| end(history, 3);
    a_broker_loses_its_tag: |history| {
        let instance = history.world.aws.running(3).remove(0);
        history.world.by_hand().instances.get_mut(&instance).expect("it runs").tags.remove(CLUSTER_TAG.0);
    };
    a_broker_is_replaced: |history| {
        end(history, 2);
        history.world.by_hand().start_broker(2, 2);
    };
    a_broker_moves_to_another_zone: |history| {
        end(history, 3);
        history.world.by_hand().start_broker(3, 2);
    };
    a_listener_is_added: |history| history.spec.listeners.push(second_listener());
    cidrs_change: |history| {
        listener(history).consumer_cidrs = vec!["10.252.7.9/16".into(), "10.253.0.0/16".into()];
    };
    a_consumer_is_added_and_one_rejected: |history| {
        history.world.by_hand().ask(CONSUMERS[0], "vpce-00000001");
        consumer(history).acceptance = api::Acceptance::Rejected;
        let mut added = consumer(history).clone();
        (added.account_id, added.acceptance) = (CONSUMERS[1].into(), api::Acceptance::Automatic);
        history.spec.endpoint_service.consumers.push(added);
    };
    the_oldest_requests_are_accepted_up_to_the_maximum: |history| {
        consumer(history).max_connections = 2;
        for endpoint in ["vpce-00000003", "vpce-00000001", "vpce-00000002"] {
            history.world.by_hand().ask(CONSUMERS[0], endpoint);
            history.world.tick();
        }
    };
    a_request_is_accepted_by_its_id: |history| {
        consumer(history).acceptance = api::Acceptance::Manual;
        consumer(history).endpoint_ids = vec!["vpce-00000002".into()];
        for endpoint in ["vpce-00000001", "vpce-00000002"] {
            history.world.by_hand().ask(CONSUMERS[0], endpoint);
        }
    };
    the_health_check_changes: |history| history.spec.target_groups.health_check.interval_seconds = 30;
    the_deregistration_delay_changes: |history| history.spec.target_groups.deregistration_delay_seconds = 120;
    cross_zone_is_enabled: |history| listener(history).cross_zone = api::CrossZone::Enabled;
    the_idle_timeout_changes: |history| history.spec.load_balancer.idle_timeout_seconds = 900;
    deletion_protection_is_enabled: |history| {
        history.spec.load_balancer.deletion_protection = api::DeletionProtection::Enabled;
    };
    inbound_rules_are_ignored: |history| {
        history.spec.load_balancer.inbound_rules_on_private_link = api::InboundRules::Ignored;
    };
    inbound_rules_are_ignored_and_gone: |history| {
        history.spec.load_balancer.inbound_rules_on_private_link = api::InboundRules::Ignored;
        listener(history).consumer_cidrs.clear();
    };
    a_block_is_narrowed_while_cross_zone_is_enabled: |history| {
        listener(history).consumer_cidrs = vec!["10.250.0.0/17".into()];
        listener(history).cross_zone = api::CrossZone::Enabled;
    };
    the_broker_port_changes: |history| listener(history).broker_port = 39093;
    a_listener_gets_another_name: |history| listener(history).name = "OUTSIDE".into();
    the_bootstrap_port_changes: |history| listener(history).bootstrap_port = 9091;
    a_zone_is_added: |history| history.spec.network.subnets.push(third_zone());
    a_zone_is_removed: remove_second_zone;
    targets_become_addresses: |history| {
        history.spec.brokers.static_brokers = listed_brokers(&history.world.aws, &history.spec, true);
        history.spec.brokers.ec2 = None;
    };
    the_users_tags_change: |history| {
        history.spec.tags.insert("team".into(), "streaming".into());
    };
    rules_in_the_brokers_group: |history| history.spec.brokers.security_group_ids = vec![BROKER_GROUP.into()];
    an_nlb_listener_is_deleted_by_hand: |history| {
        let owner = history.identity.owner.clone();
        let lb = history.world.by_hand().our_load_balancer(&owner).expect("it is there");
        lb.listeners.remove(&kpl_core::model::Port(9094));
    };
}

#[test]
fn from_nothing() {
    let mut scenario = Scenario::begun(|_| {});
    scenario.settle();
    insta::assert_snapshot!(scenario.told());
}

#[test]
fn a_listener_is_removed_while_another_carries_traffic() {
    let mut scenario = Scenario::begun(|spec| spec.listeners.push(second_listener()));
    scenario.settle();
    scenario.told_from = scenario.history.report.log.len();
    scenario.history.spec.listeners.truncate(1);
    scenario.settle();
    insta::assert_snapshot!(scenario.told());
}

#[test]
fn many_brokers_end_and_somebody_confirms() {
    let mut scenario = Scenario::settled();
    end(&mut scenario.history, 2);
    end(&mut scenario.history, 3);
    for _ in 0..3 {
        let passed = scenario.pass();
        assert_eq!(passed.desired.brokers.len(), 3, "nobody confirmed");
    }
    let asked = scenario.history.memory.confirmation.clone().expect("it asks");
    scenario.history.confirm = Some(asked.token);
    scenario.settle();
    insta::assert_snapshot!(scenario.told());
}

/// The operator starts anew and cannot list target groups; then it can.
fn restart_without_target_groups(scenario: &mut Scenario) {
    scenario.history.restart();
    scenario.history.world.faults.outage = Some(calls::kind(&Part::TargetGroups));
    let before = scenario.history.world.aws.clone();
    scenario.pass();
    let after = &scenario.history.world.aws;
    assert_eq!(after.security_groups, before.security_groups);
    assert_eq!(after.load_balancers, before.load_balancers);
    scenario.history.world.faults.outage = None;
    scenario.settle();
    assert!(scenario.history.report.wrong.is_empty(), "{:#?}", scenario.history.report.wrong);
}

#[test]
fn a_broker_port_that_is_left_stays_open_as_long_as_target_groups_are_unread() {
    let mut scenario = Scenario::begun(|spec| spec.brokers.security_group_ids = vec![BROKER_GROUP.into()]);
    scenario.settle();
    listener(&mut scenario.history).broker_port = 39093;
    scenario.pass();
    restart_without_target_groups(&mut scenario);
}

#[test]
fn no_port_is_given_as_long_as_status_is_lost_or_old_and_target_groups_are_unread() {
    let mut scenario = Scenario::settled();
    let old = scenario.history.status.clone();
    // Lower than the others, and with a higher port.
    scenario.history.world.by_hand().start_broker(0, 2);
    scenario.settle();
    for status in [Memory::default(), old] {
        let given = std::mem::replace(&mut scenario.history.status, status).ledger;
        restart_without_target_groups(&mut scenario);
        assert_eq!(scenario.history.status.ledger, given);
    }
}

#[test]
fn deletion_waits_for_a_consumer() {
    let mut scenario = Scenario::settled();
    scenario.history.spec.endpoint_service.connection_deletion_policy = api::ConnectionDeletionPolicy::Wait;
    scenario.history.world.by_hand().ask(CONSUMERS[0], "vpce-00000001");
    scenario.settle();
    scenario.told_from = scenario.history.report.log.len();
    scenario.history.delete();
    for _ in 0..3 {
        assert!(!scenario.pass().is_gone());
    }
    scenario.history.let_go();
    scenario.go();
    insta::assert_snapshot!(scenario.told());
}

#[test]
fn deletion_cuts_a_consumer_off_where_the_object_says_so() {
    let mut scenario = Scenario::settled();
    scenario.history.spec.endpoint_service.connection_deletion_policy = api::ConnectionDeletionPolicy::Reject;
    scenario.history.world.by_hand().ask(CONSUMERS[0], "vpce-00000001");
    scenario.settle();
    scenario.told_from = scenario.history.report.log.len();
    scenario.history.delete();
    scenario.go();
    insta::assert_snapshot!(scenario.told());
}

/// AWS keeps the zones of connected endpoints, so a zone does not leave in the wave that accepts one.
#[test]
fn a_consumer_is_let_in_while_a_zone_is_to_go() {
    let mut scenario = Scenario::settled();
    scenario.history.world.by_hand().ask(CONSUMERS[0], "vpce-00000001");
    remove_second_zone(&mut scenario.history);
    scenario.blocks_zone();
    scenario.settle();
    insta::assert_snapshot!(scenario.told());
}

/// That an old zone cannot leave keeps no new one from consumers.
#[test]
fn a_zone_is_offered_while_another_cannot_leave() {
    let mut scenario = Scenario::settled();
    scenario.history.world.by_hand().ask(CONSUMERS[0], "vpce-00000001");
    scenario.settle();
    scenario.told_from = scenario.history.report.log.len();
    remove_second_zone(&mut scenario.history);
    scenario.history.spec.network.subnets.push(third_zone());
    scenario.blocks_zone();
    let service = scenario.history.world.aws.services.values().next().expect("it is there");
    assert!(service.zones.contains(&"usw2-az3".into()), "offers only {:?}", service.zones);
    scenario.settle();
    insta::assert_snapshot!(scenario.told());
}

/// Those who are let in anew never have the ways between zones that end.
#[test]
fn a_block_is_widened_while_cross_zone_is_disabled() {
    let mut scenario = Scenario::settled();
    let before = listener(&mut scenario.history).clone();
    listener(&mut scenario.history).consumer_cidrs = vec!["10.250.0.0/17".into()];
    listener(&mut scenario.history).cross_zone = api::CrossZone::Enabled;
    scenario.settle();
    *listener(&mut scenario.history) = before;
    scenario.settle();
    insta::assert_snapshot!(scenario.told());
}

/// Without inbound rules a port is open to everybody: first goes what nobody wants.
#[test]
fn inbound_rules_are_ignored_while_a_strangers_listener_is_there() {
    let mut scenario = Scenario::settled();
    let owner = scenario.history.identity.owner.clone();
    scenario.history.world.by_hand().add_stranger_listener(&owner);
    scenario.history.spec.load_balancer.inbound_rules_on_private_link = api::InboundRules::Ignored;
    scenario.settle();
    insta::assert_snapshot!(scenario.told());
}

/// A steady look lists no subnets, so what is in doubt of them is the listing and not the tags of one.
#[test]
fn tags_that_never_got_through_are_set_in_the_end() {
    let mut scenario = Scenario::begun(|spec| spec.network.subnets.push(third_zone()));
    scenario.settle();
    let Scenario { mut history, told_from } = scenario;
    history.spec.tags.insert("team".into(), "streaming".into());
    let first = history.world.calls;
    let mut told = Scenario { history: history.clone(), told_from };
    told.pass();
    for at in first..told.history.world.calls {
        let mut scenario = Scenario { history: history.clone(), told_from };
        scenario.history.world.injected = Some(Injection { at, fault: Fault::Timeout });
        scenario.pass();
        scenario.settle();
        scenario.told();
    }
}

/// With status lost, a group that could not be read may be the one that says a broker's port.
#[test]
fn no_port_is_given_while_a_group_is_in_doubt() {
    let history = Scenario::settled().history;
    let intent = Intent::parse(&history.spec).expect("a spec as users write it");
    let scope = desired::scope(&history.identity, Some(&intent), None);
    let mut observed = history.world.mirror().observe(&Query { scope, base: Base::Full, parts: BTreeSet::new() });
    let goal = |observed: &Observed| {
        desired::desired(&Request {
            identity: &history.identity,
            intent: &intent,
            memory: &Memory::default(),
            observed,
            confirm: None,
            timing: &Timing::default(),
        })
        .goal
    };
    let Goal::Offer(offer) = goal(&observed) else { panic!("everything was read") };
    let of_a_broker = |(name, group): (&AwsName, &WantedGroup)| group.bootstrap.is_some().then(|| name.clone());
    observed.target_groups.forget(&offer.target_groups.iter().find_map(of_a_broker).expect("three brokers"));
    assert_eq!(goal(&observed), Goal::Hold);
}
