//! A model's file, `data/models/ID.toml`.

use serde::Deserialize;

use super::checks::{Checks, Cited, Origin, block, cell, words};
use crate::catalog::architecture::{self, Architecture};
use crate::catalog::bounds;
use crate::catalog::model::{Attention, AttentionLayers, Ffn, FfnLayers, GROUP, Indexer, Parts, Release};
use crate::catalog::number::NumberFormat;
use crate::catalog::provenance::Confidence;
use crate::units::Tokens;

/// A model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(non_snake_case, reason = "keys carry their unit")]
pub struct ModelFile {
    /// Identifier in links, and the name of the file.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Other names that people use for it, and those of models of the same shape.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Maker.
    pub vendor: String,
    /// Month of release, or year.
    pub released: String,
    /// Published parameter count.
    pub published_total_B: Option<f64>,
    /// Published active parameter count per token.
    pub published_active_B: Option<f64>,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Layers (blocks).
    pub layers: u32,
    /// Vocabulary.
    pub vocab: u32,
    /// Whether the output head is the input embedding.
    pub tied_embeddings: bool,
    /// Longest context of the checkpoint.
    pub max_context_tokens: u32,
    /// Month in which the figures were gathered.
    pub date: String,
    /// How far to trust them.
    pub confidence: Confidence,
    /// Where they come from.
    pub sources: String,
    /// What a reader must know beside them.
    #[serde(default)]
    pub notes: String,
    /// Where the published totals come from.
    pub totals: Option<Origin>,
    /// Where the architecture comes from.
    pub architecture: Option<Origin>,
    /// Groups of equal token-mixing layers.
    pub attention: Vec<AttentionFile>,
    /// Groups of equal feed-forward layers.
    pub ffn: Vec<FfnFile>,
    /// Checkpoints, first the one that is served unless another is asked for.
    pub releases: Vec<ReleaseFile>,
}

block! {
    /// A checkpoint. Parts without a key are in the format of its `id`, the vocabulary in 16 bits.
    ReleaseFile {
        /// What names it in links: the format most of its weights are in.
        id: NumberFormat,
        /// Its name on Hugging Face.
        name: Option<String>,
        /// Projections of attention and of linear mixers.
        attention: Option<NumberFormat>,
        /// Dense feed-forward layers.
        dense: Option<NumberFormat>,
        /// Shared experts.
        shared: Option<NumberFormat>,
        /// Routed experts.
        experts: Option<NumberFormat>,
        /// Input embedding and output head.
        head: Option<NumberFormat>,
        /// KV cache, where the checkpoint carries its scales.
        kv: Option<NumberFormat>,
        /// Weights that share a scale in a checkpoint of 4-bit integers, where they are not 128.
        group: Option<u32>,
        /// Size of its files, where published.
        checkpoint_GB: Option<f64>,
    }
}

/// A group of equal token-mixing layers; exactly one kind is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttentionFile {
    /// How many of them.
    pub count: u32,
    /// Grouped attention.
    pub grouped: Option<Grouped>,
    /// Latent attention.
    pub latent: Option<Latent>,
    /// Linear attention.
    pub linear: Option<Linear>,
    /// Mamba-2.
    pub mamba: Option<Mamba>,
    /// Compressed sparse attention.
    pub compressed: Option<Compressed>,
}

/// Keys of a kind of layer, as [`Attention`] and [`Ffn`] explain them.
macro_rules! kind {
    ($(#[$meta:meta])* $name:ident { $($(#[$key_meta:meta])* $key:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(missing_docs, reason = "explained where the catalogue's model is defined")]
        pub struct $name { $($(#[$key_meta])* pub $key: $type),* }
    };
}

kind! {
    /// Grouped attention. Without `v_dim`, values are as wide as keys.
    Grouped {
        heads: u32,
        kv_heads: u32,
        head_dim: u32,
        v_dim: Option<u32>,
        window: Option<u32>,
        #[serde(default)]
        shared_kv: bool,
        #[serde(default)]
        output_gate: bool,
        indexer: Option<IndexerFile>,
    }
}
kind! {
    /// Latent attention.
    Latent {
        heads: u32,
        q_rank: Option<u32>,
        kv_rank: u32,
        rope_dim: u32,
        nope_dim: u32,
        v_dim: u32,
        indexer: Option<IndexerFile>,
    }
}
kind! {
    /// Linear attention.
    Linear { key_heads: u32, value_heads: u32, key_dim: u32, value_dim: u32, extra_parameters: u32 }
}
kind! {
    /// Mamba-2.
    Mamba { heads: u32, head_dim: u32, state: u32, groups: u32 }
}
kind! {
    /// Compressed sparse attention.
    Compressed {
        heads: u32,
        head_dim: u32,
        q_rank: u32,
        window: u32,
        ratio: Option<u32>,
        out_groups: u32,
        out_rank: u32,
        indexer: Option<IndexerFile>,
    }
}
kind! {
    /// Selection of positions.
    IndexerFile { heads: u32, dim: u32, top_k: u32 }
}

/// A group of equal feed-forward layers; exactly one kind is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FfnFile {
    /// How many of them.
    pub count: u32,
    /// The same weights for each token.
    pub dense: Option<Dense>,
    /// Mixture of experts.
    pub moe: Option<Moe>,
}

kind! {
    /// The same weights for each token.
    Dense { inter: u32, matrices: u32 }
}
kind! {
    /// Mixture of experts. Without `width`, experts work at the hidden width.
    Moe {
        experts: u32,
        top_k: u32,
        inter: u32,
        width: Option<u32>,
        #[serde(default)]
        shared_inter: u32,
        matrices: u32,
    }
}

impl ModelFile {
    /// Whether it makes sense.
    pub fn check(&self, c: &mut Checks) {
        c.identity(&self.id, &self.name, &self.vendor, &self.date, &self.sources);
        c.aliases(&self.aliases);
        c.month("released", &self.released, true);
        for (block, cited) in self.blocks() {
            c.cited(block, cited);
        }
        c.range("published_total_B", self.published_total_B, bounds::PUBLISHED, 1e9);
        c.range("published_active_B", self.published_active_B, bounds::PUBLISHED, 1e9);
        c.count("hidden", self.hidden, bounds::HIDDEN);
        c.count("layers", self.layers, bounds::LAYERS);
        c.count("vocab", self.vocab, bounds::VOCABULARY);
        c.count("max_context_tokens", self.max_context_tokens, bounds::CONTEXT);
        let has_moe = self.ffn.iter().any(|layers| layers.moe.is_some());
        c.ensure(has_moe || self.published_active_B.is_none(), || {
            "`published_active_B` belongs to models with a [[ffn]] of kind `moe`".to_owned()
        });
        if let (Some(total), Some(active)) = (self.published_total_B, self.published_active_B) {
            c.ensure(active < total, || {
                format!("`published_active_B = {active}` must be below the total of {total}")
            });
        }
        self.check_layers(c);
        self.check_releases(c);
    }

    fn check_releases(&self, c: &mut Checks) {
        c.ensure(!self.releases.is_empty(), || {
            "a model needs at least one [[releases]]: first the one that its maker serves".to_owned()
        });
        let has = |dense: bool| {
            self.ffn.iter().any(|own| if dense { own.dense.is_some() } else { own.moe.is_some() })
        };
        for (place, release) in self.releases.iter().enumerate() {
            let name = format!("[[releases]] {}", place + 1);
            let twice = self.releases.iter().take(place).any(|own| own.id == release.id);
            c.ensure(!twice, || {
                format!("{name}: `id = {:?}` stands before it; a format names one release", release.id.id())
            });
            if let Some(text) = &release.name {
                c.text(&format!("{name}.name"), text);
            }
            c.ensure(has(false) || (release.experts.is_none() && release.shared.is_none()), || {
                format!("{name}: `experts` and `shared` belong to models with a [[ffn]] of kind `moe`")
            });
            c.ensure(has(true) || release.dense.is_none(), || {
                format!("{name}: `dense` belongs to models with a [[ffn]] of kind `dense`")
            });
            c.count(&format!("{name}.group"), release.group, bounds::GROUP);
            c.range(&format!("{name}.checkpoint_GB"), release.checkpoint_GB, bounds::CHECKPOINT, 1e9);
        }
    }

    fn check_layers(&self, c: &mut Checks) {
        let sum = |counts: &mut dyn Iterator<Item = u32>| counts.fold(0, u32::saturating_add);
        let mixing = sum(&mut self.attention.iter().map(|layers| layers.count));
        let feeding = sum(&mut self.ffn.iter().map(|layers| layers.count));
        let pairs = mixing == self.layers && feeding == self.layers;
        c.ensure(pairs || mixing.saturating_add(feeding) == self.layers, || {
            format!(
                "`layers = {}` fits neither {mixing} attention with {feeding} ffn layers in pairs nor their sum in single blocks",
                self.layers,
            )
        });
        for (place, group) in self.attention.iter().enumerate() {
            let name = format!("[[attention]] {}", place + 1);
            match group.layers() {
                Some(layers) => {
                    for invalid in layers.out_of_range() {
                        c.add(format!("{name}, {invalid}"));
                    }
                }
                None => c.add(format!(
                    "{name} needs exactly one of `grouped`, `latent`, `linear`, `mamba`, `compressed`"
                )),
            }
            group.check(&name, c);
        }
        for (place, group) in self.ffn.iter().enumerate() {
            let name = format!("[[ffn]] {}", place + 1);
            match group.layers() {
                Some(layers) => {
                    for invalid in layers.out_of_range() {
                        c.add(format!("{name}, {invalid}"));
                    }
                }
                None => c.add(format!("{name} needs exactly one of `dense`, `moe`")),
            }
        }
    }

    /// The blocks that say where they come from.
    #[must_use]
    pub fn blocks(&self) -> Vec<(&'static str, Cited<'_>)> {
        let blocks = [("totals", &self.totals), ("architecture", &self.architecture)];
        let cited = blocks.into_iter().filter_map(|(block, origin)| Some((block, origin.as_ref()?.cited())));
        let releases = self.releases.iter().map(|own| ("releases", own.cited()));
        cited.chain(releases).filter(|(_, cited)| !cited.is_empty()).collect()
    }

    /// The architecture; groups of no single kind are left out.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        let plain = Release::plain(NumberFormat::Bf16, NumberFormat::Bf16);
        let Release { parts, kv, .. } = self.releases.first().map_or(plain, ReleaseFile::release);
        Architecture {
            hidden: self.hidden,
            vocab: self.vocab,
            tied_embeddings: self.tied_embeddings,
            max_context: Tokens::new(f64::from(self.max_context_tokens)),
            layers: self.layers,
            attention: self.attention.iter().filter_map(AttentionFile::layers).collect(),
            ffn: self.ffn.iter().filter_map(FfnFile::layers).collect(),
            native_weights: parts.attention,
            native_experts: parts.experts,
            native_kv: kv,
        }
    }

    /// Its cells in the order in which `table` reads them; without words for people where a browser reads them.
    #[must_use]
    pub fn cells(&self, browser: bool) -> Vec<String> {
        let has_moe = self.ffn.iter().any(|layers| layers.moe.is_some());
        let active = if has_moe { self.published_active_B } else { self.published_total_B };
        vec![
            self.id.clone(),
            self.name.clone(),
            self.released.clone(),
            cell(self.published_total_B),
            cell(active),
            architecture::write(&self.architecture(), |tokens| tokens.get().to_string()),
            self.releases(browser),
            self.confidence.id().to_owned(),
            words(&format!("{} (read {})", self.sources, self.date), browser),
            words(&self.notes, browser),
        ]
    }
}

impl ModelFile {
    /// The releases in a cell, each with its name but in browsers, which do without those that the plain rule gives too.
    /// Those in 8-bit floats stay: what `fp8` means for a model depends on which of them there are.
    fn releases(&self, browser: bool) -> String {
        let mut cells = Vec::new();
        let mut first = None;
        for own in &self.releases {
            let release = own.release();
            let default = *first.get_or_insert(release);
            let eight = matches!(release.id, NumberFormat::Fp8 | NumberFormat::Fp8Block);
            let needed = cells.is_empty() || eight || release != default.in_format(release.id);
            match &own.name {
                Some(name) if !browser => cells.push(format!("{}={name}", release.code())),
                _ if !browser || needed => cells.push(release.code()),
                _ => {}
            }
        }
        cells.join(" ")
    }
}

impl ReleaseFile {
    /// The formats of the parts.
    #[must_use]
    pub fn release(&self) -> Release {
        let own = |part: Option<NumberFormat>| part.unwrap_or(self.id);
        let parts = Parts {
            attention: own(self.attention),
            dense: own(self.dense),
            shared: own(self.shared),
            experts: own(self.experts),
            head: self.head.unwrap_or(NumberFormat::Bf16),
        };
        Release { id: self.id, parts, kv: self.kv, group: self.group.unwrap_or(GROUP) }
    }
}

impl AttentionFile {
    /// What its ranges do not say.
    fn check(&self, name: &str, c: &mut Checks) {
        if let Some(g) = &self.grouped {
            c.ensure(g.kv_heads > 0 && g.heads.is_multiple_of(g.kv_heads), || {
                format!("{name}: {} query heads can't share {} key-value heads evenly", g.heads, g.kv_heads)
            });
            c.ensure(!g.shared_kv || g.v_dim.is_none(), || {
                format!("{name}: `v_dim` can't differ from `head_dim` where keys and values are one tensor")
            });
        }
        if let Some(x) = &self.compressed {
            c.ensure(x.indexer.is_none() || x.ratio.is_some(), || {
                format!("{name}: an indexer selects compressed entries: give `ratio` too")
            });
        }
    }

    /// The layers, where exactly one kind is given.
    #[must_use]
    pub fn layers(&self) -> Option<AttentionLayers> {
        let kind = match (self.grouped, self.latent, self.linear, self.mamba, self.compressed) {
            (Some(grouped), None, None, None, None) => grouped.attention(),
            (None, Some(latent), None, None, None) => latent.attention(),
            (None, None, Some(linear), None, None) => {
                let Linear { key_heads, value_heads, key_dim, value_dim, extra_parameters } = linear;
                Attention::Linear { key_heads, value_heads, key_dim, value_dim, extra_parameters }
            }
            (None, None, None, Some(Mamba { heads, head_dim, state, groups }), None) => {
                Attention::Mamba { heads, head_dim, state, groups }
            }
            (None, None, None, None, Some(compressed)) => compressed.attention(),
            _ => return None,
        };
        Some(AttentionLayers { count: self.count, kind })
    }
}

impl Grouped {
    fn attention(self) -> Attention {
        let Self { heads, kv_heads, head_dim, v_dim, window, shared_kv, output_gate, indexer } = self;
        let (v_dim, indexer) = (v_dim.unwrap_or(head_dim), indexer.map(Indexer::from));
        Attention::Grouped { heads, kv_heads, head_dim, v_dim, window, shared_kv, output_gate, indexer }
    }
}

impl Latent {
    fn attention(self) -> Attention {
        let Self { heads, q_rank, kv_rank, rope_dim, nope_dim, v_dim, indexer } = self;
        let indexer = indexer.map(Indexer::from);
        Attention::Latent { heads, q_rank, kv_rank, rope_dim, nope_dim, v_dim, indexer }
    }
}

impl Compressed {
    fn attention(self) -> Attention {
        let Self { heads, head_dim, q_rank, window, ratio, out_groups, out_rank, indexer } = self;
        let indexer = indexer.map(Indexer::from);
        Attention::Compressed { heads, head_dim, q_rank, window, ratio, out_groups, out_rank, indexer }
    }
}

impl From<IndexerFile> for Indexer {
    fn from(file: IndexerFile) -> Self {
        let IndexerFile { heads, dim, top_k } = file;
        Self { heads, dim, top_k }
    }
}

impl FfnFile {
    /// The layers, where exactly one kind is given.
    #[must_use]
    pub fn layers(&self) -> Option<FfnLayers> {
        let kind = match (self.dense, self.moe) {
            (Some(Dense { inter, matrices }), None) => Ffn::Dense { inter, matrices },
            (None, Some(Moe { experts, top_k, inter, width, shared_inter, matrices })) => {
                Ffn::Moe { experts, top_k, inter, width, shared_inter, matrices }
            }
            _ => return None,
        };
        Some(FfnLayers { count: self.count, kind })
    }
}
