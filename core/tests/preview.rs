//! What `kafka-privatelink plan` prints for the guide's cluster, from nothing to Ready.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kpl_core::api::KafkaPrivateLink;
use kpl_core::desired::{Desired, Identity, Intent, Memory, Request, VpcSource, desired};
use kpl_core::model::{Account, BrokerInstance, InstanceState, Listing, Observed, Owner, Seen, Subnet, Timing, Vpc};
use kpl_core::plan::guard::Guard;
use kpl_core::simulate::simulate;

fn identity() -> Identity {
    Identity {
        owner: Owner { cluster_id: "prod".into(), namespace: "default".into(), name: "orders".into() },
        holder: "holder".into(),
        uid: "uid".into(),
    }
}

fn guide(intent: &Intent) -> Observed {
    let VpcSource::Id(vpc) = &intent.vpc else { panic!("the example names a VPC") };
    let mut observed = Observed::unread(Timestamp::UNIX_EPOCH);
    observed.inputs.account = Seen::Read(Account { id: "111122223333".into(), partition: "aws".into() });
    observed.inputs.vpc =
        Seen::Read(Some(Vpc { id: vpc.clone(), cidrs: ["10.0.0.0/16".parse().expect("a CIDR")].into() }));
    let zones = [("usw2-az1", "us-west-2a", "a"), ("usw2-az2", "us-west-2c", "c"), ("usw2-az3", "us-west-2b", "b")];
    observed.inputs.zones = Seen::Read(zones.iter().map(|(id, name, _)| ((*id).into(), (*name).into())).collect());
    let subnet = |zone: &str, name: &str, letter: &str| Subnet {
        id: format!("subnet-{letter}").into(),
        vpc: vpc.clone(),
        zone: zone.into(),
        zone_name: name.into(),
        cidr: "10.0.0.0/18".parse().expect("a CIDR"),
        free_addresses: 100,
        tags: Seen::Unread,
    };
    observed.inputs.subnets =
        Listing::whole(zones.iter().map(|(zone, name, l)| ((*zone).into(), vec![subnet(zone, name, l)])).collect());
    let instance = |id: usize, zone: &str| BrokerInstance {
        id: format!("i-{id}").into(),
        state: InstanceState::Running,
        vpc: Some(vpc.clone()),
        zone: Some(zone.into()),
        id_tag: Some(id.to_string()),
    };
    observed.inputs.brokers =
        Seen::Read(zones.iter().enumerate().map(|(at, (zone, _, _))| instance(at + 1, zone)).collect());
    observed.subnets = Listing::whole(BTreeMap::new());
    observed.broker_group_rules = Listing::whole(BTreeMap::new());
    observed.target_groups = Listing::whole(BTreeMap::new());
    observed.all_groups = true;
    observed.security_group = Seen::Read(None);
    observed.load_balancer = Seen::Read(None);
    observed.endpoint_service = Seen::Read(None);
    observed
}

fn wanted(intent: &Intent, observed: &Observed) -> Desired {
    desired(&Request {
        identity: &identity(),
        intent,
        memory: &Memory::default(),
        observed,
        confirm: None,
        timing: &Timing::default(),
    })
}

#[test]
fn from_nothing_to_ready() {
    let text = include_str!("../../examples/orders.yaml");
    let object: KafkaPrivateLink = serde_saphyr::from_str(text).expect("the example parses");
    let intent = Intent::parse(&object.spec).expect("the example is valid");
    let observed = guide(&intent);
    assert_eq!(wanted(&intent, &observed).issues, []);
    insta::assert_snapshot!(simulate(|seen| wanted(&intent, seen), &Guard::default(), &observed).to_string());
}
