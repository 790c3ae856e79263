//! Errors on points that a fit did not see, summed up by what the points have in common.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::fit::quantile;

/// Absolute errors in percent by name.
#[derive(Debug, Default)]
pub struct Errors(BTreeMap<usize, BTreeMap<String, Vec<f64>>>);

impl Errors {
    /// Adds errors under each of the names; the place of a name says what kind it is.
    pub fn add(&mut self, names: &[&str], errors: &[f64]) {
        for (place, name) in names.iter().enumerate() {
            self.0.entry(place).or_default().entry((*name).to_owned()).or_default().extend(errors);
        }
    }

    /// Medians and nine tenths of all, a line for each kind of name.
    pub fn told(&self) -> String {
        let mut text = ". Errors on sizes outside the fit in percent (median/p90)".to_owned();
        for kind in self.0.values() {
            text += ":\n# Fitted by kind:";
            for (name, errors) in kind {
                let _ = write!(text, " {name} {:.1}/{:.0};", quantile(errors, 0.5), quantile(errors, 0.9));
            }
            text.pop();
        }
        text
    }
}
