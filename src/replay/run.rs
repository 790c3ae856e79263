//! A replay that goes on where it stopped, slice by slice.
//!
//! Step times borrow from the scenario, so between slices the replay is parked without them, and each slice settles the
//! deployment anew, which gives the same one.

use super::engine::Progress;
use super::requests::ENOUGH;
use super::start::{Asked, Parked, Replay};
use crate::machine::constants;
use crate::scenario::Scenario;
use crate::scenario::trace::Trace;
use crate::scenario::traffic::{Horizon, Routing};
use crate::serve::{Deployment, Models, Refusal};

/// Replicas up to which an event takes much the same time.
const FEW: usize = 64;

/// Events that take as long as so many would with few replicas: unless each has its turn, an arrival looks at every
/// replica that it could go to.
#[must_use]
pub fn fewer(events: u64, engine: &Replay<'_>) -> u64 {
    let looks = engine.pools().filter(|pool| pool.plan.routing != Routing::RoundRobin);
    let replicas = looks.map(|pool| pool.replicas.len()).max().unwrap_or(0);
    events.div_ceil(1 + (replicas / FEW) as u64)
}

/// A replay at the end of a slice.
#[derive(Debug)]
pub struct Seen<'r, 'a> {
    /// What is replayed.
    pub scenario: &'r Scenario,
    /// With which requests.
    pub asked: &'r Asked,
    /// The replay.
    pub engine: &'r Replay<'a>,
    /// How far it is.
    pub progress: Progress,
}

impl Seen<'_, '_> {
    /// The share of the work that is done, about: of the time or of the requests, whichever the replay ends by.
    #[must_use]
    pub fn share(&self) -> f64 {
        let Self { scenario, asked, progress, .. } = self;
        let done = f64::from(progress.finished + progress.rejected);
        let of_trace = |trace: &Trace| done / f64::from(trace.len().max(1));
        let share = match (asked, scenario.traffic.horizon) {
            (_, Some(Horizon::Time { time })) => progress.now / time,
            (_, Some(Horizon::Requests { count })) => done / f64::from(count.max(1)),
            (Asked::Trace(trace, _), None) => of_trace(trace),
            (Asked::Scenario, None) => done / f64::from(ENOUGH),
        };
        share.min(1.0)
    }
}

/// A replay between two slices.
#[derive(Debug)]
pub struct Run {
    scenario: Scenario,
    asked: Asked,
    parked: Option<Parked>,
}

impl Run {
    /// Sets a replay up.
    #[must_use]
    pub fn new(scenario: Scenario, asked: Asked) -> Self {
        Self { scenario, asked, parked: None }
    }

    /// Goes on for so many events at most, fewer with many replicas, and looks at how far that is.
    ///
    /// # Errors
    /// Why the scenario can't be served.
    pub fn go<T>(&mut self, events: u64, look: impl FnOnce(Seen<'_, '_>) -> T) -> Result<T, Refusal> {
        self.drive(|engine| engine.run(fewer(events, engine)), look)
    }

    /// Goes on as the caller wishes and looks at how far that is.
    ///
    /// # Errors
    /// Why the scenario can't be served.
    pub fn drive<T>(
        &mut self,
        go: impl FnOnce(&mut Replay<'_>) -> Progress,
        look: impl FnOnce(Seen<'_, '_>) -> T,
    ) -> Result<T, Refusal> {
        let Self { scenario, asked, parked } = self;
        if let Some(invalid) = scenario.check().first() {
            return Err(Refusal::Invalid { message: invalid.to_string() });
        }
        let models = Models::of(scenario)?;
        let deployment = Deployment::new(scenario, constants(), &models)?;
        let mut engine = match parked.take() {
            Some(parked) => parked.resume(&deployment),
            None => Replay::start(&deployment, asked),
        };
        let progress = go(&mut engine);
        let seen = look(Seen { scenario, asked, engine: &engine, progress });
        *parked = Some(engine.park());
        Ok(seen)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says plainly what it expects")]
mod tests {
    use super::*;
    use crate::scenario::link;

    #[test]
    fn a_slice_is_as_short_with_many_replicas() {
        let events = |link: &str| {
            let scenario = link::parse(link).scenario;
            Run::new(scenario, Asked::Scenario).go(0, |seen| fewer(4096, seen.engine)).unwrap()
        };
        assert_eq!(events("v1&model=llama3-8b&pool=h100-sxm*63:tp1&routing=prefix"), 4096);
        assert_eq!(events("v1&model=llama3-8b&pool=h100-sxm*64:tp1&routing=prefix"), 2048);
        assert_eq!(events("v1&model=llama3-8b&pool=h100-sxm*65535:tp1&routing=least-loaded"), 4);
        assert_eq!(events("v1&model=llama3-8b&pool=h100-sxm*65535:tp1"), 4096);
    }
}
