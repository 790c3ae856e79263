//! The command line in force: what the scenario states, else its profile, else the engine on its own.
//!
//! Waits that flags make, in decode steps before a prompt is read:
//! - an engine that looks for requests every p steps of decode finds one (p − 1)/2 steps late on average;
//! - where a prompt waits until each of R data-parallel ranks has one, at most T steps, the others come after H(R − 1)/a
//!   steps where each rank gets a prompts a step (H: harmonic number, the mean of the latest of R − 1 exponential gaps). A
//!   cycle is as long as the sooner of both, joined smoothly; its first prompt waits all of it, those that come in the
//!   meantime half. Ranks that decode nothing wait for nobody.
//!
//! The interval of streaming delays no first token of the engine. But a token may have no text of its own yet, and then the
//! user sees nothing before the next message: in how many answers of a benchmark that is so stands in its profile, and in
//! pools apart with which token text comes. The answer ends when it ends, so that what comes later as first token is less
//! between tokens.

use crate::catalog::Chip;
use crate::machine::Constants;
use crate::scenario::{Load, Scenario};
use crate::units::{Bytes, Tokens};

/// Users from which a benchmark counts as busy: the threshold in the scripts that profiles are read from.
const BUSY: f64 = 16.0;

/// Flags in force on the chips of a pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flags {
    /// Memory share, as the engine means it; none = its own.
    pub share: Option<f64>,
    /// Version of the engine whose defaults stand where nothing else is said.
    pub version: &'static str,
    /// Tokens of a step, as the engine means it.
    pub chunk: Tokens,
    /// The same where the scenario or the profile states it: what the engine reckons activations with.
    pub stated: Option<Tokens>,
    /// Sequences of a step, as the engine means it; infinite where nothing limits them.
    pub sequences: f64,
    /// Whether data-parallel ranks share out the tokens, and the sequences where they are stated: an engine's own limit of these is
    /// of each rank.
    shared: (bool, bool),
    /// Tokens in a message to the user.
    pub stream: f64,
    /// Token with which the first text reaches the user, where one pool reads and writes, and where prompts have their own.
    first: [f64; 2],
    /// Whether prompts and decode share a step; none = as the engine does on its own.
    pub mixed: Option<bool>,
    /// Steps of decode between two looks at what has come.
    poll: f64,
    /// Steps for which a prompt waits at most for the other ranks.
    balance: f64,
    /// Requests of a run in a closed loop; none = a service that has run for long.
    pub prompts: Option<f64>,
}

impl Flags {
    /// The flags of a scenario on a chip.
    #[must_use]
    pub fn of(scenario: &Scenario, tables: &Constants, chip: &Chip) -> Self {
        // What keeps everything on the die counts as large.
        let memory = chip.memory.as_ref().map_or(Bytes::new(f64::INFINITY), |memory| memory.capacity);
        let asked = &scenario.flags;
        let row = tables.profile(asked.profile, scenario.engine, &scenario.model, (&chip.id, memory));
        let users = match scenario.load {
            Load::Closed { concurrency } => Some(concurrency),
            Load::Open { .. } => None,
        };
        let fill = match row.prompts.filter(|prompts| *prompts > 0.0) {
            Some(prompts) => {
                let new = scenario.mean_input().get();
                prompts * new + users.unwrap_or(0.0) + row.spare.unwrap_or(0.0)
            }
            None => 0.0,
        };
        // SRAM machines come with software of their own, which nobody describes.
        let most = if tables.sram(chip).is_some() { None } else { row.sequences };
        let own = Tokens::new(row.chunk.unwrap_or(0.0).max(fill).max(1.0));
        let stream = asked.stream.map_or(row.stream, |stream| Some(f64::from(stream))).unwrap_or(1.0);
        let run = row.users.filter(|each| *each > 0.0).zip(users).map(|(each, users)| each * users);
        Self {
            share: scenario.memory.or(row.memory),
            version: row.version,
            chunk: asked.chunk.unwrap_or(own),
            stated: asked.chunk,
            sequences: asked.sequences.map_or(most.unwrap_or(f64::INFINITY), f64::from),
            shared: (row.shared == Some(true), row.shared == Some(true) && asked.sequences.is_some()),
            stream,
            first: [1.0 + row.textless.unwrap_or(0.0) * (stream - 1.0), row.first_split.unwrap_or(1.0)],
            mixed: row.mixed,
            poll: row.poll[usize::from(users.is_none_or(|users| users >= BUSY))].unwrap_or(1.0),
            balance: row.balance.unwrap_or(0.0),
            prompts: users.and(asked.prompts.map(f64::from).or(run)),
        }
    }

    /// Tokens of a step of one of so many data-parallel ranks.
    #[must_use]
    pub fn chunk(&self, ranks: f64) -> Tokens {
        if self.shared.0 { (self.chunk / ranks).max(Tokens::new(1.0)) } else { self.chunk }
    }

    /// Sequences in a step of a replica of so many data-parallel ranks, at most.
    #[must_use]
    pub fn sequences(&self, ranks: f64) -> f64 {
        if self.shared.1 { self.sequences.max(ranks) } else { self.sequences * ranks }
    }

    /// Tokens after the first that an answer of so many has to wait for until text reaches its user.
    #[must_use]
    pub fn unseen(&self, split: bool, tokens: f64) -> f64 {
        // An answer of one token is there at once.
        let most = if tokens < 1.0 { 0.0 } else { tokens };
        (self.first[usize::from(split)] - 1.0).clamp(0.0, most)
    }

    /// Decode steps that a prompt waits before it is read, at a replica of so many data-parallel ranks that has so many
    /// sequences in decode, is decoding for this share of time and writes answers of so many tokens.
    #[must_use]
    pub fn held(&self, (batch, decoding): (f64, f64), ranks: f64, tokens: f64) -> f64 {
        let poll = (self.poll - 1.0) / 2.0 * decoding;
        poll + if ranks > 1.0 && self.balance > 0.0 { self.balanced(batch, ranks, tokens) } else { 0.0 }
    }

    fn balanced(&self, batch: f64, ranks: f64, tokens: f64) -> f64 {
        let each = batch / (ranks * tokens);
        let cycle = self.balance / (1.0 + self.balance * each / harmonic(ranks - 1.0));
        let meanwhile = each * ranks * cycle;
        cycle * (1.0 + meanwhile / 2.0) / (1.0 + meanwhile) * (batch / ranks).min(1.0)
    }
}

/// The harmonic number of at least one, by its asymptotic series.
fn harmonic(number: f64) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    libm::log(number) + EULER + 0.5 / number - 1.0 / (12.0 * number * number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Flags = Flags {
        share: None,
        version: "",
        chunk: Tokens::new(8192.0),
        stated: None,
        sequences: 256.0,
        shared: (false, false),
        stream: 1.0,
        first: [1.0; 2],
        poll: 1.0,
        balance: 0.0,
        mixed: None,
        prompts: None,
    };

    #[test]
    fn harmonic_numbers() {
        for (number, sum) in [(1.0, 1.0), (2.0, 1.5), (4.0, 25.0 / 12.0)] {
            assert!((harmonic(number) - sum).abs() < 0.01, "{number}");
        }
    }

    #[test]
    fn ranks_share_what_is_of_all() {
        assert_eq!((NONE.chunk(4.0).get(), NONE.sequences(4.0)), (8192.0, 1024.0));
        let shared = Flags { shared: (true, true), ..NONE };
        assert_eq!((shared.chunk(4.0).get(), shared.sequences(4.0)), (2048.0, 256.0));
    }

    #[test]
    fn waits_for_ranks_are_short_under_load_and_end_with_the_patience() {
        let waits = Flags { balance: 60.0, ..NONE };
        assert!(NONE.balanced(64.0, 8.0, 1024.0).abs() < 1e-12);
        let at = |batch: f64| waits.balanced(batch, 8.0, 1024.0);
        assert!(at(8.0) > at(64.0) && at(64.0) > at(512.0) && at(512.0) > at(4096.0));
        assert!(at(8.0) < 60.0);
        // Hardly anybody decodes, so that hardly anybody waits.
        assert!(at(0.01) < 1.0);
    }
}
