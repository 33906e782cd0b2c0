//! What AWS is like for an object, looked at once, as the operator would: `plan` and `doctor` begin with it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use kpl_core::api::KafkaPrivateLink;
use kpl_core::desired::{Desired, Goal, Identity, Intent, InvalidSpec, Memory, Request, desired, scope};
use kpl_core::model::{Base, HolderId, Observed, Owner, Query, Tags, Timing, Urgency, holder as holder_of};
use kpl_core::pass::{Move, Pass};
use kpl_core::plan::guard::Guard;
use kpl_core::status::memory;
use kube::api::{ApiResource, DynamicObject};
use kube::{Api, Client};
use thiserror::Error;

use super::file::{self, BadFile};
use super::object::{Named, Unreadable};
use super::{cluster, tag};
use crate::cloud::{Cloud, Clouds};
use crate::controller::identity::{Cluster, UnknownCluster, holder};
use crate::controller::object::Object;

/// Which objects, and what the operator of these knows and the cluster does not say.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Name of an object in the cluster.
    #[arg(value_name = "NAME", required_unless_present = "filename", conflicts_with = "filename")]
    name: Option<String>,
    /// Objects, as YAML or JSON; - is stdin. May hold several.
    #[arg(short, long, value_name = "FILE")]
    filename: Option<PathBuf>,
    /// Namespace of objects that name none. Default: that of the kubeconfig's context, else default.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The id that the operator of this object runs with. Default: the uid of namespace kube-system.
    #[arg(long, env = "KPL_CLUSTER_ID", value_name = "ID", value_parser = cluster::parse)]
    cluster_id: Option<String>,
    /// The default tags that the operator of this object runs with; may be repeated.
    #[arg(long, env = "KPL_DEFAULT_TAGS", value_name = "KEY=VALUE", value_delimiter = ',', value_parser = tag::parse)]
    default_tags: Vec<(String, String)>,
}

/// Why nothing is known of an object.
#[derive(Debug, Error)]
pub(super) enum Failed {
    #[error(transparent)]
    InCluster(#[from] Unreadable),
    #[error(transparent)]
    File(#[from] BadFile),
    #[error("{0}")]
    Spec(String, #[source] InvalidSpec),
    #[error("without --cluster-id, a Kubernetes cluster has to say which resources are its own")]
    NoCluster(#[source] Box<kube::Error>),
    #[error("without --cluster-id, a Kubernetes cluster has to say which resources are its own")]
    UnknownCluster(#[from] UnknownCluster),
    #[error("{0}: {1}")]
    Unknown(String, String),
}

/// What is known of the cluster that the object belongs to.
struct Surroundings {
    client: Option<Client>,
    cluster_id: String,
    default_tags: Tags,
    /// Unknown without a cluster: then whoever holds the resources now.
    holder: Option<HolderId>,
    namespace: String,
}

/// An object, and all that was seen of it.
pub(super) struct Study {
    /// `namespace/name`.
    pub(super) shown: String,
    pub(super) namespace: String,
    pub(super) client: Option<Client>,
    /// As it was given: by the file, if there is one.
    pub(super) given: KafkaPrivateLink,
    /// As the cluster has it.
    pub(super) present: Option<Object>,
    pub(super) intent: Intent,
    memory: Memory,
    pub(super) desired: Desired,
    pub(super) guard: Guard,
    pub(super) observed: Observed,
}

/// Looks at each object that was asked for.
pub(super) async fn studies<C: Clouds>(asked: Asked, clouds: &C) -> Result<Vec<Study>, Failed> {
    let Asked { name, filename, namespace, cluster_id, default_tags } = asked;
    let objects = match (name, filename) {
        (Some(name), _) => vec![Named { name, namespace: namespace.clone() }.find().await?.object],
        (None, filename) => file::objects(&filename.unwrap_or_default())?,
    };
    let surroundings = surroundings(cluster_id, namespace, default_tags.into_iter().collect()).await?;
    let mut studies = Vec::new();
    for object in objects {
        studies.push(study(object, &surroundings, clouds).await?);
    }
    Ok(studies)
}

async fn surroundings(
    cluster_id: Option<String>,
    namespace: Option<String>,
    default_tags: Tags,
) -> Result<Surroundings, Failed> {
    let client = Client::try_default().await;
    let (client, holder) = match (client, &cluster_id) {
        (Ok(client), None) => {
            let holder = holder(&client).await?;
            (Some(client), Some(holder))
        }
        (Ok(client), Some(_)) => match holder(&client).await {
            Ok(holder) => (Some(client), Some(holder)),
            Err(_) => (None, None),
        },
        (Err(error), None) => return Err(Failed::NoCluster(Box::new(error))),
        (Err(_), Some(_)) => (None, None),
    };
    let default = || client.as_ref().map_or_else(|| "default".into(), |client| client.default_namespace().to_owned());
    let namespace = namespace.unwrap_or_else(default);
    // Either one is there: without both we have returned.
    let cluster_id = cluster_id.or_else(|| holder.as_ref().map(ToString::to_string)).unwrap_or_default();
    Ok(Surroundings { client, cluster_id, default_tags, holder, namespace })
}

async fn study<C: Clouds>(given: KafkaPrivateLink, surroundings: &Surroundings, clouds: &C) -> Result<Study, Failed> {
    let name = given.metadata.name.clone().unwrap_or_default();
    let namespace = given.metadata.namespace.clone().unwrap_or_else(|| surroundings.namespace.clone());
    let shown_name = format!("{namespace}/{name}");
    let intent = Intent::parse(&given.spec).and_then(|intent| intent.with_default_tags(&surroundings.default_tags));
    let intent = intent.map_err(|error| Failed::Spec(shown_name.clone(), error))?;
    let present = present(surroundings, &namespace, &name).await;
    let cloud = clouds.region(&intent.region, Urgency::Create);

    let owner = Owner { cluster_id: surroundings.cluster_id.clone(), namespace: namespace.clone(), name };
    let mut identity = match (&present, &surroundings.holder) {
        (Some(object), Some(holder)) => {
            let cluster =
                Cluster { id: surroundings.cluster_id.clone(), holder: holder.clone(), default_tags: Tags::new() };
            Identity { owner, ..object.identity(&cluster) }
        }
        _ => Identity { owner, holder: HolderId::from(""), uid: String::new() },
    };
    let query = Query { scope: scope(&identity, Some(&intent), None), base: Base::Full, parts: BTreeSet::new() };
    let observed = cloud.observe(&query).await;
    if let Some((part, failure)) = observed.read_failures.iter().next() {
        return Err(Failed::Unknown(shown_name, format!("{part} cannot be read: {failure}")));
    }
    identity.holder = surroundings.holder.clone().or_else(|| held_by(&observed)).unwrap_or(identity.holder);
    let guard = guard(&intent, present.as_ref());
    let memory = present.as_ref().map_or_else(Memory::default, |object| memory(object.status.as_ref()));
    let timing = Timing::default();
    let confirm = present.as_ref().and_then(Object::confirm);
    let request = Request {
        identity: &identity,
        intent: &intent,
        memory: &memory,
        observed: &observed,
        confirm,
        timing: &timing,
    };
    let desired = desired(&request);
    if desired.goal == Goal::Hold && desired.network.is_none() {
        let issues: Vec<String> = desired.issues.iter().map(ToString::to_string).collect();
        let why = if issues.is_empty() { "too little is known to plan anything".into() } else { issues.join("; ") };
        return Err(Failed::Unknown(shown_name, why));
    }
    let observed = answered(&cloud, &intent, Pass::new(desired.clone(), &guard, observed, timing)).await;
    let client = surroundings.client.clone();
    Ok(Study { shown: shown_name, namespace, client, given, present, intent, memory, desired, guard, observed })
}

impl Study {
    /// What shall be by another picture than that of the look.
    pub(super) fn desire(&self, observed: &Observed) -> Desired {
        desired(&Request {
            identity: &self.desired.identity,
            intent: &self.intent,
            memory: &self.memory,
            observed,
            confirm: self.present.as_ref().and_then(Object::confirm),
            timing: &Timing::default(),
        })
    }
}

/// Reads what the first plan asks for, so that the preview does not have to guess it.
async fn answered<C: Cloud>(cloud: &C, intent: &Intent, mut pass: Pass) -> Observed {
    while let Move::Read(parts) = pass.next_move() {
        let scope = pass.desired().scope(Some(intent), Some(pass.observed()));
        let query = Query { scope, base: Base::Full, parts: BTreeSet::new() };
        cloud.observe_more(&query, &parts, pass.observed_mut()).await;
    }
    pass.observed().clone()
}

/// The object as the cluster has it, if there is a cluster and the object is there.
async fn present(surroundings: &Surroundings, namespace: &str, name: &str) -> Option<Object> {
    let client = surroundings.client.clone()?;
    let kind = ApiResource::erase::<KafkaPrivateLink>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(client, namespace, &kind);
    api.get_opt(name).await.ok().flatten().map(|raw| Object::read(raw, &surroundings.default_tags))
}

/// What the file demands, and what the cluster's object has pinned.
fn guard(intent: &Intent, present: Option<&Object>) -> Guard {
    let known = present.map(Object::guard).unwrap_or_default();
    Guard { observe_only: intent.observe_only, demanded: intent.account.clone(), ..known }
}

fn held_by(observed: &Observed) -> Option<HolderId> {
    let balancer = observed.load_balancer.there().and_then(|lb| lb.tags.get());
    let service = observed.endpoint_service.there().and_then(|service| service.tags.get());
    balancer.into_iter().chain(service).find_map(holder_of)
}
