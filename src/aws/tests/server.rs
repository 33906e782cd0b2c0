//! A server on loopback that answers by script. Written by hand: a web framework cannot hang up in the
//! middle of an answer.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The parameters of a request; `Action` among them.
pub(super) type Form = BTreeMap<String, String>;

/// What the script says to a request.
pub(super) enum Reply {
    Answer(u16, String),
    /// The connection ends without an answer.
    Cut,
}

impl Reply {
    pub(super) fn ok(body: impl Into<String>) -> Self {
        Self::Answer(200, body.into())
    }

    /// An error as EC2 writes it.
    pub(super) fn ec2_error(status: u16, code: &str, message: &str) -> Self {
        Self::Answer(
            status,
            format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
                 <RequestID>req-e</RequestID></Response>"
            ),
        )
    }

    /// An error as ELB writes it.
    pub(super) fn elb_error(status: u16, code: &str, message: &str) -> Self {
        Self::Answer(
            status,
            format!(
                r#"<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>{message}</Message></Error><RequestId>req-e</RequestId></ErrorResponse>"#
            ),
        )
    }
}

/// Ends with the test's runtime.
pub(super) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Form>>>,
}

impl Server {
    pub(super) async fn start(script: impl Fn(&Form) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<Form>>>::default();
        let (script, noted) = (Arc::new(script), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, noted) = (Arc::clone(&script), Arc::clone(&noted));
                tokio::spawn(async move { converse(stream, &*script, &noted).await });
            }
        });
        Self { address, seen }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub(super) fn seen(&self) -> Vec<Form> {
        self.seen.lock().unwrap().clone()
    }

    /// The requests so far, by action.
    pub(super) fn actions(&self) -> Vec<String> {
        self.seen().iter().map(|form| form["Action"].clone()).collect()
    }
}

async fn converse(mut stream: TcpStream, script: &(dyn Fn(&Form) -> Reply + Send + Sync), noted: &Mutex<Vec<Form>>) {
    let mut text = Vec::new();
    let body = loop {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => text.extend_from_slice(&chunk[..read]),
            _ => return,
        }
        if let Some(body) = body(&String::from_utf8_lossy(&text)) {
            break body;
        }
    };
    let form = form(&body);
    noted.lock().unwrap().push(form.clone());
    if let Reply::Answer(status, body) = script(&form) {
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
    }
}

/// The body, once it is there as a whole.
fn body(text: &str) -> Option<String> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    (body.len() >= length.unwrap_or(0)).then(|| body.to_owned())
}

fn form(body: &str) -> Form {
    body.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (decoded(key), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().replace('+', " ");
    for part in parts {
        let (hex, rest) = part.split_at(2);
        decoded.push(char::from(u8::from_str_radix(hex, 16).unwrap()));
        decoded.push_str(rest);
    }
    decoded
}
