//! Endpoint services, their tokens and their connections.

use kpl_core::model::ErrorClass::{AlreadyExists, InUse};
use kpl_core::model::{Answer, ConnectionState, ServiceState, Tags};
use kpl_core::plan::{Step, endpoint_service};

use super::super::{Offers, Tokens};
use super::{Site, answer, delete_service, make_balancer, make_service, refused, set_subnets, site};

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
fn a_repeated_token_is_answered_in_any_of_three_ways() {
    let Site { mut world, lb, service, .. } = site();
    let other_tags = {
        let (load_balancer, token) = (lb.clone(), "t".to_owned());
        let tags = Tags::from([("team".to_owned(), "a".to_owned())]);
        Step::EndpointService(endpoint_service::Change::Create { load_balancer, token, tags })
    };
    let Answer::EndpointService { id, .. } = answer(&mut world, &other_tags) else { panic!() };
    assert_eq!(id, service, "the service, whatever else is asked for");
    world.manners.tokens = Tokens::Compared;
    refused(&mut world, &other_tags, AlreadyExists);
    let Answer::EndpointService { id, .. } = answer(&mut world, &make_service(&lb, "t")) else { panic!() };
    assert_eq!(id, service, "the same request");
    world.manners.tokens = Tokens::Associated;
    refused(&mut world, &make_service(&lb, "t"), AlreadyExists);
}
