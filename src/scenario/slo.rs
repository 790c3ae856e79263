//! What is good enough: limits of latency, each on the mean or on a percentile, and what is kept in reserve for the day
//! when more comes or a replica fails.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::limits::Limits;
use crate::catalog::assumptions;
use crate::units::Seconds;
use crate::units::format::Unit;

/// Service level objective; absent limits always hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slo {
    /// Limit of the time to first token.
    pub ttft: Option<Limit>,
    /// Limit of the time per output token, of each request its mean.
    pub tpot: Option<Limit>,
}

/// The longest time that is good enough, on the mean of all requests or for a share of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The time.
    pub at: Seconds,
    /// The percentile that must keep it; absent = the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentile: Option<Percentile>,
}

/// A percentile: of so many requests in a hundred the time is no longer.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Percentile(f64);

impl Percentile {
    /// The median.
    pub const P50: Self = Self(50.0);
    /// Nine requests in ten.
    pub const P90: Self = Self(90.0);
    /// Nineteen in twenty.
    pub const P95: Self = Self(95.0);
    /// All but one in a hundred.
    pub const P99: Self = Self(99.0);

    /// The percentile of so many in a hundred, where that is within [`Limits::PERCENTILE`].
    #[must_use]
    pub fn new(percent: f64) -> Option<Self> {
        Limits::PERCENTILE.admit(percent).ok().map(Self)
    }

    /// In percent.
    #[must_use]
    pub const fn percent(self) -> f64 {
        self.0
    }

    /// As a share, 0 to 1.
    #[must_use]
    pub const fn share(self) -> f64 {
        self.0 / 100.0
    }
}

/// `p95`, as people write it and links have it.
impl fmt::Display for Percentile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl<'de> Deserialize<'de> for Percentile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percent = f64::deserialize(deserializer)?;
        Self::new(percent).ok_or_else(|| serde::de::Error::custom("a percentile out of range"))
    }
}

impl Limit {
    /// On the mean.
    #[must_use]
    pub const fn mean(at: Seconds) -> Self {
        Self { at, percentile: None }
    }

    /// On the 95th percentile, which most service levels name.
    #[must_use]
    pub const fn p95(at: Seconds) -> Self {
        Self { at, percentile: Some(Percentile::P95) }
    }

    /// The same limit at another time.
    #[must_use]
    pub fn moved(own: Option<Self>, at: Seconds) -> Self {
        Self { at, percentile: own.and_then(|own| own.percentile) }
    }

    /// In words, of a time of this name: `p95 TTFT ≤ 2 s`, or `TTFT ≤ 2 s` of the mean.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let of = self.percentile.map_or_else(String::new, |own| format!("{own} "));
        format!("{of}{name} ≤ {}", Unit::Seconds.format(self.at.get()))
    }
}

/// What a deployment keeps back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reserve {
    /// The service level must hold under so much more load, as a share of it; absent = none, and where deployments are
    /// sized the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headroom: Option<f64>,
    /// It must hold with so many replicas lost, of any one pool.
    #[serde(default)]
    pub spare: u32,
}

impl Reserve {
    /// What a deployment is sized with: the headroom stated, or the usual.
    #[must_use]
    pub fn of_sizing(self) -> Self {
        Self { headroom: Some(self.headroom.unwrap_or(assumptions().headroom.value)), ..self }
    }

    /// Whether any has to be left: no headroom may be written out, too.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.spare > 0 || self.headroom.is_some_and(|share| share > 0.0)
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Limits {
    /// Percentile of a limit.
    pub const PERCENTILE: Self = Self { field: "percentile", low: 1.0, high: 99.9, unit: "%" };
    /// Load beyond the stated one that a deployment must bear.
    pub const HEADROOM: Self = Self { field: "headroom", low: 0.0, high: 10.0, unit: "" };
    /// Replicas that may fail.
    pub const SPARE: Self = Self { field: "spare", low: 0.0, high: 1000.0, unit: "replicas" };
}
