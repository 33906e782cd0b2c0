//! `--default-tags`.

use kpl_core::model::TAG_PREFIX;

/// Longest key and value of a tag, as AWS has them.
const MOST_CHARACTERS: (usize, usize) = (128, 256);

/// Reads `KEY=VALUE`.
///
/// # Errors
/// Says what is wanted, in one line.
pub(super) fn parse(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("KEY=VALUE is wanted")?;
    let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+@-".contains(c);
    if key.is_empty() || key.chars().count() > MOST_CHARACTERS.0 || !key.chars().all(allowed) {
        return Err(format!("a key of 1 to {} letters, digits, spaces and _ . : / + @ - is wanted", MOST_CHARACTERS.0));
    }
    if key.starts_with("aws:") || key.starts_with(TAG_PREFIX) || key == "Name" {
        return Err(format!("keys that begin with aws: or {TAG_PREFIX}, and Name, are not free"));
    }
    if value.chars().count() > MOST_CHARACTERS.1 || !value.chars().all(allowed) {
        return Err(format!(
            "a value of at most {} letters, digits, spaces and _ . : / = + @ - is wanted",
            MOST_CHARACTERS.1
        ));
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_one_that_aws_takes() {
        let tag = |key: &str, value: &str| Ok((key.to_owned(), value.to_owned()));
        assert_eq!(parse("team=data platform"), tag("team", "data platform"));
        assert_eq!(parse("cost-center="), tag("cost-center", ""));
        assert_eq!(parse("a=b=c"), tag("a", "b=c"));
        let long = |n| "x".repeat(n);
        assert!(parse(&format!("{}={}", long(128), long(256))).is_ok());
        for bad in ["team", "=x", "aws:x=y", "kafka-privatelink.io/owner=me", "Name=x", "a!=b", "a=b!"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        for bad in [format!("{}=x", long(129)), format!("x={}", long(257))] {
            assert!(parse(&bad).is_err(), "{bad}");
        }
    }
}
