//! Measured runs near a scenario, and those that lie on a curve through it.
//!
//! # Distance
//!
//! Points for what is of another kind, plus the length of the vector of natural logarithms of how many times longer,
//! busier or wider the run is. A run of another model and on other chips altogether is no neighbour.
//!
//! | differs | counts |
//! |---|---|
//! | model | 10 |
//! | chip of the prefill side, chip of the decode side | 5 each |
//! | split into pools or not | 2 |
//! | engine | 2 |
//! | format of weights or experts | 1 |
//! | mean input length, mean output length, users per chip, tensor parallel ranks of decode | ln of the ratio |
//!
//! An open load has no users and an automatic layout no ranks; then the term is left out.
//!
//! # On a curve
//!
//! A run lies on a curve when it is what the curve's model describes but for noise: the same model, chips, chip counts,
//! engine and formats, the same layout where the scenario gives one, no prefix cache, and of input length, output length
//! and users all but the swept one within a tenth.

use crate::catalog::Model;
use crate::pass::Numerics;
use crate::scenario::{DecodeHalf, Load, Pool, PoolLink, Scenario, Split};
use crate::units::order;
use crate::units::{RequestsPerSecond, Seconds, TokensPerSecond};

use super::rows;

/// The models that the file of measured runs has runs of.
pub const MEASURED_MODELS: [&str; 10] = [
    "deepseek-v3",
    "glm-5",
    "gpt-oss-120b",
    "kimi-k2",
    "llama3-70b",
    "llama3-8b",
    "minimax-m2",
    "qwen3-235b-a22b",
    "qwen3-32b",
    "qwen3.5-397b-a17b",
];

/// Two figures are alike when the smaller is at least this share of the larger.
const ALIKE: f64 = 0.9;

/// Measured runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    /// The runs, in the order of the file.
    pub runs: Vec<Run>,
    /// Rows that could not be read.
    pub skipped: usize,
}

/// A measured run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Row name.
    pub id: String,
    /// What was served, on what, to how many users.
    pub scenario: Scenario,
    /// Mean time to first token.
    pub ttft: Seconds,
    /// Mean time per output token.
    pub tpot: Seconds,
    /// Day of the run.
    pub date: String,
    /// Whose run it is.
    pub source: String,
}

/// A run and how far it is from what was asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour<'a> {
    /// The run.
    pub run: &'a Run,
    /// The distance.
    pub distance: f64,
}

/// A run on a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnCurve<'a> {
    /// The run.
    pub run: &'a Run,
    /// The value of the swept knob at which the scenario equals the run.
    pub x: f64,
}

/// What a curve varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swept {
    /// Input length.
    Isl,
    /// Output length.
    Osl,
    /// Users.
    Users,
}

impl Library {
    /// Reads the text of a measurement file that quotes nothing. Rows that cannot be read, or lack one of the times, are
    /// counted and left out.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut library = Self::default();
        for row in rows::plain(text) {
            let run = row.and_then(|(row, date, source)| {
                Some(Run {
                    ttft: Seconds::millis(row.ttft_ms?),
                    tpot: Seconds::millis(row.tpot_ms?),
                    id: row.id,
                    scenario: row.scenario,
                    date: date.to_owned(),
                    source: source.to_owned(),
                })
            });
            match run {
                Some(run) => library.runs.push(run),
                None => library.skipped += 1,
            }
        }
        library
    }

    /// The runs nearest to a scenario, at most so many, nearest first.
    #[must_use]
    pub fn nearest(&self, scenario: &Scenario, count: usize) -> Vec<Neighbour<'_>> {
        if unmeasured(scenario) {
            return Vec::new();
        }
        let model = scenario.model().ok();
        let mut near: Vec<Neighbour<'_>> = self
            .runs
            .iter()
            .filter_map(|run| Some(Neighbour { run, distance: distance(scenario, model.as_deref(), run)? }))
            .collect();
        order::sort_by(&mut near, |a, b| a.distance.total_cmp(&b.distance));
        near.truncate(count);
        near
    }

    /// The runs on the curve of a scenario over a knob, in order of the knob.
    #[must_use]
    pub fn on_curve(&self, scenario: &Scenario, swept: Swept) -> Vec<OnCurve<'_>> {
        let Ok(model) = scenario.model() else { return Vec::new() };
        if scenario.workload.hit > 0.0 || scenario.link != PoolLink::Auto || unmeasured(scenario) {
            return Vec::new();
        }
        let mut found: Vec<OnCurve<'_>> = self
            .runs
            .iter()
            .filter(|run| same_setup(scenario, &model, &run.scenario))
            .filter_map(|run| Some(OnCurve { run, x: place(scenario, &run.scenario, swept)? }))
            .collect();
        order::sort_by(&mut found, |a, b| a.x.total_cmp(&b.x));
        found
    }
}

impl Run {
    /// Mean time to the last token, as the model counts it.
    #[must_use]
    pub fn e2e(&self) -> Seconds {
        let after_first = (self.scenario.workload.mean_osl().get() - 1.0).max(0.0);
        self.ttft + self.tpot * after_first
    }

    /// Output tokens per second: in a closed loop, a request per user and end-to-end time.
    #[must_use]
    pub fn throughput(&self) -> TokensPerSecond {
        let rate = RequestsPerSecond::new(users(&self.scenario).unwrap_or(0.0) / self.e2e().get());
        TokensPerSecond::new(rate.get() * self.scenario.workload.mean_osl().get())
    }

    /// Output tokens per second and chip.
    #[must_use]
    pub fn throughput_per_chip(&self) -> TokensPerSecond {
        self.throughput() / f64::from(self.scenario.split.chips().max(1))
    }
}

fn distance(scenario: &Scenario, model: Option<&Model>, run: &Run) -> Option<f64> {
    let (here, there) = (sides(&scenario.split), sides(&run.scenario.split));
    let chips = here.iter().zip(&there).filter(|(a, b)| a.chip == b.chip).count();
    let same_model = scenario.model == run.scenario.model;
    if !same_model && chips == 0 {
        return None;
    }
    let formats = |own: &Scenario| {
        model.map(|model| {
            let numerics = Numerics::resolve(model, own.formats);
            (numerics.weights(model), numerics.experts)
        })
    };
    let differs = |differs: bool, points: f64| if differs { points } else { 0.0 };
    let kinds = differs(!same_model, 10.0)
        + 5.0 * (2.0 - chips as f64)
        + differs(pooled(&scenario.split) != pooled(&run.scenario.split), 2.0)
        + differs(scenario.engine != run.scenario.engine, 2.0)
        + differs(formats(scenario) != formats(&run.scenario), 1.0);
    let per_chip = |own: &Scenario| Some(users(own)? / f64::from(own.split.chips().max(1)));
    let ranks = |[_, decode]: [&Pool; 2]| decode.layout.map(|layout| f64::from(layout.tp));
    let (asked, own) = (&scenario.workload, &run.scenario.workload);
    let square = [
        (Some(asked.mean_isl().get()), Some(own.mean_isl().get())),
        (Some(asked.mean_osl().get()), Some(own.mean_osl().get())),
        (per_chip(scenario), per_chip(&run.scenario)),
        (ranks(here), ranks(there)),
    ]
    .into_iter()
    .filter_map(|(a, b)| a.zip(b))
    .map(|(a, b)| libm::log(b / a))
    .map(|log| log * log)
    .sum::<f64>();
    let distance = kinds + square.sqrt();
    distance.is_finite().then_some(distance)
}

fn same_setup(scenario: &Scenario, model: &Model, run: &Scenario) -> bool {
    let experts = model.has_moe();
    let same_layout = |asked: &Pool, own: &Pool| match (asked.layout, own.layout) {
        (Some(a), Some(b)) => {
            (a.tp, a.pp, a.dp, a.pcp, a.dcp) == (b.tp, b.pp, b.dp, b.pcp, b.dcp)
                && (!experts || (a.etp, a.ep) == (b.etp, b.ep))
        }
        (None, _) => true,
        (Some(_), None) => false,
    };
    scenario.model == run.model
        && scenario.engine == run.engine
        && pooled(&scenario.split) == pooled(&run.split)
        && sides(&scenario.split)
            .into_iter()
            .zip(sides(&run.split))
            .all(|(asked, own)| asked.chip == own.chip && asked.chips == own.chips && same_layout(asked, own))
        && {
            let (asked, own) =
                (Numerics::resolve(model, scenario.formats), Numerics::resolve(model, run.formats));
            (asked.weights(model), asked.kv) == (own.weights(model), own.kv)
                && (!experts || asked.experts == own.experts)
        }
}

/// Where along the swept knob the scenario equals the run; `None` if another knob stands elsewhere.
fn place(scenario: &Scenario, run: &Scenario, swept: Swept) -> Option<f64> {
    let (asked, own) = (&scenario.workload, &run.workload);
    let users_there = users(run)?;
    let users_here = users(scenario)?;
    let alike = |a: f64, b: f64| a.min(b) >= ALIKE * a.max(b) * (1.0 - 1e-9);
    let fits = (swept == Swept::Isl || alike(asked.mean_isl().get(), own.mean_isl().get()))
        && (swept == Swept::Osl || alike(asked.mean_osl().get(), own.mean_osl().get()))
        && (swept == Swept::Users || alike(users_here, users_there));
    // Lengths are nominal on the curve; what is compared are their means.
    let x = match swept {
        Swept::Isl => own.mean_isl().get() / asked.mean_share(),
        Swept::Osl => own.mean_osl().get() / asked.mean_share(),
        Swept::Users => users_there,
    };
    (fits && x.is_finite()).then_some(x)
}

/// The pools that prefill and that decode; one pool does both. Of a split that nobody measured, the pool that holds the
/// cache stands for decode.
const fn sides(split: &Split) -> [&Pool; 2] {
    let decode = match split.decode_half() {
        DecodeHalf::Whole(pool)
        | DecodeHalf::AttentionFfn { attention: pool, .. }
        | DecodeHalf::DraftVerify { verify: pool, .. } => pool,
    };
    match split.prefill() {
        Some(prefill) => [prefill, decode],
        None => [decode, decode],
    }
}

/// Whether the deployment is of a kind that no run in the library is.
fn unmeasured(scenario: &Scenario) -> bool {
    let half = scenario.split.decode_half();
    !matches!(half, DecodeHalf::Whole(_)) || scenario.spec.as_ref().is_some_and(|own| own.tokens > 0)
}

const fn pooled(split: &Split) -> bool {
    matches!(split, Split::PrefillDecode { .. })
}

const fn users(scenario: &Scenario) -> Option<f64> {
    match scenario.load {
        Load::Closed { concurrency } => Some(concurrency),
        Load::Open { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Engine, NumberFormat};
    use crate::scenario::{Formats, Workload, notation};
    use crate::units::Tokens;

    const FILE: &str = "\
# A comment.
id,model,engine,weights,experts,isl,osl,length_spread,concurrency,pool,prefill,decode,ttft_ms,tpot_ms,measured,source
a,llama3-70b,vllm,fp8,fp8,8192,1024,0.8,64,h200*8:tp8:etp8,,,1141.1,29.17,2025-10-29,Somebody's run
b,llama3-70b,vllm,fp8,fp8,8192,1024,0.8,4,h200*8:tp8:etp8,,,303.23,8.762,2025-10-29,Somebody's run
c,llama3-70b,vllm,fp8,fp8,8192,1024,0.8,64,h200*4:tp4:etp4,,,1817.5,46.11,2025-10-29,Somebody's run
d,llama3-70b,vllm,fp8,fp8,8192,1024,0.8,64,h100-sxm*8:tp8:etp8,,,1150.3,34.48,2025-10-29,Somebody's run
e,gpt-oss-120b,vllm,mxfp4,mxfp4,8192,1024,0.8,64,h200*8:tp8:etp8,,,500,10,2025-10-29,Somebody's run
f,llama3-70b,vllm,fp8,fp8,1024,1024,0.8,64,h200*8:tp8:etp8,,,200,14,2025-10-29,Somebody's run
g,gpt-oss-120b,vllm,mxfp4,mxfp4,8192,1024,0.8,64,b200*8:tp8:etp8,,,500,10,2025-10-29,Somebody's run
h,llama3-70b,vllm,fp8,fp8,8192,1024,0.8,many,h200*8:tp8:etp8,,,500,10,2025-10-29,Somebody's run
i,llama3-70b,trtllm,fp8,fp8,8192,1024,0.8,64,h200*8:tp8:etp8,,,900,25,2025-10-29,Somebody's run
j,llama3-70b,vllm,bf16,bf16,8192,1024,0.8,64,h200*8:tp8:etp8,,,1300,35,2025-10-29,Somebody's run
k,llama3-70b,vllm,fp8,fp8,8192,1024,0.8,64,,h200*4:tp4,h200*4:tp4,900,30,2025-10-29,Somebody's run
l,llama3-70b,vllm,fp8,fp8,8192,1024,0.8,64,h200*8:tp8:etp8,,,,30,2025-10-29,Somebody's run
";

    fn asked(pool: &str) -> Scenario {
        Scenario {
            model: "llama3-70b".to_owned(),
            formats: Formats { weights: Some(NumberFormat::Fp8), experts: None, kv: None },
            workload: Workload { isl: Tokens::new(8192.0), osl: Tokens::new(1024.0), spread: 0.8, hit: 0.0 },
            load: Load::Closed { concurrency: 64.0 },
            engine: Engine::Vllm,
            split: Split::Colocated { pool: notation::parse(pool).expect("a pool") },
            ..Scenario::default()
        }
    }

    fn ids(found: &[OnCurve<'_>]) -> Vec<(String, f64)> {
        found.iter().map(|own| (own.run.id.clone(), own.x)).collect()
    }

    #[test]
    fn rows_that_cannot_be_read_are_counted() {
        let library = Library::read(FILE);
        assert_eq!((library.runs.len(), library.skipped), (10, 2));
        assert_eq!(library.runs.first().map(|run| run.ttft), Some(Seconds::millis(1141.1)));
        for text in ["", "# nothing", "id,model", "id\n,,,\n\"", "\u{feff}"] {
            assert!(Library::read(text).runs.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn distances_are_as_computed_by_hand() {
        let library = Library::read(FILE);
        let near = library.nearest(&asked("h200*8:tp8"), 99);
        let distance = |id: &str| near.iter().find(|own| own.run.id == id).map(|own| own.distance);
        let is = |id: &str, wanted: f64| {
            let found = distance(id).expect("a neighbour");
            assert!((found - wanted).abs() < 1e-6, "{id}: {found} instead of {wanted}");
        };
        is("a", 0.0);
        // 16 times fewer users.
        is("b", 2.7725887);
        // Twice the users per chip, half the ranks: ln 2 · √2.
        is("c", 0.9802581);
        is("d", 10.0);
        // Its own formats count in its own model only; in llama3-70b mxfp4 is another format.
        is("e", 11.0);
        // An eighth of the input.
        is("f", 2.0794415);
        is("i", 2.0);
        is("j", 1.0);
        // Split in two of half the ranks.
        is("k", 2.6931472);
        assert_eq!(distance("g"), None, "neither model nor chip in common");
        let order: Vec<&str> = near.iter().map(|own| own.run.id.as_str()).collect();
        assert_eq!(order, ["a", "c", "j", "i", "f", "k", "b", "d", "e"]);
        assert_eq!(library.nearest(&asked("h200*8:tp8"), 3).len(), 3);
    }

    #[test]
    fn a_curve_has_the_runs_that_differ_in_its_knob_alone() {
        let library = Library::read(FILE);
        let own = |id: &str, x: f64| (id.to_owned(), x);
        let scenario = asked("h200*8:tp8");
        assert_eq!(ids(&library.on_curve(&scenario, Swept::Users)), [own("b", 4.0), own("a", 64.0)]);
        assert_eq!(ids(&library.on_curve(&scenario, Swept::Isl)), [own("f", 1024.0), own("a", 8192.0)]);
        assert_eq!(ids(&library.on_curve(&scenario, Swept::Osl)), [own("a", 1024.0)]);
        assert_eq!(ids(&library.on_curve(&asked("h200*8"), Swept::Osl)), [own("a", 1024.0)]);
        for other in ["h200*8:tp4", "h200*16:tp8", "h100-sxm*4:tp4", "b200*8:tp8"] {
            assert!(library.on_curve(&asked(other), Swept::Users).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_tenth_is_near_enough_and_more_is_not() {
        let library = Library::read(FILE);
        let mut scenario = asked("h200*8:tp8");
        // Exact lengths are a ninth longer on average; the run stands where its mean is.
        scenario.workload.spread = 1.0;
        let found = ids(&library.on_curve(&scenario, Swept::Isl));
        assert_eq!(found.len(), 2);
        assert!(found.last().is_some_and(|(_, x)| (x - 7372.8).abs() < 1e-6), "{found:?}");
        scenario.workload.osl = Tokens::new(1040.0);
        assert!(library.on_curve(&scenario, Swept::Isl).is_empty());
        scenario = asked("h200*8:tp8");
        scenario.load = Load::Closed { concurrency: 72.0 };
        assert!(library.on_curve(&scenario, Swept::Isl).is_empty());
        scenario = asked("h200*8:tp8");
        scenario.workload.hit = 0.5;
        assert!(library.on_curve(&scenario, Swept::Users).is_empty());
    }

    #[test]
    fn throughput_counts_mean_lengths() {
        let library = Library::read(FILE);
        let run = library.runs.first().expect("a run");
        // 921.6 tokens: 1.1411 s + 920.6 · 29.17 ms = 27.995 s, in which 64 users get them.
        assert!((run.e2e().get() - 27.995002).abs() < 1e-6);
        assert!((run.throughput_per_chip().get() - 64.0 * 921.6 / 27.995002 / 8.0).abs() < 1e-3);
    }

    #[test]
    fn the_page_brings_readable_runs_along() {
        let text = include_str!("../../public/measured.csv");
        let library = Library::read(text);
        assert_eq!(library.skipped, 0);
        // The reader of any CSV finds the same rows.
        let rows = rows::read(text).expect("a header");
        let found: Vec<_> =
            rows.into_iter().filter_map(Result::ok).map(|row| (row.id, row.scenario)).collect();
        let own: Vec<_> = library.runs.into_iter().map(|run| (run.id, run.scenario)).collect();
        assert_eq!(own, found);
        assert!(own.len() > 1000);
        let models: std::collections::BTreeSet<&str> = own.iter().map(|own| own.1.model.as_str()).collect();
        assert_eq!(models.into_iter().collect::<Vec<_>>(), MEASURED_MODELS);
    }
}
