//! Golden pictures of the charts that are more than curves and bars, and monsters for each: nothing leaves the canvas,
//! no word says NaN, and pointer and keys survive.

mod support;

use proptest::prelude::*;
use support::golden::pictures::assert_picture;
use tandem::chart::describe;
use tandem::chart::figure::Figure;
use tandem::chart::flow::{End, Flow, FlowScene, Link, Pool};
use tandem::chart::frontier::Better;
use tandem::chart::geometry::{Point, Size};
use tandem::chart::heat::{HeatMap, HeatScene, MapCell, Winner};
use tandem::chart::hit::Step;
use tandem::chart::layout::{Options, Scene};
use tandem::chart::mark::{Drawing, Mark};
use tandem::chart::model::{Axis, Chart, Domain, Paint, Rule, Sample, Series, Tint};
use tandem::chart::quantiles::{Quantiles, Run, View};
use tandem::chart::roofline::{Op, Roof, Roofline};
use tandem::chart::spot::LaidOut;
use tandem::chart::svg::svg;
use tandem::chart::text::{TableMeasure, TextMeasure};
use tandem::chart::theme::{DARK, LIGHT, Theme};
use tandem::chart::timeline::{Activity, Lane, Span, Timeline, TimelineScene, Track, TrackPart};
use tandem::chart::tornado::{Effect, Lever, Tornado, TornadoScene};
use tandem::units::format::Unit;

/// As long as a name may get.
fn long() -> String {
    "An unreasonably long name of a design ".repeat(6).chars().take(200).collect()
}

/// A break-even map of two designs over context and load, with a corner where nothing fits.
fn break_even(side: usize) -> HeatMap {
    let along = |index: usize| index as f64 / (side.max(2) - 1) as f64;
    let xs: Vec<f64> = (0..side).map(|index| 1024.0 * libm::exp2(10.0 * along(index))).collect();
    let ys: Vec<f64> = (0..side).map(|index| 0.1 * libm::pow(1000.0, along(index))).collect();
    let lead = |x: f64, y: f64| libm::log2(x / 30_000.0) + 1.2 * libm::log10(y / 2.0);
    let cells = ys.iter().flat_map(|&y| {
        xs.iter().map(move |&x| {
            if x * y > 1.2e7 {
                return MapCell::none("The KV cache of the load exceeds the memory of both designs");
            }
            let lead = lead(x, y);
            if y < 0.3 && x < 8000.0 {
                MapCell::won(2, 0.2).with_note("One node idles least")
            } else {
                MapCell::won(usize::from(lead > 0.0), lead.abs() / 6.0)
                    .with_note("Weights stream once per step")
            }
        })
    });
    let cells = cells.collect();
    let winner = |index: usize, label: &str| Winner {
        id: label.to_owned(),
        label: label.to_owned(),
        paint: Paint::Series(index),
    };
    HeatMap {
        title: "Which design is cheaper".to_owned(),
        x: Axis::log("Context length", Unit::Tokens),
        y: Axis::log("Load", Unit::RequestsPerSecond),
        xs,
        ys,
        winners: vec![winner(0, "64 × LPU + 8 × H200"), winner(1, "16 × B200"), winner(2, "1 × H100")],
        cells,
        margin: "cheaper than the next by".to_owned(),
        unit: Unit::Percent,
        boundaries: Vec::new(),
        present: Some((32_768.0, 4.0, "this scenario".to_owned())),
    }
}

fn heat(map: &HeatMap, width: f64, height: f64, theme: &Theme, options: Options) -> String {
    let scene = HeatScene::new(map, Size::new(width, height), theme, &TableMeasure, options);
    svg(scene.drawing(), &map.title, &map.sentence())
}

#[test]
fn heat_map_by_cells() {
    assert_picture!(heat(&break_even(32), 720.0, 460.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn heat_map_in_the_dark_with_boundaries() {
    let mut map = break_even(24);
    // Where the lead is zero: log2(x / 30 000) = −1.2 log10(y / 2).
    let line = (0..=60).map(|step| {
        let y = 0.1 * libm::pow(1000.0, f64::from(step) / 60.0);
        (30_000.0 * libm::exp2(-1.2 * libm::log10(y / 2.0)), y)
    });
    map.boundaries = vec![line.collect()];
    assert_picture!(heat(&map, 640.0, 420.0, &DARK, Options::STANDALONE));
}

#[test]
fn heat_map_on_a_phone() {
    let mut map = break_even(24);
    map.winners[1].label = long();
    assert_picture!(heat(&map, 360.0, 320.0, &LIGHT, Options::PAGE));
}

#[test]
fn heat_map_of_one_cell() {
    let mut map = break_even(1);
    map.present = None;
    assert_picture!(heat(&map, 400.0, 240.0, &DARK, Options::STANDALONE));
}

#[test]
fn heat_map_of_nothing() {
    let map = HeatMap { title: "Nothing yet".to_owned(), ..HeatMap::default() };
    assert_picture!(heat(&map, 400.0, 240.0, &LIGHT, Options::STANDALONE));
}

fn pool(tint: Tint, name: &str, title: &str, subtitle: &str, busy: f64) -> Pool {
    Pool {
        role: name.to_owned(),
        paint: Paint::Tint(tint),
        title: title.to_owned(),
        subtitle: subtitle.to_owned(),
        utilisation: Some(busy),
        bottleneck: false,
        note: None,
    }
}

/// Prefill on one kind of chip, decode on another.
fn prefill_decode() -> Flow {
    let mut decode = pool(Tint::Decode, "Decode", "64 × LPU", "PP8 × TP8, batch 96", 0.97);
    decode.bottleneck = true;
    let pools = vec![
        pool(Tint::Prefill, "Prefill", "8 × H200 SXM", "TP8, 2 replicas, 12 prompts at once", 0.61),
        decode,
    ];
    let links = vec![
        Link::new(End::Requests, End::Pool(0), "4.2 req/s"),
        Link::new(End::Pool(0), End::Pool(1), "KV cache, 1.3 GB per request over 400 Gb/s Ethernet")
            .with_utilisation(0.32),
        Link::new(End::Pool(1), End::Tokens, "2.1k tok/s"),
    ];
    Flow { title: "Where each token runs".to_owned(), pools, links }
}

/// Attention and experts apart, with a round trip for every layer, behind a prefill pool and a draft model.
fn apart() -> Flow {
    let mut flow = prefill_decode();
    flow.pools = vec![
        pool(Tint::Prefill, "Prefill", "16 × H200", "TP8", 0.42),
        pool(Tint::Attention, "Attention", "8 × H200", "DP8, KV in HBM", 0.55),
        pool(Tint::Ffn, "Experts", "72 × GB200", "EP72", 0.71),
    ];
    let mut there =
        Link::new(End::Pool(1), End::Pool(2), "7 kB per token and layer, 61 times").with_utilisation(0.93);
    there.bottleneck = true;
    flow.links = vec![
        Link::new(End::Requests, End::Pool(0), "4.2 req/s"),
        Link::new(End::Pool(0), End::Pool(1), "KV, 640 MB per request").with_utilisation(0.12),
        there,
        Link::new(End::Pool(2), End::Pool(1), "14 kB per token and layer").with_utilisation(0.8),
        Link::new(End::Pool(1), End::Tokens, "9.8k tok/s"),
    ];
    flow
}

/// A draft model proposes, a large one checks.
fn speculative() -> Flow {
    let pools = vec![
        pool(Tint::Draft, "Draft", "4 × LPU", "1B, four tokens ahead", 0.37),
        pool(Tint::Verify, "Verify", "8 × B200", "TP8, five tokens a step", 0.88),
    ];
    let links = vec![
        Link::new(End::Requests, End::Pool(0), "2 req/s"),
        Link::new(End::Pool(0), End::Pool(1), "4 tokens").with_utilisation(0.01),
        Link::new(End::Pool(1), End::Pool(0), "3.1 accepted").with_utilisation(0.01),
        Link::new(End::Pool(1), End::Tokens, "640 tok/s"),
    ];
    Flow { title: "Draft and verify".to_owned(), pools, links }
}

fn flow(flow: &Flow, width: f64, theme: &Theme, options: Options) -> String {
    let height = FlowScene::height_for(flow, width, theme, &TableMeasure, options);
    let scene = FlowScene::new(flow, Size::new(width, height), theme, &TableMeasure, options);
    svg(scene.drawing(), &flow.title, &flow.sentence())
}

#[test]
fn flow_of_prefill_and_decode() {
    assert_picture!(flow(&prefill_decode(), 1000.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn flow_on_a_phone() {
    assert_picture!(flow(&prefill_decode(), 360.0, &LIGHT, Options::PAGE));
}

#[test]
fn flow_there_and_back_and_around_in_the_dark() {
    assert_picture!(flow(&apart(), 1000.0, &DARK, Options::STANDALONE));
}

#[test]
fn flow_there_and_back_on_a_phone() {
    assert_picture!(flow(&apart(), 360.0, &DARK, Options::STANDALONE));
}

#[test]
fn flow_of_draft_and_verify() {
    assert_picture!(flow(&speculative(), 720.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn flow_of_long_names() {
    let mut wordy = apart();
    for pool in &mut wordy.pools {
        pool.role = long();
        pool.title = long();
        pool.subtitle = long();
        pool.utilisation = Some(1e9);
    }
    for link in &mut wordy.links {
        link.label = long();
    }
    assert_picture!(flow(&wordy, 1000.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn flow_of_one_pool() {
    let one = Flow {
        title: "One pool".to_owned(),
        pools: vec![pool(Tint::Decode, "All chips", "8 × MI355X", "TP8, chunked prefill", 0.5)],
        links: vec![
            Link::new(End::Requests, End::Pool(0), "1 req/s"),
            Link::new(End::Pool(0), End::Tokens, "300 tok/s"),
        ],
    };
    assert_picture!(flow(&one, 640.0, &LIGHT, Options::PAGE));
}

fn levers() -> Tornado {
    let lever = |label: &str, low: (&str, f64), high: (&str, f64), next: &str| Lever {
        label: label.to_owned(),
        low: Effect::new(low.0, low.1),
        high: Effect::new(high.0, high.1),
        next: (!next.is_empty()).then(|| next.to_owned()),
    };
    Tornado {
        title: "What would move the cost".to_owned(),
        metric: "Cost".to_owned(),
        unit: Unit::DollarsPerMillionTokens,
        better: Some(Better::Lower),
        present: 0.82,
        levers: vec![
            lever("Memory bandwidth", ("½×", 1.51), ("2×", 0.55), "the link limits"),
            lever("Arithmetic", ("½×", 0.84), ("2×", 0.81), "nothing else: memory limits already"),
            lever("Price of a chip-hour", ("½×", 0.47), ("2×", 1.52), ""),
            lever("Memory capacity", ("½×", f64::NAN), ("2×", 0.61), "bandwidth limits"),
            lever("Context length", ("16k", 0.71), ("64k", 1.07), "the KV cache limits"),
            lever("Batch", ("½×", 0.95), ("2×", 0.93), "TPOT exceeds its limit"),
        ],
    }
}

fn tornado(tornado: &Tornado, width: f64, theme: &Theme, options: Options) -> String {
    let height = TornadoScene::height_for(tornado, width, theme, &TableMeasure, options);
    let scene = TornadoScene::new(tornado, Size::new(width, height), theme, &TableMeasure, options);
    svg(scene.drawing(), &tornado.title, &tornado.sentence())
}

#[test]
fn tornado_of_six_levers() {
    assert_picture!(tornado(&levers(), 760.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn tornado_on_a_phone_in_the_dark() {
    assert_picture!(tornado(&levers(), 360.0, &DARK, Options::STANDALONE));
}

#[test]
fn tornado_of_extremes_and_long_names() {
    let mut wild = levers();
    wild.levers[0].label = long();
    wild.levers[0].next = Some(long());
    wild.levers[1].high = Effect::new(long(), 1e9);
    assert_picture!(tornado(&wild, 640.0, &LIGHT, Options::STANDALONE));
}

/// A chip with two precisions, and the work of a decode step on it.
fn roofline() -> Roofline {
    let roof = |label: &str, index: usize, peak: f64, bandwidth: f64| Roof {
        label: label.to_owned(),
        paint: Paint::Series(index),
        peak,
        bandwidth,
    };
    let op = |label: &str, tint: Tint, flops: f64, bytes: f64, seconds: f64, roof: usize| Op {
        label: label.to_owned(),
        paint: Paint::Tint(tint),
        flops,
        bytes,
        seconds,
        roof,
        group: None,
    };
    Roofline {
        title: "Decode on its roofline".to_owned(),
        roofs: vec![
            roof("H200 BF16", 0, 0.989e15, 4.8e12),
            roof("H200 FP8", 0, 1.979e15, 4.8e12),
            roof("LPU INT8", 1, 0.75e15, 80.0e12),
        ],
        ops: vec![
            op("attention", Tint::Attention, 4.0e11, 5.0e10, 0.013, 0),
            op("experts", Tint::Ffn, 9.0e12, 8.0e10, 0.021, 1),
            op("projections", Tint::Decode, 8.0e12, 6.8e10, 0.019, 1),
            op("prefill", Tint::Prefill, 3.0e15, 9.0e11, 2.4, 1),
            op("all-reduce", Tint::Link, 0.0, 1.0e9, 0.002, 0),
        ],
    }
}

fn chart(chart: &Chart, width: f64, height: f64, theme: &Theme, options: Options) -> String {
    let scene = Scene::with_options(chart, Size::new(width, height), theme, &TableMeasure, options);
    svg(&scene.drawing, &chart.title, &describe::sentence(chart))
}

#[test]
fn roofline_of_two_chips() {
    assert_picture!(chart(&roofline().chart(), 720.0, 420.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn roofline_on_a_phone() {
    assert_picture!(chart(&roofline().chart(), 360.0, 300.0, &DARK, Options::PAGE));
}

/// Latencies with a long tail, from a fixed sequence.
fn latencies(count: u32, scale: f64) -> Vec<f64> {
    let mut state = 12_345_u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let share = (f64::from(state) + 0.5) / 4_294_967_296.0;
            scale * (0.4 - libm::log(share) * 0.4 + 0.02 / share)
        })
        .collect()
}

fn quantiles(count: u32) -> Quantiles {
    let run = |id: &str, label: &str, scale: f64, unfinished: usize| Run {
        id: id.to_owned(),
        label: label.to_owned(),
        values: latencies(count, scale),
        unfinished,
    };
    Quantiles {
        title: "TTFT over requests".to_owned(),
        metric: "TTFT".to_owned(),
        unit: Unit::Seconds,
        runs: vec![run("a", "8 × H200", 0.5, 0), run("b", "64 × LPU", 1.4, count as usize / 20)],
        limit: Some((2.0, "SLO 2 s".to_owned())),
        log: true,
        view: View::Share,
    }
}

#[test]
fn distribution_of_two_runs() {
    assert_picture!(chart(&quantiles(120).chart(), 720.0, 400.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn distribution_as_quantiles_on_a_phone() {
    let quantiles = Quantiles { view: View::Quantile, ..quantiles(60) };
    assert_picture!(chart(&quantiles.chart(), 360.0, 300.0, &DARK, Options::PAGE));
}

#[test]
fn distribution_of_one_request() {
    assert_picture!(chart(&quantiles(1).chart(), 480.0, 300.0, &LIGHT, Options::STANDALONE));
}

/// A minute of a prefill pool and three decode replicas.
fn replay() -> Timeline {
    let mut prefill = Vec::new();
    let mut time = 0.3;
    for index in 0..40 {
        let length = 0.4 + 0.3 * libm::sin(f64::from(index));
        prefill.push(Span::new(time, time + length, Activity::Prefill));
        prefill.push(Span::new(time + length, time + length + 0.15, Activity::Transfer));
        time += length + if index % 7 == 0 { 2.0 } else { 0.5 };
    }
    let decode = |offset: f64, step: f64| {
        let mut spans = Vec::new();
        let mut time = offset;
        for index in 0..1500 {
            let activity = match index % 120 {
                0..6 => Activity::Preempted,
                6..20 => Activity::Mixed,
                _ => Activity::Decode,
            };
            spans.push(Span::new(time, time + step, activity));
            time += step * if index % 400 > 380 { 12.0 } else { 1.05 };
        }
        spans
    };
    let lane = |label: &str, spans: Vec<Span>| Lane { label: label.to_owned(), spans };
    let times: Vec<f64> = (0..600).map(|index| f64::from(index) * 0.1).collect();
    let wave = |low: f64, high: f64, speed: f64| -> Vec<f64> {
        times
            .iter()
            .map(|time| libm::round(low + (high - low) * (0.5 + 0.5 * libm::sin(time * speed))))
            .collect()
    };
    let part = |label: &str, tint: Tint, values: Vec<f64>| TrackPart {
        label: label.to_owned(),
        paint: Paint::Tint(tint),
        values,
    };
    Timeline {
        title: "A minute of traffic".to_owned(),
        lanes: vec![
            lane("Prefill", prefill),
            lane("Decode 1", decode(1.0, 0.03)),
            lane("Decode 2", decode(1.4, 0.03)),
            lane("Decode 3", decode(2.1, 0.02)),
        ],
        tracks: vec![
            Track {
                label: "Queue".to_owned(),
                unit: Unit::Count,
                times: times.clone(),
                parts: vec![part("waiting", Tint::Queue, wave(0.0, 42.0, 0.31))],
                limit: None,
            },
            Track {
                label: "KV cache".to_owned(),
                unit: Unit::Bytes,
                times: times.clone(),
                parts: vec![
                    part("decode KV", Tint::Decode, wave(60e9, 110e9, 0.2)),
                    part("prefill KV", Tint::Prefill, wave(0.0, 30e9, 0.9)),
                ],
                limit: Some((141e9, "capacity 141 GB".to_owned())),
            },
        ],
        window: None,
    }
}

fn timeline(timeline: &Timeline, width: f64, theme: &Theme, options: Options) -> String {
    let height = TimelineScene::height_for(timeline, width, theme, &TableMeasure, options);
    let scene = TimelineScene::new(timeline, Size::new(width, height), theme, &TableMeasure, options);
    svg(scene.drawing(), &timeline.title, &timeline.sentence())
}

#[test]
fn timeline_of_a_minute() {
    assert_picture!(timeline(&replay(), 900.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn timeline_zoomed_in_the_dark() {
    let zoomed = Timeline { window: Some((8.0, 9.0)), ..replay() };
    assert_picture!(timeline(&zoomed, 900.0, &DARK, Options::STANDALONE));
}

#[test]
fn timeline_on_a_phone() {
    assert_picture!(timeline(&replay(), 360.0, &LIGHT, Options::PAGE));
}

#[test]
fn timeline_of_nothing() {
    assert_picture!(timeline(&Timeline::default(), 400.0, &LIGHT, Options::PAGE));
}

/// Cost over context with list prices that crowd.
fn prices() -> Chart {
    let samples = (0..=20).map(|step| {
        let context = 1024.0 * libm::exp2(f64::from(step) / 3.0);
        Sample::new(context, 0.3 + context * 2.2e-5)
    });
    let price = |label: &str, value: f64| Rule::reference(value, label);
    Chart {
        title: "Cost beside list prices".to_owned(),
        x: Axis::log("Context length", Unit::Tokens).with_domain(Domain::Tight),
        y: Axis::linear("Cost", Unit::DollarsPerMillionTokens).with_domain(Domain::FromZero),
        series: vec![Series::nth(0, "now", "8 × H200", samples.collect())],
        rules: vec![
            price("Provider A $0.90", 0.90),
            price("Provider B $0.88", 0.88),
            price("Provider C $1.10", 1.10),
            price("Provider D $1.12", 1.12),
            price("Provider E $2.19", 2.19),
            price("Provider F $15", 15.0),
        ],
        ..Chart::default()
    }
}

#[test]
fn list_prices_across_a_curve() {
    assert_picture!(chart(&prices(), 720.0, 400.0, &LIGHT, Options::STANDALONE));
}

#[test]
fn list_prices_on_a_phone() {
    assert_picture!(chart(&prices(), 360.0, 280.0, &DARK, Options::PAGE));
}

#[test]
fn measured_points_on_a_frontier() {
    let front = [(20.0, 4100.0), (60.0, 3000.0), (120.0, 1500.0), (190.0, 700.0)];
    let line = front.map(|(x, y)| Sample::new(x, y));
    let measured = vec![
        Sample::new(50.0, 2800.0).with_label("vLLM, 2025").with_note("published benchmark"),
        Sample::new(110.0, 1420.0).with_label("SGLang").with_band(1300.0, 1500.0),
    ];
    let chart_model = Chart {
        title: "Frontier and measurements".to_owned(),
        x: Axis::linear("Interactivity", Unit::TokensPerSecondPerUser),
        y: Axis::linear("Throughput", Unit::TokensPerSecondPerChip).with_domain(Domain::FromZero),
        series: vec![
            Series::nth(0, "front", "model", line.to_vec()),
            Series::measured("measured", "measured", measured),
        ],
        ..Chart::default()
    };
    assert_picture!(chart(&chart_model, 640.0, 380.0, &LIGHT, Options::STANDALONE));
}

/// The first mark that leaves the canvas.
fn outside(drawing: &Drawing) -> Option<String> {
    let inside = |x: f64, y: f64| {
        (-0.6..=drawing.size.width + 0.6).contains(&x) && (-0.6..=drawing.size.height + 0.6).contains(&y)
    };
    let fits = |mark: &Mark| match mark {
        Mark::Fill { rect, .. } => inside(rect.left, rect.top) && inside(rect.right, rect.bottom),
        Mark::Hair { from, to, .. } => inside(from.x, from.y) && inside(to.x, to.y),
        Mark::Line { points, .. } | Mark::Area { points, .. } => {
            points.iter().all(|point| inside(point.x, point.y))
        }
        Mark::Symbol { at, radius, .. } => {
            inside(at.x - radius, at.y - radius) && inside(at.x + radius, at.y + radius)
        }
        Mark::Text { text, at, size, anchor, .. } => {
            let width = TableMeasure.width(text, *size);
            let left = anchor.left(at.x, width);
            inside(left, at.y - size / 2.0) && inside(left + width, at.y + size / 2.0)
        }
    };
    drawing.marks.iter().find(|mark| !fits(mark)).map(|mark| format!("{mark:?} outside {:?}", drawing.size))
}

const STEPS: [Step; 6] =
    [Step::Previous, Step::Next, Step::First, Step::Last, Step::SeriesBefore, Step::SeriesAfter];

/// Whether a picture stays on its canvas, and every spot that can be reached says something sensible.
fn check(figure: &dyn LaidOut, pointer: Point, steps: &[u8]) -> Result<(), TestCaseError> {
    prop_assert_eq!(outside(figure.drawing()), None);
    let mut spot = None;
    for step in steps {
        spot = figure.step(spot, STEPS[usize::from(*step)]);
        if let Some(spot) = spot {
            let facts = figure.facts(spot);
            prop_assert!(facts.is_some(), "{:?} has no facts", spot);
            prop_assert!(facts.is_some_and(|facts| !facts.spoken().contains("NaN")));
        }
    }
    if let Some(spot) = figure.nearest(pointer) {
        prop_assert!(figure.facts(spot).is_some());
    }
    Ok(())
}

fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![6 => 1e-3..1e4_f64, 1 => any::<f64>(), 1 => Just(0.0), 1 => -100.0..100.0_f64]
}

fn sizes() -> impl Strategy<Value = Size> {
    (1.0..1400.0_f64, 1.0..900.0_f64).prop_map(|(width, height)| Size::new(width, height))
}

fn points() -> impl Strategy<Value = Point> {
    (-10.0..1400.0_f64, -10.0..900.0_f64).prop_map(|(x, y)| Point::new(x, y))
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Requests), Just(End::Tokens), (0..6_usize).prop_map(End::Pool)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_map_stays_on_its_canvas(
        mut xs in prop::collection::vec(numbers(), 0..7), mut ys in prop::collection::vec(numbers(), 0..7),
        cells in prop::collection::vec((prop::option::of(0..4_usize), numbers()), 0..40),
        present in prop::option::of((numbers(), numbers())), name in "[ -MO-~µ×]{0,60}", full in numbers(),
        size in sizes(), pointer in points(), steps in prop::collection::vec(0..6_u8, 0..9), log in any::<bool>(),
    ) {
        xs.sort_by(f64::total_cmp);
        ys.sort_by(f64::total_cmp);
        let axis = if log { Axis::log("x", Unit::Tokens) } else { Axis::linear("x", Unit::Seconds) };
        let map = HeatMap {
            title: name.clone(),
            x: axis.clone(),
            y: axis,
            xs,
            ys,
            winners: (0..3)
                .map(|index| Winner { id: index.to_string(), label: name.clone(), paint: Paint::Series(index) })
                .collect(),
            cells: cells.into_iter().map(|(winner, margin)| MapCell { winner, margin, reach: full, ..MapCell::default() }).collect(),
            margin: "by".to_owned(),
            unit: Unit::Percent,
            boundaries: vec![vec![(1.0, 1.0), (5.0, f64::NAN), (9.0, 3.0)]],
            present: present.map(|(x, y)| (x, y, name)),
        };
        for options in [Options::PAGE, Options::STANDALONE] {
            check(&HeatScene::new(&map, size, &DARK, &TableMeasure, options), pointer, &steps)?;
        }
        prop_assert!(!map.sentence().contains("NaN"));
        let _ = map.table().csv();
    }

    #[test]
    fn any_flow_stays_on_its_canvas(
        pools in prop::collection::vec(("[ -MO-~µ×]{0,60}", prop::option::of(numbers()), any::<bool>()), 0..5),
        links in prop::collection::vec((ends(), ends(), "[ -MO-~µ×]{0,60}", prop::option::of(numbers())), 0..8),
        size in sizes(), pointer in points(), steps in prop::collection::vec(0..6_u8, 0..9),
    ) {
        let flow = Flow {
            title: "Flow".to_owned(),
            pools: pools
                .into_iter()
                .map(|(name, utilisation, bottleneck)| Pool {
                    role: name.clone(),
                    title: name.clone(),
                    subtitle: name,
                    utilisation,
                    bottleneck,
                    ..Pool::default()
                })
                .collect(),
            links: links
                .into_iter()
                .map(|(from, to, label, utilisation)| Link { utilisation, ..Link::new(from, to, label) })
                .collect(),
        };
        check(&FlowScene::new(&flow, size, &LIGHT, &TableMeasure, Options::STANDALONE), pointer, &steps)?;
        prop_assert!(!flow.sentence().contains("NaN"));
        let _ = flow.table().csv();
    }

    #[test]
    fn any_tornado_stays_on_its_canvas(
        levers in prop::collection::vec(("[ -MO-~µ×]{0,60}", numbers(), numbers()), 0..7), present in numbers(),
        better in prop::option::of(prop::sample::select(&[Better::Higher, Better::Lower])),
        size in sizes(), pointer in points(), steps in prop::collection::vec(0..6_u8, 0..9),
    ) {
        let tornado = Tornado {
            title: "Levers".to_owned(),
            metric: "Cost".to_owned(),
            unit: Unit::Dollars,
            better,
            present,
            levers: levers
                .into_iter()
                .map(|(label, low, high)| Lever {
                    low: Effect::new(label.clone(), low),
                    high: Effect::new("2×", high),
                    next: Some(label.clone()),
                    label,
                })
                .collect(),
        };
        check(&TornadoScene::new(&tornado, size, &DARK, &TableMeasure, Options::STANDALONE), pointer, &steps)?;
        prop_assert!(!tornado.sentence().contains("NaN"));
        let _ = tornado.table().csv();
    }

    #[test]
    fn any_timeline_stays_on_its_canvas(
        lanes in prop::collection::vec(prop::collection::vec((numbers(), numbers(), 0..7_usize), 0..12), 0..5),
        mut times in prop::collection::vec(numbers(), 0..9), values in prop::collection::vec(numbers(), 0..9),
        limit in prop::option::of(numbers()), window in prop::option::of((numbers(), numbers())), sorted in any::<bool>(),
        size in sizes(), pointer in points(), steps in prop::collection::vec(0..6_u8, 0..9),
    ) {
        if sorted {
            times.sort_by(f64::total_cmp);
        }
        let part = |index: usize| TrackPart {
            label: "part".to_owned(),
            paint: Paint::Series(index),
            values: values.clone(),
        };
        let timeline = Timeline {
            title: "Replay".to_owned(),
            lanes: lanes
                .into_iter()
                .map(|spans| Lane {
                    label: "lane of a replica".to_owned(),
                    spans: spans.into_iter().map(|(a, b, kind)| Span::new(a, b, Activity::ALL[kind])).collect(),
                })
                .collect(),
            tracks: vec![Track {
                label: "Queue".to_owned(),
                unit: Unit::Count,
                times,
                parts: vec![part(0), part(1)],
                limit: limit.map(|limit| (limit, "capacity".to_owned())),
            }],
            window,
        };
        check(&TimelineScene::new(&timeline, size, &DARK, &TableMeasure, Options::STANDALONE), pointer, &steps)?;
        prop_assert!(!timeline.sentence().contains("NaN"));
        for table in timeline.tables() {
            let _ = table.csv();
        }
    }

    #[test]
    fn any_roofline_and_distribution_is_a_sound_chart(
        ops in prop::collection::vec((numbers(), numbers(), numbers()), 0..5), peak in numbers(), bandwidth in numbers(),
        values in prop::collection::vec(numbers(), 0..30), unfinished in 0..40_usize, log in any::<bool>(),
        limit in prop::option::of(numbers()), size in sizes(),
    ) {
        let roofline = Roofline {
            title: String::new(),
            roofs: vec![Roof { label: "chip".to_owned(), paint: Paint::Ink, peak, bandwidth }],
            ops: ops
                .into_iter()
                .map(|(flops, bytes, seconds)| Op {
                    label: "op".to_owned(),
                    flops,
                    bytes,
                    seconds,
                    ..Op::default()
                })
                .collect(),
        };
        let quantiles = Quantiles {
            runs: vec![Run { id: "a".to_owned(), label: "A".to_owned(), values, unfinished }],
            limit: limit.map(|limit| (limit, "limit".to_owned())),
            log,
            unit: Unit::Seconds,
            ..Quantiles::default()
        };
        prop_assert!(!quantiles.sentence().contains("NaN"));
        for chart in [
            roofline.chart(),
            quantiles.chart(),
            Quantiles { view: View::Quantile, ..quantiles }.chart(),
        ] {
            let scene = Scene::new(&chart, size, &LIGHT, &TableMeasure);
            prop_assert_eq!(outside(&scene.drawing), None);
            prop_assert!(!describe::sentence(&chart).contains("NaN"));
        }
    }
}
