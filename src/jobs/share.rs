//! What is handed on: a scenario as Markdown, its figures as CSV or JSON, the chart of its view as SVG.
//!
//! The command line draws by the same job, so that a file from the page and one from the shell have the same bytes.

use super::replay::{Answer, Wish};
use super::{Job, Slice, Work, agents, charts, frontier, lanes, map, replay, sensitivity};
use crate::chart::figure::Figure;
use crate::chart::model::{Chart, Paint};
use crate::chart::stack::Stack;
use crate::chart::svg::{SIZES, WIDTH};
use crate::chart::theme::{DARK, LIGHT};
use crate::evaluate::evaluate;
use crate::evidence::nearest::Library;
use crate::explore::{Axis, sweep};
use crate::figure::curves::{self, Curves, SAMPLES};
use crate::figure::latency::{LATENCIES, breakdown};
use crate::figure::memory::memory;
use crate::figure::roofline::roofline;
use crate::figure::view::{Reason, Tab, View, letter, pinned};
use crate::figure::{flow, frontier as field, levers, map as best};
use crate::metric::Metric;
use crate::report::{self, Strictness, reply, sentence, words};
use crate::scenario::link::{self, Parsed};
use crate::scenario::{Load, Scenario};
use crate::serve::{Steady, find_model};
use crate::units::decimal::decimal;

pub(super) const VERB: &str = "share";

/// What a scenario is handed on as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    /// Settings, figures and link as Markdown.
    Markdown,
    /// The figures behind the chart of the view.
    Csv,
    /// All of the answer, as `tandem eval --json` writes it.
    Json,
    /// The chart of the view.
    Svg {
        /// CSS pixels.
        width: f64,
        /// CSS pixels; what suits the chart where there is none.
        height: Option<f64>,
        /// Whether on a dark ground.
        dark: bool,
    },
}

impl Format {
    /// The chart in its usual size.
    #[must_use]
    pub const fn svg(dark: bool) -> Self {
        Self::Svg { width: WIDTH, height: None, dark }
    }

    fn write(self) -> String {
        match self {
            Self::Markdown => "markdown".to_owned(),
            Self::Csv => "csv".to_owned(),
            Self::Json => "json".to_owned(),
            Self::Svg { width, height, dark } => {
                format!("svg {width} {} {}", height.unwrap_or(0.0), if dark { "dark" } else { "light" })
            }
        }
    }

    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(match words.next()? {
            "markdown" => Self::Markdown,
            "csv" => Self::Csv,
            "json" => Self::Json,
            "svg" => {
                let mut length = || decimal(words.next()?);
                let (width, height) = (length().unwrap_or(WIDTH), length().filter(|&own| own > 0.0));
                let kept = |own: f64| own.clamp(SIZES.0, SIZES.1);
                Self::Svg { width: kept(width), height: height.map(kept), dark: words.next() == Some("dark") }
            }
            _ => return None,
        })
    }
}

/// What to ask of a link, which may be a whole address; measured runs, as their file has them, follow it, and may be
/// empty.
#[must_use]
pub fn question(format: Format, link: &str, runs: &str) -> String {
    format!("{VERB}\n{}\n{link}\n{runs}", format.write())
}

pub(super) fn start(rest: &str) -> Result<Box<dyn Work>, String> {
    let (format, rest) = rest.split_once('\n').unwrap_or((rest, ""));
    let (link, runs) = rest.split_once('\n').unwrap_or((rest, ""));
    let Some(format) = Format::read(format) else {
        return Err(format!("format {format}: one of markdown, csv, json or svg is expected"));
    };
    let (parsed, link) = (link::parse(link), link.to_owned());
    let text = match format {
        Format::Markdown => markdown(&parsed.scenario, &link),
        Format::Json => reply(&link, Strictness::Lenient).json_line() + "\n",
        Format::Csv | Format::Svg { .. } => {
            let (view, pins) = (View::read(&parsed.view), pinned(&parsed.view));
            let asked = long(&parsed, view, &pins)?;
            let runs = Library::read(runs);
            return Ok(Box::new(Drawing {
                format,
                parsed,
                view,
                pins,
                runs,
                asked,
                said: 0,
                heard: Vec::new(),
            }));
        }
    };
    Ok(Box::new(super::Once(move || text.clone())))
}

/// The settings and figures with a link back to where they were read.
fn markdown(scenario: &Scenario, address: &str) -> String {
    let site = address.split_once('#').map_or("", |(site, _)| site);
    match evaluate(scenario) {
        Ok(evaluation) => report::markdown(scenario, &evaluation, site),
        Err(refusal) => {
            format!("[{}]({site}#{})\n", words::refusal(&refusal), link::write(scenario, &[]))
        }
    }
}

/// What has to be found out before the chart of a view can be drawn, where it takes long; what comes first stands last.
fn long(parsed: &Parsed, view: View, pins: &[Scenario]) -> Result<Vec<Job>, String> {
    let scenario = &parsed.scenario;
    let question = match view.tab {
        _ if view.alone => return Ok(Vec::new()),
        Tab::Curves => return Ok(Vec::new()),
        Tab::Replay => {
            let link = link::write(scenario, &[]);
            let ask = |answer: Answer| Job::new(&replay::question(&link, Wish { speed: 1.0, answer }));
            let all = Answer::Lanes { from: 0.0, to: f64::INFINITY };
            return Ok(vec![ask(all)?, ask(Answer::Figures)?]);
        }
        Tab::Agents => agents::question(&link::write(scenario, &[])),
        Tab::Frontier => {
            let load = Load::Closed { concurrency: 1.0 };
            let link = link::write(&Scenario { load, ..scenario.clone() }, &[]);
            frontier::question(&link, view.chosen(&field::AGAINST))
        }
        Tab::BreakEven => {
            let links: Vec<String> =
                best::contenders(scenario, pins, view.map).into_iter().map(|own| own.0).collect();
            map::question(view.chosen(&best::DECIDES), view.map, &links)
        }
        Tab::Sensitivity => sensitivity::question(&link::write(scenario, &[]), view.chosen(&levers::MOVED)),
    };
    Ok(vec![Job::new(&question)?])
}

/// The chart of a view, under way.
struct Drawing {
    format: Format,
    parsed: Parsed,
    view: View,
    pins: Vec<Scenario>,
    runs: Library,
    /// What finds out what is drawn, the next one last.
    asked: Vec<Job>,
    /// How many are done.
    said: usize,
    /// What each has said so far.
    heard: Vec<String>,
}

impl Work for Drawing {
    fn step(&mut self) -> Slice {
        if let Some(job) = self.asked.last_mut() {
            let Slice { text, done } = job.step();
            if self.heard.len() < self.said + 1 {
                self.heard.push(String::new());
            }
            if let Some(heard) = self.heard.last_mut() {
                // The frontier tells all anew each time.
                if self.view.tab == Tab::Frontier && !text.is_empty() {
                    heard.clear();
                }
                heard.push_str(&text);
            }
            if done {
                self.asked.pop();
                self.said += 1;
            }
            return Slice::default();
        }
        let figure = self.figure();
        let text = match self.format {
            Format::Svg { width, height, dark } => {
                figure.svg(width, height, if dark { &DARK } else { &LIGHT })
            }
            _ => figure.csv(),
        };
        Slice { text, done: true }
    }
}

impl Drawing {
    fn figure(&self) -> Box<dyn Figure> {
        let (view, scenario) = (self.view, &self.parsed.scenario);
        let heard = self.heard.first().map_or("", String::as_str);
        match view.tab {
            _ if view.alone => self.reason(),
            Tab::Curves => titled(self.curves(), scenario),
            Tab::Replay => {
                let mut outcome = replay::Outcome::default();
                heard.lines().for_each(|line| outcome.take(line));
                let lanes = lanes::read(self.heard.get(1).map_or("", String::as_str));
                let spreads = SPREADS.map(|time| charts::spread(&outcome, time, scenario.slo));
                let mut parts: Vec<Box<dyn Figure>> = Vec::new();
                parts.extend(spreads.map(|own| Box::new(own) as Box<dyn Figure>));
                parts.push(Box::new(charts::timeline(&lanes)));
                stacked(told("Replay", outcome.refused), parts, scenario)
            }
            Tab::Agents => {
                let outcome = agents::read(heard);
                let parts = charts::LADDERS.iter();
                let parts = parts.map(|own| Box::new(charts::ladder(&outcome, own)) as Box<dyn Figure>);
                let refused = outcome.refused.clone().filter(|_| outcome.points.is_empty());
                stacked(told("Agents", refused), parts.collect(), scenario)
            }
            Tab::Frontier => {
                let found = frontier::read(heard).unwrap_or_default().found;
                let metric: Metric = view.chosen(&field::AGAINST);
                titled(field::chart(&found, metric, &evaluate(scenario)), scenario)
            }
            Tab::BreakEven => {
                let mut found = map::Field::default();
                map::read(&mut found, heard);
                let contenders = best::contenders(scenario, &self.pins, view.map);
                let paints: Vec<Paint> = contenders.into_iter().map(|own| own.1).collect();
                let axes: (Axis, Axis) = view.map;
                titled(best::heat(&found, scenario, axes, view.chosen(&best::DECIDES), &paints), scenario)
            }
            Tab::Sensitivity => {
                let found = sensitivity::read(heard);
                titled(levers::tornado(&found, view.chosen(&levers::MOVED)), scenario)
            }
        }
    }

    /// The view of the panel below the charts; a scenario without an answer has nothing in it.
    fn reason(&self) -> Box<dyn Figure> {
        let scenario = &self.parsed.scenario;
        let answer = evaluate(scenario);
        let steady: Option<&Steady> = answer.as_ref().ok().map(|own| &own.steady);
        match self.view.reason {
            Reason::Why => {
                let pins: Vec<_> = self.pins.iter().map(|own| (own, evaluate(own))).collect();
                let pinned = pins.iter().enumerate().filter_map(|(index, (own, answer))| {
                    let name = format!("{}: {}", letter(index), sentence::deployment(own));
                    Some((name, &answer.as_ref().ok()?.steady))
                });
                let own = steady.map(|own| (sentence::deployment(scenario), own));
                let answers: Vec<(String, &Steady)> = own.into_iter().chain(pinned).collect();
                let bars = LATENCIES.map(|own| breakdown(own, answers.iter().cloned()).bars());
                let parts = bars.map(|own| Box::new(own) as Box<dyn Figure>);
                stacked("Where the time goes".to_owned(), parts.into(), scenario)
            }
            Reason::Roofline => {
                let worked = steady.map(|own| roofline(scenario, own)).unwrap_or_default();
                titled(worked.roofline.chart(), scenario)
            }
            Reason::Memory => titled(steady.map(memory).unwrap_or_default(), scenario),
            Reason::Flow => {
                let experts = find_model(scenario).is_ok_and(|own| own.has_moe());
                titled(steady.map(|own| flow::diagram(own, experts)).unwrap_or_default(), scenario)
            }
        }
    }

    fn curves(&self) -> Chart {
        let (view, scenario) = (self.view, &self.parsed.scenario);
        let values = view.knob.values(scenario, SAMPLES);
        let swept = |own: &Scenario| std::sync::Arc::new(sweep(own, view.knob, &values));
        let curves = Curves {
            view,
            scenario,
            answer: &evaluate(scenario),
            values: &values,
            now: &sweep(scenario, view.knob, &values),
            pinned: &self.pins.iter().map(swept).collect::<Vec<_>>(),
            measured: &curves::measured(&self.runs, scenario, view.knob, view.metric),
        };
        let mut chart = curves.chart();
        // Away from the page nobody knows what is pinned: each curve says what it is of.
        if !self.pins.is_empty() {
            let told = |own: &Scenario| {
                if own.model == scenario.model { sentence::deployment(own) } else { sentence::name(own) }
            };
            for series in &mut chart.series {
                if series.id == curves::NOW {
                    series.label = told(scenario);
                } else if let Some((index, pin)) =
                    self.pins.iter().enumerate().find(|(index, _)| series.id == curves::pin(*index))
                {
                    series.label = format!("{}: {}", letter(index), told(pin));
                }
            }
        }
        chart
    }
}

/// Says of which scenario it is.
fn name_after(title: &mut String, scenario: &Scenario) {
    *title = format!("{title}: {}", sentence::name(scenario));
}

/// A figure whose title says of which scenario it is.
fn titled(mut figure: impl Figure + 'static, scenario: &Scenario) -> Box<dyn Figure> {
    name_after(figure.title_mut(), scenario);
    Box::new(figure)
}

/// Several figures whose title says of which scenario they are. Only its parts have titles that are drawn, and the first
/// is read first.
fn stacked(mut title: String, mut parts: Vec<Box<dyn Figure>>, scenario: &Scenario) -> Box<dyn Figure> {
    if let Some(first) = parts.first_mut() {
        name_after(first.title_mut(), scenario);
    }
    name_after(&mut title, scenario);
    Box::new(Stack { title, parts })
}

/// Of the times of a replay, those whose spread stands in a file: to the first token, and per token.
const SPREADS: [usize; 2] = [0, 1];

/// A title that says why there is nothing below it, if there is nothing.
fn told(title: &str, refused: Option<String>) -> String {
    refused.map_or_else(|| title.to_owned(), |reason| format!("{title}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::tests::pieces;

    const LINK: &str = "v1&model=llama3-8b&pool=h200*8";

    fn share(format: Format, link: &str) -> String {
        pieces(&question(format, link, "")).concat()
    }

    #[test]
    fn formats_read_back() {
        for format in [
            Format::Markdown,
            Format::Csv,
            Format::Json,
            Format::svg(true),
            Format::Svg { width: 640.0, height: Some(400.0), dark: false },
        ] {
            assert_eq!(Format::read(&format.write()), Some(format));
        }
        assert_eq!(
            Format::read("svg 1e9 -3 x"),
            Some(Format::Svg { width: 4096.0, height: None, dark: false })
        );
        assert!(Job::new("share\npdf\nv1").unwrap_err().contains("pdf"));
    }

    #[test]
    fn json_is_that_of_the_command_line() {
        assert_eq!(share(Format::Json, LINK), reply(LINK, Strictness::Lenient).json_line() + "\n");
    }

    #[test]
    fn markdown_leads_back() {
        let text = share(Format::Markdown, &format!("https://example.org/t/#{LINK}"));
        assert!(text.contains("| setting | value |") && text.contains("| Time to first token |"), "{text}");
        assert!(text.contains("(https://example.org/t/#v1&"), "{text}");
        let refused = share(Format::Markdown, "v1&model=llama3.1-405b&pool=h100-sxm*1");
        assert!(refused.starts_with('['), "{refused}");
    }

    #[test]
    fn the_table_is_that_of_the_view() {
        let curves = share(Format::Csv, &format!("{LINK}&y=tpot"));
        let head = curves.lines().next().unwrap();
        assert_eq!(head, "series,Input length (tokens),Time per output token (s),low,high,note");
        assert_eq!(curves.lines().filter(|line| line.starts_with("Now,")).count(), SAMPLES);
        let frontier = share(Format::Csv, &format!("{LINK}&view=frontier"));
        assert!(frontier.lines().any(|line| line.starts_with("Frontier,")), "{frontier}");
        let levers = share(Format::Csv, &format!("{LINK}&view=sensitivity"));
        assert!(levers.lines().count() > 3, "{levers}");
        let replay = share(Format::Csv, &format!("{LINK}&view=replay&concurrency=4"));
        assert!(replay.contains("Time per output token") && replay.contains("Done within"), "{replay}");
        for reason in Reason::ALL {
            let table = share(Format::Csv, &format!("{LINK}&view={}", reason.id()));
            assert!(table.lines().count() > 1, "{}: {table}", reason.id());
        }
        let map = share(Format::Csv, &format!("{LINK}&view=breakeven"));
        assert!(map.lines().count() > 100, "{map}");
    }
}
