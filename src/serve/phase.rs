//! Why a phase takes its time: one limit for each, the same for sentence, figures, levers and stories.
//!
//! The parts of a latency say what each of them is limited by; those of one resource add up, and the resource with most of
//! the time is the limit. Within it, what takes most: weights before the KV cache, or the other way round. Bandwidth and
//! compute follow from the roofline at the peaks of the data sheet, whatever a kernel reaches of them: that share stands
//! beside. A wait for other requests is a limit of its own, and what limits the phase's own work is said too.

use super::outcome::{Binding, Part, Phase, Reason, Resource};
use crate::pass::{Limit, Op};
use crate::scenario::Role;
use crate::units::Seconds;

impl Binding {
    /// How many there are.
    const COUNT: usize = Self::Draft as usize + 1;

    /// What it is a limit of.
    #[must_use]
    pub const fn resource(self) -> Resource {
        match self {
            Self::Weights | Self::Kv | Self::Activations => Resource::MemoryBandwidth,
            Self::Compute => Resource::Compute,
            Self::Collective | Self::Link => Resource::Interconnect,
            Self::LatencyFloor | Self::CollectiveLatency | Self::RoundTrips => Resource::Overhead,
            Self::Capacity => Resource::KvCapacity,
            Self::Queue | Self::Interference | Self::Steps => Resource::Waiting,
            Self::Prefill | Self::Decode | Self::Attention | Self::Ffn | Self::Draft => Resource::Pool,
        }
    }

    /// Whether two add up to one reason: those of one resource, and the waits before a request's own work begins.
    #[must_use]
    pub fn alike(self, other: Self) -> bool {
        self.reason() == other.reason()
    }

    /// The first of those that add up to one reason with it.
    const fn reason(self) -> Self {
        match (self.resource(), self) {
            (Resource::MemoryBandwidth, _) => Self::Weights,
            (Resource::Interconnect, _) => Self::Collective,
            (Resource::Overhead, _) => Self::LatencyFloor,
            (_, Self::Queue | Self::Capacity) => Self::Queue,
            (_, own) => own,
        }
    }

    /// Whether it is one of the phase's own work, not of waiting for others.
    const fn is_work(self) -> bool {
        matches!(
            self.resource(),
            Resource::MemoryBandwidth | Resource::Compute | Resource::Interconnect | Resource::Overhead
        )
    }
}

impl Phase {
    /// Why a time of these parts is as long as it is. `ops` are the operations of the phase's own work, and `others` those of
    /// the requests that it waits for in between.
    #[must_use]
    pub fn new(phase: Role, parts: &[Part], ops: &[&[Op]], others: &[Part]) -> Self {
        let time: Seconds = parts.iter().map(|part| part.time).sum();
        let mut reason = most(parts, |_| true, time, ops);
        // A wait for others takes time by their limit: where that tips the balance to another resource, and is more than a
        // trifle beside the own work of that kind, the wait is the reason.
        let waits = parts.iter().filter(|part| matches!(part.limit, Binding::Interference | Binding::Steps));
        if let Some(wait) = waits.max_by(|a, b| a.time.get().total_cmp(&b.time.get()))
            && reason.limit.is_work()
            && tips(parts, wait.time, others, reason.limit.resource())
        {
            reason = Reason { limit: wait.limit, share: wait.time / time, of_peak: None };
        }
        let works = parts.iter().any(|part| part.limit.is_work());
        let own = (!reason.limit.is_work() && works).then(|| most(parts, Binding::is_work, time, ops));
        Self { phase, time, reason, work: own }
    }

    /// What limits the phase's own work.
    #[must_use]
    pub fn own(&self) -> Reason {
        self.work.unwrap_or(self.reason)
    }
}

/// The limit that takes most of a time, of the parts that count.
fn most(parts: &[Part], counts: impl Fn(Binding) -> bool, time: Seconds, ops: &[&[Op]]) -> Reason {
    let (mut each, mut all) = ([Seconds::ZERO; Binding::COUNT], [Seconds::ZERO; Binding::COUNT]);
    for part in parts.iter().filter(|part| counts(part.limit)) {
        each[part.limit as usize] += part.time;
        all[part.limit.reason() as usize] += part.time;
    }
    let (mut limit, mut longest, mut within) = (Binding::LatencyFloor, Seconds::ZERO, Seconds::ZERO);
    for part in parts.iter().filter(|part| counts(part.limit)) {
        let (all, own) = (all[part.limit.reason() as usize], each[part.limit as usize]);
        if all > longest || (all >= longest && own > within) {
            (limit, longest, within) = (part.limit, all, own);
        }
    }
    let share = if time.get() > 0.0 { longest / time } else { 0.0 };
    Reason { limit, share, of_peak: of_peak(limit, ops) }
}

/// Whether a wait for other work makes another roof than `first` the one that takes most time.
fn tips(own: &[Part], wait: Seconds, others: &[Part], first: Resource) -> bool {
    let sum = |parts: &[Part], resource: Resource| -> Seconds {
        parts.iter().filter(|part| part.limit.resource() == resource).map(|part| part.time).sum()
    };
    let theirs: Seconds = others.iter().map(|part| part.time).sum();
    let share = if theirs.get() > 0.0 { wait / theirs } else { 0.0 };
    let all = |resource| sum(own, resource) + sum(others, resource) * share;
    [Resource::MemoryBandwidth, Resource::Compute, Resource::Interconnect]
        .into_iter()
        .any(|roof| all(roof) > all(first) && wait * 2.0 > sum(own, roof))
}

/// The share of the binding roof that operations on its side of the ridge reach while they are at work.
fn of_peak(limit: Binding, ops: &[&[Op]]) -> Option<f64> {
    let side = match limit.resource() {
        Resource::MemoryBandwidth => Limit::Bandwidth,
        Resource::Compute => Limit::Compute,
        _ => return None,
    };
    let (mut roof, mut time) = (Seconds::ZERO, Seconds::ZERO);
    for op in ops.iter().copied().flatten().filter(|op| op.side == side && op.roof.get() > 0.0) {
        roof += op.roof;
        time += op.time - op.fixed.min(op.time);
    }
    (time.get() > 0.0).then(|| (roof / time).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Cause;

    fn parts(all: &[(Binding, f64)]) -> Vec<Part> {
        all.iter()
            .map(|(limit, time)| Part { cause: Cause::Dense, limit: *limit, time: Seconds::new(*time) })
            .collect()
    }

    #[test]
    fn weights_and_cache_share_the_memory() {
        // 3 + 4 ms of memory against 5 of compute: memory, and of it the cache.
        let all = parts(&[(Binding::Weights, 3.0), (Binding::Compute, 5.0), (Binding::Kv, 4.0)]);
        let own = Phase::new(Role::Decode, &all, &[], &[]);
        assert_eq!(own.reason.limit, Binding::Kv);
        assert!((own.reason.share - 7.0 / 12.0).abs() < 1e-12 && own.work.is_none());
    }

    #[test]
    fn a_wait_is_a_reason_of_its_own_and_so_is_what_it_tips() {
        let all = parts(&[(Binding::Interference, 8.0), (Binding::Weights, 5.0), (Binding::Compute, 1.0)]);
        let prompt = parts(&[(Binding::Compute, 1.0)]);
        let own = Phase::new(Role::Decode, &all, &[], &prompt);
        assert_eq!((own.reason.limit, own.own().limit), (Binding::Interference, Binding::Weights));
        // 5 ms of memory, and 4 + 2 of compute of which others take 4.
        let all = parts(&[(Binding::Interference, 4.0), (Binding::Weights, 5.0), (Binding::Compute, 2.0)]);
        assert_eq!(Phase::new(Role::Decode, &all, &[], &prompt).reason.limit, Binding::Interference);
        let all = parts(&[(Binding::Interference, 2.0), (Binding::Weights, 5.0), (Binding::Compute, 2.0)]);
        assert_eq!(Phase::new(Role::Decode, &all, &[], &prompt).reason.limit, Binding::Weights);
    }
}
