//! What is handed on: a scenario as Markdown, its figures as CSV or JSON, the chart of its view as SVG.
//!
//! The command line makes the same figure, so that a file from the page and one from the shell have the same bytes.

use super::slice::{Answered, Ask, Comes, Once, Slice, Work};
use super::wire::{Field, Fields, Line, Rest, message};
use crate::chart::svg::{SIZES, WIDTH};
use crate::chart::theme::{DARK, LIGHT};
use crate::evaluate::evaluate;
use crate::evidence::nearest::Library;
use crate::figure::making::Making;
use crate::figure::view::{View, pinned, wanted};
use crate::report::{self, Strictness, reply, words};
use crate::scenario::Scenario;
use crate::scenario::link::{self, Parsed};
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
    fn links(&self) -> Vec<&str> {
        vec![&self.link]
    }

    fn start(self) -> Box<dyn Work> {
        let Self { format, link, runs: Rest(runs) } = self;
        let Parsed { scenario, view, .. } = link::parse(&link);
        let text = match format {
            Format::Markdown => markdown(&scenario, &link),
            Format::Json => reply(&link, Strictness::Plain).json_line() + "\n",
            Format::Csv | Format::Svg { .. } => {
                let making = Making::new(scenario, View::read(&view), pinned(&view), Library::read(&runs))
                    .only(wanted(&view));
                return Box::new(Drawing { format, making });
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

/// The figure of a view, under way.
struct Drawing {
    format: Format,
    making: Making,
}

impl Work for Drawing {
    fn step(&mut self) -> Slice {
        let Some(figure) = self.making.step() else { return Slice::default() };
        let text = match self.format {
            Format::Svg { width, height, dark } => {
                figure.svg(width, height, if dark { &DARK } else { &LIGHT })
            }
            _ => figure.csv(),
        };
        Slice { text, done: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::curves::SAMPLES;
    use crate::figure::view::Reason;
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
        assert_eq!(share(Format::Json, LINK), reply(LINK, Strictness::Plain).json_line() + "\n");
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
