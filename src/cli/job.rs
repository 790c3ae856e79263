//! The page's worker on the command line, for tests and for the curious.

use std::io::{self, Read, Write};

use tandem::jobs::{Job, Question};

use super::failure::Failure;

/// What the page's worker would answer to a question.
pub(super) fn job(out: &mut impl Write) -> Result<(), Failure> {
    let mut question = String::new();
    io::stdin().lock().read_to_string(&mut question)?;
    let mut job = Job::new(Question::read(&question).map_err(Failure::Input)?);
    loop {
        let slice = job.step();
        out.write_all(slice.text.as_bytes())?;
        if slice.done {
            return Ok(());
        }
    }
}
