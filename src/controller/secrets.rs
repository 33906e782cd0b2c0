//! What a listener is asked with, out of Secrets of the object's own namespace.

use k8s_openapi::api::core::v1::Secret;
use kpl_core::desired::ListenerAccess;
use kube::{Api, Client};
use thiserror::Error;

use crate::kafka::{Access, BadAccess, LogIn};

/// Why it cannot be asked; what a person reads in the condition.
#[derive(Debug, Error)]
pub(crate) enum Unreadable {
    #[error("Secret {0} is not there")]
    Missing(String),
    #[error(
        "Secret {0} may not be read: grant the operator `get` on it (verification.secretNames in the chart's values)"
    )]
    Forbidden(String),
    #[error("Secret {name} cannot be read: {problem}")]
    Failed { name: String, problem: String },
    #[error("Secret {name} lacks the key {key}, or it is no text")]
    NoKey { name: String, key: String },
    #[error("{0}")]
    Unusable(BadAccess),
}

/// How to ask a listener.
///
/// # Errors
/// A Secret is not there, may not be read, lacks a key, or holds something else.
pub(crate) async fn access(client: &Client, namespace: &str, wanted: &ListenerAccess) -> Result<Access, Unreadable> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let mut roots = None;
    if let Some((name, key)) = &wanted.roots {
        roots = Some(text(&secret(&api, name).await?, name, key)?);
    }
    let mut certificate = None;
    if let Some(name) = &wanted.client_certificate {
        let secret = secret(&api, name).await?;
        certificate = Some((text(&secret, name, "tls.crt")?, text(&secret, name, "tls.key")?));
    }
    let mut log_in = None;
    if let Some((mechanism, name)) = &wanted.log_in {
        let secret = secret(&api, name).await?;
        let (user, password) = (text(&secret, name, "username")?, text(&secret, name, "password")?);
        log_in = Some(LogIn { mechanism: *mechanism, user, password });
    }
    let certificate = certificate.as_ref().map(|(chain, key)| (chain.as_bytes(), key.as_bytes()));
    Access::new(roots.as_deref().map(str::as_bytes), certificate, log_in).map_err(Unreadable::Unusable)
}

async fn secret(api: &Api<Secret>, name: &str) -> Result<Secret, Unreadable> {
    match api.get_opt(name).await {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) => Err(Unreadable::Missing(name.to_owned())),
        Err(kube::Error::Api(status)) if status.code == 403 => Err(Unreadable::Forbidden(name.to_owned())),
        Err(error) => Err(Unreadable::Failed { name: name.to_owned(), problem: crate::runtime::chain(&error) }),
    }
}

fn text(secret: &Secret, name: &str, key: &str) -> Result<String, Unreadable> {
    let value = secret.data.as_ref().and_then(|data| data.get(key));
    let value = value.and_then(|value| String::from_utf8(value.0.clone()).ok());
    value.ok_or_else(|| Unreadable::NoKey { name: name.to_owned(), key: key.to_owned() })
}
