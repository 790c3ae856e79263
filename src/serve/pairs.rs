//! Which layouts of two pools that decode together are worth pairing: those that no other layout of the same pool beats in
//! everything that a pair can come to.
//!
//! What a layout of one pool adds to a step does not depend on the layout of the other: the time of its part for so many
//! users in decode, in so many micro-batches, what a prompt takes of it, its share of the way between both, its room. A layout
//! that is no better in any of them is no better in any pair. How many users are in decode is not known yet, so times are
//! compared for few, for all and for some in between.

use super::halves::Maker;
use super::lengths::Lengths;
use super::side::Side;
use crate::scenario::{Load, Role, Scenario};
use crate::units::Seconds;

/// What a layout may be worse by in everything and still count as good as another.
const ALIKE: f64 = 0.005;

/// Users in decode at which layouts are compared, in shares of all.
const SHARES: [f64; 4] = [0.02, 0.15, 0.5, 1.0];

/// Seconds that an answer of an open loop may take per token, from least to most.
const TOKENS: [f64; 4] = [0.002, 0.01, 0.05, 0.5];

/// Micro-batches at which they are compared.
const MICRO: [f64; 3] = [1.0, 2.0, 4.0];

/// Pairs up to which every layout of the pool that keeps the cache is paired: there its users also wait for each other.
const PAIRS: usize = 1200;

/// The layouts of the pool that keeps the cache and of the one beside it that are worth pairing.
pub(super) fn worth<'a>(
    maker: &Maker<'a>,
    (holders, seconds): (Vec<Side<'a>>, Vec<Side<'a>>),
    lengths: &Lengths,
) -> (Vec<Side<'a>>, Vec<Side<'a>>) {
    let room = |side: &Side<'a>| {
        f64::from(side.settled.replicas) * side.settled.replica.sequences_that_fit(lengths.context)
    };
    let most = holders.iter().map(room).fold(1.0, f64::max);
    let users = users(maker.scenario, lengths, most);
    let kept = |sides: Vec<Side<'a>>| -> Vec<Side<'a>> {
        let figures: Vec<Vec<Figure>> =
            sides.iter().map(|side| figures(maker, side, lengths, &users)).collect();
        let kept = unbeaten(&figures);
        sides.into_iter().zip(kept).filter(|own| own.1).map(|own| own.0).collect()
    };
    let seconds = kept(seconds);
    let few = holders.len() * seconds.len() <= PAIRS;
    (if few { holders } else { kept(holders) }, seconds)
}

/// Numbers of users in decode that there may be, of which so many find room.
fn users(scenario: &Scenario, lengths: &Lengths, most: f64) -> Vec<f64> {
    let all = match scenario.load {
        Load::Closed { concurrency } => SHARES.map(|share| concurrency * share),
        Load::Open { rate, .. } => TOKENS.map(|each| rate.get() * lengths.tokens * each),
    };
    let mut users: Vec<f64> = all.into_iter().map(|own| own.clamp(1.0, most)).collect();
    users.dedup();
    users
}

/// A figure that is the better the less it is, and by what it may be more without weight.
type Figure = (f64, f64);

/// What a layout adds to whatever it is paired with. A time on the way weighs against the time of a step.
fn figures(maker: &Maker<'_>, side: &Side<'_>, lengths: &Lengths, users: &[f64]) -> Vec<Figure> {
    let replica = &side.settled.replica;
    let layout = replica.layout();
    let replicas = f64::from(side.settled.replicas);
    let speculation = maker.scenario.speculation();
    let proposed = speculation.as_ref().map_or(0.0, |own| f64::from(own.tokens));
    let width = if side.role == Role::Draft { 1.0 } else { proposed + 1.0 };
    let prefill = replica.prefill(lengths.new, lengths.past);
    let plain = |figure: f64| (figure, figure * ALIKE);
    let mut figures = vec![
        plain(prefill.latency.get()),
        plain(prefill.occupancy.get() / replicas),
        plain(prefill.least().get() / replicas),
    ];
    if side.role != Role::Ffn {
        let room = replica.whole(replica.sequences_that_fit(lengths.longest)) * replicas;
        let chips = f64::from(layout.chips()) * replicas;
        figures.extend([plain(room.recip()), plain(chips.recip())]);
    }
    let way = (side.role == Role::Ffn).then(|| maker.way(side));
    let parts = matches!(side.role, Role::Attention | Role::Ffn);
    for &users in users {
        let each = (users / replicas).max(1.0);
        // Who has a replica to itself is held up by nobody's prompts.
        let others = (users / replicas - 1.0).max(0.0) * prefill.occupancy.get();
        figures.push(plain(others));
        if !parts {
            let time = replica.kernels(each, lengths.context, width) + replica.around(each);
            figures.push(plain(time.get()));
            continue;
        }
        let mut step = Seconds::ZERO;
        for micro in MICRO {
            let time = replica.group_time((each / micro).max(1.0), each, lengths.context, width);
            step = step.max(time);
            figures.extend([time, time / f64::from(layout.pp).min(micro)].map(|own| plain(own.get())));
        }
        let times = way.into_iter().flatten().map(|token| (token.get() * users * width, step.get() * ALIKE));
        figures.extend(times);
    }
    figures
}

/// Which of these no other beats in every figure; of equals the first.
fn unbeaten(all: &[Vec<Figure>]) -> Vec<bool> {
    let total = |own: &[Figure]| own.iter().map(|figure| libm::log(figure.0.max(1e-12))).sum::<f64>();
    let mut order: Vec<(f64, usize)> = all.iter().map(|own| total(own)).zip(0..).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut kept: Vec<&Vec<Figure>> = Vec::new();
    let mut stays = vec![false; all.len()];
    for (_, index) in order {
        let (Some(own), Some(place)) = (all.get(index), stays.get_mut(index)) else { continue };
        let beats = |other: &&Vec<Figure>| other.iter().zip(own).all(|(other, own)| other.0 <= own.0 + own.1);
        if !kept.iter().any(beats) {
            kept.push(own);
            *place = true;
        }
    }
    stays
}
