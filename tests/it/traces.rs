//! What a collector of traces gets: of a build with the feature `traces` alone.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;

use crate::harness::{Scene, is};

/// One that keeps what it is sent.
struct Collector {
    endpoint: String,
    sent: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    async fn start() -> Self {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&sent);
        let keep = async move |body: Bytes| kept.lock().expect("no panic").push(body);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let served = Router::new().route("/v1/traces", post(keep));
        tokio::spawn(async move { axum::serve(listener, served).await });
        Self { endpoint, sent }
    }

    /// Every span, with the name of the service that sent it.
    fn spans(&self) -> Vec<(String, Span)> {
        let sent = self.sent.lock().expect("no panic").clone();
        let mut spans = Vec::new();
        for resource_spans in sent.iter().flat_map(|body| fields(body, 1)) {
            let service = attribute(&fields(&resource_spans, 1)[0], 1, "service.name").expect("a service");
            let found = fields(&resource_spans, 2).into_iter().flat_map(|scope| fields(&scope, 2));
            spans.extend(found.map(|span| (service.clone(), Span::read(&span))));
        }
        spans
    }
}

/// What is compared of a span of OTLP.
#[derive(Clone, Debug)]
struct Span {
    trace: Vec<u8>,
    id: Vec<u8>,
    parent: Vec<u8>,
    name: String,
    object: Option<String>,
    result: Option<String>,
}

impl Span {
    fn read(bytes: &[u8]) -> Self {
        let one = |number| fields(bytes, number).into_iter().next().unwrap_or_default();
        let name = String::from_utf8(one(5)).expect("a name");
        let of = |key| attribute(bytes, 9, key);
        Self { trace: one(1), id: one(2), parent: one(4), name, object: of("object"), result: of("result") }
    }
}

/// Text of an attribute, where attributes are this field.
fn attribute(bytes: &[u8], number: u64, key: &str) -> Option<String> {
    let found = fields(bytes, number).into_iter().find(|pair| fields(pair, 1) == [key.as_bytes()])?;
    let value = fields(&found, 2).into_iter().next()?;
    String::from_utf8(fields(&value, 1).into_iter().next()?).ok()
}

/// The embedded messages and texts of one number, by protobuf's wire format.
fn fields(mut bytes: &[u8], number: u64) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => {
                varint(&mut bytes);
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)).expect("a length"),
            5 => 4,
            kind => panic!("no such wire type: {kind}"),
        };
        let (value, rest) = bytes.split_at(length);
        bytes = rest;
        if key >> 3 == number {
            found.push(value.to_vec());
        }
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().expect("a whole number");
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return value;
        }
    }
    panic!("a number of more than 64 bits")
}

// Waiting for the operator's end takes a thread, and the collector needs one meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn spans_of_passes_waves_and_calls_reach_the_collector() {
    let collector = Collector::start().await;
    let mut scene = Scene::quiet().await;
    scene.environment.insert("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.clone().into());
    // At this level the log shows none of them.
    scene.start_operator(&["--log-level", "warn"]);
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let ended = scene.operator().stop();
    assert!(ended.success(), "{ended}");

    let spans = collector.spans();
    assert!(spans.iter().all(|(service, _)| service == "kafka-privatelink"), "{spans:?}");
    let spans: Vec<Span> = spans.into_iter().map(|(_, span)| span).collect();
    let parent = |span: &Span| {
        let found = spans.iter().find(|other| other.trace == span.trace && other.id == span.parent);
        found.unwrap_or_else(|| panic!("{span:?} has no parent")).clone()
    };
    let created = spans.iter().find(|span| span.name == "elasticloadbalancing:CreateLoadBalancer").expect("the call");
    assert_eq!(created.result.as_deref(), Some("ok"));
    let wave = parent(created);
    assert_eq!(wave.name, "wave");
    let pass = parent(&wave);
    assert_eq!((pass.name.as_str(), pass.parent.as_slice()), ("reconcile", &[][..]));
    assert_eq!(pass.object, Some(format!("{}/orders", scene.namespace)));
    let calls = scene.calls().await;
    let sent = spans.iter().filter(|span| span.name == "elasticloadbalancing:CreateTargetGroup").count();
    assert_eq!(sent, usize::try_from(calls.actions["CreateTargetGroup"]).expect("few"));
}

#[tokio::test]
async fn without_a_collector_all_goes_on_and_the_log_says_it() {
    let mut scene = Scene::quiet().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    scene.environment.insert("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{closed}").into());
    scene.environment.insert("OTEL_BSP_SCHEDULE_DELAY", "100".into());
    scene.start_operator(&[]);
    scene.orders().create_and_settle(scene.plain_spec()).await;
    let operator = scene.operators.last().expect("it runs");
    let said = async || is(operator.log().contains("BatchSpanProcessor.ExportError"), || operator.log());
    scene.until("the log says that traces were not sent", said).await;
}

#[tokio::test]
async fn variables_that_make_no_sense_are_refused() {
    let mut scene = Scene::quiet().await;
    scene.environment.insert("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318".into());
    let mut operator = scene.another_operator(&[]);
    let code = operator.ended().await.code();
    assert_eq!(code, Some(1), "{}", operator.log());
    assert!(operator.log().contains("traces: the variables OTEL_EXPORTER_OTLP_"), "{}", operator.log());
}
