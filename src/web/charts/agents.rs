//! How many agents a deployment carries: hit rate, time to first token and money per task against their number.

use std::sync::Arc;

use crate::web::lean::{flag, memo, views};
use leptos::context::Provider;
use leptos::prelude::*;
use markup::view;

use super::plot::{Joint, Plot};
use crate::chart::hit::HitMode;
use crate::figure::agents::{LADDERS, ladder};
use crate::jobs::agents::Question;
use crate::scenario::link;
use crate::web::jobs::follow;
use crate::web::state::use_page;

/// The charts, what they say, and what was assumed.
pub fn agents_chart() -> AnyView {
    let page = use_page();
    let following = follow(page.desk, move || {
        Some(Question { link: page.standing.with(|scenario| link::write(scenario, &[])) })
    });
    let told = memo(move || following.answer());
    let state = move || {
        told.with(|own| match following.failed.get().or_else(|| own.refused.clone()) {
            Some(reason) if own.found.points.is_empty() => reason,
            Some(reason) => format!("{} {reason}", own.sentence),
            None if own.found.points.is_empty() => "Setting agents to work …".to_owned(),
            None => own.sentence.clone(),
        })
    };
    let summary = Signal::derive(move || told.with(|own| own.sentence.clone()));
    let charts = move || {
        LADDERS
            .iter()
            .map(|own| {
                let chart = memo(move || told.with(|told| Arc::new(ladder(&told.found, own))));
                view! {
                    <h3 class="unseen">{own.0}</h3>
                    <Plot
                        chart
                        mode=HitMode::X
                        summary
                        caption=Signal::stored(String::new())
                    />
                }
            })
            .collect_view()
    };
    view! {
        <div class="replay agents">
            <p class="chooser note" id="agents-state" role="status">{views(state)}</p>
            <div class="chooser" hidden={flag(move || !following.busy.get())}>
                <progress aria-label="Agents"></progress>
                <button type="button" class="small" id="agents-cancel" on:click=move |_| following.cancel()>
                    "Cancel"
                </button>
            </div>
            // What the charts share must end with them: the view that comes next has the same place in the page.
            <Provider value=Joint(RwSignal::new(None))>{charts()}</Provider>
            <ul class="told" id="agents-notes">
                {views(move || told.with(|own| {
                    own.notes.iter().cloned().map(|line| view! { <li>{line}</li> }).collect_view()
                }))}
            </ul>
        </div>
    }
    .into_any()
}
