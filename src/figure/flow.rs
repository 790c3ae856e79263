//! The deployment as a diagram: its pools, what flows between them, how busy each part is, and which holds up the rest.

use crate::chart::flow::{End, Flow, Link, Pool};
use crate::chart::model::{Paint, Tint};
use crate::report::words;
use crate::scenario::Role;
use crate::serve::{Binding, Per, PoolState, Steady};
use crate::units::format::{Precision, Unit};

/// The deployment as a diagram; `experts` says whether its model has any.
#[must_use]
pub fn diagram(steady: &Steady, experts: bool) -> Flow {
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
        1 => words::layout(&own.layout, experts),
        count => format!("{count} × {}", words::layout(&own.layout, experts)),
    };
    let batch = own.batch.get();
    let batch = if batch > 0.0 {
        format!(", batch {}", Unit::Number.format_with(batch, Precision::NORMAL))
    } else {
        String::new()
    };
    Pool {
        role: words::pool(own.role).to_owned(),
        paint: Paint::Tint(tint(own.role)),
        title: words::chips(own.chips, &own.chip),
        subtitle: format!("{replicas}{batch}"),
        utilisation: Some(own.utilisation),
        bottleneck: holds_up(own, steady, limit),
        note: Some(format!(
            "{} {}. {}",
            if own.role == Role::Prefill { "A prompt takes" } else { "A step takes" },
            Unit::Seconds.format(own.step.get()),
            why(own.role, steady)
        )),
    }
}

/// Why the work of a pool takes its time.
fn why(role: Role, steady: &Steady) -> String {
    match steady.phase(role) {
        Some(phase) => format!("{} is {}.", words::role(role), words::phase(phase)),
        None => words::phases(steady),
    }
}

/// Whether the pool holds up the rest: it has no slack, or the other pool of each step waits for it.
fn holds_up(own: &PoolState, steady: &Steady, limit: Binding) -> bool {
    match limit {
        Binding::Prefill => matches!(own.role, Role::Prefill | Role::Colocated),
        Binding::Attention => own.role == Role::Attention,
        Binding::Ffn => own.role == Role::Ffn,
        Binding::Draft => own.role == Role::Draft,
        Binding::Link | Binding::RoundTrips => false,
        Binding::Decode | Binding::Capacity => writes(own),
        // Of pools that share each step, the one that is at work longest; others don't hold each other up.
        _ => {
            let shares = |role: Role| !matches!(role, Role::Prefill | Role::Decode | Role::Colocated);
            shares(own.role) && steady.pools.iter().all(|other| !shares(other.role) || other.step <= own.step)
        }
    }
}

/// The colour of a pool.
#[must_use]
pub const fn tint(role: Role) -> Tint {
    match role {
        Role::Prefill => Tint::Prefill,
        Role::Colocated | Role::Decode => Tint::Decode,
        Role::Attention => Tint::Attention,
        Role::Ffn => Tint::Ffn,
        Role::Draft => Tint::Draft,
        Role::Verify => Tint::Verify,
    }
}
