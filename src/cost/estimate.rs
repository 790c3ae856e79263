//! An estimate of a chip's price on a basis on which nobody publishes one, from its price on another.
//!
//! The law: prices of two bases stand in a ratio, and the median of that ratio over the chips that have both carries over.
//! Of the bases on which the chip has a price, the one is taken whose ratio varies least over those chips. The band runs
//! from the lowest ratio to the highest, beside the spread of the price it starts from. It holds for chips that are sold as
//! the others are; an outlier of the catalogue (a chip with a single seller) is one in its estimate too.

use std::sync::OnceLock;

use super::spread::Spread;
use crate::catalog::{Chip, PriceBasis, Quote, assumptions, chips};
use crate::units::order;

/// Chips with a price on both bases that a ratio takes.
const FEWEST: usize = 3;

/// A figure of the catalogue with its ends: dollars per hour, or dollars where the basis is ownership.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// What a figure of one basis is multiplied with to give one of another.
#[derive(Clone, Copy, Debug)]
struct Ratio {
    median: f64,
    low: f64,
    high: f64,
}

impl Known {
    /// The chip's figure on a basis; what its source calls an estimate is none.
    pub fn of(chip: &Chip, basis: PriceBasis) -> Option<Self> {
        if basis == PriceBasis::Own {
            let capex = chip.price.capex?.get();
            return Some(Self { value: capex, low: capex, high: capex });
        }
        chip.price.quote(basis).filter(|own| !own.estimate).map(Self::quoted)
    }

    /// As a quote has it.
    pub const fn quoted(quote: &Quote) -> Self {
        Self { value: quote.value.get(), low: quote.low.get(), high: quote.high.get() }
    }

    /// With the spread that prices of the basis usually have, where this is the only one.
    pub fn with_usual_spread(self, basis: PriceBasis) -> Self {
        if self.low < self.value || self.value < self.high {
            return self;
        }
        let Spread { low, high } = usual_spread(basis);
        Self { low: self.value * low, high: self.value * high, ..self }
    }

    /// With ends twice as far away as ratios go: nobody asks this price.
    pub fn widened(self) -> Self {
        let twice = |end: f64| if self.value > 0.0 { end * (end / self.value) } else { end };
        Self { low: twice(self.low), high: twice(self.high), ..self }
    }
}

/// How far prices of a basis usually lie apart for a chip of which one is known.
pub fn usual_spread(basis: PriceBasis) -> Spread {
    let place = PriceBasis::ALL.iter().position(|own| *own == basis);
    let usual = place.and_then(|place| assumptions().spread.get(place));
    usual.map_or(Spread::NONE, |own| Spread { low: own.low, high: own.high })
}

/// The estimate for a chip on a basis, and the basis it comes from.
pub fn estimated(chip: &Chip, wanted: PriceBasis) -> Option<(Known, PriceBasis)> {
    let ways = PriceBasis::ALL.into_iter().filter(|from| *from != wanted).filter_map(|from| {
        let known = Known::of(chip, from)?.with_usual_spread(from);
        Some((known, from, ratio(from, wanted)?))
    });
    let best = ways.min_by(|(.., a), (.., b)| (a.high / a.low).total_cmp(&(b.high / b.low)));
    best.map(|(known, from, ratio)| {
        let scaled = Known {
            value: known.value * ratio.median,
            low: known.low * ratio.low,
            high: known.high * ratio.high,
        };
        (scaled, from)
    })
}

/// The ratio of two bases over the chips of the catalogue; `None` where too few have both.
fn ratio(from: PriceBasis, to: PriceBasis) -> Option<Ratio> {
    static RATIOS: OnceLock<Vec<(PriceBasis, PriceBasis, Ratio)>> = OnceLock::new();
    let ratios = RATIOS.get_or_init(|| {
        let pairs = PriceBasis::ALL.into_iter().flat_map(|from| PriceBasis::ALL.map(|to| (from, to)));
        pairs.filter_map(|(from, to)| Some((from, to, measured(from, to)?))).collect()
    });
    ratios.iter().find(|own| (own.0, own.1) == (from, to)).map(|own| own.2)
}

fn measured(from: PriceBasis, to: PriceBasis) -> Option<Ratio> {
    let own = |chip: &Chip| Some(Known::of(chip, to)?.value / Known::of(chip, from)?.value);
    let mut ratios: Vec<f64> = chips().iter().filter_map(own).filter(|own| own.is_finite()).collect();
    order::sort_by(&mut ratios, f64::total_cmp);
    let (low, high) = (*ratios.first()?, *ratios.last()?);
    let median = *ratios.get(ratios.len() / 2)?;
    (ratios.len() >= FEWEST).then_some(Ratio { median, low, high })
}
