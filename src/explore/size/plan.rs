//! A deployment on the way to being one: how many replicas each pool needs, how many chips of each kind are paid for, and
//! where those go that come with them.
//!
//! Chips come by the instance, the node or the rack, so that a pool seldom has only those that it needs. Pools of one chip
//! share what is bought; chips left over become replicas of the pools, in proportion to their size.

use super::answer::Bought;
use crate::explore::shape;
use crate::scenario::{Layout, Pool, Split, SplitKind};

/// A pool by its replicas.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) chip: String,
    pub(super) layout: Layout,
    pub(super) replicas: u32,
}

impl Part {
    /// Chips of so many replicas.
    pub(super) fn chips(&self, replicas: u32) -> u32 {
        replicas.saturating_mul(self.layout.chips().max(1))
    }

    fn pool(&self, chips: u32) -> Pool {
        shape::pool(&self.chip, chips, self.layout)
    }
}

/// Pools of a split, in its order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) kind: SplitKind,
    pub(super) parts: Vec<Part>,
}

/// `chips` rounded up to a multiple of `unit`.
pub(super) fn whole(chips: u32, unit: u32) -> u32 {
    chips.div_ceil(unit.max(1)).saturating_mul(unit.max(1))
}

impl Plan {
    /// One pool that does everything.
    pub(super) fn colocated(chip: &str, layout: Layout, replicas: u32) -> Self {
        Self { kind: SplitKind::Colocated, parts: vec![Part { chip: chip.to_owned(), layout, replicas }] }
    }

    /// The same with other numbers of replicas.
    pub(super) fn with(&self, replicas: &[u32]) -> Self {
        let mut own = self.clone();
        for (part, &replicas) in own.parts.iter_mut().zip(replicas) {
            part.replicas = replicas;
        }
        own
    }

    /// The split with no more chips than it needs.
    pub(super) fn bare(&self) -> Option<Split> {
        shape::split(self.kind, self.parts.iter().map(|own| own.pool(own.chips(own.replicas))).collect())
    }

    /// What is paid for so that each pool may lose so many replicas, by kind of chip; `unit` says in which numbers one
    /// can get it.
    pub(super) fn bought(&self, spare: u32, unit: impl Fn(&str) -> u32) -> Vec<Bought> {
        let mut all: Vec<Bought> = Vec::new();
        for part in &self.parts {
            let chips = part.chips(part.replicas.saturating_add(spare));
            match all.iter_mut().find(|own| own.chip == part.chip) {
                Some(own) => own.chips = own.chips.saturating_add(chips),
                None => all.push(Bought { chip: part.chip.clone(), chips, unit: unit(&part.chip) }),
            }
        }
        for own in &mut all {
            own.chips = whole(own.chips, own.unit);
        }
        all
    }

    /// The split with all chips that are paid for.
    pub(super) fn filled(&self, spare: u32, bought: &[Bought]) -> Option<Split> {
        let mut chips: Vec<u32> =
            self.parts.iter().map(|own| own.chips(own.replicas.saturating_add(spare))).collect();
        for own in bought {
            let places: Vec<usize> =
                (0..self.parts.len()).filter(|&at| self.parts[at].chip == own.chip).collect();
            let needed: u32 = places.iter().map(|&at| chips[at]).sum();
            let mut over = own.chips.saturating_sub(needed);
            for &at in &places {
                let size = self.parts[at].chips(1);
                let share = f64::from(own.chips - needed) * f64::from(chips[at]) / f64::from(needed.max(1));
                let more = ((share as u32) / size * size).min(over);
                chips[at] += more;
                over -= more;
            }
            // What is left of the shares goes to whoever can make a replica of it, the last pool first: it writes answers.
            for &at in places.iter().rev() {
                let size = self.parts[at].chips(1);
                let more = over / size * size;
                chips[at] += more;
                over -= more;
            }
            // And what makes none stays idle beside it.
            if let Some(&last) = places.last() {
                chips[last] += over;
            }
        }
        let pools = self.parts.iter().zip(&chips).map(|(own, &chips)| own.pool(chips)).collect();
        shape::split(self.kind, pools)
    }
}

/// The smallest number up to `most` at which something holds that holds for every larger one too; sought from a guess.
pub(super) fn smallest(guess: u32, most: u32, mut holds: impl FnMut(u32) -> bool) -> Option<u32> {
    if most == 0 {
        return None;
    }
    let at = guess.clamp(1, most);
    let mut step = (at / 8).max(1);
    let (mut low, mut high) = (0, at);
    if holds(at) {
        while high > 1 {
            let next = high.saturating_sub(step).max(1);
            if !holds(next) {
                low = next;
                break;
            }
            high = next;
            step = step.saturating_mul(2);
        }
    } else {
        loop {
            low = high;
            if low >= most {
                return None;
            }
            high = low.saturating_add(step).min(most);
            step = step.saturating_mul(2);
            if holds(high) {
                break;
            }
        }
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_is_found_from_any_guess() {
        for answer in [1, 2, 3, 7, 64, 1000] {
            for guess in [1, 2, 5, 63, 999, 5000] {
                assert_eq!(smallest(guess, 1000, |own| own >= answer), Some(answer), "{answer} from {guess}");
            }
            assert_eq!(smallest(3, answer - 1, |own| own >= answer), None);
        }
    }

    #[test]
    fn pools_of_one_chip_share_what_is_bought() {
        let part = |chip: &str, tp: u32, replicas| Part {
            chip: chip.to_owned(),
            layout: Layout { tp, etp: tp, ..Layout::SINGLE },
            replicas,
        };
        for (reads, writes, spare, expected) in [(5, 3, 0, 8), (5, 4, 0, 16), (1, 1, 1, 8), (30, 50, 0, 80)] {
            let plan =
                Plan { kind: SplitKind::Pd, parts: vec![part("h200", 1, reads), part("h200", 1, writes)] };
            let bought = plan.bought(spare, |_| 8);
            assert_eq!(bought, [Bought { chip: "h200".to_owned(), chips: expected, unit: 8 }]);
            let split = plan.filled(spare, &bought).unwrap();
            assert_eq!(split.chips(), expected);
            let pools = split.pools();
            assert!(pools[0].1.chips >= reads + spare && pools[1].1.chips >= writes + spare);
        }
        let plan = Plan { kind: SplitKind::Pd, parts: vec![part("gb200-nvl72", 1, 5), part("l40s", 2, 3)] };
        let bought = plan.bought(0, |id| if id == "l40s" { 1 } else { 4 });
        assert_eq!(bought.iter().map(|own| own.chips).collect::<Vec<_>>(), [8, 6]);
        assert_eq!(plan.filled(0, &bought).unwrap().chips(), 14);
        assert_eq!(plan.bare().unwrap().chips(), 11);
    }
}
