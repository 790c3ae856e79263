//! A run of so many requests that all users of a closed loop begin at once, as benchmarks do.
//!
//! With m requests of each of c users at a replica, the first round is a burst: prompts are read in full steps one after
//! another, so that a user waits for half of the others on average; where prompts and decode share steps, those who are
//! through slow them down. Where prompts go first, everybody decodes from the end of the burst on and comes back together,
//! spread over what the lengths of answers differ by, D for one round and D·√k after k (a sum of k independent ones): of a
//! burst of length S the next rounds wait (S − D·√k)/2 more, as long as that is positive. What users wait longer for
//! prompts they are stalled less by them: a user meets the prompt of each other once a round, before or after its own
//! first token, so that the time of a request stays. In the last round nobody comes back, and a user is stalled by half of
//! the others.
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

    /// Rounds of a burst of this length beyond the first, weighed by how far they still wait for it: the sum of what they
    /// wait longer, when returns spread over so much time in a round.
    fn again(&self, length: f64, spread: f64) -> f64 {
        let later = self.rounds() - 1.0;
        let apart = if spread > 0.0 { length / spread * (length / spread) } else { f64::INFINITY };
        let bunched = later.min(apart);
        // The sum of the square roots of 1 to k by its integral.
        let roots = 2.0 / 3.0 * bunched * bunched.sqrt() + 0.5 * bunched.sqrt();
        ((length * bunched - spread * roots) / 2.0).max(0.0)
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
        let later = if station.mixes { 0.0 } else { self.again(burst.length, spread) };
        let ttft = self.first(settled, &burst, later);
        let tokens = station.tokens;
        // What is waited for before the first token does not stall after it; nobody comes back after the last round.
        let sooner = (ttft.total() - settled.total()).get() - (ttft.room - settled.room).get();
        let least = at.step / station.half.tokens_per_step();
        let stalls = (at.tpot - least).max(Seconds::ZERO).get() * tokens;
        let ends = stalls / 2.0 / rounds;
        let tpot = (at.tpot - Seconds::new((sooner + ends) / tokens)).max(least);
        self.changed(ttft, tpot, tokens, if station.mixes { burst.length } else { 0.0 } + spread)
    }

    /// A service with a prefill pool of so many replicas.
    #[must_use]
    pub fn disaggregated(
        &self,
        prefill: &Prefill,
        replicas: f64,
        at: &Operating,
        settled: &FirstToken,
        (tokens, spread): (f64, f64),
    ) -> Changed {
        let burst = Burst::alone(prefill, self.users / replicas);
        let ttft = self.first(settled, &burst, 0.0);
        self.changed(ttft, at.tpot, tokens, burst.length + spread)
    }

    /// The mean over the rounds: a burst, and settled ones that wait so much longer in all.
    fn first(&self, settled: &FirstToken, burst: &Burst, later: f64) -> FirstToken {
        let share = 1.0 / self.rounds();
        let reading = settled.prefill.get();
        let first = (burst.first - reading).max(0.0);
        let mix = |first: f64, later: f64| Seconds::new(first * share + later * (1.0 - share));
        let waits = settled.room.get() > 0.0;
        // Of the users of the first round half as many wait on average as later on.
        let room = if waits { 1.0 - share / 2.0 } else { 1.0 };
        FirstToken {
            queue: mix(first, settled.queue.get()) + Seconds::new(later * share),
            // Nobody decodes yet.
            step: mix(0.0, settled.step.get()),
            room: settled.room * room,
            ..*settled
        }
    }

    fn changed(&self, ttft: FirstToken, tpot: Seconds, tokens: f64, apart: f64) -> Changed {
        let each = ttft.total().get() + tpot.get() * tokens;
        let end = 0.5 * apart.min(each);
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
