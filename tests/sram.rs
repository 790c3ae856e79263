//! Machines that stream weights through stages: capacity decides the number of chips, a floor per layer the speed, filling
//! the pipeline the throughput. Each formula is checked against a computation by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use tandem::catalog::model::Ffn;
use tandem::catalog::{self, ComputeType, Model, NumberFormat};
use tandem::evaluate::evaluate;
use tandem::evidence::EvidenceClass;
use tandem::machine::constants;
use tandem::pass::{Numerics, OpKind, Pipeline};
use tandem::scenario::{Formats, Layout, Scenario, link};
use tandem::serve::{Binding, MemoryKind, Refusal, Steady, Warning};
use tandem::units::Tokens;

const MACHINES: [&str; 7] = ["groq-lpu1", "groq3-lp30", "wse3", "cs4-wafer", "corsair", "sn40l", "sn50"];

fn model(id: &str) -> &'static Model {
    catalog::model(id).unwrap()
}

fn scenario(text: &str) -> Scenario {
    let parsed = link::parse(&format!("v1&{text}"));
    assert_eq!(parsed.notices, [], "{text}");
    parsed.scenario
}

fn serve(text: &str) -> Steady {
    evaluate(&scenario(text)).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).steady
}

fn pipeline(model_id: &str, chip: &str, format: NumberFormat, tp: u32, pp: u32) -> Pipeline<'static> {
    let formats = Formats { weights: Some(format), ..Formats::default() };
    let numerics = Numerics::resolve(model(model_id), formats);
    let layout = Layout { tp, pp, etp: tp, ..Layout::SINGLE };
    Pipeline::new(constants(), model(model_id), catalog::chip(chip).unwrap(), numerics, layout).unwrap()
}

/// Llama 70B in 8-bit integers on 576 Groq chips, one user, no cache to speak of. By hand: 69.5 G weights beside the
/// embedding (69.5 GB) at 80 TB/s a stage are 0.87 ms, 80 layers of 36 µs are 2.88 ms: 3.75 ms.
#[test]
fn a_token_passes_one_stage_after_another() {
    let own = pipeline("llama3-70b", "groq-lpu1", NumberFormat::Int8, 1, 576);
    let time = own.token_time(1.0, Tokens::new(1.0)).as_millis();
    assert!((time / 3.75 - 1.0).abs() < 0.01, "{time} ms");
}

/// A wafer pays for its layers, its hops and each token, not for the width of the model: 280 µs, 80 layers of 3.8 µs and 3
/// hops of 5 µs are 0.599 ms, the reads of 139 GB at 21 PB/s 7 µs, the arithmetic of 139 GFLOP at 40 % of 15.6 PFLOPS 22 µs.
#[test]
fn a_wafer_pays_for_layers_and_hops() {
    let own = pipeline("llama3-70b", "wse3", NumberFormat::Bf16, 1, 4);
    let time = own.token_time(1.0, Tokens::new(1.0)).as_millis();
    assert!((time / 0.621 - 1.0).abs() < 0.01, "{time} ms");
    // Wafers beyond those that the weights need add no hop.
    let more = pipeline("llama3-70b", "wse3", NumberFormat::Bf16, 1, 40);
    assert!((more.token_time(1.0, Tokens::new(1.0)).as_millis() / time - 1.0).abs() < 1e-9);
}

/// Llama 8B on 16 sockets of SambaNova: 15.0 GB over 16 · 2 TB/s · 75 % are 0.626 ms, 32 layers of 7.4 µs 0.237 ms.
#[test]
fn a_dataflow_machine_reads_each_layer_on_all_chips_together() {
    let own = pipeline("llama3-8b", "sn40l", NumberFormat::Bf16, 16, 1);
    let time = own.token_time(1.0, Tokens::new(1.0)).as_millis();
    assert!((time / 0.863 - 1.0).abs() < 0.01, "{time} ms");
    let steady = serve("model=llama3-8b&weights=bf16&isl=1k&osl=256&concurrency=1&pool=sn40l*16");
    assert_eq!(steady.pools[0].layout.tp, 16);
    assert_eq!(steady.pools[0].memory.kind, MemoryKind::Main);
    // More chips than read a layer together serve more copies.
    let two = serve("model=llama3-8b&weights=bf16&isl=1k&osl=256&concurrency=64&pool=sn40l*32");
    assert!(two.pools[0].layout.tp <= 16);
}

/// A mixture at batch 1 reads its active experts: for gpt-oss-120b 4 of 128, by hand 36 layers · 4 · 3 · 2880² elements.
#[test]
fn a_mixture_at_batch_one_reads_its_active_experts() {
    for chip in ["groq-lpu1", "wse3", "sn40l"] {
        let own = pipeline("gpt-oss-120b", chip, NumberFormat::Mxfp4, 1, 600);
        let read = |users: f64| {
            let ops = own.token(users, Tokens::new(1024.0));
            ops.iter().find(|op| op.kind == OpKind::Experts).unwrap().bytes.get()
        };
        let active = 36.0 * 4.0 * 3.0 * 2880.0 * 2880.0 * NumberFormat::Mxfp4.weight_bytes(32);
        assert!((read(1.0) / active - 1.0).abs() < 0.03, "{chip}: {}", read(1.0) / active);
        // 600 stages take 600 users without a second one in any stage.
        assert!((read(600.0) / active - 1.0).abs() < 0.03);
        // A hundred users to a stage reach nearly all experts: 1 − (1 − 4/128)^100 = 96 %.
        assert!((read(60_000.0) / (active * 32.0) - 0.96).abs() < 0.02);
    }
}

/// Up to as many users as stages none slows another; beyond, stages are shared and each token waits for more work.
#[test]
fn users_up_to_the_stages_do_not_slow_each_other() {
    let own = pipeline("llama3-70b", "groq-lpu1", NumberFormat::Int8, 1, 576);
    let at = |users: f64| own.token_time(users, Tokens::new(1024.0)).get();
    assert!((at(576.0) / at(1.0) - 1.0).abs() < 1e-9);
    assert!(at(1152.0) > at(576.0));
    // At 64 users to a stage the arithmetic binds: 139 GFLOP · 64 at 40 % of 750 TOPS are 29.7 ms, attention over 1,024 keys
    // 2.7 GFLOP · 64 at 40 % of 188 TFLOPS 2.3 ms, the floor 2.9 ms.
    assert!((at(36_864.0) * 1e3 / 34.9 - 1.0).abs() < 0.01, "{}", at(36_864.0));
    // So throughput rises in proportion until the pipeline is full, and less afterwards.
    let rate = |users: f64| users / at(users);
    assert!((rate(288.0) / rate(1.0) - 288.0).abs() < 1e-6);
    assert!(rate(36_864.0) < rate(576.0) * 64.0 * 0.2);
}

/// The KV cache of everybody in flight shares the SRAM: 576 chips of 207 MB usable hold 119.2 GB, 72.7 GB are weights, and a
/// token of cache is 327,680 bytes.
#[test]
fn the_cache_limits_the_users() {
    let own = pipeline("llama3-70b", "groq-lpu1", NumberFormat::Int8, 1, 576);
    let fits = own.sequences_that_fit(Tokens::new(1024.0));
    assert!((fits / ((119.2e9 - 72.7e9) / (1024.0 * 327_680.0)) - 1.0).abs() < 0.01, "{fits}");
    let steady = serve("model=llama3-70b&weights=int8&isl=1k&osl=256&concurrency=1000&pool=groq-lpu1*576");
    assert!(steady.warnings.iter().any(|warning| matches!(warning, Warning::KvLimited { .. })));
    assert_eq!(steady.pools[0].memory.kind, MemoryKind::Sram);
    assert!(steady.pools[0].memory.kv_outside.get() < 1.0);
}

/// A machine with a main memory beside its SRAM keeps there what does not fit, says so, and pays for it: on 8 cards of
/// Corsair 14.7 GB of SRAM are usable, 9.1 GB are weights, the vocabulary in 16 bits.
#[test]
fn cache_beyond_the_sram_lies_in_main_memory_and_says_so() {
    let at = |users: u32| {
        serve(&format!(
            "model=llama3-8b&weights=int8&kv=fp8&isl=1k&osl=256&concurrency={users}&pool=corsair*8"
        ))
    };
    let outside = |steady: &Steady| {
        steady.warnings.iter().find_map(|warning| match warning {
            Warning::KvOutside { share, .. } => Some(*share),
            _ => None,
        })
    };
    let (few, many) = (at(32), at(128));
    assert_eq!(outside(&few), None);
    let share = outside(&many).unwrap();
    // 128 sequences of 1,152 tokens of 65,536 bytes are 9.7 GB, 5.6 GB of which stay in SRAM.
    assert!((0.35..0.5).contains(&share), "{share}");
    assert!(many.tpot.get() > 1.5 * few.tpot.get());
    let memory = many.pools[0].memory;
    assert!(memory.weights + memory.kv + memory.overhead <= memory.capacity * 1.000_001);
    assert!(memory.kv_outside.get() > 0.0);
}

/// Weights decide how many chips: 405 G weights in 16 bits on wafers of 39.6 GB usable are 21.
#[test]
fn capacity_decides_the_number_of_chips() {
    let text = "model=llama3.1-405b&weights=bf16&isl=1k&osl=256&concurrency=1&pool=wse3*4";
    let Err(Refusal::DoesNotFit { more_chips, .. }) = evaluate(&scenario(text)) else {
        panic!("812 GB of weights on 4 wafers of 44 GB");
    };
    assert_eq!(more_chips, Some(17));
    assert!(evaluate(&scenario(&text.replace("wse3*4", "wse3*21"))).is_ok());
    // Main memory takes cache, not weights.
    let text = "model=llama3-70b&weights=int8&isl=1k&osl=256&concurrency=1&pool=corsair*8";
    assert!(matches!(evaluate(&scenario(text)), Err(Refusal::DoesNotFit { .. })));
}

/// A public speed of a machine, as its law sees it: what reads and arithmetic take, and how often each fixed time counts.
struct Speed {
    chip: String,
    model: String,
    /// Must speculate: no memory of the machine reads so fast.
    fast: bool,
    /// Mean logarithm of the published times per token.
    time: f64,
    rows: f64,
    /// Seconds without the fixed times that are fitted.
    rest: f64,
    /// How many tokens, layers and layers with routed experts.
    counts: [f64; 3],
}

impl Speed {
    /// The law's time over the published one, as a logarithm.
    fn error(&self, times: [f64; 3]) -> f64 {
        let fixed: f64 = times.iter().zip(self.counts).map(|(time, count)| time * count).sum();
        libm::log(self.rest + fixed) - self.time / self.rows
    }
}

/// The public speeds of the sets, each model of a machine once.
fn speeds() -> Vec<Speed> {
    let text = include_str!("fixtures/published.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let mut all: Vec<Speed> = Vec::new();
    for row in reader.records().map(Result::unwrap).filter(|row| &row[1] == "ASC" || &row[1] == "ASC-fast") {
        let scenario = link::parse(&row[4]).scenario;
        let steady = evaluate(&scenario).unwrap_or_else(|refusal| panic!("{}: {refusal}", &row[0])).steady;
        let chip = steady.pools[0].chip.clone();
        let time = -libm::log(row[3].parse::<f64>().unwrap());
        if let Some(own) = all.iter_mut().find(|own| own.chip == chip && own.model == scenario.model) {
            own.time += time;
            own.rows += 1.0;
            continue;
        }
        let constants = constants().sram(catalog::chip(&chip).unwrap()).unwrap();
        let model = model(&scenario.model);
        let moe: u32 = model
            .ffn
            .iter()
            .filter(|group| matches!(group.kind, Ffn::Moe { .. }))
            .map(|group| group.count)
            .sum();
        let counts = [1.0, f64::from(model.layers), f64::from(moe)];
        let fixed = [constants.token, constants.layer, constants.experts].map(|time| time.get());
        let fixed: f64 = fixed.iter().zip(counts).map(|(time, count)| time * count).sum();
        let rest = steady.tpot.get() - fixed;
        assert!(rest > 0.0, "{}", &row[0]);
        all.push(Speed {
            chip,
            model: scenario.model,
            fast: &row[1] == "ASC-fast",
            time,
            rows: 1.0,
            rest,
            counts,
        });
    }
    all
}

/// The fixed times that fit speeds best, least squares of logarithms, none below nothing; those that start at nothing stay.
fn fit(speeds: &[&Speed], start: [f64; 3]) -> [f64; 3] {
    let loss = |times: [f64; 3]| -> f64 { speeds.iter().map(|own| own.error(times).powi(2)).sum() };
    let (mut times, mut step) = (start, start.map(|time| time / 2.0));
    let mut best = loss(times);
    while step.iter().any(|step| *step > 1e-10) {
        let before = best;
        for place in 0..3 {
            for sign in [1.0, -1.0] {
                let mut other = times;
                other[place] = (other[place] + sign * step[place]).max(0.0);
                if loss(other) < best {
                    (best, times) = (loss(other), other);
                }
            }
        }
        if best >= before {
            step = step.map(|step| step / 2.0);
        }
    }
    times
}

/// Floors fit public speeds, and the band holds what the law gets for each model when it is fitted without it. Groq's floors
/// stay those of 2024: later speeds of the same service lie on both sides of them.
#[test]
fn floors_fit_public_speeds_and_bands_hold_models_left_out() {
    let all = speeds();
    for (chip, fitted, most) in [("wse3", true, 1.3), ("groq-lpu1", false, 1.4), ("sn40l", true, 1.3)] {
        let row = constants().sram(catalog::chip(chip).unwrap()).unwrap();
        let start = [row.token, row.layer, row.experts].map(|time| time.get());
        let own: Vec<&Speed> = all.iter().filter(|own| own.chip == chip && !own.fast).collect();
        let best = fit(&own, start);
        println!(
            "{chip}: fits token {:.1} µs, layer {:.2} µs, experts {:.2} µs",
            best[0] * 1e6,
            best[1] * 1e6,
            best[2] * 1e6
        );
        let mut factors = Vec::new();
        for speed in all.iter().filter(|own| own.chip == chip) {
            let others: Vec<&Speed> =
                own.iter().filter(|other| other.model != speed.model).copied().collect();
            let ratio = libm::exp(-speed.error(if fitted { fit(&others, start) } else { start }));
            println!("  {:20} public time {ratio:.2} of the law's", speed.model);
            if speed.fast {
                // The law does not explain what no memory can read: these services speculate, and faster than it by that.
                assert!(ratio < row.spread.0, "{chip} {}: {ratio:.2}", speed.model);
            } else {
                assert!((row.spread.0..row.spread.1).contains(&ratio), "{chip} {}: {ratio:.2}", speed.model);
                factors.push(libm::log(ratio).abs());
            }
        }
        let mean = libm::exp(factors.iter().sum::<f64>() / f64::from(u32::try_from(factors.len()).unwrap()));
        println!("  mean factor of {} models left out: {mean:.2}", factors.len());
        assert!(mean < most, "{chip}: {mean:.2}");
        for (fits, has) in best.into_iter().zip(start).filter(|_| fitted) {
            assert!((has - fits).abs() <= 0.05 * fits, "{chip}: sram.csv says {has}, the speeds {fits}");
        }
    }
}

/// A stated layout with more stages than layers is what a pipeline over hundreds of chips is.
#[test]
fn a_layer_may_span_several_stages() {
    let chosen = serve("model=llama3-70b&weights=int8&isl=1k&osl=256&concurrency=1&pool=groq-lpu1*576");
    let stated =
        serve("model=llama3-70b&weights=int8&isl=1k&osl=256&concurrency=1&pool=groq-lpu1*576:tp1:pp576");
    assert_eq!(chosen.tpot, stated.tpot);
    assert_eq!(chosen.binding, Binding::LatencyFloor);
}

/// What the makers alone state is a claim, and a chip without any rate is only served where the data file derives one.
#[test]
fn claims_and_assumed_rates_are_labelled() {
    for (text, assumed, class) in [
        ("model=llama3-70b&weights=int8&pool=groq-lpu1*576", false, EvidenceClass::DatasheetOnly),
        ("model=llama3-70b&weights=fp8&pool=groq3-lp30*256", true, EvidenceClass::VendorClaim),
        ("model=llama3-70b&weights=bf16&pool=cs4-wafer*6", true, EvidenceClass::VendorClaim),
        ("model=llama3-70b&weights=int8&pool=corsair*64", true, EvidenceClass::VendorClaim),
        ("model=llama3-70b&weights=fp8&pool=sn50*16", false, EvidenceClass::VendorClaim),
        ("model=llama3-70b&weights=bf16&pool=sn40l*16", false, EvidenceClass::DatasheetOnly),
    ] {
        let own = evaluate(&scenario(&format!("{text}&isl=1k&osl=256&concurrency=1"))).unwrap();
        let said = own.steady.warnings.iter().any(|warning| matches!(warning, Warning::AssumedRate { .. }));
        assert_eq!((said, own.evidence.class), (assumed, class), "{text}");
    }
}

/// Rubin CPX publishes 4-bit arithmetic alone: as a what-if it prefills at an eighth of that in 16 bits, as its kin, and says
/// so. LP30 does at a quarter of its 8-bit rate, as the chip before it.
#[test]
fn a_chip_without_a_16_bit_rate_works_under_a_label() {
    let cpx = catalog::chip("rubin-cpx").unwrap();
    assert_eq!(cpx.peak(ComputeType::Bf16), None);
    let rate = cpx.rate(ComputeType::Bf16).unwrap();
    assert!(rate.assumed && (rate.peak.get() / 2.5e15 - 1.0).abs() < 1e-9);
    let rate = catalog::chip("groq3-lp30").unwrap().rate(ComputeType::Bf16).unwrap();
    assert!(rate.assumed && (rate.peak.get() / 0.308e15 - 1.0).abs() < 1e-9);
    let steady = serve(
        "model=llama3-70b&weights=nvfp4&isl=32k&osl=256&concurrency=4&prefill=rubin-cpx*8&decode=vr200-nvl72*4&link=50GB/s",
    );
    let said = |chip: &str| {
        let own = |warning: &Warning| matches!(warning, Warning::AssumedRate { chip: own } if own == chip);
        steady.warnings.iter().any(own)
    };
    assert!(said("rubin-cpx") && !said("vr200-nvl72"));
    let unknown = evaluate(&scenario("model=llama3-8b&isl=1k&osl=256&concurrency=1&pool=sohu*8"));
    assert!(unknown.is_err());
}

/// The rule behind assumed rates: where a data sheet has both, halving the width doubles the rate on the median chip.
#[test]
fn halving_the_width_doubles_the_rate() {
    let ratio = |narrow: fn(&catalog::chip::Peaks) -> Option<f64>,
                 wide: fn(&catalog::chip::Peaks) -> Option<f64>| {
        let both = catalog::chips().iter().filter_map(|chip| Some(narrow(&chip.peaks)? / wide(&chip.peaks)?));
        let mut both: Vec<f64> = both.collect();
        both.sort_by(f64::total_cmp);
        both[both.len() / 2]
    };
    assert!(
        (ratio(|own| own.fp8.map(|rate| rate.get()), |own| own.bf16.map(|rate| rate.get())) - 2.0).abs()
            < 0.05
    );
    assert!(
        (ratio(|own| own.fp4.map(|rate| rate.get()), |own| own.fp8.map(|rate| rate.get())) - 2.0).abs()
            < 0.05
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_machine_beats_its_data_sheet(
        chip_id in prop::sample::select(MACHINES.to_vec()),
        model_id in prop::sample::select(vec!["llama3-8b", "llama3-70b", "mixtral-8x7b", "gpt-oss-120b", "deepseek-v3"]),
        tp in 1_u32..16,
        pp in 1_u32..600,
        users in 1.0..5000.0_f64,
        context in 1.0..100_000.0_f64,
        prompt in 1.0..100_000.0_f64,
    ) {
        let chip = catalog::chip(chip_id).unwrap();
        let own = pipeline(model_id, chip_id, NumberFormat::Fp8, tp, pp);
        let (context, prompt) = (Tokens::new(context), Tokens::new(prompt));
        let chips = f64::from(tp * pp);
        let bandwidth = match own.home() {
            tandem::machine::WeightHome::Sram => chip.sram.unwrap().bandwidth.unwrap(),
            tandem::machine::WeightHome::Memory => chip.memory.as_ref().unwrap().bandwidth,
        };
        // Each full round of the pipeline, one token for every user, reads at least its weights once per shared stage.
        let rounds = users.max(f64::from(pp)) / users;
        let ops = own.token(users, context);
        let bytes: f64 = ops.iter().map(|op| op.bytes.get()).sum();
        let time = own.token_time(users, context).get() * rounds;
        prop_assert!(time >= bytes / (bandwidth.get() * f64::from(tp)) * 0.999_999 * rounds.min(1.0));
        // Summed over the machine: stages times what one reads in that time.
        let tokens_per_second = users / own.token_time(users, context).get();
        let per_token = bytes / (users / f64::from(pp)).max(1.0);
        prop_assert!(tokens_per_second * per_token <= bandwidth.get() * chips * 1.000_001);
        // Prefill keeps to the arithmetic peak of all chips.
        let (streaming, latency) = own.prefill(prompt, Tokens::ZERO);
        let published = [chip.peaks.fp8, chip.peaks.int8, chip.peaks.bf16, chip.peaks.fp4];
        let best = published.into_iter().flatten().map(|peak| peak.get()).fold(0.0, f64::max);
        let best = if best > 0.0 { best } else { 3.12e16 };
        let parameters = model(model_id).parameters();
        let flops = 2.0 * (parameters.attention + parameters.dense_ffn + parameters.active_routed) * prompt.get();
        prop_assert!(streaming.get() >= flops / (best * chips));
        prop_assert!(latency > streaming);
        // More users or a longer cache never make a token faster, and nothing is faster than the fixed times.
        let row = constants().sram(chip).unwrap();
        prop_assert!(own.token_time(users, context) >= row.token + row.layer * f64::from(model(model_id).layers));
        prop_assert!(own.token_time(users * 1.5, context) >= own.token_time(users, context));
        prop_assert!(own.token_time(users, context * 1.5) >= own.token_time(users, context));
    }

    /// More layers and a wider model never make a token faster, more chips never slower.
    #[test]
    fn tokens_take_longer_in_larger_models_and_not_on_more_chips(
        chip_id in prop::sample::select(MACHINES.to_vec()),
        model_id in prop::sample::select(vec!["llama3-8b", "llama3-70b", "mixtral-8x7b", "gpt-oss-120b", "deepseek-v3"]),
        more in 1_u32..60,
        wider in 1_u32..8192,
        pp in 1_u32..3000,
        further in 1_u32..3000,
        users in 1.0..500.0_f64,
    ) {
        let own = model(model_id);
        let context = Tokens::new(1024.0);
        let time = |model: &Model, pp: u32| {
            let layout = Layout { pp, ..Layout::SINGLE };
            let numerics = Numerics::resolve(model, Formats::default());
            Pipeline::new(constants(), model, catalog::chip(chip_id).unwrap(), numerics, layout)
                .unwrap()
                .token_time(users, context)
        };
        let base = time(own, pp);
        let mut deep = own.clone();
        deep.layers += more;
        deep.attention.to_mut()[0].count += more;
        deep.ffn.to_mut()[0].count += more;
        prop_assert!(time(&deep, pp) > base);
        let mut wide = own.clone();
        wide.hidden += wider;
        prop_assert!(time(&wide, pp) > base);
        // Chips beyond those that the weights need hold cache and let users pass further apart.
        let weights = pipeline(model_id, chip_id, NumberFormat::Bf16, 1, 1).chips_for(0.0, context);
        if f64::from(pp) >= weights {
            prop_assert!(time(own, pp + further) <= base);
        }
    }
}
