//! A run of so many requests that all users of a closed loop begin at once, as benchmarks do.
//!
//! The first round is a burst: prompts are read in full steps one after another, so that a user waits for half of the others
//! on average; where prompts and decode share steps, those who are through slow them down. From the second round on waits
//! are those of the settled service: answers that end apart bring their users back apart, and where prompts go first they
//! hold up the decode of those who would come back next. (Answers of exactly equal length would keep users in step for ever;
//! neither served runs nor the replay show that.) A user is stalled by the prompts of the others that come while it decodes:
//! in a round by those of the half that follow it and by the next ones of the half that end before it; after the last round
//! nobody comes back.
//!
//! Users who find no room wait from the start on: of N requests those of the first round beyond the room (w of them) wait
//! half as long on average as the others.
//!
//! A run takes the time of its rounds and of its end, in which users leave one after another: half a request for users who
//! have come apart by as much as a request takes, none for users in step.

use super::first_token::FirstToken;
use super::replica::Prefill;
use super::station::{Operating, Station};
use crate::units::Seconds;

/// A run at one replica.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Requests of the run over the deployment.
    requests: f64,
    /// Users over the deployment.
    users: f64,
}

/// What a run makes of the settled service.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// Mean time to first token.
    pub ttft: FirstToken,
    /// Mean time per output token.
    pub tpot: Seconds,
    /// Requests per second from the start to the last answer, over the deployment.
    pub rate: f64,
}

/// The burst at the replicas that read prompts.
#[derive(Clone, Copy, Debug)]
pub struct Burst {
    /// From the start to the first token, on average.
    first: f64,
    /// Its length.
    length: f64,
}

impl Run {
    /// The run that a closed loop of so many users is asked for.
    #[must_use]
    pub fn of(station: &Station<'_, '_>, users: f64) -> Option<Self> {
        let requests = station.half.holder.settled.replica.flags().prompts?;
        Some(Self { requests: requests.max(1.0), users })
    }

    /// Requests of each user.
    fn rounds(&self) -> f64 {
        (self.requests / self.users).max(1.0)
    }

    /// By how much the burst sets users apart for good: who waited longest for the first answer is as much less stalled in
    /// it, and the next ones begin one after another.
    fn kept(&self, burst: &Burst) -> f64 {
        burst.length * (1.0 - 1.0 / self.rounds())
    }

    /// A service whose replicas read prompts and decode.
    #[must_use]
    pub fn colocated(
        &self,
        station: &Station<'_, '_>,
        at: &Operating,
        settled: &FirstToken,
        (users, spread): (f64, f64),
    ) -> Changed {
        let Some(prefill) = &station.prefill else {
            return Changed { ttft: *settled, tpot: at.tpot, rate: at.rate * station.replicas };
        };
        let burst = Burst::mixed(prefill, station, users);
        let rounds = self.rounds();
        let ttft = self.first(settled, &burst, true);
        let tokens = station.tokens;
        let least = at.step / station.half.tokens_per_step();
        let stalls = (at.tpot - least).max(Seconds::ZERO);
        let tpot = at.tpot - stalls / (2.0 * rounds);
        self.changed(ttft, tpot, tokens, if station.mixes { self.kept(&burst) } else { 0.0 } + spread)
    }

    /// A service with a prefill pool of so many replicas, whose decode replicas are full or not.
    #[must_use]
    pub fn disaggregated(
        &self,
        prefill: &Prefill,
        replicas: f64,
        (at, full): (&Operating, bool),
        settled: &FirstToken,
        (tokens, spread): (f64, f64),
    ) -> Changed {
        let burst = Burst::alone(prefill, self.users / replicas);
        let ttft = self.first(settled, &burst, full);
        // Those who are read last end last in the first round too.
        self.changed(ttft, at.tpot, tokens, burst.length + spread)
    }

    /// The mean over the rounds: a burst, and settled ones. Who waits for room does so because decode is full, or else because
    /// prefill cannot keep up, which in the first round is the burst.
    fn first(&self, settled: &FirstToken, burst: &Burst, full: bool) -> FirstToken {
        let share = 1.0 / self.rounds();
        let reading = settled.prefill.get();
        let first = (burst.first - reading).max(0.0);
        let mix = |first: f64, later: f64| Seconds::new(first * share + later * (1.0 - share));
        // Of the users of the first round half as many wait for room on average as later on.
        let room = if full { 1.0 - share / 2.0 } else { 1.0 - share };
        FirstToken {
            queue: mix(first, settled.queue.get()),
            // Nobody decodes yet.
            step: mix(0.0, settled.step.get()),
            room: settled.room * room,
            ..*settled
        }
    }

    fn changed(&self, ttft: FirstToken, tpot: Seconds, tokens: f64, apart: f64) -> Changed {
        let each = ttft.total().get() + tpot.get() * tokens;
        // Nobody is further apart from the others than a request takes, but for the burst of a single round.
        let end = 0.5 * if self.rounds() > 1.0 { apart.min(each) } else { apart };
        Changed { ttft, tpot, rate: self.requests / (self.rounds() * each + end) }
    }
}

impl Burst {
    /// Of so many users at a replica that does nothing else.
    fn alone(prefill: &Prefill, users: f64) -> Self {
        let full = prefill.most * prefill.ranks;
        let together = (users / prefill.ranks).clamp(1.0, prefill.most);
        let service = prefill.occupancy_of(prefill.most).get();
        let behind = (users - full).max(0.0);
        let latency = prefill.latency_of(together).get();
        Self { first: latency + service * behind / 2.0, length: latency + service * behind }
    }

    /// Of so many users at a replica that decodes too: where steps are shared, half of the users are in decode on average
    /// while the burst is read.
    fn mixed(prefill: &Prefill, station: &Station<'_, '_>, users: f64) -> Self {
        let alone = Self::alone(prefill, users);
        if !station.mixes {
            return alone;
        }
        let full = prefill.most * prefill.ranks;
        let steps = (users / full - 1.0).max(0.0) * prefill.chunks;
        let decode = station.half.step((users / 2.0).max(1.0), station.context);
        let saved = prefill.saved(1.0, decode).get() * station.engine().mixing;
        let more = (decode.get() - saved).max(0.0) * steps;
        Self { first: alone.first + more / 2.0, length: alone.length + more }
    }
}
