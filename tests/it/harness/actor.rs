//! Whom the API server takes operators for: a `ServiceAccount` with just the rights of `deploy/kustomize/`.

use std::path::{Path, PathBuf};

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding};
use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::bed;

const NAME: &str = "operator";

/// The account that the operators of one namespace act under.
#[derive(Clone, Debug)]
pub struct Actor {
    /// With its token.
    pub kubeconfig: PathBuf,
    /// As the audit log calls it.
    pub user: String,
    roles: Api<Role>,
}

/// The roles as they are installed.
#[derive(Debug)]
pub struct Rights {
    /// In each watched namespace.
    pub objects: Role,
    /// In the operator's own.
    pub lease: Role,
    /// In the cluster.
    pub identity: ClusterRole,
}

impl Rights {
    /// Of the overlay for single namespaces.
    pub fn installed() -> Self {
        Self {
            objects: manifest("overlays/namespaced/role-streaming.yaml"),
            lease: manifest("base/role-leader-election.yaml"),
            identity: manifest("base/clusterrole-cluster-identity.yaml"),
        }
    }

    /// Each rule of them.
    pub fn rules(&self) -> Vec<PolicyRule> {
        let all = [&self.objects.rules, &self.lease.rules, &self.identity.rules];
        all.into_iter().flatten().flatten().cloned().collect()
    }
}

fn manifest<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kustomize").join(name);
    let text = std::fs::read_to_string(&path).expect("a manifest");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

impl Actor {
    /// A new one for a namespace that is there.
    pub async fn in_namespace(kube: &Client, namespace: &str) -> Self {
        let rights = Rights::installed();
        let accounts: Api<ServiceAccount> = Api::namespaced(kube.clone(), namespace);
        let account = json!({ "metadata": { "name": NAME } });
        make(&accounts, account).await;
        let roles: Api<Role> = Api::namespaced(kube.clone(), namespace);
        let bindings: Api<RoleBinding> = Api::namespaced(kube.clone(), namespace);
        let subjects = json!([{ "kind": "ServiceAccount", "name": NAME, "namespace": namespace }]);
        for role in [rights.objects, rights.lease] {
            let mut role = serde_json::to_value(role).expect("JSON");
            role["metadata"]["namespace"] = namespace.into();
            let bound = binding(&role, "Role", &role["metadata"]["name"], &subjects);
            make(&roles, role).await;
            make(&bindings, bound).await;
        }
        let identity = serde_json::to_value(rights.identity).expect("JSON");
        let bound = binding(&identity, "ClusterRole", &format!("{namespace}-identity").into(), &subjects);
        make(&Api::<ClusterRole>::all(kube.clone()), identity).await;
        make(&Api::<ClusterRoleBinding>::all(kube.clone()), bound).await;

        let asked = TokenRequest {
            spec: Some(TokenRequestSpec { expiration_seconds: Some(24 * 3600), ..TokenRequestSpec::default() }),
            ..TokenRequest::default()
        };
        let given = accounts.create_token_request(NAME, &PostParams::default(), &asked).await.expect("a token");
        let token = given.status.expect("an answer").token;
        let kubeconfig = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{namespace}.actor.kubeconfig"));
        let mut config: Value =
            serde_json::from_slice(&std::fs::read(&bed().kubeconfig).expect("the bed's kubeconfig"))
                .expect("it is JSON");
        config["users"][0]["user"] = json!({ "token": token });
        config["contexts"][0]["context"]["namespace"] = namespace.into();
        std::fs::write(&kubeconfig, config.to_string()).expect("a kubeconfig is written");
        Self { kubeconfig, user: format!("system:serviceaccount:{namespace}:{NAME}"), roles }
    }

    /// From now on it has these rights to objects.
    pub async fn may(&self, rules: Vec<PolicyRule>) {
        let name = Rights::installed().objects.metadata.name.expect("a name");
        let patch = Patch::Merge(json!({ "rules": rules }));
        self.roles.patch(&name, &PatchParams::default(), &patch).await.expect("rights change");
    }
}

fn binding(role: &Value, kind: &str, name: &Value, subjects: &Value) -> Value {
    json!({
        "metadata": { "name": name }, "subjects": subjects,
        "roleRef": { "kind": kind, "name": role["metadata"]["name"], "apiGroup": "rbac.authorization.k8s.io" },
    })
}

/// Makes an object unless it is there: what belongs to the cluster is made by the first scene.
async fn make<K>(api: &Api<K>, object: Value)
where
    K: Clone + std::fmt::Debug + DeserializeOwned + serde::Serialize,
{
    let object: K = serde_json::from_value(object).expect("an object of its kind");
    match api.create(&PostParams::default(), &object).await {
        Ok(_) => {}
        Err(kube::Error::Api(refusal)) if refusal.code == 409 => {}
        Err(error) => panic!("{object:?} cannot be made: {error}"),
    }
}
