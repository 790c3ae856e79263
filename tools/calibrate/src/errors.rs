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

/// Parts that samples are dealt out to, each of which is left out once.
pub const FOLDS: usize = 4;

/// Absolute errors in percent of samples that a fit did not see: each by what was fitted on all but its own fold. `ratios` fits on its
/// first samples and predicts its second, as shares of what was measured.
pub fn unseen<S: Copy>(
    samples: &[S],
    fold: impl Fn(usize) -> usize,
    ratios: impl Fn(&[S], &[S]) -> Vec<f64>,
) -> Vec<f64> {
    let mut folds: Vec<usize> = (0..samples.len()).map(&fold).collect();
    folds.sort_unstable();
    folds.dedup();
    let mut errors = Vec::new();
    for own in folds {
        let part = |seen: bool| -> Vec<S> {
            let chosen = samples.iter().enumerate().filter(|(index, _)| (fold(*index) != own) == seen);
            chosen.map(|(_, own)| *own).collect()
        };
        errors.extend(ratios(&part(true), &part(false)).iter().map(|ratio| (ratio - 1.0).abs() * 100.0));
    }
    errors
}
