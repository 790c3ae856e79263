//! What holds for every scenario and every answer, whatever was asked.

use tandem::evaluate::{Evaluation, evaluate};
use tandem::metric::Metric;
use tandem::report::{self, Report, words};
use tandem::scenario::Scenario;
use tandem::scenario::link::{self, Notice, Problem};
use tandem::serve::Part;

use crate::execution::{Turn, variant};

/// Longest message about an input, in characters.
const LONGEST_WORDS: usize = 1200;

/// A message names what it is about, and can be shown anywhere.
pub fn message(text: &str) {
    assert!(!text.trim().is_empty(), "a message without words");
    assert!(text.chars().count() <= LONGEST_WORDS, "a message of {} letters: {text:?}", text.chars().count());
    assert!(
        !text.chars().any(|symbol| symbol.is_control() && symbol != '\n'),
        "a message that upsets a terminal: {text:?}"
    );
}

/// A notice names field and value.
pub fn notice(own: &Notice) {
    let text = own.to_string();
    message(&text);
    match own.problem {
        Problem::TooLong { .. } | Problem::NoFragment | Problem::More { .. } => {}
        Problem::UnknownKey { .. } if own.key.is_empty() => {
            assert!(text.starts_with('='), "which key? {text:?}");
        }
        Problem::OtherVersion | Problem::UnknownKey { .. } => {
            assert!(!own.key.trim().is_empty() && text.contains(&own.key), "which key? {text:?}");
        }
        _ => assert!(text.contains(&own.key) && text.contains(&own.value), "which value? {text:?}"),
    }
}

/// What a link says: a scenario within its limits, and notices. What was understood is written and read without one.
#[must_use]
pub fn parsed(text: &str) -> link::Parsed {
    let parsed = link::parse(text);
    assert_eq!(parsed.scenario.check(), [], "outside the limits");
    parsed.notices.iter().for_each(notice);
    for fault in &parsed.faults {
        notice(&fault.notice);
        assert!(fault.notice.is_fault() && fault.notice.problem.nearest().len() <= 3, "{fault:?}");
    }
    let again = link::parse(&parsed.link());
    assert_eq!(
        again.faults.is_empty(),
        parsed.faults.iter().all(|fault| fault.key.is_empty()),
        "faults are lost"
    );
    let written = link::write(&parsed.scenario, &parsed.view);
    let settled = link::parse(&written);
    assert_eq!(settled.notices, [], "what was written is not understood: {written}");
    assert_eq!(settled.scenario, parsed.scenario, "what was written is read otherwise: {written}");
    assert_eq!(settled.view, parsed.view, "the view is read otherwise: {written}");
    parsed
}

/// Evaluates a scenario: finite figures that hang together, or a reason in words. Returns whether it is served and the
/// kind of the answer. What is written of it takes longer than the evaluation, so that one scenario in four has
/// each of the three forms.
#[must_use]
pub fn answer(scenario: &Scenario, turn: Turn) -> (bool, String) {
    match evaluate(scenario) {
        Ok(own) => {
            evaluation(&own);
            let mut warnings = None;
            if turn.has(3, 4) {
                let report = Report::new(scenario, &own);
                said(&report.sentence);
                report.warnings.iter().for_each(|text| message(text));
                warnings = Some(report.warnings.len());
            }
            if turn.has(1, 4) {
                said(&report::text(scenario, &own));
            }
            if turn.has(2, 4) {
                said(&report::markdown(scenario, &own, ""));
            }
            (true, format!("{:?} {:?} {warnings:?}", own.steady.binding, own.evidence.class))
        }
        Err(refusal) => {
            let text = words::refusal(&refusal);
            message(&text);
            said(&text);
            assert!(text.ends_with(['.', '?']), "a reason is a sentence: {text:?}");
            (false, variant(&refusal))
        }
    }
}

/// A text without numbers that are none.
fn said(text: &str) {
    let word = |own: &str| matches!(own, "NaN" | "nan" | "inf" | "-inf" | "Infinity");
    let none =
        text.contains('∞') || text.split(|symbol: char| !symbol.is_alphanumeric() && symbol != '-').any(word);
    assert!(!none, "a number that is none: {text:?}");
}

/// Every number is finite and has its sign, ranges hold their value, and parts add up.
pub fn evaluation(own: &Evaluation) {
    for metric in Metric::ALL {
        match metric.read(own) {
            Ok(estimate) => {
                let ends = [estimate.low, estimate.value, estimate.high];
                assert!(ends.iter().all(|end| end.is_finite() && *end >= 0.0), "{metric:?} is {ends:?}");
                assert!(ends.is_sorted(), "{metric:?}: a band beside its value: {ends:?}");
            }
            Err(reason) => message(&reason),
        }
    }
    let steady = &own.steady;
    if steady.saturation.is_some() {
        // Beyond its capacity an open loop has no time to the first token, and nothing that it is made of.
        assert!(
            steady.ttft.get() == f64::INFINITY && steady.e2e.get() == f64::INFINITY,
            "a wait without end ends"
        );
        assert!(steady.ttft_parts.is_empty(), "parts of no time: {:?}", steady.ttft_parts);
    } else {
        for (name, value) in [("TTFT", steady.ttft.get()), ("E2E", steady.e2e.get())] {
            assert!(value.is_finite() && value > 0.0, "{name} is {value}");
        }
    }
    for (name, value) in [
        ("TPOT", steady.tpot.get()),
        ("rate", steady.rate.get()),
        ("capacity", steady.capacity.get()),
        ("in flight", steady.in_flight.get()),
    ] {
        assert!(value.is_finite() && value > 0.0, "{name} is {value}");
    }
    let sum = |parts: &[Part]| parts.iter().map(|part| part.time.get()).sum::<f64>();
    let whole = [("TTFT", &steady.ttft_parts, steady.ttft), ("TPOT", &steady.tpot_parts, steady.tpot)];
    for (name, parts, whole) in whole.into_iter().filter(|(.., whole)| whole.is_finite()) {
        assert!(parts.iter().all(|part| part.time.get() >= 0.0), "a part of {name} below nothing: {parts:?}");
        let share = sum(parts) / whole.get();
        assert!((share - 1.0).abs() < 1e-6, "the parts of {name} are {share} of it");
    }
    assert!(steady.rate.get() <= steady.capacity.get() * (1.0 + 1e-6), "more is served than can be");
    let share = |name: &str, value: f64| assert!((0.0..=1.0 + 1e-9).contains(&value), "{name} is {value}");
    for pool in &steady.pools {
        share("a pool's utilisation", pool.utilisation);
        let memory = &pool.memory;
        for (name, value) in [
            ("a step", pool.step.get()),
            ("a batch", pool.batch.get()),
            ("weights", memory.weights.get()),
            ("capacity", memory.capacity.get()),
            ("overhead", memory.overhead.get()),
            ("cache", memory.kv.get()),
            ("cache outside", memory.kv_outside.get()),
        ] {
            assert!(value.is_finite() && value >= 0.0, "{name} of a pool is {value}");
        }
        for op in &pool.ops {
            let numbers = [op.time.get(), op.bytes.get(), op.flops.get()];
            assert!(numbers.iter().all(|own| own.is_finite() && *own >= 0.0), "{op:?}");
        }
    }
    for flow in &steady.flows {
        let numbers = [flow.bytes.get(), flow.bandwidth.get(), flow.time.get(), flow.exposed.get()];
        assert!(numbers.iter().all(|own| own.is_finite() && *own >= 0.0), "{flow:?}");
        share("a flow's utilisation", flow.utilisation);
    }
    if let Some(transfer) = &steady.transfer {
        let numbers =
            [transfer.bytes.get(), transfer.bandwidth.get(), transfer.time.get(), transfer.exposed.get()];
        assert!(numbers.iter().all(|own| own.is_finite() && *own >= 0.0), "{transfer:?}");
        share("a transfer's utilisation", transfer.utilisation);
    }
    if let Some(saturation) = &steady.saturation {
        let numbers = [saturation.offered.get(), saturation.capacity.get()];
        assert!(numbers.iter().all(|own| own.is_finite() && *own > 0.0), "{saturation:?}");
    }
}
