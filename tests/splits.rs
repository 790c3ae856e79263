//! Laws of the splits: what they come to in the limits where they must agree, and what no link or drafter can do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use tandem::catalog::{self, Engine};
use tandem::evaluate::{Evaluation, evaluate};
use tandem::evidence::EvidenceClass;
use tandem::machine::constants;
use tandem::metric::Metric;
use tandem::pass::{Numerics, OpKind, Plan, Portion, Shape, weights_per_chip};
use tandem::scenario::{Formats, Layout, Pool, Scenario, SplitKind, link};
use tandem::serve::{Cause, Per, Steady, Warning};
use tandem::units::Tokens;

fn scenario(text: &str) -> Scenario {
    let parsed = link::parse(&format!("v1&{text}"));
    assert_eq!(parsed.notices, [], "{text}");
    parsed.scenario
}

fn serve(text: &str) -> Steady {
    evaluate(&scenario(text)).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).steady
}

fn all_finite(evaluation: &Evaluation, text: &str) {
    for metric in Metric::ALL {
        if let Ok(estimate) = metric.read(evaluation) {
            for value in [estimate.value, estimate.low, estimate.high] {
                assert!(value.is_finite() && value >= 0.0, "{text}: {metric:?} is {value}");
            }
        }
    }
    let steady = &evaluation.steady;
    let sum = |parts: &[tandem::serve::Part]| parts.iter().map(|part| part.time.get()).sum::<f64>();
    assert!((sum(&steady.tpot_parts) / steady.tpot.get() - 1.0).abs() < 1e-6, "{text}: parts of TPOT");
    assert!((sum(&steady.ttft_parts) / steady.ttft.get() - 1.0).abs() < 1e-6, "{text}: parts of TTFT");
    for flow in &steady.flows {
        assert!(flow.bytes.get() > 0.0 && flow.bandwidth.get() > 0.0, "{text}: {flow:?}");
        assert!(flow.time.get().is_finite() && (0.0..=1.0).contains(&flow.utilisation), "{text}: {flow:?}");
    }
    for pool in &steady.pools {
        assert!((0.0..=1.0).contains(&pool.utilisation) && pool.step.get().is_finite(), "{text}: {pool:?}");
    }
}

/// The two halves of a layer are the whole: in time, in weights, in each kind of operation.
#[test]
fn the_halves_of_a_layer_are_the_whole() {
    for (id, degree) in
        [("llama3-70b", 8), ("deepseek-v3", 8), ("gpt-oss-120b", 4), ("qwen3-next-80b-a3b", 4)]
    {
        let model = catalog::model(id).unwrap();
        let numerics = Numerics::resolve(model, Formats::default());
        let layout = Layout { tp: degree, etp: degree, ..Layout::SINGLE };
        let chip = catalog::chip("h200").unwrap();
        let plan = Plan::new(constants(), model, chip, Engine::Vllm, numerics, (layout, None)).unwrap();
        for shape in [
            Shape::decode(32.0, Tokens::new(4096.0), 1.0),
            Shape::prefill(Tokens::new(2048.0), Tokens::ZERO, 1.0),
        ] {
            let halves = plan.clone().only(Portion::Attention).time(&shape)
                + plan.clone().only(Portion::Ffn).time(&shape);
            assert!((halves / plan.time(&shape) - 1.0).abs() < 1e-9, "{id}");
        }
        let weights = |portion| weights_per_chip(model, numerics, layout, portion, &|experts| experts).get();
        let halves = weights(Portion::Attention) + weights(Portion::Ffn);
        assert!((halves / weights(Portion::Whole) - 1.0).abs() < 1e-12, "{id}");
    }
}

/// A check of several tokens reads the cache once, and a mixture reaches more experts the more tokens it checks.
#[test]
fn a_check_of_several_tokens_reads_the_cache_once() {
    let model = catalog::model("deepseek-v3").unwrap();
    let numerics = Numerics::resolve(model, Formats::default());
    let layout = Layout { tp: 8, etp: 8, ..Layout::SINGLE };
    let chip = catalog::chip("h200").unwrap();
    let plan = Plan::new(constants(), model, chip, Engine::Sglang, numerics, (layout, None)).unwrap();
    let bytes = |kind: OpKind, width: f64| {
        let shape = Shape { width, ..Shape::decode(4.0, Tokens::new(16_384.0), 1.0) };
        plan.breakdown(&shape).into_iter().find(|op| op.kind == kind).unwrap().bytes.get()
    };
    let cache = bytes(OpKind::DecodeAttention, 4.0) / bytes(OpKind::DecodeAttention, 1.0);
    assert!(cache < 1.1, "the cache is read {cache} times");
    // 4 and 16 tokens, 8 of 256 experts each: 1 − (1 − 1/32)^4 = 11.9 % and 1 − (1 − 1/32)^16 = 39.8 %.
    let experts = bytes(OpKind::Experts, 4.0) / bytes(OpKind::Experts, 1.0);
    assert!((experts / (39.8 / 11.9) - 1.0).abs() < 0.03, "{experts} times as many experts");
}

/// Draft length 0 is plain decoding, to the last digit.
#[test]
fn no_draft_tokens_are_plain_decoding() {
    for load in ["concurrency=4", "concurrency=64", "rate=1"] {
        for (plain, drafted) in [
            ("pool=h200*8", "split=draft&draft=h200*1&verify=h200*8&spec=llama3-8b:0"),
            ("pool=h200*8:tp8", "pool=h200*8:tp8&spec=mtp:0"),
            (
                "prefill=h200*8:tp4&decode=h200*8:tp8",
                "split=pd-draft&prefill=h200*8:tp4&draft=h200*1&verify=h200*8:tp8&spec=dense:1B:0:0.9",
            ),
        ] {
            let (plain, drafted) = (serve(&format!("{plain}&{load}")), serve(&format!("{drafted}&{load}")));
            assert_eq!((plain.ttft, plain.tpot, plain.rate), (drafted.ttft, drafted.tpot, drafted.rate));
        }
    }
}

/// A drafter that is never right only costs; one that is right more often never costs more.
#[test]
fn acceptance_only_helps() {
    for (plain, drafted) in [
        ("pool=h200*8:tp8", "pool=h200*8:tp8&spec=mtp:3"),
        ("pool=h200*8:tp8", "split=draft&draft=h200*1&verify=h200*8:tp8&spec=llama3-8b:3"),
        (
            "prefill=h200*8:tp4&decode=h200*8:tp8",
            "split=pd-draft&prefill=h200*8:tp4&draft=h200*1&verify=h200*8:tp8&spec=llama3-8b:3",
        ),
    ] {
        for users in [1, 16, 128] {
            let plain = serve(&format!("{plain}&concurrency={users}"));
            let mut before = plain.tpot * 1e9;
            for (step, acceptance) in ["0", "0.3", "0.6", "0.9", "1"].iter().enumerate() {
                let own = serve(&format!("{drafted}:{acceptance}&concurrency={users}"));
                assert!(own.tpot <= before, "{drafted}:{acceptance}");
                if step == 0 {
                    assert!(own.tpot >= plain.tpot && own.rate <= plain.rate, "{drafted} at acceptance 0");
                }
                before = own.tpot;
            }
        }
        // One user alone gains when most tokens hold.
        let good = serve(&format!("{drafted}:0.9&concurrency=1"));
        assert!(good.tpot < serve(&format!("{plain}&concurrency=1")).tpot, "{drafted}");
    }
}

/// Over a link without time, equal pools that take turns with one micro-batch do what one of them alone would do, since
/// one waits while the other works; nothing is faster than that by more than the second pool is worth.
#[test]
fn taking_turns_over_a_perfect_link_is_the_whole_layer() {
    for model in ["llama3-70b", "qwen3-32b&weights=fp8", "mixtral-8x7b"] {
        for users in [1, 8, 48] {
            let common = format!("model={model}&concurrency={users}&link=100TB/s:0s&prefill=h200*8:tp4");
            let whole = serve(&format!("{common}&decode=h200*8:tp8"));
            let turns = serve(&format!("{common}&split=pd-afd&attention=h200*8:tp8&ffn=h200*8:tp8&micro=1"));
            let ratio = turns.tpot / whole.tpot;
            assert!((ratio - 1.0).abs() < 0.005, "{model} with {users} users: {ratio}");
            // Any number of micro-batches: at most twice as fast, as twice the chips are there.
            let best = serve(&format!("{common}&split=pd-afd&attention=h200*8:tp8&ffn=h200*8:tp8"));
            assert!(best.tpot <= turns.tpot * 1.000_001 && best.tpot.get() > turns.tpot.get() * 0.49);
            // The same hardware as two whole replicas serves no less of a dense model.
            if !model.starts_with("mixtral") {
                let twice = serve(&format!("{common}&decode=h200*16:tp8"));
                assert!(best.rate <= twice.rate * 1.05, "{model} with {users} users");
            }
        }
    }
}

/// A token reads all weights of both pools at least once, however they are split.
#[test]
fn no_split_reads_weights_faster_than_memory() {
    let model = catalog::model("llama3-70b").unwrap();
    let own = model.parameters();
    let bandwidth = catalog::chip("h200").unwrap().memory.as_ref().unwrap().bandwidth.get() * 8.0;
    let light = (own.total() - own.embedding) / bandwidth;
    let turns = serve("concurrency=1&prefill=h200*8&attention=h200*8:tp8&ffn=h200*8:tp8&link=100TB/s:0s");
    assert!(turns.tpot.get() > light, "{:?} beats {light}", turns.tpot);
    let drafted = serve("concurrency=1&pool=h200*8:tp8&spec=mtp:3:1");
    assert!(drafted.tpot.get() * 4.0 > light);
}

/// The round trips of a layer are felt: 80 layers, two messages of 10 µs each are 1.6 ms a token.
#[test]
fn round_trips_are_felt() {
    let at = |link: &str| {
        serve(&format!(
            "concurrency=1&prefill=h200*8&attention=h200*8:tp8&ffn=h200*8:tp8&micro=1&link={link}"
        ))
    };
    let (near, far) = (at("100TB/s:0s"), at("100TB/s:10us"));
    let difference = (far.tpot - near.tpot).as_millis();
    assert!((difference - 1.6).abs() < 0.01, "{difference} ms");
    let link = far.tpot_parts.iter().filter(|part| part.cause == Cause::Link);
    assert!((link.map(|part| part.time.as_millis()).sum::<f64>() - 1.6).abs() < 0.01);
    // 80 layers of 8,192 elements, a byte each there and two back.
    let bytes: Vec<f64> =
        far.flows.iter().filter(|own| own.per == Per::Token).map(|own| own.bytes.get()).collect();
    assert_eq!(bytes, [80.0 * 8192.0, 80.0 * 8192.0 * 2.0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// More bandwidth or less latency between pools never serves less. TPOT itself may rise with many users: those who wait
    /// less for their first token make the batch larger.
    #[test]
    fn a_better_link_is_never_slower(
        split in prop::sample::select(vec![
            "split=pd-afd&prefill=h200*8:tp4&attention=h200*8:tp8&ffn=h200*8:tp8",
            "attention=h200*8:tp8&ffn=b200*8:tp8",
            "split=draft&draft=h100-sxm*1&verify=h200*8:tp8&spec=llama3-8b:4:0.7",
            "split=pd-draft&prefill=h200*8:tp4&draft=h100-sxm*1&verify=h200*8:tp8&spec=llama3-8b:4:0.7",
            "prefill=h200*8:tp4&decode=h200*8:tp8",
        ]),
        users in 1..200_u32,
        micro in 1..5_u32,
        bandwidth in 1.0..100.0_f64,
        latency in 0.0..50.0_f64,
        factor in 1.0..20.0_f64,
    ) {
        let at = |bandwidth: f64, latency: f64| {
            serve(&format!("{split}&concurrency={users}&micro={micro}&link={bandwidth}GB/s:{latency}us"))
        };
        let base = at(bandwidth, latency);
        for better in [at(bandwidth * factor, latency), at(bandwidth, latency / factor)] {
            prop_assert!(better.rate.get() >= base.rate.get() * (1.0 - 1e-5), "{:?} after {:?}", better.rate, base.rate);
            prop_assert!(users > 1 || better.tpot.get() <= base.tpot.get() * (1.0 + 1e-5));
        }
    }

    /// Users and throughput keep Little's law, parts their sums, in each split and loop.
    #[test]
    fn littles_law_holds_in_each_split(
        split in prop::sample::select(vec![
            "split=pd-afd&prefill=h200*8&attention=h200*8&ffn=b200*8",
            "attention=h200*8&ffn=b200*8",
            "split=draft&draft=h100-sxm*2&verify=h200*8&spec=llama3-8b:4:0.7",
            "split=pd-draft&prefill=h200*8&draft=h100-sxm*2&verify=h200*8&spec=llama3-8b:4:0.7",
            "pool=h200*8&spec=mtp:3",
            "attention=h200*8&ffn=b200*8&spec=mtp:2",
        ]),
        model in prop::sample::select(vec!["llama3-70b", "gpt-oss-120b", "deepseek-v3&weights=nvfp4"]),
        users in 1..300_u32,
    ) {
        let text = format!("model={model}&{split}&concurrency={users}");
        let Ok(evaluation) = evaluate(&scenario(&text)) else { return Ok(()) };
        all_finite(&evaluation, &text);
        let steady = &evaluation.steady;
        let in_flight = steady.rate.get() * steady.e2e.get();
        prop_assert!((in_flight / f64::from(users) - 1.0).abs() < 1e-3, "{in_flight} in flight of {users}: {text}");
        prop_assert!(steady.rate <= steady.capacity * (1.0 + 1e-6));
        prop_assert!(evaluation.evidence.class >= EvidenceClass::DatasheetOnly);
        prop_assert!(steady.warnings.contains(&Warning::Unmeasured));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Each split has figures for any chips, or says which pool is at fault.
    #[test]
    fn each_split_of_any_chips_evaluates_or_says_why_not(
        kind in prop::sample::select(SplitKind::ALL.to_vec()),
        pools in prop::collection::vec((0..catalog::chips().len(), prop::sample::select(vec![1_u32, 8, 16, 72, 600, 2048])), 3),
        model in 0..catalog::models().len(),
        users in 1..500_u32,
        stated in any::<bool>(),
    ) {
        let mut own = scenario(&format!("concurrency={users}&isl=2k&osl=256"));
        own.model = catalog::models()[model].id.to_string();
        own.formats = Formats::default();
        own.split.set_kind(kind);
        for (pool, (chip, chips)) in own.split.pools_mut().into_iter().zip(pools) {
            *pool = Pool::new(&catalog::chips()[chip].id, chips);
        }
        if stated {
            own.link = scenario("link=50GB/s").link;
        }
        let text = link::write(&own, &[]);
        prop_assert_eq!(&link::parse(&text).scenario, &own);
        match evaluate(&own) {
            Ok(evaluation) => all_finite(&evaluation, &text),
            Err(refusal) => prop_assert!(refusal.to_string().len() > 10, "{text}"),
        }
    }
}

/// What NVIDIA showed at Hot Chips 2026 of LPX beside Vera Rubin on a model of 2T parameters: with drafting or the
/// feed-forward layers on LPX a user's tokens come about three times as fast. On the largest mixture that is well known,
/// at a few users, that must come out within the band of a claim.
#[test]
fn lpx_beside_vera_rubin_is_as_fast_as_claimed_within_its_band() {
    let common = "model=deepseek-v3&isl=8k&osl=1k&concurrency=4&link=100GB/s:2us&tpot=2ms";
    let rubin = serve(&format!("{common}&prefill=vr200-nvl72*8&decode=vr200-nvl72*8"));
    for (claim, split) in [
        (3.0, "split=pd-afd&prefill=vr200-nvl72*8&attention=vr200-nvl72*8&ffn=groq3-lp30*2048"),
        (
            3.0,
            "split=pd-draft&prefill=vr200-nvl72*8&draft=groq3-lp30*256&verify=vr200-nvl72*8&spec=dense:1B:5:0.8",
        ),
    ] {
        let evaluation = evaluate(&scenario(&format!("{common}&{split}"))).unwrap();
        let gain = rubin.tpot / evaluation.steady.tpot;
        let band = evaluation.evidence.tpot;
        assert_eq!(evaluation.evidence.class, EvidenceClass::VendorClaim);
        // The claim lies in the band, and the split pays at all.
        assert!(
            gain > 1.0 && gain / band.high < claim && claim < gain / band.low,
            "{split}: {gain:.2} times as fast, {claim} claimed"
        );
    }
}

/// Unlike chips never share a scale-up domain, whatever the scenario asks for.
#[test]
fn unlike_chips_meet_over_the_network() {
    let at = |pools: &str| serve(&format!("{pools}&link=domain"));
    let apart = at("prefill=h100-sxm*4&decode=h200*4");
    assert!(apart.warnings.contains(&Warning::NoSharedDomain));
    let together = at("prefill=h200*4&decode=h200*4");
    assert!(!together.warnings.contains(&Warning::NoSharedDomain));
    assert!(together.transfer.unwrap().bandwidth > apart.transfer.unwrap().bandwidth * 4.0);
    let refusal = evaluate(&scenario("prefill=h200*8&decode=groq3-lp30*256&link=domain")).unwrap_err();
    assert!(refusal.to_string().contains("network bandwidth"), "{refusal}");
    let refusal = evaluate(&scenario("attention=h200*8&ffn=groq3-lp30*16&link=50GB/s")).unwrap_err();
    assert!(refusal.to_string().starts_with("FFN pool: does not fit"), "{refusal}");
}
