//! A row of tabs over one panel, walked with the arrow keys.

use leptos::prelude::*;
use leptos::web_sys;
use markup::view;
use wasm_bindgen::JsCast;

use super::lean::words;

/// One tab: its identifier in the document and its name.
pub type Tab = (&'static str, &'static str);

/// The row. `chosen` is the index of the tab in front, and `go` brings another there.
pub fn tabs(
    label: &'static str,
    panel: &'static str,
    all: Vec<Tab>,
    chosen: Memo<usize>,
    go: Callback<usize>,
) -> AnyView {
    let ids: Vec<&'static str> = all.iter().map(|(id, _)| *id).collect();
    let last = ids.len().saturating_sub(1);
    let step = move |event: web_sys::KeyboardEvent| {
        let at = chosen.get_untracked();
        let to = match event.key().as_str() {
            "ArrowRight" => {
                if at >= last {
                    0
                } else {
                    at + 1
                }
            }
            "ArrowLeft" => at.checked_sub(1).unwrap_or(last),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        go.run(to);
        let button = ids.get(to).and_then(|id| document().get_element_by_id(&format!("tab-{id}")));
        if let Some(button) = button {
            let _ = button.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    };
    let buttons = all
        .into_iter()
        .enumerate()
        .map(|(index, (id, name))| {
            view! {
                <button
                    type="button"
                    role="tab"
                    id=format!("tab-{id}")
                    aria-selected={words(move || if chosen.get() == index { "true" } else { "false" })}
                    aria-controls=panel
                    tabindex={words(move || if chosen.get() == index { "0" } else { "-1" })}
                    on:click=move |_| go.run(index)
                >
                    {name}
                </button>
            }
        })
        .collect_view();
    view! { <div class="tabs" role="tablist" aria-label=label on:keydown=step>{buttons}</div> }.into_any()
}
