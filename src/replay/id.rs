//! Handles: how the parts of a replay point at pools, replicas and requests, so that one cannot stand for another.

/// A pool by what it does: without a prefill pool the decode pool reads prompts too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PoolId {
    /// Reads prompts only, and hands their KV cache over.
    Prefill,
    /// Generates tokens; colocated, it reads the prompts too.
    Decode,
}

/// One value for each pool, the prefill pool's only where there is one. Total: whoever asks for a prefill pool that is not
/// there gets the pool that reads the prompts.
#[derive(Clone, Debug)]
pub struct ByPool<T> {
    /// Of the prefill pool, if prompts are read apart.
    pub prefill: Option<T>,
    /// Of the decode pool.
    pub decode: T,
}

impl<T> ByPool<T> {
    /// The pool that takes requests and reads their prompts.
    #[must_use]
    pub const fn first(&self) -> PoolId {
        if self.prefill.is_some() { PoolId::Prefill } else { PoolId::Decode }
    }

    /// That of a pool.
    #[must_use]
    pub const fn get(&self, pool: PoolId) -> &T {
        match (pool, &self.prefill) {
            (PoolId::Prefill, Some(prefill)) => prefill,
            _ => &self.decode,
        }
    }

    /// That of a pool, to change it.
    pub const fn get_mut(&mut self, pool: PoolId) -> &mut T {
        match (pool, &mut self.prefill) {
            (PoolId::Prefill, Some(prefill)) => prefill,
            _ => &mut self.decode,
        }
    }

    /// All of them, prefill first.
    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.prefill.iter().chain(std::iter::once(&self.decode))
    }
}

/// A replica of a pool. Only the pool hands these out (`Replicas` in `pool.rs`) and no replica ever goes, so that one is
/// always valid. Pool and number share four bytes, as every request keeps two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplicaId(u32);

impl ReplicaId {
    pub(super) const fn new(pool: PoolId, number: u32) -> Self {
        Self(number << 1 | pool as u32)
    }

    /// The pool that it is part of.
    #[must_use]
    pub const fn pool(self) -> PoolId {
        if self.0 & 1 == PoolId::Decode as u32 { PoolId::Decode } else { PoolId::Prefill }
    }

    /// Its number in the pool, from 0.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0 >> 1
    }
}

/// A request in the system. The place is used again when the request is done, and the generation tells who had it before:
/// it counts up whenever a request leaves decode or the system, after which older handles are stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    place: u32,
    generation: u32,
}

impl Slot {
    pub(super) const fn new(place: u32, generation: u32) -> Self {
        Self { place, generation }
    }

    pub(super) const fn place(self) -> usize {
        self.place as usize
    }

    pub(super) const fn generation(self) -> u32 {
        self.generation
    }

    /// The handle of the same request from now on: this one is stale.
    pub(super) const fn renewed(self) -> Self {
        Self { generation: self.generation.wrapping_add(1), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_knows_its_pool_and_number() {
        for pool in [PoolId::Prefill, PoolId::Decode] {
            for number in [0, 1, 7, u32::MAX >> 1] {
                let id = ReplicaId::new(pool, number);
                assert_eq!((id.pool(), id.number()), (pool, number));
            }
        }
    }
}
