//! What moves between two neighbouring pools, and what stays equal meanwhile.

use crate::cost::{chip_power, chip_price};
use crate::scenario::{Limits, Pool, Role, Scenario};

/// What stays equal while chips move from one pool to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kept {
    /// The number of chips.
    #[default]
    Chips,
    /// Dollars per hour.
    Dollars,
    /// Provisioned watts, with each chip's share of host and network.
    Power,
}

impl Kept {
    /// All of them, in the order of menus.
    pub const ALL: [Self; 3] = [Self::Chips, Self::Dollars, Self::Power];

    /// Identifier.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Chips => "chips",
            Self::Dollars => "dollars",
            Self::Power => "power",
        }
    }

    /// Name for menus, after "Equal".
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Chips => "chips",
            Self::Dollars => "$/h",
            Self::Power => "power",
        }
    }

    /// What one chip counts for; `None` where nobody publishes it.
    #[must_use]
    pub fn of_chip(self, scenario: &Scenario, chip: &str) -> Option<f64> {
        let own = match self {
            Self::Chips => 1.0,
            Self::Dollars => chip_price(scenario, chip).ok()?.get(),
            Self::Power => chip_power(scenario, chip).ok()?.get(),
        };
        (own.is_finite() && own > 0.0).then_some(own)
    }
}

/// All ways to share out what two neighbouring pools have between them, from the fewest chips in the first to the most.
///
/// The chips of the pool that counts for more are whole numbers from one upwards, and the other pool takes what that
/// leaves, to the nearest chip; so at equal chips each number is a way, and else the sum is met within half of the
/// smaller chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Place of the first of the two pools among all.
    first: usize,
    /// What a chip counts for, of each pool in order.
    weights: Vec<f64>,
    /// What the two pools have together.
    budget: f64,
}

impl Exchange {
    /// What the pool at this place and the next one can exchange; `None` where there is no next one, or where what stays
    /// equal is not known of some chip.
    #[must_use]
    pub fn of(scenario: &Scenario, first: usize, kept: Kept) -> Option<Self> {
        let pools = scenario.split.pools();
        let weights: Option<Vec<f64>> =
            pools.iter().map(|(_, pool)| kept.of_chip(scenario, &pool.chip)).collect();
        let weights = weights?;
        let [one, two] = [pools.get(first)?, pools.get(first + 1)?].map(|(_, pool)| f64::from(pool.chips));
        let budget = one * weights[first] + two * weights[first + 1];
        Some(Self { first, weights, budget })
    }

    /// The same over another budget: a sum that is remembered, so that rounding does not eat it chip by chip.
    #[must_use]
    pub fn over(self, budget: f64) -> Self {
        Self { budget, ..self }
    }

    /// What the two pools have together.
    #[must_use]
    pub const fn budget(&self) -> f64 {
        self.budget
    }

    /// Place of the first of the two pools among all.
    #[must_use]
    pub const fn first(&self) -> usize {
        self.first
    }

    /// What a chip counts for, of each pool in order.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    fn pair(&self) -> (f64, f64) {
        (self.weights[self.first], self.weights[self.first + 1])
    }

    /// What a chip of the pool counts for that counts for more, and one of the other; and whether the first is that pool.
    fn ranked(&self) -> (f64, f64, bool) {
        let (one, two) = self.pair();
        if one >= two { (one, two, true) } else { (two, one, false) }
    }

    /// How many ways there are.
    #[must_use]
    pub fn ways(&self) -> u32 {
        let (dear, cheap, _) = self.ranked();
        let most = libm::floor((self.budget - 0.5 * cheap) / dear);
        Limits::CHIPS.clamp(most) as u32
    }

    /// Chips of the two pools at a way, counted from zero.
    #[must_use]
    pub fn chips(&self, way: u32) -> (u32, u32) {
        let (dear, cheap, first) = self.ranked();
        let ways = self.ways();
        let way = way.min(ways - 1);
        let many = if first { way + 1 } else { ways - way };
        let rest = libm::round((self.budget - f64::from(many) * dear) / cheap);
        let rest = Limits::CHIPS.clamp(rest) as u32;
        if first { (many, rest) } else { (rest, many) }
    }

    /// The way that a scenario stands at, or the nearest one.
    #[must_use]
    pub fn standing(&self, scenario: &Scenario) -> u32 {
        let pools = scenario.split.pools();
        let chips = |at: usize| pools.get(at).map_or(1, |(_, pool)| pool.chips);
        let ways = self.ways();
        let (_, _, first) = self.ranked();
        let way = if first {
            chips(self.first).saturating_sub(1)
        } else {
            ways.saturating_sub(chips(self.first + 1))
        };
        way.min(ways - 1)
    }

    /// The share that the first pool has of what the two have, at a way.
    #[must_use]
    pub fn share(&self, way: u32) -> f64 {
        let (one, two) = self.pair();
        let (first, second) = self.chips(way);
        let (first, second) = (f64::from(first) * one, f64::from(second) * two);
        first / (first + second)
    }

    /// The way whose share is nearest to this one.
    #[must_use]
    pub fn nearest(&self, share: f64) -> u32 {
        let (mut low, mut high) = (0, self.ways() - 1);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if self.share(middle) < share { low = middle } else { high = middle }
        }
        let far = |way: u32| (self.share(way) - share).abs();
        if far(low) <= far(high) { low } else { high }
    }

    /// The scenario at a way. Both pools leave their layouts to the tool, as along a curve over the mix.
    #[must_use]
    pub fn at(&self, scenario: &Scenario, way: u32) -> Scenario {
        let mut changed = scenario.clone();
        let (first, second) = self.chips(way);
        let pools = changed.split.pools_mut().into_iter().skip(self.first);
        for (pool, chips) in pools.zip([first, second]) {
            pool.chips = chips;
            pool.layout = None;
        }
        changed
    }
}

/// Puts another chip into the pool of a role: as many as come to the same, where that is known of both chips, else as many as
/// there were. The layout is left to the tool.
pub fn put(scenario: &mut Scenario, role: Role, chip: &str, kept: Kept) {
    let Some(now) = scenario.split.pool(role).cloned() else { return };
    if now.chip == chip {
        return;
    }
    let whole = kept.of_chip(scenario, &now.chip).map(|own| own * f64::from(now.chips));
    let chips = whole.zip(kept.of_chip(scenario, chip)).map(|(whole, own)| libm::round(whole / own));
    let chips = chips.map_or(now.chips, |chips| Limits::CHIPS.clamp(chips) as u32);
    if let Some(pool) = scenario.split.pool_mut(role) {
        *pool = Pool::new(chip, chips);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Knob;
    use crate::scenario::link;

    fn scenario(text: &str) -> Scenario {
        link::parse(text).scenario
    }

    #[test]
    fn at_equal_chips_the_ways_are_those_of_the_knob() {
        for text in
            ["v1", "v1&prefill=h100-sxm*8:tp4&decode=h200*16:tp8", "v1&prefill=h200*8&decode=groq3-lp30*256"]
        {
            let own = scenario(text);
            let exchange = Exchange::of(&own, 0, Kept::Chips).unwrap();
            let chips = own.split.chips();
            assert_eq!(exchange.ways(), chips - 1);
            for way in 0..exchange.ways() {
                let knob = Knob::Mix.apply(&own, exchange.share(way)).unwrap();
                assert_eq!(exchange.at(&own, way), knob, "{text} {way}");
                assert_eq!(exchange.standing(&knob), way);
                assert_eq!(exchange.nearest(exchange.share(way)), way);
            }
            assert_eq!(Some(exchange.share(exchange.standing(&own))), Knob::Mix.current(&own));
        }
    }

    #[test]
    fn an_equal_sum_is_met_within_half_of_the_smaller_chip() {
        for text in ["v1", "v1&prefill=h100-sxm*3&decode=b200*21", "v1&prefill=b200*21&decode=l40s*3"] {
            let own = scenario(text);
            for kept in Kept::ALL {
                let exchange = Exchange::of(&own, 0, kept).unwrap();
                let (one, two) = (exchange.weights()[0], exchange.weights()[1]);
                let mut last = 0.0;
                for way in 0..exchange.ways() {
                    let (first, second) = exchange.chips(way);
                    let sum = f64::from(first) * one + f64::from(second) * two;
                    assert!(
                        (sum - exchange.budget()).abs() <= 0.5 * one.min(two) * (1.0 + 1e-9),
                        "{text} {way}"
                    );
                    assert!(first >= 1 && second >= 1);
                    assert!(exchange.share(way) > last, "{text} {kept:?} {way}");
                    last = exchange.share(way);
                    assert_eq!(exchange.standing(&exchange.at(&own, way)), way);
                }
                let stands = exchange.at(&own, exchange.standing(&own));
                assert_eq!(stands.split.chips(), own.split.chips(), "{text} {kept:?}");
            }
        }
    }

    #[test]
    fn every_pair_of_neighbours_exchanges() {
        let own = scenario("v1&split=pd-afd&prefill=h100-sxm*8&attention=h200*8&ffn=h200*16");
        let ffn = Exchange::of(&own, 1, Kept::Chips).unwrap();
        assert_eq!(ffn.ways(), 23);
        let moved = ffn.at(&own, 0).split;
        let chips: Vec<u32> = moved.pools().iter().map(|(_, pool)| pool.chips).collect();
        assert_eq!(chips, [8, 1, 23]);
        assert_eq!(Exchange::of(&own, 2, Kept::Chips), None);
        assert_eq!(Exchange::of(&scenario("v1&pool=h200*8"), 0, Kept::Chips), None);
    }

    #[test]
    fn another_chip_comes_at_an_equal_sum() {
        let own = scenario("v1&prefill=h100-sxm*8:tp4&decode=h200*8&rents=h100-sxm:2,b200:5");
        let with = |kept: Kept| {
            let mut own = own.clone();
            put(&mut own, Role::Prefill, "b200", kept);
            own.split.prefill().cloned().unwrap()
        };
        assert_eq!(with(Kept::Chips), Pool::new("b200", 8));
        assert_eq!(with(Kept::Dollars), Pool::new("b200", 3));
        let watts = |chip: &str| chip_power(&own, chip).unwrap().get();
        let expected = libm::round(8.0 * watts("h100-sxm") / watts("b200")) as u32;
        assert_eq!(with(Kept::Power), Pool::new("b200", expected));
    }
}
