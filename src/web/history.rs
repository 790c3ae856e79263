//! The address of the page: it reads the state from what follows `#`, and writes it back.
//!
//! Writing does two things. While a control moves, the state is written once it rests, into the entry that its first
//! movement made; when the movement ends, the entry is closed, so that the back button returns to what was before.
//! Each entry carries its number, which is how undo knows whether there is anything before it and redo what lies ahead.
//! Browsers refuse too many writes, so they are few, and a refusal does no harm. An embedded page never writes.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::web_sys;

use super::pinned::{self, Pin};
use super::state::{Page, Tab, View};
use super::theme;
use crate::figure::view::{only, wanted};
use crate::scenario::link::{self, Parsed};
use crate::scenario::presets::LANDING;

/// How long the state must rest before it is written, in milliseconds.
const REST: u32 = 300;

/// What the page was opened with.
pub struct Opened {
    /// The fragment.
    pub text: String,
    /// What it says.
    pub parsed: Parsed,
    /// How it is looked at.
    pub view: View,
    /// What it is compared with.
    pub pins: Vec<Pin>,
    /// Whether the page stands in another one.
    pub embedded: bool,
}

/// Reads the address.
pub fn open() -> Opened {
    let embedded = query("embed").is_some_and(|value| value != "0");
    let text = asked(embedded);
    let mut parsed = link::parse(&text);
    let pins = pins_of(&parsed.view);
    let word = |key: &str| query(key).or_else(|| value(&parsed.view, key).map(str::to_owned));
    if let Some(theme) = word("theme") {
        theme::force(&theme);
    }
    // A chart that the query names stands before the link's.
    if let Some(id) = query("view") {
        parsed.view.retain(|(key, _)| key != "view");
        parsed.view.push(("view".to_owned(), id));
    }
    let view = view_of(&parsed.view, embedded);
    Opened { text, parsed, view, pins, embedded }
}

/// The state as what follows `#`. A link that is not understood stays as it was written until it is put right.
pub fn link_of(page: &Page) -> String {
    let misread = page.misread.get();
    if misread.is_empty() {
        let view = view_of_page(page);
        page.scenario.with(|scenario| link::write(scenario, &view))
    } else {
        misread
    }
}

/// What the state says about the page.
pub fn view_of_page(page: &Page) -> Vec<(String, String)> {
    let mut pairs = view_pairs(page.view.get(), &page.pins.get(), page.story.get());
    let only = page.wanted.with(only);
    if !only.is_empty() {
        pairs.push(("only".to_owned(), only));
    }
    pairs
}

/// The address of the state, without what an embed has behind its `?`.
pub fn address(page: &Page) -> String {
    let location = window().location();
    let origin = location.origin().unwrap_or_default();
    let path = location.pathname().unwrap_or_default();
    format!("{origin}{path}#{}", untrack(|| link_of(page)))
}

/// Keeps address and state in step, both ways.
pub fn keep(page: Page) {
    if !page.embedded {
        take_place(page);
    }
    let written = StoredValue::new(untrack(|| link_of(&page)));
    let closed = StoredValue::new(true);
    let pending = StoredValue::new_local(None::<Timeout>);

    let write = move || {
        let link = untrack(|| link_of(&page));
        if page.embedded || written.with_value(|written| *written == link) {
            return;
        }
        let Ok(history) = window().history() else { return };
        let url = format!("#{link}");
        let (at, last) = page.place.get_untracked();
        let (place, done) = if closed.get_value() {
            let next = at.saturating_add(1);
            ((next, next), history.push_state_with_url(&next.into(), "", Some(&url)))
        } else {
            ((at, last), history.replace_state_with_url(&at.into(), "", Some(&url)))
        };
        if done.is_ok() {
            stand(page, place);
            written.set_value(link);
            closed.set_value(false);
        }
    };

    Effect::new(move |first: Option<()>| {
        link_of(&page);
        if first.is_some() {
            pending.set_value(Some(Timeout::new(REST, write)));
        }
    });
    Effect::new(move |first: Option<()>| {
        page.steps.track();
        if first.is_some() {
            pending.set_value(None);
            write();
            closed.set_value(true);
        }
    });

    let read = move || {
        if !page.embedded {
            take_place(page);
        }
        let text = asked(page.embedded);
        let parsed = link::parse(&text);
        let known = written.with_value(|written| *written == text.trim_start_matches('#'));
        if known {
            return;
        }
        pending.set_value(None);
        show(&page, &parsed, &text);
        written.set_value(untrack(|| link_of(&page)));
        closed.set_value(true);
    };
    for event in ["popstate", "hashchange"] {
        let listener = window_event_listener_untyped(event, move |_| read());
        on_cleanup(move || listener.remove());
    }
}

/// Shows what a link says, and what of it could not be taken.
fn show(page: &Page, parsed: &Parsed, text: &str) {
    let pins = pins_of(&parsed.view);
    page.messages.set(Vec::new());
    page.grown.set(None);
    tell(page, parsed);
    page.show(parsed, text);
    page.view.set(view_of(&parsed.view, page.embedded));
    page.wanted.set(wanted(&parsed.view));
    page.story.set(story_of(&parsed.view));
    if page.pins.with_untracked(|now| *now != pins) {
        page.pins.set(pins);
    }
}

/// Shows a link that the page around this one hands in. One that cannot be taken as it stands changes nothing.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn take(page: &Page, text: &str) -> Result<(), String> {
    let parsed = link::parse(text);
    let told = parsed.notices.iter().filter(|notice| notice.changes_meaning()).map(ToString::to_string);
    let wrong: Vec<_> = told.chain(unknown_chart(&parsed)).collect();
    if wrong.is_empty() {
        show(page, &parsed, text);
        Ok(())
    } else {
        Err(wrong.join(" "))
    }
}

/// Opens a link of our own, such as a preset's, as a step of its own.
pub fn follow(page: &Page, text: &str) {
    let parsed = link::parse(text);
    page.messages.set(Vec::new());
    tell(page, &parsed);
    page.view.set(view_of(&parsed.view, page.embedded));
    page.wanted.set(wanted(&parsed.view));
    page.story.set(story_of(&parsed.view));
    page.pins.set(pins_of(&parsed.view));
    page.show(&parsed, text);
    page.commit();
}

/// Where the last entry's number is kept, so that a reload keeps what lies ahead.
const LAST: &str = "tandem-last-step";

/// Learns from the browser where the page stands among its entries. An entry that carries no number is one that a
/// reader made by hand: it comes after the one before.
fn take_place(page: Page) {
    let Ok(history) = window().history() else { return };
    let (at, last) = page.place.get_untracked();
    let number = history.state().ok().and_then(|state| state.as_f64());
    if let Some(number) = number {
        let number = number as u32;
        stand(page, (number, last.max(number).max(remembered_last())));
        return;
    }
    let opened = page.steps.get_untracked() == 0 && at == 0 && last == 0;
    let next = if opened { 0 } else { at.saturating_add(1) };
    if history.replace_state_with_url(&next.into(), "", None).is_ok() {
        stand(page, (next, next));
    }
}

fn stand(page: Page, place: (u32, u32)) {
    if page.place.get_untracked() != place {
        page.place.set(place);
    }
    if let Ok(Some(storage)) = window().session_storage() {
        let _ = storage.set_item(LAST, &place.1.to_string());
    }
}

/// Storage may be blocked; then a reload forgets what lies ahead, and no more.
fn remembered_last() -> u32 {
    let storage = window().session_storage().ok().flatten();
    storage.and_then(|own| own.get_item(LAST).ok().flatten()).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Tells what of a link could not be taken as it stands.
pub fn tell(page: &Page, parsed: &Parsed) {
    // What is not understood has a place of its own (`misread`).
    for notice in parsed.notices.iter().filter(|notice| !notice.is_fault()) {
        page.say(notice.to_string(), notice.changes_meaning());
    }
    if let Some(text) = unknown_chart(parsed) {
        page.say(text, false);
    }
}

/// What to say when a link asks for a chart that there is not.
fn unknown_chart(parsed: &Parsed) -> Option<String> {
    let id = value(&parsed.view, "view").filter(|id| Tab::from_id(id).is_none())?;
    let known = Tab::ALL.map(Tab::id).join(", ");
    Some(format!("view={id}: no such chart. There are {known}."))
}

/// The link that is asked for: what follows `#`, or where nothing does, what a visitor sees first.
fn asked(embedded: bool) -> String {
    let text = fragment();
    if text.trim_start_matches('#').is_empty() && !embedded { LANDING.to_owned() } else { text }
}

/// What follows `#`.
fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// A value behind the `?`.
fn query(key: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    let parameters = web_sys::UrlSearchParams::new_with_str(&search).ok()?;
    parameters.get(key)
}

fn value<'a>(pairs: &'a [(String, String)], key: &str) -> Option<&'a str> {
    pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

fn view_of(pairs: &[(String, String)], embedded: bool) -> View {
    let view = View::read(pairs);
    View { alone: view.alone && embedded, ..view }
}

/// The story of a link.
pub fn story_of(pairs: &[(String, String)]) -> String {
    value(pairs, "story").unwrap_or_default().to_owned()
}

fn pins_of(pairs: &[(String, String)]) -> Vec<Pin> {
    let links = pairs.iter().filter(|(key, _)| key == "pin").map(|(_, link)| link.as_str());
    pinned::read_links(links)
}

fn view_pairs(view: View, pins: &[Pin], story: String) -> Vec<(String, String)> {
    let mut pairs = view.pairs();
    if !story.is_empty() {
        pairs.push(("story".to_owned(), story));
    }
    for pin in pins {
        pairs.push(("pin".to_owned(), link::write(&pin.scenario, &[])));
    }
    pairs
}
