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
    /// Start of the id of models for which it holds: benchmarks have a script for each.
    pub model: &'static str,
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
    /// Share of answers whose first token has no text, so that the user waits for the next message.
    pub textless: Option<f64>,
    /// Token with which the first text reaches the user where prompts have a pool of their own.
    pub first_split: Option<f64>,
    /// Steps between two looks at what has come, below 16 users and from there on.
    pub poll: [Option<f64>; 2],
    /// Steps for which a prompt waits at most for the other ranks.
    pub balance: Option<f64>,
    /// Whether prompts and decode share a step, where the command line says so (`--enable-mixed-chunk`).
    pub mixed: Option<bool>,
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
        model: "",
        chunk: None,
        prompts: None,
        spare: None,
        sequences: None,
        shared: None,
        memory: None,
        stream: None,
        textless: None,
        first_split: None,
        poll: [None; 2],
        balance: None,
        mixed: None,
        version: "",
        users: None,
        kv: None,
    };

    /// Whether the row is for a model on a chip with so much memory.
    #[must_use]
    pub fn suits(&self, model: &str, chip: &str, memory: Bytes) -> bool {
        let named =
            self.chip.strip_prefix('!').map_or_else(|| chip.contains(self.chip), |not| !chip.contains(not));
        named && model.starts_with(self.model) && self.from <= memory
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
            textless: self.textless.or(other.textless),
            first_split: self.first_split.or(other.first_split),
            poll: [self.poll[0].or(other.poll[0]), self.poll[1].or(other.poll[1])],
            balance: self.balance.or(other.balance),
            mixed: self.mixed.or(other.mixed),
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
                    let row = constants().profile(profile, engine, "", (&chip.id, memory));
                    assert!(
                        row.chunk.is_some() && row.sequences.is_some_and(|most| most >= 1.0),
                        "{engine:?}"
                    );
                    assert!(row.chunk > Some(0.0) || row.prompts > Some(0.0), "{engine:?} {profile:?}");
                    assert!(row.shared.is_some() && row.stream >= Some(1.0), "{engine:?} {}", chip.id);
                    assert!(
                        row.poll.iter().chain([&row.first_split]).all(|own| *own >= Some(1.0)),
                        "{engine:?}"
                    );
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
            constants().profile(Profile::Defaults, Engine::Vllm, "", (chip, memory))
        };
        assert_eq!(row("h100-sxm", 80.0).chunk, Some(8192.0));
        assert_eq!(row("a100-80", 80.0).chunk, Some(2048.0));
        assert_eq!(row("rtx-4090", 24.0).sequences, Some(256.0));
        let poll = |chip: &str| {
            constants()
                .profile(Profile::Inferencex, Engine::Sglang, "deepseek-v3", (chip, Bytes::giga(180.0)))
                .poll
        };
        assert_eq!(poll("b200"), [Some(10.0), Some(30.0)]);
        assert_eq!(poll("h200"), [Some(1.0), Some(1.0)]);
        // A script of its own.
        let row = |model: &str| {
            constants().profile(Profile::Inferencex, Engine::Sglang, model, ("b200", Bytes::giga(180.0)))
        };
        assert_eq!(row("glm-5").poll, [Some(1.0), Some(1.0)]);
        assert_eq!(row("glm-5").chunk, Some(32768.0));
    }
}
