//! The keys of a chart: arrows move the cursor, Enter takes its value, plus and minus zoom, 0 shows the whole.

use leptos::prelude::*;
use leptos::web_sys::KeyboardEvent;

use super::super::gesture::TURN;
use super::pointer::{Picked, Pointer};
use super::stage::Stage;
use crate::chart::hit::{HitMode, Step};

/// Steps of a page key.
const LEAP: usize = 10;

/// Keys on a chart.
#[derive(Clone, Copy)]
pub struct Keys {
    stage: Stage,
    pointer: Pointer,
    /// What they did, where no cursor says it.
    pub said: RwSignal<String>,
}

impl Keys {
    /// Keys that move a cursor.
    pub fn new(stage: Stage, pointer: Pointer) -> Self {
        Self { stage, pointer, said: RwSignal::new(String::new()) }
    }

    /// Zooms by a factor about the cursor.
    pub fn turn(self, factor: f64) {
        let Some(now) = self.stage.scene.get_untracked() else { return };
        let Some(whole) = self.stage.whole() else { return };
        let pointer = self.pointer;
        let about = pointer.cursor.get_untracked().and_then(|at| now.place(at)).unwrap_or(now.plot.centre());
        self.stage.viewport.update(|own| own.turn(&now, &whole, about, factor, pointer.mode == HitMode::Xy));
        pointer.keyed.set(false);
        let reach = untrack(|| self.stage.reach()).unwrap_or_default();
        self.said.set(format!("In view: {reach}"));
    }

    /// A key goes down.
    pub fn pressed(self, event: &KeyboardEvent) {
        let Some(scene) = self.stage.scene.get_untracked() else { return };
        let pointer = self.pointer;
        let now = pointer.cursor.get_untracked();
        let leap = |step: Step| (0..LEAP).fold(now, |at, _| scene.step(at, step));
        let next = match event.key().as_str() {
            "ArrowRight" => scene.step(now, Step::Next),
            "ArrowLeft" => scene.step(now, Step::Previous),
            "ArrowUp" => scene.step(now, Step::SeriesBefore),
            "ArrowDown" => scene.step(now, Step::SeriesAfter),
            "Home" => scene.step(now, Step::First),
            "End" => scene.step(now, Step::Last),
            "PageUp" => leap(Step::Next),
            "PageDown" => leap(Step::Previous),
            "Enter" | " " => {
                let sample = now.and_then(|at| scene.chart.series.get(at.series)?.samples.get(at.sample));
                if let (Some(cursor), Some(sample)) = (now, sample) {
                    pointer.pick(Picked { cursor, x: sample.x, done: true });
                }
                now
            }
            "Escape" => {
                pointer.escape();
                None
            }
            "+" | "=" | "-" | "_" | "0" if pointer.small() => return,
            "+" | "=" | "-" | "_" | "0" if !(event.ctrl_key() || event.meta_key() || event.alt_key()) => {
                event.prevent_default();
                match event.key().as_str() {
                    "0" => {
                        pointer.reset();
                        self.said.set("The whole is in view".to_owned());
                    }
                    "-" | "_" => self.turn(1.0 / TURN),
                    _ => self.turn(TURN),
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        pointer.keyed.set(true);
        pointer.lead();
        pointer.cursor.set(next);
    }
}
