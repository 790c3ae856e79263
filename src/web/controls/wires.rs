//! What connects the pools, and how those that share each layer take turns.

use crate::web::lean::{When, memo};
use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use super::field::NumberField;
use super::stops::Stops;
use crate::scenario::{Limits, PoolLink, Wire};
use crate::units::format::Unit;
use crate::units::{BytesPerSecond, Seconds};
use crate::web::state::use_page;

/// The word for a link with a stated bandwidth.
const CUSTOM: &str = "custom";
/// What a stated bandwidth begins with: 400 Gb/s.
const FIRST: f64 = 50e9;

/// The link between pools and, where two share each layer, the micro-batches.
pub fn wires() -> AnyView {
    let page = use_page();
    let shared = page.part(|scenario| scenario.split.kind().has_ffn());
    let kind = page.part(|scenario| {
        let id = match scenario.link {
            PoolLink::Auto => "auto",
            PoolLink::Wire(wire) => wire.id(),
            PoolLink::Custom { .. } => CUSTOM,
        };
        id.to_owned()
    });
    let stated = memo(move || kind.with(|kind| kind == CUSTOM));
    let bandwidth = page.part(|scenario| match scenario.link {
        PoolLink::Custom { bandwidth, .. } => Some(bandwidth.get()),
        _ => None,
    });
    let latency = page.part(|scenario| match scenario.link {
        PoolLink::Custom { latency, .. } => latency.map(Seconds::get),
        _ => None,
    });
    let micro = page.part(|scenario| scenario.micro.map(f64::from));
    let mut items = vec![Item::new("auto", "What the chips have")];
    items.extend(Wire::ALL.into_iter().map(|wire| Item::new(wire.id(), name(wire))));
    items.push(Item::new(CUSTOM, "A bandwidth of my own"));
    let groups = Signal::stored(vec![Group::flat(items)]);
    let choose = Callback::new(move |id: String| {
        page.edit(|scenario| {
            scenario.link = match Wire::from_id(&id) {
                Some(wire) => PoolLink::Wire(wire),
                None if id == CUSTOM => {
                    PoolLink::Custom { bandwidth: BytesPerSecond::new(FIRST), latency: None }
                }
                None => PoolLink::Auto,
            };
        });
    });
    let widen = Callback::new(move |value: Option<f64>| {
        page.edit(|scenario| {
            if let (PoolLink::Custom { bandwidth, .. }, Some(value)) = (&mut scenario.link, value) {
                *bandwidth = BytesPerSecond::new(value);
            }
        });
    });
    let delay = Callback::new(move |value: Option<f64>| {
        page.edit(|scenario| {
            if let PoolLink::Custom { latency, .. } = &mut scenario.link {
                *latency = value.map(Seconds::new);
            }
        });
    });
    let divide = Callback::new(move |value: Option<f64>| {
        page.edit(|scenario| scenario.micro = value.map(|value| libm::round(value) as u32));
    });
    view! {
        <div class="pool" data-role="link">
            <h3>"Between the pools"</h3>
            <Choice id="link" label="Link between the pools" quiet=true groups value=kind set=choose/>
            <When on=stated>
                <NumberField
                    id="link-bandwidth"
                    label="Bandwidth"
                    unit=Unit::BytesPerSecond
                    limits=Limits::LINK
                    value=bandwidth
                    set=widen
                    stops=Signal::stored(Stops::decimal(1e9, 1e13))
                    hint="Per chip and direction"
                />
                <NumberField
                    id="link-latency"
                    label="Latency"
                    unit=Unit::Seconds
                    limits=Limits::LATENCY
                    value=latency
                    set=delay
                    empty=Signal::stored("usual".to_owned())
                    hint="Time of an empty message"
                />
            </When>
            <When on=shared>
                <NumberField
                    id="micro"
                    label="Micro-batches"
                    unit=Unit::Count
                    limits=Limits::MICRO
                    value=micro
                    set=divide
                    empty=Signal::stored("auto".to_owned())
                    hint="Parts of a batch that take turns on the attention and the FFN pool"
                />
            </When>
        </div>
    }
    .into_any()
}

const fn name(wire: Wire) -> &'static str {
    match wire {
        Wire::Domain => "Scale-up domain",
        Wire::Pcie5 => "PCIe 5, 16 lanes",
        Wire::Ib200 => "InfiniBand 200 Gb/s",
        Wire::Ib400 => "InfiniBand 400 Gb/s",
        Wire::Ib800 => "InfiniBand 800 Gb/s",
        Wire::Eth400 => "Ethernet 400 Gb/s",
        Wire::Eth800 => "Ethernet 800 Gb/s",
        Wire::Efa => "EFA of AWS",
    }
}
