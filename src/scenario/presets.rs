//! Named starting points: scenarios as links, each with what there is to notice.

/// A scenario worth starting from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Identifier.
    pub id: &'static str,
    /// Name for menus.
    pub name: &'static str,
    /// The scenario.
    pub link: &'static str,
    /// What to notice, in a sentence.
    pub notice: &'static str,
}

/// All presets, in the order of menus.
pub const PRESETS: &[Preset] = &[Preset {
    id: "mixed",
    name: "Prefill on H100, decode on H200",
    link: "v1",
    notice: "Older chips read prompts while the ones with more memory bandwidth write; move the mix and watch which \
                 half binds.",
}];

/// The preset with this identifier.
#[must_use]
pub fn preset(id: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}
