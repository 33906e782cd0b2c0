//! An account in words that do not depend on chance: two tellings of a story can be compared.

use std::collections::BTreeMap;

use kpl_core::model::RESOURCE_TAG;
use serde_json::{Map, Value};

use crate::harness::Inventory;

/// A line for each thing and for each of its fields, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portrait(Vec<String>);

impl Portrait {
    /// Of an account; `given` are names that are not in its inventory and differ between tellings.
    pub fn of(aws: &Inventory, given: &[(&str, &str)]) -> Self {
        // AWS shows terminated instances for a while, and gives their addresses to others.
        let things: Vec<_> = aws.things().into_iter().filter(|(_, thing)| thing["state"] != "terminated").collect();
        let account = aws.whole["account"].as_str().expect("an account");
        let mut names: Vec<(String, String)> = vec![(account.to_owned(), "ACCOUNT".to_owned())];
        names.extend(given.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())));
        for ((kind, id), thing) in &things {
            let word = word(kind, thing);
            // Interfaces of a load balancer name it by the end of its ARN.
            if let Some((_, end)) = id.split_once(":loadbalancer/") {
                names.push((end.to_owned(), word.clone()));
            }
            let more = [("name", "name"), ("address", "address")];
            for (field, what) in more.iter().filter(|_| kind != "network_interfaces") {
                names.extend(thing[field].as_str().map(|name| (name.to_owned(), format!("{what} of {word}"))));
            }
            names.push((id.clone(), word));
        }
        // What holds another name is replaced first.
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let mut lines = Vec::new();
        for ((kind, id), mut thing) in things {
            if kind == "network_interfaces" {
                thing["address"] = Value::Null;
            }
            lines_of(&format!("{kind} {}", replaced(&id, &names)), told(thing, &names), &mut lines);
        }
        lines.sort();
        Self(lines)
    }

    /// The same, without the lines with some words.
    pub fn without(&self, words: &str) -> Self {
        Self(self.0.iter().filter(|line| !line.contains(words)).cloned().collect())
    }

    /// What is here and not there, and the other way round.
    pub fn differences(&self, expected: &Self) -> Vec<String> {
        let mut count: BTreeMap<&String, i32> = BTreeMap::new();
        self.0.iter().for_each(|line| *count.entry(line).or_default() += 1);
        expected.0.iter().for_each(|line| *count.entry(line).or_default() -= 1);
        let told = |(line, count): (&String, i32)| match count {
            0 => None,
            more if more > 0 => Some(format!("+ {line}")),
            _ => Some(format!("- {line}")),
        };
        count.into_iter().filter_map(told).collect()
    }
}

fn lines_of(place: &str, value: Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            lines.push(place.to_owned());
            fields.into_iter().for_each(|(key, value)| lines_of(&format!("{place} {key}"), value, lines));
        }
        other => lines.push(format!("{place}: {other}")),
    }
}

/// What a thing is: by its tags if they say it, else by what it was made with.
fn word(kind: &str, thing: &Value) -> String {
    let tag = |key: &str| thing["tags"][key].as_str();
    let field = |key: &str| thing[key].as_str();
    if let Some(resource) = tag(RESOURCE_TAG) {
        return format!("<{resource}>");
    }
    match kind {
        "instances" => {
            let broker = tag("kafka-node-id").unwrap_or("none");
            format!("<{} broker {broker}>", tag("kafka-cluster").unwrap_or("no"))
        }
        "subnets" | "vpcs" => format!("<{kind} {}>", thing["cidr"]),
        "security_groups" | "target_groups" | "load_balancers" => {
            format!("<{kind} {}>", field("name").unwrap_or("none"))
        }
        _ => format!("<{kind}>"),
    }
}

fn replaced(text: &str, names: &[(String, String)]) -> String {
    names.iter().fold(text.to_owned(), |text, (name, word)| text.replace(name, word))
}

fn told(value: Value, names: &[(String, String)]) -> Value {
    match value {
        Value::String(text) => replaced(&text, names).into(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(|item| told(item, names)).collect();
            items.sort_by_key(Value::to_string);
            items.into()
        }
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (replaced(&key, names), told(value, names)));
            fields.collect::<Map<_, _>>().into()
        }
        other => other,
    }
}
