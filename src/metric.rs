//! Every plotted number: its label, unit, direction of better, and how it reads an evaluation.

use serde::{Deserialize, Serialize};

use crate::cost::{Spread, Unpriced};
use crate::evaluate::Evaluation;
use crate::evidence::Band;
use crate::scenario::{Limit, Percentile, Role, Slo};
use crate::serve::Binding;
use crate::units::format::Unit;
use crate::units::{Dollars, DollarsPerHour};

/// A number that can be plotted, put in a table or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Mean time to first token.
    Ttft,
    /// Time to first token that 95 in 100 requests keep.
    TtftP95,
    /// Time to first token that 99 in 100 requests keep.
    TtftP99,
    /// Mean time per output token.
    Tpot,
    /// Time per output token that 95 in 100 requests keep, of each its mean.
    TpotP95,
    /// Time per output token that 99 in 100 requests keep, of each its mean.
    TpotP99,
    /// Mean end-to-end latency.
    E2e,
    /// 1 / TPOT.
    Interactivity,
    /// Output tokens per second.
    Throughput,
    /// Output tokens per second and chip.
    ThroughputPerChip,
    /// Requests completed per second.
    RequestRate,
    /// Dollars per million tokens, input and output together.
    CostTotal,
    /// Dollars per million input tokens.
    CostInput,
    /// Dollars per million output tokens.
    CostOutput,
    /// Dollars per hour of the whole deployment.
    PerHour,
    /// Dollars per month of 730.5 hours.
    PerMonth,
    /// Joules per output token that the chips draw, without host, network and building.
    EnergyDrawn,
    /// Joules per output token on provisioned power, with host, network and PUE.
    Energy,
    /// Output tokens per second and megawatt of provisioned power.
    ThroughputPerMegawatt,
    /// Load over capacity of the deployment.
    Utilisation,
}

/// A value with its 80 % interval, in the base unit of the metric (seconds, dollars, joules, per second, share).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Low end of the interval.
    pub low: f64,
    /// High end of the interval.
    pub high: f64,
}

/// What kind of number a metric is: decides how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Quantity {
    /// Seconds.
    Time,
    /// Tokens per second.
    TokenRate,
    /// Requests per second.
    RequestRate,
    /// US dollars per million tokens.
    DollarsPerMtok,
    /// US dollars per hour.
    DollarsPerHour,
    /// US dollars per month.
    DollarsPerMonth,
    /// Joules per token.
    Energy,
    /// Tokens per second and megawatt.
    TokenRatePerMegawatt,
    /// A share between 0 and 1, written in percent.
    Share,
}

impl Metric {
    /// All metrics, in the order of menus.
    pub const ALL: [Self; 20] = [
        Self::Ttft,
        Self::TtftP95,
        Self::TtftP99,
        Self::Tpot,
        Self::TpotP95,
        Self::TpotP99,
        Self::E2e,
        Self::Interactivity,
        Self::Throughput,
        Self::ThroughputPerChip,
        Self::RequestRate,
        Self::CostTotal,
        Self::CostInput,
        Self::CostOutput,
        Self::PerHour,
        Self::PerMonth,
        Self::EnergyDrawn,
        Self::Energy,
        Self::ThroughputPerMegawatt,
        Self::Utilisation,
    ];

    /// Identifier in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ttft => "ttft",
            Self::TtftP95 => "ttft-p95",
            Self::TtftP99 => "ttft-p99",
            Self::Tpot => "tpot",
            Self::TpotP95 => "tpot-p95",
            Self::TpotP99 => "tpot-p99",
            Self::E2e => "e2e",
            Self::Interactivity => "interactivity",
            Self::Throughput => "throughput",
            Self::ThroughputPerChip => "per-chip",
            Self::RequestRate => "requests",
            Self::CostTotal => "cost",
            Self::CostInput => "cost-input",
            Self::CostOutput => "cost-output",
            Self::PerHour => "per-hour",
            Self::PerMonth => "per-month",
            Self::EnergyDrawn => "energy-drawn",
            Self::Energy => "energy",
            Self::ThroughputPerMegawatt => "per-mw",
            Self::Utilisation => "utilisation",
        }
    }

    /// The metric with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.id() == id)
    }

    /// Name for people, sentence case, without unit.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ttft => "Time to first token",
            Self::TtftP95 => "Time to first token, p95",
            Self::TtftP99 => "Time to first token, p99",
            Self::Tpot => "Time per output token",
            Self::TpotP95 => "Time per output token, p95",
            Self::TpotP99 => "Time per output token, p99",
            Self::E2e => "End-to-end latency",
            Self::Interactivity => "Interactivity",
            Self::Throughput => "Output throughput",
            Self::ThroughputPerChip => "Throughput per chip",
            Self::RequestRate => "Requests served",
            Self::CostTotal => "Cost of input and output tokens",
            Self::CostInput => "Cost of input tokens",
            Self::CostOutput => "Cost of output tokens",
            Self::PerHour => "Cost per hour",
            Self::PerMonth => "Cost per month of 730.5 hours",
            Self::EnergyDrawn => "Energy drawn per output token",
            Self::Energy => "Energy per output token",
            Self::ThroughputPerMegawatt => "Throughput per megawatt",
            Self::Utilisation => "Utilisation, load over capacity",
        }
    }

    /// Name for headlines.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Ttft => "TTFT",
            Self::TtftP95 => "p95 TTFT",
            Self::TtftP99 => "p99 TTFT",
            Self::Tpot => "TPOT",
            Self::TpotP95 => "p95 TPOT",
            Self::TpotP99 => "p99 TPOT",
            Self::E2e => "E2E",
            Self::Interactivity => "tok/s/user",
            Self::Throughput => "tok/s",
            Self::ThroughputPerChip => "tok/s/chip",
            Self::RequestRate => "req/s",
            Self::CostTotal => "$/Mtok in+out",
            Self::CostInput => "$/Mtok in",
            Self::CostOutput => "$/Mtok out",
            Self::PerHour => "$/h",
            Self::PerMonth => "$/month",
            Self::EnergyDrawn => "J/tok drawn",
            Self::Energy => "J/tok",
            Self::ThroughputPerMegawatt => "tok/s/MW",
            Self::Utilisation => "Utilisation",
        }
    }

    /// What kind of number it is.
    #[must_use]
    pub const fn quantity(self) -> Quantity {
        match self {
            Self::Ttft
            | Self::TtftP95
            | Self::TtftP99
            | Self::Tpot
            | Self::TpotP95
            | Self::TpotP99
            | Self::E2e => Quantity::Time,
            Self::Interactivity | Self::Throughput | Self::ThroughputPerChip => Quantity::TokenRate,
            Self::RequestRate => Quantity::RequestRate,
            Self::CostTotal | Self::CostInput | Self::CostOutput => Quantity::DollarsPerMtok,
            Self::PerHour => Quantity::DollarsPerHour,
            Self::PerMonth => Quantity::DollarsPerMonth,
            Self::EnergyDrawn | Self::Energy => Quantity::Energy,
            Self::ThroughputPerMegawatt => Quantity::TokenRatePerMegawatt,
            Self::Utilisation => Quantity::Share,
        }
    }

    /// The unit it is written in.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Interactivity => Unit::TokensPerSecondPerUser,
            Self::ThroughputPerChip => Unit::TokensPerSecondPerChip,
            _ => match self.quantity() {
                Quantity::Time => Unit::Seconds,
                Quantity::TokenRate => Unit::TokensPerSecond,
                Quantity::RequestRate => Unit::RequestsPerSecond,
                Quantity::DollarsPerMtok => Unit::DollarsPerMillionTokens,
                Quantity::DollarsPerHour => Unit::DollarsPerHour,
                Quantity::DollarsPerMonth => Unit::DollarsPerMonth,
                Quantity::Energy => Unit::JoulesPerToken,
                Quantity::TokenRatePerMegawatt => Unit::TokensPerSecondPerMegawatt,
                Quantity::Share => Unit::Percent,
            },
        }
    }

    /// Whether more is better.
    #[must_use]
    pub const fn more_is_better(self) -> bool {
        matches!(
            self,
            Self::Interactivity
                | Self::Throughput
                | Self::ThroughputPerChip
                | Self::RequestRate
                | Self::ThroughputPerMegawatt
        )
    }

    /// The limit that a service level sets for it, whichever percentile that is on.
    #[must_use]
    pub const fn objective(self, slo: &Slo) -> Option<Limit> {
        match self {
            Self::Ttft | Self::TtftP95 | Self::TtftP99 => slo.ttft,
            Self::Tpot | Self::TpotP95 | Self::TpotP99 => slo.tpot,
            _ => None,
        }
    }

    /// Whether it counts the wait before the first token, which has no end where more is offered than can be served.
    #[must_use]
    pub const fn waits(self) -> bool {
        matches!(self, Self::Ttft | Self::TtftP95 | Self::TtftP99 | Self::E2e)
    }

    /// Whether it is a time that users feel, or one over it: it answers to the chips under any load.
    #[must_use]
    pub const fn is_latency(self) -> bool {
        matches!(self.quantity(), Quantity::Time) || matches!(self, Self::Interactivity)
    }

    /// What limits it: a latency what limits its phase, all else what limits the deployment.
    #[must_use]
    pub fn limit(self, evaluation: &Evaluation) -> Binding {
        let steady = &evaluation.steady;
        let phase = match self {
            Self::Ttft | Self::TtftP95 | Self::TtftP99 => steady.phase(Role::Prefill),
            Self::Tpot | Self::TpotP95 | Self::TpotP99 | Self::Interactivity => steady.phase(Role::Decode),
            _ => None,
        };
        phase.map_or(steady.binding, |own| own.reason.limit)
    }

    /// Reads the metric from an evaluation.
    ///
    /// ```
    /// use tandem::evaluate::evaluate;
    /// use tandem::metric::Metric;
    /// use tandem::scenario::link;
    ///
    /// let evaluation = evaluate(&link::parse("v1&model=llama3-8b&pool=h100-sxm*1").scenario)?;
    /// for metric in Metric::ALL {
    ///     match metric.read(&evaluation) {
    ///         Ok(own) => assert!(own.low <= own.value && own.value <= own.high, "{}", metric.label()),
    ///         Err(reason) => println!("{}: {reason}", metric.label()),
    ///     }
    /// }
    /// # Ok::<(), tandem::serve::Refusal>(())
    /// ```
    ///
    /// # Errors
    /// The reason in words when the figure is absent, such as a chip without a public price, or a load without a steady
    /// state.
    pub fn read(self, evaluation: &Evaluation) -> Result<Estimate, String> {
        let Evaluation { steady, costs, energy, evidence } = evaluation;
        if let (true, Some(saturation)) = (self.waits(), steady.saturation) {
            return Err(saturation.to_string());
        }
        let exact = Band { low: 1.0, high: 1.0 };
        // A cost per token lies where throughput does and where the prices of the chips do.
        let dollars = |value: &Result<Dollars, Unpriced>, spread: Spread| match value {
            Ok(dollars) => Ok((dollars.get(), evidence.served.inverse().times(spread))),
            Err(unpriced) => Err(unpriced.to_string()),
        };
        let paid = |dollars: fn(DollarsPerHour) -> f64| match &costs.per_hour {
            Ok(price) => Ok((dollars(*price), Band { low: costs.spread.low, high: costs.spread.high })),
            Err(unpriced) => Err(unpriced.to_string()),
        };
        // Watts and tokens per second err apart from each other.
        let joules = |value: &Result<crate::units::Joules, Unpriced>, watts: Spread| match value {
            Ok(joules) => Ok((joules.get(), evidence.served.inverse().times(watts))),
            Err(unpriced) => Err(unpriced.to_string()),
        };
        let (value, band) = match self {
            Self::Ttft => (steady.ttft.get(), evidence.ttft),
            Self::TtftP95 => (steady.tails.ttft(Percentile::P95).get(), evidence.ttft),
            Self::TtftP99 => (steady.tails.ttft(Percentile::P99).get(), evidence.ttft),
            Self::Tpot => (steady.tpot.get(), evidence.tpot),
            Self::TpotP95 => (steady.tails.tpot(Percentile::P95).get(), evidence.tpot),
            Self::TpotP99 => (steady.tails.tpot(Percentile::P99).get(), evidence.tpot),
            Self::E2e => (steady.e2e.get(), evidence.throughput.inverse()),
            Self::Interactivity => (steady.interactivity().get(), evidence.tpot.inverse()),
            Self::Throughput => (steady.throughput().get(), evidence.served),
            Self::ThroughputPerChip => (steady.throughput_per_chip().get(), evidence.served),
            Self::RequestRate => (steady.rate.get(), evidence.served),
            Self::CostTotal => dollars(&costs.per_mtok_total, costs.spread_total)?,
            Self::CostInput => dollars(&costs.per_mtok_input, costs.spread_input)?,
            Self::CostOutput => dollars(&costs.per_mtok_output, costs.spread_output)?,
            Self::PerHour => paid(DollarsPerHour::get)?,
            Self::PerMonth => paid(|price| price.per_month().get())?,
            Self::EnergyDrawn => joules(&energy.joules_drawn, energy.drawn_spread)?,
            Self::Energy => joules(&energy.joules, energy.provisioned_spread)?,
            Self::ThroughputPerMegawatt => {
                let (joules, band) = joules(&energy.joules, energy.provisioned_spread)?;
                (1e6 / joules, band.inverse())
            }
            Self::Utilisation => (steady.utilisation(), exact),
        };
        Ok(Estimate { value, low: value * band.low, high: value * band.high })
    }
}
