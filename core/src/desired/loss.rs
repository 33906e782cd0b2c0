//! Never a mistake by absence: which brokers are gone, and when a person is asked first.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::brokers::{Sighting, Sightings};
use super::{Brokers, Intent};
use crate::model::{BrokerId, TargetId, Timing, ZoneId, digest};

/// A broker that the selector no longer finds, though nothing says that it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// When a look missed it first.
    pub since: Timestamp,
    /// How many looks missed it.
    pub looks: u32,
}

/// A loss that a person is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Good once, for this loss only.
    pub token: String,
    /// The brokers whose paths would go.
    pub loses: BTreeSet<BrokerId>,
    /// When it was asked first.
    pub since: Timestamp,
}

/// A broker of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Where it runs, if anybody said.
    pub zone: Option<ZoneId>,
    /// What its ports lead to.
    pub path: Path,
}

/// What a broker's ports lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// This target.
    To(TargetId),
    /// Whatever is registered now: the look did not say anything that a change could rest on.
    AsItIs,
}

/// What a look makes of the brokers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Brokers that keep or get a path.
    pub brokers: BTreeMap<BrokerId, Broker>,
    /// To be remembered until the next look.
    pub absent: BTreeMap<BrokerId, Absence>,
    /// To be asked.
    pub confirmation: Option<Confirmation>,
    /// The selector found nothing at all.
    pub none_found: bool,
}

/// How many looks in a row have to miss a broker before it is gone.
const LOOKS: u32 = 3;

/// What the verdict rests on.
pub struct Evidence<'a> {
    /// The spec.
    pub intent: &'a Intent,
    /// Brokers that have ports.
    pub known: &'a BTreeSet<BrokerId>,
    /// What the look found; `None` when the brokers were not read.
    pub found: Option<&'a Sightings>,
    /// Absences so far.
    pub absent: &'a BTreeMap<BrokerId, Absence>,
    /// What was asked before.
    pub asked: Option<&'a Confirmation>,
    /// What a person answered.
    pub confirm: Option<&'a str>,
    /// Zones of brokers as last known.
    pub zones: &'a BTreeMap<BrokerId, ZoneId>,
    /// uid of the object: part of the token.
    pub uid: &'a str,
    /// When the look was taken.
    pub at: Timestamp,
    /// Graces.
    pub timing: &'a Timing,
}

/// Decides which brokers keep their paths.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> Verdict {
    let Evidence { known, found, absent, asked, zones, .. } = *evidence;
    let kept = |id: &BrokerId| Broker { zone: zones.get(id).cloned(), path: Path::AsItIs };
    let Some(found) = found else {
        return Verdict {
            brokers: known.iter().map(|id| (*id, kept(id))).collect(),
            absent: absent.clone(),
            confirmation: asked.cloned(),
            none_found: false,
        };
    };
    let mut verdict = Verdict { none_found: found.is_empty(), ..Verdict::default() };
    for (id, sighting) in found {
        match sighting {
            Sighting::Here { zone, target } => {
                let broker = Broker { zone: Some(zone.clone()), path: Path::To(target.clone()) };
                verdict.brokers.insert(*id, broker);
            }
            // A broker that never had a path gets none as long as it is unclear.
            Sighting::Unclear(zone) if known.contains(id) => {
                let zone = zone.clone().or_else(|| zones.get(id).cloned());
                verdict.brokers.insert(*id, Broker { zone, path: Path::AsItIs });
            }
            Sighting::Unclear(_) | Sighting::Gone => {}
        }
    }
    let mut lost = BTreeSet::new();
    let unseen: Vec<_> = known.iter().filter(|id| !verdict.brokers.contains_key(id)).collect();
    for id in unseen {
        let ended = found.get(id) == Some(&Sighting::Gone);
        if ended || is_past_grace(evidence, *id, &mut verdict.absent) {
            lost.insert(*id);
        } else {
            verdict.brokers.insert(*id, kept(id));
        }
    }
    if verdict.none_found {
        // A selector that finds none is a wrong selector until somebody says otherwise.
        lost.clear();
        verdict.brokers.extend(known.iter().map(|id| (*id, kept(id))));
    }
    if lost.len() > 1 && lost.len() * 3 >= known.len() {
        let question = question(evidence, lost);
        if evidence.confirm != Some(question.token.as_str()) {
            verdict.brokers.extend(question.loses.iter().map(|id| (*id, kept(id))));
            verdict.confirmation = Some(question);
        }
    }
    verdict
}

fn is_past_grace(evidence: &Evidence<'_>, id: BrokerId, absent: &mut BTreeMap<BrokerId, Absence>) -> bool {
    let Evidence { intent, at, timing, .. } = evidence;
    if !matches!(intent.brokers, Brokers::Selector { .. }) {
        return true; // a list is a person's word
    }
    let before = evidence.absent.get(&id);
    let absence = Absence {
        // A clock that was put back must not make it wait until it has caught up.
        since: before.map_or(*at, |absence| absence.since.min(*at)),
        looks: before.map_or(0, |absence| absence.looks).saturating_add(1),
    };
    absent.insert(id, absence);
    absence.looks >= LOOKS && at.duration_since(absence.since) >= timing.absence_grace
}

fn question(evidence: &Evidence<'_>, loses: BTreeSet<BrokerId>) -> Confirmation {
    let since = evidence.asked.filter(|asked| asked.loses == loses).map_or(evidence.at, |asked| asked.since);
    let ids = loses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let token = digest(&[evidence.uid, &ids, &since.to_string()])[..12].to_owned();
    Confirmation { token, loses, since }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::VpcSource;
    use super::*;
    use crate::desired::Verification;
    use crate::model::{HealthCheck, InboundRules};

    fn intent(brokers: Brokers) -> Intent {
        Intent {
            region: "us-west-2".into(),
            account: None,
            observe_only: false,
            tags: BTreeMap::new(),
            vpc: VpcSource::Id("vpc-1".into()),
            egress: crate::api::v1alpha1::Egress::None,
            subnets: BTreeMap::new(),
            brokers,
            broker_groups: BTreeSet::new(),
            listeners: BTreeMap::new(),
            health_check: HealthCheck {
                interval_seconds: 10,
                healthy_threshold: 2,
                unhealthy_threshold: 2,
                tcp_on_traffic_port: true,
            },
            deregistration_delay_seconds: 60,
            inbound_rules: InboundRules::Enforced,
            deletion_protection: false,
            idle_timeout_seconds: 350,
            consumers: BTreeMap::new(),
            verification: Verification { enabled: false, address: None, interval: SignedDuration::from_mins(10) },
        }
    }

    /// A history of looks at one object.
    struct Looks {
        intent: Intent,
        known: BTreeSet<BrokerId>,
        verdict: Verdict,
        minutes: i64,
    }

    impl Looks {
        fn by_tag(known: i32) -> Self {
            Self::from(Brokers::Selector { tags: BTreeMap::new(), id_tag: "id".into() }, known)
        }

        fn from(brokers: Brokers, known: i32) -> Self {
            let known = (1..=known).map(BrokerId).collect();
            Self { intent: intent(brokers), known, verdict: Verdict::default(), minutes: 0 }
        }

        fn look(&mut self, found: Option<&Sightings>, confirm: Option<&str>) -> Vec<i32> {
            self.minutes += 2;
            self.verdict = judge(&Evidence {
                intent: &self.intent,
                known: &self.known,
                found,
                absent: &self.verdict.absent,
                asked: self.verdict.confirmation.as_ref(),
                confirm,
                zones: &BTreeMap::new(),
                uid: "uid",
                at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(self.minutes),
                timing: &Timing::default(),
            });
            let ids: Vec<i32> = self.verdict.brokers.keys().map(|id| id.0).collect();
            self.known.retain(|id| ids.contains(&id.0));
            ids
        }
    }

    fn here(ids: impl IntoIterator<Item = i32>) -> Sightings {
        let sighting =
            |id: i32| Sighting::Here { zone: "usw2-az1".into(), target: TargetId::Instance(format!("i-{id}").into()) };
        ids.into_iter().map(|id| (BrokerId(id), sighting(id))).collect()
    }

    #[test]
    fn a_failed_read_changes_nothing() {
        let mut looks = Looks::by_tag(3);
        assert_eq!(looks.look(None, None), [1, 2, 3]);
        assert!(looks.verdict.brokers.values().all(|broker| broker.path == Path::AsItIs));
        assert!(looks.verdict.absent.is_empty());
    }

    #[test]
    fn a_selector_that_finds_none_is_never_a_deletion() {
        let mut looks = Looks::by_tag(3);
        for _ in 0..20 {
            assert_eq!(looks.look(Some(&here([])), None), [1, 2, 3]);
            assert!(looks.verdict.none_found);
        }
        assert_eq!(looks.verdict.confirmation, None);
    }

    #[test]
    fn one_that_is_merely_absent_goes_after_three_looks_and_the_grace() {
        let mut looks = Looks::by_tag(4);
        let found = here(1..=3);
        for _ in 0..3 {
            assert_eq!(looks.look(Some(&found), None), [1, 2, 3, 4], "after {} minutes", looks.minutes);
        }
        assert_eq!(looks.look(Some(&found), None), [1, 2, 3]);
    }

    #[test]
    fn one_that_is_absent_goes_in_time_though_the_clock_is_put_back() {
        let mut looks = Looks::by_tag(4);
        let found = here(1..=3);
        looks.look(Some(&found), None);
        looks.minutes -= 180;
        for _ in 0..3 {
            looks.look(Some(&found), None);
        }
        assert_eq!(looks.look(Some(&found), None), [1, 2, 3], "after {} minutes", looks.minutes);
    }

    #[test]
    fn one_that_comes_back_starts_again() {
        let mut looks = Looks::by_tag(4);
        looks.look(Some(&here(1..=3)), None);
        looks.look(Some(&here(1..=4)), None);
        assert!(looks.verdict.absent.is_empty());
    }

    #[test]
    fn one_that_was_terminated_goes_at_once() {
        let mut looks = Looks::by_tag(4);
        let mut found = here(1..=3);
        found.insert(BrokerId(4), Sighting::Gone);
        assert_eq!(looks.look(Some(&found), None), [1, 2, 3]);
    }

    #[test]
    fn losing_many_asks_and_the_answer_is_good_for_that_loss_only() {
        let mut looks = Looks::by_tag(6);
        let mut found = here(1..=4);
        found.extend([(BrokerId(5), Sighting::Gone), (BrokerId(6), Sighting::Gone)]);
        assert_eq!(looks.look(Some(&found), None), [1, 2, 3, 4, 5, 6]);
        let asked = looks.verdict.confirmation.clone().expect("it asks");
        assert_eq!(looks.look(Some(&found), Some("another token")).len(), 6);
        assert_eq!(looks.verdict.confirmation.as_ref(), Some(&asked), "the question stays the same");
        found.insert(BrokerId(4), Sighting::Gone);
        assert_eq!(looks.look(Some(&found), Some(&asked.token)).len(), 6, "more is lost than was asked");
        let again = looks.verdict.confirmation.clone().expect("it asks again");
        assert_ne!(again.token, asked.token);
        assert_eq!(looks.look(Some(&found), Some(&again.token)), [1, 2, 3]);
        assert_eq!(looks.verdict.confirmation, None);
    }

    #[test]
    fn few_of_many_go_without_a_question() {
        let mut looks = Looks::by_tag(7);
        let mut found = here(1..=5);
        found.extend([(BrokerId(6), Sighting::Gone), (BrokerId(7), Sighting::Gone)]);
        assert_eq!(looks.look(Some(&found), None), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_list_acts_at_once_but_asks_about_many() {
        let mut looks = Looks::from(Brokers::Addresses(BTreeMap::new()), 4);
        assert_eq!(looks.look(Some(&here(1..=3)), None), [1, 2, 3]);
        assert_eq!(looks.look(Some(&here([1])), None), [1, 2, 3]);
        assert!(looks.verdict.confirmation.is_some());
    }

    #[test]
    fn one_that_is_unclear_keeps_its_path_and_a_new_one_gets_none() {
        let mut looks = Looks::by_tag(2);
        let mut found = here([1]);
        found.extend([(BrokerId(2), Sighting::Unclear(None)), (BrokerId(3), Sighting::Unclear(None))]);
        assert_eq!(looks.look(Some(&found), None), [1, 2]);
    }
}
