//! Speculative decoding: a drafter proposes tokens one after another, the model checks them in one pass.
//!
//! In text `DRAFTER:TOKENS[:ACCEPTANCE]`. The drafter is `mtp`, the model's own multi-token prediction head, or any
//! model; the acceptance is the probability that one more token is accepted, or the name of a published curve.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Limits;
use crate::catalog::{self, acceptance};
use crate::units::decimal::decimal;

/// How tokens are proposed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speculation {
    /// Who proposes.
    pub drafter: Drafter,
    /// Tokens proposed per step; 0 is plain decoding.
    pub tokens: u32,
    /// How many of them hold.
    pub acceptance: Acceptance,
}

/// Who proposes tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drafter {
    /// The model's own multi-token prediction head: one more layer and the shared output head.
    Mtp,
    /// A model of the catalogue, the scenario's own, or a family scaled to a size.
    Model(String),
}

/// How many proposed tokens hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acceptance {
    /// As published for the model, else the median of what was published.
    #[default]
    Published,
    /// Each token holds with this probability if those before it do.
    PerToken(f64),
    /// A curve of the catalogue.
    Curve(String),
}

impl Speculation {
    /// What a draft pool does when the scenario does not say: a small dense model, four tokens a step.
    #[must_use]
    pub fn of_a_draft_pool() -> Self {
        Self { drafter: Drafter::Model("dense:1B".to_owned()), tokens: 4, acceptance: Acceptance::Published }
    }

    /// Mean tokens per step of a model, the one that the check itself yields included: at least 1.
    ///
    /// With probability a per token that is 1 + a + … + aᵏ; a published curve is joined linearly between its points and
    /// flat beyond the last.
    #[must_use]
    pub fn tokens_per_step(&self, model: &str) -> f64 {
        let published = |id: &str| acceptance::curve(id).map(|curve| curve.tokens_per_step(self.tokens));
        let typical = || published(acceptance::TYPICAL).unwrap_or(1.0);
        match &self.acceptance {
            Acceptance::PerToken(share) => {
                let (mut sum, mut all) = (1.0, 1.0);
                for _ in 0..self.tokens.min(MOST_TOKENS) {
                    all *= share;
                    sum += all;
                }
                sum
            }
            Acceptance::Published => published(model).unwrap_or_else(typical),
            Acceptance::Curve(id) => published(id).unwrap_or_else(typical),
        }
    }

    /// Reads `DRAFTER:TOKENS[:ACCEPTANCE]`.
    ///
    /// # Errors
    /// What is wrong with the text, and how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        const HOW: &str =
            "write drafter:tokens or drafter:tokens:acceptance, for example mtp:3 or llama3-8b:4:70%";
        let text = text.trim();
        let (before, last) = text.rsplit_once(':').ok_or_else(|| HOW.to_owned())?;
        // A family such as dense:1B has a colon of its own, but no whole number before it.
        let (drafter, tokens, acceptance) = match before.rsplit_once(':') {
            Some((drafter, tokens)) if whole(tokens) => (drafter, tokens, Some(last)),
            _ => (before, last, None),
        };
        if !whole(tokens) || drafter.trim().is_empty() {
            return Err(HOW.to_owned());
        }
        let tokens = Limits::DRAFT
            .admit(decimal(tokens.trim()).unwrap_or(f64::INFINITY))
            .map_err(|_| format!("{tokens} draft tokens are outside 0 to {}", Limits::DRAFT.high))?;
        let drafter = drafter.trim();
        let drafter =
            if drafter.eq_ignore_ascii_case(MTP) { Drafter::Mtp } else { Drafter::Model(drafter.to_owned()) };
        let acceptance = acceptance.map_or(Ok(Acceptance::Published), read_acceptance)?;
        Ok(Self { drafter, tokens: tokens as u32, acceptance })
    }
}

/// Most tokens proposed per step, as [`Limits::DRAFT`] says.
const MOST_TOKENS: u32 = 16;
/// The model's own head.
const MTP: &str = "mtp";

fn whole(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn read_acceptance(text: &str) -> Result<Acceptance, String> {
    let text = text.trim();
    let (digits, over) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits, 100.0));
    if let Some(share) = decimal(digits.trim()) {
        let share = share / over;
        return match Limits::ACCEPTANCE.admit(share) {
            Ok(share) => Ok(Acceptance::PerToken(share)),
            Err(_) => Err(format!("an acceptance of {text} is outside 0 to 1")),
        };
    }
    let id = text.to_ascii_lowercase();
    if acceptance::curve(&id).is_some() {
        return Ok(Acceptance::Curve(id));
    }
    let known: Vec<&str> = acceptance::curves().iter().map(|curve| curve.id).collect();
    Err(format!("{text} is neither a share nor a published curve; there are {}", known.join(", ")))
}

impl fmt::Display for Speculation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.drafter {
            Drafter::Mtp => f.write_str(MTP)?,
            Drafter::Model(id) => f.write_str(id)?,
        }
        write!(f, ":{}", self.tokens)?;
        match &self.acceptance {
            Acceptance::Published => Ok(()),
            Acceptance::PerToken(share) => write!(f, ":{share}"),
            Acceptance::Curve(id) => write!(f, ":{id}"),
        }
    }
}

impl Drafter {
    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Mtp => "MTP head".to_owned(),
            Self::Model(id) => catalog::model(id).map_or_else(|| id.clone(), |model| model.name.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_survive() {
        for text in
            ["mtp:3", "mtp:3:0.8", "mtp:1:1", "llama3-8b:4", "dense:1B:4", "dense:1B:4:0.7", "mtp:5:kimi-k3"]
        {
            assert_eq!(Speculation::parse(text).map(|own| own.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(Speculation::parse("MTP:3:80%").map(|own| own.to_string()), Ok("mtp:3:0.8".to_owned()));
    }

    #[test]
    fn errors_teach() {
        for text in [
            "",
            "mtp",
            "mtp:x",
            ":3",
            "mtp:17",
            "mtp:3:2",
            "mtp:3:nobody",
            "dense:1B",
            "mtp:99999999999999999999",
        ] {
            let error = Speculation::parse(text).expect_err(text);
            assert!(
                error.contains("mtp:3") || error.contains("outside") || error.contains("kimi-k3"),
                "{error}"
            );
        }
    }

    #[test]
    fn acceptance_by_hand() {
        let at = |tokens, acceptance| Speculation { drafter: Drafter::Mtp, tokens, acceptance };
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
        // (1 − 0.8⁴)/(1 − 0.8) and its limits.
        close(at(3, Acceptance::PerToken(0.8)).tokens_per_step("any"), (1.0 - 0.4096) / 0.2);
        close(at(3, Acceptance::PerToken(1.0)).tokens_per_step("any"), 4.0);
        close(at(3, Acceptance::PerToken(0.0)).tokens_per_step("any"), 1.0);
        close(at(0, Acceptance::Published).tokens_per_step("any"), 1.0);
        // Published points, the middle between two of them, and flat beyond the last.
        close(at(3, Acceptance::Curve("kimi-k3".to_owned())).tokens_per_step("any"), 2.87);
        close(at(3, Acceptance::Published).tokens_per_step("kimi-k3"), 2.87);
        close(at(2, Acceptance::Published).tokens_per_step("kimi-k3"), f64::midpoint(1.84, 2.87));
        close(at(12, Acceptance::Published).tokens_per_step("kimi-k3"), 3.78);
    }
}
