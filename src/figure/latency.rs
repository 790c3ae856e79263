//! Why the latencies are what they are: each as a bar of its parts, coloured by cause, the scenario above what is pinned.

use crate::chart::model::{Bar, Bars, Paint, Segment, Tint};
use crate::report::words;
use crate::serve::{Cause, Part, Steady};
use crate::units::format::Unit;
use crate::units::order;

/// A latency: its name, and what it adds up.
pub type Latency = (&'static str, fn(&Steady) -> &Vec<Part>);

/// The latencies, in the order in which users feel them.
pub const LATENCIES: [Latency; 2] = [("TTFT", |own| &own.ttft_parts), ("TPOT", |own| &own.tpot_parts)];

/// The parts of a latency that take time, those of one cause always in the same place.
#[must_use]
pub fn parts(latency: Latency, steady: &Steady) -> Vec<Part> {
    let mut parts: Vec<Part> =
        latency.1(steady).iter().copied().filter(|part| part.time.get() > 0.0).collect();
    order::sort_by_key(&mut parts, |part| part.cause);
    parts
}

/// The bars of one latency, one for each named answer.
#[must_use]
pub fn bars(latency: Latency, answers: &[(String, &Steady)]) -> Bars {
    let segment = |part: Part| {
        Segment::new(
            format!("{:?}", part.cause),
            words::cause(part.cause),
            part.time.get(),
            paint(part.cause),
        )
    };
    let bar = |(name, steady): &(String, &Steady)| Bar {
        label: name.clone(),
        segments: parts(latency, steady).into_iter().map(segment).collect(),
        limit: None,
    };
    Bars {
        title: format!("Where {} goes", latency.0),
        unit: Unit::Seconds,
        bars: answers.iter().map(bar).collect(),
        ..Bars::default()
    }
}

/// The colour of a cause, as near to that of the page as the eight roles come: what the page shows paler is set apart by
/// its neighbours and its name.
const fn paint(cause: Cause) -> Paint {
    Paint::Tint(match cause {
        Cause::Queue | Cause::Wait => Tint::Queue,
        Cause::Interference => Tint::Prefill,
        Cause::Dense => Tint::Ffn,
        Cause::Attention => Tint::Attention,
        Cause::Collective | Cause::Transfer | Cause::Link => Tint::Link,
        Cause::Elementwise => Tint::Draft,
        Cause::Draft | Cause::Step => Tint::Verify,
        Cause::Experts => Tint::Decode,
        Cause::Request | Cause::Pipeline => return Paint::Muted,
    })
}
