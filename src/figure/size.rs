//! The cheapest deployments for a load as bars of what each costs per hour.

use crate::chart::model::Paint;
use crate::chart::ranking::{Ranked, Ranking};
use crate::metric::Metric;
use crate::units::format::Unit;

/// Most bars: the table has the rest.
pub const MOST: usize = 12;

/// A deployment as a bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    /// What is bought.
    pub label: String,
    /// How it is split, in words.
    pub split: String,
    /// What it costs per hour, and the ends of the 80 % interval.
    pub per_hour: [f64; 3],
    /// What limits it.
    pub note: String,
}

/// The bars, cheapest first as they come.
#[must_use]
pub fn ranking(offers: &[Offer]) -> Ranking {
    let bar = |own: &Offer| {
        let [value, low, high] = own.per_hour;
        let twin = offers.iter().filter(|other| other.label == own.label).count() > 1;
        let label = if twin { format!("{}, {}", own.label, own.split) } else { own.label.clone() };
        Ranked { label, value, low, high, paint: Paint::Series(0), note: own.note.clone() }
    };
    Ranking {
        title: "Cheapest deployments for this load".to_owned(),
        measure: Metric::PerHour.label().to_owned(),
        unit: Unit::DollarsPerHour,
        bars: offers.iter().take(MOST).map(bar).collect(),
    }
}
