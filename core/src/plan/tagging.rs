//! Tags of what is ours: repaired in place, whatever the kind.

use std::collections::BTreeSet;
use std::fmt;

use super::{Effect, joined};
use crate::model::{Answer, HOLDER_TAG, Observed, Part, Seen, Tagged, Tags, tag_difference};

/// A write to the tags of one resource. AWS has one call to set and one to remove, so it is one or the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Change {
    /// Add or change.
    Set {
        /// Whose.
        subject: Tagged,
        /// Those that differ.
        tags: Tags,
    },
    /// Remove.
    Remove {
        /// Whose.
        subject: Tagged,
        /// Which.
        keys: BTreeSet<String>,
    },
}

/// The tags of a resource in the picture.
pub fn tags_of<'a>(observed: &'a mut Observed, subject: &Tagged) -> Option<&'a mut Seen<Tags>> {
    match subject {
        Tagged::Own(kind, id) => observed.own.tags_mut(*kind, id),
        Tagged::Subnet(zone, id) => {
            observed.subnets.items.get_mut(zone).filter(|subnet| subnet.id == *id).map(|subnet| &mut subnet.tags)
        }
        Tagged::SecurityGroup(_) => there(&mut observed.security_group).map(|group| &mut group.tags),
        Tagged::TargetGroup(name, _) => observed.target_groups.items.get_mut(name).map(|group| &mut group.tags),
        Tagged::LoadBalancer(_) => there(&mut observed.load_balancer).map(|lb| &mut lb.tags),
        Tagged::Listener(port, _) => match &mut there(&mut observed.load_balancer)?.listeners {
            Seen::Read(listeners) => listeners.get_mut(port).map(|listener| &mut listener.tags),
            Seen::Unread => None,
        },
        Tagged::EndpointService(_) => there(&mut observed.endpoint_service).map(|service| &mut service.tags),
    }
}

fn there<T>(seen: &mut Seen<Option<T>>) -> Option<&mut T> {
    match seen {
        Seen::Read(Some(entity)) => Some(entity),
        _ => None,
    }
}

impl Change {
    fn subject(&self) -> &Tagged {
        match self {
            Self::Set { subject, .. } | Self::Remove { subject, .. } => subject,
        }
    }
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, _: &Answer) {
        let Some(have) = tags_of(observed, self.subject()) else { return };
        match self {
            Self::Set { tags, .. } => have.update(|have| have.extend(tags.clone())),
            Self::Remove { keys, .. } => have.update(|have| have.retain(|key, _| !keys.contains(key))),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        if let Some(have) = tags_of(observed, self.subject()) {
            *have = Seen::Unread;
        }
    }

    fn effect(&self) -> Effect {
        Effect::Neutral
    }

    fn parts(&self) -> BTreeSet<Part> {
        match self.subject() {
            // They come with their tags; a look that has not listed them has nothing to read tags into.
            Tagged::Own(kind, _) => [Part::Own(*kind)].into(),
            Tagged::Subnet(..) => [Part::Subnets].into(),
            subject => [Part::Tags(subject.clone())].into(),
        }
    }

    fn sign(&self) -> char {
        '~'
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { subject, tags } => write!(f, "tags of {subject}: {}", super::settings(tags)),
            Self::Remove { subject, keys } => write!(f, "tags of {subject}: without {}", joined(keys)),
        }
    }
}

// === plan ===

/// Steps that give a resource its wanted tags; none while its tags are unread.
pub(super) fn repair(wanted: &Tags, have: &Seen<Tags>, subject: &Tagged) -> Vec<super::Step> {
    let Some((set, remove)) = have.get().and_then(|have| tag_difference(wanted, have)) else { return Vec::new() };
    if !remove.is_empty() {
        // What is to go is known only from `tag-keys`, so that is written last.
        return vec![super::Step::Tagging(Change::Remove { subject: subject.clone(), keys: remove })];
    }
    vec![super::Step::Tagging(Change::Set { subject: subject.clone(), tags: set })]
}

/// Says that no cluster holds the resource any more.
pub(super) fn clear_holder(have: &Seen<Tags>, subject: &Tagged, draft: &mut super::Draft<'_>) {
    match have.get() {
        None => draft.ask(Part::Tags(subject.clone())),
        Some(tags) if tags.contains_key(HOLDER_TAG) => {
            let keys = [HOLDER_TAG.to_owned()].into();
            let step = super::Step::Tagging(Change::Remove { subject: subject.clone(), keys });
            draft.write(have, subject.clone(), vec![step]);
        }
        Some(_) => {}
    }
}
