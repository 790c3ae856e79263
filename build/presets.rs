//! Presets and prices as constants of Rust, which the rooms of the catalogue include.

use std::fmt::Write as _;

use crate::catalog::schema::{
    AcceptanceFile, ApiEntry, AssumptionEntry, LengthsEntry, PricesFile, SessionEntry, SloEntry,
    WorkloadsFile,
};

/// Words for people, which a browser does without.
fn words(text: &str, browser: bool) -> String {
    if browser { String::new() } else { text.to_owned() }
}

/// The workloads, for `workload.rs`.
pub fn workloads(file: &WorkloadsFile, browser: bool) -> String {
    let lengths = |l: &LengthsEntry| {
        format!("Lengths {{ p50: Tokens::new({:?}), p95: Tokens::new({:?}) }}", l.p50, l.p95)
    };
    let slo = |slo: &Option<SloEntry>| {
        slo.as_ref().map_or_else(
            || "None".to_owned(),
            |slo| {
                format!(
                    "Some(Slo {{ ttft: Seconds::new({:?}), tpot: Seconds::millis({:?}) }})",
                    slo.ttft_s, slo.tpot_ms
                )
            },
        )
    };
    let session = |session: &Option<SessionEntry>| {
        session.as_ref().map_or_else(
            || "None".to_owned(),
            |s| {
                format!(
                    "Some(Session {{ turns: {}, first: Tokens::new({:?}), shared: Tokens::new({:?}), \
                     growth: Tokens::new({:?}), pause_p50: Seconds::new({:?}), pause_p95: Seconds::new({:?}) }})",
                    s.turns, s.first_tokens, s.shared_tokens, s.growth_tokens, s.pause_s.p50, s.pause_s.p95
                )
            },
        )
    };
    let mut code = format!("static WORKLOADS: [Workload; {}] = [\n", file.workload.len());
    for w in &file.workload {
        let arrivals =
            w.arrival_cv.map_or_else(|| "ClosedLoop".to_owned(), |cv| format!("OpenLoop {{ cv: {cv:?} }}"));
        let _ = writeln!(
            code,
            "Workload {{ id: {:?}, name: {:?}, input: {}, output: {}, cached_share: {:?}, arrivals: Arrivals::{arrivals}, \
             session: {}, slo: {}, interactive: {}, sources: {:?} }},",
            w.id,
            w.name,
            lengths(&w.input_tokens),
            lengths(&w.output_tokens),
            w.cached_share,
            session(&w.session),
            slo(&w.slo),
            slo(&w.interactive),
            words(&w.sources, browser),
        );
    }
    code + "];\n"
}

/// The curves, for `acceptance.rs`.
pub fn acceptance(file: &AcceptanceFile, browser: bool) -> String {
    let mut code = format!("static ACCEPTANCE: [AcceptanceCurve; {}] = [\n", file.curve.len());
    for curve in &file.curve {
        let points: Vec<(u32, f64)> =
            curve.draft_tokens.iter().copied().zip(curve.tokens_per_step.iter().copied()).collect();
        let sources = words(&format!("{} ({})", curve.sources, file.date), browser);
        let _ = writeln!(
            code,
            "AcceptanceCurve {{ id: {:?}, points: &{points:?}, sources: {sources:?} }},",
            curve.id
        );
    }
    format!("{code}];\nstatic HEADS: [&str; {}] = {:?};\n", file.heads.len(), file.heads)
}

/// Assumptions and list prices, for `prices.rs`.
pub fn prices(file: &PricesFile, browser: bool) -> String {
    let assumption = |entry: &AssumptionEntry, wrap: &dyn Fn(f64) -> String| {
        format!(
            "Assumption {{ value: {}, low: {}, high: {}, sources: {:?} }}",
            wrap(entry.value),
            wrap(entry.low),
            wrap(entry.high),
            words(&entry.sources, browser),
        )
    };
    let plain = |value: f64| format!("{value:?}");
    let mut code = format!(
        "static ASSUMPTIONS: Assumptions = Assumptions {{ pue: {}, electricity_per_kwh: {}, amortisation_years: {}, \
         interest: {}, network: {}, storage: {}, headroom: {}, \
         spread: [{}], system_power_factor: {} }};\n",
        assumption(&file.pue, &plain),
        assumption(&file.electricity_USD_per_kWh, &|value| format!("Dollars::new({value:?})")),
        assumption(&file.amortisation_years, &plain),
        assumption(&file.interest, &plain),
        assumption(&file.network, &plain),
        assumption(&file.storage, &plain),
        assumption(&file.headroom, &plain),
        [
            &file.spread_market,
            &file.spread_list,
            &file.spread_contract,
            &file.spread_purchase,
            &file.spread_tco
        ]
        .map(|own| assumption(own, &plain))
        .join(", "),
        assumption(&file.system_power_factor, &plain),
    );
    let _ = writeln!(code, "static READ_ON: &str = {:?};", file.as_of);
    let _ = writeln!(code, "const STALE_DAYS: u32 = {};", file.stale_days);
    let _ = writeln!(
        code,
        "static API_SOURCES: &str = {:?};",
        words(&format!("{} (read {})", file.api_sources, file.api_date), browser)
    );
    // The page compares with offers of the catalogue's models, and with those that can be had.
    let kept = |e: &&ApiEntry| !browser || (e.model.is_some() && !file.has_ended(e));
    let offers: Vec<&ApiEntry> = file.api.iter().filter(kept).collect();
    let _ = writeln!(code, "static API_PRICES: [ApiPrice; {}] = [", offers.len());
    for e in offers {
        let _ = writeln!(
            code,
            "ApiPrice {{ name: {:?}, provider: {:?}, model: {:?}, input: Dollars::new({:?}), cached: {}, output: Dollars::new({:?}), \
             as_of: {:?}, withdrawn: {:?}, ended: {} }},",
            e.name,
            e.provider,
            e.model,
            e.input_USD_per_Mtok,
            e.cached_USD_per_Mtok
                .map_or_else(|| "None".to_owned(), |price| format!("Some(Dollars::new({price:?}))")),
            e.output_USD_per_Mtok,
            e.as_of.as_deref().unwrap_or_default(),
            e.withdrawn,
            file.has_ended(e),
        );
    }
    code + "];\n"
}
