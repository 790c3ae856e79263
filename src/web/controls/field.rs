//! One number: a text entry that takes `128k` or `50 ms`, and where it helps a slider over round values.
//!
//! Typed text is never lost: what cannot be read stays in the entry with the reason below it, and the scenario keeps
//! its last good value.

use crate::web::lean::{effect, flag, views, words};
use leptos::html::Input;
use leptos::prelude::*;
use leptos::web_sys;
use markup::view;

use super::stops::Stops;
use crate::report::words::capital;
use crate::scenario::Limits;
use crate::units::format::Unit;
use crate::web::state::{Page, use_page};

/// A labelled number with text entry, slider and error line.
#[expect(clippy::too_many_arguments, reason = "each is a property of one entry, given by its name")]
#[component]
pub fn NumberField(
    /// Identifier of the entry, unique on the page.
    #[prop(into)]
    id: String,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// How the number is written and read.
    unit: Unit,
    /// Valid range.
    limits: Limits,
    /// The number; `None` shows an empty entry.
    #[prop(into)]
    value: Signal<Option<f64>>,
    /// Takes a valid number, or `None` for an emptied entry if that is allowed.
    #[prop(into)]
    set: Callback<Option<f64>>,
    /// Round values for a slider under the entry.
    #[prop(optional, into)]
    stops: Option<Signal<Stops>>,
    /// What an empty entry means; without it, the entry must not be empty.
    #[prop(optional, into)]
    empty: Option<Signal<String>>,
    /// Said on hover.
    #[prop(optional)]
    hint: &'static str,
) -> impl IntoView {
    let entry = Entry::new(unit, limits, empty.is_some(), value, set);
    let error = entry.error;
    let label_id = format!("{id}-label");
    let error_id = format!("{id}-error");
    let described = {
        let error_id = error_id.clone();
        move || error.with(Option::is_some).then(|| error_id.clone())
    };
    let slider = stops.map(|stops| view! { <Slider labelled_by=label_id.clone() unit value set stops/> });
    view! {
        <div class="field" class:slid=stops.is_some() class:wrong={flag(move || error.with(Option::is_some))}>
            <label id=label_id for=id.clone() title=hint>{label}</label>
            <input
                id=id
                type="text"
                class="entry"
                inputmode="text"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || entry.shown()
                placeholder={words(move || empty.map(|empty| empty.get()))}
                aria-invalid={words(move || error.with(Option::is_some).then_some("true"))}
                aria-describedby={words(described)}
                on:input=move |event| entry.take(event_target_value(&event))
                on:change=move |_| entry.settle()
                on:keydown=move |event| entry.pressed(&event)
            />
            {slider}
            <p id=error_id class="error" role="alert" hidden={flag(move || error.with(Option::is_none))}>
                {views(move || error.get())}
            </p>
        </div>
    }
}

/// What stands in an entry beside the number itself.
#[derive(Clone, Copy)]
struct Entry {
    unit: Unit,
    limits: Limits,
    /// Whether it may be emptied.
    optional: bool,
    value: Signal<Option<f64>>,
    set: Callback<Option<f64>>,
    /// The text as typed, until it is settled.
    draft: RwSignal<Option<String>>,
    /// What is wrong with it.
    error: RwSignal<Option<String>>,
    page: Page,
}

impl Entry {
    fn new(
        unit: Unit,
        limits: Limits,
        optional: bool,
        value: Signal<Option<f64>>,
        set: Callback<Option<f64>>,
    ) -> Self {
        let (draft, error) = (RwSignal::new(None), RwSignal::new(None));
        let own = Self { unit, limits, optional, value, set, draft, error, page: use_page() };
        // A value that comes from elsewhere (slider, preset, history) replaces what was typed.
        Effect::new(move |before: Option<Option<f64>>| {
            let now = value.get();
            if before.is_some_and(|before| before != now) {
                let same = draft.with_untracked(|draft: &Option<String>| {
                    draft.as_deref().is_some_and(|text| own.read(text) == Ok(now))
                });
                if !same {
                    own.forget();
                }
            }
            now
        });
        own
    }

    fn read(&self, text: &str) -> Result<Option<f64>, String> {
        read(text, self.unit, self.limits, self.optional)
    }

    /// Takes what is typed, as far as it can be read.
    fn take(&self, text: String) {
        match self.read(&text) {
            Ok(number) => {
                self.error.set(None);
                self.draft.set(Some(text));
                if number != self.value.get_untracked() {
                    self.set.run(number);
                }
            }
            Err(reason) => {
                self.error.set(Some(reason));
                self.draft.set(Some(text));
            }
        }
    }

    /// What was typed is done, unless something is wrong with it.
    fn settle(&self) {
        if self.error.with_untracked(Option::is_none) {
            self.draft.set(None);
            self.page.commit();
        }
    }

    fn pressed(&self, event: &web_sys::KeyboardEvent) {
        if event.key() == "Escape" {
            self.forget();
        }
    }

    fn forget(&self) {
        self.draft.set(None);
        self.error.set(None);
    }

    fn shown(&self) -> String {
        let written = || self.value.get().map(|value| self.unit.format(value)).unwrap_or_default();
        self.draft.get().unwrap_or_else(written)
    }
}

/// The slider of a field. Its positions are the stops, so the thumb and the arrow keys meet round values only.
#[component]
pub fn Slider(
    /// Identifier of its label.
    #[prop(into)]
    labelled_by: String,
    /// How its value is spoken.
    unit: Unit,
    /// The number.
    #[prop(into)]
    value: Signal<Option<f64>>,
    /// Takes the value of a stop.
    #[prop(into)]
    set: Callback<Option<f64>>,
    /// The stops.
    #[prop(into)]
    stops: Signal<Stops>,
) -> impl IntoView {
    let page = use_page();
    let node = NodeRef::<Input>::new();
    // The range must be in place before the position, or the browser clamps it to the old one.
    effect(move || {
        let Some(input) = node.get() else { return };
        stops.with(|stops| {
            let _ = input.set_attribute("max", &stops.last().to_string());
            let index = value.get().map_or(0, |value| stops.index(value));
            input.set_value(&index.to_string());
        });
    });
    let moved = move |event: web_sys::Event| {
        let Ok(index) = event_target_value(&event).parse::<usize>() else { return };
        set.run(Some(stops.with_untracked(|stops| stops.value(index))));
    };
    view! {
        <input
            node_ref=node
            type="range"
            class="slider"
            min="0"
            step="1"
            aria-labelledby=labelled_by
            aria-valuetext={words(move || value.get().map(|value| unit.format(value)))}
            on:input=moved
            on:change=move |_| page.commit()
        />
    }
}

/// Reads a typed text within limits; the reason names the valid range.
fn read(text: &str, unit: Unit, limits: Limits, optional: bool) -> Result<Option<f64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return if optional { Ok(None) } else { Err(format!("Needs a value: {}", range(unit, limits))) };
    }
    match unit.parse(text) {
        Ok(value) if limits.admit(value).is_ok() => Ok(Some(value)),
        Ok(value) => Err(format!("{} is outside {}", unit.format(value), range(unit, limits))),
        Err(error) => Err(format!("{}; valid is {}", capital(error.to_string()), range(unit, limits))),
    }
}

fn range(unit: Unit, limits: Limits) -> String {
    format!("{} to {}", unit.format(limits.low), unit.format(limits.high))
}
