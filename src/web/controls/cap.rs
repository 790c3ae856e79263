//! The power cap of a chip, folded away with what prices and power are made of.

use leptos::prelude::*;
use markup::view;

use super::field::NumberField;
use super::stops::Stops;
use crate::scenario::{Limits, PowerCap};
use crate::units::format::Unit;
use crate::web::state::use_page;

/// The cap as a share of each chip's own power, all of which is none; a cap in watts, which only a link gives, stands as the
/// text of an empty entry.
pub fn cap() -> AnyView {
    let page = use_page();
    let share = page.part(|scenario| match scenario.cap {
        Some(PowerCap::Share(share)) => Some(share),
        Some(PowerCap::Power(_)) => None,
        None => Some(1.0),
    });
    let otherwise = page.part(|scenario| match scenario.cap {
        Some(cap @ PowerCap::Power(_)) => cap.to_string(),
        _ => String::new(),
    });
    view! {
        <NumberField
            id="cap"
            label="Power cap"
            unit=Unit::Percent
            limits=Limits::CAP_SHARE
            value=share
            set={move |share: Option<f64>| {
                // The whole of a chip's power is no cap.
                let cap = share.filter(|&share| share < 1.0).map(PowerCap::Share);
                page.edit(|scenario| scenario.cap = cap);
            }}
            empty=otherwise
            stops=Signal::stored(Stops::linear(0.4, 1.0, 12))
            hint="Most that each chip draws, as a share of its thermal design power; all of it is no cap"
        />
    }
    .into_any()
}
