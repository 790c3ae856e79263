//! Prefill on a pool of its own, in steady state: the rates of both and of the link between them match.

use super::binding::{binding, scarce_station};
use super::deployment::{Deployment, Side};
use super::first_token::{FirstToken, push};
use super::outcome::{Binding, Cause, PoolState, Saturation, Steady, Warning};
use super::replica::Prefill;
use super::root::fixed_point;
use super::station::{Ahead, Operating, Order, SATURATED, Spacing, Station, allen_cunneen, meets, others};
use super::steady::outside;
use super::transfer::Path;
use crate::scenario::Load;
use crate::units::{Requests, RequestsPerSecond, Seconds};

/// Prompts that share a step of a pool which only reads, at so many requests per second of a replica: those that come while
/// a step lasts, in which nothing is in their way but each other. And what each puts in the way of the others.
fn reading(prefill: &Prefill, replicas: f64, rate: f64) -> (f64, Ahead) {
    let mut together = 1.0;
    for _ in 0..4 {
        let step = prefill.occupancy_of(together).get() * together * prefill.ranks;
        // One begins a step where none came during the last, the more seldom the more replicas take arrivals in turn; ranks
        // take prompts in turn.
        let come = rate * step;
        let least = come.max(1.0);
        let all = least + (come + libm::exp(-come) - least) / replicas;
        together = (all / prefill.ranks).clamp(1.0, prefill.most);
    }
    let service = prefill.occupancy_of(together).get();
    (together, Ahead { service, variation: prefill.variation / together, between: 0.0, steps: None })
}

/// Serves a deployment whose prompts are read by a pool of their own, over a path to the one that writes.
#[must_use]
pub fn serve(deployment: &Deployment<'_>, reader: &Side<'_>, path: &Path) -> Steady {
    let Deployment { scenario, model, numerics, ref lengths, decode: ref half, .. } = *deployment;
    let plain = half.station(lengths);
    let decodes = match scenario.load {
        Load::Closed { concurrency } => {
            let meets = meets(concurrency / plain.replicas, scenario.pause());
            Station { others: others(concurrency), meets, ..plain }
        }
        Load::Open { cv, .. } => Station { spacing: Some(Spacing::new(cv, plain.replicas)), ..plain },
    };
    let prefill = lengths.prefill(|new, past| reader.settled.replica.prefill(new, past));
    let readers = f64::from(reader.settled.replicas);
    let engine = decodes.engine();
    // A pool that only reads fills its steps.
    let occupancy = prefill.least().get();

    // Most requests per second of each station, over the whole deployment.
    let prefill_most = readers / occupancy;
    let room = decodes.fits;
    let decode_most = decodes.at(room).rate * decodes.replicas;
    let capacity = prefill_most.min(decode_most).min(path.most().get());

    let open_cv = match scenario.load {
        Load::Closed { .. } => None,
        Load::Open { cv, .. } => Some(cv),
    };
    let first_with = |at: &Operating, users: f64, burst: Option<f64>| {
        let rate = at.rate * decodes.replicas;
        let load = rate / prefill_most;
        let each = rate / readers;
        let (mut together, ahead) = reading(&prefill, readers, each);
        let queue = match (open_cv, burst) {
            (Some(cv), _) => ahead.open_wait(readers, each, cv),
            (None, Some(burst)) => {
                // Random arrivals among finitely many users, who can't all wait at once, and the burst.
                let others = (users / readers - 1.0).max(0.0);
                allen_cunneen(occupancy, readers, load, 1.0) + burst * others * occupancy
            }
            (None, None) => {
                let scatter = scenario.traffic.scatter(&scenario.workload);
                let dispersion =
                    scatter * lengths.tokens * at.tpot.get() + scenario.traffic.pause_scatter().get();
                together -= (together - 1.0) * ahead.again(dispersion);
                ahead.settled_wait(users / readers, readers, each, dispersion, Order::Kept)
            }
        };
        // The constants of a benchmark's start are those of a prompt alone.
        let latency =
            if burst.is_some() && open_cv.is_none() { prefill.latency } else { prefill.latency_of(together) };
        FirstToken {
            queue: Seconds::new(queue),
            room: Seconds::ZERO,
            request: engine.request,
            prefill: latency,
            step: at.step * (0.5 + 0.5 * at.decoding) + at.tpot * engine.first_steps,
            transfer: path.exposed(RequestsPerSecond::new(rate), prefill.latency, model.layers),
        }
    };
    let first = |at: &Operating, users: f64| first_with(at, users, Some(engine.split_burst));
    // The decode pool never gets more than the other stations pass on.
    let upstream = prefill_most.min(path.most().get()) * 0.999_999;
    // Sequences in decode on each replica for this rate over all.
    let for_rate = |at: &Operating, rate: f64| rate / decodes.replicas * lengths.tokens * at.tpot.get();
    let (operating, users_in_all, saturation) = match scenario.load {
        Load::Closed { concurrency } => {
            let users = concurrency / decodes.replicas;
            let most = users.min(room);
            let batch = fixed_point(most, most, |batch| {
                let at = decodes.at(batch);
                // Of all users those in decode: by Little's law the share of their time that they are there.
                let writing = lengths.tokens * at.tpot.get();
                let elsewhere = first(&at, concurrency).total() + scenario.pause();
                (users * (writing / (writing + elsewhere.get()))).min(for_rate(&at, upstream))
            });
            let at = decodes.at(batch);
            (at, concurrency - at.rate * decodes.replicas * scenario.pause().get(), None)
        }
        Load::Open { rate, .. } => {
            let most = capacity * SATURATED;
            let served = rate.get().min(most);
            let batch = fixed_point(1e-9, room, |batch| for_rate(&decodes.at(batch), served));
            let at = decodes.at(batch);
            let waiting = at.rate * decodes.replicas * first(&at, 1.0).total().get();
            (at, at.batch * decodes.replicas + waiting, (rate.get() > most).then_some(rate))
        }
    };
    let mut ttft = first(&operating, users_in_all);
    let settled = first_with(&operating, users_in_all, None);
    let rate = operating.rate * decodes.replicas;
    let within = operating.batch * decodes.replicas + rate * ttft.total().get();
    if open_cv.is_none() && users_in_all > within {
        // Who finds no room waits; Little's law says how long.
        ttft.room = Seconds::new((users_in_all - within) / rate);
    }
    let prefill_load = rate / prefill_most;
    let decode_load = rate / decode_most;

    let mut warnings = reader.warnings(numerics);
    for warning in half.warnings(numerics, operating.batch, lengths.context) {
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    if path.apart && !warnings.contains(&Warning::NoSharedDomain) {
        warnings.push(Warning::NoSharedDomain);
    }
    if operating.batch >= room * 0.999 && ttft.room.get() > 0.0 {
        let wanted = users_in_all / decodes.replicas;
        warnings.push(Warning::KvLimited { role: half.holder.role, fits: room, wanted });
    }
    let prefill_ops = reader.settled.replica.prefill_ops(lengths.new, lengths.past);
    let account = half.account(operating.company, operating.step, lengths.context);
    let yields = half.tokens_per_step();
    let in_prefill = rate / readers * (prefill.latency + ttft.queue).get();
    let held = in_prefill.min(reader.settled.replica.sequences_that_fit(lengths.isl));
    let mut pools = vec![PoolState {
        utilisation: prefill_load.min(1.0),
        memory: reader.settled.replica.memory(held, lengths.isl),
        step: prefill.latency,
        ops: prefill_ops.clone(),
        ..reader.idle()
    }];
    pools.extend(half.pools(
        &account,
        operating.batch,
        operating.batch,
        decode_load.min(1.0),
        lengths.context,
    ));
    warnings.extend(pools.iter().skip(1).filter_map(outside));
    let e2e = ttft.total() + operating.tpot * lengths.tokens;
    let transfer = path.state(RequestsPerSecond::new(rate), prefill.latency, model.layers);
    let mut flows = vec![path.flow(&transfer, half.holder.role)];
    flows.extend(half.flows(operating.step, operating.company, decode_load.min(1.0), lengths.context));
    let mut tpot_parts = account.per_token(yields);
    push(&mut tpot_parts, Cause::Interference, operating.tpot - operating.step / yields);
    let steps = (lengths.tokens / yields, lengths.tokens);
    let scarce = scarce_station(prefill_load, decode_load, &transfer);
    let binding = match scarce {
        Some(Binding::Decode) if ttft.room.get() > 0.0 => Binding::Capacity,
        Some(station) => station,
        None => binding(&ttft, &operating, steps, &prefill_ops, &account.shares, Some(&transfer)),
    };
    Steady {
        ttft: ttft.total(),
        // Where users wait for room, Little's law says how long in all.
        ttft_settled: if ttft.room > ttft.total() * 1e-3 { ttft.total() } else { settled.total() },
        tpot: operating.tpot,
        e2e,
        ttft_parts: ttft.parts(&prefill_ops),
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
        prefill_share: 0.0,
        pools,
        transfer: Some(transfer),
        flows,
        binding,
        saturation: saturation.map(|offered| Saturation {
            offered,
            capacity: RequestsPerSecond::new(capacity),
            binding: if prefill_most <= decode_most.min(path.most().get()) {
                Binding::Prefill
            } else if decode_most <= path.most().get() {
                Binding::Decode
            } else {
                Binding::Link
            },
        }),
        warnings,
    }
}
