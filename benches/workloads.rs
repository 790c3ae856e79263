//! What is measured, natively (`benches/speed.rs`) and in a browser (`crates/worker/src/bench.rs`): one list, so that the ratio
//! of the two is one of equal work. `cargo xtask bench` runs both and prints the table.

use tandem::evaluate::evaluate;
use tandem::explore::{Axis, Knob, MapSearch, Search, pin, sweep};
use tandem::machine::constants;
use tandem::metric::Metric;
use tandem::replay::{Asked, Replay};
use tandem::scenario::traffic::Horizon;
use tandem::scenario::{Scenario, link};
use tandem::serve::{Deployment, Models};

/// A piece of work that can be done again and again.
pub struct Workload {
    /// Identifier.
    pub id: &'static str,
    /// Too long for a browser.
    pub native_only: bool,
    /// Prepares the work, so that reading a link is not measured.
    pub prepare: fn() -> Box<dyn Fn() -> Done>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Done {
    /// How many evaluations, points or events it was.
    pub count: u64,
    /// Output tokens of a replay.
    pub tokens: u64,
    /// A number that depends on the results, so that no compiler leaves them out, and by which two machines compare.
    pub sum: f64,
}

/// Everything that is measured.
pub const ALL: [Workload; 12] = [
    // Evaluation, prefill and decode apart.
    one("evaluate", || evaluation("v1&prefill=h100-sxm*8:tp2&decode=h200*8:tp8")),
    // Evaluation, experts on one pool.
    one("evaluate-moe", || evaluation("v1&model=deepseek-v3&pool=h200*16:tp8:etp8")),
    // Evaluation, open loop.
    one("evaluate-open", || evaluation("v1&model=llama3-8b&rate=4&pool=h100-sxm*1:tp1")),
    // Evaluation, SRAM pipeline.
    one("evaluate-sram", || {
        evaluation("v1&model=llama3-70b&concurrency=4&isl=1k&osl=256&pool=groq-lpu1*576")
    }),
    // Evaluation, layouts left to the tool.
    one("evaluate-layouts", || evaluation("v1")),
    // Curve of 200 points.
    one("sweep", || {
        let scenario = pin(&read("v1"));
        let values: Vec<f64> = (0..200).map(|at| libm::exp2(7.0 + 10.0 * f64::from(at) / 199.0)).collect();
        Box::new(move || {
            let curve = sweep(&scenario, Knob::Isl, &values);
            let found = curve.iter().filter_map(|own| own.result.as_ref().ok());
            done(curve.len() as u64, 0, found.map(|own| own.steady.ttft.get()).sum())
        })
    }),
    // Frontier of 64 chips of two kinds.
    one("frontier", || frontier("v1&prefill=h100-sxm*32&decode=h200*32")),
    // The same for a mixture of experts.
    one("frontier-moe", || frontier("v1&model=deepseek-v3&prefill=h200*32&decode=b200*32")),
    // Break-even map of 64 by 64.
    one("map", || {
        let contenders = ["v1&prefill=h100-sxm*8:tp4&decode=h200*8:tp4", "v1&pool=b200*8:tp2"].map(read);
        Box::new(move || {
            let axes = (Axis::Knob(Knob::Isl), Axis::Knob(Knob::Load));
            let mut map = MapSearch::new(&contenders, Metric::CostTotal, axes, 64);
            while !map.step(64) {}
            let best = map.cells().iter().flatten().map(|own| own.winner.map_or(0.0, |at| at as f64));
            done(map.evaluated() as u64, 0, best.sum())
        })
    }),
    // Replayed hour of chat, one replica.
    one("replay", || replay("v1&model=llama3-8b&isl=1k&osl=211&rate=4&pool=h100-sxm*1:tp1", 14_400)),
    // The same with prefill and decode apart.
    one("replay-pd", || replay("v1&isl=1k&osl=211&rate=4", 14_400)),
    Workload {
        native_only: true,
        // A million requests on a hundred replicas.
        ..one("replay-million", || {
            replay("v1&model=llama3-8b&isl=1k&osl=211&rate=400&pool=h100-sxm*100:tp1", 1_000_000)
        })
    },
];

const fn one(id: &'static str, prepare: fn() -> Box<dyn Fn() -> Done>) -> Workload {
    Workload { id, native_only: false, prepare }
}

fn done(count: u64, tokens: u64, sum: f64) -> Done {
    Done { count, tokens, sum }
}

fn read(text: &str) -> Scenario {
    link::parse(text).scenario
}

fn evaluation(text: &str) -> Box<dyn Fn() -> Done> {
    let scenario = read(text);
    Box::new(move || done(1, 0, evaluate(&scenario).map_or(f64::NAN, |own| own.steady.tpot.get())))
}

fn frontier(text: &str) -> Box<dyn Fn() -> Done> {
    let scenario = read(text);
    Box::new(move || {
        let mut search = Search::new(&scenario, Metric::ThroughputPerChip);
        while !search.step(64) {}
        let found = search.answer().points;
        done(found.len() as u64, 0, found.iter().map(|own| own.interactivity.get()).sum())
    })
}

fn replay(text: &str, requests: u32) -> Box<dyn Fn() -> Done> {
    let mut scenario = read(text);
    scenario.traffic.horizon = Some(Horizon::Requests { count: requests });
    Box::new(move || {
        let Ok(models) = Models::of(&scenario) else { return done(0, 0, f64::NAN) };
        let Ok(deployment) = Deployment::new(&scenario, constants(), &models) else {
            return done(0, 0, f64::NAN);
        };
        let progress = Replay::start(&deployment, &Asked::Scenario).run(u64::MAX);
        done(progress.events, progress.tokens, progress.now.get())
    })
}
