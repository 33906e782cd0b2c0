//! Several files as one MIME document, as cloud-init takes them.

use std::fmt::Write as _;

/// No line of ours begins with it.
const BOUNDARY: &str = "==kafka-privatelink==";

/// A file in it.
pub(super) struct Part<'a> {
    /// cloud-init runs scripts in the order of their names.
    pub name: &'a str,
    /// `text/x-shellscript`, for example.
    pub kind: &'a str,
    pub text: &'a str,
}

/// The document.
pub(super) fn document(parts: &[Part<'_>]) -> String {
    let mut text = format!("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\n");
    for Part { name, kind, text: content } in parts {
        let _ = write!(
            text,
            "\n--{BOUNDARY}\nContent-Type: {kind}; charset=\"us-ascii\"\n\
             Content-Disposition: attachment; filename=\"{name}\"\n\n{content}"
        );
    }
    let _ = write!(text, "\n--{BOUNDARY}--\n");
    text
}
