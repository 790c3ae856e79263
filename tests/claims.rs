//! The claims page in `public/` says what the code says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says plainly what it expects")]

use std::fs;
use std::path::Path;

use tandem::report::claims::{html, judged, sentence};

#[test]
fn the_page_is_the_one_that_the_code_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("public/claims.html");
    let page = html(&judged());
    if std::env::var_os("TANDEM_UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "public/claims.html is of other constants: TANDEM_UPDATE=1 cargo test --test claims"
    );
}

#[test]
fn every_claim_gets_a_verdict_that_says_why() {
    let all = judged();
    assert!(all.len() >= 8);
    for own in &all {
        assert!(sentence(own).len() > 20, "{}", own.claim.id);
        for point in &own.points {
            if let Some((value, low, high)) = point.factor {
                assert!(low <= value && value <= high && low > 0.0, "{}: {point:?}", own.claim.id);
            }
        }
    }
}

#[test]
fn near_the_limit_of_the_slower_side_the_factor_grows_without_end() {
    // The lesson of the page: the same two deployments, a growing multiple.
    let all = judged();
    let own = all.iter().find(|own| own.claim.id == "gb300-mtp").unwrap();
    let mut by_speed: Vec<(f64, f64)> =
        own.points.iter().filter_map(|point| Some((point.speed?, point.factor?.0))).collect();
    by_speed.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(by_speed.windows(2).all(|pair| pair[0].1 < pair[1].1), "{by_speed:?}");
    let (first, last) = (by_speed.first().unwrap(), by_speed.last().unwrap());
    assert!(last.1 > 1.5 * first.1, "{by_speed:?}");
    // Beyond, only one of the two gets there.
    assert!(
        own.points.iter().any(|point| point.speed.is_some_and(|own| own > last.0) && point.factor.is_none())
    );
}
