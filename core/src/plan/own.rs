//! What every kind that is known by its tags alone has in common.
//!
//! An answer that was lost may leave a second one under the same key: it is deleted when all of the kind are known, but for
//! volumes, of which a person says which one holds the records.

use super::{Draft, Step, tagging};
use crate::model::{Find, Own, Part, ResourceKey, Seen, Tags};

/// Finds what was made under a key and repairs its tags; where there is none, `create` says how it is made.
pub(super) fn hold<'a, T: Own + 'a>(
    key: &ResourceKey,
    wanted: &Tags,
    draft: &mut Draft<'a>,
    create: impl FnOnce() -> Step,
) -> Option<&'a T> {
    match draft.observed.own::<T>(key) {
        Find::Unknown => draft.ask(Part::Own(T::KIND)),
        Find::Gone => draft.create_unnamed(create()),
        Find::There(own) => {
            repair(own, wanted, draft);
            return Some(own);
        }
    }
    None
}

/// Gives one its wanted tags.
pub(super) fn repair<T: Own>(own: &T, wanted: &Tags, draft: &mut Draft<'_>) {
    let subject = T::tagged(own.id());
    let steps = tagging::repair(wanted, own.tags(), &subject);
    draft.write(own.tags(), subject, steps);
}

/// Those of ours that are to go. What an earlier look knew of them is no reason to delete: it is asked first.
pub(super) fn unwanted<'a, T: Own + 'a>(draft: &mut Draft<'a>, goes: impl Fn(&T) -> bool) -> Vec<&'a T> {
    let listing = T::listing(&draft.observed.own);
    let going: Vec<_> = listing.known().map(|(_, own)| own).filter(|own| goes(own)).collect();
    if going.is_empty() || listing.is_complete() {
        return going;
    }
    draft.ask(Part::Own(T::KIND));
    Vec::new()
}

/// Asks which are ours, unless that is known.
pub(super) fn list<T: Own>(draft: &mut Draft<'_>) {
    if !T::listing(&draft.observed.own).is_complete() {
        draft.ask(Part::Own(T::KIND));
    }
}

/// Whether none of ours is known to be left.
pub(super) fn is_gone<T: Own>(draft: &Draft<'_>) -> bool {
    let listing = T::listing(&draft.observed.own);
    listing.items.is_empty() && listing.doubt.is_empty()
}

/// A step on one of ours.
pub(super) fn write<T: Own>(own: &T, step: impl Into<Step>, draft: &mut Draft<'_>) {
    draft.write(own.tags(), T::tagged(own.id()), vec![step.into()]);
}

/// As AWS answers a create: only the id is new.
pub(super) fn read(tags: &Tags) -> Seen<Tags> {
    Seen::Read(tags.clone())
}
