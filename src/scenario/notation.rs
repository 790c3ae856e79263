//! Pool notation: `CHIP*N:tpT[:ppP][:dpD][:etpM][:epE][:pcpC][:dcpK]`, as in links and measurement files.
//!
//! N chips in all; one replica takes T·P·D·C of them. Attention runs on T tensor-parallel times D data-parallel ranks,
//! experts on M tensor-parallel times E expert-parallel ranks, P pipeline stages. C copies of that share out every context
//! (prefill context parallelism); K of the T ranks do so with a KV cache that each would else hold (decode context
//! parallelism, no chips of its own). `CHIP*N` alone leaves the layout to the tool.
//!
//! An omitted factor is 1. The ranks of attention and of the experts are the same chips, so T·D must
//! equal M·E; a text that does not say enough for that is completed ([`parse`]), touching omitted factors only:
//!
//! | written | completed | because |
//! |---|---|---|
//! | `tp8` | `tp8:etp8` | experts are spread like attention: M = T, E = D |
//! | `tp1:dp4` | `tp1:dp4:ep4` | the same |
//! | `tp8:ep4` | `tp8:etp2:ep4` | the other expert factor is what remains |
//! | `tp2:etp4`, `ep8` | `tp2:dp2:etp4`, `dp8:ep8` | attention is spread over the ranks that the experts name |
//!
//! Where C copies share one set of experts, T·D·C equals M·E: `tp1:pcp8:ep8`.
//!
//! Dense models have no experts and ignore M and E. [`write()`] gives the shortest text that [`parse`] completes to the
//! same pool, so `tp8` is the usual way to write both a dense and an expert-sliced replica over eight chips.

use std::fmt;

use super::{Layout, Limits, Pool};
use crate::units::format::excerpt;

/// Longest text that is looked at; the longest sensible one is far shorter.
const LONGEST: usize = 256;

/// Chips of the server that most are sold in, offered where a pool says no number.
const USUAL: u32 = 8;

/// Why a text is no pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotationError {
    /// Nothing is written.
    Empty,
    /// The text is longer than any pool.
    TooLong,
    /// There is no `*N` after the chip.
    NoCount {
        /// What stands in its place.
        text: String,
    },
    /// There is no chip before `*`.
    NoChip,
    /// What follows `*` is not a whole number.
    BadCount {
        /// What follows.
        text: String,
    },
    /// The number of chips is out of range.
    CountOutOfRange {
        /// What is written.
        text: String,
    },
    /// A part names no degree of parallelism.
    UnknownFactor {
        /// The part.
        text: String,
    },
    /// A degree of parallelism is not a whole number.
    BadDegree {
        /// Its name.
        name: &'static str,
        /// What is written.
        text: String,
    },
    /// A degree of parallelism is out of range.
    DegreeOutOfRange {
        /// Its name.
        name: &'static str,
        /// What is written.
        text: String,
    },
    /// A degree of parallelism is written twice.
    Repeated {
        /// Its name.
        name: &'static str,
    },
}

impl fmt::Display for NotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = |limits: Limits| format!("{} to {}", limits.low, limits.high);
        match self {
            Self::Empty => f.write_str("no pool is written; write chip*count:layout, for example h200*8:tp8"),
            Self::TooLong => write!(f, "a pool is written in less than {LONGEST} characters"),
            Self::NoCount { text } => {
                write!(f, "{text} has no number of chips; write chip*count, for example h200*8")
            }
            Self::NoChip => f.write_str("no chip stands before *; write chip*count, for example h200*8"),
            Self::BadCount { text } => {
                write!(f, "{text} is not a whole number of chips; write chip*count, for example h200*8")
            }
            Self::CountOutOfRange { text } => {
                write!(f, "{text} chips are outside {} chips", range(Limits::CHIPS))
            }
            Self::UnknownFactor { text } => write!(
                f,
                "{text} is no degree of parallelism; after the chips come tp, pp, dp, etp, ep, pcp and dcp, each with a \
                 number, for example :tp4:dp2:ep8"
            ),
            Self::BadDegree { name, text } => {
                write!(f, "{name} takes a whole number, for example {name}8, not {text}")
            }
            Self::DegreeOutOfRange { name, text } => {
                write!(f, "{name} {text} is outside {} ranks", range(Limits::DEGREE))
            }
            Self::Repeated { name } => write!(f, "{name} is written twice"),
        }
    }
}

impl std::error::Error for NotationError {}

/// Degrees in the order of the notation.
const NAMES: [&str; 7] = ["tp", "pp", "dp", "etp", "ep", "pcp", "dcp"];

/// The degrees as written, in the order of [`NAMES`].
#[derive(Clone, Copy, Default)]
struct Written([Option<u32>; 7]);

impl Written {
    /// Omitted degrees are 1.
    fn exact(self) -> Layout {
        let [tp, pp, dp, etp, ep, pcp, dcp] = self.0.map(|degree| degree.unwrap_or(1));
        Layout { tp, pp, dp, etp, ep, pcp, dcp }
    }

    /// Omitted degrees are chosen so that attention and experts use the same ranks, where that is possible.
    fn complete(self) -> Layout {
        let [_, _, dp, etp, ep, ..] = self.0;
        let mut layout = self.exact();
        let attention = u64::from(layout.tp) * u64::from(layout.dp);
        let experts = u64::from(layout.etp) * u64::from(layout.ep);
        if attention == experts || layout.shares_experts() && layout.matched() {
            return layout;
        }
        let shared = attention * u64::from(layout.pcp);
        let remaining = |whole: u64, part: u32| {
            let part = u64::from(part.max(1));
            let degree = whole.is_multiple_of(part).then(|| u32::try_from(whole / part).ok()).flatten();
            degree.filter(|&degree| Limits::DEGREE.admit(f64::from(degree)).is_ok())
        };
        match (etp, ep) {
            (None, None) => (layout.etp, layout.ep) = (layout.tp, layout.dp),
            (Some(etp), None) if remaining(attention, etp).is_some() => {
                layout.ep = remaining(attention, etp).unwrap_or(1);
            }
            (None, Some(ep)) if remaining(attention, ep).is_some() => {
                layout.etp = remaining(attention, ep).unwrap_or(1);
            }
            (None, Some(ep)) if remaining(shared, ep).is_some() => {
                layout.etp = remaining(shared, ep).unwrap_or(1);
            }
            _ if dp.is_none() => layout.dp = remaining(experts, layout.tp).unwrap_or(1),
            _ => {}
        }
        layout
    }
}

/// Reads a pool and completes its layout as the head of this file says.
///
/// # Errors
/// [`NotationError`] says what is wrong and how to write it.
pub fn parse(text: &str) -> Result<Pool, NotationError> {
    let (chip, chips, written) = read(text)?;
    Ok(Pool { chip, chips, layout: written.map(Written::complete) })
}

/// What may have been meant by a text that is no pool: numbers and degrees in their usual places, names as `chip` knows
/// them. `None` where too little is left to tell.
#[must_use]
pub fn repaired(text: &str, chip: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let text = text.trim().to_ascii_lowercase();
    let mut parts = text.split([':', ',', ' ']).filter(|part| !part.is_empty());
    let head = parts.next()?;
    let whole =
        |text: &str| text.parse::<u32>().ok().filter(|&count| Limits::CHIPS.admit(f64::from(count)).is_ok());
    // `8xh200`, `8*h200` and `h200x8`, but no count of the digits of a name.
    let counted = |name: &str, count: &str| {
        let count = count.trim_matches(|symbol: char| !symbol.is_ascii_digit());
        Some((chip(name.trim())?, whole(count)?))
    };
    let cut = [head.split_once(['*', '×', 'x']), head.rsplit_once(['*', '×', 'x'])];
    let found = cut.into_iter().flatten().find_map(|(one, other)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits(one) { counted(other, one) } else { counted(one, other) }
    });
    let (chip, count) = found.or_else(|| Some((chip(head)?, USUAL)))?;
    let mut pool = format!("{chip}*{count}");
    for part in parts {
        let name: String = part.chars().take_while(char::is_ascii_alphabetic).collect();
        let degree: String = part.chars().filter(char::is_ascii_digit).collect();
        let name = crate::catalog::lookup::nearest(&name, NAMES.into_iter()).first().copied()?;
        pool.push_str(&format!(":{name}{degree}"));
    }
    parse(&pool).is_ok().then_some(pool)
}

/// The shortest text that [`parse`] reads as this pool.
#[must_use]
pub fn write(pool: &Pool) -> String {
    match &pool.layout {
        Some(layout) => format!("{}*{}:{}", pool.chip, pool.chips, write_layout(layout)),
        None => format!("{}*{}", pool.chip, pool.chips),
    }
}

/// The shortest text that [`parse`] reads as this layout, where it stands behind the chips of a pool.
#[must_use]
pub fn write_layout(layout: &Layout) -> String {
    let degrees = [layout.tp, layout.pp, layout.dp, layout.etp, layout.ep, layout.pcp, layout.dcp];
    // Every choice of written degrees, tensor parallelism and what shares a context out always among them; a degree left
    // out must come back by completion. Sixteen candidates, of which the one with all written always works.
    (0_u8..16)
        .map(|mask| {
            let mut written = Written::default();
            for (index, (slot, degree)) in written.0.iter_mut().zip(degrees).enumerate() {
                let bit = match index {
                    0 => 1,
                    1..=4 => mask >> (index - 1) & 1,
                    _ => u8::from(degree != 1),
                };
                *slot = (bit == 1).then_some(degree);
            }
            written
        })
        .filter(|written| written.complete() == *layout)
        .map(|written| factors(&written.0))
        .min_by_key(String::len)
        .unwrap_or_else(|| factors(&degrees.map(Some)))
}

fn factors(degrees: &[Option<u32>; 7]) -> String {
    let parts =
        NAMES.into_iter().zip(degrees).filter_map(|(name, degree)| Some(format!("{name}{}", (*degree)?)));
    parts.collect::<Vec<_>>().join(":")
}

/// Chip, number of chips and, unless left to the tool, the degrees as written.
fn read(text: &str) -> Result<(String, u32, Option<Written>), NotationError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NotationError::Empty);
    }
    if text.len() > LONGEST {
        return Err(NotationError::TooLong);
    }
    let text = text.to_ascii_lowercase();
    let mut parts = text.split(':').map(str::trim);
    let head = parts.next().unwrap_or_default();
    let Some((chip, count)) = head.split_once(['*', '×']) else {
        return Err(NotationError::NoCount { text: excerpt(head, LONGEST) });
    };
    let (chip, count) = (chip.trim(), count.trim());
    if chip.is_empty() {
        return Err(NotationError::NoChip);
    }
    let chips = match whole(count) {
        None => return Err(NotationError::BadCount { text: excerpt(count, LONGEST) }),
        Some(chips) => chips
            .filter(|&chips| Limits::CHIPS.admit(f64::from(chips)).is_ok())
            .ok_or_else(|| NotationError::CountOutOfRange { text: excerpt(count, LONGEST) })?,
    };
    let mut written = Written::default();
    let mut any = false;
    for part in parts {
        let digits = part.find(|symbol: char| !symbol.is_ascii_alphabetic()).unwrap_or(part.len());
        let (name, degree) = part.split_at_checked(digits).unwrap_or((part, ""));
        let found = NAMES.into_iter().zip(&mut written.0).find(|(known, _)| *known == name);
        let Some((name, slot)) = found else {
            return Err(NotationError::UnknownFactor { text: excerpt(part, LONGEST) });
        };
        if slot.is_some() {
            return Err(NotationError::Repeated { name });
        }
        let degree = match whole(degree) {
            None => return Err(NotationError::BadDegree { name, text: excerpt(degree, LONGEST) }),
            Some(value) => value
                .filter(|&value| Limits::DEGREE.admit(f64::from(value)).is_ok())
                .ok_or_else(|| NotationError::DegreeOutOfRange { name, text: excerpt(degree, LONGEST) })?,
        };
        *slot = Some(degree);
        any = true;
    }
    Ok((chip.to_owned(), chips, any.then_some(written)))
}

/// `None` if the text is not made of digits, `Some(None)` if the number is too large to hold.
fn whole(text: &str) -> Option<Option<u32>> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(text: &str) -> [u32; 5] {
        let layout = parse(&format!("h200*64:{text}")).unwrap().layout.unwrap();
        [layout.tp, layout.pp, layout.dp, layout.etp, layout.ep]
    }

    #[test]
    fn omitted_degrees_are_completed() {
        assert_eq!(layout("tp8"), [8, 1, 1, 8, 1]);
        assert_eq!(layout("tp1:dp4"), [1, 1, 4, 1, 4]);
        assert_eq!(layout("tp8:ep4"), [8, 1, 1, 2, 4]);
        assert_eq!(layout("tp8:etp4"), [8, 1, 1, 4, 2]);
        assert_eq!(layout("tp2:etp4"), [2, 1, 2, 4, 1]);
        assert_eq!(layout("ep8"), [1, 1, 8, 1, 8]);
        assert_eq!(layout("pp4"), [1, 4, 1, 1, 1]);
        assert_eq!(layout("tp4:dp4:ep16"), [4, 1, 4, 1, 16]);
    }

    #[test]
    fn copies_that_share_a_context_have_all_experts_or_share_them() {
        let context = |text: &str| {
            let layout = parse(&format!("h200*64:{text}")).unwrap().layout.unwrap();
            [layout.tp, layout.dp, layout.etp, layout.ep, layout.pcp, layout.dcp, layout.chips()]
        };
        assert_eq!(context("tp8:dcp8"), [8, 1, 8, 1, 1, 8, 8]);
        assert_eq!(context("tp8:pcp2"), [8, 1, 8, 1, 2, 1, 16]);
        assert_eq!(context("tp1:pcp8:ep8"), [1, 1, 1, 8, 8, 1, 8]);
        assert_eq!(context("tp8:pcp2:ep8"), [8, 1, 1, 8, 2, 1, 16]);
        assert_eq!(context("tp8:pcp2:ep16"), [8, 1, 1, 16, 2, 1, 16]);
        assert_eq!(context("tp8:pcp4:ep16"), [8, 1, 2, 16, 4, 1, 32]);
        assert_eq!(context("tp2:dp2:pcp4:dcp2"), [2, 2, 2, 2, 4, 2, 16]);
    }

    #[test]
    fn completion_stays_within_limits() {
        assert_eq!(layout("etp3:ep9999"), [1, 1, 1, 3, 9999]);
    }

    #[test]
    fn what_is_written_stands() {
        assert_eq!(layout("tp8:etp1:ep1"), [8, 1, 1, 1, 1]);
        assert_eq!(layout("tp2:dp1:etp4"), [2, 1, 1, 4, 1]);
    }

    #[test]
    fn the_shortest_text_is_written() {
        for text in [
            "h200*8",
            "h200*8:tp8",
            "h200*8:tp1:dp8",
            "h200*64:tp4:pp2:etp1:ep1",
            "b200*16:tp16:ep4",
            "h200*8:tp8:dcp8",
            "h200*16:tp8:pcp2",
            "b200*32:tp8:ep16:pcp4:dcp8",
        ] {
            assert_eq!(write(&parse(text).unwrap()), text);
        }
        assert_eq!(write(&parse("h200*8:dcp8:pcp1:tp8").unwrap()), "h200*8:tp8:dcp8");
        assert_eq!(write(&parse("h200*8:tp8:etp8").unwrap()), "h200*8:tp8");
        assert_eq!(write(&parse("H200 × 8 : TP8").unwrap()), "h200*8:tp8");
    }

    #[test]
    fn every_layout_survives() {
        let degrees = [1, 2, 3, 8];
        for tp in degrees {
            for pp in degrees {
                for dp in degrees {
                    for etp in degrees {
                        for (ep, pcp, dcp) in degrees
                            .into_iter()
                            .flat_map(|ep| [(ep, 1, 1), (ep, 1, 8), (ep, 2, 1), (ep, 8, 3)])
                        {
                            let layout = Some(Layout { tp, pp, dp, etp, ep, pcp, dcp });
                            let pool = Pool { chip: "h200".to_owned(), chips: 8, layout };
                            assert_eq!(parse(&write(&pool)), Ok(pool));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn errors_teach() {
        let error = |text: &str| parse(text).unwrap_err().to_string();
        assert!(error("").contains("h200*8:tp8"));
        assert!(error("h200").contains("chip*count"));
        assert!(error("*8").contains("before *"));
        assert!(error("h200*x").contains("x is not a whole number"));
        assert!(error("h200*0").contains("1 to 100000"));
        assert!(error("h200*8:xp8").contains("tp, pp, dp, etp, ep, pcp and dcp"));
        assert!(error("h200*8:tp").contains("tp8"));
        assert!(error("h200*8:tp-8").contains("-8"));
        assert!(error("h200*8:tp99999999999").contains("10000"));
        assert!(error("h200*8:tp8:tp4").contains("twice"));
        assert!(error(&"h".repeat(300)).contains("256"));
    }
}
