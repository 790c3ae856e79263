//! What an engine's scheduler does by default, as data.

use serde::Deserialize;

use crate::catalog::Engine;
use crate::machine::EngineRow;
use crate::units::{Bytes, Tokens};

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

#[derive(Deserialize)]
struct Row {
    engine: String,
    memory: f64,
    except: String,
    sequences: u32,
    block: u32,
    watermark: f64,
    reserve: f64,
    evicts: bool,
    mixed: bool,
}

impl Scheduler {
    /// The defaults of an engine on a chip with so much memory; what keeps everything on the die counts as large.
    #[must_use]
    pub fn of(row: &EngineRow, chip: &str, memory: Option<Bytes>) -> Self {
        let plain = Self {
            budget: row.chunk,
            chunk: row.chunk,
            prompts: usize::MAX,
            sequences: 1024,
            block: 16,
            watermark: 0.0,
            reserve: 0.0,
            evicts: true,
            swaps: false,
            mixed: true,
        };
        let gib = memory.map_or(f64::INFINITY, |memory| memory.get() / f64::from(1 << 30));
        let holds = |own: &Row| {
            let excepted = !own.except.is_empty() && chip.contains(&own.except);
            own.engine == row.engine.id() && own.memory <= gib && !excepted
        };
        Self::rows().find(holds).map_or(plain, |own| Self {
            sequences: own.sequences.max(1),
            block: own.block.max(1),
            watermark: own.watermark,
            reserve: own.reserve,
            evicts: own.evicts,
            mixed: own.mixed,
            ..plain
        })
    }

    /// Whether an engine takes prompts and decode into the same step. It is asked for in every evaluation, so that the
    /// row is found without reading the whole table.
    #[must_use]
    pub fn mixes(engine: Engine) -> bool {
        let own = |line: &&str| line.split(',').next() == Some(engine.id());
        include_str!(concat!(env!("OUT_DIR"), "/schedulers.csv"))
            .lines()
            .rev()
            .find(own)
            .is_some_and(|line| line.ends_with("true"))
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
            let least = Scheduler::rows().filter(|row| row.engine == engine.id()).map(|row| row.memory);
            assert_eq!(least.last(), Some(0.0), "{engine:?}");
            let mixed = Scheduler::rows().find(|row| row.engine == engine.id()).unwrap().mixed;
            assert_eq!(Scheduler::mixes(engine), mixed, "{engine:?}");
        }
        assert_eq!(Scheduler::rows().count(), 4);
    }
}
