//! Pools that have a part in the steps of another, feed-forward layers on chips of their own and drafters: what they are
//! made of, and the share of a step in which each is at work.

use crate::scenario::Role;

/// Shares of a step in which each pool is at work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// The pool that keeps the cache.
    pub holder: f64,
    /// The pool of the feed-forward layers.
    pub ffn: f64,
    /// The pool that proposes tokens.
    pub draft: f64,
}

impl Shares {
    /// Of a pool that does everything.
    pub const WHOLE: Self = Self { holder: 1.0, ffn: 0.0, draft: 0.0 };

    /// That of a pool beside the one that keeps the cache.
    #[must_use]
    pub const fn of(&self, role: Role) -> f64 {
        match role {
            Role::Ffn => self.ffn,
            Role::Draft => self.draft,
            _ => self.holder,
        }
    }
}

/// What a pool beside another is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beside {
    /// What it does.
    pub role: Role,
    /// Copies of it.
    pub replicas: u32,
    /// Replicas of the pool that keeps the cache which share one of them.
    pub ratio: f64,
}

impl Beside {
    /// Which of its replicas serves one of the pool that keeps the cache.
    #[must_use]
    pub fn replica(&self, worker: u32) -> u32 {
        let place = libm::floor(f64::from(worker) / self.ratio.max(1e-9));
        (place.clamp(0.0, 1e9) as u32).min(self.replicas.saturating_sub(1))
    }
}

/// Sequences that a pool works on which so many replicas share: those of one of them, and of all others together.
#[must_use]
pub(super) fn together(ratio: f64, own: f64, others: f64) -> f64 {
    if ratio <= 1.0 { own * ratio } else { own + others }
}

/// Sequences on the others that share such a pool, where each replica has so many.
#[must_use]
pub(super) fn alike(ratio: f64, each: f64) -> f64 {
    each * (ratio - 1.0).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_replica() {
        let pool = Beside { role: Role::Ffn, replicas: 2, ratio: 3.0 };
        let of: Vec<u32> = (0..6).map(|worker| pool.replica(worker)).collect();
        assert_eq!(of, [0, 0, 0, 1, 1, 1]);
        // More of them than of the others: the first of each share does.
        let pool = Beside { role: Role::Ffn, replicas: 4, ratio: 0.5 };
        assert_eq!((pool.replica(0), pool.replica(1), pool.replica(9)), (0, 2, 3));
    }
}
