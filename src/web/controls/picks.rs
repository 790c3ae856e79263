//! The list of a picker: what matches, under headings while nothing is typed, each with what decides: size or memory,
//! price, power, and whether it fits.

use std::collections::BTreeMap;

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::web_sys;
use markup::view;
use wasm_bindgen::JsCast;

use super::picking::{Kind, Pick, recent};
use super::pool::edit_pool;
use super::sized::choose;
use crate::catalog::{self, Chip, Family, Model, Status, models_by_vendor};
use crate::cost::chip_hour;
use crate::evaluate::evaluate;
use crate::evidence::distance;
use crate::report::mend;
use crate::scenario::{Pool, Scenario, Split};
use crate::serve::Refusal;
use crate::units::format::{Precision, Unit};
use crate::web::lean::{effect, flag, memo, views, words};
use crate::web::state::use_page;

/// Something to pick.
#[derive(Clone, Debug, Default, PartialEq)]
struct Entry {
    id: String,
    name: String,
    vendor: String,
    /// What decides, in a line.
    line: String,
    /// Other names, for the search.
    also: String,
    /// Parameters, or bytes of memory.
    size: f64,
    /// Measured runs behind it, in groups.
    runs: usize,
}

/// Sizes by which models are filtered, and capacities of chips: up to so much.
const SIZES: [(f64, &str); 5] = [
    (10e9, "up to 10B"),
    (40e9, "10B to 40B"),
    (150e9, "40B to 150B"),
    (500e9, "150B to 500B"),
    (f64::INFINITY, "over 500B"),
];
const MEMORIES: [(f64, &str); 5] = [
    (1e9, "SRAM"),
    (32e9, "up to 32 GB"),
    (96e9, "33 to 96 GB"),
    (200e9, "97 to 200 GB"),
    (f64::INFINITY, "over 200 GB"),
];

/// How many stand under the heading of what is measured most.
const POPULAR: usize = 6;

/// Those that the catalogue has of what is picked, and those that the scenario brings along first.
fn entries(kind: Kind, scenario: &Scenario) -> Vec<(String, Vec<Entry>)> {
    let groups = distance::groups();
    if kind.models() {
        let runs = |id: &str| groups.iter().filter(|own| own.kind.model == id).count();
        let of = |model: &Model| of_model(model, runs(&model.id));
        let mut all: Vec<(String, Vec<Entry>)> = Vec::new();
        all.extend(scenario.custom.model.as_ref().map(|own| ("Own".to_owned(), vec![of(own)])));
        all.extend(models_by_vendor().map(|(vendor, own)| (vendor.to_owned(), own.iter().map(of).collect())));
        if kind == Kind::Model {
            let family = |own: &Family| Entry {
                id: own.id().to_owned(),
                name: format!("{}, scaled", own.name()),
                line: "any size".to_owned(),
                size: f64::NAN,
                ..Entry::default()
            };
            all.push(("Any size".to_owned(), Family::ALL.iter().map(family).collect()));
        }
        return all;
    }
    let runs = |id: &str| groups.iter().filter(|own| own.chip == id).count();
    let of = |chip: &Chip| of_chip(chip, scenario, runs(&chip.id));
    let mut all = Vec::new();
    if !scenario.custom.chips.is_empty() {
        all.push(("Own".to_owned(), scenario.custom.chips.iter().map(of).collect()));
    }
    all.extend(
        catalog::chips_by_vendor().map(|(vendor, own)| (vendor.to_owned(), own.iter().map(of).collect())),
    );
    all
}

fn of_model(model: &Model, runs: usize) -> Entry {
    let parameters = model.parameters();
    let (total, active) = (parameters.total(), parameters.active());
    let of = |value| Unit::Parameters.format(value);
    let active = if active < 0.9 * total { format!(", {} active", of(active)) } else { String::new() };
    let aliases: Vec<&str> = catalog::model_aliases(&model.id).collect();
    Entry {
        id: model.id.to_string(),
        name: model.name.to_string(),
        vendor: String::new(),
        line: format!("{}{active} · {} context", of(total), Unit::Tokens.format(model.max_context.get())),
        also: aliases.join(" "),
        size: total,
        runs,
    }
}

fn of_chip(chip: &Chip, scenario: &Scenario, runs: usize) -> Entry {
    let mut parts = Vec::new();
    let memory = chip.memory.as_ref();
    match (memory, &chip.sram) {
        (Some(memory), _) => {
            parts.push(format!("{} {}", Unit::Bytes.format(memory.named.get()), memory.kind));
        }
        (None, Some(sram)) => parts.push(format!("{} SRAM", Unit::Bytes.format(sram.capacity.get()))),
        (None, None) => {}
    }
    parts.push(chip_hour(scenario, &chip.id).map_or_else(
        |_| "no public price".to_owned(),
        |hour| Unit::DollarsPerHour.format_with(hour.value.get(), Precision::STEADY),
    ));
    parts.extend(chip.tdp.map(|power| Unit::Watts.format(power.get())));
    if chip.status != Status::Shipping {
        parts.push(chip.status.id().to_owned());
    }
    let aliases: Vec<&str> = catalog::chip_aliases(&chip.id).collect();
    Entry {
        id: chip.id.to_string(),
        name: chip.name.to_string(),
        vendor: String::new(),
        line: parts.join(" · "),
        also: aliases.join(" "),
        size: memory.map_or(0.0, |memory| memory.named.get()),
        runs,
    }
}

/// Letters and digits alone, small.
fn bare(text: &str) -> String {
    text.chars().filter(|own| own.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How well an entry answers what is typed, the higher the better; none where it does not.
fn score(entry: &Entry, query: &str) -> Option<usize> {
    let (name, id) = (bare(&entry.name), bare(&entry.id));
    let all = format!(
        "{name} {id} {} {}",
        bare(&entry.vendor),
        entry.also.split(' ').map(bare).collect::<Vec<_>>().join(" ")
    );
    if !query.split_whitespace().all(|word| all.contains(&bare(word))) {
        return None;
    }
    let whole = bare(query);
    let rank = match () {
        () if name == whole || id == whole => 3,
        () if name.starts_with(&whole) || id.starts_with(&whole) => 2,
        () if name.contains(&whole) || id.contains(&whole) => 1,
        () => 0,
    };
    Some(rank * 1000 + entry.runs.min(999))
}

/// What the list shows: headings with their entries.
type Shown = Vec<(String, Vec<Entry>)>;

/// What matches, best first; what comes near where nothing does. While nothing is typed and nothing filtered all there is, with
/// what was picked last and what is measured most first.
fn shown(kind: Kind, all: &Shown, query: &str, (vendor, size): (&str, &str), last: &[String]) -> Shown {
    let bounds = if kind.models() { SIZES } else { MEMORIES };
    let fits = |entry: &Entry| {
        let bound = bounds.iter().position(|(most, _)| entry.size <= *most);
        size.is_empty() || bound.and_then(|at| bounds.get(at)).is_some_and(|own| own.1 == size)
    };
    let groups = all.iter().filter(|(name, _)| vendor.is_empty() || name == vendor);
    let mut groups: Shown = groups
        .map(|(name, own)| (name.clone(), own.iter().filter(|own| fits(own)).cloned().collect::<Vec<_>>()))
        .collect();
    groups.retain(|(_, own)| !own.is_empty());
    if !query.trim().is_empty() {
        let mut found: Vec<(usize, Entry)> = groups
            .iter()
            .flat_map(|(_, own)| own)
            .filter_map(|own| Some((score(own, query)?, own.clone())))
            .collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let mut found: Vec<Entry> = found.into_iter().map(|(_, own)| own).collect();
        let named = if kind.models() {
            catalog::model_named(query).map(|own| own.model.id.to_string())
        } else {
            catalog::chip_named(query).map(|own| own.id.to_string())
        };
        if let Some(at) = named.and_then(|id| found.iter().position(|own| own.id == id)) {
            found[..=at].rotate_right(1);
        }
        if !found.is_empty() {
            return vec![(String::new(), found)];
        }
        let near =
            if kind.models() { catalog::nearest_model_ids(query) } else { catalog::nearest_chip_ids(query) };
        let find = |id: &&str| groups.iter().flat_map(|(_, own)| own).find(|own| own.id == **id).cloned();
        let near: Vec<Entry> = near.iter().filter_map(find).collect();
        return if near.is_empty() { Vec::new() } else { vec![("Did you mean".to_owned(), near)] };
    }
    if !(vendor.is_empty() && size.is_empty()) {
        return groups;
    }
    let every: Vec<&Entry> = groups.iter().flat_map(|(_, own)| own).collect();
    let recent: Vec<Entry> = last
        .iter()
        .filter_map(|id| every.iter().find(|own| own.id == *id).map(|own| (*own).clone()))
        .collect();
    let mut popular: Vec<&Entry> =
        every.iter().copied().filter(|own| own.runs > 0 && !last.contains(&own.id)).collect();
    popular.sort_by_key(|own| std::cmp::Reverse(own.runs));
    let popular: Vec<Entry> = popular.into_iter().take(POPULAR).cloned().collect();
    let first: Vec<String> = recent.iter().chain(&popular).map(|own| own.id.clone()).collect();
    let mut list = vec![("Recent".to_owned(), recent), ("Most measured".to_owned(), popular)];
    for (name, mut own) in groups {
        own.retain(|own| !first.contains(&own.id));
        list.push((name, own));
    }
    list.retain(|(_, own)| !own.is_empty());
    list
}

/// Whether the scenario would fit with a pick, in few words.
fn hint(kind: Kind, scenario: &Scenario, id: &str) -> String {
    let mut next = scenario.clone();
    match kind {
        Kind::Model => choose(&mut next, id),
        Kind::Chip(role) => edit_pool(&mut next, role, |pool| {
            id.clone_into(&mut pool.chip);
            pool.layout = None;
        }),
        Kind::AnyModel => choose(&mut next, id),
        Kind::AnyChip => next.split = Split::Colocated { pool: Pool::new(id, 1) },
    }
    match evaluate(&next) {
        Ok(_) => "fits".to_owned(),
        Err(Refusal::MissingFigure { .. } | Refusal::NoUnit { .. }) => "figures missing".to_owned(),
        Err(_) => match mend::grown(&next) {
            Some((more, _)) => format!("needs {} chips", more.split.chips()),
            None => "does not fit".to_owned(),
        },
    }
}

/// The filters and the list.
pub fn picks(pick: Pick) -> AnyView {
    let page = use_page();
    let kind = pick.kind;
    let scenario = page.scenario.get_untracked();
    let mut all = entries(kind, &scenario);
    for (vendor, own) in &mut all {
        for entry in own {
            entry.vendor.clone_from(vendor);
        }
    }
    let last = recent(kind);
    let (vendor, size) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let vendors: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
    let list = memo(move || shown(kind, &all, &pick.query.get(), (&vendor.get(), &size.get()), &last));
    effect(move || {
        let ids: Vec<String> =
            list.with(|list| list.iter().flat_map(|(_, own)| own).map(|own| own.id.clone()).collect());
        let plain = pick.query.with(String::is_empty);
        let now = pick.value.get_untracked();
        let at = if plain { ids.iter().position(|id| *id == now).unwrap_or(0) } else { 0 };
        let first = ids.first().cloned();
        pick.found.set(ids);
        pick.active.set(at);
        if pick.eager.get_untracked() {
            match first {
                Some(id) => pick.take(&id),
                None => pick.miss(),
            }
        }
    });
    let hints = hints(pick, scenario);
    let id = pick.id.get_value();
    let list_id = format!("{id}-list");
    follow_mark(pick, list_id.clone());
    let sizes = if kind.models() { SIZES } else { MEMORIES };
    let sizes: Vec<String> = sizes.iter().map(|(_, name)| (*name).to_owned()).collect();
    let label = if kind.models() { "Size" } else { "Memory" };
    let groups = move || {
        let mut at = 0;
        let group = |(name, own): (String, Vec<Entry>)| {
            let options = own.into_iter().map(|entry| {
                at += 1;
                option(pick, at - 1, entry, hints)
            });
            let options = options.collect_view();
            let heading = (!name.is_empty()).then(
                || view! { <li role="presentation" class="heading" aria-hidden="true">{name.clone()}</li> },
            );
            let label = if name.is_empty() { "Matches".to_owned() } else { name };
            view! { <ul role="group" aria-label=label>{heading}{options}</ul> }
        };
        list.get().into_iter().map(group).collect_view()
    };
    let none = memo(move || list.with(Vec::is_empty));
    let what = if kind.models() { "model" } else { "chip" };
    view! {
        <div class="sieve">
            {sieve(format!("{id}-vendor"), "Vendor", vendors, vendor)}
            {sieve(format!("{id}-size"), label, sizes, size)}
        </div>
        <div id=list_id role="listbox" class="options-list" aria-label=format!("{what}s")>{views(groups)}</div>
        {views(move || none.get().then(|| view! {
            <p class="caption" role="status">{format!("No {what} of the catalogue matches. Describe your own under “Own {what}…”.")}</p>
        }))}
    }
    .into_any()
}

/// A filter.
fn sieve(id: String, label: &'static str, options: Vec<String>, value: RwSignal<String>) -> AnyView {
    let options = options.into_iter().map(|name| view! { <option value=name.clone()>{name}</option> });
    view! {
        <label for=id.clone()>{label}</label>
        <select id=id on:change=move |event| value.set(event_target_value(&event))>
            <option value="">"any"</option>
            {options.collect_view()}
        </select>
    }
    .into_any()
}

type Hints = RwSignal<BTreeMap<String, String>>;

fn option(pick: Pick, at: usize, entry: Entry, hints: Hints) -> AnyView {
    let Entry { id, name, line, .. } = entry;
    let chosen = {
        let id = id.clone();
        memo(move || pick.value.with(|value| *value == id))
    };
    let marked = memo(move || pick.active.get() == at);
    let told = {
        let id = id.clone();
        memo(move || hints.with(|hints| hints.get(&id).cloned().unwrap_or_default()))
    };
    view! {
        <li
            id=pick.option_id(at)
            role="option"
            class:marked={flag(move || marked.get())}
            aria-selected={words(move || if chosen.get() { "true" } else { "false" })}
            data-value=id.clone()
            on:click=move |_| pick.take(&id)
        >
            <b>{name}</b>
            <span class="fits" class:good={flag(move || told.get() == "fits")}>{told}</span>
            <span class="line">{line}</span>
        </li>
    }
    .into_any()
}

/// Keeps the marked option in sight, without moving anything but the list.
fn follow_mark(pick: Pick, list_id: String) {
    effect(move || {
        let id = pick.option_id(pick.active.get());
        pick.found.track();
        let list_id = list_id.clone();
        Timeout::new(0, move || {
            let element = |id: &str| {
                document().get_element_by_id(id).and_then(|own| own.dyn_into::<web_sys::HtmlElement>().ok())
            };
            let (Some(list), Some(option)) = (element(&list_id), element(&id)) else { return };
            let (top, bottom) = (option.offset_top(), option.offset_top() + option.offset_height());
            let (from, high) = (list.scroll_top(), list.client_height());
            if top < from {
                list.set_scroll_top(top - 24);
            } else if bottom > from + high {
                list.set_scroll_top(bottom - high);
            }
        })
        .forget();
    });
}

/// Finds out one after another whether what is shown fits, from the top, without holding up the page.
fn hints(pick: Pick, scenario: Scenario) -> Hints {
    let hints: Hints = RwSignal::default();
    let turn = StoredValue::new_local(None::<Timeout>);
    let scenario = StoredValue::new(scenario);
    effect(move || {
        pick.found.track();
        next(pick, scenario, hints, turn);
    });
    hints
}

fn next(
    pick: Pick,
    scenario: StoredValue<Scenario>,
    hints: Hints,
    turn: StoredValue<Option<Timeout>, LocalStorage>,
) {
    let open = pick.found.with_untracked(|found| {
        hints.with_untracked(|known| found.iter().find(|id| !known.contains_key(*id)).cloned())
    });
    let Some(id) = open else { return };
    turn.set_value(Some(Timeout::new(0, move || {
        // The list may have been closed meanwhile.
        let Some(told) = scenario.try_with_value(|scenario| hint(pick.kind, scenario, &id)) else { return };
        hints.update(|hints| {
            hints.insert(id, told);
        });
        next(pick, scenario, hints, turn);
    })));
}
