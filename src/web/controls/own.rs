//! What the catalogue does not have: a model read from its `config.json`, and chips described by their figures.
//!
//! As everywhere on the page, what was typed stays until it can be taken, with the reason below it.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::web_sys::{DragEvent, Event, FileList, HtmlInputElement};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::choice::{Choice, Group, Item};
use super::field::capital;
use super::silicon::{edit_pool, names};
use crate::catalog::chip::ScaleUp;
use crate::catalog::custom::{ChipFigures, chip_name, model_name};
use crate::catalog::import::{self, model_from_config};
use crate::catalog::{Chip, bounds};
use crate::scenario::limits::MOST_CHIPS;
use crate::scenario::{Role, Scenario, link};
use crate::units::{Bytes, BytesPerSecond, DollarsPerHour, FlopsPerSecond, Watts};
use crate::web::lean::{When, flag, memo, views, words};
use crate::web::state::{Page, use_page};

/// A text being typed, and why it cannot be taken.
#[derive(Clone, Copy)]
struct Draft {
    text: RwSignal<String>,
    error: RwSignal<Option<String>>,
}

impl Draft {
    fn new() -> Self {
        Self { text: RwSignal::new(String::new()), error: RwSignal::new(None) }
    }

    /// The text without the space around it.
    fn read(self) -> String {
        self.text.with_untracked(|text| text.trim().to_owned())
    }

    /// The result's value; a reason goes below the text.
    fn note<T>(self, result: Result<T, String>) -> Option<T> {
        let (value, error) = match result {
            Ok(value) => (Some(value), None),
            Err(reason) => (None, Some(capital(&reason))),
        };
        if self.error.with_untracked(|before| *before != error) {
            self.error.set(error);
        }
        value
    }
}

/// A labelled text entry. It is checked as it is typed; empty, it is not blamed before someone asks for it.
fn entry(
    id: String,
    label: &'static str,
    placeholder: &'static str,
    draft: Draft,
    check: Box<dyn Fn(&str) -> Result<(), String>>,
) -> AnyView {
    let error_id = format!("{id}-error");
    let typed = move |event: Event| {
        let text = event_target_value(&event);
        draft.note(if text.trim().is_empty() { Ok(()) } else { check(text.trim()) });
        draft.text.set(text);
    };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                type="text"
                class="entry"
                autocomplete="off"
                spellcheck="false"
                placeholder=placeholder
                prop:value=draft.text
                aria-invalid={words(move || draft.error.with(Option::is_some).then_some("true"))}
                aria-describedby=error_id.clone()
                on:input=typed
            />
            {reason(error_id, draft)}
        </div>
    }
    .into_any()
}

/// Why a text cannot be taken.
fn reason(id: String, draft: Draft) -> AnyView {
    view! {
        <p id=id class="error" role="alert" hidden={flag(move || draft.error.with(Option::is_none))}>
            {views(move || draft.error.get())}
        </p>
    }
    .into_any()
}

/// What came of it.
fn outcome(lines: RwSignal<Vec<String>>) -> AnyView {
    view! {
        <div class="about" role="status">
            {views(move || lines.get().into_iter().map(|line| view! { <p>{line}</p> }).collect_view())}
        </div>
    }
    .into_any()
}

/// Asks for a `config.json` and serves the model that it describes.
#[component]
pub fn OwnModel() -> impl IntoView {
    let page = use_page();
    let (config, name) = (Draft::new(), Draft::new());
    let told = RwSignal::new(Vec::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        told.set(use_model(&page, config, name).unwrap_or_default());
    };
    let dropped = move |event: DragEvent| {
        let files = event.data_transfer().and_then(|data| data.files()).filter(|files| files.length() > 0);
        // Dropped text goes where the browser puts it.
        if let Some(files) = files {
            event.prevent_default();
            load(&files, config);
        }
    };
    let chosen = move |event: Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(files) = input.files() {
            load(&files, config);
        }
        // The same file can be chosen again once it has changed.
        input.set_value("");
    };
    view! {
        <details class="more own">
            <summary>
                <span>"Own model…"</span>
            </summary>
            <form on:submit=submit novalidate=true>
                <label for="own-config">"Hugging Face config.json"</label>
                <textarea
                    id="own-config"
                    rows="5"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="Paste it or drop the file here"
                    prop:value=config.text
                    aria-invalid={words(move || config.error.with(Option::is_some).then_some("true"))}
                    aria-describedby="own-config-error"
                    on:input=move |event| config.text.set(event_target_value(&event))
                    on:dragover=|event: DragEvent| event.prevent_default()
                    on:drop=dropped
                ></textarea>
                {reason("own-config-error".to_owned(), config)}
                <label class="file">
                    <span>"Or choose the file"</span>
                    <input id="own-file" type="file" accept=".json,application/json" on:change=chosen/>
                </label>
                {entry(
                    "own-model-name".to_owned(),
                    "Name",
                    "as in the file",
                    name,
                    Box::new(|text| model_name(text).map(drop).map_err(|error| error.to_string())),
                )}
                <button type="submit">"Use this model"</button>
                {outcome(told)}
            </form>
        </details>
    }
}

/// Puts the first file's text into the draft.
fn load(files: &FileList, config: Draft) {
    let Some(file) = files.get(0) else { return };
    if file.size() > import::LONGEST as f64 {
        let bytes = file.size() as usize;
        config.note::<()>(Err(import::ImportError::TooLong { bytes }.to_string()));
        return;
    }
    spawn_local(async move {
        match JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string()) {
            Some(text) => {
                config.note(Ok(()));
                config.text.set(text);
            }
            None => {
                config.note::<()>(Err("the file cannot be read".to_owned()));
            }
        }
    });
}

/// Serves the model; says what was taken for granted, or `None` where a draft has the reason against it.
fn use_model(page: &Page, config: Draft, name: Draft) -> Option<Vec<String>> {
    let read = config.text.with_untracked(|text| match text.trim() {
        "" => Err("paste a config.json or choose the file first".to_owned()),
        text => model_from_config(text).map_err(|error| error.to_string()),
    });
    let mut imported = config.note(read)?;
    let called = name.read();
    if !called.is_empty() {
        imported = name.note(imported.renamed(&called).map_err(|error| error.to_string()))?;
    }
    let mut told = vec![format!("{} is served", imported.model.name)];
    told.extend(imported.same_as.map(|known| format!("Same architecture as {known} of the catalogue")));
    told.extend(imported.notes.iter().map(|note| capital(&note.to_string())));
    page.edit(|scenario| {
        scenario.bring_model(imported.model);
        for pool in scenario.split.pools_mut() {
            pool.layout = None;
        }
    });
    page.commit();
    Some(told)
}

/// Key in links, label with the unit, and whether it must be known. The domain is no key of its own in links.
const FIGURES: [(&str, &str, bool); 10] = [
    ("bf16", "bf16, TFLOPS", true),
    ("fp8", "fp8, TFLOPS", false),
    ("fp4", "fp4, TFLOPS", false),
    ("mem", "Memory, GB", true),
    ("bw", "Memory bandwidth, GB/s", true),
    ("up", "Scale-up per chip, GB/s", false),
    (DOMAIN, "Scale-up domain, chips", false),
    ("out", "Scale-out per chip, GB/s", false),
    ("w", "Power, W", false),
    ("usd", "Price, $/h", false),
];
const DOMAIN: &str = "domain";

/// One figure as it was typed, in the base of its unit.
fn figure(key: &str, text: &str) -> Result<f64, String> {
    if key != DOMAIN {
        return link::chip_figure(key, text);
    }
    let chips = text.parse::<u32>().ok().map(f64::from);
    chips.filter(|chips| bounds::DOMAIN.admit(*chips).is_ok()).ok_or_else(|| {
        format!("expected a whole number, {} to {} chips", bounds::DOMAIN.low, bounds::DOMAIN.high)
    })
}

/// Asks for the figures of a chip and puts it into a pool.
#[component]
pub fn OwnChip() -> impl IntoView {
    let page = use_page();
    let name = Draft::new();
    let figures = FIGURES.map(|_| Draft::new());
    let told = RwSignal::new(Vec::new());
    let wanted = RwSignal::new(String::new());
    // The pool that was asked for, while there is one; else the last.
    let roles =
        page.part(|scenario| scenario.split.pools().into_iter().map(|(role, _)| role).collect::<Vec<_>>());
    let target = memo(move || {
        let id = wanted.get();
        roles.with(|roles| roles.iter().copied().find(|role| names(*role).0 == id).or(roles.last().copied()))
    });
    let several = memo(move || roles.with(|roles| roles.len() > 1));
    let menu = memo(move || {
        let item = |role: &Role| Item::new(names(*role).0, names(*role).1);
        vec![Group::flat(roles.with(|roles| roles.iter().map(item).collect()))]
    });
    let chosen = memo(move || target.get().map(|role| names(role).0.to_owned()).unwrap_or_default());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        told.set(add_chip(&page, name, &figures, target.get_untracked()).into_iter().collect());
    };
    let entries = FIGURES.into_iter().zip(figures).map(|((key, label, needed), draft)| {
        let check = Box::new(move |text: &str| figure(key, text).map(drop));
        entry(format!("own-{key}"), label, if needed { "needed" } else { "" }, draft, check)
    });
    view! {
        <details class="more own">
            <summary>
                <span>"Own chip…"</span>
            </summary>
            <form on:submit=submit novalidate=true>
                {entry(
                    "own-chip-name".to_owned(),
                    "Name",
                    "my-npu",
                    name,
                    Box::new(|text| chip_name(text).map(drop).map_err(|error| error.to_string())),
                )}
                {entries.collect_view()}
                <When on=several>
                    <Choice
                        id="own-pool"
                        label="Put it into"
                        groups=menu
                        value=chosen
                        set={move |id: String| wanted.set(id)}
                    />
                </When>
                <button type="submit">"Add chip"</button>
                {outcome(told)}
            </form>
        </details>
    }
}

/// Brings the chip along and puts it into the pool; says so, or `None` where a draft has the reason against it.
fn add_chip(page: &Page, name: Draft, drafts: &[Draft; 10], role: Option<Role>) -> Option<String> {
    // All of them are read, so that every reason shows at once.
    let mut sound = true;
    let mut values = [None; 10];
    for (((key, _, needed), draft), value) in FIGURES.into_iter().zip(drafts).zip(&mut values) {
        let text = draft.read();
        let result = match text.as_str() {
            "" if needed => figure(key, "").map(Some),
            "" => Ok(None),
            text => figure(key, text).map(Some),
        };
        match draft.note(result) {
            Some(read) => *value = read,
            None => sound = false,
        }
    }
    let [bf16, fp8, fp4, memory, bandwidth, up, domain, out, power, price] = values;
    let [.., up_draft, domain_draft, _, _, _] = drafts;
    // A bandwidth without a domain says nothing, nor does a domain without a bandwidth.
    for (own, other, draft, key) in [(up, domain, up_draft, "up"), (domain, up, domain_draft, DOMAIN)] {
        if own.is_none() && other.is_some() && draft.note(figure(key, "")).is_none() {
            sound = false;
        }
    }
    let id = page.scenario.with_untracked(|scenario| {
        let id = chip_name(&name.read()).map_err(|error| error.to_string())?;
        let chips = &scenario.custom.chips;
        if chips.len() >= MOST_CHIPS && !chips.iter().any(|chip| chip.id == id) {
            let names: Vec<&str> = chips.iter().map(|chip| &*chip.id).collect();
            return Err(format!(
                "{MOST_CHIPS} chips at most; the name of one replaces it: {}",
                names.join(", ")
            ));
        }
        Ok(id)
    });
    let id = name.note(id)?;
    if !sound {
        return None;
    }
    let figures = ChipFigures {
        bf16: FlopsPerSecond::new(bf16?),
        fp8: fp8.map(FlopsPerSecond::new),
        fp4: fp4.map(FlopsPerSecond::new),
        memory: Bytes::new(memory?),
        bandwidth: BytesPerSecond::new(bandwidth?),
        scale_up: up.zip(domain).map(|(bandwidth, domain)| ScaleUp {
            bandwidth: BytesPerSecond::new(bandwidth),
            domain: domain as u32,
        }),
        scale_out: out.map(BytesPerSecond::new),
        power: power.map(Watts::new),
        price: price.map(DollarsPerHour::new),
    };
    let chip = Chip::custom(&id, &figures);
    let place = role.map(|role| names(role).1).unwrap_or_default();
    page.edit(|scenario: &mut Scenario| {
        scenario.bring_chip(chip);
        if let Some(role) = role {
            edit_pool(scenario, role, |pool| {
                pool.chip.clone_from(&id);
                pool.layout = None;
            });
        }
    });
    page.commit();
    Some(format!("{id} stands in the menus of chips and is chosen: {place}"))
}
