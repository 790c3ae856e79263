//! Where the operations of a pass go: into a sum when only the time matters, into a list when a person asks why.

use super::op::{Op, OpKind};
use crate::machine::{Bound, Kernel, Limit, Work};
use crate::units::{Bytes, Flops, Seconds};

/// Receives the operations of a pass one kind at a time.
pub trait Sink {
    /// Takes `op`, whose figures stand for all its repetitions together.
    fn take(&mut self, op: Op);

    /// Takes equal repetitions of a kernel.
    fn kernel(&mut self, kind: OpKind, count: u32, law: &Kernel, work: &Work) {
        self.take(repeated(kind, count, work.flops(), work.bytes, law.time(work)));
    }
    /// Takes note that exchanges keep the processors of the chip from other work for so long.
    fn held(&mut self, _: Seconds) {}
}

/// Only the time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Time(pub Seconds);

impl Sink for Time {
    fn take(&mut self, op: Op) {
        self.0 += op.exposed();
    }

    /// The time alone, without what binds it.
    fn kernel(&mut self, _: OpKind, count: u32, law: &Kernel, work: &Work) {
        self.0 += law.seconds(work) * f64::from(count);
    }
}

/// One entry per kind of operation and side of the ridge, in the order of first appearance.
#[derive(Clone, Debug, Default)]
pub struct Breakdown(pub Vec<Op>);

impl Sink for Breakdown {
    fn take(&mut self, op: Op) {
        if op.time.get() <= 0.0 {
            return;
        }
        // What is nothing but latency has no side.
        let alike = |own: &Op| own.side == op.side || own.side == Limit::Latency || op.side == Limit::Latency;
        match self.0.iter_mut().find(|own| own.kind == op.kind && alike(own)) {
            Some(own) => {
                if own.side == Limit::Latency {
                    own.side = op.side;
                }
                own.unit = own.unit.or(op.unit);
                // The larger share of the time says what binds the kind.
                if op.time > own.time {
                    own.limit = op.limit;
                }
                own.count += op.count;
                own.flops += op.flops;
                own.bytes += op.bytes;
                own.time += op.time;
                own.roof += op.roof;
                own.fixed += op.fixed;
                own.other += op.other;
                own.hidden += op.hidden;
            }
            None => self.0.push(op),
        }
    }
}

/// Shorthand for equal repetitions of one operation.
#[must_use]
pub(super) fn repeated(kind: OpKind, count: u32, flops: Flops, bytes: Bytes, bound: impl Into<Bound>) -> Op {
    let times = f64::from(count);
    let Bound { time, limit, under: roof, fixed, side, other, unit, .. } = bound.into();
    let (flops, bytes) = (flops * times, bytes * times);
    Op {
        kind,
        count,
        flops,
        bytes,
        time: time * times,
        limit,
        roof: roof * times,
        fixed: fixed * times,
        side,
        other: (time - fixed).max(Seconds::ZERO) * (other * times),
        unit,
        hidden: Seconds::ZERO,
        beside: None,
    }
}

/// An operation on a link: bound by latency when the empty message takes most of its time.
#[must_use]
pub(super) fn link_op(kind: OpKind, count: u32, bytes: Bytes, time: Seconds, floor: Seconds) -> Op {
    let limit = if floor > time * 0.5 { Limit::Latency } else { Limit::Link };
    let fixed = floor.min(time);
    let bound = Bound { limit, under: time - fixed, fixed, ..(time, Limit::Link).into() };
    repeated(kind, count, Flops::ZERO, bytes, bound)
}
