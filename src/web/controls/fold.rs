//! What of the controls is folded away when the page opens, or which only some scenarios have: its code comes late.

use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::{cap, engine, formats, layout, own, rents, speculation};
use crate::scenario::Role;
use crate::web::late::{self, Late};
use crate::web::lean::views;

/// What comes late: what is folded away when the page opens, and what few scenarios have. The first one of all has two
/// pools, so what stands between pools does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The form of a model of one's own.
    OwnModel,
    /// The form of a chip of one's own.
    OwnChip,
    /// Number formats.
    Formats,
    /// Engine and spread of lengths.
    Engine,
    /// The layout of a pool.
    Layout(Role),
    /// Drafter, draft length, acceptance.
    Speculation,
    /// Prices of chips without one.
    Asked,
    /// Prices of chips without one, in the tile of costs.
    TilePrice,
    /// Prices per chip, power and its cap, utilisation.
    Prices,
}

/// The controls of a detail, once their code is here.
pub fn detail(which: Detail) -> AnyView {
    late::shown(load_detail(which))
}

#[wasm_split(controls, fallible)]
fn load_detail(which: Detail) -> Late {
    Ok(match which {
        Detail::OwnModel => own::model(),
        Detail::OwnChip => own::chip(),
        Detail::Formats => formats::formats(),
        Detail::Engine => engine::engine(),
        Detail::Layout(role) => layout::layout(role),
        Detail::Speculation => speculation::speculation(),
        Detail::Asked => rents::asked(),
        Detail::TilePrice => rents::in_tile(),
        Detail::Prices => (rents::prices(), cap::cap()).into_any(),
    })
}

/// A detail behind its title and what holds now, built when it is first opened.
pub fn fold(title: &'static str, now: Option<Signal<String>>, which: Detail) -> AnyView {
    let opened = RwSignal::new(false);
    let open = move |_| {
        // A detail that was opened stays: what was typed into it must not go.
        if !opened.get_untracked() {
            opened.set(true);
        }
    };
    let own = matches!(which, Detail::OwnModel | Detail::OwnChip);
    view! {
        <details class="more" class:own=own class:speculation={which == Detail::Speculation} on:toggle=open>
            <summary>
                <span>{title}</span>
                {now.map(|now| view! { <span class="now">{now}</span> })}
            </summary>
            {views(move || opened.get().then(|| detail(which)))}
        </details>
    }
    .into_any()
}
