//! Who may offer what: the rules of `--policy`, and whether an object keeps to one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use crate::desired::{Acceptance, Identity, Intent, VpcSource};
use crate::model::{AccountId, Region, SecurityGroupId, VpcId};

/// Rules: an object has to keep to one of them, whole. None at all allow nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// In the order of the file.
    pub rules: Vec<Rule>,
}

/// What objects of some namespaces may name. A list that is absent allows everything (but for
/// [`Rule::verification_addresses`]), an empty one nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Rule {
    /// Of the objects.
    pub namespaces: Option<Vec<Pattern>>,
    /// Of the operator's credentials.
    pub accounts: Option<Vec<AccountNumber>>,
    /// `spec.region`.
    pub regions: Option<Vec<Pattern>>,
    /// `spec.network.vpcId`, or `new` for `spec.network.vpc`: a VPC that is made.
    pub vpcs: Option<Vec<Pattern>>,
    /// `spec.brokers.securityGroupIds`.
    pub security_groups: Option<Vec<Pattern>>,
    /// `spec.verification.address`. Absent: none, so that Kafka is asked at the load balancer's own name alone. An operator that
    /// dials whatever an object says would scan networks for whoever may write one.
    pub verification_addresses: Option<Vec<Pattern>>,
    /// `spec.endpointService.consumers`; who is rejected needs no rule.
    pub consumers: Option<Vec<ConsumerRule>>,
}

/// A consumer that may be let in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsumerRule {
    /// The account.
    pub account_id: AccountNumber,
    /// Which of it: `root`, `user/NAME`, `role/NAME`. Absent: all.
    pub principals: Option<Vec<Pattern>>,
}

/// A text, or the beginning of one and `*`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(String);

/// An account: twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountNumber(String);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.find('*') {
            _ if text.is_empty() => Err("an empty text matches nothing".to_owned()),
            Some(at) if at + 1 < text.len() => Err(format!("{text:?}: * stands for a rest, and only at the end")),
            _ => Ok(Self(text)),
        }
    }
}

impl Pattern {
    fn fits(&self, text: &str) -> bool {
        self.0.strip_suffix('*').map_or(self.0 == text, |beginning| text.starts_with(beginning))
    }
}

impl TryFrom<String> for AccountNumber {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_account = text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit());
        if is_account { Ok(Self(text)) } else { Err(format!("{text:?} is no AWS account: twelve digits are")) }
    }
}

/// What an object asks for, as far as rules speak of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    namespace: String,
    region: Region,
    /// None where it is made.
    vpc: Option<VpcId>,
    security_groups: BTreeSet<SecurityGroupId>,
    verification_address: Option<String>,
    consumers: BTreeMap<AccountId, BTreeSet<String>>,
}

/// A rule has no place for something, or there is no rule at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAllowed {
    /// As people know the policy: its file.
    source: String,
    /// The number of the rule that comes nearest, from 1.
    rule: Option<usize>,
    /// What it does not allow.
    what: Vec<String>,
}

/// A policy, and what an object asks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hearing {
    /// The rules.
    pub policy: std::sync::Arc<Policy>,
    /// Where they come from.
    pub source: String,
    /// The wish.
    pub claim: Claim,
}

impl Claim {
    /// That of an object.
    #[must_use]
    pub fn of(identity: &Identity, intent: &Intent) -> Self {
        let let_in = intent.consumers.iter().filter(|(_, consumer)| consumer.acceptance != Acceptance::Rejected);
        Self {
            namespace: identity.owner.namespace.clone(),
            region: intent.region.clone(),
            vpc: match &intent.vpc {
                VpcSource::Id(id) => Some(id.clone()),
                VpcSource::Created(_) => None,
            },
            security_groups: intent.broker_groups.clone(),
            verification_address: intent.verification.address.clone().filter(|_| intent.verification.enabled),
            consumers: let_in.map(|(account, consumer)| (account.clone(), consumer.principals.clone())).collect(),
        }
    }
}

impl Hearing {
    /// Whether some rule allows all of it, in the account of the operator's credentials.
    ///
    /// # Errors
    /// Says what the nearest rule of the namespace does not allow.
    pub fn decide(&self, account: &AccountId) -> Result<(), NotAllowed> {
        let refused = |rule: Option<usize>, what| NotAllowed { source: self.source.clone(), rule, what };
        let of_namespace = self
            .policy
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| fits(rule.namespaces.as_ref(), &self.claim.namespace));
        let answers = of_namespace.map(|(index, rule)| (index + 1, rule.denials(&self.claim, account)));
        match answers.min_by_key(|(_, denials)| denials.len()) {
            None => Err(refused(None, vec![format!("objects in namespace {}", self.claim.namespace)])),
            Some((_, denials)) if denials.is_empty() => Ok(()),
            Some((number, denials)) => Err(refused(Some(number), denials)),
        }
    }
}

impl Rule {
    /// What this rule has no place for, but for the namespace.
    fn denials(&self, claim: &Claim, account: &AccountId) -> Vec<String> {
        let mut denials = Vec::new();
        if self.accounts.as_ref().is_some_and(|all| !all.iter().any(|one| one.0 == account.as_str())) {
            denials.push(format!("account {account}"));
        }
        if !fits(self.regions.as_ref(), claim.region.as_str()) {
            denials.push(format!("region {}", claim.region));
        }
        match &claim.vpc {
            Some(vpc) if !fits(self.vpcs.as_ref(), vpc.as_str()) => denials.push(format!("VPC {vpc}")),
            None if !fits(self.vpcs.as_ref(), NEW) => denials.push("a new VPC".to_owned()),
            Some(_) | None => {}
        }
        let groups = claim.security_groups.iter().filter(|group| !fits(self.security_groups.as_ref(), group.as_str()));
        denials.extend(groups.map(|group| format!("security group {group}")));
        let dialled = self.verification_addresses.as_deref().unwrap_or_default();
        let address = claim.verification_address.iter();
        let address = address.filter(|address| !dialled.iter().any(|pattern| pattern.fits(address)));
        denials.extend(address.map(|address| format!("verification address {address}")));
        for (consumer, principals) in &claim.consumers {
            denials.extend(self.consumer_denials(consumer, principals));
        }
        denials
    }

    fn consumer_denials(&self, account: &AccountId, principals: &BTreeSet<String>) -> Vec<String> {
        let Some(consumers) = &self.consumers else { return Vec::new() };
        let mut of_account = consumers.iter().filter(|rule| rule.account_id.0 == account.as_str()).peekable();
        if of_account.peek().is_none() {
            return vec![format!("consumer {account}")];
        }
        let rules: Vec<&ConsumerRule> = of_account.collect();
        let allowed = |principal: &&String| rules.iter().any(|rule| fits(rule.principals.as_ref(), principal));
        principals
            .iter()
            .filter(|principal| !allowed(principal))
            .map(|one| format!("consumer {account}, {one}"))
            .collect()
    }
}

/// Stands for a VPC that is made.
const NEW: &str = "new";

fn fits(patterns: Option<&Vec<Pattern>>, text: &str) -> bool {
    patterns.is_none_or(|patterns| patterns.iter().any(|pattern| pattern.fits(text)))
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what.join("; ");
        let source = &self.source;
        match self.rule {
            None => write!(f, "no rule of the policy {source} is for {what}")?,
            Some(rule) => {
                write!(f, "rule {rule} of the policy {source}, the nearest one, does not allow {what}")?;
            }
        }
        f.write_str(": nothing is written until a rule allows it or the spec no longer asks for it")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn claim() -> Claim {
        Claim {
            namespace: "team-a".into(),
            region: "us-west-2".into(),
            vpc: Some("vpc-1".into()),
            security_groups: ["sg-1".into()].into(),
            verification_address: None,
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
            (
                "{consumers: [{accountId: '210987654321', principals: [root]}]}",
                Some("consumer 210987654321, role/app-1"),
            ),
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
        let docs = include_str!("../../docs/security.md");
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
    fn a_vpc_is_made_where_a_rule_says_so() {
        let making = || Claim { vpc: None, ..claim() };
        for (rule, allowed) in
            [("{}", true), ("{vpcs: [new]}", true), ("{vpcs: ['vpc-*']}", false), ("{vpcs: []}", false)]
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
}
