//! Answers for machines.

use std::io::{self, Write};

use super::failure::Failure;

/// One line of JSON.
pub(super) fn json(out: &mut impl Write, value: &impl serde::Serialize) -> Result<(), Failure> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    Ok(writeln!(out)?)
}
