//! What of a scenario moves its numbers away from catalogue and defaults and does not stand in the sentence anyway: own
//! prices, cache hits, a spread of lengths, own chips, layouts, flags. It stands in one line beside the sentence, which
//! nothing hides.
//!
//! What there is to say follows from the table of a link's keys: a key that nobody thought of here is said as the link writes
//! it.

use crate::scenario::{Acceptance, Limits, Load, Role, Scenario, Speculation, link};
use crate::serve::find_model;
use crate::units::format::{Precision, Unit};

use super::words;

/// Keys whose value the sentence names itself: the model, the lengths and the load.
const TOLD: [&str; 6] = ["model", "isl", "osl", "concurrency", "rate", "split"];

/// Keys that the verdict and what is said of the reserve name, below the sentence.
const JUDGED: [&str; 4] = ["ttft", "tpot", "headroom", "spare"];

/// Each thing in a few words.
#[must_use]
pub fn departures(scenario: &Scenario) -> Vec<String> {
    let told = |key: &str| TOLD.contains(&key) || JUDGED.contains(&key);
    link::departures(scenario)
        .into_iter()
        .filter(|(key, _)| !told(key))
        .filter_map(|(key, value)| phrase(scenario, key, &value))
        .collect()
}

/// The line beside the sentence; none where everything is as usual.
#[must_use]
pub fn line(scenario: &Scenario) -> Option<String> {
    let all = departures(scenario);
    (!all.is_empty()).then(|| format!("Own settings: {}.", all.join("; ")))
}

/// The pool of a key: its layout, where that is stated; chips and their number stand in the sentence.
fn layout(scenario: &Scenario, role: Role) -> Option<String> {
    let stated = scenario.split.pool(role)?.layout?;
    let experts = find_model(scenario).is_ok_and(|own| own.has_moe());
    let of = match role {
        Role::Colocated => String::new(),
        Role::Ffn => format!(" of the {} pool", words::role(role)),
        _ => format!(" of the {} pool", words::role(role).to_ascii_lowercase()),
    };
    Some(format!("layout{of} {}", words::layout(&stated, experts)))
}

/// What stands under a key of a link, in a few words.
fn phrase(scenario: &Scenario, key: &str, value: &str) -> Option<String> {
    if let Some(role) = Role::ALL.into_iter().find(|role| role.key() == key) {
        return layout(scenario, role);
    }
    let percent = |share: f64| Unit::Percent.format(share);
    let pricing = &scenario.pricing;
    let traffic = &scenario.traffic;
    Some(match key {
        "chip" => {
            let names: Vec<&str> = scenario.custom.chips.iter().map(|own| &*own.id).collect();
            format!("{} of your own: {}", if names.len() == 1 { "chip" } else { "chips" }, names.join(", "))
        }
        "arch" => "model of your own".to_owned(),
        "weights" => format!("{value} weights"),
        "experts" => format!("{value} experts"),
        "kv" => format!("{value} KV cache"),
        "lengths" => format!("lengths scatter as {value}"),
        "spread" => {
            format!("lengths between {} and {} of nominal", percent(scenario.workload.spread), percent(1.0))
        }
        "hit" => format!("{} prefix-cache hits", percent(scenario.workload.hit)),
        "cv" => format!("arrivals with a CV of {value}"),
        "burst" => format!("bursts on/off {value}"),
        "engine" => scenario.engine.name().to_owned(),
        "memory" => format!("memory share {}", percent(scenario.memory?)),
        "profile" => format!("flags of {}", scenario.flags.profile.name()),
        "chunk" => format!("{value} tokens a step"),
        "max-seqs" => format!("{value} sequences a step"),
        "stream-interval" => format!("{value} tokens a message"),
        "prompts" => format!("a run of {value} requests"),
        "spec" => scenario.spec.as_ref().map(speculation)?,
        "micro" => format!("{value} micro-batches"),
        "overlap" => format!("overlap {value}"),
        "redundant" => format!("{value} redundant experts"),
        "link" => format!("{value} between the pools"),
        "cap" => format!("power cap {}", scenario.cap?),
        "price" => format!("prices: {}", words::small(pricing.basis.label())),
        "estimate" => "missing prices estimated".to_owned(),
        "rents" => rents(scenario),
        "years" => format!("written off over {value} years"),
        "interest" => format!("{} interest", percent(pricing.interest)),
        "network" => format!("network {} of purchase", percent(pricing.network)),
        "storage" => format!("storage {} of purchase", percent(pricing.storage)),
        "pue" => format!("PUE {value}"),
        "kwh" => format!("${value}/kWh"),
        "util" => format!("{} of paid time used", percent(pricing.utilisation)),
        "sessions" => format!("sessions of {value} tokens"),
        "agents" => format!("sub-agents {value}"),
        "shared" => format!("{} tokens shared by all prompts", Unit::Tokens.format(traffic.shared.get())),
        "pause" => format!("pauses of {value}"),
        "tier" => format!("KV tier {value}"),
        "priority" => format!("{} of sessions first", percent(traffic.priority)),
        _ => format!("{key} {value}"),
    })
}

/// `speculation MTP head, 3 tokens, acceptance 80 % (own)`.
fn speculation(own: &Speculation) -> String {
    let Speculation { drafter, tokens, acceptance } = own;
    let held = match acceptance {
        Acceptance::Published => String::new(),
        Acceptance::PerToken(share) => format!(", own acceptance {}", Unit::Percent.format(*share)),
        Acceptance::Curve(id) => format!(", acceptance of {id}"),
    };
    let noun = if *tokens == 1 { "token" } else { "tokens" };
    format!("speculation by {}, {tokens} {noun} a step{held}", drafter.name())
}

/// `own price of H200 SXM $0.01/h`.
fn rents(scenario: &Scenario) -> String {
    let one = |own: &crate::scenario::ChipRent| {
        format!("{} {}", words::chip(&own.chip), Unit::DollarsPerHour.format(own.rent.get()))
    };
    let all: Vec<String> = scenario.pricing.rents.iter().map(one).collect();
    format!("own price of {}", all.join(", "))
}

/// How many requests are under way at once in a closed loop: `64 concurrent requests`, or `64 users` where they pause between
/// theirs.
#[must_use]
pub fn concurrent(scenario: &Scenario, concurrency: f64) -> String {
    let count = Unit::Count.format(concurrency);
    let noun = match (scenario.traffic.pause.is_some(), concurrency == Limits::CONCURRENCY.low) {
        (true, true) => "user",
        (true, false) => "users",
        (false, true) => "concurrent request",
        (false, false) => "concurrent requests",
    };
    format!("{count} {noun}")
}

/// The load without the lengths: `64 concurrent requests`, `40 req/s`.
#[must_use]
pub fn load(scenario: &Scenario) -> String {
    match scenario.load {
        Load::Closed { concurrency } => concurrent(scenario, concurrency),
        Load::Open { rate, .. } => Unit::RequestsPerSecond.format(rate.get()),
    }
}

/// The 80 % interval of an estimate as shares of it: `±38 %`, or `−50/+550 %` where its sides differ, or `×0.6 to ×21` where
/// it passes ten times the estimate, which nobody reads in per cent; nothing where there is none.
#[must_use]
pub fn band(value: f64, low: f64, high: f64) -> String {
    if !(low < high && value > 0.0) {
        return String::new();
    }
    if high >= 10.0 * value {
        let times = |own: f64| Unit::Number.format_with(own / value, Precision::SHORT);
        return format!("×{} to ×{}", times(low), times(high));
    }
    let share = |own: f64| Unit::Percent.format_with(own, Precision::SHORT);
    let (below, above) = (share(1.0 - low / value), share(high / value - 1.0));
    if below == above {
        return format!("±{above}");
    }
    let number = below.trim_end_matches(['%', '\u{a0}']);
    format!("−{number}/+{above}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::report;

    fn of(text: &str) -> Scenario {
        link::parse(text).scenario
    }

    /// Every key that a link may state is said, by the sentence, by the verdict or beside them.
    #[test]
    fn every_key_is_said() {
        let mut beside = 0;
        for doc in link::reference().into_iter().filter(|doc| !doc.view) {
            let (key, value) = (doc.key, doc.example);
            let before = match key {
                "cv" | "burst" => "rate=1&",
                "agents" => "sessions=20x1k&",
                "pool" | "attention" | "ffn" | "draft" | "verify" | "prefill" | "decode" => "isl=2k&",
                _ => "",
            };
            let base = of(&format!("v1&{before}"));
            let value = if value.is_empty() { "none" } else { value };
            let scenario = of(&format!("v1&{before}{key}={value}"));
            if link::differing(&base, &scenario).is_empty() {
                continue;
            }
            let (was, now) = (departures(&base), departures(&scenario));
            // What chips a pool has stands in the sentence.
            let pool = Role::ALL.into_iter().any(|role| role.key() == key);
            let aside = !TOLD.contains(&key) && !JUDGED.contains(&key) && !pool;
            assert!(!aside || was != now, "{key}={value}: {now:?}");
            if evaluate(&scenario).is_err() {
                continue;
            }
            let told = |own: &Scenario| {
                let evaluation = evaluate(own).unwrap();
                let mut told = vec![report::sentence(own, &evaluation)];
                if JUDGED.contains(&key) {
                    told.push(report::verdict(own, &evaluation).text);
                    told.extend(report::ReserveReport::of(own, &evaluation).text);
                }
                told
            };
            let own = told(&scenario);
            assert_ne!(told(&base), own, "{key}={value} is not said");
            if let Some(last) = now.last().filter(|_| was != now) {
                assert!(own[0].contains(last.as_str()), "{own:?}");
                beside += 1;
            }
        }
        assert!(beside > 40, "{beside}");
    }

    #[test]
    fn words_say_what_it_is() {
        for (text, said) in [
            ("rents=h200:0.01", "own price of H200 SXM $0.01/h"),
            ("hit=95%", "95 % prefix-cache hits"),
            ("spread=0.01", "lengths between 1 % and 100 % of nominal"),
            ("years=5", "written off over 5 years"),
            ("cap=500W", "power cap 500 W"),
            ("profile=inferencex", "flags of InferenceX"),
            ("decode=h200*8:tp8", "layout of the decode pool TP8"),
            ("spec=llama3-8b:4:0.9", "speculation by Llama 3 / 3.1 8B, 4 tokens a step, own acceptance 90 %"),
            ("chip=my-npu:bf16=500:mem=96:bw=4000&pool=my-npu*8", "chip of your own: my-npu"),
        ] {
            let line = line(&of(&format!("v1&{text}"))).unwrap().replace(['\u{a0}', '\u{202f}'], " ");
            assert!(line.contains(said), "{line}");
        }
        assert_eq!(line(&Scenario::default()), None);
        assert_eq!(
            line(&of("v1&model=deepseek-v3&isl=1k&rate=3&pool=b200*16&ttft=1s@p95&headroom=20%")),
            None
        );
    }

    #[test]
    fn a_band_is_said_by_its_sides() {
        let plain = |own: String| own.replace('\u{a0}', " ");
        assert_eq!(plain(band(2.0, 1.0, 3.0)), "±50 %");
        assert_eq!(plain(band(1.0, 0.5, 6.5)), "−50/+550 %");
        assert_eq!(plain(band(2.0, 1.2, 42.0)), "×0.6 to ×21");
        assert_eq!(band(1.0, 1.0, 1.0), "");
        assert_eq!(band(0.0, 0.0, 1.0), "");
    }
}
