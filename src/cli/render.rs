//! `render`: the chart of a link as a file.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tandem::chart::theme::{DARK, LIGHT};
use tandem::evidence::nearest::Library;
use tandem::figure::making::Making;
use tandem::figure::view::{Reason, Tab, View, pinned, unknown, wanted};
use tandem::scenario::link::Parsed;

use super::failure::Failure;
use super::input::{Reading, noted, served};
use super::png::png;

/// Measured runs, drawn beside the curves as on the page.
const MEASURED: &str = include_str!("../../public/measured.csv");

#[derive(Args)]
pub(super) struct Render {
    /// The link: a whole address or what follows its #, with what it says of the view, such as 'v1&isl=8k&y=tpot'
    link: String,
    /// The file, which ends in .svg or .png; - for SVG on standard output
    #[arg(long, short, default_value = "-")]
    output: PathBuf,
    /// Width in CSS pixels, 240 to 4096
    #[arg(long, default_value_t = 960, value_parser = clap::value_parser!(u32).range(240..=4096))]
    width: u32,
    /// Height in CSS pixels, 240 to 4096; without it what suits the chart
    #[arg(long, value_parser = clap::value_parser!(u32).range(240..=4096))]
    height: Option<u32>,
    /// Pixels of a PNG to a CSS pixel
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=4))]
    scale: u32,
    /// On a light or a dark ground
    #[arg(long, value_enum, default_value_t = Ground::Light)]
    theme: Ground,
    /// Another view than the link's
    #[arg(long, value_enum)]
    view: Option<Shown>,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ground {
    Light,
    Dark,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shown {
    /// A metric against a knob
    Curves,
    /// Throughput or cost against interactivity
    Frontier,
    /// Who is best over two axes
    Breakeven,
    /// What the cheapest deployments for the load cost
    Size,
    /// What moves a metric
    Sensitivity,
    /// How times spread over requests one by one, and what each replica did when
    Replay,
    /// Hit rate, time and money against the number of agents
    Agents,
    /// Where the time goes
    Why,
    /// Each operation under the roof of its chip
    Roofline,
    /// What fills the memory of each chip
    Memory,
    /// What flows where
    Flow,
}

impl Shown {
    /// As the link says it.
    const fn id(self) -> &'static str {
        match self {
            Self::Curves => Tab::Curves.id(),
            Self::Frontier => Tab::Frontier.id(),
            Self::Breakeven => Tab::BreakEven.id(),
            Self::Size => Tab::Size.id(),
            Self::Sensitivity => Tab::Sensitivity.id(),
            Self::Replay => Tab::Replay.id(),
            Self::Agents => Tab::Agents.id(),
            Self::Why => Reason::Why.id(),
            Self::Roofline => Reason::Roofline.id(),
            Self::Memory => Reason::Memory.id(),
            Self::Flow => Reason::Flow.id(),
        }
    }
}

impl Render {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let Parsed { scenario, view: mut told, .. } = noted(&self.link, self.reading)?;
        if let Some(shown) = self.view {
            told.retain(|(key, _)| key != "view");
            told.push(("view".to_owned(), shown.id().to_owned()));
        }
        if let Some(unknown) = unknown(&told).filter(|_| !self.reading.is_lenient()) {
            return Err(Failure::Misread(unknown));
        }
        let view = View::read(&told);
        if view.alone || !matches!(view.tab, Tab::BreakEven | Tab::Size) {
            served(&scenario)?;
        }
        let figure =
            Making::new(scenario, view, pinned(&told), Library::read(MEASURED)).only(wanted(&told)).finish();
        let theme = if self.theme == Ground::Dark { &DARK } else { &LIGHT };
        let svg = figure.svg(f64::from(self.width), self.height.map(f64::from), theme);
        let file = &self.output;
        let name = file.display();
        let bytes = match file.extension().and_then(|own| own.to_str()) {
            _ if file.as_os_str() == "-" => return Ok(out.write_all(svg.as_bytes())?),
            Some("svg") => svg.into_bytes(),
            Some("png") => png(&svg, self.scale as f32).map_err(Failure::Input)?,
            _ => {
                return Err(Failure::Input(format!(
                    "--output {name}: a name that ends in .svg or .png is expected"
                )));
            }
        };
        fs::write(file, bytes).map_err(|error| Failure::Input(format!("{name}: {error}")))
    }
}
