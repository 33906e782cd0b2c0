//! TLS that goes on past a certificate it does not trust, and tells what it saw: nothing secret is sent past one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kpl_core::kafka::{Certificate, Obstacle};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::Dial;
use super::access::PROVIDER;
use super::connection::CallFailed;

/// Names of a certificate that are read.
const MOST_NAMES: usize = 200;

/// What the other side showed.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// The certificate, if one came.
    pub(super) certificate: Option<Certificate>,
    /// What is wrong with it.
    pub(super) fault: Option<Obstacle>,
    /// Whether any certificate came: who shows one speaks TLS.
    pub(super) any: bool,
    /// Whether a certificate was asked of us.
    pub(super) asked: bool,
}

/// A handshake, and what was shown in it, however it ended.
pub(super) struct Handshake {
    pub(super) stream: Result<Box<TlsStream<TcpStream>>, CallFailed>,
    pub(super) shown: Shown,
}

/// Shakes hands as a client of the dial's host.
pub(super) async fn handshake(socket: TcpStream, dial: &Dial, answer: Duration) -> Handshake {
    let shown = Arc::new(Mutex::new(Shown::default()));
    let stream = connect(socket, dial, answer, &shown).await;
    let shown = lock(&shown).clone();
    Handshake { stream, shown }
}

async fn connect(
    socket: TcpStream,
    dial: &Dial,
    answer: Duration,
    shown: &Arc<Mutex<Shown>>,
) -> Result<Box<TlsStream<TcpStream>>, CallFailed> {
    let host = dial.server_name.as_ref().or(dial.names.first()).unwrap_or(&dial.address);
    let host =
        ServerName::try_from(host.clone()).map_err(|error| CallFailed::Tls(Error::General(error.to_string())))?;
    let watcher = Watcher {
        roots: Arc::clone(&dial.access.roots),
        host: dial.server_name.clone(),
        names: dial.names.clone(),
        shown: Arc::clone(shown),
    };
    let ours = Ours { certificate: dial.access.client_certificate.clone(), shown: Arc::clone(shown) };
    let config = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER)).with_safe_default_protocol_versions();
    let mut config = config
        .map_err(CallFailed::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(watcher))
        .with_client_cert_resolver(Arc::new(ours));
    // A look asks anew who is there.
    config.resumption = Resumption::disabled();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = timeout(answer, connector.connect(host, socket)).await.map_err(|_| CallFailed::Silent)??;
    Ok(Box::new(stream))
}

fn lock(shown: &Mutex<Shown>) -> std::sync::MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts any certificate that the other side has the key of, and notes what is wrong with it.
#[derive(Debug)]
struct Watcher {
    roots: Arc<RootCertStore>,
    host: Option<String>,
    names: Vec<String>,
    shown: Arc<Mutex<Shown>>,
}

impl Watcher {
    fn fault(
        &self,
        parsed: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        fits: &[String],
        now: UnixTime,
    ) -> Option<Obstacle> {
        let algorithms = PROVIDER.signature_verification_algorithms.all;
        let trusted = verify_server_cert_signed_by_trust_anchor(parsed, &self.roots, intermediates, now, algorithms);
        if let Err(error) = trusted {
            return Some(Obstacle::Untrusted(untrusted(&error)));
        }
        match &self.host {
            Some(host) if !names(parsed, host) => Some(Obstacle::OtherName { wanted: host.clone() }),
            None if fits.is_empty() => Some(Obstacle::OtherName { wanted: self.names.join(" or ") }),
            _ => None,
        }
    }
}

fn names(parsed: &ParsedCertificate<'_>, host: &str) -> bool {
    ServerName::try_from(host).is_ok_and(|host| verify_server_name(parsed, &host).is_ok())
}

fn untrusted(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "it is signed by an authority that is not trusted: name the right one in verification.caSecret".into()
        }
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "it has expired".into()
        }
        Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            "it is not valid yet".into()
        }
        error => error.to_string(),
    }
}

/// `None` where it cannot be read.
fn read(certificate: &CertificateDer<'_>, fits: Vec<String>) -> Option<Certificate> {
    let parsed = x509_cert::Certificate::from_der(certificate).ok()?.tbs_certificate;
    let seconds = parsed.validity.not_after.to_unix_duration().as_secs();
    let expires = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    let entries = parsed.get::<SubjectAltName>().ok().flatten().map(|(_, all)| all.0).unwrap_or_default();
    let names = entries.iter().take(MOST_NAMES).filter_map(|name| match name {
        GeneralName::DnsName(host) => Some(host.to_string()),
        _ => None,
    });
    Some(Certificate { expires, fits, names: names.collect() })
}

impl ServerCertVerifier for Watcher {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut shown = lock(&self.shown);
        shown.any = true;
        match ParsedCertificate::try_from(end_entity) {
            Ok(parsed) => {
                let fits: Vec<String> = self.names.iter().filter(|host| names(&parsed, host)).cloned().collect();
                shown.fault = self.fault(&parsed, intermediates, &fits, now);
                shown.certificate = read(end_entity, fits);
            }
            Err(error) => shown.fault = Some(Obstacle::Untrusted(error.to_string())),
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &PROVIDER.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &PROVIDER.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}

/// Our certificate, and whether it was asked for.
#[derive(Debug)]
struct Ours {
    certificate: Option<Arc<CertifiedKey>>,
    shown: Arc<Mutex<Shown>>,
}

impl ResolvesClientCert for Ours {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        lock(&self.shown).asked = true;
        self.certificate.clone()
    }

    fn has_certs(&self) -> bool {
        // Else it would not be told that one was asked for.
        true
    }
}
