//! What runs while tokens are on their way to their experts and back.
//!
//! With `c` the kernels and `x` the exchanges of a pass, `h` of which keeps the processors of the chip busy (starts, and the
//! share of those that move data with them):
//! - one after the other: `c + x`;
//! - single-batch overlap: the shared experts `s` beside the exchange, `c − s + max(s + h, x)`;
//! - fused kernels: the routed experts `e` beside it, `c − e + max(e, x) + h`;
//! - two-batch overlap: two halves of the batch take turns on processors and links. Of `L` layers with an exchange, each half
//!   needs `c + x` a layer, and the busier of processors (`c + h`) and links (`x`), `p`, lets one pass every `p`:
//!   `(L − 1)·max(c + x, 2p) + c + x + p`. Halves read the weights twice, and a batch of one sequence has none.
//!
//! None takes longer than its own work one after the other, nor less than kernels or exchanges alone; what is chosen by
//! itself takes the fastest, and never longer than one after the other. Source: DeepSeek-V3 report, section 3.4 (2024-12);
//! LMSYS, large-scale expert parallelism (2025-05); dual-batch overlap in vLLM's design documents (2025-10). vLLM and
//! SGLang recommend two batches beyond one node only; TensorRT-LLM has no such mode.

use super::op::{Op, OpKind};
use super::plan::Plan;
use super::shape::Shape;
use super::sink::{Breakdown, Sink, Time};
use crate::catalog::Engine;
use crate::catalog::model::Ffn;
use crate::machine::{Kernel, Work};
use crate::scenario::Overlap;
use crate::units::{Seconds, larger, smaller};

/// Parts of a pass by what may run beside what.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    kernels: Seconds,
    shared: Seconds,
    experts: Seconds,
    exchange: Seconds,
    held: Seconds,
}

impl Parts {
    fn add(&mut self, kind: OpKind, time: Seconds) {
        match kind {
            OpKind::ExpertExchange => self.exchange += time,
            kind => {
                self.kernels += time;
                match kind {
                    OpKind::SharedExperts => self.shared += time,
                    OpKind::Experts => self.experts += time,
                    _ => {}
                }
            }
        }
    }
}

impl Sink for Parts {
    fn take(&mut self, op: Op) {
        self.add(op.kind, op.exposed());
    }

    /// The time alone, without what binds it.
    fn kernel(&mut self, kind: OpKind, count: u32, law: &Kernel, work: &Work) {
        self.add(kind, law.seconds(work) * f64::from(count));
    }

    fn held(&mut self, time: Seconds) {
        self.held += time;
    }
}

/// How a pass runs: one way, the batches it is cut into, their work one after the other, and how long it takes.
#[derive(Clone, Copy, Debug)]
struct Run {
    way: Overlap,
    batches: f64,
    parts: Parts,
    time: Seconds,
}

impl Plan<'_> {
    /// Time of a pass on the chips of one replica, kernels and collectives only.
    #[must_use]
    pub fn time(&self, shape: &Shape) -> Seconds {
        self.memo.time(shape, || self.taken(shape))
    }

    fn taken(&self, shape: &Shape) -> Seconds {
        if !self.exchanges() {
            let mut time = Time::default();
            self.walk(shape, &mut time);
            return time.0;
        }
        self.run(shape).time
    }

    /// The operations of a pass on one chip. What each adds to the pass, without what passes beside others, makes up its time.
    #[must_use]
    pub fn breakdown(&self, shape: &Shape) -> Vec<Op> {
        let mut breakdown = Breakdown(Vec::with_capacity(OpKind::COUNT));
        if !self.exchanges() {
            self.walk(shape, &mut breakdown);
            return breakdown.0;
        }
        let run = self.run(shape);
        self.walk(&part(shape, run.batches), &mut breakdown);
        let mut ops = breakdown.0;
        for op in &mut ops {
            op.flops = op.flops * run.batches;
            op.bytes = op.bytes * run.batches;
            op.time = op.time * run.batches;
            op.hidden = op.hidden * run.batches;
            op.roof = op.roof * run.batches;
            op.fixed = op.fixed * run.batches;
            op.other = op.other * run.batches;
            op.beside = (op.kind == OpKind::ExpertExchange).then_some(run.way);
        }
        run.hide(&mut ops);
        ops
    }

    /// Whether ranks send each other tokens of experts.
    fn exchanges(&self) -> bool {
        self.exchange.is_some() && self.portion.has_attention() && self.portion.has_ffn()
    }

    fn run(&self, shape: &Shape) -> Run {
        let mut parts = Parts::default();
        self.walk(shape, &mut parts);
        let one = |way| {
            let Parts { kernels, shared, experts, exchange, held } = parts;
            let serial = kernels + exchange;
            let time = match way {
                Overlap::Sbo => kernels - shared + exchange.max(shared + held),
                Overlap::Fused => kernels - experts + exchange.max(experts) + held,
                _ => serial,
            };
            Run { way, batches: 1.0, parts, time: time.min(serial) }
        };
        let faster = |own: Run, other: Run| if other.time < own.time { other } else { own };
        match self.experts.overlap {
            Overlap::Tbo => self.two(shape),
            Overlap::Auto => {
                let alone = faster(one(Overlap::None), one(Overlap::Sbo));
                let two = self.is_wide() && self.engine.engine != Engine::Trtllm;
                if two { faster(alone, self.two(shape)) } else { alone }
            }
            own => one(own),
        }
    }

    /// Two halves of the batch in turns; fewer where there are no two sequences to part.
    fn two(&self, shape: &Shape) -> Run {
        let parted = if shape.prompts > 0.0 { shape.tokens() } else { shape.sequences };
        let batches = larger(smaller(parted, 2.0), 1.0);
        let mut parts = Parts::default();
        self.walk(&part(shape, batches), &mut parts);
        let count = |kind: fn(&Ffn) -> bool| {
            let layers = self.model.ffn.iter().filter(|layers| kind(&layers.kind));
            layers.map(|layers| f64::from(layers.count)).sum::<f64>()
        };
        let (all, mixed) = (count(|_| true), count(|kind| matches!(kind, Ffn::Moe { .. })));
        let Parts { kernels, exchange, held, .. } = parts;
        // Layers without an exchange have nothing to run beside.
        let plain = kernels * ((all - mixed) / all);
        let (c, x, h) = ((kernels - plain) / mixed, exchange / mixed, held / mixed);
        let pace = x.max(c + h);
        let layers = (c + x).max(pace * batches) * (mixed - 1.0) + c + x + pace * (batches - 1.0);
        let serial = (kernels + exchange) * batches;
        Run { way: Overlap::Tbo, batches, parts, time: (plain * batches + layers).min(serial) }
    }
}

impl Run {
    /// Marks what passes beside others: of what runs side by side the shorter, in proportion where it is several.
    fn hide(&self, ops: &mut [Op]) {
        let Parts { kernels, shared, experts, exchange, .. } = self.parts;
        let beside = match self.way {
            Overlap::Sbo => shared,
            Overlap::Fused => experts,
            _ => kernels,
        };
        let saved = (kernels + exchange) * self.batches - self.time;
        let links = exchange > beside;
        let whole = beside.min(exchange) * self.batches;
        if whole.get() <= 0.0 {
            return;
        }
        let share = smaller(saved / whole, 1.0);
        for op in ops {
            let runs = match (op.kind, self.way) {
                (OpKind::ExpertExchange, _) => !links,
                (OpKind::SharedExperts, Overlap::Sbo) | (OpKind::Experts, Overlap::Fused) => links,
                (_, Overlap::Sbo | Overlap::Fused) => false,
                _ => links,
            };
            if runs {
                op.hidden += op.exposed() * share;
            }
        }
    }
}

/// One of so many equal parts of the load of a pass.
fn part(shape: &Shape, batches: f64) -> Shape {
    Shape { prompts: shape.prompts / batches, sequences: shape.sequences / batches, ..*shape }
}
