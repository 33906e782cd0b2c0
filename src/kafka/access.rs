//! Whom to trust, and who we are.

use std::fmt;
use std::sync::{Arc, LazyLock};

use kpl_core::kafka::Mechanism;
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error;

/// How the operator logs in.
pub struct LogIn {
    /// By which mechanism.
    pub mechanism: Mechanism,
    /// As whom.
    pub user: String,
    /// With what.
    pub password: String,
}

impl fmt::Debug for LogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogIn").field("mechanism", &self.mechanism).field("user", &self.user).finish_non_exhaustive()
    }
}

/// What a Secret holds is of no use.
#[derive(Debug, Error)]
pub enum BadAccess {
    /// No PEM.
    #[error("the {0} cannot be read as PEM: {1}")]
    Pem(&'static str, pem::Error),
    /// No certificate in it.
    #[error("the {0} holds no certificate")]
    Empty(&'static str),
    /// A certificate that cannot be trusted.
    #[error("the CA cannot be used: {0}")]
    Root(rustls::Error),
    /// Certificate and key of the operator do not go together, or the key is of an unknown kind.
    #[error("the client certificate and its key cannot be used: {0}")]
    Client(rustls::Error),
}

/// How a listener is asked.
#[derive(Debug)]
pub struct Access {
    pub(super) roots: Arc<RootCertStore>,
    pub(super) client_certificate: Option<Arc<CertifiedKey>>,
    pub(super) log_in: Option<LogIn>,
}

/// One provider for all of the process.
pub(super) static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));

/// Roots of the system. Where it has none, only those that are given are trusted, and what is wrong then names the certificate.
static SYSTEM: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (taken, left) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(taken, left, errors = found.errors.len(), "system roots for Kafka's certificates");
    Arc::new(roots)
});

impl Access {
    /// `roots` are PEM, trusted beside those of the system; `client_certificate` is a chain and its key, both PEM.
    ///
    /// # Errors
    /// Something is not PEM, holds no certificate, or does not go together.
    pub fn new(
        roots: Option<&[u8]>,
        client_certificate: Option<(&[u8], &[u8])>,
        log_in: Option<LogIn>,
    ) -> Result<Self, BadAccess> {
        let roots = match roots {
            None => Arc::clone(&SYSTEM),
            Some(pem) => {
                let mut all = RootCertStore::clone(&SYSTEM);
                for root in certificates(pem, "CA")? {
                    all.add(root).map_err(BadAccess::Root)?;
                }
                Arc::new(all)
            }
        };
        let client_certificate = client_certificate.map(|(chain, key)| {
            let chain = certificates(chain, "client certificate")?;
            let key = PrivateKeyDer::from_pem_slice(key)
                .map_err(|error| BadAccess::Pem("key of the client certificate", error))?;
            CertifiedKey::from_der(chain, key, &PROVIDER).map(Arc::new).map_err(BadAccess::Client)
        });
        Ok(Self { roots, client_certificate: client_certificate.transpose()?, log_in })
    }
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, BadAccess> {
    let all = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|error| BadAccess::Pem(what, error))?;
    if all.is_empty() { Err(BadAccess::Empty(what)) } else { Ok(all) }
}
