//! Models of any size: a family is an architecture whose shape follows its size by a stated rule.
//!
//! # The rule
//!
//! Fitted by least squares on logarithms over the 63 models of the catalogue whose attention is grouped or latent in
//! every layer (36 dense, 17 MoE, 10 MoE with latent attention; 0.5B to 1T). Parameters N and A are in billions. Width
//! and depth follow the *active* parameters A: so taken, dense and sparse models lie on one line, while the width of a
//! MoE hardly follows its total (R² 0.58).
//!
//! | quantity | rule | R² | median deviation |
//! |---|---|---|---|
//! | width of the residual stream | 1534 · A^0.398 | 0.92 | 14 % |
//! | layers | 22.3 · A^0.283 | 0.78 | 8 % |
//! | active parameters of a MoE, when not asked for | A = 0.499 · N^0.658 | 0.82 | 22 % |
//! | vocabulary | 151936, the median (no trend, R² 0.02) | | 21 % |
//! | width per query head | 128 dense, 64 MoE, 96 latent: the medians | | |
//! | key-value heads, head width | 8 and 128, the medians, at any size | | |
//! | latent attention | cached latent 512 + 64, heads 128 + 64, as in DeepSeek-V3 and its kin; query rank a quarter of the width | | |
//! | experts per token | 8, the mode; the shared expert is at least as wide as a routed one | | |
//!
//! Widths are rounded to 128, heads to 8 (16 above 64), layers to 1. Then the rest meets the requested size: in a dense
//! model the feed-forward width (to 16); in a MoE the number of experts that makes the shared expert as wide as a
//! routed one at the requested active share, and the two widths, which solve for total and active parameters together
//! (to 1: a checkpoint would round to 64, and a curve over model size would get stairs).
//!
//! Embeddings are tied at any size. Real models do so up to about 4B; above, the head is a percent or two, and a rule
//! that switched in between would put a step into every curve.
//!
//! Requested sizes and shares are taken to three digits. That step is larger than what rounding of widths can take
//! back, so a larger request never gives a smaller model.
//!
//! Dense families are stored in bf16 and MoE families in fp8, as such checkpoints mostly are; format is a knob of the
//! scenario anyway.

use std::borrow::Cow;
use std::fmt;

use super::model::{Attention, AttentionLayers, Ffn, FfnLayers, Model, Release};
use super::number::NumberFormat;
use super::provenance::Confidence;
use crate::units::Tokens;
use crate::units::decimal::decimal;
use crate::units::format::excerpt;

/// Smallest total that a family is scaled to.
pub const MIN_TOTAL: f64 = 1e9;
/// Largest total that a family is scaled to.
pub const MAX_TOTAL: f64 = 2e12;
/// Smallest share of active parameters.
pub const MIN_SHARE: f64 = 0.01;

/// A power law in billions of parameters.
struct PowerLaw {
    at_one_billion: f64,
    exponent: f64,
}

impl PowerLaw {
    fn at(&self, parameters: f64) -> f64 {
        self.at_one_billion * libm::pow(parameters / 1e9, self.exponent)
    }
}

const WIDTH: PowerLaw = PowerLaw { at_one_billion: 1534.0, exponent: 0.398 };
const DEPTH: PowerLaw = PowerLaw { at_one_billion: 22.28, exponent: 0.283 };
const ACTIVE: PowerLaw = PowerLaw { at_one_billion: 0.499e9, exponent: 0.658 };

const VOCABULARY: u32 = 151_936;
const HEAD_DIM: u32 = 128;
const KV_HEADS: u32 = 8;
const MAX_CONTEXT: f64 = 131_072.0;

const GATED: u32 = 3;
const TOP_K: u32 = 8;
/// Bounds of the number of experts: twice those used per token, and the most that released models have (896), rounded.
const EXPERTS: (f64, f64) = (16.0, 1024.0);
/// Experts are not sliced thinner than this.
const MIN_EXPERT_WIDTH: f64 = 256.0;

/// An architecture that comes in any size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Dense, grouped-query attention (Llama, Qwen3).
    DenseGqa,
    /// Mixture of experts, grouped-query attention (Qwen3 MoE, GLM-4.5, MiniMax-M2).
    Moe,
    /// Mixture of experts, latent attention (DeepSeek-V3, Kimi K2).
    MlaMoe,
}

impl Family {
    /// All families, in the order of menus.
    pub const ALL: [Self; 3] = [Self::DenseGqa, Self::Moe, Self::MlaMoe];

    /// The first part of the identifier of a scaled model.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::DenseGqa => "dense",
            Self::Moe => "moe",
            Self::MlaMoe => "mla-moe",
        }
    }

    /// Name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DenseGqa => "Dense",
            Self::Moe => "MoE",
            Self::MlaMoe => "MoE with latent attention",
        }
    }

    /// The family with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.id() == id)
    }

    /// Width of the residual stream per query head.
    const fn width_per_head(self) -> f64 {
        match self {
            Self::DenseGqa => 128.0,
            Self::Moe => 64.0,
            Self::MlaMoe => 96.0,
        }
    }

    fn attention(self, hidden: u32) -> Attention {
        let heads = heads(f64::from(hidden) / self.width_per_head());
        match self {
            Self::DenseGqa | Self::Moe => Attention::Grouped {
                heads,
                kv_heads: KV_HEADS,
                head_dim: HEAD_DIM,
                v_dim: HEAD_DIM,
                window: None,
                shared_kv: false,
                output_gate: false,
                indexer: None,
            },
            Self::MlaMoe => Attention::Latent {
                heads,
                q_rank: Some(rounded(f64::from(hidden) / 4.0, 128)),
                kv_rank: 512,
                rope_dim: 64,
                nope_dim: 128,
                v_dim: 128,
                indexer: None,
            },
        }
    }
}

/// Longest excerpt of an identifier in a message.
const EXCERPT: usize = 60;

/// Why an identifier names no scaled model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyError {
    /// Which part of it is wrong.
    pub field: &'static str,
    /// What stands there.
    pub value: String,
    /// What could stand there.
    pub expected: &'static str,
}

impl fmt::Display for FamilyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}` should be {}", self.field, self.value, self.expected)
    }
}

impl std::error::Error for FamilyError {}

/// The model of this family with this many parameters (1e9 to 2e12; values outside are moved to the nearer end) and
/// this share of them active per token (0.01 to 1; dense models ignore it). Both are taken to three digits.
///
/// The total is met within 0.5 %, the share within a tenth of it (a fiftieth above 6B active parameters) where it can
/// be: embeddings and attention are always active, so a small model can't be as sparse as a large one. Its notes then
/// say so.
#[must_use]
pub fn scaled(family: Family, total_parameters: f64, active_share: Option<f64>) -> Model {
    let total = Total::new(total_parameters);
    let share = match family {
        Family::DenseGqa => None,
        Family::Moe | Family::MlaMoe => active_share.map(Share::new),
    };
    build(family, total, share)
}

/// The model that an identifier such as `dense:70B`, `moe:235B:9%` or `mla-moe:671B` names: family, total parameters
/// (1B to 2T), and for mixtures of experts, if wanted, the active share in percent of the total.
///
/// # Errors
///
/// When a part of the identifier is missing, can't be read or is out of range.
pub fn parse_family_id(id: &str) -> Result<Model, FamilyError> {
    let wrong =
        |field, value: &str, expected| FamilyError { field, value: excerpt(value, EXCERPT), expected };
    let mut parts = id.split(':');
    let name = parts.next().unwrap_or_default();
    let family = Family::from_id(name)
        .ok_or_else(|| wrong("model family", name, "`dense`, `moe` or `mla-moe`, as in `dense:70B`"))?;
    let size = parts.next().unwrap_or_default();
    let total = parse_size(size)
        .filter(|total| (MIN_TOTAL..=MAX_TOTAL).contains(total))
        .ok_or_else(|| wrong("model size", size, "from 1B to 2T, as in `70B` or `1.5T`"))?;
    let share = match (parts.next(), family) {
        (None, _) => None,
        (Some(share), Family::DenseGqa) => {
            return Err(wrong("active share", share, "absent: a dense model uses all of its parameters"));
        }
        (Some(share), _) => Some(
            share
                .strip_suffix('%')
                .and_then(|percent| decimal(percent.trim()))
                .map(|percent| percent / 100.0)
                .filter(|share| (MIN_SHARE..=1.0).contains(share))
                .ok_or_else(|| wrong("active share", share, "from 1% to 100%, as in `9%` or `5.5%`"))?,
        ),
    };
    match parts.next() {
        Some(rest) => Err(wrong("model", rest, "absent: an identifier ends after size and active share")),
        None => Ok(scaled(family, total, share)),
    }
}

fn parse_size(text: &str) -> Option<f64> {
    let unit = match text.chars().last()? {
        'B' | 'b' => 1e9,
        'T' | 't' => 1e12,
        _ => return None,
    };
    let number = decimal(text.get(..text.len() - 1)?.trim())?;
    number.is_finite().then_some(number * unit)
}

/// A requested size, to three digits.
#[derive(Clone, Copy)]
struct Total(f64);

impl Total {
    fn new(parameters: f64) -> Self {
        let billions =
            if parameters.is_nan() { MIN_TOTAL } else { parameters.clamp(MIN_TOTAL, MAX_TOTAL) } / 1e9;
        let step = match billions {
            ..10.0 => 100.0,
            ..100.0 => 10.0,
            ..1000.0 => 1.0,
            _ => 0.1,
        };
        Self((billions * step).round() / step * 1e9)
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let billions = self.0 / 1e9;
        if billions < 1000.0 {
            write!(f, "{}B", (billions * 100.0).round() / 100.0)
        } else {
            write!(f, "{}T", (billions / 10.0).round() / 100.0)
        }
    }
}

/// A requested active share, to three digits.
#[derive(Clone, Copy)]
struct Share(f64);

impl Share {
    fn new(share: f64) -> Self {
        let percent = if share.is_nan() { MIN_SHARE } else { share.clamp(MIN_SHARE, 1.0) } * 100.0;
        let step = if percent < 10.0 { 100.0 } else { 10.0 };
        Self((percent * step).round() / step / 100.0)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", (self.0 * 10_000.0).round() / 100.0)
    }
}

fn build(family: Family, total: Total, share: Option<Share>) -> Model {
    let active = match (family, share) {
        (Family::DenseGqa, _) => total.0,
        (_, Some(share)) => total.0 * share.0,
        (_, None) => ACTIVE.at(total.0),
    };
    let hidden = rounded(WIDTH.at(active), 128);
    let layers = rounded(DEPTH.at(active), 1);
    let (format, id) = match share {
        _ if family == Family::DenseGqa => (NumberFormat::Bf16, format!("{}:{total}", family.id())),
        None => (NumberFormat::Fp8, format!("{}:{total}", family.id())),
        Some(share) => (NumberFormat::Fp8, format!("{}:{total}:{share}", family.id())),
    };
    let mut model = Model {
        id: Cow::Owned(id),
        name: Cow::Owned(match share {
            None => format!("{} {total}", family.name()),
            Some(share) => format!("{} {total}, {share} active", family.name()),
        }),
        released: Cow::Borrowed(""),
        published_parameters: None,
        published_active: None,
        hidden,
        vocab: VOCABULARY,
        tied_embeddings: true,
        max_context: Tokens::new(MAX_CONTEXT),
        layers,
        attention: Cow::Owned(vec![AttentionLayers { count: layers, kind: family.attention(hidden) }]),
        ffn: Cow::Borrowed(&[]),
        releases: Cow::Owned(vec![Release::plain(format, format)]),
        checkpoints: Cow::Borrowed(&[]),
        sources: Cow::Borrowed(
            "no real model: its shape follows from its size by a rule fitted on the catalogue",
        ),
        confidence: Confidence::Medium,
        notes: Cow::Borrowed(""),
        provenance: &[],
    };
    // Two norms a layer and a last one; those of the feed-forward are not in the model yet.
    let outside = model.parameters().total() + f64::from(layers) * f64::from(hidden);
    let budget =
        Budget { total: total.0, active, outside, layers: f64::from(layers), hidden: f64::from(hidden) };
    let kind = match family {
        Family::DenseGqa => budget.dense(),
        Family::Moe | Family::MlaMoe => budget.mixture(),
    };
    model.ffn = Cow::Owned(vec![FfnLayers { count: layers, kind }]);
    if share.is_some() {
        let reached = model.parameters().active();
        if (reached / active - 1.0).abs() > 0.1 {
            model.notes = Cow::Owned(format!(
                "{} of its parameters are active: embeddings and attention always are, and experts are not sliced further.",
                Share::new(reached / total.0),
            ));
        }
    }
    model
}

/// What is left for the feed-forward layers.
struct Budget {
    total: f64,
    active: f64,
    /// Embeddings, attention and norms.
    outside: f64,
    layers: f64,
    hidden: f64,
}

impl Budget {
    /// Parameters of one column of intermediate width in all layers.
    fn column(&self) -> f64 {
        self.layers * f64::from(GATED) * self.hidden
    }

    fn dense(&self) -> Ffn {
        Ffn::Dense { inter: rounded((self.total - self.outside) / self.column(), 16), matrices: GATED }
    }

    /// Solves `total = outside + routers + column · (experts · inter + shared)` and
    /// `active = outside + routers + column · (top_k · inter + shared)` for the widths.
    fn mixture(&self) -> Ffn {
        let column = self.column();
        let router = self.layers * self.hidden;
        let top_k = f64::from(TOP_K);

        let most = ((self.total - self.outside) / (column * MIN_EXPERT_WIDTH + router)).floor();
        let most = most.clamp(EXPERTS.0, EXPERTS.1);
        // As many experts as make the shared expert as wide as one of them: 8 + 1 widths are active.
        let active_ffn = self.active - self.outside;
        let even = top_k + (top_k + 1.0) * (self.total - self.active) / active_ffn;
        let experts = if active_ffn > 0.0 { divisible_experts(even).clamp(EXPERTS.0, most) } else { most };

        let columns = (self.total - self.outside - router * experts) / column;
        let active_columns = (self.active - self.outside - router * experts) / column;
        let mut inter = (columns - active_columns) / (experts - top_k);
        if active_columns < top_k * inter {
            // Too sparse for what is always active: all that is left goes to routed experts.
            inter = columns / experts;
        }
        let mut inter = inter.round().max(16.0);
        if columns < experts * inter {
            inter = (columns / experts).floor().max(16.0);
        }
        let shared = (columns - experts * inter).max(0.0);
        Ffn::Moe {
            experts: experts as u32,
            top_k: TOP_K,
            inter: inter as u32,
            width: None,
            shared_inter: shared.round() as u32,
            matrices: GATED,
        }
    }
}

/// The next number of experts that divides well: a multiple of an eighth of the power of two below it.
fn divisible_experts(wanted: f64) -> f64 {
    let wanted = wanted.clamp(EXPERTS.0, EXPERTS.1);
    let mut step = 8.0;
    while step * 8.0 < wanted {
        step *= 2.0;
    }
    (wanted / step).ceil() * step
}

/// Query heads: a multiple of 8, above 64 of 16, so that tensor parallelism can split them.
fn heads(wanted: f64) -> u32 {
    rounded(wanted, if wanted < 64.0 { 8 } else { 16 })
}

/// The nearest multiple, at least one.
fn rounded(value: f64, multiple: u32) -> u32 {
    ((value / f64::from(multiple)).round() as u32).max(1).saturating_mul(multiple)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::catalog::models;

    /// The catalogue's models that belong to a family.
    fn members() -> impl Iterator<Item = (Family, &'static Model)> {
        models().iter().filter_map(|model| {
            let all = |is: fn(&Attention) -> bool| model.attention.iter().all(|layers| is(&layers.kind));
            let grouped = all(|kind| matches!(kind, Attention::Grouped { .. }));
            let latent = all(|kind| matches!(kind, Attention::Latent { .. }));
            match (grouped, latent, model.has_moe()) {
                (true, _, false) => Some((Family::DenseGqa, model)),
                (true, _, true) => Some((Family::Moe, model)),
                (_, true, true) => Some((Family::MlaMoe, model)),
                _ => None,
            }
        })
    }

    fn median(mut values: Vec<f64>) -> f64 {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
    }

    struct Fit {
        at_one_billion: f64,
        exponent: f64,
        r2: f64,
        median_deviation: f64,
    }

    /// Least squares on logarithms.
    fn fit(points: &[(f64, f64)]) -> Fit {
        let points: Vec<(f64, f64)> =
            points.iter().map(|&(x, y)| (libm::log(x / 1e9), libm::log(y))).collect();
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>()
            / points.iter().map(|p| (p.0 - x) * (p.0 - x)).sum::<f64>();
        let offset = y - slope * x;
        let residual = |p: &(f64, f64)| p.1 - offset - slope * p.0;
        Fit {
            at_one_billion: libm::exp(offset),
            exponent: slope,
            r2: 1.0
                - points.iter().map(|p| residual(p) * residual(p)).sum::<f64>()
                    / points.iter().map(|p| (p.1 - y) * (p.1 - y)).sum::<f64>(),
            median_deviation: median(points.iter().map(|p| (libm::exp(residual(p)) - 1.0).abs()).collect()),
        }
    }

    fn agrees(law: &PowerLaw, fit: &Fit, r2: f64, deviation: f64) {
        assert!(
            (law.at_one_billion / fit.at_one_billion - 1.0).abs() < 0.02,
            "refit: {}",
            fit.at_one_billion
        );
        assert!((law.exponent - fit.exponent).abs() < 0.005, "refit: {}", fit.exponent);
        assert!((r2 - fit.r2).abs() < 0.01, "refit: R² {}", fit.r2);
        assert!((deviation - fit.median_deviation).abs() < 0.01, "refit: {}", fit.median_deviation);
    }

    #[test]
    fn constants_are_the_fit_on_the_catalogue() {
        let active = |model: &Model| model.parameters().active();
        let width: Vec<_> = members().map(|(_, model)| (active(model), f64::from(model.hidden))).collect();
        agrees(&WIDTH, &fit(&width), 0.92, 0.144);
        let depth: Vec<_> = members().map(|(_, model)| (active(model), f64::from(model.layers))).collect();
        agrees(&DEPTH, &fit(&depth), 0.78, 0.081);
        let sparse: Vec<_> = members()
            .filter(|&(family, _)| family != Family::DenseGqa)
            .map(|(_, model)| (model.parameters().total(), active(model)))
            .collect();
        agrees(&ACTIVE, &fit(&sparse), 0.82, 0.224);
    }

    #[test]
    fn fixed_choices_are_medians_of_the_catalogue() {
        assert_eq!(
            median(members().map(|(_, model)| f64::from(model.vocab)).collect()),
            f64::from(VOCABULARY)
        );
        for family in Family::ALL {
            let own: Vec<&Model> =
                members().filter(|&(its, _)| its == family).map(|(_, model)| model).collect();
            let per_head =
                own.iter().map(|model| f64::from(model.hidden) / f64::from(model.attention_heads()));
            assert_eq!(median(per_head.collect()), family.width_per_head(), "{family:?}");
            if family != Family::MlaMoe {
                assert_eq!(median(own.iter().map(|model| f64::from(model.kv_heads())).collect()), 8.0);
            }
        }
    }

    /// Every three-digit size from 1B to 2T.
    fn sizes() -> impl Iterator<Item = f64> {
        let decades = [(100..1000, 1e7), (100..1000, 1e8), (100..1000, 1e9), (100..201, 1e10)];
        decades.into_iter().flat_map(|(digits, unit)| digits.map(move |digit: u32| f64::from(digit) * unit))
    }

    #[test]
    fn totals_meet_the_request_and_never_fall() {
        for family in Family::ALL {
            for share in
                [None, Some(0.01), Some(0.03), Some(0.055), Some(0.1), Some(0.3), Some(0.7), Some(1.0)]
            {
                let mut before = 0.0;
                for size in sizes() {
                    let model = scaled(family, size, share);
                    let total = model.parameters().total();
                    assert!((total / size - 1.0).abs() < 0.005, "{}: {total}", model.id);
                    assert!(total > before, "{}: {total} after {before}", model.id);
                    before = total;
                }
            }
        }
    }

    #[test]
    fn active_share_is_met_where_it_can_be() {
        for family in [Family::Moe, Family::MlaMoe] {
            for size in sizes().filter(|&size| size >= 20e9) {
                for share in [0.05, 0.1, 0.2, 0.5, 0.9] {
                    let model = scaled(family, size, Some(share));
                    let reached = model.parameters().active() / model.parameters().total();
                    let feasible = model.notes.is_empty();
                    assert!(!feasible || (reached / share - 1.0).abs() < 0.1, "{}: {reached}", model.id);
                    if size * share > 6e9 {
                        assert!((reached / share - 1.0).abs() < 0.02, "{}: {reached}", model.id);
                    }
                }
            }
        }
    }

    #[test]
    fn what_latency_depends_on_changes_smoothly() {
        let far = Tokens::new(1e6);
        for family in Family::ALL {
            let mut before: Option<Model> = None;
            for size in sizes() {
                let model = scaled(family, size, None);
                if let Some(before) = before {
                    let ratio = |of: &dyn Fn(&Model) -> f64| of(&model) / of(&before);
                    let kv = ratio(&|model| model.kv_elements_per_token(far));
                    assert!((0.999..1.07).contains(&kv), "{}: KV per token x {kv}", model.id);
                    let active = ratio(&|model| model.parameters().active());
                    assert!((0.98..1.04).contains(&active), "{}: active x {active}", model.id);
                }
                before = Some(model);
            }
        }
    }

    #[test]
    fn identifiers_are_canonical() {
        for (asked, canonical) in [
            ("dense:70B", "dense:70B"),
            ("dense:70b", "dense:70B"),
            ("dense:1.2345B", "dense:1.23B"),
            ("dense:999.9B", "dense:1T"),
            ("dense:2T", "dense:2T"),
            ("moe:235B:9%", "moe:235B:9%"),
            ("moe:235B", "moe:235B"),
            ("mla-moe:0.671T:5.5%", "mla-moe:671B:5.5%"),
            ("mla-moe:1.03T:3.456%", "mla-moe:1.03T:3.46%"),
        ] {
            let model = parse_family_id(asked).unwrap();
            assert_eq!(model.id, canonical);
            assert_eq!(parse_family_id(&model.id).unwrap(), model);
        }
        for family in Family::ALL {
            for size in sizes() {
                let model = scaled(family, size, Some(0.0777));
                assert_eq!(parse_family_id(&model.id).unwrap(), model);
            }
        }
    }

    #[test]
    fn wrong_identifiers_are_explained() {
        for (id, field) in [
            ("", "model family"),
            ("llama3-70b", "model family"),
            ("dense", "model size"),
            ("dense:", "model size"),
            ("dense:70", "model size"),
            ("dense:3T", "model size"),
            ("dense:0.9B", "model size"),
            ("dense:NaNB", "model size"),
            ("dense:7\u{e9}", "model size"),
            ("dense:70B:9%", "active share"),
            ("moe:70B:", "active share"),
            ("moe:70B:9", "active share"),
            ("moe:70B:0.5%", "active share"),
            ("moe:70B:101%", "active share"),
            ("moe:70B:9%:x", "model"),
        ] {
            let error = parse_family_id(id).unwrap_err();
            assert_eq!(error.field, field, "{id}: {error}");
        }
        assert_eq!(
            parse_family_id("moe:9T").unwrap_err().to_string(),
            "model size `9T` should be from 1B to 2T, as in `70B` or `1.5T`"
        );
    }

    #[test]
    fn any_number_gives_a_model() {
        for family in Family::ALL {
            for size in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, 1e300] {
                for share in [None, Some(f64::NAN), Some(-1.0), Some(0.0), Some(f64::INFINITY)] {
                    let total = scaled(family, size, share).parameters().total();
                    assert!((0.99e9..2.02e12).contains(&total));
                }
            }
        }
    }

    #[test]
    fn real_models_are_recognisable() {
        let llama = scaled(Family::DenseGqa, 70e9, None);
        assert_eq!((llama.layers, llama.attention_heads(), llama.kv_heads()), (74, 64, 8));
        let deepseek = scaled(Family::MlaMoe, 671e9, Some(0.055));
        let [FfnLayers { kind: Ffn::Moe { experts, inter, .. }, .. }] = deepseek.ffn[..] else { panic!() };
        assert_eq!((deepseek.layers, deepseek.hidden, experts), (62, 6400, 224));
        assert!((1500..3000).contains(&inter), "{inter}");
    }
}
