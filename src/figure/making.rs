//! From a view to its figure. What the view needs is found out first, a few milliseconds at a time, so that a worker can
//! drop it; then it is drawn.

use std::sync::Arc;

use super::curves::{self, Curves, SAMPLES};
use super::frontier::Stand;
use super::latency::{LATENCIES, breakdown};
use super::memory::memory;
use super::roofline::roofline;
use super::size::{Offer, ranking};
use super::view::{Reason, Tab, View};
use super::{agents, compare, flow, frontier, levers, map, replay};
use crate::chart::figure::Figure;
use crate::chart::model::Chart;
use crate::chart::ranking::Ranking;
use crate::chart::stack::Stack;
use crate::evaluate::evaluate;
use crate::evidence::nearest::Library;
use crate::explore::agents::{Agents, Ladder, Step};
use crate::explore::{
    Deployment, Map, MapSearch, Reason as Why, Search, Sizer, Wanted, Written, compared, opened, rivals,
    sensitivity, sweep,
};
use crate::replay::Asked;
use crate::replay::lanes::{Lanes, Recorder};
use crate::replay::overview::Overview;
use crate::replay::run::Run;
use crate::report::explore::map::reason;
use crate::report::explore::{load, size as told};
use crate::report::replay::refused;
use crate::report::{departures, sentence, words};
use crate::scenario::{Load, Scenario, link};
use crate::serve::{Steady, find_model};

/// Events of a replay in one step.
const EVENTS: u64 = 4096;
/// Points of a map whose reasons are found in one step.
const REASONS: usize = 4;
/// Of the times of a replay, those whose spread stands in a file: to the first token, and per token.
const SPREADS: [usize; 2] = [0, 1];

/// The figure of a view, in the making.
pub struct Making {
    subject: Subject,
    work: Work,
}

/// What is looked at, and how.
struct Subject {
    scenario: Scenario,
    view: View,
    pins: Vec<Scenario>,
    /// Measured runs, which stand beside curves.
    runs: Library,
    /// What sizing considers.
    wanted: Written,
}

/// What has to be found out first, where it takes long.
enum Work {
    /// Nothing.
    None,
    Frontier(Box<Search>),
    Map(Box<MapSearch>, Option<Box<Map>>),
    Replay(Box<Run>),
    Lanes(Box<Run>, Box<Recorder>, Overview),
    Agents(Box<Ladder>, Agents),
    Size(Box<Sizer>),
    /// Why there is nothing to size.
    Unwanted(String),
}

impl Making {
    /// The figure of a view of a scenario and of what is pinned beside it.
    #[must_use]
    pub fn new(scenario: Scenario, view: View, pins: Vec<Scenario>, runs: Library) -> Self {
        let pins = pins.into_iter().map(|own| compared(&own, &scenario, view.apart)).collect();
        let subject = Subject { scenario, view, pins, runs, wanted: Written::default() };
        Self { work: Work::new(&subject), subject }
    }

    /// The same where sizing considers some deployments only.
    #[must_use]
    pub fn only(self, wanted: Written) -> Self {
        let subject = Subject { wanted, ..self.subject };
        Self { work: Work::new(&subject), subject }
    }

    /// Goes on for a few milliseconds; the figure, once all is known.
    pub fn step(&mut self) -> Option<Box<dyn Figure>> {
        let Self { subject, work } = self;
        match work {
            Work::None => Some(subject.at_once()),
            Work::Size(sizer) => sizer.step(1).then(|| subject.size(sizer)),
            Work::Unwanted(reason) => Some(subject.unwanted(reason)),
            Work::Frontier(search) => search.step(1).then(|| subject.frontier(search)),
            Work::Map(search, found) => {
                map_step(search, found).then(|| subject.map(found.as_deref().unwrap_or(&Map::default())))
            }
            Work::Agents(ladder, found) => match ladder.step() {
                Step::Refused(_, refusal) => Some(subject.agents(found, Some(refused(&refusal)))),
                step => {
                    if let Step::Point(point) = step {
                        found.points.push(point);
                        found.knee = ladder.knee();
                    }
                    ladder.is_done().then(|| subject.agents(found, None))
                }
            },
            Work::Replay(run) => {
                let found = run.go(EVENTS, |seen| {
                    let warm_up = seen.asked.warm_up(seen.scenario, seen.progress.arrived);
                    let result = || seen.engine.result(seen.scenario.slo, warm_up);
                    seen.progress.done.then(|| Overview::of(&result(), seen.engine.records()))
                });
                match found {
                    Err(refusal) => {
                        Some(subject.replay(&Overview::default(), &Lanes::default(), Some(refused(&refusal))))
                    }
                    Ok(None) => None,
                    Ok(Some(overview)) => {
                        let again = Run::new(subject.scenario.clone(), Asked::Scenario);
                        let all = Recorder::new(0.0, f64::INFINITY);
                        *work = Work::Lanes(Box::new(again), Box::new(all), overview);
                        None
                    }
                }
            }
            Work::Lanes(run, recorder, overview) => match recorder.watch(run, EVENTS) {
                Err(refusal) => Some(subject.replay(overview, &Lanes::default(), Some(refused(&refusal)))),
                Ok(progress) => {
                    let now = progress.now.get();
                    (progress.done || recorder.over(now)).then(|| {
                        recorder.finish(now);
                        subject.replay(overview, &recorder.lanes(now, true), None)
                    })
                }
            },
        }
    }

    /// The figure, however long it takes.
    #[must_use]
    pub fn finish(mut self) -> Box<dyn Figure> {
        loop {
            if let Some(figure) = self.step() {
                return figure;
            }
        }
    }
}

impl Work {
    fn new(subject: &Subject) -> Self {
        let Subject { scenario, view, pins, .. } = subject;
        match view.tab {
            _ if view.alone => Self::None,
            Tab::Curves | Tab::Sensitivity => Self::None,
            Tab::Frontier => {
                let base = Scenario { load: Load::Closed { concurrency: 1.0 }, ..scenario.clone() };
                Self::Frontier(Box::new(Search::new(&base, view.chosen(&frontier::AGAINST))))
            }
            Tab::BreakEven => {
                let all = map::contenders(scenario, pins, *view);
                let mut all: Vec<Scenario> = all.iter().map(|own| link::parse(&own.link).scenario).collect();
                if let [only] = &all[..] {
                    all = rivals(only);
                }
                let metric = view.chosen(&map::DECIDES);
                Self::Map(Box::new(MapSearch::new(&all, metric, view.map, map::POINTS)), None)
            }
            Tab::Size => match Wanted::read(&subject.wanted, scenario, "") {
                Ok(wanted) => Self::Size(Box::new(Sizer::new(scenario, &wanted))),
                Err(reason) => Self::Unwanted(reason),
            },
            Tab::Replay => Self::Replay(Box::new(Run::new(scenario.clone(), Asked::Scenario))),
            Tab::Agents => Self::Agents(Box::new(Ladder::new(scenario.clone())), Agents::default()),
        }
    }
}

/// Draws the map point by point, then asks why it is so; says whether all is known.
fn map_step(search: &mut MapSearch, found: &mut Option<Box<Map>>) -> bool {
    let Some(map) = found else {
        if search.step(1) {
            *found = Some(Box::new(search.answer()));
        }
        return false;
    };
    let width = map.x.values.len();
    let all = width * map.y.values.len();
    let first = map.reasons.len();
    map.reasons.extend((first..all.min(first + REASONS)).map(|index| {
        let (x, y) = (index % width, index / width);
        Why { x, y, reason: reason(search, x, y) }
    }));
    map.reasons.len() >= all
}

impl Subject {
    /// What takes no search.
    fn at_once(&self) -> Box<dyn Figure> {
        let Self { scenario, view, .. } = self;
        if view.alone {
            self.reason()
        } else if view.tab == Tab::Sensitivity {
            let metric = view.chosen(&levers::MOVED);
            self.titled(levers::tornado(sensitivity(scenario, metric).as_ref().ok(), metric))
        } else {
            self.titled(self.curves())
        }
    }

    fn frontier(&self, search: &Search) -> Box<dyn Figure> {
        let metric = self.view.chosen(&frontier::AGAINST);
        let pins: Vec<_> = self.pins.iter().map(evaluate).collect();
        let stand =
            Stand { metric, answer: &evaluate(&self.scenario), pinned: &pins.iter().collect::<Vec<_>>() };
        let mut chart = frontier::chart(&search.answer().points, &stand);
        curves::name_pins(&mut chart, &compare::names(&self.scenario, &self.pins));
        self.titled(chart)
    }

    fn size(&self, sizer: &Sizer) -> Box<dyn Figure> {
        let offer = |own: &Deployment| {
            let per_hour = told::per_hour(own)?;
            Some(Offer {
                label: told::bought(&own.bought),
                split: words::split(own.split).to_owned(),
                per_hour,
                note: own.deployed.label.clone(),
            })
        };
        let offers: Vec<Offer> = sizer.answer().deployments.iter().filter_map(offer).collect();
        self.loaded(ranking(&offers))
    }

    fn unwanted(&self, reason: &str) -> Box<dyn Figure> {
        let none = ranking(&[]);
        self.loaded(Ranking { title: format!("{}: {reason}", none.title), ..none })
    }

    /// A figure whose title says for which load it is, as the chips differ.
    fn loaded(&self, mut figure: Ranking) -> Box<dyn Figure> {
        figure.title = format!("{}: {}", figure.title, load(&self.scenario));
        Box::new(figure)
    }

    fn map(&self, found: &Map) -> Box<dyn Figure> {
        let Self { scenario, view, pins, .. } = self;
        let contenders = map::contenders(scenario, pins, *view);
        let names = map::names(found, &contenders, &compare::names(scenario, pins));
        let offered = if view.closed { scenario.clone() } else { opened(scenario) };
        self.titled(map::heat(found, &offered, *view, &contenders, &names))
    }

    fn replay(&self, overview: &Overview, lanes: &Lanes, refused: Option<String>) -> Box<dyn Figure> {
        let spread = |time| Box::new(replay::spread(overview, time, self.scenario.slo)) as Box<dyn Figure>;
        let mut parts: Vec<_> = SPREADS.map(spread).into();
        parts.push(Box::new(replay::timeline(lanes)));
        self.stacked("Replay", refused, parts)
    }

    fn agents(&self, found: &Agents, refused: Option<String>) -> Box<dyn Figure> {
        let part = |own| Box::new(agents::ladder(found, own)) as Box<dyn Figure>;
        let parts = agents::LADDERS.iter().map(part).collect();
        self.stacked("Agents", refused.filter(|_| found.points.is_empty()), parts)
    }

    /// The view of the panel below the charts; a scenario without an answer has nothing in it.
    fn reason(&self) -> Box<dyn Figure> {
        let scenario = &self.scenario;
        let answer = evaluate(scenario);
        let steady: Option<&Steady> = answer.as_ref().ok().map(|own| &own.steady);
        match self.view.reason {
            Reason::Why => {
                let pins: Vec<_> = self.pins.iter().map(|own| (own, evaluate(own))).collect();
                let names = compare::names(scenario, &self.pins);
                let pinned = names
                    .into_iter()
                    .zip(&pins)
                    .filter_map(|(name, (_, answer))| Some((name, &answer.as_ref().ok()?.steady)));
                let own = steady.map(|own| (sentence::deployment(scenario), own));
                let answers: Vec<(String, &Steady)> = own.into_iter().chain(pinned).collect();
                let bars = |own| Box::new(breakdown(own, answers.iter().cloned()).bars()) as Box<dyn Figure>;
                self.stacked("Where the time goes", None, LATENCIES.map(bars).into())
            }
            Reason::Roofline => {
                let worked = steady.map(|own| roofline(scenario, own)).unwrap_or_default();
                self.titled(worked.roofline.chart())
            }
            Reason::Memory => self.titled(steady.map(memory).unwrap_or_default()),
            Reason::Flow => {
                let experts = find_model(scenario).is_ok_and(|own| own.has_moe());
                self.titled(steady.map(|own| flow::diagram(own, experts)).unwrap_or_default())
            }
        }
    }

    fn curves(&self) -> Chart {
        let Self { scenario, view, pins, runs, .. } = self;
        let values = view.knob.values(scenario, SAMPLES);
        let swept = |own: &Scenario| Arc::new(sweep(own, view.knob, &values));
        let curves = Curves {
            view: *view,
            scenario,
            answer: &evaluate(scenario),
            values: &values,
            now: &sweep(scenario, view.knob, &values),
            pinned: &pins.iter().map(swept).collect::<Vec<_>>(),
            measured: &curves::measured(runs, scenario, view.knob, view.metric),
            before: None,
            among: false,
        };
        let mut chart = curves.chart();
        // Away from the page nobody knows what is pinned: each curve says what it is of.
        if !pins.is_empty() {
            curves::name_pins(&mut chart, &compare::names(scenario, pins));
            for series in chart.series.iter_mut().filter(|own| own.id == curves::NOW) {
                series.label = sentence::deployment(scenario);
            }
        }
        chart
    }

    /// A figure whose title says of which scenario it is.
    fn titled(&self, mut figure: impl Figure + 'static) -> Box<dyn Figure> {
        self.name_after(figure.title_mut());
        Box::new(figure)
    }

    /// Several figures whose title says why there is nothing in them, if there is nothing, and of which scenario they are.
    /// Only its parts have titles that are drawn, and the first is read first.
    fn stacked(
        &self,
        title: &str,
        refused: Option<String>,
        mut parts: Vec<Box<dyn Figure>>,
    ) -> Box<dyn Figure> {
        if let Some(first) = parts.first_mut() {
            self.name_after(first.title_mut());
        }
        let title = refused.map_or_else(|| title.to_owned(), |reason| format!("{title}: {reason}"));
        self.titled(Stack { title, parts })
    }

    fn name_after(&self, title: &mut String) {
        let own = departures::line(&self.scenario);
        let own = own.map_or_else(String::new, |own| format!(". {}", own.trim_end_matches('.')));
        *title = format!("{title}: {}{own}", sentence::name(&self.scenario));
    }
}
