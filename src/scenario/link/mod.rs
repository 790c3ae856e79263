//! The link: a scenario as the text after `#` of an address, `v1&model=deepseek-v3&isl=8k&…`.
//!
//! Readable and written by hand without harm: only what differs from the default scenario is written, and keys may come in
//! any order. Reading never fails, takes bounded time, and always gives a scenario within its limits; what [`write()`]
//! writes, [`parse`] reads back exactly.
//!
//! A remark on a link is a [`Notice`]. An unknown name, or a value that cannot be read or lies outside its range, is a
//! [`Fault`] besides: nobody knows what was asked, so nothing may be evaluated. Whoever evaluates goes through
//! [`Parsed::understood`]; the scenario of a link with faults is there for those who put it right, and for those who were
//! told to go on with the rest.
//!
//! Keys and values are percent-decoded. A plus sign is a plus sign: the text after `#` is no form.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Serialize;

use super::Scenario;

mod custom;
mod key;
mod keys;
mod names;
mod notice;
mod problem;
mod traffic;
mod value;

pub use custom::{ARCHITECTURE, chip_figure, read_model, write_model};
pub use notice::{Fault, Notice};
pub use problem::Problem;

use key::{Access, Key, Read, Taken};
use keys::{KEYS, PIN, VIEW};

/// Longest link that is read, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// Longest value of a view key, in characters.
pub const LONGEST_VIEW_VALUE: usize = 4096;

/// Most pinned scenarios.
pub const MOST_PINS: usize = 4;

/// Most notices that are listed one by one.
const MOST_NOTICES: usize = 40;

/// Most faults of one key that are told apart; only keys that list things, or may be repeated, can have more.
const MOST_FAULTS: usize = 8;

/// The version that this code reads and writes.
const VERSION: &str = "v1";

/// What may stand unescaped in a value: what an address allows after `#` and no text format takes for its own.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'*')
    .remove(b':')
    .remove(b',')
    .remove(b'/')
    .remove(b'@')
    .remove(b'=');

/// What a link says.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The scenario, always within its limits.
    pub scenario: Scenario,
    /// What it says about the page, key by key, in the order of the link: text to be treated as foreign.
    pub view: Vec<(String, String)>,
    /// What could not be taken as it stands.
    pub notices: Vec<Notice>,
    /// Parts that must be put right or given up before anything is evaluated.
    pub faults: Vec<Fault>,
    /// The keys that the link states.
    pub stated: Vec<&'static str>,
}

/// Why nothing may be evaluated: parts of a link are not understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Misread(pub Box<Parsed>);

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.faults.iter().enumerate() {
            let apart = if place == 0 { "" } else { "\n" };
            let said = fault.notice.to_string();
            let stop = if said.ends_with(['.', '?']) { "" } else { "." };
            write!(f, "{apart}{said}{stop}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Misread {}

impl Parsed {
    /// The same, if every part of the link is understood. Every door to an evaluation asks here.
    ///
    /// # Errors
    /// [`Misread`] with what is not understood.
    pub fn understood(self) -> Result<Self, Misread> {
        if self.faults.is_empty() { Ok(self) } else { Err(Misread(Box::new(self))) }
    }

    /// The link that was read: what was understood in its usual form, what was not as it stands.
    #[must_use]
    pub fn link(&self) -> String {
        link_with(&self.scenario, &self.view, &self.stated, &self.faults, None)
    }
}

/// The link of a scenario of which some parts wait to be put right: they stand as they were written, and all keys that
/// the link stated are in it, since what they leave out may depend on those parts. `corrected` is the place of a fault
/// and the value that it gets.
#[must_use]
pub fn link_with(
    scenario: &Scenario,
    view: &[(String, String)],
    stated: &[&'static str],
    faults: &[Fault],
    corrected: Option<(usize, &str)>,
) -> String {
    let waits = |key: &str| faults.iter().any(|fault| fault.key == key && !lists(key));
    let mut text = compose(scenario, view, |key| stated.contains(&key), waits);
    for (place, fault) in faults.iter().enumerate().filter(|(_, fault)| !fault.key.is_empty()) {
        let value = corrected.filter(|(own, _)| *own == place).map_or(&*fault.value, |(_, value)| value);
        text.push('&');
        text.push_str(&fault.key);
        text.push('=');
        text.extend(utf8_percent_encode(value, ESCAPED));
    }
    text
}

/// The chip that a name stands for, in the catalogue or among those that a scenario brings along.
///
/// # Errors
/// A remark that such a `key` has a value that names no chip, with what comes near.
pub fn chip_named(custom: &super::Custom, key: &str, name: &str) -> Result<String, Box<Notice>> {
    names::chip(custom, name).map(|read| read.id).map_err(|problem| Box::new(Notice::new(key, name, problem)))
}

/// A vendor of chips by its name.
///
/// # Errors
/// What is wrong with the name, and the vendors there are.
pub fn vendor_named(custom: &super::Custom, key: &str, name: &str) -> Result<String, Box<Notice>> {
    names::vendor(custom, name).map_err(|problem| Box::new(Notice::new(key, name, problem)))
}

/// What stands in a scenario under a key, as a link writes it.
#[must_use]
pub fn value_of(scenario: &Scenario, name: &str) -> Option<String> {
    KEYS.iter().find(|key| key.name == name).and_then(|key| key.access.write()(scenario))
}

/// The keys under which two scenarios say different things, in the order of the table. There is no part of a link beyond
/// the table, so two scenarios that differ in none of them are one link.
#[must_use]
pub fn differing(one: &Scenario, other: &Scenario) -> Vec<&'static str> {
    let differs = |key: &&Key| {
        let write = key.access.write();
        write(one) != write(other)
    };
    KEYS.iter().filter(differs).map(|key| key.name).collect()
}

/// What of a scenario is neither of the catalogue nor a default: the keys that a link of it states, in the order of the
/// table, each with its value as the link writes it.
#[must_use]
pub fn departures(scenario: &Scenario) -> Vec<(&'static str, String)> {
    let default = default_of(scenario);
    let own = |key: &Key| {
        let write = key.access.write();
        let value = write(scenario)?;
        (Some(&value) != write(&default).as_ref()).then_some((key.name, value))
    };
    KEYS.iter().filter_map(own).collect()
}

/// What a scenario is where its link says nothing.
fn default_of(scenario: &Scenario) -> Scenario {
    Scenario {
        formats: keys::default_formats(&scenario.model),
        workload: keys::default_workload(scenario),
        ..Scenario::default()
    }
}

/// A scenario that takes what stands under some of the keys from another. None where that means nothing, such as a pool of
/// a chip that only the other brings along.
#[must_use]
pub fn mixed(
    own: &Scenario,
    other: &Scenario,
    from_other: impl Fn(&'static str) -> bool,
) -> Option<Scenario> {
    let source = |key: &Key| if from_other(key.name) { other } else { own };
    let values: Values<'static> =
        KEYS.iter().map(|key| key.access.write()(source(key)).map(Cow::Owned)).collect();
    let mut notices = Notices::default();
    let mut scenario = apply(&values, &mut notices);
    // Chips whose figures were changed in place are beyond links.
    let tuned = if from_other("chip") { other } else { own };
    scenario.custom.tuned.clone_from(&tuned.custom.tuned);
    notices.faults.is_empty().then_some(scenario)
}

/// The place of a key in the table.
#[must_use]
pub fn place_of(name: &str) -> Option<usize> {
    KEYS.iter().position(|key| key.name == name)
}

/// Whether a key may be written more than once.
fn lists(name: &str) -> bool {
    name == PIN || KEYS.iter().any(|key| key.name == name && matches!(key.access, Access::List { .. }))
}

/// A line of the reference of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyDoc {
    /// The key.
    pub key: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// A value.
    pub example: &'static str,
    /// What holds without it.
    pub default: String,
    /// What it can be.
    pub range: String,
    /// Whether it is about the page only and changes no figure.
    pub view: bool,
}

/// Notices, of which only the first are kept, and all faults.
#[derive(Default)]
struct Notices {
    listed: Vec<Notice>,
    more: usize,
    faults: Vec<Fault>,
}

impl Notices {
    /// The problem is made only if it is going to be listed, because making one can take a comparison with all names.
    fn push(&mut self, key: &str, value: &str, problem: impl FnOnce() -> Problem) {
        if self.listed.len() < MOST_NOTICES {
            self.listed.push(Notice::new(key, value, problem()));
        } else {
            self.more += 1;
        }
    }

    /// A part that was read with a problem, which stops everything if it leaves open what was asked.
    fn take(&mut self, key: &str, value: &str, problem: Problem) {
        if problem.is_fault() {
            let same = self.faults.iter().filter(|fault| fault.key == key).count();
            match self.faults.iter_mut().rfind(|fault| fault.key == key) {
                // Beyond some, what is wrong with a list stays together.
                Some(last) if same >= MOST_FAULTS => {
                    last.value.push(',');
                    last.value.push_str(value);
                }
                _ => {
                    let notice = Notice::new(key, value, problem.clone());
                    self.faults.push(Fault { key: key.to_owned(), value: value.to_owned(), notice });
                }
            }
        }
        self.push(key, value, || problem);
    }
}

/// Reads a link: the text after `#`, with or without it, or a whole address.
///
/// ```
/// use tandem::scenario::link;
///
/// let parsed = link::parse("v1&model=deepseek-ai/DeepSeek-R1&isl=8k&pool=h200*16");
/// assert_eq!(parsed.scenario.workload.isl.get(), 8192.0);
/// assert_eq!(parsed.scenario.model, "deepseek-v3");
/// assert!(parsed.understood().is_ok());
/// // What is not understood is named, with what may have been meant.
/// let misread = link::parse("v1&model=depseek-v3&osl=1k").understood().unwrap_err();
/// assert!(misread.to_string().contains("Did you mean deepseek-v3"));
/// ```
#[must_use]
pub fn parse(text: &str) -> Parsed {
    read(text, true)
}

/// Reads a link, with or without a look into the scenarios that it pins.
fn read(text: &str, pins: bool) -> Parsed {
    let mut notices = Notices::default();
    let body = body(text, &mut notices);
    let (values, mut view) = collect(body, &mut notices);
    let scenario = apply(&values, &mut notices);
    if pins {
        check_pins(&mut view, &mut notices);
    }
    let stated: Vec<&'static str> =
        KEYS.iter().zip(&values).filter(|(_, value)| value.is_some()).map(|(key, _)| key.name).collect();
    let faults = notices.faults.iter_mut().map(|fault| &mut fault.notice);
    for notice in notices.listed.iter_mut().chain(faults) {
        if notice.is_fault() {
            notice.kept = kept(&scenario, &notice.key);
        }
        if let (Problem::ReadAs { weights, .. }, "model") = (&mut notice.problem, &*notice.key)
            && stated.contains(&"weights")
        {
            // The key decides.
            *weights = None;
        }
    }
    if notices.more > 0 {
        notices.listed.push(Notice::new("", "", Problem::More { count: notices.more }));
    }
    Parsed { scenario, view, notices: notices.listed, faults: notices.faults, stated }
}

/// The last value of each key, in the order of the table, and what is said about the page.
type Values<'a> = Vec<Option<Cow<'a, str>>>;

fn collect<'a>(body: &'a str, notices: &mut Notices) -> (Values<'a>, Vec<(String, String)>) {
    let mut values: Values<'a> = KEYS.iter().map(|_| None).collect();
    let mut view: Vec<(String, String)> = Vec::new();
    for (position, part) in parts(body).enumerate() {
        if let Some(number) = version(part) {
            if position != 0 || number != VERSION {
                notices.push(part, "", || Problem::OtherVersion);
            }
            continue;
        }
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let key = decode(key).trim().to_ascii_lowercase();
        let value = decode(value);
        if let Some((known, slot)) = KEYS.iter().zip(&mut values).find(|(known, _)| known.name == key) {
            match (&known.access, slot) {
                (Access::List { .. }, Some(list)) => {
                    let list = list.to_mut();
                    list.push(',');
                    list.push_str(&value);
                }
                (_, slot) => {
                    if let Some(earlier) = slot.replace(value) {
                        notices.push(&key, &earlier, || Problem::Repeated);
                    }
                }
            }
        } else if VIEW.iter().any(|(known, ..)| *known == key) {
            take_view(&mut view, key, value.into_owned(), notices);
        } else {
            let known = || KEYS.iter().map(|known| known.name).chain(VIEW.iter().map(|(name, ..)| *name));
            notices.push(&key, &value, || Problem::UnknownKey { nearest: names::nearest(&key, known()) });
        }
    }
    (values, view)
}

/// The scenario that the values make of the default one.
fn apply(values: &Values<'_>, notices: &mut Notices) -> Scenario {
    let value_of = |name: &str| {
        KEYS.iter().zip(values).find(|(key, _)| key.name == name).and_then(|(_, value)| value.as_deref())
    };
    let mut scenario = Scenario::default();
    // Which pools exist is settled first, so that the order of keys does not matter. An explicit split decides, else
    // the pools that are named do.
    let stated = value_of("split").and_then(|text| keys::split(text).ok());
    if let Some(kind) = stated.or_else(|| keys::split_of(|pool| value_of(pool).is_some())) {
        scenario.split = keys::default_split(kind);
    }
    let mut open = false;
    for (key, value) in KEYS.iter().zip(values) {
        let Some(value) = value else { continue };
        let mut take = |read: Read, value: &str| match read(&mut scenario, value) {
            Ok(Taken::Whole) => {}
            Ok(Taken::But(problem)) => notices.take(key.name, value, problem),
            Err(mut problem) => {
                // What is offered must hold, so it is read like the rest.
                let enough = notices.faults.len() >= MOST_NOTICES;
                if let Some(nearest) = problem.nearest_mut() {
                    nearest.retain(|near| !enough && read(&mut scenario.clone(), near).is_ok());
                }
                notices.take(key.name, value, problem);
            }
        };
        match key.access {
            Access::Field { read, .. } => take(read, value),
            Access::List { read, .. } => {
                value.split(',').filter(|item| !item.trim().is_empty()).for_each(|item| take(read, item));
            }
        }
        open |= matches!(scenario.load, super::Load::Open { .. });
    }
    if let (true, Some(concurrency)) = (open, value_of("concurrency")) {
        notices.push("concurrency", concurrency, || Problem::Unused { reason: keys::OPEN_LOOP });
    }
    scenario
}

/// A pinned scenario is a link of its own: one that is not understood is a fault of the whole.
fn check_pins(view: &mut Vec<(String, String)>, notices: &mut Notices) {
    view.retain(|(key, text)| {
        if key != PIN {
            return true;
        }
        // The pins of a pin mean nothing, so that this goes no deeper.
        let inner = read(text, false);
        let Some(fault) = inner.faults.first() else { return true };
        let part = format!("{}={}", fault.key, fault.value);
        let nearest = fault.notice.problem.nearest().iter();
        let mended = nearest.map(|near| text.replacen(&part, &format!("{}={near}", fault.key), 1));
        let reason = format!("a pinned scenario is not understood: {}", fault.notice.complaint());
        // A part that stands there in escapes is not found.
        let nearest = mended.filter(|mended| mended != text).collect();
        notices.take(PIN, text, Problem::Wrong { reason, nearest });
        false
    });
}

/// Writes a scenario as a link, with what is to be said about the page. View keys that do not exist are left out, and
/// so are values longer than [`LONGEST_VIEW_VALUE`].
///
/// ```
/// use tandem::scenario::link;
///
/// let link = "v1&model=llama3-8b&pool=h100-sxm*2";
/// assert_eq!(link::write(&link::parse(link).scenario, &[]), link);
/// ```
#[must_use]
pub fn write(scenario: &Scenario, view: &[(String, String)]) -> String {
    compose(scenario, view, |_| false, |_| false)
}

/// Writes a scenario; some keys although their value is the default, and others not at all.
fn compose(
    scenario: &Scenario,
    view: &[(String, String)],
    always: impl Fn(&'static str) -> bool,
    never: impl Fn(&str) -> bool,
) -> String {
    let default = default_of(scenario);
    let mut text = VERSION.to_owned();
    let mut pair = |key: &str, value: &str| {
        text.push('&');
        text.push_str(key);
        text.push('=');
        text.extend(utf8_percent_encode(value, ESCAPED));
    };
    for key in KEYS {
        let write = key.access.write();
        if let Some(value) = write(scenario)
            && !never(key.name)
            && (always(key.name) || Some(&value) != write(&default).as_ref())
        {
            pair(key.name, &value);
        }
    }
    for (key, value) in view {
        let known = VIEW.iter().any(|(name, ..)| name == key);
        if known && !never(key) && value.chars().count() <= LONGEST_VIEW_VALUE {
            pair(key, value);
        }
    }
    text
}

/// The reference of all keys, in the order in which they are written.
#[must_use]
pub fn reference() -> Vec<KeyDoc> {
    let default = Scenario::default();
    let scenario = KEYS.iter().map(|key| KeyDoc {
        key: key.name,
        meaning: key.meaning,
        example: key.example,
        default: default_text(key, &default),
        range: (key.range)(),
        view: false,
    });
    let view = VIEW.iter().map(|&(key, meaning, example)| KeyDoc {
        key,
        meaning,
        example,
        default: "chosen by the page".to_owned(),
        range: format!("at most {LONGEST_VIEW_VALUE} characters"),
        view: true,
    });
    scenario.chain(view).collect()
}

/// Whether a text can be meant as a link at all: it names a version, or at least one key that exists.
#[must_use]
pub fn is_link(text: &str) -> bool {
    let known = |part: &str| {
        let key = decode(part.split_once('=').map_or("", |(key, _)| key)).trim().to_ascii_lowercase();
        KEYS.iter().any(|known| known.name == key) || VIEW.iter().any(|(known, ..)| *known == key)
    };
    parts(body(text, &mut Notices::default())).any(|part| version(part).is_some() || known(part))
}

/// The part of a text that is the link itself.
fn body<'a>(text: &'a str, notices: &mut Notices) -> &'a str {
    let text = text.trim();
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    if end < text.len() {
        notices.take("", "", Problem::TooLong { read: LONGEST });
    }
    let text = text.get(..end).unwrap_or_default();
    match text.split_once('#') {
        // A link without its leading # may still hold one further on, in a value.
        Some((before, _)) if parts(before).next().is_some_and(|first| version(first).is_some()) => text,
        Some((_, after)) => after,
        None if text.starts_with("https://") || text.starts_with("http://") => {
            notices.push("", "", || Problem::NoFragment);
            ""
        }
        None => text,
    }
}

fn parts(body: &str) -> impl Iterator<Item = &str> {
    body.split('&').map(str::trim).filter(|part| !part.is_empty())
}

/// The part itself if it is a version such as `v1`.
fn version(part: &str) -> Option<&str> {
    let digits = part.strip_prefix('v')?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(part)
}

fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

fn take_view(view: &mut Vec<(String, String)>, key: String, value: String, notices: &mut Notices) {
    if value.chars().count() > LONGEST_VIEW_VALUE {
        let expected = format!("at most {LONGEST_VIEW_VALUE} characters");
        notices.take(&key, &value, Problem::Unreadable { expected, nearest: Vec::new() });
        return;
    }
    if key == PIN {
        if view.iter().filter(|(known, _)| known == PIN).count() == MOST_PINS {
            notices.push(&key, &value, || Problem::Unused { reason: "because four scenarios can be pinned" });
        } else {
            view.push((key, value));
        }
        return;
    }
    match view.iter_mut().find(|(known, _)| *known == key) {
        Some((_, earlier)) => {
            let earlier = std::mem::replace(earlier, value);
            notices.push(&key, &earlier, || Problem::Repeated);
        }
        None => view.push((key, value)),
    }
}

/// What holds for a key whose value was dropped.
fn kept(scenario: &Scenario, name: &str) -> Option<String> {
    if name == "split" {
        return Some(scenario.split.kind().id().to_owned());
    }
    let key = KEYS.iter().find(|key| key.name == name)?;
    match key.access {
        Access::Field { write, .. } => {
            Some(write(scenario).unwrap_or_else(|| key.otherwise.to_owned())).filter(|text| !text.is_empty())
        }
        // What was dropped from a list leaves the rest of it standing.
        Access::List { .. } => None,
    }
}

fn default_text(key: &Key, default: &Scenario) -> String {
    match key.access {
        Access::Field { write, .. } if key.otherwise.is_empty() => write(default).unwrap_or_default(),
        Access::Field { .. } | Access::List { .. } => key.otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Load, Percentile, Split};

    fn messages(text: &str) -> Vec<String> {
        parse(text).notices.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_default_is_the_shortest_link() {
        assert_eq!(write(&Scenario::default(), &[]), "v1");
        for text in ["v1", "#v1", " #v1 ", "", "#", "https://example.org/tandem/?embed=1#v1", "v1&"] {
            let parsed = parse(text);
            assert_eq!((parsed.scenario, parsed.notices), (Scenario::default(), Vec::new()), "{text}");
        }
    }

    #[test]
    fn limits_name_a_percentile_or_none() {
        let slo = |text: &str| {
            let parsed = parse(text);
            assert!(parsed.notices.is_empty(), "{text}: {:?}", parsed.notices);
            parsed.scenario.slo
        };
        let own = slo("v1&ttft=2s@p95&tpot=50ms@p99");
        assert_eq!(own.ttft.unwrap().percentile, Some(Percentile::P95));
        assert_eq!(own.tpot.unwrap().percentile, Some(Percentile::P99));
        assert_eq!(slo("v1&ttft=2s"), slo("v1&ttft=2s@mean"));
        assert_eq!(slo("v1&ttft=2s").ttft.unwrap().percentile, None);
        for (typed, written) in [
            ("ttft=500ms@p95", "ttft=500ms@p95"),
            ("ttft=500ms@P95", "ttft=500ms@p95"),
            ("ttft=500ms@95", "ttft=500ms@p95"),
            ("tpot=20ms@p99.9", "tpot=20ms@p99.9"),
            ("tpot=50ms@mean", ""),
            ("headroom=20%", "headroom=0.2"),
            ("headroom=0&spare=2", "headroom=0&spare=2"),
        ] {
            let parsed = parse(&format!("v1&{typed}"));
            let body = if written.is_empty() { "v1".to_owned() } else { format!("v1&{written}") };
            assert_eq!((write(&parsed.scenario, &[]), parsed.notices), (body, Vec::new()), "{typed}");
        }
        assert_eq!(
            messages("v1&tpot=50@p99"),
            ["tpot=50@p99: no unit; read as seconds. Did you mean 50ms@p99?"]
        );
        for (typed, near) in [
            ("ttft=2s@p100", "2s@p99.9"),
            ("ttft=2s@0.95", "2s@p95"),
            ("ttft=2s@worst", "2s@p95"),
            ("ttft=2s@", "2s@p95"),
            ("ttft=2sec@p95", "2s@p95"),
            ("tpot=9h@p99", "3600s@p99"),
            ("headroom=2000%", "10"),
            ("spare=5000", "1000"),
        ] {
            let said = messages(&format!("v1&{typed}"));
            assert!(said[0].contains(&format!("Did you mean {near}?")), "{said:?}");
        }
    }

    #[test]
    fn pools_say_which_split_it_is() {
        let split = |text: &str| parse(text).scenario.split;
        assert!(matches!(split("v1&pool=b200*8"), Split::Colocated { pool } if pool.chip == "b200"));
        assert!(matches!(split("v1&split=colocated"), Split::Colocated { pool } if pool.chip == "h200"));
        let Split::PrefillDecode { prefill, decode } = split("v1&decode=b200*16:tp8") else {
            panic!("no split")
        };
        assert_eq!((prefill.chip.as_str(), decode.chips), ("h100-sxm", 16));
        assert!(matches!(split("v1&pool=b200*8&decode=h200*8"), Split::PrefillDecode { .. }));
        assert_eq!(
            messages("v1&pool=b200*8&decode=h200*8"),
            ["pool=b200*8: not used, because prefill and decode have pools of their own"]
        );
        assert_eq!(
            messages("v1&split=colocated&decode=h200*8"),
            ["decode=h200*8: not used, because one pool does everything"]
        );
        assert!(messages("v1&split=pdd")[0].contains("Did you mean pd"));
        let Split::AttentionFfn { attention, ffn } = split("v1&ffn=groq3-lp30*256") else {
            panic!("no split")
        };
        assert_eq!((attention.chip.as_str(), ffn.chips), ("h200", 256));
        assert!(matches!(split("v1&ffn=b200*8&prefill=b200*8"), Split::PrefillAttentionFfn { .. }));
        assert!(matches!(split("v1&draft=b200*8"), Split::DraftVerify { .. }));
        assert!(matches!(split("v1&verify=b200*8&prefill=b200*8"), Split::PrefillDraftVerify { .. }));
        assert_eq!(
            messages("v1&split=draft&ffn=h200*8"),
            ["ffn=h200*8: not used, because drafting and checking have pools of their own"]
        );
    }

    #[test]
    fn a_rate_makes_the_load_open() {
        assert!(
            matches!(parse("v1&rate=12").scenario.load, Load::Open { rate, cv } if rate.get() == 12.0 && cv == 1.0)
        );
        assert!(matches!(parse("v1&cv=2&rate=12").scenario.load, Load::Open { cv, .. } if cv == 2.0));
        assert_eq!(messages("v1&cv=2"), ["cv=2: not used, because arrivals vary only where rate is given"]);
        assert_eq!(
            messages("v1&rate=1&concurrency=5"),
            ["concurrency=5: not used, because rate makes requests arrive on their own"]
        );
        assert!(
            matches!(parse("v1&rate=x&concurrency=5").scenario.load, Load::Closed { concurrency } if concurrency == 5.0)
        );
    }

    #[test]
    fn notices_teach() {
        assert_eq!(messages("v1&isl=0"), ["isl=0: outside 1 to 16M tokens. Did you mean 1?"]);
        assert_eq!(
            messages("v1&isl=long"),
            ["isl=long: expected a number of tokens such as 8k or 1500, 1 to 16M tokens"]
        );
        assert_eq!(messages("v1&ils=8k"), ["ils: no such key. Did you mean isl?"]);
        assert_eq!(messages("v1&isl=4k&isl=2k"), ["isl=4k: written again further on; the last one counts"]);
        assert_eq!(parse("v1&isl=4k&isl=2k").scenario.workload.isl.get(), 2048.0);
        assert_eq!(messages("v1&tpot=50"), ["tpot=50: no unit; read as seconds. Did you mean 50ms?"]);
        assert!(parse("v1&ttft=none").scenario.slo.ttft.is_none());
        assert_eq!(
            messages("v2&isl=8k"),
            ["v2: this link was made by another version of Tandem; read as v1"]
        );
        assert!(messages("v1&spec=mtp")[0].contains("for example mtp:3"));
        assert!(messages("v1&spec=llama3-8c:4")[0].contains("Did you mean llama3-8b:4"));
        assert!(messages("v1&link=pcie")[0].contains("Did you mean pcie5"));
        assert_eq!(
            messages("v1&link=50GB/s:0.5"),
            ["link=50GB/s:0.5: no unit; read as seconds. Did you mean 50GB/s:500us?"]
        );
        assert!(messages("v1&engine=vlm")[0].contains("Did you mean vllm"));
        assert!(messages("v1&weights=fp9")[0].contains("Did you mean fp8"));
        assert_eq!(messages("v1&decode=H100*8"), ["decode=H100*8: read as h100-sxm"]);
        assert!(
            messages("v1&decode=h10*8:tp8")[0].contains("unknown chip \"h10\". Did you mean h100-sxm*8:tp8")
        );
        assert!(messages("v1&pool=8xh200:pt8")[0].contains("Did you mean h200*8:tp8?"));
        assert!(messages("v1&pool=h200")[0].contains("chip*count"));
        assert!(messages("https://example.org/")[0].contains("follows #"));
    }

    #[test]
    fn formats_follow_the_model() {
        let formats = |text: &str| parse(text).scenario.formats.weights.map(crate::catalog::NumberFormat::id);
        assert_eq!(formats("v1"), Some("fp8"));
        assert_eq!(formats("v1&model=llama3-70b"), Some("fp8"));
        assert_eq!(formats("v1&model=deepseek-v3"), None);
        assert_eq!(formats("v1&weights=nvfp4&model=deepseek-v3"), Some("nvfp4"));
        assert_eq!(write(&parse("v1&weights=native").scenario, &[]), "v1&weights=native");
    }

    #[test]
    fn the_page_keeps_its_own_keys() {
        let text = "v1&x=osl&pin=v1%26isl=32k&pin=v1%26isl=64k&theme=dark";
        let parsed = parse(text);
        assert_eq!(parsed.notices, []);
        assert_eq!(parsed.view.len(), 4);
        assert_eq!(parsed.view[1], ("pin".to_owned(), "v1&isl=32k".to_owned()));
        assert_eq!(write(&parsed.scenario, &parsed.view), text);
    }

    #[test]
    fn the_size_of_everything_is_bounded() {
        let long = format!("v1&{}", "a=b&".repeat(40_000));
        let parsed = parse(&long);
        assert_eq!(parsed.notices.len(), MOST_NOTICES + 1);
        let parsed = parse(&format!("v1&x={}", "é".repeat(100_000)));
        assert!(parsed.view.is_empty());
        assert!(parsed.notices.iter().all(|notice| notice.value.chars().count() < 100));
    }

    #[test]
    fn a_text_without_any_key_is_no_link() {
        assert!(is_link("v1"));
        assert!(is_link("isl=8k"));
        assert!(is_link("https://example.org/#v1&isl=8k"));
        for text in ["", "hello", "isl", "a=b", "{\"isl\": 8}", "https://example.org/"] {
            assert!(!is_link(text), "{text}");
        }
    }

    #[test]
    fn the_reference_names_every_key_once() {
        let keys = reference();
        for (index, doc) in keys.iter().enumerate() {
            assert!(keys.iter().skip(index + 1).all(|other| other.key != doc.key), "{} twice", doc.key);
            assert!(
                !doc.meaning.is_empty() && !doc.range.is_empty() && !doc.default.is_empty(),
                "{}",
                doc.key
            );
            if !doc.view && !doc.example.is_empty() {
                let open = match doc.key {
                    "cv" | "burst" => "rate=1&",
                    "agents" => "sessions=20x1k&",
                    _ => "",
                };
                let text = format!("v1&{open}{}={}", doc.key, doc.example);
                assert_eq!(messages(&text), Vec::<String>::new(), "{text}");
            }
        }
    }
}
