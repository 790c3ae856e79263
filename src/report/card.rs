//! Whether a model runs on a card for one user: how much of its memory the weights take, how much context the rest holds, and
//! how fast it answers.

use super::words;
use crate::catalog::{Engine, NumberFormat, PriceBasis};
use crate::cost::chip_hour;
use crate::evaluate::evaluate;
use crate::scenario::{Custom, Formats, Load, Pool, Pricing, Scenario, Slo, Split, Workload};
use crate::serve::{Scheduler, find_model};
use crate::units::Tokens;
use crate::units::format::{Precision, Unit, format_tokens};

/// A chat of one user: what is asked of the card, in tokens.
const PROMPT: f64 = 2048.0;
const ANSWER: f64 = 512.0;

/// What came of the question.
#[derive(Clone, Debug, PartialEq)]
pub struct OnCard {
    /// Whether it fits.
    pub fits: bool,
    /// The answer in a few sentences.
    pub text: String,
    /// The scenario behind it.
    pub scenario: Scenario,
}

/// One user of a model on so many cards, its weights in a format or as released, under an engine that the cards have, at
/// what they cost who owns them.
#[must_use]
pub fn scenario(
    custom: &Custom,
    model: &str,
    chip: &str,
    cards: u32,
    weights: Option<NumberFormat>,
) -> Scenario {
    let plain = Scenario {
        model: model.to_owned(),
        formats: Formats { weights, ..Formats::default() },
        workload: Workload { isl: Tokens::new(PROMPT), osl: Tokens::new(ANSWER), spread: 1.0, hit: 0.0 },
        load: Load::Closed { concurrency: 1.0 },
        split: Split::Colocated { pool: Pool::new(chip, cards) },
        slo: Slo { ttft: None, tpot: None },
        custom: custom.clone(),
        ..Scenario::default()
    };
    let engine = plain.chip(chip).and_then(|own| engine_of(plain.engine, &own.vendor));
    let engine = engine.unwrap_or(plain.engine);
    let pricing = Pricing { basis: PriceBasis::Own, ..plain.pricing.clone() };
    let owned = Scenario { engine, pricing, ..plain.clone() };
    if chip_hour(&owned, chip).is_ok() { owned } else { Scenario { engine, ..plain } }
}

/// The engine itself where it runs on the chips of a vendor, or the first that does.
fn engine_of(engine: Engine, vendor: &str) -> Option<Engine> {
    std::iter::once(engine).chain(Engine::ALL).find(|own| Scheduler::runs_on(*own, vendor))
}

/// The answer to a scenario of [`scenario`].
#[must_use]
pub fn on_card(scenario: Scenario) -> OnCard {
    let short = |unit: Unit, value: f64| unit.format_with(value, Precision::SHORT);
    let evaluation = match evaluate(&scenario) {
        Ok(evaluation) => evaluation,
        Err(refusal) => return OnCard { fits: false, text: words::refusal(&refusal), scenario },
    };
    let steady = &evaluation.steady;
    let mut parts = Vec::new();
    for pool in steady.pools.iter().take(1) {
        let memory = &pool.memory;
        let chip = scenario.chip(&pool.chip).map_or(&*pool.chip, |chip| chip.short_name());
        let on = if pool.chips == 1 { format!("one {chip}") } else { format!("{} × {chip}", pool.chips) };
        let weights = Unit::Bytes.format(memory.weights.get());
        // A share, for 24 GB on a box are 25.8 GB of bytes.
        let share = short(Unit::Percent, memory.weights.get() / memory.capacity.get());
        let of = if pool.chips == 1 { "its memory" } else { "the memory of each" };
        parts.push(format!("Fits on {on}: weights take {share} of {of} ({weights})."));
        // One request lies in one replica, however many there are.
        let room = memory.kv_capacity.get();
        let window = find_model(&scenario).map_or(f64::INFINITY, |model| model.max_context.get());
        let context = room.min(window);
        let why = if room < window { "as much as memory leaves" } else { "all that the model takes" };
        if context > 0.0 {
            parts.push(format!("Context up to {} tokens, {why}.", format_tokens(whole(context))));
        }
    }
    let speed = short(Unit::TokensPerSecond, 1.0 / steady.tpot.get());
    let first = short(Unit::Seconds, steady.ttft.get());
    let engine = scenario.engine.name();
    parts.push(format!("{speed} for one user with {engine}; the first token of a 2k prompt after {first}."));
    OnCard { fits: true, text: parts.join(" "), scenario }
}

/// A length that is no more than there is: in whole thousands of 1,024 where it has some.
fn whole(tokens: f64) -> u64 {
    let tokens = libm::floor(tokens) as u64;
    if tokens < THOUSAND { tokens } else { tokens / THOUSAND * THOUSAND }
}

/// What `k` is in lengths.
const THOUSAND: u64 = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::mend;
    use crate::scenario::link;
    use crate::serve::Warning;

    fn asked(model: &str, chip: &str, cards: u32, weights: Option<NumberFormat>) -> OnCard {
        on_card(scenario(&Custom::default(), model, chip, cards, weights))
    }

    #[test]
    fn what_fits_says_context_and_speed() {
        let own = asked("llama3-8b", "rtx-4090", 1, Some(NumberFormat::Fp8));
        assert!(own.fits, "{}", own.text);
        assert!(own.text.contains("Context up to") && own.text.contains("tok/s"), "{}", own.text);
    }

    #[test]
    fn a_card_has_an_engine_that_runs_on_it_and_costs_what_its_owner_pays() {
        for chip in ["m3-ultra", "rtx-4090", "mi300x", "strix-halo", "tpu-7x"] {
            let own = asked("llama3-8b", chip, 1, Some(NumberFormat::Int4));
            let chip = own.scenario.chip(chip).unwrap();
            assert!(Scheduler::runs_on(own.scenario.engine, &chip.vendor), "{}", own.text);
            assert!(own.text.contains(own.scenario.engine.name()), "{}", own.text);
            let warnings = evaluate(&own.scenario).unwrap().steady.warnings;
            assert!(!warnings.iter().any(|own| matches!(own, Warning::NoSuchEngine { .. })), "{warnings:?}");
        }
        let mac = asked("llama3-8b", "m3-ultra", 1, None).scenario;
        assert!(chip_hour(&mac, "m3-ultra").is_ok() && mac.pricing.basis == PriceBasis::Own);
    }

    #[test]
    fn a_second_replica_holds_no_longer_request() {
        let one = asked("llama3-8b", "rtx-4090", 1, Some(NumberFormat::Fp8));
        let mut two = one.scenario.clone();
        two.split = link::parse("v1&pool=rtx-4090*2:tp1").scenario.split;
        let context = |text: &str| {
            let found = text.split("Context up to ").nth(1).and_then(|own| own.split(' ').next());
            found.map(str::to_owned).unwrap_or_else(|| panic!("{text}"))
        };
        let two = on_card(two);
        assert_eq!(context(&one.text), context(&two.text));
        assert!(context(&one.text).ends_with('k') && two.text.contains("2 × RTX 4090"), "{}", two.text);
    }

    #[test]
    fn what_does_not_fit_has_a_way_out() {
        let own = asked("llama3-70b", "rtx-4090", 1, None);
        assert!(!own.fits && own.text.starts_with("Does not fit"), "{}", own.text);
        assert!(!mend::offers(&own.scenario).is_empty());
    }

    #[test]
    fn fewer_bits_leave_more_context() {
        let context = |weights| {
            let own = asked("llama3-8b", "rtx-4090", 1, Some(weights));
            evaluate(&own.scenario).unwrap().steady.pools[0].memory.kv_capacity.get()
        };
        assert!(context(NumberFormat::Int4) > context(NumberFormat::Fp8));
        assert!(context(NumberFormat::Fp8) > context(NumberFormat::Bf16));
    }
}
