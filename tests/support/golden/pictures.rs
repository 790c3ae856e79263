//! Pictures as goldens: an element of the SVG per line, lengths in CSS pixels, attributes always in the same order.

#![allow(clippy::unwrap_used, reason = "a test says plainly what it expects")]

use resvg::usvg::roxmltree::Document;

use super::{Difference, Form};

/// How far a mark may move, in CSS pixels: what rounding to whole pixels can do to it.
pub const SHIFT: f64 = 1.0;

/// What share of itself an extent may change by, if that is less than [`SHIFT`]: a hairline stays one.
pub const STRETCH: f64 = 0.25;

/// Steps of the painter's grid in a CSS pixel are quarters; what is finer is rounding.
const DIGITS: f64 = 1000.0;

/// What an attribute means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    /// Where a mark is.
    Place,
    /// How far it reaches.
    Extent,
    /// How thick or tall it is drawn: a length that a style gives.
    Thickness,
    /// Anything else, compared letter by letter.
    Word,
}

fn meaning(element: &str, attribute: &str) -> Meaning {
    match attribute {
        // The size of the picture is asked for, not found.
        _ if element == "svg" => Meaning::Word,
        "x" | "y" | "cx" | "cy" | "points" => Meaning::Place,
        "width" | "height" | "r" => Meaning::Extent,
        "stroke-width" | "font-size" => Meaning::Thickness,
        _ => Meaning::Word,
    }
}

/// A picture, a mark per line.
pub struct Picture;

/// An element.
pub struct Mark {
    line: usize,
    text: String,
    element: String,
    attributes: Vec<Attribute>,
}

struct Attribute {
    name: String,
    meaning: Meaning,
    value: String,
    numbers: Vec<f64>,
}

impl Form for Picture {
    type Line = Mark;

    fn lines(text: &str) -> Vec<Mark> {
        text.lines().enumerate().map(|(index, line)| mark(index + 1, line)).collect()
    }

    fn beside(old: &Mark, new: &Mark) -> bool {
        old.element == new.element
            && old.attributes.len() == new.attributes.len()
            && old.attributes.iter().zip(&new.attributes).all(|(old, new)| {
                old.name == new.name && old.value == new.value || within(&moves(old, new), old)
            })
    }

    fn akin(old: &Mark, new: &Mark) -> bool {
        old.element == new.element
    }

    fn difference(old: &Mark, new: &Mark) -> Option<Difference> {
        if Self::beside(old, new) {
            return None;
        }
        let (place, text) = Self::place(new);
        let pairs = || old.attributes.iter().zip(&new.attributes);
        let other = |place: String, old: &str, new: &str, size: Option<f64>| Difference {
            place,
            old: Some(old.to_owned()),
            new: Some(new.to_owned()),
            size,
            change: size.map(|size| format!(" ({size} px)")).unwrap_or_default(),
        };
        // A mark of other attributes is told whole, one of another word by this word, a moved one by its longest way.
        if old.attributes.len() != new.attributes.len() || pairs().any(|(old, new)| old.name != new.name) {
            return Some(other(place, &old.text, &text, None));
        }
        let mut furthest: Option<Difference> = None;
        for (old, new) in
            pairs().filter(|(old, new)| old.value != new.value && !within(&moves(old, new), old))
        {
            let place = format!("{place} {}", new.name).trim_end().to_owned();
            let Some(moves) = moves(old, new) else {
                return Some(other(place, &old.value, &new.value, None));
            };
            let longest = moves.iter().copied().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
            let Some((index, way)) = longest else { continue };
            if furthest.as_ref().and_then(|known| known.size).is_none_or(|known| way > known) {
                let place = if moves.len() > 1 { format!("{place}[{index}]") } else { place };
                let value = |numbers: &[f64]| numbers.get(index).map(f64::to_string).unwrap_or_default();
                furthest = Some(other(place, &value(&old.numbers), &value(&new.numbers), Some(way)));
            }
        }
        furthest
    }

    fn place(line: &Mark) -> (String, String) {
        (format!("line {}, {}", line.line, line.element), line.text.clone())
    }
}

/// How far each number of an attribute has moved; nothing where it is a word, or has more or fewer numbers than it had.
fn moves(old: &Attribute, new: &Attribute) -> Option<Vec<f64>> {
    let comparable = old.name == new.name
        && matches!(old.meaning, Meaning::Place | Meaning::Extent)
        && !old.numbers.is_empty()
        && old.numbers.len() == new.numbers.len();
    comparable.then(|| old.numbers.iter().zip(&new.numbers).map(|(old, new)| (new - old).abs()).collect())
}

fn within(moves: &Option<Vec<f64>>, old: &Attribute) -> bool {
    let allowed = |number: &f64| match old.meaning {
        Meaning::Extent => SHIFT.min(number.abs() * STRETCH),
        _ => SHIFT,
    };
    moves
        .as_ref()
        .is_some_and(|moves| moves.iter().zip(&old.numbers).all(|(way, number)| *way <= allowed(number)))
}

/// Takes a line of [`laid_out`] apart: words between spaces that are not in quotes.
fn mark(line: usize, text: &str) -> Mark {
    let mut quoted = false;
    let mut escaped = false;
    let mut words = text.split(|letter| {
        let ends = letter == ' ' && !quoted;
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    });
    let element = words.next().unwrap_or_default().to_owned();
    let attributes = words.map(|word| {
        // The text of an element has no name.
        let (name, value) = match word.split_once('=') {
            Some(pair) if !word.starts_with('"') => pair,
            _ => ("", word),
        };
        let meaning = meaning(&element, name);
        let numbers = value.trim_matches('"').split([' ', ',']).map(str::parse).collect::<Result<_, _>>();
        Attribute {
            name: name.to_owned(),
            meaning,
            value: value.to_owned(),
            numbers: numbers.unwrap_or_default(),
        }
    });
    let attributes = attributes.collect();
    Mark { line, text: text.to_owned(), element, attributes }
}

/// An SVG of ours as such lines.
///
/// # Panics
///
/// If it is none.
pub fn laid_out(svg: &str) -> String {
    let document = Document::parse(svg).unwrap();
    let root = document.root_element();
    assert!(root.has_tag_name(("http://www.w3.org/2000/svg", "svg")));
    let number = |text: &str| text.parse::<f64>().unwrap();
    let fine = root.attribute("viewBox").and_then(|edges| edges.split(' ').nth(2)).map(number).unwrap();
    let steps = fine / root.attribute("width").map(number).unwrap();
    let in_pixels = |text: &str| ((number(text) / steps * DIGITS).round() / DIGITS).to_string();

    let mut page = String::new();
    for node in root.descendants().filter(|node| node.is_element()) {
        let element = node.tag_name().name();
        let mut attributes: Vec<(Meaning, &str, String)> = node
            .attributes()
            .map(|attribute| {
                let (name, value) = (attribute.name(), attribute.value());
                let meaning = meaning(element, name);
                let value = match meaning {
                    Meaning::Word => value.to_owned(),
                    _ if name == "points" => {
                        let points = value
                            .split_whitespace()
                            .map(|point| point.split(',').map(in_pixels).collect::<Vec<_>>().join(","));
                        points.collect::<Vec<_>>().join(" ")
                    }
                    _ => in_pixels(value),
                };
                (meaning, name, value)
            })
            .collect();
        attributes.sort();
        page.push_str(element);
        for (_, name, value) in attributes {
            let quoted = value.contains([' ', '"', '=']) || value.is_empty();
            page.push_str(&if quoted { format!(" {name}={value:?}") } else { format!(" {name}={value}") });
        }
        if let Some(text) = node.text().filter(|text| !text.trim().is_empty()) {
            page.push_str(&format!(" {text:?}"));
        }
        page.push('\n');
    }
    page
}

/// Holds an SVG to the golden picture that is named like the test.
macro_rules! assert_picture {
    ($svg:expr) => {
        $crate::support::golden::settings::<$crate::support::golden::pictures::Picture>()
            .bind(|| insta::assert_snapshot!($crate::support::golden::pictures::laid_out(&$svg)))
    };
}
pub(crate) use assert_picture;
