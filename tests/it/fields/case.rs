//! One row of a table: a field, what is done to it, and what must follow.

use serde_json::{Value, json};

/// What is done to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// It gets another value; a list or a map gets another entry.
    Change,
    /// It goes.
    Remove,
}

/// What must follow.
#[derive(Clone, Debug)]
pub enum Expect {
    /// AWS comes to show just these values at a path of its portrait, and showed others before.
    Aws { at: &'static str, values: Value },
    /// AWS still shows after two full looks what it showed before, for this reason, which users can read.
    Stays { at: &'static str, why: &'static str },
    /// The API server refuses it with this text.
    Refused(&'static str),
    /// A condition says why not.
    Says { condition: &'static str, status: &'static str, reason: &'static str, part: &'static str },
    /// Status comes to show just these values: for what brokers and consumers are told and AWS has no place for.
    Status { at: &'static str, values: Value },
    /// What is written down for brokers comes to have this part, in the `ConfigMap` of the object.
    Lines { key: &'static str, part: &'static str },
    /// What becomes of AWS when the object is deleted then.
    Deleted(Left),
}

/// What a deletion leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// All, and the object is gone.
    Everything,
    /// Nothing, whoever was connected.
    Nothing,
    /// All, and the object too, until nobody is connected.
    WhatIsInUse,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Case {
    /// The field, as `paths.rs` names it.
    pub path: &'static str,
    /// What is done to it.
    pub act: Act,
    /// How: operations of a JSON patch.
    pub operations: Vec<Value>,
    /// All that follows.
    pub expect: Vec<Expect>,
    /// Whether the object is put back to its first spec before. A removal may go on from the change above it.
    pub afresh: bool,
}

/// A field gets another value, or another entry, on an object that is as it was at first.
pub fn change(path: &'static str) -> Case {
    Case { path, act: Act::Change, operations: Vec::new(), expect: Vec::new(), afresh: true }
}

/// A field goes, from the object that the row above left.
pub fn remove(path: &'static str) -> Case {
    Case { path, act: Act::Remove, operations: Vec::new(), expect: Vec::new(), afresh: false }
}

impl Case {
    /// Puts the object back to its first spec before.
    pub fn afresh(self) -> Self {
        Self { afresh: true, ..self }
    }

    /// Goes on from the object that the row above left.
    pub fn further(self) -> Self {
        Self { afresh: false, ..self }
    }

    /// Sets a value of the spec. `<name>` in it stands for an id of the scene.
    pub fn set(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        self.operations.push(json!({ "op": "add", "path": format!("/spec{pointer}"), "value": value.into() }));
        self
    }

    /// Takes a value out of the spec.
    pub fn drop(mut self, pointer: &str) -> Self {
        self.operations.push(json!({ "op": "remove", "path": format!("/spec{pointer}") }));
        self
    }

    /// AWS shows just this value, or these.
    pub fn aws(self, at: &'static str, values: impl Into<Value>) -> Self {
        self.expects(Expect::Aws { at, values: several(values.into()) })
    }

    /// AWS stays as it is, as the field's description says.
    pub fn stays(self, at: &'static str, why: &'static str) -> Self {
        self.expects(Expect::Stays { at, why })
    }

    /// The API server refuses it.
    pub fn refused(self, text: &'static str) -> Self {
        self.expects(Expect::Refused(text))
    }

    /// A condition says so.
    pub fn says(self, condition: &'static str, status: &'static str, reason: &'static str, part: &'static str) -> Self {
        self.expects(Expect::Says { condition, status, reason, part })
    }

    /// Status shows just this value, or these.
    pub fn status(self, at: &'static str, values: impl Into<Value>) -> Self {
        self.expects(Expect::Status { at, values: several(values.into()) })
    }

    /// The `ConfigMap` of the object has this part.
    pub fn lines(self, key: &'static str, part: &'static str) -> Self {
        self.expects(Expect::Lines { key, part })
    }

    /// The object is deleted after it.
    pub fn deleted(self, left: Left) -> Self {
        self.expects(Expect::Deleted(left))
    }

    fn expects(mut self, expect: Expect) -> Self {
        self.expect.push(expect);
        self
    }

    /// Whether the API server refuses it.
    pub fn is_refused(&self) -> bool {
        matches!(self.expect.as_slice(), [Expect::Refused(_)])
    }
}

fn several(values: Value) -> Value {
    if values.is_array() { values } else { json!([values]) }
}
