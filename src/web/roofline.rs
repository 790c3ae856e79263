//! Each operation under the roof of its chip: how much arithmetic it does for a byte, and what it reaches of the roof.

use std::sync::Arc;

use leptos::prelude::*;
use markup::view;

use super::charts::plot::Plot;
use super::charts::table::plain;
use super::lean::memo;
use super::state::use_page;
use crate::chart::hit::HitMode;
use crate::figure::roofline::{Worked, roofline as work};

/// The chart; it says so where there is no answer.
pub fn roofline() -> AnyView {
    let page = use_page();
    let worked = memo(move || {
        let answer = page.answer.get();
        let own = answer.as_ref().as_ref().ok();
        Arc::new(own.map_or_else(Worked::default, |own| {
            page.standing.with_untracked(|scenario| work(scenario, &own.steady))
        }))
    });
    let chart = memo(move || Arc::new(worked.with(|worked| worked.roofline.chart())));
    let summary = Signal::derive(move || worked.with(|own| own.summary()));
    let figures: Box<dyn Fn() -> AnyView + Send + Sync> =
        Box::new(move || worked.with(|worked| plain(&worked.table)));
    let caption = "Peaks and bandwidths are those of the data sheet. Collectives do no arithmetic: they stand in the table.";
    view! {
        <Plot
            chart=chart
            mode=HitMode::Xy
            summary
            caption=Signal::stored(caption.to_owned())
            figures=figures
        />
    }
    .into_any()
}
