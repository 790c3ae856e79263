//! Fields of a configuration, read with their limits; what is wrong with them is gathered, so that a person learns of
//! everything at once.

use serde_json::{Map, Value};

use super::defaults;
use super::problem::{FieldProblem, ImportError, Note};
use crate::catalog::bounds;
use crate::units::format;
use crate::units::limits::Limits;

/// Why a value was taken.
pub(super) const OF_ITS_CLASS: &str = "the default of its class in transformers";

/// A limit under the name of a field.
pub(super) const fn named(field: &'static str, limits: Limits) -> Limits {
    Limits { field, ..limits }
}

/// The fields of one model.
pub(super) struct Fields<'a> {
    own: &'a Map<String, Value>,
    outer: &'a Map<String, Value>,
    /// `model_type` of the text tower, fit for messages.
    pub(super) model_type: String,
    /// What is wrong.
    pub(super) problems: Vec<FieldProblem>,
    /// What to know.
    pub(super) notes: Vec<Note>,
}

impl<'a> Fields<'a> {
    /// The fields of the text tower, with those of the whole model around it.
    pub(super) fn new(own: &'a Map<String, Value>, outer: &'a Map<String, Value>) -> Self {
        let kind = |map: &Map<String, Value>| map.get("model_type").and_then(Value::as_str).map(printable);
        let model_type = kind(own).or_else(|| kind(outer)).unwrap_or_default();
        Self { own, outer, model_type, problems: Vec::new(), notes: Vec::new() }
    }

    /// The refusal of a model that this catalogue cannot express.
    pub(super) fn unsupported(&self, reason: String) -> ImportError {
        ImportError::Unsupported { model_type: self.model_type.clone(), reason }
    }

    /// The first of several names that has a value other than null, in the text tower.
    pub(super) fn get(&self, names: &[&'static str]) -> Option<&'a Value> {
        self.find(names).map(|(_, value)| value)
    }

    fn find(&self, names: &[&'static str]) -> Option<(&'static str, &'a Value)> {
        names.iter().find_map(|name| Some((*name, self.own.get(*name).filter(|value| !value.is_null())?)))
    }

    /// A field that may also stand outside the text tower.
    pub(super) fn anywhere(&self, name: &str) -> Option<&'a Value> {
        [self.own, self.outer].into_iter().find_map(|map| map.get(name).filter(|value| !value.is_null()))
    }

    /// A number that must be there. The class default stands in where there is one; else the problem is noted and the
    /// smallest number goes on, so that all problems are found.
    pub(super) fn count(&mut self, names: &[&'static str], what: &'static str, limits: Limits) -> u32 {
        if let Some(value) = self.optional(names, limits) {
            return value;
        }
        let Some(&field) = names.first() else { return 0 };
        // A value that is there but wrong is not missing too.
        if self.find(names).is_none() {
            if let Some((field, value)) = defaults::number(&self.model_type, names) {
                self.assume(field, what, &value, OF_ITS_CLASS);
                return value;
            }
            self.problem(FieldProblem::Missing { field, what });
        }
        limits.low as u32
    }

    /// A number that may be absent.
    pub(super) fn optional(&mut self, names: &[&'static str], limits: Limits) -> Option<u32> {
        let (field, value) = self.find(names)?;
        let Some(number) = whole(value) else {
            let expected = "a whole number";
            self.problem(FieldProblem::WrongKind { field, value: excerpt(value), expected });
            return None;
        };
        match named(field, limits).admit(number) {
            Ok(number) => Some(number as u32),
            Err(invalid) => {
                self.problem(FieldProblem::OutOfRange { invalid });
                None
            }
        }
    }

    /// A number that may be absent, unless the class has a default for it.
    pub(super) fn optional_or_default(
        &mut self,
        names: &[&'static str],
        what: &'static str,
        limits: Limits,
    ) -> Option<u32> {
        if self.find(names).is_some() {
            return self.optional(names, limits);
        }
        // What is said to be absent was not forgotten.
        if names.iter().any(|name| self.own.get(*name).is_some_and(Value::is_null)) {
            return None;
        }
        let (field, value) = defaults::number(&self.model_type, names)?;
        self.assume(field, what, &value, OF_ITS_CLASS);
        Some(value)
    }

    /// Whether any of these is a number above zero.
    pub(super) fn positive(&self, names: &[&'static str]) -> bool {
        names.iter().any(|name| self.get(&[name]).and_then(Value::as_f64).is_some_and(|number| number > 0.0))
    }

    /// A yes or no, which may also stand outside the text tower.
    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.anywhere(name)?;
        if let Value::Bool(flag) = value {
            return Some(*flag);
        }
        let expected = "true or false";
        self.problem(FieldProblem::WrongKind { field: name, value: excerpt(value), expected });
        None
    }

    /// A yes or no whose absence or kind is nobody's business.
    pub(super) fn flag_quietly(&self, name: &str) -> Option<bool> {
        self.anywhere(name).and_then(Value::as_bool)
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.anywhere(name).and_then(Value::as_str)
    }

    /// The whole numbers of a list of layers; more than there can be layers are not looked at.
    pub(super) fn layers(&self, value: Option<&Value>) -> Vec<f64> {
        let list = value.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
        list.iter().take(bounds::LAYERS.high as usize).filter_map(whole).collect()
    }

    /// A list; empty where it is absent.
    pub(super) fn list(&self, name: &str) -> &'a [Value] {
        self.anywhere(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A list that has an entry for each layer.
    pub(super) fn per_layer(&mut self, name: &'static str, layers: u32) -> Option<&'a [Value]> {
        let value = self.own.get(name).filter(|value| !value.is_null())?;
        let Value::Array(list) = value else {
            let expected = "a list with an entry for each layer";
            self.problem(FieldProblem::WrongKind { field: name, value: excerpt(value), expected });
            return None;
        };
        if list.is_empty() {
            return None;
        }
        let Some(list) = list.get(..layers as usize) else {
            let reason = format!("has {} entries for {layers} layers", list.len());
            self.problem(FieldProblem::Contradiction { field: name, reason });
            return None;
        };
        Some(list)
    }

    /// Says that a value stands in for a missing field; once is enough.
    pub(super) fn assume(
        &mut self,
        field: &'static str,
        what: &'static str,
        value: &impl ToString,
        why: &'static str,
    ) {
        let note = Note::Assumed { field, what, value: value.to_string(), why };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Says how something was read; once is enough.
    pub(super) fn note(&mut self, text: &'static str) {
        let note = Note::Reading { text };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Notes that two fields contradict each other, unless one of them may be a stand-in for a field with a problem.
    pub(super) fn contradiction(&mut self, field: &'static str, reason: String) {
        if self.problems.is_empty() {
            self.problem(FieldProblem::Contradiction { field, reason });
        }
    }

    /// Notes a problem; once is enough, and a layer like the last one has the same.
    pub(super) fn problem(&mut self, problem: FieldProblem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// The whole number that a value is: `4096` and `4096.0` alike.
pub(super) fn whole(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite() && libm::floor(*number) == *number)
}

/// Enough of a value to recognise it in a message.
pub(super) fn excerpt(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("\"{}\"", printable(text)),
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        // Not by the parser's own printer, which nothing else on the page needs.
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(number)) => format!("{number:?}"),
            (None, None) => "a number".to_owned(),
        },
    }
}

/// Enough of a text to recognise it, without anything that could upset a terminal or a page.
pub(super) fn printable(text: &str) -> String {
    format::excerpt(text, 40).replace(['<', '>', '&'], "\u{fffd}")
}
