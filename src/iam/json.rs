//! Policies as IAM reads them.

use serde_json::{Map, Value, json};

use super::statement::{Place, Statement, Test, Values, arn, statements};
use crate::aws::right::Capability;

/// Most characters of a managed policy, white space not counted: "IAM and AWS STS quotas".
pub const MOST_CHARACTERS: usize = 6144;

/// The characters of a policy as AWS counts them.
#[must_use]
pub fn length(policy: &Value) -> usize {
    policy.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

/// The policy of a capability, for owners that match a pattern (`<cluster id>/<namespace>/<name>`; `*` is any).
#[must_use]
pub fn policy(capability: Capability, place: Place<'_>, owners: &str) -> Value {
    let arn = |kind| Value::from(arn(kind, place));
    document(
        &statements(capability),
        &|statement| one_or_all(statement.kinds.iter().map(|kind| arn(*kind)).collect()),
        &owners.into(),
    )
}

/// A policy with resources and owners in any form.
pub(super) fn document(statements: &[Statement], resources: &dyn Fn(&Statement) -> Value, owners: &Value) -> Value {
    let statements = statements.iter().map(|statement| {
        let mut written = json!({
            "Sid": statement.name, "Effect": "Allow",
            "Action": statement.actions, "Resource": resources(statement),
        });
        let tests = statement.tests();
        if !tests.is_empty() {
            written["Condition"] = condition(&tests, owners);
        }
        written
    });
    json!({ "Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>() })
}

fn one_or_all(arns: Vec<Value>) -> Value {
    if arns.is_empty() { "*".into() } else { arns.into() }
}

fn condition(tests: &[Test], owners: &Value) -> Value {
    let mut condition = Map::new();
    for test in tests {
        let against = match &test.values {
            Values::Owners => owners.clone(),
            Values::Texts(fixed) => json!(fixed),
        };
        let keyed = condition.entry(test.operator).or_insert_with(|| json!({}));
        keyed[&test.key] = against;
    }
    condition.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_takes_them() {
        // As long as they come, with a whole cluster for an owner.
        let place = Place { partition: "aws-us-gov", region: "ap-southeast-1", account: "123456789012" };
        let owners = format!("{}/*", "c".repeat(63));
        for capability in [
            Capability::Observe,
            Capability::Manage,
            Capability::BrokerGroups,
            Capability::Network,
            Capability::NewCluster,
        ] {
            let length = length(&policy(capability, place, &owners));
            assert!(length <= MOST_CHARACTERS, "{capability:?}: {length}");
        }
    }
}
