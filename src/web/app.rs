//! The page put together: header, answer, controls, charts, reasons.

use leptos::prelude::*;

use super::answer::AnswerPanel;
use super::charts::Charts;
use super::controls::Controls;
use super::embed::Embed;
use super::history::{self, Opened};
use super::notices::Notices;
use super::pins::{Comparison, PinButton};
use super::pools::Pools;
use super::presets::PresetMenu;
use super::share::Share;
use super::state::Page;
use super::theme::{self, ThemeSwitch};
use super::tiles::Tiles;
use super::why::Why;

/// The whole page, or what an embed shows of it.
#[component]
pub fn App() -> impl IntoView {
    let Opened { parsed, view, pins, embedded, hide } = history::open();
    let page = Page::new(parsed.scenario.clone(), view, embedded);
    page.pins.set(pins);
    history::tell(&page, &parsed);
    provide_context(page);
    let choice = theme::provide(embedded);
    history::keep(page);
    if embedded {
        return view! { <Embed hide/> }.into_any();
    }
    let open = RwSignal::new(false);
    view! {
        <header class="bar">
            <h1>"Tandem"</h1>
            <p class="motto">"Which silicon for which half of inference"</p>
            <PresetMenu/>
            <span class="spring"></span>
            <PinButton/>
            <Share/>
            <ThemeSwitch choice/>
        </header>
        <main class="bench">
            <div class="top">
                <Notices/>
                <AnswerPanel/>
                <Tiles/>
            </div>
            <section class="controls" class:open=move || open.get() aria-labelledby="controls-title">
                <h2 id="controls-title" class="unseen">"Scenario"</h2>
                <button
                    type="button"
                    class="unfold"
                    aria-expanded=move || if open.get() { "true" } else { "false" }
                    aria-controls="controls"
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    {move || if open.get() { "Hide the scenario" } else { "Change the scenario" }}
                </button>
                <div id="controls" class="fields">
                    <Controls/>
                </div>
            </section>
            <div class="results">
                <Charts/>
                <div class="below">
                    <Why/>
                    <Pools/>
                </div>
                <Comparison/>
            </div>
        </main>
        <footer class="foot">
            <p>"Everything is computed in this browser. Nothing is sent anywhere, and there are no cookies."</p>
        </footer>
    }
    .into_any()
}
