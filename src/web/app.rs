//! The page put together: header, answer, controls, charts, reasons.

use crate::web::lean::{When, flag, views, words};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use markup::view;
use wasm_bindgen::JsCast;

use super::answer::AnswerPanel;
use super::board::Board;
use super::charts::Charts;
use super::controls::{Controls, keep_pays};
use super::door::FrontDoor;
use super::embed::Embed;
use super::handle::tell_changes;
use super::history::{self, Opened};
use super::jobs::Desk;
use super::mend::GrownNotice;
use super::misread::Misread;
use super::notices::Notices;
use super::pins::{CompareBar, Comparison};
use super::pools::Pools;
use super::present::PresentButton;
use super::reasons::Reasons;
use super::runs;
use super::share::Share;
use super::state::Page;
use super::theme::{self, ThemeSwitch};
use super::tiles::Tiles;
use super::undo::UndoButtons;

/// The whole page, or what an embed shows of it. The state of a whole page goes to `keep`.
pub fn page(ask: js_sys::Function, keep: &dyn Fn(Page)) -> AnyView {
    let Opened { text, parsed, view, pins, embedded } = history::open();
    let page = Page::new(&parsed, &text, view, Desk::new(ask), embedded);
    page.pins.set(pins);
    page.story.set(history::story_of(&parsed.view));
    history::tell(&page, &parsed);
    provide_context(page);
    let choice = theme::provide(embedded);
    history::keep(page);
    page.motion.watch();
    runs::fetch_when_near(page);
    keep_pays(page);
    if embedded {
        return view! { <Embed choice/> }.into_any();
    }
    tell_changes(page);
    keep(page);
    let understood = page.understood();
    let stale = page.stale();
    let open = RwSignal::new(false);
    // Built at once, the page would hold a slow phone for a quarter of a second: what is not read first comes in a turn
    // of its own.
    let rest = RwSignal::new(false);
    Timeout::new(0, move || rest.set(true)).forget();
    close_menus_left();
    view! {
        <header class="bar">
            <h1>"Tandem"</h1>
            <p class="motto">"How many of which chips serve your LLM, how fast, at what cost"</p>
            <UndoButtons/>
            <span class="spring"></span>
            <Share/>
            <PresentButton/>
            <ThemeSwitch choice/>
            <button type="button" class="quiet" data-opens="help" aria-haspopup="dialog" aria-label="Keys" title="Keys (?)">
                "?"
            </button>
        </header>
        <main class="bench">
            <div class="top">
                <FrontDoor/>
                <Notices/>
                <GrownNotice/>
                <Misread/>
                <div id="story"></div>
                <When on=understood>
                    <AnswerPanel/>
                    <Tiles/>
                </When>
            </div>
            <section class="controls" class:open={flag(move || open.get())} aria-labelledby="controls-title">
                <h2 id="controls-title" class="unseen">"Scenario"</h2>
                <button
                    type="button"
                    class="unfold"
                    aria-expanded={words(move || if open.get() { "true" } else { "false" })}
                    aria-controls="controls"
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    {views(move || if open.get() { "Hide the scenario" } else { "Change the scenario" })}
                </button>
                <div id="controls" class="fields">
                    <When on=rest>
                        <Controls/>
                    </When>
                </div>
            </section>
            <div class="results" class:stale=stale>
                <When on=understood>
                    <Board on=rest/>
                    <CompareBar/>
                    <Charts/>
                    <When on=rest>
                        <Reasons/>
                        <Pools/>
                        <Comparison/>
                    </When>
                </When>
            </div>
        </main>
        <footer class="foot">
            <p>
                "Works offline after the first visit. No third-party request, no cookie, no telemetry. "
                <a href="embedding.html">"Embed it"</a>
                " · "
                <a href="method.html">"How it models"</a>
                " · "
                <a href="accuracy.html">"How accurate it is"</a>
                " · "
                <a href="claims.html">"Makers’ claims, held against it"</a>
                " · "
                <a href="glossary.html">"Glossary"</a>
            </p>
        </footer>
    }
    .into_any()
}

/// Closes an open menu when the reader clicks elsewhere or presses Escape.
fn close_menus_left() {
    let close = |keep: Option<leptos::web_sys::Node>| {
        let Ok(menus) = document().query_selector_all("details.menu[open]") else { return };
        for index in 0..menus.length() {
            let Some(menu) = menus.item(index) else { continue };
            if !menu.contains(keep.as_ref())
                && let Ok(menu) = menu.dyn_into::<leptos::web_sys::Element>()
            {
                let _ = menu.remove_attribute("open");
            }
        }
    };
    let clicked = window_event_listener(leptos::ev::pointerdown, move |event| {
        close(event.target().and_then(|target| target.dyn_into().ok()));
    });
    let pressed = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "Escape" {
            close(None);
        }
    });
    on_cleanup(move || {
        clicked.remove();
        pressed.remove();
    });
}
