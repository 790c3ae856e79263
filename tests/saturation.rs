//! Beyond its capacity an open loop has no time to the first token: no output may show one, and every output says up to
//! which load there would be one. Utilisation is load over capacity, whatever the split.

#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::Value;
use tandem::evaluate::{Evaluation, evaluate};
use tandem::explore::{Knob, sweep};
use tandem::metric::Metric;
use tandem::report::{self, Report};
use tandem::scenario::{Load, Scenario, link};
use tandem::units::RequestsPerSecond;

/// Deployments of every split, on engines and chips of several kinds, layouts written down or chosen.
const DEPLOYMENTS: [&str; 12] = [
    "v1&model=llama3-70b&pool=h200*8:tp4",
    "v1&model=llama3-70b&pool=h200*8:tp8&isl=1k&osl=4k&engine=sglang",
    "v1&model=gpt-oss-120b&pool=b200*4&engine=trtllm&isl=2k&osl=256",
    "v1&model=llama3-8b&pool=l4*4:tp1&isl=8k&osl=64",
    "v1&model=llama3-8b&pool=h100-sxm*1&engine=llamacpp",
    "v1&prefill=h100-sxm*8:tp4&decode=h200*8:tp4",
    "v1&prefill=h100-sxm*32&decode=h200*8&osl=4k",
    "v1&model=deepseek-v3&prefill=h200*32&decode=h200*64:tp1:dp64:ep64&link=100Gb/s",
    "v1&model=deepseek-v3&split=afd&attention=h200*8:tp1:dp8&ffn=h200*16",
    "v1&model=deepseek-v3&split=pd-afd&prefill=h200*16&attention=h200*8&ffn=h200*16",
    "v1&split=draft&draft=h200*2&verify=h200*8:tp8",
    "v1&split=pd-draft&prefill=h200*8:tp8&draft=h200*2&verify=h200*8:tp8",
];

/// The deployment with layouts as they are chosen for a middling load.
fn deployed(text: &str) -> Scenario {
    tandem::explore::pin(&link::parse(&format!("{text}&rate=1&ttft=none&tpot=none")).scenario)
}

fn under(scenario: &Scenario, rate: f64) -> (Scenario, Evaluation) {
    let Load::Open { cv, .. } = scenario.load else { panic!("a closed loop") };
    let own = Scenario { load: Load::Open { rate: RequestsPerSecond::new(rate), cv }, ..scenario.clone() };
    let evaluation = evaluate(&own).unwrap();
    (own, evaluation)
}

/// The most that may arrive for good.
fn wall(scenario: &Scenario) -> f64 {
    let (_, own) = under(scenario, 1e5);
    own.steady.saturation.unwrap().capacity.get()
}

#[test]
fn nothing_shows_a_first_token_beyond_capacity() {
    for text in DEPLOYMENTS {
        let scenario = deployed(text);
        let wall = wall(&scenario);
        for factor in [1.002, 1.1, 3.0, 100.0] {
            let (own, evaluation) = under(&scenario, wall * factor);
            let steady = &evaluation.steady;
            assert!(steady.saturation.is_some(), "{text} at {factor}");
            assert!(!steady.ttft.is_finite() && !steady.e2e.is_finite() && steady.ttft_parts.is_empty());
            let holds = tandem::units::format::Unit::RequestsPerSecond.format(wall);
            for metric in Metric::ALL {
                let read = metric.read(&evaluation);
                assert_eq!(
                    read.is_err_and(|reason| reason.contains(&holds)),
                    metric.waits(),
                    "{text}: {metric:?}"
                );
            }
            let json = serde_json::to_value(Report::new(&own, &evaluation)).unwrap();
            assert!(json["metrics"]["ttft"]["value"].is_null() && json["metrics"]["e2e"]["value"].is_null());
            assert!(json["metrics"]["ttft"]["absent"].as_str().unwrap().contains(&holds), "{json}");
            assert!(json["saturation"]["text"].as_str().unwrap().contains(&holds));
            let close = json["saturation"]["capacity"].as_f64().unwrap() / wall;
            assert!((close - 1.0).abs() < 1e-6, "{text}: {close}");
            assert_eq!(json["ttft_parts"], Value::Array(Vec::new()));
            for phase in json["phases"].as_array().unwrap().iter().filter(|own| own["phase"] == "prefill") {
                assert!(phase["seconds"].is_null() && phase["limit"] == "queue", "{phase}");
            }
            for words in [report::text(&own, &evaluation), report::markdown(&own, &evaluation, "")] {
                assert!(words.contains(&format!("holds up to {holds}")), "{words}");
                for line in words.lines().filter(|line| line.contains("Time to first token")) {
                    // A percentile is a number in the metric's name.
                    let after = line.replace("p95", "").replace("p99", "");
                    let digits = after.split("no steady state").next().unwrap();
                    assert!(!digits.contains(|own: char| own.is_ascii_digit()), "{line}");
                }
            }
            let told = report::sentence(&own, &evaluation);
            let after = told.split("TTFT").nth(1).unwrap();
            assert!(after.trim_start().starts_with("has no steady state"), "{told}");
        }
    }
}

#[test]
fn a_curve_has_no_first_token_beyond_capacity() {
    for text in DEPLOYMENTS {
        let scenario = deployed(text);
        let wall = wall(&scenario);
        let (scenario, _) = under(&scenario, wall * 0.5);
        let curve = sweep(&scenario, Knob::Load, &Knob::Load.values(&scenario, 32));
        let csv = report::csv(Knob::Load, &curve);
        let mut lines = csv.lines();
        let heads: Vec<&str> = lines.next().unwrap().split(',').collect();
        let place = |name: &str| heads.iter().position(|head| head.starts_with(name)).unwrap();
        let (ttft, e2e, saturated) = (place("ttft ("), place("e2e ("), place("refused"));
        let (mut held, mut lost) = (0.0_f64, f64::INFINITY);
        for line in lines {
            let cells: Vec<&str> = line.splitn(heads.len(), ',').collect();
            let load: f64 = cells[0].parse().unwrap();
            let empty = cells[ttft].is_empty();
            assert_eq!(empty, cells[e2e].is_empty());
            assert_eq!(empty, cells[saturated].contains("holds up to"), "{line}");
            if empty { lost = lost.min(load) } else { held = held.max(load) }
        }
        assert!(held < lost && lost < held * 1.01, "{text}: {held} {lost}");
        assert!((held / wall - 1.0).abs() < 0.01, "{text}: {held} {wall}");
    }
}

#[test]
fn utilisation_is_load_over_capacity() {
    for text in DEPLOYMENTS {
        let scenario = deployed(text);
        let wall = wall(&scenario);
        let mut before = 0.0;
        for factor in [0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.9999] {
            let (_, own) = under(&scenario, wall * factor);
            let steady = &own.steady;
            assert!(steady.saturation.is_none(), "{text} at {factor}");
            // What is offered is served.
            assert!((steady.rate.get() / (wall * factor) - 1.0).abs() < 1e-3, "{text} at {factor}");
            let used = Metric::Utilisation.read(&own).unwrap().value;
            assert!((used / factor - 1.0).abs() < 0.005, "{text} at {factor}: {used}");
            let busiest = steady.pools.iter().map(|pool| pool.utilisation).fold(0.0, f64::max);
            assert!(busiest <= used * 1.005 && busiest >= before, "{text} at {factor}: {busiest}");
            before = busiest;
        }
        let (_, own) = under(&scenario, wall * 1.01);
        let used = Metric::Utilisation.read(&own).unwrap().value;
        assert!((used - 1.0).abs() < 1e-6, "{text}: {used}");
    }
}

#[test]
fn users_of_a_closed_loop_fill_it_up() {
    for text in DEPLOYMENTS {
        let mut before = 0.0;
        let mut scenario = deployed(text);
        for users in [1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 65_536.0] {
            scenario.load = Load::Closed { concurrency: users };
            let own = evaluate(&scenario).unwrap();
            assert!(own.steady.saturation.is_none() && own.steady.ttft.is_finite());
            let used = Metric::Utilisation.read(&own).unwrap().value;
            assert!(used <= 1.0 && used >= before * 0.98, "{text} at {users}: {before} {used}");
            before = used;
        }
        assert!(before > 0.97, "{text}: {before}");
    }
}
