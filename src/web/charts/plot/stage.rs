//! A chart in its place on the page: as much of it as is in view, laid out for the room that there is.

use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;

use super::super::canvas::{CanvasMeasure, watch_size};
use crate::chart::geometry::Size;
use crate::chart::layout::Scene;
use crate::chart::model::Chart;
use crate::chart::zoom::{Still, Viewport};
use crate::figure::curves::HERE;
use crate::web::lean::{effect, memo};
use crate::web::motion::Motion;
use crate::web::theme::Look;

/// A chart and how it is seen.
#[derive(Clone, Copy)]
pub struct Stage {
    chart: Signal<Arc<Chart>>,
    /// Which part of it and which series are in view.
    pub viewport: RwSignal<Viewport>,
    /// The chart as it is seen.
    pub seen: Memo<Arc<Chart>>,
    /// The same laid out; none before the room is known.
    pub scene: Memo<Option<Arc<Scene>>>,
    /// Whether a part is in view, not the whole.
    pub zoomed: Memo<bool>,
    room: Room,
}

/// What a chart is laid out for.
#[derive(Clone, Copy)]
struct Room {
    size: RwSignal<Option<Size>>,
    look: Look,
    measure: StoredValue<CanvasMeasure, LocalStorage>,
}

impl Room {
    fn lay_out(self, chart: &Chart) -> Option<Arc<Scene>> {
        let theme = self.look.theme();
        let size = self.size.get()?;
        Some(Arc::new(self.measure.with_value(|measure| Scene::new(chart, size, theme, measure))))
    }
}

impl Stage {
    /// A chart in an element. During a movement its vertical axis stands still.
    pub fn new(chart: Signal<Arc<Chart>>, frame: NodeRef<Div>, motion: Option<Motion>) -> Self {
        let room = Room {
            size: watch_size(frame),
            look: expect_context::<Look>(),
            measure: StoredValue::new_local(CanvasMeasure::new()),
        };
        let viewport = RwSignal::new(Viewport::default());
        let moving = move || motion.is_some_and(Motion::is);
        let still = StoredValue::new(None::<Still>);
        let seen = memo(move || {
            let chart = chart.get();
            let seen = viewport.with(|own| {
                if *own == Viewport::default() { chart.clone() } else { Arc::new(own.of(&chart)) }
            });
            let mut held = None;
            if moving() {
                still.update_value(|own| held = own.as_mut().and_then(|own| own.hold(&seen, HERE)));
            }
            held.map_or(seen, Arc::new)
        });
        let scene = memo(move || seen.with(|chart| room.lay_out(chart)));
        effect(move || {
            let rest = !moving();
            scene.with(|scene| {
                if let (true, Some(scene)) = (rest, scene) {
                    still.set_value(Some(Still::of(scene)));
                }
            });
        });
        let zoomed = memo(move || chart.with(|chart| viewport.with(|own| own.zooms(chart))));
        Self { chart, viewport, seen, scene, zoomed, room }
    }

    /// The layout without any zoom, now.
    pub fn whole(self) -> Option<Arc<Scene>> {
        untrack(|| {
            let mut own = self.viewport.get();
            own.reset();
            self.chart.with(|chart| self.room.lay_out(&own.of(chart)))
        })
    }

    /// What is in view along the horizontal axis.
    pub fn reach(self) -> Option<String> {
        self.scene.with(|scene| scene.as_ref().map(|own| own.reach()))
    }

    /// Shows the whole again.
    pub fn reset(self) {
        if self.viewport.with_untracked(|own| *own != Viewport::default()) {
            self.viewport.update(Viewport::reset);
        }
    }
}
