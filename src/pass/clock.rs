//! A plan on chips that run below their clock because their power is capped: arithmetic slows, memory and links don't. Source
//! of the clock: [`crate::machine::power`].

use std::sync::Arc;

use super::memo::Memo;
use super::plan::{Laws, Plan};

impl Plan<'_> {
    /// The same plan at a share of the clock at which kernels were measured.
    #[must_use]
    pub fn at_clock(mut self, clock: f64) -> Self {
        self.laws = Arc::new(self.laws.map(|laws| laws.at_clock(clock)));
        self.memo = Memo::default();
        self
    }
}

impl Laws {
    fn at_clock(self, clock: f64) -> Self {
        Self {
            attention: self.attention.at_clock(clock),
            dense: self.dense.at_clock(clock),
            shared: self.shared.at_clock(clock),
            wide: self.wide.at_clock(clock),
            experts: self.experts.at_clock(clock),
            prefill_attention: self.prefill_attention.at_clock(clock),
            decode_attention: self.decode_attention.at_clock(clock),
            prefill_mla: self.prefill_mla.at_clock(clock),
            decode_mla: self.decode_mla.at_clock(clock),
            indexer: self.indexer.at_clock(clock),
            elementwise: self.elementwise.at_clock(clock),
        }
    }
}
