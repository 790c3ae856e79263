//! What people ask for an hour of a chip: the basis on which a price stands, and a price with its spread and its date.
//!
//! A basis is one way to pay, and prices of two of them are never mixed: a three-year contract beside an on-demand list
//! makes the chip with the contract look half as dear as its neighbour. `[[price.per_hour]]` of `data/chips/ID.toml` has the
//! rows; of several that are not stale a survey's newest
//! is the one shown, else the median, and the ends of all are its spread.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::units::DollarsPerHour;

/// One way to pay for chips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceBasis {
    /// Rental market: surveys of what is paid on demand, marketplaces, small clouds.
    #[default]
    Market,
    /// On-demand price lists of clouds.
    List,
    /// Contracts over one to three years.
    Contract,
    /// Purchase with its capital cost, network, storage and electricity.
    Own,
    /// Total cost of ownership as somebody published it.
    Tco,
}

/// Who asks a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceClass {
    /// A survey over many.
    Survey,
    /// A market place where owners offer what they have.
    Marketplace,
    /// A cloud for accelerators.
    Neocloud,
    /// One of the large clouds.
    Hyperscaler,
    /// Who makes the chip or runs it for himself.
    Vendor,
}

/// For how long one commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PriceTerm {
    /// Not at all.
    #[serde(rename = "on-demand")]
    OnDemand,
    /// A year.
    #[serde(rename = "1-year")]
    OneYear,
    /// Three years.
    #[serde(rename = "3-year")]
    ThreeYears,
    /// The question has no meaning: one owns the chip.
    #[serde(rename = "none")]
    None,
}

/// A price of a chip-hour on one basis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// The price that is shown and reckoned with.
    pub value: DollarsPerHour,
    /// Lowest price of the basis; the value itself where it is the only one.
    pub low: DollarsPerHour,
    /// Highest price of the basis.
    pub high: DollarsPerHour,
    /// Month or day to which the value is true, `2026-07` or `2026-10-03`.
    pub as_of: Cow<'static, str>,
    /// Who asks it.
    pub class: PriceClass,
    /// For how long one commits.
    pub term: PriceTerm,
    /// Whether its source calls it an estimate, which is used only when estimates are asked for.
    pub estimate: bool,
    /// Whether it was older than prices may be on the day of the catalogue.
    pub stale: bool,
    /// Where to read it; empty in browsers.
    pub url: Cow<'static, str>,
}

impl PriceBasis {
    /// All bases, in the order of menus.
    pub const ALL: [Self; 5] = [Self::Market, Self::List, Self::Contract, Self::Own, Self::Tco];

    /// Those with a price per hour of their own in the files of chips.
    pub const QUOTED: [Self; 4] = [Self::Market, Self::List, Self::Contract, Self::Tco];

    /// The identifier in links and files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::List => "list",
            Self::Contract => "contract",
            Self::Own => "own",
            Self::Tco => "tco",
        }
    }

    /// The basis with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.id() == id)
    }

    /// Name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Market => "Rental market",
            Self::List => "Cloud list, on demand",
            Self::Contract => "Contract, three years",
            Self::Own => "Own: purchase and running",
            Self::Tco => "Published cost of ownership",
        }
    }

    /// What a chip without it lacks, after "no".
    #[must_use]
    pub const fn figure(self) -> &'static str {
        match self {
            Self::Market => "rental-market price",
            Self::List => "cloud list price",
            Self::Contract => "contract price",
            Self::Own => "purchase price",
            Self::Tco => "published cost of ownership",
        }
    }
}

impl PriceClass {
    /// All classes.
    pub const ALL: [Self; 5] =
        [Self::Survey, Self::Marketplace, Self::Neocloud, Self::Hyperscaler, Self::Vendor];

    /// The identifier in files, which is also the word for people.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Survey => "survey",
            Self::Marketplace => "marketplace",
            Self::Neocloud => "neocloud",
            Self::Hyperscaler => "hyperscaler",
            Self::Vendor => "vendor",
        }
    }

    /// The class with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.id() == id)
    }
}

impl PriceTerm {
    /// All terms.
    pub const ALL: [Self; 4] = [Self::OnDemand, Self::OneYear, Self::ThreeYears, Self::None];

    /// The identifier in files, which is also the word for people.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::OneYear => "1-year",
            Self::ThreeYears => "3-year",
            Self::None => "none",
        }
    }

    /// The term with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|term| term.id() == id)
    }
}
