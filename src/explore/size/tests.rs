//! What a buyer relies on: answers keep the service level with their reserve used up, come in numbers that one can get, have
//! no unit too many, and stay within what was asked.

use super::*;
use crate::evaluate::evaluate;
use crate::explore::objective::Verdict;
use crate::explore::{shape, without};
use crate::scenario::{ChipRent, Pool, Split, link};
use crate::serve::{candidates, find_model};

fn wanted(chips: &[&str]) -> Wanted {
    let chips: Vec<String> = chips.iter().map(|&id| id.to_owned()).collect();
    Wanted::of(&chips)
}

fn sized(text: &str, chips: &[&str]) -> Sizing {
    size(&link::parse(text).scenario, &wanted(chips))
}

/// Whether a scenario keeps its service level when its load grows by a share.
fn holds(scenario: &Scenario, more: f64) -> bool {
    evaluate(&loaded(scenario, 1.0 + more)).is_ok_and(|own| miss(&scenario.slo, &own).is_none())
}

const QUESTIONS: [&str; 4] = [
    "v1&concurrency=200",
    "v1&rate=4&ttft=2s@p95&tpot=50ms@p99",
    "v1&model=gpt-oss-120b&concurrency=500&ttft=1s&tpot=20ms",
    "v1&model=qwen3-235b-a22b&rate=6&headroom=50%25",
];

/// All ways to give so many chips to the pools of a split, each a number of replicas of its layout.
fn ways(split: &Split, all: u32) -> Vec<Split> {
    let pools: Vec<Pool> = split.pools().into_iter().map(|(_, pool)| pool.clone()).collect();
    let sizes: Vec<u32> = pools.iter().map(|own| own.layout.unwrap().chips()).collect();
    let with = |chips: &[u32]| {
        let pools = pools.iter().zip(chips).map(|(own, &chips)| Pool { chips, ..own.clone() });
        shape::split(split.kind(), pools.collect()).unwrap()
    };
    match sizes[..] {
        [only] => (all >= only).then(|| with(&[all])).into_iter().collect(),
        [one, other] => (1..=all / one)
            .map(|replicas| (replicas * one, all - replicas * one))
            .filter(|own| own.1 >= other)
            .map(|own| with(&[own.0, own.1]))
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn each_answer_keeps_the_service_level_with_its_reserve_and_has_no_unit_too_many() {
    for text in QUESTIONS {
        let sizing = sized(text, &["h100-sxm", "h200", "b200", "gb200-nvl72", "l40s"]);
        let more = sizing.reserve.headroom.unwrap();
        assert!(sizing.deployments.len() >= 4, "{text}: {}", sizing.deployments.len());
        for own in &sizing.deployments {
            let scenario = own.deployed.scenario();
            let label = format!("{text}: {}", own.deployed.label);
            assert!(holds(&scenario, 0.0) && holds(&scenario, more), "{label}");
            assert_ne!(own.verdict, Verdict::Misses, "{label}");
            let evaluation = evaluate(&scenario).unwrap();
            let per_hour = evaluation.costs.per_hour.unwrap();
            assert!((per_hour / own.per_hour.unwrap() - 1.0).abs() < 1e-9, "{label}");
            assert_eq!(own.chips, own.bought.iter().map(|own| own.chips).sum::<u32>(), "{label}");
            assert!(own.bought.iter().all(|own| own.chips.is_multiple_of(own.unit)), "{label}");
            // The same layouts on one unit less, whichever way its pools share it.
            let [bought] = &own.bought[..] else { continue };
            let Some(fewer) = bought.chips.checked_sub(bought.unit).filter(|own| *own > 0) else { continue };
            for split in ways(&scenario.split, fewer) {
                let less = Scenario { split, ..scenario.clone() };
                assert!(!holds(&less, more), "{label}: {:?} does as well", less.split);
            }
        }
        let ascending = |pair: &[Deployment]| pair[0].per_hour <= pair[1].per_hour;
        assert!(sizing.deployments.windows(2).all(ascending), "{text}");
    }
}

#[test]
fn the_fewest_colocated_chips_are_those_of_brute_force() {
    let text = "v1&model=llama3-8b&concurrency=300&headroom=0";
    for (singly, unit) in [(true, 1), (false, 8)] {
        let base = link::parse(text).scenario;
        let sizing = size(&base, &Wanted { singly, ..wanted(&["h100-sxm"]) });
        let all = sizing.deployments.iter().filter(|own| own.split == SplitKind::Colocated);
        let model = find_model(&base).unwrap();
        let chip = base.chip("h100-sxm").unwrap();
        let fewest = (1..=64).map(|units| units * unit).find(|&chips| {
            candidates(&model, chip, chips).into_iter().any(|layout| {
                let split = shape::colocated(shape::pool("h100-sxm", chips, layout));
                holds(&Scenario { split, ..base.clone() }, 0.0)
            })
        });
        let own = all.map(|own| own.chips).min();
        let cheapest = sizing.deployments.first().map(|own| own.chips);
        // Another split may do with fewer; then one pool has a line of its own only where it is the first of its split.
        assert!(own == fewest || cheapest <= fewest, "{own:?} {fewest:?} {cheapest:?}");
        let plan = Ask::new(&base, Wanted { singly, ..wanted(&["h100-sxm"]) }, constants());
        let offers = offers(&base, constants(), "h100-sxm", WIDEST, Role::Colocated, BATCHES).unwrap();
        let found = plan.fewest("h100-sxm", &offers).unwrap();
        assert_eq!(plan.bought(&found).iter().map(|own| own.chips).sum::<u32>(), fewest.unwrap());
    }
}

#[test]
fn chips_come_as_they_are_rented_or_sold() {
    let units = |text: &str| {
        let sizing = sized(text, &["h200", "gb200-nvl72", "l40s", "trn2"]);
        let all = sizing.deployments.iter().chain(&sizing.unpriced).flat_map(|own| &own.bought);
        all.map(|own| (own.chip.clone(), own.unit)).collect::<Vec<_>>()
    };
    let rented = units("v1&model=llama3-8b&rate=2");
    for (chip, unit) in [("h200", 8), ("gb200-nvl72", 4), ("l40s", 1), ("trn2", 16)] {
        assert!(rented.contains(&(chip.to_owned(), unit)), "{chip}: {rented:?}");
    }
    assert!(units("v1&model=llama3-8b&rate=2&price=own").contains(&("gb200-nvl72".to_owned(), 72)));
}

#[test]
fn one_replica_may_fail_in_any_pool() {
    let text = "v1&model=llama3-8b&rate=30&spare=1&headroom=10%25";
    let sizing = sized(text, &["h100-sxm", "l40s", "b200"]);
    let without_spare = sized("v1&model=llama3-8b&rate=30&headroom=10%25", &["l40s"]);
    assert!(!sizing.deployments.is_empty());
    for own in &sizing.deployments {
        let scenario = own.deployed.scenario();
        let evaluation = evaluate(&scenario).unwrap();
        for (role, _) in scenario.split.pools() {
            let fewer = without(&scenario, &evaluation.steady.pools, role, 1).unwrap();
            assert!(holds(&fewer, 0.1), "{} without a replica of {role}", own.deployed.label);
        }
    }
    let cards =
        |own: &Sizing| own.deployments.iter().find(|own| own.bought[0].chip == "l40s").map(|own| own.chips);
    assert!(cards(&sizing) > cards(&without_spare), "a spare replica is paid for");
}

#[test]
fn filters_are_kept() {
    let scenario = link::parse("v1&rate=4").scenario;
    let read = |written: &Written| Wanted::read(written, &scenario, "--");
    let none = Written::default();
    let of = |text: &str| Written { vendors: text.to_owned(), ..Written::default() };
    let ids = ["h100-sxm", "h200", "b200", "mi300x", "mi355x", "tpu-7x"].map(str::to_owned).to_vec();
    let some = |own: Wanted| Wanted { chips: ids.clone(), ..own };

    let amd = read(&of("amd, Google")).unwrap();
    assert!(amd.chips.len() > 5);
    let vendors = amd.chips.iter().map(|id| scenario.chip(id).unwrap().vendor.to_string());
    assert!(vendors.clone().all(|own| own == "AMD" || own == "Google"));
    let both = Written { chips: "h200,mi300x".to_owned(), ..of("AMD") };
    assert_eq!(read(&both).unwrap().chips, ["mi300x"]);

    let one = size(&scenario, &some(Wanted { same_vendor: true, ..Wanted::default() }));
    let apart = |own: &&Deployment| {
        let mut vendors = own.bought.iter().map(|own| scenario.chip(&own.chip).unwrap().vendor.clone());
        let first = vendors.next();
        vendors.any(|own| Some(own) != first)
    };
    assert_eq!(one.deployments.iter().filter(apart).count(), 0);

    let open = size(&scenario, &some(Wanted::default()));
    let least = |of: fn(&Deployment) -> Option<f64>| {
        1.2 * open.deployments.iter().filter_map(of).fold(f64::INFINITY, f64::min)
    };
    let (month, watts) = (
        least(|own| own.per_hour.map(|own| own.per_month().get())),
        least(|own| own.power.map(|own| own.get())),
    );
    for written in [
        Written { max_chips: "8".to_owned(), ..none.clone() },
        Written { budget: format!("{month}"), ..none.clone() },
        Written { power: format!("{} kW", watts * 1e-3), ..none },
    ] {
        let wanted = some(read(&written).unwrap());
        let own = size(&scenario, &wanted);
        assert!(!own.deployments.is_empty(), "{written:?}");
        assert!(own.deployments.iter().all(|own| wanted.bars(own).is_none()), "{written:?}");
        let barred = |own: &(String, Unfit)| {
            matches!(own.1, Unfit::Chips { .. } | Unfit::Budget { .. } | Unfit::Power { .. })
        };
        assert!(own.unfit.iter().any(barred), "{written:?}: {:?}", own.unfit);
    }
}

#[test]
fn what_cannot_be_read_names_field_value_and_the_nearest() {
    let scenario = link::parse("v1").scenario;
    let error = |written: Written| Wanted::read(&written, &scenario, "--").unwrap_err();
    let none = Written::default;
    for (written, parts) in [
        (Written { chips: "h10".to_owned(), ..none() }, ["--chips=h10", "Did you mean h100-sxm"]),
        (Written { vendors: "nvida".to_owned(), ..none() }, ["--vendors=nvida", "Did you mean NVIDIA"]),
        (Written { max_chips: "0".to_owned(), ..none() }, ["--max-chips=0", "outside 1 to"]),
        (Written { budget: "cheap".to_owned(), ..none() }, ["--budget=cheap", "a number from"]),
        (Written { power: "-1".to_owned(), ..none() }, ["--power=-1", "outside"]),
        (
            Written { chips: "h200".to_owned(), vendors: "AMD".to_owned(), ..none() },
            ["--vendors=AMD", "none of the chips of --chips"],
        ),
    ] {
        let said = error(written);
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    }
    let power = |text: &str| {
        Wanted::read(&Written { power: text.to_owned(), ..none() }, &scenario, "").unwrap().power.unwrap()
    };
    assert_eq!([power("2"), power("2 MW"), power("2000kW")].map(|own| own.get()), [2e6; 3]);
}

#[test]
fn headroom_ends_where_the_service_level_breaks() {
    let sizing = sized("v1&rate=4", &["h200", "l40s", "b200"]);
    for own in &sizing.deployments {
        let (headroom, scenario) = (own.headroom.unwrap(), own.deployed.scenario());
        assert!(headroom.share >= 0.2, "{}: {headroom:?}", own.deployed.label);
        assert!(holds(&scenario, headroom.share));
        assert!(headroom.breaks.is_none() || !holds(&scenario, headroom.share + 0.005));
    }
}

#[test]
fn kinds_are_mixed_only_where_that_costs_less_than_each_alone() {
    let ids = ["h100-sxm", "h200", "b200", "mi300x", "mi355x", "rtx-pro-6000-bw"];
    let sizing = sized("v1&model=deepseek-v3&weights=fp8&rate=20", &ids);
    let alone = |id: &str| {
        let all = sizing.deployments.iter().filter(|own| own.bought.len() == 1 && own.bought[0].chip == id);
        all.filter_map(|own| own.per_hour).map(DollarsPerHour::get).fold(f64::INFINITY, f64::min)
    };
    let mixed: Vec<&Deployment> = sizing.deployments.iter().filter(|own| own.bought.len() > 1).collect();
    assert!(!mixed.is_empty(), "{:?}", sizing.deployments);
    for own in mixed {
        let cost = own.per_hour.unwrap().get();
        assert!(own.bought.iter().all(|kind| cost < alone(&kind.chip)), "{}", own.deployed.label);
    }
    for id in ids {
        let of_kind = |own: &&Deployment| own.bought.len() == 1 && own.bought[0].chip == id;
        let told = sizing.deployments.iter().filter(of_kind).count();
        let unfit = sizing.unfit.iter().any(|own| own.0 == id);
        assert!((told > 0) != unfit, "{id} is in the answer, or it says why not");
    }
    for own in &sizing.deployments {
        if let Some(next) = &own.runner_up {
            assert!(next.dearer >= 0.0 && next.per_hour >= own.per_hour, "{}", own.deployed.label);
        }
    }
}

#[test]
fn splits_of_decode_are_found_where_they_fit_and_shrink_to_what_they_need() {
    let scenario = link::parse("v1&model=deepseek-v3&weights=fp8&rate=10").scenario;
    let ask = Ask::new(&scenario, wanted(&["h200", "b200"]), constants());
    for kind in halves::KINDS {
        let prefill = kind.has_prefill().then(|| {
            let offers = offers(&scenario, constants(), "h200", WIDEST, Role::Prefill, BATCHES).unwrap();
            let rate = ask.rate(crate::units::Seconds::millis(50.0));
            let own =
                offers.iter().filter_map(|own| ask.stationed((0, "h200"), own, Role::Prefill, 2.0 * rate));
            own.min_by(|one, other| one.worth.total_cmp(&other.worth)).unwrap().part
        });
        let mut held = 0;
        for below in (0..14).map(|step| 80.0 * libm::pow(1.3, f64::from(step))) {
            let one = halves::on_one(&ask, kind, prefill.as_ref(), "h200", below);
            let two = halves::on_two(&ask, kind, prefill.as_ref(), ("h200", "b200"), below);
            for plan in one.into_iter().chain(two) {
                held += 1;
                assert!(ask.holds(&plan), "{plan:?}");
                assert!(ask.worth(&ask.bought(&plan)) < below, "{plan:?}");
                // The pool that shrank last has no replica too many, unless two pools of a kind were packed.
                let mut fewer = plan.clone();
                if fewer.parts[0].replicas > 1 && plan.parts.len() > 2 {
                    fewer.parts[0].replicas -= 1;
                    assert!(!ask.holds(&fewer), "{plan:?}");
                }
            }
        }
        assert!(held > 0, "{kind:?} on H200 and B200");
    }
}

#[test]
fn a_chip_pays_below_its_break_even_price_and_not_above() {
    let text = "v1&isl=4k&concurrency=16&tpot=10ms&link=50GB/s&headroom=0";
    let sizing = sized(text, &["h200", "b200", "groq3-lp30"]);
    let worth = sizing.break_even.iter().find(|own| own.chip == "groq3-lp30").unwrap();
    let cheapest = sizing.deployments[0].per_hour.unwrap().get();
    for (factor, pays) in [(0.99, true), (1.01, false)] {
        let mut priced = worth.deployed.scenario();
        priced.pricing.rents.push(ChipRent { chip: "groq3-lp30".to_owned(), rent: worth.below * factor });
        let evaluation = evaluate(&priced).unwrap();
        assert_eq!(miss(&priced.slo, &evaluation), None);
        assert_eq!(evaluation.costs.per_hour.unwrap().get() < cheapest, pays, "{factor}");
    }
    assert!(sizing.unpriced.iter().any(|own| own.bought[0].chip == "groq3-lp30" && own.per_hour.is_none()));
}

#[test]
fn what_fits_nowhere_says_why() {
    let sizing = sized("v1&tpot=1ms", &["h200"]);
    assert!(sizing.deployments.is_empty());
    assert!(matches!(sizing.unfit[..], [(_, Unfit::Tpot { .. })]), "{:?}", sizing.unfit);
    let sizing = sized("v1&ttft=20ms", &["h200"]);
    assert!(matches!(sizing.unfit[..], [(_, Unfit::Ttft { .. })]), "{:?}", sizing.unfit);
    let sizing = sized("v1&model=kimi-k3", &["rtx-4090", "groq-lpu1"]);
    assert!(
        sizing
            .unfit
            .iter()
            .any(|own| matches!(own.1, Unfit::NoRoom | Unfit::Ttft { .. } | Unfit::Tpot { .. })),
        "{:?}",
        sizing.unfit
    );
    let sizing = sized("v1&rate=100000", &["l40s"]);
    assert!(
        matches!(sizing.unfit[..], [(_, Unfit::TooMany { .. } | Unfit::Ttft { .. })]),
        "{:?}",
        sizing.unfit
    );
}
