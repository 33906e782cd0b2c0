//! The admin server: whether the process lives, whether it is ready, what it counted, and what it logs.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use thiserror::Error;
use tokio::net::TcpListener;
use tracing::{error, info};

use super::chain;
use super::health::Health;
use super::stop::Stop;
use super::telemetry::LogFilter;
use crate::metrics::Metrics;

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
pub async fn serve(
    address: SocketAddr,
    health: Arc<Health>,
    metrics: Metrics,
    log: LogFilter,
    stop: Stop,
) -> Result<SocketAddr, BindError> {
    let bound = TcpListener::bind(address).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (local, listener) = bound.map_err(|source| BindError { address, source })?;
    // Liveness is that this answers. A missing CRD or AWS is no reason to be restarted.
    let router = Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready).with_state(health))
        .route("/metrics", get(counted).with_state(metrics))
        .route("/log", get(filter).put(filter_anew).with_state(log))
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move {
        if let Err(problem) = axum::serve(listener, router).with_graceful_shutdown(stop.asked()).await {
            error!(error = %problem, "the admin server ended");
        }
    });
    Ok(local)
}

async fn counted(State(metrics): State<Metrics>) -> Result<impl IntoResponse, (StatusCode, String)> {
    let text = metrics.text().map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, chain(&error)))?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text))
}

async fn filter(State(log): State<LogFilter>) -> String {
    log.text() + "\n"
}

/// Whoever reaches the port may read; to change something takes the right to be in the pod, or to forward its ports.
async fn filter_anew(
    State(log): State<LogFilter>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    wanted: String,
) -> Result<String, (StatusCode, String)> {
    if !within_pod(peer) {
        let why =
            format!("{} may not change the log: only a peer within the pod may (kubectl port-forward)\n", peer.ip());
        return Err((StatusCode::FORBIDDEN, why));
    }
    log.set(wanted.trim()).map_err(|error| (StatusCode::BAD_REQUEST, chain(&error) + "\n"))?;
    info!(filter = log.text(), "the log has another filter");
    Ok(log.text() + "\n")
}

fn within_pod(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

async fn ready(State(health): State<Arc<Health>>) -> (StatusCode, String) {
    let reasons = health.unready();
    if reasons.is_empty() {
        (StatusCode::OK, "ok\n".into())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_changed_from_within_the_pod() {
        for (peer, within) in [
            ("127.0.0.1:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("10.0.0.1:1", false),
            ("[::ffff:10.0.0.1]:1", false),
            ("[fd00::1]:1", false),
        ] {
            assert_eq!(within_pod(peer.parse().expect("an address")), within, "{peer}");
        }
    }
}
