//! The admin server: whether the process lives, and whether it is ready.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use thiserror::Error;
use tokio::net::TcpListener;
use tracing::error;

use super::health::Health;
use super::stop::Stop;

/// The server cannot listen.
#[derive(Debug, Error)]
#[error("--admin-address {address} cannot be listened on")]
pub struct BindError {
    address: SocketAddr,
    source: std::io::Error,
}

/// Serves until the process stops; returns the address that it listens on.
///
/// # Errors
/// The address is taken.
pub async fn serve(address: SocketAddr, health: Arc<Health>, stop: Stop) -> Result<SocketAddr, BindError> {
    let bound = TcpListener::bind(address).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (local, listener) = bound.map_err(|source| BindError { address, source })?;
    // Liveness is that this answers. A missing CRD or AWS is no reason to be restarted.
    let router = Router::new().route("/livez", get(async || "ok\n")).route("/readyz", get(ready)).with_state(health);
    tokio::spawn(async move {
        if let Err(problem) = axum::serve(listener, router).with_graceful_shutdown(stop.asked()).await {
            error!(error = %problem, "the admin server ended");
        }
    });
    Ok(local)
}

async fn ready(State(health): State<Arc<Health>>) -> (StatusCode, String) {
    let reasons = health.unready();
    if reasons.is_empty() {
        (StatusCode::OK, "ok\n".into())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n")
    }
}
