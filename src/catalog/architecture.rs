//! The architecture of a model, and its one notation: own models in links and the catalogue as `build.rs` writes it are
//! both read and written here.
//!
//! Parts follow each other after `:`, `h=4096:v=128256:gqa=32x8x128*32:ffn=14336*32`. A group of equal layers is its kind,
//! its dimensions joined by `x`, options after `/` and the number of its layers after `*`. Links are for ever: what was
//! read once stays readable, and means the same.

use super::model::{Attention, AttentionLayers, Ffn, FfnLayers, Indexer, Model};
use super::number::NumberFormat;
use crate::units::Tokens;

/// How a model is written, for a person who wrote something else.
pub const EXAMPLE: &str = "my-model:h=4096:v=128256:gqa=32x8x128*32:ffn=14336*32";
/// Longest context of a model that does not say.
const CONTEXT: Tokens = Tokens::new(131_072.0);
/// Matrices of a gated feed-forward layer.
const GATED: u32 = 3;
/// More parts than a chip or model has.
const MOST_PARTS: usize = 200;

/// What decides the cost of a pass: a model without its history.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Width of the residual stream.
    pub hidden: u32,
    /// Vocabulary.
    pub vocab: u32,
    /// Whether the output head is the input embedding.
    pub tied_embeddings: bool,
    /// Longest context the checkpoint supports.
    pub max_context: Tokens,
    /// Number of layers (blocks).
    pub layers: u32,
    /// Token-mixing layers.
    pub attention: Vec<AttentionLayers>,
    /// Feed-forward layers.
    pub ffn: Vec<FfnLayers>,
    /// Format of the dense weights.
    pub native_weights: NumberFormat,
    /// Format of the expert weights.
    pub native_experts: NumberFormat,
    /// Format of the KV cache, where the checkpoint carries its scales.
    pub native_kv: Option<NumberFormat>,
}

impl Model {
    /// The architecture alone.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        let own = self.default_release();
        Architecture {
            hidden: self.hidden,
            vocab: self.vocab,
            tied_embeddings: self.tied_embeddings,
            max_context: self.max_context,
            layers: self.layers,
            attention: self.attention.to_vec(),
            ffn: self.ffn.to_vec(),
            native_weights: own.parts.attention,
            native_experts: own.parts.experts,
            native_kv: own.kv,
        }
    }

    /// The layers that mixing and feeding layers come to: as many as there are pairs, or all of them where each is a
    /// block of its own.
    #[must_use]
    pub fn blocks(attention: &[AttentionLayers], ffn: &[FfnLayers]) -> u32 {
        let mixing = attention.iter().fold(0_u32, |sum, group| sum.saturating_add(group.count));
        let feeding = ffn.iter().fold(0_u32, |sum, group| sum.saturating_add(group.count));
        if mixing == feeding { mixing } else { mixing.saturating_add(feeding) }
    }
}

/// Reads an architecture. Contexts are numbers of tokens, in whatever notation `context` takes.
///
/// # Errors
/// What is wrong, in words.
pub fn read(text: &str, context: fn(&str) -> Result<Tokens, String>) -> Result<Architecture, String> {
    let (mut hidden, mut vocab, mut layers, mut max_context, mut tied) = (None, None, None, CONTEXT, false);
    let (mut weights, mut experts, mut cache) = (NumberFormat::Bf16, None, None);
    let mut attention: Vec<AttentionLayers> = Vec::new();
    let mut ffn: Vec<FfnLayers> = Vec::new();
    for (key, value) in parts(text) {
        let key = key.to_ascii_lowercase();
        let count = || {
            whole(value).ok_or_else(|| format!("{key}={value}: expected a whole number such as {key}=4096"))
        };
        let format = || {
            NumberFormat::from_id(&value.to_ascii_lowercase()).ok_or_else(|| {
                let ids = NumberFormat::ALL.map(NumberFormat::id).join(", ");
                format!("{key}={value}: expected one of {ids}")
            })
        };
        match key.as_str() {
            "h" => hidden = Some(count()?),
            "v" => vocab = Some(count()?),
            "l" => layers = Some(count()?),
            "ctx" => max_context = context(value)?,
            "tied" => tied = true,
            "w" => weights = format()?,
            "e" => experts = Some(format()?),
            "kv" => cache = Some(format()?),
            _ => match group(&key, value)? {
                Some((count, Layer::Mixing(kind))) => attention.push(AttentionLayers { count, kind }),
                Some((count, Layer::Feeding(kind))) => ffn.push(FfnLayers { count, kind }),
                None => {
                    return Err(format!(
                        "{key} is no part of a model; they are h, v, l, ctx, tied, w, e, kv, gqa, mla, lin, mamba, csa, \
                         ffn, moe"
                    ));
                }
            },
        }
    }
    let needed = |value: Option<u32>, field: &str, what: &str| {
        value.ok_or_else(|| format!("{field} is missing, {what}: write such as {EXAMPLE}"))
    };
    let hidden = needed(hidden, "h", "the width of the residual stream")?;
    let vocab = needed(vocab, "v", "the vocabulary")?;
    if attention.is_empty() {
        return Err(format!("no attention is written: write such as {EXAMPLE}"));
    }
    Ok(Architecture {
        hidden,
        vocab,
        tied_embeddings: tied,
        max_context,
        layers: layers.unwrap_or_else(|| Model::blocks(&attention, &ffn)),
        attention,
        ffn,
        native_weights: weights,
        native_experts: experts.unwrap_or(weights),
        native_kv: cache,
    })
}

/// The architecture as [`read`] reads it, its context in the notation of `context`.
#[must_use]
pub fn write(architecture: &Architecture, context: fn(Tokens) -> String) -> String {
    let own = architecture;
    let mut text = format!("h={}:v={}", own.hidden, own.vocab);
    let mut part = |part: String| {
        text.push(':');
        text.push_str(&part);
    };
    if own.layers != Model::blocks(&own.attention, &own.ffn) {
        part(format!("l={}", own.layers));
    }
    if own.max_context != CONTEXT {
        part(format!("ctx={}", context(own.max_context)));
    }
    if own.tied_embeddings {
        part("tied".to_owned());
    }
    if own.native_weights != NumberFormat::Bf16 {
        part(format!("w={}", own.native_weights.id()));
    }
    if own.native_experts != own.native_weights {
        part(format!("e={}", own.native_experts.id()));
    }
    if let Some(cache) = own.native_kv {
        part(format!("kv={}", cache.id()));
    }
    for AttentionLayers { count, kind } in &own.attention {
        part(times(mixing(kind), *count));
    }
    for FfnLayers { count, kind } in &own.ffn {
        part(times(feeding(kind), *count));
    }
    text
}

/// The parts of a chip or model with their values, none for those without `=`.
pub fn parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pair = |part| str::split_once(part, '=').unwrap_or((part, ""));
    let parts = text.split(':').map(str::trim).filter(|part| !part.is_empty()).take(MOST_PARTS);
    parts.map(pair).map(|(key, value)| (key.trim(), value.trim()))
}

/// One layer of a group.
enum Layer {
    Mixing(Attention),
    Feeding(Ffn),
}

/// Reads a group of equal layers; `None` where the key names no kind of layer.
fn group(key: &str, value: &str) -> Result<Option<(u32, Layer)>, String> {
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
    let expected = |what: &str| format!("{key}={value}: {what}; a model is written such as {EXAMPLE}");
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

/// Whole numbers joined by `x`.
fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split(['x', '×']).take(10).map(|number| whole(number.trim())).collect()
}

/// A whole number written in digits alone.
pub fn whole(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
