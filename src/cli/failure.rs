//! Why a command ends without an answer.

use std::io;

/// Why a command ends without an answer.
pub(super) enum Failure {
    /// The input is at fault.
    Input(String),
    /// Reading or writing failed.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
