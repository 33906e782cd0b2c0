//! What this process remembers of each object between its passes. Losing it costs a full look.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kpl_core::desired::Memory;
use tokio::time::Instant;

use super::key::Key;
use super::look::Past;
use super::trigger::Trigger;

/// Memory of one object.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Of the object that this is about; another one of the same name begins anew.
    pub(super) uid: String,
    /// As the last pass left it; status may be older.
    pub(super) memory: Memory,
    /// The last look.
    pub(super) past: Option<Past>,
}

#[derive(Debug)]
struct Rest {
    trigger: Trigger,
    until: Instant,
}

/// Memory of all objects.
#[derive(Debug, Default)]
pub(super) struct States {
    states: Mutex<HashMap<Key, State>>,
    rests: Mutex<HashMap<Key, Rest>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl States {
    /// Takes the memory of an object out: a pass that ends before it puts it back leaves none, and the next
    /// one begins with a full look.
    pub(super) fn take(&self, key: &Key, uid: &str) -> Option<State> {
        lock(&self.rests).remove(key);
        lock(&self.states).remove(key).filter(|state| state.uid == uid)
    }

    /// A copy of the memory of an object that rests.
    pub(super) fn copy(&self, key: &Key, uid: &str) -> Option<State> {
        lock(&self.states).get(key).filter(|state| state.uid == uid).cloned()
    }

    /// Puts it back.
    pub(super) fn put(&self, key: &Key, state: State) {
        lock(&self.states).insert(key.clone(), state);
    }

    /// The object is gone.
    pub(super) fn forget(&self, key: &Key) {
        lock(&self.rests).remove(key);
        lock(&self.states).remove(key);
    }

    /// Nothing is to be done for so long, unless the trigger changes.
    pub(super) fn rest(&self, key: &Key, trigger: Trigger, pause: Duration) {
        lock(&self.rests).insert(key.clone(), Rest { trigger, until: Instant::now() + pause });
    }

    /// How long an object still rests: what woke it was no change that matters.
    pub(super) fn resting(&self, key: &Key, trigger: &Trigger) -> Option<Duration> {
        let rests = lock(&self.rests);
        let rest = rests.get(key).filter(|rest| rest.trigger == *trigger)?;
        let left = rest.until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use kube::core::ObjectMeta;

    use super::*;

    fn key() -> Key {
        Key { namespace: "n".into(), name: "o".into() }
    }

    #[test]
    fn another_object_of_the_same_name_begins_anew() {
        let states = States::default();
        let state = State { uid: "a".into(), memory: Memory::default(), past: None };
        states.put(&key(), state.clone());
        assert!(states.take(&key(), "b").is_none());
        states.put(&key(), state);
        assert!(states.take(&key(), "a").is_some());
        assert!(states.take(&key(), "a").is_none());
    }

    #[test]
    fn only_a_change_that_matters_ends_a_rest() {
        let states = States::default();
        let trigger = |generation| Trigger::of(&ObjectMeta { generation: Some(generation), ..ObjectMeta::default() });
        states.rest(&key(), trigger(1), Duration::from_mins(1));
        assert!(states.resting(&key(), &trigger(1)).is_some());
        assert!(states.resting(&key(), &trigger(2)).is_none());
        states.rest(&key(), trigger(1), Duration::ZERO);
        assert!(states.resting(&key(), &trigger(1)).is_none());
    }
}
