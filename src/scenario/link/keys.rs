//! The keys of a link in one table: how each is read, written and explained.
//!
//! Reading, writing and the reference all walk this table, so that no key can be read but not written, or do either
//! without being explained.

use crate::catalog::{Engine, NumberFormat, Profile};
use crate::scenario::limits::MOST_CHIPS;
use crate::scenario::traffic::{Preemption, Routing};
use crate::scenario::{
    ChipRent, Custom, Drafter, Invalid, Limit, Limits, Load, Overlap, Percentile, Pool, PoolLink, PowerCap,
    PriceBasis, Pricing, Role, Scenario, Slo, Speculation, Split, SplitKind, Wire, notation,
};
use crate::units::decimal::decimal;
use crate::units::{BytesPerSecond, DollarsPerHour, RequestsPerSecond, Seconds, Tokens, Watts};

use super::custom;
use super::key::{self, Access, Key, Taken, ViewKey};
use super::names;
use super::problem::Problem;
use super::traffic::{self, CLOSED_LOOP};
use super::value::{self, Kind};

/// Why the pool of another split has no meaning.
const fn not_in(kind: SplitKind) -> &'static str {
    match kind {
        SplitKind::Colocated => "because one pool does everything",
        SplitKind::Pd => "because prefill and decode have pools of their own",
        SplitKind::Afd => "because attention and feed-forward layers have pools of their own",
        SplitKind::Draft => "because drafting and checking have pools of their own",
        SplitKind::PdAfd => "because prefill, attention and feed-forward layers have pools of their own",
        SplitKind::PdDraft => "because prefill, drafting and checking have pools of their own",
    }
}
/// Why a concurrency has no meaning.
pub(super) const OPEN_LOOP: &str = "because rate makes requests arrive on their own";

/// What a link may say about the page, never about the figures: passed through as it stands.
pub(super) const VIEW: [ViewKey; 16] = key::view_keys([
    ("x", "what the curves vary", "isl"),
    (
        "y",
        "the one curve that fills the stage; without it latency, cost and energy stand side by side",
        "ttft",
    ),
    (
        "view",
        "which chart is open: curves, frontier, breakeven, size, sensitivity, replay or agents",
        "frontier",
    ),
    ("by", "what the frontier, the break-even map and the levers compare by", "cost"),
    ("why", "the panel below the chart: why, roofline, memory or flow", "roofline"),
    ("mx", "horizontal axis of the break-even map", "isl"),
    ("my", "vertical axis of the break-even map", "load"),
    (
        "loop",
        "what the break-even map offers a closed loop: the requests per second that it serves (open), or as many concurrent \
              requests (closed)",
        "closed",
    ),
    (
        "only",
        "what sizing considers: chips, vendors, most chips, dollars a month and megawatts, and whether of one vendor (same) and \
              one by one (single)",
        "chips:h200/b200,most:64,budget:50k,same",
    ),
    ("pin", "a scenario to compare with, as an encoded link; may be repeated", "v1%26isl=32k"),
    (
        "pins",
        "whether pinned scenarios are compared under the load, lengths and service level of the scenario (shared), or \
              each under its own (own)",
        "own",
    ),
    ("story", "the open story and its step", "phases:2"),
    ("theme", "light or dark", "dark"),
    ("hide", "curves not shown", "p1"),
    ("log", "axes on a logarithmic scale", "xy"),
    ("present", "one chart and three sliders, large enough for a projector: yes or no", "yes"),
]);

/// The view key that may be repeated: each is one pinned scenario.
pub(super) const PIN: &str = "pin";

/// The formats of a model when the link names none: the default model comes in the formats of the default scenario, any
/// other as its checkpoint was released, because a format that suits one model need not exist for another.
pub(super) fn default_formats(model: &str) -> crate::scenario::Formats {
    let default = Scenario::default();
    if model == default.model { default.formats } else { crate::scenario::Formats::default() }
}

/// The lengths of a link that names none: the means of the workload that `lengths` names, else the default scenario's.
pub(super) fn default_workload(scenario: &Scenario) -> crate::scenario::Workload {
    let default = Scenario::default().workload;
    let means = scenario.traffic.lengths.as_ref().and_then(crate::scenario::traffic::Lengths::means);
    means.map_or(default, |(isl, osl)| crate::scenario::Workload { isl, osl, ..default })
}

/// The colocated deployment of a link that does not say which: the decode pool of the default scenario.
pub(super) fn default_colocated() -> Split {
    let decode = Scenario::default().split.pools().pop().map(|(_, pool)| pool.clone());
    Split::Colocated { pool: decode.unwrap_or_else(|| Pool::new("h200", 8)) }
}

/// The default deployment of a kind: the pools of the default scenario, shared out.
pub(super) fn default_split(kind: SplitKind) -> Split {
    let mut split = if kind.has_prefill() { Scenario::default().split } else { default_colocated() };
    split.set_kind(kind);
    split
}

/// All keys of the scenario, in the order in which they are applied and written.
pub(super) const KEYS: &[Key] = &key::keys([
    Key {
        name: "chip",
        meaning: "a chip of your own for pools to name: name, then dense peaks in TFLOPS (`bf16`, `fp8`, `fp4`), `mem` in \
                  GB or GiB, `bw` in GB/s, `up` as GB/s x chips of the scale-up domain, `out` in GB/s, `w` in watts, `usd` per \
                  hour; only `bf16`, `mem` and `bw` must be there; several are separated by commas or in keys of their own",
        example: custom::CHIP_EXAMPLE,
        otherwise: NONE,
        range: || format!("at most {MOST_CHIPS}; names not in the catalogue"),
        access: Access::List {
            read: |scenario, text| {
                custom::read_chip(&mut scenario.custom, text)?;
                Ok(Taken::Whole)
            },
            write: |scenario| {
                let chips: Vec<String> =
                    scenario.custom.chips.iter().filter_map(custom::write_chip).collect();
                (!chips.is_empty()).then(|| chips.join(","))
            },
        },
    },
    Key {
        name: "arch",
        meaning: "a model of your own for `model` to name: name, then width `h`, vocabulary `v` and groups of equal layers \
                  such as `gqa=HEADSxKVxWIDTH*N`, `mla=HEADSxRANKxROPExNOPExVALUES*N`, `ffn=WIDTH*N`, \
                  `moe=EXPERTSxTOPKxWIDTH*N`; `tandem import` writes it from a Hugging Face config.json",
        example: custom::MODEL_EXAMPLE,
        otherwise: NONE,
        range: || "one; a name not in the catalogue".to_owned(),
        access: Access::Field {
            read: |scenario, text| {
                scenario.custom.model = Some(custom::read_model(text)?);
                Ok(Taken::Whole)
            },
            write: |scenario| scenario.custom.model.as_ref().map(custom::write_model),
        },
    },
    Key {
        name: "model",
        meaning: "model of the catalogue, one that `arch` describes, or a family scaled to a size",
        example: "deepseek-v3",
        otherwise: "",
        range: || "`tandem catalog models`, or such as `dense:70B`".to_owned(),
        access: Access::Field {
            read: |scenario, text| {
                let names::Read { id, formats, taken } = names::model(&scenario.custom, text)?;
                scenario.formats = formats.unwrap_or_else(|| default_formats(&id));
                scenario.model = id;
                Ok(taken)
            },
            write: |scenario| Some(scenario.model.clone()),
        },
    },
    Key {
        name: "weights",
        meaning: "release of the model by its number format; where there is none, all linear layers are in that format, and \
                  embedding, head and router in bf16",
        example: "fp8-block",
        otherwise: "fp8 for the default model, native for any other",
        range: formats,
        access: Access::Field {
            read: |scenario, text| {
                scenario.formats.weights = names::format(text)?;
                Ok(Taken::Whole)
            },
            write: |scenario| Some(format(scenario.formats.weights)),
        },
    },
    Key {
        name: "experts",
        meaning: "number format of the routed experts, where it is not that of the release",
        example: "mxfp4",
        otherwise: "as the release has them",
        range: formats,
        access: Access::Field {
            read: |scenario, text| {
                scenario.formats.experts = names::format(text)?;
                Ok(Taken::Whole)
            },
            write: |scenario| Some(format(scenario.formats.experts)),
        },
    },
    Key {
        name: "kv",
        meaning: "number format of the KV cache",
        example: "fp8",
        otherwise: "bf16, unless the checkpoint carries scales for it or attention selects positions: fp8",
        range: formats,
        access: Access::Field {
            read: |scenario, text| {
                scenario.formats.kv = names::format(text)?;
                Ok(Taken::Whole)
            },
            write: |scenario| Some(format(scenario.formats.kv)),
        },
    },
    Key {
        name: "lengths",
        meaning: "how lengths scatter around isl and osl in a replay: as in a workload of the catalogue, whose means are then \
                  the defaults of isl and osl, or log-normal by 95th percentile over median of input/output",
        example: "chat",
        otherwise: "as spread says",
        range: || format!("{}, or two of {}", traffic::presets(), value::range(&Limits::LENGTHS)),
        access: Access::Field { read: traffic::read_lengths, write: traffic::write_lengths },
    },
    Key {
        name: "isl",
        meaning: "input sequence length",
        example: "128k",
        otherwise: "",
        range: || value::range(&Limits::ISL),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Tokens, Limits::ISL, text, |isl| scenario.workload.isl = Tokens::new(isl))
            },
            write: |scenario| Some(value::write(Kind::Tokens, scenario.workload.isl.get())),
        },
    },
    Key {
        name: "osl",
        meaning: "output sequence length",
        example: "2k",
        otherwise: "",
        range: || value::range(&Limits::OSL),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Tokens, Limits::OSL, text, |osl| scenario.workload.osl = Tokens::new(osl))
            },
            write: |scenario| Some(value::write(Kind::Tokens, scenario.workload.osl.get())),
        },
    },
    Key {
        name: "spread",
        meaning: "lengths are drawn between this share of the nominal length and the nominal length",
        example: "0.8",
        otherwise: "",
        range: || value::range(&Limits::SPREAD),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Share, Limits::SPREAD, text, |spread| scenario.workload.spread = spread)
            },
            write: |scenario| Some(value::write(Kind::Share, scenario.workload.spread)),
        },
    },
    Key {
        name: "hit",
        meaning: "share of input tokens that the prefix cache serves",
        example: "90%",
        otherwise: "",
        range: || value::range(&Limits::HIT),
        access: Access::Field {
            read: |scenario, text| number(Kind::Share, Limits::HIT, text, |hit| scenario.workload.hit = hit),
            write: |scenario| Some(value::write(Kind::Share, scenario.workload.hit)),
        },
    },
    Key {
        name: "concurrency",
        meaning: "requests under way at once, each followed by the next when it is answered (closed loop)",
        example: "256",
        otherwise: "",
        range: || value::range(&Limits::CONCURRENCY),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Count, Limits::CONCURRENCY, text, |concurrency| {
                    scenario.load = Load::Closed { concurrency };
                })
            },
            write: |scenario| match scenario.load {
                Load::Closed { concurrency } => Some(value::write(Kind::Count, concurrency)),
                Load::Open { .. } => None,
            },
        },
    },
    Key {
        name: "rate",
        meaning: "requests per second, arriving whether or not earlier ones are answered (open loop)",
        example: "12",
        otherwise: "closed loop",
        range: || value::range(&Limits::RATE),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Rate, Limits::RATE, text, |rate| {
                    scenario.load = Load::Open { rate: RequestsPerSecond::new(rate), cv: POISSON };
                })
            },
            write: |scenario| match scenario.load {
                Load::Open { rate, .. } => Some(value::write(Kind::Rate, rate.get())),
                Load::Closed { .. } => None,
            },
        },
    },
    Key {
        name: "cv",
        meaning: "coefficient of variation of the gaps between arrivals; 1 = Poisson",
        example: "2",
        otherwise: "1",
        range: || value::range(&Limits::CV),
        access: Access::Field {
            read: |scenario, text| {
                let mut stated = 0.0;
                let taken = number(Kind::Plain, Limits::CV, text, |value| stated = value)?;
                let Load::Open { cv, .. } = &mut scenario.load else {
                    return Err(Problem::Unused { reason: CLOSED_LOOP });
                };
                *cv = stated;
                Ok(taken)
            },
            write: |scenario| match scenario.load {
                Load::Open { cv, .. } if cv != POISSON => Some(value::write(Kind::Plain, cv)),
                _ => None,
            },
        },
    },
    Key {
        name: "engine",
        meaning: "serving software; what it does not do on a chip is remarked upon",
        example: "trtllm",
        otherwise: "",
        range: || Engine::ALL.map(Engine::id).join(", "),
        access: Access::Field {
            read: |scenario, text| {
                scenario.engine = names::engine(text)?;
                Ok(Taken::Whole)
            },
            write: |scenario| Some(scenario.engine.id().to_owned()),
        },
    },
    Key {
        name: "memory",
        meaning: "the engine's memory share, as it means it: of all memory for vLLM (gpu-memory-utilization) and SGLang \
                  (mem-fraction-static), of what weights and activations leave for TensorRT-LLM \
                  (free_gpu_memory_fraction)",
        example: "0.95",
        otherwise: "the engine's own: 0.92, computed, 0.9",
        range: || value::range(&Limits::MEMORY_SHARE),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Share, Limits::MEMORY_SHARE, text, |share| scenario.memory = Some(share))
            },
            write: |scenario| scenario.memory.map(|share| value::write(Kind::Share, share)),
        },
    },
    Key {
        name: "profile",
        meaning: "the command line that the flags below differ from: the engine's own defaults in a service that has run \
                  for long, or that of a known benchmark, whose runs are finite",
        example: "inferencex",
        otherwise: "",
        range: || Profile::ALL.map(Profile::id).join(", "),
        access: Access::Field {
            read: |scenario, text| {
                scenario.flags.profile = names::profile(text)?;
                Ok(Taken::Whole)
            },
            write: |scenario| Some(scenario.flags.profile.id().to_owned()),
        },
    },
    Key {
        name: "chunk",
        meaning: "tokens of a step at most, as the engine means it: max-num-batched-tokens, max_num_tokens, or \
                  chunked-prefill-size, which SGLang shares out among data-parallel ranks",
        example: "16k",
        otherwise: PROFILED,
        range: || value::range(&Limits::CHUNK),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Tokens, Limits::CHUNK, text, |chunk| {
                    scenario.flags.chunk = Some(Tokens::new(chunk));
                })
            },
            write: |scenario| scenario.flags.chunk.map(|chunk| value::write(Kind::Tokens, chunk.get())),
        },
    },
    Key {
        name: "max-seqs",
        meaning: "sequences in a step at most, as the engine means it: max-num-seqs or max_batch_size of each \
                  data-parallel rank, max-running-requests of all in SGLang, slots in llama.cpp",
        example: "256",
        otherwise: PROFILED,
        range: || value::range(&Limits::MAX_SEQS),
        access: Access::Field {
            read: |scenario, text| {
                whole(Limits::MAX_SEQS, text, |most| scenario.flags.sequences = Some(most))
            },
            write: |scenario| count(scenario.flags.sequences),
        },
    },
    Key {
        name: "stream-interval",
        meaning: "tokens in a message to the user after the first, which leaves at once; it changes when tokens are seen, \
                  not the mean times",
        example: "20",
        otherwise: PROFILED,
        range: || value::range(&Limits::STREAM),
        access: Access::Field {
            read: |scenario, text| whole(Limits::STREAM, text, |tokens| scenario.flags.stream = Some(tokens)),
            write: |scenario| count(scenario.flags.stream),
        },
    },
    Key {
        name: "prompts",
        meaning: "requests of a run of a closed loop, which all users begin at once and which ends with the last of them",
        example: "640",
        otherwise: "a service that has run for long, unless the profile says otherwise",
        range: || value::range(&Limits::PROMPTS),
        access: Access::Field {
            read: |scenario, text| {
                let mut stated = 0;
                let taken = whole(Limits::PROMPTS, text, |prompts| stated = prompts)?;
                if matches!(scenario.load, Load::Open { .. }) {
                    return Err(Problem::Unused { reason: OPEN_LOOP });
                }
                scenario.flags.prompts = Some(stated);
                Ok(taken)
            },
            write: |scenario| match scenario.load {
                Load::Closed { .. } => count(scenario.flags.prompts),
                Load::Open { .. } => None,
            },
        },
    },
    Key {
        name: "split",
        meaning: "which roles exist; what the pools already say need not be repeated",
        example: "pd-afd",
        otherwise: "pd",
        range: || SplitKind::ALL.map(SplitKind::id).join(", "),
        access: Access::Field {
            read: |scenario, text| {
                let kind = split(text)?;
                if scenario.split.kind() != kind {
                    scenario.split = default_split(kind);
                }
                Ok(Taken::Whole)
            },
            // One pool, or prefill and decode, are said by the pools.
            write: |scenario| match scenario.split.kind() {
                SplitKind::Colocated | SplitKind::Pd => None,
                kind => Some(kind.id().to_owned()),
            },
        },
    },
    Key {
        name: "pool",
        meaning: "the one pool of a colocated deployment, `CHIP*N[:tpT][:ppP][:dpD][:etpM][:epE][:pcpC][:dcpK]`; a replica \
                  takes T·P·D·C chips, of which C copies share out prompts and their KV cache, and K of T ranks a KV cache that \
                  each would else hold; without a layout the tool chooses one",
        example: "b200*8:tp8",
        otherwise: "h200*8 if split=colocated",
        range: pools,
        access: Access::Field {
            read: |scenario, text| read_pool(scenario, Role::Colocated, text),
            write: |scenario| write_pool(scenario, Role::Colocated),
        },
    },
    Key {
        name: "prefill",
        meaning: "the pool that reads prompts",
        example: "b200*8:tp4",
        otherwise: "",
        range: pools,
        access: Access::Field {
            read: |scenario, text| read_pool(scenario, Role::Prefill, text),
            write: |scenario| write_pool(scenario, Role::Prefill),
        },
    },
    Key {
        name: "decode",
        meaning: "the pool that writes answers",
        example: "h200*16:tp1:dp16",
        otherwise: "",
        range: pools,
        access: Access::Field {
            read: |scenario, text| read_pool(scenario, Role::Decode, text),
            write: |scenario| write_pool(scenario, Role::Decode),
        },
    },
    Key {
        name: "attention",
        meaning: "the pool of an attention/FFN split that keeps the KV cache and runs attention",
        example: "h200*8",
        otherwise: "half of the decode pool in afd and pd-afd",
        range: pools,
        access: Access::Field {
            read: |scenario, text| read_pool(scenario, Role::Attention, text),
            write: |scenario| write_pool(scenario, Role::Attention),
        },
    },
    Key {
        name: "ffn",
        meaning: "the pool of an attention/FFN split that keeps and runs the feed-forward layers",
        example: "groq3-lp30*256",
        otherwise: "half of the decode pool in afd and pd-afd",
        range: pools,
        access: Access::Field {
            read: |scenario, text| read_pool(scenario, Role::Ffn, text),
            write: |scenario| write_pool(scenario, Role::Ffn),
        },
    },
    Key {
        name: "draft",
        meaning: "the pool of a draft/verify split that proposes tokens",
        example: "groq3-lp30*64",
        otherwise: "a quarter of the decode pool in draft and pd-draft",
        range: pools,
        access: Access::Field {
            read: |scenario, text| read_pool(scenario, Role::Draft, text),
            write: |scenario| write_pool(scenario, Role::Draft),
        },
    },
    Key {
        name: "verify",
        meaning: "the pool of a draft/verify split that holds the model and checks tokens",
        example: "h200*8:tp8",
        otherwise: "the rest of the decode pool in draft and pd-draft",
        range: pools,
        access: Access::Field {
            read: |scenario, text| read_pool(scenario, Role::Verify, text),
            write: |scenario| write_pool(scenario, Role::Verify),
        },
    },
    Key {
        name: "spec",
        meaning: "speculative decoding, `DRAFTER:TOKENS[:ACCEPTANCE]`: the drafter is `mtp`, the model's own head, or a \
                  model; tokens are proposed per step; acceptance is the probability that a token holds, or the name of a \
                  published curve",
        example: "mtp:3:0.8",
        otherwise: "none; dense:1B:4 where there is a draft pool",
        range: || format!("{NONE}, or {} tokens at 0 to 1", value::range(&Limits::DRAFT)),
        access: Access::Field {
            read: |scenario, text| {
                let (spec, taken) = speculation(&scenario.custom, text)?;
                scenario.spec = spec;
                Ok(taken)
            },
            write: |scenario| scenario.spec.as_ref().map(ToString::to_string),
        },
    },
    Key {
        name: "micro",
        meaning: "micro-batches that take turns between an attention and an FFN pool",
        example: "3",
        otherwise: AUTO,
        range: || format!("{AUTO} (what serves most), or a whole number from 1 to {}", Limits::MICRO.high),
        access: Access::Field {
            read: |scenario, text| {
                scenario.micro = counted(text, Limits::MICRO)?;
                Ok(Taken::Whole)
            },
            write: |scenario| scenario.micro.map(|micro| micro.to_string()),
        },
    },
    Key {
        name: "overlap",
        meaning: "what runs while tokens are on their way to their experts and back, with data-parallel attention: `none`; `sbo`, the \
                  shared experts; `tbo`, the other half of the batch (vLLM calls it dual-batch overlap), which reads weights twice; \
                  `fused`, the routed experts, in kernels that send and multiply in one; `auto` takes what is fastest of `none`, \
                  `sbo` and, beyond one node under vLLM and SGLang, `tbo`",
        example: "tbo",
        otherwise: AUTO,
        range: || Overlap::ALL.map(Overlap::id).join(", "),
        access: Access::Field {
            read: |scenario, text| {
                let word = text.trim().to_ascii_lowercase();
                let known = Overlap::from_id(&word);
                let unknown = || names::choice(&word, Overlap::ALL.into_iter().map(Overlap::id));
                scenario.experts.overlap = known.ok_or_else(unknown)?;
                Ok(Taken::Whole)
            },
            write: |scenario| {
                let own = scenario.experts.overlap;
                (own != Overlap::Auto).then(|| own.id().to_owned())
            },
        },
    },
    Key {
        name: "redundant",
        meaning: "copies of busy experts that even out the load of expert-parallel ranks (EPLB), in each layer; every rank has the same \
                  number of experts, so that there may be a few more; `auto` fills the ranks, and adds an eighth of the \
                  experts beyond one node",
        example: "32",
        otherwise: AUTO,
        range: || format!("{AUTO}, or a whole number from 0 to {}", Limits::REDUNDANT.high),
        access: Access::Field {
            read: |scenario, text| {
                scenario.experts.redundant = counted(text, Limits::REDUNDANT)?;
                Ok(Taken::Whole)
            },
            write: |scenario| scenario.experts.redundant.map(|copies| copies.to_string()),
        },
    },
    Key {
        name: "link",
        meaning: "what connects pools: a kind of link, or a bandwidth per chip and direction and, after a colon, a latency",
        example: "400Gb/s:5us",
        otherwise: "",
        range: || {
            format!(
                "{AUTO} (the slower of what the two chips have), {}, or {}",
                Wire::ALL.map(Wire::id).join(", "),
                value::range(&Limits::LINK)
            )
        },
        access: Access::Field { read: link, write: |scenario| Some(write_link(scenario.link)) },
    },
    Key {
        name: "cap",
        meaning: "power cap of each chip, in watts or as a share of its thermal design power: it lowers the clock, which slows \
                  what is limited by compute and hardly what is limited by memory; a cap above that power changes nothing",
        example: "500W",
        otherwise: NONE,
        range: || {
            format!(
                "{}, or a share of {} to 100%; {NONE}",
                value::range(&Limits::CAP),
                percent(Limits::CAP_SHARE.low)
            )
        },
        access: Access::Field {
            read: |scenario, text| {
                scenario.cap = cap(text)?;
                Ok(Taken::Whole)
            },
            write: |scenario| scenario.cap.map(write_cap),
        },
    },
    Key {
        name: "ttft",
        meaning: "longest time to first token that is good enough: of a percentile of requests, which follows after `@`, or \
                  without one of their mean",
        example: "500ms@p95",
        otherwise: "",
        range: || limit_range(&Limits::TTFT),
        access: Access::Field {
            read: |scenario, text| objective(Limits::TTFT, text, |ttft| scenario.slo.ttft = ttft),
            write: |Scenario { slo: Slo { ttft, .. }, .. }| Some(write_limit(*ttft)),
        },
    },
    Key {
        name: "tpot",
        meaning: "longest time per output token that is good enough, of each request the mean over its tokens: of a \
                  percentile of requests, which follows after `@`, or without one of their mean",
        example: "20ms@p95",
        otherwise: "",
        range: || limit_range(&Limits::TPOT),
        access: Access::Field {
            read: |scenario, text| objective(Limits::TPOT, text, |tpot| scenario.slo.tpot = tpot),
            write: |Scenario { slo: Slo { tpot, .. }, .. }| Some(write_limit(*tpot)),
        },
    },
    Key {
        name: "headroom",
        meaning: "more load that the service level must bear, as a share of the load",
        example: "20%",
        otherwise: "none; 20% where `tandem size` looks for a deployment",
        range: || value::range(&Limits::HEADROOM),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Share, Limits::HEADROOM, text, |share| scenario.reserve.headroom = Some(share))
            },
            write: |scenario| scenario.reserve.headroom.map(|share| value::write(Kind::Share, share)),
        },
    },
    Key {
        name: "spare",
        meaning: "replicas of any one pool that may fail without the service level",
        example: "1",
        otherwise: "",
        range: || value::range(&Limits::SPARE),
        access: Access::Field {
            read: |scenario, text| whole(Limits::SPARE, text, |count| scenario.reserve.spare = count),
            write: |scenario| Some(scenario.reserve.spare.to_string()),
        },
    },
    Key {
        name: "price",
        meaning: "the way to pay for chips: rental market, cloud list on demand, contract over years, purchase and \
                  running, or a published total cost of ownership; bases never mix",
        example: "list",
        otherwise: "",
        range: || PriceBasis::ALL.map(PriceBasis::id).join(", "),
        access: Access::Field {
            read: |scenario, text| {
                let (basis, taken) = price_basis(text)?;
                scenario.pricing.basis = basis;
                Ok(taken)
            },
            write: |scenario| Some(scenario.pricing.basis.id().to_owned()),
        },
    },
    Key {
        name: "estimate",
        meaning: "whether a chip without a price on the basis gets an estimate scaled from another basis, marked as one \
                  and with a wider band",
        example: "on",
        otherwise: "",
        range: || "on, off".to_owned(),
        access: Access::Field {
            read: |scenario, text| {
                let word = text.trim().to_ascii_lowercase();
                scenario.pricing.estimate = match word.as_str() {
                    ON => true,
                    OFF => false,
                    _ => return Err(names::choice(&word, [ON, OFF].into_iter())),
                };
                Ok(Taken::Whole)
            },
            write: |scenario| Some(if scenario.pricing.estimate { ON } else { OFF }.to_owned()),
        },
    },
    Key {
        name: "rents",
        meaning: "own prices in dollars per chip and hour, in place of the catalogue's",
        example: "h100-sxm:2.5,b200:4",
        otherwise: NONE,
        range: || value::range(&Limits::RENT),
        access: Access::Field {
            read: |scenario, text| {
                let (rents, taken) = rents(&scenario.custom, text)?;
                scenario.pricing.rents = rents;
                Ok(taken)
            },
            write: |Scenario { pricing: Pricing { rents, .. }, .. }| {
                let one = |entry: &ChipRent| {
                    format!("{}:{}", entry.chip, value::write(Kind::Dollars, entry.rent.get()))
                };
                (!rents.is_empty()).then(|| rents.iter().map(one).collect::<Vec<_>>().join(","))
            },
        },
    },
    Key {
        name: "years",
        meaning: "years over which a purchase is written off",
        example: "5",
        otherwise: "",
        range: || value::range(&Limits::YEARS),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Years, Limits::YEARS, text, |years| scenario.pricing.years = years)
            },
            write: |scenario| Some(value::write(Kind::Years, scenario.pricing.years)),
        },
    },
    Key {
        name: "interest",
        meaning: "cost of the money that a purchase ties up, per year",
        example: "10%",
        otherwise: "",
        range: || value::range(&Limits::INTEREST),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Share, Limits::INTEREST, text, |share| scenario.pricing.interest = share)
            },
            write: |scenario| Some(value::write(Kind::Share, scenario.pricing.interest)),
        },
    },
    Key {
        name: "network",
        meaning: "scale-out network of owned chips, as a share of their purchase",
        example: "15%",
        otherwise: "",
        range: || value::range(&Limits::NETWORK),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Share, Limits::NETWORK, text, |share| scenario.pricing.network = share)
            },
            write: |scenario| Some(value::write(Kind::Share, scenario.pricing.network)),
        },
    },
    Key {
        name: "storage",
        meaning: "storage beside owned chips, as a share of their purchase",
        example: "5%",
        otherwise: "",
        range: || value::range(&Limits::STORAGE),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Share, Limits::STORAGE, text, |share| scenario.pricing.storage = share)
            },
            write: |scenario| Some(value::write(Kind::Share, scenario.pricing.storage)),
        },
    },
    Key {
        name: "pue",
        meaning: "power usage effectiveness of the data centre",
        example: "1.1",
        otherwise: "",
        range: || value::range(&Limits::PUE),
        access: Access::Field {
            read: |scenario, text| number(Kind::Plain, Limits::PUE, text, |pue| scenario.pricing.pue = pue),
            write: |scenario| Some(value::write(Kind::Plain, scenario.pricing.pue)),
        },
    },
    Key {
        name: "kwh",
        meaning: "electricity, dollars per kilowatt-hour",
        example: "0.12",
        otherwise: "",
        range: || value::range(&Limits::KWH),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Dollars, Limits::KWH, text, |price| scenario.pricing.dollars_per_kwh = price)
            },
            write: |scenario| Some(value::write(Kind::Dollars, scenario.pricing.dollars_per_kwh)),
        },
    },
    Key {
        name: "util",
        meaning: "share of paid time that serves requests",
        example: "60%",
        otherwise: "",
        range: || value::range(&Limits::UTILISATION),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Share, Limits::UTILISATION, text, |share| scenario.pricing.utilisation = share)
            },
            write: |scenario| Some(value::write(Kind::Share, scenario.pricing.utilisation)),
        },
    },
    Key {
        name: "seed",
        meaning: "seed of everything random",
        example: "7",
        otherwise: "",
        range: || "a whole number from 0 to 2^64 - 1".to_owned(),
        access: Access::Field {
            read: |scenario, text| {
                scenario.seed = text.trim().parse().map_err(|_| Problem::Unreadable {
                    expected: "a whole number from 0 to 2^64 - 1".to_owned(),
                    nearest: Vec::new(),
                })?;
                Ok(Taken::Whole)
            },
            write: |scenario| Some(scenario.seed.to_string()),
        },
    },
    Key {
        name: "burst",
        meaning: "an open loop comes in bursts: mean time with arrivals / mean time without; the rate is the mean over both",
        example: "30s/90s",
        otherwise: "steady",
        range: || format!("two times, {}", value::range(&Limits::BURST)),
        access: Access::Field { read: traffic::read_burst, write: traffic::write_burst },
    },
    Key {
        name: "sessions",
        meaning: "requests come as sessions: turns x new tokens per turn; isl is the first prompt, and each later one \
                  repeats all that was said and adds the new tokens",
        example: "20x1.5k",
        otherwise: "every request stands alone",
        range: || format!("{} x {}", value::range(&Limits::TURNS), value::range(&Limits::GROWTH)),
        access: Access::Field { read: traffic::read_sessions, write: traffic::write_sessions },
    },
    Key {
        name: "agents",
        meaning: "sub-agents that a session starts and waits for: how many x turns of each",
        example: "4x10",
        otherwise: NONE,
        range: || format!("two of {}", value::range(&Limits::AGENTS)),
        access: Access::Field { read: traffic::read_agents, write: traffic::write_agents },
    },
    Key {
        name: "shared",
        meaning: "tokens at the head of every prompt that all requests share (system prompt, tools)",
        example: "2k",
        otherwise: "",
        range: || value::range(&Limits::SHARED),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Tokens, Limits::SHARED, text, |shared| {
                    scenario.traffic.shared = Tokens::new(shared);
                })
            },
            write: |scenario| Some(value::write(Kind::Tokens, scenario.traffic.shared.get())),
        },
    },
    Key {
        name: "pause",
        meaning: "think time or tool time before the next request of a user or session: a mean (exponential), or \
                  median/95th percentile (log-normal)",
        example: "5s",
        otherwise: NONE,
        range: || format!("one time or two, {}", value::range(&Limits::PAUSE)),
        access: Access::Field { read: traffic::read_pause, write: traffic::write_pause },
    },
    Key {
        name: "tier",
        meaning: "where KV blocks go beyond the chips' memory: place:room@bandwidth, per chip; the room of the network is \
                  that of the whole deployment; several are separated by commas or in keys of their own",
        example: "dram:1TB@50GB/s",
        otherwise: NONE,
        range: || {
            format!(
                "dram, ssd, network; {}; {}",
                value::range(&Limits::TIER),
                value::range(&Limits::TIER_BANDWIDTH)
            )
        },
        access: Access::List { read: traffic::read_tier, write: traffic::write_tiers },
    },
    Key {
        name: "routing",
        meaning: "which replica of a replay takes a request: each in turn, the least loaded, or the one with most of the \
                  prompt in its cache",
        example: "prefix",
        otherwise: "",
        range: || Routing::ALL.map(Routing::id).join(", "),
        access: Access::Field {
            read: |scenario, text| {
                let word = text.trim().to_ascii_lowercase();
                let found = Routing::ALL.into_iter().find(|routing| routing.id() == word);
                scenario.traffic.routing =
                    found.ok_or_else(|| names::choice(&word, Routing::ALL.into_iter().map(Routing::id)))?;
                Ok(Taken::Whole)
            },
            write: |scenario| Some(scenario.traffic.routing.id().to_owned()),
        },
    },
    Key {
        name: "priority",
        meaning: "share of the sessions of a replay that go before all others, as somebody waits for them",
        example: "20%",
        otherwise: "",
        range: || value::range(&Limits::PRIORITY),
        access: Access::Field {
            read: |scenario, text| {
                number(Kind::Share, Limits::PRIORITY, text, |share| scenario.traffic.priority = share)
            },
            write: |scenario| Some(value::write(Kind::Share, scenario.traffic.priority)),
        },
    },
    Key {
        name: "preempt",
        meaning: "what becomes of the cache of a sequence that gives way in a replay: computed anew, or kept in the \
                  host's memory (a tier) where that is sooner back",
        example: "swap",
        otherwise: "",
        range: || Preemption::ALL.map(Preemption::id).join(", "),
        access: Access::Field {
            read: |scenario, text| {
                let word = text.trim().to_ascii_lowercase();
                let found = Preemption::ALL.into_iter().find(|own| own.id() == word);
                scenario.traffic.preemption = found
                    .ok_or_else(|| names::choice(&word, Preemption::ALL.into_iter().map(Preemption::id)))?;
                Ok(Taken::Whole)
            },
            write: |scenario| Some(scenario.traffic.preemption.id().to_owned()),
        },
    },
    Key {
        name: "horizon",
        meaning: "how much is replayed: a time, or a number of requests",
        example: "1h",
        otherwise: "10000req, or all of a trace",
        range: || {
            format!("{}, or {}", value::range(&Limits::HORIZON), value::range(&Limits::HORIZON_REQUESTS))
        },
        access: Access::Field { read: traffic::read_horizon, write: traffic::write_horizon },
    },
]);

/// Arrivals of independent users.
const POISSON: f64 = 1.0;
/// The word for a link between pools that follows from the chips.
const AUTO: &str = "auto";
/// What a share of the thermal design power ends with that no round percentage is.
const TDP: &str = "TDP";
/// The word for nothing.
const NONE: &str = "none";
/// Words for a switch.
const ON: &str = "on";
const OFF: &str = "off";
/// Words of older links for a basis, with the one that comes nearest to what they meant: the typical on-demand rent, and
/// the low end of rents, which mostly were three-year contracts.
const OLD_PRICES: [(&str, PriceBasis); 2] =
    [("rent", PriceBasis::Market), ("rent-low", PriceBasis::Contract)];
/// More own prices than this are nobody's.
const MOST_RENTS: usize = 64;

/// The kind of split that a word means.
pub(super) fn split(text: &str) -> Result<SplitKind, Problem> {
    let word = text.trim().to_ascii_lowercase();
    SplitKind::from_id(&word)
        .ok_or_else(|| names::choice(&word, SplitKind::ALL.into_iter().map(SplitKind::id)))
}

/// The kind of split that has pools of these names, where it differs from the default's: `named` says which are.
pub(super) fn split_of(named: impl Fn(&str) -> bool) -> Option<SplitKind> {
    let prefill = named("prefill");
    if named("attention") || named("ffn") {
        Some(if prefill { SplitKind::PdAfd } else { SplitKind::Afd })
    } else if named("draft") || named("verify") {
        Some(if prefill { SplitKind::PdDraft } else { SplitKind::Draft })
    } else if prefill || named("decode") {
        None
    } else {
        named("pool").then_some(SplitKind::Colocated)
    }
}

/// The basis that a word means, today's or an older link's.
fn price_basis(text: &str) -> Result<(PriceBasis, Taken), Problem> {
    let word = text.trim().to_ascii_lowercase();
    if let Some(basis) = PriceBasis::from_id(&word) {
        return Ok((basis, Taken::Whole));
    }
    let old = OLD_PRICES.into_iter().find(|(name, _)| *name == word);
    let (_, basis) =
        old.ok_or_else(|| names::choice(&word, PriceBasis::ALL.into_iter().map(PriceBasis::id)))?;
    Ok((basis, Taken::But(Problem::OldName { read_as: basis.id() })))
}

fn read_pool(scenario: &mut Scenario, role: Role, text: &str) -> Result<Taken, Problem> {
    let kind = scenario.split.kind();
    let pool = scenario.split.pool_mut(role).ok_or(Problem::Unused { reason: not_in(kind) })?;
    set_pool(&scenario.custom, pool, text)
}

fn write_pool(scenario: &Scenario, role: Role) -> Option<String> {
    scenario.split.pool(role).map(notation::write)
}

fn speculation(custom: &Custom, text: &str) -> Result<(Option<Speculation>, Taken), Problem> {
    if text.trim().eq_ignore_ascii_case(NONE) {
        return Ok((None, Taken::Whole));
    }
    let mut spec = Speculation::parse(text).map_err(|reason| Problem::Wrong {
        reason,
        // A drafter alone lacks its tokens.
        nearest: vec![format!("{}:3", text.trim()), "mtp:3".to_owned()],
    })?;
    let mut taken = Taken::Whole;
    if let Drafter::Model(id) = &mut spec.drafter {
        let read = names::model(custom, id).map_err(|problem| problem.inside(text, id))?;
        *id = read.id;
        taken = read.taken;
    }
    Ok((Some(spec), taken))
}

fn counted(text: &str, limits: Limits) -> Result<Option<u32>, Problem> {
    let text = text.trim();
    if text.eq_ignore_ascii_case(AUTO) {
        return Ok(None);
    }
    let known = text.parse().ok().filter(|&count: &u32| limits.admit(f64::from(count)).is_ok());
    known.map(Some).ok_or_else(|| Problem::Unreadable {
        expected: format!("{AUTO} or a whole number from {} to {}", limits.low, limits.high),
        nearest: Vec::new(),
    })
}

/// A number without a unit could be either, so it is refused.
fn cap(text: &str) -> Result<Option<PowerCap>, Problem> {
    let text = text.trim();
    if text.eq_ignore_ascii_case(NONE) {
        return Ok(None);
    }
    let of_tdp = text.strip_suffix(TDP).filter(|share| !share.ends_with('%'));
    if let Some(share) = of_tdp.or_else(|| text.ends_with('%').then_some(text)) {
        let (share, _) = value::read(Kind::Share, Limits::CAP_SHARE, share)?;
        return Ok(Some(PowerCap::Share(share)));
    }
    if !text.ends_with(['W', 'w']) {
        let nearest = if decimal(text).is_some_and(|watts| Limits::CAP.admit(watts).is_ok()) {
            vec![format!("{text}W")]
        } else {
            Vec::new()
        };
        return Err(Problem::Unreadable {
            expected: format!(
                "watts such as 500W, a share of the thermal design power such as 70%, or {NONE}"
            ),
            nearest,
        });
    }
    let (watts, _) = value::read(Kind::Power, Limits::CAP, &text.replace('w', "W"))?;
    Ok(Some(PowerCap::Power(Watts::new(watts))))
}

fn write_cap(cap: PowerCap) -> String {
    match cap {
        PowerCap::Power(watts) => format!("{}W", value::write(Kind::Power, watts.get())),
        PowerCap::Share(share) => percent(share),
    }
}

/// A share of the TDP in percent where that reads back as the same share: 7 % and not 7.000000000000001 %.
fn percent(share: f64) -> String {
    let percent = format!("{}%", value::write(Kind::Plain, libm::round(share * 1e6) / 1e4));
    let same = value::read(Kind::Share, Limits::HIT, &percent).is_ok_and(|(back, _)| back == share);
    if same { percent } else { format!("{}{TDP}", value::write(Kind::Share, share)) }
}

fn link(scenario: &mut Scenario, text: &str) -> Result<Taken, Problem> {
    let word = text.trim().to_ascii_lowercase();
    if word == AUTO {
        scenario.link = PoolLink::Auto;
        return Ok(Taken::Whole);
    }
    if let Some(wire) = Wire::from_id(&word) {
        scenario.link = PoolLink::Wire(wire);
        return Ok(Taken::Whole);
    }
    let (bandwidth, latency) = match text.split_once(':') {
        Some((bandwidth, latency)) => (bandwidth, Some(latency)),
        None => (text, None),
    };
    if !word.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        let words = std::iter::once(AUTO).chain(Wire::ALL.into_iter().map(Wire::id));
        return Err(Problem::Unreadable {
            expected: format!(
                "one of {}, or {}",
                words.clone().collect::<Vec<_>>().join(", "),
                Kind::Bandwidth.expected()
            ),
            nearest: names::nearest(&word, words),
        });
    }
    let (bandwidth, doubt) = value::read_in(text, Kind::Bandwidth, Limits::LINK, bandwidth)?;
    let (latency, late) = latency
        .map(|latency| value::read_in(text, Kind::Time, Limits::LATENCY, latency))
        .transpose()?
        .unzip();
    scenario.link =
        PoolLink::Custom { bandwidth: BytesPerSecond::new(bandwidth), latency: latency.map(Seconds::new) };
    Ok(doubt.or(late.flatten()).into())
}

fn write_link(link: PoolLink) -> String {
    match link {
        PoolLink::Auto => AUTO.to_owned(),
        PoolLink::Wire(wire) => wire.id().to_owned(),
        PoolLink::Custom { bandwidth, latency } => {
            let bandwidth = value::write(Kind::Bandwidth, bandwidth.get());
            match latency {
                Some(latency) => format!("{bandwidth}:{}", value::write(Kind::Time, latency.get())),
                None => bandwidth,
            }
        }
    }
}

fn formats() -> String {
    format!("{}, {}", names::NATIVE, NumberFormat::ALL.map(NumberFormat::id).join(", "))
}

fn pools() -> String {
    format!("`tandem catalog chips`; {}", value::range(&Limits::CHIPS))
}

fn format(format: Option<NumberFormat>) -> String {
    format.map_or(names::NATIVE, NumberFormat::id).to_owned()
}

fn write_limit(limit: Option<Limit>) -> String {
    let Some(limit) = limit else { return NONE.to_owned() };
    let time = value::write(Kind::Time, limit.at.get());
    limit.percentile.map_or_else(|| time.clone(), |own| format!("{time}@{own}"))
}

fn limit_range(limits: &Limits) -> String {
    let Limits { low, high, .. } = Limits::PERCENTILE;
    format!("{}, with or without a percentile from p{low} to p{high}; or {NONE}", value::range(limits))
}

fn number(kind: Kind, limits: Limits, text: &str, set: impl FnOnce(f64)) -> Result<Taken, Problem> {
    let mut set = Some(set);
    take_number(kind, limits, text, &mut |value| {
        if let Some(set) = set.take() {
            set(value);
        }
    })
}

/// What a flag is without its key.
const PROFILED: &str = "as the profile has it";

/// A whole number.
fn whole(limits: Limits, text: &str, set: impl FnOnce(u32)) -> Result<Taken, Problem> {
    set(traffic::whole(text, limits, text)?);
    Ok(Taken::Whole)
}

/// A whole number, where there is one.
fn count(number: Option<u32>) -> Option<String> {
    number.map(|number| value::write(Kind::Count, f64::from(number)))
}

/// As [`number`], and compiled once for all keys.
fn take_number(kind: Kind, limits: Limits, text: &str, set: &mut dyn FnMut(f64)) -> Result<Taken, Problem> {
    let (value, doubt) = value::read(kind, limits, text)?;
    set(value);
    Ok(doubt.into())
}

fn objective(limits: Limits, text: &str, set: impl FnOnce(Option<Limit>)) -> Result<Taken, Problem> {
    if text.trim().eq_ignore_ascii_case(NONE) {
        set(None);
        return Ok(Taken::Whole);
    }
    let (time, percentile) = match text.split_once('@') {
        Some((time, of)) => (
            time,
            percentile(of).map_err(|problem| problem.within(|near| format!("{}@{near}", time.trim())))?,
        ),
        None => (text, None),
    };
    let (at, doubt) = value::read_in(text, Kind::Time, limits, time)?;
    set(Some(Limit { at: Seconds::new(at), percentile }));
    Ok(doubt.into())
}

/// The percentile of a limit, or its mean.
fn percentile(text: &str) -> Result<Option<Percentile>, Problem> {
    let word = text.trim().to_ascii_lowercase();
    if word == MEAN {
        return Ok(None);
    }
    let digits = word.strip_prefix('p').unwrap_or(&word).trim_end_matches('%');
    let Some(percent) = decimal(digits) else {
        let usual = format!("{}", Percentile::P95);
        let expected = format!("a percentile such as {usual} after @, or {MEAN}");
        return Err(Problem::Unreadable { expected, nearest: vec![usual] });
    };
    // A share is no percentile: 0.95 stands for 95 of 100.
    let near = if percent > 0.0 && percent < 1.0 { percent * 100.0 } else { percent };
    let nearest = Percentile::new(Limits::PERCENTILE.clamp(near));
    Percentile::new(percent).map(Some).ok_or_else(|| {
        let invalid = Invalid { limits: Limits::PERCENTILE, value: percent };
        let nearest = nearest.iter().map(ToString::to_string).collect();
        Problem::OutOfRange { invalid, nearest }
    })
}

/// What a limit without a percentile is on.
const MEAN: &str = "mean";

fn set_pool(custom: &Custom, pool: &mut Pool, text: &str) -> Result<Taken, Problem> {
    let known = |name: &str| match names::chip(custom, name) {
        Ok(read) => Some(read.id),
        Err(problem) => problem.nearest().first().cloned(),
    };
    let read = notation::parse(text).map_err(|error| Problem::Wrong {
        reason: error.to_string(),
        nearest: notation::repaired(text, &known).into_iter().collect(),
    })?;
    let names::Read { id, taken, .. } = names::chip(custom, &read.chip)
        .map_err(|problem| problem.inside(&text.to_ascii_lowercase(), &read.chip))?;
    *pool = Pool { chip: id, ..read };
    Ok(taken)
}

fn rents(custom: &Custom, text: &str) -> Result<(Vec<ChipRent>, Taken), Problem> {
    let mut rents: Vec<ChipRent> = Vec::new();
    let mut taken = Taken::Whole;
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let expected = || Problem::Unreadable {
            expected: "chip:price pairs such as h100-sxm:2.5,b200:4".to_owned(),
            nearest: Vec::new(),
        };
        if rents.len() == MOST_RENTS {
            return Err(expected());
        }
        let (chip, price) = part.split_once(':').ok_or_else(expected)?;
        let read = names::chip(custom, chip).map_err(|problem| problem.inside(text, chip))?;
        let (price, _) = value::read_in(text, Kind::Dollars, Limits::RENT, price)?;
        rents.push(ChipRent { chip: read.id, rent: DollarsPerHour::new(price) });
        if taken == Taken::Whole {
            taken = read.taken;
        }
    }
    Ok((rents, taken))
}
