//! `plan(desired, observed)`: what is to be done next, and what is waited for.

pub mod broker_group_rule;
pub mod connection;
pub mod endpoint_service;
pub mod listener;
pub mod load_balancer;
pub mod security_group;
mod step;
pub mod subnet;
pub mod tagging;
pub mod target_group;

pub use step::*;

use std::collections::BTreeMap;
use std::fmt::Display;

fn joined<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

fn settings(items: &BTreeMap<String, String>) -> String {
    joined(items.iter().map(|(key, value)| format!("{key}={value}")))
}
