//! What the chips of each pool do over time: the shares of it in which they read prompts and take decode steps, and how near to
//! their peaks they work then. The power that they draw follows from it ([`crate::machine::power`]).

use serde::Serialize;

/// One kind of work of the chips of a pool, averaged over them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spell {
    /// Share of time that it takes, 0 to 1.
    pub share: f64,
    /// FLOP/s meanwhile over the peak of the units that do them, 0 to 1.
    pub compute: f64,
    /// Memory traffic meanwhile over the peak bandwidth, 0 to 1; attention over the cache counts for more than it reaches.
    pub memory: f64,
}

/// What the chips of a pool do; the rest of the time they idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Duty {
    /// Reading prompts.
    pub prefill: Spell,
    /// Decode steps, those that draft or check among them.
    pub decode: Spell,
}
