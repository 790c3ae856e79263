//! The deployment as a diagram: its pools, what flows between them, how busy each part is, and which holds up the rest.

use std::sync::Arc;

use crate::web::lean::{When, memo};
use leptos::prelude::*;
use markup::view;

use super::charts::picture::{Picture, Shown};
use super::state::use_page;
use crate::chart::figure::Figure;
use crate::figure::flow::diagram;
use crate::serve::find_model;

/// The diagram; nothing where there is no answer.
pub fn flows() -> AnyView {
    let page = use_page();
    let shown = memo(move || {
        let experts = page.standing.with(|scenario| find_model(scenario).is_ok_and(|model| model.has_moe()));
        page.answer.with(|answer| {
            let evaluation = answer.as_ref().as_ref().ok();
            Shown(evaluation.map(|own| Arc::new(diagram(&own.steady, experts)) as Arc<dyn Figure>))
        })
    });
    let some = memo(move || shown.with(|shown| shown.0.is_some()));
    let caption = "Arrows are as thick as their link is loaded; what holds up the rest is lit.";
    view! {
        <When on=some>
            <div class="flows"><Picture label="Figures of the diagram" shown caption/></div>
        </When>
    }
    .into_any()
}
