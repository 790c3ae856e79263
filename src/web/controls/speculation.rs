//! Speculative decoding: who proposes tokens, how many, and how many of them hold.

use crate::web::lean::{When, memo};
use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use super::field::NumberField;
use super::stops::Stops;
use crate::catalog::{acceptance, models_by_vendor};
use crate::report::words;
use crate::scenario::{Acceptance, Drafter, Limits, Scenario, Speculation};
use crate::serve::find_model;
use crate::units::format::{Precision, Unit};
use crate::web::state::{Page, use_page};

/// The words of the menus for what is no model and no curve.
const NONE: &str = "none";
const MTP: &str = "mtp";
const PUBLISHED: &str = "published";
const OWN: &str = "own";
/// Dense models of sizes that people draft with.
const SMALL: [&str; 4] = ["dense:500M", "dense:1B", "dense:3B", "dense:8B"];
/// A drafter is at most this share of its target.
const SMALLER: f64 = 0.15;
/// What a share of one's own begins with.
const FIRST: f64 = 0.7;

/// What is proposed, in a few words.
pub fn summary() -> Memo<String> {
    use_page().part(|scenario| match scenario.speculation() {
        None => "none".to_owned(),
        Some(spec) => {
            let yields = Unit::Number.format_with(spec.tokens_per_step(&scenario.model), Precision::NORMAL);
            format!("{}, {yields} tokens a step", spec.drafter.name())
        }
    })
}

/// Drafter, draft length and acceptance.
pub fn speculation() -> AnyView {
    let page = use_page();
    // A draft pool always proposes; elsewhere nobody need.
    let needed = page.part(|scenario| scenario.split.kind().has_draft());
    let spec = page.part(Scenario::speculation);
    let some = memo(move || spec.with(Option::is_some));
    let drafter = memo(move || {
        spec.with(|spec| match spec.as_ref().map(|spec| &spec.drafter) {
            None => NONE.to_owned(),
            Some(Drafter::Mtp) => MTP.to_owned(),
            Some(Drafter::Model(id)) => id.clone(),
        })
    });
    let model = page.part(|scenario| scenario.model.clone());
    let drafters = memo(move || {
        model.track();
        page.scenario.with_untracked(|scenario| menu(scenario, needed.get()))
    });
    let choose = Callback::new(move |id: String| {
        page.edit(|scenario| {
            let drafter = match id.as_str() {
                NONE => {
                    scenario.spec = None;
                    return;
                }
                MTP => Drafter::Mtp,
                _ => Drafter::Model(id.clone()),
            };
            let spec = scenario.speculation().unwrap_or_else(Speculation::of_a_draft_pool);
            scenario.spec = Some(Speculation { drafter, ..spec });
        });
    });
    let length = memo(move || spec.with(|spec| spec.as_ref().map(|spec| f64::from(spec.tokens))));
    let lengthen = Callback::new(move |value: Option<f64>| {
        if let Some(value) = value {
            edit(page, &|spec| spec.tokens = libm::round(value) as u32);
        }
    });
    let acceptance = Acceptances::new(page, spec);
    view! {
        <Choice id="drafter" label="Who proposes" groups=drafters value=drafter set=choose/>
        <When on=some>
            <NumberField
                id="draft-length"
                label="Draft tokens"
                unit=Unit::Count
                limits=Limits::DRAFT
                value=length
                set=lengthen
                stops=Signal::stored(Stops::linear(0.0, Limits::DRAFT.high, 16))
                hint="Tokens proposed in each step; 0 is plain decoding"
            />
            {acceptance.fields()}
        </When>
    }
    .into_any()
}

/// Changes the speculation in force, where there is one.
fn edit(page: Page, change: &dyn Fn(&mut Speculation)) {
    page.edit(|scenario| {
        if let Some(mut spec) = scenario.speculation() {
            change(&mut spec);
            scenario.spec = Some(spec);
        }
    });
}

/// How many of the proposed tokens hold.
#[derive(Clone, Copy)]
struct Acceptances {
    /// Published, a model's curve, or a share of one's own.
    held: Memo<String>,
    own: Memo<bool>,
    share: Memo<Option<f64>>,
    accept: Callback<String>,
    hold: Callback<Option<f64>>,
    curves: Signal<Vec<Group>>,
}

impl Acceptances {
    fn new(page: Page, spec: Memo<Option<Speculation>>) -> Self {
        let held = memo(move || {
            spec.with(|spec| match spec.as_ref().map(|spec| &spec.acceptance) {
                Some(Acceptance::PerToken(_)) => OWN.to_owned(),
                Some(Acceptance::Curve(id)) => id.clone(),
                _ => PUBLISHED.to_owned(),
            })
        });
        let share = memo(move || {
            spec.with(|spec| match spec.as_ref().map(|spec| &spec.acceptance) {
                Some(Acceptance::PerToken(share)) => Some(*share),
                _ => None,
            })
        });
        let accept = Callback::new(move |id: String| {
            edit(page, &|spec| {
                spec.acceptance = match id.as_str() {
                    PUBLISHED => Acceptance::Published,
                    OWN => Acceptance::PerToken(FIRST),
                    _ => Acceptance::Curve(id.clone()),
                };
            });
        });
        let hold = Callback::new(move |value: Option<f64>| {
            if let Some(value) = value {
                edit(page, &|spec| spec.acceptance = Acceptance::PerToken(value));
            }
        });
        let mut curves = vec![Item::new(PUBLISHED, "As published"), Item::new(OWN, "A share of my own")];
        let known = acceptance::curves().iter().filter(|own| own.id != acceptance::TYPICAL);
        curves.extend(known.map(|own| Item::new(own.id, format!("As {}", words::model(own.id)))));
        let curves = Signal::stored(vec![Group::flat(curves)]);
        Self { held, own: memo(move || held.with(|held| held == OWN)), share, accept, hold, curves }
    }

    fn fields(self) -> AnyView {
        let Self { held, own, share, accept, hold, curves } = self;
        view! {
            <Choice id="acceptance" label="Acceptance" groups=curves value=held set=accept/>
            <When on=own>
                <NumberField
                    id="acceptance-share"
                    label="Each holds"
                    unit=Unit::Percent
                    limits=Limits::ACCEPTANCE
                    value=share
                    set=hold
                    stops=Signal::stored(Stops::linear(0.0, 1.0, 50))
                    hint="Chance that a token holds if those before it do"
                />
            </When>
        }
        .into_any()
    }
}

/// Who can propose tokens for the scenario's model.
fn menu(scenario: &Scenario, needed: bool) -> Vec<Group> {
    let mut plain = Vec::new();
    if !needed {
        plain.push(Item::new(NONE, "Nobody"));
    }
    plain.push(Item::new(MTP, "Its own MTP head"));
    plain.extend(SMALL.map(|id| Item::new(id, words::model(id))));
    let most = find_model(scenario).map_or(f64::INFINITY, |model| SMALLER * model.parameters().total());
    let small = models_by_vendor()
        .flat_map(|(_, models)| models)
        .filter(|model| model.parameters().total() <= most)
        .map(|model| Item::new(model.id.as_ref(), model.name.as_ref()))
        .collect();
    vec![Group::flat(plain), Group { label: "Small models".to_owned(), options: small }]
}
