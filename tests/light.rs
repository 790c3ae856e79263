//! Laws of whole scenarios, over every split, chip, model, format, layout and load that a link can name: nothing is faster
//! than the data sheets of the chips allow, and what is better is never worse.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

mod support;

use proptest::prelude::*;
use tandem::catalog::Chip;
use tandem::evaluate::{Evaluation, evaluate};
use tandem::machine::constants;
use tandem::scenario::{Load, Role, Scenario, link};
use tandem::serve::{Binding, Deployment, Models, Warning};

/// What rounding and four points of a balance leave of a rate.
const SLACK: f64 = 1e-4;

/// What more work may gain: where prompts are far longer than answers, one more of few users is one more in the way of each, and
/// users of short answers come together. More users lost more than a thousandth in 1 of 3,000 draws, 3.2 % at most; longer answers
/// came sooner in 1 of 10,000, by 1.9 % at most.
const CROWDED: f64 = 0.04;

/// What may be lost where attention and FFN take turns: their micro-batches are those of fewer users, or are chosen for all
/// users, of whom fewer are in decode. More users lost 5.3 % at most, and better chips 3 %, 1 in 10,000 of them.
const TURNS: f64 = 0.07;

/// The best arithmetic rate of a chip in any format.
fn peak(chip: &Chip) -> f64 {
    let peaks = &chip.peaks;
    [peaks.fp4, peaks.fp8, peaks.int8, peaks.bf16]
        .into_iter()
        .flatten()
        .map(|own| own.get())
        .fold(0.0, f64::max)
}

/// The best bandwidth of a chip from any of its memories; without bound where one is not known.
fn bandwidth(chip: &Chip) -> f64 {
    let main = chip.memory.as_ref().map_or(0.0, |own| own.bandwidth.get());
    let sram = chip.sram.as_ref().map_or(0.0, |own| own.bandwidth.map_or(f64::INFINITY, |own| own.get()));
    main.max(sram)
}

/// Sums a figure of the chips of some pools.
fn over(scenario: &Scenario, pools: impl Fn(Role) -> bool, figure: fn(&Chip) -> f64) -> f64 {
    let all = scenario.split.pools();
    let some = all.into_iter().filter(|(role, _)| pools(*role));
    some.map(|(_, pool)| figure(scenario.chip(&pool.chip).unwrap()) * f64::from(pool.chips)).sum()
}

/// Tokens after the first that reach the user with the first message.
fn unseen(scenario: &Scenario) -> f64 {
    let mut scenario = scenario.clone();
    if let (Load::Closed { concurrency }, Some(prompts)) = (&mut scenario.load, scenario.flags.prompts) {
        // More users than requests have nothing to ask.
        *concurrency = concurrency.min(f64::from(prompts));
    }
    let models = Models::of(&scenario).unwrap();
    let deployment = Deployment::new(&scenario, constants(), &models).unwrap();
    let flags = deployment.decode.holder.settled.replica.flags();
    flags.unseen(deployment.prefill.is_some(), deployment.lengths.tokens)
}

/// Nothing is faster than light: arithmetic that no chip can do in the time, weights that no memory can read in it.
fn no_faster_than_light(scenario: &Scenario, own: &Evaluation) -> Result<(), TestCaseError> {
    let steady = &own.steady;
    // A rate that was never published is inferred from another, and may be the higher one.
    if steady.warnings.iter().any(|own| matches!(own, Warning::AssumedRate { .. })) {
        return Ok(());
    }
    let text = link::write(scenario, &[]);
    let parameters = scenario.model().unwrap().parameters();
    // Looking a token up is no arithmetic, and reads a row.
    let active = (parameters.active() - parameters.embedding).max(0.0);
    let spent = 2.0 * active * steady.throughput().get();
    let there = over(scenario, |role| role != Role::Draft, peak);
    prop_assert!(spent <= there * 1.000_001, "{spent:e} of {there:e} operations a second: {text}");

    let work = 2.0 * active * scenario.workload.mean_isl().get() * (1.0 - scenario.workload.hit);
    let apart = scenario.split.kind().has_prefill();
    let readers = |role| if apart { role == Role::Prefill } else { role != Role::Draft };
    let least = work / over(scenario, readers, peak);
    // What sessions and users share is read from the cache, beyond the hit rate that is stated.
    if scenario.traffic.is_default() {
        prop_assert!(
            steady.ttft.get() >= least * 0.999,
            "a first token after {:?}, {least} s at best: {text}",
            steady.ttft
        );
    }

    // Four bits a weight at least; a step yields at most what is proposed and one more.
    let most = scenario.speculation().map_or(1.0, |own| f64::from(own.tokens) + 1.0);
    let decodes = |role| !matches!(role, Role::Prefill | Role::Draft);
    let least = 0.5 * active / over(scenario, decodes, bandwidth) / most;
    let tokens = (steady.osl.get() - 1.0).max(0.0);
    prop_assert!(
        steady.e2e.get() >= least * tokens * 0.999,
        "an answer after {:?}, {least} s a token at best: {text}",
        steady.e2e
    );
    // What comes with the first message takes no time after it, and is no measure.
    let spread = tokens - unseen(scenario).min(tokens);
    prop_assert!(
        steady.tpot.get() * tokens >= least * spread * 0.999,
        "a token after {:?}, {least} s at best: {text}",
        steady.tpot
    );
    let told = steady.warnings.iter().any(|own| matches!(own, Warning::OneMessage { .. }));
    prop_assert!(told == (tokens > 0.0 && steady.tpot.get() <= 0.0), "TPOT {:?}: {text}", steady.tpot);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_faster_than_light(scenario in prop_oneof![support::scenarios(), support::sensible_scenarios(), support::served_scenarios()]) {
        if let Ok(own) = evaluate(&scenario) {
            no_faster_than_light(&scenario, &own)?;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    /// Longer answers are never done sooner, and more users never serve fewer requests; in each split, at the layouts
    /// and micro-batches that the first of the two was given.
    #[test]
    fn more_work_is_never_done_sooner(scenario in support::served_scenarios(), factor in 1.0..4.0_f64) {
        let Ok(base) = evaluate(&scenario) else { return Ok(()) };
        let mut scenario = tandem::explore::pin(&scenario);
        // Micro-batches are chosen for all users, of whom fewer are in decode, and cost up to 3.5 % where the choice flips.
        let micro = Models::of(&scenario).ok().and_then(|models| {
            let deployment = Deployment::new(&scenario, constants(), &models).ok()?;
            deployment.decode.partner.map(|own| own.micro)
        });
        scenario.micro = micro.or(scenario.micro);
        let text = link::write(&scenario, &[]);
        let mut longer = scenario.clone();
        longer.workload.osl = longer.workload.osl * factor;
        let most = if micro.is_some() { TURNS } else { CROWDED };
        if let (Load::Closed { .. }, Ok(longer)) = (scenario.load, evaluate(&longer)) {
            let (before, after) = (base.steady.e2e.get(), longer.steady.e2e.get());
            prop_assert!(after >= before * (1.0 - most), "{after} s after {before} s for {factor} times the answer: {text}");
        }
        if let Load::Closed { concurrency } = scenario.load {
            let busy = Scenario { load: Load::Closed { concurrency: concurrency * factor }, ..scenario };
            if let Ok(busy) = evaluate(&busy) {
                let (before, after) = (base.steady.rate.get(), busy.steady.rate.get());
                prop_assert!(after >= before * (1.0 - most), "{after} after {before} req/s with {factor} times the users: {text}");
            }
        }
    }

    /// Chips that compute and read faster serve no fewer requests, in each split.
    #[test]
    fn better_chips_never_serve_less(
        split in prop::sample::select(vec![
            "pool=my*16:tp8",
            "prefill=my*8:tp4&decode=my*16:tp8",
            "attention=my*8:tp8&ffn=my*8:tp8",
            "split=draft&draft=my*2:tp1&verify=my*8:tp8&spec=llama3-8b:4:0.7",
            "split=pd-afd&prefill=my*8:tp8&attention=my*8:tp8&ffn=my*8:tp8",
            "split=pd-draft&prefill=my*8:tp8&draft=my*2:tp1&verify=my*8:tp8&spec=llama3-8b:3:0.7",
        ]),
        model in prop::sample::select(vec!["llama3-70b&weights=fp8", "gpt-oss-120b", "mixtral-8x7b", "deepseek-v3&weights=nvfp4"]),
        (users, engine) in (1..400_u32, prop::sample::select(vec!["vllm", "sglang", "trtllm"])),
        (isl, osl) in (64..30_000_u32, 16..2_000_u32),
        (compute, memory) in (100.0..4000.0_f64, 1000.0..10_000.0_f64),
        (more, wider) in (1.0..4.0_f64, 1.0..4.0_f64),
    ) {
        let at = |compute: f64, memory: f64| {
            let chip = format!("my:bf16={compute}:fp8={}:fp4={}:mem=192:bw={memory}:up=450x8:out=50", compute * 2.0, compute * 4.0);
            let text = format!("v1&model={model}&isl={isl}&osl={osl}&concurrency={users}&engine={engine}&chip={chip}&{split}");
            let parsed = link::parse(&text);
            assert_eq!(parsed.notices, [], "{text}");
            (evaluate(&parsed.scenario), text)
        };
        let (Ok(base), text) = at(compute, memory) else { return Ok(()) };
        let base = base.steady.rate.get();
        for (own, other) in [at(compute * more, memory), at(compute, memory * wider), at(compute * more, memory * wider)] {
            let rate = own.unwrap().steady.rate.get();
            let most = if split.contains("ffn") { TURNS } else { SLACK };
            prop_assert!(rate >= base * (1.0 - most), "{rate} req/s: {other}\nafter {base}: {text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// One user waits for nobody, and no reason says so, on any chips, in each split.
    #[test]
    fn one_user_is_in_nobodys_way(scenario in support::served_scenarios()) {
        let alone = Scenario { load: Load::Closed { concurrency: 1.0 }, ..scenario };
        let Ok(own) = evaluate(&alone) else { return Ok(()) };
        let (steady, text) = (&own.steady, link::write(&alone, &[]));
        let waits = |limit: Binding| {
            matches!(limit, Binding::Steps | Binding::Queue | Binding::Interference | Binding::Capacity)
        };
        prop_assert!(!waits(steady.binding), "{:?}: {text}", steady.binding);
        for phase in &steady.phases {
            prop_assert!(!waits(phase.reason.limit), "{phase:?}: {text}");
        }
        for part in steady.ttft_parts.iter().chain(&steady.tpot_parts) {
            prop_assert!(!waits(part.limit), "{part:?}: {text}");
        }
    }
}
