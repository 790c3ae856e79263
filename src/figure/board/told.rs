//! The mix board in words.

use super::{Exchange, Kept, Mark, Standing, Tray, Valley};
use crate::cost::chip_price;
use crate::explore::Miss;
use crate::metric::Metric;
use crate::scenario::{Scenario, Slo};
use crate::units::format::{Precision, Unit};

/// What stands beside the metric in the words on a way.
const BESIDE: [Metric; 2] = [Metric::Ttft, Metric::Tpot];

/// A metric this much better, as a share, is not worth another mix.
const LEVEL: f64 = 5e-3;

/// Chips of the two pools at a way: `9 + 7`.
#[must_use]
pub fn way(exchange: &Exchange, way: u32) -> String {
    let (first, second) = exchange.chips(way);
    format!("{} + {}", count(first), count(second))
}

/// A number of chips.
#[must_use]
pub fn count(chips: u32) -> String {
    Unit::Count.format(f64::from(chips))
}

/// A way in words: `9 + 7: $0.46/Mtok, TTFT 1.49 s, TPOT 23 ms`, or why nothing runs there.
#[must_use]
pub fn point(valley: &Valley, at: u32, metric: Metric, slo: &Slo) -> String {
    let chips = way(valley.exchange(), at);
    let point = valley.evaluated(at);
    if let Standing::Refused(reason) = &point.standing {
        return format!("{chips}: {reason}");
    }
    let mut parts = Vec::new();
    if let Some(value) = point.value(metric) {
        parts.push(valued(metric, value));
    }
    for beside in BESIDE.into_iter().filter(|beside| *beside != metric) {
        if let Some(value) = point.value(beside) {
            parts.push(format!("{} {}", beside.short(), valued(beside, value)));
        }
    }
    parts.extend(fails(&point.standing, slo));
    format!("{chips}: {}", parts.join(", "))
}

/// What of the service level is not kept; nothing where it is.
fn fails(standing: &Standing, slo: &Slo) -> Option<String> {
    let (limit, name) = match standing {
        Standing::Meets | Standing::Refused(_) => return None,
        Standing::Overloaded => return Some("overloaded".to_owned()),
        Standing::Late(Miss::Tpot, _) => (slo.tpot, "TPOT"),
        Standing::Late(..) => (slo.ttft, "TTFT"),
    };
    limit.map(|limit| format!("misses {}", limit.text(name)))
}

fn valued(metric: Metric, value: f64) -> String {
    let text = metric.unit().format_with(value, Precision::STEADY);
    match metric {
        Metric::CostInput => format!("{text} of input"),
        Metric::CostOutput => format!("{text} of output"),
        _ => text,
    }
}

/// What stands at the marked way where the scenario, which has so much of the metric and keeps the service level or not, is as
/// good: nothing else to choose.
#[must_use]
pub fn level(mark: Mark, same: bool, metric: Metric, now: (Option<f64>, bool)) -> Option<&'static str> {
    let gain = mark.value.zip(now.0).map(|(best, now)| {
        let change = best / now - 1.0;
        if metric.more_is_better() { change } else { -change }
    });
    match (same, now.1 == mark.meets, gain) {
        (true, _, None) => Some(if mark.meets { "best mix" } else { "closest to the limits" }),
        (true, true, Some(gain)) if gain < LEVEL => {
            Some(if mark.meets { "best mix" } else { "closest to the limits" })
        }
        (false, true, Some(gain)) if mark.meets && gain < LEVEL => Some("this mix is as good as the best"),
        _ => None,
    }
}

/// The offer of the marked way: `best: 11 + 5, −18 %`. `now` says what the scenario has of the metric and whether it keeps
/// the service level.
#[must_use]
pub fn offer(exchange: &Exchange, mark: Mark, metric: Metric, now: (Option<f64>, bool)) -> String {
    let chips = way(exchange, mark.way);
    if !mark.meets {
        return format!("closest to the limits: {chips}");
    }
    let name = if now.1 { "best" } else { "best within the limits" };
    match (mark.value, now.0) {
        (Some(best), Some(now)) if now > 0.0 => {
            let change = best / now - 1.0;
            format!("{name}: {chips}, {}", Unit::Percent.format_change(change, Precision::SHORT))
        }
        (Some(best), _) => format!("{name}: {chips}, {}", valued(metric, best)),
        (None, _) => format!("{name}: {chips}"),
    }
}

/// What a handle says of itself: `8 prefill and 8 decode chips, 50 % in prefill`.
#[must_use]
pub fn handle(scenario: &Scenario, first: usize, share: Option<f64>, kept: Kept) -> String {
    let pools = scenario.split.pools();
    let [Some((one, here)), Some((two, there))] = [pools.get(first), pools.get(first + 1)] else {
        return String::new();
    };
    let of = match kept {
        Kept::Chips => "chips",
        Kept::Dollars => "dollars",
        Kept::Power => "power",
    };
    let share = share.map_or_else(String::new, |share| {
        format!(", {} of the {of} in {}", Unit::Percent.format_with(share, Precision::SHORT), one.name())
    });
    format!("{} {} and {} {} chips{share}", count(here.chips), one.name(), count(there.chips), two.name())
}

/// What a cell of the trays stands for; nothing where each is a chip by itself.
#[must_use]
pub fn cells(unit: u32, trays: &[Tray], chips: u32) -> String {
    let grouped = trays.iter().any(|own| own.grouped);
    match unit {
        _ if chips == 0 || !grouped => String::new(),
        1 => "One square is a chip, in groups of 8".to_owned(),
        unit => {
            format!("One square is {} chips, in groups of {}", count(unit), count(unit.saturating_mul(8)))
        }
    }
}

/// What of a chip decides in the picker: memory and price.
#[must_use]
pub fn chip(scenario: &Scenario, id: &str) -> String {
    let Some(chip) = scenario.chip(id) else { return String::new() };
    let memory = match (&chip.memory, &chip.sram) {
        (Some(memory), _) => Unit::Bytes.format(memory.named.get()),
        (None, Some(sram)) => format!("{} SRAM", Unit::Bytes.format(sram.capacity.get())),
        (None, None) => String::new(),
    };
    let price = chip_price(scenario, id)
        .map_or_else(|_| "no public price".to_owned(), |own| Unit::DollarsPerHour.format(own.get()));
    if memory.is_empty() { price } else { format!("{memory} · {price}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::scenario::link;

    fn filled(text: &str) -> (Scenario, Valley) {
        let scenario = link::parse(text).scenario;
        let mut valley = Valley::new(&scenario, &Exchange::of(&scenario, 0, Kept::Chips).unwrap());
        while valley.step(Metric::CostTotal) {}
        (scenario, valley)
    }

    #[test]
    fn a_way_says_what_it_comes_to_or_why_it_does_not_run() {
        let (scenario, valley) = filled("v1");
        let told = |at| point(&valley, at, Metric::CostTotal, &scenario.slo);
        assert!(told(0).starts_with("1 + 15: Does not fit"), "{}", told(0));
        let late = told(1);
        assert!(late.starts_with("2 + 14: $") && late.ends_with("misses TTFT ≤ 2\u{a0}s"), "{late}");
        let own = told(8);
        assert!(own.starts_with("9 + 7: $") && own.contains("TTFT ") && own.contains("TPOT "), "{own}");
        assert!(!own.contains("misses"), "{own}");
    }

    #[test]
    fn the_offer_is_the_change_to_the_best_way() {
        let (scenario, valley) = filled("v1&prefill=h100-sxm*12&decode=h200*4");
        let metric = Metric::CostTotal;
        let mark = valley.mark(metric).unwrap();
        let read = |own: &Scenario| metric.read(&evaluate(own).unwrap()).unwrap().value;
        let (now, best) = (read(&scenario), read(&valley.at(mark.way)));
        assert!(best < 0.9 * now);
        let percent = Unit::Percent.format_change(best / now - 1.0, Precision::SHORT);
        let chips = way(valley.exchange(), mark.way);
        assert_eq!(
            offer(valley.exchange(), mark, metric, (Some(now), true)),
            format!("best: {chips}, {percent}")
        );
        assert_eq!(level(mark, false, metric, (Some(now), true)), None);
        assert_eq!(level(mark, true, metric, (Some(best), true)), Some("best mix"));
        assert_eq!(
            level(mark, false, metric, (Some(best * 1.001), true)),
            Some("this mix is as good as the best")
        );
        assert_eq!(level(mark, false, metric, (Some(best), false)), None, "what is late is no match");
        let late = Mark { meets: false, ..mark };
        assert_eq!(
            offer(valley.exchange(), late, metric, (None, false)),
            format!("closest to the limits: {chips}")
        );
    }

    #[test]
    fn a_handle_says_where_it_stands() {
        let (scenario, valley) = filled("v1&prefill=h100-sxm*12&decode=h200*4");
        let share = valley.exchange().share(valley.exchange().standing(&scenario));
        assert_eq!(
            handle(&scenario, 0, Some(share), Kept::Chips),
            "12 prefill and 4 decode chips, 75\u{a0}% of the chips in prefill"
        );
    }
}
