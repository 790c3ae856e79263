//! The words for everything that a result names: one place for page and command line. Sentence case; phrases that stand
//! inside a sentence start small.

use crate::catalog::{self, Chip, ComputeType, Engine};
use crate::cost::Unpriced;
use crate::evidence::{Difference, Evidence, EvidenceClass};
use crate::pass::OpKind;
use crate::scenario::{Layout, Overlap, Role, SplitKind, notation};
use crate::serve::{Binding, Cause, Phase, Reason, Refusal, Steady, Warning};
use crate::units::format::{Precision, Unit};

/// A phrase as the beginning of a sentence.
#[must_use]
pub fn capital(phrase: impl Into<String>) -> String {
    let mut phrase = phrase.into();
    // Whatever starts beyond ASCII stays as it is.
    if let Some(first) = phrase.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    phrase
}

/// A heading inside a sentence: names such as KV stay as they are.
#[must_use]
pub fn small(phrase: &str) -> String {
    let mut phrase = phrase.to_owned();
    if !phrase.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase)
        && let Some(first) = phrase.get_mut(..1)
    {
        first.make_ascii_lowercase();
    }
    phrase
}

/// What limits a deployment, a phase or an operation, after "is": the same words wherever a reason is given.
#[must_use]
pub const fn binding(binding: Binding) -> &'static str {
    match binding {
        Binding::Weights => "memory-bandwidth-bound (weights)",
        Binding::Kv => "memory-bandwidth-bound (KV cache)",
        Binding::Activations => "memory-bandwidth-bound (activations)",
        Binding::Compute => "compute-bound",
        Binding::Collective => "interconnect-bound (collectives)",
        Binding::Link => "interconnect-bound (link between pools)",
        Binding::LatencyFloor => "overhead-bound (launch and latency)",
        Binding::CollectiveLatency => "overhead-bound (collectives, not their links)",
        Binding::RoundTrips => "overhead-bound (round trips between pools)",
        Binding::Interference => "limited by other requests' prompts",
        Binding::Steps => "limited by running decode steps",
        Binding::Queue => "limited by queueing",
        Binding::Capacity => "limited by KV capacity",
        Binding::Prefill => "limited by prefill",
        Binding::Decode => "limited by decode",
        Binding::Attention => "limited by the attention pool",
        Binding::Ffn => "limited by the FFN pool",
        Binding::Draft => "limited by drafting",
    }
}

/// A limit and the share of the roof that is reached: `compute-bound, at 61 % of peak compute`.
#[must_use]
pub fn reason(reason: &Reason) -> String {
    let mut text = binding(reason.limit).to_owned();
    if let Some(share) = reason.of_peak {
        let peak = if reason.limit == Binding::Compute { "compute" } else { "bandwidth" };
        text.push_str(&format!(", at {} of peak {peak}", Unit::Percent.format_with(share, Precision::SHORT)));
    }
    text
}

/// Why a phase takes its time, after its name and "is". Where it mostly waits, with what limits its own work.
#[must_use]
pub fn phase(own: &Phase) -> String {
    let text = reason(&own.reason);
    match &own.work {
        Some(work) => format!("{text} (its own work is {})", reason(work)),
        None => text,
    }
}

/// Why prefill and decode take their time, in a sentence.
#[must_use]
pub fn phases(steady: &Steady) -> String {
    let one = |own: &Phase| format!("{} is {}", small(role(own.phase)), phase(own));
    let both = [Role::Prefill, Role::Decode].into_iter().filter_map(|role| steady.phase(role));
    capital(format!("{}.", both.map(one).collect::<Vec<_>>().join("; ")))
}

/// What limits the deployment as a whole, in a sentence; nothing where it is no more than the limit of a phase.
#[must_use]
pub fn whole(steady: &Steady) -> Option<String> {
    let said = steady.phases.iter().any(|own| own.reason.limit == steady.binding);
    (!said).then(|| format!("Throughput is {}.", binding(steady.binding)))
}

/// What would help against a limit.
#[must_use]
pub const fn remedy(binding: Binding) -> &'static str {
    match binding {
        Binding::Weights => "More memory bandwidth, fewer bytes per weight or a larger batch would help.",
        Binding::Kv => "More memory bandwidth, a shorter context or a smaller KV format would help.",
        Binding::Activations => "More memory bandwidth would help.",
        Binding::Compute => "More compute or a narrower number format would help.",
        Binding::Collective => "Faster links or fewer ranks per replica would help.",
        Binding::Link => "A faster link between the pools would help.",
        Binding::LatencyFloor => "Fewer layers or fewer, larger steps would help most; faster chips less.",
        Binding::CollectiveLatency => {
            "Fewer ranks per replica, or links with less latency, would help; more bandwidth would not."
        }
        Binding::RoundTrips => {
            "A link with less latency, or fewer layers, would help; more bandwidth would not."
        }
        Binding::Interference | Binding::Prefill => {
            "More chips in prefill, shorter prompts or a higher hit rate would help."
        }
        Binding::Steps | Binding::Decode => "More chips in decode or shorter answers would help.",
        Binding::Queue => "More replicas or less load would help.",
        Binding::Capacity => "More memory, a smaller KV format or a shorter context would help.",
        Binding::Attention => "More chips for attention or a shorter context would help.",
        Binding::Ffn => "More chips for the feed-forward layers would help.",
        Binding::Draft => "A faster drafter, or fewer draft tokens, would help.",
    }
}

/// A limit where there is room for a word or two: `weights`, `compute-bound`, `queueing`.
#[must_use]
pub fn short(limit: Binding) -> &'static str {
    let text = binding(limit);
    match text.split_once('(') {
        Some((_, of)) => of.trim_end_matches(')'),
        None => text.trim_start_matches("limited by "),
    }
}

/// What a share of time goes to.
#[must_use]
pub const fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Queue => "Queue",
        Cause::Request => "Per-request overhead",
        Cause::Interference => "Other requests' prompts",
        Cause::Dense => "Dense layers",
        Cause::Attention => "Attention",
        Cause::Experts => "Experts",
        Cause::Collective => "Collectives",
        Cause::Elementwise => "Elementwise work",
        Cause::Pipeline => "Pipeline",
        Cause::Transfer => "KV transfer",
        Cause::Draft => "Drafting",
        Cause::Link => "Link between pools",
        Cause::Wait => "Other micro-batches",
        Cause::Step => "Engine steps",
    }
}

/// What an operation does.
#[must_use]
pub const fn op(kind: OpKind) -> &'static str {
    match kind {
        OpKind::Projection => "Projections",
        OpKind::PrefillAttention => "Prefill attention",
        OpKind::DecodeAttention => "Decode attention",
        OpKind::StateUpdate => "State update",
        OpKind::Indexer => "Sparse indexer",
        OpKind::DenseFfn => "Feed-forward",
        OpKind::Router => "Router",
        OpKind::Experts => "Routed experts",
        OpKind::SharedExperts => "Shared experts",
        OpKind::Head => "Output head",
        OpKind::Elementwise => "Elementwise",
        OpKind::AllReduce => "All-reduce",
        OpKind::ExpertExchange => "Expert exchange",
        OpKind::StageHop => "Stage hop",
        OpKind::ContextExchange => "Context exchange",
    }
}

/// What a result rests on, in short.
#[must_use]
pub const fn evidence(class: EvidenceClass) -> &'static str {
    match class {
        EvidenceClass::MeasuredNearby => "Measured nearby",
        EvidenceClass::SameChip => "Same chip measured",
        EvidenceClass::SameFamily => "Kernels measured",
        EvidenceClass::DatasheetOnly => "Data sheet only",
        EvidenceClass::VendorClaim => "Vendor claim",
    }
}

/// What a result rests on, in a sentence, and what of it no measured run near it had.
#[must_use]
pub fn evidence_explained(evidence: &Evidence) -> String {
    let class = match evidence.class {
        EvidenceClass::MeasuredNearby => {
            "The same model, chip and engine were measured at a neighbouring load."
        }
        EvidenceClass::SameChip => "Served models were measured on the same chip, but nothing so near.",
        EvidenceClass::SameFamily => {
            "Kernels of the chip or of its family were measured, but no served model on it."
        }
        EvidenceClass::DatasheetOnly => "Only the data sheet of a chip is known: a projection.",
        EvidenceClass::VendorClaim => "The figures of a chip are its maker's own; nobody else measured them.",
    };
    let differs: Vec<&str> = evidence.differs.iter().map(difference).collect();
    if differs.is_empty() {
        class.to_owned()
    } else {
        format!("{class} Not measured: {}.", differs.join(", "))
    }
}

/// What no measured run near a scenario had.
#[must_use]
pub const fn difference(difference: Difference) -> &'static str {
    match difference {
        Difference::OwnChip => "a chip of your own",
        Difference::OwnModel => "a model outside the catalogue",
        Difference::Model => "this model there",
        Difference::Engine => "this engine",
        Difference::Format => "this number format",
        Difference::Cache => "this KV cache format",
        Difference::Mixed => "unlike chips together",
        Difference::Split => "this split into pools",
        Difference::Unpublished => "such a split, or speculation",
        Difference::Acceptance => "your acceptance",
        Difference::Load => "lengths, load or ranks so far off",
        Difference::Context => "a context beyond the model's window",
        Difference::Hits => "prefix-cache hits",
        Difference::Lengths => "lengths that scatter so",
        Difference::Arrivals => "arrivals that bunch",
        Difference::Pauses => "pauses of users",
        Difference::Flags => "your engine flags",
        Difference::Experting => "your overlap or redundant experts",
        Difference::Link => "your link between pools",
        Difference::Cap => "a power cap",
    }
}

/// The letter of a pinned scenario or of a contender: A, B, C and so on.
#[must_use]
pub fn letter(contender: usize) -> char {
    u8::try_from(contender).ok().filter(|own| *own < 26).map_or('*', |own| char::from(b'A' + own))
}

/// A split, as a menu names it.
#[must_use]
pub const fn split(kind: SplitKind) -> &'static str {
    match kind {
        SplitKind::Colocated => "One pool",
        SplitKind::Pd => "Prefill + decode",
        SplitKind::Afd => "Attention + FFN",
        SplitKind::Draft => "Draft + verify",
        SplitKind::PdAfd => "P/D with attention + FFN",
        SplitKind::PdDraft => "P/D with draft + verify",
    }
}

/// The role of a pool, as a heading.
#[must_use]
pub const fn role(role: Role) -> &'static str {
    match role {
        Role::Colocated => "Pool",
        Role::Prefill => "Prefill",
        Role::Decode => "Decode",
        Role::Attention => "Attention",
        Role::Ffn => "FFN",
        Role::Draft => "Draft",
        Role::Verify => "Verify",
    }
}

/// What the pool of a role is called where its chips stand: one that does everything has all of them.
#[must_use]
pub const fn pool(of: Role) -> &'static str {
    match of {
        Role::Colocated => "All chips",
        _ => role(of),
    }
}

/// The layout in short: `TP8 × DP4, EP32`.
#[must_use]
pub fn layout(layout: &Layout, experts: bool) -> String {
    let Layout { tp, pp, dp, etp, ep, pcp, dcp } = *layout;
    let mut text = format!("TP{tp}");
    for (name, degree) in [("PP", pp), ("DP", dp), ("PCP", pcp)] {
        if degree > 1 {
            text.push_str(&format!(" × {name}{degree}"));
        }
    }
    let (etp, ep) = if experts { (etp, ep) } else { (1, 1) };
    for (name, degree) in [("ETP", etp), ("EP", ep), ("DCP", dcp)] {
        if degree > 1 {
            text.push_str(&format!(", {name}{degree}"));
        }
    }
    text
}

/// The chip's name without what its data sheet adds in brackets; the identifier where the catalogue has no such chip.
#[must_use]
pub fn chip(id: &str) -> &str {
    catalog::chip(id).map_or(id, Chip::short_name)
}

/// So many chips of a kind: `1,664 × H100 SXM`.
#[must_use]
pub fn chips(count: u32, id: &str) -> String {
    format!("{} × {}", Unit::Count.format(f64::from(count)), chip(id))
}

/// The model's name; the identifier where the catalogue has no such model.
#[must_use]
pub fn model(id: &str) -> String {
    match catalog::model(id) {
        Some(model) => model.name.clone().into_owned(),
        None => catalog::parse_family_id(id).map_or_else(|_| id.to_owned(), |model| model.name.into_owned()),
    }
}

/// Why a cost is absent.
#[must_use]
pub fn unpriced(unpriced: &Unpriced) -> String {
    unpriced.reason(chip(&unpriced.chip))
}

/// What runs while tokens travel to their experts, after "overlap".
#[must_use]
pub const fn overlap(own: Overlap) -> &'static str {
    match own {
        Overlap::Auto | Overlap::None => "none",
        Overlap::Sbo => "sbo (shared experts)",
        Overlap::Tbo => "tbo (two batches in turns)",
        Overlap::Fused => "fused (routed experts)",
    }
}

/// A warning in a sentence.
#[must_use]
pub fn warning(warning: &Warning) -> String {
    match warning {
        Warning::KvLimited { role, fits, wanted } if *fits < 2.0 => format!(
            "The KV cache of one sequence fits into a replica of the {role}; {} are wanted, so some users wait.",
            Unit::Count.format(libm::ceil(*wanted)),
        ),
        Warning::KvLimited { role, fits, wanted } => format!(
            "The KV cache of {} sequences fits into a replica of the {role}; {} are wanted, so some users wait.",
            Unit::Count.format(libm::floor(*fits)),
            Unit::Count.format(libm::ceil(*wanted)),
        ),
        Warning::SequencesLimited { role, most, wanted } => format!(
            "A step of a replica of the {role} takes {} sequences (max-seqs); {} are wanted, so some users wait.",
            Unit::Count.format(*most),
            Unit::Count.format(libm::ceil(*wanted)),
        ),
        Warning::BeyondContext { max_context } => {
            format!(
                "Input and output exceed the model's context of {} tokens.",
                Unit::Tokens.format(max_context.get())
            )
        }
        Warning::IdleChips { role, chips: 1 } => {
            format!("1 chip of the {role} completes no replica and stays idle.")
        }
        Warning::IdleChips { role, chips } => {
            format!("{chips} chips of the {role} complete no replica and stay idle.")
        }
        Warning::Unmeasured => {
            "No served run of such a split, or of speculation on it, is published: the figures are a \
                                projection from its parts."
                .to_owned()
        }
        Warning::Unbalanced { role, idle } => format!(
            "The {role} waits for the other pool {} of the time.",
            Unit::Percent.format_with(*idle, Precision::SHORT)
        ),
        Warning::NoSharedDomain => {
            "Unlike chips, and pools larger than one scale-up domain, share no such link: they \
                                    meet over the network."
                .to_owned()
        }
        Warning::NotShipping { chip: id } => {
            format!("{} has not been delivered to anyone: the figures are a projection.", chip(id))
        }
        Warning::CapNotKept { chip: id, least } => {
            let share = Unit::Percent.format_with(*least, Precision::SHORT);
            format!("{} does not go below {share} of its power: the cap counts as that.", chip(id))
        }
        Warning::KvOutside { chip: id, share } => {
            let kind =
                catalog::chip(id).and_then(|own| own.memory.as_ref()).map_or("memory", |own| &own.kind);
            format!(
                "The SRAM of {} is full: {} of the KV cache lies in its {kind}, which is far slower.",
                chip(id),
                Unit::Percent.format_with(*share, Precision::SHORT),
            )
        }
        Warning::AssumedRate { chip: id } => format!(
            "{} has no published rate for part of the arithmetic; it is assumed from that of another number format.",
            chip(id)
        ),
        Warning::UnstatedSpeculation { chip: id, twice } => format!(
            "The speed of {} follows public services and statements that don't say whether they speculate{}.",
            chip(id),
            if *twice { ": the speculation asked for may count twice" } else { "" },
        ),
        Warning::EmulatedFormat { chip: id, format, unit } => {
            let bits = if format.weight_bytes(0) < 1.0 { 4 } else { 8 };
            let unit = match unit {
                ComputeType::Bf16 => "16".to_owned(),
                own => own.id().to_owned(),
            };
            format!(
                "{} has no unit for {}: such weights are read in {bits} bits and multiplied in {unit}.",
                chip(id),
                format.id()
            )
        }
        Warning::NoSuchEngine { chip: id, engine, others } => no_engine(id, *engine, others),
        Warning::NoContextParallel { engine, prompts } => {
            let (way, degree) = if *prompts { ("prefill", "pcp") } else { ("decode", "dcp") };
            format!(
                "{} has no {way} context parallelism ({degree}). The figures are those of vLLM's way with its kernels.",
                engine.name(),
            )
        }
        Warning::OneMessage { tokens } => format!(
            "Messages hold {} tokens (stream-interval), answers no more: text comes at once, and TPOT is no measure of it.",
            Unit::Count.format(*tokens),
        ),
        Warning::NoHead { model: id } => format!(
            "{} is released without a prediction head: one like its last layer is assumed, with the acceptance of others.",
            model(id)
        ),
    }
}

/// That an engine has no kernels for a chip, who has, and what the figures are then.
fn no_engine(id: &str, engine: Engine, others: &[Engine]) -> String {
    let names: Vec<&str> = others.iter().map(|own| own.name()).collect();
    let instead = match names.as_slice() {
        [] => "none of those known here does".to_owned(),
        [only] => format!("{only} does"),
        [first @ .., last] => format!("{} and {last} do", first.join(", ")),
    };
    // The default where it runs, else the one that is made for these chips: makers' own stand last in menus.
    let best = others.iter().find(|own| **own == Engine::Vllm).or(others.last());
    let offer = best.map_or_else(String::new, |own| format!(" (engine={})", own.id()));
    format!(
        "{} does not run on {}; {instead}{offer}. The figures are those of its scheduler before the kernels of that family.",
        engine.name(),
        chip(id),
    )
}

/// A refusal in a sentence that says what to change.
#[must_use]
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::DoesNotFit { role, chip: id, needs, has, more_chips } => {
            // What the engine leaves unused counts among what a replica takes.
            let share =
                if needs.get() <= has.get() * 1.08 { " A larger share (memory=) may do." } else { "" };
            let (needs, has) = (Unit::Bytes.format(needs.get()), Unit::Bytes.format(has.get()));
            let just = if needs == has { "just over " } else { "" };
            let change = match more_chips {
                Some(1) => "It needs 1 more chip.".to_owned(),
                Some(more) => format!("It needs {more} more chips."),
                None => "No number of chips holds it with this layout.".to_owned(),
            };
            format!(
                "Does not fit: one replica takes {just}{needs}, the engine's own part included, and has {has} on {} in the \
                 {role}. {change}{share}",
                chip(id)
            )
        }
        Refusal::TooFewChips { role, needs, has } => {
            let more = needs.saturating_sub(*has);
            let noun = if more == 1 { "chip" } else { "chips" };
            format!(
                "Does not fit: one replica takes {needs} chips and the {role} has {has}. It needs {more} more {noun}."
            )
        }
        Refusal::BadLayout { role, layout, reason } => {
            format!("The layout {} of the {role} {reason}.", notation::write_layout(layout))
        }
        Refusal::NoUnit { chip: id, compute } => {
            let compute = match compute {
                ComputeType::Bf16 => "16-bit",
                ComputeType::Fp8 => "8-bit float",
                ComputeType::Int8 => "8-bit integer",
                ComputeType::Fp4 => "4-bit float",
            };
            format!(
                "{} has no published rate for {compute} arithmetic. Choose another number format.",
                chip(id)
            )
        }
        Refusal::MissingFigure { chip: id, figure } => format!("{} has no published {figure}.", chip(id)),
        Refusal::Invalid { .. } | Refusal::UnknownModel { .. } | Refusal::UnknownChip { .. } => {
            let sentence = capital(refusal.to_string());
            if sentence.ends_with(['.', '?']) { sentence } else { format!("{sentence}.") }
        }
    }
}
