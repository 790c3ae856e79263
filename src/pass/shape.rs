//! The load of one forward pass.

use crate::units::Tokens;

/// What one data-parallel rank computes in a pass: prompts, or parts of prompts, and one new token or a few for each
/// sequence in decode. Counts are means and need not be whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Prompts in prefill.
    pub prompts: f64,
    /// New tokens of each prompt in this pass.
    pub prompt: Tokens,
    /// Tokens of each prompt that are already cached.
    pub past: Tokens,
    /// Sequences in decode.
    pub sequences: f64,
    /// Mean tokens in the cache of a sequence in decode.
    pub context: Tokens,
    /// New tokens of each sequence in decode: 1, and as many more as are checked at once.
    pub width: f64,
    /// Data-parallel ranks that have work, at most all of them.
    pub active_ranks: f64,
}

impl Shape {
    /// One prompt, alone on its rank.
    #[must_use]
    pub const fn prefill(prompt: Tokens, past: Tokens, active_ranks: f64) -> Self {
        Self { prompts: 1.0, prompt, past, sequences: 0.0, context: Tokens::ZERO, width: 1.0, active_ranks }
    }

    /// One decode step.
    #[must_use]
    pub const fn decode(sequences: f64, context: Tokens, active_ranks: f64) -> Self {
        Self {
            prompts: 0.0,
            prompt: Tokens::ZERO,
            past: Tokens::ZERO,
            sequences,
            context,
            width: 1.0,
            active_ranks,
        }
    }

    /// New tokens of the rank.
    #[must_use]
    pub fn tokens(&self) -> f64 {
        self.prompts * self.prompt.get() + self.sequences * self.width
    }

    /// Mean number of keys that a query of the prompts sees when it sees at most `reach` tokens back.
    #[must_use]
    pub(super) fn mean_keys(&self, reach: Option<f64>) -> f64 {
        let (new, past) = (self.prompt.get(), self.past.get());
        let all = past + new / 2.0;
        let Some(reach) = reach else { return all };
        if past + new <= reach || new <= 0.0 {
            all.min(reach)
        } else if past >= reach {
            reach
        } else {
            // Queries see ever more keys until the window is full, then a full window.
            let growing = reach - past;
            (growing * (past + growing / 2.0) + (new - growing) * reach) / new
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9 * b.abs().max(1.0), "{a} is not {b}");
    }

    #[test]
    fn keys_of_a_windowed_prompt_by_hand() {
        let shape = Shape::prefill(Tokens::new(8.0), Tokens::new(0.0), 1.0);
        close(shape.mean_keys(None), 4.0);
        // Queries at 0..8 under a window of 4: a triangle of 4 and a block of 4 x 4.
        close(shape.mean_keys(Some(4.0)), (4.0 * 2.0 + 4.0 * 4.0) / 8.0);
        let later = Shape::prefill(Tokens::new(8.0), Tokens::new(100.0), 1.0);
        close(later.mean_keys(Some(4.0)), 4.0);
        close(later.mean_keys(None), 104.0);
    }
}
