//! Values of a link that say how requests come one by one: sessions, pauses, tiers.

use crate::catalog;
use crate::scenario::traffic::{Agents, Burst, Horizon, Lengths, Pause, Place, Sessions, Tier};
use crate::scenario::{Limits, Load, Scenario};
use crate::units::order;
use crate::units::{Bytes, BytesPerSecond, Seconds, Tokens};

use super::key::Taken;
use super::names;
use super::problem::Problem;
use super::value::{self, Kind};

/// Why a coefficient of variation has no meaning.
pub(super) const CLOSED_LOOP: &str = "because arrivals vary only where rate is given";
/// Why sub-agents have no meaning.
const NO_SESSIONS: &str = "because only sessions start sub-agents";

/// The workloads whose lengths can be had.
pub(super) fn presets() -> String {
    ids().collect::<Vec<_>>().join(", ")
}

fn ids() -> impl Iterator<Item = &'static str> {
    catalog::workloads().iter().map(|workload| workload.id)
}

pub(super) fn read_lengths(scenario: &mut Scenario, text: &str) -> Result<Taken, Problem> {
    let word = text.trim().to_ascii_lowercase();
    let lengths = if let Some((input, output)) = word.split_once('/') {
        let tail =
            |tail: &str| value::read_in(&word, Kind::Plain, Limits::LENGTHS, tail).map(|(tail, _)| tail);
        Lengths::Tails { input: tail(input)?, output: tail(output)? }
    } else {
        let preset = catalog::workload(&word).ok_or_else(|| names::choice(&word, ids()))?;
        Lengths::Preset { id: preset.id.to_owned() }
    };
    if let Some((isl, osl)) = lengths.means() {
        (scenario.workload.isl, scenario.workload.osl) = (isl, osl);
    }
    scenario.traffic.lengths = Some(lengths);
    Ok(Taken::Whole)
}

pub(super) fn write_lengths(scenario: &Scenario) -> Option<String> {
    scenario.traffic.lengths.as_ref().map(|lengths| match lengths {
        Lengths::Preset { id } => id.clone(),
        Lengths::Tails { input, output } => {
            format!("{}/{}", value::write(Kind::Plain, *input), value::write(Kind::Plain, *output))
        }
    })
}

pub(super) fn read_burst(scenario: &mut Scenario, text: &str) -> Result<Taken, Problem> {
    let (on, off) = text.split_once('/').ok_or_else(|| expected("two times such as 30s/90s"))?;
    let (on, on_doubt) = value::read_in(text, Kind::Time, Limits::BURST, on)?;
    let (off, off_doubt) = value::read_in(text, Kind::Time, Limits::BURST, off)?;
    // What cannot be read is told even where it would not be used.
    if matches!(scenario.load, Load::Closed { .. }) {
        return Err(Problem::Unused { reason: CLOSED_LOOP });
    }
    scenario.traffic.burst = Some(Burst { on: Seconds::new(on), off: Seconds::new(off) });
    Ok(on_doubt.or(off_doubt).into())
}

pub(super) fn write_burst(scenario: &Scenario) -> Option<String> {
    let burst = scenario.traffic.burst.filter(|_| matches!(scenario.load, Load::Open { .. }))?;
    Some(format!("{}/{}", time(burst.on), time(burst.off)))
}

pub(super) fn read_sessions(scenario: &mut Scenario, text: &str) -> Result<Taken, Problem> {
    let (turns, growth) =
        text.split_once(['x', '×']).ok_or_else(|| expected("turns x new tokens such as 20x1.5k"))?;
    let turns = whole(text, Limits::TURNS, turns)?;
    let (growth, doubt) = value::read_in(text, Kind::Tokens, Limits::GROWTH, growth)?;
    scenario.traffic.sessions = Some(Sessions { turns, growth: Tokens::new(growth), agents: None });
    Ok(doubt.into())
}

pub(super) fn write_sessions(scenario: &Scenario) -> Option<String> {
    let Sessions { turns, growth, .. } = scenario.traffic.sessions?;
    Some(format!("{turns}x{}", value::write(Kind::Tokens, growth.get())))
}

pub(super) fn read_agents(scenario: &mut Scenario, text: &str) -> Result<Taken, Problem> {
    let (count, turns) =
        text.split_once(['x', '×']).ok_or_else(|| expected("sub-agents x turns such as 4x10"))?;
    let agents =
        Agents { count: whole(text, Limits::AGENTS, count)?, turns: whole(text, Limits::AGENTS, turns)? };
    let Some(sessions) = &mut scenario.traffic.sessions else {
        return Err(Problem::Unused { reason: NO_SESSIONS });
    };
    sessions.agents = Some(agents);
    Ok(Taken::Whole)
}

pub(super) fn write_agents(scenario: &Scenario) -> Option<String> {
    let Agents { count, turns } = scenario.traffic.sessions?.agents?;
    Some(format!("{count}x{turns}"))
}

pub(super) fn read_pause(scenario: &mut Scenario, text: &str) -> Result<Taken, Problem> {
    let (pause, doubt) = match text.split_once('/') {
        None => {
            let (mean, doubt) = value::read(Kind::Time, Limits::PAUSE, text)?;
            (Pause::Exponential { mean: Seconds::new(mean) }, doubt)
        }
        Some((p50, p95)) => {
            let (p50, p50_doubt) = value::read_in(text, Kind::Time, Limits::PAUSE, p50)?;
            let (p95, p95_doubt) =
                value::read_in(text, Kind::Time, Limits { low: p50, ..Limits::PAUSE }, p95)?;
            (Pause::Quantiles { p50: Seconds::new(p50), p95: Seconds::new(p95) }, p50_doubt.or(p95_doubt))
        }
    };
    scenario.traffic.pause = Some(pause);
    Ok(doubt.into())
}

pub(super) fn write_pause(scenario: &Scenario) -> Option<String> {
    scenario.traffic.pause.map(|pause| match pause {
        Pause::Exponential { mean } => time(mean),
        Pause::Quantiles { p50, p95 } => format!("{}/{}", time(p50), time(p95)),
    })
}

pub(super) fn read_tier(scenario: &mut Scenario, text: &str) -> Result<Taken, Problem> {
    let shape = || expected("place:room@bandwidth such as dram:1TB@50GB/s");
    let (place, rest) = text.split_once(':').ok_or_else(shape)?;
    let word = place.trim().to_ascii_lowercase();
    // The chips' own memory is there anyway.
    let further = || Place::ALL.into_iter().filter(|place| *place != Place::Hbm);
    let place = further()
        .find(|place| place.id() == word)
        .ok_or_else(|| names::choice(&word, further().map(Place::id)).inside(text, place))?;
    let (capacity, bandwidth) = rest.split_once('@').ok_or_else(shape)?;
    let (capacity, _) = value::read_in(text, Kind::Room, Limits::TIER, capacity)?;
    let (bandwidth, doubt) = value::read_in(text, Kind::Bandwidth, Limits::TIER_BANDWIDTH, bandwidth)?;
    let tiers = &mut scenario.traffic.tiers;
    tiers.retain(|tier| tier.place != place);
    tiers.push(Tier { place, capacity: Bytes::new(capacity), bandwidth: BytesPerSecond::new(bandwidth) });
    order::sort_by_key(tiers, |tier| tier.place);
    Ok(doubt.into())
}

pub(super) fn write_tiers(scenario: &Scenario) -> Option<String> {
    let one = |tier: &Tier| {
        format!(
            "{}:{}@{}",
            tier.place.id(),
            value::write(Kind::Room, tier.capacity.get()),
            value::write(Kind::Bandwidth, tier.bandwidth.get())
        )
    };
    let tiers = &scenario.traffic.tiers;
    (!tiers.is_empty()).then(|| tiers.iter().map(one).collect::<Vec<_>>().join(","))
}

pub(super) fn read_horizon(scenario: &mut Scenario, text: &str) -> Result<Taken, Problem> {
    let text = text.trim();
    let count = ["requests", "request", "reqs", "req"].into_iter().find_map(|unit| text.strip_suffix(unit));
    let (horizon, doubt) = match count {
        Some(count) => (Horizon::Requests { count: whole(text, Limits::HORIZON_REQUESTS, count)? }, None),
        None => {
            let (time, doubt) = value::read(Kind::Time, Limits::HORIZON, text)?;
            (Horizon::Time { time: Seconds::new(time) }, doubt)
        }
    };
    scenario.traffic.horizon = Some(horizon);
    Ok(doubt.into())
}

pub(super) fn write_horizon(scenario: &Scenario) -> Option<String> {
    scenario.traffic.horizon.map(|horizon| match horizon {
        Horizon::Time { time: span } => time(span),
        Horizon::Requests { count } => format!("{count}req"),
    })
}

fn time(time: Seconds) -> String {
    value::write(Kind::Time, time.get())
}

/// A whole number within its limits.
pub(super) fn whole(whole: &str, limits: Limits, text: &str) -> Result<u32, Problem> {
    let (number, _) = value::read_in(whole, Kind::Count, limits, text)?;
    if libm::floor(number) == number { Ok(number as u32) } else { Err(expected("a whole number")) }
}

fn expected(what: &str) -> Problem {
    Problem::Unreadable { expected: what.to_owned(), nearest: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::{parse, write};

    fn messages(text: &str) -> Vec<String> {
        parse(text).notices.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lengths_of_a_workload_bring_their_means() {
        let scenario = parse("v1&lengths=chat").scenario;
        // 1000 and 130 tokens in the middle, 4000 and 450 at the 95th percentile.
        assert_eq!((scenario.workload.isl.get(), scenario.workload.osl.get()), (1426.0, 173.0));
        assert_eq!(write(&scenario, &[]), "v1&lengths=chat");
        let scenario = parse("v1&isl=8k&lengths=chat").scenario;
        assert_eq!((scenario.workload.isl.get(), scenario.workload.osl.get()), (8192.0, 173.0));
        assert_eq!(write(&scenario, &[]), "v1&lengths=chat&isl=8k");
        assert_eq!(write(&parse("v1&lengths=4/3.5").scenario, &[]), "v1&lengths=4/3.5");
    }

    #[test]
    fn notices_teach() {
        assert!(messages("v1&lengths=chats")[0].contains("Did you mean chat?"));
        assert_eq!(messages("v1&lengths=4/0.5"), ["lengths=4/0.5: outside 1 to 1000. Did you mean 4/1?"]);
        assert!(messages("v1&burst=30s/90s")[0].contains("not used"));
        assert_eq!(messages("v1&rate=1&burst=30s"), ["burst=30s: expected two times such as 30s/90s"]);
        assert_eq!(
            messages("v1&agents=4x10"),
            ["agents=4x10: not used, because only sessions start sub-agents"]
        );
        assert!(messages("v1&sessions=20")[0].contains("20x1.5k"));
        assert!(messages("v1&sessions=2.5x1k")[0].contains("a whole number"));
        assert!(messages("v1&sessions=0x1k")[0].contains("outside 1 to 10000 turns"));
        assert_eq!(messages("v1&pause=5"), ["pause=5: no unit; read as seconds"]);
        assert!(messages("v1&pause=30s/2s")[0].contains("outside 30s to 86400s"));
        assert!(messages("v1&tier=ram:1TB@50GB/s")[0].contains("Did you mean dram:1TB@50GB/s?"));
        assert!(messages("v1&tier=dram:1TB")[0].contains("dram:1TB@50GB/s"));
        assert!(messages("v1&routing=prefx")[0].contains("Did you mean prefix?"));
        assert!(messages("v1&horizon=0req")[0].contains("outside 1 to 10000000 requests"));
    }

    #[test]
    fn a_bad_tier_leaves_the_others() {
        let parsed = parse("v1&tier=ssd:8TB@10GB/s,dram:1PB&tier=dram:512@400Gb/s");
        assert_eq!(parsed.notices.len(), 1);
        assert_eq!(write(&parsed.scenario, &[]), "v1&tier=dram:512GB@50GB/s,ssd:8TB@10GB/s");
    }
}
