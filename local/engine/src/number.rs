//! DynamoDB's numbers: decimals of up to 38 significant digits, without floating point.

use std::cmp::Ordering;

/// How many significant digits a number may have.
const DIGITS_MAX: u32 = 38;
/// The largest and the smallest power of ten `t` for which `0.d × 10^t` is a number.
const TOP_MAX: i64 = 126;
const TOP_MIN: i64 = -129;

/// A number: its sign, its significant digits and a power of ten, `±digits × 10^exponent`. The digits have no zero at
/// the end, so that equal numbers have equal fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    negative: bool,
    digits: u128,
    exponent: i64,
}

/// Why a text or a result is not a number of DynamoDB.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotANumber {
    /// The text has another form.
    #[error("The parameter cannot be converted to a numeric value: {0}")]
    Text(String),
    /// There are more than 38 significant digits.
    #[error("Attempting to store more than 38 significant digits in a Number")]
    TooPrecise,
    /// The number is too large.
    #[error("Number overflow. Attempting to store a number with magnitude larger than supported range")]
    TooLarge,
    /// The number is too close to zero.
    #[error("Number underflow. Attempting to store a number with magnitude smaller than supported range")]
    TooSmall,
}

impl Number {
    /// Reads a number: a sign, digits with at most one point, and an exponent. All but the digits are optional. Fails
    /// if the text has another form, or if the number has too many digits or is out of range.
    pub(crate) fn parse(text: &str) -> Result<Self, NotANumber> {
        let malformed = || NotANumber::Text(text.to_owned());
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (coefficient, written) = match rest.split_once(['e', 'E']) {
            Some((coefficient, exponent)) => {
                let signless = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if signless.is_empty() || !signless.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(malformed());
                }
                (coefficient, exponent.parse::<i64>().map_err(|_| malformed())?)
            }
            None => (rest, 0),
        };
        let (whole, fraction) = coefficient.split_once('.').unwrap_or((coefficient, ""));
        let is_well_formed =
            whole.len() + fraction.len() > 0 && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !is_well_formed {
            return Err(malformed());
        }
        let mut read = Read::default();
        whole.bytes().chain(fraction.bytes()).for_each(|byte| read.push(byte - b'0'));
        let places = i64::try_from(fraction.len()).map_err(|_| malformed())?;
        let exponent = written.saturating_sub(places);
        if read.digits == 0 && read.significant <= DIGITS_MAX {
            // Zero has a range, too: that of a one in its last place.
            in_range(exponent.saturating_add(1))?;
            return Ok(Self { negative: false, digits: 0, exponent: 0 });
        }
        if read.significant > DIGITS_MAX {
            return Err(NotANumber::TooPrecise);
        }
        let number = Self { negative, digits: read.digits, exponent: exponent.saturating_add(read.zeros) };
        in_range(number.top())?;
        Ok(number)
    }

    /// The number for a count, such as the length of a list.
    pub(crate) fn from_count(count: usize) -> Self {
        Self { negative: false, digits: count as u128, exponent: 0 }.trimmed()
    }

    /// How many significant digits the number has. Zero has none.
    fn length(self) -> u32 {
        self.digits.checked_ilog10().map_or(0, |log| log + 1)
    }

    /// The `t` for which the number is `0.d × 10^t`.
    fn top(self) -> i64 {
        self.exponent.saturating_add(i64::from(self.length()))
    }

    /// The number without zeros at the end of its digits.
    fn trimmed(mut self) -> Self {
        if self.digits == 0 {
            return Self { negative: false, digits: 0, exponent: 0 };
        }
        while self.digits.is_multiple_of(10) {
            self.digits /= 10;
            self.exponent += 1;
        }
        self
    }

    /// The number as a plain decimal, in the one form in which DynamoDB returns it.
    pub(crate) fn text(self) -> String {
        let digits = self.digits.to_string();
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
        let sign = if self.negative { "-" } else { "" };
        let point = self.top();
        if self.exponent >= 0 {
            return format!("{sign}{digits}{}", zeros(self.exponent));
        }
        if point <= 0 {
            return format!("{sign}0.{}{digits}", zeros(-point));
        }
        let (whole, fraction) =
            usize::try_from(point).ok().and_then(|point| digits.split_at_checked(point)).unwrap_or((&digits, ""));
        format!("{sign}{whole}.{fraction}")
    }

    /// The size in bytes, as DynamoDB counts it.
    pub(crate) fn size(self) -> usize {
        let length = i64::from(self.length());
        let whole = self.top().clamp(0, length);
        let bytes = (whole + 1) / 2 + (length - whole + 1) / 2 + 1 + i64::from(self.negative);
        usize::try_from(bytes).unwrap_or_default()
    }

    /// The sum of two numbers. Fails if it has more than 38 significant digits or is out of range.
    pub(crate) fn plus(self, other: Self) -> Result<Self, NotANumber> {
        let (low, high) = if self.exponent <= other.exponent { (self, other) } else { (other, self) };
        if low.digits == 0 || high.digits == 0 {
            return Ok(if low.digits == 0 { high } else { low });
        }
        // If the larger one does not fit, the sum has a last digit that is not zero, and more than 38 before it.
        let shift = u32::try_from(high.exponent - low.exponent).map_err(|_| NotANumber::TooPrecise)?;
        let scaled = 10_u128.checked_pow(shift).and_then(|power| high.digits.checked_mul(power));
        let high = Self { digits: scaled.ok_or(NotANumber::TooPrecise)?, ..high };
        let (negative, digits) = if low.negative == high.negative {
            (low.negative, low.digits.checked_add(high.digits).ok_or(NotANumber::TooPrecise)?)
        } else if low.digits >= high.digits {
            (low.negative, low.digits - high.digits)
        } else {
            (high.negative, high.digits - low.digits)
        };
        let sum = Self { negative, digits, exponent: low.exponent }.trimmed();
        if sum.length() > DIGITS_MAX {
            return Err(NotANumber::TooPrecise);
        }
        if sum.digits != 0 {
            in_range(sum.top())?;
        }
        Ok(sum)
    }

    /// The difference of two numbers. Fails as [`Number::plus`] does.
    pub(crate) fn minus(self, other: Self) -> Result<Self, NotANumber> {
        self.plus(Self { negative: !other.negative && other.digits != 0, ..other })
    }

    /// Bytes that sort as the numbers do.
    pub(crate) fn sort_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(19);
        if self.digits == 0 {
            bytes.push(1);
            return bytes;
        }
        bytes.push(if self.negative { 0 } else { 2 });
        let top = u16::try_from(self.top() + 1_000).unwrap_or_default();
        bytes.extend(top.to_be_bytes());
        bytes.extend(self.aligned().to_be_bytes());
        if self.negative {
            bytes.iter_mut().skip(1).for_each(|byte| *byte = !*byte);
        }
        bytes
    }

    /// The digits, with as many zeros behind them as are missing to 38 digits.
    fn aligned(self) -> u128 {
        self.digits * 10_u128.pow(DIGITS_MAX.saturating_sub(self.length()))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits, number.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        let (mine, theirs) = (sign(self), sign(other));
        if mine != theirs || mine == 0 {
            return mine.cmp(&theirs);
        }
        let size = self.top().cmp(&other.top()).then_with(|| self.aligned().cmp(&other.aligned()));
        if mine < 0 { size.reverse() } else { size }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The digits of a number while it is being read.
#[derive(Default)]
struct Read {
    digits: u128,
    /// The number of digits from the first that is not zero to the last that is not.
    significant: u32,
    /// The number of zeros since the last digit that is not zero.
    zeros: i64,
}

impl Read {
    fn push(&mut self, digit: u8) {
        if digit == 0 {
            self.zeros += i64::from(self.significant > 0);
            return;
        }
        let more = u32::try_from(self.zeros).unwrap_or(u32::MAX).saturating_add(1);
        self.significant = self.significant.saturating_add(more);
        self.zeros = 0;
        if self.significant <= DIGITS_MAX {
            self.digits = self.digits * 10_u128.pow(more) + u128::from(digit);
        }
    }
}

/// Checks that a number is in the range that DynamoDB has. `top` is its [`Number::top`].
fn in_range(top: i64) -> Result<(), NotANumber> {
    match top {
        top if top > TOP_MAX => Err(NotANumber::TooLarge),
        top if top < TOP_MIN => Err(NotANumber::TooSmall),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn a_number_has_one_text() {
        for (text, plain) in [
            ("0", "0"),
            ("-0", "0"),
            ("0042", "42"),
            ("1.200", "1.2"),
            ("-1.5e2", "-150"),
            ("12e-4", "0.0012"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+7E+3", "7000"),
            ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        ] {
            assert_eq!(number(text).text(), plain, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "1e", "1.2.3", "++5", " 5", "NaN", "1_0", "e2", "1e99999999999999999999"] {
            assert_eq!(Number::parse(text), Err(NotANumber::Text(text.to_owned())), "{text}");
        }
        assert_eq!(Number::parse(&"9".repeat(39)), Err(NotANumber::TooPrecise));
        assert_eq!(Number::parse("1e126"), Err(NotANumber::TooLarge));
        assert_eq!(Number::parse("1e-131"), Err(NotANumber::TooSmall));
        assert_eq!(Number::parse("0e126"), Err(NotANumber::TooLarge));
        assert!(Number::parse("9.99e125").is_ok() && Number::parse("1e-130").is_ok());
    }

    #[test]
    fn sums_are_exact() {
        let sum = |a: &str, b: &str| number(a).plus(number(b)).map(Number::text);
        assert_eq!(sum("0.1", "0.2"), Ok("0.3".to_owned()));
        assert_eq!(sum("99999999999999999999999999999999999999", "1"), Ok(format!("1{}", "0".repeat(38))));
        assert_eq!(sum("5", "-7.5"), Ok("-2.5".to_owned()));
        assert_eq!(sum("5", "-5"), Ok("0".to_owned()));
        assert_eq!(sum("1e50", "1"), Err(NotANumber::TooPrecise));
        assert_eq!(sum("9e125", "9e125"), Err(NotANumber::TooLarge));
        assert_eq!(number("3").minus(number("10")).map(Number::text), Ok("-7".to_owned()));
    }

    #[test]
    fn bytes_sort_as_numbers_do() {
        let sorted =
            ["-1e125", "-10", "-9.5", "-9", "-0.1", "-1e-130", "0", "1e-130", "0.1", "0.11", "9", "10", "1e125"];
        for pair in sorted.windows(2) {
            let (low, high) = (number(pair[0]), number(pair[1]));
            assert!(low < high && low.sort_bytes() < high.sort_bytes(), "{pair:?}");
        }
    }

    #[test]
    fn sizes_are_those_of_dynamodb() {
        for (text, size) in [("42", 2), ("-42", 3), ("0", 1), ("100", 2), ("1.5", 3), ("0.001", 2), ("12345", 4)] {
            assert_eq!(number(text).size(), size, "{text}");
        }
    }
}
