//! Times of passes that were asked for before. A search over layouts asks the same replicas the same questions many times: of
//! each prompt once for every pool that it may be paired with, and of a step with one sequence for all of them.

use std::cell::RefCell;

use super::shape::Shape;
use crate::units::Seconds;

/// Places for times.
const PLACES: usize = 16;

/// A shape by its bits.
type Key = [u64; 7];

/// Times that are kept, each in the place that its shape says: a later one takes it from an earlier one. A copy begins anew,
/// as copies are made to be changed.
#[derive(Debug, Default)]
pub(super) struct Memo(Option<RefCell<Vec<(Key, Seconds)>>>);

impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Memo {
    /// One that keeps times.
    pub(super) const fn kept() -> Self {
        Self(Some(RefCell::new(Vec::new())))
    }

    /// The time of a pass: as it is kept, or else as it is now found.
    pub(super) fn time(&self, shape: &Shape, find: impl Fn() -> Seconds) -> Seconds {
        let Some(table) = &self.0 else { return find() };
        let key = key(shape);
        let place = place(&key);
        if let Some((own, time)) = table.borrow().get(place)
            && *own == key
        {
            return *time;
        }
        let time = find();
        let mut table = table.borrow_mut();
        if table.is_empty() {
            // No pass has this shape.
            table.resize(PLACES, ([u64::MAX; 7], Seconds::ZERO));
        }
        if let Some(own) = table.get_mut(place) {
            *own = (key, time);
        }
        time
    }
}

fn key(shape: &Shape) -> Key {
    let Shape { prompts, prompt, past, sequences, context, width, active_ranks } = *shape;
    [prompts, prompt.get(), past.get(), sequences, context.get(), width, active_ranks].map(f64::to_bits)
}

/// The place of a shape: its bits multiplied together, of which the upper ones depend on all (Fibonacci hashing).
fn place(key: &Key) -> usize {
    let mixed =
        key.iter().fold(0_u64, |all, own| (all.rotate_left(5) ^ own).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    (mixed >> 32) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::units::Tokens;

    #[test]
    fn a_time_is_found_once() {
        let (memo, found) = (Memo::kept(), Cell::new(0));
        let at = |sequences: f64| {
            let shape = Shape::decode(sequences, Tokens::new(100.0), 1.0);
            memo.time(&shape, || {
                found.set(found.get() + 1);
                Seconds::new(sequences)
            })
        };
        assert_eq!((at(3.0), at(3.0), found.get()), (Seconds::new(3.0), Seconds::new(3.0), 1));
        // More than there are places, of which each says what it was asked.
        assert!((1..1000).map(f64::from).all(|own| at(own) == Seconds::new(own)));
        let shape = Shape::decode(999.0, Tokens::new(100.0), 1.0);
        assert_eq!(memo.clone().time(&shape, || Seconds::new(1.0)), Seconds::new(1.0));
    }
}
