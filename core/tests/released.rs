//! What a release made is what this version makes: the same resources with the same names, tags, rules and settings,
//! and the same memory in status. Where this version makes and remembers the same and then has nothing to do, it has
//! nothing to do either where the release was before it: an upgrade changes nothing in AWS.
//!
//! `snapshots/released__<version>.snap` is written once, with the release, and never again. When it has to differ, say
//! so in the changelog, and test by a scenario how the one becomes the other.

#[allow(dead_code, reason = "histories and scenarios use the rest of the World")]
mod world;

use std::fmt;

use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::desired::Memory;
use serde_json::json;
use world::history::{Ended, History};
use world::object::CONSUMERS;
use world::people::{BROKER_GROUP, CLUSTER_TAG, ID_TAG, VPC, subnet_id, zone};
use world::settled::differences;

/// More passes than it needs.
const MOST_PASSES: u32 = 40;

/// Nothing is left to its default that could be something else.
fn rich() -> KafkaPrivateLinkSpec {
    let spec = json!({
        "region": "us-west-2",
        "network": {
            "vpcId": VPC,
            "subnets": [
                { "zoneId": zone(1), "subnetId": subnet_id(1) },
                { "zoneId": zone(3), "cidrBlock": "10.0.128.0/24" },
            ],
        },
        "brokers": {
            "ec2": { "tags": { CLUSTER_TAG.0: CLUSTER_TAG.1 }, "idTagKey": ID_TAG },
            "securityGroupIds": [BROKER_GROUP],
        },
        "listeners": [
            {
                "name": "EXTERNAL", "brokerPort": 39092, "bootstrapPort": 9092,
                "portRange": { "first": 9093, "last": 9113 }, "consumerCidrs": ["10.250.0.0/16", "10.251.0.0/16"],
            },
            {
                "name": "EXTERNAL2", "brokerPort": 39093, "bootstrapPort": 9192,
                "portRange": { "first": 9193, "last": 9213 }, "consumerCidrs": ["10.252.0.0/16"],
            },
        ],
        "loadBalancer": { "idleTimeoutSeconds": 600, "deletionProtection": "Enabled" },
        "endpointService": {
            "consumers": [
                { "accountId": CONSUMERS[0], "acceptance": "Automatic" },
                { "accountId": CONSUMERS[1], "acceptance": "Manual" },
            ],
        },
        "tags": { "team": "streaming" },
    });
    serde_json::from_value(spec).expect("a spec as users write it")
}

/// Passes until one finds nothing to do; then a look at everything finds nothing either.
fn settle(history: &mut History) {
    for _ in 0..MOST_PASSES {
        let settled = pass(history);
        if settled {
            history.look_fully();
            assert!(pass(history), "plan again finds something to do");
            assert_eq!(differences(&history.world.aws, &history.wish()), Ok(()));
            return;
        }
    }
    panic!("does not settle:\n{}", history.report.log.join("\n"));
}

/// Whether a pass had nothing to do and nothing to wait for.
fn pass(history: &mut History) -> bool {
    let Ended::Passed(passed) = history.pass() else { panic!("nothing crashes here") };
    history.world.tick();
    passed.settled() && !passed.acted()
}

/// In the words of 0.1.0; what is remembered since then is of nodes, of which there are none here.
fn remembered(memory: &Memory) -> impl fmt::Debug {
    let Memory { ledger, absent, confirmation, zones, roles, cluster_id } = memory;
    assert!(roles.is_empty() && cluster_id.is_none(), "{memory:?}");
    fmt::from_fn(move |f| {
        let mut told = f.debug_struct("Memory");
        told.field("ledger", ledger).field("absent", absent).field("confirmation", confirmation);
        told.field("zones", zones).finish()
    })
}

/// Everything of ours that there is, in words.
fn made(history: &History) -> String {
    let (aws, owner) = (&history.world.aws, &history.identity.owner);
    let ours = |tags| world::state::ours(owner, tags);
    let mut told = vec![format!("remembered {:#?}", remembered(&history.status))];
    told.extend(aws.subnets.iter().filter(|(_, x)| ours(&x.tags)).map(|(id, x)| format!("{id} {x:#?}")));
    told.extend(aws.security_groups.iter().filter(|(_, x)| ours(&x.tags)).map(|(id, x)| format!("{id} {x:#?}")));
    let brokers = aws.security_groups.iter().filter(|(id, _)| id.as_str() == BROKER_GROUP);
    told.extend(brokers.map(|(id, x)| format!("{id} {x:#?}")));
    told.extend(aws.target_groups.iter().filter(|(_, x)| ours(&x.tags)).map(|(id, x)| format!("{id} {x:#?}")));
    told.extend(aws.load_balancers.iter().filter(|(_, x)| ours(&x.tags)).map(|(id, x)| format!("{id} {x:#?}")));
    told.extend(aws.services.iter().filter(|(_, x)| ours(&x.tags)).map(|(id, x)| format!("{id} {x:#?}")));
    told.join("\n")
}

#[test]
fn what_0_1_0_makes() {
    let mut history = History::new(1);
    history.in_order = true;
    history.world.manners = world::Manners::default();
    history.spec = rich();
    for (id, in_zone) in [(1, 1), (2, 3), (3, 1)] {
        history.world.by_hand().start_broker(id, in_zone);
    }
    settle(&mut history);
    history.world.by_hand().ask(CONSUMERS[0], "vpce-00000001");
    settle(&mut history);
    insta::assert_snapshot!("0.1.0", made(&history));
}

/// The operator of the new version starts with what is in status, and looks at everything.
#[test]
fn a_restart_where_all_is_made_changes_nothing() {
    let mut history = History::new(1);
    history.world.manners = world::Manners::default();
    history.spec = rich();
    for (id, in_zone) in [(1, 1), (2, 3), (3, 1)] {
        history.world.by_hand().start_broker(id, in_zone);
    }
    settle(&mut history);
    let before = made(&history);
    history.restart();
    assert!(pass(&mut history), "the first pass of a new process has something to do");
    assert_eq!(made(&history), before);
}
