//! Names in a link: which exist, and which come near to one that does not.

use crate::catalog::named::{format_called, nearest_words};
use crate::catalog::{self, Engine, NumberFormat, Profile, custom::slug};
use crate::scenario::{Custom, Formats, Scenario};
use crate::units::format::excerpt;

use super::key::Taken;
use super::problem::Problem;

/// Longest excerpt of a name.
const EXCERPT: usize = 60;

/// What a name stands for.
pub(super) struct Read {
    /// The identifier.
    pub(super) id: String,
    /// The formats that the name of a model states.
    pub(super) formats: Option<Formats>,
    /// What to say of it: nothing where the name is the identifier.
    pub(super) taken: Taken,
}

impl Read {
    fn own(id: impl Into<String>) -> Self {
        Self { id: id.into(), formats: None, taken: Taken::Whole }
    }
}

/// A chip of the catalogue, by any of its names, or of the link's own.
pub(super) fn chip(custom: &Custom, text: &str) -> Result<Read, Problem> {
    let id = text.trim().to_ascii_lowercase();
    if custom.chip(&id).is_some() {
        return Ok(Read::own(id));
    }
    // A chip of one's own stands before another's second name.
    if let Some(own) = custom.chips.iter().find(|own| own.id == slug(&id)) {
        return Ok(Read::own(own.id.clone()));
    }
    match catalog::chip_named(&id) {
        Some(chip) => {
            let id = chip.id.clone().into_owned();
            Ok(Read { taken: Taken::But(Problem::ReadAs { id: id.clone(), weights: None }), ..Read::own(id) })
        }
        None => Err(Problem::Unknown {
            what: "chip",
            name: excerpt(text.trim(), EXCERPT),
            accepted: "a chip of `tandem catalog chips`, or one that chip= describes",
            nearest: owned(&catalog::nearest_chip_ids(&id), custom.chips.iter().map(|own| &*own.id), &id),
        }),
    }
}

/// A vendor of chips, in any case of letters.
pub(super) fn vendor(custom: &Custom, text: &str) -> Result<String, Problem> {
    let own = custom.chips.iter().map(|chip| &*chip.vendor);
    let mut known: Vec<&str> = catalog::chips_by_vendor().map(|(vendor, _)| vendor).chain(own).collect();
    known.dedup();
    let found = known.iter().find(|own| own.eq_ignore_ascii_case(text.trim()));
    found.map(|own| (*own).to_owned()).ok_or_else(|| choice(text, known.into_iter()))
}

/// A model of the catalogue, by any of its names, or of the link's own, or a family scaled to a size, by its canonical
/// identifier.
pub(super) fn model(custom: &Custom, text: &str) -> Result<Read, Problem> {
    let text = text.trim();
    let id = text.to_ascii_lowercase();
    if catalog::model(&id).is_some() {
        return Ok(Read::own(id));
    }
    if let Some(own) = custom.model.as_ref().filter(|own| own.id == id || own.id == slug(&id)) {
        return Ok(Read::own(own.id.clone()));
    }
    let family = match catalog::parse_family_id(text) {
        Ok(model) => return Ok(Read::own(model.id)),
        Err(error) => error,
    };
    if let Some(own) = catalog::model_named(&id) {
        let id = own.model.id.clone().into_owned();
        let stated = own.format.map(|format| Some(format).filter(|_| !own.released));
        // A repository is what it holds, also where the model alone is served in another format here.
        let held = || {
            let first = Scenario::default();
            (text.contains('/') && first.model == id && first.formats.weights.is_some()).then_some(None)
        };
        let weights = stated.or_else(held);
        return Ok(Read {
            formats: weights.map(|weights| Formats { weights, experts: None, kv: own.kv }),
            taken: Taken::But(Problem::ReadAs { id: id.clone(), weights }),
            id,
        });
    }
    if text.contains(':') && catalog::Family::from_id(id.split(':').next().unwrap_or_default()).is_some() {
        return Err(Problem::Wrong { reason: family.to_string(), nearest: Vec::new() });
    }
    Err(Problem::Unknown {
        what: "model",
        name: excerpt(text, EXCERPT),
        accepted: "a model of `tandem catalog models`, one that arch= describes, or a family with a size such as dense:70B",
        nearest: owned(&catalog::nearest_model_ids(&id), custom.model.iter().map(|own| &*own.id), &id),
    })
}

/// Names that come near: those of the link's own first.
fn owned<'a>(ids: &[&'static str], own: impl Iterator<Item = &'a str>, wanted: &str) -> Vec<String> {
    let mut names = nearest_words(wanted, own);
    names.extend(ids.iter().map(|&id| id.to_owned()));
    names.truncate(3);
    names
}

/// A number format; `native` is the released checkpoint's.
pub(super) fn format(text: &str) -> Result<Option<NumberFormat>, Problem> {
    let id = text.trim().to_ascii_lowercase();
    // What engines call it is the default here too.
    if id == NATIVE || id == "auto" {
        return Ok(None);
    }
    NumberFormat::from_id(&id).map(Some).ok_or_else(|| {
        let ids = NumberFormat::ALL.map(NumberFormat::id);
        choice(&id, std::iter::once(NATIVE).chain(ids))
    })
}

/// The word for the released checkpoint's number format.
pub(super) const NATIVE: &str = "native";

/// A serving engine, by its identifier or its name.
pub(super) fn engine(text: &str) -> Result<Engine, Problem> {
    Engine::called(text)
        .ok_or_else(|| choice(&text.trim().to_ascii_lowercase(), Engine::ALL.into_iter().map(Engine::id)))
}

/// A profile.
pub(super) fn profile(text: &str) -> Result<Profile, Problem> {
    let id = text.trim().to_ascii_lowercase();
    Profile::from_id(&id).ok_or_else(|| choice(&id, Profile::ALL.into_iter().map(Profile::id)))
}

/// The problem of a word that is none of a few.
pub(super) fn choice<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Problem {
    let words: Vec<&str> = words.collect();
    let nearest = nearest(text, words.iter().copied());
    Problem::Unreadable { expected: format!("one of {}", words.join(", ")), nearest }
}

/// Names that come near to a text, nearest first.
pub(super) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let names: Vec<&str> = names.collect();
    let text = text.trim().to_ascii_lowercase();
    let mut near = nearest_words(&text, names.iter().copied());
    let word = MEANT.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant);
    let meant = word.or_else(|| format_called(&text).map(NumberFormat::id));
    if let Some(meant) = meant.filter(|meant| names.contains(meant)) {
        near.retain(|own| own != meant);
        near.insert(0, meant.to_owned());
        near.truncate(3);
    }
    near
}

/// Words of the field for what has another one here, beside what checkpoints are called.
const MEANT: [(&str, &str); 38] = [
    ("dbo", "tbo"),
    ("fp16", "bf16"),
    ("float16", "bf16"),
    ("bfloat16", "bf16"),
    ("nf4", "int4"),
    ("q4_k_m", "int4"),
    ("e4m3", "fp8"),
    ("fp8_e4m3", "fp8"),
    ("on-demand", "list"),
    ("ondemand", "list"),
    ("reserved", "contract"),
    ("capex", "own"),
    ("spot", "market"),
    ("yes", "on"),
    ("true", "on"),
    ("no", "off"),
    ("false", "off"),
    ("tensorrt", "trtllm"),
    ("ollama", "llamacpp"),
    ("lmstudio", "llamacpp"),
    ("jetstream", "vllm-tpu"),
    ("tpu", "vllm-tpu"),
    ("optimum-neuron", "neuron"),
    ("nxd", "neuron"),
    ("trt", "trtllm"),
    ("inferencemax", "inferencex"),
    ("semianalysis", "inferencex"),
    ("aiperf", "nvidia-sweep"),
    ("nvidia", "nvidia-sweep"),
    ("default", "defaults"),
    ("none", "defaults"),
    ("nvlink", "domain"),
    ("ib", "ib400"),
    ("infiniband", "ib400"),
    ("roce", "eth400"),
    ("ethernet", "eth400"),
    ("pcie", "pcie5"),
    ("ndr", "ib400"),
];
