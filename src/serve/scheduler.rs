//! What an engine's scheduler does by default, as data.

use std::sync::LazyLock;

use serde::Deserialize;

use super::flags::Flags;
use crate::catalog::Engine;
use crate::units::Tokens;

/// Rules by which a replica takes prompts into its steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scheduler {
    /// Tokens of prompts in a step at most, over all data-parallel ranks.
    pub budget: Tokens,
    /// Tokens of one prompt in a step at most: what one rank takes.
    pub chunk: Tokens,
    /// Prompts of a step at most.
    pub prompts: usize,
    /// Sequences of a step at most.
    pub sequences: u32,
    /// Tokens of a KV block.
    pub block: u32,
    /// Share of the blocks that stays free when a request is admitted.
    pub watermark: f64,
    /// Share of the answers still to be written that must find room when a request is admitted.
    pub reserve: f64,
    /// Whether running requests give way; else answers have their blocks from the start.
    pub evicts: bool,
    /// Whether the cache of those that give way goes to the host's memory, where that is sooner back than computed anew.
    pub swaps: bool,
    /// Whether prompts and decode share a step; else prompts go first.
    pub mixed: bool,
}

/// The two last columns of a row.
#[derive(Clone, Copy, Debug)]
struct Last {
    engine: Engine,
    evicts: bool,
    mixed: bool,
}

#[derive(Deserialize)]
struct Row {
    engine: String,
    block: u32,
    watermark: f64,
    reserve: f64,
    evicts: bool,
    mixed: bool,
}

impl Scheduler {
    /// The rules of an engine under flags, of a replica of so many data-parallel ranks. The budget is that of a rank.
    #[must_use]
    pub fn of(engine: Engine, flags: &Flags, ranks: f64) -> Self {
        let plain = Self {
            budget: flags.chunk(ranks),
            chunk: flags.chunk(ranks),
            prompts: usize::MAX,
            sequences: flags.sequences(ranks).clamp(1.0, f64::from(u32::MAX)) as u32,
            block: 16,
            watermark: 0.0,
            reserve: 0.0,
            evicts: true,
            swaps: false,
            mixed: true,
        };
        Self::rows().find(|own| own.engine == engine.id()).map_or(plain, |own| Self {
            block: own.block.max(1),
            watermark: own.watermark,
            reserve: own.reserve,
            evicts: own.evicts,
            mixed: flags.mixed.unwrap_or(own.mixed),
            ..plain
        })
    }

    /// Whether an engine has kernels for the chips of a maker. Asked for in every evaluation, as the next.
    #[must_use]
    pub fn runs_on(engine: Engine, maker: &str) -> bool {
        let mut lines = include_str!(concat!(env!("OUT_DIR"), "/schedulers.csv")).lines();
        let own = lines.find(|line| line.split(',').next() == Some(engine.id()));
        own.and_then(|line| line.split(',').nth(1))
            .is_some_and(|makers| makers.split(' ').any(|own| own == maker))
    }

    /// Whether an engine takes prompts and decode into the same step. It is asked for in every evaluation, as the next, so
    /// that the table is read once.
    #[must_use]
    pub fn mixes(engine: Engine) -> bool {
        Self::last_columns(engine).is_some_and(|own| own.mixed)
    }

    /// Whether running requests give way where room is short; else answers have all of theirs from the start.
    #[must_use]
    pub fn evicts(engine: Engine) -> bool {
        Self::last_columns(engine).is_none_or(|own| own.evicts)
    }

    /// The two last columns of an engine's row.
    fn last_columns(engine: Engine) -> Option<Last> {
        static ALL: LazyLock<Vec<Last>> = LazyLock::new(|| {
            let text = include_str!(concat!(env!("OUT_DIR"), "/schedulers.csv"));
            let last = |engine: Engine| {
                let own = |line: &&str| line.split(',').next() == Some(engine.id());
                let (rest, mixed) = text.lines().find(own)?.rsplit_once(',')?;
                let (_, evicts) = rest.rsplit_once(',')?;
                Some(Last { engine, evicts: evicts == "true", mixed: mixed == "true" })
            };
            Engine::ALL.into_iter().filter_map(last).collect()
        });
        ALL.iter().find(|own| own.engine == engine).copied()
    }

    fn rows() -> impl Iterator<Item = Row> {
        let text = include_str!(concat!(env!("OUT_DIR"), "/schedulers.csv"));
        csv::ReaderBuilder::new().from_reader(text.as_bytes()).into_deserialize().filter_map(Result::ok)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says plainly what it expects")]
mod tests {
    use super::*;

    #[test]
    fn every_engine_has_its_rules() {
        for engine in Engine::ALL {
            let row = Scheduler::rows().find(|row| row.engine == engine.id()).unwrap();
            let own = (Scheduler::evicts(engine), Scheduler::mixes(engine));
            assert_eq!(own, (row.evicts, row.mixed), "{engine:?}");
        }
        assert_eq!(Scheduler::rows().count(), Engine::ALL.len());
    }
}
