//! What fills the memory of each chip, and what fits at most.

use std::sync::Arc;

use leptos::prelude::*;
use markup::view;

use super::charts::picture::{Laid, Picture, Shape, Shown};
use super::lean::{memo, views};
use super::state::use_page;
use crate::chart::bars::BarScene;
use crate::chart::describe::{Table, bars_sentence, bars_table};
use crate::chart::geometry::Size;
use crate::chart::layout::Options;
use crate::chart::model::Bars;
use crate::chart::text::TextMeasure;
use crate::chart::theme::Theme;
use crate::report::memory::{memory as filled, room};

/// What stands in the picture: swatches, for the bars have no other legend.
const OPTIONS: Options = Options { title: false, legend: true, end_labels: true };

/// The bars, and how much more fits in words.
pub fn memory() -> AnyView {
    let page = use_page();
    let shown = memo(move || {
        page.answer.with(|answer| {
            let own = answer.as_ref().as_ref().ok();
            Shown(own.map(|own| Arc::new(filled(&own.steady)) as Arc<dyn Shape>))
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

impl Shape for Bars {
    fn lay(&self, size: Size, theme: &Theme, measure: &dyn TextMeasure) -> Laid {
        let height = BarScene::height_for(self, size.width, OPTIONS);
        let size = Size::new(size.width, height);
        Laid {
            figure: Box::new(BarScene::with_options(self, size, theme, measure, OPTIONS)),
            height: Some(height),
        }
    }

    fn told(&self) -> String {
        bars_sentence(self)
    }

    fn figures(&self) -> Table {
        bars_table(self)
    }
}
