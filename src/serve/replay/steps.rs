//! What the engine of the replay asks of a replica, whichever split and silicon it is made of: how long a token and a
//! piece of prompt take, and how much cache fits. The closed form and the replay get their times from the same laws.

use super::beside::{Beside, Shares};
use crate::serve::half::Half;
use crate::units::{Bytes, Seconds, Tokens};

/// Step times and room of one replica.
pub trait Steps {
    /// Time between two tokens of a sequence, with so many sequences of this mean context in decode and nothing else.
    fn token(&self, sequences: f64, context: Tokens) -> Seconds;

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

    /// Shares of a decode step in which it and the pools beside it are at work.
    fn shares(&self, _sequences: f64, _context: Tokens) -> Shares {
        Shares::WHOLE
    }

    /// The same of the time that a prompt takes.
    fn reading_shares(&self, _new: Tokens, _past: Tokens) -> Shares {
        Shares::WHOLE
    }

    /// Mean tokens that a step yields per sequence: more than one where tokens are proposed and checked together.
    fn yields(&self) -> f64 {
        1.0
    }
}

/// Time of a piece of prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Time it takes from the replica.
    pub busy: Seconds,
    /// What the piece itself takes beyond that, because other data-parallel ranks read beside it.
    pub beside: Seconds,
    /// By how much sooner the piece itself is read than the replica is free: where replicas share a pool, a prompt has all
    /// of that while it is in it, and its replica none of it while the others have their turn.
    pub early: Seconds,
    /// From the end of the last piece until its first token: the later stages of a pipeline.
    pub drain: Seconds,
    /// Time of a pass that is there however many prompts share it: weights and launches, which a decode step has too.
    pub shared: Seconds,
    /// Passes of the replica that the piece comes to: fewer than one where ranks or stages work side by side.
    pub passes: f64,
}

impl Reading {
    /// What is saved when a decode step takes the piece in, by an engine that saves this share of what both do.
    #[must_use]
    pub fn saved(&self, decode: Seconds, mixing: f64) -> Seconds {
        self.shared.min(decode) * (self.passes * mixing)
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
    fn token(&self, sequences: f64, context: Tokens) -> Seconds {
        self.half.step(sequences, context) / self.half.tokens_per_step()
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

    fn shares(&self, sequences: f64, context: Tokens) -> Shares {
        self.half.shares(sequences, context)
    }

    fn reading_shares(&self, new: Tokens, past: Tokens) -> Shares {
        self.half.reading_shares(new, past)
    }

    fn joins(&self, new: Tokens, past: Tokens) -> Seconds {
        self.half.drafter_prompt(new, past)
    }

    fn yields(&self) -> f64 {
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
        fn token(&self, _: f64, _: Tokens) -> Seconds {
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
