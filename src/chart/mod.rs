//! Charts without a framework: what they say ([`model`]), where everything goes ([`layout`]), what is under the pointer
//! ([`hit`]), how it reads aloud ([`describe`]), and one painter for canvas and SVG ([`paint`]).
//!
//! All geometry is `f64` in CSS pixels and pure; the painter rounds to the pixels of its target at the very end.
//! Axes, ticks, legend and labels are ours: plotters' own measure text in the DOM and break a strict content policy.

pub mod frontier;
pub mod geometry;
pub mod model;
pub mod scale;
pub mod text;
pub mod theme;
pub mod ticks;
