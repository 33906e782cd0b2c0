//! What the API server takes and what it refuses, and a schema that was tightened.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kpl_core::api::{GROUP, KIND, PLURAL, VERSION};
use kube::Resource as _;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::cases::{Case, cases, contains};
use crate::harness::{Scene, bed};

fn kind() -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(GROUP, VERSION, KIND), PLURAL)
}

const DRY_RUN: PostParams = PostParams { dry_run: true, field_manager: None };

/// What the API server says to an object that is created, or that replaces the one of its name; nothing is stored.
async fn asked(client: &kube::Client, namespace: &str, object: &DynamicObject) -> kube::Result<DynamicObject> {
    let requests = kube::core::Request::new(DynamicObject::url_path(&kind(), Some(namespace)));
    let body = serde_json::to_vec(object).expect("JSON");
    let request = match (&object.metadata.name, &object.metadata.resource_version) {
        (Some(name), Some(_)) => requests.replace(name, &DRY_RUN, body),
        _ => requests.create(&DRY_RUN, body),
    };
    let mut request = request.expect("a request");
    // kube has no parameter for it: a misspelt field shall be refused.
    *request.uri_mut() = format!("{}&fieldValidation=Strict", request.uri()).parse().expect("a path");
    client.request(request).await
}

fn object(value: &Value) -> DynamicObject {
    serde_json::from_value(value.clone()).expect("an object")
}

/// What is wrong with a case, if anything.
async fn judge(client: &kube::Client, case: &Case) -> Option<String> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), "default", &kind());
    let answer = match &case.old {
        None => asked(client, "default", &object(&case.new)).await,
        Some(old) => {
            let mut old = object(old);
            let name = format!("case-{:08x}", fastrand::u32(..));
            old.metadata.name = Some(name.clone());
            let stored = api.create(&PostParams::default(), &old).await.expect("the former object is accepted");
            let mut new = object(&case.new);
            new.metadata = old.metadata;
            new.metadata.resource_version = stored.metadata.resource_version;
            let answer = asked(client, "default", &new).await;
            api.delete(&name, &kube::api::DeleteParams::default()).await.expect("the former object goes");
            answer
        }
    };
    match (answer, &case.refused) {
        (Ok(stored), None) => {
            let stored = serde_json::to_value(stored).expect("JSON");
            let wanted = case.stored.as_ref()?;
            (!contains(&stored, wanted)).then(|| format!("stored is {stored}"))
        }
        (Ok(_), Some(refused)) => Some(format!("is accepted, but shall be refused: {refused}")),
        (Err(kube::Error::Api(status)), Some(refused)) if status.message.contains(refused.as_str()) => None,
        (Err(error), expected) => Some(format!("expected {expected:?}: {error}")),
    }
}

#[tokio::test]
async fn the_table_of_cases_holds_on_a_real_api_server() {
    let client = bed().kube().await;
    let cases = cases();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        if let Some(problem) = judge(&client, case).await {
            wrong.push(format!("{}: {problem}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[tokio::test]
async fn the_examples_are_accepted() {
    let client = bed().kube().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).expect("examples") {
        let path = file.expect("an example").path();
        let text = std::fs::read_to_string(&path).expect("an example");
        let example: Value = serde_saphyr::from_str(&text).expect("YAML");
        let answer = asked(&client, "default", &object(&example)).await;
        answer.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        seen += 1;
    }
    assert!(seen >= 4);
}

/// A copy of our kind under another group: the schema of the bed is everybody's.
#[tokio::test]
async fn an_object_that_a_tighter_schema_would_refuse_can_still_be_finished() {
    let client = bed().kube().await;
    let scene = Scene::quiet().await;
    let group = format!("tight{:08x}.example.com", fastrand::u32(..));
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    let mut crd = serde_json::to_value(kpl_core::api::crd()).expect("JSON");
    crd["metadata"]["name"] = format!("{PLURAL}.{group}").into();
    crd["spec"]["group"] = group.clone().into();
    let name = format!("{PLURAL}.{group}");
    crds.create(&PostParams::default(), &serde_json::from_value(crd).expect("a CRD")).await.expect("a copy of the CRD");

    let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(&group, VERSION, KIND), PLURAL);
    let api: Api<DynamicObject> = Api::namespaced_with(client, &scene.namespace, &resource);
    let mut loose = json!({
        "apiVersion": format!("{group}/{VERSION}"), "kind": KIND,
        "metadata": { "name": "orders", "finalizers": ["example.com/held"] }, "spec": scene.plain_spec(),
    });
    loose["spec"]["tags"] = json!({ "team": "streaming" });
    scene
        .until("the copy is served", async || {
            api.create(&PostParams::default(), &object(&loose)).await.map_err(|error| error.to_string())
        })
        .await;

    let schema = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";
    let tighter = json!([
        { "op": "add", "path": format!("{schema}/properties/tags/maxProperties"), "value": 0 },
        { "op": "add", "path": format!("{schema}/properties/listeners/items/properties/brokerPort/maximum"), "value": 9 },
    ]);
    let patch = Patch::Json::<()>(serde_json::from_value(tighter).expect("a patch"));
    crds.patch(&name, &PatchParams::default(), &patch).await.expect("the schema is tightened");
    scene
        .until("the tighter schema holds", async || {
            let mut another = object(&loose);
            another.metadata.name = Some("another".into());
            let answer = api.create(&DRY_RUN, &another).await;
            answer.err().map(|_| ()).ok_or_else(|| "such an object is still accepted".to_owned())
        })
        .await;

    let status = json!({ "status": { "observedGeneration": 1 } });
    let written = api.patch_status("orders", &PatchParams::default(), &Patch::Merge(status)).await;
    written.expect("status can still be written");
    api.delete("orders", &kube::api::DeleteParams::default()).await.expect("it can be deleted");
    let free = json!({ "metadata": { "finalizers": null } });
    let freed = api.patch("orders", &PatchParams::default(), &Patch::Merge(free)).await;
    freed.expect("its finalizer can be removed");
    assert!(api.get_opt("orders").await.expect("an answer").is_none(), "it is gone");
    crds.delete(&name, &kube::api::DeleteParams::default()).await.expect("the copy goes");
}
