//! One number: a text entry that takes what people type (`units::typed`), and where it helps a slider over round values.
//!
//! The entry says what it understood. Typed text is never lost: what cannot be read stays in the entry with the reason
//! below it, and what can be read in several ways with a button for each; the scenario keeps its last good value.

use crate::web::lean::{When, effect, flag, memo, views, words};
use leptos::html::Input;
use leptos::prelude::*;
use leptos::web_sys;
use markup::view;

use super::stops::Stops;
use crate::scenario::Limits;
use crate::units::format::Unit;
use crate::units::typed;
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
    let (error_id, echo_id) = (format!("{id}-error"), format!("{id}-echo"));
    let described = {
        let (error_id, echo_id) = (error_id.clone(), echo_id.clone());
        move || if error.with(Option::is_some) { error_id.clone() } else { echo_id.clone() }
    };
    let asks = memo(move || entry.asked.with(|all| !all.is_empty()));
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
            <span id=echo_id class="echo">{views(move || entry.echo())}</span>
            {slider}
            <When on=asks>{ask(entry)}</When>
            <p id=error_id class="error" role="alert" hidden={flag(move || error.with(Option::is_none))}>
                {views(move || error.get())}
            </p>
        </div>
    }
}

/// What was typed can mean several things: a button for each.
fn ask(entry: Entry) -> AnyView {
    let button = move |value: f64| {
        let label = typed::echo(entry.unit, entry.limits, value);
        view! { <button type="button" class="small" on:click=move |_| entry.mean(value)>{label}</button> }
    };
    view! {
        <p class="ask" role="alert">
            <span>{views(move || format!("“{}” means", entry.draft.get().unwrap_or_default().trim()))}</span>
            {views(move || entry.asked.get().into_iter().map(button).collect_view())}
        </p>
    }
    .into_any()
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
    /// What it may mean, once it was left with several meanings.
    asked: RwSignal<Vec<f64>>,
    page: Page,
}

/// What a text says.
type Said = Result<Vec<Option<f64>>, String>;

impl Entry {
    fn new(
        unit: Unit,
        limits: Limits,
        optional: bool,
        value: Signal<Option<f64>>,
        set: Callback<Option<f64>>,
    ) -> Self {
        let (draft, error) = (RwSignal::new(None), RwSignal::new(None));
        let asked = RwSignal::default();
        let own = Self { unit, limits, optional, value, set, draft, error, asked, page: use_page() };
        // A value that comes from elsewhere (slider, preset, history) replaces what was typed.
        Effect::new(move |before: Option<Option<f64>>| {
            let now = value.get();
            if before.is_some_and(|before| before != now) {
                let same = draft.with_untracked(|draft: &Option<String>| {
                    draft.as_deref().is_some_and(|text| own.read(text).is_ok_and(|all| all == [now]))
                });
                if !same {
                    own.forget();
                }
            }
            now
        });
        own
    }

    /// The number, or the numbers that may be meant; none stands for an emptied entry.
    fn read(&self, text: &str) -> Said {
        if text.trim().is_empty() {
            let range = || format!("Needs a value: {}", typed::range(self.unit, self.limits));
            return if self.optional { Ok(vec![None]) } else { Err(range()) };
        }
        Ok(typed::read(self.unit, self.limits, text)?.into_iter().map(Some).collect())
    }

    /// Takes what is typed, as far as it can be read.
    fn take(&self, text: String) {
        let said = self.read(&text);
        self.draft.set(Some(text));
        self.asked.set(Vec::new());
        match said {
            Ok(all) => {
                self.error.set(None);
                // Of several meanings none is taken before the reader has said which.
                if let [number] = all[..]
                    && number != self.value.get_untracked()
                {
                    self.set.run(number);
                }
            }
            Err(reason) => self.error.set(Some(reason)),
        }
    }

    /// What was typed is done, unless something is wrong with it or open.
    fn settle(&self) {
        if self.error.with_untracked(Option::is_some) {
            return;
        }
        let text = self.draft.get_untracked().unwrap_or_default();
        let all: Vec<f64> = self.read(&text).unwrap_or_default().into_iter().flatten().collect();
        if all.len() > 1 {
            self.asked.set(all);
        } else {
            self.draft.set(None);
            self.page.commit();
        }
    }

    /// Takes one of several meanings.
    fn mean(&self, value: f64) {
        self.forget();
        self.set.run(Some(value));
        self.page.commit();
    }

    fn pressed(&self, event: &web_sys::KeyboardEvent) {
        if event.key() == "Escape" {
            self.forget();
        }
    }

    fn forget(&self) {
        self.draft.set(None);
        self.error.set(None);
        self.asked.set(Vec::new());
    }

    fn shown(&self) -> String {
        let written = || self.value.get().map(|value| self.unit.format(value)).unwrap_or_default();
        self.draft.get().unwrap_or_else(written)
    }

    /// What is understood of the text, unless the text says it itself.
    fn echo(&self) -> String {
        let said = |value: f64| typed::echo(self.unit, self.limits, value);
        let understood = match self.draft.get().map(|text| self.read(&text)) {
            Some(Err(_)) => return String::new(),
            Some(Ok(all)) if all.len() > 1 => {
                let all: Vec<String> = all.into_iter().flatten().map(said).collect();
                return format!("{}?", all.join(" or "));
            }
            // As it was taken, which may be rounded.
            _ => self.value.get().map(said).unwrap_or_default(),
        };
        let plain = |text: &str| text.split_whitespace().collect::<String>();
        if plain(&understood) == plain(&self.shown()) { String::new() } else { understood }
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
