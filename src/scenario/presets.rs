//! Named starting points.
