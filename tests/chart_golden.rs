//! Golden pictures: the layout and the painter together, through the SVG writer.

mod support;

use support::golden::pictures::assert_picture;
use tandem::chart::bars::BarScene;
use tandem::chart::frontier::{Better, pareto};
use tandem::chart::geometry::Size;
use tandem::chart::layout::{Options, Scene};
use tandem::chart::model::{
    Along, Axis, Bar, BarScale, Bars, Chart, Dash, Domain, Emphasis, Join, Marker, Paint, Rule, Sample,
    Segment, Series, Tint,
};
use tandem::chart::svg::svg;
use tandem::chart::text::TableMeasure;
use tandem::chart::theme::{DARK, LIGHT, Theme};
use tandem::units::format::Unit;

/// TPOT over context, two chips and measurements on one of them.
fn latency() -> Chart {
    let contexts = (0..=28).map(|step| 1024.0 * libm::exp2(f64::from(step) / 4.0));
    let tpot = |context: f64, floor: f64, slope: f64| floor + slope * context;
    let hbm = contexts.clone().map(|context| {
        let value = tpot(context, 0.009, 3.1e-7);
        Sample::new(context, value).with_band(value * 0.8, value * 1.25)
    });
    let sram = contexts.map(|context| {
        if context > 40_000.0 {
            Sample::gap(context, "KV cache does not fit")
        } else {
            Sample::new(context, tpot(context, 0.0021, 9e-7))
        }
    });
    let measured = [(2048.0, 0.0101), (8192.0, 0.0122), (32_768.0, 0.0178)]
        .map(|(context, value)| Sample::new(context, value).with_band(value * 0.94, value * 1.06));
    Chart {
        title: "Time per output token over context".to_owned(),
        x: Axis::log("Context length", Unit::Tokens).with_domain(Domain::Tight),
        y: Axis::log("TPOT", Unit::Seconds).with_better(Better::Lower),
        series: vec![
            Series::nth(0, "h200", "8 × H200", hbm.collect()),
            Series::nth(1, "lpu", "64 × LPU", sram.collect()),
            Series::points("measured", "measured", Paint::Series(0), Marker::Ring, measured.to_vec()),
        ],
        rules: vec![
            Rule {
                axis: Along::Y,
                value: 0.03,
                label: "TPOT ≤ 30 ms".to_owned(),
                paint: Paint::Ink,
                fit: true,
            },
            Rule {
                axis: Along::X,
                value: 16_384.0,
                label: "your context".to_owned(),
                paint: Paint::Muted,
                fit: false,
            },
        ],
        ..Chart::default()
    }
}

/// Throughput against interactivity, with layouts along the front.
fn frontier() -> Chart {
    let layouts: Vec<(f64, f64, String)> = (0..14)
        .map(|step| {
            let step = f64::from(step);
            let user = 20.0 + 17.0 * step;
            let chip = 4200.0 / (1.0 + user / 60.0) - if step > 9.0 { 90.0 * (step - 9.0) } else { 0.0 }
                + 200.0 * libm::sin(step * 2.0);
            (user, chip, format!("TP{} × {}", 1 << (step as u32 % 4), 8 - step as u32 / 2))
        })
        .collect();
    let points: Vec<(f64, f64)> = layouts.iter().map(|(x, y, _)| (*x, *y)).collect();
    let front = pareto(&points, Better::Higher, Better::Higher);
    let best = front.iter().map(|&index| {
        let (x, y, label) = &layouts[index];
        Sample::new(*x, *y).with_label(label.clone())
    });
    let line = Series {
        join: Join::StepBefore,
        marker: Some(Marker::Disc),
        ..Series::line("front", "best layouts", Paint::Series(0), best.collect())
    };
    let rest = (0..points.len()).filter(|index| !front.contains(index));
    let dominated = rest.map(|index| Sample::new(points[index].0, points[index].1));
    let cloud = Series {
        emphasis: Emphasis::Dim,
        ..Series::points("rest", "other layouts", Paint::Series(0), Marker::Disc, dominated.collect())
    };
    Chart {
        title: "Throughput against interactivity".to_owned(),
        x: Axis::linear("Interactivity", Unit::TokensPerSecondPerUser).with_better(Better::Higher),
        y: Axis::linear("Throughput", Unit::TokensPerSecondPerChip)
            .with_domain(Domain::FromZero)
            .with_better(Better::Higher),
        series: vec![cloud, line],
        ..Chart::default()
    }
}

/// Cost over load for four pinned scenarios, whose ends crowd.
fn crowded() -> Chart {
    let series =
        ["H100", "B200", "MI355X", "TPU v6e", "Trainium2"].into_iter().enumerate().map(|(index, name)| {
            let samples = (1..=40).map(|load| {
                let load = f64::from(load);
                Sample::new(load, 0.4 + 0.03 * index as f64 + 8.0 / load)
            });
            Series::nth(index, name, name, samples.collect())
        });
    let limit =
        Rule { axis: Along::Y, value: 40.0, label: "budget $40".to_owned(), paint: Paint::Ink, fit: false };
    Chart {
        title: "Cost over load".to_owned(),
        x: Axis::linear("Load", Unit::RequestsPerSecond).with_domain(Domain::Tight),
        y: Axis::linear("Cost", Unit::DollarsPerMillionTokens).with_domain(Domain::FromZero),
        series: series.collect(),
        rules: vec![limit],
        ..Chart::default()
    }
}

fn render(chart: &Chart, width: f64, height: f64, theme: &Theme, options: Options) -> String {
    let scene = Scene::with_options(chart, Size::new(width, height), theme, &TableMeasure, options);
    svg(&scene.drawing, &chart.title, "")
}

#[test]
fn log_log_lines_with_band_rule_and_measurements() {
    assert_picture!(render(&latency(), 720.0, 420.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn the_same_in_the_dark() {
    assert_picture!(render(&latency(), 720.0, 420.0, &DARK, Options::PAGE));
}

#[test]
fn the_same_on_a_phone() {
    assert_picture!(render(&latency(), 340.0, 260.0, &LIGHT, Options::PAGE));
}

#[test]
fn a_frontier_with_layouts_along_it() {
    assert_picture!(render(&frontier(), 640.0, 400.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn ends_that_crowd() {
    let mut chart = crowded();
    if let Some(series) = chart.series.get_mut(1) {
        series.emphasis = Emphasis::Strong;
        series.dash = Dash::Solid;
    }
    assert_picture!(render(&chart, 640.0, 360.0, &DARK, Options::STANDALONE));
}

#[test]
fn an_empty_chart_still_has_axes() {
    let chart = Chart {
        title: "Nothing yet".to_owned(),
        x: Axis::log("Context length", Unit::Tokens),
        y: Axis::linear("TTFT", Unit::Seconds),
        ..Chart::default()
    };
    assert_picture!(render(&chart, 400.0, 240.0, &LIGHT, Options::PAGE));
}

/// Where the time of TTFT and TPOT goes.
fn why() -> Bars {
    let part =
        |tint: Tint, label: &str, value: f64| Segment::new(tint.name(), label, value, Paint::Tint(tint));
    Bars {
        title: "Where each millisecond goes".to_owned(),
        unit: Unit::Seconds,
        bars: vec![
            Bar {
                label: "TTFT".to_owned(),
                segments: vec![
                    part(Tint::Queue, "queue", 0.21),
                    part(Tint::Attention, "attention", 0.38),
                    part(Tint::Ffn, "experts", 0.62),
                    part(Tint::Link, "KV transfer", 0.04),
                ],
                limit: Some((2.0, "SLO 2 s".to_owned())),
            },
            Bar {
                label: "TPOT".to_owned(),
                segments: vec![
                    part(Tint::Attention, "attention", 0.0041),
                    part(Tint::Ffn, "experts", 0.0122),
                    part(Tint::Link, "collectives", 0.0019),
                ],
                limit: None,
            },
        ],
        scale: BarScale::Own,
    }
}

fn render_bars(bars: &Bars, width: f64, theme: &Theme, options: Options) -> String {
    let size = Size::new(width, BarScene::height_for(bars, width, options));
    let scene = BarScene::with_options(bars, size, theme, &TableMeasure, options);
    svg(&scene.drawing, &bars.title, "")
}

#[test]
fn bars_of_their_own_scale() {
    assert_picture!(render_bars(&why(), 640.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn bars_on_a_phone() {
    assert_picture!(render_bars(&why(), 340.0, &DARK, Options::PAGE));
}

#[test]
fn bars_on_one_scale() {
    let gigabytes = |id: &str, label: &str, slot: usize, value: f64| {
        Segment::new(id, label, value * 1e9, Paint::Series(slot))
    };
    let chip = |label: &str, weights: f64, cache: f64, limit: f64| Bar {
        label: label.to_owned(),
        segments: vec![
            gigabytes("weights", "weights", 0, weights),
            gigabytes("kv", "KV cache", 2, cache),
            gigabytes("rest", "activations", 4, 6.0),
        ],
        limit: Some((limit * 1e9, format!("{limit} GB"))),
    };
    let bars = Bars {
        title: "Memory of one chip".to_owned(),
        unit: Unit::Bytes,
        bars: vec![chip("H200", 84.0, 40.0, 141.0), chip("B200", 84.0, 91.0, 180.0)],
        scale: BarScale::Shared,
    };
    assert_picture!(render_bars(&bars, 640.0, &LIGHT, Options::STANDALONE));
}
