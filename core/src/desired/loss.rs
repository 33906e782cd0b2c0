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
        if found.get(id) == Some(&Sighting::Gone) {
            lost.insert(*id);
        } else if is_past_grace(evidence, *id, &mut verdict.absent) {
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
        since: before.map_or(*at, |absence| absence.since),
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
