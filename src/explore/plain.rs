//! How answers write metrics and axes as plain data: by the identifiers that links and the command line use.

use serde::Serializer;

use crate::metric::Metric;

/// A metric by its identifier.
pub(super) fn metric<S: Serializer>(metric: &Metric, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(metric.id())
}
