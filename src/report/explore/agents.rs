//! What a ladder of agents came to, in sentences: what was assumed, where the cliffs are, and what a task costs.

use crate::explore::agents::{Ladder, Point, Setup, cliff};
use crate::scenario::notation;
use crate::scenario::traffic::{Place, Tier};
use crate::units::format::{Precision, Unit};

/// What is replayed, and what has been assumed.
#[must_use]
pub fn notes(ladder: &Ladder) -> Vec<String> {
    let Setup { scenario, tiers, sessions_of, usual_tiers, price } = ladder.setup();
    let mut notes = Vec::new();
    if let Some(name) = sessions_of {
        notes.push(format!(
            "The scenario has no sessions, so these are those of the catalogue ({name}), sent to the replica that knows them."
        ));
    }
    let (turns, growth, agents) = scenario.traffic.sessions.map_or((1, 0.0, None), |own| {
        (own.turns, own.growth.get(), own.agents.map(|own| (own.count, own.turns)))
    });
    let tokens = |value: f64| Unit::Tokens.format_with(value, Precision::SHORT);
    let first = scenario.workload.mean_isl().get();
    let helpers = agents.map_or(String::new(), |(count, turns)| {
        format!(" It starts {count} sub-agents of {turns} turns each.")
    });
    notes.push(format!(
        "A task is a session of {turns} turns: the first prompt has {} tokens, each later one {} more and all that was said.{helpers}",
        tokens(first),
        tokens(growth)
    ));
    if *usual_tiers {
        notes.push(format!("The scenario has no tier, so {} is drawn beside it.", in_words(tiers)));
    }
    if let Err(unpriced) = price {
        notes.push(format!("No money per task: {unpriced}."));
    }
    let pools = scenario.split.pools();
    let layouts: Vec<String> = pools
        .iter()
        .filter_map(|(_, pool)| Some(notation::write_layout(&pool.layout?).to_ascii_uppercase()))
        .collect();
    if !layouts.is_empty() {
        notes.push(format!(
            "Layouts are those chosen for this traffic, the same at every point: {}.",
            layouts.join(" and ")
        ));
    }
    notes
}

/// Where the cliffs are, and what a task costs.
#[must_use]
pub fn sentence(ladder: &Ladder) -> String {
    let (plain, tiered) = ladder.points();
    let tiers = in_words(&ladder.setup().tiers);
    let count = |sessions: f64| match sessions {
        1.0 => "1 session".to_owned(),
        _ => format!("{} sessions", Unit::Count.format(sessions)),
    };
    let share = |value: f64| Unit::Percent.format_with(value, Precision::SHORT);
    let time = |value: f64| Unit::Seconds.format_with(value, Precision::SHORT);
    let Some(most) = plain.last() else { return String::new() };
    let mut text = match cliff(plain) {
        None => format!("Hit rate holds to {}, the most replayed so far.", count(most.sessions)),
        Some((knee, _)) => {
            // Of those that are near, within two doublings, the one that the tiers help most.
            let beside = |own: &Point| tiered.iter().find(|with| with.sessions == own.sessions);
            let helped = |own: &Point| beside(own).map_or(0.0, |with| own.p50 / with.p50);
            let near = plain.iter().filter(|own| own.sessions > knee && own.sessions <= 4.0 * knee);
            let worst = near.max_by(|one, two| helped(one).total_cmp(&helped(two))).unwrap_or(most);
            let with = beside(worst).map_or(String::new(), |own| format!("; with {tiers} {}", time(own.p50)));
            format!(
                "Hit rate holds to {}; past it the chips' memory is full: at {} {} of the input is cached and TTFT p50 \
                 is {}{with}.",
                count(knee),
                count(worst.sessions),
                share(worst.hit),
                time(worst.p50)
            )
        }
    };
    if let Some((knee, _)) = cliff(tiered) {
        text += &format!(" With the tiers it holds to {}.", count(knee));
    }
    let cheapest = |points: &[Point]| {
        let priced = points.iter().filter(|own| own.cost.is_finite());
        priced.min_by(|one, two| one.cost.total_cmp(&two.cost)).copied()
    };
    if let Some(own) = cheapest(plain) {
        text +=
            &format!(" A task costs least at {}: {}", count(own.sessions), Unit::Dollars.format(own.cost));
        let with = cheapest(tiered).filter(|with| with.cost < 0.99 * own.cost);
        text += &with.map_or(".".to_owned(), |with| {
            format!("; with the tiers at {}: {}.", count(with.sessions), Unit::Dollars.format(with.cost))
        });
    }
    text
}

/// Tiers in words: `250 GB of DRAM per chip at 50 GB/s`.
fn in_words(tiers: &[Tier]) -> String {
    let one = |own: &Tier| {
        let (name, of) = match own.place {
            Place::Hbm => ("HBM", " per chip"),
            Place::Dram => ("DRAM", " per chip"),
            Place::Ssd => ("flash", " per chip"),
            Place::Network => ("network storage", ""),
        };
        let size = Unit::Bytes.format_with(own.capacity.get(), Precision::SHORT);
        let bandwidth = Unit::BytesPerSecond.format_with(own.bandwidth.get(), Precision::SHORT);
        format!("{size} of {name}{of} at {bandwidth}")
    };
    tiers.iter().map(one).collect::<Vec<_>>().join(" and ")
}
