//! Prices: rent or ownership, and what they are made of.

use crate::web::lean::{When, effect, memo, views};
use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use super::fold::{Detail, detail, fold};
use super::rents::chips;
use crate::cost::chip_price;
use crate::explore::kinds;
use crate::jobs::pays::Question;
use crate::scenario::{PriceBasis, link};
use crate::web::jobs::follow;
use crate::web::state::{Page, Tab, use_page};

/// Basis, prices of chips without one, and the way to all that prices are made of.
#[component]
pub fn PriceControls() -> impl IntoView {
    let page = use_page();
    let basis = page.part(|scenario| basis_id(scenario.pricing.basis).to_owned());
    let some = page.part(|scenario| !chips(scenario, false).is_empty());
    let options = [PriceBasis::Rent, PriceBasis::RentLow, PriceBasis::Own];
    let items = options.into_iter().map(|basis| Item::new(basis_id(basis), basis_name(basis))).collect();
    view! {
        <fieldset class="block">
            <legend>"Prices"</legend>
            <Choice
                id="price"
                label="Price basis"
                quiet=true
                groups=Signal::stored(vec![Group::flat(items)])
                value=basis
                set={move |id: String| page.edit(|scenario| scenario.pricing.basis = basis_of(&id))}
            />
            <When on=some>{detail(Detail::Asked)}</When>
            <PaysBelow/>
            {fold("Chip prices, power, utilisation", None, Detail::Prices)}
        </fieldset>
    }
}

/// Keeps the price below which a chip of the scenario that has none would pay.
pub fn keep_pays(page: Page) {
    let following = follow(page.desk, move || {
        let understood = page.waiting.with(|own| own.faults.is_empty());
        let shown = understood && (!page.embedded || page.view.get().tab == Tab::Sensitivity);
        page.scenario.with(|scenario| {
            let missing = kinds(scenario).iter().any(|chip| chip_price(scenario, chip).is_err());
            (shown && missing).then(|| Question { link: link::write(scenario, &[]) })
        })
    });
    effect(move || page.pays.set(following.answer()));
}

/// The price below which a chip without one would pay; nothing where all have one.
#[component]
pub fn PaysBelow() -> impl IntoView {
    let page = use_page();
    let some = memo(move || page.pays.with(|told| !told.is_empty()));
    view! {
        <When on=some>
            <p class="pays">{views(move || format!("{}.", page.pays.get()))}</p>
        </When>
    }
}

const fn basis_id(basis: PriceBasis) -> &'static str {
    match basis {
        PriceBasis::Rent => "rent",
        PriceBasis::RentLow => "rent-low",
        PriceBasis::Own => "own",
    }
}

fn basis_of(id: &str) -> PriceBasis {
    match id {
        "rent-low" => PriceBasis::RentLow,
        "own" => PriceBasis::Own,
        _ => PriceBasis::Rent,
    }
}

const fn basis_name(basis: PriceBasis) -> &'static str {
    match basis {
        PriceBasis::Rent => "Rent, typical on demand",
        PriceBasis::RentLow => "Rent, low end",
        PriceBasis::Own => "Own: purchase and power",
    }
}
