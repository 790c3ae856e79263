//! What command lines set (`constants/profiles.csv`): the engines' own defaults, and the profiles of known benchmarks.

use crate::catalog::{Engine, NumberFormat, Profile};
use crate::units::Bytes;

/// One row of `profiles.csv`; the file explains the columns. A blank cell is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProfileRow {
    /// Profile.
    pub profile: Profile,
    /// Engine; none for any.
    pub engine: Option<Engine>,
    /// Least memory of a chip for which it holds.
    pub from: Bytes,
    /// Part of the id of chips for which it holds, or after `!` for which it does not.
    pub chip: &'static str,
    /// Tokens of a step.
    pub chunk: Option<f64>,
    /// Prompts that a step takes at least.
    pub prompts: Option<f64>,
    /// Tokens beside them.
    pub spare: Option<f64>,
    /// Sequences of a step at most.
    pub sequences: Option<f64>,
    /// Whether budget and sequences are shared out among data-parallel ranks.
    pub shared: Option<bool>,
    /// Memory share.
    pub memory: Option<f64>,
    /// Tokens in a message to the user.
    pub stream: Option<f64>,
    /// Token with which the first text reaches the user, where one pool reads and writes, and where prompts have a pool of
    /// their own.
    pub first: [Option<f64>; 2],
    /// Steps between two looks at what has come, below 16 users and from there on.
    pub poll: [Option<f64>; 2],
    /// Steps for which a prompt waits at most for the other ranks.
    pub balance: Option<f64>,
    /// Version of the engine whose defaults stand where the profile leaves something open.
    pub version: &'static str,
    /// Requests of each user in a run.
    pub users: Option<f64>,
    /// Format of the KV cache beside weights in fp8 or nvfp4, where a measured row does not say.
    pub kv: Option<NumberFormat>,
}

impl ProfileRow {
    /// Nothing set.
    pub const NONE: Self = Self {
        profile: Profile::Defaults,
        engine: None,
        from: Bytes::ZERO,
        chip: "",
        chunk: None,
        prompts: None,
        spare: None,
        sequences: None,
        shared: None,
        memory: None,
        stream: None,
        first: [None; 2],
        poll: [None; 2],
        balance: None,
        version: "",
        users: None,
        kv: None,
    };

    /// Whether the row is for a chip with so much memory.
    #[must_use]
    pub fn suits(&self, chip: &str, memory: Bytes) -> bool {
        let named =
            self.chip.strip_prefix('!').map_or_else(|| chip.contains(self.chip), |not| !chip.contains(not));
        named && self.from <= memory
    }

    /// This row, with what it leaves open as another has it.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        Self {
            chunk: self.chunk.or(other.chunk),
            prompts: self.prompts.or(other.prompts),
            spare: self.spare.or(other.spare),
            sequences: self.sequences.or(other.sequences),
            shared: self.shared.or(other.shared),
            memory: self.memory.or(other.memory),
            stream: self.stream.or(other.stream),
            first: [self.first[0].or(other.first[0]), self.first[1].or(other.first[1])],
            poll: [self.poll[0].or(other.poll[0]), self.poll[1].or(other.poll[1])],
            balance: self.balance.or(other.balance),
            version: other.version,
            users: self.users.or(other.users),
            kv: self.kv.or(other.kv),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;
    use crate::machine::constants;

    /// Every engine says on any chip all that a replica asks for.
    #[test]
    fn defaults_leave_nothing_open() {
        for engine in Engine::ALL {
            for chip in catalog::chips() {
                let memory = chip.memory.as_ref().map_or(Bytes::giga(1.0), |memory| memory.capacity);
                for profile in Profile::ALL {
                    let row = constants().profile(profile, engine, &chip.id, memory);
                    assert!(
                        row.chunk.is_some() && row.sequences.is_some_and(|most| most >= 1.0),
                        "{engine:?}"
                    );
                    assert!(row.chunk > Some(0.0) || row.prompts > Some(0.0), "{engine:?} {profile:?}");
                    assert!(row.shared.is_some() && row.stream >= Some(1.0), "{engine:?} {}", chip.id);
                    assert!(row.poll.iter().chain(&row.first).all(|own| *own >= Some(1.0)), "{engine:?}");
                    let runs = row.users.unwrap_or(0.0);
                    assert_eq!(runs > 0.0, profile != Profile::Defaults, "{engine:?} {profile:?}");
                }
            }
        }
    }

    #[test]
    fn chips_are_told_apart() {
        let row = |chip: &str, gib: f64| {
            let memory = Bytes::new(gib * f64::from(1 << 30));
            constants().profile(Profile::Defaults, Engine::Vllm, chip, memory)
        };
        assert_eq!(row("h100-sxm", 80.0).chunk, Some(8192.0));
        assert_eq!(row("a100-80", 80.0).chunk, Some(2048.0));
        assert_eq!(row("rtx-4090", 24.0).sequences, Some(256.0));
        let poll = |chip: &str| {
            constants().profile(Profile::Inferencex, Engine::Sglang, chip, Bytes::giga(180.0)).poll
        };
        assert_eq!(poll("b200"), [Some(10.0), Some(30.0)]);
        assert_eq!(poll("h200"), [Some(1.0), Some(1.0)]);
    }
}
