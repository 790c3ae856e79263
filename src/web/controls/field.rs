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
use crate::web::state::use_page;

/// A labelled number with text entry, slider and error line.
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
    let page = use_page();
    let draft = RwSignal::new(None::<String>);
    let error = RwSignal::new(None::<String>);
    let optional = empty.is_some();
    let read = move |text: &str| read(text, unit, limits, optional);

    // A value that comes from elsewhere (slider, preset, history) replaces what was typed.
    Effect::new(move |before: Option<Option<f64>>| {
        let now = value.get();
        if before.is_some_and(|before| before != now) {
            let same =
                draft.with_untracked(|draft| draft.as_deref().is_some_and(|text| read(text) == Ok(now)));
            if !same {
                draft.set(None);
                error.set(None);
            }
        }
        now
    });

    let typed = move |event: web_sys::Event| {
        let text = event_target_value(&event);
        match read(&text) {
            Ok(number) => {
                error.set(None);
                draft.set(Some(text));
                if number != value.get_untracked() {
                    set.run(number);
                }
            }
            Err(reason) => {
                error.set(Some(reason));
                draft.set(Some(text));
            }
        }
    };
    let settled = move |_| {
        if error.with_untracked(Option::is_none) {
            draft.set(None);
            page.commit();
        }
    };
    let given_up = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            draft.set(None);
            error.set(None);
        }
    };
    let shown = move || {
        draft.get().unwrap_or_else(|| value.get().map(|value| unit.format(value)).unwrap_or_default())
    };

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
                prop:value=shown
                placeholder={words(move || empty.map(|empty| empty.get()))}
                aria-invalid={words(move || error.with(Option::is_some).then_some("true"))}
                aria-describedby={words(described)}
                on:input=typed
                on:change=settled
                on:keydown=given_up
            />
            {slider}
            <p id=error_id class="error" role="alert" hidden={flag(move || error.with(Option::is_none))}>
                {views(move || error.get())}
            </p>
        </div>
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
