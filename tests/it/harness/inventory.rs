//! All that an account holds, as the stand-in tells it: what tests take for the truth.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An account at one moment.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// Everything, by kind and id.
    pub whole: Value,
}

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// A load balancer.
#[derive(Clone, Debug, Deserialize)]
pub struct LoadBalancer {
    /// Its subnets.
    pub subnets: BTreeSet<String>,
    /// Whether inbound rules hold for endpoints: `on` or `off`.
    pub enforce: String,
    /// Its security groups.
    pub security_groups: Vec<String>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
}

/// A listener of a load balancer.
#[derive(Clone, Debug, Deserialize)]
pub struct Listener {
    /// Its port.
    pub port: u16,
    /// Where it leads, by ARN of the target group.
    pub weights: BTreeMap<String, u32>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
}

/// A target group.
#[derive(Clone, Debug, Deserialize)]
pub struct Group {
    /// Its tags.
    pub tags: Tags,
    /// `instance` or `ip`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its health check, by AWS's names.
    pub check: BTreeMap<String, Value>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// Health by `id:port`.
    pub targets: BTreeMap<String, String>,
}

/// A rule of a security group.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Rule {
    /// Its tags.
    pub tags: Tags,
    /// Whose it is.
    pub group: String,
    /// Out, not in.
    pub egress: bool,
    /// First and last port.
    pub ports: (Option<u16>, Option<u16>),
    /// A block or a group.
    pub peer: String,
}

/// An endpoint service.
#[derive(Clone, Debug, Deserialize)]
pub struct Service {
    /// Where it is offered.
    pub zones: BTreeSet<String>,
    /// Who may ask.
    pub principals: BTreeSet<String>,
}

const OWNER: &str = kpl_core::model::OWNER_TAG;
const RESOURCE: &str = kpl_core::model::RESOURCE_TAG;

impl Inventory {
    /// From what the stand-in says.
    pub fn new(whole: Value) -> Self {
        Self { whole }
    }

    /// All of a kind by id.
    pub(super) fn of<T: DeserializeOwned>(&self, kind: &str) -> BTreeMap<String, T> {
        serde_json::from_value(self.whole[kind].clone()).unwrap_or_else(|error| panic!("{kind}: {error}"))
    }

    /// The only load balancer.
    pub fn load_balancer(&self) -> Option<(String, LoadBalancer)> {
        only("load balancer", self.of("load_balancers"))
    }

    /// The only endpoint service.
    pub fn service(&self) -> Option<(String, Service)> {
        only("endpoint service", self.of("endpoint_services"))
    }

    /// Listeners by port. Ports of several load balancers must differ.
    pub fn listeners(&self) -> BTreeMap<u16, Listener> {
        self.of::<Listener>("listeners").into_values().map(|listener| (listener.port, listener)).collect()
    }

    /// Ports of the listeners.
    pub fn ports(&self) -> Vec<u16> {
        self.listeners().into_keys().collect()
    }

    /// Target groups of the operator's, by the key of the resource, such as `tg/EXTERNAL/2`.
    pub fn groups(&self) -> BTreeMap<String, Group> {
        let ours = self.of::<Group>("target_groups").into_values();
        ours.filter_map(|group| Some((group.tags.get(RESOURCE)?.clone(), group))).collect()
    }

    /// How many target groups the operator has.
    pub fn group_count(&self) -> usize {
        self.of::<Group>("target_groups").values().filter(|group| group.tags.contains_key(OWNER)).count()
    }

    /// ARN of a target group by the key of its resource.
    pub fn group_arn(&self, key: &str) -> String {
        let groups = self.of::<Group>("target_groups");
        let found = groups.into_iter().find(|(_, group)| group.tags.get(RESOURCE).is_some_and(|have| have == key));
        found.unwrap_or_else(|| panic!("no target group {key}")).0
    }

    /// ARN of the listener on a port.
    pub fn listener_arn(&self, port: u16) -> String {
        let found = self.of::<Listener>("listeners").into_iter().find(|(_, listener)| listener.port == port);
        found.unwrap_or_else(|| panic!("no listener on port {port}")).0
    }

    /// What a port leads to: health by `id:port`, over all groups that get traffic.
    pub fn targets_at(&self, port: u16) -> BTreeMap<String, String> {
        let groups = self.of::<Group>("target_groups");
        let Some(listener) = self.listeners().remove(&port) else { return BTreeMap::new() };
        let live = listener.weights.iter().filter(|(_, weight)| **weight > 0);
        live.filter_map(|(arn, _)| groups.get(arn)).flat_map(|group| group.targets.clone()).collect()
    }

    /// Rules of the operator's own security group.
    pub fn own_rules(&self) -> Vec<Rule> {
        let Some((_, lb)) = self.load_balancer() else { return Vec::new() };
        self.rules_of(lb.security_groups.first().expect("a load balancer has a group"))
    }

    /// Rules of a security group.
    pub fn rules_of(&self, group: &str) -> Vec<Rule> {
        self.of::<Rule>("security_group_rules").into_values().filter(|rule| rule.group == group).collect()
    }

    /// What lets consumers in: block, first and last port.
    pub fn doors(&self) -> BTreeSet<(String, u16, u16)> {
        let ingress = self.own_rules().into_iter().filter(|rule| !rule.egress);
        ingress.filter_map(|rule| Some((rule.peer.clone(), rule.ports.0?, rule.ports.1?))).collect()
    }

    /// Every tag set that says one of our objects owns it, by kind and id.
    pub fn owned(&self) -> BTreeMap<String, Tags> {
        let kinds = self.whole.as_object().expect("kinds by name");
        let things = kinds.iter().filter_map(|(kind, things)| Some((kind, things.as_object()?)));
        let tagged = things.flat_map(|(kind, things)| {
            things.iter().filter_map(move |(id, thing)| {
                let tags: Tags = serde_json::from_value(thing["tags"].clone()).ok()?;
                tags.contains_key(OWNER).then(|| (format!("{kind} {id}"), tags))
            })
        });
        tagged.collect()
    }

    /// How many things of each kind there are: nothing was made twice when it is the same again.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let kinds = self.whole.as_object().expect("kinds by name");
        let count = |(kind, things): (&String, &Value)| Some((kind.clone(), things.as_object()?.len()));
        kinds.iter().filter_map(count).collect()
    }

    /// Everything by kind and id.
    pub fn things(&self) -> BTreeMap<(String, String), Value> {
        let kinds = self.whole.as_object().expect("kinds by name");
        let things = kinds.iter().filter_map(|(kind, things)| Some((kind, things.as_object()?)));
        let flat = things.flat_map(|(kind, things)| things.iter().map(move |(id, thing)| (kind, id, thing)));
        flat.map(|(kind, id, thing)| ((kind.clone(), id.clone()), thing.clone())).collect()
    }

    /// What differs from an earlier moment, apart from the brokers themselves, which tests start and end.
    pub fn changes_since(&self, before: &Self) -> Vec<String> {
        let flat = |inventory: &Self| -> BTreeMap<String, Value> {
            let things = inventory.things().into_iter().filter(|((kind, _), _)| kind != "instances");
            let things = things.filter(|(_, thing)| thing["description"] != "Primary network interface");
            things.map(|((kind, id), thing)| (format!("{kind} {id}"), thing)).collect()
        };
        let (before, now) = (flat(before), flat(self));
        let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let differing = keys.into_iter().filter(|key| before.get(*key) != now.get(*key));
        differing.map(|key| format!("{key}: {:?} instead of {:?}", now.get(key), before.get(key))).collect()
    }
}

fn only<T>(what: &str, things: BTreeMap<String, T>) -> Option<(String, T)> {
    assert!(things.len() < 2, "more than one {what}: {:?}", things.keys());
    things.into_iter().next()
}
