//! The file of `--policy`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kpl_core::policy::Policy;
use thiserror::Error;
use tracing::{info, warn};

/// The rules, as the file has them now. It may change while the process runs: a `ConfigMap` does.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    path: PathBuf,
    read: Arc<Mutex<Read>>,
}

/// What was read last, good or bad, and the rules that hold.
#[derive(Debug)]
struct Read {
    text: String,
    policy: Arc<Policy>,
}

/// Why there are no rules.
#[derive(Debug, Error)]
pub enum BadPolicy {
    /// The file cannot be read.
    #[error("the policy {} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// It says nothing that makes sense: the cause has the line.
    #[error("the policy {} is not valid", .0.display())]
    Invalid(PathBuf, #[source] Box<serde_saphyr::Error>),
}

impl PolicyFile {
    /// Reads it for the first time.
    ///
    /// # Errors
    /// If there are no rules to hold objects to: nobody starts without.
    pub fn read(path: PathBuf) -> Result<Self, BadPolicy> {
        let text = std::fs::read_to_string(&path).map_err(|error| BadPolicy::Unreadable(path.clone(), error))?;
        let policy = parsed(&text).map_err(|error| BadPolicy::Invalid(path.clone(), Box::new(error)))?;
        info!(path = %path.display(), rules = policy.rules.len(), "a policy says who may offer what");
        Ok(Self { path, read: Arc::new(Mutex::new(Read { text, policy: Arc::new(policy) })) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rules as of now. While the file cannot be read or makes no sense, the former ones hold.
    #[must_use]
    pub fn current(&self) -> Arc<Policy> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path.display();
        match std::fs::read_to_string(&self.path) {
            Ok(text) if text == read.text => {}
            Ok(text) => {
                match parsed(&text) {
                    Ok(policy) => {
                        info!(%path, rules = policy.rules.len(), "the policy has changed");
                        read.policy = Arc::new(policy);
                    }
                    Err(error) => warn!(%path, %error, "the policy is not valid any more: the former one holds"),
                }
                // Said once of each text.
                read.text = text;
            }
            Err(error) => warn!(%path, %error, "the policy cannot be read any more: the former one holds"),
        }
        Arc::clone(&read.policy)
    }
}

fn parsed(text: &str) -> Result<Policy, serde_saphyr::Error> {
    serde_saphyr::from_str(text)
}
