//! A roofline: how many operations per byte each piece of work does, against how many operations per second it gets.
//!
//! Each chip's roof rises with the memory bandwidth up to its ridge and is flat from there at the peak of a precision.
//! Work below the slope waits for memory, work below the flat for arithmetic; the distance to the roof is lost. The
//! picture is a [`Chart`] of curves and points, so pointer, keyboard, words and tables are those of any chart.

use super::model::{Axis, Chart, Dash, Domain, Marker, Paint, Sample, Series};
use crate::units::format::{Precision, Unit};

/// How far the axes run beyond the outermost ridge or operation.
const BEYOND: f64 = 4.0;

/// Chips with their roofs, and the work on them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roofline {
    /// What the chart shows, in a few words.
    pub title: String,
    /// The roofs.
    pub roofs: Vec<Roof>,
    /// The work.
    pub ops: Vec<Op>,
}

/// The roof of one chip at one precision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roof {
    /// What people read: `H200 FP8`.
    pub label: String,
    /// Its colour.
    pub paint: Paint,
    /// The peak arithmetic rate, in FLOP/s.
    pub peak: f64,
    /// The memory bandwidth, in bytes per second.
    pub bandwidth: f64,
}

impl Roof {
    /// The arithmetic intensity at which memory and arithmetic take equally long, in FLOP per byte.
    #[must_use]
    fn ridge(&self) -> f64 {
        self.peak / self.bandwidth
    }

    /// The rate that this intensity can reach, in FLOP/s.
    #[must_use]
    pub fn reach(&self, intensity: f64) -> f64 {
        (self.bandwidth * intensity).min(self.peak)
    }

    fn sound(&self) -> bool {
        [self.peak, self.bandwidth, self.ridge()].into_iter().all(|value| value.is_finite() && value > 0.0)
    }
}

/// One piece of work on one chip.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Op {
    /// What people read: `attention`.
    pub label: String,
    /// Its colour.
    pub paint: Paint,
    /// Operations, in FLOP.
    pub flops: f64,
    /// Bytes to and from memory.
    pub bytes: f64,
    /// How long it takes, in seconds.
    pub seconds: f64,
    /// The index of the roof it works under, for the share of the roof it reaches.
    pub roof: usize,
    /// What it is drawn with: work of one group shares colour, symbol and legend. Without one it stands alone.
    pub group: Option<Group>,
}

/// Work that is drawn alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What people read: `Decode step, memory bandwidth`.
    pub label: String,
    /// The symbol of its points.
    pub marker: Marker,
}

impl Op {
    /// Arithmetic intensity in FLOP per byte, and rate in FLOP/s, if it has a place on the chart.
    fn place(&self) -> Option<(f64, f64)> {
        let place = (self.flops / self.bytes, self.flops / self.seconds);
        let positive = |value: f64| value.is_finite() && value > 0.0;
        (positive(place.0) && positive(place.1)).then_some(place)
    }
}

impl Roofline {
    /// The roofline as a chart of curves and points.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let places = || self.ops.iter().filter_map(Op::place);
        let ridges = || self.roofs.iter().filter(|roof| roof.sound()).map(Roof::ridge);
        let low = places().map(|place| place.0).chain(ridges()).fold(f64::INFINITY, f64::min) / BEYOND;
        let high = places().map(|place| place.0).chain(ridges()).fold(0.0, f64::max) * BEYOND;
        let slope_of = |index: usize| -> bool {
            // Roofs of one memory share its slope; the first of them draws it.
            let bandwidth = |roof: &Roof| roof.bandwidth.to_bits();
            let own = self.roofs.get(index).map(bandwidth);
            let shared = self.roofs.iter().filter(|roof| Some(bandwidth(roof)) == own && roof.sound());
            let highest = shared.map(|roof| roof.peak).fold(0.0, f64::max);
            self.roofs.get(index).is_some_and(|roof| roof.peak >= highest)
        };
        let roofs = self.roofs.iter().enumerate().filter(|(_, roof)| roof.sound()).map(|(index, roof)| {
            let ridge = Sample::new(roof.ridge(), roof.peak)
                .with_note(format!("ridge at {}", Unit::FlopsPerByte.format(roof.ridge())));
            let mut samples = vec![ridge, Sample::new(high, roof.peak)];
            if slope_of(index) {
                let note = format!("{} from memory", Unit::BytesPerSecond.format(roof.bandwidth));
                samples.insert(0, Sample::new(low, roof.reach(low)).with_note(note));
            }
            Series {
                dash: Dash::nth(index),
                ..Series::line(format!("roof-{index}"), roof.label.clone(), roof.paint, samples)
            }
        });
        let mut ops: Vec<Series> = Vec::new();
        for (index, op) in self.ops.iter().enumerate() {
            let sample = match op.place() {
                Some((intensity, rate)) => Sample::new(intensity, rate)
                    .with_label(op.label.clone())
                    .with_note(self.words(op, intensity)),
                None => Sample::gap(f64::NAN, format!("{}: no arithmetic", Unit::Seconds.format(op.seconds))),
            };
            let (label, marker) = match &op.group {
                Some(group) => (group.label.clone(), group.marker),
                None => (op.label.clone(), Marker::nth(index)),
            };
            match ops.iter_mut().find(|own| op.group.is_some() && own.label == label) {
                Some(own) => own.samples.push(sample),
                None => {
                    ops.push(Series::points(format!("op-{index}"), label, op.paint, marker, vec![sample]));
                }
            }
        }
        let mut x = Axis::log("Arithmetic intensity", Unit::FlopsPerByte);
        if low < high {
            x = x.with_domain(Domain::Fixed(low, high));
        }
        Chart {
            title: self.title.clone(),
            x,
            y: Axis::log("Arithmetic rate", Unit::FlopsPerSecond),
            series: roofs.chain(ops).collect(),
            ..Chart::default()
        }
    }

    /// `3.1 ms, 62 % of what memory allows`.
    #[must_use]
    pub fn words(&self, op: &Op, intensity: f64) -> String {
        let time = Unit::Seconds.format(op.seconds);
        let Some(roof) = self.roofs.get(op.roof).filter(|roof| roof.sound()) else { return time };
        let share = op.flops / op.seconds / roof.reach(intensity);
        let share = Unit::Percent.format_with(share, Precision::SHORT);
        let limit = if intensity < roof.ridge() { "memory" } else { "compute" };
        format!("{time}, {share} of what {limit} allows")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roofline() -> Roofline {
        let roof = |label: &str, peak: f64| Roof {
            label: label.to_owned(),
            paint: Paint::Ink,
            peak,
            bandwidth: 4.0e12,
        };
        let op = |label: &str, flops: f64, bytes: f64, seconds: f64| Op {
            label: label.to_owned(),
            paint: Paint::Series(0),
            flops,
            bytes,
            seconds,
            roof: 1,
            group: None,
        };
        Roofline {
            title: "Roofline".to_owned(),
            roofs: vec![roof("BF16", 1.0e15), roof("FP8", 2.0e15)],
            // 100 GB at 4 TB/s take 25 ms at best; here they take 50 ms.
            ops: vec![op("decode", 2.0e11, 1.0e11, 0.05), op("all-reduce", 0.0, 1.0e9, 0.001)],
        }
    }

    #[test]
    fn the_ridge_is_where_memory_and_arithmetic_take_equally_long() {
        let roof = &roofline().roofs[1];
        assert!((roof.ridge() - 500.0).abs() < 1e-9);
        assert!((roof.reach(500.0) - 2.0e15).abs() < 1.0);
        assert!((roof.reach(1.0) - 4.0e12).abs() < 1.0);
        assert!((roof.reach(1e6) - 2.0e15).abs() < 1.0);
    }

    #[test]
    fn an_op_says_how_much_of_its_roof_it_reaches() {
        let chart = roofline().chart();
        let op = chart.series.iter().find(|series| series.id == "op-0").unwrap();
        let note = op.samples[0].note.clone().unwrap().replace('\u{a0}', " ");
        assert_eq!(note, "50 ms, 50 % of what memory allows");
        assert!((op.samples[0].x - 2.0).abs() < 1e-12);
        assert!((op.samples[0].y.unwrap() - 4.0e12).abs() < 1.0);
    }

    #[test]
    fn one_slope_serves_the_roofs_of_one_memory() {
        let chart = roofline().chart();
        let corners = |id: &str| chart.series.iter().find(|series| series.id == id).unwrap().samples.len();
        assert_eq!((corners("roof-0"), corners("roof-1")), (2, 3));
    }

    #[test]
    fn work_of_one_group_is_one_series() {
        let mut roofline = roofline();
        let group = Group { label: "Decode step, memory".to_owned(), marker: Marker::Disc };
        roofline.ops.push(Op { label: "experts".to_owned(), ..roofline.ops[0].clone() });
        roofline.ops.iter_mut().for_each(|op| op.group = Some(group.clone()));
        let chart = roofline.chart();
        let own: Vec<_> = chart.series.iter().filter(|series| series.label == group.label).collect();
        assert_eq!(own.len(), 1);
        let labels: Vec<_> = own[0].samples.iter().map(|sample| sample.label.as_deref()).collect();
        assert_eq!(labels, [Some("decode"), None, Some("experts")]);
        assert_eq!(own[0].marker, Some(Marker::Disc));
    }

    #[test]
    fn work_without_arithmetic_has_no_place_but_a_word() {
        let chart = roofline().chart();
        let op = chart.series.iter().find(|series| series.id == "op-1").unwrap();
        assert_eq!(op.samples[0].y, None);
        assert!(op.samples[0].note.as_ref().unwrap().contains("no arithmetic"));
        assert!(Roofline::default().chart().series.is_empty());
    }
}
