//! What the page knows of measured runs.

use crate::chart::model::Sample;
use crate::explore::Knob;
use crate::metric::Metric;
use crate::scenario::Scenario;

/// The measured runs, as far as they are known.
#[derive(Default)]
pub enum Runs {
    /// Nobody asked yet.
    #[default]
    Unasked,
    /// Asked for.
    Coming,
    /// There.
    Here(Box<dyn Measured>),
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
