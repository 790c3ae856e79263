//! A newtype per physical quantity, with the arithmetic that makes sense for it and no other.
//!
//! All values are `f64` in the SI base of the quantity (seconds, bytes, FLOP, watts) or in the unit its name says
//! (dollars, tokens). Constructors in customary units exist where a data sheet or a person uses them.
//! No bare `f64` quantity crosses the border of a room.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use serde::{Deserialize, Serialize};

pub mod decimal;
pub mod format;
pub mod limits;
pub mod order;
pub mod typed;

/// Two to the power of a number rounded down, exact; beyond what a number can hold, zero or infinity. `libm::exp2` would
/// bring four kilobytes of table to the page, and nothing but whole powers is wanted where speed counts.
///
/// ```
/// use tandem::units::power_of_two;
///
/// assert_eq!((power_of_two(10.0), power_of_two(-1.5), power_of_two(0.0)), (1024.0, 0.25, 1.0));
/// ```
#[must_use]
pub fn power_of_two(power: f64) -> f64 {
    libm::scalbn(1.0, libm::floor(power) as i32)
}

/// The larger of two numbers. WASM has no instruction that ignores NaN as `f64::max` does, which there is a call.
#[must_use]
pub const fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The smaller of two numbers.
#[must_use]
pub const fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// A power of a number that is not negative, in half the time of `pow`, whose last digits nobody needs.
#[must_use]
pub fn power(base: f64, exponent: f64) -> f64 {
    libm::exp(exponent * libm::log(base))
}

/// Defines a quantity: a transparent `f64` that can be added to its like and scaled by a number.
macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0.0);

            #[doc = concat!("From a number of ", $unit, ".")]
            #[must_use]
            pub const fn new(value: f64) -> Self {
                Self(value)
            }

            #[doc = concat!("The number of ", $unit, ".")]
            #[must_use]
            pub const fn get(self) -> f64 {
                self.0
            }

            /// The larger of the two.
            #[must_use]
            pub const fn max(self, other: Self) -> Self {
                Self(larger(self.0, other.0))
            }

            /// The smaller of the two.
            #[must_use]
            pub const fn min(self, other: Self) -> Self {
                Self(smaller(self.0, other.0))
            }

            /// Whether the value is neither infinite nor NaN.
            #[must_use]
            pub const fn is_finite(self) -> bool {
                self.0.is_finite()
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }

        impl Mul<f64> for $name {
            type Output = Self;
            fn mul(self, factor: f64) -> Self {
                Self(self.0 * factor)
            }
        }

        impl Mul<$name> for f64 {
            type Output = $name;
            fn mul(self, quantity: $name) -> $name {
                $name(self * quantity.0)
            }
        }

        impl Div<f64> for $name {
            type Output = Self;
            fn div(self, divisor: f64) -> Self {
                Self(self.0 / divisor)
            }
        }

        impl Div for $name {
            type Output = f64;
            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::ZERO, Add::add)
            }
        }
    };
}

/// Defines `Whole / Rate = Seconds`, `Rate * Seconds = Whole` and `Whole / Seconds = Rate`.
macro_rules! rate {
    ($whole:ident, $rate:ident) => {
        impl Div<$rate> for $whole {
            type Output = Seconds;
            fn div(self, rate: $rate) -> Seconds {
                Seconds(self.0 / rate.0)
            }
        }

        impl Mul<Seconds> for $rate {
            type Output = $whole;
            fn mul(self, time: Seconds) -> $whole {
                $whole(self.0 * time.0)
            }
        }

        impl Div<Seconds> for $whole {
            type Output = $rate;
            fn div(self, time: Seconds) -> $rate {
                $rate(self.0 / time.0)
            }
        }
    };
}

quantity!(
    /// A duration.
    Seconds,
    "seconds"
);
quantity!(
    /// An amount of memory or traffic.
    Bytes,
    "bytes"
);
quantity!(
    /// Bandwidth.
    BytesPerSecond,
    "bytes per second"
);
quantity!(
    /// Floating-point operations; a multiply-add counts as two.
    Flops,
    "floating-point operations"
);
quantity!(
    /// Arithmetic rate.
    FlopsPerSecond,
    "floating-point operations per second"
);
quantity!(
    /// A count of tokens; fractional where it is a mean.
    Tokens,
    "tokens"
);
quantity!(
    /// Token rate.
    TokensPerSecond,
    "tokens per second"
);
quantity!(
    /// A count of requests; fractional where it is a mean.
    Requests,
    "requests"
);
quantity!(
    /// Request rate.
    RequestsPerSecond,
    "requests per second"
);
quantity!(
    /// Money, in US dollars.
    Dollars,
    "US dollars"
);
quantity!(
    /// Money per hour.
    DollarsPerHour,
    "US dollars per hour"
);
quantity!(
    /// Power.
    Watts,
    "watts"
);
quantity!(
    /// Energy.
    Joules,
    "joules"
);

rate!(Bytes, BytesPerSecond);
rate!(Flops, FlopsPerSecond);
rate!(Tokens, TokensPerSecond);
rate!(Requests, RequestsPerSecond);
rate!(Joules, Watts);

impl Seconds {
    /// From microseconds.
    #[must_use]
    pub const fn micros(value: f64) -> Self {
        Self(value * 1e-6)
    }

    /// From milliseconds.
    #[must_use]
    pub const fn millis(value: f64) -> Self {
        Self(value * 1e-3)
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> f64 {
        self.0 * 1e3
    }
}

impl Bytes {
    /// From gigabytes (10⁹ bytes), as data sheets count.
    #[must_use]
    pub const fn giga(value: f64) -> Self {
        Self(value * 1e9)
    }

    /// From megabytes (10⁶ bytes).
    #[must_use]
    pub const fn mega(value: f64) -> Self {
        Self(value * 1e6)
    }

    /// The number of gigabytes.
    #[must_use]
    pub const fn as_giga(self) -> f64 {
        self.0 * 1e-9
    }
}

impl BytesPerSecond {
    /// From gigabytes per second.
    #[must_use]
    pub const fn giga(value: f64) -> Self {
        Self(value * 1e9)
    }
}

impl FlopsPerSecond {
    /// From teraflops.
    #[must_use]
    pub const fn tera(value: f64) -> Self {
        Self(value * 1e12)
    }
}

/// Hours of a month: a twelfth of a year of 365.25 days.
pub const HOURS_PER_MONTH: f64 = 730.5;

impl DollarsPerHour {
    /// What it comes to over a month of 730.5 hours.
    #[must_use]
    pub const fn per_month(self) -> Dollars {
        Dollars(self.0 * HOURS_PER_MONTH)
    }

    /// What it comes to over a time.
    #[must_use]
    pub fn over(self, time: Seconds) -> Dollars {
        Dollars(self.0 * time.0 / 3600.0)
    }
}
