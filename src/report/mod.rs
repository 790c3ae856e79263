//! What is handed out: the answer as sentences, tables, JSON, Markdown and CSV, the same for page and command line.

use serde::Serialize;

use crate::catalog::NumberFormat;
use crate::cost::PoolPower;
use crate::evaluate::{Evaluation, evaluate};
use crate::evidence::{Differences, EvidenceClass};
use crate::pass::Numerics;
use crate::scenario::link::{self, Notice, Parsed};
use crate::scenario::{Overlap, Role, Scenario};
use crate::serve::{
    Binding, Cause, MemoryKind, Per, Phase, Reason, Refusal, Resource, Tails, by_cause, find_model,
};
use crate::units::Seconds;

pub mod accuracy;
pub mod card;
pub mod catalog;
pub mod check;
pub mod claims;
pub mod departures;
pub mod difference;
pub mod explore;
pub mod flags;
pub mod html;
pub mod import;
pub mod mend;
pub mod price;
pub mod reference;
pub mod remarks;
pub mod replay;
pub mod reserve;
pub mod room;
pub mod sentence;
pub mod table;
pub mod value;
pub mod words;

pub use flags::FlagsReport;
pub use reserve::ReserveReport;
pub use sentence::{Verdict, answer, sentence, verdict};
pub use table::{csv, markdown, text};
pub use value::{Value, Values};

/// An evaluation as plain data. Fields keep their order, numbers are finite or null, and what is absent says why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The scenario as a link.
    pub link: String,
    /// The answer in a few sentences, with what moves its numbers away from catalogue and defaults.
    pub sentence: String,
    /// What does, one by one.
    pub own_settings: Vec<String>,
    /// What the link said that could not be taken as it stands.
    pub notices: Vec<String>,
    /// Verdict on the service level.
    pub slo: Verdict,
    /// What is kept back, and what happens when a replica is lost.
    pub reserve: ReserveReport,
    /// All metrics, by identifier.
    pub metrics: Values,
    /// Percentiles of TTFT and TPOT over requests, in seconds.
    pub tails: Tails,
    /// What each kind of chip costs, and whose price it is.
    pub prices: Vec<price::PriceReport>,
    /// Where the time to first token goes.
    pub ttft_parts: Vec<PartReport>,
    /// Where the time per output token goes.
    pub tpot_parts: Vec<PartReport>,
    /// The number formats in force.
    pub formats: FormatsReport,
    /// The command line in force.
    pub flags: Option<FlagsReport>,
    /// The pools, prefill first.
    pub pools: Vec<PoolReport>,
    /// KV transfer between pools, where there is any.
    pub transfer: Option<TransferReport>,
    /// All that flows between pools.
    pub flows: Vec<FlowReport>,
    /// Why prefill, decode and what decode is split into take their time.
    pub phases: Vec<PhaseReport>,
    /// What limits the deployment: a pool, a link or room without slack, else what limits the longer phase.
    pub binding: Named<Binding>,
    /// Set when more is offered than can be served.
    pub saturation: Option<SaturationReport>,
    /// What is unwise but possible.
    pub warnings: Vec<String>,
    /// What the result rests on.
    pub evidence: EvidenceReport,
}

/// What a result rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvidenceReport {
    /// The class.
    pub id: EvidenceClass,
    /// The same for people, with what differs.
    pub text: String,
    /// What of the scenario no measured run near it had, such as `cache-hits`; empty only where it was measured nearby.
    pub differs: Differences,
}

/// An identifier with its words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Named<T> {
    /// For machines.
    pub id: T,
    /// For people.
    pub text: &'static str,
}

/// A share of a time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartReport {
    /// Identifier of the cause.
    pub cause: Cause,
    /// The cause for people.
    pub text: &'static str,
    /// Seconds.
    pub seconds: Option<f64>,
    /// The same by what limits it, which adds up to it.
    pub limits: Vec<LimitReport>,
}

/// What limits a part of a time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LimitReport {
    /// Identifier of the limit.
    pub limit: Binding,
    /// Seconds.
    pub seconds: Option<f64>,
}

/// Why a phase takes its time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseReport {
    /// `prefill` or `decode`; `attention`, `ffn`, `draft` or `verify` where decode is split so.
    pub phase: Role,
    /// The time in seconds: TTFT, TPOT, or of a step that part of decode.
    pub seconds: Option<f64>,
    /// What it goes to most.
    #[serde(flatten)]
    pub reason: ReasonReport,
    /// The same in words, as everywhere.
    pub words: String,
    /// What limits the phase's own work, where it mostly waits for other requests.
    pub work: Option<ReasonReport>,
}

/// A limit, how much of a time it takes, and how near to the peak that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReasonReport {
    /// Identifier of the limit, as in `binding`.
    pub limit: Binding,
    /// What it is a limit of: `memory-bandwidth`, `compute`, `interconnect`, `overhead`, `kv-capacity` or `waiting`.
    pub resource: Resource,
    /// Share of the time that the resource takes, 0 to 1.
    pub share: Option<f64>,
    /// Share of the peak bandwidth or compute of the data sheet that is reached meanwhile, 0 to 1.
    pub of_peak: Option<f64>,
}

/// The number formats in force, by part of the model; parts that it lacks are absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FormatsReport {
    /// Projections of attention.
    pub attention: Option<NumberFormat>,
    /// Dense feed-forward layers.
    pub dense: Option<NumberFormat>,
    /// Shared experts.
    pub shared: Option<NumberFormat>,
    /// Routed experts.
    pub experts: Option<NumberFormat>,
    /// Input embedding and output head.
    pub head: Option<NumberFormat>,
    /// KV cache.
    pub kv: Option<NumberFormat>,
}

impl FormatsReport {
    /// Of a scenario whose model is known; nothing of another.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let numerics = find_model(scenario).ok().map(|model| {
            let numerics = Numerics::resolve(&model, scenario.formats);
            (numerics.linear(&model).collect::<Vec<_>>(), numerics)
        });
        let part = |name: &str| {
            let (linear, _) = numerics.as_ref()?;
            linear.iter().find(|(own, _)| *own == name).map(|(_, format)| *format)
        };
        Self {
            attention: part("attention"),
            dense: part("dense"),
            shared: part("shared"),
            experts: part("experts"),
            head: numerics.as_ref().map(|(_, own)| own.head),
            kv: numerics.as_ref().map(|(_, own)| own.kv),
        }
    }

    /// The parts with their names, in the order of a layer.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, NumberFormat)> {
        let Self { attention, dense, shared, experts, head, kv } = *self;
        let parts = [
            ("attention", attention),
            ("dense FFN", dense),
            ("shared experts", shared),
            ("routed experts", experts),
            ("embedding and head", head),
            ("KV cache", kv),
        ];
        parts.into_iter().filter_map(|(name, format)| Some((name, format?)))
    }

    /// `attention and dense FFN fp8, embedding and head bf16, KV cache bf16`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut groups: Vec<(NumberFormat, Vec<&str>)> = Vec::new();
        for (name, format) in self.named() {
            match groups.last_mut() {
                // The cache is no part of the checkpoint, so it stands alone.
                Some((own, names)) if *own == format && name != "KV cache" => names.push(name),
                _ => groups.push((format, vec![name])),
            }
        }
        let one = |(format, names): (NumberFormat, Vec<&str>)| format!("{} {}", list(&names), format.id());
        groups.into_iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

/// `a, b and c`.
fn list(names: &[&str]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// A pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolReport {
    /// `colocated`, `prefill`, `decode`, `attention`, `ffn`, `draft` or `verify`.
    pub role: Role,
    /// Catalogue chip.
    pub chip: String,
    /// Chips of the pool.
    pub chips: u32,
    /// Copies of the model.
    pub replicas: u32,
    /// Layout of a replica, as a link writes it.
    pub layout: String,
    /// Whether the tool chose the layout.
    pub layout_chosen: bool,
    /// What runs in a typical step while tokens travel to their experts: `none`, `sbo`, `tbo` or `fused`; null where none travel.
    pub overlap: Option<Overlap>,
    /// Load over capacity, 0 to 1: 1 where an open loop loses its steady state.
    pub utilisation: Option<f64>,
    /// Share of time the pool is at work, 0 to 1.
    pub busy: Option<f64>,
    /// Sequences in decode per replica.
    pub batch: Option<f64>,
    /// Seconds of a typical step.
    pub step: Option<f64>,
    /// Memory of one chip.
    pub memory: MemoryReport,
    /// Power of one chip.
    pub power: PowerReport,
}

/// Power of one chip of a pool, in watts; null where the chip's power is not published.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PowerReport {
    /// Mean draw over time, as the chip's own meter sees it.
    pub drawn: Option<f64>,
    /// Draw while it reads prompts.
    pub prefill: Option<f64>,
    /// Draw in decode steps.
    pub decode: Option<f64>,
    /// Draw with weights loaded and nothing to do.
    pub idle: Option<f64>,
    /// IT power provisioned for it, with its share of host and network, before PUE.
    pub provisioned: Option<f64>,
}

/// Memory of one chip, in bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemoryReport {
    /// Which memory holds weights and cache: `main` or `sram`.
    pub kind: MemoryKind,
    /// What the chip has of it.
    pub capacity: Option<f64>,
    /// Weights.
    pub weights: Option<f64>,
    /// KV cache of the sequences in flight.
    pub kv: Option<f64>,
    /// KV cache that lies in the main memory because the SRAM is full.
    pub kv_outside: Option<f64>,
    /// Activations, buffers and the engine.
    pub overhead: Option<f64>,
    /// Tokens of KV cache that a replica can hold, as its engine reports it at start.
    pub kv_capacity_tokens: Option<f64>,
    /// Sequences of the scenario's mean length that a replica can hold.
    pub sequences: Option<f64>,
}

/// KV transfer between pools.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransferReport {
    /// Bytes per request.
    pub bytes: Option<f64>,
    /// Bytes per second that one request gets.
    pub bandwidth: Option<f64>,
    /// Seconds on the wire.
    pub seconds: Option<f64>,
    /// Seconds not hidden behind the prefill.
    pub exposed: Option<f64>,
    /// Share of the link in use.
    pub utilisation: Option<f64>,
}

/// Something that flows between two pools.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowReport {
    /// Role of the pool that sends.
    pub from: Role,
    /// Role of the pool that receives.
    pub to: Role,
    /// `request` or `token`: what the bytes belong to.
    pub per: Per,
    /// Bytes per request or output token.
    pub bytes: Option<f64>,
    /// Bytes per second that one replica gets.
    pub bandwidth: Option<f64>,
    /// Seconds on the way: of one request, or in one step.
    pub seconds: Option<f64>,
    /// Seconds of it that are felt.
    pub exposed: Option<f64>,
    /// Share of the link in use in this direction.
    pub utilisation: Option<f64>,
}

/// More is offered than can be served.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SaturationReport {
    /// Requests per second offered.
    pub offered: Option<f64>,
    /// Requests per second that can be served: up to so many, TTFT has a steady state.
    pub capacity: Option<f64>,
    /// Both in words: why TTFT is absent.
    pub text: String,
    /// What limits it.
    pub binding: Named<Binding>,
}

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// What was asked, as a link; empty where the text was no link.
    pub link: String,
    /// The reason in a sentence.
    pub error: String,
    /// What of the link is not understood, so that nothing was evaluated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultReport>,
    /// Whether the question was not understood, or what of it was is refused as the asker wished. Otherwise the scenario
    /// cannot be served.
    #[serde(skip)]
    pub misread: bool,
    /// What the link said that could not be taken as it stands.
    pub notices: Vec<String>,
}

/// A part of a link that is not understood.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultReport {
    /// The key; empty where the fault is of the whole link.
    pub key: String,
    /// The value as written, cut short.
    pub value: String,
    /// What is wrong with it, and what is accepted.
    pub text: String,
    /// Values that may have been meant, nearest first.
    pub nearest: Vec<String>,
}

/// What becomes of a text that ought to be a link.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// An evaluation.
    Report(Box<Report>),
    /// A reason.
    Failure(Failure),
}

/// How notices of a link are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// A part that is not understood gets its default, and the rest of the link is evaluated.
    Lenient,
    /// A link with a part that is not understood is refused, as everywhere.
    #[default]
    Plain,
    /// A link with a notice that may change what it means is refused, such as a key that does not exist.
    Strict,
}

impl Report {
    /// Puts an evaluation into plain data.
    #[must_use]
    pub fn new(scenario: &Scenario, evaluation: &Evaluation) -> Self {
        let steady = &evaluation.steady;
        let parts = |parts: &[crate::serve::Part]| {
            let one = |(cause, time): (Cause, Seconds)| PartReport {
                cause,
                text: words::cause(cause),
                seconds: finite(time.get()),
                limits: parts
                    .iter()
                    .filter(|part| part.cause == cause)
                    .map(|part| LimitReport { limit: part.limit, seconds: finite(part.time.get()) })
                    .collect(),
            };
            by_cause(parts).into_iter().map(one).collect()
        };
        Self {
            link: link::write(scenario, &[]),
            sentence: sentence(scenario, evaluation),
            own_settings: departures::departures(scenario),
            notices: Vec::new(),
            slo: verdict(scenario, evaluation),
            reserve: ReserveReport::of(scenario, evaluation),
            metrics: Values::of(evaluation),
            tails: steady.tails,
            prices: price::prices(scenario),
            ttft_parts: parts(&steady.ttft_parts),
            tpot_parts: parts(&steady.tpot_parts),
            formats: FormatsReport::of(scenario),
            flags: FlagsReport::of(scenario),
            pools: steady.pools.iter().zip(&evaluation.energy.pools).map(pool).collect(),
            transfer: steady.transfer.map(|transfer| TransferReport {
                bytes: finite(transfer.bytes.get()),
                bandwidth: finite(transfer.bandwidth.get()),
                seconds: finite(transfer.time.get()),
                exposed: finite(transfer.exposed.get()),
                utilisation: finite(transfer.utilisation),
            }),
            flows: steady.flows.iter().map(flow).collect(),
            phases: steady.phases.iter().map(phase).collect(),
            binding: Named { id: steady.binding, text: words::binding(steady.binding) },
            saturation: steady.saturation.map(|saturation| SaturationReport {
                offered: finite(saturation.offered.get()),
                capacity: finite(saturation.capacity.get()),
                text: saturation.to_string(),
                binding: Named { id: saturation.binding, text: words::binding(saturation.binding) },
            }),
            warnings: remarks::remarks(scenario, steady),
            evidence: EvidenceReport {
                id: evaluation.evidence.class,
                text: words::evidence_explained(&evaluation.evidence),
                differs: evaluation.evidence.differs,
            },
        }
    }
}

impl Failure {
    /// Why a scenario was refused.
    #[must_use]
    pub fn new(scenario: &Scenario, refusal: &Refusal) -> Self {
        Self::of(link::write(scenario, &[]), words::refusal(refusal))
    }

    /// A reason why a link has no report.
    #[must_use]
    pub const fn of(link: String, error: String) -> Self {
        Self { link, error, faults: Vec::new(), misread: false, notices: Vec::new() }
    }

    /// The parts of a link that are not understood.
    fn misread(misread: &link::Misread) -> Self {
        let parsed = &misread.0;
        let fault = |fault: &link::Fault| FaultReport {
            key: fault.notice.key.clone(),
            value: fault.notice.value.clone(),
            text: fault.notice.complaint(),
            nearest: fault.notice.problem.nearest().to_vec(),
        };
        Self {
            faults: parsed.faults.iter().map(fault).collect(),
            misread: true,
            notices: parsed.notices.iter().map(ToString::to_string).collect(),
            ..Self::of(
                link::link_with(&parsed.scenario, &[], &parsed.stated, &parsed.faults, None),
                misread.to_string(),
            )
        }
    }
}

impl Reply {
    /// One line of JSON.
    #[must_use]
    pub fn json_line(&self) -> String {
        serde_json::to_string(self)
            .unwrap_or_else(|_| r#"{"error":"the report could not be written"}"#.to_owned())
    }
}

/// Reads a link, evaluates its scenario and reports. A text that cannot be meant as a link is a failure, since the
/// figures of the default scenario would answer a question that nobody asked.
///
/// ```
/// use tandem::report::{Reply, Strictness, reply};
///
/// let answer = reply("v1&model=llama3-8b&pool=h100-sxm*1", Strictness::Plain);
/// assert!(matches!(answer, Reply::Report(_)));
/// // A line of JSON for every link, also for one that cannot be answered.
/// let failure = reply("v1&model=llama3-8b&pool=abacus*1", Strictness::Plain);
/// assert!(failure.json_line().contains("\"error\""));
/// ```
#[must_use]
pub fn reply(text: &str, strictness: Strictness) -> Reply {
    let (Parsed { scenario, .. }, notices) = match asked(text, strictness) {
        Ok(asked) => asked,
        Err(failure) => return Reply::Failure(failure),
    };
    match evaluate(&scenario) {
        Ok(evaluation) => Reply::Report(Box::new(Report { notices, ..Report::new(&scenario, &evaluation) })),
        Err(refusal) => Reply::Failure(Failure { notices, ..Failure::new(&scenario, &refusal) }),
    }
}

/// What a text asks, if it may be answered, and what is to be said about it: the one door of the command line and of what
/// is handed on.
///
/// # Errors
/// A text that is no link, a link of which a part is not understood, and what strictness forbids besides.
pub fn asked(text: &str, strictness: Strictness) -> Result<(Parsed, Vec<String>), Failure> {
    if let Some(error) = no_link(text) {
        return Err(Failure { misread: true, ..Failure::of(String::new(), error.to_owned()) });
    }
    let mut parsed = link::parse(text);
    if strictness != Strictness::Lenient {
        parsed = parsed.understood().map_err(|misread| Failure::misread(&misread))?;
    }
    let notices: Vec<String> = parsed.notices.iter().map(told).collect();
    if strictness == Strictness::Strict
        && let Some(notice) = parsed.notices.iter().find(|notice| notice.changes_meaning())
    {
        let error = format!("The link has a mistake: {notice}.");
        return Err(Failure {
            misread: true,
            notices,
            ..Failure::of(link::write(&parsed.scenario, &[]), error)
        });
    }
    Ok((parsed, notices))
}

/// A remark on a link whose scenario is evaluated all the same, with what was put in the place of what is not understood.
fn told(notice: &Notice) -> String {
    match notice.kept.as_ref().filter(|_| notice.is_fault()) {
        Some(kept) => format!("{}; {kept} is used instead", notice.complaint()),
        None => notice.to_string(),
    }
}

/// What to say of a text that cannot be meant as a link.
#[must_use]
pub fn no_link(text: &str) -> Option<&'static str> {
    (!link::is_link(text)).then(|| {
        if text.trim().is_empty() {
            "The line is empty: a link such as v1&model=llama3-8b is expected."
        } else {
            "This is no link: text such as v1&model=llama3-8b&isl=8k is expected."
        }
    })
}

fn phase(own: &Phase) -> PhaseReport {
    let reason = |own: Reason| ReasonReport {
        limit: own.limit,
        resource: own.limit.resource(),
        share: finite(own.share),
        of_peak: own.of_peak.and_then(finite),
    };
    PhaseReport {
        phase: own.phase,
        seconds: finite(own.time.get()),
        reason: reason(own.reason),
        words: words::phase(own),
        work: own.work.map(reason),
    }
}

fn flow(flow: &crate::serve::Flow) -> FlowReport {
    FlowReport {
        from: flow.from,
        to: flow.to,
        per: flow.per,
        bytes: finite(flow.bytes.get()),
        bandwidth: finite(flow.bandwidth.get()),
        seconds: finite(flow.time.get()),
        exposed: finite(flow.exposed.get()),
        utilisation: finite(flow.utilisation),
    }
}

fn pool((state, power): (&crate::serve::PoolState, &PoolPower)) -> PoolReport {
    let watts = |own: Option<crate::units::Watts>| own.and_then(|own| finite(own.get()));
    PoolReport {
        role: state.role,
        chip: state.chip.clone(),
        chips: state.chips,
        replicas: state.replicas,
        layout: crate::scenario::notation::write_layout(&state.layout),
        layout_chosen: state.layout_chosen,
        overlap: state.overlap(),
        utilisation: finite(state.utilisation),
        busy: finite(state.busy),
        batch: finite(state.batch.get()),
        step: finite(state.step.get()),
        memory: MemoryReport {
            kind: state.memory.kind,
            capacity: finite(state.memory.capacity.get()),
            weights: finite(state.memory.weights.get()),
            kv: finite(state.memory.kv.get()),
            kv_outside: finite(state.memory.kv_outside.get()),
            overhead: finite(state.memory.overhead.get()),
            kv_capacity_tokens: finite(state.memory.kv_capacity.get()),
            sequences: finite(state.memory.sequences),
        },
        power: PowerReport {
            drawn: watts(power.drawn.clone().ok()),
            prefill: watts(power.prefill),
            decode: watts(power.decode),
            idle: watts(power.idle),
            provisioned: watts(power.provisioned.clone().ok()),
        },
    }
}

/// JSON knows no infinity.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
