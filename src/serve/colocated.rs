//! Pools that read prompts and write answers, in steady state.
//!
//! Prompts and decode share each replica: users in flight rise with the sequences in decode, and who finds no room for
//! a KV cache waits.

use super::binding::binding;
use super::deployment::Deployment;
use super::first_token::{FirstToken, push};
use super::outcome::{Binding, Cause, Saturation, Steady, Warning};
use super::replica::Prefill;
use super::root::fixed_point;
use super::station::{
    Company, Operating, Order, SATURATED, Spacing, Station, allen_cunneen, closed_wait, even, meets, others,
};
use super::steady::outside;
use crate::scenario::Load;
use crate::scenario::traffic::Routing;
use crate::units::{Requests, RequestsPerSecond, Seconds};

/// Serves a deployment whose prompts are read by those who write answers.
#[must_use]
pub fn serve(deployment: &Deployment<'_>) -> Steady {
    let Deployment { scenario, ref lengths, decode: ref half, .. } = *deployment;
    let plain = half.station(lengths);
    let station = match scenario.load {
        Load::Closed { concurrency } => {
            let meets = meets(concurrency / plain.replicas, scenario.pause());
            Station { others: others(concurrency), meets, ..plain }
        }
        Load::Open { cv, .. } => Station { spacing: Some(Spacing::new(cv, plain.replicas)), ..plain },
    };
    let prefill = station.prefill.unwrap_or(Prefill::NONE);
    let engine = station.engine();
    let ranks_wait = if half.holder.settled.replica.layout().dp > 1 { engine.rank_steps } else { 0.0 };
    // Who comes while other prompts are read waits for those, and not for a step of decode alone. The constants of a
    // benchmark's start don't know that.
    let plain_share = |at: &Operating| match scenario.load {
        Load::Closed { .. } => 1.0,
        Load::Open { .. } => at.ahead.idle(at.rate),
    };
    let first_with = |at: &Operating, wait: f64, plain: f64| FirstToken {
        queue: Seconds::new(wait),
        room: Seconds::ZERO,
        request: engine.request,
        prefill: prefill.latency_of(at.together),
        step: at.step * (0.5 * at.decoding * plain) + at.tpot * (engine.first_steps + ranks_wait),
        transfer: Seconds::ZERO,
    };
    let first = |at: &Operating, wait: f64| first_with(at, wait, plain_share(at));
    let dispersion = |at: &Operating| {
        scenario.traffic.scatter(&scenario.workload) * lengths.tokens * at.tpot.get()
            + scenario.traffic.pause_scatter().get()
    };
    let wait = |at: &Operating, users: f64| match scenario.load {
        Load::Closed { .. } => {
            let company =
                Company { users, burst: engine.burst, group: engine.group, dispersion: dispersion(at) };
            closed_wait(at.occupancy, at.prefill_load(), &company)
        }
        Load::Open { cv, .. } => at.ahead.open_wait(station.replicas, at.rate, cv),
    };
    let first_of = |at: &Operating, users: f64| first(at, wait(at, users)).total().get();
    // Of users of a replica those in decode: by Little's law the share of its time that a request is there.
    let in_decode = |at: &Operating, users: f64, pause: f64| {
        let writing = lengths.tokens * at.tpot.get();
        writing / (writing + first_of(at, users) + pause)
    };
    let room = station.fits;
    // A full replica is full of others, whoever is there now.
    let full = Station { others: 1.0, ..station };
    let at_room = full.at(fixed_point(room, room, |batch| room * in_decode(&full.at(batch), room, 0.0)));
    let capacity = at_room.rate * station.replicas;

    let (operating, users_here, saturation) = match scenario.load {
        Load::Closed { concurrency } => {
            let users = concurrency / station.replicas;
            let pause = scenario.pause().get();
            let admitted = users.min(room);
            // Who pauses is nowhere.
            let batch = fixed_point(admitted, admitted, |batch| {
                let at = station.at(batch);
                let present = admitted * in_decode(&at, admitted, 0.0);
                if pause > 0.0 { present.min(users * in_decode(&at, admitted, pause)) } else { present }
            });
            let at = station.at(batch);
            (at, users - at.rate * pause, None)
        }
        Load::Open { rate, .. } => {
            let wanted = rate.get() / station.replicas;
            let most = at_room.rate * SATURATED;
            let served = wanted.min(most);
            let batch =
                fixed_point(1e-9, room, |batch| served * lengths.tokens * station.at(batch).tpot.get());
            let at = station.at(batch);
            let saturated = wanted > most;
            (at, at.batch + at.rate * first_of(&at, room), saturated.then_some(rate))
        }
    };
    let admitted = users_here.min(room);
    let mut ttft = first(&operating, wait(&operating, admitted));
    let settled = match scenario.load {
        Load::Closed { .. } => {
            let wait = operating.ahead.settled_wait(
                admitted,
                station.replicas,
                operating.rate,
                dispersion(&operating),
                Order::Bunched,
            );
            first_with(&operating, wait, operating.ahead.idle(operating.rate))
        }
        Load::Open { .. } => ttft,
    };
    let mut warnings = half.warnings(deployment.numerics, operating.batch, lengths.context);
    ttft.room = match scenario.load {
        // By Little's law the users beyond the room wait this long for a place.
        Load::Closed { .. } => Seconds::new((users_here - admitted) / operating.rate),
        Load::Open { cv, .. } => {
            let stay = ttft.total().get() + lengths.tokens * operating.tpot.get();
            let load = operating.rate * stay / room;
            let (places, arrivals) = match scenario.traffic.routing {
                // Whoever is sent to a full replica waits there, and each gets one request in so many.
                Routing::RoundRobin => (room, cv * cv / station.replicas),
                Routing::LeastLoaded | Routing::Prefix => (room * station.replicas, cv * cv),
            };
            let stays = scenario.traffic.scatter(&scenario.workload);
            let stays = (stays * stays / 12.0).max(0.1);
            let varied = (arrivals + stays).sqrt();
            Seconds::new(allen_cunneen(stay, places.max(1.0), load, varied) * even(arrivals, stays, load))
        }
    };
    if users_here > room * 1.001 {
        warnings.push(Warning::KvLimited { role: half.holder.role, fits: room, wanted: users_here });
    }
    let prefill_ops = half.prefill_ops(lengths.new, lengths.past);
    let account = half.account(operating.company, operating.step, lengths.context);
    let yields = half.tokens_per_step();
    let mut tpot_parts = account.per_token(yields);
    push(&mut tpot_parts, Cause::Interference, operating.tpot - operating.step / yields);
    let rate = operating.rate * station.replicas;
    let decoding =
        operating.rate * lengths.tokens / (yields * operating.batch.max(1.0)) * operating.step.get();
    let busy = (decoding + operating.prefill_load()).min(1.0);
    let pools = half.pools(&account, operating.batch, admitted, busy, lengths.context);
    let flows = half.flows(operating.step, operating.company, busy, lengths.context);
    warnings.extend(pools.iter().filter_map(outside));
    let ttft_parts = ttft.parts(&prefill_ops);
    let e2e = ttft.total() + operating.tpot * lengths.tokens;
    let steps = (lengths.tokens / yields, lengths.tokens);
    let binding = binding(&ttft, &operating, steps, &prefill_ops, &account.shares, None);
    Steady {
        ttft: ttft.total(),
        // Where users wait for room, Little's law says how long in all.
        ttft_settled: if ttft.room > ttft.total() * 1e-3 { ttft.total() } else { settled.total() },
        tpot: operating.tpot,
        e2e,
        ttft_parts,
        tpot_parts,
        rate: RequestsPerSecond::new(rate),
        capacity: RequestsPerSecond::new(capacity.max(rate)),
        in_flight: Requests::new(match scenario.load {
            Load::Closed { concurrency } => concurrency - rate * scenario.pause().get(),
            Load::Open { .. } => rate * e2e.get(),
        }),
        isl: lengths.isl,
        osl: lengths.osl,
        chips: scenario.split.chips(),
        prefill_share: operating.prefill_load() / busy.max(operating.prefill_load()).max(1e-12),
        pools,
        transfer: None,
        flows,
        binding,
        saturation: saturation.map(|offered| Saturation {
            offered,
            capacity: RequestsPerSecond::new(rate),
            binding: if ttft.room > ttft.queue { Binding::Capacity } else { binding },
        }),
        warnings,
    }
}
