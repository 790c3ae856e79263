//! Prices stand on one basis each, carry their date and address, and their spread is part of every cost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use serde_json::Value;
use tandem::catalog::{self, PriceBasis, api_prices, assumptions, chips};
use tandem::cost::{PriceOrigin, chip_hour, chip_power};
use tandem::evaluate::evaluate;
use tandem::explore::{Wanted, price_lines, size, stands};
use tandem::metric::Metric;
use tandem::report::{Reply, Strictness, reply, text};
use tandem::scenario::link::{parse, write};
use tandem::scenario::{PriceBasis as ScenarioBasis, Scenario};

fn json(link: &str) -> Value {
    match reply(link, Strictness::Strict) {
        Reply::Report(report) => serde_json::to_value(&*report).unwrap(),
        Reply::Failure(failure) => panic!("{link}: {}", failure.error),
    }
}

#[test]
fn every_price_has_a_date_an_address_and_a_spread_around_it() {
    let mut priced = 0;
    for chip in chips() {
        for basis in PriceBasis::QUOTED {
            let Some(quote) = chip.price.quote(basis) else { continue };
            priced += 1;
            let place = format!("{} {}", chip.id, basis.id());
            assert!(quote.as_of.len() >= 7 && quote.as_of.starts_with("20"), "{place}");
            assert!(quote.url.starts_with("https://"), "{place}");
            assert!(quote.low <= quote.value && quote.value <= quote.high, "{place}");
        }
        if chip.price.capex.is_some() {
            assert!(chip.price.capex_as_of.len() >= 7, "{}", chip.id);
            let block = chip.provenance.iter().find(|own| own.block == "price").unwrap();
            assert!(block.source.is_some() && block.confidence.is_some(), "{}", chip.id);
        }
        assert!(chip.price.given.is_none());
    }
    assert!(priced > 50, "{priced}");
}

#[test]
fn the_chips_that_people_compare_stand_on_one_basis() {
    let compared = ["h100-sxm", "h200", "b200", "b300", "gb200-nvl72", "gb300-nvl72", "mi300x", "mi355x"];
    for basis in PriceBasis::QUOTED {
        for id in compared {
            let mut scenario = Scenario::default();
            scenario.pricing.basis = basis;
            let hour = chip_hour(&scenario, id).unwrap_or_else(|missing| panic!("{missing}"));
            let quote = catalog::chip(id).unwrap().price.quote(basis).unwrap();
            assert_eq!((hour.value, hour.origin), (quote.value, PriceOrigin::Catalogue));
            assert!(hour.low < hour.value || hour.value < hour.high, "{id}: a price without any spread");
        }
    }
    let price =
        |basis: PriceBasis, id: &str| catalog::chip(id).unwrap().price.quote(basis).unwrap().value.get();
    for basis in [PriceBasis::Market, PriceBasis::Contract, PriceBasis::Tco] {
        let dearer = price(basis, "b300") / price(basis, "b200");
        assert!((1.0..1.5).contains(&dearer), "{}: {dearer}", basis.id());
    }
}

#[test]
fn sizing_lists_the_chips_that_people_compare() {
    let scenario = Scenario::default();
    let ids: Vec<String> = ["h200", "b200", "b300", "mi355x"].map(str::to_owned).to_vec();
    let sizing = size(&scenario, &Wanted::of(&ids));
    let page = tandem::report::explore::size::text(&sizing, 3);
    let names = ["H200 SXM", "B200 SXM", "B300 SXM", "MI355X"];
    for name in names {
        let other = |line: &str| names.iter().any(|own| *own != name && line.contains(own));
        let alone = |line: &str| {
            line.starts_with("  ") && line.contains(name) && !other(line) && line.contains("/month")
        };
        assert!(page.lines().any(alone), "{name}: {page}");
    }
}

#[test]
fn a_chip_without_a_price_says_so_everywhere_and_where_it_has_one() {
    let link = "v1&model=llama3-8b&pool=tpu-7x*4";
    let report = json(link);
    for metric in ["cost", "cost-input", "cost-output", "per-hour", "per-month"] {
        let reason = report["metrics"][metric]["absent"].as_str().unwrap();
        assert!(reason.contains("no public rental-market price"), "{metric}: {reason}");
        assert!(reason.contains("it has one on: list, contract, tco"), "{metric}: {reason}");
    }
    assert_eq!(report["prices"][0]["per_hour"], Value::Null);
    assert_eq!(report["prices"][0]["bases"], serde_json::json!(["list", "contract", "tco"]));
    let scenario = parse(link).scenario;
    let page = text(&scenario, &evaluate(&scenario).unwrap());
    assert!(page.contains("no price (TPU7x has no public rental-market price"), "{page}");
    // On a basis that has it, it costs that, and on the first the estimate is one only because it was asked for.
    let listed = json(&format!("{link}&price=list"));
    assert_eq!(listed["metrics"]["per-hour"]["value"], 48.0);
    let estimated = json(&format!("{link}&estimate=on"));
    assert_eq!(estimated["prices"][0]["origin"]["scaled"]["from"], "contract");
    let warned = estimated["warnings"].as_array().unwrap();
    assert!(warned.iter().any(|own| own.as_str().unwrap().contains("is an estimate")), "{warned:?}");
    // Nobody publishes anything of it: an estimate has nothing to start from.
    let none = json("v1&model=llama3-8b&pool=maia200*4&estimate=on");
    assert!(none["metrics"]["cost"]["absent"].is_string());
}

#[test]
fn the_band_of_a_cost_holds_the_spread_of_prices_and_the_band_of_throughput() {
    let links = [
        "v1",
        "v1&pool=mi355x*8&price=contract",
        "v1&price=own",
        "v1&price=tco&model=llama3-8b",
        "v1&price=list",
    ];
    for link in links {
        let evaluation = evaluate(&parse(link).scenario).unwrap();
        let hour = Metric::PerHour.read(&evaluation).unwrap();
        let month = Metric::PerMonth.read(&evaluation).unwrap();
        assert!(
            (month.value / hour.value - 730.5).abs() < 1e-9 && (month.high / hour.high - 730.5).abs() < 1e-9
        );
        assert!(hour.low <= hour.value && hour.value < hour.high, "{link}: {hour:?}");
        let throughput = evaluation.evidence.throughput.inverse();
        for metric in [Metric::CostTotal, Metric::CostInput, Metric::CostOutput] {
            let cost = metric.read(&evaluation).unwrap();
            let (low, high) = (cost.low / cost.value, cost.high / cost.value);
            assert!(
                low <= throughput.low + 1e-12 && high >= throughput.high - 1e-12,
                "{link} {}",
                metric.id()
            );
        }
        let cost = Metric::CostTotal.read(&evaluation).unwrap();
        assert!(cost.low / cost.value <= hour.low / hour.value + 1e-12, "{link}");
        assert!(cost.high / cost.value >= hour.high / hour.value - 1e-12, "{link}");
    }
}

/// Half-widths of a metric's band as factors: low, high.
fn ends(link: &str, metric: Metric) -> (f64, f64) {
    let own = metric.read(&evaluate(&parse(link).scenario).unwrap()).unwrap();
    (own.low / own.value, own.high / own.value)
}

/// An hour costs what its owner says, but a token by it is less certain than by what the market asks.
#[test]
fn a_price_of_ones_own_widens_the_cost_band() {
    for (link, chip) in [("v1&pool=b200*8", "b200"), ("v1&pool=h200*8&price=list", "h200")] {
        let catalogue = ends(link, Metric::CostTotal);
        for rent in ["1", "3", "9"] {
            let own = format!("{link}&rents={chip}:{rent}");
            for metric in [Metric::CostTotal, Metric::CostOutput] {
                let (low, high) = ends(&own, metric);
                let (least, most) = ends(link, metric);
                assert!(low < least && high > most, "{own} {metric:?}: {low} to {high}");
            }
        }
        assert!(catalogue.0 < 1.0 && catalogue.1 > 1.0);
    }
    let evaluation = evaluate(&parse("v1&pool=b200*8&rents=b200:3").scenario).unwrap();
    let hour = Metric::PerHour.read(&evaluation).unwrap();
    assert_eq!((hour.low, hour.value, hour.high), (24.0, 24.0, 24.0));
    // Prices of another chip leave this one's alone.
    assert_eq!(
        ends("v1&pool=b200*8&rents=h200:3", Metric::CostTotal),
        ends("v1&pool=b200*8", Metric::CostTotal)
    );
    // A chip of one's own has no other price to be held against, and the usual spread all the same.
    let own = "v1&chip=mine:bf16=1000:mem=141:bw=4800:up=450x8:usd=2&pool=mine*8&model=llama3-8b";
    let throughput = evaluate(&parse(own).scenario).unwrap().evidence.served.inverse();
    let (low, high) = ends(own, Metric::CostTotal);
    assert!(low < throughput.low && high > throughput.high);
}

/// The band of ownership reaches to the cost under the catalogue's assumption, in either direction.
#[test]
fn assumptions_of_ones_own_widen_the_cost_band() {
    let base = "v1&pool=b200*8&price=own";
    let (low, high) = ends(base, Metric::PerHour);
    let price = |link: &str| Metric::PerHour.read(&evaluate(&parse(link).scenario).unwrap()).unwrap().value;
    for own in [
        "years=3",
        "years=6",
        "interest=0",
        "interest=15%25",
        "network=30%25",
        "storage=0",
        "pue=1.6",
        "kwh=0.3",
        "kwh=0.01",
    ] {
        let link = format!("{base}&{own}");
        let (least, most) = ends(&link, Metric::PerHour);
        assert!(most / least > high / low, "{own}: {least} to {most}, {low} to {high} without");
        let usual = price(base) / price(&link);
        assert!(least <= usual + 1e-9 && most >= usual - 1e-9, "{own}: {least} to {most} for {usual}");
        let (cheap, dear) = ends(&link, Metric::CostTotal);
        let before = ends(base, Metric::CostTotal);
        assert!(dear / cheap > before.1 / before.0, "{own}");
    }
    // What holds anyway changes nothing, and what ownership assumes is no part of a rent.
    assert_eq!(ends(&format!("{base}&years=4&kwh=0.08"), Metric::PerHour), (low, high));
    assert_eq!(ends("v1&pool=b200*8&years=6", Metric::CostTotal), ends("v1&pool=b200*8", Metric::CostTotal));
}

/// In an open loop no more is served than offered at either end of the band, and no token gets cheaper by it.
#[test]
fn offered_load_bounds_what_is_served_and_what_it_costs() {
    for pool in ["h100-sxm*8", "h200*8:tp8", "b200*8", "mi300x*8"] {
        for rate in [0.05, 0.5, 2.0, 8.0, 40.0] {
            let link = format!("v1&pool={pool}&isl=2k&osl=256&rate={rate}&rents=b200:3");
            let evaluation = evaluate(&parse(&link).scenario).unwrap();
            let read = |metric: Metric| metric.read(&evaluation).unwrap();
            let served = read(Metric::RequestRate);
            assert!(served.high <= rate * (1.0 + 1e-9) && served.low <= served.value, "{link}: {served:?}");
            // Dollars an hour over the tokens of everything that is offered.
            let (hour, steady) = (read(Metric::PerHour), &evaluation.steady);
            let offered = rate * (steady.isl.get() + steady.osl.get()) * 3600.0 * 1e-6;
            let spread = evaluation.costs.spread_total.low;
            let cost = read(Metric::CostTotal);
            assert!(cost.low >= hour.value * spread / offered * (1.0 - 1e-9), "{link}: {cost:?}");
        }
    }
}

#[test]
fn ownership_is_purchase_with_lines_that_one_can_edit_for_every_chip() {
    let hour = |keys: &str, id: &str| {
        let scenario = parse(&format!("v1&price=own{keys}")).scenario;
        chip_hour(&scenario, id).map(|own| own.value.get())
    };
    let plain = parse("v1&price=own&interest=0&network=0&storage=0&years=4").scenario;
    let power = chip_power(&plain, "b200").unwrap().get();
    let expected =
        35_000.0 / (4.0 * 8766.0) + power * 1e-3 * plain.pricing.pue * plain.pricing.dollars_per_kwh;
    assert!((hour("&interest=0&network=0&storage=0&years=4", "b200").unwrap() - expected).abs() < 1e-9);
    let usual = hour("", "b200").unwrap();
    for dearer in ["&interest=15%", "&network=30%", "&storage=10%", "&years=3", "&kwh=0.3"] {
        assert!(hour(dearer, "b200").unwrap() > usual, "{dearer}");
    }
    // A published total cost of ownership never stands in for a purchase.
    assert!(hour("", "b300").is_err() && hour("", "jalapeno").is_err());
    assert!(json("v1&pool=b300*8&price=tco")["metrics"]["cost"]["value"].is_f64());
}

#[test]
fn an_old_price_is_told_of_and_a_new_one_is_not() {
    let warned = |link: &str| json(link)["warnings"].to_string();
    let old = warned("v1&model=llama3-8b&pool=h800*1");
    assert!(old.contains("is stale: it is of 2025-02-28, more than 180 days before 2026-11-30"), "{old}");
    assert!(!warned("v1&model=llama3-8b&pool=b200*1").contains("stale"));
    assert!(warned("v1&model=llama3-8b&pool=b200*1&price=contract").contains("stale"));
    // Whoever states a price need not hear of the catalogue's.
    assert!(!warned("v1&model=llama3-8b&pool=h800*1&rents=h800:2").contains("stale"));
    assert_eq!(json("v1&model=llama3-8b&pool=h800*1")["prices"][0]["stale"], true);
}

#[test]
fn older_links_keep_a_meaning_and_say_which() {
    for (old, now) in [("rent", ScenarioBasis::Market), ("rent-low", ScenarioBasis::Contract)] {
        let parsed = parse(&format!("v1&price={old}&pool=b200*8"));
        assert_eq!(parsed.scenario.pricing.basis, now);
        let [notice] = &parsed.notices[..] else { panic!("{:?}", parsed.notices) };
        assert!(!notice.changes_meaning());
        assert_eq!(notice.to_string(), format!("price={old}: an older word; read as {}", now.id()));
        assert_eq!(parse(&write(&parsed.scenario, &[])).notices, []);
    }
}

#[test]
fn list_prices_of_apis_are_current_dated_and_linked() {
    for own in api_prices() {
        assert!(own.as_of >= "2026-06", "{} by {}", own.name, own.provider);
        assert!(own.model.is_none_or(|id| catalog::model(id).is_some()), "{}", own.name);
        assert_eq!(own.ended, own.withdrawn.is_some_and(|day| day <= catalog::read_on()), "{}", own.name);
    }
    for model in
        ["llama3-70b", "gpt-oss-120b", "deepseek-v4-flash", "qwen3.8-max", "muse-spark-open", "gemma4-31b"]
    {
        let lines = price_lines(&Scenario { model: model.to_owned(), ..Scenario::default() });
        assert!(!lines.is_empty(), "{model}");
    }
    let ended = api_prices().iter().filter(|own| own.ended);
    for own in ended {
        let lines = price_lines(&Scenario { model: own.model.unwrap().to_owned(), ..Scenario::default() });
        assert!(
            !lines.iter().any(|line| line.provider == own.provider && line.name == own.name),
            "{}",
            own.name
        );
    }
}

#[test]
fn dollars_an_hour_are_no_curve_against_interactivity() {
    for metric in Metric::ALL {
        let per_token = metric.id().starts_with("cost") || metric.id().contains("energy");
        assert_eq!(
            stands(metric),
            per_token || ["per-chip", "per-mw"].contains(&metric.id()),
            "{}",
            metric.id()
        );
    }
}

#[test]
fn usual_spreads_hold_the_price_itself() {
    for usual in assumptions().spread {
        assert!(usual.low < 1.0 && usual.value == 1.0 && usual.high > 1.0, "{usual:?}");
    }
}
