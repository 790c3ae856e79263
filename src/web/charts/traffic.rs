//! How requests come one by one, in the words of links: each entry is a key, read and refused as a link is.

use leptos::prelude::*;
use markup::view;

use crate::scenario::{Scenario, link};
use crate::web::lean::{flag, views, words};
use crate::web::state::use_page;

/// Key, label, and an example.
const KEYS: [(&str, &str, &str); 8] = [
    ("lengths", "Lengths", "chat, or 4/3.5 for p95 over p50"),
    ("sessions", "Sessions", "20x1.5k: turns x new tokens"),
    ("shared", "Shared head", "2k"),
    ("pause", "Pause", "5s, or 2s/30s for p50/p95"),
    ("burst", "Bursts", "30s/90s: on/off"),
    ("tier", "Cache beyond the chips", "dram:1TB@50GB/s,ssd:8TB@10GB/s"),
    ("routing", "Routing", "round-robin, least-loaded, prefix"),
    ("horizon", "Replayed", "1h, or 10000req"),
];

/// The entries.
#[component]
pub fn TrafficFields() -> impl IntoView {
    let fields = KEYS.map(|(key, label, example)| field(key, label, example)).collect_view();
    view! {
        <details class="more">
            <summary><span>"Traffic"</span></summary>
            {fields}
        </details>
    }
}

fn field(key: &'static str, label: &'static str, example: &'static str) -> impl IntoView {
    let page = use_page();
    let error = RwSignal::new(None::<String>);
    let value = page.part(move |scenario| value_of(scenario, key));
    let id = format!("traffic-{key}");
    let error_id = format!("{id}-error");
    let described = error_id.clone();
    let changed = move |event| match taken(&page.scenario.get_untracked(), key, &event_target_value(&event)) {
        Ok(scenario) => {
            error.set(None);
            page.open(scenario);
        }
        Err(reason) => error.set(Some(reason)),
    };
    view! {
        <div class="field" class:wrong={flag(move || error.with(Option::is_some))}>
            <label for=id.clone()>{label}</label>
            <input
                id=id
                type="text"
                class="entry"
                autocomplete="off"
                spellcheck="false"
                placeholder=example
                prop:value=move || value.get()
                aria-invalid={words(move || error.with(Option::is_some).then_some("true"))}
                aria-describedby={words(move || error.with(Option::is_some).then(|| described.clone()))}
                on:change=changed
            />
            <p id=error_id class="error" role="alert" hidden={flag(move || error.with(Option::is_none))}>
                {views(move || error.get())}
            </p>
        </div>
    }
}

/// What a link says under a key; nothing where it leaves it out.
fn value_of(scenario: &Scenario, key: &str) -> String {
    let link = link::write(scenario, &[]);
    let found = link.split('&').filter_map(|pair| pair.split_once('=')).find(|(own, _)| *own == key);
    found.map(|(_, value)| value.to_owned()).unwrap_or_default()
}

/// The scenario with another value under a key; an empty one takes it out.
fn taken(scenario: &Scenario, key: &str, text: &str) -> Result<Scenario, String> {
    let link = link::write(scenario, &[]);
    // Typical lengths bring their means along.
    let gone = |own: &str| own == key || (key == "lengths" && matches!(own, "isl" | "osl"));
    let mut pairs: Vec<String> = link
        .split('&')
        .filter(|pair| !gone(pair.split('=').next().unwrap_or(pair)))
        .map(str::to_owned)
        .collect();
    let text: String = text.trim().chars().filter(|own| !matches!(own, '&' | '%' | '#' | '+')).collect();
    if !text.is_empty() {
        pairs.push(format!("{key}={text}"));
    }
    let parsed = link::parse(&pairs.join("&"));
    match parsed.notices.first() {
        Some(notice) => Err(notice.to_string()),
        None => Ok(parsed.scenario),
    }
}
