//! Any scenario may be replayed: whatever the split, the traffic and the room, every request ends or is accounted for, no
//! time is negative or no number, and what the pools did adds up.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

#[path = "support/splitmix.rs"]
mod splitmix;

use splitmix::SplitMix;
use tandem::machine::constants;
use tandem::replay::record::End;
use tandem::replay::{Asked, Progress, Replay, Replayed};
use tandem::scenario::link;
use tandem::serve::{Deployment, Models};

/// What is drawn from numbers that follow from a seed.
struct Dice(SplitMix);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0.bits()
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[(self.next() % all.len() as u64) as usize]
    }

    fn sometimes<'a>(&mut self, all: &[&'a str]) -> &'a str {
        if self.next().is_multiple_of(3) { self.of(all) } else { "" }
    }
}

const SPLITS: [&str; 20] = [
    "&model=llama3-8b&pool=l4*1",
    "&model=llama3-8b&pool=h100-sxm*3:tp1",
    "&model=llama3-70b&weights=fp8&pool=h100-sxm*2:tp2",
    "&model=deepseek-v3&pool=h200*16:tp1:dp8:ep8",
    "&model=kimi-k3&pool=b300*8",
    "&model=minimax-m2&pool=h200*4",
    "&model=llama3-8b&pool=groq3-lp30*64",
    "&model=llama3-8b&pool=wse3*1",
    "&model=llama3-8b&prefill=h100-sxm*2:tp1&decode=l40s*2:tp1",
    "&model=llama3-8b&prefill=l4*1&decode=h100-sxm*1",
    "&model=deepseek-v3&prefill=h200*16&decode=h200*16&link=1GB/s",
    "&model=llama3-70b&prefill=h200*8&decode=groq3-lp30*512&link=50GB/s",
    "&model=deepseek-v3&split=afd&attention=h200*8&ffn=h200*8",
    "&model=llama3-70b&split=afd&attention=h100-sxm*4:tp1&ffn=h100-sxm*4&link=eth400",
    "&model=deepseek-v3&split=pd-afd&prefill=h200*8&attention=h200*8&ffn=h200*8",
    "&model=llama3-70b&split=draft&draft=l4*1&verify=h100-sxm*8:tp4&spec=llama3-8b:4:0.75",
    "&model=llama3-70b&split=draft&draft=groq3-lp30*128&verify=h200*4&spec=llama3-8b:8:0.6&link=50GB/s",
    "&model=llama3-70b&split=pd-draft&prefill=h200*4&draft=l40s*2:tp1&verify=h200*4&spec=llama3-8b:2:0.9",
    "&model=deepseek-v3&pool=h200*8&spec=mtp:3",
    "&model=llama3-70b&pool=h100-sxm*4:tp2:pp2",
];

/// A scenario of any kind.
fn any(dice: &mut Dice) -> String {
    let mut text = "v1".to_owned();
    text += dice.of(&SPLITS);
    text += dice.of(&["", "&engine=sglang", "&engine=trtllm"]);
    text += dice.of(&[
        "&concurrency=1",
        "&concurrency=7",
        "&concurrency=100",
        "&concurrency=900",
        "&rate=0.01",
        "&rate=0.5",
        "&rate=5&cv=3",
        "&rate=300",
        "&rate=2&cv=0&burst=2s/20s",
        "&rate=20&burst=1s/1s",
    ]);
    text += dice.of(&[
        "&isl=1&osl=1",
        "&isl=100&osl=1",
        "&isl=1&osl=700",
        "&isl=1k&osl=100&spread=0",
        "&isl=9k&osl=300&spread=0.8",
        "&isl=40k&osl=50&spread=0.2",
        "&isl=7k&osl=2k",
        "&lengths=chat",
        "&lengths=code-completion",
        "&lengths=rag",
        "&lengths=summarisation",
        "&lengths=long-chat",
        "&lengths=agent",
        "&lengths=reasoning",
        "&lengths=batch",
        "&isl=2k&osl=200&lengths=50/50",
    ]);
    text += dice.sometimes(&["&sessions=5x500", "&sessions=20x100&agents=2x3", "&sessions=2x20k"]);
    text += dice.sometimes(&["&pause=2s", "&pause=0.1s/30s"]);
    text += dice.sometimes(&["&hit=0.7", "&shared=900"]);
    text +=
        dice.sometimes(&["&tier=dram:10GB@50GB/s", "&tier=dram:1GB@1GB/s,ssd:100GB@5GB/s,network:1TB@1GB/s"]);
    text += dice.sometimes(&["&routing=prefix", "&routing=least-loaded"]);
    text += dice.sometimes(&["&preempt=swap"]);
    text += dice.sometimes(&["&priority=20%", "&priority=100%"]);
    text += dice.of(&["&horizon=300req", "&horizon=2000req", "&horizon=60s"]);
    text += &format!("&seed={}", dice.next() % 1000);
    text
}

#[test]
fn whatever_is_asked_is_answered_or_accounted_for() {
    let count = std::env::var("REPLAYS").ok().and_then(|own| own.parse().ok()).unwrap_or(400_u64);
    let first = std::env::var("FIRST").ok().and_then(|own| own.parse().ok()).unwrap_or(0_u64);
    let (mut replayed, mut wrong) = (0, Vec::new());
    for seed in first..first + count {
        let text = any(&mut Dice(SplitMix(seed)));
        let scenario = link::parse(&text).scenario;
        if !scenario.check().is_empty() {
            continue;
        }
        let Ok(models) = Models::of(&scenario) else { continue };
        let Ok(deployment) = Deployment::new(&scenario, constants(), &models) else { continue };
        let mut engine = Replay::start(&deployment, &Asked::Scenario);
        let progress = engine.run(3_000_000);
        let asked = progress.arrived;
        // In pieces and in one the same, and laid aside in between.
        if seed % 10 == 0 {
            let mut pieces = Replay::start(&deployment, &Asked::Scenario);
            while pieces.progress().events < progress.events && !pieces.run(997).done {
                pieces = pieces.park().resume(&deployment);
            }
            if progress.done && pieces.records() != engine.records() {
                wrong.push(format!("{seed} {text}: another result in pieces"));
            }
        }
        let result = engine.result(scenario.slo, Asked::Scenario.warm_up(&scenario, asked));
        replayed += 1;
        let mut say = |what: String| wrong.push(format!("{seed} {text}: {what}"));
        all_is_accounted_for(&engine, progress, &result, &mut say);
        records_are_sound(&engine, progress, &result, &mut say);
        figures_are_sound(progress, &result, &mut say);
    }
    println!("{replayed} replayed");
    assert!(replayed * 2 > count, "{replayed} of {count} are possible");
    assert_eq!(wrong, Vec::<String>::new());
}

/// Every request has an end, and nothing stands still for ever.
fn all_is_accounted_for(
    engine: &Replay<'_>,
    progress: Progress,
    result: &Replayed,
    say: &mut impl FnMut(String),
) {
    let counts = result.counts;
    if engine.faults() > 0 {
        say(format!("{} handles are stale that must not be", engine.faults()));
    }
    if counts.arrived != counts.finished + counts.rejected + counts.unfinished {
        say(format!("{counts:?}"));
    }
    if progress.done && counts.unfinished > 0 {
        let idle: Vec<String> = engine
            .pools()
            .flat_map(|pool| pool.replicas.iter())
            .map(|own| {
                format!(
                    "{:?}, {} wait (blocked {}), {} are read, {} in transit, {} in decode, load {}, {} blocks free",
                    own.activity,
                    own.waiting.len(),
                    own.blocked,
                    own.prefilling.len(),
                    own.in_transit,
                    own.decoding,
                    own.load,
                    own.cache.available()
                )
            })
            .collect();
        say(format!("{} stand still: {counts:?}, {idle:?}", counts.unfinished));
    }
    if !progress.done && counts.finished == 0 {
        say(format!("nothing is answered: {progress:?}"));
    }
}

/// Each request is told once, in order, and the tokens add up.
fn records_are_sound(
    engine: &Replay<'_>,
    progress: Progress,
    result: &Replayed,
    say: &mut impl FnMut(String),
) {
    let counts = result.counts;
    let mut written = 0;
    let mut indices: Vec<u32> = Vec::new();
    for own in engine.records() {
        indices.push(own.index);
        let times = [own.arrival, f64::from(own.wait), f64::from(own.ttft), f64::from(own.e2e)];
        let ordered = own.wait >= 0.0 && own.ttft >= 0.0 && own.e2e >= own.ttft;
        if times.iter().any(|own| !own.is_finite() || *own < 0.0) || !ordered {
            say(format!("{own:?}"));
            break;
        }
        if own.end == End::Finished {
            written += u64::from(own.output);
        }
    }
    indices.sort_unstable();
    if indices.windows(2).any(|pair| pair[0] == pair[1]) {
        say("a request ends twice".to_owned());
    }
    if progress.done {
        if result.tokens.written != written {
            say(format!("{} tokens written, {written} in records", result.tokens.written));
        }
        if counts.rejected == 0
            && counts.preemptions == 0
            && result.tokens.read - result.tokens.again + result.tokens.cached != result.tokens.input
        {
            say(format!("{:?}", result.tokens));
        }
    }
}

/// Shares are shares, levels are levels, and what is sent arrives.
fn figures_are_sound(progress: Progress, result: &Replayed, say: &mut impl FnMut(String)) {
    for pool in &result.pools {
        let shares = [pool.utilisation, pool.prefill_share, pool.occupancy, pool.peak_occupancy];
        let levels = pool.used.iter().chain(&pool.queue).chain(&pool.batches);
        let below =
            levels.chain(&pool.reading).chain(&pool.writing).find(|own| !own.is_finite() || **own < -1e-6);
        if shares.iter().any(|own| !(-1e-9..=1.0 + 1e-6).contains(own)) || below.is_some() {
            say(format!("{}: {shares:?} {below:?}", pool.role));
        }
        if progress.done && pool.held != 0 {
            say(format!("{} blocks are held at the end", pool.held));
        }
    }
    if let Some(link) = &result.link
        && progress.done
        && (link.sent.get() - link.moved.get()).abs() > 1e-6 * link.sent.get().max(1.0)
    {
        say(format!("{:?} sent, {:?} moved", link.sent, link.moved));
    }
    let figures = [result.ttft, result.tpot, result.e2e, result.wait];
    for own in figures.into_iter().flatten() {
        if !own.mean.value.get().is_finite() || own.p50.value > own.p99.value {
            say(format!("{own:?}"));
        }
    }
}
