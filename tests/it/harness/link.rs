//! One `KafkaPrivateLink` of a test.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kpl_core::api::{KafkaPrivateLink, KafkaPrivateLinkStatus};
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::Scene;

/// An object by its name.
pub struct Link<'a> {
    scene: &'a Scene,
    name: String,
    api: Api<KafkaPrivateLink>,
}

/// A condition of an object, if it has it.
pub fn condition<'a>(object: &'a KafkaPrivateLink, kind: &str) -> Option<&'a Condition> {
    object.status.as_ref()?.conditions.iter().find(|condition| condition.type_ == kind)
}

/// The answer of a probe: content when what is asked is so.
pub fn is(so: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if so { Ok(()) } else { Err(otherwise()) }
}

/// The answer of a probe that is not content.
pub fn not_yet<T>(why: impl std::fmt::Debug) -> Result<T, String> {
    Err(format!("{why:?}"))
}

impl<'a> Link<'a> {
    pub(super) fn new(scene: &'a Scene, name: &str, api: Api<KafkaPrivateLink>) -> Self {
        Self { scene, name: name.to_owned(), api }
    }

    /// Makes the object.
    pub async fn create(&self, spec: Value) {
        let object = json!({
            "apiVersion": "kafka-privatelink.io/v1alpha1", "kind": "KafkaPrivateLink",
            "metadata": { "name": self.name }, "spec": spec,
        });
        let object = serde_json::from_value(object).expect("an object of our kind");
        self.api.create(&PostParams::default(), &object).await.expect("the API server takes the object");
    }

    /// Makes the object and waits until consumers can be served.
    pub async fn create_and_settle(&self, spec: Value) -> KafkaPrivateLinkStatus {
        self.create(spec).await;
        self.settled().await
    }

    /// The object, if it is there.
    pub async fn find(&self) -> Option<KafkaPrivateLink> {
        self.api.get_opt(&self.name).await.expect("the API server answers")
    }

    /// The object.
    pub async fn object(&self) -> KafkaPrivateLink {
        self.find().await.expect("the object is there")
    }

    /// Its status.
    pub async fn status(&self) -> KafkaPrivateLinkStatus {
        self.object().await.status.unwrap_or_default()
    }

    /// Changes the spec by a merge patch; lists are replaced.
    pub async fn change(&self, spec: Value) {
        self.patch(json!({ "spec": spec })).await;
    }

    /// Changes the spec and waits until AWS follows.
    pub async fn change_and_settle(&self, spec: Value) -> KafkaPrivateLinkStatus {
        self.change(spec).await;
        self.settled().await
    }

    /// Changes it by a JSON patch, or tells what the API server says against it.
    pub async fn edit(&self, operations: Value) -> Result<(), String> {
        let patch = Patch::Json::<()>(serde_json::from_value(operations).expect("a JSON patch"));
        let patched = self.api.patch(&self.name, &PatchParams::default(), &patch).await;
        patched.map(drop).map_err(|error| error.to_string())
    }

    /// Sets an annotation of ours.
    pub async fn annotate(&self, name: &str, value: &str) {
        let key = format!("kafka-privatelink.io/{name}");
        self.patch(json!({ "metadata": { "annotations": { key: value } } })).await;
    }

    async fn patch(&self, patch: Value) {
        let patched = self.api.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.expect("the API server takes the change");
    }

    /// Overwrites all of status, as a restored backup does.
    pub async fn wipe_status(&self) {
        let mut object: Value = serde_json::to_value(self.object().await).expect("an object is JSON");
        object["status"] = json!({ "observedGeneration": -1 });
        // The operator writes too: a conflict is tried again.
        for _ in 0..50 {
            object["metadata"]["resourceVersion"] = self.object().await.resource_version().into();
            let object = serde_json::from_value(object.clone()).expect("an object of our kind");
            match self.api.replace_status(&self.name, &PostParams::default(), &object).await {
                Ok(_) => return,
                Err(kube::Error::Api(refusal)) if refusal.code == 409 => {}
                Err(error) => panic!("the API server takes the status: {error}"),
            }
        }
        panic!("the status could not be wiped");
    }

    /// Asks for its deletion.
    pub async fn delete(&self) {
        self.api.delete(&self.name, &DeleteParams::default()).await.expect("the API server takes the deletion");
    }

    /// Waits until the object is gone.
    pub async fn gone(&self) {
        self.scene.until("the object is gone", async || is(self.find().await.is_none(), || "it is there".into())).await;
    }

    /// Asks for its deletion and waits for it.
    pub async fn delete_and_wait(&self) {
        self.delete().await;
        self.gone().await;
    }

    /// Waits until something is so of the object.
    pub async fn until<T>(&self, what: &str, probe: impl Fn(&KafkaPrivateLink) -> Result<T, String>) -> T {
        self.scene.until(what, async || probe(&self.object().await)).await
    }

    /// Waits until the newest spec is carried out and consumers can be served.
    pub async fn settled(&self) -> KafkaPrivateLinkStatus {
        let probe = |object: &KafkaPrivateLink| {
            for kind in ["Ready", "InSync"] {
                let Some(have) = condition(object, kind) else { return not_yet(kind) };
                let current = have.observed_generation == object.metadata.generation;
                is(have.status == "True" && current, || format!("{kind}: {} {}", have.reason, have.message))?;
            }
            let working = condition(object, "Reconciling").or(condition(object, "Stalled"));
            is(working.is_none(), || format!("{working:?}"))?;
            object.status.clone().ok_or_else(|| "no status".to_owned())
        };
        self.until("the object is settled", probe).await
    }

    /// Waits for a condition with this status and reason; returns its message.
    pub async fn says(&self, kind: &str, status: &str, reason: &str) -> String {
        let what = format!("{kind} is {status} because of {reason}");
        // Of the present generation: what was said of the one before is no answer.
        let fresh =
            |have: &Condition, object: &KafkaPrivateLink| have.observed_generation == object.metadata.generation;
        let probe = |object: &KafkaPrivateLink| match condition(object, kind) {
            Some(have) if have.status == status && have.reason == reason && fresh(have, object) => {
                Ok(have.message.clone())
            }
            other => not_yet(other.map(|have| (&have.status, &have.reason, &have.message))),
        };
        self.until(&what, probe).await
    }

    /// Waits until a person is asked to act for this reason; returns the message.
    pub async fn stalls(&self, reason: &str) -> String {
        self.says("Stalled", "True", reason).await
    }

    /// Name of the endpoint service.
    pub async fn service_name(&self) -> String {
        let named = |object: &KafkaPrivateLink| {
            let service = object.status.as_ref().and_then(|status| status.endpoint_service.as_ref());
            service.and_then(|service| service.service_name.clone()).ok_or_else(|| "no service".to_owned())
        };
        self.until("the service has a name", named).await
    }

    /// Asks for a look at everything; the answer stands in status once it is done.
    pub async fn ask_for_a_look(&self) -> String {
        let request = fastrand::u64(..).to_string();
        self.annotate("requested-at", &request).await;
        request
    }

    /// Waits until the operator has looked at everything once more, twice.
    pub async fn looked_again(&self) {
        for _ in 0..2 {
            let request = self.ask_for_a_look().await;
            let handled = |object: &KafkaPrivateLink| {
                let handled = object.status.as_ref().and_then(|status| status.last_handled_request.as_ref());
                is(handled == Some(&request), || format!("handled: {handled:?}"))
            };
            self.until("the request for a look is handled", handled).await;
        }
    }
}
