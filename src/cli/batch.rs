//! Many links in, many answers out.

use std::io::{self, BufRead, BufReader, Read, Write};

use serde::Serialize;
use tandem::report::{self, Reply, Strictness};
use tandem::scenario::link;

use super::failure::Failure;

/// A pure filter: a line of standard input in, a line out, in the same order, in constant memory. What cannot be answered
/// is answered with the reason in its place. Answers are flushed whenever the input pauses, so that the other end of two
/// pipes never waits, and are else written in large pieces.
pub(super) fn batch(
    out: &mut impl Write,
    mut answer: impl FnMut(&str) -> Result<String, Failure>,
) -> Result<(), Failure> {
    let input = &mut BufReader::with_capacity(1 << 16, io::stdin().lock());
    let mut line = Vec::new();
    loop {
        if input.buffer().is_empty() {
            out.flush()?;
        }
        line.clear();
        // One byte more than a link may have, to tell a full line from a cut one.
        let limit = link::LONGEST as u64 + 2;
        let read = input.by_ref().take(limit).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        let answered = if line.last() != Some(&b'\n') && read as u64 == limit {
            input.skip_until(b'\n')?;
            Err(Failure::Input(format!("The line is longer than {} kB.", link::LONGEST / 1024)))
        } else {
            match std::str::from_utf8(&line) {
                Ok(text) => answer(text.trim_end_matches(['\n', '\r'])),
                Err(_) => Err(Failure::Input("The line is not UTF-8 text.".to_owned())),
            }
        };
        match answered {
            Ok(text) => writeln!(out, "{text}")?,
            Err(Failure::Asked(failure)) => writeln!(out, "{}", Reply::Failure(*failure).json_line())?,
            Err(Failure::Input(error) | Failure::Misread(error)) => {
                let text = std::str::from_utf8(&line).unwrap_or_default();
                // Any link that comes so far was understood.
                let (link, notices) = report::asked(text, Strictness::Lenient).map_or_else(
                    |_| Default::default(),
                    |(own, notices)| (link::write(&own.scenario, &[]), notices),
                );
                let failure = report::Failure { notices, ..report::Failure::of(link, error) };
                writeln!(out, "{}", Reply::Failure(failure).json_line())?;
            }
            Err(Failure::Io(error)) => return Err(Failure::Io(error)),
        }
    }
}

/// A report of a batch, with what its link said that could not be taken as it stands.
#[derive(Serialize)]
struct Noted<'r, R> {
    #[serde(flatten)]
    report: &'r R,
    notices: Vec<String>,
}

pub(super) fn noted<R: Serialize>(report: &R, notices: Vec<String>) -> Result<String, Failure> {
    Ok(serde_json::to_string(&Noted { report, notices }).map_err(io::Error::from)?)
}
