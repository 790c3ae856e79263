//! The menu of starting points, each with what there is to notice.

use crate::web::lean::{memo, words};
use leptos::prelude::*;

use super::state::use_page;
use crate::report::words;
use crate::scenario::link;
use crate::scenario::presets::PRESETS;

/// A menu; the open preset's caption stands beside it.
#[component]
pub fn PresetMenu() -> impl IntoView {
    let page = use_page();
    let current = memo(move || {
        page.scenario
            .with(|scenario| PRESETS.iter().position(|preset| link::parse(preset.link).scenario == *scenario))
    });
    let items = PRESETS
        .iter()
        .enumerate()
        .map(|(index, preset)| {
            view! {
                <li>
                    <button
                        type="button"
                        class="quiet"
                        aria-current={words(move || (current.get() == Some(index)).then_some("true"))}
                        on:click=move |_| {
                            page.open(link::parse(preset.link).scenario);
                            close();
                        }
                    >
                        <b>{preset.name}</b>
                        <span>{preset.notice}</span>
                    </button>
                </li>
            }
        })
        .collect_view();
    let label = move || match current.get().and_then(|index| PRESETS.get(index)) {
        Some(preset) => preset.name.to_owned(),
        None => page.scenario.with(|scenario| format!("Own scenario: {}", words::model(&scenario.model))),
    };
    view! {
        <details class="menu presets" id="presets">
            <summary>{label}</summary>
            <ul class="sheet">{items}</ul>
        </details>
    }
}

fn close() {
    if let Some(menu) = document().get_element_by_id("presets") {
        let _ = menu.remove_attribute("open");
    }
}
