//! What a search compares by: a select of metrics that frontier, map and levers share.

use leptos::prelude::*;

use crate::metric::Metric;
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::lean::memo;
use crate::web::state::use_page;

/// A select of metrics.
#[component]
pub fn By(
    /// Identifier of the select.
    id: &'static str,
    /// What is asked.
    label: &'static str,
    /// The metrics that can be had.
    options: Vec<Metric>,
    /// The one in force.
    value: Memo<Metric>,
) -> impl IntoView {
    let page = use_page();
    let items = options.into_iter().map(|own| Item::new(own.id(), own.label())).collect();
    let value = memo(move || value.get().id().to_owned());
    view! {
        <Choice
            id
            label
            groups=Signal::stored(vec![Group::flat(items)])
            value
            set={move |id: String| page.look(|view| view.by = Metric::from_id(&id))}
        />
    }
}
