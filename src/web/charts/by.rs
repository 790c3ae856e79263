//! What a search compares by: a select of metrics that frontier, map and levers share.

use leptos::prelude::*;
use markup::view;

use crate::metric::Metric;
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::lean::memo;
use crate::web::state::{Page, use_page};

/// The metric that is compared by: the one chosen, where it can be had, else the first.
pub fn chosen(page: &Page, options: &[Metric]) -> Metric {
    page.view.get().chosen(options)
}

/// A select of metrics; an embed has none.
pub fn by(label: &'static str, options: &'static [Metric]) -> AnyView {
    let page = use_page();
    if page.embedded {
        return ().into_any();
    }
    let items = Metric::ALL.into_iter().filter(|own| options.contains(own));
    let items = items.map(|own| Item::new(own.id(), own.label())).collect();
    let value = memo(move || chosen(&page, options).id().to_owned());
    let set = Callback::new(move |id: String| page.look(|view| view.by = Metric::from_id(&id)));
    let groups = Signal::stored(vec![Group::flat(items)]);
    view! { <Choice id="by" label groups value set/> }.into_any()
}
