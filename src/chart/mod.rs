//! Charts without a framework: what they say ([`model`]), where everything goes ([`layout`]), what is under the pointer
//! ([`hit`]), how it reads aloud ([`describe`]), and one painter for canvas and SVG ([`paint`]).
//!
//! All geometry is `f64` in CSS pixels and pure; the painter rounds to the pixels of its target at the very end.
//! Axes, ticks, legend and labels are ours: plotters' own measure text in the DOM and break a strict content policy.

pub mod bars;
pub mod describe;
pub mod frontier;
pub mod geometry;
pub mod hit;
pub mod labels;
pub mod layout;
pub mod mark;
pub mod model;
pub mod scale;
pub mod text;
pub mod theme;
pub mod ticks;

// plotters pulls web-sys on wasm32, so there the painter comes with the front end only.
#[cfg(any(not(target_arch = "wasm32"), feature = "web"))]
pub mod paint;
#[cfg(any(not(target_arch = "wasm32"), feature = "web"))]
pub mod svg;
