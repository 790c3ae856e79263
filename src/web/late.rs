//! Views, and what else few visits need, whose code is loaded when it is first asked for.
//!
//! `cargo xtask build` cuts the compiled page at the functions that say `wasm_split`, each beside the view it loads: what
//! only they reach leaves the module of the first visit and becomes a file of its own, named in the brackets and fetched
//! with the first call. They share the memory and the functions of the page, so a late view is a view like any other.

use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos::task::spawn_local;
use markup::view;
use wasm_split_helpers::SplitLoaderError;

use super::lean::views;

/// A view, or why its code did not come.
pub type Late = Result<AnyView, SplitLoaderError>;

/// How far a late view is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Coming,
    Here,
    Failed,
}

/// Runs what waits for code. Compiled once, whatever waits.
pub fn run(task: impl Future<Output = ()> + 'static) {
    let task: std::pin::Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local(task);
}

/// The view once its code is here; until then a word that it is coming, or why it did not.
pub fn shown(load: impl Future<Output = Late> + 'static) -> AnyView {
    let load: std::pin::Pin<Box<dyn Future<Output = Late>>> = Box::pin(load);
    let stage = RwSignal::new(Stage::Coming);
    let view = StoredValue::new_local(None::<AnyView>);
    run(ScopedFuture::new(async move {
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
