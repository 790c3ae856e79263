//! From values to places and back along one axis.
//!
//! A scale is always usable: whatever domain it is given, it ends up with two different finite ends (positive ones on
//! a log scale), and no place it gives is ever NaN.

use super::model::ScaleKind;

/// The largest magnitude on a linear axis and the inverse of the smallest on a log axis; beyond it, differences and
/// ratios of ends would overflow.
const HUGE: f64 = 1e150;

/// How many axis lengths beyond the plot a place may lie; further out it makes no difference to what is drawn.
const FAR: f64 = 1e4;

/// A map between values (the domain) and places in pixels (the range).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    kind: ScaleKind,
    domain: (f64, f64),
    range: (f64, f64),
}

impl Scale {
    /// From the domain, low end first, onto the range. A domain that cannot be is mended by [`mended`].
    #[must_use]
    pub fn new(kind: ScaleKind, domain: (f64, f64), range: (f64, f64)) -> Self {
        let range = (finite_or(range.0, 0.0), finite_or(range.1, 1.0));
        Self { kind, domain: mended(kind, domain), range }
    }

    /// How values become places.
    #[must_use]
    pub const fn kind(&self) -> ScaleKind {
        self.kind
    }

    /// The lowest and the highest value.
    #[must_use]
    pub const fn domain(&self) -> (f64, f64) {
        self.domain
    }

    /// The places of the lowest and the highest value, in CSS pixels.
    #[must_use]
    pub const fn range(&self) -> (f64, f64) {
        self.range
    }

    /// The place of a value, also outside the domain; `None` if it has none (not finite, or not positive on a log
    /// scale).
    #[must_use]
    pub fn map(&self, value: f64) -> Option<f64> {
        let (low, high) = (self.forward(self.domain.0)?, self.forward(self.domain.1)?);
        let share = (self.forward(value)? - low) / (high - low);
        Some(self.range.0 + share.clamp(-FAR, FAR) * (self.range.1 - self.range.0))
    }

    /// The value at a place, also outside the range; always finite.
    #[must_use]
    pub fn invert(&self, place: f64) -> f64 {
        let length = self.range.1 - self.range.0;
        let share = if length == 0.0 { 0.5 } else { finite_or((place - self.range.0) / length, 0.5) };
        let share = share.clamp(-FAR, FAR);
        let (low, high) = self.domain;
        if share == 0.0 {
            return low;
        }
        if share.to_bits() == 1.0_f64.to_bits() {
            return high;
        }
        match (self.forward(low), self.forward(high)) {
            (Some(from), Some(to)) => self.backward(from + share * (to - from)),
            _ => low,
        }
    }

    /// The nearest value inside the domain.
    #[must_use]
    pub fn clamp(&self, value: f64) -> f64 {
        if value.is_nan() { self.domain.0 } else { value.max(self.domain.0).min(self.domain.1) }
    }

    /// Whether the value lies in the domain.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.domain.0 <= value && value <= self.domain.1
    }

    /// The domain between two places, as a drag from one to the other selects it; never leaves the present domain.
    #[must_use]
    pub fn zoomed(&self, from: f64, to: f64) -> (f64, f64) {
        let (a, b) = (self.clamp(self.invert(from)), self.clamp(self.invert(to)));
        let domain = (a.min(b), a.max(b));
        if domain.0 < domain.1 { mended(self.kind, domain) } else { self.domain }
    }

    /// The domain seen through a wheel: below 1 the factor zooms in, above 1 out, and the value at `about` stays put.
    #[must_use]
    pub(super) fn zoomed_about(&self, about: f64, factor: f64) -> (f64, f64) {
        let factor = finite_or(factor, 1.0).clamp(1e-3, 1e3);
        let about = finite_or(about, self.range.0);
        let from = about + (self.range.0 - about) * factor;
        let to = about + (self.range.1 - about) * factor;
        let (a, b) = (self.invert(from), self.invert(to));
        mended(self.kind, (a.min(b), a.max(b)))
    }

    /// The value halfway (0), a quarter or any share of the way between two values, as this scale sees it.
    #[must_use]
    pub fn between(&self, from: f64, to: f64, share: f64) -> f64 {
        if share <= 0.0 {
            return from;
        }
        if share >= 1.0 {
            return to;
        }
        match (self.forward(from), self.forward(to)) {
            (Some(a), Some(b)) => self.backward(a + share * (b - a)),
            _ => from + share * (to - from),
        }
    }

    /// The value in the space in which the axis is even.
    pub(super) fn forward(&self, value: f64) -> Option<f64> {
        match self.kind {
            ScaleKind::Linear => value.is_finite().then_some(value),
            ScaleKind::Log | ScaleKind::Binary => {
                (value.is_finite() && value > 0.0).then(|| libm::log10(value))
            }
        }
    }

    fn backward(&self, place: f64) -> f64 {
        match self.kind {
            ScaleKind::Linear => place.clamp(-f64::MAX, f64::MAX),
            ScaleKind::Log | ScaleKind::Binary => libm::pow(10.0, place.clamp(-300.0, 300.0)),
        }
    }
}

fn finite_or(value: f64, otherwise: f64) -> f64 {
    if value.is_finite() { value } else { otherwise }
}

/// A domain with two different finite ends, low first, as near as can be to the one given.
///
/// On a log scale, a lower end that is not positive becomes a thousandth of the upper one. Ends that coincide move
/// apart, so that a constant shows as a line through the middle.
#[must_use]
pub(super) fn mended(kind: ScaleKind, domain: (f64, f64)) -> (f64, f64) {
    let (a, b) = domain;
    let (mut low, mut high) = match (a.is_finite(), b.is_finite()) {
        (true, true) => (a.min(b), a.max(b)),
        (true, false) => (a, a),
        (false, true) => (b, b),
        (false, false) => {
            return if kind.is_log() { (1.0, 10.0) } else { (0.0, 1.0) };
        }
    };
    if kind.is_log() {
        if high <= 0.0 {
            return (1.0, 10.0);
        }
        high = high.clamp(1.0 / HUGE, HUGE);
        low = if low > 0.0 { low.clamp(1.0 / HUGE, HUGE) } else { (high / 1e3).max(1.0 / HUGE) };
        // Closer than this, neighbouring places would fall on the same float.
        if high / low < 1.0 + 1e-6 {
            (low, high) = ((low / 2.0).max(1.0 / HUGE), (high * 2.0).min(HUGE));
        }
        return (low, high);
    }
    (low, high) = (low.clamp(-HUGE, HUGE), high.clamp(-HUGE, HUGE));
    let size = low.abs().max(high.abs());
    // Spans beyond counting are no better than none.
    if high - low <= size * 1e-9 || high - low < 1.0 / HUGE {
        let half = if size > 10.0 / HUGE { size / 2.0 } else { 0.5 };
        (low, high) = ((low - half).max(-HUGE), (high + half).min(HUGE));
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [ScaleKind; 3] = [ScaleKind::Linear, ScaleKind::Log, ScaleKind::Binary];

    #[test]
    fn linear_places_are_even() {
        let scale = Scale::new(ScaleKind::Linear, (0.0, 10.0), (100.0, 0.0));
        assert_eq!(scale.map(0.0), Some(100.0));
        assert_eq!(scale.map(2.5), Some(75.0));
        assert_eq!(scale.map(20.0), Some(-100.0));
        assert_eq!(scale.map(f64::NAN), None);
        assert!((scale.invert(75.0) - 2.5).abs() < 1e-12);
    }

    #[test]
    fn log_places_go_by_ratio() {
        let scale = Scale::new(ScaleKind::Log, (1.0, 100.0), (0.0, 200.0));
        assert_eq!(scale.map(10.0), Some(100.0));
        assert_eq!(scale.map(0.0), None);
        assert_eq!(scale.map(-1.0), None);
        assert!((scale.invert(150.0) - 31.622_776_601_683_8).abs() < 1e-9);
        assert!((scale.between(1.0, 100.0, 0.5) - 10.0).abs() < 1e-12);
    }

    #[test]
    fn a_drag_selects_and_a_wheel_keeps_its_place() {
        let scale = Scale::new(ScaleKind::Linear, (0.0, 10.0), (0.0, 100.0));
        assert_eq!(scale.zoomed(60.0, 20.0), (2.0, 6.0));
        assert_eq!(scale.zoomed(50.0, 50.0), (0.0, 10.0));
        assert_eq!(scale.zoomed(-50.0, 50.0), (0.0, 5.0));
        let (low, high) = scale.zoomed_about(20.0, 0.5);
        assert!((low - 1.0).abs() < 1e-12 && (high - 6.0).abs() < 1e-12);
    }

    #[test]
    fn impossible_domains_are_mended() {
        for kind in KINDS {
            for domain in [
                (f64::NAN, f64::NAN),
                (3.0, 3.0),
                (0.0, 0.0),
                (-5.0, 5.0),
                (5.0, -5.0),
                (f64::NEG_INFINITY, f64::INFINITY),
                (f64::INFINITY, 2.0),
                (-1.0, -1.0),
                (f64::MIN, f64::MAX),
                (5e-324, f64::MAX),
                (1.0, 1.0 + f64::EPSILON),
            ] {
                let scale = Scale::new(kind, domain, (0.0, 100.0));
                let (low, high) = scale.domain();
                assert!(
                    low < high && low.is_finite() && high.is_finite(),
                    "{kind:?} {domain:?}: {low} {high}"
                );
                assert_eq!(scale.map(low), Some(0.0));
                assert!((scale.map(high).unwrap_or(0.0) - 100.0).abs() < 1e-9);
                for place in [-1e300, -5.0, 0.0, 37.0, 100.0, 1e300, f64::NAN, f64::INFINITY] {
                    assert!(scale.invert(place).is_finite());
                }
            }
        }
    }

    proptest! {
        #[test]
        fn places_lead_back_to_values(
            kind in prop::sample::select(&KINDS),
            low in 1e-9..1e9_f64,
            ratio in 1.01..1e9_f64,
            share in 0.0..1.0_f64,
        ) {
            let scale = Scale::new(kind, (low, low * ratio), (640.0, 40.0));
            let value = scale.between(low, low * ratio, share);
            let place = scale.map(value).unwrap_or(f64::NAN);
            prop_assert!((40.0 - 1e-6..=640.0 + 1e-6).contains(&place));
            let back = scale.invert(place);
            prop_assert!((back - value).abs() <= 1e-9 * value.abs().max(low * ratio), "{value} {back}");
        }

        #[test]
        fn nothing_is_ever_nan(
            kind in prop::sample::select(&KINDS),
            a in any::<f64>(), b in any::<f64>(), from in any::<f64>(), to in any::<f64>(), value in any::<f64>(),
        ) {
            let scale = Scale::new(kind, (a, b), (from.clamp(-1e6, 1e6), to.clamp(-1e6, 1e6)));
            prop_assert!(scale.map(value).is_none_or(f64::is_finite));
            prop_assert!(scale.invert(value).is_finite());
            prop_assert!(!scale.clamp(value).is_nan());
            for domain in [scale.zoomed(from, to), scale.zoomed_about(value, to)] {
                prop_assert!(domain.0 < domain.1 && domain.0.is_finite() && domain.1.is_finite());
            }
        }

        #[test]
        fn order_is_kept(kind in prop::sample::select(&KINDS), a in 1e-6..1e6_f64, b in 1e-6..1e6_f64) {
            let scale = Scale::new(kind, (1e-6, 1e6), (0.0, 1000.0));
            let (x, y) = (scale.map(a).unwrap_or(0.0), scale.map(b).unwrap_or(0.0));
            prop_assert!(a == b || (a < b) == (x < y) || (x - y).abs() < 1e-9);
        }
    }
}
