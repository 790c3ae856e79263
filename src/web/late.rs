//! Views, and what else few visits need, whose code is loaded when it is first asked for.
//!
//! `cargo xtask build` cuts the compiled page at the functions below: what only they reach leaves the module of the
//! first visit and becomes a file of its own, fetched with the first call. They share the memory and the functions of
//! the page, so a late view is a view like any other.

use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos::task::spawn_local;
use markup::view;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use super::charts::table::Figures;
use super::controls::Detail;
use super::lean::views;
use super::runs::Measured;
use super::why::Latencies;

/// A view, or why its code did not come.
type Late = Result<AnyView, SplitLoaderError>;

/// How far a late view is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Coming,
    Here,
    Failed,
}

/// The frontier of latency against throughput or cost.
pub fn frontier() -> AnyView {
    shown(load_frontier())
}

/// Who is best over two axes.
pub fn break_even() -> AnyView {
    shown(load_break_even())
}

/// What more of each figure of the chips would bring.
pub fn levers() -> AnyView {
    shown(load_levers())
}

/// Requests one by one.
pub fn replay() -> AnyView {
    shown(load_replay())
}

/// Agents against the state they need.
pub fn agents() -> AnyView {
    shown(load_agents())
}

/// Each operation under the roof of its chip.
pub fn roofline() -> AnyView {
    shown(load_roofline())
}

/// What fills the memory of each chip.
pub fn memory() -> AnyView {
    shown(load_memory())
}

/// The deployment as a diagram.
pub fn flows() -> AnyView {
    shown(load_flows())
}

/// What of the controls is folded away, or which only some scenarios have.
pub fn detail(which: Detail) -> AnyView {
    shown(load_detail(which))
}

/// The figures of a chart.
pub fn figures(chart: Figures) -> AnyView {
    shown(load_figures(chart))
}

/// The parts of the latencies as figures.
pub fn parts(latencies: Latencies) -> AnyView {
    shown(load_parts(latencies))
}

/// The cheapest deployments.
pub fn sizing() -> AnyView {
    shown(load_sizing())
}

/// Pinned scenarios beside the present one.
pub fn comparison() -> AnyView {
    shown(load_comparison())
}

/// The measured runs of a file; nothing if the code for them did not come.
pub async fn runs(text: String) -> Option<Box<dyn Measured>> {
    load_runs(text).await.ok()
}

/// A text to be copied by hand.
pub fn by_hand(text: RwSignal<Option<String>>) -> AnyView {
    shown(load_by_hand(text))
}

#[wasm_split(searches, fallible)]
fn load_frontier() -> Late {
    Ok(super::charts::frontier())
}

#[wasm_split(searches, fallible)]
fn load_break_even() -> Late {
    Ok(super::charts::break_even())
}

#[wasm_split(searches, fallible)]
fn load_levers() -> Late {
    Ok(super::charts::levers())
}

#[wasm_split(replay, fallible)]
fn load_replay() -> Late {
    Ok(super::charts::replay())
}

#[wasm_split(replay, fallible)]
fn load_agents() -> Late {
    Ok(super::charts::agents())
}

#[wasm_split(reasons, fallible)]
fn load_roofline() -> Late {
    Ok(super::roofline::roofline())
}

#[wasm_split(reasons, fallible)]
fn load_memory() -> Late {
    Ok(super::memory::memory())
}

#[wasm_split(reasons, fallible)]
fn load_flows() -> Late {
    Ok(super::flows::flows())
}

#[wasm_split(controls, fallible)]
fn load_detail(which: Detail) -> Late {
    Ok(super::controls::detail(which))
}

#[wasm_split(tables, fallible)]
fn load_figures(chart: Figures) -> Late {
    Ok(super::charts::table::figures(chart))
}

#[wasm_split(tables, fallible)]
fn load_parts(latencies: Latencies) -> Late {
    Ok(super::why::figures(latencies))
}

#[wasm_split(tables, fallible)]
fn load_sizing() -> Late {
    Ok(super::size::panel())
}

#[wasm_split(tables, fallible)]
fn load_comparison() -> Late {
    Ok(super::pins::comparison())
}

#[wasm_split(tables, fallible)]
fn load_by_hand(text: RwSignal<Option<String>>) -> Late {
    Ok(super::share::by_hand(text))
}

#[wasm_split(runs, fallible)]
fn load_runs(text: String) -> Result<Box<dyn Measured>, SplitLoaderError> {
    Ok(super::runs::read(&text))
}

/// The view once its code is here; until then a word that it is coming, or why it did not.
fn shown(load: impl Future<Output = Late> + 'static) -> AnyView {
    let load: std::pin::Pin<Box<dyn Future<Output = Late>>> = Box::pin(load);
    let stage = RwSignal::new(Stage::Coming);
    let view = StoredValue::new_local(None::<AnyView>);
    spawn_local(ScopedFuture::new(async move {
        let loaded = load.await;
        let reached = if loaded.is_ok() { Stage::Here } else { Stage::Failed };
        // The reader may have gone on to another view meanwhile: then there is no place for this one.
        if view.try_set_value(loaded.ok()).is_none() {
            stage.set(reached);
        }
    }));
    views(move || match stage.get() {
        Stage::Coming => view! { <p class="caption" role="status">"Loading …"</p> }.into_any(),
        Stage::Here => view.try_update_value(Option::take).flatten().into_any(),
        Stage::Failed => view! {
            <p class="error" role="alert">"This view could not be loaded. Check the connection and open it again."</p>
        }
        .into_any(),
    })
    .into_any()
}
