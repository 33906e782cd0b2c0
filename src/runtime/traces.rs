//! Traces: spans of passes, waves and AWS calls, sent to a collector by OTLP over HTTP.
//!
//! `OpenTelemetry`'s own variables say where and how: `OTEL_EXPORTER_OTLP_ENDPOINT` (without it nothing is sent),
//! `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES` and so on.

use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use async_trait::async_trait;
use hyper_rustls::HttpsConnectorBuilder;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use thiserror::Error;
use tokio::runtime::Handle;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

const NAME: &str = "kafka-privatelink";
/// Either says where to.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
/// Longest that the collector is waited for; the exporter's own limit, from the environment, is shorter or the same.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why no traces can be sent though somebody asked for them.
#[derive(Debug, Error)]
pub enum NotBegun {
    /// The machine's certificates cannot be read.
    #[error("traces: no certificates to trust a collector by")]
    Roots(#[source] io::Error),
    /// A variable makes no sense.
    #[error("traces: the variables OTEL_EXPORTER_OTLP_… cannot be followed")]
    Exporter(#[source] ExporterBuildError),
}

/// Sends the last spans when it goes.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

/// Begins to send spans, if the environment says where to.
///
/// # Errors
/// A variable makes no sense, or the machine has no certificates.
pub fn begin<S>() -> Result<(Option<Traces>, Option<impl Layer<S> + Send + Sync>), NotBegun>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    if ENDPOINTS.iter().all(|name| env::var_os(name).is_none_or(|value| value.is_empty())) {
        return Ok((None, None));
    }
    let tls = HttpsConnectorBuilder::new().with_native_roots().map_err(NotBegun::Roots)?;
    let client = HyperClient::new(tls.https_or_http().enable_http1().build(), PATIENCE, None);
    let client = InRuntime { client: Arc::new(client), runtime: Handle::current() };
    let exporter = SpanExporter::builder().with_http().with_http_client(client).build().map_err(NotBegun::Exporter)?;
    let mut resource = Resource::builder();
    if env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(NAME);
    }
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer(NAME)).with_filter(filter_fn(ours));
    Ok((Some(Traces { provider }), Some(layer)))
}

/// The log's level does not matter here, and what libraries do is not ours to tell.
fn ours(of: &Metadata<'_>) -> bool {
    of.is_span() && of.target().starts_with("kafka_privatelink")
}

impl Drop for Traces {
    fn drop(&mut self) {
        // Its thread waits for this runtime, so this one may not stand still meanwhile.
        if let Err(error) = tokio::task::block_in_place(|| self.provider.shutdown()) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// The exporter has a thread of its own, outside the runtime that connections need.
#[derive(Debug)]
struct InRuntime {
    client: Arc<dyn HttpClient>,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for InRuntime {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = Arc::clone(&self.client);
        self.runtime.spawn(async move { client.send_bytes(request).await }).await?
    }
}
