//! "Will it run on my GPU?": a model by name or by its `config.json`, a card, and the format of its weights; the answer
//! stands below while they change.

use leptos::prelude::*;
use leptos::web_sys::{Event, HtmlInputElement};
use markup::view;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::catalog::{ChipClass, NumberFormat};
use crate::jobs::Ask;
use crate::jobs::import::{Answer, LONGEST, Question, too_long};
use crate::jobs::wire::Rest;
use crate::report::card::{OnCard, on_card, scenario};
use crate::report::mend;
use crate::scenario::{Custom, Limits, link};
use crate::units::format::Unit;
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::controls::field::NumberField;
use crate::web::controls::picker::Picker;
use crate::web::controls::picking::Kind;
use crate::web::jobs::Piece;
use crate::web::lean::{When, flag, memo, views};
use crate::web::state::{Page, use_page};

/// The formats that are asked about, with what checkpoints in them are called.
const FORMATS: [(&str, &str); 6] = [
    ("", "as released"),
    ("bf16", "16 bits (bf16)"),
    ("fp8", "8 bits (fp8)"),
    ("int8", "8 bits (int8, Q8)"),
    ("int4", "4 bits (AWQ, GPTQ, Q4)"),
    ("nvfp4", "4 bits (NVFP4)"),
];

/// The card that stands there first, where the page has none, and the model.
fn first(page: &Page) -> (String, String) {
    page.scenario.with_untracked(|own| {
        let pools = own.split.pools();
        let cards = pools.iter().map(|(_, pool)| &pool.chip);
        let desk = |id: &&String| own.chip(id).is_some_and(|chip| chip.class == ChipClass::Edge);
        let card = cards.into_iter().find(desk).cloned().unwrap_or_else(|| "rtx-4090".to_owned());
        let alone = own.split.chips() == 1;
        (if alone { own.model.clone() } else { "llama3-8b".to_owned() }, card)
    })
}

/// The question.
pub fn question(done: Callback<()>) -> AnyView {
    let page = use_page();
    let (model, card) = first(&page);
    let (model, card) = (RwSignal::new(model), RwSignal::new(card));
    let (cards, format) = (RwSignal::new(Some(1.0)), RwSignal::new(String::new()));
    let custom = RwSignal::new(page.scenario.with_untracked(|own| own.custom.clone()));
    let told = RwSignal::new(String::new());
    let asked = memo(move || {
        let count = libm::round(cards.get().unwrap_or(1.0)) as u32;
        custom.with(|custom| {
            scenario(custom, &model.get(), &card.get(), count, NumberFormat::from_id(&format.get()))
        })
    });
    let answer = memo(move || on_card(asked.get()));
    let model_name = memo(move || {
        asked.with(|own| own.model().map_or_else(|_| own.model.clone(), |own| own.name.to_string()))
    });
    let card_name = memo(move || {
        let id = card.get();
        asked.with(|own| own.chip(&id).map_or_else(|| id.clone(), |chip| chip.name.to_string()))
    });
    let items = FORMATS.map(|(id, name)| Item::new(id, name)).into();
    let open = move |scenario| {
        page.open(scenario);
        done.run(());
    };
    let offers = move || {
        let OnCard { fits, scenario, .. } = answer.get();
        let offers = if fits { Vec::new() } else { mend::offers(&scenario) };
        let button = |own: mend::Offer| {
            let (label, next) = (own.label, own.scenario);
            view! { <button type="button" title=own.detail on:click=move |_| open(next.clone())>{label}</button> }
        };
        offers.into_iter().map(button).collect_view()
    };
    let fits = memo(move || answer.with(|own| own.fits));
    view! {
        <div class="question">
            <Picker id="card-model" label="Model" kind=Kind::AnyModel value=model name=model_name labelled=true
                set={move |id: String| model.set(id)}/>
            <Picker id="card-chip" label="Card" kind=Kind::AnyChip value=card name=card_name labelled=true
                set={move |id: String| card.set(id)}/>
            <NumberField id="card-count" label="How many" unit=Unit::Count limits=Limits::CHIPS value=cards
                set={move |count: Option<f64>| cards.set(count)}/>
            <Choice id="card-weights" label="Weights" groups=Signal::stored(vec![Group::flat(items)]) value=format
                set={move |id: String| format.set(id)}/>
        </div>
        <details class="more">
            <summary><span>"Not in the list? Give its config.json"</span></summary>
            {config(page, custom, model, told)}
        </details>
        <p class="verdict" class:met={flag(move || fits.get())} role="status" data-testid="on-card">
            {views(move || answer.with(|own| own.text.clone()))}
        </p>
        <p class="row">
            <When on=fits>
                <button type="button" class="primary" on:click=move |_| open(asked.get_untracked())>"Open it on the page"</button>
            </When>
            {views(offers)}
        </p>
    }
    .into_any()
}

/// A model from the text of a file, pasted or chosen.
fn config(page: Page, custom: RwSignal<Custom>, model: RwSignal<String>, told: RwSignal<String>) -> AnyView {
    let read = move |text: String| {
        if text.trim().is_empty() {
            told.set(String::new());
            return;
        }
        told.set("Reading …".to_owned());
        let mut answer = String::new();
        let question = Question { name: String::new(), text: Rest(text) };
        let asked = page.desk.ask(&question.text(), move |piece| match piece {
            Piece::Text(more) => answer += &more,
            Piece::Last(more) => {
                answer += &more;
                told.set(match Question::answer(&answer) {
                    Some(Answer::Model(read)) => match link::read_model(&read.model) {
                        Ok(own) => {
                            let name = own.name.to_string();
                            let id = own.id.to_string();
                            custom.update(|custom| custom.model = Some(own));
                            model.set(id);
                            format!("{name}: read.")
                        }
                        Err(_) => "Not taken: it could not be read.".to_owned(),
                    },
                    Some(Answer::BadText(reason) | Answer::BadName(reason)) => format!("Not taken: {reason}"),
                    None => "Not taken: it could not be read.".to_owned(),
                });
            }
            Piece::Failed(reason) => told.set(reason),
        });
        page.reading.set_value(Some(asked));
    };
    let chosen = move |event: Event| {
        let input = event.target().and_then(|own| own.dyn_into::<HtmlInputElement>().ok());
        let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
        if file.size() > LONGEST {
            told.set(too_long(file.size()));
            return;
        }
        let text = JsFuture::from(file.text());
        spawn_local(async move {
            match text.await.ok().and_then(|text| text.as_string()) {
                Some(text) => read(text),
                None => told.set("The file cannot be read.".to_owned()),
            }
        });
    };
    view! {
        <div class="own config">
            <label for="card-config">"Hugging Face config.json"</label>
            <textarea id="card-config" rows="3" autocomplete="off" spellcheck="false" placeholder="Paste it here"
                on:input=move |event| read(event_target_value(&event))></textarea>
            <label class="file">
                <span>"Or choose the file"</span>
                <input type="file" accept=".json,application/json" on:change=chosen/>
            </label>
            <p class="about" role="status">{views(move || told.get())}</p>
        </div>
    }
    .into_any()
}
