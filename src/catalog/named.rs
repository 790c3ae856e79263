//! Entries by the names that people use: identifiers and aliases in any spelling, identifiers of model hubs, names as
//! drivers print them.
//!
//! A model's name may have an organisation before it (`deepseek-ai/`), a revision behind it (`@main`), words of
//! instruction tuning in it, and behind it a date of release and the format of a quantised checkpoint, which the name then
//! states too. A chip's name may have its vendor before it and its memory behind it, which must agree with the chip's.
//!
//! None of this is a guess: what is left of a name must be an identifier or an alias as a file lists it. A name that could
//! stand for several entries stands for none.

use super::chip::Chip;
use super::lookup;
use super::model::Model;
use super::number::NumberFormat;
use super::spelling;
use super::table::{all_chips, all_models};

/// What the name of a model says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelName {
    /// The model.
    pub model: &'static Model,
    /// The format of its weights, where the name states one.
    pub format: Option<NumberFormat>,
    /// Whether that is the format of the released checkpoint.
    pub released: bool,
    /// The format of its KV cache, where the name states one.
    pub kv: Option<NumberFormat>,
}

/// Words for tuning and manner of answering: they change weights, not shapes.
const TUNING: [&str; 9] = ["instruct", "it", "pt", "chat", "base", "hf", "think", "thinking", "reasoning"];

/// What checkpoints in a format are called. Longer endings stand before those that they end in.
const FORMATS: [(&str, NumberFormat); 21] = [
    ("fp8-block", NumberFormat::Fp8Block),
    ("fp8-dynamic", NumberFormat::Fp8),
    (FP8_KV, NumberFormat::Fp8),
    ("fp8", NumberFormat::Fp8),
    ("nvfp4", NumberFormat::Nvfp4),
    ("fp4", NumberFormat::Nvfp4),
    ("mxfp4", NumberFormat::Mxfp4),
    ("awq-int4", NumberFormat::Int4),
    ("awq-4bit", NumberFormat::Int4),
    ("awq", NumberFormat::Int4),
    ("gptq-int4", NumberFormat::Int4),
    ("gptq-4bit", NumberFormat::Int4),
    ("gptq", NumberFormat::Int4),
    ("gptq-int8", NumberFormat::Int8),
    ("int8", NumberFormat::Int8),
    ("quantized.w4a16", NumberFormat::Int4),
    ("w4a16", NumberFormat::Int4),
    ("int4", NumberFormat::Int4),
    ("quantized.w8a8", NumberFormat::Int8),
    ("w8a8", NumberFormat::Int8),
    ("bf16", NumberFormat::Bf16),
];

/// The ending that names the cache's format too.
const FP8_KV: &str = "fp8-kv";

/// What may stand before the name of a chip or model.
const VENDORS: [&str; 15] = [
    "nvidia-",
    "amd-",
    "instinct-",
    "geforce-",
    "intel-",
    "apple-",
    "google-",
    "aws-",
    "huawei-",
    "microsoft-",
    "cerebras-",
    "sambanova-",
    "tenstorrent-",
    "openai-",
    "meta-",
];

/// Words for the board that a chip sits on, where there is only one kind.
const BOARDS: [&str; 3] = ["hgx", "dgx", "oam"];

/// The chip that a name stands for.
///
/// ```
/// use tandem::catalog::chip_named;
///
/// let id = |name: &str| chip_named(name).map(|chip| chip.id.to_string());
/// assert_eq!(id("NVIDIA H100 80GB HBM3").as_deref(), Some("h100-sxm"));
/// // No H100 has so much memory, and of two A100 none is meant more.
/// assert_eq!((id("h100-96gb"), id("a100")), (None, None));
/// ```
#[must_use]
pub fn chip_named(name: &str) -> Option<&'static Chip> {
    let name = plain(name)?;
    let find = |name: &str| all_chips().named(&spelling::key(name)).map(|(chip, _)| chip);
    let bare = without_vendor(&name);
    // What tables show is read back.
    let shown = spelling::key(&name);
    let by_sight =
        |own: &&Chip| [&*own.name, own.short_name()].iter().any(|name| spelling::key(name) == shown);
    if let Some(chip) = super::chips().iter().find(by_sight) {
        return Some(chip);
    }
    find(&name).or_else(|| find(bare)).or_else(|| {
        let words = bare.split('-').filter(|word| !BOARDS.contains(word));
        let (memory, words): (Vec<&str>, Vec<&str>) = words.partition(|word| is_memory(word));
        find(&words.join("-")).filter(|chip| memory.iter().all(|word| has_memory(chip, word)))
    })
}

/// The model that a name stands for, and the format that it states.
///
/// ```
/// use tandem::catalog::model_named;
///
/// let read = |name: &str| model_named(name).map(|own| (&*own.model.id, own.format.map(|format| format.id())));
/// assert_eq!(read("meta-llama/Llama-3.3-70B-Instruct"), Some(("llama3-70b", None)));
/// assert_eq!(read("nvidia/DeepSeek-R1-0528-NVFP4-v2"), Some(("deepseek-v3", Some("nvfp4"))));
/// assert_eq!(read("llama3"), None);
/// ```
#[must_use]
pub fn model_named(name: &str) -> Option<ModelName> {
    let name = plain(name)?;
    let find = |name: &str| all_models().named(&spelling::key(name));
    let shown = spelling::key(&name);
    if let Some(model) = super::models().iter().find(|own| spelling::key(&own.name) == shown) {
        return Some(ModelName { model, format: None, released: false, kv: None });
    }
    let mut rest = without_vendor(hub(&name));
    let mut format = None;
    loop {
        if let Some((model, own)) = find(rest).or_else(|| find(&untuned(rest))) {
            let format = format.or(own).map(|format| as_made(model, format, &name));
            let released = format.is_some_and(|format| released_in(model, format));
            let kv = if name.ends_with(FP8_KV) {
                Some(NumberFormat::Fp8)
            } else {
                // Its scales are found while it runs, and it carries none for the cache.
                name.ends_with("-dynamic").then_some(NumberFormat::Bf16)
            };
            return Some(ModelName { model, format, released, kv });
        }
        rest = match (without_date(rest), without_format(rest)) {
            (Some(rest), _) => rest,
            (None, Some((rest, found))) if format.is_none() => {
                format = Some(found);
                rest
            }
            _ => return None,
        };
    }
}

/// Identifiers of chips that may have been meant by a name that stands for none, nearest first, at most three.
#[must_use]
pub fn nearest_chip_ids(name: &str) -> Vec<&'static str> {
    plain(name).map_or_else(Vec::new, |name| all_chips().nearest(without_vendor(&name)))
}

/// Identifiers of models that may have been meant by a name that stands for none, nearest first, at most three.
#[must_use]
pub fn nearest_model_ids(name: &str) -> Vec<&'static str> {
    let Some(name) = plain(name) else { return Vec::new() };
    let mut rest = without_vendor(hub(&name));
    while let Some(shorter) = without_date(rest).or_else(|| without_format(rest).map(|(rest, _)| rest)) {
        rest = shorter;
    }
    all_models().nearest(&untuned(rest))
}

/// Small letters, and hyphens between words as well as before the size that some write behind a colon; nothing of a text that is too long for a name.
fn plain(name: &str) -> Option<String> {
    let name = name.trim();
    let short = !name.is_empty() && name.chars().count() <= spelling::LONGEST;
    short.then(|| name.to_ascii_lowercase().replace(['_', ' ', ':'], "-"))
}

/// The name without organisation and revision.
fn hub(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.split('@').next().unwrap_or(name)
}

fn without_vendor(mut name: &str) -> &str {
    while let Some(rest) = VENDORS.iter().find_map(|vendor| name.strip_prefix(vendor)) {
        name = rest;
    }
    name
}

fn untuned(name: &str) -> String {
    let words: Vec<&str> = name.split('-').filter(|word| !TUNING.contains(word)).collect();
    words.join("-")
}

/// The name without a date at its end, such as `2507`, `0324` or `20250805`, or the word that it is early.
fn without_date(name: &str) -> Option<&str> {
    let (rest, last) = name.rsplit_once('-')?;
    let date = matches!(last.len(), 4 | 6 | 8) && last.bytes().all(|byte| byte.is_ascii_digit());
    (date || last == "preview").then_some(rest)
}

/// The name without a format at its end, which may have a version.
fn without_format(name: &str) -> Option<(&str, NumberFormat)> {
    let unversioned = name.trim_end_matches(|symbol: char| symbol.is_ascii_digit()).strip_suffix("-v");
    [Some(name), unversioned].into_iter().flatten().find_map(|name| {
        FORMATS.iter().find_map(|(ending, format)| {
            let rest = name.strip_suffix(ending)?.strip_suffix('-')?;
            Some((rest, *format))
        })
    })
}

/// Who makes checkpoints of other people's models in 8 bits, with a scale for each tensor or row.
const REMADE: [&str; 4] = ["nvidia/", "redhatai/", "neuralmagic/", "amd/"];

/// The format that a name means by `fp8`: the makers of most models scale blocks, and others tensors.
fn as_made(model: &Model, format: NumberFormat, name: &str) -> NumberFormat {
    let blocks = model.releases.iter().any(|own| own.id == NumberFormat::Fp8Block);
    let other = REMADE.iter().any(|own| name.contains(own)) || name.ends_with("-dynamic");
    if format == NumberFormat::Fp8 && blocks && !other { NumberFormat::Fp8Block } else { format }
}

/// Whether the checkpoint that is served by default is what is called after this format.
fn released_in(model: &Model, format: NumberFormat) -> bool {
    let own = model.default_release().id;
    own == format || (format == NumberFormat::Fp8 && own == NumberFormat::Fp8Block)
}

fn gigabytes(word: &str) -> Option<f64> {
    let digits = word.strip_suffix("gb")?;
    digits.parse::<u32>().ok().map(f64::from)
}

fn is_memory(word: &str) -> bool {
    gigabytes(word).is_some() || word.starts_with("hbm") || word.starts_with("gddr")
}

/// Whether a chip has the memory that a word of its name states: its technology, or its size as the trade counts it, which
/// is up to 7 % less than what the driver reports.
fn has_memory(chip: &Chip, word: &str) -> bool {
    chip.memory.as_ref().is_some_and(|memory| match gigabytes(word) {
        Some(size) => (0.92..=1.02).contains(&(size * 1e9 / memory.capacity.get())),
        None => memory.kind.eq_ignore_ascii_case(word),
    })
}

/// Of these words, those that come near to one that is none of them.
#[must_use]
pub fn nearest_words<'a>(wanted: &str, words: impl Iterator<Item = &'a str>) -> Vec<String> {
    lookup::nearest(wanted, words).into_iter().map(str::to_owned).collect()
}
