//! What a search over deployments needs of serving, cheaply: one replica of each layout, measured once at several batch
//! sizes, and how TTFT and users in flight follow when such replicas are put together.
//!
//! A deployment is a number of equal replicas, so a station measured once serves every deployment that it is part of.
//! The formulas are those of [`super::serve`] solved the other way round: the batch is given and the number of users
//! that brings it about is sought, which needs no root. What a search finds worth showing it serves once more in full.

use super::ahead::{Order, Others, Stream, again, reading};
use super::capped;
use super::first_token::FirstToken;
use super::flags::Flags;
use super::half::Half;
use super::layouts::{Setting, Settled};
use super::lengths::Lengths;
use super::models::find_model;
use super::refusal::Refusal;
use super::replica::Prefill;
use super::side::Side;
use super::station::{Operating, Station};
use super::transfer::{Ends, ends};
use crate::catalog;
use crate::machine::{Constants, EngineRow, LinkKind};
use crate::pass::{Numerics, Portion};
use crate::scenario::{Layout, Load, Pool, Role, Scenario};
use crate::units::{RequestsPerSecond, Seconds};

/// One layout of a chip, as a station: what a replica of it does with the scenario's workload.
#[derive(Clone, Debug)]
pub struct Offer {
    /// How the replica is spread.
    pub layout: Layout,
    /// Its chips.
    pub chips: u32,
    /// Cost of a prompt; none where the pool does not prefill.
    pub prefill: Option<Prefill>,
    /// Sequences one replica can hold.
    pub fits: f64,
    /// The replica at rising numbers of sequences in decode; empty where the pool does not decode.
    pub points: Vec<Operating>,
    engine: EngineRow,
    /// Output tokens after the first.
    tokens: f64,
    /// How much the lengths of answers scatter, in mean lengths.
    scatter: f64,
    flags: Flags,
    order: Order,
    layers: u32,
}

/// User-visible latency of a deployment at one operating point of a closed loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UserLatency {
    /// Users over the deployment.
    pub users: f64,
    /// Requests per second over the deployment.
    pub rate: f64,
    /// Mean time to first token, in seconds.
    pub ttft: f64,
    /// Mean time per output token, in seconds.
    pub tpot: f64,
}

/// The layouts that a pool of at most so many chips can take, measured at up to so many batch sizes: without those that another
/// of no more chips beats throughout.
///
/// # Errors
/// An unknown chip or model, or a chip whose data sheet lacks what the laws need.
pub fn offers(
    scenario: &Scenario,
    tables: &Constants,
    id: &str,
    chips: u32,
    role: Role,
    batches: usize,
) -> Result<Vec<Offer>, Refusal> {
    let model = find_model(scenario)?;
    let chip = scenario.chip(id).ok_or_else(|| Refusal::UnknownChip {
        chip: id.to_owned(),
        nearest: catalog::nearest_chip_ids(id).into_iter().map(str::to_owned).collect(),
    })?;
    let lengths = Lengths { window: model.max_context, ..Lengths::of(scenario) };
    let pool = Pool::new(id, chips);
    let setting = Setting {
        tables,
        model: &model,
        chip,
        engine: scenario.engine,
        numerics: Numerics::resolve(&model, scenario.formats),
        flags: Flags::of(scenario, tables, chip),
        portion: Portion::Whole,
        experts: scenario.experts,
        clock: capped::clock(scenario, tables, chip)?,
    };
    let longest = if role == Role::Prefill { lengths.longest_prompt } else { lengths.longest };
    let mut layouts = setting.candidates(chips, role, longest)?;
    // How many chips a pool beside another has is not settled.
    if role != Role::Colocated && chips > SMALL {
        layouts.retain(|own| own.dp.is_power_of_two());
    } else if role != Role::Colocated {
        for fewer in 1..chips {
            let own = setting.candidates(fewer, role, longest)?;
            layouts.extend(own.into_iter().filter(|own| !own.dp.is_power_of_two()));
        }
        // A set would have an order of its own in each run, and there are few.
        let mut seen: Vec<Layout> = Vec::with_capacity(layouts.len());
        layouts.retain(|own| {
            let new = !seen.contains(own);
            if new {
                seen.push(*own);
            }
            new
        });
    }
    let mut halves = Vec::new();
    for found in setting.replicas(layouts) {
        let (_, replica) = found?;
        if replica.sequences_that_fit(longest) >= 1.0 {
            let settled = Settled { replica, replicas: 1, chosen: true };
            let holder = Side { role, pool: &pool, chip, settled };
            halves.push(Half { holder, partner: None, draft: None, prefills: role != Role::Decode });
        }
    }
    let stations: Vec<Station<'_, '_>> = halves.iter().map(|half| Station::new(half, &lengths)).collect();
    let at = |station: &Station<'_, '_>, most: usize| -> Vec<Operating> {
        let batches = if role == Role::Prefill { Vec::new() } else { grid(station.fits, most) };
        batches.into_iter().map(|batch| station.at(batch)).collect()
    };
    let first: Vec<Vec<Operating>> = stations.iter().map(|station| at(station, FIRST)).collect();
    let kept = unbeaten(&stations, &first);
    let fine = (batches / FINER).max(FIRST);
    let offer = |station: &Station<'_, '_>, first: Vec<Operating>| {
        let layout = station.half.holder.settled.replica.layout();
        Offer {
            layout,
            chips: layout.chips(),
            prefill: station.prefill,
            fits: station.fits,
            // Where no more is asked the first look is all.
            points: finer(&if fine == FIRST { first } else { at(station, fine) }),
            engine: *station.engine(),
            tokens: station.tokens,
            scatter: station.scatter,
            flags: setting.flags,
            order: station.order(),
            layers: model.layers,
        }
    };
    let looked = stations.iter().zip(first).zip(kept).filter(|own| own.1);
    Ok(looked.map(|((station, first), _)| offer(station, first)).collect())
}

/// Tokens of a step by which a replica is measured anew.
const ANEW: f64 = 1.5;

/// Doublings of users up to which it is.
const POPULATIONS: u32 = 13;

/// Numbers of users of a closed loop, fewest first, from each of which on engines set themselves otherwise on some of these
/// chips: tokens of a step that follow the users are larger by half.
#[must_use]
pub fn populations(scenario: &Scenario, tables: &Constants, kinds: &[String]) -> Vec<f64> {
    let steps = |users: f64| -> Vec<f64> {
        let load = Load::Closed { concurrency: users };
        let own = Scenario { load, ..scenario.clone() };
        let chips = kinds.iter().filter_map(|id| own.chip(id));
        chips.map(|chip| Flags::of(&own, tables, chip).chunk.get()).collect()
    };
    let mut all = vec![1.0];
    let mut last = steps(1.0);
    for doubling in 1..=POPULATIONS {
        let users = f64::from(1_u32 << doubling);
        let own = steps(users);
        if own.iter().zip(&last).any(|(own, last)| *own >= last * ANEW) {
            all.push(users);
            last = own;
        }
    }
    all
}

/// Chips up to which every number of ranks that fills a pool is tried beside another pool.
const SMALL: u32 = 16;

/// Batch sizes of a first look.
const FIRST: usize = 9;

/// Points of a curve for each that is measured.
const FINER: usize = 3;

/// A measured curve with points in between.
fn finer(measured: &[Operating]) -> Vec<Operating> {
    let mut points = Vec::with_capacity(measured.len() * FINER);
    for pair in measured.windows(2) {
        if let [one, other] = pair {
            let share = |step: usize| step as f64 / FINER as f64;
            points.extend((0..FINER).map(|step| between(one, other, share(step))));
        }
    }
    points.extend(measured.last());
    points
}

/// A replica between two numbers of sequences at which it was measured.
#[must_use]
pub fn between(one: &Operating, other: &Operating, share: f64) -> Operating {
    let near = if share < 0.5 { one } else { other };
    let mix = |one: f64, other: f64| one + (other - one) * share;
    let time = |of: fn(&Operating) -> Seconds| Seconds::new(mix(of(one).get(), of(other).get()));
    Operating {
        batch: mix(one.batch, other.batch),
        company: mix(one.company, other.company),
        step: time(|at| at.step),
        tpot: time(|at| at.tpot),
        rate: mix(one.rate, other.rate),
        ..*near
    }
}

/// The same replica where so much less is in decode that its sequences are mostly alone.
#[must_use]
pub fn seldom(at: &Operating, share: f64) -> Operating {
    Operating { batch: at.batch * share, rate: at.rate * share, ..*at }
}

/// Share of its time for which a user is in decode at least where prompts are scarce.
const MOSTLY_AWAY: f64 = 0.02;

/// Times per token at which layouts are compared.
const COMPARED: usize = 24;

/// Which layouts no other beats in size, time of a prompt, prompts per chip and, at each time per token, requests per chip.
fn unbeaten(stations: &[Station<'_, '_>], points: &[Vec<Operating>]) -> Vec<bool> {
    let tpots = || points.iter().flatten().map(|at| at.tpot.get());
    let (low, high) = (tpots().fold(f64::INFINITY, f64::min), tpots().fold(0.0, f64::max));
    let at = |index: usize| low * libm::pow(high / low, index as f64 / (COMPARED - 1) as f64);
    let levels: Vec<f64> = if high > 0.0 { (0..COMPARED).map(at).collect() } else { Vec::new() };
    let figures: Vec<Figures> = stations
        .iter()
        .zip(points)
        .map(|(station, points)| {
            let chips = station.half.holder.settled.replica.layout().chips().max(1);
            let each = f64::from(chips);
            Figures {
                chips,
                latency: station.prefill.map_or(0.0, |own| own.latency.get()),
                prompts: station.prefill.map_or(0.0, |own| 1.0 / (own.least().get() * each)),
                rates: levels.iter().map(|&tpot| rate_within(points, tpot) / each).collect(),
            }
        })
        .collect();
    let beaten = |at: usize, own: &Figures| {
        // Of equals the first stays.
        figures.iter().enumerate().any(|(place, other)| other.beats(own) && (place < at || !own.beats(other)))
    };
    figures.iter().enumerate().map(|(at, own)| !beaten(at, own)).collect()
}

/// A layout as others see it.
struct Figures {
    chips: u32,
    latency: f64,
    prompts: f64,
    /// Requests per second and chip at rising times per token.
    rates: Vec<f64>,
}

impl Figures {
    fn beats(&self, other: &Self) -> bool {
        self.chips <= other.chips
            && self.latency <= other.latency
            && self.prompts >= other.prompts
            && self.rates.iter().zip(&other.rates).all(|(own, other)| own >= other)
    }
}

/// Most requests per second of a replica that takes at most so long per token; none where it always takes longer.
fn rate_within(points: &[Operating], tpot: f64) -> f64 {
    let mut within: Option<&Operating> = None;
    for at in points {
        if at.tpot.get() > tpot {
            let Some(before) = within else { return 0.0 };
            let share = libm::log(tpot / before.tpot.get()) / libm::log(at.tpot / before.tpot);
            return before.rate + (at.rate - before.rate).max(0.0) * share;
        }
        within = Some(at);
    }
    within.map_or(0.0, |at| at.rate)
}

/// The ends of the way from prefill to decode in a deployment of so many chips.
///
/// # Errors
/// An unknown chip or model, or a chip without a published network.
pub fn way(
    scenario: &Scenario,
    tables: &Constants,
    from: &str,
    to: &str,
    chips: u32,
) -> Result<Ends, Refusal> {
    let model = find_model(scenario)?;
    let find = |id: &str| {
        scenario.chip(id).ok_or_else(|| Refusal::UnknownChip { chip: id.to_owned(), nearest: Vec::new() })
    };
    let numerics = Numerics::resolve(&model, scenario.formats);
    let isl = scenario.mean_input();
    ends(scenario, tables.link(LinkKind::Pool), &model, numerics, isl, (find(from)?, find(to)?, chips))
}

/// Batch sizes from one sequence to the room, at equal ratios but never nearer than a fourteenth of a doubling.
fn grid(fits: f64, most: usize) -> Vec<f64> {
    let doublings = libm::log2(fits.max(1.0));
    let steps = (doublings * 14.0).ceil().clamp(1.0, most.max(2) as f64 - 1.0);
    let at = |step: f64| libm::pow(2.0, doublings * step / steps);
    (0..steps as u32).map(|step| at(f64::from(step))).chain((fits > 1.0).then_some(fits)).collect()
}

impl Offer {
    /// Most prompts per second of one replica.
    #[must_use]
    pub fn prompts(&self) -> f64 {
        self.prefill.map_or(0.0, |prefill| 1.0 / prefill.least().get())
    }

    /// Share of the sequences with which a replica was measured that are there on average, where users wait so long for a first
    /// token: one that is in decode meets the others as they are on average, and itself all the time.
    fn there(&self, at: &Operating, ttft: f64) -> f64 {
        let stay = self.tokens * at.tpot.get();
        let company = at.company.max(1.0);
        (company - 1.0 + stay / (stay + ttft)) / company
    }

    /// So many replicas that prefill and decode, at one of [`Offer::points`]; `None` beyond their capacity.
    #[must_use]
    pub fn colocated(&self, at: &Operating, replicas: f64) -> Option<UserLatency> {
        let prefill = self.prefill?;
        let held = self.flags.held((at.batch, at.ahead.decoding), prefill.ranks, self.tokens);
        let held = at.tpot * held;
        let again = again(at.ahead.with, self.scatter * self.tokens * at.tpot.get());
        let stepped = at.ahead.stepped();
        let mut ttft = prefill.latency.get() + self.engine.request.get();
        let mut there = self.there(at, ttft);
        let mut users = at.batch * there;
        // Users wait for each other's prompts, so their number appears on both sides; it settles geometrically.
        for _ in 0..24 {
            let stream = Stream { rate: at.rate * there, replicas, cv: 1.0 };
            let (wait, read) = at.ahead.settled_beside(&stepped, users, &stream, (again, self.order));
            let others = Others { wait, read };
            ttft = FirstToken::colocated(&prefill, self.engine.request, at, &others, held).total().get();
            there = self.there(at, ttft);
            let before = std::mem::replace(&mut users, (at.batch + at.rate * ttft) * there);
            if (users - before).abs() <= 1e-6 * users {
                break;
            }
        }
        (users <= self.fits).then_some(UserLatency {
            users: users * replicas,
            rate: at.rate * there * replicas,
            ttft,
            tpot: at.tpot.get(),
        })
    }

    /// So many replicas of `self` that prefill for so many of `decode`, which stand at one of its points; `None` when
    /// the prompts or the way cannot keep up.
    #[must_use]
    pub fn feeding(
        &self,
        decode: &Self,
        at: &Operating,
        ways: &Ends,
        (prefills, decodes): (f64, f64),
    ) -> Option<UserLatency> {
        let prefill = self.prefill?;
        let occupancy = prefill.least().get();
        let first = (decode.engine.request + prefill.latency + at.step * (0.5 * at.ahead.decoding)).get();
        let there = decode.there(at, first);
        let rate = at.rate * decodes * there;
        let path = ways.path((f64::from(self.chips), prefills), (f64::from(decode.chips), decodes));
        let most = (prefills / occupancy).min(path.most().get()) * 0.999_999;
        if rate >= most {
            // Prompts are what is scarce: users wait for a first token until no more of them are in decode than that.
            let company = at.company.max(1.0);
            let alone = most / (at.rate * decodes) * company - (company - 1.0);
            let stay = decode.tokens * at.tpot.get();
            let ttft = stay / alone - stay;
            let users = most * (stay + ttft);
            return (alone > MOSTLY_AWAY).then_some(UserLatency {
                users,
                rate: most,
                ttft,
                tpot: at.tpot.get(),
            });
        }
        let each = rate / prefills;
        let ahead = reading(&prefill, prefills, each);
        let stream = Stream { rate: each, replicas: prefills, cv: 1.0 };
        let again = again(ahead.with, decode.scatter * decode.tokens * at.tpot.get());
        let order = ahead.kept(at.step.get());
        let company = ahead.kept_company(ahead.company(&stream), again, order);
        let base = decode.engine.request
            + prefill.latency_of(prefill.on_rank(company))
            + at.step * (0.5 * at.ahead.decoding)
            + path.exposed(RequestsPerSecond::new(rate), prefill.latency, self.layers);
        let users = (at.batch * decodes * there + rate * base.get()) / prefills;
        let ttft = base.get() + ahead.settled_wait(users, &stream, again, order).0.queue;
        // Who waits longer is there less; prompts, which are what is waited for, are read all the same.
        let there = decode.there(at, ttft);
        let rate = at.rate * decodes * there;
        let users = at.batch * decodes * there + rate * ttft;
        Some(UserLatency { users, rate, ttft, tpot: at.tpot.get() })
    }
}
