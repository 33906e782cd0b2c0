//! Events of objects, for `kubectl describe`.

use std::hash::{DefaultHasher, Hash, Hasher};

use kpl_core::events::Notice;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource};
use tracing::{info, warn};

use super::FIELD_MANAGER;
use crate::runtime::chain;

/// The API server refuses longer notes.
const MOST_BYTES: usize = 1024;

/// Publishes events; kube's recorder counts repeated ones instead of writing them again.
pub(super) struct Publisher {
    recorder: Recorder,
    kind: ApiResource,
}

impl Publisher {
    pub(super) fn new(client: Client, kind: ApiResource) -> Self {
        let instance = std::env::var("HOSTNAME").ok().filter(|host| !host.is_empty());
        let reporter = Reporter { controller: FIELD_MANAGER.into(), instance };
        Self { recorder: Recorder::new(client, reporter), kind }
    }

    /// Tells people. An event that cannot be written is no reason to fail.
    pub(super) async fn publish(&self, object: &DynamicObject, notices: Vec<Notice>) {
        let reference = object.object_ref(&self.kind);
        for Notice { warning, reason, message } in notices {
            match (warning, reason.as_str()) {
                (true, _) => warn!(reason, "{message}"),
                // Every step is in the log already.
                (false, "Applied") => {}
                (false, _) => info!(reason, "{message}"),
            }
            let event = Event {
                type_: if warning { EventType::Warning } else { EventType::Normal },
                reason,
                action: action(&message),
                note: Some(cut(message)),
                secondary: None,
            };
            if let Err(error) = self.recorder.publish(&event, &reference).await {
                warn!(error = chain(&error), "an event could not be written");
            }
        }
    }
}

/// The recorder counts events of one reason and one action as one and keeps the first note: so what is
/// said is a part of the action, else of three brokers only the first would be named.
fn action(message: &str) -> String {
    let mut hasher = DefaultHasher::new();
    message.hash(&mut hasher);
    format!("Reconcile-{:08x}", hasher.finish() >> 32)
}

fn cut(mut text: String) -> String {
    if text.len() > MOST_BYTES {
        let dots = '…';
        text.truncate(text.floor_char_boundary(MOST_BYTES - dots.len_utf8()));
        text.push(dots);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_notes_are_cut_between_characters() {
        assert_eq!(cut("short".into()), "short");
        let long = cut("é".repeat(1000));
        assert!(long.len() <= MOST_BYTES && long.ends_with("é…"), "{}", long.len());
    }
}
