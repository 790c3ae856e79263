//! Prices: the way to pay, and what a price is made of.

use crate::web::lean::{When, effect, flag, memo, views};
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
    let basis = page.part(|scenario| scenario.pricing.basis.id().to_owned());
    let some = page.part(|scenario| !chips(scenario, false).is_empty());
    let estimate = page.part(|scenario| scenario.pricing.estimate);
    let items = PriceBasis::ALL.into_iter().map(|basis| Item::new(basis.id(), basis.label())).collect();
    view! {
        <fieldset class="block">
            <legend>"Prices"</legend>
            <Choice
                id="price"
                label="Price basis"
                quiet=true
                groups=Signal::stored(vec![Group::flat(items)])
                value=basis
                set={move |id: String| page.edit(|scenario| scenario.pricing.basis = PriceBasis::from_id(&id).unwrap_or_default())}
            />
            <label class="check">
                <input
                    id="estimate"
                    type="checkbox"
                    prop:checked={flag(move || estimate.get())}
                    on:change=move |event| {
                        let wanted = event_target_checked(&event);
                        page.edit(|scenario| scenario.pricing.estimate = wanted);
                        page.commit();
                    }
                />
                <span>"Estimate prices that nobody publishes"</span>
            </label>
            <When on=some>{detail(Detail::Asked)}</When>
            <PaysBelow/>
            {fold("Chip prices, power, utilisation", None, Detail::Prices)}
        </fieldset>
    }
}

/// Keeps the price below which a chip of the scenario that has none would pay.
pub fn keep_pays(page: Page) {
    let following = follow(page.desk, move || {
        let understood = page.misread.with(String::is_empty);
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
