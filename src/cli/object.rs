//! The object that a command is about, as the cluster has it.

use kpl_core::api::KafkaPrivateLink;
use kube::{Api, Client};
use thiserror::Error;

/// Which object is meant.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// Its name.
    #[arg(value_name = "NAME")]
    pub(super) name: String,
    /// Its namespace. Default: that of the kubeconfig's context, else default.
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(super) namespace: Option<String>,
}

/// The object cannot be had.
#[derive(Debug, Error)]
pub(super) enum Unreadable {
    #[error("there is no way to a Kubernetes API server")]
    Client(#[source] Box<kube::Error>),
    #[error("{object} cannot be read")]
    Read { object: String, source: Box<kube::Error> },
    #[error("there is no kafkaprivatelink {0}: `kubectl get kpl -A` lists those that there are")]
    Missing(String),
}

/// An object, and where it is.
pub(super) struct Found {
    pub(super) object: KafkaPrivateLink,
    pub(super) api: Api<KafkaPrivateLink>,
    /// `namespace/name`.
    pub(super) shown: String,
}

impl Named {
    pub(super) async fn find(&self) -> Result<Found, Unreadable> {
        let client = Client::try_default().await.map_err(|error| Unreadable::Client(Box::new(error)))?;
        let namespace = self.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
        let shown = format!("{namespace}/{}", self.name);
        let api: Api<KafkaPrivateLink> = Api::namespaced(client, &namespace);
        let found = api.get_opt(&self.name).await;
        let found = found.map_err(|error| Unreadable::Read { object: shown.clone(), source: Box::new(error) })?;
        let object = found.ok_or_else(|| Unreadable::Missing(shown.clone()))?;
        Ok(Found { object, api, shown })
    }
}
