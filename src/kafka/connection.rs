//! Requests and answers over one connection, each bounded in time and size.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::answer::{Answer, Form, Malformed, printable};
use super::request::{ApiKey, Request};

/// The longest answer that is read, but for those that tell of every topic; ten thousand brokers fit.
pub(super) const MOST_BYTES: usize = 1024 * 1024;
/// How long what follows the first bytes of a stranger is waited for.
const STRANGER: Duration = Duration::from_millis(200);
/// First bytes of a stranger that are read.
const STRANGER_BYTES: u64 = 256;
/// A record of TLS that says what is wrong (an alert), of any version.
const TLS_ALERT: [u8; 2] = [0x15, 0x03];

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum CallFailed {
    /// Nothing came within the time.
    Silent,
    /// The connection ended.
    Closed,
    /// An alert of TLS came where none was expected.
    TlsAlert,
    /// TLS failed.
    Tls(rustls::Error),
    /// Something else came.
    Strange(String),
}

impl From<Malformed> for CallFailed {
    fn from(malformed: Malformed) -> Self {
        Self::Strange(malformed.to_string())
    }
}

impl From<io::Error> for CallFailed {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(error) => Self::Tls(error.clone()),
            None => Self::Closed,
        }
    }
}

/// Bytes both ways.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection on which requests are made one after the other.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    answer: Duration,
    correlation: i32,
}

impl Connection {
    pub(super) fn new(stream: impl Stream + 'static, answer: Duration) -> Self {
        Self { stream: Box::new(stream), answer, correlation: 0 }
    }

    /// The body of the answer.
    pub(super) async fn call(&mut self, request: &Request) -> Result<Vec<u8>, CallFailed> {
        self.call_for(request, MOST_BYTES).await
    }

    /// The same, where an answer may be longer.
    pub(super) async fn call_for(&mut self, request: &Request, most: usize) -> Result<Vec<u8>, CallFailed> {
        self.correlation += 1;
        let frame = request.frame(self.correlation);
        let patience = self.answer;
        let exchange = async {
            self.stream.write_all(&frame).await?;
            self.stream.flush().await?;
            self.frame(most).await
        };
        let mut answer = timeout(patience, exchange).await.map_err(|_| CallFailed::Silent)??;
        let body = body(&answer, request, self.correlation)?;
        let begin = answer.len() - body;
        Ok(answer.split_off(begin))
    }

    async fn frame(&mut self, most: usize) -> Result<Vec<u8>, CallFailed> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).await?;
        let length = match usize::try_from(i32::from_be_bytes(head)) {
            Ok(length) if length <= most => length,
            _ if head.starts_with(&TLS_ALERT) => return Err(CallFailed::TlsAlert),
            _ => return Err(CallFailed::Strange(self.stranger(head).await)),
        };
        // Grows as bytes arrive: a length that is only claimed costs nothing.
        let mut body = Vec::new();
        let wanted = u64::try_from(length).unwrap_or(u64::MAX);
        (&mut self.stream).take(wanted).read_to_end(&mut body).await?;
        if body.len() < length {
            return Err(CallFailed::Closed);
        }
        Ok(body)
    }

    /// What somebody says who does not speak Kafka.
    async fn stranger(&mut self, head: [u8; 4]) -> String {
        let mut said = head.to_vec();
        // What comes in time, however it ends.
        let _ = timeout(STRANGER, (&mut self.stream).take(STRANGER_BYTES).read_to_end(&mut said)).await;
        first_line(&said)
    }
}

fn first_line(said: &[u8]) -> String {
    printable(said.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default())
}

/// The first line that somebody answers to a line of text; `None` if no text comes.
pub(super) async fn greeted(mut stream: impl Stream, answer: Duration) -> Option<String> {
    let mut said = [0; 256];
    let exchange = async {
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
        stream.read(&mut said).await
    };
    let length = timeout(answer, exchange).await.ok()?.ok()?;
    let line = first_line(&said[..length]);
    line.starts_with(|first: char| first.is_ascii_graphic()).then_some(line)
}

/// How many bytes of the frame are the body.
fn body(frame: &[u8], request: &Request, correlation: i32) -> Result<usize, Malformed> {
    // Answers to ApiVersions have the oldest head, for that a broker can refuse a version that it does not know.
    let form = if request.api == ApiKey::ApiVersions { Form::Fixed } else { request.form };
    let mut answer = Answer::new(frame, form);
    if answer.i32()? != correlation {
        return Err(Malformed("it answers another request"));
    }
    answer.tags()?;
    Ok(answer.left())
}
