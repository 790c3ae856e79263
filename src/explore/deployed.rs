//! A deployment as every answer names it: its pools in words, and the link that makes it the scenario.

use serde::Serialize;

use crate::catalog::{self, Chip};
use crate::scenario::{Role, Scenario, link, notation};

/// A deployment that was found or compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Deployed {
    /// Its pools with their layouts: `4 × H100 SXM tp4 prefill + 8 × H200 SXM tp8 decode`.
    pub label: String,
    /// Its scenario as a link.
    pub link: String,
}

impl Deployed {
    /// Names the deployment of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        Self { label: label(scenario), link: link::write(scenario, &[]) }
    }

    /// The scenario: what a click opens.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        link::parse(&self.link).scenario
    }
}

/// The pools of a scenario with their layouts, as far as they are written down.
fn label(scenario: &Scenario) -> String {
    let pools = scenario.split.pools().into_iter().map(|(role, pool)| {
        let chip = catalog::chip(&pool.chip).map_or(pool.chip.as_str(), Chip::short_name);
        let mut text = format!("{} × {chip}", pool.chips);
        if let Some(layout) = &pool.layout {
            text.push(' ');
            text.push_str(&notation::write_layout(layout).replace(':', " "));
        }
        if role != Role::Colocated {
            text.push(' ');
            text.push_str(role.key());
        }
        text
    });
    pools.collect::<Vec<_>>().join(" + ")
}
