//! Presets: `data/workloads.toml`, and the curves of speculative decoding in `data/acceptance.toml`.

use serde::Deserialize;

use super::checks::{Checks, Cited, block};
use crate::catalog::bounds;

/// All workloads.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadsFile {
    /// Each of them, in the order of menus.
    pub workload: Vec<WorkloadEntry>,
}

block! {
    /// A workload.
    WorkloadEntry {
        /// Identifier.
        id: String,
        /// Name for people.
        name: String,
        /// Input of one request.
        input_tokens: LengthsEntry,
        /// Output of one request.
        output_tokens: LengthsEntry,
        /// Share of the input that the prefix cache holds.
        cached_share: f64,
        /// Coefficient of variation of the gaps between requests. Absent: a closed loop, each user sends the next request
        /// after the last answer.
        arrival_cv: Option<f64>,
        /// The session that requests belong to.
        session: Option<SessionEntry>,
        /// The service level people expect.
        slo: Option<SloEntry>,
        /// A stricter one.
        interactive: Option<SloEntry>,
        /// Where the figures come from.
        sources: String,
    }
}

/// A distribution of lengths or times.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LengthsEntry {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
}

/// A session.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionEntry {
    /// Turns, each a request.
    pub turns: u32,
    /// First prompt.
    pub first_tokens: f64,
    /// The head of it that all sessions share.
    pub shared_tokens: f64,
    /// New input of a later turn.
    pub growth_tokens: f64,
    /// Time between an answer and the next turn.
    pub pause_s: LengthsEntry,
}

/// A service level.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SloEntry {
    /// Time to first token.
    pub ttft_s: f64,
    /// Time per output token.
    pub tpot_ms: f64,
}

impl WorkloadsFile {
    /// Whether it makes sense.
    pub fn check(&self, c: &mut Checks) {
        for (row, cited) in self.blocks() {
            c.cited(&row, cited);
        }
        for (position, entry) in self.workload.iter().enumerate() {
            let id = &entry.id;
            c.text("id", id);
            c.text(&format!("{id}.name"), &entry.name);
            c.text(&format!("{id}.sources"), &entry.sources);
            c.ensure(self.workload[..position].iter().all(|other| other.id != *id), || {
                format!("`id = {id:?}` stands twice")
            });
            for (field, lengths) in
                [("input_tokens", &entry.input_tokens), ("output_tokens", &entry.output_tokens)]
            {
                c.range(&format!("{id}.{field}.p50"), lengths.p50, bounds::LENGTH, 1.0);
                c.between(&format!("{id}.{field}.p95"), lengths.p95, lengths.p50, bounds::LENGTH.high);
            }
            c.range(&format!("{id}.cached_share"), entry.cached_share, bounds::SHARE, 1.0);
            c.range(&format!("{id}.arrival_cv"), entry.arrival_cv, bounds::ARRIVAL_CV, 1.0);
            if let Some(session) = &entry.session {
                session.check(&format!("{id}.session"), c);
            }
            for slo in entry.slo.iter().chain(&entry.interactive) {
                c.range(&format!("{id}.slo.ttft_s"), slo.ttft_s, bounds::SLO_TTFT, 1.0);
                c.range(&format!("{id}.slo.tpot_ms"), slo.tpot_ms, bounds::SLO_TPOT, 1e-3);
            }
        }
    }

    /// The rows that say where they come from.
    #[must_use]
    pub fn blocks(&self) -> Vec<(String, Cited<'_>)> {
        let rows = self.workload.iter().map(|row| (row.id.clone(), row.cited()));
        rows.filter(|(_, cited)| !cited.is_empty()).collect()
    }
}

impl SessionEntry {
    fn check(&self, name: &str, c: &mut Checks) {
        c.count(&format!("{name}.turns"), self.turns, bounds::TURNS);
        c.range(&format!("{name}.first_tokens"), self.first_tokens, bounds::LENGTH, 1.0);
        c.between(&format!("{name}.shared_tokens"), self.shared_tokens, 0.0, self.first_tokens);
        c.range(&format!("{name}.growth_tokens"), self.growth_tokens, bounds::LENGTH, 1.0);
        c.range(&format!("{name}.pause_s.p50"), self.pause_s.p50, bounds::PAUSE, 1.0);
        c.between(&format!("{name}.pause_s.p95"), self.pause_s.p95, self.pause_s.p50, bounds::PAUSE.high);
    }
}

/// All curves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceFile {
    /// Month in which they were gathered.
    pub date: String,
    /// Models that are released with prediction heads.
    pub heads: Vec<String>,
    /// Each of them.
    pub curve: Vec<AcceptanceEntry>,
}

block! {
    /// A curve.
    AcceptanceEntry {
        /// The model it was measured with, or `typical`.
        id: String,
        /// Draft tokens, rising.
        draft_tokens: Vec<u32>,
        /// Tokens per step for each of them.
        tokens_per_step: Vec<f64>,
        /// Where they come from.
        sources: String,
    }
}

impl AcceptanceFile {
    /// Whether it makes sense, with the models of these identifiers.
    pub fn check(&self, models: &[&str], c: &mut Checks) {
        for (row, cited) in self.blocks() {
            c.cited(&row, cited);
        }
        c.text("date", &self.date);
        for id in &self.heads {
            c.ensure(models.contains(&id.as_str()), || {
                format!("`heads`: {id:?} is no model of the catalogue")
            });
        }
        for (position, entry) in self.curve.iter().enumerate() {
            let id = &entry.id;
            c.text(&format!("{id}.sources"), &entry.sources);
            c.ensure(id == "typical" || models.contains(&id.as_str()), || {
                format!("`id = {id:?}` is neither a model of the catalogue nor \"typical\"")
            });
            c.ensure(self.curve[..position].iter().all(|other| other.id != *id), || {
                format!("`id = {id:?}` stands twice")
            });
            c.ensure(entry.draft_tokens.len() == entry.tokens_per_step.len(), || {
                format!("{id}: as many draft_tokens as tokens_per_step")
            });
            c.ensure(entry.draft_tokens.windows(2).all(|pair| pair[0] < pair[1]), || {
                format!("{id}: draft_tokens must rise")
            });
            for (&tokens, &yields) in entry.draft_tokens.iter().zip(&entry.tokens_per_step) {
                c.between(&format!("{id}.tokens_per_step"), yields, 1.0, f64::from(tokens) + 1.0);
            }
        }
        c.ensure(self.curve.iter().any(|entry| entry.id == "typical"), || "a curve \"typical\"".to_owned());
    }

    /// The rows that say where they come from.
    #[must_use]
    pub fn blocks(&self) -> Vec<(String, Cited<'_>)> {
        let rows = self.curve.iter().map(|row| (row.id.clone(), row.cited()));
        rows.filter(|(_, cited)| !cited.is_empty()).collect()
    }
}
