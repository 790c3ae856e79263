//! The lengths that a scenario comes to, and what they make of the time of a prompt.

use super::replica::Prefill;
use crate::scenario::{Scenario, traffic};
use crate::units::{Seconds, Tokens};

/// The lengths that a scenario comes to.
#[derive(Clone, Copy, Debug)]
pub struct Lengths {
    /// Mean input length.
    pub isl: Tokens,
    /// Mean output length.
    pub osl: Tokens,
    /// New tokens of a prompt.
    pub new: Tokens,
    /// Tokens of a prompt that the prefix cache has.
    pub past: Tokens,
    /// Output tokens after the first, never quite 0 so that rates stay finite.
    pub tokens: f64,
    /// Mean cache of a sequence in decode.
    pub context: Tokens,
    /// How much prompts vary: their squared coefficient of variation.
    pub variation: f64,
    /// How much answers scatter, in mean lengths.
    pub scatter: f64,
    /// Where prompts are log-normal, the standard deviation of their logarithm.
    pub sigma: Option<f64>,
    /// Tokens that the model's window holds; prompts are shorter.
    pub window: Tokens,
    /// Longest prompt.
    pub longest_prompt: Tokens,
    /// Longest cache of a sequence.
    pub longest: Tokens,
}

impl Lengths {
    /// The lengths of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let drawn = &scenario.traffic;
        let (variation, answers) = drawn.variation(&scenario.workload);
        // Prompts of sessions are histories, which scatter less than what is new in them.
        let tail = drawn.lengths.as_ref().filter(|_| drawn.sessions.is_none()).map(|own| own.tails().0);
        let isl = scenario.mean_input();
        let osl = scenario.workload.mean_osl();
        let longest_prompt = scenario.traffic.longest_input(&scenario.workload);
        // At least the last token of a prompt is always computed.
        let past = (isl * scenario.cached_share()).min(isl - Tokens::new(1.0)).max(Tokens::ZERO);
        Self {
            isl,
            osl,
            new: isl - past,
            past,
            tokens: (osl.get() - 1.0).max(1e-3),
            // The longer an answer the longer it is in decode: a step finds more of the long ones.
            context: isl + osl * ((1.0 + answers) / 2.0),
            variation,
            scatter: drawn.scatter(&scenario.workload),
            sigma: tail.map(traffic::sigma),
            window: Tokens::new(f64::INFINITY),
            longest_prompt,
            longest: longest_prompt + scenario.workload.osl,
        }
    }

    /// How much the cache of sequences varies, its squared coefficient of variation: as long as they are, or where it grows as
    /// they do of any age.
    #[must_use]
    pub(super) fn uneven(&self, grows: bool) -> f64 {
        let (isl, osl) = (self.isl.get(), self.osl.get());
        let answers = self.scatter * self.scatter / 12.0;
        let (of_answers, mean) =
            if grows { (1.0 / 12.0 + answers / 4.0, self.context.get()) } else { (answers, isl + osl) };
        (isl * isl * self.variation + osl * osl * of_answers) / (mean * mean).max(1.0)
    }

    /// The mean prompt: by the times of short and long ones, not by their lengths. How steps grow with prompts is asked of
    /// one of mean length.
    #[must_use]
    pub fn prefill(
        &self,
        read: impl Fn(Tokens, Tokens) -> Prefill,
        bent: impl Fn(Prefill, Tokens, Tokens) -> Prefill,
    ) -> Prefill {
        let mean = bent(read(self.new, self.past), self.new, self.past);
        match self.sigma {
            Some(sigma) => {
                // Log-normal lengths have no end, and prompts do.
                let most = (self.window - self.osl).max(self.isl) / self.isl;
                let points = traffic::typical(sigma).map(|(scale, share)| (scale.min(most), share));
                self.over(&mean, &points, read)
            }
            None if self.variation > 0.0 => self.over(&mean, &traffic::even(self.variation), read),
            None => mean,
        }
    }

    /// The mean over prompts of such lengths, in means, with these shares.
    fn over(
        &self,
        mean: &Prefill,
        points: &[(f64, f64)],
        read: impl Fn(Tokens, Tokens) -> Prefill,
    ) -> Prefill {
        let (mut sum, mut squares) =
            (Prefill { latency: Seconds::ZERO, occupancy: Seconds::ZERO, chunks: 0.0, ..*mean }, 0.0);
        // Of the seven points of a log-normal law those that most prompts are between; of the three of an even one, all.
        let first = points.len() / 7 * 3;
        for (at, &(scale, share)) in points.iter().enumerate() {
            let own = read((self.new * scale).max(Tokens::new(1.0)), self.past * scale);
            sum.latency += own.latency * share;
            if let Some(place) = at.checked_sub(first).and_then(|at| sum.typical.get_mut(at)) {
                *place = own.latency.get();
            }
            sum.occupancy += own.occupancy * share;
            sum.chunks += own.chunks * share;
            squares += own.occupancy.get() * own.occupancy.get() * share;
        }
        let occupancy = sum.occupancy.get().max(1e-12);
        // What prompts share of a step is there however long they are.
        sum.variation = (squares / (occupancy * occupancy) - 1.0).max(0.0);
        sum
    }
}
