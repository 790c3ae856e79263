//! What is handed out: the answer as sentences, tables, JSON, Markdown and CSV, the same for page and command line.

use serde::Serialize;

use crate::cost::PoolPower;
use crate::evaluate::{Evaluation, evaluate};
use crate::evidence::EvidenceClass;
use crate::scenario::{Role, Scenario, link};
use crate::serve::{Binding, Cause, MemoryKind, Per, Refusal};

pub mod accuracy;
pub mod catalog;
pub mod check;
pub mod claims;
pub mod explore;
pub mod html;
pub mod import;
pub mod reference;
pub mod replay;
pub mod sentence;
pub mod table;
pub mod value;
pub mod words;

pub use sentence::{Verdict, answer, sentence, verdict};
pub use table::{csv, markdown, text};
pub use value::{Value, Values};

/// An evaluation as plain data. Fields keep their order, numbers are finite or null, and what is absent says why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The scenario as a link.
    pub link: String,
    /// The answer in a few sentences.
    pub sentence: String,
    /// What the link said that could not be taken as it stands.
    pub notices: Vec<String>,
    /// Verdict on the service level.
    pub slo: Verdict,
    /// All metrics, by identifier.
    pub metrics: Values,
    /// Where the time to first token goes.
    pub ttft_parts: Vec<PartReport>,
    /// Where the time per output token goes.
    pub tpot_parts: Vec<PartReport>,
    /// The pools, prefill first.
    pub pools: Vec<PoolReport>,
    /// KV transfer between pools, where there is any.
    pub transfer: Option<TransferReport>,
    /// All that flows between pools.
    pub flows: Vec<FlowReport>,
    /// What limits the deployment.
    pub binding: Named<Binding>,
    /// Set when more is offered than can be served.
    pub saturation: Option<SaturationReport>,
    /// What is unwise but possible.
    pub warnings: Vec<String>,
    /// What the result rests on.
    pub evidence: Named<EvidenceClass>,
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
    /// What is asked of the pool, as a share of what it can do.
    pub utilisation: Option<f64>,
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
    /// Tokens of KV cache that a replica can hold.
    pub kv_capacity_tokens: Option<f64>,
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
    /// Requests per second that can be served.
    pub capacity: Option<f64>,
    /// What limits it.
    pub binding: Named<Binding>,
}

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// The scenario as a link; empty where the text was no link.
    pub link: String,
    /// The reason in a sentence.
    pub error: String,
    /// What the link said that could not be taken as it stands.
    pub notices: Vec<String>,
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
    /// The rest of the link holds, as on the page.
    #[default]
    Lenient,
    /// A link with a notice that may change what it means is refused.
    Strict,
}

impl Report {
    /// Puts an evaluation into plain data.
    #[must_use]
    pub fn new(scenario: &Scenario, evaluation: &Evaluation) -> Self {
        let steady = &evaluation.steady;
        let parts = |parts: &[crate::serve::Part]| {
            let one = |part: &crate::serve::Part| PartReport {
                cause: part.cause,
                text: words::cause(part.cause),
                seconds: finite(part.time.get()),
            };
            parts.iter().map(one).collect()
        };
        Self {
            link: link::write(scenario, &[]),
            sentence: sentence(scenario, evaluation),
            notices: Vec::new(),
            slo: verdict(scenario, evaluation),
            metrics: Values::of(evaluation),
            ttft_parts: parts(&steady.ttft_parts),
            tpot_parts: parts(&steady.tpot_parts),
            pools: steady.pools.iter().zip(&evaluation.energy.pools).map(pool).collect(),
            transfer: steady.transfer.map(|transfer| TransferReport {
                bytes: finite(transfer.bytes.get()),
                bandwidth: finite(transfer.bandwidth.get()),
                seconds: finite(transfer.time.get()),
                exposed: finite(transfer.exposed.get()),
                utilisation: finite(transfer.utilisation),
            }),
            flows: steady.flows.iter().map(flow).collect(),
            binding: Named { id: steady.binding, text: words::binding(steady.binding) },
            saturation: steady.saturation.map(|saturation| SaturationReport {
                offered: finite(saturation.offered.get()),
                capacity: finite(saturation.capacity.get()),
                binding: Named { id: saturation.binding, text: words::binding(saturation.binding) },
            }),
            warnings: steady.warnings.iter().map(words::warning).collect(),
            evidence: Named {
                id: evaluation.evidence.class,
                text: words::evidence_explained(evaluation.evidence.class),
            },
        }
    }
}

impl Failure {
    /// Why a scenario was refused.
    #[must_use]
    pub fn new(scenario: &Scenario, refusal: &Refusal) -> Self {
        Self { link: link::write(scenario, &[]), error: words::refusal(refusal), notices: Vec::new() }
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
/// let answer = reply("v1&model=llama3-8b&pool=h100-sxm*1", Strictness::Lenient);
/// assert!(matches!(answer, Reply::Report(_)));
/// // A line of JSON for every link, also for one that cannot be answered.
/// let failure = reply("v1&model=llama3-8b&pool=abacus*1", Strictness::Strict);
/// assert!(failure.json_line().contains("\"error\""));
/// ```
#[must_use]
pub fn reply(text: &str, strictness: Strictness) -> Reply {
    if let Some(error) = no_link(text) {
        return Reply::Failure(Failure { link: String::new(), error: error.to_owned(), notices: Vec::new() });
    }
    let parsed = link::parse(text);
    let notices: Vec<String> = parsed.notices.iter().map(ToString::to_string).collect();
    if strictness == Strictness::Strict
        && let Some(notice) = parsed.notices.iter().find(|notice| notice.changes_meaning())
    {
        let link = link::write(&parsed.scenario, &[]);
        return Reply::Failure(Failure {
            link,
            error: format!("The link has a mistake: {notice}."),
            notices,
        });
    }
    match evaluate(&parsed.scenario) {
        Ok(evaluation) => {
            Reply::Report(Box::new(Report { notices, ..Report::new(&parsed.scenario, &evaluation) }))
        }
        Err(refusal) => Reply::Failure(Failure { notices, ..Failure::new(&parsed.scenario, &refusal) }),
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
        utilisation: finite(state.utilisation),
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
