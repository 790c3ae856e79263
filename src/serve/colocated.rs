//! One pool that does everything, in steady state.
//!
//! Prompts and decode share each replica: users in flight rise with the sequences in decode, and who finds no room for
//! a KV cache waits.

use super::binding::binding;
use super::deployment::Deployment;
use super::first_token::{FirstToken, push};
use super::outcome::{Binding, Cause, PoolState, Saturation, Steady, Warning};
use super::replica::{Prefill, parts};
use super::root::rising_root;
use super::station::{Company, Operating, SATURATED, Spacing, Station, allen_cunneen, closed_wait};
use super::steady::outside;
use crate::scenario::{Load, Role};
use crate::units::{Requests, RequestsPerSecond, Seconds};

/// Serves a deployment whose one pool does everything.
#[must_use]
pub fn serve(deployment: &Deployment<'_>) -> Steady {
    let Deployment { scenario, ref lengths, decode: ref side, .. } = *deployment;
    let (pool, settled) = (side.pool, &side.settled);
    let spacing = match scenario.load {
        Load::Closed { .. } => None,
        Load::Open { cv, .. } => Some(Spacing::new(cv, f64::from(settled.replicas))),
    };
    let station = Station { spacing, ..side.station(lengths) };
    let prefill = station.prefill.unwrap_or(Prefill { latency: Seconds::ZERO, occupancy: Seconds::ZERO });
    let engine = *station.engine();
    let ranks_wait = if settled.replica.layout().dp > 1 { engine.rank_steps } else { 0.0 };
    let first = |at: &Operating, wait: f64| FirstToken {
        queue: Seconds::new(wait),
        room: Seconds::ZERO,
        request: engine.request,
        prefill: prefill.latency,
        step: at.step * 0.5 + at.tpot * (engine.first_steps + ranks_wait),
        transfer: Seconds::ZERO,
    };
    let occupancy = prefill.occupancy.get();
    let wait = |at: &Operating, users: f64| match scenario.load {
        Load::Closed { .. } => {
            let company = Company {
                users,
                burst: engine.burst,
                group: engine.group,
                dispersion: (1.0 - scenario.workload.spread) * lengths.tokens * at.tpot.get(),
            };
            closed_wait(occupancy, station.prefill_load(at.rate), &company)
        }
        Load::Open { cv, .. } => {
            allen_cunneen(occupancy, station.replicas, station.prefill_load(at.rate), cv)
        }
    };
    // Users of a replica in flight when so many are in decode.
    let in_flight =
        |at: &Operating, users: f64| at.batch + at.rate * first(at, wait(at, users)).total().get();
    let room = station.fits;
    let at_room = station.at(rising_root(1e-9, room, |batch| in_flight(&station.at(batch), room) - room));
    let capacity = at_room.rate * station.replicas;

    let (operating, users_here, saturation) = match scenario.load {
        Load::Closed { concurrency } => {
            let users = concurrency / station.replicas;
            let admitted = users.min(room);
            let batch =
                rising_root(1e-9, admitted, |batch| in_flight(&station.at(batch), admitted) - admitted);
            (station.at(batch), users, None)
        }
        Load::Open { rate, .. } => {
            let wanted = rate.get() / station.replicas;
            let most = at_room.rate * SATURATED;
            let served = wanted.min(most);
            let batch = rising_root(1e-9, room, |batch| station.at(batch).rate - served);
            let at = station.at(batch);
            let saturated = wanted > most;
            (at, in_flight(&at, room), saturated.then_some(rate))
        }
    };
    let admitted = users_here.min(room);
    let mut ttft = first(&operating, wait(&operating, admitted));
    let mut warnings = side.warnings(deployment.numerics);
    ttft.room = match scenario.load {
        // By Little's law the users beyond the room wait this long for a place.
        Load::Closed { .. } => Seconds::new((users_here - admitted) / operating.rate),
        Load::Open { cv, .. } => {
            let stay = ttft.total().get() + lengths.tokens * operating.tpot.get();
            let places = (room * station.replicas).max(1.0);
            let load = operating.rate * stay / room;
            Seconds::new(allen_cunneen(stay, places, load, (cv * cv + 0.1).sqrt()))
        }
    };
    if users_here > room * 1.001 {
        warnings.push(Warning::KvLimited { role: Role::Colocated, fits: room, wanted: users_here });
    }
    let prefill_ops = settled.replica.prefill_ops(lengths.new, lengths.past);
    let decode_ops = settled.replica.decode_ops(operating.batch, lengths.context);
    let interference = operating.tpot - operating.step;
    let mut tpot_parts = parts(&decode_ops, operating.step, Cause::Step);
    push(&mut tpot_parts, Cause::Interference, interference);
    let rate = operating.rate * station.replicas;
    let busy = (operating.rate * lengths.tokens / operating.batch.max(1.0) * operating.step.get()
        + station.prefill_load(operating.rate))
    .min(1.0);
    let pool_state = PoolState {
        role: Role::Colocated,
        chip: pool.chip.clone(),
        chips: pool.chips,
        replicas: settled.replicas,
        layout: settled.replica.layout(),
        layout_chosen: settled.chosen,
        utilisation: busy,
        batch: Requests::new(operating.batch),
        memory: settled.replica.memory(admitted, lengths.context),
        step: operating.step,
        ops: decode_ops,
    };
    warnings.extend(outside(&pool_state));
    let ttft_parts = ttft.parts(&prefill_ops);
    let e2e = ttft.total() + operating.tpot * lengths.tokens;
    let binding = binding(&ttft, &operating, lengths, &prefill_ops, &pool_state, None);
    Steady {
        ttft: ttft.total(),
        tpot: operating.tpot,
        e2e,
        ttft_parts,
        tpot_parts,
        rate: RequestsPerSecond::new(rate),
        capacity: RequestsPerSecond::new(capacity.max(rate)),
        in_flight: Requests::new(match scenario.load {
            Load::Closed { concurrency } => concurrency,
            Load::Open { .. } => rate * e2e.get(),
        }),
        isl: lengths.isl,
        osl: lengths.osl,
        chips: pool.chips,
        prefill_share: station.prefill_load(operating.rate)
            / busy.max(station.prefill_load(operating.rate)).max(1e-12),
        pools: vec![pool_state],
        transfer: None,
        binding,
        saturation: saturation.map(|offered| Saturation {
            offered,
            capacity: RequestsPerSecond::new(rate),
            binding: if ttft.room > ttft.queue { Binding::Capacity } else { binding },
        }),
        warnings,
    }
}
