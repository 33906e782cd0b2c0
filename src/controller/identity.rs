//! Which cluster acts.

use k8s_openapi::api::core::v1::Namespace;
use kpl_core::model::{HolderId, Tags};
use kube::{Api, Client};
use thiserror::Error;

/// The namespace whose uid stands for the cluster: it lives as long as the cluster does.
const KUBE_SYSTEM: &str = "kube-system";

/// The cluster, as tags in AWS name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// First part of every owner tag.
    pub id: String,
    /// uid of `kube-system`.
    pub holder: HolderId,
    /// Tags of everything that is made, beside those of the object.
    pub default_tags: Tags,
}

/// Without it no resource can be told from another cluster's.
#[derive(Debug, Error)]
pub enum UnknownCluster {
    /// The API server does not answer, or does not let us.
    #[error("the uid of namespace kube-system cannot be read (it names this cluster in AWS tags)")]
    Unreadable(#[source] Box<kube::Error>),
    /// An API server that gives no uids.
    #[error("namespace kube-system has no uid (it names this cluster in AWS tags)")]
    NoUid,
}

/// Reads the uid that stands for the cluster.
///
/// # Errors
/// It cannot be read.
pub async fn holder(client: &Client) -> Result<HolderId, UnknownCluster> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let found =
        namespaces.get_metadata(KUBE_SYSTEM).await.map_err(|error| UnknownCluster::Unreadable(Box::new(error)))?;
    found.metadata.uid.map(HolderId::from).ok_or(UnknownCluster::NoUid)
}
