//! A Hugging Face `config.json` as a [`Model`].
//!
//! Read by its fields, not by one reader per family: most families are a choice among the same few parts (grouped,
//! latent, windowed, linear attention, Mamba; dense and expert layers), and the fields say which. A family's name decides
//! only what fields leave open: the default of its class in transformers, and whose word for the same thing it uses.
//! Fields nobody needs are ignored; what is missing is named with what it is for, and where the class has a default that
//! cannot mislead, that is taken and a note says so. Attention that this catalogue cannot express is refused.
//!
//! Source: the configuration and modelling classes of transformers 4.57 to 5, checked against the catalogue's entries of
//! the same models (`tests/import.rs`).

use serde_json::{Map, Value};

use super::architecture::Architecture;
use super::bounds;
use super::custom;
use super::model::{AttentionLayers, Ffn, FfnLayers, Model};
use crate::units::Tokens;

mod attention;
mod defaults;
mod ffn;
mod fields;
mod formats;
mod problem;

use fields::{Fields, OF_ITS_CLASS};
pub use problem::{FieldProblem, ImportError, LONGEST, Note};

/// Objects in which multi-modal models keep the configuration of their text tower.
const NESTED: [&str; 5] =
    ["text_config", "llm_config", "language_config", "thinker_config", "language_model"];

/// Longest context of a model that does not say.
const CONTEXT: u32 = 131_072;

/// A model that was read, and what a reader should know about the reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The model. Its name is that of the checkpoint or made of type and size; [`Imported::renamed`] gives it another.
    pub model: Model,
    /// What was assumed or left out.
    pub notes: Vec<Note>,
    /// The catalogue's model of the same architecture: measurements of that one apply.
    pub same_as: Option<&'static str>,
}

impl Imported {
    /// The same model under another name.
    ///
    /// # Errors
    /// [`custom::NameError`] when nothing is left of the name or the catalogue has it.
    pub fn renamed(mut self, name: &str) -> Result<Self, custom::NameError> {
        let name = custom::model_name(name)?;
        self.model = Model::custom(&name, self.model.architecture());
        Ok(self)
    }
}

/// Reads a `config.json`. Takes any text: time and memory are bounded by its length, which is bounded itself.
///
/// ```
/// use tandem::catalog::import::model_from_config;
///
/// let config = r#"{"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
///     "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, "torch_dtype": "bfloat16"}"#;
/// let imported = model_from_config(config)?;
/// let billions = imported.model.parameters().total() / 1e9;
/// assert!((billions - 8.03).abs() < 0.05, "{billions}");
/// # Ok::<(), tandem::catalog::import::ImportError>(())
/// ```
///
/// # Errors
/// [`ImportError`] says what is missing, wrong or beyond this catalogue.
pub fn model_from_config(text: &str) -> Result<Imported, ImportError> {
    if text.len() > LONGEST {
        return Err(ImportError::TooLong { bytes: text.len() });
    }
    let root: Value = match serde_json::from_str(text) {
        Ok(root) => root,
        // Python writes Infinity and NaN, which are no JSON, into fields that do not matter here.
        Err(error) => serde_json::from_str(&without_infinities(text))
            .map_err(|_| ImportError::NotJson { message: error.to_string() })?,
    };
    let Value::Object(root) = root else { return Err(ImportError::NotAConfig) };
    let own = text_tower(&root);
    let mut fields = Fields::new(own, &root);
    let architecture = architecture(&mut fields)?;
    if !fields.problems.is_empty() {
        return Err(ImportError::Fields { problems: fields.problems });
    }
    if !std::ptr::eq(own, &raw const root) {
        fields.note("only the text tower is read: vision and audio towers are not counted");
    }
    let name = name(&fields, &architecture);
    let model = Model::custom(&name, architecture);
    // Each field was held to its range; what they come to together must be so too.
    let problems: Vec<FieldProblem> =
        model.out_of_range().into_iter().map(|invalid| FieldProblem::OutOfRange { invalid }).collect();
    if !problems.is_empty() {
        return Err(ImportError::Fields { problems });
    }
    let same_as = model.in_catalog().map(|known| &*known.id);
    Ok(Imported { model, notes: fields.notes, same_as })
}

/// The object that describes the text tower: a nested one, or the whole.
fn text_tower(root: &Map<String, Value>) -> &Map<String, Value> {
    let mut own = root;
    // Omni models nest twice.
    for _ in 0..3 {
        let inner = NESTED.iter().find_map(|name| match own.get(*name) {
            Some(Value::Object(inner)) => Some(inner),
            _ => None,
        });
        match inner {
            Some(inner) if !own.contains_key("num_hidden_layers") => own = inner,
            _ => break,
        }
    }
    own
}

fn architecture(fields: &mut Fields<'_>) -> Result<Architecture, ImportError> {
    refuse_what_is_no_decoder(fields)?;
    if !defaults::is_known(&fields.model_type) {
        let model_type = fields.model_type.clone();
        fields.notes.push(Note::UnknownType { model_type });
    }
    let hidden = fields.count(&["hidden_size"], "width of the residual stream", bounds::HIDDEN);
    let vocab = fields.count(&["vocab_size"], "vocabulary", bounds::VOCABULARY);
    let (attention, ffn, layers) = match attention::blocks(fields)? {
        Some(blocks) => {
            let (mut mixing, mut feeding) = (Vec::new(), Vec::new());
            for block in &blocks {
                match block {
                    attention::Block::Mixing(mix) => mixing.push(attention::layer(fields, *mix, hidden)?),
                    attention::Block::Dense => feeding.push(ffn::dense(fields)),
                    attention::Block::Experts => feeding.push(ffn::experts(fields)),
                }
            }
            (mixing, feeding, blocks.len() as u32)
        }
        None => {
            let layers = fields.count(&["num_hidden_layers"], "layers", bounds::LAYERS);
            let mixes = attention::mixes(fields, layers)?;
            let mut mixing = Vec::new();
            for &mix in &mixes {
                mixing.push(attention::layer(fields, mix, hidden)?);
            }
            (mixing, ffn::layers(fields, layers), layers)
        }
    };
    let context =
        &["max_position_embeddings", "model_max_length", "max_sequence_length", "seq_length", "n_positions"];
    let max_context = match fields.optional_or_default(context, "longest context", bounds::CONTEXT) {
        Some(context) => context,
        None => {
            fields.assume("max_position_embeddings", "longest context", &CONTEXT, "as most models have");
            CONTEXT
        }
    };
    let tied = match fields.flag("tie_word_embeddings") {
        Some(tied) => tied,
        None => {
            let tied = defaults::ties(&fields.model_type);
            fields.assume(
                "tie_word_embeddings",
                "whether the head is the input embedding",
                &tied,
                if defaults::is_known(&fields.model_type) { OF_ITS_CLASS } else { "as in most models" },
            );
            tied
        }
    };
    if fields.positive(&["num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers"]) {
        fields.note("MTP layers are not counted");
    }
    let has_experts = ffn.iter().any(|kind| matches!(kind, Ffn::Moe { .. }));
    let (native_weights, native_experts) = formats::native(fields, has_experts);
    let native_kv = formats::cache(fields);
    let attention: Vec<AttentionLayers> =
        grouped(attention).into_iter().map(|(kind, count)| AttentionLayers { count, kind }).collect();
    let ffn: Vec<FfnLayers> =
        grouped(ffn).into_iter().map(|(kind, count)| FfnLayers { count, kind }).collect();
    Ok(Architecture {
        hidden,
        vocab,
        tied_embeddings: tied,
        max_context: Tokens::new(f64::from(max_context)),
        layers,
        attention,
        ffn,
        native_weights,
        native_experts,
        native_kv,
    })
}

/// Encoders, and decoders with parts that the catalogue has no word for.
fn refuse_what_is_no_decoder(fields: &Fields<'_>) -> Result<(), ImportError> {
    let unsupported = |reason: &str| {
        Err(ImportError::Unsupported { model_type: fields.model_type.clone(), reason: reason.to_owned() })
    };
    if ["hidden_size", "num_hidden_layers"].iter().all(|name| fields.get(&[name]).is_none()) {
        return Err(ImportError::NotAConfig);
    }
    if fields.flag_quietly("is_encoder_decoder") == Some(true) {
        return unsupported("an encoder with a decoder is not modelled, only decoders are");
    }
    let heads: Vec<&str> = fields.list("architectures").iter().filter_map(Value::as_str).collect();
    // An encoder has the fields of a decoder; only its head gives it away.
    let decodes =
        |head: &str| ["CausalLM", "ConditionalGeneration", "LMHead"].iter().any(|end| head.contains(end));
    if !heads.is_empty() && !defaults::is_known(&fields.model_type) && !heads.iter().any(|head| decodes(head))
    {
        return unsupported("architectures names no decoder: a name with CausalLM is expected");
    }
    for (field, reason) in defaults::BEYOND {
        if fields.get(&[field]).is_some_and(|value| !is_nothing(value)) {
            return unsupported(reason);
        }
    }
    Ok(())
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// Equal layers together, in the order in which they first come.
fn grouped<T: PartialEq + Copy>(layers: Vec<T>) -> Vec<(T, u32)> {
    let mut groups: Vec<(T, u32)> = Vec::new();
    for layer in layers {
        match groups.iter_mut().find(|(kind, _)| *kind == layer) {
            Some((_, count)) => *count += 1,
            None => groups.push((layer, 1)),
        }
    }
    groups
}

/// The checkpoint's own name, or its type with its size.
fn name(fields: &Fields<'_>, architecture: &Architecture) -> String {
    let path = fields.text("_name_or_path").unwrap_or_default();
    let last = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    if let Ok(name) = custom::model_name(last) {
        return name;
    }
    let model = Model::custom("", architecture.clone());
    let billions = model.parameters().total() * 1e-9;
    let size = if billions < 10.0 { (billions * 10.0).round() / 10.0 } else { billions.round() };
    let kind = if fields.model_type.is_empty() { "model" } else { &fields.model_type };
    let name = format!("{}-{size}b", custom::slug(kind).chars().take(24).collect::<String>());
    custom::model_name(&name).unwrap_or_else(|_| format!("own-{}", custom::slug(&name)))
}

/// The text with every bare `Infinity` and `NaN` outside strings replaced by `null`.
fn without_infinities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let (mut quoted, mut escaped) = (false, false);
    while let Some(symbol) = rest.chars().next() {
        if !quoted {
            let bare = ["-Infinity", "Infinity", "NaN"].iter().find_map(|word| rest.strip_prefix(word));
            if let Some(after) = bare {
                plain.push_str("null");
                rest = after;
                continue;
            }
        }
        match symbol {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        plain.push(symbol);
        rest = rest.get(symbol.len_utf8()..).unwrap_or_default();
    }
    plain
}
