//! The API server is away for a while, or does not take status.

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::api::{Api, DeleteParams, PostParams};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::harness::{Scene, Way, bed, condition, is, kubeconfig};

#[tokio::test]
async fn long_away_for_a_minute_in_the_middle() {
    let mut scene = Scene::quiet().await;
    let way = Way::for_operators_of(&mut scene).await;
    scene.start_operator(&[]);
    scene.account.standin.set(json!({ "latency_ms": 50 })).await;
    scene.orders().create(scene.plain_spec()).await;
    scene
        .until("the create is under way", async || {
            let writes = scene.calls().await.writes().len();
            is(writes >= 6, || format!("{writes} writes"))
        })
        .await;
    way.away_for_a_minute().await;
    scene.orders().settled().await;
    let aws = scene.inventory().await;
    assert_eq!(aws.ports(), [9092, 9093, 9094, 9095]);
    let (counts, before) = (aws.counts(), scene.before.counts());
    let made = |kind: &str| counts[kind] - before[kind];
    let kinds = ["load_balancers", "endpoint_services", "listeners", "target_groups", "security_groups"];
    assert_eq!(kinds.map(made), [1, 1, 4, 4, 1], "everything is there once");

    // What is asked for meanwhile is done afterwards.
    let (gone, ()) = tokio::join!(
        async {
            scene.orders().delete().await;
            scene.inventory().await
        },
        way.away_for_a_minute()
    );
    assert_eq!(gone.ports(), aws.ports());
    scene.orders().gone().await;
    scene.aws_is_as_before().await;
}

/// The operator as a user that may not write status.
const USER: &str = "operator-without-status";

fn of_rbac<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).expect("an RBAC object")
}

/// What the README asks for, without status; and a binding by which status can be allowed.
async fn restrict(scene: &mut Scene) -> ClusterRoleBinding {
    let subject = json!([{ "kind": "User", "name": USER, "apiGroup": "rbac.authorization.k8s.io" }]);
    let bound = |kind: &str, name: &str| {
        json!({ "metadata": { "name": name }, "subjects": subject,
            "roleRef": { "kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io" } })
    };
    let rules = json!([
        { "apiGroups": ["kafka-privatelink.io"], "resources": ["kafkaprivatelinks"], "verbs": ["get", "list", "watch", "patch"] },
        { "apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"] },
    ]);
    let role: Role = of_rbac(json!({ "metadata": { "name": "operator" }, "rules": rules }));
    scene.api().create(&PostParams::default(), &role).await.expect("a role");
    let binding: RoleBinding = of_rbac(bound("Role", "operator"));
    scene.api().create(&PostParams::default(), &binding).await.expect("a binding");

    let kube = bed().kube().await;
    let (cluster, status) = (format!("{}-uid", scene.namespace), format!("{}-status", scene.namespace));
    let uid = json!([{ "apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"] }]);
    let of_status = json!([{ "apiGroups": ["kafka-privatelink.io"], "resources": ["kafkaprivatelinks/status"], "verbs": ["patch"] }]);
    for (name, rules) in [(&cluster, uid), (&status, of_status)] {
        let role: ClusterRole = of_rbac(json!({ "metadata": { "name": name }, "rules": rules }));
        Api::all(kube.clone()).create(&PostParams::default(), &role).await.expect("a cluster role");
    }
    let binding: ClusterRoleBinding = of_rbac(bound("ClusterRole", &cluster));
    Api::all(kube.clone()).create(&PostParams::default(), &binding).await.expect("a cluster binding");
    let file = kubeconfig(scene, |config| config["users"][0]["user"]["as"] = USER.into());
    scene.environment.insert("KUBECONFIG", file.into());
    of_rbac(bound("ClusterRole", &status))
}

#[tokio::test]
async fn long_status_is_refused_for_a_while() {
    let mut scene = Scene::quiet().await;
    let right = restrict(&mut scene).await;
    let rights: Api<ClusterRoleBinding> = Api::all(bed().kube().await);
    let give = async || rights.create(&PostParams::default(), &right).await.map(drop).expect("the right is given");
    let name = right.metadata.name.as_deref().expect("a name");
    let take = async || rights.delete(name, &DeleteParams::default()).await.map(drop).expect("the right is taken");
    let refused = async |scene: &Scene, more: usize| {
        let failed = || scene.operators.iter().map(|operator| operator.failed_passes().len()).sum::<usize>();
        let wanted = failed() + more;
        scene.until("status is refused", async || is(failed() >= wanted, || format!("{} times", failed()))).await;
    };
    scene.start_operator(&[]);
    scene.orders().create(scene.plain_spec()).await;
    refused(&scene, 4).await;
    // A port is in status before it is in AWS; so nothing that holds a port is there.
    let aws = scene.inventory().await;
    assert_eq!((aws.ports(), aws.group_count()), (vec![], 0));
    give().await;
    scene.orders().settled().await;
    let ports = scene.inventory().await.ports();
    assert_eq!(ports, [9092, 9093, 9094, 9095]);

    // A new broker has no port yet that status knows: it waits, and the others are served.
    take().await;
    scene.world.launch(4, "usw2-az1").await;
    refused(&scene, 4).await;
    assert_eq!(scene.inventory().await.ports(), ports);
    scene.leads_to(9094, &[scene.target(2, 39092)]).await;
    give().await;
    scene.leads_to(9096, &[scene.target(4, 39092)]).await;
    scene.orders().settled().await;
    let ready = scene.orders().object().await;
    assert!(condition(&ready, "Ready").is_some_and(|ready| ready.status == "True"));
    scene.orders().delete_and_wait().await;
    scene.aws_is_as_before().await;
}
