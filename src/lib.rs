//! An operator that offers a Kafka cluster over AWS `PrivateLink`.
//!
//! ```text
//! cli ─► runtime (telemetry, admin, stop), election (who of several acts)
//!  └───► controller ─► kpl_core (decides) ─► cloud (port) ◄─ aws (adapter)
//! ```
//! `controller` is generic over the cloud; only this file names AWS.

pub mod aws;
pub mod cli;
pub mod cloud;
pub mod controller;
pub mod election;
pub mod iam;
pub mod kafka;
pub mod metrics;
pub mod runtime;

use std::process::ExitCode;

use kpl_core::model::{Region, Urgency};

use crate::aws::{AwsClients, AwsCloud};
use crate::cloud::Clouds;

impl Clouds for AwsClients {
    type Cloud = AwsCloud;

    fn region(&self, region: &Region, urgency: Urgency) -> AwsCloud {
        self.for_region(region, urgency)
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    // One provider for kube and for the SDK; `Err` says that somebody installed one before.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    cli::run(AwsClients::load)
}
