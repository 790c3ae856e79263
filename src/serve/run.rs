//! A run of so many requests that all users of a closed loop begin at once, as benchmarks do.
//!
//! The first round is a burst: prompts are read in full steps one after another, so that a user waits for half of the others
//! on average; where prompts and decode share steps, those who are through slow them down. From the second round on waits
//! are those of the settled service: answers that end apart bring their users back apart, and where prompts go first they
//! hold up the decode of those who would come back next. Only those whose answers end with the same step come back together:
//! of u users whose answers' ends spread over d decode steps u/(1 + d), all of them where lengths are equal. Where prompts go
//! first they are a burst again in every round. Where prompts and decode share steps those who are read a step later end a
//! step later, and come back while those who ended before them are read: each waits for a step full of prompts, and for as
//! many more as decode steps passed until the first was back. (Served runs with equal lengths show both: Qwen3-32B in NVIDIA's sweeps has about 0.75 s at 4k input under
//! vLLM on two H100, of 8 users or 16, whether answers are of 128 tokens or 1,024; under SGLang a burst each time.) A user is stalled by the prompts of the others that come while it decodes:
//! in a round by those of the half that follow it and by the next ones of the half that end before it; after the last round
//! nobody comes back. Who is in a burst waits for half of it before its first token and is stalled by the other half.
//!
//! Users who find no room wait from the start on: of N requests those of the first round beyond the room (w of them) wait
//! half as long on average as the others.
//!
//! A run takes the time of its rounds and of its end, in which users leave one after another: half a request for users who
//! have come apart by as much as a request takes, none for users in step.

use super::ahead::again;
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
    /// Pause of each between an answer and the next request.
    pause: f64,
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
    /// Share of the requests that are of the first round, and what they take from the start to the first token, but for the
    /// engine's work for a request.
    pub burst: (f64, f64),
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
        Some(Self { requests: requests.max(1.0), users, pause: station.pause.get() })
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
            return Changed {
                ttft: *settled,
                tpot: at.tpot,
                rate: at.rate * station.replicas,
                burst: (0.0, 0.0),
            };
        };
        let burst = Burst::mixed(prefill, station, users);
        let rounds = self.rounds();
        let mut ttft = self.first(settled, &burst, true);
        let tokens = station.tokens;
        let least = at.step / station.half.tokens_per_step();
        let stalls = (at.tpot - least).max(Seconds::ZERO);
        let mut tpot = at.tpot - stalls / (2.0 * rounds);
        if rounds > 1.0 {
            let step = at.step.get().max(1e-12);
            let delay = (station.engine().request + station.pause).get();
            let again = Again::of(prefill, station.mixes, (users, spread / step, delay / step));
            let later = 1.0 - 1.0 / rounds;
            let more = (again.first - settled.prefill.get() - settled.queue.get()).max(0.0);
            ttft.queue += Seconds::new(more * again.company * later);
            tpot = (tpot - stalls * ((1.0 - again.stalled) * later)).max(least);
        }
        let kept = if station.mixes { self.kept(&burst) } else { 0.0 };
        self.changed(ttft, tpot, &burst, (tokens, kept + spread))
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
        let mut ttft = self.first(settled, &burst, full);
        ttft.queue += self.in_groups(prefill, self.users / replicas, settled.prefill, spread);
        // Those who are read last end last in the first round too.
        self.changed(ttft, at.tpot, &burst, (tokens, burst.length + spread))
    }

    /// By how much longer those wait, on average over the rounds, who were read in one step of the burst, join decode together and
    /// come back together: the first of them is read at once, the others after it, and join decode later, so that a group
    /// loses one in each round. Who did not have to wait for a full step is in none.
    fn in_groups(&self, prefill: &Prefill, users: f64, settled: Seconds, spread: f64) -> Seconds {
        let (full, later) = (prefill.most * prefill.ranks, self.rounds() - 1.0);
        if users <= 1.0 || full <= 1.0 || later <= 0.0 {
            return Seconds::ZERO;
        }
        // Of fewer than fill a step half are still together when they come back.
        let grouped = (1.0 - full / users).max(0.5 * ((users - 1.0) / full).min(1.0));
        let others = prefill.latency_of(prefill.on_rank(full - 1.0));
        let mean = prefill.latency + others * ((full - 1.0) / full);
        // Of the later rounds those in which a group is still there, by what is left of it.
        let left =
            if later < full { 1.0 - (later + 1.0) / (2.0 * full) } else { (full - 1.0) / (2.0 * later) };
        let share = grouped * left * later / self.rounds() * again(others.get(), spread);
        (mean - settled).max(Seconds::ZERO) * share
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

    fn changed(
        &self,
        ttft: FirstToken,
        tpot: Seconds,
        burst: &Burst,
        (tokens, apart): (f64, f64),
    ) -> Changed {
        let each = ttft.total().get() + tpot.get() * tokens;
        let pauses = (self.rounds() - 1.0) * self.pause;
        // Nobody is further apart from the others than a request takes, but for the burst of a single round.
        let end = 0.5 * if self.rounds() > 1.0 { apart.min(each) } else { apart };
        let burst = (1.0 / self.rounds(), burst.first);
        Changed { ttft, tpot, rate: self.requests / (self.rounds() * each + pauses + end), burst }
    }
}

/// Those who come back in step in each later round.
#[derive(Clone, Copy, Debug)]
struct Again {
    /// From their return to the first token, on average.
    first: f64,
    /// Share of the stalls of a settled service that is left to them.
    stalled: f64,
    /// Whether there is anybody to be in step with, 0 to 1.
    company: f64,
}

impl Again {
    /// Of so many users of a replica, the ends of whose answers spread over so many decode steps, and whose next prompts come
    /// so many later.
    fn of(prefill: &Prefill, mixes: bool, (users, spread, delay): (f64, f64, f64)) -> Self {
        let full = prefill.most * prefill.ranks;
        let together = (users / (1.0 + spread)).max(1.0);
        let share = |others: f64| (others / (users - 1.0).max(1e-9)).clamp(0.0, 1.0);
        let company = (together - 1.0).min(1.0);
        if mixes {
            // Before those who end with one step those are read who ended in the one before, and in as many more as passed until
            // the first of all was back; who come at the beginning of the wave find fewer.
            let step = prefill.latency_of((together / prefill.ranks).clamp(1.0, prefill.most)).get();
            let groups = (together / full).max(1.0);
            let ahead = (1.0 + delay).min(groups - 1.0);
            let ahead = ahead * (1.0 - ahead / (2.0 * groups));
            // Whom one waits for before the first token does not stall it afterwards.
            let others = users - together.min(full) * (1.0 + ahead * company);
            return Self { first: step * (1.0 + ahead), stalled: share(others), company };
        }
        let behind = (together - full).max(0.0);
        let first = Burst::alone(prefill, together).first;
        Self { first, stalled: share((users - together) + behind / 2.0), company }
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
