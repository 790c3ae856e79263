//! A replay in charts: how times spread over its requests, levels over its time, and what each replica did when. The page
//! draws them as the answer grows, and a file holds them whole.

use super::flow::tint;
use crate::chart::model::{Along, Axis, Chart, Domain, Marker, Paint, Rule, Sample, Series, Tint};
use crate::chart::timeline::{Activity, Lane, Span, Timeline, Track, TrackPart};
use crate::replay::lanes;
use crate::replay::overview::Overview;
use crate::scenario::{Role, Slo};
use crate::units::format::Unit;

/// Times whose spread can be shown: identifier, name, and short name.
pub const TIMES: [(&str, &str, &str); 4] = [
    ("ttft", "Time to first token", "TTFT"),
    ("tpot", "Time per output token", "TPOT"),
    ("e2e", "Time to last token", "E2E"),
    ("wait", "Wait to be admitted", "Wait"),
];
/// Levels that can be shown over time: identifier, name and unit.
pub const LEVELS: [(&str, &str, Unit); 5] = [
    ("busy", "Busy share of the time", Unit::Percent),
    ("used", "KV cache in use", Unit::Percent),
    ("queue", "Requests waiting", Unit::Number),
    ("batch", "Sequences in decode per replica", Unit::Number),
    ("inside", "Requests under way", Unit::Number),
];

fn limit(id: &str, short: &str, slo: Slo) -> Option<Rule> {
    let limit = match id {
        "ttft" => slo.ttft?,
        "tpot" => slo.tpot?,
        _ => return None,
    };
    Some(Rule {
        axis: Along::X,
        value: limit.at.get(),
        label: limit.text(short),
        paint: Paint::Ink,
        fit: true,
    })
}

/// How one of [`TIMES`] spreads over the requests of a replay, with its limit.
#[must_use]
pub fn spread(overview: &Overview, time: usize, slo: Slo) -> Chart {
    let (id, name, short) = TIMES.get(time).copied().unwrap_or_default();
    let spread = overview.spreads.iter().find(|own| own.id == id);
    let rule = limit(id, short, slo);
    let curve = spread.map(|own| own.curve.clone()).unwrap_or_default();
    let line =
        curve.into_iter().filter(|(_, time)| *time > 0.0).map(|(share, time)| Sample::new(time, share));
    let marks = spread.map(|own| {
        let marked = [("p50", 0.5, 1), ("p90", 0.9, 2), ("p99", 0.99, 4)];
        let mark = |(name, share, at): (&str, f64, usize)| {
            let (time, _) = own.estimates.get(at).copied()?;
            Some(Sample::new(time, share).with_label(format!("{name} {}", Unit::Seconds.format(time))))
        };
        marked.into_iter().filter_map(mark).collect::<Vec<_>>()
    });
    Chart {
        title: name.to_owned(),
        x: Axis::log(name, Unit::Seconds),
        // Above 100 % there is nothing but room for labels.
        y: Axis::linear("Requests", Unit::Percent).with_domain(Domain::Fixed(0.0, 1.1)),
        series: vec![
            Series {
                end_label: false,
                ..Series::line("within", "Done within", Paint::Series(0), line.collect())
            },
            Series::points(
                "quantiles",
                "p50, p90, p99",
                Paint::Series(0),
                Marker::Disc,
                marks.unwrap_or_default(),
            ),
        ],
        rules: rule.into_iter().collect(),
        walls: Vec::new(),
    }
}

/// One of [`LEVELS`] over the time of a replay.
#[must_use]
pub fn level(overview: &Overview, level: usize) -> Chart {
    let (id, name, unit) = LEVELS.get(level).copied().unwrap_or_default();
    let interval = overview.interval;
    let tracks = overview.tracks.iter().filter(|own| own.id == id);
    let series = tracks.enumerate().map(|(index, own)| {
        let middle = |at: usize| (at as f64 + 0.5) * interval;
        let samples = own.levels.iter().enumerate().map(|(at, level)| Sample::new(middle(at), *level));
        let label = if own.of.is_empty() { name.to_owned() } else { own.of.clone() };
        let series = Series::nth(index, format!("{id}-{}", own.of), label, samples.collect());
        // A pool has the colour of its role everywhere.
        let role = Role::ALL.into_iter().find(|role| role.to_string() == own.of);
        let paint = role.map_or(series.paint, |role| Paint::Tint(tint(role)));
        Series { marker: None, paint, ..series }
    });
    Chart {
        title: name.to_owned(),
        x: Axis::linear("Time", Unit::Seconds).with_domain(Domain::FromZero),
        y: Axis::linear(name, unit).with_domain(Domain::FromZero),
        series: series.collect(),
        ..Chart::default()
    }
}

/// What each replica did when.
#[must_use]
pub fn timeline(own: &lanes::Lanes) -> Timeline {
    let act = |act: lanes::Act| match act {
        lanes::Act::Prefill => Activity::Prefill,
        lanes::Act::Mixed => Activity::Mixed,
        lanes::Act::Decode => Activity::Decode,
        lanes::Act::Transfer => Activity::Transfer,
    };
    let lane = |lane: &lanes::Lane| Lane {
        label: lane.label.clone(),
        spans: lane.spans.iter().map(|(from, to, own)| Span::new(*from, *to, act(*own))).collect(),
    };
    let track = |track: &lanes::Track| Track {
        label: track.label.clone(),
        unit: if track.share { Unit::Percent } else { Unit::Number },
        times: track.steps.iter().map(|step| step.0).collect(),
        parts: vec![TrackPart {
            label: track.label.clone(),
            paint: Paint::Tint(if track.share { Tint::Attention } else { Tint::Queue }),
            values: track.steps.iter().map(|step| step.1).collect(),
        }],
        limit: None,
    };
    Timeline {
        title: "What was done when".to_owned(),
        lanes: own.lanes.iter().map(lane).collect(),
        tracks: own.tracks.iter().map(track).collect(),
        window: Some(own.window),
    }
}
