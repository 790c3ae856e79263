//! The deployment as a diagram: its pools, what flows between them, how busy each part is, and which holds up the rest.

use std::sync::Arc;

use crate::web::lean::{When, memo};
use leptos::prelude::*;
use markup::view;

use super::charts::picture::{Laid, Picture, Shape, Shown};
use super::controls::{layout_name, names};
use super::state::use_page;
use crate::chart::describe::Table;
use crate::chart::flow::{End, Flow, FlowScene, Link, Pool};
use crate::chart::geometry::Size;
use crate::chart::layout::Options;
use crate::chart::model::Paint;
use crate::chart::text::TextMeasure;
use crate::chart::theme::{self, Theme};
use crate::report::words;
use crate::scenario::Role;
use crate::serve::{Binding, Per, PoolState, Steady, find_model};
use crate::units::format::{Precision, Unit};

/// The diagram; nothing where there is no answer.
pub fn flows() -> AnyView {
    let page = use_page();
    let shown = memo(move || {
        let experts = page.scenario.with(|scenario| find_model(scenario).is_ok_and(|model| model.has_moe()));
        page.answer.with(|answer| {
            let evaluation = answer.as_ref().as_ref().ok();
            Shown(evaluation.map(|own| Arc::new(diagram(&own.steady, experts)) as Arc<dyn Shape>))
        })
    });
    let some = memo(move || shown.with(|shown| shown.0.is_some()));
    let caption = "Arrows are as thick as their link is busy; what holds up the rest is lit.";
    view! {
        <When on=some>
            <div class="flows"><Picture label="Figures of the diagram" shown caption/></div>
        </When>
    }
    .into_any()
}

impl Shape for Flow {
    fn lay(&self, size: Size, theme: &Theme, measure: &dyn TextMeasure) -> Laid {
        let height = FlowScene::height_for(self, size.width, theme, measure, Options::PAGE);
        let scene = FlowScene::new(self, Size::new(size.width, height), theme, measure, Options::PAGE);
        Laid { figure: Box::new(scene), height: Some(height) }
    }

    fn told(&self) -> String {
        self.sentence()
    }

    fn figures(&self) -> Table {
        self.table()
    }
}

fn diagram(steady: &Steady, experts: bool) -> Flow {
    let place = |role: Role| steady.pools.iter().position(|own| own.role == role);
    let limit = steady.saturation.map_or(steady.binding, |own| own.binding);
    let pools = steady.pools.iter().map(|own| pool(own, steady, limit, experts)).collect();
    let rate = |tokens: f64| Unit::TokensPerSecond.format_with(tokens * steady.rate.get(), Precision::SHORT);
    let mut links = vec![Link::new(End::Requests, End::Pool(0), rate(steady.isl.get()))];
    // The link that is busiest is the one that binds, where links do.
    let binds = matches!(limit, Binding::Link | Binding::RoundTrips);
    let busiest = steady.flows.iter().map(|own| own.utilisation).fold(0.0, f64::max);
    for own in &steady.flows {
        let (Some(from), Some(to)) = (place(own.from), place(own.to)) else { continue };
        let per = match own.per {
            Per::Request => "request",
            Per::Token => "token",
        };
        let bytes = Unit::Bytes.format_with(own.bytes.get(), Precision::SHORT);
        let time = Unit::Seconds.format_with(own.time.get(), Precision::SHORT);
        let exposed = Unit::Seconds.format_with(own.exposed.get(), Precision::SHORT);
        let link = Link::new(End::Pool(from), End::Pool(to), format!("{bytes} a {per}"));
        links.push(Link {
            bottleneck: binds && own.utilisation >= busiest,
            note: Some(format!(
                "{} for a replica; {time} a {}, of which {exposed} is felt",
                Unit::BytesPerSecond.format(own.bandwidth.get()),
                if own.per == Per::Request { "request" } else { "step" },
            )),
            ..link.with_utilisation(own.utilisation)
        });
    }
    let writer = steady.pools.iter().position(writes).unwrap_or(0);
    links.push(Link::new(End::Pool(writer), End::Tokens, rate(steady.osl.get())));
    Flow { title: "What flows where".to_owned(), pools, links }
}

/// Whether tokens come out of a pool.
const fn writes(own: &PoolState) -> bool {
    matches!(own.role, Role::Colocated | Role::Decode | Role::Attention | Role::Verify)
}

fn pool(own: &PoolState, steady: &Steady, limit: Binding, experts: bool) -> Pool {
    let replicas = match own.replicas {
        1 => layout_name(&own.layout, experts),
        count => format!("{count} × {}", layout_name(&own.layout, experts)),
    };
    let batch = own.batch.get();
    let batch = if batch > 0.0 {
        format!(", batch {}", Unit::Number.format_with(batch, Precision::NORMAL))
    } else {
        String::new()
    };
    Pool {
        role: names(own.role).1.to_owned(),
        paint: Paint::Role(colour(own.role)),
        title: format!("{} × {}", own.chips, words::chip(&own.chip)),
        subtitle: format!("{replicas}{batch}"),
        utilisation: Some(own.utilisation),
        bottleneck: holds_up(own, steady, limit),
        note: Some(format!(
            "{} {}",
            if own.role == Role::Prefill { "A prompt takes" } else { "A step takes" },
            Unit::Seconds.format(own.step.get())
        )),
    }
}

/// Whether the pool is what limits the deployment.
fn holds_up(own: &PoolState, steady: &Steady, limit: Binding) -> bool {
    match limit {
        Binding::Prefill => matches!(own.role, Role::Prefill | Role::Colocated),
        Binding::Attention => own.role == Role::Attention,
        Binding::Ffn => own.role == Role::Ffn,
        Binding::Draft => own.role == Role::Draft,
        Binding::Link | Binding::RoundTrips => false,
        // Where users wait, they wait for the busiest.
        Binding::Queue => steady.pools.iter().all(|other| other.utilisation <= own.utilisation),
        // Of two pools that share each layer, the KV cache is read by one and most weights by the other.
        Binding::Weights if steady.pools.iter().any(|other| other.role == Role::Ffn) => own.role == Role::Ffn,
        _ => writes(own),
    }
}

/// The colour of a pool.
pub const fn colour(role: Role) -> theme::Role {
    match role {
        Role::Prefill => theme::Role::Prefill,
        Role::Colocated | Role::Decode => theme::Role::Decode,
        Role::Attention => theme::Role::Attention,
        Role::Ffn => theme::Role::Ffn,
        Role::Draft => theme::Role::Draft,
        Role::Verify => theme::Role::Verify,
    }
}
