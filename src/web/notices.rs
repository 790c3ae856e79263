//! What the reader must be told beside the answer: which parts of a link were dropped, and why.

use crate::web::lean::{When, flag, memo, views};
use leptos::prelude::*;
use markup::view;

use super::state::use_page;

/// A region that is there only when there is something to say, and goes when told to.
#[component]
pub fn Notices() -> impl IntoView {
    let page = use_page();
    let some = memo(move || page.messages.with(|messages| !messages.is_empty()));
    let serious = move || page.messages.with(|messages| messages.iter().any(|message| message.serious));
    view! {
        <div role="status" class="notices-live">
            <When on=some>
                <section class="notices" class:serious={flag(serious)} aria-label="Notices about the link">
                    <p>
                        {views(move || if serious() {
                            "Some settings in this link were ignored:"
                        } else {
                            "Remarks on this link:"
                        })}
                    </p>
                    <ul>
                        {views(move || page.messages.get().into_iter().map(|message| view! { <li>{message.text}</li> }).collect_view())}
                    </ul>
                    <button type="button" class="quiet" on:click=move |_| page.messages.set(Vec::new())>
                        "Dismiss"
                    </button>
                </section>
            </When>
        </div>
    }
}
