//! What an account offers for one object, by names that a test knows beforehand, and questions to such a picture.

use kpl_core::model::{OWNER_TAG, RESOURCE_TAG};
use serde_json::{Map, Value, json};

use super::Inventory;
use super::inventory::{Group, Rule};

impl Inventory {
    /// Load balancer, NLB listeners by port, groups by key, subnets by zone, rules as text, the service, all our tags.
    pub fn portrait(&self) -> Value {
        let balancer = self.load_balancer().map(|(arn, _)| self.whole["load_balancers"][arn].clone());
        let service = self.service().map(|(id, _)| self.whole["endpoint_services"][id].clone());
        let ours = self.of::<Rule>("security_group_rules").into_values();
        let opened = ours.filter(|rule| rule.tags.contains_key(OWNER_TAG));
        json!({
            "subnets": balancer.as_ref().map(|balancer| self.subnets_by_zone(&balancer["subnets"])),
            "balancer": balancer,
            "listeners": self.listeners().keys().map(|port| self.listener(*port)).collect::<Map<_, _>>(),
            "groups": self.groups().into_iter().map(|(key, group)| (key, drawn(&group))).collect::<Map<_, _>>(),
            "doors": self.doors().iter().map(|(block, first, last)| format!("{block} {first}-{last}")).collect::<Vec<_>>(),
            "opened": opened.map(|rule| format!("{} {}", rule.group, rule.ports.0.unwrap_or(0))).collect::<Vec<_>>(),
            "service": service,
            "principals": self.service().map(|(_, service)| {
                service.principals.into_iter().map(|arn| (arn, Value::from(true))).collect::<Map<_, _>>()
            }),
            "s3": self.reach_s3(),
            "machines": self.machines(),
            "tags": self.owned(),
        })
    }

    fn listener(&self, port: u16) -> (String, Value) {
        let listener = &self.listeners()[&port];
        let groups = self.of::<Group>("target_groups");
        let leads = listener.weights.iter().filter(|(_, weight)| **weight > 0);
        let keys: Vec<_> = leads.filter_map(|(arn, _)| groups.get(arn)?.tags.get(RESOURCE_TAG)).collect();
        let targets: Vec<_> = self.targets_at(port).into_keys().collect();
        (port.to_string(), json!({ "group": keys, "targets": targets, "attributes": listener.attributes }))
    }

    /// Instances of nodes by the node's id.
    fn machines(&self) -> Map<String, Value> {
        let instances = self.whole["instances"].as_object().expect("instances by id").iter();
        let of_node = |instance: &Value| {
            let key = instance["tags"][RESOURCE_TAG].as_str()?.strip_prefix("instance/")?.to_owned();
            let subnet = &self.whole["subnets"][instance["subnet"].as_str()?];
            let drawn = json!({
                "type": instance["type"], "image": instance["image"], "address": instance["address"],
                "zone": subnet["zone"], "state": instance["state"],
            });
            Some((key, drawn))
        };
        instances
            .filter(|(_, instance)| instance["state"] != "terminated")
            .filter_map(|(_, one)| of_node(one))
            .collect()
    }

    /// Zones of the subnets from which a gateway endpoint of ours leads to S3.
    pub fn reach_s3(&self) -> Vec<String> {
        let kind = |kind: &str| self.whole[kind].as_object().expect("a kind by id");
        let ids = |list: &Value| -> Vec<String> { serde_json::from_value(list.clone()).expect("a list of ids") };
        let ours = |endpoint: &&Value| endpoint["tags"][RESOURCE_TAG] == "s3" && endpoint["state"] == "available";
        let tables = kind("vpc_endpoints").values().filter(ours).flat_map(|endpoint| ids(&endpoint["route_tables"]));
        let subnets = tables.flat_map(|table| ids(&kind("route_tables")[&table]["subnets"]));
        subnets.map(|subnet| kind("subnets")[&subnet]["zone"].as_str().expect("a zone").to_owned()).collect()
    }

    fn subnets_by_zone(&self, ids: &Value) -> Map<String, Value> {
        let ids = ids.as_array().expect("subnets of a load balancer").iter().filter_map(Value::as_str);
        let subnets = ids.map(|id| (id, &self.whole["subnets"][id]));
        let zone = |subnet: &Value| subnet["zone"].as_str().expect("a subnet is in a zone").to_owned();
        subnets.map(|(id, subnet)| (zone(subnet), json!({ "id": id, "cidr": subnet["cidr"] }))).collect()
    }
}

fn drawn(group: &Group) -> Value {
    let targets: Vec<_> = group.targets.keys().collect();
    json!({ "targets": targets, "check": group.check, "attributes": group.attributes })
}

/// The distinct values at a path of keys, `like > this`. `*` is every child; `key=value` is the items of a list
/// that say so. A list at the end counts as its items, and what is not there as null.
pub fn values_at(picture: &Value, path: &str) -> Vec<Value> {
    let mut found = vec![picture];
    for key in path.split(" > ") {
        found = found.into_iter().flat_map(|value| children(value, key)).collect();
    }
    let mut values: Vec<Value> = found
        .into_iter()
        .flat_map(|value| match value {
            Value::Array(items) => items.clone(),
            other => vec![other.clone()],
        })
        .collect();
    values.sort_by_key(Value::to_string);
    values.dedup();
    values
}

fn children<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    match (value, key.split_once('=')) {
        (Value::Object(map), _) if key == "*" => map.values().collect(),
        (Value::Array(items), _) if key == "*" => items.iter().collect(),
        (Value::Array(items), Some((field, wanted))) => {
            let said = |item: &&Value| item[field].as_str().map_or_else(|| item[field].to_string(), str::to_owned);
            items.iter().filter(|item| said(item) == wanted).collect()
        }
        _ => vec![value.get(key).unwrap_or(&Value::Null)],
    }
}
