//! What fills the memory of each chip, and what fits at most.

use std::sync::Arc;

use leptos::prelude::*;
use markup::view;

use super::charts::picture::{Picture, Shown};
use super::lean::{memo, views};
use super::state::use_page;
use crate::chart::figure::Figure;
use crate::figure::memory::memory as filled;
use crate::report::room::room;

/// The bars, and how much more fits in words.
pub fn memory() -> AnyView {
    let page = use_page();
    let shown = memo(move || {
        page.answer.with(|answer| {
            let own = answer.as_ref().as_ref().ok();
            Shown(own.map(|own| Arc::new(filled(&own.steady)) as Arc<dyn Figure>))
        })
    });
    let room = memo(move || {
        page.answer.with(|answer| answer.as_ref().as_ref().map(|own| room(&own.steady)).unwrap_or_default())
    });
    let line = |text: String| view! { <li>{text}</li> };
    view! {
        <Picture label="Figures of the memory" shown caption="Each bar is the whole memory of one chip, to a scale of its own."/>
        <ul class="told">{views(move || room.get().into_iter().map(line).collect_view())}</ul>
    }
    .into_any()
}
