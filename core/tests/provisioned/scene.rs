//! A spec, an account, and what is decided of both.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kpl_core::api::KafkaPrivateLinkSpec;
use kpl_core::desired::{
    Brokers, Desired, Identity, Intent, InvalidSpec, KnownRoles, Memory, Provisioned, Request, desired,
};
use kpl_core::model::{
    Account, BROKER_ID_TAG, BrokerId, Listing, NodeInterface, OWNER_TAG, Observed, Owned, Owner, ROLES_TAG, Seen,
    Subnet, Tags, Timing, Vpc, roles_tag,
};
use kpl_core::node::Roles;
use serde_json::{Value, json};

pub const ZONES: [&str; 3] = ["usw2-az1", "usw2-az2", "usw2-az3"];

pub fn spec() -> Value {
    let node = |id: usize| json!({ "id": id, "zoneId": ZONES[id - 1] });
    json!({
        "region": "us-west-2",
        "network": {
            "vpcId": "vpc-1",
            "subnets": ZONES.map(|zone| json!({ "zoneId": zone, "subnetId": format!("subnet-{zone}") })),
        },
        "brokers": { "provisioned": {
            "nodes": [node(1), node(2), node(3)],
            "instanceType": "t3.large",
            "storage": { "sizeGiB": 100 },
            "kafka": {
                "version": "4.3.1",
                "distribution": { "url": "https://archive.example.com/kafka.tgz", "sha512": "A".repeat(128) },
                "heap": "4G",
            },
        } },
        "listeners": [{
            "name": "EXTERNAL", "brokerPort": 39092, "bootstrapPort": 9092, "portRange": { "first": 9093, "last": 9116 },
            "consumerCidrs": ["10.250.0.0/16"],
        }],
        "endpointService": { "consumers": [] },
    })
}

/// The spec with another value at a place below `brokers.provisioned`.
pub fn with(at: &str, value: Value) -> Value {
    let mut spec = spec();
    let (parent, key) = at.rsplit_once('/').expect("a place below another");
    let place = spec.pointer_mut(&format!("/brokers/provisioned{parent}")).expect("a place");
    place[key] = value;
    spec
}

pub fn parsed(spec: Value) -> Result<Intent, InvalidSpec> {
    let spec: KafkaPrivateLinkSpec = serde_json::from_value(spec).expect("a spec as users write it");
    Intent::parse(&spec)
}

pub fn intent(spec: Value) -> Intent {
    parsed(spec).expect("a valid spec")
}

pub fn made(intent: &Intent) -> &Provisioned {
    let Brokers::Provisioned(made) = &intent.brokers else { panic!("{:?}", intent.brokers) };
    made
}

pub fn identity() -> Identity {
    let owner = Owner { cluster_id: "c1".into(), namespace: "streaming".into(), name: "orders".into() };
    Identity { owner, holder: "holder".into(), uid: "uid".into() }
}

/// An account with the user's VPC and subnets, and nothing of ours.
pub fn empty() -> Observed {
    let mut observed = Observed::unread(Timestamp::UNIX_EPOCH);
    observed.inputs.account = Seen::Read(Account { id: "111122223333".into(), partition: "aws".into() });
    let cidrs = ["10.0.0.0/16".parse().expect("a CIDR")].into();
    observed.inputs.vpc = Seen::Read(Some(Vpc { id: "vpc-1".into(), cidrs }));
    let subnet = |zone: &str| Subnet {
        id: format!("subnet-{zone}").into(),
        vpc: "vpc-1".into(),
        zone: zone.into(),
        zone_name: zone.into(),
        cidr: "10.0.0.0/18".parse().expect("a CIDR"),
        free_addresses: 100,
        tags: Seen::Unread,
    };
    observed.inputs.subnets = Listing::whole(ZONES.iter().map(|zone| ((*zone).into(), vec![subnet(zone)])).collect());
    observed.own = Owned::nothing();
    observed.target_groups = Listing::whole(BTreeMap::new());
    observed
}

/// An interface for a node, in a zone.
pub fn add(observed: &mut Observed, eni: &str, node: i32, roles: Roles, zone: &str) {
    let tags = Tags::from([
        (OWNER_TAG.to_owned(), identity().owner.to_string()),
        (BROKER_ID_TAG.to_owned(), node.to_string()),
        (ROLES_TAG.to_owned(), roles_tag(roles).to_owned()),
    ]);
    let octet = u8::try_from(node).expect("few nodes");
    let interface = NodeInterface {
        id: eni.into(),
        vpc: "vpc-1".into(),
        subnet: format!("subnet-{zone}").into(),
        zone: zone.into(),
        address: [10, 0, 0, octet].into(),
        groups: ["sg-nodes".into()].into(),
        attached: false,
        tags: Seen::Read(tags),
    };
    observed.own.interfaces.put(eni.into(), interface);
}

/// The three nodes' interfaces, as of a first apply.
pub fn begun() -> Observed {
    let mut observed = empty();
    for (id, zone) in (1..).zip(ZONES) {
        add(&mut observed, &format!("eni-{id}"), id, Roles::Combined, zone);
    }
    observed
}

pub fn decide(intent: &Intent, memory: &Memory, observed: &Observed) -> Desired {
    let timing = Timing::default();
    desired(&Request { identity: &identity(), intent, memory, observed, confirm: None, timing: &timing })
}

pub fn known(roles: &[(i32, Roles)]) -> Memory {
    Memory { roles: roles.iter().map(|(id, roles)| (BrokerId(*id), *roles)).collect(), ..Memory::default() }
}

/// `1cb` is a node that is controller and broker.
pub fn words(roles: &KnownRoles) -> String {
    let word = |(id, roles): (&BrokerId, &Roles)| {
        let letters = [(roles.controls(), "c"), (roles.serves(), "b")];
        let letters: String = letters.iter().filter_map(|(has, letter)| has.then_some(*letter)).collect();
        format!("{id}{letters}")
    };
    roles.iter().map(word).collect::<Vec<_>>().join(" ")
}

pub fn nodes(list: &[(i32, &[&str])]) -> Value {
    let node = |(id, roles): &(i32, &[&str])| {
        let mut node = json!({ "id": id, "zoneId": ZONES[0] });
        if !roles.is_empty() {
            node["roles"] = json!(roles);
        }
        node
    };
    with("/nodes", list.iter().map(node).collect())
}
