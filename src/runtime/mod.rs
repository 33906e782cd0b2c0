//! The process around the controller: logs, the admin server, signals.

pub mod admin;
pub mod health;
pub mod stop;
pub mod telemetry;

/// An error with its causes in one line; a `Display` never repeats its source.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        // kube's errors do repeat theirs.
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}
