//! The Roles of `deploy/kustomize/`, held against what the API server's audit log says of an operator.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::{Value, json};

use crate::harness::{Inventory, Rights, Scene, ZONES, bed, is};

/// What one request was for, as rules speak of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Request {
    verb: String,
    group: String,
    /// With its subresource.
    resource: String,
    name: String,
}

impl Request {
    /// Nothing for what has no resource: the API server's own pages. Who applies what is not there yet needs the right to create it,
    /// too, and is logged by the one verb alone.
    fn of(event: &Value) -> Vec<Self> {
        let Some(request) = Self::asked(event) else { return Vec::new() };
        let created = request.verb == "patch" && event["responseStatus"]["code"] == 201;
        let also = created.then(|| Self { verb: "create".to_owned(), ..request.clone() });
        [request].into_iter().chain(also).collect()
    }

    fn asked(event: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let object = event.get("objectRef")?;
        let subresource = object["subresource"].as_str().map(|name| format!("/{name}")).unwrap_or_default();
        Some(Self {
            verb: text(&event["verb"]),
            group: text(&object["apiGroup"]),
            resource: text(&object["resource"]) + &subresource,
            name: text(&object["name"]),
        })
    }

    fn is_allowed_by(&self, right: &Right) -> bool {
        let named = right.name.is_empty() || right.name == self.name;
        (&self.verb, &self.group, &self.resource) == (&right.verb, &right.group, &right.resource) && named
    }
}

/// One right: a rule is a product of them.
type Right = Request;

fn rights(rules: &[PolicyRule]) -> BTreeSet<Right> {
    let any = vec![String::new()];
    let mut rights = BTreeSet::new();
    for rule in rules {
        let groups = rule.api_groups.as_deref().unwrap_or_default();
        let resources = rule.resources.as_deref().unwrap_or_default();
        let names = rule.resource_names.as_ref().unwrap_or(&any);
        for (verb, group) in pairs(&rule.verbs, groups) {
            for (resource, name) in pairs(resources, names) {
                rights.insert(Right { verb: verb.clone(), group: group.clone(), resource, name });
            }
        }
    }
    rights
}

fn pairs(ones: &[String], others: &[String]) -> Vec<(String, String)> {
    ones.iter().flat_map(|one| others.iter().map(move |other| (one.clone(), other.clone()))).collect()
}

/// What the API server wrote down of a user.
fn audited(user: &str) -> Vec<Value> {
    let log = bed().kubeconfig.with_file_name("audit.log");
    let text = std::fs::read_to_string(&log).expect("the bed's audit log");
    let of_user = text.lines().filter(|line| line.contains(user));
    let events = of_user.map(|line| serde_json::from_str::<Value>(line).expect("an event is JSON"));
    events.filter(|event| event["user"]["username"] == user).collect()
}

/// A life with replicas, drift, changes and an end.
#[tokio::test]
async fn the_roles_suffice_and_every_right_is_used() {
    let mut scene = Scene::quiet().await;
    let namespace = scene.namespace.clone();
    let elected = ["--leader-election", "enabled", "--lease-namespace", &namespace];
    scene.start_operator(&elected);
    scene.orders().create_and_settle(scene.plain_spec()).await;
    scene.world.launch(4, ZONES[0]).await;
    scene.leads_to(9096, &[scene.target(4, 39092)]).await;
    // The same thing happens again: its event is counted up. The first time it may be told with something else.
    for _ in 0..3 {
        let listener = scene.inventory().await.listener_arn(9094);
        let deleted = scene.account.elb.delete_listener().listener_arn(&listener).send().await;
        deleted.expect("somebody deletes a listener");
        let another = |aws: &Inventory| {
            is(aws.ports().contains(&9094) && aws.listener_arn(9094) != listener, || format!("{:?}", aws.ports()))
        };
        scene.aws("the listener is there again", another).await;
    }
    scene.account.standin.refuse("AddTags", "AccessDenied").await;
    scene.orders().change(json!({ "tags": { "team": "d" } })).await;
    scene.orders().stalls("Denied").await;
    scene.account.standin.forgive().await;
    scene.orders().settled().await;
    scene.orders().change_and_settle(json!({ "mode": "Observe" })).await;
    scene.orders().change_and_settle(json!({ "mode": "Manage" })).await;
    scene.clean_up().await;
    assert!(scene.operator().stop().success());

    let events = audited(&scene.actor.user);
    let refused: Vec<&Value> = events.iter().filter(|event| event["responseStatus"]["code"] == 403).collect();
    assert_eq!(refused, Vec::<&Value>::new(), "asked for without a right");
    let used: BTreeSet<Request> = events.iter().flat_map(Request::of).collect();
    let rights = rights(&Rights::installed().rules());
    let unused: Vec<&Right> = rights.iter().filter(|right| !used.iter().any(|one| one.is_allowed_by(right))).collect();
    assert_eq!(unused, Vec::<&Right>::new(), "rights that nobody uses");
    let foreign: Vec<&Request> =
        used.iter().filter(|one| !rights.iter().any(|right| one.is_allowed_by(right))).collect();
    assert_eq!(foreign, Vec::<&Request>::new(), "uses that no rule allows");
    is(used.len() >= rights.len(), || format!("{used:?}")).expect("the log is whole");
}
