//! What limits a deployment: the station without slack, else what takes most of a request's time.

use super::account::op_binding;
use super::first_token::FirstToken;
use super::outcome::{Binding, Transfer};
use super::station::Operating;
use crate::pass::Op;
use crate::units::Seconds;

/// The station that has no slack left, if any.
#[must_use]
pub(super) fn scarce_station(prefill: f64, decode: f64, transfer: &Transfer) -> Option<Binding> {
    let loads =
        [(prefill, Binding::Prefill), (decode, Binding::Decode), (transfer.utilisation, Binding::Link)];
    let (load, binding) =
        loads.into_iter().fold((0.0, Binding::Decode), |most, own| if own.0 > most.0 { own } else { most });
    (load > 0.9).then_some(binding)
}

/// What takes most of a request's time, from first to last token: so many steps, whose shares are given, for so many
/// tokens.
#[must_use]
pub fn binding(
    first: &FirstToken,
    operating: &Operating,
    (steps, tokens): (f64, f64),
    prefill_ops: &[Op],
    step: &[(Binding, Seconds)],
    transfer: Option<&Transfer>,
) -> Binding {
    let mut shares: Vec<(Binding, Seconds)> = Vec::with_capacity(16);
    let mut add = |binding: Binding, time: Seconds| match shares.iter_mut().find(|own| own.0 == binding) {
        Some(own) => own.1 += time,
        None => shares.push((binding, time)),
    };
    add(Binding::Capacity, first.room);
    add(Binding::Queue, first.queue);
    add(Binding::LatencyFloor, first.request + first.step);
    add(Binding::Link, transfer.map_or(Seconds::ZERO, |own| own.exposed));
    for op in prefill_ops {
        add(op_binding(op.kind, op.limit), op.exposed());
    }
    let mut of_step = Seconds::ZERO;
    for (binding, time) in step {
        add(*binding, *time * steps);
        of_step += *time;
    }
    add(Binding::Prefill, (operating.tpot * tokens - of_step * steps).max(Seconds::ZERO));
    shares
        .into_iter()
        .fold((Binding::LatencyFloor, Seconds::ZERO), |most, own| if own.1 > most.1 { own } else { most })
        .0
}
