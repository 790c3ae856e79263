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
use super::layouts::{Settled, candidates, together};
use super::lengths::Lengths;
use super::models::find_model;
use super::refusal::Refusal;
use super::replica::{Prefill, Replica};
use super::side::Side;
use super::station::{Operating, Station};
use super::transfer::{Ends, ends};
use crate::catalog;
use crate::machine::{Constants, EngineRow, LinkKind, WeightHome};
use crate::pass::Numerics;
use crate::scenario::{Layout, Pool, Role, Scenario};
use crate::units::RequestsPerSecond;

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

/// Every layout that a pool of at most so many chips can take, measured at up to so many batch sizes.
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
    let numerics = Numerics::resolve(&model, scenario.formats);
    let lengths = Lengths { window: model.max_context, ..Lengths::of(scenario) };
    let pool = Pool::new(id, chips);
    let longest = match role {
        Role::Prefill => scenario.traffic.longest_input(&scenario.workload),
        _ => scenario.traffic.longest_input(&scenario.workload) + scenario.workload.osl,
    };
    let layouts = match tables.sram(chip) {
        None => candidates(&model, chip, chips),
        Some(row) if row.weights == WeightHome::Memory => together(row.wide.min(chips)),
        Some(row) => pipelines(chips, row.wide),
    };
    let clock = capped::clock(scenario, tables, chip)?;
    let flags = Flags::of(scenario, tables, chip);
    let mut offers = Vec::new();
    for layout in layouts {
        let replica = Replica::new(tables, &model, chip, scenario.engine, numerics, (layout, flags))?
            .with_experts(scenario.experts)
            .at_clock(clock);
        if replica.sequences_that_fit(longest) < 1.0 {
            continue;
        }
        let settled = Settled { replica, replicas: 1, chosen: true };
        let half = Half {
            holder: Side { role, pool: &pool, chip, settled },
            partner: None,
            draft: None,
            prefills: role != Role::Decode,
        };
        let station = Station::new(&half, &lengths);
        let points = if role == Role::Prefill {
            Vec::new()
        } else {
            grid(station.fits, batches).into_iter().map(|batch| station.at(batch)).collect()
        };
        offers.push(Offer {
            layout,
            chips: layout.chips(),
            prefill: station.prefill,
            fits: station.fits,
            points,
            engine: *station.engine(),
            tokens: station.tokens,
            scatter: station.scatter,
            flags,
            order: station.order(),
            layers: model.layers,
        });
    }
    Ok(offers)
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

/// Pipelines over a whole pool whose chips keep the weights in SRAM: sizes up to all chips, widths that divide them.
fn pipelines(chips: u32, wide: u32) -> Vec<Layout> {
    let mut layouts = Vec::new();
    let powers = (0..u32::BITS).map(|power| 1_u32 << power).take_while(|&size| size < chips);
    for size in powers.flat_map(|size| [size, size.saturating_add(size / 2)]).chain([chips]) {
        let size = size.min(chips).max(1);
        let widths = (0..u32::BITS).map(|power| 1_u32 << power);
        for width in widths.take_while(|&width| width <= wide && width <= size) {
            let layout = Layout { tp: width, pp: size / width, etp: width, ..Layout::SINGLE };
            if size.is_multiple_of(width) && !layouts.contains(&layout) {
                layouts.push(layout);
            }
        }
    }
    layouts
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

    /// So many replicas that prefill and decode, at one of [`Offer::points`]; `None` beyond their capacity.
    #[must_use]
    pub fn colocated(&self, at: &Operating, replicas: f64) -> Option<UserLatency> {
        let prefill = self.prefill?;
        let held = self.flags.held((at.batch, at.ahead.decoding), prefill.ranks, self.tokens);
        let held = at.tpot * held;
        let again = again(at.ahead.with, self.scatter * self.tokens * at.tpot.get());
        let stream = Stream { rate: at.rate, replicas, cv: 1.0 };
        let (mut users, mut ttft) = (at.batch, 0.0);
        // Users wait for each other's prompts, so their number appears on both sides; it settles geometrically.
        for _ in 0..24 {
            let (wait, read) = at.ahead.settled_wait(users, &stream, again, self.order);
            let others = Others { wait, read };
            ttft = FirstToken::colocated(&prefill, self.engine.request, at, &others, held).total().get();
            let before = std::mem::replace(&mut users, at.batch + at.rate * ttft);
            if (users - before).abs() <= 1e-6 * users {
                break;
            }
        }
        (users <= self.fits).then_some(UserLatency {
            users: users * replicas,
            rate: at.rate * replicas,
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
        let rate = at.rate * decodes;
        let load = rate * occupancy / prefills;
        let path = ways.path((f64::from(self.chips), prefills), (f64::from(decode.chips), decodes));
        if load >= 0.999_999 || rate >= path.most().get() * 0.999_999 {
            return None;
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
        let users = (at.batch * decodes + rate * base.get()) / prefills;
        let ttft = base.get() + ahead.settled_wait(users, &stream, again, order).0.queue;
        let users = at.batch * decodes + rate * ttft;
        Some(UserLatency { users, rate, ttft, tpot: at.tpot.get() })
    }
}
