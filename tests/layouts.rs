//! Layouts that the tool chooses, held against all that a person with a pencil would try.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/splitmix.rs"]
mod splitmix;

use splitmix::SplitMix;
use tandem::catalog::{self, Engine};
use tandem::evaluate::{Evaluation, evaluate};
use tandem::explore::frontier;
use tandem::metric::Metric;
use tandem::scenario::link::{parse, write};
use tandem::scenario::notation::write_layout;
use tandem::scenario::{
    Acceptance, Drafter, Layout, Limit, Load, Pool, Scenario, Slo, Speculation, Split, Workload,
};
use tandem::units::{RequestsPerSecond, Seconds, Tokens};

/// Where draws begin.
const SEED: u64 = 14;

/// What is drawn from numbers that follow from a seed.
struct Draws(SplitMix);

impl Draws {
    fn next(&mut self) -> f64 {
        (self.0.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[(self.next() * all.len() as f64) as usize]
    }

    fn log(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.next())
    }
}

/// A scenario that leaves all layouts open: any chips, any model. Pools are smaller where three of them multiply.
fn drawn(draws: &mut Draws, kind: usize) -> Scenario {
    let chips: &[u32] = match kind {
        0 => &[1, 2, 3, 4, 6, 8, 8, 12, 16, 24, 32, 48, 64, 72],
        1..=3 => &[1, 2, 4, 6, 8, 8, 12, 16],
        _ => &[1, 2, 3, 4],
    };
    let known: Vec<&str> = catalog::chips().iter().map(|own| &*own.id).collect();
    let models: Vec<&str> = catalog::models().iter().map(|own| &*own.id).collect();
    let pool = |draws: &mut Draws| Pool::new(draws.of(&known), draws.of(chips));
    let [first, mut second, mut third] = std::array::from_fn(|_| pool(draws));
    for other in [&mut second, &mut third] {
        if draws.next() < 0.5 {
            other.chip.clone_from(&first.chip);
        }
    }
    let split = match kind {
        0 => Split::Colocated { pool: first },
        1 => Split::PrefillDecode { prefill: first, decode: second },
        2 => Split::AttentionFfn { attention: first, ffn: second },
        3 => Split::DraftVerify { draft: first, verify: second },
        4 => Split::PrefillAttentionFfn { prefill: first, attention: second, ffn: third },
        _ => Split::PrefillDraftVerify { prefill: first, draft: second, verify: third },
    };
    let spec = matches!(kind, 3 | 5).then(|| Speculation {
        drafter: Drafter::Model("llama3.2-1b".to_owned()),
        tokens: draws.of(&[2, 4]),
        acceptance: Acceptance::PerToken(0.7),
    });
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
        model: draws.of(&models).to_owned(),
        workload: Workload {
            isl: Tokens::new(isl),
            osl: Tokens::new(osl),
            spread: draws.of(&[1.0, 0.5]),
            hit: draws.of(&[0.0, 0.0, 0.6]),
        },
        load,
        engine: draws.of(&Engine::ALL),
        split,
        slo,
        spec,
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
        several => {
            let mut all = vec![several.clone()];
            for (index, (_, pool)) in several.pools().into_iter().enumerate() {
                let options = with(pool);
                let next = |split: &Split| -> Vec<Split> {
                    let take = |own: &Pool| {
                        let mut split = split.clone();
                        split.pools_mut()[index].clone_from(own);
                        split
                    };
                    options.iter().map(take).collect()
                };
                all = all.iter().flat_map(next).collect();
            }
            all
        }
    }
}

/// Whether the load is carried and the service level kept, and what counts then.
type Worth = ((bool, bool), f64);

/// What a deployment is worth under its load.
fn worth(scenario: &Scenario, own: &Evaluation) -> Worth {
    let steady = &own.steady;
    let carries = steady.saturation.is_none();
    let slo = &scenario.slo;
    let keeps = slo.ttft.is_none_or(|limit| steady.ttft_of(limit.percentile) <= limit.at)
        && slo.tpot.is_none_or(|limit| steady.tpot_of(limit.percentile) <= limit.at);
    let open = matches!(scenario.load, Load::Open { .. });
    let value = if open && carries { 1.0 / steady.tpot.get() } else { steady.throughput().get() };
    ((carries, carries && keeps), value)
}

/// A better layout of the grid than the chosen one, if there is any: of a better kind, or by more than this share.
fn beaten(base: &Scenario, share: f64) -> Option<Result<(), String>> {
    let chosen = evaluate(base);
    let own = chosen.as_ref().ok().map(|own| worth(base, own));
    let mut worst: Option<(Worth, String)> = None;
    let mut any = false;
    for split in stated(base) {
        let other = Scenario { split, ..base.clone() };
        let Ok(evaluation) = evaluate(&other) else { continue };
        any = true;
        let found = worth(&other, &evaluation);
        let better =
            own.is_none_or(|own| found.0 > own.0 || found.0 == own.0 && found.1 > own.1 * (1.0 + share));
        if better && worst.as_ref().is_none_or(|(own, _)| found > *own) {
            worst = Some((found, format!("{} with {}", write(&other, &[]), told(&evaluation))));
        }
    }
    let chosen = chosen.map_or_else(|refusal| refusal.to_string(), |own| told(&own));
    any.then(|| worst.map_or(Ok(()), |(_, better)| Err(format!("{better}\n  beats {chosen}"))))
}

fn told(evaluation: &Evaluation) -> String {
    let Evaluation { steady, .. } = evaluation;
    let layouts: Vec<String> = steady.pools.iter().map(|own| write_layout(&own.layout)).collect();
    let (ttft, tpot) = (steady.ttft.get(), steady.tpot.get());
    let saturated = if steady.saturation.is_some() { ", saturated" } else { "" };
    format!("{layouts:?}: TTFT {ttft:.4} s, TPOT {tpot:.5} s, {:.4} req/s{saturated}", steady.rate.get())
}

/// How many scenarios to try, and where to begin: the same in each run, as a search that is beaten in one of some hundred
/// scenarios would else fail by the day; `LAYOUTS_SEED` and `LAYOUTS_TRIED` ask for others.
fn tries(few: usize) -> (usize, u64) {
    let asked = |name: &str| std::env::var(name).ok().and_then(|own| own.parse::<u64>().ok());
    (asked("LAYOUTS_TRIED").map_or(few, |own| own as usize), asked("LAYOUTS_SEED").unwrap_or(SEED))
}

/// Tries so many scenarios that can be served at all, of which none may fail.
fn none_fails(few: usize, kind: usize, test: impl Fn(&Scenario) -> Option<Result<(), String>>) {
    let (tried, seed) = tries(few);
    let mut draws = Draws(SplitMix(seed));
    let mut failed = Vec::new();
    let mut done = 0;
    while done < tried {
        let base = drawn(&mut draws, kind);
        let Some(result) = test(&base) else { continue };
        done += 1;
        if let Err(what) = result {
            failed.push(format!("{}\n  {what}", write(&base, &[])));
        }
    }
    assert!(failed.is_empty(), "LAYOUTS_SEED={seed}: {} of {done}:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn nobody_beats_the_layout_of_one_pool_by_hand() {
    none_fails(40, 0, |base| beaten(base, 0.03));
}

#[test]
fn nobody_beats_the_layouts_of_two_pools_by_hand() {
    none_fails(12, 1, |base| beaten(base, 0.03));
}

#[test]
fn nobody_beats_the_layouts_of_attention_and_experts_by_hand() {
    none_fails(3, 2, |base| beaten(base, 0.03));
}

#[test]
fn nobody_beats_the_layouts_of_drafter_and_verifier_by_hand() {
    none_fails(3, 3, |base| beaten(base, 0.03));
}

#[test]
fn nobody_beats_the_layouts_of_three_pools_by_hand() {
    for kind in [4, 5] {
        none_fails(3, kind, |base| beaten(base, 0.03));
    }
}

/// Whether the chosen layouts serve nearly as much when load or prompts grow by a fiftieth. A service level may well be kept by
/// other layouts there, and what only just holds a few sequences may hold one less.
fn steady(base: &Scenario) -> Option<Result<(), String>> {
    let base = &Scenario { slo: Slo::default(), ..base.clone() };
    let own = evaluate(base).ok()?;
    let few = own.steady.pools.iter().any(|pool| pool.memory.sequences < 40.0 * f64::from(pool.layout.dp));
    if few {
        return None;
    }
    let mut more = base.clone();
    match &mut more.load {
        Load::Closed { concurrency } => *concurrency *= 1.02,
        Load::Open { rate, .. } => *rate = RequestsPerSecond::new(rate.get() * 1.02),
    }
    let workload = Workload { isl: base.workload.isl * 1.02, ..base.workload };
    let longer = Scenario { workload, ..base.clone() };
    for (what, next) in [("load", more), ("prompts", longer)] {
        let Ok(next) = evaluate(&next) else { continue };
        let ratio = next.steady.throughput() / own.steady.throughput();
        if !(1.0 / 1.05..=1.05).contains(&ratio) {
            return Some(Err(format!(
                "2 % more {what}: {ratio:.3} as much\n  {}\n  {}",
                told(&own),
                told(&next)
            )));
        }
        let cost = |own: &Evaluation| Metric::CostTotal.read(own).ok().map(|own| own.value);
        if let (Some(before), Some(after)) = (cost(&own), cost(&next))
            && !(1.0 / 1.05..=1.05).contains(&(after / before))
        {
            return Some(Err(format!("2 % more {what}: {before} $/Mtok become {after}")));
        }
    }
    Some(Ok(()))
}

#[test]
fn there_is_no_cliff_over_load_or_length() {
    for kind in 0..2 {
        none_fails(150, kind, steady);
    }
}

#[test]
fn no_layout_of_the_grid_lies_ahead_of_the_frontier() {
    none_fails(3, 1, |base| {
        if base.split.chips() > 16 {
            return None;
        }
        let found: Vec<(f64, f64)> = frontier(base)
            .points
            .iter()
            .filter(|own| own.on_frontier)
            .map(|own| (own.interactivity.get(), own.per_chip.get()))
            .collect();
        let mut worst = (1.0, String::new());
        let mut any = false;
        for split in stated(base) {
            for doubling in 0..11 {
                let load = Load::Closed { concurrency: f64::from(1_u32 << doubling) };
                let own = Scenario { split: split.clone(), load, ..base.clone() };
                let Ok(evaluation) = evaluate(&own) else { break };
                let slo = base.slo.ttft;
                let steady = &evaluation.steady;
                if slo.is_some_and(|limit| steady.ttft_of(limit.percentile) > limit.at) {
                    continue;
                }
                any = true;
                let (x, y) = (steady.interactivity().get(), steady.throughput_per_chip().get());
                let reach = found.iter().map(|own| (own.0 / x).min(own.1 / y)).fold(0.0, f64::max);
                if reach < worst.0 {
                    worst =
                        (reach, format!("{} is met to {reach:.3}: {}", write(&own, &[]), told(&evaluation)));
                }
            }
        }
        any.then_some(if worst.0 > 0.97 { Ok(()) } else { Err(worst.1) })
    });
}

/// What a link evaluates to.
fn evaluated(link: &str) -> Evaluation {
    evaluate(&parse(link).scenario).unwrap()
}

#[test]
fn a_light_load_takes_the_widest_replica() {
    let own = evaluated("v1&model=llama3-70b&isl=1k&osl=1k&rate=0.1&pool=h200*8");
    assert_eq!(own.steady.pools[0].layout.tp, 8, "{}", told(&own));
}

#[test]
fn a_heavy_load_is_carried_by_experts_over_all_chips() {
    let own = evaluated("v1&model=deepseek-v3&rate=40&prefill=h200*96&decode=h200*64");
    assert!(own.steady.saturation.is_none(), "{}", told(&own));
    let Layout { tp, dp, ep, .. } = own.steady.pools[1].layout;
    assert!(tp * dp >= 32 && ep >= 32, "{}", told(&own));
}

#[test]
fn more_users_do_not_make_a_pool_serve_less() {
    let mut before = 0.0;
    for users in (100..=1000).step_by(30) {
        let own = evaluated(&format!("v1&model=qwen3-235b-a22b&concurrency={users}&pool=h200*8"));
        let served = own.steady.throughput().get();
        assert!(served > 0.97 * before, "{users}: {served} after {before}: {}", told(&own));
        before = served;
    }
}

#[test]
fn cards_without_a_domain_take_tensor_parallelism() {
    for chip in ["l40s", "l4", "rtx-pro-6000", "rubin-cpx"] {
        let own = evaluated(&format!("v1&model=qwen3-32b&rate=0.02&isl=4k&osl=256&pool={chip}*4"));
        assert!(own.steady.pools[0].layout.tp > 1, "{chip}: {}", told(&own));
    }
}

#[test]
fn a_layer_is_read_by_no_more_chips_than_can() {
    let refused = evaluate(&parse("v1&model=llama3-8b&pool=wse3*8:tp8").scenario);
    assert!(refused.is_err_and(|own| own.to_string().contains("tp8")));
    assert!(evaluate(&parse("v1&model=llama3-8b&pool=wse3*8:tp1:pp8").scenario).is_ok());
}

#[test]
fn a_closed_loop_that_one_chip_serves_has_the_users_that_it_has() {
    // Throughput fell to a third and back for each few tokens more of the prompt.
    for isl in [16_900, 16_950, 17_000, 17_238] {
        let own = evaluated(&format!(
            "v1&model=gpt-oss-120b&isl={isl}&osl=8&spread=0.5&concurrency=14&pool=b200*1&ttft=none&tpot=none"
        ));
        let rate = own.steady.rate.get();
        assert!((6.0..8.0).contains(&rate), "{isl}: {rate} req/s: {}", told(&own));
    }
}
