//! Who may offer what: the rules of `--policy`, and whether an object keeps to one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use crate::desired::{Acceptance, Brokers, Identity, Intent, Machine, VpcSource};
use crate::model::{AccountId, Region, SecurityGroupId, VpcId};

/// Rules: an object has to keep to one of them, whole. None at all allow nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// In the order of the file.
    pub rules: Vec<Rule>,
}

/// What objects of some namespaces may name. A list that is absent allows everything (but for
/// [`Rule::verification_addresses`] and [`Rule::instance_profiles`]), an empty one nothing.
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
    /// `spec.brokers.provisioned.instanceType`.
    pub instance_types: Option<Vec<Pattern>>,
    /// `spec.brokers.provisioned.instanceProfileArn`. Absent: none. Whoever writes an object chooses what its instances run,
    /// and that has the rights of the profile.
    pub instance_profiles: Option<Vec<Pattern>>,
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
    machine: Option<Machine>,
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
            machine: match &intent.brokers {
                Brokers::Provisioned(made) => Some(made.machine.clone()),
                Brokers::Selector { .. } | Brokers::Instances(_) | Brokers::Addresses(_) => None,
            },
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
        if let Some(machine) = &claim.machine {
            denials.extend(self.machine_denials(machine));
        }
        for (consumer, principals) in &claim.consumers {
            denials.extend(self.consumer_denials(consumer, principals));
        }
        denials
    }

    fn machine_denials(&self, machine: &Machine) -> Vec<String> {
        let of = &machine.instance_type;
        let wrong_type = (!fits(self.instance_types.as_ref(), of.as_str())).then(|| format!("instance type {of}"));
        let given = self.instance_profiles.as_deref().unwrap_or_default();
        let profile = machine.profile.iter().filter(|arn| !given.iter().any(|pattern| pattern.fits(arn.as_str())));
        wrong_type.into_iter().chain(profile.map(|arn| format!("instance profile {arn}"))).collect()
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
mod tests;
