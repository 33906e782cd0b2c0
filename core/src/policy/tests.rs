use std::sync::Arc;

use super::*;

fn claim() -> Claim {
    Claim {
        namespace: "team-a".into(),
        region: "us-west-2".into(),
        vpc: Some("vpc-1".into()),
        security_groups: ["sg-1".into()].into(),
        verification_address: None,
        machine: None,
        consumers: [("210987654321".into(), ["root".into(), "role/app-1".into()].into())].into(),
    }
}

fn decided(yaml: &str, claim: Claim) -> Result<(), String> {
    let policy: Policy = serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"));
    let hearing = Hearing { policy: Arc::new(policy), source: "policy.yaml".into(), claim };
    hearing.decide(&"111122223333".into()).map_err(|denial| {
        let (said, next) =
            denial.to_string().split_once(": ").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a next step");
        assert!(next.contains("nothing is written"), "{next}");
        said
    })
}

#[test]
fn a_rule_allows_what_its_lists_have_a_place_for() {
    let table = [
        ("{}", None),
        ("{namespaces: [team-a]}", None),
        ("{namespaces: ['team-*']}", None),
        ("{namespaces: [team]}", Some("no rule of the policy policy.yaml is for objects in namespace team-a")),
        ("{namespaces: []}", Some("no rule of the policy policy.yaml is for objects in namespace team-a")),
        ("{accounts: ['111122223333']}", None),
        ("{accounts: ['999922223333']}", Some("account 111122223333")),
        ("{regions: ['us-*']}", None),
        ("{regions: [eu-west-1]}", Some("region us-west-2")),
        ("{vpcs: [vpc-1]}", None),
        ("{vpcs: [vpc-10, vpc-2]}", Some("VPC vpc-1")),
        ("{securityGroups: [sg-1, sg-2]}", None),
        ("{securityGroups: []}", Some("security group sg-1")),
        ("{consumers: [{accountId: '210987654321'}]}", None),
        (
            "{consumers: [{accountId: '210987654321', principals: [root]}, {accountId: '210987654321', principals: ['role/app-*']}]}",
            None,
        ),
        ("{consumers: [{accountId: '210987654321', principals: [root]}]}", Some("consumer 210987654321, role/app-1")),
        ("{consumers: [{accountId: '310987654321'}]}", Some("consumer 210987654321")),
        ("{consumers: [], regions: [eu-west-1]}", Some("region us-west-2; consumer 210987654321")),
    ];
    for (rule, refusal) in table {
        let expected = refusal.map(|what| {
            if what.starts_with("no rule") {
                what.to_owned()
            } else {
                format!("rule 1 of the policy policy.yaml, the nearest one, does not allow {what}")
            }
        });
        assert_eq!(decided(&format!("rules: [{rule}]"), claim()).err(), expected, "{rule}");
    }
}

#[test]
fn the_example_of_the_documentation_is_valid() {
    let docs = include_str!("../../../docs/security.md");
    let (_, rest) = docs.split_once("```yaml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let policy: Policy = serde_saphyr::from_str(example).expect("it is valid");
    assert_eq!(policy.rules.len(), 2);
}

#[test]
fn one_rule_has_to_allow_all_and_the_nearest_is_named() {
    let apart =
        "rules: [{regions: [us-west-2], vpcs: [vpc-2], securityGroups: []}, {vpcs: [vpc-1], regions: [eu-west-1]}]";
    let said = decided(apart, claim()).expect_err("no rule allows both");
    assert_eq!(said, "rule 2 of the policy policy.yaml, the nearest one, does not allow region us-west-2");
    assert_eq!(decided("rules: [{vpcs: [vpc-2]}, {vpcs: [vpc-1]}]", claim()), Ok(()));
    assert!(decided("rules: []", claim()).is_err());
}

#[test]
fn only_a_rule_lets_the_operator_dial_an_address() {
    let dialling = || Claim { verification_address: Some("nlb.kafka.internal".into()), ..claim() };
    let refusal =
        "rule 1 of the policy policy.yaml, the nearest one, does not allow verification address nlb.kafka.internal";
    for (rule, allowed) in [
        ("{}", false),
        ("{verificationAddresses: []}", false),
        ("{verificationAddresses: [10.0.0.1]}", false),
        ("{verificationAddresses: [nlb.kafka.internal]}", true),
        ("{verificationAddresses: ['nlb.*']}", true),
    ] {
        let decided = decided(&format!("rules: [{rule}]"), dialling());
        assert_eq!(decided, if allowed { Ok(()) } else { Err(refusal.to_owned()) }, "{rule}");
    }
}

#[test]
fn instances_run_with_what_a_rule_gives_them() {
    let profile = Some("arn:aws:iam::111122223333:instance-profile/kafka".into());
    let machine = Machine { instance_type: "t3.large".into(), image: None, key: None, profile };
    for (rule, refused) in [
        ("{}", Some("instance profile arn:aws:iam::111122223333:instance-profile/kafka")),
        ("{instanceProfiles: ['arn:aws:iam::111122223333:instance-profile/*']}", None),
        ("{instanceProfiles: ['arn:*'], instanceTypes: ['t3.*']}", None),
        ("{instanceProfiles: ['arn:*'], instanceTypes: ['m7g.*']}", Some("instance type t3.large")),
    ] {
        let said = decided(&format!("rules: [{rule}]"), Claim { machine: Some(machine.clone()), ..claim() });
        let nearest = |what| format!("rule 1 of the policy policy.yaml, the nearest one, does not allow {what}");
        assert_eq!(said.err(), refused.map(nearest), "{rule}");
    }
}

#[test]
fn a_vpc_is_made_where_a_rule_says_so() {
    let making = || Claim { vpc: None, ..claim() };
    for (rule, allowed) in [("{}", true), ("{vpcs: [new]}", true), ("{vpcs: ['vpc-*']}", false), ("{vpcs: []}", false)]
    {
        let refusal = "rule 1 of the policy policy.yaml, the nearest one, does not allow a new VPC".to_owned();
        assert_eq!(
            decided(&format!("rules: [{rule}]"), making()),
            if allowed { Ok(()) } else { Err(refusal) },
            "{rule}"
        );
    }
    assert!(decided("rules: [{vpcs: [new]}]", claim()).is_err(), "the user's own VPC is another thing");
}

#[test]
fn what_is_not_asked_for_needs_no_rule() {
    let little = Claim { security_groups: BTreeSet::new(), consumers: BTreeMap::new(), ..claim() };
    assert_eq!(decided("rules: [{securityGroups: [], consumers: []}]", little), Ok(()));
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    let table = [
        ("rules:\n- namespaces: [a]\n  vpc: [vpc-1]\n", "vpc", 3),
        ("rules:\n- accounts: ['12']\n", "twelve digits", 2),
        ("rules:\n- namespaces: ['a*b']\n", "only at the end", 2),
        ("rules:\n- namespaces: ['']\n", "empty", 2),
        ("rules:\n- consumers:\n  - principals: [root]\n", "accountId", 3),
        ("rule: []\n", "rule", 1),
    ];
    for (yaml, words, line) in table {
        let error = serde_saphyr::from_str::<Policy>(yaml).expect_err(yaml).to_string();
        assert!(error.contains(words) && error.contains(&format!("line {line}")), "{yaml}: {error}");
    }
}
