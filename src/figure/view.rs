//! How a scenario is looked at: which figure, over which axes. It stands in a link behind the scenario and changes no
//! number.

use crate::catalog::lookup;
use crate::explore::{Axis, Knob, Written};
use crate::metric::{Metric, Quantity};
use crate::scenario::{Scenario, link};
use crate::units::format::excerpt;

/// The charts of the main panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// A metric against a knob.
    #[default]
    Curves,
    /// Throughput or cost against interactivity, over layouts and loads.
    Frontier,
    /// Who is best over two axes.
    BreakEven,
    /// The cheapest deployments for the load.
    Size,
    /// What more of each figure of the chips would bring.
    Sensitivity,
    /// Requests one by one.
    Replay,
    /// Agent sessions until the caches are full.
    Agents,
}

impl Tab {
    /// All tabs, in the order of the panel.
    pub const ALL: [Self; 7] = [
        Self::Curves,
        Self::Frontier,
        Self::BreakEven,
        Self::Size,
        Self::Sensitivity,
        Self::Replay,
        Self::Agents,
    ];

    /// Identifier in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Curves => "curves",
            Self::Frontier => "frontier",
            Self::BreakEven => "breakeven",
            Self::Size => "size",
            Self::Sensitivity => "sensitivity",
            Self::Replay => "replay",
            Self::Agents => "agents",
        }
    }

    /// Name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Curves => "Curves",
            Self::Frontier => "Frontier",
            Self::BreakEven => "Break-even",
            Self::Size => "Size",
            Self::Sensitivity => "What next",
            Self::Replay => "Replay",
            Self::Agents => "Agents",
        }
    }

    /// The tab with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.id() == id)
    }
}

/// The views of the panel below the charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Where the time goes.
    #[default]
    Why,
    /// Each operation under the roof of its chip.
    Roofline,
    /// What fills the memory of each chip.
    Memory,
    /// The deployment as a diagram.
    Flow,
}

impl Reason {
    /// All of them, in the order of the panel.
    pub const ALL: [Self; 4] = [Self::Why, Self::Roofline, Self::Memory, Self::Flow];

    /// Identifier in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Why => "why",
            Self::Roofline => "roofline",
            Self::Memory => "memory",
            Self::Flow => "flow",
        }
    }

    /// Name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Why => "Latency",
            Self::Roofline => "Roofline",
            Self::Memory => "Memory",
            Self::Flow => "Flow",
        }
    }

    /// The view with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.id() == id)
    }
}

/// How the scenario is looked at. It never changes a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The chart in front.
    pub tab: Tab,
    /// What the curves vary.
    pub knob: Knob,
    /// What the one curve shows that stands alone.
    pub metric: Metric,
    /// Whether that curve fills the stage; else latency, cost and energy stand side by side.
    pub grown: bool,
    /// Whether their horizontal axis is logarithmic; `None` leaves it to the knob.
    pub log_x: Option<bool>,
    /// Whether their vertical axis is logarithmic; `None` leaves it to the metric.
    pub log_y: Option<bool>,
    /// What frontier, map and levers compare by; `None` leaves it to each of them.
    pub by: Option<Metric>,
    /// The axes of the map.
    pub map: (Axis, Axis),
    /// Whether a map of a closed loop keeps its concurrency, and does not offer what is served.
    pub closed: bool,
    /// The view below the charts.
    pub reason: Reason,
    /// Whether pinned scenarios keep their own load, lengths and service level in comparisons.
    pub apart: bool,
    /// Whether that view stands for the chart where there is room for one only: in an embed and in a file.
    pub alone: bool,
    /// Whether the page shows one chart and three sliders, large enough for a projector.
    pub present: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            tab: Tab::Curves,
            knob: Knob::Isl,
            metric: Metric::Ttft,
            grown: false,
            log_x: None,
            log_y: None,
            by: None,
            map: (Axis::Knob(Knob::Isl), Axis::Knob(Knob::Load)),
            closed: false,
            reason: Reason::Why,
            apart: false,
            alone: false,
            present: false,
        }
    }
}

/// The words for the loop of a map.
const LOOPS: [&str; 2] = ["closed", "open"];

/// The word for pinned scenarios that keep their own load, and for such as take over that of the scenario.
const PINS: [&str; 2] = ["own", "shared"];

/// The words for a page that is presented, and for one that is not.
const PRESENT: [&str; 2] = ["yes", "no"];

impl View {
    /// Reads what a link says of the page; what it does not say is as usual.
    #[must_use]
    pub fn read(pairs: &[(String, String)]) -> Self {
        let default = Self::default();
        let log = value(pairs, "log");
        let alone = value(pairs, "view").and_then(Reason::from_id);
        let metric = value(pairs, "y").and_then(Metric::from_id);
        let axis =
            |key: &str, otherwise: Axis| value(pairs, key).and_then(Axis::from_id).unwrap_or(otherwise);
        Self {
            tab: value(pairs, "view").and_then(Tab::from_id).unwrap_or(default.tab),
            knob: value(pairs, "x").and_then(Knob::from_id).unwrap_or(default.knob),
            metric: metric.unwrap_or(default.metric),
            // Scales are those of one chart, so a link that says them is about that chart.
            grown: metric.is_some() || log.is_some(),
            log_x: log.map(|axes| axes.contains('x')),
            log_y: log.map(|axes| axes.contains('y')),
            by: value(pairs, "by").and_then(Metric::from_id),
            map: (axis("mx", default.map.0), axis("my", default.map.1)),
            closed: value(pairs, "loop") == Some(LOOPS[0]),
            reason: alone.or_else(|| value(pairs, "why").and_then(Reason::from_id)).unwrap_or(default.reason),
            apart: value(pairs, "pins") == Some(PINS[0]),
            alone: alone.is_some(),
            present: value(pairs, "present") == Some(PRESENT[0]),
        }
    }

    /// What a link says of the view: nothing where it is as usual.
    #[must_use]
    pub fn pairs(self) -> Vec<(String, String)> {
        let default = Self::default();
        let mut pairs = Vec::new();
        let mut pair = |key: &str, value: &str| pairs.push((key.to_owned(), value.to_owned()));
        if self.alone {
            pair("view", self.reason.id());
        } else if self.tab != default.tab {
            pair("view", self.tab.id());
        }
        if self.knob != default.knob {
            pair("x", self.knob.id());
        }
        if self.grown {
            pair("y", self.metric.id());
        }
        if self.grown && (self.log_x.is_some() || self.log_y.is_some()) {
            let axes = match self.logs() {
                (true, true) => "xy",
                (true, false) => "x",
                (false, true) => "y",
                (false, false) => "none",
            };
            pair("log", axes);
        }
        if let Some(metric) = self.by {
            pair("by", metric.id());
        }
        if self.map != default.map {
            pair("mx", self.map.0.id());
            pair("my", self.map.1.id());
        }
        if self.closed {
            pair("loop", LOOPS[0]);
        }
        if self.reason != default.reason && !self.alone {
            pair("why", self.reason.id());
        }
        if self.apart {
            pair("pins", PINS[0]);
        }
        if self.present {
            pair("present", PRESENT[0]);
        }
        pairs
    }

    /// The same with one metric over the whole stage.
    pub fn grow(&mut self, metric: Metric) {
        (self.metric, self.grown, self.log_y) = (metric, true, None);
    }

    /// The same with latency, cost and energy side by side, each on its own scales.
    pub fn shrink(&mut self) {
        let Self { metric, .. } = Self::default();
        (self.metric, self.grown, self.log_x, self.log_y) = (metric, false, None, None);
    }

    /// The metric that a search compares by: the one chosen, where it can be had, else the first.
    #[must_use]
    pub fn chosen(self, options: &[Metric]) -> Metric {
        let by = self.by.filter(|own| options.contains(own));
        by.or(options.first().copied()).unwrap_or(Metric::ThroughputPerChip)
    }

    /// Whether the horizontal and the vertical axis are logarithmic.
    #[must_use]
    pub fn logs(self) -> (bool, bool) {
        let x = !matches!(self.knob, Knob::Mix | Knob::Hit);
        // Times and prices run over decades; shares and rates compare better from zero.
        let y =
            matches!(self.metric.quantity(), Quantity::Time | Quantity::DollarsPerMtok | Quantity::Energy);
        (self.log_x.unwrap_or(x), self.log_y.unwrap_or(y))
    }
}

/// What a link says of the view that names nothing, in words, with what comes near. The page shows its usual view then and
/// says so; who asks for a file gets none.
#[must_use]
pub fn unknown(pairs: &[(String, String)]) -> Option<String> {
    let views = || Tab::ALL.map(Tab::id).into_iter().chain(Reason::ALL.map(Reason::id));
    pairs.iter().find_map(|(key, text)| {
        let known: Vec<&str> = match key.as_str() {
            "view" => views().collect(),
            "why" => Reason::ALL.map(Reason::id).to_vec(),
            "x" => Knob::ALL.map(Knob::id).to_vec(),
            "y" | "by" => Metric::ALL.map(Metric::id).to_vec(),
            "mx" | "my" => Axis::ALL.map(Axis::id).to_vec(),
            "pins" => PINS.to_vec(),
            "present" => PRESENT.to_vec(),
            "loop" => LOOPS.to_vec(),
            _ => return None,
        };
        if known.contains(&text.as_str()) {
            return None;
        }
        let near = lookup::nearest(text, known.iter().copied());
        let near = near.first().map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
        Some(format!("{key}={}: expected one of {}.{near}", excerpt(text, 80), known.join(", ")))
    })
}

/// What stands before the value of each part of what sizing considers.
const PARTS: [&str; 5] = ["chips", "vendors", "most", "budget", "power"];

/// Words for what sizing considers that have no value.
const FLAGS: [&str; 2] = ["same", "single"];

/// Which deployments sizing considers, as a link says.
#[must_use]
pub fn wanted(pairs: &[(String, String)]) -> Written {
    let mut own = Written::default();
    for part in value(pairs, "only").unwrap_or_default().split(',') {
        let (name, value) = part.split_once(':').unwrap_or((part, ""));
        match name {
            "chips" => own.chips = value.replace('/', ","),
            "vendors" => own.vendors = value.replace('/', ","),
            "most" => value.clone_into(&mut own.max_chips),
            "budget" => value.clone_into(&mut own.budget),
            "power" => value.clone_into(&mut own.power),
            "same" => own.same_vendor = true,
            "single" => own.singly = true,
            _ => {}
        }
    }
    own
}

/// The same as a link writes it; empty where all are considered.
#[must_use]
pub fn only(own: &Written) -> String {
    let list = |text: &str| {
        text.split(',').map(str::trim).filter(|own| !own.is_empty()).collect::<Vec<_>>().join("/")
    };
    let plain = |text: &str| text.trim().replace([',', '\u{202f}'], "");
    let values =
        [list(&own.chips), list(&own.vendors), plain(&own.max_chips), plain(&own.budget), plain(&own.power)];
    let parts = PARTS.into_iter().zip(values).filter(|(_, value)| !value.is_empty());
    let flags = FLAGS.into_iter().zip([own.same_vendor, own.singly]).filter(|(_, on)| *on);
    let parts =
        parts.map(|(name, value)| format!("{name}:{value}")).chain(flags.map(|(name, _)| name.to_owned()));
    parts.collect::<Vec<_>>().join(",")
}

/// The scenarios that a link pins.
#[must_use]
pub fn pinned(pairs: &[(String, String)]) -> Vec<Scenario> {
    let links = pairs.iter().filter(|(key, _)| key == "pin").take(link::MOST_PINS);
    links.map(|(_, text)| link::parse(text).scenario).collect()
}

fn value<'a>(pairs: &'a [(String, String)], key: &str) -> Option<&'a str> {
    pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_reads_back() {
        let view = View {
            tab: Tab::BreakEven,
            knob: Knob::Load,
            metric: Metric::Energy,
            grown: true,
            log_x: Some(false),
            log_y: Some(true),
            by: Some(Metric::Tpot),
            map: (Axis::Tpot, Axis::Knob(Knob::Isl)),
            closed: true,
            reason: Reason::Memory,
            apart: true,
            alone: false,
            present: true,
        };
        assert_eq!(View::read(&view.pairs()), view);
        for reason in Reason::ALL {
            let alone = View { reason, alone: true, ..View::default() };
            assert_eq!(View::read(&alone.pairs()), alone);
        }
        assert!(View::default().pairs().is_empty());
    }

    #[test]
    fn a_curve_that_is_asked_for_fills_the_stage() {
        let read = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> =
                pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            View::read(&pairs)
        };
        let side_by_side = read(&[("x", "load")]);
        assert!(!side_by_side.grown && side_by_side.metric == Metric::Ttft);
        for asked in [&[("y", "ttft")][..], &[("y", "cost")], &[("log", "none")]] {
            let view = read(asked);
            assert!(view.grown, "{asked:?}");
            assert_eq!(View::read(&view.pairs()), view);
            let mut shrunk = view;
            shrunk.shrink();
            assert!(shrunk.pairs().is_empty(), "{asked:?}");
        }
    }

    #[test]
    fn what_sizing_considers_reads_back() {
        let own = Written {
            chips: "h200, b200".to_owned(),
            vendors: "nvidia".to_owned(),
            same_vendor: true,
            max_chips: "1,000".to_owned(),
            budget: "50k".to_owned(),
            power: "1.5".to_owned(),
            singly: true,
        };
        let text = only(&own);
        assert_eq!(text, "chips:h200/b200,vendors:nvidia,most:1000,budget:50k,power:1.5,same,single");
        let read = wanted(&[("only".to_owned(), text)]);
        let plain = Written { chips: "h200,b200".to_owned(), max_chips: "1000".to_owned(), ..own };
        assert_eq!(read, plain);
        assert_eq!((only(&Written::default()), wanted(&[])), (String::new(), Written::default()));
    }

    #[test]
    fn nonsense_is_as_usual() {
        let pairs = [("view", "pie"), ("x", "?"), ("y", "beauty"), ("mx", "")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(View::read(&pairs), View::default());
    }
}
