//! What fills the memory of each chip, pool by pool.

use crate::chart::model::{Bar, BarScale, Bars, Paint, Segment, Tint};
use crate::report::room::room_of;
use crate::report::words;
use crate::serve::{MemoryKind, PoolState, Steady};
use crate::units::format::Unit;

/// The memory of one chip of each pool as a bar that is as long as its capacity.
#[must_use]
pub fn memory(steady: &Steady) -> Bars {
    Bars {
        title: "Memory of one chip of each pool".to_owned(),
        unit: Unit::Bytes,
        bars: steady.pools.iter().map(|pool| bar(pool, steady)).collect(),
        scale: BarScale::Own,
    }
}

fn bar(pool: &PoolState, steady: &Steady) -> Bar {
    let own = pool.memory;
    let taken = own.weights + own.kv + own.overhead;
    let kind = match own.kind {
        MemoryKind::Main => "",
        MemoryKind::Sram => " SRAM",
    };
    let part = |id: &str, label: &str, bytes: f64, paint: Paint| Segment::new(id, label, bytes, paint);
    let outside = own.kv_outside.get();
    let outside =
        (outside > 0.0).then(|| format!("{} more lie in the main memory", Unit::Bytes.format(outside)));
    let note = [room_of(pool, steady), outside];
    let note: Vec<String> = note.into_iter().flatten().collect();
    let kv = Segment {
        note: (!note.is_empty()).then(|| note.join("; ")),
        ..part("kv", "KV cache", own.kv.get(), Paint::Tint(Tint::Attention))
    };
    Bar {
        label: format!("{}, {}{kind}", words::role(pool.role), words::chip(&pool.chip)),
        segments: vec![
            part("weights", "Weights", own.weights.get(), Paint::Tint(Tint::Ffn)),
            kv,
            part("overhead", "Overhead", own.overhead.get(), Paint::Tint(Tint::Link)),
            part("free", "Free", (own.capacity - taken).get().max(0.0), Paint::Faint),
        ],
        limit: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::report::room::room;
    use crate::scenario::link;

    fn steady(text: &str) -> Steady {
        evaluate(&link::parse(text).scenario).unwrap().steady
    }

    #[test]
    fn the_parts_fill_the_chip() {
        for text in [
            "v1",
            "v1&model=llama3-8b&pool=h200*1&concurrency=4",
            "v1&model=llama3.1-70b&pool=groq3-lp30*2048",
        ] {
            let steady = steady(text);
            let bars = memory(&steady);
            assert_eq!(bars.bars.len(), steady.pools.len());
            for (bar, pool) in bars.bars.iter().zip(&steady.pools) {
                let capacity = pool.memory.capacity.get();
                assert!((bar.total() / capacity - 1.0).abs() < 1e-9, "{text}: {} of {capacity}", bar.total());
            }
        }
    }

    #[test]
    fn what_fits_at_most_by_hand() {
        // Llama 3 8B: 32 layers, 8 KV heads of 128, K and V: 131072 bytes a token in BF16, half of that in FP8.
        let steady = steady("v1&model=llama3-8b&pool=h200*1&concurrency=4&isl=4k&osl=2&weights=bf16&kv=bf16");
        let own = steady.pools[0].memory;
        let free = own.capacity - own.weights - own.overhead;
        let tokens = free.get() / 131_072.0;
        assert!((own.kv_capacity.get() / tokens - 1.0).abs() < 0.01, "{} of {tokens}", own.kv_capacity.get());
        let words = room(&steady).join("");
        assert!(words.contains("sequences of 4,097 tokens fit") && words.contains("in decode"), "{words}");
    }
}
