//! Why a command ends without an answer.

use std::io;

use tandem::report;

/// Why a command ends without an answer.
pub(super) enum Failure {
    /// The link is not understood, or its scenario cannot be served.
    Asked(Box<report::Failure>),
    /// The input is at fault.
    Input(String),
    /// A name that stands for nothing, or another value that cannot be read.
    Misread(String),
    /// Reading or writing failed.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<report::Failure> for Failure {
    fn from(failure: report::Failure) -> Self {
        Self::Asked(Box::new(failure))
    }
}
