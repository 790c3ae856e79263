//! "Check a claim": one that a maker published, or a factor of the reader's own between two chips; the model's verdict, and
//! both deployments on the page, one of them pinned.

use leptos::prelude::*;
use markup::view;

use crate::jobs::claims::Question;
use crate::metric::Metric;
use crate::report::{mend, words};
use crate::scenario::{Limits, Pool, Scenario, Split, link};
use crate::units::format::Unit;
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::controls::field::NumberField;
use crate::web::controls::picker::Picker;
use crate::web::controls::picking::Kind;
use crate::web::history;
use crate::web::jobs::follow;
use crate::web::lean::{When, memo, views};
use crate::web::state::use_page;

/// By what chips are praised.
const METRICS: [(Metric, &str); 5] = [
    (Metric::CostTotal, "cheaper per token"),
    (Metric::Interactivity, "faster per user"),
    (Metric::ThroughputPerChip, "more tokens per chip"),
    (Metric::ThroughputPerMegawatt, "more tokens per megawatt"),
    (Metric::Ttft, "sooner the first token"),
];

/// The factor that stands there first.
const FACTOR: f64 = 2.0;

/// How much of a published claim its entry shows, in letters: enough to tell those of one vendor apart.
const SAID: usize = 120;

/// What a chip is held against first, where the page has no other.
fn rival(chip: &str) -> &'static str {
    if chip == "h200" { "h100-sxm" } else { "h200" }
}

/// The scenario on as many chips of one kind, and on as many more as hold the model.
fn on(scenario: &Scenario, chip: &str) -> Scenario {
    let pool = Pool::new(chip, scenario.split.chips());
    let own = Scenario { split: Split::Colocated { pool }, ..scenario.clone() };
    mend::grown(&own).map_or(own, |(grown, _)| grown)
}

/// The question.
pub fn question(done: Callback<()>) -> AnyView {
    let page = use_page();
    let scenario = page.scenario.get_untracked();
    let (id, factor) = (RwSignal::new(String::new()), RwSignal::new(Some(FACTOR)));
    let metric = RwSignal::new(Metric::CostTotal);
    let one = scenario.split.pools().last().map_or_else(|| "h200".to_owned(), |(_, pool)| pool.chip.clone());
    let other =
        scenario.split.pools().first().map_or_else(|| "h100-sxm".to_owned(), |(_, pool)| pool.chip.clone());
    // A chip against itself is no claim.
    let other = if other == one { rival(&one).to_owned() } else { other };
    let (praised, against) = (RwSignal::new(one), RwSignal::new(other));
    let listed = follow(page.desk, || {
        let [id, praised, against] = [const { String::new() }; 3];
        Some(Question { id, factor: 1.0, metric: Metric::CostTotal, praised, against })
    });
    let stored = StoredValue::new(scenario);
    let judged = follow(page.desk, move || {
        let (id, factor) = (id.get(), factor.get()?);
        let write = |chip: String| stored.with_value(|scenario| link::write(&on(scenario, &chip), &[]));
        let (praised, against) = (praised.get(), against.get());
        let own = id.is_empty();
        let (praised, against) =
            if own { (write(praised), write(against)) } else { (String::new(), String::new()) };
        Some(Question { id, factor, metric: metric.get(), praised, against })
    });
    let claims = memo(move || {
        let mut items = vec![Item::new("", "My own")];
        items.extend(listed.answer().all.into_iter().map(|own| {
            Item::new(own.id, format!("{}: {}", own.who, crate::units::format::excerpt(&own.said, SAID)))
        }));
        vec![Group::flat(items)]
    });
    let said = memo(move || {
        let all = listed.answer().all;
        id.with(|id| all.into_iter().find(|own| own.id == *id).map(|own| own.said)).unwrap_or_default()
    });
    let own = memo(move || id.with(String::is_empty));
    let metrics = METRICS.map(|(metric, name)| Item::new(metric.id(), name)).into();
    let metrics = Signal::stored(vec![Group::flat(metrics)]);
    let by = memo(move || metric.get().id().to_owned());
    let name = |chip: RwSignal<String>| memo(move || chip.with(|id| words::chip(id).to_owned()));
    let busy = memo(move || judged.busy.get());
    let verdict = move || match (judged.failed.get(), busy.get()) {
        (Some(reason), _) => reason,
        (None, true) => "Holding it against the model …".to_owned(),
        (None, false) => judged.answer().verdict,
    };
    let unstated = move || {
        let text = judged.answer().unstated;
        (!text.is_empty()).then(|| format!("Not stated, and assumed here: {text}."))
    };
    let open = move |_| {
        let link = judged.answer().link;
        if !link.is_empty() {
            history::follow(&page, &link);
            done.run(());
        }
    };
    let ready = memo(move || !judged.busy.get() && !judged.answer().link.is_empty());
    view! {
        <div class="question claim">
            <Choice id="claim-which" label="Claim" groups=claims value=id set={move |own: String| id.set(own)}/>
            <When on=own>
                <Picker id="claim-chip" label="Chip" kind=Kind::AnyChip value=praised name={name(praised)} labelled=true
                    set={move |own: String| praised.set(own)}/>
                <NumberField id="claim-factor" label="is" unit=Unit::Ratio limits=FACTORS value=factor
                    set={move |value: Option<f64>| factor.set(value)}/>
                <Choice id="claim-metric" label="Better by what" quiet=true groups=metrics value=by set={move |own: String| {
                    metric.set(Metric::from_id(&own).unwrap_or(Metric::CostTotal));
                }}/>
                <Picker id="claim-against" label="than" kind=Kind::AnyChip value=against name={name(against)} labelled=true
                    set={move |own: String| against.set(own)}/>
            </When>
        </div>
        <p class="caption">{views(move || if own.get() {
            "Equal numbers of chips in one pool, for the model and load of the page.".to_owned()
        } else {
            said.get()
        })}</p>
        <p class="sentence-small" role="status" data-testid="claim">{views(verdict)}</p>
        <p class="caption">{views(unstated)}</p>
        <p class="row">
            <When on=ready>
                <button type="button" class="primary" on:click=open>"Show both on the page"</button>
            </When>
            <a href="claims.html">"All published claims"</a>
        </p>
    }
    .into_any()
}

/// Factors that can be claimed.
const FACTORS: Limits = Limits { field: "factor", low: 0.01, high: 10_000.0, unit: "" };
