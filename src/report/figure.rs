//! One metric of one evaluation, for people and for machines.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::evaluate::Evaluation;
use crate::metric::{Estimate, Metric, Quantity};
use crate::units::format::Unit;

/// A metric's value, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Figure {
    /// A value with its 80 % interval.
    Known {
        /// The estimate, in the unit.
        value: f64,
        /// Low end of the interval.
        low: f64,
        /// High end of the interval.
        high: f64,
        /// Unit of all three.
        unit: &'static str,
        /// The estimate as a person reads it.
        text: String,
    },
    /// No value.
    Absent {
        /// Why not.
        absent: String,
    },
}

/// All metrics of an evaluation, in the order of menus.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures(pub Vec<(Metric, Figure)>);

impl Figures {
    /// Reads all metrics.
    #[must_use]
    pub fn of(evaluation: &Evaluation) -> Self {
        Self(Metric::ALL.into_iter().map(|metric| (metric, figure(metric, evaluation))).collect())
    }
}

/// As a map from the metric's identifier.
impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (metric, figure) in &self.0 {
            map.serialize_entry(metric.id(), figure)?;
        }
        map.end()
    }
}

/// Reads one metric.
#[must_use]
pub fn figure(metric: Metric, evaluation: &Evaluation) -> Figure {
    match metric.read(evaluation) {
        Ok(Estimate { value, low, high }) if value.is_finite() && low.is_finite() && high.is_finite() => {
            Figure::Known { value, low, high, unit: base_unit(metric), text: unit(metric).format(value) }
        }
        Ok(_) => Figure::Absent { absent: "there is no finite value".to_owned() },
        Err(reason) => Figure::Absent { absent: reason },
    }
}

/// How a metric is written.
#[must_use]
pub const fn unit(metric: Metric) -> Unit {
    match metric {
        Metric::Interactivity => Unit::TokensPerSecondPerUser,
        Metric::ThroughputPerChip => Unit::TokensPerSecondPerChip,
        _ => match metric.quantity() {
            Quantity::Time => Unit::Seconds,
            Quantity::TokenRate => Unit::TokensPerSecond,
            Quantity::RequestRate => Unit::RequestsPerSecond,
            Quantity::DollarsPerMtok => Unit::DollarsPerMillionTokens,
            Quantity::Energy => Unit::JoulesPerToken,
            Quantity::TokenRatePerMegawatt => Unit::TokensPerSecondPerMegawatt,
            Quantity::Share => Unit::Percent,
        },
    }
}

/// The unit of a metric's plain number.
#[must_use]
pub const fn base_unit(metric: Metric) -> &'static str {
    match metric {
        Metric::Interactivity => "tok/s/user",
        Metric::ThroughputPerChip => "tok/s/chip",
        _ => match metric.quantity() {
            Quantity::Time => "s",
            Quantity::TokenRate => "tok/s",
            Quantity::RequestRate => "req/s",
            Quantity::DollarsPerMtok => "$/Mtok",
            Quantity::Energy => "J/tok",
            Quantity::TokenRatePerMegawatt => "tok/s/MW",
            Quantity::Share => "1",
        },
    }
}
