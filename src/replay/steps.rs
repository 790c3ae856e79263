//! What the engine of the replay asks of a replica, whichever split and silicon it is made of: how long a token and a
//! piece of prompt take, and how much cache fits. The closed form and the replay get their times from the same laws.

use crate::serve::{Beside, Half, Reading, Shares};
use crate::units::{Bytes, Seconds, Tokens};

/// Step times and room of one replica.
pub trait Steps {
    /// Time between two tokens of a sequence, with so many sequences of this mean context in decode and nothing else, and so
    /// many on the others that share a pool with the replica.
    fn token(&self, sequences: f64, others: f64, context: Tokens) -> Seconds;

    /// What a step's worth of prompts costs: so many prompts, of each so many new tokens behind so many older ones.
    fn read(&self, prompts: f64, new: Tokens, past: Tokens) -> Reading;

    /// Sequences of this length whose cache fits.
    fn fits(&self, context: Tokens) -> f64;

    /// Cache of one sequence of this length, each element once: what moves over links.
    fn cache(&self, context: Tokens) -> Bytes;

    /// Time that the prompt of a sequence which joins decode keeps a pool of its own from proposing tokens.
    fn joins(&self, _new: Tokens, _past: Tokens) -> Seconds {
        Seconds::ZERO
    }

    /// The pools that have a part in its steps.
    fn beside(&self) -> Vec<Beside> {
        Vec::new()
    }

    /// Shares of a decode step in which it and the pools beside it are at work, with so many sequences, its own and others.
    fn shares(&self, _sequences: (f64, f64), _context: Tokens) -> Shares {
        Shares::WHOLE
    }

    /// The same of the time that a prompt takes.
    fn reading_shares(&self, _new: Tokens, _past: Tokens) -> Shares {
        Shares::WHOLE
    }

    /// Mean tokens of a sequence per step: more than one where tokens are proposed and checked together.
    fn tokens_per_step(&self) -> f64 {
        1.0
    }
}

/// A station on its silicon, with the bytes of a sequence's cache.
#[derive(Clone, Debug)]
pub struct Silicon<'a> {
    half: Half<'a>,
    state: Bytes,
    per_token: Vec<(Tokens, Bytes)>,
}

impl<'a> Silicon<'a> {
    /// A station, and the bytes of a sequence's cache at every length.
    #[must_use]
    pub fn new(half: Half<'a>, cache: impl Fn(Tokens) -> Bytes) -> Self {
        // Windows bend the curve at powers of two at most; between lengths it is straight.
        let per_token =
            (0..=26).map(|power| Tokens::new(f64::from(1_u32 << power))).map(|at| (at, cache(at))).collect();
        Self { half, state: cache(Tokens::ZERO), per_token }
    }
}

impl Steps for Silicon<'_> {
    fn token(&self, sequences: f64, others: f64, context: Tokens) -> Seconds {
        self.half.step_among((sequences, others), context) / self.half.tokens_per_step()
    }

    fn read(&self, prompts: f64, new: Tokens, past: Tokens) -> Reading {
        self.half.reading(prompts, new, past)
    }

    fn fits(&self, context: Tokens) -> f64 {
        self.half.fits(context)
    }

    fn cache(&self, context: Tokens) -> Bytes {
        let at = self.per_token.partition_point(|(length, _)| *length < context);
        let before = at.checked_sub(1).and_then(|at| self.per_token.get(at)).copied();
        let (low, from) = before.unwrap_or((Tokens::ZERO, self.state));
        let Some(&(high, to)) = self.per_token.get(at) else { return from * (context / low) };
        from + (to - from) * ((context - low) / (high - low))
    }

    fn beside(&self) -> Vec<Beside> {
        self.half.beside()
    }

    fn shares(&self, sequences: (f64, f64), context: Tokens) -> Shares {
        self.half.shares(sequences, context)
    }

    fn reading_shares(&self, new: Tokens, past: Tokens) -> Shares {
        self.half.reading_shares(new, past)
    }

    fn joins(&self, new: Tokens, past: Tokens) -> Seconds {
        self.half.drafter_prompt(new, past)
    }

    fn tokens_per_step(&self) -> f64 {
        self.half.tokens_per_step()
    }
}

/// How cache fills a replica: a sequence takes its tokens and a fixed share for what does not grow (recurrent states,
/// full windows), counted in tokens too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Tokens that fit.
    pub tokens: f64,
    /// Tokens that each sequence takes in addition.
    pub fixed: f64,
}

impl Room {
    /// The room of a replica, exact for sequences of two lengths and in between them where the cache grows evenly.
    #[must_use]
    pub fn of(steps: &impl Steps, typical: Tokens, longest: Tokens) -> Self {
        let share = |at: Tokens| 1.0 / steps.fits(at).max(1e-12);
        let longest = longest.max(typical * 2.0);
        let (low, high) = (share(typical), share(longest));
        // A state that hardly grows still needs a unit to be counted in.
        let slope = ((high - low) / (longest - typical).get()).max(low / typical.get().max(1.0) * 1e-6);
        let fixed = (low - slope * typical.get()).max(0.0) / slope;
        Self { tokens: 1.0 / slope, fixed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Linear;

    impl Steps for Linear {
        fn token(&self, _: f64, _: f64, _: Tokens) -> Seconds {
            Seconds::ZERO
        }
        fn read(&self, _: f64, _: Tokens, _: Tokens) -> Reading {
            Reading::default()
        }
        fn fits(&self, context: Tokens) -> f64 {
            // A memory of 10,000 bytes; a state of 100 and 2 per token.
            10_000.0 / (100.0 + 2.0 * context.get())
        }
        fn cache(&self, _: Tokens) -> Bytes {
            Bytes::ZERO
        }
    }

    #[test]
    fn room_by_hand() {
        let room = Room::of(&Linear, Tokens::new(100.0), Tokens::new(400.0));
        assert!((room.tokens - 5000.0).abs() < 1e-6, "{room:?}");
        assert!((room.fixed - 50.0).abs() < 1e-6, "{room:?}");
    }
}
