//! Pools that read prompts and generate answers, in steady state.
//!
//! Prompts and decode share each replica: users in flight rise with the sequences in decode, and who finds no room for
//! a KV cache waits.

use super::ahead::{Others, Stream, allen_cunneen, even};
use super::deployment::Deployment;
use super::first_token::FirstToken;
use super::outcome::{Binding, PoolState, Steady, utilisation};
use super::outline::{Outline, Rival, Short, asks_for_tails};
use super::pace::Pace;
use super::replica::Prefill;
use super::root::fixed_point;
use super::run::{Changed, Run};
use super::served::Served;
use super::station::{Operating, SATURATED, Station, all_but_one};
use super::tails::{First, Tails, Token};
use crate::scenario::Load;
use crate::scenario::traffic::Routing;
use crate::units::{RequestsPerSecond, Seconds};

/// Serves a deployment whose prompts are read by the replicas that decode.
#[must_use]
pub fn serve(deployment: &Deployment<'_>) -> Steady {
    let Deployment { ref lengths, decode: ref half, .. } = *deployment;
    let colocated = Colocated::new(deployment);
    let replicas = colocated.station.replicas;
    let room = colocated.station.fits;
    // A full replica is full of others, whoever is there now.
    let at_room = colocated.when_full(None);
    let through = colocated.let_through();
    let full = at_room.rate.min(through);
    let capacity = full * replicas;
    let wall = colocated.wall(full);
    // Places end before the replica's time does.
    let full_up = wall < full * SATURATED * 0.999;
    let (mut operating, users_here, offered) = colocated.balance(through, wall);
    let (mut ttft, admitted, line) = colocated.waits(&operating, users_here);
    let mut warnings = half.warnings(operating.batch, lengths.context);
    if users_here > room * 1.001 {
        warnings.push(colocated.station.crowded(users_here));
    }
    let prefill_ops = half.prefill_ops(lengths.new, lengths.past);
    let company = (operating.company, half.others(operating.batch));
    let account = half.account(company, operating.step, lengths.context);
    let tokens_per_step = half.tokens_per_step();
    let mut rate = operating.rate * replicas;
    let decoding =
        operating.rate * lengths.tokens / (tokens_per_step * operating.batch.max(1.0)) * operating.step.get();
    let busy = (decoding + operating.prefill_load()).min(1.0);
    let mut pools = half.pools(&account, operating.batch, admitted, busy, lengths.context);
    for pool in &mut pools {
        pool.utilisation = utilisation(operating.rate, wall);
    }
    let pace = Pace {
        reading: operating.prefill_load(),
        stepping: decoding.min(1.0),
        busy,
        sequences: operating.company,
        prefill: &colocated.prefill,
        together: operating.together,
        prompt: &prefill_ops,
    };
    pace.tell(deployment, &mut pools);
    warnings.extend(pools.iter().filter_map(PoolState::outside));
    // Who waits for room longer than for all else would gain by more of it; prompts that take most of the time of chips that
    // have none left hold up everybody.
    let scarce = if ttft.room * 2.0 > ttft.total() {
        Some(Binding::Capacity)
    } else {
        (busy > 0.9 && operating.prefill_load() > 0.5).then_some(Binding::Prefill)
    };
    let settled = ttft.total();
    let mut tails = colocated.tails(&operating, &ttft, admitted, &line);
    if let Some(changed) = colocated.changed(&operating, &ttft, admitted) {
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
        wall: wall * replicas,
        prefill_share: operating.prefill_load() / busy.max(operating.prefill_load()).max(1e-12),
        prefill_ops,
        account,
        pools,
        transfer: None,
        flows: half.flows(operating.step, company, busy, lengths.context),
        scarce,
        offered: offered
            .map(|offered| (offered, (full_up || ttft.room > ttft.queue).then_some(Binding::Capacity))),
        warnings,
    }
    .steady()
}

/// What users feel of the same; an error where that surely falls short of a rival.
pub fn outline(deployment: &Deployment<'_>, rival: Option<&Rival>) -> Result<Outline, Short> {
    let colocated = Colocated::new(deployment);
    if rival.is_some_and(|own| colocated.falls_short(own)) {
        return Err(Short::Slower);
    }
    let through = colocated.let_through();
    let wall = match deployment.scenario.load {
        // Which brings no more than is served.
        Load::Closed { .. } => f64::INFINITY,
        Load::Open { .. } => {
            let full = colocated.when_full(None).rate.min(through);
            // The wall is no higher.
            let most = full * SATURATED * colocated.station.replicas;
            if rival.is_some_and(|own| own.bursts(&deployment.decode, deployment.scenario, most)) {
                return Err(Short::Full);
            }
            colocated.wall(full)
        }
    };
    let (at, users, offered) = colocated.balance(through, wall);
    let (ttft, admitted, line) = colocated.waits(&at, users);
    let tails = asks_for_tails(deployment.scenario).then(|| colocated.tails(&at, &ttft, admitted, &line));
    let rate = at.rate * colocated.station.replicas;
    let changed = colocated.changed(&at, &ttft, admitted);
    Ok(Outline::new(deployment, (ttft, at.tpot, rate), changed, (offered.is_some(), tails)))
}

/// Users beyond the room of a replica: a number that varies as the normal law does, where it is not below 0.
#[derive(Clone, Copy, Debug)]
struct Line {
    excess: f64,
    varies: f64,
}

impl Line {
    /// How many on average.
    fn mean(&self) -> f64 {
        let Self { excess, varies } = *self;
        let at = excess / varies.max(1e-12);
        // So seldom that it is never.
        if at < -6.0 {
            return 0.0;
        }
        if at > 6.0 {
            return excess;
        }
        let density = libm::exp(-at * at / 2.0) / std::f64::consts::TAU.sqrt();
        let below = 0.5 * libm::erfc(-at * std::f64::consts::FRAC_1_SQRT_2);
        varies * density + excess * below
    }
}

/// A deployment whose replicas read prompts and decode, at no number of users yet.
struct Colocated<'d, 'a> {
    deployment: &'d Deployment<'a>,
    station: Station<'a, 'd>,
    /// Cost of a prompt.
    prefill: Prefill,
}

impl<'d, 'a> Colocated<'d, 'a> {
    fn new(deployment: &'d Deployment<'a>) -> Self {
        let Deployment { scenario, ref lengths, decode: ref half, .. } = *deployment;
        let station = Station::new(half, lengths).under(scenario);
        Self { deployment, prefill: station.prefill.unwrap_or(Prefill::NONE), station }
    }

    /// The run that is asked for.
    fn run(&self) -> Option<Run> {
        match self.deployment.scenario.load {
            Load::Closed { concurrency } => Run::of(&self.station, concurrency),
            Load::Open { .. } => None,
        }
    }

    /// What the run that is asked for makes of a balance.
    fn changed(&self, at: &Operating, ttft: &FirstToken, users: f64) -> Option<Changed> {
        let spread = self.station.dispersion(at.tpot);
        Some(self.run()?.colocated(&self.station, at, ttft, (users, spread)))
    }

    /// Whether it surely does worse than a rival.
    fn falls_short(&self, rival: &Rival) -> bool {
        let station = &self.station;
        match self.deployment.scenario.load {
            Load::Closed { concurrency } => {
                let users = concurrency / station.replicas;
                let admitted = users - self.line(users).mean();
                rival.outruns(station, admitted, |at| self.present(at, (users, admitted)))
            }
            Load::Open { rate, .. } => {
                rival.is_sooner(station, rate.get() / station.replicas, self.deployment.unseen().1)
            }
        }
    }

    /// What the time to first token is made of with all that is waited for, among so many users of the replica, and for how many of
    /// them it has room.
    fn waits(&self, at: &Operating, users: f64) -> (FirstToken, f64, Line) {
        let line = self.line(users);
        let admitted = users - line.mean();
        let mut ttft = self.first(at, admitted);
        ttft.queue += self.wait_in_line(at, &ttft, admitted);
        ttft.room = self.wait_for_room(at, &ttft, users);
        (ttft, admitted, line)
    }

    /// Of so many users of a replica in a closed loop, of whom so many have room, those in decode at a point.
    fn present(&self, at: &Operating, (users, admitted): (f64, f64)) -> f64 {
        let pause = self.deployment.scenario.pause().get();
        let first = self.first(at, admitted).total();
        let present = admitted * self.in_decode(at, first, 0.0);
        // Pausing users occupy no replica.
        if pause > 0.0 { present.min(users * self.in_decode(at, first, pause)) } else { present }
    }

    /// What the time to first token is made of among so many users of the replica.
    fn first(&self, at: &Operating, users: f64) -> FirstToken {
        self.first_among(at, &self.others(at, users))
    }

    /// How all of it spreads over requests, of which the mean is this.
    fn tails(&self, at: &Operating, ttft: &FirstToken, users: f64, line: &Line) -> Tails {
        let Deployment { scenario, ref lengths, .. } = *self.deployment;
        let station = &self.station;
        let prefill = &self.prefill;
        let read = self.others(at, users).read;
        let beside = prefill.latency_of(prefill.on_rank(read)) - prefill.latency;
        let again = match scenario.load {
            Load::Closed { .. } => station.again(at.ahead.with, at.tpot),
            Load::Open { .. } => 0.0,
        };
        let stay = ttft.total().get() - ttft.room.get() + lengths.tokens * at.tpot.get();
        let first = First::new(scenario, (prefill, &at.ahead), ttft, beside, (at.rate, station.replicas))
            .among(at, station.held(at))
            .with_users(scenario, users, again)
            .in_line(line.excess / at.rate, line.varies / at.rate)
            .in_places(station.fits * station.replicas, stay);
        Tails::new(first, Token::new(scenario, station, at))
    }

    /// Whom a prompt meets among so many users of the replica.
    fn others(&self, at: &Operating, users: f64) -> Others {
        let stream = |cv| Stream { rate: at.rate, replicas: self.station.replicas, cv };
        match self.deployment.scenario.load {
            Load::Closed { .. } => self.station.settled(at, users, &stream(1.0)),
            Load::Open { cv, .. } => {
                let stream = stream(cv);
                Others { wait: at.ahead.wait(&stream), read: at.ahead.company(&stream) }
            }
        }
    }

    /// The same among those whom a prompt meets.
    fn first_among(&self, at: &Operating, others: &Others) -> FirstToken {
        let (request, held) = (self.station.engine().request, self.station.held(at));
        FirstToken::colocated(&self.prefill, request, at, others, held)
    }

    /// A full replica, of whose sequences in decode one of them meets such a share, or all that many would.
    fn when_full(&self, meets: Option<f64>) -> Operating {
        let (room, full) = (self.station.fits, self.station.full(meets));
        full.at(fixed_point(room, room, |batch| {
            let at = full.at(batch);
            room * self.in_decode(&at, self.first_when_full(&at).total(), 0.0)
        }))
    }

    /// The same of a replica that is full, whatever the load that filled it.
    fn first_when_full(&self, at: &Operating) -> FirstToken {
        let stream = Stream { rate: at.rate, replicas: self.station.replicas, cv: 1.0 };
        self.first_among(at, &self.station.settled(at, self.station.fits, &stream))
    }

    /// Of users of a replica those in decode: by Little's law the share of its time that a request is there.
    fn in_decode(&self, at: &Operating, first: Seconds, pause: f64) -> f64 {
        let decode = self.deployment.lengths.tokens * at.tpot.get();
        decode / (decode + first.get() + pause)
    }

    /// Most requests per second that may come to a replica for good, which serves at this rate when it is full: as many as
    /// find room, too.
    fn wall(&self, full: f64) -> f64 {
        let most = full * SATURATED;
        if matches!(self.deployment.scenario.load, Load::Closed { .. }) {
            return most;
        }
        let places = self.station.fits * SATURATED;
        fixed_point(most, most, |rate| places / self.stay(&self.serving(rate)).get())
    }

    /// The replica where it serves this rate of an open loop.
    fn serving(&self, rate: f64) -> Operating {
        let (station, tokens) = (&self.station, self.deployment.lengths.tokens);
        station.at(fixed_point(1e-9, station.fits, |batch| rate * tokens * station.at(batch).tpot.get()))
    }

    /// How long a request of an open loop has a place.
    fn stay(&self, at: &Operating) -> Seconds {
        self.first(at, self.station.fits).total() + at.tpot * self.deployment.lengths.tokens
    }

    /// The replica where it serves what is asked of it, given what it lets through in a closed loop and the most that may come to it in
    /// an open one, with the users who are there; and what is offered, where that is more.
    fn balance(&self, through: f64, most: f64) -> (Operating, f64, Option<RequestsPerSecond>) {
        let Deployment { scenario, ref lengths, .. } = *self.deployment;
        let (station, room) = (&self.station, self.station.fits);
        match scenario.load {
            Load::Closed { concurrency } => {
                let users = concurrency / station.replicas;
                let pause = scenario.pause().get();
                let admitted = users - self.line(users).mean();
                // A single user waits for nobody.
                let most = if concurrency > 1.0 { through } else { f64::INFINITY };
                let batch = fixed_point(admitted, admitted, |batch| {
                    let at = station.at(batch);
                    self.present(&at, (users, admitted)).min(most * lengths.tokens * at.tpot.get())
                });
                let at = station.at(batch);
                (at, users - at.rate * pause, None)
            }
            Load::Open { rate, .. } => {
                let wanted = rate.get() / station.replicas;
                let at = self.serving(wanted.min(most));
                (
                    at,
                    at.batch + at.rate * self.first(&at, room).total().get(),
                    (wanted > most).then_some(rate),
                )
            }
        }
    }

    /// Most requests per second that a replica lets through, however many wait in line. Where steps take prompts and decode,
    /// no more answers end with a step than prompts are read in one. Pools that several replicas share carry what users come
    /// to where they fill the replicas: few of each replica are many of such a pool.
    fn let_through(&self) -> f64 {
        let Deployment { ref lengths, decode: ref half, .. } = *self.deployment;
        let room = self.station.fits;
        let mut most = f64::INFINITY;
        if self.station.mixes {
            let read = self.prefill.most * self.prefill.ranks / self.prefill.chunks;
            let batch = read * lengths.tokens * half.steps_per_token(lengths.tokens);
            if batch < room {
                most = self.most_with(batch);
            }
        }
        if half.shares_pools() {
            most = most.min(self.when_full(Some(all_but_one(self.station.fits))).rate);
        }
        most
    }

    /// Most requests per second with up to so many sequences in decode, where nobody waits for more than their prompts: a
    /// cache that spills makes more of them slower.
    fn most_with(&self, batch: f64) -> f64 {
        let Deployment { ref lengths, decode: ref half, .. } = *self.deployment;
        let steps = lengths.tokens * half.steps_per_token(lengths.tokens);
        let (others, mut most) = (all_but_one(self.station.fits), 0.0);
        for part in [1.0, 0.7, 0.5, 0.35, 0.25] {
            let at = self.station.full(Some(others)).at(batch * part);
            most = f64::max(most, at.batch / (at.step.get() * steps + at.stall * at.batch * others));
        }
        most
    }

    /// Mean wait in line where no more is let through, so that users are neither in decode nor on the way there: by Little's law.
    fn wait_in_line(&self, at: &Operating, ttft: &FirstToken, users: f64) -> Seconds {
        let Load::Closed { concurrency } = self.deployment.scenario.load else { return Seconds::ZERO };
        let line = users - at.batch - at.rate * ttft.total().get();
        // A balance is found up to its digits, and a single user waits for nobody.
        let waits = concurrency > 1.0 && line > 1e-3 * users;
        Seconds::new(if waits { line / at.rate } else { 0.0 })
    }

    /// Those of so many users of each replica of a closed loop for whom there is no room. Sequences are long and short, young and
    /// old, and replicas that take requests in turn have more of them and fewer, by as many as end before others that came
    /// before them.
    fn line(&self, users: f64) -> Line {
        let (station, traffic) = (&self.station, &self.deployment.scenario.traffic);
        let room = station.fits;
        let Load::Closed { concurrency } = self.deployment.scenario.load else {
            return Line { excess: users - room, varies: 0.0 };
        };
        // The law has no end below: of sizes that vary by more, few sequences would take less than no room.
        let (sizes, there) = (station.uneven.min(0.25), users.min(room));
        let turns = match traffic.routing {
            Routing::RoundRobin => (station.scatter / 6.0).min(1.0) * all_but_one(station.replicas),
            Routing::LeastLoaded | Routing::Prefix => 0.0,
        };
        Line { excess: users - room, varies: ((sizes + turns) * there * all_but_one(concurrency)).sqrt() }
    }

    /// Mean wait for room in the KV cache, with so many users at each replica.
    fn wait_for_room(&self, at: &Operating, ttft: &FirstToken, users: f64) -> Seconds {
        let Deployment { scenario, ref lengths, .. } = *self.deployment;
        let (replicas, room) = (self.station.replicas, self.station.fits);
        match scenario.load {
            // By Little's law the users beyond the room wait this long for a place.
            Load::Closed { .. } => Seconds::new(self.line(users).mean() / at.rate),
            Load::Open { cv, .. } => {
                let stay = ttft.total().get() + lengths.tokens * at.tpot.get();
                let load = at.rate * stay / room;
                let (places, arrivals) = match scenario.traffic.routing {
                    // Whoever is sent to a full replica waits there, and each gets one request in so many.
                    Routing::RoundRobin => (room, cv * cv / replicas),
                    Routing::LeastLoaded | Routing::Prefix => (room * replicas, cv * cv),
                };
                let stays = scenario.traffic.scatter(&scenario.workload);
                let stays = (stays * stays / 12.0).max(0.1);
                let varied = (arrivals + stays).sqrt();
                Seconds::new(allen_cunneen(stay, places.max(1.0), load, varied) * even(arrivals, stays, load))
            }
        }
    }
}
