//! `eval`: the evaluation of a link.

use std::io::{self, Write};

use clap::Args;
use tandem::evaluate::evaluate;
use tandem::report::{self, Reply, Strictness, reply, words};
use tandem::scenario::link;

use super::batch::batch;
use super::failure::Failure;

#[derive(Args)]
pub(super) struct Eval {
    /// The link: a whole address or what follows its #, such as 'v1&model=deepseek-v3&isl=8k'
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    link: Option<String>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Read links from standard input, one a line, and write one JSON object a line, in the same order; a line that
    /// cannot be evaluated is answered with {"error": ...} in its place
    #[arg(long)]
    batch: bool,
    /// Refuse a link of which any part cannot be taken as it stands
    #[arg(long)]
    strict: bool,
}

impl Eval {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        if self.batch {
            return batch(out, |line| Ok(reply(line, self.strictness()).json_line()));
        }
        let text = self.link.as_deref().unwrap_or_default();
        let answer = reply(text, self.strictness());
        if self.json {
            writeln!(out, "{}", answer.json_line())?;
            return match answer {
                Reply::Report(_) => Ok(()),
                Reply::Failure(_) => Err(Failure::Input(String::new())),
            };
        }
        match answer {
            Reply::Failure(failure) => {
                let mut lines: Vec<String> =
                    failure.notices.iter().map(|notice| format!("Note: {notice}")).collect();
                lines.push(failure.error);
                Err(Failure::Input(lines.join("\n")))
            }
            Reply::Report(_) => {
                let parsed = link::parse(text);
                for notice in &parsed.notices {
                    writeln!(io::stderr(), "Note: {notice}")?;
                }
                let evaluation =
                    evaluate(&parsed.scenario).map_err(|refusal| Failure::Input(words::refusal(&refusal)))?;
                Ok(out.write_all(report::text(&parsed.scenario, &evaluation).as_bytes())?)
            }
        }
    }

    const fn strictness(&self) -> Strictness {
        if self.strict { Strictness::Strict } else { Strictness::Lenient }
    }
}
