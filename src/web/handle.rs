//! What the scripts beside the page may ask of it: the gallery, the stories and the keys are plain modules that load
//! when first needed, and this is all they know of the model.
//!
//! Answers are text, one line for each thing, its parts separated by tabs.

use leptos::prelude::*;
use leptos::web_sys;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use super::figures::{band, read, value};
use super::history::{self, follow};
use super::late;
use super::pinned;
use super::state::Page;
use crate::metric::Metric;
use crate::report::words;
use crate::scenario::link;
use crate::scenario::presets::{NOTICES, PRESETS, Preset};
use crate::units::format::excerpt;

/// What is sent to the document whenever figures, view or story have changed.
const CHANGED: &str = "tandem-change";

/// The open page.
#[wasm_bindgen]
pub struct Handle(Page);

impl Handle {
    /// Over the state, whose changes it tells from now on.
    pub fn new(page: Page) -> Self {
        Self(page)
    }
}

#[wasm_bindgen]
impl Handle {
    /// Scenario and view, as what follows `#`.
    pub fn link(&self) -> String {
        untrack(|| history::link_of(&self.0))
    }

    /// Opens a link, as a step of its own.
    pub fn open(&self, text: &str) {
        follow(&self.0, text);
    }

    /// The open story and its step, as `ID:STEP`, or nothing.
    pub fn story(&self) -> String {
        self.0.story.get_untracked()
    }

    /// Ends the story; scenario and view stay.
    #[wasm_bindgen(js_name = closeStory)]
    pub fn close_story(&self) {
        self.0.story.set(String::new());
        self.0.commit();
    }

    /// The figures that there are: metric, value with its unit, band; then why each phase takes its time, and last
    /// `bound` with what limits the deployment.
    pub fn figures(&self) -> String {
        // What is shown of another scenario is no answer to this one.
        if self.0.refused.with_untracked(Option::is_some) {
            return String::new();
        }
        self.0.answer.with_untracked(|answer| {
            let line = |metric: Metric| {
                let own = read(answer, metric).ok()?;
                Some(format!("{}\t{}\t{}\n", metric.id(), value(metric, own), band(metric, own)))
            };
            let mut text: String = Metric::ALL.into_iter().filter_map(line).collect();
            if let Ok(own) = answer.as_ref() {
                for phase in &own.steady.phases {
                    let name = words::role(phase.phase).to_ascii_lowercase();
                    text.push_str(&format!("{name}\t{}\t\n", words::phase(phase)));
                }
                text.push_str("bound\t");
                text.push_str(words::binding(own.steady.binding));
                text.push('\t');
            }
            text
        })
    }

    /// The starting points, once what there is to notice in them is here: identifier, name, that, link.
    /// `take` is called with them, or without them and with the reason.
    pub fn presets(&self, take: js_sys::Function) {
        late::run(async move {
            let _ = match load_presets().await {
                Ok(all) => take.call1(&JsValue::NULL, &all.into()),
                Err(reason) => take.call2(&JsValue::NULL, &JsValue::NULL, &reason.to_string().into()),
            };
        });
    }

    /// Whether a link asks for the scenario that stands, however it is looked at.
    pub fn stands(&self, text: &str) -> bool {
        let parsed = link::parse(text);
        parsed.faults.is_empty() && self.0.scenario.with_untracked(|own| *own == parsed.scenario)
    }

    /// What the scenario of a link may be called.
    pub fn name(&self, text: &str) -> String {
        match link::parse(text).understood() {
            Ok(parsed) => pinned::name(&parsed.scenario, &[]),
            // It has no scenario of that name, or of any.
            Err(_) => excerpt(text, 60),
        }
    }

    /// What of a link could not be taken as it stands, a line for each remark.
    pub fn remarks(&self, text: &str) -> String {
        link::parse(text).notices.iter().map(|notice| format!("{notice}\n")).collect()
    }
}

#[wasm_split(tables, fallible)]
fn load_presets() -> Result<String, SplitLoaderError> {
    let line = |(own, notice): (&Preset, &str)| format!("{}\t{}\t{notice}\t{}\n", own.id, own.name, own.link);
    Ok(PRESETS.iter().zip(NOTICES).map(line).collect())
}

/// Tells the document of every change.
pub fn tell_changes(page: Page) {
    super::lean::effect(move || {
        page.scenario.track();
        page.view.track();
        page.story.track();
        page.answer.track();
        if let Ok(event) = web_sys::Event::new(CHANGED) {
            let _ = document().dispatch_event(&event);
        }
    });
}
