//! One fault at one call: what it is called, and how the stand-in is told of it.

use std::fmt;

use super::story::Chapter;
use crate::harness::{StandIn, Trouble};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The operator is killed when the request has arrived and nothing is done.
    KilledBefore,
    /// The operator is killed when the work is done and it was not told.
    KilledAfter,
    /// The work is done, the answer is lost.
    LostOnce,
    /// The same, and once more if the call is repeated.
    LostTwice,
    /// Too many requests.
    Throttled,
    /// AWS's own trouble.
    ServerError,
    /// A missing right.
    Denied,
    /// A limit of the account.
    Quota,
    /// AWS will not take the request.
    Invalid,
    /// No answer, for longer than the operator waits.
    Timeout,
    /// The connection is reset.
    Reset,
    /// Not AWS's answer, with status 200.
    Garbage,
}

impl Kind {
    /// What can happen to a write besides failing.
    pub const OF_WRITES: [Self; 4] = [Self::KilledBefore, Self::KilledAfter, Self::LostOnce, Self::LostTwice];
    /// How every call can fail.
    pub const OF_CALLS: [Self; 8] = [
        Self::Throttled,
        Self::ServerError,
        Self::Denied,
        Self::Quota,
        Self::Invalid,
        Self::Timeout,
        Self::Reset,
        Self::Garbage,
    ];

    /// All.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::OF_WRITES.into_iter().chain(Self::OF_CALLS)
    }

    fn name(self) -> &'static str {
        match self {
            Self::KilledBefore => "killed-before",
            Self::KilledAfter => "killed-after",
            Self::LostOnce => "lost-once",
            Self::LostTwice => "lost-twice",
            Self::Throttled => "throttled",
            Self::ServerError => "server-error",
            Self::Denied => "denied",
            Self::Quota => "quota",
            Self::Invalid => "invalid",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Garbage => "garbage",
        }
    }

    /// What it takes of the stand-in, and how often: what the SDK repeats by itself is played so often
    /// that the operator hears of it.
    fn trouble(self, service: &str) -> (Trouble<'static>, u64) {
        let ec2 = service == "ec2";
        let code = |of_ec2, of_others| if ec2 { of_ec2 } else { of_others };
        match self {
            Self::KilledBefore | Self::Timeout => (Trouble::HeldBefore, 1),
            Self::KilledAfter => (Trouble::HeldAfter, 1),
            Self::LostOnce => (Trouble::LostAnswer, 1),
            Self::LostTwice => (Trouble::LostAnswer, 2),
            Self::Throttled if ec2 => (Trouble::Refused("RequestLimitExceeded", 503), 3),
            Self::Throttled => (Trouble::Refused("Throttling", 400), 3),
            Self::ServerError => (Trouble::Refused(code("InternalError", "InternalFailure"), 500), 3),
            Self::Denied => (Trouble::Refused(code("UnauthorizedOperation", "AccessDenied"), 403), 1),
            Self::Quota => (Trouble::Refused(code("ResourceLimitExceeded", "TooManyTargetGroups"), 400), 1),
            Self::Invalid => (Trouble::Refused(code("InvalidParameterValue", "ValidationError"), 400), 1),
            Self::Reset => (Trouble::Reset, 3),
            Self::Garbage => (Trouble::Garbled, 1),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A fault of the matrix; written `create/ec2:CreateSubnet/killed-after`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// In which chapter.
    pub chapter: Chapter,
    /// At which call: `service:Action`.
    pub call: String,
    /// What happens.
    pub kind: Kind,
}

impl Fault {
    /// Whether a chapter has to be told for this fault: the way to it, and the end. There is an end without
    /// anything between it and the beginning.
    pub fn needs(&self, chapter: Chapter) -> bool {
        let between = self.chapter != Chapter::Delete && chapter <= self.chapter;
        between || matches!(chapter, Chapter::Create | Chapter::Delete)
    }

    /// Whether the operator is killed while its call is held.
    pub fn kills(&self) -> bool {
        matches!(self.kind, Kind::KilledBefore | Kind::KilledAfter)
    }

    /// Lets the next such calls meet it; says how many can.
    pub async fn arm(&self, standin: &StandIn) -> u64 {
        let (service, action) = self.call.split_once(':').expect("service:Action");
        let (trouble, times) = self.kind.trouble(service);
        standin.play(trouble, service, action, times).await;
        times
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.chapter, self.call, self.kind)
    }
}
