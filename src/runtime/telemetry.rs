//! Logs, on stderr: stdout belongs to what a command prints.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use thiserror::Error;
use tracing_subscriber::EnvFilter;

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// An object of JSON a line.
    Json,
    /// For people.
    Text,
}

/// The log could not be set up.
#[derive(Debug, Error)]
#[error("--log-level {filter:?} is not a filter such as info or info,kafka_privatelink=debug")]
pub struct BadFilter {
    filter: String,
    source: tracing_subscriber::filter::ParseError,
}

/// Begins to log.
///
/// # Errors
/// The filter does not parse.
pub fn init(format: LogFormat, filter: &str) -> Result<(), BadFilter> {
    let parsed =
        EnvFilter::builder().parse(filter).map_err(|source| BadFilter { filter: filter.to_owned(), source })?;
    let log = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(io::stderr);
    match format {
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).init(),
        LogFormat::Text => log.with_target(false).with_ansi(io::stderr().is_terminal()).init(),
    }
    Ok(())
}
