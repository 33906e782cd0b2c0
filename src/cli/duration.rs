//! Durations on the command line.

use jiff::SignedDuration;

/// Parses `30s`, `10m`, `1h30m`.
///
/// # Errors
/// Says what is wanted, in one line.
pub(super) fn parse(text: &str) -> Result<SignedDuration, String> {
    match text.parse::<SignedDuration>() {
        Ok(duration) if duration >= SignedDuration::from_secs(1) => Ok(duration),
        Ok(_) => Err("at least 1s is wanted".into()),
        Err(_) => Err("a duration such as 30s, 10m or 1h30m is wanted".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_forms_are_understood() {
        for (text, seconds) in [("1s", 1), ("30s", 30), ("10m", 600), ("1h", 3600), ("1h30m", 5400), ("24h", 86400)] {
            assert_eq!(parse(text), Ok(SignedDuration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn nonsense_and_nothing_are_refused() {
        for text in ["", "10", "m", "-5m", "0s", "500ms", "ten minutes"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
