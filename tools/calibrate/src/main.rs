//! Fits the constants of Tandem on measured kernels and served points: `cargo xtask calibrate DIR`.
//!
//! | file | thought |
//! |---|---|
//! | `fit` | robust least squares under bounds |
//! | `table` | tables in, files of constants out |
//! | `kernels`, `collectives`, `exchanges` | laws of single kernels, collectives and expert exchanges, from `DIR/ops/` |
//! | `errors` | how far off sizes are that a fit did not see |
//! | `served` | served points as scenarios, from `DIR/serving.csv` |
//! | `engines` | what engines add, fitted on served points |
//! | `residuals` | how far off points are that a fit did not see |
//! | `bands` | 80 % intervals per evidence class, from those residuals |
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
mod residuals;
mod served;
mod table;

use std::path::Path;

use anyhow::{Result, bail};

/// Solver's tolerance of the fit proper, and of fits that leave points out and start from it.
const FINE: f64 = 3e-5;
const COARSE: f64 = 4e-4;
/// Chosen by leaving out series and cells.
const STRENGTH: engines::Strength = engines::Strength { prior: 0.04, tie: 0.08 };

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, stage] = arguments.as_slice() else {
        bail!("usage: calibrate DIR kernels|collectives|engines")
    };
    let data = Path::new(data);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match stage.as_str() {
        "kernels" => kernels::calibrate(&data.join("ops"), &root.join("data/constants/kernels.csv")),
        "collectives" => exchange(data, &root.join("data/constants")),
        "engines" => serve(data, &root),
        other => bail!("no stage is called {other}"),
    }
}

/// Collectives, and expert exchanges.
fn exchange(data: &Path, constants: &Path) -> Result<()> {
    collectives::calibrate(&data.join("ops"), &constants.join("collectives.csv"))?;
    exchanges::calibrate(&data.join("ops"), &constants.join("exchanges.csv"))
}

/// Engines, then the bands that points left out of the fit earn.
fn serve(data: &Path, root: &Path) -> Result<()> {
    let points = served::read(&data.join("serving.csv"))?;
    let rows = engines::fit(&points, |_| true, STRENGTH, None, FINE);
    let tables = engines::tables(&rows);
    let all: Vec<_> = points.iter().map(|point| point.predict(&tables)).collect();
    residuals::print("in sample", &points, &all, false);
    let left_out = |title: &str, group: fn(&served::Point) -> String, folds: usize, cells: bool| {
        let own = engines::left_out(&points, group, folds, STRENGTH, &rows, COARSE);
        residuals::print(title, &points, &own, cells);
        let [ttft, tpot, throughput] = bands::coverage(&points, &own).map(|share| share * 100.0);
        println!(
            "bands of the other half cover TTFT {ttft:.1} %, TPOT {tpot:.1} %, throughput {throughput:.1} %\n"
        );
        own
    };
    let series = left_out("series left out", served::Point::series, 4, true);
    let cells = left_out("cells left out", served::Point::cell, 6, false);
    let chips = left_out("chips left out", |point| point.chip.clone(), 8, false);
    let (header, lines) = engines::file(&rows)?;
    let stamp = format!("on {} served points, {} constants", points.len(), engines::count());
    table::write(&root.join("data/constants/engines.csv"), &stamp, &header, &lines)?;
    bands::write(&root.join("data/constants/bands.csv"), &points, [&series, &cells, &chips])?;
    bands::write_served(&root.join("data/constants/served.csv"), &points)
}
