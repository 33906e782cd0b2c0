//! What can go wrong on the Kubernetes side of a pass. What AWS refuses is no error: it is data.

use thiserror::Error;

/// One variant per operation.
#[derive(Debug, Error)]
pub(super) enum Error {
    /// The object cannot be read.
    #[error("reading the object failed")]
    Read(#[source] Box<kube::Error>),
    /// The finalizer cannot be set or removed.
    #[error("patching the finalizer failed")]
    Finalizer(#[source] Box<kube::Error>),
    /// A patch of ours is none.
    #[error("building a patch failed")]
    BuildPatch(#[source] serde_json::Error),
    /// Status cannot be written.
    #[error("writing status failed")]
    Status(#[source] Box<kube::Error>),
    /// A bug of ours: this object's pass ended, the others go on.
    #[error("the pass panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

impl Error {
    /// Whether somebody else changed the object meanwhile: no failure, only a reason to start over.
    pub(super) fn is_conflict(&self) -> bool {
        let (Self::Read(error) | Self::Finalizer(error) | Self::Status(error)) = self else { return false };
        match (self, &**error) {
            (_, kube::Error::Api(status)) if status.is_conflict() || status.is_not_found() => true,
            // A JSON patch whose test fails is "invalid".
            (Self::Finalizer(_), kube::Error::Api(status)) => status.code == 422,
            _ => false,
        }
    }

    /// A stable word for logs.
    pub(super) fn category(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::Finalizer(_) => "finalizer",
            Self::BuildPatch(_) => "build-patch",
            Self::Status(_) => "status",
            Self::Panicked(_) => "panic",
        }
    }
}
