//! What next: how a metric answers to more of each figure of the chips, and what limits then.

use std::sync::Arc;

use crate::web::lean::{When, effect, memo, views};
use leptos::prelude::*;
use markup::view;

use super::by::{by, chosen};
use super::canvas::mark_ready;
use super::picture::{Picture, Shown};
use crate::chart::figure::Figure;
use crate::figure::levers::{self as figure, MOVED};
use crate::jobs::sensitivity::Question;
use crate::scenario::link;
use crate::web::controls::PaysBelow;
use crate::web::jobs::follow;
use crate::web::state::{Page, use_page};

/// What moves a pinned scenario most, in a sentence.
fn pinned(page: Page, index: usize) -> AnyView {
    let following = follow(page.desk, move || {
        let link = page.beside.with(|pins| pins.get(index).map(|pin| link::write(&pin.scenario, &[])));
        Some(Question { metric: chosen(&page, &MOVED), link: link? })
    });
    let name = move || page.names.get().get(index).cloned().unwrap_or_default();
    view! {
        <p class="chooser note pinned-note">
            <span class="swatch" data-series=index + 2 aria-hidden="true"></span>
            <span><b>{views(name)}</b> ": " {views(move || following.answer().sentence)}</span>
        </p>
    }
    .into_any()
}

/// The tornado with what it is chosen by.
pub fn lever_chart() -> AnyView {
    let page = use_page();
    let following = follow(page.desk, move || {
        let link = page.standing.with(|scenario| link::write(scenario, &[]));
        Some(Question { metric: chosen(&page, &MOVED), link })
    });
    let shown = memo(move || {
        let tornado = figure::tornado(following.answer().found.as_ref(), chosen(&page, &MOVED));
        Shown((!tornado.levers.is_empty()).then(|| Arc::new(tornado) as Arc<dyn Figure>))
    });
    let note = move || match following.failed.get() {
        Some(reason) => reason,
        None => match following.answer().sentence {
            empty if empty.is_empty() => "Pulling every lever …".to_owned(),
            sentence => sentence,
        },
    };
    let some = memo(move || following.busy.get() || shown.with(|shown| shown.0.is_some()));
    // Where no lever moves anything, the words are all there is to see.
    effect(move || {
        if !some.get() {
            mark_ready();
        }
    });
    let caption = "Layouts stay as they are, and what changes nothing is left out. A tooltip says what twice as much would do.";
    view! {
        <div class="chooser">{by("What moves", &MOVED)}</div>
        <p class="chooser note" role="status">{views(note)}</p>
        <PaysBelow/>
        {views(move || (0..page.pins.with(Vec::len)).map(|index| pinned(page, index)).collect_view())}
        <When on=some>
            <Picture label="Figures of the levers" shown caption/>
        </When>
    }
    .into_any()
}
