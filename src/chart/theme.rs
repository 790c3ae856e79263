//! Every colour there is, in light and in dark, as plain data: the charts paint with them and the stylesheet takes
//! the same ones through [`css`], so the two cannot drift apart.
//!
//! The eight series colours start from the Okabe–Ito palette. They were moved, hue by hue, until every pair stays at
//! least nine hundredths apart in OKLab as normal, protanope, deuteranope and tritanope eyes see them, and every line
//! has 3:1 against the surface. Each has a sibling for text with 4.5:1. The tests check all of it.

use super::model::{Paint, Tint};

/// A colour with its opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
    /// Opacity, 0 to 1.
    pub alpha: f64,
}

impl Colour {
    /// Opaque, from `0xRRGGBB`.
    #[must_use]
    pub const fn hex(rgb: u32) -> Self {
        let [_, red, green, blue] = rgb.to_be_bytes();
        Self { red, green, blue, alpha: 1.0 }
    }

    /// The same colour at this opacity.
    #[must_use]
    pub const fn with_alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// The same colour at this share of its opacity.
    #[must_use]
    pub(super) fn faded(self, share: f64) -> Self {
        Self { alpha: self.alpha * share, ..self }
    }

    /// What the eye sees when this colour lies over an opaque one.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        let mix = |top: u8, bottom: u8| {
            let value = f64::from(top) * self.alpha + f64::from(bottom) * (1.0 - self.alpha);
            libm::round(value) as u8
        };
        Self {
            red: mix(self.red, below.red),
            green: mix(self.green, below.green),
            blue: mix(self.blue, below.blue),
            alpha: 1.0,
        }
    }

    /// Relative luminance, as the web content accessibility guidelines define it.
    #[must_use]
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.linear();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// The contrast ratio between two opaque colours, 1 to 21.
    #[must_use]
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Black or white, whichever reads better on this colour.
    #[must_use]
    pub(super) fn ink_on(self) -> Self {
        let (dark, light) = (Self::hex(0x101216), Self::hex(0xFFFFFF));
        if self.contrast(dark) >= self.contrast(light) { dark } else { light }
    }

    /// As CSS writes it: `#1241ad`, or `rgb(18 65 173 / 0.5)` when it is not opaque.
    #[must_use]
    pub fn css(self) -> String {
        let Self { red, green, blue, alpha } = self;
        if alpha >= 1.0 {
            format!("#{red:02x}{green:02x}{blue:02x}")
        } else {
            format!("rgb({red} {green} {blue} / {alpha})")
        }
    }

    fn linear(self) -> [f64; 3] {
        [self.red, self.green, self.blue].map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) }
        })
    }
}

/// One hue in its two strengths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hue {
    /// For lines, markers and fills: at least 3:1 against the surface.
    pub line: Colour,
    /// For text: at least 4.5:1 against the surface and what is raised above it.
    pub text: Colour,
}

const fn hue(line: u32, text: u32) -> Hue {
    Hue { line: Colour::hex(line), text: Colour::hex(text) }
}

/// All colours and the fonts of one look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    /// Behind everything.
    pub page: Colour,
    /// Behind charts and panels.
    pub surface: Colour,
    /// Behind what lies above a panel: menus, tooltips, fields.
    pub raised: Colour,
    /// Text.
    pub ink: Colour,
    /// Secondary text and axis labels.
    pub muted: Colour,
    /// Lines of the grid.
    pub grid: Colour,
    /// The axis, and borders that carry meaning (3:1).
    pub axis: Colour,
    /// Borders that only separate.
    pub border: Colour,
    /// Links, focus, the active control.
    pub accent: Colour,
    /// Text on the accent colour.
    pub on_accent: Colour,
    /// A limit that is met.
    pub good: Colour,
    /// Something to mind.
    pub warning: Colour,
    /// A limit that is broken, or a mistake; crimson, for orange is prefill.
    pub bad: Colour,
    /// The series colours, in order of use. The last is that of prefill, so that no pin wears it.
    pub series: [Hue; 8],
    /// The font stack, as CSS writes it.
    pub font: &'static str,
}

/// The font stack of the page and the charts: what the system has, nothing to fetch.
pub const FONT: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

/// Dark text on light ground.
pub const LIGHT: Theme = Theme {
    page: Colour::hex(0xF4F5F8),
    surface: Colour::hex(0xFFFFFF),
    raised: Colour::hex(0xF4F5F8),
    ink: Colour::hex(0x15181E),
    muted: Colour::hex(0x586070),
    grid: Colour::hex(0xE4E7EC),
    axis: Colour::hex(0x868F9F),
    border: Colour::hex(0xD5D9E0),
    accent: Colour::hex(0x1257B0),
    on_accent: Colour::hex(0xFFFFFF),
    good: Colour::hex(0x0F744B),
    warning: Colour::hex(0x8A5A00),
    bad: Colour::hex(0xB0163F),
    series: [
        hue(0x1241AD, 0x1241AD),
        hue(0x248466, 0x207A5E),
        hue(0x80276B, 0x80276B),
        hue(0xC28718, 0x8C6418),
        hue(0x109AD6, 0x11729E),
        hue(0x815BBA, 0x7E58B8),
        hue(0x8D919A, 0x646973),
        hue(0xC63C08, 0xC03A08),
    ],
    font: FONT,
};

/// Light text on dark ground.
pub const DARK: Theme = Theme {
    page: Colour::hex(0x0F1115),
    surface: Colour::hex(0x16191F),
    raised: Colour::hex(0x1E222A),
    ink: Colour::hex(0xE9ECF2),
    muted: Colour::hex(0x9FA8B6),
    grid: Colour::hex(0x2A2F39),
    axis: Colour::hex(0x677181),
    border: Colour::hex(0x333945),
    accent: Colour::hex(0x7DB5FF),
    on_accent: Colour::hex(0x0B1626),
    good: Colour::hex(0x5BD19A),
    warning: Colour::hex(0xF0B84C),
    bad: Colour::hex(0xFF8FA3),
    series: [
        hue(0x4D81F1, 0x6A97F4),
        hue(0x6CCE99, 0x6CCE99),
        hue(0xDB7DC1, 0xDB7DC1),
        hue(0xF3B723, 0xF3B723),
        hue(0x96E5F8, 0x96E5F8),
        hue(0xAD9BFF, 0xAD9BFF),
        hue(0x787E88, 0x9CA2AC),
        hue(0xFB6B34, 0xFB7A48),
    ],
    font: FONT,
};

impl Theme {
    /// The hue of a paint.
    #[must_use]
    pub fn hue(&self, paint: Paint) -> Hue {
        let slot = match paint {
            Paint::Series(index) => index,
            Paint::Tint(tint) => tint.slot(),
            Paint::Ink => return Hue { line: self.ink, text: self.ink },
            Paint::Muted => return Hue { line: self.axis, text: self.muted },
            Paint::Faint => return Hue { line: self.grid, text: self.muted },
        };
        let fallback = Hue { line: self.ink, text: self.ink };
        self.series.get(slot % self.series.len()).copied().unwrap_or(fallback)
    }

    /// The look as CSS custom properties, in an order that all looks share.
    fn properties(&self) -> Vec<(String, Colour)> {
        let mut all = Vec::new();
        let mut property = |name: &str, colour: Colour| all.push((name.to_owned(), colour));
        let Self {
            page,
            surface,
            raised,
            ink,
            muted,
            grid,
            axis,
            border,
            accent,
            on_accent,
            good,
            warning,
            bad,
            series,
            font: _,
        } = *self;
        for (name, colour) in [
            ("page", page),
            ("surface", surface),
            ("raised", raised),
            ("ink", ink),
            ("muted", muted),
            ("grid", grid),
            ("axis", axis),
            ("border", border),
            ("accent", accent),
            ("on-accent", on_accent),
            ("good", good),
            ("warning", warning),
            ("bad", bad),
        ] {
            property(name, colour);
        }
        for (index, hue) in series.iter().enumerate() {
            property(&format!("series-{}", index + 1), hue.line);
            property(&format!("series-{}-text", index + 1), hue.text);
        }
        for tint in Tint::ALL {
            let hue = self.hue(Paint::Tint(tint));
            property(&format!("role-{}", tint.name()), hue.line);
            property(&format!("role-{}-text", tint.name()), hue.text);
            property(&format!("role-{}-ink", tint.name()), hue.line.ink_on());
        }
        all
    }
}

/// Both looks as a stylesheet: light, dark where the system asks for it, and either by `data-theme` on the root.
#[must_use]
pub fn css() -> String {
    let mut text = format!(":root {{\n  --font: {FONT};\n  color-scheme: light dark;\n");
    for ((name, light), (_, dark)) in LIGHT.properties().into_iter().zip(DARK.properties()) {
        text.push_str(&format!("  --{name}: light-dark({}, {});\n", light.css(), dark.css()));
    }
    text.push_str("}\n");
    for look in ["light", "dark"] {
        text.push_str(&format!(":root[data-theme=\"{look}\"] {{\n  color-scheme: {look};\n}}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEMES: [(&str, Theme); 2] = [("light", LIGHT), ("dark", DARK)];

    #[track_caller]
    fn check(what: &str, colour: Colour, ground: Colour, least: f64) {
        let contrast = colour.contrast(ground);
        assert!(contrast >= least, "{what}: {} on {} is {contrast:.2}", colour.css(), ground.css());
    }

    #[test]
    fn text_and_lines_stand_out_from_every_ground() {
        for (name, theme) in THEMES {
            for ground in [theme.page, theme.surface, theme.raised] {
                for text in [theme.ink, theme.muted, theme.accent, theme.good, theme.warning, theme.bad] {
                    check(name, text, ground, 4.5);
                }
                for (index, hue) in theme.series.iter().enumerate() {
                    check(&format!("{name} text {index}"), hue.text, ground, 4.5);
                }
            }
            check(name, theme.axis, theme.surface, 3.0);
            check(name, theme.on_accent, theme.accent, 4.5);
            for (index, hue) in theme.series.iter().enumerate() {
                check(&format!("{name} line {index}"), hue.line, theme.surface, 3.0);
                // Segment labels stand on the fill itself.
                check(&format!("{name} label {index}"), hue.line.ink_on(), hue.line, 4.5);
            }
        }
    }

    /// OKLab, after simulating a dichromat's eye with Machado's matrices for full severity.
    fn seen(colour: Colour, eye: Option<[[f64; 3]; 3]>) -> [f64; 3] {
        let rgb = colour.linear();
        let rgb = eye.map_or(rgb, |eye| {
            eye.map(|row| (row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]).clamp(0.0, 1.0))
        });
        let [r, g, b] = rgb;
        let l = libm::cbrt(0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b);
        let m = libm::cbrt(0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b);
        let s = libm::cbrt(0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b);
        [
            0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
            1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
            0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
        ]
    }

    #[test]
    fn every_pair_of_series_differs_for_every_eye() {
        let protan = [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ];
        let deutan = [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ];
        let tritan = [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ];
        for (name, theme) in THEMES {
            for eye in [None, Some(protan), Some(deutan), Some(tritan)] {
                for (i, a) in theme.series.iter().enumerate() {
                    for (j, b) in theme.series.iter().enumerate().skip(i + 1) {
                        let (a, b) = (seen(a.line, eye), seen(b.line, eye));
                        let distance = libm::sqrt((0..3).map(|k| (a[k] - b[k]) * (a[k] - b[k])).sum());
                        assert!(distance >= 0.09, "{name}: {i} and {j} are {distance:.3} apart");
                    }
                }
            }
        }
    }

    #[test]
    fn tints_never_share_a_hue() {
        let mut slots = Tint::ALL.map(Tint::slot);
        slots.sort_unstable();
        assert_eq!(slots, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn the_stylesheet_has_both_looks() {
        let css = css();
        let series =
            format!("--series-1: light-dark({}, {});", LIGHT.series[0].line.css(), DARK.series[0].line.css());
        for part in [series.as_str(), "--role-prefill:", "color-scheme: light dark;", "--series-8-text:"] {
            assert!(css.contains(part), "{part} is missing");
        }
        let names = |theme: Theme| theme.properties().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(LIGHT), names(DARK));
        assert_eq!(css.matches('{').count(), css.matches('}').count());
    }

    #[test]
    fn colours_mix_and_print() {
        let half = Colour::hex(0x000000).with_alpha(0.5);
        assert_eq!(half.over(Colour::hex(0xFFFFFF)).css(), "#808080");
        assert_eq!(half.css(), "rgb(0 0 0 / 0.5)");
        assert_eq!(Colour::hex(0xFFFFFF).ink_on().css(), "#101216");
    }
}
