//! Prefill on a pool of its own, in steady state: the rates of both and of the link between them match.

use std::cell::OnceCell;

use super::ahead::{Stream, reading, whole};
use super::binding::scarce_station;
use super::deployment::Deployment;
use super::first_token::FirstToken;
use super::outcome::{Binding, PoolState, Steady, Warning, utilisation};
use super::outline::{Outline, Rival, Short, asks_for_tails};
use super::pace::Pace;
use super::replica::Prefill;
use super::root::fixed_point;
use super::run::{Changed, Run};
use super::served::Served;
use super::side::Side;
use super::station::{Operating, SATURATED, Station, all_but_one};
use super::tails::{First, Tails, Token};
use super::transfer::Path;
use crate::scenario::Load;
use crate::units::{RequestsPerSecond, Seconds};

/// Serves a deployment whose prompts are read by a pool of their own, over a path to the decode side.
#[must_use]
pub fn serve(deployment: &Deployment<'_>, side: &Side<'_>, path: &Path) -> Steady {
    let Deployment { model, ref lengths, decode: ref half, .. } = *deployment;
    let split = Disaggregated::new(deployment, side, path);
    let capacity = split.capacity();
    let wall = capacity * SATURATED;
    let (mut operating, users, offered) = split.balance(wall);
    let mut ttft = split.waits(&operating, users);
    let mut rate = operating.rate * split.decode.replicas;
    let full = split.is_full(&operating);
    let (prefill_load, decode_load) = (rate / split.prefill_most, rate / split.decode_most());
    let prefill_ops = side.settled.replica.prefill_ops(lengths.new, lengths.past);
    let company = (operating.company, half.others(operating.batch));
    let account = half.account(company, operating.step, lengths.context);
    let busy = decode_load.min(1.0);
    let mut decode_pools = half.pools(&account, operating.batch, operating.batch, busy, lengths.context);
    for pool in &mut decode_pools {
        pool.utilisation = utilisation(rate, split.decode_most() * SATURATED);
    }
    let mut warnings = split.warnings(&operating, &ttft, users);
    warnings.extend(decode_pools.iter().filter_map(PoolState::outside));
    let in_prefill = rate / split.replicas * (split.prefill.latency + ttft.queue).get();
    let held = in_prefill.min(side.settled.replica.sequences_that_fit(lengths.isl));
    let mut pools = vec![PoolState {
        utilisation: utilisation(rate, split.prefill_most * SATURATED),
        busy: prefill_load.min(1.0),
        memory: side.settled.replica.memory(held, lengths.isl),
        step: split.prefill.latency,
        ops: prefill_ops.clone(),
        ..side.idle()
    }];
    pools.extend(decode_pools);
    let group = reading(&split.prefill, split.replicas, rate / split.replicas).group;
    let together = split.prefill.on_rank(group);
    let steps = operating.rate * lengths.tokens / (half.tokens_per_step() * operating.batch.max(1.0));
    let pace = Pace {
        reading: split.prefill.occupancy_of(together).get() * rate / split.replicas,
        stepping: (steps * operating.step.get()).min(1.0),
        busy,
        sequences: operating.company,
        prefill: &split.prefill,
        together,
        prompt: &prefill_ops,
    };
    pace.tell(deployment, &mut pools);
    let transfer = path.state(RequestsPerSecond::new(rate), split.prefill.latency, model.layers);
    let mut flows = vec![path.flow(&transfer, half.holder.role)];
    flows.extend(half.flows(operating.step, company, busy, lengths.context));
    let scarce = match scarce_station(prefill_load, decode_load, &transfer) {
        Some(Binding::Decode) if ttft.room.get() > 0.0 && full => Some(Binding::Capacity),
        station => station,
    };
    let settled = ttft.total();
    let mut tails = split.tails(&operating, &ttft, users);
    if let Some(changed) = split.changed(&operating, &ttft) {
        (ttft, operating.tpot, rate) = (changed.ttft, changed.tpot, changed.rate);
        tails = tails.in_run(changed.burst, (settled, ttft.total()));
    }
    Served {
        deployment,
        operating,
        ttft,
        tails,
        settled,
        rate,
        capacity,
        wall,
        prefill_share: 0.0,
        prefill_ops,
        account,
        pools,
        transfer: Some(transfer),
        flows,
        scarce,
        offered: offered.map(|offered| (offered, Some(split.bottleneck()))),
        warnings,
    }
    .steady()
}

/// What users feel of the same; an error where that surely falls short of a rival.
pub fn outline(
    deployment: &Deployment<'_>,
    (side, path): (&Side<'_>, &Path),
    rival: Option<&Rival>,
) -> Result<Outline, Short> {
    let scenario = deployment.scenario;
    let split = Disaggregated::new(deployment, side, path);
    if rival.is_some_and(|own| split.falls_short(own)) {
        return Err(Short::Slower);
    }
    let wall = match scenario.load {
        // Which brings no more than is served.
        Load::Closed { .. } => f64::INFINITY,
        Load::Open { .. } => split.capacity() * SATURATED,
    };
    if rival.is_some_and(|own| own.bursts(&deployment.decode, scenario, wall)) {
        return Err(Short::Full);
    }
    let (at, users, offered) = split.balance(wall);
    let ttft = split.waits(&at, users);
    let tails = asks_for_tails(scenario).then(|| split.tails(&at, &ttft, users));
    let rate = at.rate * split.decode.replicas;
    let changed = split.changed(&at, &ttft);
    Ok(Outline::new(deployment, (ttft, at.tpot, rate), changed, (offered.is_some(), tails)))
}

/// A deployment with a prefill pool, at no rate yet.
struct Disaggregated<'d, 'a> {
    deployment: &'d Deployment<'a>,
    side: &'d Side<'a>,
    path: &'d Path,
    decode: Station<'a, 'd>,
    /// Cost of a prompt.
    prefill: Prefill,
    /// Replicas of the prefill pool.
    replicas: f64,
    /// Most requests per second of the prefill pool, over the whole deployment.
    prefill_most: f64,
    /// The same of the decode pool, once somebody asks.
    decode_most: OnceCell<f64>,
}

impl<'d, 'a> Disaggregated<'d, 'a> {
    fn new(deployment: &'d Deployment<'a>, side: &'d Side<'a>, path: &'d Path) -> Self {
        let Deployment { scenario, ref lengths, decode: ref half, .. } = *deployment;
        let decode = Station::new(half, lengths).under(scenario);
        let prefill = lengths.prefill(
            |new, past| side.settled.replica.prefill(new, past),
            |own, new, past| side.settled.replica.bent(own, new, past),
        );
        let replicas = f64::from(side.settled.replicas);
        // A pool that only reads fills its steps.
        let prefill_most = replicas / prefill.least().get();
        Self { deployment, side, path, decode, prefill, replicas, prefill_most, decode_most: OnceCell::new() }
    }

    /// Most requests per second of the decode pool.
    fn decode_most(&self) -> f64 {
        // A full replica is full of others, whatever the load that filled it.
        let full = || self.decode.full(None).at(self.decode.fits).rate * self.decode.replicas;
        *self.decode_most.get_or_init(full)
    }

    /// Most requests per second that both pools and the link carry.
    fn capacity(&self) -> f64 {
        self.prefill_most.min(self.decode_most()).min(self.path.most().get())
    }

    /// Whether a decode replica has no more room.
    fn is_full(&self, at: &Operating) -> bool {
        at.batch >= self.decode.fits * 0.999
    }

    /// Which of them carries least.
    fn bottleneck(&self) -> Binding {
        let link = self.path.most().get();
        if self.prefill_most <= self.decode_most().min(link) {
            Binding::Prefill
        } else if self.decode_most() <= link {
            Binding::Decode
        } else {
            Binding::Link
        }
    }

    /// What the time to first token is made of among so many users. It comes with the cache, and nothing is computed for it
    /// in decode; it is passed on when the step ends that is under way there.
    fn first(&self, at: &Operating, users: f64) -> FirstToken {
        let Deployment { scenario, model, .. } = *self.deployment;
        let rate = at.rate * self.decode.replicas;
        let each = rate / self.replicas;
        let ahead = reading(&self.prefill, self.replicas, each);
        let stream = |cv| Stream { rate: each, replicas: self.replicas, cv };
        let (wait, company) = match scenario.load {
            Load::Open { cv, .. } => (ahead.wait(&stream(cv)), ahead.company(&stream(cv))),
            Load::Closed { .. } => {
                let (here, stream, steps) = (users / self.replicas, stream(1.0), at.step.get());
                let again = self.decode.again(ahead.with, at.tpot);
                let order = ahead.kept(steps);
                // Answers end with steps, and the prompts that follow those of one step come together, where prompts are
                // read within it.
                let share = 1.0 / (1.0 + ahead.with * ahead.with / (steps * steps).max(1e-24));
                let (wait, company) = ahead.settled_wait(here, &stream, again, order);
                let company = ahead.kept_company(company, again, order);
                // Of as many as there are replicas each has one of its own.
                let others = at.ahead.come / self.replicas * all_but_one(here);
                let (wait, company) = ahead.beside_others((wait, company), others, share);
                (wait, company.min(here.max(1.0)))
            }
        };
        let request = self.decode.engine().request;
        let prefill = self.prefill.latency_of(self.prefill.on_rank(company));
        let transfer = self.path.exposed(RequestsPerSecond::new(rate), self.prefill.latency, model.layers);
        // One replica that decodes has its own steps to wait for since the last answer ended with one; else it is any time
        // of a step.
        let left = match scenario.load {
            Load::Closed { .. } if self.decode.replicas <= 1.0 => {
                let since = request + self.decode.pause + Seconds::new(wait.queue) + prefill + transfer;
                let steps = since / at.step.max(Seconds::new(1e-12));
                let vary = (wait.queue + self.decode.pause_scatter) / at.step.get().max(1e-12);
                whole(steps, vary) - steps
            }
            _ => 0.5,
        };
        FirstToken {
            queue: Seconds::new(wait.queue),
            room: Seconds::ZERO,
            request,
            prefill,
            step: at.step * (left * at.ahead.decoding),
            transfer,
        }
    }

    /// The same with what is waited for room.
    fn waits(&self, at: &Operating, users: f64) -> FirstToken {
        let mut ttft = self.first(at, users);
        let rate = at.rate * self.decode.replicas;
        let within = at.batch * self.decode.replicas + rate * ttft.total().get();
        if matches!(self.deployment.scenario.load, Load::Closed { .. }) && users > within * (1.0 + 1e-9) {
            // Whoever is not in decode or on the way there waits for what has no slack left; Little's law says how long.
            let wait = Seconds::new((users - within) / rate);
            match self.bottleneck() {
                _ if self.is_full(at) => ttft.room += wait,
                Binding::Link => ttft.transfer += wait,
                _ => ttft.queue += wait,
            }
        }
        ttft
    }

    /// What the run that is asked for makes of a balance.
    fn changed(&self, at: &Operating, ttft: &FirstToken) -> Option<Changed> {
        let Load::Closed { concurrency } = self.deployment.scenario.load else { return None };
        let run = Run::of(&self.decode, concurrency)?;
        let answers = (self.deployment.lengths.tokens, self.decode.dispersion(at.tpot));
        Some(run.disaggregated(&self.prefill, self.replicas, (at, self.is_full(at)), ttft, answers))
    }

    /// Whether it surely does worse than a rival.
    fn falls_short(&self, rival: &Rival) -> bool {
        let decode = &self.decode;
        match self.deployment.scenario.load {
            Load::Closed { concurrency } => {
                let most = (concurrency / decode.replicas).min(decode.fits);
                rival.outruns(decode, most, |at| self.decoding(at, concurrency, self.upstream()))
            }
            Load::Open { rate, .. } => {
                rival.is_sooner(decode, rate.get() / decode.replicas, self.deployment.unseen().1)
            }
        }
    }

    /// Most requests per second that prefill and link pass on.
    fn upstream(&self) -> f64 {
        self.prefill_most.min(self.path.most().get()) * 0.999_999
    }

    /// Of so many users those in decode on each replica at a point, where so many requests per second come there at most: by Little's
    /// law the share of their time that they are there.
    fn decoding(&self, at: &Operating, users: f64, most: f64) -> f64 {
        let Deployment { scenario, ref lengths, .. } = *self.deployment;
        let decoding = lengths.tokens * at.tpot.get();
        let elsewhere = self.first(at, users).total() + scenario.pause();
        let present = users / self.decode.replicas * (decoding / (decoding + elsewhere.get()));
        present.min(self.for_rate(at, most))
    }

    /// Sequences in decode on each replica for this rate over all.
    fn for_rate(&self, at: &Operating, rate: f64) -> f64 {
        rate / self.decode.replicas * self.deployment.lengths.tokens * at.tpot.get()
    }

    /// How all of it spreads over requests, of which the mean is this.
    fn tails(&self, at: &Operating, ttft: &FirstToken, users: f64) -> Tails {
        let Deployment { scenario, ref lengths, .. } = *self.deployment;
        let each = at.rate * self.decode.replicas / self.replicas;
        let ahead = reading(&self.prefill, self.replicas, each);
        let beside = ttft.prefill - self.prefill.latency;
        let stay = lengths.tokens * at.tpot.get();
        let first = First::new(scenario, (&self.prefill, &ahead), ttft, beside, (each, self.replicas))
            .with_users(scenario, users / self.replicas, self.decode.again(ahead.with, at.tpot))
            .in_places(self.decode.fits * self.decode.replicas, stay);
        Tails::new(first, Token::new(scenario, &self.decode, at))
    }

    /// Most requests per second that pools beside the decode replicas let through: what so many users come to where they fill
    /// them. Few users of each are many of a pool that several of them share; only a single one has it to itself.
    fn most_shared(&self, users: f64) -> f64 {
        if users <= 1.0 || !self.decode.half.shares_pools() {
            return f64::INFINITY;
        }
        let full = self.decode.full(Some(all_but_one(self.decode.fits)));
        full.at(full.fits).rate * full.replicas
    }

    /// A decode replica where it serves what is asked of it, at most this rate of an open loop, and the users over all; and
    /// what is offered, where that is more.
    fn balance(&self, most: f64) -> (Operating, f64, Option<RequestsPerSecond>) {
        let scenario = self.deployment.scenario;
        let (decode, room) = (&self.decode, self.decode.fits);
        match scenario.load {
            Load::Closed { concurrency } => {
                // The decode pool never gets more than the prefill pool and the link pass on.
                // Nor more than a pool that several replicas share lets through.
                let carried = self.upstream().min(self.most_shared(concurrency));
                let most = (concurrency / decode.replicas).min(room);
                let batch =
                    fixed_point(most, most, |batch| self.decoding(&decode.at(batch), concurrency, carried));
                let at = decode.at(batch);
                (at, concurrency - at.rate * decode.replicas * scenario.pause().get(), None)
            }
            Load::Open { rate, .. } => {
                let served = rate.get().min(most);
                let batch = fixed_point(1e-9, room, |batch| self.for_rate(&decode.at(batch), served));
                let at = decode.at(batch);
                let waiting = at.rate * decode.replicas * self.first(&at, 1.0).total().get();
                (at, at.batch * decode.replicas + waiting, (rate.get() > most).then_some(rate))
            }
        }
    }

    /// What is unwise about the deployment at this balance, each thing once.
    fn warnings(&self, at: &Operating, ttft: &FirstToken, users: f64) -> Vec<Warning> {
        let Deployment { lengths, decode: half, .. } = self.deployment;
        let mut warnings = self.side.warnings();
        for warning in half.warnings(at.batch, lengths.context) {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        if self.path.apart && !warnings.contains(&Warning::NoSharedDomain) {
            warnings.push(Warning::NoSharedDomain);
        }
        if self.is_full(at) && ttft.room.get() > 0.0 {
            let wanted = users / self.decode.replicas;
            warnings.push(self.decode.crowded(wanted));
        }
        warnings
    }
}
