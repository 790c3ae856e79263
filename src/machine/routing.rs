//! How unevenly tokens spread over the ranks that hold their experts: the busiest rank sets the time of all.
//!
//! A rank has `T·k/n` tokens of `T` on average. Its spread (standard deviation over mean) has two causes:
//! - popularity: experts of spread `c` that lie on ranks as they come, `e` on each, leave a rank `c/√e`, however many tokens;
//! - chance: of few tokens a rank gets more or less even where all experts are alike, `√((1 − 1/n)(1 − k/E)/(T·k/n))`.
//!
//! Of `n` ranks the busiest has `1 + g·s + g²/6·(3·p⁴ + 3·p²·d² + d⁴)/s²` times the mean, with `g = √(2·ln n + a²) − a` (the expected
//! largest of `n` normal draws within a tenth for 2 to 300), `s² = p² + d²` of both causes, and in the last term the skewness
//! of Poisson draws (`d`) from log-normal popularities (`3·p`), by Cornish and Fisher. It is exactly 1 on one rank, and where
//! every token takes all experts.
//!
//! Redundant experts (EPLB) get the hottest a second place and put hot beside cold: what is left is the spread of slots after
//! copying, `c/(1 + replica·R)`, packed `packing^(e − 1)`, and the drift of popularity against the statistics, `drift/√e`.
//! Source of the constants: `constants/form.csv`.

use crate::units::{larger, power, smaller};

/// Offset in the largest of so many normal draws.
const OFFSET: f64 = 0.8;

/// Routed experts on one rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grouped {
    /// Experts of the layer.
    pub experts: f64,
    /// Places for them on all ranks: as many, and one for each redundant copy.
    pub slots: f64,
    /// Experts of a token.
    pub top_k: f64,
    /// Ranks that share the experts.
    pub ep: f64,
    /// Width of the tokens.
    pub width: f64,
    /// Inner width on this rank.
    pub inter: f64,
    /// Matrices of an expert.
    pub matrices: f64,
    /// Bytes of a weight.
    pub weight: f64,
    /// Bytes of an activation that enters a product.
    pub activation: f64,
}

/// How unevenly tokens choose their experts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Skew {
    /// Spread of the popularity of experts.
    pub popularity: f64,
    /// Whether tokens choose by themselves; else every rank gets its exact share.
    pub drawn: bool,
    /// Share of further tokens that reach experts as an even choice would; the others follow earlier ones.
    pub reach: f64,
    /// How fast the spread of slots falls with the share of redundant experts.
    pub replica: f64,
    /// What placing hot experts beside cold ones leaves of the spread of a rank, for each slot beyond the first.
    pub packing: f64,
    /// Spread of a slot against the statistics that it was placed by.
    pub drift: f64,
}

impl Skew {
    /// Every expert alike, and every rank with its exact share.
    pub const NONE: Self =
        Self { popularity: 0.0, drawn: false, reach: 1.0, replica: 0.0, packing: 0.0, drift: 0.0 };

    /// Tokens of the busiest rank over the mean, for `tokens` of the group of ranks.
    #[must_use]
    pub fn busiest(&self, own: &Grouped, tokens: f64) -> f64 {
        largest(own, self.lasting(own), self.chance(own, tokens))
    }

    /// The same for experts that are all alike: what chance alone does.
    #[must_use]
    pub fn by_chance(&self, own: &Grouped, tokens: f64) -> f64 {
        largest(own, 0.0, self.chance(own, tokens))
    }

    /// What popularity does beyond chance.
    #[must_use]
    pub fn by_popularity(&self, own: &Grouped, tokens: f64) -> f64 {
        self.busiest(own, tokens) / self.by_chance(own, tokens)
    }

    /// Spread of ranks that lasts however many tokens there are.
    fn lasting(&self, own: &Grouped) -> f64 {
        let each = larger(own.slots / own.ep, 1.0);
        let spread = self.popularity * even(own);
        let placed = spread / each.sqrt();
        let redundant = own.slots / own.experts - 1.0;
        if redundant <= 0.0 {
            return placed;
        }
        let packed = spread / (1.0 + self.replica * redundant) * power(self.packing, each - 1.0);
        let drifted = self.drift * self.drift / each;
        smaller((packed * packed + drifted).sqrt(), placed)
    }

    /// Squared spread of ranks by chance.
    fn chance(&self, own: &Grouped, tokens: f64) -> f64 {
        if self.drawn && tokens > 0.0 {
            (1.0 - 1.0 / own.ep) * even(own) * own.ep / (tokens * own.top_k)
        } else {
            0.0
        }
    }
}

/// Share of the experts that a token leaves out: the more it takes, the less is there to choose.
fn even(own: &Grouped) -> f64 {
    larger(1.0 - own.top_k / own.experts, 0.0)
}

/// The largest of the ranks over their mean, for a spread that lasts and the square of one by chance.
fn largest(own: &Grouped, lasting: f64, chance: f64) -> f64 {
    let (ranks, lasting) = (own.ep, lasting * lasting);
    let both = lasting + chance;
    if ranks <= 1.0 || both <= 0.0 {
        return 1.0;
    }
    let normal = (2.0 * libm::log(ranks) + OFFSET * OFFSET).sqrt() - OFFSET;
    let third = 3.0 * lasting * (lasting + chance) + chance * chance;
    let skewed = normal * normal / 6.0 * third / both;
    // All tokens on one rank, or one of each token on each of its slots.
    let most = smaller(ranks, larger(own.slots / own.top_k, 1.0));
    smaller(1.0 + normal * both.sqrt() + skewed, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Form;

    fn group(ep: f64, slots: f64) -> Grouped {
        Grouped {
            experts: 256.0,
            slots,
            top_k: 8.0,
            ep,
            width: 7168.0,
            inter: 2048.0,
            matrices: 3.0,
            weight: 1.0,
            activation: 1.0,
        }
    }

    /// Tokens of DeepSeek-R1 per rank: largest over mean without balancing and with 288 slots (NVIDIA, table 1).
    #[test]
    fn measured_imbalance_comes_out() {
        let busiest = |ep: f64, slots| Form::served().busiest(&group(ep, slots), 128.0 * ep);
        for (ep, slots, measured) in [(32.0, 256.0, 2.564), (32.0, 288.0, 1.109), (36.0, 288.0, 1.115)] {
            let found = busiest(ep, slots);
            assert!((found / measured - 1.0).abs() < 0.12, "{ep} ranks, {slots} slots: {found}");
        }
    }

    #[test]
    fn few_draws_by_hand() {
        // Eight draws of one token into eight ranks: the fullest gets 2.5 or so (balls into bins).
        let one = Form::served().by_chance(&group(8.0, 256.0), 1.0);
        assert!((2.2..2.9).contains(&one), "{one}");
        let many = Form::served().by_chance(&group(8.0, 256.0), 1e9);
        assert!((many - 1.0).abs() < 1e-3, "{many}");
    }
}
