//! Fits the constants of Tandem on measured kernels and served points: `cargo xtask calibrate DIR`.
//!
//! | file | thought |
//! |---|---|
//! | `fit` | robust least squares under bounds |
//! | `newton` | the same under priors, for many unknowns of which each residual hangs on few |
//! | `table` | tables in, files of constants out |
//! | `kernels`, `collectives`, `exchanges` | laws of single kernels, collectives and expert exchanges, from `DIR/ops/` |
//! | `errors` | how far off sizes are that a fit did not see |
//! | `served` | served points as scenarios, from `DIR/serving.csv` and `DIR/independent.csv` |
//! | `engines` | what engines add, fitted on served points |
//! | `residuals` | how far off points are that a fit did not see |
//! | `measurements` | the rows as they are committed |
//! | `bands` | 80 % intervals as a function of the distance from what was measured, from those residuals |
//!
//! A run for each stage: the library has its constants built in, so that engines are fitted by a program that was built
//! after the kernels were written. No network, no clock, no random numbers: equal input gives equal bytes.

mod bands;
mod collectives;
mod engines;
mod errors;
mod exchanges;
mod fit;
mod kernels;
mod measurements;
mod newton;
mod residuals;
mod served;
mod table;

use std::path::Path;

use anyhow::{Result, bail};

use bands::How;
use engines::Fit;
use served::{Point, Speed};

/// Rounds of the fit proper, and of fits that leave points out and start from it.
const ROUNDS: (usize, usize) = (12, 2);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, stage] = arguments.as_slice() else {
        bail!("usage: calibrate DIR kernels|collectives|engines|measured|try")
    };
    let data = Path::new(data);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match stage.as_str() {
        "kernels" => kernels::calibrate(&data.join("ops"), &root.join("data/constants/kernels.csv")),
        "collectives" => exchange(data, &root.join("data/constants")),
        "engines" => serve(data, Some(&root)),
        "measured" => bands::measured(&root, &served::read(data)?),
        "try" => serve(data, None),
        other => bail!("no stage is called {other}"),
    }
}

/// Collectives, and expert exchanges.
fn exchange(data: &Path, constants: &Path) -> Result<()> {
    collectives::calibrate(&data.join("ops"), &constants.join("collectives.csv"))?;
    exchanges::calibrate(&data.join("ops"), &constants.join("exchanges.csv"))
}

/// What kind of point it is, for a table of errors.
fn kind(point: &Point) -> String {
    if point.is_suspect() {
        return "left out as mis-described".to_owned();
    }
    let split = if point.is_split() { "split" } else { "colocated" };
    if point.independent {
        format!("independent {}", point.line.text("flag"))
    } else {
        format!("InferenceX and NVIDIA {split}")
    }
}

/// Engines, then the bands that points left out of the fit earn; files only where a root is given.
fn serve(data: &Path, root: Option<&Path>) -> Result<()> {
    let points = served::read(data)?;
    let predict = |fit: &Fit| -> Vec<Option<Speed>> {
        let tables = fit.tables();
        points.iter().map(|point| point.predict(&tables)).collect()
    };
    let all = engines::fit(&points, |_| true, &Fit::start(), ROUNDS.0);
    engines::tell(&all);
    println!("{} factors told, at their priors: {}", all.count(), all.untold().join(" "));
    let engine = |point: &Point| format!("{} {}", kind(point), point.scenario.engine.id());
    let source = |point: &Point| format!("{} {}", point.source(), point.line.text("flag"));
    let chip = |point: &Point| {
        format!("{} {}", if point.independent { "independent" } else { "served" }, point.chip)
    };
    let cell = |point: &Point| {
        format!("{} {} {} {}", kind(point), point.scenario.engine.id(), point.scenario.model, point.chip)
    };
    let own = predict(&all);
    residuals::print("in sample", &points, &own, &[kind, engine, source, chip, cell]);
    let Some(root) = root else { return Ok(()) };
    let mut left_out = Vec::new();
    for (title, how, folds) in [
        ("series left out", How::Series, 4),
        ("models on chips left out", How::Cells, 6),
        ("chips left out", How::Chips, usize::MAX),
        ("sources left out", How::Sources, usize::MAX),
    ] {
        let own = engines::left_out(&points, |point| how.group(point), folds, &all, ROUNDS.1);
        residuals::print(title, &points, &own, &[kind, engine, source, chip]);
        left_out.push((how, own));
    }
    write_engines(root, &points, &all, &own, &left_out)?;
    measurements::write(&root.join("data/measurements/served.csv"), &points)?;
    measurements::write_yardsticks(&root.join("data/measurements/yardsticks.csv"), &points, &own)?;
    bands::calibrate(root, &points, &left_out)
}

/// Writes the engines, with what the fit is worth.
fn write_engines(
    root: &Path,
    points: &[Point],
    fit: &Fit,
    seen: &[Option<Speed>],
    left_out: &[(How, Vec<Option<Speed>>)],
) -> Result<()> {
    let file = root.join("data/constants/engines.csv");
    let (header, lines) = engines::file(fit, &table::read(&file)?)?;
    let mut stamp = format!(
        "on {} served points: {} factors that they tell, the others at their priors. At its prior in all engines: {}. Errors in \
         percent (median/p90) follow",
        points.len(),
        fit.count(),
        fit.untold().join(" ")
    );
    let all = std::iter::once(("in sample", seen))
        .chain(left_out.iter().map(|(how, own)| (how.name(), own.as_slice())));
    for (name, own) in all {
        let of = |independent: bool| {
            residuals::told(points, own, |point| {
                point.independent == independent && (!independent || point.line.text("flag") == "ok")
            })
        };
        stamp +=
            &format!("\n# Held out, {name}: InferenceX and NVIDIA {}; other sources {}", of(false), of(true));
    }
    table::write(&file, &stamp, &header, &lines)
}
