//! What percentiles follow from ([`super::tails`]), taken from the stations of a balance.

use super::ahead::Ahead;
use super::first_token::FirstToken;
use super::replica::Prefill;
use super::station::{Operating, Station};
use super::tails::{Before, First, Scatter, Token};
use crate::scenario::{Load, Scenario};
use crate::units::Seconds;

impl Before {
    /// Of a station to which so many prompts a second come.
    fn of(ahead: &Ahead, rate: f64) -> Self {
        let Ahead { with, without, group, most, full, reads, delay, in_step, .. } = *ahead;
        Self {
            with,
            without,
            group,
            most,
            full,
            reads,
            load: ahead.load(rate),
            longer: ahead.longer(rate),
            delay,
            in_step,
        }
    }
}

impl First {
    /// Of prompts that come to such a station, so many a second to each of so many, where others in the step lengthen a reading
    /// so much on average.
    pub(super) fn new(
        scenario: &Scenario,
        (prefill, ahead): (&Prefill, &Ahead),
        ttft: &FirstToken,
        beside: Seconds,
        (rate, replicas): (f64, f64),
    ) -> Self {
        let gaps = match scenario.load {
            Load::Open { cv, .. } => cv * cv,
            Load::Closed { .. } => 1.0,
        };
        let reading = ttft.prefill.get();
        let beside = beside.get().clamp(0.0, 0.9 * reading);
        Self {
            base: (ttft.request + ttft.transfer).get(),
            own: reading - beside,
            beside,
            step: ttft.step.get(),
            queue: ttft.queue.get(),
            room: ttft.room.get(),
            without: 0.0,
            ahead: Before::of(ahead, rate),
            rate,
            replicas,
            gaps,
            users: None,
            again: 0.0,
            apart: true,
            lengths: Scatter::of(scenario).0,
            typical: prefill.typical,
            variation: prefill.variation,
            burst: None,
            places: (1.0, 0.0),
            line: (ttft.room.get(), 0.0),
        }
    }

    /// The same among so many users of the station in a closed loop, where so much each round is like the one before.
    pub(super) fn with_users(self, scenario: &Scenario, users: f64, again: f64) -> Self {
        match scenario.load {
            Load::Closed { .. } => Self { users: Some(users), again, ..self },
            Load::Open { .. } => self,
        }
    }

    /// The same where decode steps take prompts in: the decode steps that go on while they are read, and what flags hold them.
    pub(super) fn among(self, at: &Operating, held: Seconds) -> Self {
        let goes_on = (at.step * (at.ahead.decoding * at.ahead.goes_on)).get();
        Self {
            base: self.base + held.get(),
            own: self.own + goes_on,
            step: (self.step - goes_on - held.get()).max(0.0),
            without: at.step.get() * at.ahead.decoding,
            apart: false,
            ..self
        }
    }

    /// The same where users of a closed loop wait so long for room, with such a standard deviation, and not where that is below 0.
    pub(super) const fn in_line(self, mean: f64, varies: f64) -> Self {
        Self { line: (mean, varies), ..self }
    }

    /// The same where so many sequences have room, each for so long.
    pub(super) const fn in_places(self, places: f64, stay: f64) -> Self {
        Self { places: (places, stay), ..self }
    }
}

impl Token {
    /// Of answers that are written at such a replica at this point.
    pub(super) fn new(scenario: &Scenario, station: &Station<'_, '_>, at: &Operating) -> Self {
        let each = station.half.tokens_per_step();
        let others = (at.company - 1.0).max(0.0);
        let step = at.step / each;
        let more = (at.company + 1.0, station.half.others(at.batch));
        let slope = (station.half.step_among(more, station.context) / each - step).get().max(0.0);
        let (come, disperses) = match scenario.load {
            Load::Open { cv, .. } => (at.batch, Some((cv * cv / station.replicas).max(0.15))),
            Load::Closed { concurrency } => {
                (at.batch * (1.0 - station.replicas / concurrency).max(0.0), None)
            }
        };
        Self {
            mean: at.tpot.get(),
            alone: (step.get() - slope * others).max(0.0),
            slope,
            stalls: (at.tpot - step).get().max(0.0),
            others,
            come,
            // The time that its prompt takes, and as much of one that was in line behind the answer's own.
            most: 2.0 * at.stall.max(at.beside),
            tokens: station.tokens,
            yields: each,
            disperses,
            variation: station.prefill.map_or(0.0, |own| own.variation),
            lengths: Scatter::of(scenario).1,
            seen: 1.0,
        }
    }
}
