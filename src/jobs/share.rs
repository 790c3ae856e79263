//! What is handed on: a scenario as Markdown, its figures as CSV or JSON, the chart of its view as SVG.
//!
//! The command line draws by the same job, so that a file from the page and one from the shell have the same bytes.

use super::{Job, Slice, Work, frontier, map, sensitivity};
use crate::chart::model::Paint;
use crate::chart::theme::{DARK, LIGHT};
use crate::evidence::evaluate;
use crate::evidence::nearest::Library;
use crate::explore::{Axis, sweep};
use crate::figure::curves::{self, Curves, SAMPLES};
use crate::figure::picture::{Picture, SIZES, WIDTH, name};
use crate::figure::view::{Tab, View, letter, pinned};
use crate::figure::{frontier as field, levers, map as best};
use crate::metric::Metric;
use crate::report::{self, Strictness, reply, sentence, words};
use crate::scenario::link::{self, Parsed};
use crate::scenario::{Load, Scenario};
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
            let inner = long(&parsed, view, &pins)?;
            let runs = Library::read(runs);
            return Ok(Box::new(Drawing { format, parsed, view, pins, runs, inner, heard: String::new() }));
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

/// What has to be found out before the chart of a view can be drawn, if it takes long.
fn long(parsed: &Parsed, view: View, pins: &[Scenario]) -> Result<Option<Job>, String> {
    let scenario = &parsed.scenario;
    let question = match view.tab {
        Tab::Curves | Tab::Replay | Tab::Agents => return Ok(None),
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
    Job::new(&question).map(Some)
}

/// The chart of a view, under way.
struct Drawing {
    format: Format,
    parsed: Parsed,
    view: View,
    pins: Vec<Scenario>,
    runs: Library,
    /// What finds out what is drawn.
    inner: Option<Job>,
    /// What it said.
    heard: String,
}

impl Work for Drawing {
    fn step(&mut self) -> Slice {
        if let Some(inner) = &mut self.inner {
            let Slice { text, done } = inner.step();
            // The frontier tells all anew each time.
            if self.view.tab == Tab::Frontier && !text.is_empty() {
                self.heard.clear();
            }
            self.heard.push_str(&text);
            if !done {
                return Slice::default();
            }
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
        let (view, scenario, heard) = (self.view, &self.parsed.scenario, self.heard.as_str());
        match view.tab {
            Tab::Curves | Tab::Replay | Tab::Agents => self.curves(),
            Tab::Frontier => {
                let found = frontier::read(heard).unwrap_or_default().found;
                let metric: Metric = view.chosen(&field::AGAINST);
                Picture::Chart(field::chart(&found, metric, &evaluate(scenario)))
            }
            Tab::BreakEven => {
                let mut found = map::Field::default();
                map::read(&mut found, heard);
                let contenders = best::contenders(scenario, &self.pins, view.map);
                let paints: Vec<Paint> = contenders.into_iter().map(|own| own.1).collect();
                let axes: (Axis, Axis) = view.map;
                Picture::Map(best::heat(&found, scenario, axes, view.chosen(&best::DECIDES), &paints))
            }
            Tab::Sensitivity => {
                let found = sensitivity::read(heard);
                Picture::Levers(levers::tornado(&found, view.chosen(&levers::MOVED)))
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
        let map = share(Format::Csv, &format!("{LINK}&view=breakeven"));
        assert!(map.lines().count() > 100, "{map}");
    }
}
