//! `eval`: the evaluation of a link.

use std::io::Write;

use clap::Args;
use tandem::evaluate::evaluate;
use tandem::report::{self, Reply, reply};

use super::batch::batch;
use super::failure::Failure;
use super::input::{Reading, note};

#[derive(Args)]
pub(super) struct Eval {
    /// The link: a whole address or what follows its #, such as 'v1&model=deepseek-v3&isl=8k'
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    link: Option<String>,
    /// Print one line of JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Read links from standard input, one a line, and write one JSON object a line, in the same order; a line that
    /// cannot be evaluated is answered with {"error": ...} in its place
    #[arg(long)]
    batch: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Eval {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let strictness = self.reading.strictness();
        if self.batch {
            return batch(out, |line| Ok(reply(line, strictness).json_line()));
        }
        let text = self.link.as_deref().unwrap_or_default();
        if self.json {
            let answer = reply(text, strictness);
            if let Reply::Failure(failure) = answer {
                return Err(failure.into());
            }
            return Ok(writeln!(out, "{}", answer.json_line())?);
        }
        let (parsed, notices) = report::asked(text, strictness)?;
        let scenario = parsed.scenario;
        let evaluation = evaluate(&scenario).map_err(|refusal| report::Failure {
            notices: notices.clone(),
            ..report::Failure::new(&scenario, &refusal)
        })?;
        note(&notices)?;
        Ok(out.write_all(report::text(&scenario, &evaluation).as_bytes())?)
    }
}
