//! Charts without a framework: what they say ([`model`]), where everything goes ([`layout`]), what is under the pointer
//! ([`hit`]), how it reads aloud ([`describe`]), and one painter for canvas and SVG ([`paint`]).
//!
//! All geometry is `f64` in CSS pixels and pure; the painter rounds to the pixels of its target at the very end.
//!
//! ```
//! use tandem::chart::{describe, layout::Scene, geometry::Size, model::{Axis, Chart, Sample, Series}};
//! use tandem::chart::{svg::svg, text::TableMeasure, theme};
//! use tandem::units::format::Unit;
//!
//! let samples = [1024.0, 8192.0, 65_536.0].map(|context| Sample::new(context, 0.009 + 3e-7 * context));
//! let chart = Chart {
//!     title: "Latency over context".to_owned(),
//!     x: Axis::log("Context length", Unit::Tokens),
//!     y: Axis::linear("TPOT", Unit::Seconds),
//!     series: vec![Series::nth(0, "h200", "8 × H200", samples.to_vec())],
//!     rules: Vec::new(),
//!     walls: Vec::new(),
//! };
//! let scene = Scene::new(&chart, Size::new(640.0, 400.0), &theme::LIGHT, &TableMeasure);
//! let picture = svg(&scene.drawing, &chart.title, &describe::sentence(&chart));
//! assert!(picture.starts_with("<svg"));
//! ```
//!
//! Axes, ticks, legend and labels are ours: plotters' own measure text in the DOM and break a strict content policy.

pub mod bars;
pub mod describe;
pub mod figure;
pub mod flow;
pub mod frontier;
pub mod geometry;
pub mod heat;
pub mod hit;
pub mod labels;
pub mod layout;
pub mod mark;
pub mod model;
mod pen;
pub mod quantiles;
pub mod ranking;
mod regions;
pub mod roofline;
pub mod scale;
pub mod spot;
pub mod stack;
pub mod text;
pub mod theme;
pub mod ticks;
pub mod timeline;
pub mod tornado;
pub mod zoom;

// plotters pulls web-sys on wasm32, so there the painter comes with what paints: the front end and the jobs.
#[cfg(any(not(target_arch = "wasm32"), feature = "paint"))]
pub mod paint;
#[cfg(any(not(target_arch = "wasm32"), feature = "paint"))]
pub mod svg;
