//! Steady state of a deployment, colocated or split into prefill and decode, in a closed or an open loop.
//!
//! The unknown is the number of sequences in decode per replica. From it follow step time, TPOT and rate
//! ([`super::station`]), from the rate the waits, and from both the users in flight, which rise with it; a closed loop
//! asks for as many as there are users, an open loop for the rate offered. What exceeds the room for KV cache or the
//! capacity waits, and saturation is said in words instead of latencies without meaning.

use super::layouts::{Demand, Setting, Settled, settle};
use super::outcome::{Binding, Cause, Part, PoolState, Saturation, Steady, Transfer, Warning};
use super::refusal::Refusal;
use super::replica::{Prefill, parts};
use super::root::rising_root;
use super::station::{Company, Operating, Station, allen_cunneen, closed_wait};
use super::transfer;
use crate::catalog::model::Model;
use crate::catalog::{self, Chip, Status};
use crate::machine::Constants;
use crate::pass::{Limit, Numerics, OpKind};
use crate::scenario::{Load, Pool, Role, Scenario, Split};
use crate::units::{Requests, RequestsPerSecond, Seconds, Tokens};

/// Share of the capacity from which on an open loop counts as saturated: waits grow without bound beyond.
const SATURATED: f64 = 0.98;

/// Serves a scenario.
///
/// # Errors
/// [`Refusal`] says why it can't be served and what to change.
pub fn serve(scenario: &Scenario, tables: &Constants) -> Result<Steady, Refusal> {
    if let Some(invalid) = scenario.check().first() {
        return Err(Refusal::Invalid { message: invalid.to_string() });
    }
    let model = super::find_model(scenario)?;
    let model = model.as_ref();
    let numerics = Numerics::resolve(model, scenario.formats);
    let mut steady = match &scenario.split {
        Split::Colocated { pool } => colocated(scenario, tables, model, numerics, pool)?,
        Split::PrefillDecode { prefill, decode } => {
            disaggregated(scenario, tables, model, numerics, prefill, decode)?
        }
    };
    if scenario.workload.isl + scenario.workload.osl > model.max_context {
        steady.warnings.push(Warning::BeyondContext { max_context: model.max_context });
    }
    Ok(steady)
}

/// The lengths that a scenario comes to.
#[derive(Clone, Copy, Debug)]
struct Lengths {
    isl: Tokens,
    osl: Tokens,
    /// New tokens of a prompt.
    new: Tokens,
    /// Tokens of a prompt that the prefix cache has.
    past: Tokens,
    /// Output tokens after the first, never quite 0 so that rates stay finite.
    tokens: f64,
    /// Mean cache of a sequence in decode.
    context: Tokens,
    /// Longest cache of a sequence.
    longest: Tokens,
}

impl Lengths {
    fn of(scenario: &Scenario) -> Self {
        let isl = scenario.workload.mean_isl();
        let osl = scenario.workload.mean_osl();
        // At least the last token of a prompt is always computed.
        let past = (isl * scenario.workload.hit).min(isl - Tokens::new(1.0)).max(Tokens::ZERO);
        Self {
            isl,
            osl,
            new: isl - past,
            past,
            tokens: (osl.get() - 1.0).max(1e-3),
            context: isl + osl / 2.0,
            longest: scenario.workload.isl + scenario.workload.osl,
        }
    }
}

fn users(scenario: &Scenario, chips: u32) -> f64 {
    match scenario.load {
        Load::Closed { concurrency } => concurrency,
        // Enough users to judge layouts by; the open loop finds its own number.
        Load::Open { .. } => 32.0 * f64::from(chips),
    }
}

fn settle_pool<'a>(
    scenario: &'a Scenario,
    tables: &'a Constants,
    model: &'a Model,
    numerics: Numerics,
    pool: &Pool,
    role: Role,
) -> Result<(&'a Chip, Settled<'a>), Refusal> {
    let chip = scenario.chip(&pool.chip).ok_or_else(|| Refusal::UnknownChip {
        chip: pool.chip.clone(),
        nearest: catalog::nearest_chip_ids(&pool.chip).into_iter().map(str::to_owned).collect(),
    })?;
    let lengths = Lengths::of(scenario);
    let demand = Demand {
        role,
        new: lengths.new,
        past: lengths.past,
        context: lengths.context,
        longest: if role == Role::Prefill { scenario.workload.isl } else { lengths.longest },
        tokens: lengths.tokens,
        users: users(scenario, scenario.split.chips()),
        ttft: scenario.slo.ttft,
        tpot: scenario.slo.tpot,
    };
    let setting = Setting { tables, model, chip, engine: scenario.engine, numerics };
    Ok((chip, settle(&setting, pool, &demand)?))
}

fn station<'a, 'b>(settled: &'b Settled<'a>, lengths: &Lengths, role: Role) -> Station<'a, 'b> {
    let prefills = role != Role::Decode;
    Station {
        replica: &settled.replica,
        replicas: f64::from(settled.replicas),
        prefill: prefills.then(|| settled.replica.prefill(lengths.new, lengths.past)),
        tokens: lengths.tokens,
        context: lengths.context,
        fits: settled.replica.sequences_that_fit(lengths.context).max(1.0),
    }
}

/// The waits and times that make up TTFT.
#[derive(Clone, Copy, Debug)]
struct FirstToken {
    /// For the prefill server.
    queue: Seconds,
    /// For room in the KV cache or, in an open loop, for a place in the batch.
    room: Seconds,
    /// The engine's work for the request.
    request: Seconds,
    /// Own prefill.
    prefill: Seconds,
    /// Until the running step ends and the first token reaches the user.
    step: Seconds,
    /// KV transfer that is not hidden.
    transfer: Seconds,
}

impl FirstToken {
    fn total(&self) -> Seconds {
        self.queue + self.room + self.request + self.prefill + self.step + self.transfer
    }
}

fn colocated(
    scenario: &Scenario,
    tables: &Constants,
    model: &Model,
    numerics: Numerics,
    pool: &Pool,
) -> Result<Steady, Refusal> {
    let lengths = Lengths::of(scenario);
    let (chip, settled) = settle_pool(scenario, tables, model, numerics, pool, Role::Colocated)?;
    let station = station(&settled, &lengths, Role::Colocated);
    let prefill = station.prefill.unwrap_or(Prefill::NONE);
    let engine = *station.engine();
    let ranks_wait = if settled.replica.layout().dp > 1 { engine.rank_steps } else { 0.0 };
    let first = |at: &Operating, wait: f64| FirstToken {
        queue: Seconds::new(wait),
        room: Seconds::ZERO,
        request: engine.request,
        prefill: prefill.latency_of(at.together),
        step: at.step * 0.5 + at.tpot * (engine.first_steps + ranks_wait),
        transfer: Seconds::ZERO,
    };
    let wait = |at: &Operating, users: f64| match scenario.load {
        Load::Closed { .. } => {
            let company = Company {
                users,
                burst: engine.burst,
                group: engine.group,
                dispersion: (1.0 - scenario.workload.spread) * lengths.tokens * at.tpot.get(),
            };
            closed_wait(at.occupancy, at.prefill_load(), &company)
        }
        Load::Open { cv, .. } => allen_cunneen(at.occupancy, station.replicas, at.prefill_load(), cv),
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
    let mut warnings = common_warnings(Role::Colocated, chip, &settled, pool, numerics);
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
        + operating.prefill_load())
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
    let ttft_parts = ttft_parts(&ttft, &prefill_ops);
    let e2e = ttft.total() + operating.tpot * lengths.tokens;
    let binding = binding(&ttft, &operating, &lengths, &prefill_ops, &pool_state, None);
    Ok(Steady {
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
        prefill_share: operating.prefill_load() / busy.max(operating.prefill_load()).max(1e-12),
        pools: vec![pool_state],
        transfer: None,
        binding,
        saturation: saturation.map(|offered| Saturation {
            offered,
            capacity: RequestsPerSecond::new(rate),
            binding: if ttft.room > ttft.queue { Binding::Capacity } else { binding },
        }),
        warnings,
    })
}

fn disaggregated(
    scenario: &Scenario,
    tables: &Constants,
    model: &Model,
    numerics: Numerics,
    prefill_pool: &Pool,
    decode_pool: &Pool,
) -> Result<Steady, Refusal> {
    let lengths = Lengths::of(scenario);
    let (prefill_chip, prefill_settled) =
        settle_pool(scenario, tables, model, numerics, prefill_pool, Role::Prefill)?;
    let (decode_chip, decode_settled) =
        settle_pool(scenario, tables, model, numerics, decode_pool, Role::Decode)?;
    let prefills = station(&prefill_settled, &lengths, Role::Prefill);
    let decodes = station(&decode_settled, &lengths, Role::Decode);
    let prefill = prefills.prefill.unwrap_or(Prefill::NONE);
    let path = transfer::path(
        scenario,
        tables.link("pool"),
        model,
        numerics,
        &lengths.isl,
        (prefill_chip, prefill_pool, &prefill_settled),
        (decode_chip, decode_pool, &decode_settled),
    )?;
    let engine = *decodes.engine();

    // Most requests per second of each station, over the whole deployment.
    let occupancy = prefill.least().get();
    let prefill_most = prefills.replicas / occupancy;
    let room = decodes.fits;
    let decode_most = decodes.at(room).rate * decodes.replicas;
    let capacity = prefill_most.min(decode_most).min(path.most().get());

    let open_cv = match scenario.load {
        Load::Closed { .. } => None,
        Load::Open { cv, .. } => Some(cv),
    };
    let first = |at: &Operating, users: f64| {
        let rate = at.rate * decodes.replicas;
        let load = rate / prefill_most;
        let queue = match open_cv {
            Some(cv) => allen_cunneen(occupancy, prefills.replicas, load, cv),
            None => {
                // Random arrivals among finitely many users, who can't all wait at once, and the burst.
                let others = (users / prefills.replicas - 1.0).max(0.0);
                allen_cunneen(occupancy, prefills.replicas, load, 1.0)
                    + engine.split_burst * others * occupancy
            }
        };
        FirstToken {
            queue: Seconds::new(queue),
            room: Seconds::ZERO,
            request: engine.request,
            prefill: prefill.latency,
            step: at.step + at.tpot * engine.first_steps,
            transfer: path.exposed(RequestsPerSecond::new(rate), prefill.latency, model.layers),
        }
    };
    // The decode pool never gets more than the other stations pass on.
    let upstream = prefill_most.min(path.most().get()) * 0.999_999;
    let widest = rising_root(1e-9, room, |batch| decodes.at(batch).rate * decodes.replicas - upstream);
    let in_flight = |batch: f64, users: f64| {
        let at = decodes.at(batch);
        batch * decodes.replicas + at.rate * decodes.replicas * first(&at, users).total().get()
    };
    let (operating, users_in_all, saturation) = match scenario.load {
        Load::Closed { concurrency } => {
            let batch = rising_root(1e-9, widest, |batch| in_flight(batch, concurrency) - concurrency);
            (decodes.at(batch), concurrency, None)
        }
        Load::Open { rate, .. } => {
            let most = capacity * SATURATED;
            let served = rate.get().min(most);
            let batch = rising_root(1e-9, widest, |batch| decodes.at(batch).rate * decodes.replicas - served);
            let users = in_flight(batch, 1.0);
            (decodes.at(batch), users, (rate.get() > most).then_some(rate))
        }
    };
    let mut ttft = first(&operating, users_in_all);
    let rate = operating.rate * decodes.replicas;
    let within = operating.batch * decodes.replicas + rate * ttft.total().get();
    if open_cv.is_none() && users_in_all > within {
        // Who finds no room waits; Little's law says how long.
        ttft.room = Seconds::new((users_in_all - within) / rate);
    }
    let prefill_load = rate / prefill_most;
    let decode_load = rate / decode_most;

    let mut warnings = common_warnings(Role::Prefill, prefill_chip, &prefill_settled, prefill_pool, numerics);
    for warning in common_warnings(Role::Decode, decode_chip, &decode_settled, decode_pool, numerics) {
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    if operating.batch >= room * 0.999 && ttft.room.get() > 0.0 {
        let wanted = users_in_all / decodes.replicas;
        warnings.push(Warning::KvLimited { role: Role::Decode, fits: room, wanted });
    }
    let prefill_ops = prefill_settled.replica.prefill_ops(lengths.new, lengths.past);
    let decode_ops = decode_settled.replica.decode_ops(operating.batch, lengths.context);
    let in_prefill = rate / prefills.replicas * (prefill.latency + ttft.queue).get();
    let prefill_state = PoolState {
        role: Role::Prefill,
        chip: prefill_pool.chip.clone(),
        chips: prefill_pool.chips,
        replicas: prefill_settled.replicas,
        layout: prefill_settled.replica.layout(),
        layout_chosen: prefill_settled.chosen,
        utilisation: prefill_load.min(1.0),
        batch: Requests::ZERO,
        memory: prefill_settled
            .replica
            .memory(in_prefill.min(prefill_settled.replica.sequences_that_fit(lengths.isl)), lengths.isl),
        step: prefill.latency,
        ops: prefill_ops.clone(),
    };
    let decode_state = PoolState {
        role: Role::Decode,
        chip: decode_pool.chip.clone(),
        chips: decode_pool.chips,
        replicas: decode_settled.replicas,
        layout: decode_settled.replica.layout(),
        layout_chosen: decode_settled.chosen,
        utilisation: decode_load.min(1.0),
        batch: Requests::new(operating.batch),
        memory: decode_settled.replica.memory(operating.batch, lengths.context),
        step: operating.step,
        ops: decode_ops.clone(),
    };
    warnings.extend(outside(&decode_state));
    let e2e = ttft.total() + operating.tpot * lengths.tokens;
    let transfer = path.state(RequestsPerSecond::new(rate), prefill.latency, model.layers);
    let scarce = scarce_station(prefill_load, decode_load, &transfer);
    let binding = match scarce {
        Some(Binding::Decode) if ttft.room.get() > 0.0 => Binding::Capacity,
        Some(station) => station,
        None => binding(&ttft, &operating, &lengths, &prefill_ops, &decode_state, Some(&transfer)),
    };
    Ok(Steady {
        ttft: ttft.total(),
        tpot: operating.tpot,
        e2e,
        ttft_parts: ttft_parts(&ttft, &prefill_ops),
        tpot_parts: parts(&decode_ops, operating.step, Cause::Step),
        rate: RequestsPerSecond::new(rate),
        capacity: RequestsPerSecond::new(capacity.max(rate)),
        in_flight: Requests::new(match scenario.load {
            Load::Closed { concurrency } => concurrency,
            Load::Open { .. } => rate * e2e.get(),
        }),
        isl: lengths.isl,
        osl: lengths.osl,
        chips: prefill_pool.chips.saturating_add(decode_pool.chips),
        prefill_share: 0.0,
        pools: vec![prefill_state, decode_state],
        transfer: Some(transfer),
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
    })
}

/// The station that has no slack left, if any.
fn scarce_station(prefill: f64, decode: f64, transfer: &Transfer) -> Option<Binding> {
    let loads =
        [(prefill, Binding::Prefill), (decode, Binding::Decode), (transfer.utilisation, Binding::Link)];
    let (load, binding) =
        loads.into_iter().fold((0.0, Binding::Decode), |most, own| if own.0 > most.0 { own } else { most });
    (load > 0.9).then_some(binding)
}

fn common_warnings(
    role: Role,
    chip: &Chip,
    settled: &Settled<'_>,
    pool: &Pool,
    numerics: Numerics,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if chip.status != Status::Shipping {
        warnings.push(Warning::NotShipping { chip: chip.id.to_string() });
    }
    if settled.replica.emulated() {
        warnings.push(Warning::EmulatedFormat { chip: chip.id.to_string(), format: numerics.weights });
    }
    if settled.replica.assumes_rate() {
        warnings.push(Warning::AssumedRate { chip: chip.id.to_string() });
    }
    let used = settled.replicas.saturating_mul(settled.replica.layout().chips());
    if used < pool.chips {
        warnings.push(Warning::IdleChips { role, chips: pool.chips - used });
    }
    warnings
}

/// What to say when part of the KV cache found no room beside the weights.
fn outside(pool: &PoolState) -> Option<Warning> {
    let all = pool.memory.kv + pool.memory.kv_outside;
    let share = if all.get() > 0.0 { pool.memory.kv_outside / all } else { 0.0 };
    (share > 0.0).then(|| Warning::KvOutside { chip: pool.chip.clone(), share })
}

fn push(parts: &mut Vec<Part>, cause: Cause, time: Seconds) {
    if time.get() > 0.0 {
        parts.push(Part { cause, time });
    }
}

fn ttft_parts(first: &FirstToken, prefill_ops: &[crate::pass::Op]) -> Vec<Part> {
    let mut all = Vec::new();
    push(&mut all, Cause::Queue, first.queue + first.room);
    push(&mut all, Cause::Request, first.request);
    all.extend(parts(prefill_ops, first.prefill, Cause::Step));
    push(&mut all, Cause::Transfer, first.transfer);
    match all.iter_mut().find(|part| part.cause == Cause::Step) {
        Some(part) => part.time += first.step,
        None => push(&mut all, Cause::Step, first.step),
    }
    all
}

/// What takes most of a request's time, from first to last token.
fn binding(
    first: &FirstToken,
    operating: &Operating,
    lengths: &Lengths,
    prefill_ops: &[crate::pass::Op],
    decode: &PoolState,
    transfer: Option<&Transfer>,
) -> Binding {
    let mut shares: Vec<(Binding, Seconds)> = Vec::new();
    let mut add = |binding: Binding, time: Seconds| match shares.iter_mut().find(|own| own.0 == binding) {
        Some(own) => own.1 += time,
        None => shares.push((binding, time)),
    };
    add(Binding::Capacity, first.room);
    add(Binding::Queue, first.queue);
    add(Binding::LatencyFloor, first.request + first.step);
    add(Binding::Link, transfer.map_or(Seconds::ZERO, |own| own.exposed));
    for op in prefill_ops {
        add(op_binding(op.kind, op.limit), op.time);
    }
    let steps = lengths.tokens;
    let mut known = Seconds::ZERO;
    for op in &decode.ops {
        add(op_binding(op.kind, op.limit), op.time * steps);
        known += op.time;
    }
    add(Binding::LatencyFloor, (operating.step - known).max(Seconds::ZERO) * steps);
    add(Binding::Prefill, (operating.tpot - operating.step) * steps);
    shares
        .into_iter()
        .fold((Binding::LatencyFloor, Seconds::ZERO), |most, own| if own.1 > most.1 { own } else { most })
        .0
}

fn op_binding(kind: OpKind, limit: Limit) -> Binding {
    match (kind, limit) {
        (_, Limit::Latency) => Binding::LatencyFloor,
        (OpKind::AllReduce | OpKind::ExpertExchange | OpKind::StageHop, _) | (_, Limit::Link) => {
            Binding::Collective
        }
        (_, Limit::Compute) => Binding::Compute,
        (
            OpKind::PrefillAttention | OpKind::DecodeAttention | OpKind::Indexer | OpKind::StateUpdate,
            Limit::Bandwidth,
        ) => Binding::Kv,
        (_, Limit::Bandwidth) => Binding::Weights,
    }
}
