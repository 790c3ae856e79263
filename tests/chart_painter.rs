//! The painter against a backend that writes down what it is told: nothing leaves the canvas, whatever the chart, the
//! size and the pixel ratio; and nothing ever asks for the size of a text.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use plotters::drawing::IntoDrawingArea;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};
use proptest::prelude::*;
use tandem::chart::bars::BarScene;
use tandem::chart::geometry::{Point, Size};
use tandem::chart::hit::{Cursor, HitMode, Step};
use tandem::chart::layout::{Options, Scene};
use tandem::chart::mark::Drawing;
use tandem::chart::model::{
    Along, Axis, Bar, BarScale, Bars, Chart, Dash, Domain, Emphasis, Join, Marker, Paint, Rule, Sample,
    ScaleKind, Segment, Series, Wall,
};
use tandem::chart::paint::{Measured, Pixels, paint};
use tandem::chart::text::{TableMeasure, TextMeasure};
use tandem::chart::theme::{DARK, LIGHT};
use tandem::chart::{describe, svg};
use tandem::units::format::Unit;

/// The box everything drawn fits in, and how much was drawn.
#[derive(Default)]
struct Record {
    boxes: Vec<(&'static str, f64, f64, f64, f64)>,
    asked_for_text_size: bool,
}

struct Recorder {
    size: (u32, u32),
    record: Rc<RefCell<Record>>,
}

type Outcome = Result<(), DrawingErrorKind<Infallible>>;

impl Recorder {
    fn note(&self, what: &'static str, points: impl IntoIterator<Item = BackendCoord>, grow: f64) -> Outcome {
        let mut edges = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
        for (x, y) in points {
            let (x, y) = (f64::from(x), f64::from(y));
            edges = (edges.0.min(x), edges.1.min(y), edges.2.max(x), edges.3.max(y));
        }
        let (left, top, right, bottom) = edges;
        self.record.borrow_mut().boxes.push((what, left - grow, top - grow, right + grow, bottom + grow));
        Ok(())
    }
}

impl DrawingBackend for Recorder {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }

    fn present(&mut self) -> Outcome {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, _: BackendColor) -> Outcome {
        self.note("pixel", [point], 0.0)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        self.note("line", [from, to], f64::from(style.stroke_width()) / 2.0)
    }

    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, _: &S, _: bool) -> Outcome {
        self.note("rect", [a, b], 0.0)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Outcome {
        self.note("path", path, f64::from(style.stroke_width()) / 2.0)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        _: &S,
    ) -> Outcome {
        self.note("polygon", path, 0.0)
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, _: &S, _: bool) -> Outcome {
        self.note("circle", [at], f64::from(radius))
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, pos: BackendCoord) -> Outcome {
        assert!(!text.is_empty(), "an empty text is drawn");
        let size = style.size();
        let width = TableMeasure.width(text, size);
        let left = match style.anchor().h_pos {
            HPos::Left => f64::from(pos.0),
            HPos::Center => f64::from(pos.0) - width / 2.0,
            HPos::Right => f64::from(pos.0) - width,
        };
        let (top, bottom) = (f64::from(pos.1) - size * 0.5, f64::from(pos.1) + size * 0.5);
        self.record.borrow_mut().boxes.push(("text", left, top, left + width, bottom));
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        _: &str,
        _: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        self.record.borrow_mut().asked_for_text_size = true;
        Ok((0, 0))
    }
}

/// Paints and gives the first shape that leaves the canvas, if one does.
fn outside(drawing: &Drawing, pixels: Pixels) -> Option<String> {
    let record = Rc::new(RefCell::new(Record::default()));
    let fine = |length: u32| (f64::from(length) / pixels.shrink()).round();
    let (width, height) = pixels.device(drawing.size);
    let size = (fine(width), fine(height));
    let recorder = Recorder { size: (size.0 as u32, size.1 as u32), record: Rc::clone(&record) };
    let root = Measured::new(recorder, TableMeasure).into_drawing_area();
    assert!(paint(drawing, pixels, &root).is_ok());
    let record = record.borrow();
    assert!(!record.asked_for_text_size);
    assert!(!record.boxes.is_empty(), "the ground at least is painted");
    // One CSS pixel of grace for rounding.
    let slack = size.0 / drawing.size.width;
    record
        .boxes
        .iter()
        .find(|(_, left, top, right, bottom)| {
            *left < -slack || *top < -slack || *right > size.0 + slack || *bottom > size.1 + slack
        })
        .map(|shape| format!("{shape:?} outside {size:?}"))
}

fn scales() -> impl Strategy<Value = ScaleKind> {
    prop::sample::select(&[ScaleKind::Linear, ScaleKind::Log, ScaleKind::Binary])
}

/// Mostly ordinary numbers, now and then monsters.
fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![6 => 1e-3..1e5_f64, 1 => any::<f64>(), 1 => Just(0.0), 1 => Just(5.0)]
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let sample =
        (numbers(), numbers(), prop::option::of((numbers(), numbers())), "[ -MO-~µ×]{0,12}", 0..8_u8);
    prop::collection::vec(
        sample.prop_map(|(x, y, band, label, kind)| {
            let sample = if kind == 0 { Sample::gap(x, label.clone()) } else { Sample::new(x, y) };
            let sample = if kind < 3 { sample.with_label(label) } else { sample };
            match band {
                Some((low, high)) => sample.with_band(low, high),
                None => sample,
            }
        }),
        0..12,
    )
}

fn series() -> impl Strategy<Value = Series> {
    (samples(), "[ -MO-~µ×]{0,40}", 0..9_usize, 0..4_u8, 0..3_u8, any::<bool>(), any::<bool>()).prop_map(
        |(samples, label, index, join, emphasis, visible, end_label)| Series {
            join: [Join::Straight, Join::StepAfter, Join::StepBefore, Join::None][usize::from(join)],
            emphasis: [Emphasis::Dim, Emphasis::Normal, Emphasis::Strong][usize::from(emphasis)],
            visible,
            end_label,
            marker: (index > 0).then(|| Marker::nth(index)),
            dash: Dash::nth(index + 1),
            ..Series::nth(index, "id", label, samples)
        },
    )
}

fn axes() -> impl Strategy<Value = Axis> {
    let domain = prop_oneof![
        Just(Domain::Auto),
        Just(Domain::FromZero),
        Just(Domain::Tight),
        (numbers(), numbers()).prop_map(|(a, b)| Domain::Fixed(a, b)),
    ];
    let unit =
        prop::sample::select(&[Unit::Seconds, Unit::Tokens, Unit::Dollars, Unit::Percent, Unit::Bytes]);
    ("[ -MO-~]{0,60}", unit, scales(), domain).prop_map(|(label, unit, scale, domain)| Axis {
        label,
        unit,
        scale,
        domain,
        better: None,
    })
}

fn charts() -> impl Strategy<Value = Chart> {
    let rule =
        (any::<bool>(), numbers(), "[ -MO-~≤]{0,40}", any::<bool>()).prop_map(|(x, value, label, fit)| {
            Rule { axis: if x { Along::X } else { Along::Y }, value, label, paint: Paint::Ink, fit }
        });
    let wall = (any::<bool>(), numbers(), "[ -MO-~≤]{0,40}", any::<bool>())
        .prop_map(|(above, x, label, hatched)| Wall { x, above, label, paint: Paint::Ink, hatched });
    let across = (prop::collection::vec(rule, 0..3), prop::collection::vec(wall, 0..3));
    let series = prop::collection::vec(series(), 0..7);
    ("[ -MO-~]{0,80}", axes(), axes(), series, across)
        .prop_map(|(title, x, y, series, (rules, walls))| Chart { title, x, y, series, rules, walls })
}

fn sizes() -> impl Strategy<Value = Size> {
    (1.0..1400.0_f64, 1.0..900.0_f64).prop_map(|(width, height)| Size::new(width, height))
}

fn pixels() -> impl Strategy<Value = Pixels> {
    (prop::sample::select(&[1.0, 1.25, 1.5, 2.0, 2.625, 3.0]), 1..5_u8)
        .prop_map(|(ratio, subpixels)| Pixels::fine(ratio, subpixels))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_leaves_the_canvas(chart in charts(), size in sizes(), pixels in pixels(), alone in any::<bool>()) {
        let options = if alone { Options::STANDALONE } else { Options::PAGE };
        let scene = Scene::with_options(&chart, size, &LIGHT, &TableMeasure, options);
        prop_assert_eq!(outside(&scene.drawing, pixels), None);
    }

    #[test]
    fn bars_stay_on_the_canvas_too(
        values in prop::collection::vec(prop::collection::vec(numbers(), 0..6), 0..5),
        size in sizes(), pixels in pixels(), own in any::<bool>(), limit in prop::option::of(numbers()),
    ) {
        let bars = Bars {
            title: "Where each millisecond goes".to_owned(),
            unit: Unit::Seconds,
            bars: values
                .iter()
                .map(|values| Bar {
                    label: "TTFT and more".to_owned(),
                    segments: values
                        .iter()
                        .enumerate()
                        .map(|(index, value)| Segment::new(format!("{index}"), "part", *value, Paint::Series(index)))
                        .collect(),
                    limit: limit.map(|value| (value, "limit".to_owned())),
                })
                .collect(),
            scale: if own { BarScale::Own } else { BarScale::Shared },
        };
        for options in [Options::PAGE, Options::STANDALONE] {
            let scene = BarScene::with_options(&bars, size, &DARK, &TableMeasure, options);
            prop_assert_eq!(outside(&scene.drawing, pixels), None);
        }
        prop_assert!(!describe::bars_sentence(&bars).contains("NaN"));
        let _ = describe::bars_table(&bars).csv();
    }

    #[test]
    fn pointer_keys_and_words_survive_any_chart(
        chart in charts(), size in sizes(), x in numbers(), y in numbers(), steps in prop::collection::vec(0..6_u8, 0..12),
    ) {
        let scene = Scene::new(&chart, size, &DARK, &TableMeasure);
        for mode in [HitMode::X, HitMode::Xy] {
            if let Some(hit) = scene.nearest(Point::new(x, y), mode) {
                let readout = scene.readout(hit.cursor, mode);
                prop_assert!(readout.is_some_and(|readout| readout.rows.iter().any(|row| row.focus)));
                prop_assert!(describe::spoken(&scene, hit.cursor, mode).is_some_and(|text| !text.contains("NaN")));
            }
        }
        let mut cursor: Option<Cursor> = None;
        for step in steps {
            let moves = [Step::Previous, Step::Next, Step::First, Step::Last, Step::SeriesBefore, Step::SeriesAfter];
            cursor = scene.step(cursor, moves[usize::from(step)]);
        }
        if let Some(zoom) = scene.drag(Point::new(x, y), Point::new(y, x)) {
            let mut zoomed = chart.clone();
            zoom.apply(&mut zoomed);
            let _ = Scene::new(&zoomed, size, &DARK, &TableMeasure);
        }
        let _ = scene.readout_at(x);
        prop_assert!(!describe::sentence(&chart).contains("NaN"));
        for table in describe::tables(&chart) {
            prop_assert!(table.rows.iter().all(|row| row.len() == table.headers.len()));
            let _ = table.csv();
        }
        let picture = svg::svg(&scene.drawing, &chart.title, "");
        prop_assert!(!picture.contains("NaN") && picture.trim_end().ends_with("</svg>"));
    }
}
