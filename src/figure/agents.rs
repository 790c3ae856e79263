//! How many agents a deployment carries, in three charts: what a number of sessions does to hit rate, time and money.

use crate::chart::model::{Along, Axis, Chart, Dash, Domain, Marker, Paint, Rule, Sample, Series};
use crate::explore::agents::{Agents, Point};
use crate::units::format::Unit;

/// A line of a chart: what it is called, whether tiers are there, how it is dashed, and its values.
pub type Drawn = (&'static str, bool, Dash, fn(&Point) -> f64);

/// A chart of a ladder: its title, its unit and its lines.
pub type Ladder = (&'static str, Unit, &'static [Drawn]);

/// The curves of a ladder, in three charts.
pub const LADDERS: [Ladder; 3] = [
    (
        "Input that was cached",
        Unit::Percent,
        &[
            ("chips' memory alone", false, Dash::Solid, |own| own.hit),
            ("with tiers", true, Dash::Solid, |own| own.hit),
        ],
    ),
    (
        "Time to first token",
        Unit::Seconds,
        &[
            ("p50 alone", false, Dash::Solid, |own| own.p50),
            ("p95 alone", false, Dash::Short, |own| own.p95),
            ("p50 with tiers", true, Dash::Solid, |own| own.p50),
            ("p95 with tiers", true, Dash::Short, |own| own.p95),
        ],
    ),
    (
        "Money per task",
        Unit::Dollars,
        &[
            ("chips' memory alone", false, Dash::Solid, |own| own.cost),
            ("with tiers", true, Dash::Solid, |own| own.cost),
        ],
    ),
];

/// A chart of a ladder of agents.
#[must_use]
pub fn ladder(agents: &Agents, (title, unit, lines): &Ladder) -> Chart {
    let (title, unit) = (*title, *unit);
    let series = lines.iter().map(|&(label, tiered, dash, value)| {
        let mut points: Vec<&Point> = agents.points.iter().filter(|own| own.tiered == tiered).collect();
        points.sort_by(|one, two| one.sessions.total_cmp(&two.sessions));
        let samples = points.iter().map(|own| Sample::new(own.sessions, value(own))).collect();
        let paint = Paint::Series(usize::from(tiered));
        // Where both are the same, the one above must let the other be seen.
        let marker = Some(if tiered { Marker::Ring } else { Marker::Disc });
        Series { dash, marker, end_label: false, ..Series::line(label, label, paint, samples) }
    });
    let y = match unit {
        Unit::Percent => Axis::linear(title, unit).with_domain(Domain::Fixed(0.0, 1.05)),
        _ => Axis::log(title, unit),
    };
    let knee = agents.knee.map(|knee| Rule {
        axis: Along::X,
        value: knee,
        label: format!("holds to {}", Unit::Count.format(knee)),
        paint: Paint::Ink,
        fit: false,
    });
    Chart {
        title: title.to_owned(),
        x: Axis::log("Agent sessions at work", Unit::Count),
        y,
        series: series.collect(),
        rules: knee.into_iter().collect(),
        walls: Vec::new(),
    }
}
