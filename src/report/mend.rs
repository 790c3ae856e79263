//! What lets a model fit that does not: more chips, or weights of fewer bits. Nothing is offered that was not evaluated.

use std::fmt::Write as _;

use super::words;
use crate::catalog::NumberFormat;
use crate::evaluate::{Evaluation, evaluate};
use crate::scenario::{Formats, Limits, Role, Scenario};
use crate::serve::Refusal;
use crate::units::format::Unit;

/// Rounds of growing; each settles a pool, and no split has more than four.
const ROUNDS: usize = 12;

/// Numbers of chips that are tried below one that is known to do.
const TRIES: u32 = 24;

/// Formats of four bits, those with arithmetic of their own first.
const FOUR_BITS: [NumberFormat; 3] = [NumberFormat::Nvfp4, NumberFormat::Mxfp4, NumberFormat::Int4];

/// A scenario that would have an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// What a button says: `Add 8 chips`.
    pub label: String,
    /// What it does, in full.
    pub detail: String,
    /// The scenario then.
    pub scenario: Scenario,
}

/// The scenario with pools grown to the fewest chips that hold the model, and its evaluation: none where it fits as it is,
/// or where no number of chips helps. A pool of whole instances or racks grows by such. A stated layout of a pool that grows
/// is left to the tool.
#[must_use]
pub fn grown(scenario: &Scenario) -> Option<(Scenario, Evaluation)> {
    let mut next = scenario.clone();
    for round in 0..ROUNDS {
        match evaluate(&next) {
            Ok(evaluation) => return (round > 0).then_some((next, evaluation)),
            Err(refusal) => {
                let (role, more) = lacking(&refusal)?;
                grow(&mut next, role, more)?;
            }
        }
    }
    None
}

/// The pool that has too few chips, and how many more are known to do.
fn lacking(refusal: &Refusal) -> Option<(Role, u32)> {
    match refusal {
        Refusal::DoesNotFit { role, more_chips: Some(more), .. } if *more > 0 => Some((*role, *more)),
        Refusal::TooFewChips { role, needs, has } if needs > has => Some((*role, needs - has)),
        _ => None,
    }
}

/// Gives a pool the fewest chips of which it does not lack any more.
fn grow(scenario: &mut Scenario, role: Role, more: u32) -> Option<()> {
    let basis = scenario.pricing.basis;
    let chip = scenario.split.pool_mut(role)?.chip.clone();
    let sold = scenario.chip(&chip).map_or(1, |chip| chip.sold.on(basis)).max(1);
    let pool = scenario.split.pool_mut(role)?;
    pool.layout = None;
    let before = pool.chips;
    let step = if before.is_multiple_of(sold) { sold } else { 1 };
    let most = before.checked_add(more)?.checked_next_multiple_of(step)?;
    Limits::CHIPS.admit(f64::from(most)).ok()?;
    // What is known to do is a round number; an odd one below may do as well.
    let tries = ((most - before) / step).min(TRIES);
    for fewer in (0..tries).rev() {
        scenario.split.pool_mut(role)?.chips = most - fewer * step;
        let lacks = evaluate(scenario).err().as_ref().and_then(lacking).is_some_and(|own| own.0 == role);
        if !lacks {
            return Some(());
        }
    }
    Some(())
}

/// What can be done about a scenario without an answer, the least change first.
#[must_use]
pub fn offers(scenario: &Scenario) -> Vec<Offer> {
    let mut offers = Vec::new();
    if let Some((more, _)) = grown(scenario) {
        let added = more.split.chips().saturating_sub(scenario.split.chips());
        let noun = if added == 1 { "chip" } else { "chips" };
        let detail = told(scenario, &more);
        offers.push(Offer { label: format!("Add {added} {noun}"), detail, scenario: more });
    }
    offers.extend(four_bits(scenario));
    offers
}

/// The same with weights of four bits, where it then fits.
fn four_bits(scenario: &Scenario) -> Option<Offer> {
    FOUR_BITS.into_iter().filter(|format| scenario.formats.weights != Some(*format)).find_map(|format| {
        let formats = Formats { weights: Some(format), experts: None, ..scenario.formats };
        let next = Scenario { formats, ..scenario.clone() };
        evaluate(&next).ok()?;
        let detail = format!("Weights in {}, {} bits each", format.id(), bits(format));
        Some(Offer { label: "4-bit weights".to_owned(), detail, scenario: next })
    })
}

/// Bits of a weight with its share of scales.
fn bits(format: NumberFormat) -> String {
    format!("{:.1}", 8.0 * format.weight_bytes(0))
}

/// What grew: `DeepSeek-V3 needs more memory: prefill 8 → 16 × H100 SXM, the fewest that hold it.`
#[must_use]
pub fn told(before: &Scenario, after: &Scenario) -> String {
    let mut text = format!("{} needs more memory:", words::model(&after.model));
    let mut first = true;
    for ((role, own), (_, now)) in before.split.pools().into_iter().zip(after.split.pools()) {
        if own.chips == now.chips {
            continue;
        }
        let comma = if first { "" } else { "," };
        let pool = match role {
            Role::Colocated => String::new(),
            _ => format!("{} ", words::small(words::pool(role))),
        };
        let _ = write!(
            text,
            "{comma} {pool}{} → {}",
            Unit::Count.format(f64::from(own.chips)),
            words::chips(now.chips, &now.chip)
        );
        first = false;
    }
    text.push_str(", the fewest that hold it.");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::link;

    fn scenario(link: &str) -> Scenario {
        link::parse(link).scenario
    }

    #[test]
    fn pools_grow_to_the_least_that_fits() {
        for text in [
            "v1&model=deepseek-v3",
            "v1&model=deepseek-v3&pool=h100-sxm*1",
            "v1&model=llama3-70b&pool=rtx-4090*1",
            "v1&model=kimi-k2&prefill=h200*4&decode=b200*2",
            "v1&model=deepseek-v3&split=afd&attention=h200*2&ffn=h200*4",
            "v1&model=llama3-70b&pool=groq3-lp30*8",
            "v1&model=deepseek-v3&pool=h200*8:tp4",
        ] {
            let small = scenario(text);
            assert!(evaluate(&small).is_err(), "{text} fits");
            let (large, evaluation) = grown(&small).unwrap_or_else(|| panic!("{text} does not grow"));
            assert_eq!(evaluate(&large).as_ref(), Ok(&evaluation), "{text}");
            // One chip fewer in any pool that grew no longer holds it.
            for ((role, own), (_, before)) in large.split.pools().into_iter().zip(small.split.pools()) {
                if own.chips > before.chips {
                    let mut fewer = large.clone();
                    let sold = fewer.chip(&own.chip).unwrap().sold.rented;
                    let step = if before.chips.is_multiple_of(sold) { sold } else { 1 };
                    assert!((own.chips - before.chips).is_multiple_of(step), "{text}: {} chips", own.chips);
                    fewer.split.pool_mut(role).unwrap().chips -= step;
                    assert!(
                        evaluate(&fewer).is_err(),
                        "{text}: {} chips in {role} are not the least",
                        own.chips
                    );
                }
            }
            assert!(told(&small, &large).contains('→'), "{text}");
        }
    }

    #[test]
    fn what_fits_does_not_grow_and_what_cannot_fit_says_nothing() {
        assert!(grown(&Scenario::default()).is_none());
        assert!(grown(&scenario("v1&pool=h100-sxm*8:tp3:pp200")).is_none());
        let unknown = Scenario { model: "none".to_owned(), ..Scenario::default() };
        assert!(grown(&unknown).is_none() && offers(&unknown).is_empty());
    }

    #[test]
    fn offers_have_answers() {
        let own = scenario("v1&model=llama3-70b&weights=bf16&isl=1k&osl=128&concurrency=1&pool=h100-sxm*1");
        let all = offers(&own);
        let labels: Vec<&str> = all.iter().map(|own| own.label.as_str()).collect();
        assert_eq!(labels, ["Add 1 chip", "4-bit weights"]);
        for own in &all {
            assert!(evaluate(&own.scenario).is_ok(), "{own:?}");
        }
    }
}
