//! Number formats of weights, experts and KV cache.

use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use crate::catalog::NumberFormat;
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
    let menu = |otherwise: &str| {
        let mut items = vec![Item::new("", otherwise)];
        items.extend(NumberFormat::ALL.iter().map(|format| Item::new(format.id(), format.id())));
        Signal::stored(vec![Group::flat(items)])
    };
    view! {
        <div class="trio">
            <Choice
                id="weights"
                label="Weights"
                groups=menu("native")
                value=weights
                set={move |id: String| {
                    page.edit(|scenario| scenario.formats.weights = NumberFormat::from_id(&id));
                }}
            />
            <When on=has_experts>
                <Choice
                    id="experts"
                    label="Experts"
                    groups=menu("native")
                    value=experts
                    set={move |id: String| {
                        page.edit(|scenario| scenario.formats.experts = NumberFormat::from_id(&id));
                    }}
                />
            </When>
            <Choice
                id="kv"
                label="KV cache"
                groups=menu("auto")
                value=kv
                set={move |id: String| page.edit(|scenario| scenario.formats.kv = NumberFormat::from_id(&id))}
            />
        </div>
    }
    .into_any()
}
