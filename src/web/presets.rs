//! The button that opens the gallery; it says which starting point is open. The gallery itself is a script of its own
//! (`public/library.js`).

use crate::web::lean::memo;
use leptos::prelude::*;
use markup::view;

use super::state::use_page;
use crate::report::words;
use crate::scenario::presets::{LANDED, LANDING, PRESETS};
use crate::scenario::{Scenario, link};

/// The name of what is open, as a button.
#[component]
pub fn GalleryButton() -> impl IntoView {
    let page = use_page();
    // Read once: the button asks after every change which of them is open.
    let named = || PRESETS.iter().map(|preset| (preset.name, preset.link)).chain([(LANDED, LANDING)]);
    let known: Vec<Scenario> = named().map(|(_, link)| link::parse(link).scenario).collect();
    let label = memo(move || {
        page.scenario.with(|scenario| {
            let own = || format!("Own scenario: {}", words::model(&scenario.model));
            let index = known.iter().position(|known| known == scenario);
            index.and_then(|index| named().nth(index)).map_or_else(own, |(name, _)| name.to_owned())
        })
    });
    view! {
        <button type="button" id="gallery" class="opens" aria-haspopup="dialog" data-opens="library">
            <b>"Stories"</b>
            <span class="unseen">" and scenarios. Open now: "</span>
            <span class="now">{label}</span>
        </button>
    }
}
