//! What happened in a history, and what was wrong with it.

use std::fmt;

use super::ports::Ports;

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Something was made twice.
    Duplicate,
    /// Something of ours is left after the object has gone.
    Leak,
    /// Something was touched that is not ours.
    Foreign,
    /// A path is closed that was allowed before a change and is after it.
    Gap,
    /// A path is opened that neither allows.
    Opening,
    /// A consumer is cut off whom nobody said to cut off.
    CutOff,
    /// A port means another broker.
    Port,
    /// A write although nothing may be written.
    Blocked,
    /// What is believed after a wave is not so.
    Belief,
    /// A plan breaks a rule of plans.
    Plan,
    /// It does not become what the object says, or does not stay so.
    Unsettled,
}

/// All of them, for counts that show each zero.
pub const KINDS: [Kind; 11] = [
    Kind::Duplicate,
    Kind::Leak,
    Kind::Foreign,
    Kind::Gap,
    Kind::Opening,
    Kind::CutOff,
    Kind::Port,
    Kind::Blocked,
    Kind::Belief,
    Kind::Plan,
    Kind::Unsettled,
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Duplicate => "duplicates",
            Self::Leak => "leaks",
            Self::Foreign => "foreign changes",
            Self::Gap => "gaps",
            Self::Opening => "paths opened that nobody allowed",
            Self::CutOff => "consumers cut off",
            Self::Port => "ports reassigned",
            Self::Blocked => "writes though blocked",
            Self::Belief => "absorbed is not looked",
            Self::Plan => "plans against the rules",
            Self::Unsettled => "not settled",
        })
    }
}

/// Something wrong.
#[derive(Clone, Debug)]
pub struct Wrong {
    pub kind: Kind,
    pub text: String,
    /// AWS had just answered a read with what was not so.
    pub untrue: bool,
}

impl Wrong {
    /// What AWS's own lag can bring about is counted; everything else fails.
    pub fn is_failure(&self) -> bool {
        !(self.untrue && matches!(self.kind, Kind::Gap | Kind::Opening | Kind::Leak))
    }
}

/// What happened.
#[derive(Clone, Default, Debug)]
pub struct Report {
    pub log: Vec<String>,
    /// Whether nobody reads the log.
    pub terse: bool,
    pub wrong: Vec<Wrong>,
    pub passes: u32,
    pub full_looks: u32,
    pub steps: u32,
    pub crashes: u32,
    /// The last pass in which a read was not answered from the present.
    pub untrue_in: Option<u32>,
    pub ports: Ports,
}

impl Report {
    pub fn add(&mut self, kind: Kind, text: String, untrue: bool) {
        self.wrong.push(Wrong { kind, text, untrue });
    }

    pub fn failures(&self) -> impl Iterator<Item = &Wrong> {
        self.wrong.iter().filter(|wrong| wrong.is_failure())
    }
}
