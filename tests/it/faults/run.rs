//! One telling of the story, with at most one fault, and what was wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use kpl_core::model::{OWNER_TAG, RESOURCE_TAG};

use super::fault::{Fault, Kind};
use super::neighbours;
use super::portrait::Portrait;
use super::story::{Chapter, Story};
use crate::harness::{Inventory, Operator, is, until};

/// A call of the operator: `service:Action`, and whether it writes.
pub type Called = (String, bool);

/// What came of a telling.
#[derive(Debug, Default)]
pub struct Told {
    /// The calls of each chapter.
    pub calls: BTreeMap<Chapter, BTreeSet<Called>>,
    /// The account at the end of each chapter but the last, when it is as it was.
    pub portraits: BTreeMap<Chapter, Portrait>,
    /// How many calls met the fault.
    pub met: u64,
    /// What was there twice at the end of a chapter.
    pub duplicates: Vec<String>,
    /// What was left at the end.
    pub leaks: Vec<String>,
    /// What was changed and is not ours.
    pub foreign: Vec<String>,
    /// What else is not as without the fault.
    pub differences: Vec<String>,
}

impl Told {
    /// Everything that is wrong.
    pub fn wrong(&self) -> Vec<&String> {
        let all = [&self.duplicates, &self.leaks, &self.foreign, &self.differences];
        all.into_iter().flatten().collect()
    }
}

/// Tells the story without a fault.
pub async fn plain() -> Told {
    told(&mut Story::begin(&[]).await, None, None).await
}

/// Tells the story with a fault; the end of each chapter has to be that of the plain one.
pub async fn with(fault: &Fault, plain: &Told) -> Told {
    told(&mut Story::begin(&[]).await, Some(fault), Some(plain)).await
}

/// Tells a story that has begun.
pub async fn told(story: &mut Story, fault: Option<&Fault>, plain: Option<&Told>) -> Told {
    let mut told = Told::default();
    // What comes after the fault begins as it always does: only the end is of interest.
    let needed = |chapter: &Chapter| fault.is_none_or(|fault| fault.needs(*chapter));
    for chapter in Chapter::ALL.into_iter().filter(needed) {
        match fault {
            Some(fault) if fault.chapter == chapter => told.met = suffered(story, fault).await,
            Some(_) => {
                story.act(chapter).await;
                story.outcome(chapter).await;
            }
            None => {
                story.scene.account.standin.forget_calls().await;
                story.act(chapter).await;
                story.outcome(chapter).await;
                story.looked_at(chapter).await;
                told.calls.insert(chapter, calls(story).await);
            }
        }
        judge(story, chapter, fault, plain, &mut told).await;
    }
    told.differences.extend(story.scene.operators.iter().flat_map(Operator::failed_passes));
    told
}

/// Plays a chapter in which the fault waits; says how many calls met it.
async fn suffered(story: &mut Story, fault: &Fault) -> u64 {
    let standin = story.scene.account.standin.clone();
    let armed = fault.arm(&standin).await;
    story.act(fault.chapter).await;
    let mut operators = mem::take(&mut story.scene.operators);
    let killer = async {
        if !fault.kills() {
            return;
        }
        let held = until(async || is(standin.holds_a_client().await, || "nobody called".to_owned())).await;
        held.unwrap_or_else(|why| panic!("the fault was not met: {why}"));
        operators.last_mut().expect("an operator works").kill();
        operators.push(story.another_operator());
    };
    tokio::join!(story.outcome(fault.chapter), killer);
    story.scene.operators = operators;
    story.looked_at(fault.chapter).await;
    let met = armed - standin.faults_left().await;
    standin.forgive().await;
    assert!(met > 0, "the fault was not met");
    met
}

/// What the operator called since it was last forgotten.
async fn calls(story: &Story) -> BTreeSet<Called> {
    let calls = story.scene.account.standin.calls(story.scene.credentials().access_key_id()).await.log;
    calls.into_iter().map(|call| (format!("{}:{}", call.service, call.action), call.is_write())).collect()
}

/// Looks at the account at the end of a chapter.
async fn judge(story: &Story, chapter: Chapter, fault: Option<&Fault>, plain: Option<&Told>, told: &mut Told) {
    let scene = &story.scene;
    // What AWS does by itself may take a moment longer; what is wrong stays wrong.
    let probe = async || {
        let aws = scene.inventory().await;
        let mut wrong = Told { duplicates: duplicates(&aws), ..Told::default() };
        wrong.foreign = neighbours::disturbed(&scene.before, &aws, &scene.world.brokers_group);
        if chapter == Chapter::Delete {
            // With what is foreign, this is all that there is.
            wrong.leaks = aws.things().into_keys().filter_map(|key| left(&key, &scene.before, &aws)).collect();
        }
        if let Some(expected) = plain.and_then(|plain| plain.portraits.get(&chapter)) {
            wrong.differences = compared(&story.portrait().await, expected, fault);
        }
        if wrong.wrong().is_empty() { Ok(()) } else { Err(wrong) }
    };
    let mut last = None;
    let patient = async || {
        probe().await.map_err(|wrong| {
            let words = format!("{:?}", wrong.wrong());
            last = Some(wrong);
            words
        })
    };
    if let (Err(_), Some(wrong)) = (until(patient).await, last) {
        let named = |items: Vec<String>| items.into_iter().map(move |item| format!("after {chapter}: {item}"));
        told.duplicates.extend(named(wrong.duplicates));
        told.foreign.extend(named(wrong.foreign));
        told.leaks.extend(named(wrong.leaks));
        told.differences.extend(named(wrong.differences));
    }
    if chapter != Chapter::Delete {
        told.portraits.insert(chapter, story.portrait().await);
    }
}

fn compared(have: &Portrait, plain: &Portrait, fault: Option<&Fault>) -> Vec<String> {
    let may_be_refused = "target_group_health.dns_failover.minimum_healthy_targets.count";
    match fault {
        // By design this attribute is given up when AWS will not take it.
        Some(fault) if fault.kind == Kind::Invalid && fault.call.ends_with(":ModifyTargetGroupAttributes") => {
            have.without(may_be_refused).differences(&plain.without(may_be_refused))
        }
        _ => have.differences(plain),
    }
}

/// Ours by owner and resource, more than once.
fn duplicates(aws: &Inventory) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let ours = aws.things().into_iter().filter_map(|((kind, id), thing)| {
        let (owner, resource) = (thing["tags"][OWNER_TAG].as_str()?, thing["tags"][RESOURCE_TAG].as_str()?);
        let what = format!("{kind} {owner} {resource} {} {}", thing["group"], thing["ports"]);
        Some((what, id))
    });
    ours.filter(|(what, _)| !seen.insert(what.clone())).map(|(what, id)| format!("{what}: {id}")).collect()
}

/// What came with the operator and did not go with it.
fn left((kind, id): &(String, String), before: &Inventory, now: &Inventory) -> Option<String> {
    let thing = &now.whole[kind][id];
    let of_instance = kind == "instances" || thing["description"] == "Primary network interface";
    (before.whole[kind][id].is_null() && !of_instance).then(|| format!("{kind} {id}: {thing}"))
}
