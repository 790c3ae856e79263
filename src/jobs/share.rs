//! What is handed on: a scenario as Markdown, its figures as CSV or JSON, the chart of its view as SVG.
//!
//! The command line draws by the same job, so that a file from the page and one from the shell have the same bytes.

use super::replay::Wish;
use super::slice::{Answered, Ask, Comes, Once, Slice, Work};
use super::wire::{Field, Fields, Line, Rest, message};
use super::{agents, charts, frontier, map, replay, sensitivity};
use crate::chart::model::Paint;
use crate::chart::theme::{DARK, LIGHT};
use crate::evaluate::evaluate;
use crate::evidence::nearest::Library;
use crate::explore::{Axis, sweep};
use crate::figure::curves::{self, Curves, SAMPLES};
use crate::figure::picture::{Picture, SIZES, WIDTH, name};
use crate::figure::view::{Reason, Tab, View, letter, pinned};
use crate::figure::{flow, frontier as field, latency, levers, map as best};
use crate::metric::Metric;
use crate::report::memory::memory;
use crate::report::roofline::roofline;
use crate::report::{self, Strictness, reply, sentence, words};
use crate::scenario::link::{self, Parsed};
use crate::scenario::{Load, Scenario};
use crate::serve::{Steady, find_model};
use crate::units::decimal::decimal;

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

impl Field for Format {
    fn write(&self, line: &mut Line) {
        line.text(&(*self).write());
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        Self::read(fields.text()).unwrap_or_else(|| {
            fields.fail();
            Self::Markdown
        })
    }
}

/// What to ask of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What it is handed on as.
    pub format: Format,
    /// The link, which may be a whole address.
    pub link: String,
    /// Measured runs, as their file has them; may be empty.
    pub runs: Rest,
}

message!(Question { format, link, runs });

impl Ask for Question {
    const VERB: &'static str = "share";
    const COMES: Comes = Comes::Whole;
    /// The text that is handed on.
    type Answer = String;

    fn answer(text: &str) -> String {
        text.to_owned()
    }
}

impl Answered for Question {
    fn start(self) -> Box<dyn Work> {
        let Self { format, link, runs: Rest(runs) } = self;
        let parsed = link::parse(&link);
        let text = match format {
            Format::Markdown => markdown(&parsed.scenario, &link),
            Format::Json => reply(&link, Strictness::Lenient).json_line() + "\n",
            Format::Csv | Format::Svg { .. } => {
                let (view, pins) = (View::read(&parsed.view), pinned(&parsed.view));
                let asked = long(&parsed, view, &pins);
                let runs = Library::read(&runs);
                return Box::new(Drawing {
                    format,
                    parsed,
                    view,
                    pins,
                    runs,
                    asked,
                    said: 0,
                    heard: Vec::new(),
                });
            }
        };
        Box::new(Once(move || text.clone()))
    }
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
fn long(parsed: &Parsed, view: View, pins: &[Scenario]) -> Vec<Box<dyn Work>> {
    let scenario = &parsed.scenario;
    let link = link::write(scenario, &[]);
    let work = match view.tab {
        _ if view.alone => return Vec::new(),
        Tab::Curves => return Vec::new(),
        Tab::Replay => {
            let ask = |wish: Wish| {
                replay::Question { speed: 1.0, wish, link: link.clone(), trace: Rest::default() }.start()
            };
            return vec![ask(Wish::Lanes((0.0, f64::INFINITY))), ask(Wish::Figures)];
        }
        Tab::Agents => agents::Question { link }.start(),
        Tab::Frontier => {
            let load = Load::Closed { concurrency: 1.0 };
            let link = link::write(&Scenario { load, ..scenario.clone() }, &[]);
            frontier::Question { metric: view.chosen(&field::AGAINST), link }.start()
        }
        Tab::BreakEven => {
            let contenders = best::contenders(scenario, pins, view.map);
            let links = contenders.into_iter().map(|own| own.0).collect();
            let ((x, y), metric) = (view.map, view.chosen(&best::DECIDES));
            map::Question { metric, x, y, links }.start()
        }
        Tab::Sensitivity => sensitivity::Question { metric: view.chosen(&levers::MOVED), link }.start(),
    };
    vec![work]
}

/// The chart of a view, under way.
struct Drawing {
    format: Format,
    parsed: Parsed,
    view: View,
    pins: Vec<Scenario>,
    runs: Library,
    /// What finds out what is drawn, the next one last.
    asked: Vec<Box<dyn Work>>,
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
        let picture = self.picture().of(&self.parsed.scenario);
        let text = match self.format {
            Format::Svg { width, height, dark } => {
                picture.svg(width, height, if dark { &DARK } else { &LIGHT })
            }
            _ => picture.csv(),
        };
        Slice { text, done: true }
    }
}

impl Drawing {
    fn picture(&self) -> Picture {
        let (view, scenario) = (self.view, &self.parsed.scenario);
        let heard = self.heard.first().map_or("", String::as_str);
        match view.tab {
            _ if view.alone => self.reason(),
            Tab::Curves => self.curves(),
            Tab::Replay => {
                let told = replay::Question::answer(heard);
                let overview = &told.found.overview;
                let lanes = replay::lanes(self.heard.get(1).map_or("", String::as_str));
                let spreads = SPREADS.map(|time| charts::spread(overview, time, scenario.slo));
                let mut parts: Vec<Picture> = spreads.into_iter().map(Picture::Chart).collect();
                parts.push(Picture::Timeline(charts::timeline(&lanes)));
                Picture::Stack(titled("Replay", told.refused), parts)
            }
            Tab::Agents => {
                let agents::Told { found, refused, .. } = agents::Question::answer(heard);
                let parts = charts::LADDERS.iter().map(|own| Picture::Chart(charts::ladder(&found, own)));
                let refused = refused.filter(|_| found.points.is_empty());
                Picture::Stack(titled("Agents", refused), parts.collect())
            }
            Tab::Frontier => {
                let found = frontier::Question::answer(heard);
                let metric: Metric = view.chosen(&field::AGAINST);
                Picture::Chart(field::chart(&found.points, metric, &evaluate(scenario)))
            }
            Tab::BreakEven => {
                let found = map::Question::answer(heard);
                let contenders = best::contenders(scenario, &self.pins, view.map);
                let paints: Vec<Paint> = contenders.into_iter().map(|own| own.1).collect();
                let axes: (Axis, Axis) = view.map;
                Picture::Map(best::heat(&found, scenario, axes, view.chosen(&best::DECIDES), &paints))
            }
            Tab::Sensitivity => {
                let found = sensitivity::Question::answer(heard).found;
                Picture::Levers(levers::tornado(found.as_ref(), view.chosen(&levers::MOVED)))
            }
        }
    }

    /// The view of the panel below the charts; a scenario without an answer has nothing in it.
    fn reason(&self) -> Picture {
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
                let bars = latency::LATENCIES.map(|own| Picture::Bars(latency::bars(own, &answers)));
                Picture::Stack("Where the time goes".to_owned(), bars.into())
            }
            Reason::Roofline => {
                let worked = steady.map(|own| roofline(scenario, own)).unwrap_or_default();
                Picture::Chart(worked.roofline.chart())
            }
            Reason::Memory => Picture::Bars(steady.map(memory).unwrap_or_default()),
            Reason::Flow => {
                let experts = find_model(scenario).is_ok_and(|own| own.has_moe());
                Picture::Flow(steady.map(|own| flow::diagram(own, experts)).unwrap_or_default())
            }
        }
    }

    fn curves(&self) -> Picture {
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
                if own.model == scenario.model { sentence::deployment(own) } else { name(own) }
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
        Picture::Chart(chart)
    }
}

/// Of the times of a replay, those whose spread stands in a file: to the first token, and per token.
const SPREADS: [usize; 2] = [0, 1];

/// A title that says why there is nothing below it, if there is nothing.
fn titled(title: &str, refused: Option<String>) -> String {
    refused.map_or_else(|| title.to_owned(), |reason| format!("{title}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::question::{self, pieces};

    const LINK: &str = "v1&model=llama3-8b&pool=h200*8";

    fn share(format: Format, link: &str) -> String {
        pieces(Question { format, link: link.to_owned(), runs: Rest::default() }).concat()
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
        assert!(question::Question::read("share\npdf\nv1").is_err());
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
