//! Chips and models of one's own, as a link spells them.
//!
//! A chip is its name and its figures, `my-npu:bf16=500:fp8=1000:mem=96:bw=4000:up=400x8:out=50:w=700:usd=2.5`:
//! TFLOPS, GB (or GiB), GB/s, `up` with the chips of the domain, watts and dollars per hour. Only `bf16`, `mem` and `bw` must be
//! there, and units may be written.
//!
//! A model is its name and its architecture; [`ARCHITECTURE`] explains it.

use crate::catalog::chip::ScaleUp;
use crate::catalog::custom::{self, ChipFigures};
use crate::catalog::{Chip, Model, architecture, bounds};
use crate::scenario::{Custom, Limits, limits};
use crate::units::{Bytes, BytesPerSecond, DollarsPerHour, FlopsPerSecond, Tokens, Watts};

use super::problem::Problem;
use super::value::{self, Kind};

/// How a model is written, as Markdown.
pub const ARCHITECTURE: &str = "\
A model is its name and its architecture, `my-model:h=4096:v=128256:gqa=32x8x128*32:ffn=14336*32`. Numbers that
belong together are joined by `x`, what is optional follows after `/`, and `*` says how many layers are so:

| part | means |
|---|---|
| `h=4096`, `v=128256` | width of the residual stream, vocabulary |
| `l=118` | layers, where they are neither pairs of mixing and feeding nor the sum of both |
| `ctx=128k` | longest context; 128k if absent |
| `tied` | the head is the input embedding |
| `w=fp8-block`, `e=mxfp4` | formats of dense and expert weights; bf16 if absent, and experts like the rest |
| `kv=fp8` | format of the KV cache, where the checkpoint carries its scales |
| `gqa=HEADSxKVxWIDTH[xVALUES]*N` | grouped attention; `/w4096` window, `/kv` one projection for both, `/gate` output gate, `/i64x128x2048` indexer (heads, width, positions) |
| `mla=HEADSxRANKxROPExNOPExVALUES*N` | latent attention; `/q1536` query rank, `/i…` indexer |
| `lin=KEYSxVALUESxKEYWIDTHxVALUEWIDTH*N` | linear attention; `/p8552640` further parameters of a layer |
| `mamba=HEADSxWIDTHxSTATExGROUPS*N` | Mamba-2 |
| `csa=HEADSxWIDTHxQRANKxWINDOWxGROUPSxRANK*N` | compressed sparse attention; `/r4` tokens per entry, `/i…` indexer |
| `ffn=WIDTH*N` | dense feed-forward; `/m2` where it has two matrices instead of three |
| `moe=EXPERTSxTOPKxWIDTH*N` | experts; `/s2048` shared width, `/w3584` width the experts work at, `/m2` |
";

/// How a chip is written, for a person who wrote something else.
pub(super) const CHIP_EXAMPLE: &str = "my-npu:bf16=500:fp8=1000:mem=96:bw=4000:up=400x8:out=50:w=700:usd=2.5";
/// How a model is written.
pub(super) use crate::catalog::architecture::EXAMPLE as MODEL_EXAMPLE;

/// The figures of a chip in the order in which they are written.
const FIGURES: [(Limits, Kind); 9] = [
    (bounds::BF16, Kind::Arithmetic),
    (bounds::FP8, Kind::Arithmetic),
    (bounds::FP4, Kind::Arithmetic),
    (bounds::MEMORY, Kind::Memory),
    (bounds::BANDWIDTH, Kind::Traffic),
    (bounds::SCALE_UP, Kind::Traffic),
    (bounds::SCALE_OUT, Kind::Traffic),
    (bounds::POWER, Kind::Power),
    (bounds::PRICE, Kind::Dollars),
];

/// One figure of a chip as a link spells it, in the base of its unit: for `bf16`, a bare 500 is TFLOPS.
///
/// # Errors
/// What is expected in its place, with the range.
pub fn chip_figure(key: &str, text: &str) -> Result<f64, String> {
    let known = FIGURES.into_iter().find(|(limits, _)| limits.field == key);
    let (limits, kind) = known.ok_or_else(|| format!("{key} is no figure of a chip"))?;
    value::read(kind, limits, text).map(|(figure, _)| figure).map_err(|problem| match problem {
        Problem::Unreadable { expected, .. } => format!("expected {expected}"),
        _ => format!("outside {}", value::range(&limits)),
    })
}

/// Takes a chip into what the scenario brings along.
pub(super) fn read_chip(custom: &mut Custom, text: &str) -> Result<(), Problem> {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let name = custom::chip_name(name.trim()).map_err(|error| wrong(error.to_string()))?;
    if custom.chips.iter().any(|chip| chip.id == name) {
        return Err(wrong(format!("a chip called {name} stands before it")));
    }
    if custom.chips.len() >= limits::MOST_CHIPS {
        return Err(wrong(format!("a link brings at most {} chips along", limits::MOST_CHIPS)));
    }
    let mut figures = [None; FIGURES.len()];
    let mut domain = 1;
    for (key, value) in architecture::parts(rest) {
        let key = key.to_ascii_lowercase();
        let known = FIGURES.into_iter().zip(&mut figures).find(|((limits, _), _)| limits.field == key);
        let Some(((limits, kind), slot)) = known else {
            let names = FIGURES.map(|(limits, _)| limits.field).join(", ");
            return Err(wrong(format!("{key} is no figure of a chip; they are {names}")));
        };
        let mut figure = value;
        if key == bounds::SCALE_UP.field {
            let expected =
                || wrong(format!("up={value}: expected bandwidth and chips of the domain such as 400x8"));
            let (bandwidth, chips) = value.rsplit_once(['x', '×']).ok_or_else(expected)?;
            domain = architecture::whole(chips.trim()).ok_or_else(expected)?;
            let range = value::range(&bounds::DOMAIN);
            bounds::DOMAIN
                .admit(f64::from(domain))
                .map_err(|_| wrong(format!("up={value}: the domain is outside {range}")))?;
            figure = bandwidth;
        }
        let (figure, _) = value::read(kind, limits, figure)
            .map_err(|problem| wrong(reason(&key, value, &limits, &problem)))?;
        if slot.replace(figure).is_some() {
            return Err(wrong(format!("{key} is written twice")));
        }
    }
    let [bf16, fp8, fp4, memory, bandwidth, up, out, power, price] = figures;
    let needed = |value: Option<f64>, field: Limits, what: &str| {
        let missing = || wrong(format!("{} is missing, {what}: write such as {CHIP_EXAMPLE}", field.field));
        value.ok_or_else(missing)
    };
    let figures = ChipFigures {
        bf16: FlopsPerSecond::new(needed(bf16, bounds::BF16, "the 16-bit peak in TFLOPS")?),
        fp8: fp8.map(FlopsPerSecond::new),
        fp4: fp4.map(FlopsPerSecond::new),
        memory: Bytes::new(needed(memory, bounds::MEMORY, "the memory in GB")?),
        bandwidth: BytesPerSecond::new(needed(bandwidth, bounds::BANDWIDTH, "its bandwidth in GB/s")?),
        scale_up: up.map(|up| ScaleUp { bandwidth: BytesPerSecond::new(up), domain }),
        scale_out: out.map(BytesPerSecond::new),
        power: power.map(Watts::new),
        price: price.map(DollarsPerHour::new),
    };
    custom.chips.push(Chip::custom(&name, &figures));
    Ok(())
}

/// The chip as [`read_chip`] reads it; `None` for one that is not made of such figures.
pub(super) fn write_chip(chip: &Chip) -> Option<String> {
    let ChipFigures { bf16, fp8, fp4, memory, bandwidth, scale_up, scale_out, power, price } =
        chip.figures()?;
    let figures = [
        Some(bf16.get()),
        fp8.map(FlopsPerSecond::get),
        fp4.map(FlopsPerSecond::get),
        Some(memory.get()),
        Some(bandwidth.get()),
        scale_up.map(|up| up.bandwidth.get()),
        scale_out.map(BytesPerSecond::get),
        power.map(Watts::get),
        price.map(DollarsPerHour::get),
    ];
    let mut text = chip.id.clone().into_owned();
    for ((limits, kind), figure) in FIGURES.into_iter().zip(figures) {
        let Some(figure) = figure else { continue };
        text.push_str(&format!(":{}={}", limits.field, value::write(kind, figure)));
        if limits.field == bounds::SCALE_UP.field {
            text.push_str(&format!("x{}", scale_up.map_or(1, |up| up.domain)));
        }
    }
    Some(text)
}

/// Reads a model.
pub fn read_model(text: &str) -> Result<Model, Problem> {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let name = custom::model_name(name.trim()).map_err(|error| wrong(error.to_string()))?;
    let architecture = architecture::read(rest, read_context).map_err(wrong)?;
    let model = Model::custom(&name, architecture);
    match model.out_of_range().first() {
        Some(invalid) => Err(wrong(invalid.to_string())),
        None => Ok(model),
    }
}

/// The model as [`read_model`] reads it.
#[must_use]
pub fn write_model(model: &Model) -> String {
    let context = |tokens: Tokens| value::write(Kind::Tokens, tokens.get());
    format!("{}:{}", model.id, architecture::write(&model.architecture(), context))
}

/// A context as a link spells it, such as `128k`.
fn read_context(text: &str) -> Result<Tokens, String> {
    let read = value::read(Kind::Tokens, bounds::CONTEXT, text);
    read.map(|(tokens, _)| Tokens::new(tokens))
        .map_err(|problem| reason("ctx", text, &bounds::CONTEXT, &problem))
}

fn wrong(reason: String) -> Problem {
    Problem::Wrong { reason, nearest: Vec::new() }
}

/// What is wrong with a number, as a sentence about the whole.
fn reason(key: &str, value: &str, limits: &Limits, problem: &Problem) -> String {
    match problem {
        Problem::Unreadable { expected, .. } => format!("{key}={value}: expected {expected}"),
        _ => format!("{key}={value} is outside {}", value::range(limits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn every_architecture_of_the_catalogue_survives() {
        for model in catalog::models() {
            let own = Model::custom("x", model.architecture());
            let text = write_model(&own);
            assert_eq!(read_model(&text), Ok(own), "{text}");
            assert!(text.len() < 300, "{text}");
            let plain =
                |byte: u8| byte.is_ascii_alphabetic() || byte.is_ascii_digit() || b":=*/.x-".contains(&byte);
            assert!(text.bytes().all(plain), "{text}");
        }
    }

    #[test]
    fn architectures_read_well() {
        let text = |id: &str| {
            let model = catalog::model(id).map(|model| Model::custom("x", model.architecture()));
            model.map(|model| write_model(&model)).unwrap_or_default()
        };
        assert_eq!(text("llama3-8b"), "x:h=4096:v=128256:gqa=32x8x128*32:ffn=14336*32");
        assert_eq!(
            text("gpt-oss-120b"),
            "x:h=2880:v=201088:e=mxfp4:gqa=64x8x64*18:gqa=64x8x64/w128*18:moe=128x4x2880*36"
        );
        assert_eq!(
            text("deepseek-v3.2"),
            "x:h=7168:v=129280:ctx=160k:w=fp8-block:mla=128x512x64x128x128/q1536/i64x128x2048*61:ffn=18432*3:\
             moe=256x8x2048/s2048*58"
        );
    }

    #[test]
    fn chips_survive() {
        let mut custom = Custom::default();
        for text in
            [CHIP_EXAMPLE, "a:bf16=1:mem=1:bw=50", "b:bf16=0.5:fp4=2000:mem=96.5:bw=123.456:w=0.5:usd=0"]
        {
            assert_eq!(read_chip(&mut custom, text), Ok(()));
            assert_eq!(custom.chips.last().and_then(write_chip).as_deref(), Some(text));
        }
        assert_eq!(
            read_chip(&mut custom, "C:BF16=1PFLOPS:mem=0.1TB:bw=4TB/s:w=1kW:usd=$3/h:up=400GB/sx8"),
            Ok(())
        );
        assert_eq!(
            custom.chips.last().and_then(write_chip).as_deref(),
            Some("c:bf16=1000:mem=100:bw=4000:up=400x8:w=1000:usd=3")
        );
    }

    #[test]
    fn mistakes_are_named() {
        let chip = |text: &str| match read_chip(&mut Custom::default(), text) {
            Err(Problem::Wrong { reason, .. }) => reason,
            other => format!("{other:?}"),
        };
        assert!(chip("h200:bf16=1:mem=1:bw=50").contains("stands in the catalogue"));
        assert!(chip(":bf16=1").contains("a name comes first"));
        assert!(chip("x:mem=1:bw=50").contains("bf16 is missing"));
        assert!(chip("x:bf16=0:mem=1:bw=50").contains("bf16=0 is outside 0.1 to 1e6 TFLOPS"));
        assert!(chip("x:bf16=fast").contains("bf16=fast: expected"));
        assert!(chip("x:bf16=1:mem=1e9:bw=50").contains("mem=1e9 is outside 0.1 to 100000 GB"));
        assert!(chip("x:up=400").contains("400x8"));
        assert!(chip("x:up=400x0").contains("1 to 100000 chips"));
        assert!(chip("x:tflops=3").contains("no figure of a chip"));
        assert!(chip("x:mem=1:mem=2").contains("twice"));
        let model = |text: &str| match read_model(text) {
            Err(Problem::Wrong { reason, .. }) => reason,
            other => format!("{other:?}"),
        };
        assert!(model("llama3-8b:h=1").contains("stands in the catalogue"));
        assert!(model("x:v=1:gqa=1x1x1").contains("h is missing"));
        assert!(model("x:h=1:v=1").contains("no attention"));
        assert!(model("x:h=1:v=1:gqa=1x1").contains("expected 3 numbers"));
        assert!(model("x:h=1:v=1:gqa=1x0x1").contains("key-value heads: 0 is outside 1 to 4096"));
        assert!(model("x:h=1:v=1:gqa=1x1x1/z4").contains("/z means nothing here"));
        assert!(model("x:h=1:v=1:moe=8x9x1:gqa=1x1x1").contains("experts per token: 9 is outside 1 to 8"));
        assert!(model("x:h=1:v=1:rnn=4").contains("no part of a model"));
        assert!(model("x:h=1:v=1:gqa=1x1x1*99999").contains("layers: 99999 is outside 1 to 2000"));
        assert!(model("x:h=1:v=1:w=fp9").contains("fp8-block"));
    }
}
