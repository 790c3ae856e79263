//! Sorting for short lists of many types.
//!
//! The standard sort is compiled anew for every type and every closure, four kilobytes each; here one sort over
//! positions serves all of them. Equal items keep their order. Lists that are long or sorted often use the standard one.

use std::cmp::Ordering;

/// Sorts by a comparison; equal items keep their order.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let compare = |a: usize, b: usize| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    };
    let mut order = order(items.len(), &compare);
    for start in 0..order.len() {
        follow(&mut order, start, |at, from| items.swap(at, from));
    }
}

/// Sorts by a key; equal items keep their order.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// The positions of the items in their new order.
fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}

/// Moves the items of one cycle to their places, and marks these as done.
fn follow(order: &mut [usize], start: usize, mut swap: impl FnMut(usize, usize)) {
    let mut at = start;
    while let Some(slot) = order.get_mut(at) {
        let from = std::mem::replace(slot, at);
        if from == start || from == at {
            return;
        }
        swap(at, from);
        at = from;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{sort_by, sort_by_key};

    proptest! {
        #[test]
        fn it_is_the_standard_sort(mut own in prop::collection::vec((0_u8..9, any::<u16>()), 0..60)) {
            let mut standard = own.clone();
            standard.sort_by_key(|item| item.0);
            sort_by_key(&mut own, |item| item.0);
            prop_assert_eq!(&own, &standard);
            standard.sort_by_key(|item| std::cmp::Reverse(item.1));
            sort_by(&mut own, |a, b| b.1.cmp(&a.1));
            prop_assert_eq!(own, standard);
        }
    }
}
