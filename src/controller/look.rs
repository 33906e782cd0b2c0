//! How much the next look reads.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kpl_core::model::{AwsName, Base, LoadBalancerState, Observed, Part, Scope, Urgency};
use kpl_core::pass::Passed;
use kpl_core::plan::WaitingOn;

/// What a look is made for. A new one wants to see everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    /// `metadata.generation`.
    pub(super) generation: i64,
    /// Annotation `requested-at`.
    pub(super) requested_at: Option<String>,
    /// Whether the object goes.
    pub(super) leaving: bool,
}

/// The last look and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Past {
    /// What the last look at everything was for; none if a part of it could not be read.
    pub(super) cause: Option<Cause>,
    /// When everything is looked at again.
    pub(super) full_due: Timestamp,
    /// How long the picture may be kept.
    pub(super) kept_until: Timestamp,
    /// When AWS was looked at.
    pub(super) looked: Timestamp,
    /// As the pass left it.
    pub(super) picture: Observed,
    /// Where the next look finds what is there.
    pub(super) scope: Scope,
    /// What the next look reads besides its base.
    pub(super) doubt: BTreeSet<Part>,
    /// Whether nothing but the load balancer is waited for.
    pub(super) awaits_balancer: bool,
    /// Whether all was as it should be.
    pub(super) settled: bool,
    /// The broker's group whose targets were read last in rotation.
    pub(super) rotated: Option<AwsName>,
}

/// A way to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// At AWS.
    Fresh {
        /// How much.
        base: Base,
        /// And these.
        parts: BTreeSet<Part>,
        /// The group whose turn it is, if any.
        rotated: Option<AwsName>,
    },
    /// At the kept picture, with the load balancer's state in it renewed.
    Kept,
}

/// What was kept of the last look, unless the clock went back since then: nothing in it would be due for as
/// long as the clock went back, and to lose it costs a full look.
pub(super) fn still_past(past: Option<Past>, now: Timestamp) -> Option<Past> {
    past.filter(|past| past.picture.at <= now)
}

/// Chooses. The object's deletion wants names, a new cause or an hour everything; else what is in doubt.
pub(super) fn choose(past: Option<&Past>, cause: &Cause, now: Timestamp) -> Look {
    let parts = past.map(|past| past.doubt.clone()).unwrap_or_default();
    if cause.leaving {
        return Look::Fresh { base: Base::Names, parts, rotated: None };
    }
    let Some(past) = past.filter(|past| past.cause.as_ref() == Some(cause) && now < past.full_due) else {
        return Look::Fresh { base: Base::Full, parts, rotated: None };
    };
    if past.awaits_balancer && past.doubt.is_empty() && now < past.kept_until {
        return Look::Kept;
    }
    steady(past)
}

/// Whether all was as the object says, and it says the same still.
pub(super) fn stands(past: Option<&Past>, cause: &Cause) -> bool {
    past.is_some_and(|past| past.settled && past.cause.as_ref() == Some(cause))
}

/// Whose calls go first where AWS limits them.
pub(super) fn urgency(past: Option<&Past>, cause: &Cause) -> Urgency {
    match (cause.leaving, stands(past, cause)) {
        (true, _) => Urgency::Release,
        (false, false) => Urgency::Create,
        (false, true) => Urgency::Drift,
    }
}

/// What changes by itself, what is in doubt, and one more broker's group in turn.
pub(super) fn steady(past: &Past) -> Look {
    let rotated = next_group(past);
    let mut parts = past.doubt.clone();
    parts.extend(rotated.clone().map(Part::Targets));
    Look::Fresh { base: Base::Steady, parts, rotated }
}

fn next_group(past: &Past) -> Option<AwsName> {
    let Scope { expected_groups, bootstrap_groups, .. } = &past.scope;
    // A steady look shows the bootstrap groups anyway.
    let mut groups = expected_groups.difference(bootstrap_groups);
    let first = groups.clone().next();
    groups.find(|name| past.rotated.as_ref().is_none_or(|last| *name > last)).or(first).cloned()
}

/// Whether a pass ended with nothing to do but to wait for the load balancer.
pub(super) fn awaits_balancer(passed: &Passed) -> bool {
    let plan = &passed.plan;
    provisions(&passed.observed)
        && plan.waiting.iter().all(|on| *on == WaitingOn::LoadBalancerActive)
        && plan.steps.is_empty()
        && plan.ask.is_empty()
        && plan.second.is_empty()
        && !passed.acted()
        && passed.block.is_none()
        && passed.observed.read_failures.is_empty()
        // An absence is counted in looks, and a kept picture is none.
        && passed.desired.memory.absent.is_empty()
}

/// Whether what we made last was made before the look before this one: what neither of two looks shows is
/// not there, and one alone may have come too early.
pub(super) fn looked_twice(past: Option<&Past>, picture: &Observed) -> bool {
    picture.recall.made.is_none_or(|made| past.is_some_and(|past| made <= past.looked))
}

/// Whether the load balancer provisions.
pub(super) fn provisions(picture: &Observed) -> bool {
    picture.load_balancer.there().is_some_and(|lb| lb.state == LoadBalancerState::Provisioning)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kpl_core::desired::{Identity, scope};
    use kpl_core::model::Owner;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn cause() -> Cause {
        Cause { generation: 1, requested_at: None, leaving: false }
    }

    fn past() -> Past {
        let owner = Owner { cluster_id: "c".into(), namespace: "n".into(), name: "o".into() };
        let identity = Identity { owner, holder: "h".into(), uid: "u".into() };
        let mut scope = scope(&identity, None, None);
        scope.expected_groups = ["boot".into(), "one".into(), "two".into()].into();
        scope.bootstrap_groups = ["boot".into()].into();
        Past {
            cause: Some(cause()),
            full_due: NOW + SignedDuration::from_hours(1),
            kept_until: NOW + SignedDuration::from_mins(10),
            looked: NOW,
            picture: Observed::unread(NOW),
            scope,
            doubt: BTreeSet::new(),
            awaits_balancer: false,
            settled: true,
            rotated: None,
        }
    }

    fn base(look: &Look) -> Option<Base> {
        match look {
            Look::Fresh { base, .. } => Some(*base),
            Look::Kept => None,
        }
    }

    #[test]
    fn the_first_look_and_a_new_cause_want_everything() {
        assert_eq!(base(&choose(None, &cause(), NOW)), Some(Base::Full));
        let newer = Cause { generation: 2, ..cause() };
        assert_eq!(base(&choose(Some(&past()), &newer, NOW)), Some(Base::Full));
        let requested = Cause { requested_at: Some("now".into()), ..cause() };
        assert_eq!(base(&choose(Some(&past()), &requested, NOW)), Some(Base::Full));
        let incomplete = Past { cause: None, ..past() };
        assert_eq!(base(&choose(Some(&incomplete), &cause(), NOW)), Some(Base::Full));
    }

    #[test]
    fn everything_is_looked_at_every_hour() {
        assert_eq!(base(&choose(Some(&past()), &cause(), NOW)), Some(Base::Steady));
        let later = NOW + SignedDuration::from_hours(1);
        assert_eq!(base(&choose(Some(&past()), &cause(), later)), Some(Base::Full));
    }

    #[test]
    fn a_look_from_the_future_is_forgotten() {
        assert!(still_past(Some(past()), NOW).is_some());
        let earlier = NOW - SignedDuration::from_secs(1);
        assert!(still_past(Some(past()), earlier).is_none());
    }

    #[test]
    fn deletion_looks_at_names_and_doubts() {
        let leaving = Cause { leaving: true, ..cause() };
        let doubtful = Past { doubt: [Part::SecurityGroup].into(), awaits_balancer: true, ..past() };
        let expected = Look::Fresh { base: Base::Names, parts: [Part::SecurityGroup].into(), rotated: None };
        assert_eq!(choose(Some(&doubtful), &leaving, NOW), expected);
        assert_eq!(base(&choose(None, &leaving, NOW)), Some(Base::Names));
    }

    #[test]
    fn what_stands_yields_to_what_is_made_and_both_to_what_leaves() {
        assert_eq!(urgency(None, &cause()), Urgency::Create);
        assert_eq!(urgency(Some(&past()), &cause()), Urgency::Drift);
        assert_eq!(urgency(Some(&Past { settled: false, ..past() }), &cause()), Urgency::Create);
        assert_eq!(urgency(Some(&past()), &Cause { generation: 2, ..cause() }), Urgency::Create);
        assert_eq!(urgency(Some(&past()), &Cause { leaving: true, ..cause() }), Urgency::Release);
    }

    #[test]
    fn brokers_groups_take_turns() {
        let mut past = past();
        let mut turns = Vec::new();
        for _ in 0..3 {
            let Look::Fresh { parts, rotated, .. } = choose(Some(&past), &cause(), NOW) else { panic!("not kept") };
            assert_eq!(parts, rotated.iter().cloned().map(Part::Targets).collect());
            turns.extend(rotated.as_ref().map(ToString::to_string));
            past.rotated = rotated;
        }
        assert_eq!(turns, ["one", "two", "one"]);
    }

    #[test]
    fn one_look_after_a_create_is_not_enough() {
        let mut picture = Observed::unread(NOW);
        assert!(looked_twice(None, &picture));
        picture.recall.made = Some(NOW + SignedDuration::from_secs(1));
        assert!(!looked_twice(Some(&past()), &picture));
        let later = Past { looked: NOW + SignedDuration::from_secs(2), ..past() };
        assert!(looked_twice(Some(&later), &picture));
    }

    #[test]
    fn a_picture_is_kept_while_only_the_load_balancer_is_awaited() {
        let waiting = Past { awaits_balancer: true, ..past() };
        assert_eq!(choose(Some(&waiting), &cause(), NOW), Look::Kept);
        let doubtful = Past { doubt: [Part::SecurityGroup].into(), ..waiting.clone() };
        assert_eq!(base(&choose(Some(&doubtful), &cause(), NOW)), Some(Base::Steady));
        let late = NOW + SignedDuration::from_mins(10);
        assert_eq!(base(&choose(Some(&waiting), &cause(), late)), Some(Base::Steady));
        let newer = Cause { generation: 2, ..cause() };
        assert_eq!(base(&choose(Some(&waiting), &newer, NOW)), Some(Base::Full));
    }
}
