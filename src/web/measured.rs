//! Measured runs as the page holds them. Reading and searching them come with the first file.

use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::chart::model::Sample;
use crate::evidence::nearest::Library;
use crate::explore::Knob;
use crate::figure::curves;
use crate::metric::Metric;
use crate::report::sentence;
use crate::scenario::Scenario;

/// Runs in words.
const SHOWN: usize = 3;

/// The measured runs, as far as they are known.
#[derive(Default)]
pub enum Runs {
    /// Nobody asked yet.
    #[default]
    Unasked,
    /// Asked for: those of a model, or all.
    Coming(String),
    /// There: those of one model, or all.
    Here {
        /// The model whose runs they are; nothing if they are all there are.
        model: String,
        /// What they are asked.
        runs: Box<dyn Measured>,
    },
    /// The file did not come; the next reader who asks may have more luck.
    Failed,
}

/// What a library of runs is asked. Behind a trait, so that reading and searching it stay in the part that comes with it.
pub trait Measured: Send + Sync {
    /// The nearest runs in words, a line each.
    fn nearest(&self, scenario: &Scenario) -> Vec<String>;

    /// The runs on the curve of a metric over a knob.
    fn on_curve(&self, scenario: &Scenario, knob: Knob, metric: Metric) -> Vec<Sample>;
}

impl Measured for Library {
    fn nearest(&self, scenario: &Scenario) -> Vec<String> {
        let near = self.nearest(scenario, SHOWN);
        if near.is_empty() {
            return vec!["Nobody published a run of this kind.".to_owned()];
        }
        near.iter().map(|own| sentence::run(own.run)).collect()
    }

    fn on_curve(&self, scenario: &Scenario, knob: Knob, metric: Metric) -> Vec<Sample> {
        curves::measured(self, scenario, knob, metric)
    }
}

/// The runs of a file; an error if the code for them did not come.
#[wasm_split(runs, fallible)]
pub fn load_runs(text: String) -> Result<Box<dyn Measured>, SplitLoaderError> {
    Ok(Box::new(Library::read(&text)))
}
