//! What `kafka-privatelink plan` prints for the guide's cluster, from nothing to Ready.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kpl_core::api::KafkaPrivateLink;
use kpl_core::cost::{Estimate, Money, Payer};
use kpl_core::desired::{Desired, Identity, Intent, Memory, Request, VpcSource, desired};
use kpl_core::model::{
    Account, BrokerInstance, InstanceState, Listing, MachineKind, Observed, Owned, Owner, Seen, Subnet, Timing, Vpc,
};
use kpl_core::plan::guard::Guard;
use kpl_core::simulate::{simulate, simulate_to_the_end};

fn identity() -> Identity {
    Identity {
        owner: Owner { cluster_id: "prod".into(), namespace: "default".into(), name: "orders".into() },
        holder: "holder".into(),
        uid: "uid".into(),
    }
}

const ZONES: [(&str, &str, &str); 3] =
    [("usw2-az1", "us-west-2a", "a"), ("usw2-az2", "us-west-2c", "c"), ("usw2-az3", "us-west-2b", "b")];

/// An account in which nothing is.
fn empty() -> Observed {
    let mut observed = Observed::unread(Timestamp::UNIX_EPOCH);
    observed.inputs.account = Seen::Read(Account { id: "111122223333".into(), partition: "aws".into() });
    observed.inputs.zones = Seen::Read(ZONES.iter().map(|(id, name, _)| ((*id).into(), (*name).into())).collect());
    observed.inputs.brokers = Seen::Read(Vec::new());
    observed.own = Owned::nothing();
    observed.subnets = Listing::whole(BTreeMap::new());
    observed.broker_group_rules = Listing::whole(BTreeMap::new());
    observed.target_groups = Listing::whole(BTreeMap::new());
    observed.all_groups = true;
    observed.security_group = Seen::Read(None);
    observed.load_balancer = Seen::Read(None);
    observed.endpoint_service = Seen::Read(None);
    observed
}

fn guide(intent: &Intent) -> Observed {
    let VpcSource::Id(vpc) = &intent.vpc else { panic!("the example names a VPC") };
    let mut observed = empty();
    observed.inputs.vpc =
        Seen::Read(Some(Vpc { id: vpc.clone(), cidrs: ["10.0.0.0/16".parse().expect("a CIDR")].into() }));
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
        Listing::whole(ZONES.iter().map(|(zone, name, l)| ((*zone).into(), vec![subnet(zone, name, l)])).collect());
    let instance = |id: usize, zone: &str| BrokerInstance {
        id: format!("i-{id}").into(),
        state: InstanceState::Running,
        vpc: Some(vpc.clone()),
        zone: Some(zone.into()),
        id_tag: Some(id.to_string()),
    };
    observed.inputs.brokers =
        Seen::Read(ZONES.iter().enumerate().map(|(at, (zone, _, _))| instance(at + 1, zone)).collect());
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

/// By hand: 730 × 0.0225 = 16.425; 100 × 0.006 = 0.60; three zones, 3 × 730 × 0.01 = 21.90; 100 × 0.01 = 1.00.
#[test]
fn what_a_month_of_the_guides_cluster_costs() {
    let text = include_str!("../../examples/orders.yaml");
    let object: KafkaPrivateLink = serde_saphyr::from_str(text).expect("the example parses");
    let intent = Intent::parse(&object.spec).expect("the example is valid");
    let observed = guide(&intent);
    let month =
        |gigabytes| Estimate::of(&wanted(&intent, &observed), &intent.region, gigabytes).expect("it is offered");
    insta::assert_snapshot!(month(100).to_string());
    let both = |gigabytes| [Payer::Provider, Payer::Consumers].map(|payer| month(gigabytes).total(payer));
    assert_eq!(both(100), [Money(17_025_000), Money(22_900_000)]);
    assert_eq!(both(0), [Money(16_425_000), Money(21_900_000)], "hours alone");

    // With cross-zone two thirds of the traffic change zones, and both sides of that are paid for.
    let mut wide = intent.clone();
    wide.listeners.values_mut().for_each(|listener| listener.cross_zone = true);
    let estimate = Estimate::of(&wanted(&wide, &observed), &wide.region, 300).expect("it is offered");
    assert_eq!(estimate.total(Payer::Provider), Money(16_425_000 + 300 * 6_000 + 200 * 20_000));
    let nothing = kpl_core::desired::undesired(&identity(), kpl_core::desired::Goal::Retained, &Memory::default());
    assert_eq!(Estimate::of(&nothing, &intent.region, 100), None, "what goes costs nothing");
}

/// Brokers are named by the addresses that they will have: all is made in one go.
#[test]
fn from_an_empty_account() {
    let text = r#"
metadata: { name: orders, namespace: default }
spec:
  region: us-west-2
  network:
    vpc: { cidrBlock: 10.0.0.0/16 }
    subnets:
    - { zoneId: usw2-az1, cidrBlock: 10.0.0.0/18 }
    - { zoneId: usw2-az2, cidrBlock: 10.0.64.0/18 }
  brokers:
    static:
    - { id: 1, zoneId: usw2-az1, ipAddress: 10.0.0.10 }
    - { id: 2, zoneId: usw2-az2, ipAddress: 10.0.64.10 }
  listeners:
  - name: EXTERNAL
    brokerPort: 39092
    bootstrapPort: 9092
    portRange: { first: 9093, last: 9116 }
    consumerCidrs: [ 10.250.0.0/16 ]
  endpointService: { consumers: [ { accountId: "210987654321" } ] }
"#;
    let object: KafkaPrivateLink = serde_saphyr::from_str(text).expect("the object parses");
    let intent = Intent::parse(&object.spec).expect("the object is valid");
    let observed = empty();
    assert_eq!(wanted(&intent, &observed).issues, []);
    insta::assert_snapshot!(simulate(|seen| wanted(&intent, seen), &Guard::default(), &observed).to_string());
}

/// The brokers are made too; their addresses are AWS's to choose. By hand, a month of them: 3 × 730 × 0.0832 = 182.208; 300 × 0.08 = 24.00
/// and 24 × 0.08 = 1.92; the load balancer as above.
#[test]
fn from_an_empty_account_with_brokers() {
    let text = r#"
metadata: { name: orders, namespace: default }
spec:
  region: us-west-2
  network:
    vpc: { cidrBlock: 10.0.0.0/16 }
    egress: S3Endpoint
    subnets:
    - { zoneId: usw2-az1, cidrBlock: 10.0.0.0/18 }
    - { zoneId: usw2-az2, cidrBlock: 10.0.64.0/18 }
    - { zoneId: usw2-az3, cidrBlock: 10.0.128.0/18 }
  brokers:
    provisioned:
      nodes: [ { id: 1, zoneId: usw2-az1 }, { id: 2, zoneId: usw2-az2 }, { id: 3, zoneId: usw2-az3 } ]
      instanceType: t3.large
      storage: { sizeGiB: 100 }
      kafka:
        version: 4.3.1
        distribution:
          url: s3://example-kafka/kafka_2.13-4.3.1.tgz
          sha512: 00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
        heap: 4G
  listeners:
  - name: EXTERNAL
    brokerPort: 39092
    bootstrapPort: 9092
    portRange: { first: 9093, last: 9116 }
    advertisedHostTemplate: b{brokerId}.{zoneId}.kafka.example.com
    consumerCidrs: [ 10.250.0.0/16 ]
  endpointService: { consumers: [ { accountId: "210987654321" } ] }
"#;
    let object: KafkaPrivateLink = serde_saphyr::from_str(text).expect("the object parses");
    let intent = Intent::parse(&object.spec).expect("the object is valid");
    let mut observed = empty();
    let newest_image = Some("ami-0123456789abcdef0".into());
    observed.inputs.machine = Seen::Read(Some(MachineKind { vcpus: 2, nitro: true, newest_image }));
    let (preview, end) = simulate_to_the_end(|seen| wanted(&intent, seen), &Guard::default(), &observed);
    insta::assert_snapshot!(preview.to_string());
    let estimate = Estimate::of(&wanted(&intent, &end), &intent.region, 100).expect("it is offered in the end");
    assert_eq!(estimate.total(Payer::Provider), Money(17_025_000 + 182_208_000 + 24_000_000 + 1_920_000));
    insta::assert_snapshot!("a_month_with_brokers", estimate.to_string());
}
