//! `check` and `claims`: the model held against measurements and against what vendors claim.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use tandem::check::check;
use tandem::report;

use super::failure::Failure;
use super::input::read_text;
use super::json::json;

#[derive(Args)]
pub(super) struct Check {
    /// The CSV file; - for standard input
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print the accuracy page: the summary and where the errors sit, as HTML
    #[arg(long, conflicts_with_all = ["json", "rows"])]
    html: bool,
    /// Print at most this many rows before the summary
    #[arg(long, conflicts_with = "json")]
    rows: Option<usize>,
}

impl Check {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let name = self.file.display();
        let text = read_text(&self.file)?;
        let result = check(&text).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
        if self.json {
            json(out, &result)
        } else if self.html {
            Ok(out.write_all(report::accuracy::html(&result).as_bytes())?)
        } else {
            Ok(out.write_all(report::check::text(&result, self.rows).as_bytes())?)
        }
    }
}

#[derive(Args)]
pub(super) struct Claims {
    /// Print one JSON array
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Print the claims page as HTML
    #[arg(long)]
    html: bool,
}

impl Claims {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let judged = report::claims::judged();
        if self.json {
            json(out, &report::claims::reports(&judged))
        } else if self.html {
            Ok(out.write_all(report::claims::html(&judged).as_bytes())?)
        } else {
            Ok(out.write_all(report::claims::text(&judged).as_bytes())?)
        }
    }
}
