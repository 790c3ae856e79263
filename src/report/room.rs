//! How much KV cache fits, in words.

use super::words;
use crate::serve::{PoolState, Steady};
use crate::units::format::{Precision, Unit};

/// How much KV cache fits, a sentence for each pool that keeps some.
#[must_use]
pub fn room(steady: &Steady) -> Vec<String> {
    steady.pools.iter().filter_map(|pool| room_of(pool, steady)).collect()
}

/// `Decode: a replica has room for 1.2M tokens of KV cache; 143 sequences of 9k tokens fit, 32 are in decode on average.`
#[must_use]
pub fn room_of(pool: &PoolState, steady: &Steady) -> Option<String> {
    let tokens = pool.memory.kv_capacity.get();
    if tokens <= 0.0 {
        return None;
    }
    let each = steady.isl.get() + steady.osl.get() / 2.0;
    let batch = pool.batch.get();
    let now = if batch > 0.0 {
        format!(", {} are in decode on average", Unit::Number.format_with(batch, Precision::SHORT))
    } else {
        String::new()
    };
    Some(format!(
        "{}: a replica has room for {} tokens of KV cache; {} sequences of {} fit{now}.",
        words::role(pool.role),
        Unit::Count.format_with(tokens, Precision::SHORT),
        Unit::Number.format_with(pool.memory.sequences, Precision::SHORT),
        tokens_of(each),
    ))
}

fn tokens_of(tokens: f64) -> String {
    format!("{} tokens", Unit::Tokens.format_with(tokens, Precision::SHORT))
}
