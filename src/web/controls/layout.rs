//! How one replica of a pool is spread over its chips.

use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use super::pool::{edit_pool, names, pool};
use crate::report::words;
use crate::scenario::{Layout, Role, Scenario};
use crate::serve::find_model;
use crate::web::lean::{When, flag, memo};
use crate::web::state::use_page;

/// The layout given, and the one in force: that, or the one chosen for this scenario.
fn layouts(role: Role) -> (Memo<Option<Layout>>, Memo<Option<Layout>>) {
    let page = use_page();
    let given = page.part(move |scenario| pool(scenario, role).and_then(|pool| pool.layout));
    let in_force = memo(move || {
        given.get().or_else(|| {
            page.answer.with(|answer| {
                let pools = &answer.as_ref().as_ref().ok()?.steady.pools;
                pools.iter().find(|state| state.role == role).map(|state| state.layout)
            })
        })
    });
    (given, in_force)
}

fn has_experts(scenario: &Scenario) -> bool {
    find_model(scenario).is_ok_and(|model| model.has_moe())
}

/// The layout of a pool, in a few words.
pub fn summary(role: Role) -> Signal<String> {
    let (given, in_force) = layouts(role);
    let experts = use_page().part(has_experts);
    Signal::derive(move || match (in_force.get(), given.get()) {
        (Some(layout), Some(_)) => words::layout(&layout, experts.get()),
        (Some(layout), None) => format!("{}, chosen", words::layout(&layout, experts.get())),
        (None, _) => "automatic".to_owned(),
    })
}

/// How one replica is spread, by the tool or by hand.
pub fn layout(role: Role) -> AnyView {
    let page = use_page();
    let (key, _) = names(role);
    let (given, in_force) = layouts(role);
    let experts = page.part(has_experts);
    let put = move |layout: Option<Layout>| {
        page.edit(|scenario| edit_pool(scenario, role, |pool| pool.layout = layout));
    };
    let degree = move |name: &'static str,
                       label: &'static str,
                       read: fn(&Layout) -> u32,
                       write: fn(&mut Layout, u32)| {
        let value = memo(move || in_force.get().map_or(1, |layout| read(&layout)).to_string());
        let powers = (0..=8).map(|power| (1_u32 << power).to_string());
        let items = powers.map(|power| Item::new(power.clone(), power)).collect();
        view! {
            <Choice
                id=format!("{key}-{name}")
                label
                groups=Signal::stored(vec![Group::flat(items)])
                value=value
                set={move |text: String| {
                    let Ok(degree) = text.parse::<u32>() else { return };
                    let mut layout = in_force.get_untracked().unwrap_or(Layout::SINGLE);
                    write(&mut layout, degree);
                    put(Some(square(layout, name, experts.get_untracked())));
                }}
            />
        }
    };
    view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked={flag(move || given.get().is_none())}
                on:change=move |event| {
                    let automatic = event_target_checked(&event);
                    put(if automatic { None } else { in_force.get_untracked().or(Some(Layout::SINGLE)) });
                    page.commit();
                }
            />
            <span>"Choose the layout for me"</span>
        </label>
        <div class="degrees">
            {degree("tp", "TP", |layout| layout.tp, |layout, degree| layout.tp = degree)}
            {degree("pp", "PP", |layout| layout.pp, |layout, degree| layout.pp = degree)}
            {degree("dp", "DP", |layout| layout.dp, |layout, degree| layout.dp = degree)}
            <When on=experts>
                {degree("etp", "ETP", |layout| layout.etp, |layout, degree| layout.etp = degree)}
                {degree("ep", "EP", |layout| layout.ep, |layout, degree| layout.ep = degree)}
            </When>
            {degree("pcp", "PCP", |layout| layout.pcp, |layout, degree| layout.pcp = degree)}
            {degree("dcp", "DCP", |layout| layout.dcp, |layout, degree| layout.dcp = degree)}
        </div>
    }
    .into_any()
}

/// Experts occupy the same ranks as attention: what was not touched gives way.
fn square(mut layout: Layout, touched: &str, experts: bool) -> Layout {
    // One KV cache is shared out among at most the ranks of one data-parallel group.
    while !layout.tp.is_multiple_of(layout.dcp.max(1)) {
        layout.dcp -= 1;
    }
    let ranks = layout.tp.saturating_mul(layout.dp).max(1);
    if !experts {
        (layout.etp, layout.ep) = (1, 1);
    } else if layout.shares_experts() && layout.matched() {
        // Copies that share experts may go on doing so.
    } else if touched == "ep" {
        layout.ep = layout.ep.min(ranks);
        layout.etp = (ranks / layout.ep.max(1)).max(1);
    } else {
        layout.etp = layout.etp.min(ranks);
        layout.ep = (ranks / layout.etp.max(1)).max(1);
    }
    layout
}
