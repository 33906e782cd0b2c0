//! Which Kafka runs, where it comes from, and how much memory its Java gets.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An archive of Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Which.
    pub version: Version,
    /// Where instances fetch it: `https://…`, or `s3://…` by the instance's profile.
    pub url: String,
    /// Of the archive.
    pub sha512: Sha512,
}

/// Not something that can be fetched or run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotADistribution {
    /// Not three numbers.
    #[error("Kafka's version \"{0}\" is not like 4.3.1")]
    Version(String),
    /// Nobody has tried it.
    #[error("Kafka {0} is too old: {oldest} is the oldest", oldest = Version::OLDEST)]
    TooOld(Version),
    /// Not a digest.
    #[error("\"{0}\" is no SHA-512: 128 hexadecimal digits")]
    Sha512(String),
}

/// Kafka's version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 4 of 4.3.1.
    pub major: u16,
    /// 3 of 4.3.1.
    pub minor: u16,
    /// 1 of 4.3.1.
    pub patch: u16,
}

impl Version {
    /// What is rendered here was tried on nothing older.
    pub const OLDEST: Self = Self { major: 3, minor: 7, patch: 0 };

    /// Whether it is this minor version or a later one.
    #[must_use]
    pub fn has(self, major: u16, minor: u16) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

impl FromStr for Version {
    type Err = NotADistribution;

    fn from_str(text: &str) -> Result<Self, NotADistribution> {
        let number = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit()).then(|| part.parse().ok()).flatten();
        let numbers: Option<Vec<u16>> = text.split('.').map(number).collect();
        match numbers.as_deref() {
            Some(&[major, minor, patch]) => {
                let version = Self { major, minor, patch };
                if version < Self::OLDEST { Err(NotADistribution::TooOld(version)) } else { Ok(version) }
            }
            _ => Err(NotADistribution::Version(text.to_owned())),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A digest in lower case, as `sha512sum` writes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sha512(String);

impl Sha512 {
    /// 128 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sha512 {
    type Err = NotADistribution;

    fn from_str(text: &str) -> Result<Self, NotADistribution> {
        if text.len() == 128 && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NotADistribution::Sha512(text.to_owned()))
        }
    }
}

/// Java's heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heap {
    /// How much.
    pub mebibytes: u32,
}

/// A text that says no amount.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("heap \"{0}\" is not like 4G or 512M")]
pub struct NotAHeap(String);

impl Heap {
    /// What Java is told: all of it from the start, so that a broker cannot run out of memory in the middle.
    #[must_use]
    pub fn options(self) -> String {
        let size = if self.mebibytes.is_multiple_of(1024) {
            format!("{}G", self.mebibytes / 1024)
        } else {
            format!("{}M", self.mebibytes)
        };
        format!("-Xms{size} -Xmx{size}")
    }
}

impl FromStr for Heap {
    type Err = NotAHeap;

    fn from_str(text: &str) -> Result<Self, NotAHeap> {
        let amount = |digits: &str, unit: u32| {
            let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
            let number: u32 = digits.parse().ok().filter(|number| plain && *number > 0)?;
            number.checked_mul(unit)
        };
        let mebibytes = match (text.strip_suffix('G'), text.strip_suffix('M')) {
            (Some(digits), _) => amount(digits, 1024),
            (_, Some(digits)) => amount(digits, 1),
            _ => None,
        };
        mebibytes.map(|mebibytes| Self { mebibytes }).ok_or_else(|| NotAHeap(text.to_owned()))
    }
}
