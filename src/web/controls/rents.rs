//! What prices are made of: chip-hours, power, utilisation.

use leptos::prelude::*;
use markup::view;

use super::field::NumberField;
use super::stops::Stops;
use crate::catalog::chip;
use crate::cost::chip_price;
use crate::explore::kinds;
use crate::scenario::{ChipRent, Limits, PriceBasis, Pricing, Scenario};
use crate::units::DollarsPerHour;
use crate::units::format::{Precision, Unit};
use crate::web::lean::{When, views};
use crate::web::state::use_page;

/// The chips of a scenario that the catalogue has a price of, or has none. A chip whose price nobody published is asked
/// for in the open; the others stand in the catalogue.
pub fn chips(scenario: &Scenario, listed: bool) -> Vec<String> {
    let mut chips = kinds(scenario);
    chips.retain(|chip| catalogued(scenario, chip).is_some() == listed);
    chips
}

fn rents(listed: bool) -> AnyView {
    let chips = use_page().part(move |scenario| chips(scenario, listed));
    views(move || chips.get().into_iter().map(|id| view! { <Rent chip=id/> }).collect_view()).into_any()
}

/// The prices that nobody published.
pub fn asked() -> AnyView {
    view! {
        <div class="asked">
            <p class="about">"No public price on this basis: say what a chip-hour costs you."</p>
            {rents(false)}
        </div>
    }
    .into_any()
}

/// Whether a chip of a scenario has no price in the catalogue.
pub fn unlisted(scenario: &Scenario) -> bool {
    !chips(scenario, false).is_empty()
}

/// The prices that nobody published, for the tile that lacks them.
pub fn in_tile() -> AnyView {
    let chips = use_page().part(|scenario| chips(scenario, false));
    let rents =
        move || chips.get().into_iter().map(|id| view! { <Rent chip=id place="tile-"/> }).collect_view();
    view! { <div class="tile-price">{views(rents)}</div> }.into_any()
}

/// Prices per chip, and what ownership adds.
pub fn prices() -> AnyView {
    let page = use_page();
    let owned = page.part(|scenario| scenario.pricing.basis == PriceBasis::Own);
    let field = |read: fn(&Pricing) -> f64| page.part(move |scenario| Some(read(&scenario.pricing)));
    let put = move |write: fn(&mut Pricing, f64)| {
        Callback::new(move |value: Option<f64>| {
            if let Some(value) = value {
                page.edit(|scenario| write(&mut scenario.pricing, value));
            }
        })
    };
    let years = field(|pricing| pricing.years);
    let pue = field(|pricing| pricing.pue);
    let kwh = field(|pricing| pricing.dollars_per_kwh);
    let utilisation = field(|pricing| pricing.utilisation);
    let interest = field(|pricing| pricing.interest);
    let network = field(|pricing| pricing.network);
    let storage = field(|pricing| pricing.storage);
    view! {
        {rents(true)}
        <NumberField
            id="util"
            label="Utilisation"
            unit=Unit::Percent
            limits=Limits::UTILISATION
            value=utilisation
            set=put(|pricing, value| pricing.utilisation = value)
            stops=Signal::stored(Stops::linear(0.05, 1.0, 19))
            hint="Share of paid time that serves requests"
        />
        <div class="pair">
            <NumberField
                id="pue"
                label="PUE"
                unit=Unit::Number
                limits=Limits::PUE
                value=pue
                set=put(|pricing, value| pricing.pue = value)
                hint="Power of the data centre over power of its machines"
            />
            <NumberField
                id="kwh"
                label="Power, $/kWh"
                unit=Unit::Number
                limits=Limits::KWH
                value=kwh
                set=put(|pricing, value| pricing.dollars_per_kwh = value)
            />
        </div>
        <When on=owned>
            <NumberField
                id="years"
                label="Written off over, years"
                unit=Unit::Number
                limits=Limits::YEARS
                value=years
                set=put(|pricing, value| pricing.years = value)
            />
            <NumberField
                id="interest"
                label="Capital cost, per year"
                unit=Unit::Percent
                limits=Limits::INTEREST
                value=interest
                set=put(|pricing, value| pricing.interest = value)
            />
            <div class="pair">
                <NumberField
                    id="network"
                    label="Network"
                    unit=Unit::Percent
                    limits=Limits::NETWORK
                    value=network
                    set=put(|pricing, value| pricing.network = value)
                    hint="Share of the purchase price"
                />
                <NumberField
                    id="storage"
                    label="Storage"
                    unit=Unit::Percent
                    limits=Limits::STORAGE
                    value=storage
                    set=put(|pricing, value| pricing.storage = value)
                    hint="Share of the purchase price"
                />
            </div>
        </When>
    }
    .into_any()
}

/// One chip's price per hour, from the catalogue unless given.
#[component]
fn Rent(
    /// The chip.
    chip: String,
    /// Where it is asked, as the beginning of its identifier.
    #[prop(optional)]
    place: &'static str,
) -> impl IntoView {
    let page = use_page();
    let name = self::chip(&chip).map_or_else(|| chip.clone(), |chip| chip.short_name().to_owned());
    let label = if place.is_empty() { name } else { format!("$/h per {name}") };
    let own = {
        let chip = chip.clone();
        page.part(move |scenario| {
            scenario.pricing.rents.iter().rev().find(|own| own.chip == chip).map(|own| own.rent.get())
        })
    };
    let listed = {
        let chip = chip.clone();
        page.part(move |scenario| listed(scenario, &chip))
    };
    let id = format!("{place}rent-{chip}");
    let set = move |price: Option<f64>| {
        page.edit(|scenario| {
            scenario.pricing.rents.retain(|own| own.chip != chip);
            if let Some(price) = price {
                scenario
                    .pricing
                    .rents
                    .push(ChipRent { chip: chip.clone(), rent: DollarsPerHour::new(price) });
            }
        });
    };
    view! {
        <NumberField
            id
            label=label
            unit=Unit::DollarsPerHour
            limits=Limits::RENT
            value=own
            set=set
            empty=listed
            hint="Dollars per chip and hour; empty for the catalogue's price"
        />
    }
}

/// The catalogue's price of a chip, where it has one.
fn catalogued(scenario: &Scenario, chip: &str) -> Option<f64> {
    let mut listed = scenario.clone();
    listed.pricing.rents.clear();
    chip_price(&listed, chip).ok().map(|price| price.get())
}

/// The price that holds where none is given.
fn listed(scenario: &Scenario, chip: &str) -> String {
    match catalogued(scenario, chip) {
        Some(price) => Unit::DollarsPerHour.format_with(price, Precision::STEADY),
        None => "no price".to_owned(),
    }
}
