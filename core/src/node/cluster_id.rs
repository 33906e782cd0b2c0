//! The id of a Kafka cluster: 16 bytes as Kafka's `Uuid` writes them.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

/// 22 letters that `meta.properties` of every node repeats.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(String);

/// A text that is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not the id of a Kafka cluster: 16 bytes as 22 letters of URL-safe base64")]
pub struct NotAClusterId(String);

impl ClusterId {
    /// Of bytes that nobody else draws.
    ///
    /// They are made a UUID of version 4: Kafka's reserved ids are none. Like Kafka, never one that begins with `-`,
    /// which command-line tools take for an option.
    #[must_use]
    pub fn of(mut bytes: [u8; 16]) -> Self {
        bytes[0] &= 0x7f;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// As Kafka writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClusterId {
    type Err = NotAClusterId;

    fn from_str(text: &str) -> Result<Self, NotAClusterId> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.len() == 16 => Ok(Self(text.to_owned())),
            _ => Err(NotAClusterId(text.to_owned())),
        }
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
