//! Random scenarios for property tests: everything the limits allow, over the whole catalogue; and how goldens compare.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test binary uses its own part")]

pub mod golden;

use proptest::prelude::*;
use proptest::sample::select;

use tandem::catalog::chip::ScaleUp;
use tandem::catalog::model::{Attention, AttentionLayers, Ffn, FfnLayers, Indexer};
use tandem::catalog::{self, Architecture, Chip, ChipFigures, Engine, Model, NumberFormat, Profile, bounds};
use tandem::scenario::link;
use tandem::scenario::{
    Acceptance, ChipRent, Custom, Drafter, ExpertParallel, Flags, Formats, Layout, Limit, Limits, Load,
    Overlap, Percentile, Pool, PoolLink, PowerCap, PriceBasis, Pricing, Reserve, Scenario, Slo, Speculation,
    Split, Traffic, Wire, Workload,
};
use tandem::units::{
    Bytes, BytesPerSecond, DollarsPerHour, FlopsPerSecond, RequestsPerSecond, Seconds, Tokens, Watts,
};

/// Any scenario within its limits, sensible or not.
pub fn scenarios() -> BoxedStrategy<Scenario> {
    let what = (
        models().boxed(),
        formats().boxed(),
        workloads().boxed(),
        loads().boxed(),
        select(Engine::ALL.to_vec()),
    )
        .boxed();
    let decode = (
        speculations(),
        proptest::option::of(whole(Limits::MICRO)),
        (experts(), proptest::option::of(within(Limits::MEMORY_SHARE)), flags()),
        proptest::option::of(caps()),
    )
        .boxed();
    let how = (
        splits().boxed(),
        links().boxed(),
        decode,
        (slos(), reserves()).boxed(),
        pricings().boxed(),
        prop_oneof![Just(1), any::<u64>()],
    )
        .boxed();
    (what, how, customs().boxed(), any::<[bool; 3]>(), traffic())
        .prop_map(
            |(
                (model, formats, workload, load, engine),
                (
                    split,
                    link,
                    (spec, micro, (experts, memory, mut flags), cap),
                    (slo, reserve),
                    pricing,
                    seed,
                ),
                custom,
                used,
                mut traffic,
            )| {
                if matches!(load, Load::Closed { .. }) {
                    traffic.burst = None;
                }
                if matches!(load, Load::Open { .. }) {
                    flags.prompts = None;
                }
                let scenario = Scenario {
                    model,
                    formats,
                    workload,
                    load,
                    engine,
                    split,
                    link,
                    spec,
                    micro,
                    experts,
                    memory,
                    flags,
                    cap,
                    slo,
                    reserve,
                    pricing,
                    seed,
                    custom,
                    traffic,
                };
                using(scenario, used)
            },
        )
        .boxed()
}

/// Any flags within their limits.
fn flags() -> BoxedStrategy<Flags> {
    let chunk = proptest::option::of(within(Limits::CHUNK).prop_map(Tokens::new));
    let whole = |limits| proptest::option::of(whole(limits));
    let counts = (whole(Limits::MAX_SEQS), whole(Limits::STREAM), whole(Limits::PROMPTS));
    (select(Profile::ALL.to_vec()), chunk, counts)
        .prop_map(|(profile, chunk, (sequences, stream, prompts))| Flags {
            profile,
            chunk,
            sequences,
            stream,
            prompts,
        })
        .boxed()
}

/// What may be asked about experts.
fn experts() -> impl Strategy<Value = ExpertParallel> {
    (select(Overlap::ALL.to_vec()), proptest::option::of(whole(Limits::REDUNDANT)))
        .prop_map(|(overlap, redundant)| ExpertParallel { overlap, redundant })
}

/// The scenario with some of its names replaced by those that it brings along.
fn using(mut scenario: Scenario, [model, first, last]: [bool; 3]) -> Scenario {
    if let (true, Some(own)) = (model, &scenario.custom.model) {
        scenario.model = own.id.to_string();
    }
    let chips = scenario.custom.chips.clone();
    let mut pools = scenario.split.pools_mut();
    for (pool, chip) in
        [(pools.pop().filter(|_| last), chips.first()), (pools.pop().filter(|_| first), chips.last())]
    {
        if let (Some(pool), Some(chip)) = (pool, chip) {
            pool.chip = chip.id.to_string();
        }
    }
    scenario
}

/// Scenarios near those that people ask for: most of them can be evaluated.
pub fn sensible_scenarios() -> BoxedStrategy<Scenario> {
    let pool = || {
        let chip = select(vec!["h100-sxm", "h200", "b200", "b300", "mi300x", "mi355x", "tpu-v6e", "l40s"]);
        (chip, select(vec![4, 8, 16, 32])).prop_map(|(chip, chips)| Pool::new(chip, chips))
    };
    let split = prop_oneof![
        pool().prop_map(|pool| Split::Colocated { pool }),
        (pool(), pool()).prop_map(|(prefill, decode)| Split::PrefillDecode { prefill, decode }),
    ];
    let model =
        select(vec!["llama3-8b", "qwen3-32b", "llama3-70b", "gpt-oss-120b", "deepseek-v3", "dense:13B"]);
    let load = prop_oneof![
        (1.0_f64..256.0).prop_map(|users| Load::Closed { concurrency: users.floor() }),
        (0.01_f64..20.0).prop_map(|rate| Load::Open { rate: RequestsPerSecond::new(rate), cv: 1.0 }),
    ];
    let lengths = (256.0_f64..32_768.0, 16.0_f64..2048.0, 0.0_f64..0.95);
    let custom = prop_oneof![3 => Just(Custom::default()), 1 => customs()];
    (model, load, split, lengths, custom, any::<[bool; 3]>())
        .prop_map(|(model, load, split, (isl, osl, hit), custom, used)| {
            let workload =
                Workload { isl: Tokens::new(isl.floor()), osl: Tokens::new(osl.floor()), spread: 1.0, hit };
            let formats = Formats::default();
            let model = model.to_owned();
            using(Scenario { model, formats, workload, load, split, custom, ..Scenario::default() }, used)
        })
        .boxed()
}

/// Chips and models beyond the catalogue.
pub fn customs() -> BoxedStrategy<Custom> {
    let chips = proptest::collection::btree_map(names(), figures(), 0..3).prop_map(|chips| {
        chips.iter().map(|(name, figures)| Chip::custom(name, figures)).collect::<Vec<_>>()
    });
    let model = (names(), prop_oneof![known_architectures(), architectures()])
        .prop_map(|(name, architecture)| Model::custom(&name, architecture));
    let some = (chips, proptest::option::of(model)).prop_map(|(chips, model)| Custom {
        chips,
        model,
        ..Custom::default()
    });
    prop_oneof![1 => Just(Custom::default()), 2 => some].boxed()
}

fn names() -> impl Strategy<Value = String> {
    "my-[a-z0-9]{1,3}([.-][a-z0-9]{1,8}){0,3}"
}

fn figures() -> BoxedStrategy<ChipFigures> {
    let flops = |limits| within(limits).prop_map(FlopsPerSecond::new);
    let bandwidth = |limits| within(limits).prop_map(BytesPerSecond::new);
    let scale_up = (bandwidth(bounds::SCALE_UP), whole(bounds::DOMAIN))
        .prop_map(|(bandwidth, domain)| ScaleUp { bandwidth, domain });
    (
        (
            flops(bounds::BF16),
            proptest::option::of(flops(bounds::FP8)),
            proptest::option::of(flops(bounds::FP4)),
        ),
        (within(bounds::MEMORY).prop_map(Bytes::new), bandwidth(bounds::BANDWIDTH)),
        (proptest::option::of(scale_up), proptest::option::of(bandwidth(bounds::SCALE_OUT))),
        proptest::option::of(within(bounds::POWER).prop_map(Watts::new)),
        proptest::option::of(within(bounds::PRICE).prop_map(DollarsPerHour::new)),
    )
        .prop_map(|((bf16, fp8, fp4), (memory, bandwidth), (scale_up, scale_out), power, price)| {
            ChipFigures { bf16, fp8, fp4, memory, bandwidth, scale_up, scale_out, power, price }
        })
        .boxed()
}

fn known_architectures() -> BoxedStrategy<Architecture> {
    select(catalog::models().iter().map(Model::architecture).collect::<Vec<_>>()).boxed()
}

/// Anything within bounds, however absurd.
fn architectures() -> BoxedStrategy<Architecture> {
    let format = || select(NumberFormat::ALL.to_vec());
    let mixing = proptest::collection::vec(
        (whole(bounds::LAYERS), attentions()).prop_map(|(count, kind)| AttentionLayers { count, kind }),
        1..4,
    );
    let feeding = proptest::collection::vec(
        (whole(bounds::LAYERS), ffns()).prop_map(|(count, kind)| FfnLayers { count, kind }),
        0..4,
    );
    (
        (whole(bounds::HIDDEN), whole(bounds::VOCABULARY), any::<bool>()),
        (within(bounds::CONTEXT), whole(bounds::LAYERS)),
        (mixing, feeding),
        (format(), format(), proptest::option::of(format())),
    )
        .prop_map(
            |((hidden, vocab, tied), (context, layers), (attention, ffn), (weights, experts, cache))| {
                Architecture {
                    hidden,
                    vocab,
                    tied_embeddings: tied,
                    max_context: Tokens::new(context),
                    layers,
                    attention,
                    ffn,
                    native_weights: weights,
                    native_experts: experts,
                    native_kv: cache,
                }
            },
        )
        .boxed()
}

fn attentions() -> BoxedStrategy<Attention> {
    let heads = || whole(bounds::HEADS);
    let width = || whole(bounds::HEAD_WIDTH);
    let rank = || whole(bounds::RANK);
    let window = || proptest::option::of(whole(bounds::WINDOW));
    let indexer = || {
        proptest::option::of(
            (heads(), width(), whole(bounds::WINDOW)).prop_map(|(heads, dim, top_k)| Indexer {
                heads,
                dim,
                top_k,
            }),
        )
    };
    prop_oneof![
        ((heads(), heads(), width(), width()), window(), any::<[bool; 2]>(), indexer()).prop_map(
            |((heads, kv_heads, head_dim, v_dim), window, [shared_kv, output_gate], indexer)| {
                Attention::Grouped {
                    heads,
                    kv_heads,
                    head_dim,
                    v_dim,
                    window,
                    shared_kv,
                    output_gate,
                    indexer,
                }
            }
        ),
        ((heads(), rank(), whole(bounds::ROTARY), width(), width()), proptest::option::of(rank()), indexer())
            .prop_map(|((heads, kv_rank, rope_dim, nope_dim, v_dim), q_rank, indexer)| {
                Attention::Latent { heads, q_rank, kv_rank, rope_dim, nope_dim, v_dim, indexer }
            }),
        (heads(), heads(), width(), width(), whole(bounds::EXTRA)).prop_map(
            |(key_heads, value_heads, key_dim, value_dim, extra_parameters)| {
                Attention::Linear { key_heads, value_heads, key_dim, value_dim, extra_parameters }
            }
        ),
        (heads(), width(), width(), heads()).prop_map(|(heads, head_dim, state, groups)| Attention::Mamba {
            heads,
            head_dim,
            state,
            groups
        }),
        (
            (heads(), width(), rank(), whole(bounds::WINDOW)),
            proptest::option::of(whole(bounds::RATIO)),
            (heads(), rank()),
            indexer()
        )
            .prop_map(
                |((heads, head_dim, q_rank, window), ratio, (out_groups, out_rank), indexer)| {
                    Attention::Compressed {
                        heads,
                        head_dim,
                        q_rank,
                        window,
                        ratio,
                        out_groups,
                        out_rank,
                        indexer,
                    }
                }
            ),
    ]
    .boxed()
}

fn ffns() -> BoxedStrategy<Ffn> {
    let inter = || whole(bounds::INTER);
    prop_oneof![
        (inter(), whole(bounds::MATRICES)).prop_map(|(inter, matrices)| Ffn::Dense { inter, matrices }),
        (
            (whole(bounds::EXPERTS), whole(bounds::EXPERTS), inter()),
            (proptest::option::of(whole(bounds::HIDDEN)), whole(bounds::SHARED), whole(bounds::MATRICES)),
        )
            .prop_map(|((experts, top_k, inter), (width, shared_inter, matrices))| {
                Ffn::Moe { experts, top_k: top_k.min(experts), inter, width, shared_inter, matrices }
            }),
    ]
    .boxed()
}

/// What a link may say about the page: each key at most once, pins at most four times. A text that reads as a faulty scenario
/// (`Kv`, without a value) is no pin that a page writes.
pub fn views() -> impl Strategy<Value = Vec<(String, String)>> {
    let value = || ".{0,40}".prop_map(|text| text.replace('\u{0}', ""));
    let keys =
        proptest::sample::subsequence(vec!["x", "y", "view", "theme", "hide", "log"], 0..=6).prop_shuffle();
    (keys, proptest::collection::vec(value(), 6), proptest::collection::vec(value(), 0..=4)).prop_map(
        |(keys, values, pins)| {
            let keys = keys.into_iter().zip(values).map(|(key, value)| (key.to_owned(), value));
            let sound = |pin: &(String, String)| {
                let text = link::write(&Scenario::default(), std::slice::from_ref(pin));
                link::parse(&text).notices.is_empty()
            };
            let pins = pins.into_iter().map(|pin| ("pin".to_owned(), pin)).filter(sound);
            keys.chain(pins).collect()
        },
    )
}

/// Any model of the catalogue, or a family of any size.
pub fn models() -> impl Strategy<Value = String> {
    let known: Vec<String> = catalog::models().iter().map(|model| model.id.to_string()).collect();
    let family = (select(catalog::Family::ALL.to_vec()), 1e9_f64..2e12, proptest::option::of(0.01_f64..1.0))
        .prop_map(|(family, size, share)| catalog::scaled(family, size, share).id.into_owned());
    prop_oneof![3 => select(known), 1 => family]
}

/// Any chip of the catalogue.
pub fn chips() -> impl Strategy<Value = String> {
    select(catalog::chips().iter().map(|chip| chip.id.to_string()).collect::<Vec<_>>())
}

fn formats() -> impl Strategy<Value = Formats> {
    let one = || proptest::option::of(select(NumberFormat::ALL.to_vec()));
    (one(), one(), one()).prop_map(|(weights, experts, kv)| Formats { weights, experts, kv })
}

/// Any number within limits: the ends, round ones, and others spread over orders of magnitude.
pub fn within(limits: Limits) -> impl Strategy<Value = f64> {
    let low = limits.low.max(limits.high * 1e-9);
    prop_oneof![
        1 => Just(limits.low),
        1 => Just(limits.high),
        3 => limits.low..=limits.high,
        3 => (low.ln()..=limits.high.ln()).prop_map(move |power| limits.clamp(power.exp())),
        3 => (low.ln()..=limits.high.ln()).prop_map(move |power| limits.clamp(power.exp().round())),
    ]
}

fn whole(limits: Limits) -> impl Strategy<Value = u32> {
    within(limits).prop_map(|value| value.floor() as u32)
}

fn workloads() -> impl Strategy<Value = Workload> {
    let tokens = |limits: Limits| {
        prop_oneof![
            within(limits),
            (0_u32..=10).prop_map(move |power| limits.clamp(1024.0 * f64::from(1_u32 << power)))
        ]
    };
    (tokens(Limits::ISL), tokens(Limits::OSL), within(Limits::SPREAD), within(Limits::HIT)).prop_map(
        |(isl, osl, spread, hit)| Workload { isl: Tokens::new(isl), osl: Tokens::new(osl), spread, hit },
    )
}

/// How requests come one by one.
fn traffic() -> BoxedStrategy<Traffic> {
    use proptest::option::of;
    use tandem::scenario::traffic::{
        Agents, Burst, Horizon, Lengths, Pause, Place, Preemption, Routing, Sessions, Tier,
    };
    let seconds = |limits: Limits| within(limits).prop_map(Seconds::new);
    let ids: Vec<&str> = catalog::workloads().iter().map(|workload| workload.id).collect();
    let lengths = prop_oneof![
        select(ids).prop_map(|id| Lengths::Preset { id: id.to_owned() }),
        (within(Limits::LENGTHS), within(Limits::LENGTHS))
            .prop_map(|(input, output)| Lengths::Tails { input, output }),
    ]
    .boxed();
    let burst =
        (seconds(Limits::BURST), seconds(Limits::BURST)).prop_map(|(on, off)| Burst { on, off }).boxed();
    let agents =
        (whole(Limits::AGENTS), whole(Limits::AGENTS)).prop_map(|(count, turns)| Agents { count, turns });
    let sessions = (whole(Limits::TURNS), within(Limits::GROWTH).prop_map(Tokens::new), of(agents))
        .prop_map(|(turns, growth, agents)| Sessions { turns, growth, agents })
        .boxed();
    let pause = prop_oneof![
        seconds(Limits::PAUSE).prop_map(|mean| Pause::Exponential { mean }),
        (seconds(Limits::PAUSE), seconds(Limits::PAUSE))
            .prop_map(|(a, b)| Pause::Quantiles { p50: a.min(b), p95: a.max(b) }),
    ]
    .boxed();
    let tier = || {
        (
            within(Limits::TIER).prop_map(Bytes::new),
            within(Limits::TIER_BANDWIDTH).prop_map(BytesPerSecond::new),
        )
    };
    let tiers = (of(tier()), of(tier()), of(tier()))
        .prop_map(|(dram, ssd, network)| {
            [(Place::Dram, dram), (Place::Ssd, ssd), (Place::Network, network)]
                .into_iter()
                .filter_map(|(place, tier)| {
                    tier.map(|(capacity, bandwidth)| Tier { place, capacity, bandwidth })
                })
                .collect::<Vec<_>>()
        })
        .boxed();
    let horizon = prop_oneof![
        seconds(Limits::HORIZON).prop_map(|time| Horizon::Time { time }),
        whole(Limits::HORIZON_REQUESTS).prop_map(|count| Horizon::Requests { count }),
    ]
    .boxed();
    let shared = prop_oneof![3 => Just(0.0), 1 => within(Limits::SHARED)].prop_map(Tokens::new);
    let some = (
        of(lengths),
        of(burst),
        of(sessions),
        shared,
        of(pause),
        tiers,
        (select(Routing::ALL.to_vec()), within(Limits::PRIORITY), select(Preemption::ALL.to_vec())),
        of(horizon),
    )
        .prop_map(|(lengths, burst, sessions, shared, pause, tiers, rules, horizon)| Traffic {
            lengths,
            burst,
            sessions,
            shared,
            pause,
            tiers,
            routing: rules.0,
            priority: rules.1,
            preemption: rules.2,
            horizon,
        });
    prop_oneof![1 => Just(Traffic::default()), 1 => some.boxed()].boxed()
}

fn loads() -> impl Strategy<Value = Load> {
    prop_oneof![
        within(Limits::CONCURRENCY).prop_map(|concurrency| Load::Closed { concurrency }),
        (within(Limits::RATE), prop_oneof![Just(1.0), within(Limits::CV)])
            .prop_map(|(rate, cv)| Load::Open { rate: RequestsPerSecond::new(rate), cv }),
    ]
}

/// Boxed, as are layouts: what draws a split of three pools would not fit a test's stack otherwise.
fn pools() -> BoxedStrategy<Pool> {
    let degree = || prop_oneof![3 => select(vec![1, 2, 4, 8]), 1 => whole(Limits::DEGREE)];
    let context = || prop_oneof![4 => Just(1), 1 => degree()];
    let layout = (degree(), degree(), degree(), degree(), degree(), context(), context())
        .prop_map(|(tp, pp, dp, etp, ep, pcp, dcp)| Layout { tp, pp, dp, etp, ep, pcp, dcp })
        .boxed();
    let count = prop_oneof![select(vec![1, 4, 8, 16, 72]), whole(Limits::CHIPS)];
    let pool = |(chip, chips, layout)| Pool { chip, chips, layout };
    (chips(), count, proptest::option::of(layout)).prop_map(pool).boxed()
}

fn splits() -> impl Strategy<Value = Split> {
    prop_oneof![
        pools().prop_map(|pool| Split::Colocated { pool }),
        (pools(), pools()).prop_map(|(prefill, decode)| Split::PrefillDecode { prefill, decode }),
        (pools(), pools()).prop_map(|(attention, ffn)| Split::AttentionFfn { attention, ffn }),
        (pools(), pools()).prop_map(|(draft, verify)| Split::DraftVerify { draft, verify }),
        (pools(), pools(), pools()).prop_map(|(prefill, attention, ffn)| Split::PrefillAttentionFfn {
            prefill,
            attention,
            ffn
        }),
        (pools(), pools(), pools()).prop_map(|(prefill, draft, verify)| Split::PrefillDraftVerify {
            prefill,
            draft,
            verify
        }),
        Just(Scenario::default().split),
    ]
}

fn links() -> impl Strategy<Value = PoolLink> {
    prop_oneof![
        Just(PoolLink::Auto),
        select(Wire::ALL.to_vec()).prop_map(PoolLink::Wire),
        (within(Limits::LINK), proptest::option::of(within(Limits::LATENCY))).prop_map(
            |(bandwidth, latency)| {
                PoolLink::Custom {
                    bandwidth: BytesPerSecond::new(bandwidth),
                    latency: latency.map(Seconds::new),
                }
            }
        ),
    ]
}

fn speculations() -> impl Strategy<Value = Option<Speculation>> {
    let drafter = prop_oneof![
        Just(Drafter::Mtp),
        select(vec!["llama3.2-1b", "qwen3-0.6b", "deepseek-v3", "dense:1B"])
            .prop_map(|id| Drafter::Model(id.to_owned())),
    ];
    let acceptance = prop_oneof![
        Just(Acceptance::Published),
        (0.0..=1.0_f64).prop_map(Acceptance::PerToken),
        select(vec!["kimi-k3", "typical"]).prop_map(|id| Acceptance::Curve(id.to_owned())),
    ];
    proptest::option::of(
        (drafter, 0..=16_u32, acceptance).prop_map(|(drafter, tokens, acceptance)| Speculation {
            drafter,
            tokens,
            acceptance,
        }),
    )
}

fn slos() -> impl Strategy<Value = Slo> {
    let of = || {
        proptest::option::of(prop_oneof![
            select(vec![Percentile::P50, Percentile::P95, Percentile::P99]),
            within(Limits::PERCENTILE).prop_filter_map("a percentile", Percentile::new),
        ])
    };
    let time = |limits| {
        let limit =
            (within(limits), of()).prop_map(|(at, percentile)| Limit { at: Seconds::new(at), percentile });
        proptest::option::of(limit)
    };
    (time(Limits::TTFT), time(Limits::TPOT)).prop_map(|(ttft, tpot)| Slo { ttft, tpot })
}

/// What may be kept in reserve.
fn reserves() -> impl Strategy<Value = Reserve> {
    (proptest::option::of(within(Limits::HEADROOM)), whole(Limits::SPARE))
        .prop_map(|(headroom, spare)| Reserve { headroom, spare })
}

fn caps() -> impl Strategy<Value = PowerCap> {
    prop_oneof![
        within(Limits::CAP).prop_map(|watts| PowerCap::Power(Watts::new(watts))),
        within(Limits::CAP_SHARE).prop_map(PowerCap::Share),
    ]
}

fn pricings() -> impl Strategy<Value = Pricing> {
    let rent = (chips(), within(Limits::RENT))
        .prop_map(|(chip, rent)| ChipRent { chip, rent: DollarsPerHour::new(rent) });
    (
        (select(PriceBasis::ALL.to_vec()), any::<bool>()),
        proptest::collection::vec(rent, 0..4),
        within(Limits::YEARS),
        (within(Limits::INTEREST), within(Limits::NETWORK), within(Limits::STORAGE)),
        within(Limits::PUE),
        within(Limits::KWH),
        within(Limits::UTILISATION),
    )
        .prop_map(|((basis, estimate), rents, years, beside, pue, dollars_per_kwh, utilisation)| {
            Pricing {
                basis,
                estimate,
                rents,
                years,
                interest: beside.0,
                network: beside.1,
                storage: beside.2,
                pue,
                dollars_per_kwh,
                utilisation,
            }
        })
}

/// Scenarios of every split that mostly can be served: chips that are measured or sold, in numbers that hold a model, with
/// layouts left open, stated, or both.
pub fn served_scenarios() -> BoxedStrategy<Scenario> {
    let pool = || {
        let plain = (
            select(vec!["h100-sxm", "h200", "b200", "gb300-nvl72", "mi355x", "tpu-7x", "trn2"]),
            select(vec![8_u32, 16, 64]),
            proptest::option::of(select(vec![1_u32, 2, 4, 8])),
        )
            .prop_map(|(chip, chips, degree)| Pool {
                chip: chip.to_owned(),
                chips,
                layout: degree.map(|tp| Layout { tp, etp: tp, ..Layout::SINGLE }),
            });
        let sram = (select(vec!["groq3-lp30", "groq-lpu1", "wse3"]), select(vec![64_u32, 1024, 2048]))
            .prop_map(|(chip, chips)| Pool::new(chip, chips));
        prop_oneof![4 => plain, 1 => sram]
    };
    let pools = || (pool(), pool(), pool());
    let split = (select(tandem::scenario::SplitKind::ALL.to_vec()), pools()).prop_map(|(kind, pools)| {
        let mut split = Split::Colocated { pool: pools.0.clone() };
        split.set_kind(kind);
        let pools = [pools.0, pools.1, pools.2];
        for (place, pool) in split.pools_mut().into_iter().zip(pools) {
            *place = pool;
        }
        split
    });
    let model = select(vec![
        "llama3-8b",
        "llama3-70b",
        "qwen3-32b",
        "gpt-oss-120b",
        "mixtral-8x7b",
        "qwen3-next-80b-a3b",
        "gemma3-27b",
        "deepseek-v3",
        "moe:100B:10%",
    ]);
    let load = prop_oneof![
        2 => (1_u32..512).prop_map(|users| Load::Closed { concurrency: f64::from(users) }),
        1 => (0.01_f64..20.0, 0.2_f64..3.0)
            .prop_map(|(rate, cv)| Load::Open { rate: RequestsPerSecond::new(rate), cv }),
    ];
    let lengths = (64.0_f64..32_768.0, 16.0_f64..2048.0, 0.5_f64..=1.0, 0.0_f64..0.95);
    let weights =
        proptest::option::of(select(vec![NumberFormat::Bf16, NumberFormat::Fp8, NumberFormat::Int8]));
    let spec = prop_oneof![2 => Just(None), 1 => speculations()];
    (model, weights, load, split, lengths, select(Engine::ALL.to_vec()), spec)
        .prop_map(|(model, weights, load, split, (isl, osl, spread, hit), engine, spec)| Scenario {
            model: model.to_owned(),
            formats: Formats { weights, ..Formats::default() },
            workload: Workload { isl: Tokens::new(isl.floor()), osl: Tokens::new(osl.floor()), spread, hit },
            load,
            engine,
            split,
            spec,
            ..Scenario::default()
        })
        .boxed()
}
