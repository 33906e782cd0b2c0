//! One row: a way to write a spec, and perhaps another that says the same.

use serde_json::Value;

/// One row.
#[derive(Clone, Debug)]
pub struct Form {
    /// What is special about it.
    pub what: &'static str,
    /// Name of the object.
    pub object: Option<String>,
    /// Values over those of the plain spec, by JSON pointer. `<name>` in them stands for an id of the world.
    written: Vec<(&'static str, Value)>,
    /// The same said in another way: nothing is to follow from the change.
    rewritten: Vec<(&'static str, Value)>,
}

/// A row.
pub fn form(what: &'static str) -> Form {
    Form { what, object: None, written: Vec::new(), rewritten: Vec::new() }
}

impl Form {
    /// Writes a value; null takes it out.
    pub fn with(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.written.push((pointer, value.into()));
        self
    }

    /// Writes a value in the other spec, which says the same.
    pub fn same_as(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.rewritten.push((pointer, value.into()));
        self
    }

    /// An object of this name.
    pub fn named(mut self, object: &str) -> Self {
        self.object = Some(object.to_owned());
        self
    }

    /// The spec.
    pub fn spec(&self, plain: &Value) -> Value {
        over(plain, &self.written)
    }

    /// The spec that says the same, if there is one.
    pub fn other_spec(&self, plain: &Value) -> Option<Value> {
        (!self.rewritten.is_empty()).then(|| over(&self.spec(plain), &self.rewritten))
    }
}

fn over(plain: &Value, changes: &[(&'static str, Value)]) -> Value {
    let mut spec = plain.clone();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
        let parent = spec.pointer_mut(parent).and_then(Value::as_object_mut).expect("the field's parent is there");
        match value {
            Value::Null => parent.remove(key),
            value => parent.insert(key.to_owned(), value.clone()),
        };
    }
    spec
}
