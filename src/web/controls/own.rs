//! What the catalogue does not have: a model read from its `config.json`, and chips described by their figures.
//!
//! As everywhere on the page, what was typed stays until it can be taken, with the reason below it. These forms hold
//! text that is nobody else's business before it is submitted, so the browser keeps it and no signal watches it: the
//! page is lighter for it.

use gloo::events::{EventListener, EventListenerOptions};
use leptos::html::Form;
use leptos::prelude::*;
use leptos::web_sys::{DragEvent, Element, Event, File, HtmlInputElement};
use markup::view;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::pool::{edit_pool, names};
use crate::catalog::chip::ScaleUp;
use crate::catalog::custom::{ChipFigures, chip_name, model_name};
use crate::catalog::{Chip, bounds};
use crate::jobs::Ask;
use crate::jobs::import::{self, Answer, Question, Read};
use crate::jobs::wire::Rest;
use crate::scenario::limits::MOST_CHIPS;
use crate::scenario::{Scenario, link};
use crate::units::{Bytes, BytesPerSecond, DollarsPerHour, FlopsPerSecond, Watts};
use crate::web::jobs::Piece;
use crate::web::lean::{effect, flag};
use crate::web::state::{Page, use_page};

const CONFIG: &str = "own-config";
const FILE: &str = "own-file";
const MODEL_TOLD: &str = "own-model-told";
const MODEL_NAME: &str = "own-model-name";
const CHIP_NAME: &str = "own-chip-name";
const POOL: &str = "own-pool";

/// A form of one's own things.
#[derive(Clone, Copy)]
struct Sheet {
    /// Where it says what came of it.
    told: &'static str,
    /// What is wrong with a text, by the identifier of its entry.
    check: fn(&str, &str) -> Result<(), String>,
    /// Takes what was typed and says so, or `None` where a reason stands against it.
    take: fn(&Page) -> Option<String>,
}

/// Asks for a `config.json` and serves the model that it describes.
pub fn model() -> AnyView {
    let markup = format!(
        "<label for={CONFIG}>Hugging Face config.json</label>\
         <textarea id={CONFIG} rows=5 autocomplete=off spellcheck=false aria-describedby={CONFIG}-error \
         placeholder='Paste it or drop the file here'></textarea>{}\
         <label class=file><span>Or choose the file</span>\
         <input id={FILE} type=file accept='.json,application/json'></label>{}\
         <button type=submit>Use this model</button><p id={MODEL_TOLD} class=about role=status></p>",
        reason(CONFIG),
        entry(MODEL_NAME, "Name", "as in the file"),
    );
    let check = |id: &str, text: &str| match id {
        MODEL_NAME => model_name(text).map(drop).map_err(|error| error.to_string()),
        // Half a text is no error yet.
        _ => Ok(()),
    };
    form(Sheet { told: MODEL_TOLD, check, take: use_model }, markup).0
}

/// Asks for the figures of a chip and puts it into a pool.
pub fn chip() -> AnyView {
    let mut markup = entry(CHIP_NAME, "Name", "my-npu");
    for (key, label, needed) in FIGURES {
        markup += &entry(&format!("own-{key}"), label, if needed { "needed" } else { "" });
    }
    markup += "<div class='choice pools'><label for=own-pool>Put it into</label><select id=own-pool>\
               </select></div>\
               <button type=submit>Add chip</button><p id=own-chip-told class=about role=status></p>";
    let check = |id: &str, text: &str| match id.trim_start_matches("own-") {
        "chip-name" => chip_name(text).map(drop).map_err(|error| error.to_string()),
        "pool" => Ok(()),
        key => figure(key, text).map(drop),
    };
    let (form, node) = form(Sheet { told: "own-chip-told", check, take: add_chip }, markup);
    let page = use_page();
    let roles =
        page.part(|scenario| scenario.split.pools().into_iter().map(|(role, _)| role).collect::<Vec<_>>());
    // After the form has its fields, which come with its node.
    effect(move || {
        if node.get().is_none() {
            return;
        }
        let options = roles.get().into_iter().rev().map(names);
        let options: String =
            options.map(|(key, name)| format!("<option value={key}>{name}</option>")).collect();
        if let Some(select) = document().get_element_by_id(POOL) {
            select.set_inner_html(&options);
        }
    });
    form
}

/// A form. The markup is made of constants of this file only.
fn form(sheet: Sheet, markup: String) -> (AnyView, NodeRef<Form>) {
    let page = use_page();
    let alone = page.part(|scenario| scenario.split.pools().len() == 1);
    let node = NodeRef::<Form>::new();
    effect(move || {
        let Some(form) = node.get() else { return };
        form.set_inner_html(&markup);
        for kind in ["submit", "input", "change", "dragover", "drop"] {
            let options = EventListenerOptions::enable_prevent_default();
            let listener = EventListener::new_with_options(&form, kind, options, move |event| {
                answer(&page, sheet, event);
            });
            // It goes with the form.
            listener.forget();
        }
    });
    let form = view! { <form node_ref=node novalidate=true class:alone={flag(move || alone.get())}></form> };
    (form, node)
}

/// A labelled text entry with room for the reason against its text.
fn entry(id: &str, label: &str, placeholder: &str) -> String {
    let reason = reason(id);
    format!(
        "<div class=field><label for={id}>{label}</label><input id={id} class=entry autocomplete=off \
         spellcheck=false placeholder='{placeholder}' aria-describedby={id}-error>{reason}</div>"
    )
}

fn reason(id: &str) -> String {
    format!("<p id={id}-error class=error role=alert hidden></p>")
}

fn answer(page: &Page, sheet: Sheet, event: &Event) {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    let id = target.id();
    match event.type_().as_str() {
        "submit" => {
            event.prevent_default();
            let told = (sheet.take)(page).unwrap_or_default();
            say(sheet.told, &told);
        }
        "input" if id != FILE => {
            let text = text(&id);
            // Empty, an entry is not blamed before someone asks for it.
            note(&id, if text.is_empty() { Ok(()) } else { (sheet.check)(&id, &text) });
        }
        "change" if id == FILE => {
            let Ok(input) = target.dyn_into::<HtmlInputElement>() else { return };
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                load(&file);
            }
            // The same file can be chosen again once it has changed.
            input.set_value("");
        }
        "dragover" if id == CONFIG => event.prevent_default(),
        "drop" if id == CONFIG => {
            let files =
                event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer).and_then(|data| data.files());
            // Dropped text goes where the browser puts it.
            if let Some(file) = files.and_then(|files| files.get(0)) {
                event.prevent_default();
                load(&file);
            }
        }
        _ => {}
    }
}

fn say(place: &str, told: &str) {
    if let Some(place) = element(place) {
        place.set_text_content(Some(told));
    }
}

fn element(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// What stands in an entry, without the space around it.
fn text(id: &str) -> String {
    let value = element(id).and_then(|own| js_sys::Reflect::get(&own, &"value".into()).ok());
    value.and_then(|value| value.as_string()).unwrap_or_default().trim().to_owned()
}

/// The result's value; a reason goes below the entry.
fn note<T>(id: &str, result: Result<T, String>) -> Option<T> {
    let (value, reason) = match result {
        Ok(value) => (Some(value), None),
        Err(reason) => (None, Some(reason)),
    };
    blame(id, reason);
    value
}

fn blame(id: &str, reason: Option<String>) {
    let (Some(entry), Some(place)) = (element(id), element(&format!("{id}-error"))) else { return };
    // Reasons begin with names of fields and chips, whose letters are not to change.
    let reason = reason.map(|reason| format!("Not taken: {reason}"));
    let _ = if reason.is_some() {
        entry.set_attribute("aria-invalid", "true")
    } else {
        entry.remove_attribute("aria-invalid")
    };
    let _ = place.toggle_attribute_with_force("hidden", reason.is_none());
    if place.text_content() != reason {
        place.set_text_content(reason.as_deref());
    }
}

/// Puts a file's text into the entry.
fn load(file: &File) {
    if file.size() > import::LONGEST {
        blame(CONFIG, Some(import::too_long(file.size())));
        return;
    }
    let text = JsFuture::from(file.text());
    spawn_local(async move {
        match (text.await, element(CONFIG)) {
            (Ok(text), Some(entry)) => {
                let _ = js_sys::Reflect::set(&entry, &JsValue::from("value"), &text);
                blame(CONFIG, None);
            }
            _ => blame(CONFIG, Some("the file cannot be read".to_owned())),
        }
    });
}

/// Asks what model the text describes, and serves it when the answer is there.
fn use_model(page: &Page) -> Option<String> {
    let text_of_it = match text(CONFIG) {
        text if text.is_empty() => {
            Err("nothing is here yet; paste a config.json or choose the file".to_owned())
        }
        text => Ok(text),
    };
    let config = note(CONFIG, text_of_it)?;
    let page = *page;
    let mut answer = String::new();
    let question = Question { name: text(MODEL_NAME), text: Rest(config) };
    let asked = page.desk.ask(&question.text(), move |piece| match piece {
        Piece::Text(more) => answer += &more,
        Piece::Last(more) => {
            answer += &more;
            let told =
                Question::answer(&answer).and_then(|read| serve_model(&page, read)).unwrap_or_default();
            say(MODEL_TOLD, &told);
        }
        Piece::Failed(reason) => {
            say(MODEL_TOLD, "");
            blame(CONFIG, Some(reason));
        }
    });
    page.reading.set_value(Some(asked));
    Some("Reading …".to_owned())
}

/// Serves a model that was read, and says what was taken for granted.
fn serve_model(page: &Page, answer: Answer) -> Option<String> {
    let Read { model, notes } = match answer {
        Answer::Model(read) => read,
        Answer::BadText(reason) => {
            blame(CONFIG, Some(reason));
            return None;
        }
        Answer::BadName(reason) => {
            blame(MODEL_NAME, Some(reason));
            return None;
        }
    };
    blame(CONFIG, None);
    blame(MODEL_NAME, None);
    let model = link::read_model(&model).ok()?;
    let mut told = format!("{} is served", model.name);
    for note in &notes {
        told += &format!("\n{note}");
    }
    page.edit(|scenario: &mut Scenario| {
        scenario.bring_model(model);
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

/// Brings the chip along and puts it into the pool.
fn add_chip(page: &Page) -> Option<String> {
    // All of them are read, so that every reason shows at once.
    let mut sound = true;
    let texts = FIGURES.map(|(key, ..)| text(&format!("own-{key}")));
    let mut values = [None; FIGURES.len()];
    // A bandwidth without a domain says nothing, nor does a domain without a bandwidth.
    let scales = ["up", DOMAIN].iter().any(|key| !text(&format!("own-{key}")).is_empty());
    for (((key, _, needed), text), value) in FIGURES.into_iter().zip(&texts).zip(&mut values) {
        let needed = needed || (scales && ["up", DOMAIN].contains(&key));
        let result = if text.is_empty() && !needed { Ok(None) } else { figure(key, text).map(Some) };
        match note(&format!("own-{key}"), result) {
            Some(read) => *value = read,
            None => sound = false,
        }
    }
    let id = page.scenario.with_untracked(|scenario| {
        let id = chip_name(&text(CHIP_NAME)).map_err(|error| error.to_string())?;
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
    let id = note(CHIP_NAME, id)?;
    if !sound {
        return None;
    }
    let [bf16, fp8, fp4, memory, bandwidth, up, domain, out, power, price] = values;
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
    // The pool asked for, while there is one of the kind; else the last.
    let asked = text(POOL);
    let roles: Vec<_> = page
        .scenario
        .with_untracked(|scenario| scenario.split.pools().into_iter().map(|(role, _)| role).collect());
    let role = roles.iter().copied().find(|role| names(*role).0 == asked).or(roles.last().copied())?;
    page.edit(|scenario: &mut Scenario| {
        scenario.bring_chip(chip);
        edit_pool(scenario, role, |pool| {
            pool.chip.clone_from(&id);
            pool.layout = None;
        });
    });
    page.commit();
    Some(format!("{id} stands in the menus of chips and is chosen: {}", names(role).1))
}
