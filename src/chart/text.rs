//! How wide a text will be: asked of the canvas in the browser, looked up in a table everywhere else.

/// Measures text before it is drawn. Closures `|text, size| width` are measures too.
pub trait TextMeasure {
    /// The width of a text in CSS pixels, at a font size in CSS pixels.
    fn width(&self, text: &str, size: f64) -> f64;
}

impl<F: Fn(&str, f64) -> f64> TextMeasure for F {
    fn width(&self, text: &str, size: f64) -> f64 {
        self(text, size)
    }
}

/// A measure from a table, for places without a font: the widths of a common sans-serif, stretched a little so that
/// wider system fonts still fit. The same on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableMeasure;

/// Widths of the printable ASCII characters from the space on, in thousandths of the font size (Helvetica's metrics).
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// How much wider than the table common system fonts run; DejaVu Sans is the widest of them.
const STRETCH: f64 = 1.13;

impl TextMeasure for TableMeasure {
    fn width(&self, text: &str, size: f64) -> f64 {
        let thousandths: f64 = text.chars().map(width_of).sum();
        thousandths * size * STRETCH / 1000.0
    }
}

fn width_of(symbol: char) -> f64 {
    let code = u32::from(symbol);
    if (32..127).contains(&code) {
        let index = usize::try_from(code - 32).unwrap_or(0);
        return WIDTHS.get(index).copied().map_or(556.0, f64::from);
    }
    match symbol {
        '\u{a0}' => 278.0,
        '\u{202f}' | '\u{2009}' => 200.0,
        '·' | '’' | '‘' => 278.0,
        '–' | 'µ' | '“' | '”' => 556.0,
        '…' | '—' | '→' => 1000.0,
        // Ideographs and emoji fill the em; most other letters are about as wide as a digit.
        _ if code >= 0x2E80 => 1000.0,
        _ => 600.0,
    }
}

/// The text, or its beginning and an ellipsis, in no more than this width; empty if not even the ellipsis fits.
#[must_use]
pub(super) fn ellipsis(text: &str, size: f64, width: f64, measure: &dyn TextMeasure) -> String {
    if measure.width(text, size) <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut fitting = String::new();
    for symbol in text.chars() {
        short.push(symbol);
        let candidate = format!("{}…", short.trim_end());
        if measure.width(&candidate, size) > width {
            break;
        }
        fitting = candidate;
    }
    // An ellipsis after a single letter says nothing.
    if fitting.chars().count() < 3 { String::new() } else { fitting }
}

/// The text in up to `most` lines of no more than this width, broken at spaces; what is left over ends in an ellipsis.
#[must_use]
pub(super) fn wrapped(
    text: &str,
    size: f64,
    width: f64,
    most: usize,
    measure: &dyn TextMeasure,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
    while words.peek().is_some() && lines.len() < most {
        if lines.len() + 1 == most {
            let rest: Vec<&str> = words.by_ref().collect();
            lines.push(ellipsis(&rest.join(" "), size, width, measure));
            break;
        }
        let mut line = words.next().map(str::to_owned).unwrap_or_default();
        while let Some(word) = words.peek() {
            let longer = format!("{line} {word}");
            if measure.width(&longer, size) > width {
                break;
            }
            line = longer;
            words.next();
        }
        lines.push(ellipsis(&line, size, width, measure));
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_at_spaces() {
        let measure = |text: &str, _: f64| text.chars().count() as f64;
        assert_eq!(wrapped("KV cache per request", 12.0, 9.0, 3, &measure), ["KV cache", "per", "request"]);
        assert_eq!(wrapped("KV cache per request", 12.0, 9.0, 2, &measure), ["KV cache", "per requ…"]);
        assert_eq!(wrapped("KV", 12.0, 9.0, 2, &measure), ["KV"]);
        assert!(wrapped("", 12.0, 9.0, 2, &measure).is_empty());
        assert!(wrapped("KV", 12.0, 9.0, 0, &measure).is_empty());
        assert!(wrapped("incomprehensible", 12.0, 2.0, 2, &measure).is_empty());
    }

    #[test]
    fn widths_grow_with_text_and_size() {
        let narrow = TableMeasure.width("il", 12.0);
        let wide = TableMeasure.width("WM", 12.0);
        assert!(narrow < wide);
        assert!((TableMeasure.width("WM", 24.0) - 2.0 * wide).abs() < 1e-9);
        assert!(TableMeasure.width("", 12.0).abs() < 1e-12);
    }

    #[test]
    fn long_text_is_cut_to_fit() {
        let measure = |text: &str, _: f64| text.chars().count() as f64;
        assert_eq!(ellipsis("H100 SXM", 12.0, 20.0, &measure), "H100 SXM");
        assert_eq!(ellipsis("H100 SXM", 12.0, 6.0, &measure), "H100…");
        assert_eq!(ellipsis("H100 SXM", 12.0, 2.0, &measure), "");
    }
}
