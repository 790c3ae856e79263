#![allow(clippy::all, missing_docs)]
use std::time::Instant;
use tandem::evaluate::evaluate;
use tandem::machine::constants;
use tandem::scenario::link;
use tandem::serve::{Deployment, Models, balanced};

#[test]
fn spin() {
    let s = link::parse(&std::env::var("SPIN").unwrap_or("v1".to_owned())).scenario;
    let models = Models::of(&s).unwrap();
    let n = 3000;
    let t = Instant::now();
    for _ in 0..n {
        let _ = std::hint::black_box(Deployment::new(&s, constants(), &models));
    }
    println!("spin {:.1} us", t.elapsed().as_secs_f64() / n as f64 * 1e6);
}

#[test]
fn time() {
    for text in [
        "v1&prefill=h100-sxm*8:tp2&decode=h200*8:tp8",
        "v1",
        "v1&model=deepseek-v3&pool=h200*16:tp8:etp8",
        "v1&model=deepseek-v3&pool=h200*16",
        "v1&model=deepseek-v3&prefill=h200*96&decode=h200*64",
        "v1&model=llama3-8b&rate=4&pool=h100-sxm*1:tp1",
        "v1&model=llama3-8b&rate=4&pool=h100-sxm*8",
    ] {
        let s = link::parse(text).scenario;
        let mut whole = f64::INFINITY;
        let mut build = f64::INFINITY;
        let mut serve = f64::INFINITY;
        for _ in 0..5 {
            let n = 2000;
            let t = Instant::now();
            for _ in 0..n {
                let _ = std::hint::black_box(evaluate(&s));
            }
            whole = whole.min(t.elapsed().as_secs_f64() / n as f64);
            let models = Models::of(&s).unwrap();
            let t = Instant::now();
            for _ in 0..n {
                let _ = std::hint::black_box(Deployment::new(&s, constants(), &models));
            }
            build = build.min(t.elapsed().as_secs_f64() / n as f64);
            let d = Deployment::new(&s, constants(), &models).unwrap();
            let t = Instant::now();
            for _ in 0..n {
                let _ = std::hint::black_box(balanced(&d));
            }
            serve = serve.min(t.elapsed().as_secs_f64() / n as f64);
        }
        println!(
            "{text}: evaluate {:.1} us, build {:.1}, balanced {:.1}",
            whole * 1e6,
            build * 1e6,
            serve * 1e6
        );
    }
}
