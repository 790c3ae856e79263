//! What was read from a `config.json`: the model in figures and as part of a link.

use serde::Serialize;

use crate::catalog::import::Imported;
use crate::pass::Numerics;
use crate::scenario::{Formats, Scenario, link};
use crate::units::format::Unit;
use crate::units::{Bytes, Tokens};

/// An imported model as plain data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Its name in links.
    pub model: String,
    /// All parameters.
    pub parameters: f64,
    /// Parameters per token.
    pub active_parameters: f64,
    /// Layers.
    pub layers: u32,
    /// Longest context, in tokens.
    pub max_context: f64,
    /// Bytes that one token adds to the KV cache of a long sequence, in the format that suits the weights.
    pub kv_bytes_per_token: f64,
    /// Bytes of the states of constant size that a sequence keeps beside that.
    pub state_bytes: f64,
    /// Format of the dense weights.
    pub weights: &'static str,
    /// Format of the expert weights.
    pub experts: &'static str,
    /// The catalogue's model of the same architecture.
    pub same_as: Option<&'static str>,
    /// What was assumed or left out.
    pub notes: Vec<String>,
    /// A link to the model.
    pub link: String,
}

/// Bytes of an element of a state of constant size, which engines keep in 32 bits.
const STATE: f64 = 4.0;

impl Summary {
    /// Sums up an imported model.
    #[must_use]
    pub fn of(imported: &Imported) -> Self {
        let model = &imported.model;
        let parameters = model.parameters();
        let numerics = Numerics::resolve(model, Formats::default());
        // Beyond all windows.
        let far = model.max_context.max(Tokens::new(1e9));
        let mut scenario = Scenario::default();
        scenario.bring_model(model.clone());
        Self {
            model: model.id.clone().into_owned(),
            parameters: parameters.total(),
            active_parameters: parameters.active(),
            layers: model.layers,
            max_context: model.max_context.get(),
            kv_bytes_per_token: model.kv_elements_per_token(far) * numerics.kv.cached_bytes(),
            state_bytes: model.state_elements() * STATE,
            weights: numerics.attention.id(),
            experts: numerics.experts.id(),
            same_as: imported.same_as,
            notes: imported.notes.iter().map(ToString::to_string).collect(),
            link: link::write(&scenario, &[]),
        }
    }

    /// The summary for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let count = |parameters: f64| Unit::Count.format(parameters);
        let bytes = |bytes: f64| Unit::Bytes.format(Bytes::new(bytes).get());
        let mut page = format!("{}: {} parameters", self.model, count(self.parameters));
        if self.active_parameters < self.parameters {
            page.push_str(&format!(", {} per token", count(self.active_parameters)));
        }
        page.push_str(&format!(
            ", {} layers, context of {} tokens\n",
            self.layers,
            Unit::Tokens.format(self.max_context)
        ));
        page.push_str(&format!("KV cache: {} per token of a long sequence", bytes(self.kv_bytes_per_token)));
        if self.state_bytes > 0.0 {
            page.push_str(&format!(", and {} of state per sequence", bytes(self.state_bytes)));
        }
        page.push_str(&format!("\nWeights: {}", self.weights));
        if self.experts != self.weights {
            page.push_str(&format!(", experts {}", self.experts));
        }
        page.push('\n');
        for note in &self.notes {
            page.push_str(&format!("Note: {note}.\n"));
        }
        if let Some(known) = self.same_as {
            page.push_str(&format!(
                "The catalogue has this architecture as {known}: model={known} also finds what was measured of it.\n"
            ));
        }
        page.push_str(&format!("Link: {}\n", self.link));
        page
    }
}
