//! What a power cap leaves of the clock of a chip, and caps that a chip can't keep.

use super::outcome::Warning;
use super::refusal::Refusal;
use crate::catalog::Chip;
use crate::machine::Constants;
use crate::scenario::Scenario;

/// The cap of a scenario as a share of the thermal design power of a chip, at most 1.
///
/// # Errors
/// [`Refusal::MissingFigure`] when the cap is in watts and the chip's own power is not published.
pub fn cap(scenario: &Scenario, chip: &Chip) -> Result<f64, Refusal> {
    let Some(cap) = scenario.cap else { return Ok(1.0) };
    let share = cap.share(chip.tdp).ok_or_else(|| Refusal::MissingFigure {
        chip: chip.id.to_string(),
        figure: "thermal design power, which a cap in watts needs",
    })?;
    Ok(share.min(1.0))
}

/// Share of its clock that the cap leaves a chip that works at full power.
///
/// # Errors
/// As [`cap`].
pub(super) fn clock(scenario: &Scenario, tables: &Constants, chip: &Chip) -> Result<f64, Refusal> {
    // Without a cap nothing is looked up.
    if scenario.cap.is_none() {
        return Ok(1.0);
    }
    let cap = cap(scenario, chip)?;
    Ok(tables.power(chip).map_or(1.0, |row| row.clock(cap)))
}

/// What to say of chips that can't go down to the cap.
pub(super) fn warnings(scenario: &Scenario, tables: &Constants) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (_, pool) in scenario.split.pools() {
        let Some(chip) = scenario.chip(&pool.chip).filter(|_| scenario.cap.is_some()) else { continue };
        let (Ok(cap), Some(row)) = (cap(scenario, chip), tables.power(chip)) else { continue };
        let warning = Warning::CapNotKept { chip: chip.id.to_string(), least: row.least() };
        if cap < row.least() && !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    warnings
}
