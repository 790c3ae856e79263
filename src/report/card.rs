//! Whether a model runs on a card for one user: how much of its memory the weights take, how much context the rest holds, and
//! how fast it answers.

use super::words;
use crate::catalog::NumberFormat;
use crate::evaluate::evaluate;
use crate::scenario::{Custom, Formats, Load, Pool, Scenario, Slo, Split, Workload};
use crate::serve::find_model;
use crate::units::Tokens;
use crate::units::format::{Precision, Unit};

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

/// One user of a model on so many cards, its weights in a format or as released.
#[must_use]
pub fn scenario(
    custom: &Custom,
    model: &str,
    chip: &str,
    cards: u32,
    weights: Option<NumberFormat>,
) -> Scenario {
    Scenario {
        model: model.to_owned(),
        formats: Formats { weights, ..Formats::default() },
        workload: Workload { isl: Tokens::new(PROMPT), osl: Tokens::new(ANSWER), spread: 1.0, hit: 0.0 },
        load: Load::Closed { concurrency: 1.0 },
        split: Split::Colocated { pool: Pool::new(chip, cards) },
        slo: Slo { ttft: None, tpot: None },
        custom: custom.clone(),
        ..Scenario::default()
    }
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
        let each = if pool.chips == 1 { "" } else { " of each" };
        parts.push(format!(
            "Fits on {on}: weights take {weights} of {}{each}.",
            Unit::Bytes.format(memory.capacity.get())
        ));
        let room = memory.kv_capacity.get() * f64::from(pool.replicas.max(1));
        let window = find_model(&scenario).map_or(f64::INFINITY, |model| model.max_context.get());
        let context = room.min(window);
        let why = if room < window { "as much as memory leaves" } else { "all that the model takes" };
        if context > 0.0 {
            parts.push(format!("Context up to {} tokens, {why}.", short(Unit::Number, libm::floor(context))));
        }
    }
    let speed = short(Unit::TokensPerSecond, 1.0 / steady.tpot.get());
    let first = short(Unit::Seconds, steady.ttft.get());
    parts.push(format!("{speed} for one user; the first token of a 2k prompt after {first}."));
    OnCard { fits: true, text: parts.join(" "), scenario }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::mend;

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
