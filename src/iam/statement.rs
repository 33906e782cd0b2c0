//! What a policy allows, before it is written down in one form or another.

use std::collections::BTreeSet;

use kpl_core::model::OWNER_TAG;

use crate::aws::operation::{ALL, ON_BEHALF};
use crate::aws::right::{Capability, Grant, Kind, Needs, When};

/// Actions that are allowed on the same resources, on the same condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// `Sid`: letters and digits.
    pub name: String,
    /// Such as `ec2:CreateSubnet`.
    pub actions: BTreeSet<&'static str>,
    /// None: everything.
    pub kinds: BTreeSet<Kind>,
    when: When,
}

/// One line of a condition: all of them have to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Such as `StringLike`.
    pub operator: &'static str,
    /// Such as `aws:TagKeys`.
    pub key: String,
    /// What it is compared with.
    pub values: Values,
}

/// What a key of a condition is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// The owners that the role acts for: a pattern that users choose.
    Owners,
    /// These.
    Texts(Vec<String>),
}

/// How the variable parts of ARNs are written.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Such as `aws`.
    pub partition: &'a str,
    /// `*` is any.
    pub region: &'a str,
    /// `*` is any.
    pub account: &'a str,
}

/// What a capability needs, and as few statements as say just that.
#[must_use]
pub fn statements(capability: Capability) -> Vec<Statement> {
    let mut statements = Vec::new();
    let reads: &[Needs] = match capability {
        Capability::Observe => &[Needs::Read, Needs::ReadNodes],
        Capability::Manage => &[Needs::Read],
        Capability::NewCluster => &[Needs::ReadNodes],
        Capability::BrokerGroups | Capability::Network => &[],
    };
    if !reads.is_empty() {
        let actions = ALL.iter().filter(|(_, needs)| reads.contains(needs)).map(|(name, _)| *name);
        statements.push(Statement {
            name: "Read".to_owned(),
            actions: actions.collect(),
            kinds: BTreeSet::new(),
            when: When::Always,
        });
    }
    if capability != Capability::Observe {
        statements.extend(writes(capability));
    }
    statements
}

fn writes(capability: Capability) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for (action, grants) in granted() {
        let of_it = grants.iter().filter(|grant| grant.on.capability() == capability);
        let conditions: BTreeSet<When> = of_it.clone().map(|grant| grant.when).collect();
        for when in conditions {
            let kinds: BTreeSet<Kind> =
                of_it.clone().filter(|grant| grant.when == when).map(|grant| grant.on).collect();
            let fitting = statements.iter_mut().find(|statement| statement.takes(action, &kinds, when));
            match fitting {
                Some(statement) => {
                    statement.actions.insert(action);
                    statement.kinds.extend(kinds);
                }
                None => {
                    let name = name(when, statements.iter().filter(|other| other.when == when).count());
                    statements.push(Statement { name, actions: [action].into(), kinds, when });
                }
            }
        }
    }
    statements
}

/// Writes, each with what it may touch and when.
fn granted() -> impl Iterator<Item = (&'static str, &'static [Grant])> + Clone {
    ALL.iter().chain(ON_BEHALF).filter_map(|(name, needs)| match needs {
        Needs::Write(grants) => Some((*name, *grants)),
        Needs::Nothing | Needs::Read | Needs::ReadNodes => None,
    })
}

fn name(when: When, before: usize) -> String {
    let name = match when {
        When::Always => "Use",
        When::New => "Create",
        When::Ours => "ChangeOwn",
        When::NewInOurs => "CreateInOwn",
        When::TagsOfNew => "TagNew",
        When::TagsOfOurs => "TagOwn",
        When::ForElb => "ElbRole",
        When::ForEc2 => "PassRole",
    };
    if before == 0 { name.to_owned() } else { format!("{name}{}", before + 1) }
}

impl Statement {
    /// Whether an action fits in without a right that nobody declared: a statement allows each of its actions
    /// on each of its kinds.
    fn takes(&self, action: &'static str, kinds: &BTreeSet<Kind>, when: When) -> bool {
        let declared = |action: &str, kind: Kind| {
            let mut grants = granted().filter(move |(name, _)| *name == action).flat_map(|(_, grants)| grants);
            // AWS never asks about an action on a kind that it does not know.
            grants.clone().all(|grant| grant.on != kind) || grants.any(|grant| grant.on == kind && grant.when == when)
        };
        // The condition names the calls of one service.
        let apart = when == When::TagsOfNew && !self.actions.iter().all(|other| service(other) == service(action));
        self.when == when
            && !apart
            && self.kinds.iter().all(|kind| declared(action, *kind))
            && self.actions.iter().all(|other| kinds.iter().all(|kind| declared(other, *kind)))
    }

    /// What has to hold.
    #[must_use]
    pub fn tests(&self) -> Vec<Test> {
        let owner =
            |of: &str| Test { operator: "StringLike", key: format!("aws:{of}Tag/{OWNER_TAG}"), values: Values::Owners };
        let texts = |operator, key: String, values| Test { operator, key, values: Values::Texts(values) };
        match self.when {
            When::Always => Vec::new(),
            When::New => vec![owner("Request")],
            When::Ours => vec![owner("Resource")],
            When::NewInOurs => vec![owner("Request"), owner("Resource")],
            When::TagsOfNew => {
                let makers: BTreeSet<&str> = self.kinds.iter().filter_map(|kind| kind.made_by()).collect();
                let makers = makers.into_iter().map(|maker| action(maker).to_owned()).collect();
                let service = self.actions.first().map_or("", |first| service(first));
                vec![texts("StringEquals", format!("{service}:CreateAction"), makers), owner("Request")]
            }
            When::TagsOfOurs => vec![
                texts("ForAllValues:StringNotEquals", "aws:TagKeys".to_owned(), vec![OWNER_TAG.to_owned()]),
                owner("Resource"),
            ],
            When::ForEc2 => {
                vec![texts("StringEquals", "iam:PassedToService".to_owned(), vec![EC2_PRINCIPAL.to_owned()])]
            }
            When::ForElb => {
                vec![texts("StringEquals", "iam:AWSServiceName".to_owned(), vec![ELB_PRINCIPAL.to_owned()])]
            }
        }
    }
}

const EC2_PRINCIPAL: &str = "ec2.amazonaws.com";
const ELB_PRINCIPAL: &str = "elasticloadbalancing.amazonaws.com";

fn service(operation: &str) -> &str {
    operation.split_once(':').map_or("", |(service, _)| service)
}

fn action(operation: &str) -> &str {
    operation.split_once(':').map_or(operation, |(_, action)| action)
}

/// The type and id of an ARN. Ours have names with one prefix, EC2's have ids.
fn resource(kind: Kind) -> &'static str {
    match kind {
        Kind::Vpc | Kind::OwnVpc => "vpc/*",
        Kind::Subnet | Kind::RoutedSubnet | Kind::NodeSubnet => "subnet/*",
        Kind::NodeInterface => "network-interface/*",
        Kind::Volume | Kind::SystemVolume => "volume/*",
        Kind::NodeInstance => "instance/*",
        Kind::Image => "image/*",
        Kind::KeyPair => "key-pair/*",
        Kind::NodeRole => "role/*",
        Kind::RouteTable => "route-table/*",
        Kind::GatewayEndpoint => "vpc-endpoint/*",
        Kind::SecurityGroup | Kind::BrokerGroup | Kind::NodesGroup => "security-group/*",
        Kind::BrokerGroupRule | Kind::NodesGroupRule => "security-group-rule/*",
        Kind::EndpointService => "vpc-endpoint-service/*",
        Kind::LoadBalancer => "loadbalancer/net/kpl-*/*",
        Kind::Listener => "listener/net/kpl-*/*/*",
        Kind::TargetGroup => "targetgroup/kpl-*/*",
        Kind::ElbRole => "role/aws-service-role/elasticloadbalancing.amazonaws.com/*",
    }
}

/// The ARNs of a kind in a place.
#[must_use]
pub fn arn(kind: Kind, place: Place<'_>) -> String {
    let Place { partition, region, account } = place;
    let resource = resource(kind);
    match kind {
        Kind::Vpc
        | Kind::OwnVpc
        | Kind::RouteTable
        | Kind::RoutedSubnet
        | Kind::GatewayEndpoint
        | Kind::NodeInterface
        | Kind::Volume
        | Kind::SystemVolume
        | Kind::NodeInstance
        | Kind::NodesGroup
        | Kind::NodesGroupRule
        | Kind::NodeSubnet
        | Kind::KeyPair
        | Kind::Subnet
        | Kind::SecurityGroup
        | Kind::BrokerGroup
        | Kind::BrokerGroupRule
        | Kind::EndpointService => format!("arn:{partition}:ec2:{region}:{account}:{resource}"),
        Kind::LoadBalancer | Kind::Listener | Kind::TargetGroup => {
            format!("arn:{partition}:elasticloadbalancing:{region}:{account}:{resource}")
        }
        // Amazon's images are no account's.
        Kind::Image => format!("arn:{partition}:ec2:{region}::{resource}"),
        Kind::ElbRole | Kind::NodeRole => format!("arn:{partition}:iam::{account}:{resource}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the statements of all capabilities allow, one by one.
    fn allowed() -> BTreeSet<(&'static str, Kind, When)> {
        let all = [Capability::Manage, Capability::BrokerGroups, Capability::Network, Capability::NewCluster]
            .into_iter()
            .flat_map(statements);
        let writes = all.filter(|statement| !statement.kinds.is_empty());
        let each = |statement: Statement| {
            let Statement { actions, kinds, when, .. } = statement;
            actions.into_iter().flat_map(move |action| kinds.clone().into_iter().map(move |kind| (action, kind, when)))
        };
        writes.flat_map(each).collect()
    }

    /// A statement is a product of actions and resources: none of the pairs may be more than was declared.
    #[test]
    fn just_what_is_declared_is_allowed() {
        let declared: BTreeSet<_> = granted()
            .flat_map(|(action, grants)| grants.iter().map(move |grant| (action, grant.on, grant.when)))
            .collect();
        let allowed = allowed();
        assert_eq!(declared.difference(&allowed).collect::<Vec<_>>(), Vec::<&(&str, Kind, When)>::new());
        // AWS never asks about an action on a kind that it does not know.
        let known: BTreeSet<_> = declared.iter().map(|(action, kind, _)| (*action, *kind)).collect();
        let more = allowed.difference(&declared).filter(|(action, kind, _)| known.contains(&(*action, *kind)));
        assert_eq!(more.collect::<Vec<_>>(), Vec::<&(&str, Kind, When)>::new());
    }

    #[test]
    fn observing_writes_nothing() {
        let [reads] = statements(Capability::Observe).try_into().expect("one statement");
        assert!(reads.actions.iter().all(|name| action(name).starts_with("Describe")), "{:?}", reads.actions);
    }

    #[test]
    fn names_of_statements_differ() {
        for capability in [Capability::Manage, Capability::BrokerGroups, Capability::Network, Capability::NewCluster] {
            let statements = statements(capability);
            let names: BTreeSet<_> = statements.iter().map(|statement| statement.name.clone()).collect();
            assert_eq!(names.len(), statements.len(), "{names:?}");
        }
    }
}
