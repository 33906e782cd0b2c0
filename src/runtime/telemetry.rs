//! Logs, on stderr: stdout belongs to what a command prints.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};

use clap::ValueEnum;
use thiserror::Error;
use tracing_subscriber::{EnvFilter, reload};

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// An object of JSON a line.
    Json,
    /// For people.
    Text,
}

/// What is not a filter of the log.
#[derive(Debug, Error)]
#[error("{filter:?} is not a filter such as info or info,kafka_privatelink=debug")]
pub struct BadFilter {
    filter: String,
    source: tracing_subscriber::filter::ParseError,
}

/// The filter of a log that is under way.
#[derive(Clone)]
pub struct LogFilter {
    text: Arc<Mutex<String>>,
    replace: Arc<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>,
}

impl LogFilter {
    /// As it was written.
    #[must_use]
    pub fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Holds from the next event on, until the process ends.
    ///
    /// # Errors
    /// It does not parse; the former one stays.
    ///
    /// # Panics
    /// The log is gone; it is as long as the process is.
    pub fn set(&self, filter: &str) -> Result<(), BadFilter> {
        let parsed = parsed(filter)?;
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        (self.replace)(parsed).expect("the log lives as long as the process");
        filter.clone_into(&mut text);
        Ok(())
    }
}

impl fmt::Debug for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogFilter").field(&self.text()).finish()
    }
}

/// Begins to log.
///
/// # Errors
/// The filter does not parse.
pub fn init(format: LogFormat, filter: &str) -> Result<LogFilter, BadFilter> {
    let log = tracing_subscriber::fmt().with_env_filter(parsed(filter)?).with_writer(io::stderr);
    let replace: Arc<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync> = match format {
        LogFormat::Json => {
            let log = log.json().flatten_event(true).with_current_span(false).with_filter_reloading();
            let handle = log.reload_handle();
            log.init();
            Arc::new(move |filter| handle.reload(filter))
        }
        LogFormat::Text => {
            let log = log.with_target(false).with_ansi(io::stderr().is_terminal()).with_filter_reloading();
            let handle = log.reload_handle();
            log.init();
            Arc::new(move |filter| handle.reload(filter))
        }
    };
    Ok(LogFilter { text: Arc::new(Mutex::new(filter.to_owned())), replace })
}

fn parsed(filter: &str) -> Result<EnvFilter, BadFilter> {
    EnvFilter::builder().parse(filter).map_err(|source| BadFilter { filter: filter.to_owned(), source })
}
