//! How many tokens a step of speculative decoding yields, as published (`data/acceptance.toml`).

include!(concat!(env!("OUT_DIR"), "/acceptance.rs"));

/// The curve that stands in for a model without one: the median of the others.
pub const TYPICAL: &str = "typical";

/// Tokens per step over the number of draft tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AcceptanceCurve {
    /// Identifier: the model it was measured with, or [`TYPICAL`].
    pub id: &'static str,
    /// Draft tokens and mean tokens per step, the bonus token included; draft tokens rise.
    pub points: &'static [(u32, f64)],
    /// Where the figures come from.
    pub sources: &'static str,
}

impl AcceptanceCurve {
    /// Mean tokens per step for so many draft tokens: 1 for none, joined linearly, flat beyond the last point.
    #[must_use]
    pub fn tokens_per_step(&self, draft_tokens: u32) -> f64 {
        let (mut below, asked) = ((0, 1.0), f64::from(draft_tokens));
        for &(tokens, yields) in self.points {
            if draft_tokens <= tokens {
                let (from, start) = (f64::from(below.0), below.1);
                let width = f64::from(tokens) - from;
                return if width > 0.0 { start + (yields - start) * (asked - from) / width } else { yields };
            }
            below = (tokens, yields);
        }
        below.1
    }
}

/// Whether a model of the catalogue is released with prediction heads of its own.
#[must_use]
pub fn has_head(model: &str) -> bool {
    HEADS.contains(&model)
}

/// All published curves.
#[must_use]
pub fn curves() -> &'static [AcceptanceCurve] {
    &ACCEPTANCE
}

/// The curve with this identifier.
#[must_use]
pub fn curve(id: &str) -> Option<&'static AcceptanceCurve> {
    curves().iter().find(|curve| curve.id == id)
}
