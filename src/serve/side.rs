//! A pool on its silicon: the chip that the scenario names for it, its replica and the layout that was settled.

use super::duty::Duty;
use super::layouts::Settled;
use super::outcome::{PoolState, Warning};
use crate::catalog::{Chip, Status};
use crate::scenario::{Pool, Role};
use crate::units::{Requests, Seconds, Tokens};

/// A pool on its silicon.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// What it does.
    pub role: Role,
    /// What the scenario says of it.
    pub pool: &'a Pool,
    /// Its chip.
    pub chip: &'a Chip,
    /// Its replica, and how many there are.
    pub settled: Settled<'a>,
}

impl Side<'_> {
    /// Chips of a replica, and replicas.
    #[must_use]
    pub(super) fn size(&self) -> (f64, f64) {
        let Settled { ref replica, replicas, .. } = self.settled;
        (f64::from(replica.layout().chips()), f64::from(replicas))
    }

    /// The pool at rest.
    #[must_use]
    pub fn idle(&self) -> PoolState {
        PoolState {
            role: self.role,
            chip: self.pool.chip.clone(),
            chips: self.pool.chips,
            replicas: self.settled.replicas,
            layout: self.settled.replica.layout(),
            layout_chosen: self.settled.chosen,
            utilisation: 0.0,
            busy: 0.0,
            batch: Requests::ZERO,
            memory: self.settled.replica.memory(0.0, Tokens::new(1.0)),
            step: Seconds::ZERO,
            ops: Vec::new(),
            duty: Duty::default(),
        }
    }

    /// What is unwise about the pool whatever its load.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let (chip, settled) = (self.chip, &self.settled);
        let mut warnings = Vec::new();
        if chip.status != Status::Shipping {
            warnings.push(Warning::NotShipping { chip: chip.id.to_string() });
        }
        if let Some((format, unit)) = settled.replica.emulated(chip) {
            warnings.push(Warning::EmulatedFormat { chip: chip.id.to_string(), format, unit });
        }
        if settled.replica.assumes_rate() {
            warnings.push(Warning::AssumedRate { chip: chip.id.to_string() });
        }
        let used = settled.replicas.saturating_mul(settled.replica.layout().chips());
        if used < self.pool.chips {
            warnings.push(Warning::IdleChips { role: self.role, chips: self.pool.chips - used });
        }
        warnings
    }
}
