//! The operations of a scenario under the roofs of its chips.
//!
//! Each pool shows its typical step, and a pool that also reads prompts shows that pass too. What binds an operation has
//! its own colour, that of the bars, and symbol; peaks and bandwidths are those of the data sheets, so the distance to a roof is what the
//! kernels lose. What does no arithmetic has no place in the picture, but stands in the table.

use super::latency::paint;
use crate::catalog::{Chip, ComputeType};
use crate::chart::describe::{Cell, Table};
use crate::chart::model::{Marker, Paint};
use crate::chart::roofline::{Group, Op as Dot, Roof, Roofline};
use crate::machine::constants;
use crate::pass::Op;
use crate::report::words;
use crate::scenario::{Role, Scenario};
use crate::serve::{Binding, Deployment, MemoryKind, Models, Resource, Side, Steady, op_binding};
use crate::units::format::{ABSENT, Precision, Unit};

/// The operations of one pass of one pool.
struct Pass<'a> {
    /// `Decode step`.
    name: String,
    chip: &'a Chip,
    kind: MemoryKind,
    /// Chips that work on one operation at a time, whose figures the operations add up.
    width: f64,
    ops: Vec<Op>,
}

/// The picture, and its figures as a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worked {
    /// Roofs and operations.
    pub roofline: Roofline,
    /// Every operation, also those without arithmetic.
    pub table: Table,
    /// Why prefill and decode take their time.
    pub why: String,
}

impl Worked {
    /// The picture in a sentence: why the phases take their time.
    #[must_use]
    pub fn summary(&self) -> String {
        format!("{}. {}", self.roofline.title, self.why)
    }
}

/// The operations of a scenario under the roofs of its chips; empty where the scenario has no answer.
#[must_use]
pub fn roofline(scenario: &Scenario, steady: &Steady) -> Worked {
    let Ok(models) = Models::of(scenario) else { return Worked::default() };
    let Ok(deployment) = Deployment::new(scenario, constants(), &models) else { return Worked::default() };
    let passes = passes(&deployment, steady);
    let numerics = deployment.numerics;
    let mut worked = Worked {
        why: words::phases(steady),
        roofline: Roofline {
            title: "Operations under the roofs of their chips".to_owned(),
            ..Roofline::default()
        },
        table: Table {
            caption: "Operations of each pass, on one chip".to_owned(),
            headers: ["Pass", "Operation", "Time", "Share", "Intensity", "Rate", "Reaches", "Limit"]
                .map(str::to_owned)
                .to_vec(),
            rows: Vec::new(),
        },
    };
    for (index, pass) in passes.iter().enumerate() {
        let all: f64 = pass.ops.iter().map(|op| op.time.get()).sum();
        for op in &pass.ops {
            let Some(roof) = roof_of(&mut worked.roofline, pass, op.unit.unwrap_or(op.kind.unit(numerics)))
            else {
                continue;
            };
            let limit = op_binding(op);
            let memory = !op.kind.is_exchange();
            let dot = Dot {
                label: words::op(op.kind).to_owned(),
                paint: paint(limit),
                flops: op.flops.get() / pass.width,
                bytes: if memory { op.bytes.get() / pass.width } else { 0.0 },
                seconds: op.time.get(),
                roof,
                group: Some(Group {
                    label: format!("{}: {}", pass.name, words::binding(limit)),
                    marker: marker(limit, index),
                }),
            };
            worked.table.rows.push(row(&worked.roofline, pass, &dot, limit, all));
            // What has no place must not stand in the legend either.
            if dot.flops > 0.0 && dot.bytes > 0.0 {
                worked.roofline.ops.push(dot);
            }
        }
    }
    worked
}

/// What each pool does, in the order of the answer.
fn passes<'a>(deployment: &'a Deployment<'a>, steady: &Steady) -> Vec<Pass<'a>> {
    let mut passes = Vec::new();
    for state in &steady.pools {
        let Some(side) = deployment.side(state.role) else { continue };
        let name = match state.role {
            Role::Prefill => "Prefill pass",
            Role::Colocated | Role::Decode => "Decode step",
            Role::Attention => "Attention step",
            Role::Ffn => "FFN step",
            Role::Draft => "Draft step",
            Role::Verify => "Verify step",
        };
        let mut pass = pass_of(side, name, state.ops.clone());
        pass.kind = state.memory.kind;
        passes.push(pass);
    }
    if deployment.prefill.is_none() {
        let lengths = deployment.lengths;
        let half = &deployment.decode;
        let readers = [Some(&half.holder), half.partner.as_ref().map(|own| &own.side)];
        for side in readers.into_iter().flatten() {
            let ops = side.settled.replica.prefill_ops(lengths.new, lengths.past);
            let name = match side.role {
                Role::Attention => "Prefill, attention",
                Role::Ffn => "Prefill, FFN",
                _ => "Prefill pass",
            };
            passes.push(pass_of(side, name, ops));
        }
    }
    passes
}

fn pass_of<'a>(side: &Side<'a>, name: &str, ops: Vec<Op>) -> Pass<'a> {
    // A pipeline of stages adds up what all chips of a stage do at a time.
    let replica = &side.settled.replica;
    let width = replica.pipeline().map_or(1.0, |own| f64::from(own.layout().tp.max(1)));
    let kind = replica.memory(0.0, crate::units::Tokens::new(1.0)).kind;
    Pass { name: name.to_owned(), chip: side.chip, kind, width, ops }
}

/// The roof that an operation in this unit works under, by its index; made when first asked for.
fn roof_of(roofline: &mut Roofline, pass: &Pass<'_>, unit: ComputeType) -> Option<usize> {
    let rate = pass.chip.rate(unit)?;
    let bandwidth = match pass.kind {
        MemoryKind::Main => pass.chip.memory.as_ref()?.bandwidth,
        MemoryKind::Sram => pass.chip.sram.as_ref()?.bandwidth?,
    };
    let label = format!("{} {}", words::chip(pass.chip.id.as_ref()), name_of(rate.unit));
    let known = roofline.roofs.iter().position(|own| own.label == label);
    Some(known.unwrap_or_else(|| {
        roofline.roofs.push(Roof {
            label,
            paint: Paint::Ink,
            peak: rate.peak.get(),
            bandwidth: bandwidth.get(),
        });
        roofline.roofs.len() - 1
    }))
}

const fn name_of(unit: ComputeType) -> &'static str {
    match unit {
        ComputeType::Bf16 => "BF16",
        ComputeType::Fp8 => "FP8",
        ComputeType::Int8 => "INT8",
        ComputeType::Fp4 => "FP4",
    }
}

/// Each limit has a symbol for the first pass and another for those after it.
const fn marker(limit: Binding, pass: usize) -> Marker {
    match (limit.resource(), pass) {
        (Resource::MemoryBandwidth, 0) => Marker::Disc,
        (Resource::MemoryBandwidth, _) => Marker::Ring,
        (Resource::Compute, 0) => Marker::Triangle,
        (Resource::Compute, _) => Marker::Wedge,
        (_, 0) => Marker::Diamond,
        _ => Marker::Cross,
    }
}

fn row(roofline: &Roofline, pass: &Pass<'_>, dot: &Dot, limit: Binding, all: f64) -> Vec<Cell> {
    let share = |value: f64| Unit::Percent.format_with(value, Precision::SHORT);
    let (intensity, rate) = (dot.flops / dot.bytes, dot.flops / dot.seconds);
    let placed = intensity.is_finite() && intensity > 0.0;
    let roof = roofline.roofs.get(dot.roof).map_or(f64::NAN, |roof| roof.reach(intensity));
    let words = |text: String| Cell::words(if placed { text } else { ABSENT.to_owned() });
    vec![
        Cell::words(format!("{}, {}", pass.name, words::chip(pass.chip.id.as_ref()))),
        Cell::words(dot.label.clone()),
        Cell::new(Unit::Seconds, dot.seconds),
        Cell::words(share(dot.seconds / all)),
        words(Unit::FlopsPerByte.format(intensity)),
        words(Unit::FlopsPerSecond.format(rate)),
        words(format!("{} of the roof", share(rate / roof))),
        Cell::words(words::binding(limit)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::scenario::link;

    fn worked(text: &str) -> Worked {
        let scenario = link::parse(text).scenario;
        let evaluation = evaluate(&scenario).unwrap();
        roofline(&scenario, &evaluation.steady)
    }

    #[test]
    fn no_operation_is_above_its_roof() {
        for text in [
            "v1",
            "v1&model=llama3-8b&pool=h200*1&concurrency=1",
            "v1&model=deepseek-v3&attention=h200*32&ffn=h200*32",
            "v1&model=llama3.1-70b&pool=groq3-lp30*2048",
        ] {
            let Worked { roofline, table, .. } = worked(text);
            assert!(!roofline.ops.is_empty() && table.rows.len() >= roofline.ops.len(), "{text}");
            for op in &roofline.ops {
                let intensity = op.flops / op.bytes;
                if intensity.is_finite() && intensity > 0.0 {
                    let reach = roofline.roofs[op.roof].reach(intensity);
                    let rate = op.flops / op.seconds;
                    assert!(rate <= reach * 1.001, "{text}: {} at {rate:e} of {reach:e}", op.label);
                }
            }
        }
    }

    #[test]
    fn a_single_user_waits_for_memory_and_a_prompt_for_arithmetic() {
        let Worked { roofline, .. } = worked("v1&model=llama3-8b&pool=h200*1&concurrency=1&isl=8k");
        let find = |group: &str, label: &str| {
            let of = |op: &&Dot| op.group.as_ref().is_some_and(|own| own.label.starts_with(group));
            roofline.ops.iter().filter(of).find(|op| op.label == label).unwrap()
        };
        // One token: two operations for each weight of one byte (FP8) or two.
        let decode = find("Decode step", "Feed-forward");
        let intensity = decode.flops / decode.bytes;
        assert!((0.9..2.2).contains(&intensity), "{intensity}");
        assert_eq!(decode.group.as_ref().unwrap().label, "Decode step: memory-bandwidth-bound (weights)");
        let prefill = find("Prefill pass", "Feed-forward");
        assert_eq!(prefill.group.as_ref().unwrap().label, "Prefill pass: compute-bound");
        assert!(prefill.flops / prefill.bytes > 500.0);
    }

    #[test]
    fn pools_of_unlike_chips_have_roofs_of_their_own() {
        let Worked { roofline, .. } = worked("v1&model=deepseek-v3&prefill=b200*16&decode=h200*32");
        let has = |name: &str| roofline.roofs.iter().any(|roof| roof.label.contains(name));
        assert!(has("B200") && has("H200"));
    }
}
