//! One of several: a native select, or a row of radio buttons where there are few.

use crate::web::lean::{effect, flag, views};
use leptos::html::Select;
use leptos::prelude::*;
use markup::view;

use crate::web::state::use_page;

/// Options under a heading; no heading puts them at the top level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The heading.
    pub label: String,
    /// The options.
    pub options: Vec<Item>,
}

/// One option.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// What it stands for.
    pub value: String,
    /// What people read.
    pub label: String,
    /// Shown, but not to be had.
    pub disabled: bool,
}

impl Item {
    /// An option that can be had.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), disabled: false }
    }
}

impl Group {
    /// Options without a heading.
    pub const fn flat(options: Vec<Item>) -> Self {
        Self { label: String::new(), options }
    }
}

/// A labelled select.
#[component]
pub fn Choice(
    /// Identifier of the select, unique on the page.
    #[prop(into)]
    id: String,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// The options.
    #[prop(into)]
    groups: Signal<Vec<Group>>,
    /// Value of the option that holds.
    #[prop(into)]
    value: Signal<String>,
    /// Takes the value of another option.
    #[prop(into)]
    set: Callback<String>,
    /// Keeps the label for screen readers only.
    #[prop(optional)]
    quiet: bool,
) -> impl IntoView {
    let page = use_page();
    let node = NodeRef::<Select>::new();
    let known = move || {
        groups.with(|groups| {
            value
                .with(|value| groups.iter().flat_map(|group| &group.options).any(|item| &item.value == value))
        })
    };
    // After the options have changed, not before.
    effect(move || {
        groups.track();
        let (Some(select), value) = (node.get(), value.get()) else { return };
        known();
        select.set_value(&value);
    });
    view! {
        <div class="choice" class:quiet=quiet>
            <label for=id.clone() class:unseen=quiet>{label}</label>
            <select
                id=id
                node_ref=node
                on:change=move |event| {
                    set.run(event_target_value(&event));
                    page.commit();
                }
            >
                {views(move || (!known()).then(|| {
                    let value = value.get();
                    let label = value.clone();
                    view! { <option value=value>{label}</option> }
                }))}
                {views(move || groups.get().into_iter().map(options).collect_view())}
            </select>
        </div>
    }
}

fn options(group: Group) -> AnyView {
    let items = group
        .options
        .into_iter()
        .map(|item| view! { <option value=item.value disabled=item.disabled>{item.label}</option> })
        .collect_view();
    if group.label.is_empty() {
        items.into_any()
    } else {
        view! { <optgroup label=group.label>{items}</optgroup> }.into_any()
    }
}

/// A row of radio buttons.
#[component]
pub fn Segments(
    /// Name of the radio group, unique on the page.
    name: &'static str,
    /// What is asked.
    legend: &'static str,
    /// Values and labels.
    options: Vec<(&'static str, &'static str)>,
    /// The value that holds.
    #[prop(into)]
    value: Signal<&'static str>,
    /// Takes another value.
    #[prop(into)]
    set: Callback<&'static str>,
) -> impl IntoView {
    let page = use_page();
    let radios = options
        .into_iter()
        .map(|(option, label)| {
            view! {
                <label class="segment">
                    <input
                        type="radio"
                        name=name
                        value=option
                        prop:checked={flag(move || value.get() == option)}
                        on:change=move |_| {
                            set.run(option);
                            page.commit();
                        }
                    />
                    <span>{label}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="segments">
            <legend>{legend}</legend>
            <div class="row">{radios}</div>
        </fieldset>
    }
}
