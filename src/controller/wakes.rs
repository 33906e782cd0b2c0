//! Wakes objects from within the process: what was learnt of one has to be told in its status.

use std::sync::Mutex;
use std::sync::PoisonError;

use futures::Stream;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use kube::runtime::reflector::ObjectRef;

use super::key::{Key, Watched};

/// The namespace that a watch is bound to, if it is, and the way to it.
type Watch = (Option<String>, UnboundedSender<ObjectRef<Watched>>);

/// A way to each watch.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    watches: Mutex<Vec<Watch>>,
}

impl Wakes {
    /// What a watch hears of.
    pub(super) fn of_watch(&self, namespace: Option<String>) -> impl Stream<Item = ObjectRef<Watched>> + use<> {
        let (sender, receiver): (_, UnboundedReceiver<_>) = unbounded();
        self.watches.lock().unwrap_or_else(PoisonError::into_inner).push((namespace, sender));
        receiver
    }

    /// Wakes the object, if it is watched.
    pub(super) fn wake(&self, key: &Key) {
        let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let watch = watches.iter().find(|(only, _)| only.as_ref().is_none_or(|only| *only == key.namespace));
        if let Some((_, sender)) = watch {
            // A watch that has ended is one of a process that ends.
            let _ = sender.unbounded_send(ObjectRef::new(&key.name).within(&key.namespace));
        }
    }
}
