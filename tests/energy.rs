//! Power and energy: drawn watts by what chips do, provisioned watts and PUE once, caps, idle time that is paid for, and
//! measured runs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tandem::catalog::{self, Chip};
use tandem::cost::chip_power;
use tandem::evaluate::{Evaluation, evaluate};
use tandem::machine::constants;
use tandem::metric::{Estimate, Metric};
use tandem::scenario::{PowerCap, Scenario, link};
use tandem::serve::{Refusal, Warning};
use tandem::units::Watts;

fn scenario(text: &str) -> Scenario {
    let parsed = link::parse(text);
    assert!(parsed.notices.is_empty(), "{text}: {:?}", parsed.notices);
    parsed.scenario
}

fn run(text: &str) -> Evaluation {
    evaluate(&scenario(text)).unwrap_or_else(|refusal| panic!("{text}: {refusal}"))
}

fn read(metric: Metric, evaluation: &Evaluation) -> Estimate {
    metric.read(evaluation).unwrap()
}

/// Mean draw of a chip of the first pool.
fn watts(text: &str) -> f64 {
    run(text).energy.pools[0].drawn.clone().unwrap().get()
}

/// Chips that can be modelled and whose own power is known.
fn powered() -> impl Iterator<Item = &'static Chip> {
    catalog::chips().iter().filter(|chip| chip.tdp.is_some() && chip.gap().is_none())
}

/// A small model on enough of a chip that it fits.
fn small(chip: &Chip, load: &str) -> Option<Evaluation> {
    let chips =
        if chip.is_sram_machine() && chip.class != tandem::catalog::ChipClass::Wafer { 256 } else { 4 };
    let text = format!("v1&model=llama3-8b&isl=1k&osl=256&{load}&pool={}*{chips}", chip.id);
    evaluate(&scenario(&text)).ok()
}

#[test]
fn measured_draws() {
    // What, scenario, watts of a chip as measured, and how far off the model may be.
    for (what, text, measured, off) in [
        (
            "InferenceX issue 828: 1,777 W of eight",
            "v1&model=gpt-oss-120b&isl=1k&osl=8k&concurrency=4&pool=h100-sxm*8:tp8",
            222.0,
            0.15,
        ),
        (
            "InferenceX issue 828: 356 W at 79 % busy",
            "v1&model=gpt-oss-120b&isl=1k&osl=8k&concurrency=4&pool=mi300x*4:tp4",
            390.0,
            0.15,
        ),
        (
            "InferenceX PR 874: 505 W under load",
            "v1&model=deepseek-v3&engine=sglang&isl=1k&osl=1k&concurrency=4&pool=mi325x*8:tp8",
            505.0,
            0.15,
        ),
        (
            "xPU-athalon: decode of 8B at half to 0.6 of TDP",
            "v1&model=llama3-8b&weights=bf16&isl=1k&osl=1k&concurrency=1&pool=h100-sxm*1",
            385.0,
            0.15,
        ),
        (
            "ML.ENERGY v3: 600 W at batch 128",
            "v1&model=llama3-8b&isl=256&osl=512&concurrency=128&pool=h100-sxm*1",
            600.0,
            0.25,
        ),
        (
            "club-3090 issue 697: 246 W, one stream of 4B in fp8",
            "v1&model=qwen3-4b&weights=fp8&isl=256&osl=1k&concurrency=1&pool=rtx-4090*1",
            246.0,
            0.2,
        ),
    ] {
        let watts = watts(text);
        assert!((watts / measured - 1.0).abs() < off, "{what}: {watts:.0} W is not {measured} W");
    }
}

#[test]
fn the_anchor_in_joules() {
    let anchor = run("v1&model=gpt-oss-120b&isl=1k&osl=8k&concurrency=4&pool=h100-sxm*8:tp8");
    let drawn = read(Metric::EnergyDrawn, &anchor);
    assert!((1.25..2.1).contains(&drawn.value), "{}", drawn.value);
    assert!(drawn.low <= 1.66 && 1.66 <= drawn.high, "{} to {}", drawn.low, drawn.high);
    // Provisioned is another matter: eight chips of 1,370 W, and the building once.
    let it = anchor.energy.it.clone().unwrap();
    assert!((it.get() - 8.0 * 1370.0).abs() < 1e-6);
    assert!((anchor.energy.provisioned.clone().unwrap() / it - 1.25).abs() < 1e-12);
    let energy = read(Metric::Energy, &anchor).value;
    assert!((energy * anchor.steady.throughput().get() - 8.0 * 1370.0 * 1.25).abs() < 1e-6);
    assert!((read(Metric::ThroughputPerMegawatt, &anchor).value * energy / 1e6 - 1.0).abs() < 1e-12);
}

#[test]
fn drawn_lies_between_idle_and_tdp_and_below_what_is_provisioned() {
    let mut seen = 0;
    for chip in powered() {
        for load in ["concurrency=1", "concurrency=64", "concurrency=2k", "rate=0.01"] {
            let Some(found) = small(chip, load) else { continue };
            seen += 1;
            let tdp = chip.tdp.unwrap().get();
            let idle = constants().power(chip).unwrap().idle * tdp;
            let pool = &found.energy.pools[0];
            let drawn = pool.drawn.clone().unwrap().get();
            assert!((idle - 1e-9..=tdp + 1e-9).contains(&drawn), "{} {load}: {drawn}", chip.id);
            assert!(drawn <= pool.provisioned.clone().unwrap().get() + 1e-9, "{} {load}", chip.id);
            assert!(read(Metric::EnergyDrawn, &found).value < read(Metric::Energy, &found).value);
        }
    }
    assert!(seen > 100, "{seen}");
}

/// Reading prompts draws no less than writing answers, where a chip has something to do: prompts of 1k tokens of a small model
/// leave it waiting for the host, which launches prefills kernel by kernel and decode steps as graphs, and chips on PCI Express
/// wait for each other's sums.
#[test]
fn reading_long_prompts_draws_no_less_than_writing_answers() {
    let mut seen = 0;
    for chip in powered() {
        for users in [1, 16] {
            let chips = if chip.is_sram_machine() && chip.class != tandem::catalog::ChipClass::Wafer {
                256
            } else {
                1
            };
            let text =
                format!("v1&model=llama3-8b&isl=8k&osl=256&concurrency={users}&pool={}*{chips}", chip.id);
            let Ok(found) = evaluate(&scenario(&text)) else { continue };
            let pool = &found.energy.pools[0];
            if let (Some(prefill), Some(decode)) = (pool.prefill, pool.decode) {
                assert!(prefill.get() >= decode.get() * 0.95, "{} {users}: {prefill:?} {decode:?}", chip.id);
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn more_users_draw_more() {
    for chip in ["h100-sxm", "b200", "mi300x", "tpu-v5e", "rtx-5090", "gaudi3", "tpu-7x"] {
        if catalog::chip(chip).unwrap().tdp.is_none() {
            continue;
        }
        let (mut first, mut last) = (None, 0.0);
        for users in [1, 2, 4, 8, 16, 32, 64, 128, 256] {
            let now =
                watts(&format!("v1&model=llama3-8b&isl=512&osl=512&concurrency={users}&pool={chip}*1:tp1"));
            // Kernels near the ridge reach a little less of both roofs.
            assert!(now >= last * 0.98, "{chip} at {users}: {now} after {last}");
            first = first.or(Some(now));
            last = now;
        }
        assert!(first.is_some_and(|first| last > first * 1.1), "{chip}: {first:?} {last}");
    }
}

#[test]
fn a_dense_prefill_nears_the_limit_and_an_idle_pool_idles() {
    let split = run(
        "v1&model=llama3-70b&weights=bf16&kv=bf16&isl=8k&osl=256&concurrency=512&prefill=h100-sxm*8:tp4&decode=h200*32:tp4",
    );
    let prefill = split.energy.pools[0].drawn.clone().unwrap().get();
    assert!((560.0..=700.0).contains(&prefill), "{prefill}");
    let decode = split.energy.pools[1].drawn.clone().unwrap().get();
    assert!((180.0..560.0).contains(&decode), "{decode}");
    let idle = watts("v1&model=llama3-70b&isl=1k&osl=16&rate=0.001&pool=h100-sxm*8:tp8");
    assert!((112.0..116.0).contains(&idle), "{idle}");
}

#[test]
fn whole_machines_are_not_doubled() {
    let any = Scenario::default();
    for (chip, watts) in [
        ("m3-ultra", 270.0),
        ("m4-max", 140.0),
        ("strix-halo", 120.0),
        ("dgx-spark", 240.0),
        ("wse3", 23_000.0),
        ("sn40l", 625.0),
    ] {
        assert!((chip_power(&any, chip).unwrap().get() - watts).abs() < 1e-9, "{chip}");
    }
    // What nobody published is the chip's own times what the system adds elsewhere.
    assert!((chip_power(&any, "l40s").unwrap().get() - 350.0 * 1.66).abs() < 1e-9);
    let unknown = run("v1&model=llama3-70b&isl=1k&osl=256&concurrency=16&pool=mi455x*8:tp8");
    let reason = Metric::EnergyDrawn.read(&unknown).unwrap_err();
    assert!(reason.contains("thermal design power"), "{reason}");
    assert!(Metric::Energy.read(&unknown).is_ok());
}

#[test]
fn pue_counts_once_and_only_for_what_is_provisioned() {
    let at = |pue: &str| run(&format!("v1&model=llama3-8b&concurrency=16&pool=h100-sxm*1&pue={pue}"));
    let (one, two) = (at("1"), at("2"));
    let ratio = read(Metric::Energy, &two).value / read(Metric::Energy, &one).value;
    assert!((ratio - 2.0).abs() < 1e-12, "{ratio}");
    assert_eq!(read(Metric::EnergyDrawn, &two), read(Metric::EnergyDrawn, &one));
}

#[test]
fn paid_idle_time_draws_idle_power() {
    let text = "v1&model=llama3-8b&concurrency=32&pool=h100-sxm*1";
    let (full, half) = (run(text), run(&format!("{text}&util=50%")));
    // As cost, what is provisioned doubles.
    let of = |metric: Metric| read(metric, &half).value / read(metric, &full).value;
    assert!((of(Metric::CostTotal) - 2.0).abs() < 1e-9);
    assert!((of(Metric::Energy) - 2.0).abs() < 1e-9);
    assert!((of(Metric::ThroughputPerMegawatt) - 0.5).abs() < 1e-9);
    // What is drawn grows by an hour of idling for each hour at work.
    let (drawn, idle) = (full.energy.drawn.clone().unwrap(), full.energy.pools[0].idle.unwrap());
    assert!((of(Metric::EnergyDrawn) - (drawn + idle) / drawn).abs() < 1e-9);
    // The share that a deployment at a low rate idles is in its own draw, once.
    let low = run("v1&model=llama3-8b&rate=0.05&isl=1k&osl=128&pool=h100-sxm*1");
    let pool = &low.energy.pools[0];
    let mean = pool.drawn.clone().unwrap().get();
    let busy = low.steady.pools[0].duty;
    let share = busy.prefill.share + busy.decode.share;
    assert!(share < 0.2 && mean < pool.idle.unwrap().get() + share * 700.0, "{share} {mean}");
}

#[test]
fn caps_slow_prompts_and_hardly_decode() {
    let prefill = "v1&model=llama3-70b&weights=fp8&isl=8k&osl=16&concurrency=64&pool=h100-sxm*8:tp4";
    let decode = "v1&model=llama3-70b&weights=fp8&isl=128&osl=1k&concurrency=1&pool=h100-sxm*4:tp4";
    let rate = |text: &str, cap: &str| run(&format!("{text}&cap={cap}")).steady.rate.get();
    let (free, one) = (run(prefill), run(decode));
    for cap in ["700W", "100%", "900W", "1kW"] {
        let same = run(&format!("{prefill}&cap={cap}"));
        assert_eq!((&same.steady, &same.energy), (&free.steady, &free.energy), "{cap}");
    }
    // 600 of 700 W: 5 to 15 % of compute, as published.
    let lost = 1.0 - rate(prefill, "600W") / free.steady.rate.get();
    assert!((0.02..0.15).contains(&lost), "{lost}");
    assert!(1.0 - rate(decode, "500W") / one.steady.rate.get() < 0.03);
    let lost = 1.0 - rate(prefill, "60%") / free.steady.rate.get();
    assert!((0.12..0.45).contains(&lost), "{lost}");
    // Lower is never faster and never draws more, and there is no jump.
    let (mut last, mut drawn) = (0.0, 0.0);
    for percent in 10..=100 {
        let mut capped = scenario(prefill);
        capped.cap = Some(PowerCap::Share(f64::from(percent) / 100.0));
        let now = evaluate(&capped).unwrap();
        let (rate, watts) = (now.steady.rate.get(), now.energy.drawn.clone().unwrap().get());
        assert!(rate >= last && watts >= drawn * 0.999, "{percent} %: {rate} after {last}, {watts} W");
        assert!(last == 0.0 || rate < last * 1.5, "{percent} %: {rate} after {last}");
        (last, drawn) = (rate, watts);
    }
}

#[test]
fn a_cap_is_kept_or_said_not_to_be() {
    let text = "v1&model=llama3-70b&weights=fp8&isl=4k&osl=64&concurrency=64&pool=h100-sxm*8:tp4";
    for watts in [300.0, 400.0, 500.0, 600.0] {
        let mut capped = scenario(text);
        capped.cap = Some(PowerCap::Power(Watts::new(watts)));
        let found = evaluate(&capped).unwrap();
        let pool = &found.energy.pools[0];
        assert!(pool.prefill.unwrap().get() <= watts + 1e-9, "{watts}");
        // The cap is subtracted from what is provisioned, the host stays.
        assert!((pool.provisioned.clone().unwrap().get() - (1370.0 - 700.0 + watts)).abs() < 1e-6);
        assert!(!found.steady.warnings.iter().any(|own| matches!(own, Warning::CapNotKept { .. })));
    }
    let low = run(&format!("{text}&cap=100W"));
    assert!(low.steady.warnings.iter().any(|own| matches!(own, Warning::CapNotKept { .. })));
    // In watts it needs the chip's own power, as a share it does not.
    let unknown = "v1&model=llama3-70b&isl=1k&osl=64&concurrency=16&pool=mi455x*8:tp8";
    assert!(matches!(
        evaluate(&scenario(&format!("{unknown}&cap=500W"))),
        Err(Refusal::MissingFigure { .. })
    ));
    assert!(evaluate(&scenario(&format!("{unknown}&cap=70%"))).is_ok());
}

#[test]
fn caps_read_and_write() {
    for (text, cap) in [
        ("500W", Some(PowerCap::Power(Watts::new(500.0)))),
        ("0.5kW", Some(PowerCap::Power(Watts::new(500.0)))),
        ("500w", Some(PowerCap::Power(Watts::new(500.0)))),
        ("70%", Some(PowerCap::Share(0.7))),
        ("0.43712345678TDP", Some(PowerCap::Share(0.437_123_456_78))),
        ("none", None),
    ] {
        let read = scenario(&format!("v1&cap={text}"));
        assert_eq!(read.cap, cap, "{text}");
        assert_eq!(scenario(&link::write(&read, &[])).cap, cap, "{text}");
    }
    // Watts or a share: a bare number could be either.
    for text in ["500", "0.7", "5%", "120%", "W", "%", "much"] {
        let parsed = link::parse(&format!("v1&cap={text}"));
        assert_eq!((parsed.notices.len(), parsed.scenario.cap), (1, None), "{text}");
    }
}

#[test]
fn a_cap_and_its_clock_are_inverse() {
    for chip in catalog::chips() {
        let row = constants().power(chip).unwrap_or_else(|| panic!("{} has no row", chip.id));
        assert_eq!((row.clock(1.0), row.clock(7.0)), (1.0, 1.0));
        let mut last = row.slowest;
        for percent in 1..=100 {
            let cap = f64::from(percent) / 100.0;
            let clock = row.clock(cap);
            assert!((last..=1.0).contains(&clock), "{}: {cap}", chip.id);
            // No jump, the knee included: the steepest is below it.
            let steepest = 0.0101 / ((1.0 - row.held) * row.knee * row.knee);
            assert!(clock - last <= steepest, "{}: {cap}", chip.id);
            last = clock;
            if cap > row.least() {
                assert!((row.at_clock(clock) - cap).abs() < 1e-9, "{}: {cap}", chip.id);
            }
        }
    }
}

#[test]
fn caps_slow_as_measured() {
    // Prefill on RTX 3090 of 350 W (constants/power.csv), whose successor has the same law.
    let row = constants().power(catalog::chip("rtx-4090").unwrap()).unwrap();
    for (watts, speed) in [(300.0, 0.943), (250.0, 0.853), (200.0, 0.60), (150.0, 0.258)] {
        let clock = row.clock(watts / 350.0);
        assert!((clock - speed).abs() < 0.1, "{watts} W: {clock} is not {speed}");
    }
}
