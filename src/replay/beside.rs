//! Pools that have a part in the steps of another: feed-forward layers on chips of their own, and drafters.
//!
//! They keep no cache and no queue, so that the replica which does says when they are at work: a step of it takes so much of
//! their time. Each serves several of its replicas, which share it.

use super::series::Series;
use super::steps::Steps;
use super::table::Crowd;
use crate::serve::{Beside, Shares};
use crate::units::Tokens;

/// A pool beside another, at work.
#[derive(Clone, Debug)]
pub struct Helper {
    /// What it is made of.
    pub plan: Beside,
    /// Replicas that read prompts, over time.
    pub prefill_busy: Series,
    /// Replicas that have a part in decode, over time.
    pub decode_busy: Series,
}

impl Helper {
    /// At rest.
    #[must_use]
    pub fn new(plan: Beside) -> Self {
        Self { plan, prefill_busy: Series::default(), decode_busy: Series::default() }
    }

    /// Its part in what one replica of the other pool does between two times.
    pub fn prefills(&mut self, from: f64, to: f64, share: f64) {
        self.prefill_busy.span(from, to, share / self.plan.ratio.max(1e-9));
    }

    /// The same in decode.
    pub fn decodes(&mut self, from: f64, to: f64, share: f64) {
        self.decode_busy.span(from, to, share / self.plan.ratio.max(1e-9));
    }
}

/// Shares asked for lately: they change slowly with the sequences and their length.
#[derive(Clone, Debug, Default)]
pub struct Remembered(Vec<Option<((Crowd, u32), Shares)>>);

/// Entries; a power of two.
const ENTRIES: usize = 256;

impl Remembered {
    /// Shares of a decode step with so many sequences that hold so many tokens between them.
    pub fn shares(&mut self, steps: &impl Steps, crowd: Crowd, tokens: u64) -> Shares {
        if self.0.is_empty() {
            self.0 = vec![None; ENTRIES];
        }
        let context = (tokens as f64 / f64::from(crowd.own.max(1))).max(1.0);
        // Eight lengths to each doubling.
        let length = libm::round(libm::log2(context) * 8.0) as u32;
        let (key, others) = ((crowd, length), crowd.others());
        let mixed = crowd.own.wrapping_mul(0x9e37_79b9)
            ^ (others as u32).wrapping_mul(0xc2b2_ae35)
            ^ length.wrapping_mul(0x85eb_ca6b);
        let slot = self.0.get_mut((mixed >> 24) as usize % ENTRIES);
        match slot {
            Some(Some((known, shares))) if *known == key => *shares,
            slot => {
                let context = Tokens::new(libm::pow(2.0, f64::from(length) / 8.0));
                let shares = steps.shares((f64::from(crowd.own), others), context);
                if let Some(slot) = slot {
                    *slot = Some((key, shares));
                }
                shares
            }
        }
    }
}
