//! A replay that goes on where it stopped: what a job keeps from one slice to the next.
//!
//! Step times borrow from the scenario, so between slices the replay is parked without them, and each slice settles the
//! deployment anew, which gives the same one.

use crate::machine::constants;
use crate::report::words;
use crate::scenario::Scenario;
use crate::serve::replay::{Asked, Parked, Progress, Replay};
use crate::serve::{Deployment, Models, Refusal};

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

    /// Goes on for so many events at most and looks at how far that is.
    ///
    /// # Errors
    /// Why the scenario can't be served, in words.
    pub(super) fn go<T>(&mut self, events: u64, look: impl FnOnce(Seen<'_, '_>) -> T) -> Result<T, String> {
        self.drive(|engine| engine.run(events), look)
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
