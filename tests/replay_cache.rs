//! The prefix cache against a plain one that keeps every block by itself, and against the hit rates of a public trace.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tandem::replay::cache::{ByPlace, Cache, Full};
use tandem::scenario::trace::{BlockRun, Reader, Trace};
use tandem::scenario::traffic::Place;

/// A cache that keeps a list of single blocks per place, newest first: slow and plain.
#[derive(Default)]
struct Plain {
    capacity: [usize; 4],
    places: [Vec<u64>; 4],
    pins: HashMap<u64, u32>,
    reserved: usize,
}

impl Plain {
    fn pinned(&self) -> usize {
        self.pins.len()
    }

    fn available(&self) -> usize {
        (self.capacity[0] - self.reserved).saturating_sub(self.pinned())
    }

    fn place(&self, block: u64) -> Option<usize> {
        if self.pins.contains_key(&block) {
            return Some(0);
        }
        self.places.iter().position(|list| list.contains(&block))
    }

    fn forget(&mut self, block: u64) {
        for list in &mut self.places {
            list.retain(|&known| known != block);
        }
    }

    fn shrink(&mut self) {
        while self.places[0].len() + self.pinned() + self.reserved > self.capacity[0] {
            let mut block = self.places[0].pop().expect("room was checked");
            for place in 1..4 {
                if self.capacity[place] == 0 {
                    continue;
                }
                self.places[place].insert(0, block);
                if self.places[place].len() <= self.capacity[place] {
                    break;
                }
                block = self.places[place].pop().unwrap();
            }
        }
    }

    fn hold(&mut self, blocks: &[u64]) -> bool {
        let missing = blocks.iter().filter(|&&block| self.place(block) != Some(0)).count();
        let own = blocks
            .iter()
            .filter(|&block| !self.pins.contains_key(block) && self.place(*block) == Some(0))
            .count();
        if missing > self.available().saturating_sub(own) {
            return false;
        }
        for &block in blocks {
            self.forget(block);
            *self.pins.entry(block).or_default() += 1;
        }
        self.shrink();
        true
    }

    fn release(&mut self, blocks: &[u64]) {
        for &block in blocks.iter().rev() {
            let pins = self.pins.get_mut(&block).unwrap();
            *pins -= 1;
            if *pins == 0 {
                self.pins.remove(&block);
                self.places[0].insert(0, block);
            }
        }
    }

    fn insert(&mut self, blocks: &[u64]) {
        let mut room = self.available();
        let mut fits = Vec::new();
        for &block in blocks {
            if !self.pins.contains_key(&block) {
                if room == 0 {
                    break;
                }
                room -= 1;
            }
            fits.push(block);
        }
        for &block in &fits {
            self.forget(block);
        }
        for &block in fits.iter().rev() {
            if !self.pins.contains_key(&block) {
                self.places[0].insert(0, block);
            }
        }
        self.shrink();
    }

    fn lookup(&self, blocks: &[u64]) -> Vec<usize> {
        blocks.iter().map_while(|&block| self.place(block)).collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Hold(Vec<BlockRun>),
    Release(usize),
    Insert(Vec<BlockRun>),
    Reserve(u64),
    Unreserve(usize),
}

/// Prompts over a few texts that share a head, as sessions do, so that they overlap in every way.
fn prompts() -> impl Strategy<Value = Vec<BlockRun>> {
    (0_u32..6, 0_u64..5, 0_u64..4, 0_u32..14).prop_map(|(head, text, skip, tail)| {
        let mut runs = Vec::new();
        if head > 0 {
            runs.push(BlockRun { first: 0, count: head });
        }
        if tail > 0 {
            runs.push(BlockRun { first: 100 * (text + 1) + skip, count: tail });
        }
        runs
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prompts().prop_map(Step::Hold),
        4 => any::<usize>().prop_map(Step::Release),
        4 => prompts().prop_map(Step::Insert),
        1 => (0_u64..8).prop_map(Step::Reserve),
        1 => any::<usize>().prop_map(Step::Unreserve),
    ];
    proptest::collection::vec(step, 1..80)
}

fn single(runs: &[BlockRun]) -> Vec<u64> {
    runs.iter().flat_map(|run| run.first..run.end()).collect()
}

fn length(runs: &[BlockRun]) -> u64 {
    runs.iter().map(|run| u64::from(run.count)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runs_behave_like_single_blocks(
        capacity in (0_usize..40, 0_usize..12, prop_oneof![Just(0_usize), 0_usize..30], 0_usize..20),
        steps in steps(),
    ) {
        let capacity = [capacity.0, capacity.1, capacity.2, capacity.3];
        let mut cache = Cache::new(ByPlace(capacity.map(|blocks| blocks as u64)));
        let mut plain = Plain { capacity, ..Plain::default() };
        let mut held: Vec<Vec<BlockRun>> = Vec::new();
        let mut reserved: Vec<u64> = Vec::new();
        for step in steps {
            match step {
                Step::Hold(runs) => {
                    let before = cache.lookup(&runs);
                    let used = cache.used();
                    match cache.hold(&runs, 0, length(&runs)) {
                        Ok(taken) => {
                            prop_assert!(plain.hold(&single(&runs)));
                            prop_assert_eq!(taken.from.total() + taken.fresh, length(&runs));
                            prop_assert!(taken.from.total() >= before.blocks());
                            prop_assert_eq!(cache.lookup(&runs).resident(), length(&runs));
                            held.push(runs);
                        }
                        Err(Full { needed, available }) => {
                            prop_assert!(!plain.hold(&single(&runs)));
                            prop_assert!(needed > available);
                            prop_assert_eq!(cache.used(), used);
                            prop_assert_eq!(cache.lookup(&runs), before);
                        }
                    }
                }
                Step::Release(which) if !held.is_empty() => {
                    let runs = held.remove(which % held.len());
                    cache.release(&runs, 0, length(&runs));
                    plain.release(&single(&runs));
                }
                Step::Insert(runs) => {
                    cache.insert(&runs);
                    plain.insert(&single(&runs));
                }
                Step::Reserve(blocks) => {
                    let fits = blocks as usize <= plain.available();
                    prop_assert_eq!(cache.reserve(blocks).is_ok(), fits);
                    if fits {
                        plain.reserved += blocks as usize;
                        plain.shrink();
                        reserved.push(blocks);
                    }
                }
                Step::Unreserve(which) if !reserved.is_empty() => {
                    let blocks = reserved.remove(which % reserved.len());
                    cache.unreserve(blocks);
                    plain.reserved -= blocks as usize;
                }
                Step::Release(_) | Step::Unreserve(_) => {}
            }
            // The same blocks in the same places, never more than there is room for.
            for (place, &room) in capacity.iter().enumerate() {
                let own = plain.places[place].len() + if place == 0 { plain.pinned() } else { 0 };
                prop_assert_eq!(cache.used().0[place], own as u64);
                let taken = own + if place == 0 { plain.reserved } else { 0 };
                prop_assert!(taken <= room);
            }
            prop_assert_eq!(cache.pinned(), plain.pinned() as u64);
            for block in (0..6).chain((1..6).flat_map(|text| 100 * text..100 * text + 18)) {
                let found = cache.lookup(&[BlockRun { first: block, count: 1 }]);
                let place = found.segments.first().map(|part| part.place as usize);
                prop_assert_eq!(place, plain.place(block), "block {}", block);
            }
            // What was new is somewhere or gone.
            let moved = cache.moved();
            prop_assert_eq!(moved.inserted, cache.used().total() + moved.dropped);
            // Runs are put together again: there are never more than borders between texts, places and pins explain.
            prop_assert!(cache.runs() as u64 <= cache.used().total());
        }
        let prompt = [BlockRun { first: 0, count: 5 }, BlockRun { first: 100, count: 9 }];
        let found: Vec<usize> = cache
            .lookup(&prompt)
            .segments
            .iter()
            .flat_map(|part| std::iter::repeat_n(part.place as usize, part.blocks as usize))
            .collect();
        prop_assert_eq!(found, plain.lookup(&single(&prompt)));
    }
}

#[test]
fn the_tail_of_the_least_recently_used_gives_way_and_goes_down_the_tiers() {
    let mut cache = Cache::new(ByPlace([10, 4, 0, 3]));
    let text = |number: u64, count| vec![BlockRun { first: number * 100, count }];
    cache.insert(&text(1, 6));
    cache.insert(&text(2, 4));
    // Six more: the older text leaves altogether, tail first; four of it fit into DRAM, the older two go on.
    cache.insert(&text(3, 6));
    assert_eq!(cache.used(), ByPlace([10, 4, 0, 2]));
    let found = cache.lookup(&text(1, 6));
    assert_eq!(found.by_place(), ByPlace([0, 4, 0, 2]));
    assert_eq!(found.segments[0].place, Place::Dram, "the head stays nearer");
    // Asked for again it comes back, from where it was.
    let taken = cache.hold(&text(1, 6), 0, 6).unwrap();
    assert_eq!((taken.from, taken.fresh), (ByPlace([0, 4, 0, 2]), 0));
    assert_eq!(cache.moved().loaded, ByPlace([0, 4, 0, 2]));
    // Pinned blocks never give way: there is room for four others and no more.
    assert_eq!(cache.hold(&text(4, 5), 0, 5), Err(Full { needed: 5, available: 4 }));
    cache.reserve(4).unwrap();
    assert_eq!(cache.reserve(1), Err(Full { needed: 1, available: 0 }));
    assert_eq!(cache.lookup(&text(1, 6)).resident(), 6);
}

#[test]
fn a_long_session_stays_one_run() {
    let mut cache = Cache::new(ByPlace([1 << 20, 0, 0, 0]));
    for turn in 1..=1000_u32 {
        let prompt = [BlockRun { first: 0, count: 100 }, BlockRun { first: 1 << 32, count: turn * 50 }];
        let blocks = u64::from(100 + turn * 50);
        cache.hold(&prompt, 0, blocks).unwrap();
        cache.release(&prompt, 0, blocks);
    }
    assert!(cache.runs() <= 2, "{}", cache.runs());
}

/// Share of input tokens that plain LRU over so many tokens serves, in the order of requests.
fn hit_rate(trace: &Trace, tokens: u64) -> f64 {
    let block = trace.block_tokens().unwrap();
    let mut cache = Cache::new(ByPlace([tokens / u64::from(block), 0, 0, 0]));
    let (mut hits, mut input) = (0.0, 0.0);
    for record in trace.records() {
        let found = cache.lookup(record.blocks).blocks() * u64::from(block);
        hits += (found as f64).min(record.input.get());
        input += record.input.get();
        cache.insert(record.blocks);
    }
    hits / input
}

fn load(path: &Path) -> Trace {
    let mut reader = Reader::new();
    reader.push(&std::fs::read(path).unwrap());
    let loaded = reader.finish();
    assert_eq!(loaded.problems, [], "{}", path.display());
    loaded.trace
}

/// The traces that lie beside the checkout on machines of the project; they are not part of it.
fn beside(name: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here
        .ancestors()
        .skip(1)
        .map(|above| above.join("shared/traces").join(name))
        .find(|path| path.exists());
    if found.is_none() {
        eprintln!("{name} is not beside the checkout: not tested");
    }
    found
}

#[test]
fn the_hit_rates_of_mooncake_come_out() {
    let Some(path) = beside("mooncake_conversation.jsonl") else { return };
    let trace = load(&path);
    assert_eq!((trace.len(), trace.block_tokens()), (12_031, Some(512)));
    let mut last = 0.0;
    for (tokens, published) in [(512_000, 0.045), (5_120_000, 0.215), (25_600_000, 0.362), (1 << 40, 0.374)] {
        let rate = hit_rate(&trace, tokens);
        eprintln!("{tokens} tokens: {rate:.4}");
        assert!((rate - published).abs() < 0.03, "{tokens} tokens: {rate} instead of {published}");
        assert!(rate >= last, "more room, fewer hits");
        last = rate;
    }
}

/// A sample that is part of the project, so that the figures hold on every machine; they come from a list of single
/// blocks in another language.
#[test]
fn a_sample_of_mooncake_hits_to_the_token() {
    let trace =
        load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/traces/mooncake_first_500.jsonl"));
    assert_eq!((trace.len(), trace.block_tokens()), (500, Some(512)));
    let input: f64 = trace.records().map(|record| record.input.get()).sum();
    assert_eq!(input, 7_124_855.0);
    for (blocks, hits) in [
        (200, 255_488.0),
        (2000, 293_833.0),
        (4000, 496_073.0),
        (6000, 809_391.0),
        (8000, 1_122_533.0),
        (1 << 30, 1_167_589.0),
    ] {
        let rate = hit_rate(&trace, blocks * 512);
        assert!((rate * input - hits).abs() < 1e-3, "{blocks} blocks: {} instead of {hits}", rate * input);
    }
}
