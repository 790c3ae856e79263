//! Reading a decimal number, correctly rounded, without tables.
//!
//! The standard library's parser does the same faster, but brings ten kilobytes of powers of five that no compression
//! makes smaller, to a page that reads a few hundred numbers. Up to 2⁵³ and 10²² arithmetic on floats is exact and one
//! rounding does; beyond, division of whole numbers settles every bit (W. D. Clinger, "How to read floating point
//! numbers accurately", 1990).

/// Digits that can decide how a number rounds; of those after them it only counts whether one is not zero.
const DECISIVE: usize = 780;
/// Whole numbers up to here are floats.
const EXACT: u64 = 1 << 53;
/// Powers of ten up to this are floats.
const EXACT_POWER: i32 = 22;
/// Powers of five up to this, and numbers of as many digits, fit into 64 bits.
const SHORT_POWER: u32 = 27;
const SHORT: usize = 19;
/// Bits of a quotient, or one more.
const SPARE: i32 = 64;

/// The nearest float, half to even: `12`, `-0.5`, `+.5`, `1.`, `6.02e23`; also `inf` and `NaN`, as they are written out.
#[must_use]
pub fn decimal(text: &str) -> Option<f64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let size = match rest {
        "inf" => f64::INFINITY,
        "NaN" => f64::NAN,
        _ => positive(rest.as_bytes())?,
    };
    Some(if negative { -size } else { size })
}

fn positive(text: &[u8]) -> Option<f64> {
    let mut digits = Vec::new();
    let mut some = false;
    let mut point = None;
    // Zeros in front count for nothing but the place of the point.
    let mut scale: i64 = 0;
    let mut rest = text.iter();
    let mut exponent = 0;
    while let Some(&symbol) = rest.next() {
        match symbol {
            b'0'..=b'9' => {
                some = true;
                if !digits.is_empty() || symbol != b'0' {
                    digits.push(symbol - b'0');
                }
                scale -= i64::from(point.is_some());
            }
            b'.' if point.is_none() => point = Some(()),
            b'e' | b'E' if some => {
                exponent = power(rest.as_slice())?;
                break;
            }
            _ => return None,
        }
    }
    if !some {
        return None;
    }
    while digits.last() == Some(&0) {
        digits.pop();
        scale += 1;
    }
    if digits.len() > DECISIVE {
        scale += i64::try_from(digits.len() - DECISIVE - 1).ok()?;
        digits.truncate(DECISIVE);
        digits.push(1);
    }
    let scale = scale.saturating_add(exponent);
    let place = i64::try_from(digits.len()).ok()?.saturating_add(scale);
    // Beyond all floats, at either end.
    Some(if digits.is_empty() || place < -330 {
        0.0
    } else if place > 310 {
        f64::INFINITY
    } else {
        round(&digits, i32::try_from(scale).ok()?)
    })
}

/// The exponent behind its `e`; one that no counter holds is as good as the largest.
fn power(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(1 << 50));
    Some(if negative { -size } else { size })
}

/// `digits · 10^scale`.
fn round(digits: &[u8], scale: i32) -> f64 {
    if digits.len() <= SHORT {
        let whole = digits.iter().fold(0, |sum, &digit| sum * 10 + u64::from(digit));
        if whole <= EXACT && scale.abs() <= EXACT_POWER {
            let ten = (0..scale.abs()).fold(1.0, |power, _| power * 10.0);
            return if scale < 0 { whole as f64 / ten } else { whole as f64 * ten };
        }
        // What a float written out in full mostly is.
        if scale <= 0 && scale.unsigned_abs() <= SHORT_POWER {
            let five = u128::from(5_u64.pow(scale.unsigned_abs()));
            let room = whole.leading_zeros();
            let above = u128::from(whole << room) << SPARE;
            let quotient = above / five;
            return settled(quotient, quotient * five != above, room as i32 + SPARE - scale);
        }
    }
    let mut above = Whole(Vec::new());
    for &digit in digits {
        above.times(10, u32::from(digit));
    }
    let mut below = Whole(vec![1]);
    let scaled = if scale < 0 { &mut below } else { &mut above };
    for _ in 0..scale.abs() {
        scaled.times(10, 0);
    }
    // So that the quotient has one or two bits more than the spare ones, whatever the numbers are.
    let lift = below.bits() - above.bits() + SPARE;
    if lift < 0 {
        below.lift(-lift);
    } else {
        above.lift(lift);
    }
    below.lift(SPARE);
    let mut quotient = 0_u128;
    for _ in 0..=SPARE {
        quotient <<= 1;
        if above.take(&below) {
            quotient |= 1;
        }
        below.halve();
    }
    settled(quotient, !above.0.is_empty(), lift)
}

/// `quotient / 2^lift`, of which a rest may be left. The quotient has more bits than a float keeps.
fn settled(quotient: u128, rest: bool, lift: i32) -> f64 {
    let bits = 128 - quotient.leading_zeros() as i32;
    // A float keeps 53 bits, fewer below 2^-1022.
    let kept = (bits - lift + 1074).clamp(-1, 53);
    if kept < 0 {
        return 0.0;
    }
    let cut = bits - kept;
    let (whole, lost, half) = (quotient >> cut, quotient & ((1 << cut) - 1), 1 << (cut - 1));
    let up = lost > half || (lost == half && (rest || whole & 1 == 1));
    libm::scalbn((whole as u64 + u64::from(up)) as f64, cut - lift)
}

/// A whole number of any size: its limbs, lowest first, the last of them not zero.
struct Whole(Vec<u32>);

impl Whole {
    /// Multiplies, then adds.
    fn times(&mut self, factor: u32, more: u32) {
        let mut carry = u64::from(more);
        for limb in &mut self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn bits(&self) -> i32 {
        self.0.last().map_or(0, |last| self.0.len() as i32 * 32 - last.leading_zeros() as i32)
    }

    /// Multiplies by a power of two.
    fn lift(&mut self, bits: i32) {
        self.times(1 << (bits % 32), 0);
        self.0.splice(0..0, (0..bits / 32).map(|_| 0));
    }

    fn halve(&mut self) {
        let mut carry = 0;
        for limb in self.0.iter_mut().rev() {
            let low = *limb << 31;
            *limb = *limb >> 1 | carry;
            carry = low;
        }
        self.trim();
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// Subtracts the other number, if it is not the larger one.
    fn take(&mut self, other: &Self) -> bool {
        let order = self.0.len().cmp(&other.0.len());
        if order.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev())).is_lt() {
            return false;
        }
        let mut borrow = false;
        for (index, limb) in self.0.iter_mut().enumerate() {
            let (less, first) = limb.overflowing_sub(other.0.get(index).copied().unwrap_or(0));
            let (less, second) = less.overflowing_sub(u32::from(borrow));
            *limb = less;
            borrow = first || second;
        }
        self.trim();
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::decimal;

    fn same(text: &str) {
        let standard = text.parse::<f64>().ok();
        assert_eq!(decimal(text).map(f64::to_bits), standard.map(f64::to_bits), "{text}");
    }

    #[test]
    fn hard_numbers_round_as_they_must() {
        for text in [
            "0",
            "-0",
            "1",
            "1.",
            ".5",
            "+2",
            "0.1",
            "1e22",
            "1e23",
            "9007199254740993",
            "9007199254740992.999999999999999",
            "8.988465674311579e307",
            "1.7976931348623157e308",
            "1.7976931348623159e308",
            "1e308",
            "1e309",
            "1e400",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "4.9e-324",
            "2.5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "1e-323",
            "1e-400",
            "0e999999999999",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "123456789012345678901234567890",
            "0.000000000000000000000000000001",
            "6.0221407600e+23",
            "inf",
            "-inf",
        ] {
            same(text);
        }
        assert!(decimal("NaN").is_some_and(f64::is_nan));
        // Halfway between two floats, and a little more a thousand digits further on.
        let half = "9007199254740993";
        same(&format!("{half}.{}", "0".repeat(1000)));
        same(&format!("{half}.{}1", "0".repeat(1000)));
        same(&format!("0.{}1{}", "0".repeat(400), "0".repeat(400)));
        same(&format!("{}e-900", "7".repeat(1000)));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "1 ", " 1", "1k", "--1", "0x1", "1e5.0", "é"]
        {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_float_comes_back(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            for text in [format!("{value}"), format!("{value:e}"), format!("{value:.20e}")] {
                prop_assert_eq!(decimal(&text).map(f64::to_bits), text.parse::<f64>().ok().map(f64::to_bits));
            }
        }

        #[test]
        fn any_digits_round_alike(text in "-?[0-9]{0,40}(\\.[0-9]{0,40})?(e[-+]?[0-9]{1,3})?") {
            prop_assert_eq!(decimal(&text).map(f64::to_bits), text.parse::<f64>().ok().map(f64::to_bits));
        }

        #[test]
        fn halfway_points_round_alike(bits: u64, digits in 0_usize..3) {
            let value = f64::from_bits(bits & !(1 << 63));
            prop_assume!(value.is_finite() && value < 1e300);
            let next = f64::from_bits(value.to_bits() + 1);
            // A float's expansion ends; so does that of the middle of two.
            let middle = format!("{value:.1100}");
            let above = format!("{next:.1100}");
            let sum: String = halves(&middle, &above);
            let tail = ["", "0", "1"][digits];
            let text = format!("{sum}{tail}");
            prop_assert_eq!(decimal(&text).map(f64::to_bits), text.parse::<f64>().ok().map(f64::to_bits));
        }
    }

    /// The mean of two decimals with as many places.
    fn halves(one: &str, other: &str) -> String {
        let width = one.len().max(other.len());
        let digits = |text: &str| -> Vec<u32> {
            format!("{text:0>width$}")
                .bytes()
                .filter(|own| *own != b'.')
                .map(|own| u32::from(own - b'0'))
                .collect()
        };
        let (one, other) = (digits(one), digits(other));
        let mut sums: Vec<u32> = one.iter().zip(&other).map(|(a, b)| a + b).collect();
        for place in (1..sums.len()).rev() {
            sums[place - 1] += sums[place] / 10;
            sums[place] %= 10;
        }
        let mut rest = 0;
        let mut mean = String::new();
        for (place, sum) in sums.iter().enumerate() {
            if place == sums.len() - 1100 {
                mean.push('.');
            }
            let now = rest * 10 + sum;
            mean += &(now / 2).to_string();
            rest = now % 2;
        }
        format!("{mean}{}", rest * 5)
    }
}
