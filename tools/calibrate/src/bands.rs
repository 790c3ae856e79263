//! 80 % intervals as a function of the distance from what was measured, conformal: the 10th and 90th percentile of measured
//! over predicted, as logarithms over the widening of the distance, on points that the fit behind the prediction did not see.
//!
//! What is left out matches what a class lacks: series (other loads and shapes of the same deployment stay) for points
//! measured nearby, all points of a model on a chip and all of a source for the same chip, all points of a chip and all of
//! a source for what is farther away. The groups that a point is held against are those that its fit saw. Makers' claims
//! have no measured points; they widen the band before by a stated power.
//!
//! Weights of a source add up to the root of its rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use tandem::catalog::columns::Slopes;
use tandem::evidence::distance::{Group, Kind, PARTS, Parts, Place, widening};
use tandem::evidence::{EvidenceClass, class_among};
use tandem::machine::constants;
use tandem::serve::serve;

use crate::served::{Point, Speed};
use crate::table::{self, short};

/// Power of the band before for makers' claims: an assumption.
const CLAIMED: f64 = 1.4;
/// Fewest rows that make a band of their own.
const ENOUGH: usize = 30;
/// Values that a slope may take: distances that points do not tell apart widen a little all the same.
const GRID: [f64; 7] = [0.03, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0];
/// Slopes that nothing measured tells: assumptions, in the order of their columns.
const ASSUMED: [(Slopes, f64); 2] = [(Slopes::beyond, 0.3), (Slopes::changed, 0.3)];

/// How points were left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// By series.
    Series,
    /// By model and chip.
    Cells,
    /// By chip.
    Chips,
    /// By source.
    Sources,
}

impl How {
    /// What stays together.
    pub fn group(self, point: &Point) -> String {
        match self {
            Self::Series => point.series(),
            Self::Cells => point.cell(),
            Self::Chips => point.chip.clone(),
            Self::Sources => point.source().to_owned(),
        }
    }

    /// Name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::Cells => "models on chips",
            Self::Chips => "chips",
            Self::Sources => "sources",
        }
    }

    /// Whether it says what a class is worth.
    fn tells(self, class: EvidenceClass) -> bool {
        match class {
            EvidenceClass::MeasuredNearby => matches!(self, Self::Series | Self::Sources),
            EvidenceClass::SameChip => matches!(self, Self::Cells | Self::Sources),
            _ => matches!(self, Self::Chips | Self::Sources),
        }
    }
}

/// A prediction of a point that its fit did not see.
struct Entry {
    point: usize,
    how: How,
    class: EvidenceClass,
    split: bool,
    parts: Parts,
    /// Logarithms of measured over predicted: TTFT, TPOT, throughput.
    off: [Option<f64>; 3],
    weight: f64,
}

/// Low and high end of a band, as logarithms: TTFT, TPOT, throughput.
type Band = [(f64, f64); 3];

/// Writes bands, slopes and what was measured, and tells how many points lie within.
pub fn calibrate(root: &Path, points: &[Point], left_out: &[(How, Vec<Option<Speed>>)]) -> Result<()> {
    let places = places(points);
    let mut slopes = [0.3; PARTS];
    let mut entries = Vec::new();
    // Which group is nearest hangs on the slopes.
    for _ in 0..2 {
        entries = left_out
            .iter()
            .flat_map(|(how, predictions)| entries_of(points, &places, *how, predictions, &slopes))
            .collect();
        slopes = fitted(&entries);
    }
    let bands = bands(&entries, &slopes);
    tell(points, &entries, &bands, &slopes);
    let folder = root.join("data/constants");
    write_bands(&folder.join("bands.csv"), &bands, points.len())?;
    let line = format!("band,{}", slopes.map(short).join(","));
    let header = format!("of,{}", Slopes::NAMES.join(","));
    table::write(
        &folder.join("distance.csv"),
        &format!("on {} served points", points.len()),
        &header,
        &[line],
    )?;
    write_served(&folder, points, &places)?;
    write_left_out(&root.join("data/measurements/left_out.csv"), points, left_out, &entries, &bands, &slopes)
}

/// What ran on a chip, as the first columns of `served.csv`.
fn cells(chip: &str, kind: &Kind) -> String {
    let split = if kind.split { "yes" } else { "no" };
    let parts = [
        chip,
        &kind.model,
        kind.engine.id(),
        kind.format.id(),
        kind.weights.id(),
        kind.kv.id(),
        kind.profile.id(),
        split,
    ];
    parts.join(",")
}

/// Groups of the points that are not left out with a name.
fn groups(points: &[Point], places: &[Option<Place>], seen: impl Fn(&Point) -> bool) -> Vec<(Group, usize)> {
    let mut groups: BTreeMap<String, (Group, usize)> = BTreeMap::new();
    for (point, place) in points.iter().zip(places) {
        let (Some(place), false, true) = (place, point.is_suspect(), seen(point)) else { continue };
        if !point.has_engine() {
            continue;
        }
        let chips: BTreeSet<String> =
            point.scenario.split.pools().into_iter().map(|(_, pool)| pool.chip.clone()).collect();
        for chip in chips {
            let kind = &place.kind;
            let key = cells(&chip, kind);
            let range = place.at.map(|own| (own, own));
            let scatter = (place.scatter, place.scatter);
            let (group, count) =
                groups.entry(key).or_insert(((Group { chip, kind: kind.clone(), range, scatter }), 0));
            let ends = group.range.iter_mut().zip(place.at).chain([(&mut group.scatter, place.scatter)]);
            for ((low, high), own) in ends {
                (*low, *high) = (low.min(own), high.max(own));
            }
            *count += 1;
        }
    }
    groups.into_values().collect()
}

fn entries_of(
    points: &[Point],
    places: &[Option<Place>],
    how: How,
    predictions: &[Option<Speed>],
    slopes: &Parts,
) -> Vec<Entry> {
    let names: Vec<String> = points.iter().map(|point| how.group(point)).collect();
    let mut seen_by: BTreeMap<&str, Vec<Group>> = BTreeMap::new();
    for name in &names {
        seen_by.entry(name).or_insert_with(|| {
            let seen = |point: &Point| how.group(point) != *name;
            groups(points, places, seen).into_iter().map(|own| own.0).collect()
        });
    }
    let mut rows: BTreeMap<&str, f64> = BTreeMap::new();
    for point in points.iter().filter(|point| !point.is_suspect()) {
        *rows.entry(point.source()).or_default() += 1.0;
    }
    let mut entries = Vec::new();
    for (at, ((point, place), speed)) in points.iter().zip(places).zip(predictions).enumerate() {
        let (Some(place), Some(speed), Some(name)) = (place, speed, names.get(at)) else { continue };
        if point.is_suspect() || !point.has_engine() {
            continue;
        }
        let groups = seen_by.get(name.as_str()).map(Vec::as_slice).unwrap_or_default();
        // As weak as the weakest of its pools.
        let known = point
            .scenario
            .split
            .pools()
            .into_iter()
            .map(|(_, pool)| class_among(place, &pool.chip, groups, slopes));
        let Some((class, parts, _)) = known
            .max_by(|a, b| a.0.cmp(&b.0).then(widening(&a.1, slopes).total_cmp(&widening(&b.1, slopes))))
        else {
            continue;
        };
        let off = |measured: Option<f64>, predicted: f64| Some((measured? / predicted).ln());
        let flag = if point.independent && point.line.text("flag") == "doubt" { 0.3 } else { 1.0 };
        entries.push(Entry {
            point: at,
            how,
            class,
            split: place.kind.split,
            parts,
            off: [
                off(point.measured.ttft, speed.ttft),
                off(point.measured.tpot, speed.tpot),
                off(point.measured.throughput, point.throughput(*speed)),
            ],
            weight: flag / rows.get(point.source()).copied().unwrap_or(1.0).sqrt(),
        });
    }
    entries
}

/// The slopes under which errors over their widening are most alike: the likelihood of Laplace's law with a width for each
/// class and figure.
fn fitted(entries: &[Entry]) -> Parts {
    let likelihood = |slopes: &Parts| -> f64 {
        let mut sums: BTreeMap<(EvidenceClass, usize), (f64, f64, f64)> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.how.tells(entry.class)) {
            let wide = widening(&entry.parts, slopes);
            for (figure, off) in entry.off.iter().enumerate() {
                let Some(off) = off else { continue };
                let (weight, sizes, logs) = sums.entry((entry.class, figure)).or_default();
                *weight += entry.weight;
                *sizes += entry.weight * off.abs().min(1.5) / wide;
                *logs += entry.weight * wide.ln();
            }
        }
        sums.values().map(|(weight, sizes, logs)| weight * (sizes / weight).ln() + logs).sum()
    };
    let mut slopes = [0.1; PARTS];
    for (slope, value) in ASSUMED {
        if let Some(own) = slopes.get_mut(slope as usize) {
            *own = value;
        }
    }
    for _ in 0..3 {
        for place in 0..PARTS {
            if ASSUMED.iter().any(|(slope, _)| *slope as usize == place) {
                continue;
            }
            let tried = GRID.map(|value| {
                let mut own = slopes;
                own[place] = value;
                (likelihood(&own), own)
            });
            if let Some((_, best)) = tried.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)) {
                slopes = best;
            }
        }
    }
    slopes
}

/// The value below which a share of the weight lies.
fn weighted(values: &[(f64, f64)], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: f64 = sorted.iter().map(|own| own.1).sum();
    let mut below = 0.0;
    for (value, weight) in &sorted {
        below += weight;
        if below >= share * all {
            return *value;
        }
    }
    sorted.last().map_or(0.0, |own| own.0)
}

const CLASSES: [EvidenceClass; 5] = [
    EvidenceClass::MeasuredNearby,
    EvidenceClass::SameChip,
    EvidenceClass::SameFamily,
    EvidenceClass::DatasheetOnly,
    EvidenceClass::VendorClaim,
];

/// Of one pool and of two, for each class the band at no distance, and whether points made it.
type Bands = [Vec<(Band, bool)>; 2];

fn bands(entries: &[Entry], slopes: &Parts) -> Bands {
    let of = |split: bool, less: &[(Band, bool)]| {
        let mut widest: Band = [(0.0, 0.0); 3];
        let mut bands = Vec::new();
        for (place, class) in CLASSES.into_iter().enumerate() {
            let chosen: Vec<&Entry> = entries
                .iter()
                .filter(|own| own.class == class && own.split == split && own.how.tells(class))
                .collect();
            let measured = chosen.len() >= ENOUGH;
            let mut own: Band = [(0.0, 0.0); 3];
            for (figure, ends) in own.iter_mut().enumerate() {
                let values: Vec<(f64, f64)> = chosen
                    .iter()
                    .filter_map(|entry| {
                        Some(((*entry.off.get(figure)?)? / widening(&entry.parts, slopes), entry.weight))
                    })
                    .collect();
                if measured {
                    *ends = (weighted(&values, 0.1).min(0.0), weighted(&values, 0.9).max(0.0));
                }
            }
            // Less evidence never makes a band narrower, and two pools that must match are never known better than one.
            for (figure, wide) in widest.iter_mut().enumerate() {
                let (low, high) = own.get(figure).copied().unwrap_or_default();
                *wide = (wide.0.min(low), wide.1.max(high));
                if class == EvidenceClass::VendorClaim {
                    *wide = (wide.0 * CLAIMED, wide.1 * CLAIMED);
                }
                if let (false, Some((band, _))) = (measured, less.get(place)) {
                    let (low, high) = band.get(figure).copied().unwrap_or_default();
                    *wide = (wide.0.min(low), wide.1.max(high));
                }
            }
            bands.push((widest, measured));
        }
        bands
    };
    let alone = of(false, &[]);
    let pair = of(true, &alone);
    [alone, pair]
}

/// The band of an entry.
fn band(entry: &Entry, bands: &Bands, slopes: &Parts) -> Band {
    let place = CLASSES.iter().position(|class| *class == entry.class).unwrap_or(0);
    let own = bands
        .get(usize::from(entry.split))
        .and_then(|own| own.get(place))
        .map_or([(0.0, 0.0); 3], |own| own.0);
    let wide = widening(&entry.parts, slopes);
    own.map(|(low, high)| (low * wide, high * wide))
}

/// Says how many points lie in their bands: by how they were left out, class, and kind of source.
fn tell(points: &[Point], entries: &[Entry], bands: &Bands, slopes: &Parts) {
    let mut counts: BTreeMap<String, [(f64, f64); 3]> = BTreeMap::new();
    for entry in entries {
        let Some(point) = points.get(entry.point) else { continue };
        let kind = if point.independent { point.line.text("flag") } else { "served" };
        let split = if entry.split { "pools" } else { "one" };
        for name in [
            format!("{:?} {} {split}", entry.how, entry.class.id()),
            format!("{:?} {} {kind}", entry.how, entry.class.id()),
            format!("{:?} all {kind}", entry.how),
        ] {
            let own = counts.entry(name).or_default();
            for ((count, off), (low, high)) in own.iter_mut().zip(entry.off).zip(band(entry, bands, slopes)) {
                if let Some(off) = off {
                    *count = (count.0 + f64::from(u8::from((low..=high).contains(&off))), count.1 + 1.0);
                }
            }
        }
    }
    println!("slopes {:?}: {}", Slopes::NAMES, slopes.map(short).join(" "));
    for (name, figures) in counts {
        let told =
            figures.map(|(inside, all)| format!("{:5.1} % of {all:4}", inside / f64::max(all, 1.0) * 100.0));
        println!("in band: {name:44} TTFT {} TPOT {} throughput {}", told[0], told[1], told[2]);
    }
}

fn write_bands(file: &Path, bands: &Bands, points: usize) -> Result<()> {
    let mut lines = Vec::new();
    for (split, own) in ["colocated", "prefill-decode"].into_iter().zip(bands) {
        for (class, (band, measured)) in CLASSES.into_iter().zip(own) {
            let numbers: Vec<String> = band
                .iter()
                .flat_map(|(low, high)| [round(low.exp(), false), round(high.exp(), true)])
                .collect();
            let basis = if *measured { "measured" } else { "widened" };
            lines.push(format!("{},{split},{},{basis}", class.id(), numbers.join(",")));
        }
    }
    let header = "class,split,ttft_low,ttft_high,tpot_low,tpot_high,throughput_low,throughput_high,basis";
    table::write(file, &format!("on {points} served points"), header, &lines)
}

/// Two digits behind the point, away from one.
fn round(factor: f64, up: bool) -> String {
    let hundred = factor * 100.0;
    short(if up { hundred.ceil() } else { hundred.floor() } / 100.0)
}

/// Writes what was measured alone, as where a group gains a column.
pub fn measured(root: &Path, points: &[Point]) -> Result<()> {
    write_served(&root.join("data/constants"), points, &places(points))
}

/// Where the points lie.
fn places(points: &[Point]) -> Vec<Option<Place>> {
    let place = |point: &Point| Place::new(&point.scenario, &serve(&point.scenario, constants()).ok()?);
    points.iter().map(place).collect()
}

/// Writes what ran where, by what command line, over which range, and how many points each has.
fn write_served(folder: &Path, points: &[Point], places: &[Option<Place>]) -> Result<()> {
    let line = |(group, count): (Group, usize)| {
        let range: Vec<String> =
            group.range.iter().flat_map(|(low, high)| [short(low.exp()), short(high.exp())]).collect();
        format!(
            "{},{count},{},{},{}",
            cells(&group.chip, &group.kind),
            range.join(","),
            short(group.scatter.0),
            short(group.scatter.1)
        )
    };
    let lines: Vec<String> = groups(points, places, |_| true).into_iter().map(line).collect();
    let header = "chip,model,engine,format,weights,kv,profile,split,points,isl_low,isl_high,osl_low,osl_high,users_low,users_high,ranks_low,ranks_high,scatter_low,scatter_high";
    let file = &folder.join("served.csv");
    table::write(file, &format!("on {} served points", points.len()), header, &lines)
}

/// Writes what is predicted of each point when its source is left out, with bands: the accuracy page leads with it.
fn write_left_out(
    file: &Path,
    points: &[Point],
    left_out: &[(How, Vec<Option<Speed>>)],
    entries: &[Entry],
    bands: &Bands,
    slopes: &Parts,
) -> Result<()> {
    let (_, predictions) =
        left_out.iter().find(|own| own.0 == How::Sources).context("no source was left out")?;
    let mut lines = Vec::new();
    for entry in entries.iter().filter(|entry| entry.how == How::Sources) {
        let (Some(point), Some(Some(speed))) = (points.get(entry.point), predictions.get(entry.point)) else {
            continue;
        };
        let values = [speed.ttft * 1e3, speed.tpot * 1e3, point.throughput(*speed)];
        let ends = band(entry, bands, slopes);
        let cells: Vec<String> = values
            .iter()
            .zip(ends)
            .flat_map(|(value, (low, high))| [*value, value * low.exp(), value * high.exp()])
            .map(short)
            .collect();
        lines.push(format!("{},{},{}", point.id, entry.class.id(), cells.join(",")));
    }
    let header =
        "id,class,ttft_ms,ttft_low,ttft_high,tpot_ms,tpot_low,tpot_high,tok_s_per_chip,tok_s_low,tok_s_high";
    table::write(file, &format!("on {} served points", points.len()), header, &lines)
}
