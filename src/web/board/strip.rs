//! The board as it is seen and moved: trays, handles and the valley, for pointer, finger and keys.

use leptos::prelude::*;
use leptos::web_sys::PointerEvent;
use markup::view;

use super::mix::Mix;
use super::picker::{Picker, names, picker};
use super::place::{HANDLE, Strip};
use crate::figure::board::{Exchange, Kept, Tray, Valley, told, unit};
use crate::figure::map::DECIDES;
use crate::metric::Metric;
use crate::scenario::Role;
use crate::web::controls::choice::{Choice, Group, Item, Segments};
use crate::web::lean::{When, flag, memo, views, words};

/// What can be done with several pools.
const MOVES: &str =
    "Drag the handle or click in the valley. Hatched: misses the service level, or does not run.";
/// What can be done with one.
const ALONE: &str = "One pool does everything. Split it to move chips between prefill and decode.";
/// What moving does besides.
const LAYOUTS: &str =
    "Layouts are chosen anew at each mix, as along the curve over the share of chips in prefill.";

/// The whole board.
pub fn board(mix: Mix) -> AnyView {
    let own = Strip::new(mix);
    let trays = own.trays;
    let choosing = Picker::new(own);
    // A handle that moves is the same; one more or fewer is another set of them.
    let count = memo(move || trays.with(Vec::len));
    let several = memo(move || count.get() > 1);
    let handles = move || (1..count.get()).map(|at| handle(own, at - 1)).collect_view();
    view! {
        <div class="board-head">
            {names(choosing)}
        </div>
        <div
            class="strip"
            class:single={flag(move || !several.get())}
            node_ref={own.frame}
            on:pointerdown=move |event| own.pressed(&event)
            on:pointermove=move |event| own.moved(&event)
            on:pointerup=move |event| own.released(&event)
            on:pointercancel=move |_: PointerEvent| own.cancelled()
            on:pointerleave=move |_: PointerEvent| own.mix.pointed.set(None)
        >
            {drawn(own, choosing)}
            <When on=several>{valley(own)}</When>
            {views(handles)}
            {views(move || offer(own))}
        </div>
        <div class="board-foot">
            <p class="caption board-told" title=LAYOUTS>{views(move || said(own))}</p>
            <When on=several>{tools(mix)}</When>
        </div>
        {picker(choosing)}
    }
    .into_any()
}

/// What stays equal, and what the valley shows.
fn tools(mix: Mix) -> AnyView {
    let known = memo(move || {
        mix.page.scenario.with(|own| Kept::ALL.map(|kept| Exchange::of(own, 0, kept).is_some()))
    });
    let kept = memo(move || mix.kept.get().id());
    let segments = move || {
        let options = Kept::ALL.into_iter().zip(known.get()).filter(|(_, known)| *known);
        view! {
            <Segments
                name="kept"
                legend="Equal"
                options={options.map(|(own, _)| (own.id(), own.label())).collect()}
                value=kept
                set={move |id: &'static str| {
                    let kept = Kept::ALL.into_iter().find(|own| own.id() == id);
                    mix.wanted.set(kept.unwrap_or_default());
                }}
            />
        }
    };
    let metrics = DECIDES.iter().map(|metric| Item::new(metric.id(), metric.short())).collect();
    let metric = memo(move || mix.metric.get().id().to_owned());
    view! {
        <div class="board-tools">
            {views(segments)}
            <Choice
                id="board-by"
                label="Compare by"
                groups=Signal::stored(vec![Group::flat(metrics)])
                value=metric
                set={move |id: String| mix.page.look(|view| view.by = Metric::from_id(&id))}
            />
        </div>
    }
    .into_any()
}

/// The chips in their trays.
fn drawn(strip: Strip, choosing: Picker) -> AnyView {
    let chips = move || {
        let pools = strip.mix.pools();
        strip.trays.with(|trays| {
            let tray = |((role, ..), own): (&(Role, String, u32, f64), &Tray)| {
                view! { <path class:grouped={own.grouped} data-role=role.key() d=own.path.clone()></path> }
            };
            pools.iter().zip(trays).map(tray).collect_view()
        })
    };
    let grounds = move || {
        let pools = strip.mix.pools();
        strip.trays.with(|trays| {
            let ground = |((role, ..), own): (&(Role, String, u32, f64), &Tray)| {
                let role = *role;
                view! {
                    <span
                        class="tray"
                        class:over={flag(move || choosing.over.get() == Some(role))}
                        data-role=role.key()
                        style:left=px(own.span.0)
                        style:width=px(own.span.1 - own.span.0)
                    ></span>
                }
            };
            pools.iter().zip(trays).map(ground).collect_view()
        })
    };
    view! {
        {views(grounds)}
        <svg class="chips" aria-hidden="true">{views(chips)}</svg>
    }
    .into_any()
}

/// What each way comes to, under the handle in use.
fn valley(strip: Strip) -> AnyView {
    let mix = strip.mix;
    let place = memo(move || mix.exchange.with(|own| own.as_ref().and_then(|own| strip.reach(own.first()))));
    let left = move || px(place.get().map_or(0.0, |own| own.0));
    let width = move || px(place.get().map_or(0.0, |own| own.1 - own.0));
    let shape = move || {
        let metric = mix.metric.get();
        mix.valley.with(|own| own.as_ref().map(|own| picture(own, metric)))
    };
    let dots = move || {
        let metric = mix.metric.get();
        let dot = |way: u32, class: &'static str| {
            let (x, y) = mix.valley.with(|own| own.as_ref()?.spot(way, metric))?;
            Some(view! { <span class=class style:left=percent(x) style:bottom=percent(y)></span> })
        };
        let mark = mix.mark().and_then(|mark| dot(mark.way, "dot-best"));
        let now = mix.standing().and_then(|way| dot(way, "dot-now"));
        let pointed = mix.pointed.get().and_then(|way| dot(way, "dot-pointed"));
        view! { {mark} {now} {pointed} }
    };
    view! {
        <div
            class="valley"
            class:stale={flag(move || !mix.fresh())}
            aria-hidden="true"
            style:left=left
            style:width=width
        >
            {views(shape)}
            {views(dots)}
        </div>
    }
    .into_any()
}

/// The handle between a tray and the next.
fn handle(strip: Strip, at: usize) -> AnyView {
    let mix = strip.mix;
    let over = move || {
        let own = mix.exchange.get().filter(|own| own.first() == at);
        own.or_else(|| mix.page.scenario.with(|scenario| Exchange::of(scenario, at, mix.kept.get())))
    };
    let chips =
        move |at: fn(&Exchange) -> u32| words(move || over().map(|own| own.chips(at(&own)).0.to_string()));
    let now =
        move || mix.page.scenario.with(|own| own.split.pools().get(at).map(|own| own.1.chips.to_string()));
    let said = move || {
        let share = over().map(|own| own.share(mix.page.scenario.with(|scenario| own.standing(scenario))));
        mix.page.scenario.with(|own| told::handle(own, at, share, mix.kept.get()))
    };
    let label = move || {
        let pools = mix.pools();
        let name = |at: usize| pools.get(at).map_or("", |own| own.0.name());
        format!("Chips between {} and {}", name(at), name(at + 1))
    };
    let used = move || mix.exchange.with(|own| own.as_ref().is_some_and(|own| own.first() == at));
    view! {
        <div
            class="grip"
            class:used={flag(used)}
            role="slider"
            tabindex="0"
            aria-label={words(label)}
            aria-valuemin={chips(|_| 0)}
            aria-valuemax={chips(|own| own.ways() - 1)}
            aria-valuenow={words(now)}
            aria-valuetext={words(said)}
            style:left={move || px(strip.middle(at).unwrap_or_default() - HANDLE / 2.0)}
            on:focus=move |_| mix.pair.set(at)
            on:keydown=move |event| strip.key(at, &event)
            on:keyup=move |event| {
                if !matches!(event.key().as_str(), "Tab" | "Shift") {
                    mix.page.commit();
                }
            }
        ></div>
    }
    .into_any()
}

/// The best way, one click away.
fn offer(strip: Strip) -> Option<AnyView> {
    let mix = strip.mix;
    let exchange = mix.exchange.get()?;
    let (mark, offer) = mix.offer()?;
    let (low, high) = strip.reach(exchange.first())?;
    // What is offered stands where it is, what is said of the scenario where that is.
    let offered = low + exchange.share(mark.way) * (high - low);
    let x = if offer.is_ok() { offered } else { strip.middle(exchange.first())? };
    let turn = 100.0 * x / strip.width.get().max(1.0);
    let (left, shift) = (px(x), format!("translateX(-{turn:.1}%)"));
    let above = !mix.metric.get().more_is_better();
    let view = match offer {
        Ok(text) => view! {
            <button
                type="button"
                class="offer"
                class:above=above
                data-testid="best-mix"
                style:left=left
                style:transform=shift
                on:pointerdown=move |event| event.stop_propagation()
                on:click=move |_| {
                    mix.take(mark.way);
                    mix.page.commit();
                }
            >
                {text}
            </button>
        },
        Err(text) => view! {
            <span class="offer" class:above=above style:left=left style:transform=shift>{text}</span>
        },
    };
    Some(view)
}

/// What stands under the board: the way that is pointed at, else what a cell is.
fn said(strip: Strip) -> String {
    let mix = strip.mix;
    if let (Some(way), true) = (mix.pointed.get(), mix.fresh()) {
        let metric = mix.metric.get();
        let slo = mix.page.scenario.with(|own| own.slo);
        return mix
            .valley
            .with(|own| own.as_ref().map(|own| told::point(own, way, metric, &slo)))
            .unwrap_or_default();
    }
    if let Some(reason) = mix.lacks() {
        return reason;
    }
    let chips = mix.page.scenario.with(|own| own.split.chips());
    let cells = strip.trays.with(|trays| told::cells(unit(chips, strip.width.get()), trays, chips));
    let hint = if strip.trays.with(Vec::len) > 1 { MOVES } else { ALONE };
    if cells.is_empty() { hint.to_owned() } else { format!("{cells}. {hint}") }
}

/// The valley as a drawing, with its ends hatched.
fn picture(valley: &Valley, metric: Metric) -> AnyView {
    let lines = valley.line(metric);
    let point = |(x, y): (f64, f64)| format!("{:.1} {:.1}", 1000.0 * x, 100.0 * (1.0 - y));
    let line = |points: &Vec<(f64, f64)>| {
        let all: Vec<String> = points.iter().map(|own| point(*own)).collect();
        format!("M{}", all.join("L"))
    };
    let area = |points: &Vec<(f64, f64)>| {
        let end = |own: Option<&(f64, f64)>| own.map_or(0.0, |own| 1000.0 * own.0);
        format!("{}L{:.1} 100L{:.1} 100z", line(points), end(points.last()), end(points.first()))
    };
    let failing = valley.failing().into_iter().map(|(from, to, runs)| {
        view! {
            <span class="failing" class:late=runs style:left=percent(from) style:width=percent(to - from)></span>
        }
    });
    view! {
        <svg viewBox="0 0 1000 100" preserveAspectRatio="none">
            <path class="area" d={lines.iter().map(area).collect::<String>()}></path>
            <path class="line" d={lines.iter().map(line).collect::<String>()}></path>
        </svg>
        {failing.collect_view()}
    }
    .into_any()
}

fn px(value: f64) -> String {
    format!("{value:.1}px")
}

fn percent(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}
