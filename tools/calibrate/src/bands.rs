//! Bands.
use std::path::Path;
use anyhow::Result;
use crate::served::{Point, Speed};
pub fn calibrate(_: &Path, _: &[Point], _: &[Vec<Option<Speed>>; 3]) -> Result<()> { Ok(()) }
