//! How Kafka is reached from here: `doctor` and `gate` dial as the operator does, with the rights of whoever asks.

use std::sync::Arc;

use kpl_core::desired::ListenerAccess;
use kpl_core::kafka::Route;

use super::study::Study;
use crate::controller::secrets;
use crate::kafka::{Access, Accesses};

/// The way to the load balancer; `None` as long as none routes.
pub(super) fn route(study: &Study) -> Option<Route> {
    let Study { intent, observed, .. } = study;
    let balancer = observed.load_balancer.there().filter(|balancer| balancer.state.usable())?;
    Some(Route::of(intent.verification.address.as_deref(), &balancer.dns_name, observed))
}

/// How each listener is asked.
pub(super) async fn accesses(study: &Study) -> Accesses {
    let mut accesses = Accesses::new();
    for (name, listener) in &study.intent.listeners {
        let access = match &study.client {
            Some(client) => {
                secrets::access(client, &study.namespace, &listener.access).await.map_err(|e| e.to_string())
            }
            None if listener.access != ListenerAccess::default() => {
                Err("there is no way to a cluster that has its Secrets".to_owned())
            }
            None => Access::new(None, None, None).map_err(|problem| problem.to_string()),
        };
        accesses.insert(name.clone(), access.map(Arc::new));
    }
    accesses
}
