//! Logs, on stderr: stdout belongs to what a command prints.

use std::fmt::{Debug, Formatter};
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};

use clap::ValueEnum;
use thiserror::Error;
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Layered, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

/// What sees everything and writes lines of the log.
pub type Logged =
    Layered<Filtered<Box<dyn Layer<Registry> + Send + Sync>, reload::Layer<EnvFilter, Registry>, Registry>, Registry>;

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

impl Debug for LogFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LogFilter").field(&self.text()).finish()
    }
}

/// Begins to log; spans go to `spans` too.
///
/// # Errors
/// The filter does not parse.
pub fn init(format: LogFormat, filter: &str, spans: impl Layer<Logged> + Send + Sync) -> Result<LogFilter, BadFilter> {
    let (current, handle) = reload::Layer::new(parsed(filter)?);
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
        LogFormat::Text => lines.with_target(false).with_ansi(io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(current)).with(spans).init();
    let replace = Arc::new(move |filter| handle.reload(filter));
    Ok(LogFilter { text: Arc::new(Mutex::new(filter.to_owned())), replace })
}

fn parsed(filter: &str) -> Result<EnvFilter, BadFilter> {
    EnvFilter::builder().parse(filter).map_err(|source| BadFilter { filter: filter.to_owned(), source })
}
