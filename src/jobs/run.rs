//! A replay that goes on where it stopped: what a job keeps from one slice to the next.
//!
//! Step times borrow from the scenario, so between slices the replay is parked without them, and each slice settles the
//! deployment anew, which gives the same one.

use crate::machine::constants;
use crate::replay::{Asked, Parked, Progress, Replay};
use crate::report::words;
use crate::scenario::Scenario;
use crate::scenario::traffic::Routing;
use crate::serve::{Deployment, Models, Refusal};

/// Replicas up to which an event takes much the same time.
const FEW: usize = 64;

/// Events that take as long as so many would with few replicas: unless each has its turn, an arrival looks at every
/// replica that it could go to.
pub(super) fn fewer(events: u64, engine: &Replay<'_>) -> u64 {
    let looks = engine.pools().filter(|pool| pool.plan.routing != Routing::RoundRobin);
    let replicas = looks.map(|pool| pool.replicas.len()).max().unwrap_or(0);
    events.div_ceil(1 + (replicas / FEW) as u64)
}

/// A replay at the end of a slice.
pub(super) struct Seen<'r, 'a> {
    pub(super) scenario: &'r Scenario,
    pub(super) asked: &'r Asked,
    pub(super) engine: &'r Replay<'a>,
    pub(super) progress: Progress,
}

/// A replay between two slices.
pub(super) struct Run {
    scenario: Scenario,
    asked: Asked,
    parked: Option<Parked>,
}

impl Run {
    /// Sets a replay up.
    pub(super) fn new(scenario: Scenario, asked: Asked) -> Self {
        Self { scenario, asked, parked: None }
    }

    /// Goes on for so many events at most, fewer with many replicas, and looks at how far that is.
    ///
    /// # Errors
    /// Why the scenario can't be served, in words.
    pub(super) fn go<T>(&mut self, events: u64, look: impl FnOnce(Seen<'_, '_>) -> T) -> Result<T, String> {
        self.drive(|engine| engine.run(fewer(events, engine)), look)
    }

    /// Goes on as the caller wishes and looks at how far that is.
    ///
    /// # Errors
    /// Why the scenario can't be served, in words.
    pub(super) fn drive<T>(
        &mut self,
        go: impl FnOnce(&mut Replay<'_>) -> Progress,
        look: impl FnOnce(Seen<'_, '_>) -> T,
    ) -> Result<T, String> {
        let Self { scenario, asked, parked } = self;
        if let Some(invalid) = scenario.check().first() {
            return Err(invalid.to_string());
        }
        let refused = |refusal: Refusal| words::refusal(&refusal);
        let models = Models::of(scenario).map_err(refused)?;
        let deployment = Deployment::new(scenario, constants(), &models).map_err(refused)?;
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
