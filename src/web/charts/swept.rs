//! What the charts of curves are drawn from: the scenario and the pins over one knob, and where they were when a movement
//! began.

use std::sync::Arc;

use leptos::prelude::*;

use crate::chart::model::{Chart, Sample};
use crate::explore::{self, Knob, sweep};
use crate::figure::curves::{self, Curves};
use crate::figure::view::View;
use crate::scenario::Scenario;
use crate::web::lean::{effect, memo};
use crate::web::measured::Runs;
use crate::web::state::{Answer, Page};

/// The samples of one scenario.
pub type Swept = Arc<Vec<explore::Sample>>;

/// All that curves of any metric are drawn from.
#[derive(Clone)]
pub struct Material {
    /// What is varied.
    pub knob: Knob,
    view: View,
    scenario: Arc<Scenario>,
    answer: Answer,
    values: Arc<Vec<f64>>,
    /// The scenario over the knob.
    pub now: Swept,
    pinned: Vec<Swept>,
    /// What they are called.
    names: Vec<String>,
    before: Option<Swept>,
    among: bool,
}

/// Each is another: comparing evaluations would cost more than drawing them.
impl PartialEq for Material {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

impl Material {
    /// The chart of what a view shows.
    pub fn chart(&self, view: View, measured: &[Sample]) -> Chart {
        let curves = Curves {
            view,
            scenario: &self.scenario,
            answer: &self.answer,
            values: &self.values,
            now: &self.now,
            pinned: &self.pinned,
            measured,
            before: self.before.as_ref().map(|own| &own[..]),
            among: self.among,
        };
        let mut chart = curves.chart();
        curves::name_pins(&mut chart, &self.names);
        chart
    }

    /// How it is looked at.
    pub fn view(&self) -> View {
        self.view
    }

    /// The scenario.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Its answer.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The measured runs on the curve of what a view shows.
    pub fn measured(&self, page: &Page, view: View) -> Vec<Sample> {
        page.runs.with(|runs| match runs {
            Runs::Here { runs, .. } => runs.on_curve(&self.scenario, view.knob, view.metric),
            _ => Vec::new(),
        })
    }
}

/// The material of so many samples, for a chart alone or for several.
pub fn material(page: Page, samples: usize, among: bool) -> Memo<Arc<Material>> {
    let knob = memo(move || page.view.get().knob);
    // While something moves the knob's own range stands still, as long as the scenario is within.
    let values = Memo::new(move |before: Option<&(Knob, Arc<Vec<f64>>)>| {
        let knob = knob.get();
        let moving = page.motion.is();
        page.standing.with(|scenario| {
            let held = before.filter(|(own, values)| {
                let at = knob.current(scenario).unwrap_or(f64::NAN);
                let within = values.first().is_some_and(|low| *low <= at)
                    && values.last().is_some_and(|high| at <= *high);
                moving && *own == knob && within
            });
            held.cloned().unwrap_or_else(|| (knob, Arc::new(knob.values(scenario, samples))))
        })
    });
    let now: Memo<Swept> = always(move || {
        let (knob, values) = values.get();
        Arc::new(page.standing.with(|scenario| sweep(scenario, knob, &values)))
    });
    let pinned: Memo<Vec<Swept>> = always(move || {
        let (knob, values) = values.get();
        page.beside.with(|pins| {
            let swept = |scenario: &Scenario| Arc::new(sweep(scenario, knob, &values));
            pins.iter().map(|pin| swept(&pin.scenario)).collect()
        })
    });
    let before = StoredValue::new(None::<(Knob, Swept)>);
    effect(move || {
        let own = now.get();
        if !page.motion.is() {
            before.set_value(Some((knob.get_untracked(), own)));
        }
    });
    memo(move || {
        let (knob, values) = values.get();
        let moving = page.motion.is();
        let start = before.get_value().filter(|(own, _)| moving && *own == knob).map(|(_, own)| own);
        Arc::new(Material {
            knob,
            view: page.view.get(),
            scenario: Arc::new(page.standing.get()),
            answer: page.answer.get(),
            values,
            now: now.get(),
            pinned: pinned.get(),
            names: page.names.get(),
            before: start,
            among,
        })
    })
}

/// A memo whose value is always new when its inputs are.
fn always<T: Send + Sync + 'static>(compute: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    Memo::new_with_compare(move |_| compute(), |_, _| true)
}
