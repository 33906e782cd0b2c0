//! The process around the controller: logs, the admin server, signals.

pub mod admin;
pub mod health;
pub mod stop;
pub mod telemetry;
#[cfg(feature = "traces")]
pub mod traces;

/// An error with its causes in one line; a `Display` never repeats its source.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = words(error);
    let mut cause = error.source().filter(|_| answer(error).is_none());
    while let Some(error) = cause {
        let words = words(error);
        // Errors of others do repeat theirs.
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        // Below an answer of the API server there is only the same again, in the words of Rust.
        cause = error.source().filter(|_| answer(error).is_none());
    }
    text
}

fn words(error: &(dyn std::error::Error + 'static)) -> String {
    match answer(error) {
        Some(status) if status.reason.is_empty() => status.message.clone(),
        Some(status) => format!("{} ({})", status.message, status.reason),
        None => error.to_string(),
    }
}

fn answer<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a kube::core::Status> {
    let boxed = || error.downcast_ref::<Box<kube::Error>>().map(AsRef::as_ref);
    match error.downcast_ref::<kube::Error>().or_else(boxed) {
        Some(kube::Error::Api(status)) => Some(status),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("writing status failed")]
    struct Failed(#[source] Box<kube::Error>);

    #[test]
    fn an_answer_of_the_api_server_is_said_once() {
        let status = kube::core::Status::failure("orders is invalid", "Invalid").with_code(422);
        let failed = Failed(Box::new(kube::Error::Api(status.boxed())));
        assert_eq!(chain(&failed), "writing status failed: orders is invalid (Invalid)");
    }
}
