//! `check` and `claims`: the model held against measurements and against what vendors claim.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use tandem::check::check;
use tandem::check::kernels::{Table, check_kernels};
use tandem::report;

use super::failure::Failure;
use super::input::read_text;
use super::json::json;

/// Holds the model against served points, or kernel laws against tables of single kernels and collectives.
#[derive(Args)]
pub(super) struct Check {
    /// The CSV file; - for standard input. A file called gemm, `gemm_vllm`, `attn_ctx`, `attn_gen`, `mla_ctx`, `mla_gen`, moe, comm or
    /// `moe_a2a` is a table of kernels
    file: PathBuf,
    /// What a table of kernels is of, whatever its file is called: one of these names, or an operator such as
    /// decode-attention
    #[arg(long, value_name = "NAME")]
    op: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print the accuracy page: the summary and where the errors sit, as HTML
    #[arg(long, conflicts_with_all = ["json", "rows"])]
    html: bool,
    /// What was predicted of the rows by constants that were fitted without their source (`left_out.csv`): the accuracy page
    /// leads with it
    #[arg(long, value_name = "FILE", requires = "html")]
    left_out: Option<PathBuf>,
    /// Print at most this many rows before the summary
    #[arg(long, conflicts_with = "json")]
    rows: Option<usize>,
}

impl Check {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let name = self.file.display();
        let table = self.table()?;
        let text = read_text(&self.file)?;
        if let Some(table) = table {
            let result =
                check_kernels(table, &text).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
            return if self.json {
                json(out, &result)
            } else {
                Ok(out.write_all(report::check::kernels(&result).as_bytes())?)
            };
        }
        let result = check(&text).map_err(|error| {
            let header = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
            // Served points have no column of microseconds; tables of kernels have.
            let kernels = header.split(',').any(|column| column.trim() == "us");
            let names = Table::names().join(", ");
            let hint = if kernels {
                format!(". A table of kernels needs --op: one of {names}")
            } else {
                String::new()
            };
            Failure::Input(format!("{name}: {error}{hint}"))
        })?;
        if self.json {
            json(out, &result)
        } else if self.html {
            let left_out = self.left_out.as_deref().map(read_text).transpose()?.unwrap_or_default();
            Ok(out.write_all(report::accuracy::html(&result, &left_out).as_bytes())?)
        } else {
            Ok(out.write_all(report::check::text(&result, self.rows).as_bytes())?)
        }
    }

    /// The table of kernels that the file is, by what it is said to be or by its name.
    fn table(&self) -> Result<Option<Table>, Failure> {
        let Some(op) = &self.op else {
            let stem = self.file.file_stem().and_then(|stem| stem.to_str());
            return Ok(stem.and_then(Table::named));
        };
        Table::named(op).map(Some).ok_or_else(|| {
            let names = Table::names().join(", ");
            Failure::Input(format!("Unknown table of kernels {op:?}. Known are {names}."))
        })
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
