//! Layouts that the tool chooses, held against all that a person with a pencil would try.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tandem::catalog::{self, Engine};
use tandem::evaluate::{Evaluation, evaluate};
use tandem::scenario::{Layout, Limit, Load, Pool, Scenario, Slo, Split, Workload};
use tandem::units::{RequestsPerSecond, Seconds, Tokens};

const MODELS: [&str; 14] = [
    "llama3-8b",
    "llama3-70b",
    "llama3.1-405b",
    "qwen3-32b",
    "gemma3-27b",
    "mixtral-8x7b",
    "mixtral-8x22b",
    "qwen3-30b-a3b",
    "qwen3-235b-a22b",
    "gpt-oss-120b",
    "deepseek-v2-lite",
    "deepseek-v3",
    "qwen3-next-80b-a3b",
    "minimax-m2",
];

const CHIPS: [&str; 18] = [
    "a100-80", "h100-sxm", "h200", "b200", "gb200-nvl72", "gb300-nvl72", "l4", "l40s", "rtx-pro-6000", "mi300x", "mi325x",
    "mi355x", "tpu-v6e", "tpu-7x", "trn2", "gaudi3", "rubin-cpx", "h20",
];

/// A generator of numbers by a seed (SplitMix64).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[(self.next() * all.len() as f64) as usize]
    }

    fn log(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.next())
    }
}

/// A scenario that leaves all layouts open.
fn drawn(draws: &mut Draws, split: bool) -> Scenario {
    let chips = [1, 2, 4, 6, 8, 8, 12, 16];
    let known: Vec<&str> = CHIPS.into_iter().filter(|id| catalog::chip(id).is_some()).collect();
    let pool = |draws: &mut Draws| Pool::new(draws.of(&known), draws.of(&chips));
    let split = if split {
        let (prefill, decode) = (pool(draws), pool(draws));
        let decode = if draws.next() < 0.5 { Pool::new(&prefill.chip, decode.chips) } else { decode };
        Split::PrefillDecode { prefill, decode }
    } else {
        Split::Colocated { pool: pool(draws) }
    };
    let isl = draws.log(64.0, 32_000.0).round();
    let osl = draws.log(8.0, 4_000.0).round();
    let load = if draws.next() < 0.5 {
        Load::Closed { concurrency: draws.log(1.0, 2_000.0).round() }
    } else {
        Load::Open { rate: RequestsPerSecond::new(draws.log(0.02, 60.0)), cv: 1.0 }
    };
    let slo = match draws.of(&[0, 1, 2]) {
        0 => Slo::default(),
        1 => Scenario::default().slo,
        _ => Slo {
            ttft: Some(Limit::mean(Seconds::new(draws.log(0.05, 10.0)))),
            tpot: Some(Limit::mean(Seconds::new(draws.log(0.004, 0.2)))),
        },
    };
    Scenario {
        model: draws.of(&MODELS).to_owned(),
        workload: Workload { isl: Tokens::new(isl), osl: Tokens::new(osl), spread: draws.of(&[1.0, 0.5]), hit: draws.of(&[0.0, 0.0, 0.6]) },
        load,
        engine: draws.of(&Engine::ALL),
        split,
        slo,
        ..Scenario::default()
    }
}

/// The grid of a person with a pencil.
fn grid(moe: bool, chips: u32) -> Vec<Layout> {
    let mut layouts = Vec::new();
    for tp in [1, 2, 4, 8, 16] {
        for pp in 1..=4 {
            for dp in [1, 2, 4, 8, 16, 32, 64] {
                let all = tp * dp;
                let own = Layout { tp, pp, dp, etp: all, ep: 1, ..Layout::SINGLE };
                if own.chips() > chips {
                    continue;
                }
                layouts.push(own);
                if moe && all > 1 {
                    layouts.push(Layout { etp: 1, ep: all, ..own });
                }
            }
        }
    }
    layouts
}

/// All ways to state the layouts of a split by this grid.
fn stated(base: &Scenario) -> Vec<Split> {
    let moe = base.model().unwrap().has_moe();
    let with = |pool: &Pool| -> Vec<Pool> {
        grid(moe, pool.chips).into_iter().map(|own| Pool { layout: Some(own), ..pool.clone() }).collect()
    };
    match &base.split {
        Split::Colocated { pool } => with(pool).into_iter().map(|pool| Split::Colocated { pool }).collect(),
        Split::PrefillDecode { prefill, decode } => {
            let (reads, writes) = (with(prefill), with(decode));
            let pair = |prefill: &Pool| {
                writes
                    .iter()
                    .map(|decode| Split::PrefillDecode { prefill: prefill.clone(), decode: decode.clone() })
                    .collect::<Vec<_>>()
            };
            reads.iter().flat_map(pair).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the load is carried and the service level kept, and what counts then.
fn worth(scenario: &Scenario, own: &Evaluation) -> ((bool, bool), f64) {
    let steady = &own.steady;
    let carries = steady.saturation.is_none();
    let slo = &scenario.slo;
    let keeps = slo.ttft.is_none_or(|limit| steady.ttft_of(limit.percentile) <= limit.at)
        && slo.tpot.is_none_or(|limit| steady.tpot_of(limit.percentile) <= limit.at);
    let open = matches!(scenario.load, Load::Open { .. });
    let value = if open && carries { 1.0 / steady.tpot.get() } else { steady.throughput().get() };
    ((carries, carries && keeps), value)
}

/// By how much a layout of the grid beats the chosen one; more than any share where it is of a better kind.
fn beaten(base: &Scenario) -> Option<(f64, String)> {
    let chosen = evaluate(base).ok();
    let own = chosen.as_ref().map(|own| worth(base, own));
    let mut worst = (0.0, String::new());
    let mut any = false;
    for split in stated(base) {
        let other = Scenario { split, ..base.clone() };
        let Ok(evaluation) = evaluate(&other) else { continue };
        any = true;
        let found = worth(&other, &evaluation);
        let by = match own {
            None => f64::INFINITY,
            Some(own) => match found.0.cmp(&own.0) {
                std::cmp::Ordering::Greater => 10.0 + found.1 / own.1,
                std::cmp::Ordering::Equal => found.1 / own.1 - 1.0,
                std::cmp::Ordering::Less => 0.0,
            },
        };
        if by > worst.0 {
            let s = &evaluation.steady;
            worst = (by, format!("{} {:?} ttft {:?} tpot {:?} rate {:?}", tandem::scenario::link::write(&other, &[]), found, s.ttft, s.tpot, s.rate));
        }
    }
    if let Some(chosen) = &chosen {
        let s = &chosen.steady;
        let layouts: Vec<String> = s.pools.iter().map(|own| tandem::scenario::notation::write_layout(&own.layout)).collect();
        worst.1.push_str(&format!("\n     chosen {layouts:?} {own:?} ttft {:?} tpot {:?} rate {:?}", s.ttft, s.tpot, s.rate));
    }
    any.then_some(worst)
}

fn many(seed: u64, count: usize, split: bool) -> (usize, Vec<String>) {
    let mut draws = Draws(seed);
    let mut found = Vec::new();
    let mut tried = 0;
    while tried < count {
        let base = drawn(&mut draws, split);
        let Some((by, what)) = beaten(&base) else { continue };
        tried += 1;
        if by > 0.03 {
            found.push(format!("{by:.3}: {}\n     grid {what}", tandem::scenario::link::write(&base, &[])));
        }
    }
    (tried, found)
}

#[test]
fn nobody_beats_the_chosen_layout_by_hand() {
    let count = std::env::var("LAYOUTS").ok().and_then(|own| own.parse().ok()).unwrap_or(20);
    let seed = std::env::var("SEED").ok().and_then(|own| own.parse().ok()).unwrap_or(1);
    for split in [false, true] {
        let start = std::time::Instant::now();
        let (tried, found) = many(seed, if split { count / 3 } else { count }, split);
        println!("split {split}: {} of {tried} beaten, {:.1} s", found.len(), start.elapsed().as_secs_f64());
        for own in found.iter().take(30) {
            println!("{own}");
        }
    }
}
