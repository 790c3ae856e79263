//! Tandem models LLM inference architectures: which latency, throughput, cost and energy a model gives on a mix of
//! chips, why, and how far to trust the figure. The browser page, the command line and the tests call the same
//! functions.
//!
//! # The map of the house
//!
//! Data flows one way; a room may use the rooms above it in this list and none below (`tests/layering`).
//!
//! | room | question |
//! |---|---|
//! | [`units`] | what is a quantity, and which arithmetic makes physical sense |
//! | [`catalog`] | what exists: chips, models, engines, workloads, prices, all dated and cited |
//! | [`scenario`] | what is asked: the scenario, its limits, presets and its link |
//! | [`machine`] | how fast one chip does one thing: kernel laws, collectives, links, and the constants of SRAM machines |
//! | [`pass`] | what one forward pass costs: a model sharded over a machine as a list of operations, decode attention among them; SRAM pipelines |
//! | [`serve`] | what users feel: the splits in steady state |
//! | [`replay`] | the same deployment event by event: admission, batching, preemption, KV transfer, prefix cache |
//! | [`cost`] | dollars and watts: what a chip costs per hour on which basis |
//! | [`evidence`] | how far to trust it |
//! | [`evaluate`] | from a scenario to its evaluation: the door |
//! | [`check`] | measurements of others against the model |
//! | [`metric`] | one type owns every plotted number: label, unit, direction of better, formatter |
//! | [`explore`] | many scenarios: sweeps, the frontier, sizing, maps, sensitivity and differences |
//! | [`chart`] | pure chart models, and one painter over any plotters backend |
//! | [`report`] | sentences, tables, JSON |
//! | [`figure`] | the chart that a view of a scenario shows: curves, the frontier, maps, roofline, memory, flow |
//! | [`jobs`] | long questions of the page, answered in slices |
//! | `web` | the Leptos front end (feature `web`, wasm32 only) |
//!
//! The core is pure (no clock, no I/O, no globals, no hash order) and total (no input makes it panic). The same link
//! gives the same numbers on every machine: transcendental functions come from `libm`.
//!
//! # From a link to an answer
//!
//! ```
//! use tandem::evaluate::evaluate;
//! use tandem::report;
//! use tandem::scenario::link;
//!
//! let parsed = link::parse("v1&model=deepseek-v3&isl=8k&osl=1k&rate=2&pool=h200*16");
//! assert!(parsed.notices.is_empty());
//! let evaluation = evaluate(&parsed.scenario)?;
//! println!("{}", report::text(&parsed.scenario, &evaluation));
//! println!("{:.1} ms to {:.1} ms", evaluation.steady.tpot.get() * 1e3 * evaluation.evidence.tpot.low,
//!     evaluation.steady.tpot.get() * 1e3 * evaluation.evidence.tpot.high);
//! # Ok::<(), tandem::serve::Refusal>(())
//! ```

pub mod units;

pub mod catalog;
pub mod scenario;

pub mod machine;

pub mod pass;

pub mod serve;

pub mod replay;

pub mod cost;

pub mod evidence;

pub mod evaluate;

pub mod check;

pub mod metric;

pub mod explore;

pub mod chart;

pub mod report;

pub mod figure;

pub mod jobs;

#[cfg(all(feature = "web", target_arch = "wasm32"))]
pub mod web;
