//! `--cluster-id`, and what stands in for it.

use kpl_core::model::HolderId;

/// Longest cluster id: it is a part of a tag value, which holds 256 characters.
const MOST_CHARACTERS: usize = 63;

/// Checks a cluster id.
///
/// # Errors
/// Says what is wanted, in one line.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let tag_character = |c: char| c.is_ascii_alphanumeric() || "_.:/=+@-".contains(c);
    if text.is_empty() || text.len() > MOST_CHARACTERS || !text.chars().all(tag_character) {
        return Err(format!("1 to {MOST_CHARACTERS} letters, digits and _ . : / = + @ - are wanted"));
    }
    Ok(text.to_owned())
}

/// The cluster id that is in force.
pub(super) fn id(given: Option<String>, holder: &HolderId) -> String {
    given.unwrap_or_else(|| holder.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_id_fits_a_tag() {
        for good in ["prod", "0f4c7b66-5b3c-4a3e-9a57-1f4a1c8ab1de", "arn:aws:eks:us-west-2:111122223333:cluster/a"] {
            assert_eq!(parse(good).as_deref(), Ok(good));
        }
        for bad in ["", "a b", "prod!", &"x".repeat(64)] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
