//! Number formats of weights, experts and KV cache, and which are in force.

use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use crate::catalog::{Model, NumberFormat};
use crate::pass::Numerics;
use crate::report::FormatsReport;
use crate::scenario::Formats;
use crate::serve::find_model;
use crate::web::lean::When;
use crate::web::state::use_page;

/// Number formats of weights, experts and KV cache.
pub fn formats() -> AnyView {
    let page = use_page();
    let id = |format: Option<NumberFormat>| format.map_or("", NumberFormat::id).to_owned();
    let weights = page.part(move |scenario| id(scenario.formats.weights));
    let experts = page.part(move |scenario| id(scenario.formats.experts));
    let kv = page.part(move |scenario| id(scenario.formats.kv));
    let has_experts = page.part(|scenario| find_model(scenario).is_ok_and(|model| model.has_moe()));
    // What holds when nothing is chosen stands in the menu.
    let menu = move |word: &'static str, read: fn(&Model, Formats) -> NumberFormat| {
        page.part(move |scenario| {
            let otherwise = find_model(scenario)
                .map_or(word.to_owned(), |model| format!("{} ({word})", read(&model, scenario.formats).id()));
            let mut items = vec![Item::new("", otherwise)];
            items.extend(NumberFormat::ALL.iter().map(|format| Item::new(format.id(), format.id())));
            vec![Group::flat(items)]
        })
    };
    let release = menu("release", |model, _| model.default_release().id);
    let of_experts =
        menu("release", |model, own| Numerics::resolve(model, Formats { experts: None, ..own }).experts);
    let cache = menu("auto", |model, own| Numerics::resolve(model, Formats { kv: None, ..own }).kv);
    let parts = page.part(|scenario| FormatsReport::of(scenario).text());
    view! {
        <div class="trio">
            <Choice
                id="weights"
                label="Weights"
                groups=release
                value=weights
                set={move |id: String| {
                    page.edit(|scenario| scenario.formats.weights = NumberFormat::from_id(&id));
                }}
            />
            <When on=has_experts>
                <Choice
                    id="experts"
                    label="Experts"
                    groups=of_experts
                    value=experts
                    set={move |id: String| {
                        page.edit(|scenario| scenario.formats.experts = NumberFormat::from_id(&id));
                    }}
                />
            </When>
            <Choice
                id="kv"
                label="KV cache"
                groups=cache
                value=kv
                set={move |id: String| page.edit(|scenario| scenario.formats.kv = NumberFormat::from_id(&id))}
            />
        </div>
        <p class="about">{parts}</p>
    }
    .into_any()
}
