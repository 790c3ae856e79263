//! The answer in words, above everything else.

use crate::web::lean::{When, effect, flag, memo, views};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::late::{self, Late};
use super::mend;
use super::runs::NearestRuns;
use super::size::SizeButton;
use super::state::{Page, use_page};
use crate::report::departures::line;
use crate::report::explore::figures_of;
use crate::report::remarks::remarks;
use crate::report::{ReserveReport, answer, verdict, words};

/// How long the answer must rest before it is read aloud, in milliseconds.
const REST: u32 = 800;

/// The sentence, the verdict on the service level, what the figures rest on, and warnings.
#[component]
pub fn AnswerPanel() -> impl IntoView {
    let page = use_page();
    let sentence = memo(move || text(&page));
    let spoken = RwSignal::new(String::new());
    let pending = StoredValue::new_local(None::<Timeout>);
    effect(move || {
        let text = sentence.get();
        pending.set_value(Some(Timeout::new(REST, move || spoken.set(text))));
    });
    let refused = memo(move || page.refused.with(Option::is_some));
    let stale = memo(move || refused.get() && page.answer.with(|answer| answer.is_ok()));
    let saturated = memo(move || {
        !refused.get()
            && page
                .answer
                .with(|answer| answer.as_ref().as_ref().is_ok_and(|own| own.steady.saturation.is_some()))
    });
    let level = memo(move || {
        page.standing.with(|scenario| {
            page.answer.with(|answer| {
                let evaluation = answer.as_ref().as_ref().ok()?;
                let verdict = verdict(scenario, evaluation);
                (!verdict.objectives.is_empty()).then_some((verdict.met, verdict.text))
            })
        })
    });
    let reserve = memo(move || {
        page.standing.with(|scenario| {
            page.answer.with(|answer| {
                let evaluation = answer.as_ref().as_ref().ok()?;
                let own =
                    (!scenario.reserve.is_default()).then(|| ReserveReport::of(scenario, evaluation))?;
                let met = own.verdict != crate::explore::Verdict::Misses;
                let lost = own.lost.into_iter().map(|lost| lost.text);
                Some((met, own.text.into_iter().chain(lost).collect::<Vec<_>>().join(" ")))
            })
        })
    });
    let evidence =
        memo(move || page.answer.with(|answer| answer.as_ref().as_ref().ok().map(|own| own.evidence)));
    let remedy = memo(move || {
        page.answer.with(|answer| answer.as_ref().as_ref().ok().map(|own| words::remedy(own.steady.binding)))
    });
    let warnings = memo(move || {
        page.answer.with(|answer| {
            answer
                .as_ref()
                .as_ref()
                .map(|own| page.standing.with(|scenario| remarks(scenario, &own.steady)))
                .unwrap_or_default()
        })
    });
    view! {
        <section class="answer" class:refused=refused class:saturated=saturated aria-labelledby="answer-title">
            <h2 id="answer-title" class="unseen">"Answer"</h2>
            <p class="sentence" data-testid="sentence">{sentence}</p>
            <OwnSettings/>
            <p class="unseen" role="status" aria-live="polite">{spoken}</p>
            <When on=refused>{late::shown(load_offers())}</When>
            <ul class="remarks" hidden={flag(move || stale.get())}>
                {views(move || level.get().map(|(met, text)| view! {
                    <li class="verdict" class:met=met>{text}</li>
                }))}
                {views(move || reserve.get().map(|(met, text)| view! {
                    <li class="verdict" class:met=met>{text}</li>
                }))}
                {views(move || evidence.get().map(|own| {
                    let explained = words::evidence_explained(&own);
                    view! {
                        <li class="evidence" title=explained.clone()>
                            {words::evidence(own.class)}
                            <span class="unseen">": " {explained}</span>
                        </li>
                    }
                }))}
                {(!page.embedded).then(|| view! { <li><SizeButton/></li> })}
                <NearestRuns/>
                {views(move || remedy.get().map(|text| view! { <li class="remedy">{text}</li> }))}
                {views(move || warnings.get().into_iter().map(|text| view! { <li class="warning">{text}</li> }).collect_view())}
            </ul>
        </section>
    }
}

/// What can be done about a scenario without an answer.
#[wasm_split(tables, fallible)]
fn load_offers() -> Late {
    Ok(mend::offers())
}

/// What moves the numbers away from catalogue and defaults, in one line that nothing hides.
#[component]
pub fn OwnSettings(
    /// Whether it stands without the sentence, which would say the rest.
    #[prop(optional)]
    alone: bool,
) -> impl IntoView {
    let page = use_page();
    let line = memo(move || {
        page.standing.with(|scenario| {
            let answered = page.answer.with(|answer| answer.is_ok());
            let line = || if alone { Some(figures_of(scenario)) } else { line(scenario) };
            answered.then(line).flatten()
        })
    });
    views(move || {
        line.get().map(|text| view! { <p class="own-settings" data-testid="own-settings">{text}</p> })
    })
}

/// The answer to the current scenario, or why there is none.
fn text(page: &Page) -> String {
    page.refused.with(|refused| match refused {
        Some(refused) => words::refusal(refused),
        None => page.standing.with(|scenario| page.answer.with(|result| answer(scenario, result))),
    })
}
