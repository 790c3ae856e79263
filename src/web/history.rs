//! The address of the page: it reads the state from what follows `#`, and writes it back.
//!
//! Writing does two things. While a control moves, the state is written once it rests, into the entry that its first
//! movement made; when the movement ends, the entry is closed, so that the back button returns to what was before.
//! Browsers refuse too many writes, so they are few, and a refusal does no harm. An embedded page never writes.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::web_sys;
use wasm_bindgen::JsValue;

use super::pins;
use super::state::{Page, Pin, Tab, View};
use super::theme;
use crate::scenario::link::{self, Parsed};

/// How long the state must rest before it is written, in milliseconds.
const REST: u32 = 300;

/// What the page was opened with.
pub struct Opened {
    /// What the fragment says.
    pub parsed: Parsed,
    /// How it is looked at.
    pub view: View,
    /// What it is compared with.
    pub pins: Vec<Pin>,
    /// Whether the page stands in another one.
    pub embedded: bool,
    /// Parts of the embed that are not wanted.
    pub hide: Vec<String>,
}

/// Reads the address.
pub fn open() -> Opened {
    let parsed = link::parse(&fragment());
    let view = view_of(&parsed.view);
    let pins = pins_of(&parsed.view);
    let embedded = query("embed").is_some_and(|value| value != "0");
    let word = |key: &str| query(key).or_else(|| value(&parsed.view, key).map(str::to_owned));
    if let Some(theme) = word("theme") {
        theme::force(&theme);
    }
    let hide = word("hide").unwrap_or_default().split(',').map(str::to_owned).collect();
    let tab = query("view").and_then(|id| Tab::from_id(&id));
    let view = View { tab: tab.unwrap_or(view.tab), ..view };
    Opened { parsed, view, pins, embedded, hide }
}

/// The state as what follows `#`.
pub fn link_of(page: &Page) -> String {
    let view = view_pairs(page.view.get(), &page.pins.get());
    page.scenario.with(|scenario| link::write(scenario, &view))
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
        let done = if closed.get_value() {
            history.push_state_with_url(&JsValue::NULL, "", Some(&url))
        } else {
            history.replace_state_with_url(&JsValue::NULL, "", Some(&url))
        };
        if done.is_ok() {
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
        let text = fragment();
        let parsed = link::parse(&text);
        let known = written.with_value(|written| *written == text.trim_start_matches('#'));
        if known {
            return;
        }
        pending.set_value(None);
        let view = view_of(&parsed.view);
        let pins = pins_of(&parsed.view);
        page.messages.set(Vec::new());
        tell(&page, &parsed);
        page.edit(|scenario| *scenario = parsed.scenario.clone());
        page.view.set(view);
        if page.pins.with_untracked(|now| *now != pins) {
            page.pins.set(pins);
        }
        written.set_value(untrack(|| link_of(&page)));
        closed.set_value(true);
    };
    for event in ["popstate", "hashchange"] {
        let listener = window_event_listener_untyped(event, move |_| read());
        on_cleanup(move || listener.remove());
    }
}

/// Opens a link of our own, such as a preset's, as a step of its own.
pub fn follow(page: &Page, text: &str) {
    let parsed = link::parse(text);
    page.messages.set(Vec::new());
    page.view.set(view_of(&parsed.view));
    page.pins.set(pins_of(&parsed.view));
    page.open(parsed.scenario);
}

/// Tells what of a link could not be taken as it stands.
pub fn tell(page: &Page, parsed: &Parsed) {
    for notice in &parsed.notices {
        page.say(notice.to_string(), notice.changes_meaning());
    }
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

fn view_of(pairs: &[(String, String)]) -> View {
    View::read(pairs)
}

fn pins_of(pairs: &[(String, String)]) -> Vec<Pin> {
    let links = pairs.iter().filter(|(key, _)| key == "pin").map(|(_, link)| link.as_str());
    pins::read_links(links)
}

fn view_pairs(view: View, pins: &[Pin]) -> Vec<(String, String)> {
    let mut pairs = view.pairs();
    for pin in pins {
        pairs.push(("pin".to_owned(), link::write(&pin.scenario, &[])));
    }
    pairs
}
