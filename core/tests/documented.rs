//! What users look up is there.

use std::path::Path;

use kpl_core::reason::Reason;
use strum::IntoEnumIterator;

#[test]
fn every_reason_of_a_condition_has_its_entry() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conditions.md");
    let text = std::fs::read_to_string(page).expect("docs/conditions.md");
    let missing: Vec<&str> =
        Reason::iter().map(Reason::as_str).filter(|reason| !text.contains(&format!("`{reason}`"))).collect();
    assert_eq!(missing, Vec::<&str>::new(), "reasons without an entry");
}

#[test]
fn no_entry_is_of_a_reason_that_there_is_not() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conditions.md");
    let text = std::fs::read_to_string(page).expect("docs/conditions.md");
    let known: Vec<&str> = Reason::iter().map(Reason::as_str).collect();
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.matches('|').count() == 4);
    for row in rows {
        // | condition | reasons | what to do |
        let reasons = row.split('|').nth(2).expect("a column").split('`').skip(1).step_by(2);
        for reason in reasons.filter(|word| word.chars().next().is_some_and(char::is_uppercase)) {
            let other = ["Stalled", "Ready"].contains(&reason);
            assert!(other || known.contains(&reason), "{reason} is no reason: {row}");
        }
    }
}
