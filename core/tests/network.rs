//! A VPC that is made for an object: from nothing, drifting, and going, as golden files and against the World.

#[allow(dead_code, reason = "histories use the rest of the World")]
mod world;

use kpl_core::api::v1alpha1::Egress;
use kpl_core::desired::Goal;
use kpl_core::model::{InstanceState, Tags, VpcDns, VpcId};
use kpl_core::plan::{Conflict, WaitingOn};
use world::history::History;
use world::object::{self, in_made_vpc};
use world::scenario::Scenario;
use world::state::ours;

/// An object whose VPC is not made yet, and nobody's brokers.
fn begun() -> Scenario {
    let mut scenario = Scenario::begun(|spec| *spec = in_made_vpc());
    scenario.history.world.by_hand().instances.clear();
    scenario
}

fn made_vpc(history: &History) -> VpcId {
    object::vpc(&history.world.aws, &history.spec).expect("it is made")
}

/// With its VPC, and three brokers that were started in it.
fn settled() -> Scenario {
    let mut scenario = begun();
    while scenario.pass().acted() {}
    let vpc = made_vpc(&scenario.history);
    for (id, zone) in [(1, 1), (2, 2), (3, 1)] {
        scenario.history.world.by_hand().start_broker_in(&vpc, id, zone);
    }
    scenario.settle();
    scenario
}

/// A new chapter: what came before is not told.
fn from_here(mut scenario: Scenario) -> Scenario {
    scenario.told_from = scenario.history.report.log.len();
    scenario
}

fn own_vpcs(history: &History) -> Vec<VpcId> {
    let owned = history.world.aws.vpc_details.iter().filter(|(_, held)| ours(&history.identity.owner, &held.tags));
    owned.map(|(id, _)| id.clone()).collect()
}

#[test]
fn a_vpc_comes_first_and_brokers_when_they_are_started_in_it() {
    let mut scenario = begun();
    while scenario.pass().acted() {}
    let waits = scenario.pass();
    assert_eq!(waits.desired.goal, Goal::Hold, "nobody has started a broker");
    assert!(!waits.acted() && waits.plan.steps.is_empty(), "{}", waits.plan);
    insta::assert_snapshot!("from_nothing_to_a_vpc", scenario.told());
    let mut scenario = from_here(settled());
    scenario.history.delete();
    let vpc = made_vpc(&scenario.history);
    for host in scenario.history.world.by_hand().instances.values_mut() {
        host.state = InstanceState::Terminated;
    }
    scenario.go();
    assert!(!scenario.history.world.aws.vpcs.contains_key(&vpc));
    insta::assert_snapshot!("from_a_vpc_to_nothing", scenario.told());
}

#[test]
fn what_resolves_names_is_switched_on_again() {
    let mut scenario = from_here(settled());
    for held in scenario.history.world.by_hand().vpc_details.values_mut() {
        held.dns = VpcDns { support: false, host_names: false };
    }
    scenario.history.look_fully();
    scenario.settle();
    insta::assert_snapshot!(scenario.told());
}

#[test]
fn what_others_put_into_it_holds_the_whole_network() {
    let mut scenario = settled();
    scenario.history.delete();
    let before = scenario.history.world.aws.subnets.clone();
    let mut last = scenario.pass();
    for _ in 0..20 {
        last = scenario.pass();
    }
    let tenants = last.plan.waiting.iter().find_map(|on| match on {
        WaitingOn::Tenants(vpc, tenants) => Some((vpc.clone(), tenants.len())),
        _ => None,
    });
    assert_eq!(tenants, Some((made_vpc(&scenario.history), 3)), "{}", last.plan);
    assert!(!last.acted() && scenario.history.world.aws.load_balancers.len() == 1, "only the neighbour's is left");
    assert_eq!(scenario.history.world.aws.subnets, before, "no subnet goes while a broker is in one");
    for host in scenario.history.world.by_hand().instances.values_mut() {
        host.state = InstanceState::Terminated;
    }
    scenario.go();
}

/// A lost answer may leave a second one: the one with our subnets is kept.
#[test]
fn a_second_vpc_goes_unless_somebody_uses_it() {
    let mut scenario = settled();
    let used = made_vpc(&scenario.history);
    let tags: Tags = scenario.history.world.aws.vpc_details[&used].tags.clone();
    let block = "10.1.0.0/16".parse().expect("a block");
    let surplus = scenario.history.world.by_hand().make_vpc(block, tags.clone());
    scenario.history.look_fully();
    scenario.settle();
    assert_eq!(own_vpcs(&scenario.history), [used]);
    let taken = scenario.history.world.by_hand().make_vpc(block, tags);
    assert_ne!(taken, surplus);
    scenario.history.world.by_hand().start_broker_in(&taken, 9, 1);
    scenario.history.look_fully();
    scenario.pass();
    assert!(scenario.history.world.aws.vpcs.contains_key(&taken), "AWS deletes no VPC that holds anything");
}

/// Its tags say that it is ours; without them it is not, and no other one takes its place.
#[test]
fn a_vpc_that_lost_its_tags_is_neither_touched_nor_made_again() {
    let mut scenario = settled();
    let vpc = made_vpc(&scenario.history);
    scenario.history.world.by_hand().vpc_details.get_mut(&vpc).expect("it is made").tags.clear();
    scenario.history.look_fully();
    let passed = scenario.pass();
    let foreign = |conflict: &Conflict| matches!(conflict, Conflict::Foreign(tagged) if tagged.id() == vpc.as_str());
    assert!(passed.plan.conflicts.iter().any(foreign), "{}", passed.plan);
    assert!(!passed.acted() && own_vpcs(&scenario.history).is_empty());
}

/// Both ways by one edit of the spec; the brokers do not notice.
#[test]
fn the_way_to_s3_comes_and_goes_with_the_spec() {
    let mut scenario = from_here(settled());
    scenario.history.spec.network.egress = Egress::None;
    scenario.settle();
    let aws = &scenario.history.world.aws;
    assert!(aws.route_tables.is_empty() && aws.gateway_endpoints.is_empty());
    scenario.history.spec.network.egress = Egress::S3Endpoint;
    scenario.settle();
    insta::assert_snapshot!(scenario.told());
}

/// A lost answer may leave second ones: what routes our subnets is kept.
#[test]
fn a_second_route_table_goes_and_a_lost_tie_comes_back() {
    let mut scenario = settled();
    let tables = |scenario: &Scenario| -> Vec<_> {
        scenario.history.world.aws.route_tables.iter().map(|(id, held)| (id.clone(), (**held).clone())).collect()
    };
    let [(id, table)] = tables(&scenario).try_into().expect("one route table");
    let vpc = made_vpc(&scenario.history);
    let second = kpl_core::plan::route_table::Change::Create { vpc, tags: table.tags.clone() };
    let aws = scenario.history.world.by_hand();
    aws.write_route_table(&second).expect("AWS makes any number");
    let (subnet, _) = table.associations.first_key_value().expect("it routes subnets");
    aws.untie(subnet);
    scenario.history.look_fully();
    scenario.settle();
    let [(kept, routes)] = tables(&scenario).try_into().expect("one route table");
    assert_eq!((kept, routes.associations.len()), (id, table.associations.len()));
}

/// The spec may change its mind while AWS still lists what was deleted.
#[test]
fn a_new_endpoint_waits_until_the_old_one_is_gone() {
    let mut scenario = settled();
    scenario.history.spec.network.egress = Egress::None;
    while scenario.history.world.aws.gateway_endpoints.values().all(|held| held.gone_at.is_none()) {
        scenario.pass();
    }
    scenario.history.spec.network.egress = Egress::S3Endpoint;
    let passed = scenario.pass();
    assert!(passed.plan.waiting.iter().any(|on| matches!(on, WaitingOn::EndpointGone(_))), "{}", passed.plan);
    scenario.settle();
}
