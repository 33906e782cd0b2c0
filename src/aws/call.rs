//! The one place through which every call goes: it is timed, logged and judged here.

use std::borrow::Cow;
use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef, InterceptorContext,
};
use aws_sdk_ec2::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use futures::future::BoxFuture;
use kpl_core::model::{ErrorClass, Failure, Outcome};
use tracing::{Instrument, debug, debug_span, field, info};

use super::limits::Limits;
use super::{Clients, error};
use crate::election::Leadership;
use crate::metrics::{Answer, Metrics};

tokio::task_local! {
    /// The call under way, for [`Watch`].
    static CALL: Call;
}

struct Call {
    operation: &'static str,
    limits: Arc<Limits>,
    metrics: Metrics,
    /// Who has to lead for it to be sent; a read may always be.
    leadership: Option<Leadership>,
    /// Whether a request was handed to the transport.
    sent: Cell<bool>,
    /// Whether one was held back, since another process may lead.
    held_back: Cell<bool>,
}

/// A write that was not acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unwritten {
    /// AWS said no, or was never asked.
    Refused(Failure),
    /// It may have been done.
    Lost(Failure),
}

impl Unwritten {
    /// What went wrong, whatever became of the work.
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Self::Refused(failure) | Self::Lost(failure) => failure,
        }
    }

    fn failure(&self) -> &Failure {
        let (Self::Refused(failure) | Self::Lost(failure)) = self;
        failure
    }

    /// AWS did it, and its answer lacks what we need to go on.
    pub(super) fn incomplete(operation: &'static str, what: &str) -> Self {
        Self::Lost(incomplete(operation, what))
    }

    /// A refusal inside an answer of 200.
    pub(super) fn refused(operation: &'static str, answer: &impl RequestId, code: &str, message: String) -> Self {
        let class = error::class(code, &message, None);
        let request_id = answer.request_id().map(str::to_owned);
        let failure = Failure { class, operation, code: code.to_owned(), message, request_id };
        info!(operation, request_id = failure.request_id, code, ?class, words = failure.message, "refused inside");
        Self::Refused(failure)
    }
}

impl From<Unwritten> for Outcome {
    fn from(unwritten: Unwritten) -> Self {
        match unwritten {
            Unwritten::Refused(failure) => Self::Refused(failure),
            Unwritten::Lost(failure) => Self::Lost(failure),
        }
    }
}

/// An answer without something that AWS always sends.
pub(super) fn incomplete(operation: &'static str, what: &str) -> Failure {
    Failure {
        class: ErrorClass::Transient,
        operation,
        code: String::new(),
        message: format!("AWS's answer lacks {what}"),
        request_id: None,
    }
}

/// EC2 answers some writes with a flag besides the status.
pub(super) fn confirmed(operation: &'static str, answer: &impl RequestId, flag: Option<bool>) -> Result<(), Unwritten> {
    match flag {
        Some(false) => {
            Err(Unwritten::refused(operation, answer, "ReturnedFalse", "AWS answered return=false".to_owned()))
        }
        Some(true) | None => Ok(()),
    }
}

impl Clients {
    /// Makes a call that changes nothing. Boxed, as are writes: the SDK's futures are tens of kilobytes.
    pub(super) fn read<'a, T, E>(
        &'a self,
        operation: &'static str,
        request: impl Future<Output = Result<T, SdkError<E>>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, Failure>>
    where
        T: RequestId + Send + 'a,
        E: ProvideErrorMetadata + std::error::Error + Send + 'static,
    {
        Box::pin(async move {
            let (result, took) = self.made(operation, None, request).await;
            match &result {
                Ok(answer) => debug!(operation, ms = took, request_id = answer.request_id(), "read"),
                Err(unwritten) => log_failure(unwritten, took, false),
            }
            result.map_err(Unwritten::into_failure)
        })
    }

    /// Makes a call that changes something.
    pub(super) fn write<'a, T, E>(
        &'a self,
        operation: &'static str,
        request: impl Future<Output = Result<T, SdkError<E>>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, Unwritten>>
    where
        T: RequestId + Send + 'a,
        E: ProvideErrorMetadata + std::error::Error + Send + 'static,
    {
        Box::pin(async move {
            let (result, took) = self.made(operation, Some(self.leadership.clone()), request).await;
            match &result {
                Ok(answer) => info!(operation, ms = took, request_id = answer.request_id(), "wrote"),
                Err(unwritten) => log_failure(unwritten, took, true),
            }
            result
        })
    }

    /// Reads every page.
    pub(super) async fn pages<T, E, F>(
        &self,
        operation: &'static str,
        page: impl Fn(Option<String>) -> F,
        next: impl Fn(&T) -> Option<&str>,
    ) -> Result<Vec<T>, Failure>
    where
        F: Future<Output = Result<T, SdkError<E>>> + Send,
        T: RequestId + Send,
        E: ProvideErrorMetadata + std::error::Error + Send + 'static,
    {
        let mut all = Vec::new();
        let mut token = None;
        loop {
            let answer = self.read(operation, page(token)).await?;
            token = next(&answer).filter(|token| !token.is_empty()).map(str::to_owned);
            all.push(answer);
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    async fn made<T, E>(
        &self,
        operation: &'static str,
        leadership: Option<Leadership>,
        request: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> (Result<T, Unwritten>, u64)
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let span = debug_span!("call", otel.name = operation, otel.status_code = field::Empty, result = field::Empty);
        let (result, took) = self.timed(operation, leadership, request).instrument(span.clone()).await;
        let answer = result.as_ref().map_or_else(|unwritten| Answer::Failed(unwritten.failure().class), |_| Answer::Ok);
        span.record("result", answer.label());
        if answer != Answer::Ok {
            span.record("otel.status_code", "ERROR");
        }
        self.metrics.aws().called(operation, answer, took);
        (result, milliseconds(took))
    }

    async fn timed<T, E>(
        &self,
        operation: &'static str,
        leadership: Option<Leadership>,
        request: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> (Result<T, Unwritten>, Duration)
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let came = Instant::now();
        self.limits.admit(operation, self.urgency).await;
        let began = Instant::now();
        self.metrics.aws().waited(operation, began - came);
        let limits = Arc::clone(&self.limits);
        let metrics = self.metrics.clone();
        let call = Call { operation, limits, metrics, leadership, sent: Cell::new(false), held_back: Cell::new(false) };
        let (result, sent, held_back) = CALL
            .scope(call, async {
                let result = request.await;
                CALL.with(|call| (result, call.sent.get(), call.held_back.get()))
            })
            .await;
        let took = began.elapsed();
        let judge = |error| if held_back { unsent(operation) } else { judged(operation, &error, sent) };
        (result.map_err(judge), took)
    }
}

/// Not even asked.
fn unsent(operation: &'static str) -> Unwritten {
    Unwritten::Refused(Failure {
        class: ErrorClass::Transient,
        operation,
        code: String::new(),
        message: "not sent: another replica may lead by now".to_owned(),
        request_id: None,
    })
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

fn log_failure(unwritten: &Unwritten, ms: u64, write: bool) {
    let Failure { class, operation, code, message, request_id } = unwritten.failure();
    let request_id = request_id.as_deref();
    let lost = matches!(unwritten, Unwritten::Lost(_));
    if write {
        info!(operation, ms, request_id, code, ?class, lost, words = message, "write failed");
    } else {
        debug!(operation, ms, request_id, code, ?class, words = message, "read failed");
    }
}

fn judged<E>(operation: &'static str, error: &SdkError<E>, sent: bool) -> Unwritten
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let in_body = error.raw_response().and_then(|response| element(&text_of(response), "RequestI"));
    let request_id = error.request_id().map(str::to_owned).or(in_body);
    let failure = |class, code: &str, message| Failure {
        class,
        operation,
        code: code.to_owned(),
        message,
        request_id: request_id.clone(),
    };
    match error {
        SdkError::ServiceError(context) => {
            let code = error.code().unwrap_or_default();
            let message = readable(error.message().unwrap_or_default());
            let class = error::class(code, &message, Some(context.raw().status().as_u16()));
            let failure = failure(class, code, message);
            // A server that failed does not say how far it had come.
            if class == ErrorClass::Transient { Unwritten::Lost(failure) } else { Unwritten::Refused(failure) }
        }
        _ if sent => Unwritten::Lost(failure(ErrorClass::Transient, "", chain(error))),
        // Nothing was sent. The SDK's own limit of time says nothing about whose fault it is.
        SdkError::TimeoutError(_) => Unwritten::Refused(failure(ErrorClass::Transient, "", chain(error))),
        SdkError::ConstructionFailure(_) => Unwritten::Refused(failure(ErrorClass::Invalid, "", chain(error))),
        // Before the transport come credentials and the signature.
        _ => Unwritten::Refused(failure(ErrorClass::Denied, "", chain(error))),
    }
}

/// EC2 appends kilobytes that only `sts:DecodeAuthorizationMessage` can read.
fn readable(message: &str) -> String {
    message.split("Encoded authorization failure message").next().unwrap_or_default().trim_end().to_owned()
}

/// An error with its causes; the SDK's own `Display` stops at "dispatch failure".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    // The chain of credentials lists its attempts in lines of their own.
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Watches a request go and its answer come: once it left, no answer means that nobody knows.
#[derive(Debug)]
pub(super) struct Watch;

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Outside a call of ours (a credentials provider's own) there is nobody to tell.
        let leads = CALL.try_with(|call| {
            // At the last moment: it may have waited long for AWS's limits, or its process may have been frozen.
            let leads = call.leadership.as_ref().is_none_or(Leadership::holds);
            if leads {
                call.sent.set(true);
            } else {
                call.held_back.set(!call.sent.get());
            }
            leads
        });
        if leads.unwrap_or(true) { Ok(()) } else { Err("another replica may lead by now".into()) }
    }

    /// The SDK does not look into answers that it expects nothing from: what a proxy says in AWS's stead
    /// would pass for a yes.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.output_or_error().is_err() {
            if throttled(context.response()) {
                let _ = CALL.try_with(|call| {
                    call.limits.throttled(call.operation);
                    call.metrics.aws().throttled(call.operation);
                });
            }
            return Ok(());
        }
        if is_answer(&text_of(context.response())) {
            return Ok(());
        }
        Err("the answer is not AWS's".into())
    }
}

/// Lets the SDK repeat a write only when AWS turned it away unread: what may have been done is never sent
/// again behind our back, so `Refused` stays certain and nothing is created twice.
#[derive(Debug)]
pub(super) struct RepeatOnlyThrottled;

impl ClassifyRetry for RepeatOnlyThrottled {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        if !matches!(context.output_or_error(), Some(Err(_))) {
            return RetryAction::NoActionIndicated;
        }
        let unread = context.response().is_some_and(throttled);
        if unread { RetryAction::NoActionIndicated } else { RetryAction::RetryForbidden }
    }

    fn name(&self) -> &'static str {
        "RepeatOnlyThrottled"
    }
}

fn throttled(response: &HttpResponse) -> bool {
    element(&text_of(response), "Code").is_some_and(|code| error::throttled(&code))
}

fn text_of(response: &HttpResponse) -> Cow<'_, str> {
    String::from_utf8_lossy(response.body().bytes().unwrap_or_default())
}

/// Whether the first element is one that AWS answers with.
fn is_answer(body: &str) -> bool {
    let mut elements = body.split('<').skip(1).filter(|element| !element.starts_with(['?', '!']));
    let name = elements.next().and_then(|element| element.split([' ', '>', '/', '\r', '\n']).next());
    name.is_some_and(|name| name.ends_with("Response"))
}

/// The text of the first element of EC2's or ELB's XML whose name starts so (`RequestId`, `RequestID`).
fn element(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}"))?;
    let (_, rest) = rest.split_once('>')?;
    rest.split_once("</").map(|(text, _)| text.trim().to_owned())
}
