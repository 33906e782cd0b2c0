//! Absence of knowledge is not absence.

use std::collections::{BTreeMap, BTreeSet};

/// A value that a look either read or did not.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Seen<T> {
    /// Not read, or read and no longer to be trusted.
    #[default]
    Unread,
    /// As AWS last said or acknowledged it.
    Read(T),
}

/// What is known of one entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find<'a, T> {
    /// It exists.
    There(&'a T),
    /// It was looked for and is not there.
    Gone,
    /// Nobody looked: never a reason to create or delete.
    Unknown,
}

impl<'a, T> Find<'a, T> {
    /// The entity, if it is known to exist.
    #[must_use]
    pub fn there(self) -> Option<&'a T> {
        match self {
            Self::There(entity) => Some(entity),
            Self::Gone | Self::Unknown => None,
        }
    }
}

impl<T> Seen<T> {
    /// The value, if it was read.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Unread => None,
        }
    }

    /// Changes the value if it was read; what is unread stays unread.
    pub fn update(&mut self, change: impl FnOnce(&mut T)) {
        if let Self::Read(value) = self {
            change(value);
        }
    }

    /// Whether it was read.
    pub fn is_read(&self) -> bool {
        matches!(self, Self::Read(_))
    }

    /// Takes over what `other` read where this one is unread.
    pub fn or_keep(&mut self, other: &Self)
    where
        T: Clone,
    {
        if !self.is_read() {
            self.clone_from(other);
        }
    }
}

impl<T: PartialEq> Seen<T> {
    /// True only for a value that was read and is another one.
    pub fn differs(&self, wanted: &T) -> bool {
        matches!(self, Self::Read(value) if value != wanted)
    }
}

impl<T> Seen<Option<T>> {
    /// What is known of the entity.
    pub fn find(&self) -> Find<'_, T> {
        match self {
            Self::Read(Some(entity)) => Find::There(entity),
            Self::Read(None) => Find::Gone,
            Self::Unread => Find::Unknown,
        }
    }

    /// The entity, if it is known to exist.
    pub fn there(&self) -> Option<&T> {
        self.get().and_then(Option::as_ref)
    }

    /// Changes the entity if it is known to exist.
    pub fn with(&mut self, change: impl FnOnce(&mut T)) {
        if let Self::Read(Some(entity)) = self {
            change(entity);
        }
    }
}

/// Several entities of one kind, by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<K: Ord, V> {
    /// What was seen.
    pub items: BTreeMap<K, V>,
    /// Whether a key that is not among the items is known to be gone.
    pub whole: bool,
    /// Keys of which nothing is known any more, whatever `items` and `whole` say.
    pub doubt: BTreeSet<K>,
}

impl<K: Ord, V> Default for Listing<K, V> {
    fn default() -> Self {
        Self { items: BTreeMap::new(), whole: false, doubt: BTreeSet::new() }
    }
}

impl<K: Ord + Clone, V> Listing<K, V> {
    /// Everything there is.
    #[must_use]
    pub fn whole(items: BTreeMap<K, V>) -> Self {
        Self { items, whole: true, doubt: BTreeSet::new() }
    }

    /// What is known of the entity with this key.
    pub fn find(&self, key: &K) -> Find<'_, V> {
        if self.doubt.contains(key) {
            return Find::Unknown;
        }
        match self.items.get(key) {
            Some(entity) => Find::There(entity),
            None if self.whole => Find::Gone,
            None => Find::Unknown,
        }
    }

    /// The entity, if it is known to exist.
    pub fn there(&self, key: &K) -> Option<&V> {
        if self.doubt.contains(key) { None } else { self.items.get(key) }
    }

    /// Changes the entity if it is known to exist.
    pub fn with(&mut self, key: &K, change: impl FnOnce(&mut V)) {
        if let Some(entity) = self.items.get_mut(key) {
            change(entity);
        }
    }

    /// Whether everything there is is known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.whole && self.doubt.is_empty()
    }

    /// Everything that is known to exist, without what is in doubt.
    pub fn known(&self) -> impl Iterator<Item = (&K, &V)> {
        self.items.iter().filter(|(key, _)| !self.doubt.contains(*key))
    }

    /// Records an entity; ends doubt.
    pub fn put(&mut self, key: K, entity: V) {
        self.doubt.remove(&key);
        self.items.insert(key, entity);
    }

    /// Records that the entity is gone; ends doubt.
    pub fn gone(&mut self, key: &K) {
        self.doubt.remove(key);
        self.items.remove(key);
    }

    /// Puts the entity in doubt: neither there nor gone until somebody looks.
    pub fn forget(&mut self, key: &K) {
        self.items.remove(key);
        self.doubt.insert(key.clone());
    }
}
