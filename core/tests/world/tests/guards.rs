//! What watches the histories sees what it is there for: each is fed with what must not be.

use std::collections::BTreeSet;

use kpl_core::desired::{Goal, Memory, undesired};
use kpl_core::model::{OWNER_TAG, Observed, Outcome, Part, Port, SecurityGroupId, Tags, TargetType};
use kpl_core::plan::{Step, listener};

use super::super::faults::{Fault, Injection};
use super::super::history::History;
use super::super::lint::{blind_to, lint, truly_ours};
use super::super::object;
use super::super::report::Kind;
use super::{Site, authorize, delete_group, delete_targets, make_group, make_targets, site};

fn words(wrong: &[String], expected: &str) {
    assert!(wrong.iter().any(|wrong| wrong.contains(expected)), "{expected}: {wrong:?}");
}

#[test]
fn the_linter_sees_foreign_writes_kept_pictures_and_missing_tags() {
    let desired = undesired(&object::identity("orders"), Goal::Hold, &Memory::default());
    let mut observed = Observed::unread(super::world().now());
    let delete = delete_group(&SecurityGroupId::from("sg-1"));
    words(&lint(&desired, &observed, std::slice::from_ref(&delete)), "its tags were not read as ours");
    words(&lint(&desired, &observed, &[delete.clone(), delete.clone()]), "stands twice");
    words(&lint(&desired, &observed, &[make_group("sg")]), "without our owner tag");
    observed.kept = true;
    words(&lint(&desired, &observed, &[delete]), "by a kept picture");
}

#[test]
fn a_step_that_closes_has_been_looked_at() {
    let group = SecurityGroupId::from("sg-1");
    let mut shown = BTreeSet::from([Part::SecurityGroup, Part::LoadBalancer]);
    assert_eq!(blind_to(&delete_group(&group), &shown), Some(Part::SecurityGroupInterfaces));
    shown.insert(Part::SecurityGroupInterfaces);
    assert_eq!(blind_to(&delete_group(&group), &shown), None);
    assert_eq!(blind_to(&authorize(&group, [1]), &BTreeSet::new()), None, "it opens");
}

#[test]
fn only_the_exact_owner_tag_is_ours() {
    let Site { world, targets, .. } = site();
    let owner = object::identity("orders").owner;
    assert!(!truly_ours(&world.aws, &owner, &delete_targets(&targets)), "without tags");
    let tagged = |value: String| {
        let mut world = world.clone();
        let group = world.by_hand().target_groups.get_mut(&targets).expect("of the site");
        group.tags = Tags::from([(OWNER_TAG.to_owned(), value)]);
        truly_ours(&world.aws, &owner, &delete_targets(&targets))
    };
    assert!(tagged(owner.to_string()));
    assert!(!tagged(format!("{owner}-2")));
}

#[test]
fn a_wave_whose_order_matters_is_seen() {
    let Site { world, targets, listener, .. } = site();
    let mut history = History::new(1);
    history.world = world;
    let last = Step::Listener(listener::Change::Delete { port: Port(9092), arn: listener });
    history.any_order(&[delete_targets(&targets), last]);
    assert!(history.report.wrong.iter().any(|wrong| wrong.kind == Kind::Plan), "{:?}", history.report.wrong);
}

#[test]
fn a_fault_strikes_its_call_and_no_other() {
    let mut world = super::world();
    world.injected = Some(Injection { at: 1, fault: Fault::LostTwice });
    let step = |name: &str| make_targets(name, TargetType::Instance);
    assert!(matches!(world.apply(&step("a")), Outcome::Done(_)));
    let before = world.aws.target_groups.len();
    assert!(matches!(world.apply(&step("b")), Outcome::Lost(_)));
    assert_eq!(world.aws.target_groups.len(), before + 1, "done all the same");
    assert!(matches!(world.apply(&step("b")), Outcome::Lost(_)), "and once more");
    assert!(matches!(world.apply(&step("b")), Outcome::Done(_)));
}
