//! The policies of `deploy/iam/`, whole or with something missing.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

/// Documents by the name of their file.
#[derive(Clone, Debug)]
pub struct Policies(Map<String, Value>);

/// What is taken out of policies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// An action, wherever it is allowed.
    Action(String),
    /// A whole statement: a file and a `Sid`. Its actions may be allowed elsewhere, on other conditions.
    Statement(String, String),
}

impl Policies {
    /// All that an object with `mode: Manage` may need.
    pub fn manage() -> Self {
        Self::of(&["manage", "broker-groups", "network", "new-cluster"])
    }

    /// Reads.
    pub fn observe() -> Self {
        Self::of(&["observe"])
    }

    fn of(names: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/iam");
        let read = |name: &str| {
            let text = std::fs::read(folder.join(format!("{name}.json"))).expect("a policy");
            serde_json::from_slice(&text).expect("it is JSON")
        };
        Self(names.iter().map(|name| ((*name).to_owned(), read(name))).collect())
    }

    /// As the stand-in takes them.
    pub fn documents(&self) -> Value {
        self.0.clone().into()
    }

    fn statements(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|(name, document)| {
            document["Statement"].as_array().expect("statements").iter().map(move |one| (name.as_str(), one))
        })
    }

    /// All that they allow.
    pub fn actions(&self) -> BTreeSet<String> {
        self.statements().flat_map(|(_, statement)| actions(statement)).collect()
    }

    /// All that can be taken out.
    pub fn parts(&self) -> BTreeSet<Missing> {
        let whole = self.statements().map(|(file, one)| Missing::Statement(file.to_owned(), sid(one)));
        self.actions().into_iter().map(Missing::Action).chain(whole).collect()
    }

    /// Without a part, and the actions that are refused then, at least on some resources.
    pub fn without(&self, missing: &Missing) -> (Self, BTreeSet<String>) {
        let mut less = self.clone();
        let mut lost = BTreeSet::new();
        for (file, document) in &mut less.0 {
            let statements = document["Statement"].as_array_mut().expect("statements");
            statements.retain_mut(|statement| {
                let takes = |action: &String| match missing {
                    Missing::Action(one) => action == one,
                    Missing::Statement(of, name) => of == file && *name == sid(statement),
                };
                let (out, left): (Vec<String>, Vec<String>) = actions(statement).into_iter().partition(takes);
                lost.extend(out);
                statement["Action"] = left.clone().into();
                !left.is_empty()
            });
        }
        (less, lost)
    }
}

fn actions(statement: &Value) -> Vec<String> {
    let all = statement["Action"].as_array().expect("a list of actions").iter();
    all.map(|action| action.as_str().expect("text").to_owned()).collect()
}

fn sid(statement: &Value) -> String {
    statement["Sid"].as_str().expect("a name").to_owned()
}
