//! Chips and models of one's own, as a link spells them.
//!
//! A chip is its name and its figures, `my-npu:bf16=500:fp8=1000:mem=96:bw=4000:up=400x8:out=50:w=700:usd=2.5`:
//! TFLOPS, GB, GB/s, `up` with the chips of the domain, watts and dollars per hour. Only `bf16`, `mem` and `bw` must be
//! there, and units may be written.
//!
//! A model is its name and its architecture; [`ARCHITECTURE`] explains it.

use crate::catalog::chip::ScaleUp;
use crate::catalog::custom::{self, Architecture, ChipFigures};
use crate::catalog::model::{Attention, AttentionLayers, Ffn, FfnLayers, Indexer};
use crate::catalog::{Chip, Model, NumberFormat, bounds};
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
| `gqa=HEADSxKVxWIDTH[xVALUES]*N` | grouped attention; `/w4096` window, `/kv` one tensor for both, `/gate` output gate, `/i64x128x2048` indexer (heads, width, positions) |
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
pub(super) const MODEL_EXAMPLE: &str = "my-model:h=4096:v=128256:gqa=32x8x128*32:ffn=14336*32";
/// Longest context of a model that does not say.
const CONTEXT: f64 = 131_072.0;
/// Matrices of a gated feed-forward layer.
const GATED: u32 = 3;
/// More parts than a chip or model has.
const MOST_PARTS: usize = 200;

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
    let (name, parts) = parts(text);
    let name = custom::chip_name(name).map_err(|error| wrong(error.to_string()))?;
    if custom.chips.iter().any(|chip| chip.id == name) {
        return Err(wrong(format!("a chip called {name} stands before it")));
    }
    if custom.chips.len() >= limits::MOST_CHIPS {
        return Err(wrong(format!("a link brings at most {} chips along", limits::MOST_CHIPS)));
    }
    let mut figures = [None; FIGURES.len()];
    let mut domain = 1;
    for (key, value) in parts {
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
            domain = whole(chips.trim()).ok_or_else(expected)?;
            let range = value::range(&bounds::DOMAIN);
            bounds::DOMAIN
                .admit(f64::from(domain))
                .map_err(|_| wrong(format!("up={value}: the domain is outside {range}")))?;
            figure = bandwidth;
        }
        let (figure, _) =
            value::read(kind, limits, figure).map_err(|problem| within(&key, value, problem))?;
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
    let (name, parts) = parts(text);
    let name = custom::model_name(name).map_err(|error| wrong(error.to_string()))?;
    let (mut hidden, mut vocab, mut layers, mut context, mut tied) = (None, None, None, CONTEXT, false);
    let (mut weights, mut experts) = (NumberFormat::Bf16, None);
    let mut attention: Vec<AttentionLayers> = Vec::new();
    let mut ffn: Vec<FfnLayers> = Vec::new();
    for (key, value) in parts {
        let key = key.to_ascii_lowercase();
        let count = || {
            whole(value)
                .ok_or_else(|| wrong(format!("{key}={value}: expected a whole number such as {key}=4096")))
        };
        let format = || {
            NumberFormat::from_id(&value.to_ascii_lowercase()).ok_or_else(|| {
                let ids = NumberFormat::ALL.map(NumberFormat::id).join(", ");
                wrong(format!("{key}={value}: expected one of {ids}"))
            })
        };
        match key.as_str() {
            "h" => hidden = Some(count()?),
            "v" => vocab = Some(count()?),
            "l" => layers = Some(count()?),
            "ctx" => {
                context = value::read(Kind::Tokens, bounds::CONTEXT, value)
                    .map_err(|problem| within(&key, value, problem))?
                    .0;
            }
            "tied" => tied = true,
            "w" => weights = format()?,
            "e" => experts = Some(format()?),
            _ => match group(&key, value)? {
                Some((count, Layer::Mixing(kind))) => attention.push(AttentionLayers { count, kind }),
                Some((count, Layer::Feeding(kind))) => ffn.push(FfnLayers { count, kind }),
                None => {
                    return Err(wrong(format!(
                        "{key} is no part of a model; they are h, v, l, ctx, tied, w, e, gqa, mla, lin, mamba, csa, \
                         ffn, moe"
                    )));
                }
            },
        }
    }
    let needed = |value: Option<u32>, field: &str, what: &str| {
        value.ok_or_else(|| wrong(format!("{field} is missing, {what}: write such as {MODEL_EXAMPLE}")))
    };
    let hidden = needed(hidden, "h", "the width of the residual stream")?;
    let vocab = needed(vocab, "v", "the vocabulary")?;
    if attention.is_empty() {
        return Err(wrong(format!("no attention is written: write such as {MODEL_EXAMPLE}")));
    }
    let model = Model::custom(
        &name,
        Architecture {
            hidden,
            vocab,
            tied_embeddings: tied,
            max_context: Tokens::new(context),
            layers: layers.unwrap_or_else(|| Model::blocks(&attention, &ffn)),
            attention,
            ffn,
            native_weights: weights,
            native_experts: experts.unwrap_or(weights),
        },
    );
    match model.out_of_range().first() {
        Some(invalid) => Err(wrong(invalid.to_string())),
        None => Ok(model),
    }
}

/// The model as [`read_model`] reads it.
#[must_use]
pub fn write_model(model: &Model) -> String {
    let mut text = format!("{}:h={}:v={}", model.id, model.hidden, model.vocab);
    let mut part = |part: String| {
        text.push(':');
        text.push_str(&part);
    };
    if model.layers != Model::blocks(&model.attention, &model.ffn) {
        part(format!("l={}", model.layers));
    }
    if model.max_context.get() != CONTEXT {
        part(format!("ctx={}", value::write(Kind::Tokens, model.max_context.get())));
    }
    if model.tied_embeddings {
        part("tied".to_owned());
    }
    if model.native_weights != NumberFormat::Bf16 {
        part(format!("w={}", model.native_weights.id()));
    }
    if model.native_experts != model.native_weights {
        part(format!("e={}", model.native_experts.id()));
    }
    for AttentionLayers { count, kind } in model.attention.iter() {
        part(times(mixing(kind), *count));
    }
    for FfnLayers { count, kind } in model.ffn.iter() {
        part(times(feeding(kind), *count));
    }
    text
}

/// One layer of a group.
enum Layer {
    Mixing(Attention),
    Feeding(Ffn),
}

/// Reads a group of equal layers; `None` where the key names no kind of layer.
fn group(key: &str, value: &str) -> Result<Option<(u32, Layer)>, Problem> {
    // Keys that name no layer are told apart first, so that their values are not blamed.
    let dimensions = match key {
        "gqa" => 3..=4,
        "mla" => 5..=5,
        "lin" | "mamba" => 4..=4,
        "csa" => 6..=6,
        "ffn" => 1..=1,
        "moe" => 3..=3,
        _ => return Ok(None),
    };
    let expected =
        |what: &str| wrong(format!("{key}={value}: {what}; a model is written such as {MODEL_EXAMPLE}"));
    let (shape, count) = value.rsplit_once('*').unwrap_or((value, "1"));
    let count = whole(count.trim()).ok_or_else(|| expected("expected a number of layers after *"))?;
    let mut pieces = shape.split('/').map(str::trim);
    let numbers = numbers(pieces.next().unwrap_or_default())
        .filter(|numbers| dimensions.contains(&numbers.len()))
        .ok_or_else(|| expected(&format!("expected {} numbers joined by x", dimensions.start())))?;
    let number = |index: usize| numbers.get(index).copied().unwrap_or_default();
    let mut options = Options::read(pieces).ok_or_else(|| expected("expected options such as /w4096"))?;
    let layer = match key {
        "gqa" => Layer::Mixing(Attention::Grouped {
            heads: number(0),
            kv_heads: number(1),
            head_dim: number(2),
            v_dim: numbers.get(3).copied().unwrap_or(number(2)),
            window: options.take_one("w"),
            shared_kv: options.take("kv", 0).is_some(),
            output_gate: options.take("gate", 0).is_some(),
            indexer: options.take_indexer(),
        }),
        "mla" => Layer::Mixing(Attention::Latent {
            heads: number(0),
            q_rank: options.take_one("q"),
            kv_rank: number(1),
            rope_dim: number(2),
            nope_dim: number(3),
            v_dim: number(4),
            indexer: options.take_indexer(),
        }),
        "lin" => Layer::Mixing(Attention::Linear {
            key_heads: number(0),
            value_heads: number(1),
            key_dim: number(2),
            value_dim: number(3),
            extra_parameters: options.take_one("p").unwrap_or(0),
        }),
        "mamba" => Layer::Mixing(Attention::Mamba {
            heads: number(0),
            head_dim: number(1),
            state: number(2),
            groups: number(3),
        }),
        "csa" => Layer::Mixing(Attention::Compressed {
            heads: number(0),
            head_dim: number(1),
            q_rank: number(2),
            window: number(3),
            out_groups: number(4),
            out_rank: number(5),
            ratio: options.take_one("r"),
            indexer: options.take_indexer(),
        }),
        "ffn" => {
            Layer::Feeding(Ffn::Dense { inter: number(0), matrices: options.take_one("m").unwrap_or(GATED) })
        }
        _ => Layer::Feeding(Ffn::Moe {
            experts: number(0),
            top_k: number(1),
            inter: number(2),
            width: options.take_one("w"),
            shared_inter: options.take_one("s").unwrap_or(0),
            matrices: options.take_one("m").unwrap_or(GATED),
        }),
    };
    match options.0.first() {
        Some((name, _)) => Err(expected(&format!("/{name} means nothing here"))),
        None => Ok(Some((count, layer))),
    }
}

fn mixing(kind: &Attention) -> String {
    match *kind {
        Attention::Grouped { heads, kv_heads, head_dim, v_dim, window, shared_kv, output_gate, indexer } => {
            let mut text = format!("gqa={heads}x{kv_heads}x{head_dim}");
            if v_dim != head_dim {
                text.push_str(&format!("x{v_dim}"));
            }
            text.push_str(&option("w", window));
            text.push_str(if shared_kv { "/kv" } else { "" });
            text.push_str(if output_gate { "/gate" } else { "" });
            text + &index(indexer)
        }
        Attention::Latent { heads, q_rank, kv_rank, rope_dim, nope_dim, v_dim, indexer } => {
            let text = format!("mla={heads}x{kv_rank}x{rope_dim}x{nope_dim}x{v_dim}");
            text + &option("q", q_rank) + &index(indexer)
        }
        Attention::Linear { key_heads, value_heads, key_dim, value_dim, extra_parameters } => {
            let text = format!("lin={key_heads}x{value_heads}x{key_dim}x{value_dim}");
            text + &option("p", Some(extra_parameters).filter(|&extra| extra > 0))
        }
        Attention::Mamba { heads, head_dim, state, groups } => {
            format!("mamba={heads}x{head_dim}x{state}x{groups}")
        }
        Attention::Compressed { heads, head_dim, q_rank, window, ratio, out_groups, out_rank, indexer } => {
            let text = format!("csa={heads}x{head_dim}x{q_rank}x{window}x{out_groups}x{out_rank}");
            text + &option("r", ratio) + &index(indexer)
        }
    }
}

fn feeding(kind: &Ffn) -> String {
    let two = |matrices: u32| option("m", Some(matrices).filter(|&matrices| matrices != GATED));
    match *kind {
        Ffn::Dense { inter, matrices } => format!("ffn={inter}{}", two(matrices)),
        Ffn::Moe { experts, top_k, inter, width, shared_inter, matrices } => {
            let shared = Some(shared_inter).filter(|&shared| shared > 0);
            let text = format!("moe={experts}x{top_k}x{inter}");
            text + &option("w", width) + &option("s", shared) + &two(matrices)
        }
    }
}

fn times(text: String, count: u32) -> String {
    if count == 1 { text } else { format!("{text}*{count}") }
}

fn option(name: &str, value: Option<u32>) -> String {
    value.map_or_else(String::new, |value| format!("/{name}{value}"))
}

fn index(indexer: Option<Indexer>) -> String {
    indexer.map_or_else(String::new, |Indexer { heads, dim, top_k }| format!("/i{heads}x{dim}x{top_k}"))
}

/// What stands behind the dimensions of a layer: names with their numbers.
struct Options<'a>(Vec<(&'a str, Vec<u32>)>);

impl<'a> Options<'a> {
    fn read(pieces: impl Iterator<Item = &'a str>) -> Option<Self> {
        let one = |piece: &'a str| {
            let end = piece.find(|symbol: char| !symbol.is_ascii_alphabetic()).unwrap_or(piece.len());
            let (name, rest) = piece.split_at_checked(end)?;
            let rest = if rest.is_empty() { Vec::new() } else { numbers(rest)? };
            (!name.is_empty()).then_some((name, rest))
        };
        // No layer has more than a handful.
        pieces.take(10).map(one).collect::<Option<_>>().map(Self)
    }

    /// The numbers of an option with just so many.
    fn take(&mut self, name: &str, count: usize) -> Option<Vec<u32>> {
        let found = self.0.iter().position(|(own, rest)| *own == name && rest.len() == count)?;
        Some(self.0.swap_remove(found).1)
    }

    fn take_one(&mut self, name: &str) -> Option<u32> {
        self.take(name, 1)?.first().copied()
    }

    fn take_indexer(&mut self) -> Option<Indexer> {
        match self.take("i", 3)?.as_slice() {
            &[heads, dim, top_k] => Some(Indexer { heads, dim, top_k }),
            _ => None,
        }
    }
}

/// The name, and the keys after it with their values.
fn parts(text: &str) -> (&str, Vec<(&str, &str)>) {
    let mut parts = text.split(':').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let pair = |part| str::split_once(part, '=').unwrap_or((part, ""));
    let pairs = parts.filter(|part| !part.is_empty()).take(MOST_PARTS).map(pair);
    (name, pairs.map(|(key, value)| (key.trim(), value.trim())).collect())
}

/// Whole numbers joined by `x`.
fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split(['x', '×']).take(10).map(|number| whole(number.trim())).collect()
}

/// A whole number written in digits alone.
fn whole(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn wrong(reason: String) -> Problem {
    Problem::Wrong { reason, nearest: Vec::new() }
}

/// The problem of one figure as a problem of the whole.
fn within(key: &str, value: &str, problem: Problem) -> Problem {
    match problem {
        Problem::OutOfRange { invalid } => {
            wrong(format!("{key}={value} is outside {}", value::range(&invalid.limits)))
        }
        Problem::Unreadable { expected, .. } => wrong(format!("{key}={value}: expected {expected}")),
        other => other,
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
