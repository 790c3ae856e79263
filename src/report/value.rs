//! One metric of one evaluation, for people and for machines.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::evaluate::Evaluation;
use crate::metric::{Estimate, Metric};

/// A metric's value, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
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
pub struct Values(pub Vec<(Metric, Value)>);

impl Values {
    /// Reads all metrics.
    #[must_use]
    pub fn of(evaluation: &Evaluation) -> Self {
        Self(Metric::ALL.into_iter().map(|metric| (metric, value(metric, evaluation))).collect())
    }
}

/// As a map from the metric's identifier.
impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (metric, value) in &self.0 {
            map.serialize_entry(metric.id(), value)?;
        }
        map.end()
    }
}

/// Reads one metric.
#[must_use]
pub fn value(metric: Metric, evaluation: &Evaluation) -> Value {
    let unit = metric.unit();
    match metric.read(evaluation) {
        Ok(Estimate { value, low, high }) if value.is_finite() && low.is_finite() && high.is_finite() => {
            Value::Known { value, low, high, unit: unit.base(), text: unit.format(value) }
        }
        Ok(_) => Value::Absent { absent: "there is no finite value".to_owned() },
        Err(reason) => Value::Absent { absent: reason },
    }
}
