//! What a chip draws, and how a power cap slows it (`constants/power.csv`; the file explains the columns and their sources).
//!
//! Drawn power is a sum of what a chip does, in shares of its thermal design power (TDP), at most the TDP or its cap:
//!
//! `P/TDP = idle + awake + compute·(FLOP/s over peak)^bend + memory·(B/s over peak)` at work, `idle` otherwise
//!
//! A cap lowers the clock until work at full power keeps it. Dynamic power goes with f·V², and the voltage with the clock
//! f down to the lowest voltage at the clock k:
//!
//! `cap/TDP = h + (1 − h)·f³` for f ≥ k, `h + (1 − h)·k²·f` below
//!
//! The clock of the memory stays. f = 1 is the clock that the chip sustains at its TDP, at which its kernels were measured, so
//! that a cap of the TDP or more changes nothing. Work that draws less than the cap on average holds kernels that would draw
//! more, and those slow down: what is limited by compute slows as the clock does, what is limited by memory hardly does.

use crate::units::power;

/// One row of `power.csv`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerRow {
    /// Chip, generation or class.
    pub silicon: &'static str,
    /// Share of the TDP with weights loaded and nothing to do.
    pub idle: f64,
    /// In addition while at work, whatever the work.
    pub awake: f64,
    /// In addition at the arithmetic peak.
    pub compute: f64,
    /// Exponent of the share of the arithmetic peak, at most 1: units that are filled in part draw more for each FLOP.
    pub bend: f64,
    /// In addition at the peak of the memory bandwidth.
    pub memory: f64,
    /// Share of the TDP that the clock does not change.
    pub held: f64,
    /// Clock at the lowest voltage, over the one sustained at TDP.
    pub knee: f64,
    /// Lowest clock.
    pub slowest: f64,
    /// 80 % interval of the drawn watts, as factors.
    pub band: (f64, f64),
}

impl PowerRow {
    /// Share of the TDP while at work at these shares of the arithmetic peak and of the memory bandwidth, under a cap that is
    /// a share of the TDP.
    #[must_use]
    pub fn at_work(&self, compute: f64, memory: f64, cap: f64) -> f64 {
        let most = cap.clamp(self.least(), 1.0);
        let arithmetic = if compute > 0.0 { self.compute * power(compute, self.bend) } else { 0.0 };
        (self.idle + self.awake + arithmetic + self.memory * memory).min(most)
    }

    /// The lowest cap that the chip keeps, as a share of its TDP: full work at the lowest clock.
    #[must_use]
    pub fn least(&self) -> f64 {
        self.at_clock(self.slowest)
    }

    /// Share of the TDP of full work at a clock.
    #[must_use]
    pub fn at_clock(&self, clock: f64) -> f64 {
        let knee = self.knee;
        let dynamic = if clock >= knee { clock * clock * clock } else { knee * knee * clock };
        self.held + (1.0 - self.held) * dynamic
    }

    /// The clock at which full work keeps a cap, over the one sustained at TDP: 1 for a cap of the TDP or more, and at least
    /// the lowest clock.
    #[must_use]
    pub fn clock(&self, cap: f64) -> f64 {
        if cap >= 1.0 {
            return 1.0;
        }
        let dynamic = ((cap - self.held) / (1.0 - self.held)).max(0.0);
        let knee = self.knee;
        let clock = if dynamic >= knee * knee * knee {
            libm::pow(dynamic, 1.0 / 3.0)
        } else {
            dynamic / (knee * knee)
        };
        clock.clamp(self.slowest, 1.0)
    }
}
