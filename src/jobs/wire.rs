//! How questions and answers cross the port between page and worker: as text, whose fields stand one after another.
//!
//! The fields of a question stand on a line each, those of a message of the answer between tabs on one line. Numbers are
//! written as Rust writes them, which reads back to the same bits. A struct lists its fields once, in [`message!`], so
//! that none can be written in one order and read in another; a derived codec would be heavier than the page can bear.

use crate::explore::{Axis, Deployed, Shape};
use crate::metric::Metric;
use crate::serve::Binding;
use crate::units::decimal::decimal;
use crate::units::{DollarsPerHour, Seconds, TokensPerSecond};

/// What is written as one or more fields.
pub trait Field: Sized {
    /// Adds the fields.
    fn write(&self, line: &mut Line);

    /// Takes the fields. Where they are not what was written, says so to [`Fields::fail`] and makes something up: an early
    /// return at every field would be heavier than all the rest of the reading.
    fn read(fields: &mut Fields<'_>) -> Self;
}

/// Fields that are left to read.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: Option<&'a str>,
    between: char,
    sound: bool,
}

impl<'a> Fields<'a> {
    /// The fields of a message, between tabs.
    #[must_use]
    pub fn of_line(line: &'a str) -> Self {
        Self { rest: Some(line), between: '\t', sound: true }
    }

    /// The fields of a question, a line each.
    #[must_use]
    pub fn of_lines(text: &'a str) -> Self {
        Self { rest: Some(text), between: '\n', sound: true }
    }

    /// The next field as text; empty where none is left.
    pub fn text(&mut self) -> &'a str {
        let Some(rest) = self.rest else {
            self.fail();
            return "";
        };
        let (field, rest) =
            rest.split_once(self.between).map_or((rest, None), |(field, rest)| (field, Some(rest)));
        self.rest = rest;
        field
    }

    /// What was read is not what was written. Nothing is left after that.
    pub fn fail(&mut self) {
        self.sound = false;
        self.rest = None;
    }

    /// All fields as a value; `None` where they are not what was written.
    #[must_use]
    pub fn read<T: Field>(mut self) -> Option<T> {
        let own = T::read(&mut self);
        self.sound.then_some(own)
    }
}

/// Fields being written.
#[derive(Clone, Debug)]
pub struct Line {
    text: String,
    between: char,
    begun: bool,
}

impl Line {
    /// A message.
    #[must_use]
    pub fn message() -> Self {
        Self { text: String::new(), between: '\t', begun: false }
    }

    /// A question under this verb.
    #[must_use]
    pub fn question(verb: &str) -> Self {
        Self { text: verb.to_owned(), between: '\n', begun: true }
    }

    /// Adds text, whose tabs and line breaks become spaces.
    pub fn text(&mut self, text: &str) {
        self.next();
        self.text.extend(text.chars().map(|own| if matches!(own, '\t' | '\n' | '\r') { ' ' } else { own }));
    }

    fn next(&mut self) {
        if self.begun {
            self.text.push(self.between);
        }
        self.begun = true;
    }

    /// What was written.
    #[must_use]
    pub fn end(self) -> String {
        self.text
    }
}

impl Field for String {
    fn write(&self, line: &mut Line) {
        line.text(self);
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        fields.text().to_owned()
    }
}

impl Field for f64 {
    fn write(&self, line: &mut Line) {
        line.text(&self.to_string());
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        decimal(fields.text()).unwrap_or_else(|| {
            fields.fail();
            0.0
        })
    }
}

/// Counts, none of which is so large that a number with a fraction would not hold it.
macro_rules! count {
    ($($name:ident),*) => {$(
        impl Field for $name {
            fn write(&self, line: &mut Line) {
                (*self as f64).write(line);
            }

            fn read(fields: &mut Fields<'_>) -> Self {
                f64::read(fields) as Self
            }
        }
    )*};
}

count!(u32, usize);

impl Field for bool {
    fn write(&self, line: &mut Line) {
        line.text(if *self { "1" } else { "0" });
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        fields.text() == "1"
    }
}

/// Whether it is there, and what it is.
impl<T: Field> Field for Option<T> {
    fn write(&self, line: &mut Line) {
        self.is_some().write(line);
        if let Some(own) = self {
            own.write(line);
        }
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        bool::read(fields).then(|| T::read(fields))
    }
}

/// How many there are, and each of them.
impl<T: Field> Field for Vec<T> {
    fn write(&self, line: &mut Line) {
        self.len().write(line);
        self.iter().for_each(|own| own.write(line));
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        let count = usize::read(fields);
        // Nothing is reserved for a count: a damaged one may be of any size.
        let mut all = Self::new();
        while all.len() < count && fields.sound {
            all.push(T::read(fields));
        }
        all
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    fn write(&self, line: &mut Line) {
        self.0.write(line);
        self.1.write(line);
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        (A::read(fields), B::read(fields))
    }
}

impl<A: Field, B: Field, C: Field> Field for (A, B, C) {
    fn write(&self, line: &mut Line) {
        self.0.write(line);
        self.1.write(line);
        self.2.write(line);
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        (A::read(fields), B::read(fields), C::read(fields))
    }
}

/// All that is left, as it stands: the text that a question is about. It can only come last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest(pub String);

impl Field for Rest {
    fn write(&self, line: &mut Line) {
        line.next();
        line.text.push_str(&self.0);
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        Self(fields.rest.take().unwrap_or_default().to_owned())
    }
}

/// A struct as the fields that it is made of, in this order.
macro_rules! message {
    ($name:ty { $($field:ident),* $(,)? }) => {
        impl $crate::jobs::wire::Field for $name {
            fn write(&self, line: &mut $crate::jobs::wire::Line) {
                let Self { $($field),* } = self;
                $($crate::jobs::wire::Field::write($field, line);)*
            }

            fn read(fields: &mut $crate::jobs::wire::Fields<'_>) -> Self {
                Self { $($field: $crate::jobs::wire::Field::read(fields)),* }
            }
        }
    };
}

/// An enum without figures, as the place of its variant in this list.
macro_rules! choice {
    ($name:ty { $first:ident $(, $variant:ident)* $(,)? }) => {
        impl $crate::jobs::wire::Field for $name {
            fn write(&self, line: &mut $crate::jobs::wire::Line) {
                // Of a variant that the list lacks the compiler would say so here.
                match self {
                    Self::$first => {}
                    $(Self::$variant => {})*
                }
                let place = [Self::$first, $(Self::$variant),*].iter().position(|own| own == self);
                $crate::jobs::wire::Field::write(&place.unwrap_or_default(), line);
            }

            fn read(fields: &mut $crate::jobs::wire::Fields<'_>) -> Self {
                let place: usize = $crate::jobs::wire::Field::read(fields);
                let own = [Self::$first, $(Self::$variant),*].get(place).copied();
                own.unwrap_or_else(|| {
                    fields.fail();
                    Self::$first
                })
            }
        }
    };
}

/// An enum as a tag, followed by what the variant holds: one of the pieces that an answer comes in.
macro_rules! tagged {
    ($name:ty { $first_tag:literal $first:ident $(, $tag:literal $variant:ident)* $(,)? }) => {
        impl $crate::jobs::wire::Field for $name {
            fn write(&self, line: &mut $crate::jobs::wire::Line) {
                match self {
                    Self::$first(own) => {
                        line.text($first_tag);
                        $crate::jobs::wire::Field::write(own, line);
                    }
                    $(Self::$variant(own) => {
                        line.text($tag);
                        $crate::jobs::wire::Field::write(own, line);
                    })*
                }
            }

            fn read(fields: &mut $crate::jobs::wire::Fields<'_>) -> Self {
                match fields.text() {
                    $($tag => return Self::$variant($crate::jobs::wire::Field::read(fields)),)*
                    $first_tag => {}
                    _ => fields.fail(),
                }
                Self::$first($crate::jobs::wire::Field::read(fields))
            }
        }
    };
}

pub(super) use {choice, message, tagged};

/// A message as a line of its own.
pub(super) fn line(message: &impl Field) -> String {
    let mut line = Line::message();
    message.write(&mut line);
    line.end() + "\n"
}

/// The messages of an answer. A line that is none is left aside.
pub(super) fn messages<T: Field>(answer: &str) -> impl Iterator<Item = T> {
    answer.lines().filter_map(|line| Fields::of_line(line).read())
}

/// The last message of an answer; `None` where there is none.
pub(super) fn last<T: Field>(answer: &str) -> Option<T> {
    Fields::of_line(answer.lines().next_back()?).read()
}

/// Quantities, as numbers of their base unit.
macro_rules! quantity {
    ($($name:ident),*) => {$(
        impl Field for $name {
            fn write(&self, line: &mut Line) {
                self.get().write(line);
            }

            fn read(fields: &mut Fields<'_>) -> Self {
                Self::new(f64::read(fields))
            }
        }
    )*};
}

quantity!(DollarsPerHour, Seconds, TokensPerSecond);

/// What has an identifier in links goes by it.
macro_rules! identified {
    ($($name:ident),*) => {$(
        impl Field for $name {
            fn write(&self, line: &mut Line) {
                line.text(self.id());
            }

            fn read(fields: &mut Fields<'_>) -> Self {
                Self::from_id(fields.text()).unwrap_or_else(|| {
                    fields.fail();
                    Self::ALL[0]
                })
            }
        }
    )*};
}

identified!(Metric, Axis);

message!(Deployed { label, link });
choice!(Shape { Colocated, PrefillDecode, Other });
choice!(Binding {
    Weights,
    Kv,
    Activations,
    Compute,
    Collective,
    Link,
    LatencyFloor,
    CollectiveLatency,
    Interference,
    Steps,
    Capacity,
    Prefill,
    Decode,
    RoundTrips,
    Attention,
    Ffn,
    Draft,
    Queue,
});

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a message and reads it back.
    fn there_and_back<T: Field>(own: &T) -> Option<T> {
        let text = line(own);
        assert_eq!(messages::<T>(&text).count(), 1);
        assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
        last(&text)
    }

    #[test]
    fn what_is_written_reads_back_to_the_last_bit() {
        for own in [0.1 + 0.2, -1e-300, f64::MAX, 5e-324, 0.0, 1.0 / 3.0] {
            assert_eq!(there_and_back(&own), Some(own));
        }
        assert!(there_and_back(&f64::NAN).unwrap().is_nan());
        assert_eq!(there_and_back(&"a\tb\nc".to_owned()), Some("a b c".to_owned()));
        assert_eq!(there_and_back(&(String::new(), 1.0)), Some((String::new(), 1.0)));
        let nested = vec![(Some(0.5), true), (None, false)];
        assert_eq!(there_and_back(&nested), Some(nested));
        assert_eq!(
            there_and_back(&vec![vec![Some(3_usize), None], vec![]]),
            Some(vec![vec![Some(3), None], vec![]])
        );
        for binding in [Binding::Weights, Binding::Draft, Binding::Queue] {
            assert_eq!(there_and_back(&binding), Some(binding));
        }
        for axis in Axis::ALL {
            assert_eq!(there_and_back(&axis), Some(axis));
        }
    }

    #[test]
    fn what_is_damaged_is_refused() {
        for text in ["", "x", "3\t1\t2", "1e18\t1", "NaN"] {
            // A count that is no number is none.
            assert!(last::<Vec<f64>>(text).is_none_or(|own| own.is_empty()), "{text}");
        }
        assert_eq!(last::<Binding>("99\n"), None);
        assert_eq!(last::<Metric>("beauty\n"), None);
        assert_eq!(last::<Option<f64>>("1\n"), None);
    }

    #[test]
    fn a_text_comes_last_as_it_stands() {
        let mut line = Line::question("verb");
        line.text("one\nline");
        Rest("two\n\tlines".to_owned()).write(&mut line);
        let text = line.end();
        let mut fields = Fields::of_lines(&text);
        assert_eq!((fields.text(), fields.text()), ("verb", "one line"));
        assert_eq!(Rest::read(&mut fields), Rest("two\n\tlines".to_owned()));
        assert_eq!(fields.clone().read(), Some(Rest::default()));
        assert_eq!(fields.read::<String>(), None);
    }
}
