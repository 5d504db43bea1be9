//! A cell as a value or a time.

use tsdbproof_core::{ProblemKind, Value, quote};

use super::{Array, Kind, at, broken};
use crate::number::{self, Fault};
use crate::tables::columns::Unit;
use crate::tables::{
    epoch::{DAY_MS, number_ms},
    text_time,
};

/// A number as a cell holds it.
#[derive(Debug, Clone, Copy)]
enum Number {
    Whole(i128),
    Float(f64),
    /// Of a decimal that is no whole number.
    Fraction {
        unscaled: i128,
        scale: i32,
    },
}

impl Array {
    /// The value of a row; `None` for a null.
    pub(in crate::tables) fn value(&self, row: usize) -> Result<Option<Value>, Fault> {
        let Some((array, row)) = self.plain(row)? else { return Ok(None) };
        if matches!(array.kind, Kind::Text(_) | Kind::Views) {
            return number::value(array.plain_text(row)?).map(Some);
        }
        match array.number(row)? {
            Number::Whole(number) => match i64::try_from(number) {
                Ok(number) => Ok(Some(Value::integer(number))),
                Err(_) => Err(out_of_range(&number.to_string())),
            },
            Number::Float(number) => Ok(Some(Value::float(number))),
            // As a text that spells it: the nearest float.
            Number::Fraction { unscaled, scale } => {
                let text = format!("{unscaled}e-{scale}");
                let number: Option<f64> = text.parse().ok().filter(|it: &f64| it.is_finite());
                number.map(|it| Some(Value::float(it))).ok_or_else(|| out_of_range(&text))
            }
        }
    }

    /// The time of a row in milliseconds; `None` for a null. `unit` is what numbers count, where
    /// the column itself does not tell.
    pub(in crate::tables) fn time_ms(
        &self,
        row: usize,
        unit: Option<Unit>,
    ) -> Result<Option<u64>, Fault> {
        let Some((array, row)) = self.plain(row)? else { return Ok(None) };
        let outside = || broken("a time outside of its column");
        let in_ms = match array.kind {
            Kind::Time(unit) => {
                let number = at(array.buffer(0), row).map(i64::from_le_bytes);
                unit.to_ms(number.ok_or_else(outside)?)
            }
            Kind::Days => {
                let days = at(array.buffer(0), row).map(i32::from_le_bytes).ok_or_else(outside)?;
                Unit::Milliseconds.to_ms(i64::from(days) * DAY_MS)
            }
            Kind::Text(_) | Kind::Views => text_time::timestamp_ms(array.plain_text(row)?, unit),
            _ => time_of_number(array.number(row)?, unit),
        };
        in_ms.map(Some)
    }

    fn number(&self, row: usize) -> Result<Number, Fault> {
        let buffer = self.buffer(0);
        let number = match &self.kind {
            Kind::Integer(integer) => integer.read(buffer, row).map(Number::Whole),
            Kind::Float(2) => at(buffer, row).map(u16::from_le_bytes).map(half),
            Kind::Float(4) => {
                at(buffer, row).map(f32::from_le_bytes).map(|it| Number::Float(it.into()))
            }
            Kind::Float(8) => at(buffer, row).map(f64::from_le_bytes).map(Number::Float),
            Kind::Decimal { bytes, scale } => {
                let unscaled = match bytes {
                    4 => at(buffer, row).map(|it| i32::from_le_bytes(it).into()),
                    8 => at(buffer, row).map(|it| i64::from_le_bytes(it).into()),
                    16 => at(buffer, row).map(i128::from_le_bytes),
                    32 => at(buffer, row).map(wide).transpose()?,
                    _ => None,
                };
                unscaled.map(|unscaled| decimal(unscaled, *scale)).transpose()?
            }
            _ => return Err(broken("a cell that holds no number")),
        };
        number.ok_or_else(|| broken("a number outside of its column"))
    }
}

fn out_of_range(found: &str) -> Fault {
    let what = format!(
        "a number beyond 64 bits; found {}, expected an integer of 64 bits with its sign, or a float",
        quote(found.as_bytes())
    );
    Fault::new(ProblemKind::ValueOutOfRange, what)
}

/// A float of 16 bits: sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> Number {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    Number::Float(if bits >> 15 == 1 { -size } else { size })
}

/// A number of 256 bits that 128 hold.
fn wide(bytes: [u8; 32]) -> Result<i128, Fault> {
    let low = at(&bytes, 0).map(i128::from_le_bytes);
    let high = at(&bytes, 1).map(i128::from_le_bytes);
    match (low, high) {
        (Some(low), Some(high)) if high == low >> 127 => Ok(low),
        _ => Err(out_of_range("a decimal of more than 38 digits")),
    }
}

/// A decimal without the zeros at its end.
fn decimal(mut unscaled: i128, mut scale: i32) -> Result<Number, Fault> {
    if unscaled == 0 {
        return Ok(Number::Whole(0));
    }
    while scale > 0 && unscaled % 10 == 0 {
        unscaled /= 10;
        scale -= 1;
    }
    if scale > 0 {
        return Ok(Number::Fraction { unscaled, scale });
    }
    let power = 10i128.checked_pow(scale.unsigned_abs());
    let whole = power.and_then(|power| unscaled.checked_mul(power));
    whole
        .map(Number::Whole)
        .ok_or_else(|| out_of_range(&format!("{unscaled}e{}", -i64::from(scale))))
}

fn no_whole_time(found: &str) -> Fault {
    let what = format!(
        "a time that is no whole number; found {}, expected one that counts since 1970",
        quote(found.as_bytes())
    );
    Fault::new(ProblemKind::BadTime, what)
}

fn time_of_number(number: Number, unit: Option<Unit>) -> Result<u64, Fault> {
    let whole = match number {
        Number::Whole(number) => number,
        // The cast gives the ends of what 128 bits hold where the float is beyond.
        Number::Float(number) if number.fract() == 0.0 => number as i128,
        Number::Float(number) => return Err(no_whole_time(&format!("{number:?}"))),
        Number::Fraction { unscaled, scale } => {
            return Err(no_whole_time(&format!("{unscaled}e-{scale}")));
        }
    };
    let number = i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX });
    number_ms(number, unit)
}

#[cfg(test)]
mod tests {
    use super::super::Integer;
    use super::*;

    fn array(kind: Kind, bytes: &[u8]) -> Array {
        let buffers = vec![bytes.into()];
        Array { kind, length: 1, validity: None, buffers, children: Vec::new(), dictionary: None }
    }

    fn value(kind: Kind, bytes: &[u8]) -> Result<Value, ProblemKind> {
        let array = array(kind, bytes);
        array.check().unwrap();
        array.value(0).map(Option::unwrap).map_err(|fault| fault.kind)
    }

    fn integer(bytes: usize, is_signed: bool) -> Kind {
        Kind::Integer(Integer { bytes, is_signed })
    }

    #[test]
    fn integers_of_every_size_are_values() {
        assert_eq!(value(integer(1, true), &[0xff]), Ok(Value::integer(-1)));
        assert_eq!(value(integer(1, false), &[0xff]), Ok(Value::integer(255)));
        assert_eq!(value(integer(2, true), &[0, 0x80]), Ok(Value::integer(-32768)));
        assert_eq!(value(integer(4, false), &[0xff; 4]), Ok(Value::integer(4_294_967_295)));
        assert_eq!(value(integer(8, true), &i64::MIN.to_le_bytes()), Ok(Value::integer(i64::MIN)));
        let large = value(integer(8, false), &(1u64 << 63).to_le_bytes());
        assert_eq!(large, Err(ProblemKind::ValueOutOfRange));
    }

    #[test]
    fn floats_are_widened() {
        assert_eq!(value(Kind::Float(4), &0.1f32.to_le_bytes()), Ok(Value::float(0.1f32.into())));
        assert_eq!(value(Kind::Float(8), &0.1f64.to_le_bytes()), Ok(Value::float(0.1)));
        for (bits, number) in [
            (0x3c00u16, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 2f64.powi(-24)),
            (0x03ff, 1023.0 * 2f64.powi(-24)),
            (0x0400, 2f64.powi(-14)),
            (0x7c00, f64::INFINITY),
            (0x7e00, f64::NAN),
        ] {
            assert_eq!(value(Kind::Float(2), &bits.to_le_bytes()), Ok(Value::float(number)));
        }
    }

    #[test]
    fn decimals_are_exact_where_they_are_whole_and_else_the_nearest_float() {
        let of = |unscaled: i128, scale| {
            value(Kind::Decimal { bytes: 16, scale }, &unscaled.to_le_bytes())
        };
        assert_eq!(of(500, 2), Ok(Value::integer(5)));
        assert_eq!(of(900_719_925_474_099_300, 2), Ok(Value::integer(9_007_199_254_740_993)));
        assert_eq!(of(-15, 1), Ok(Value::float(-1.5)));
        assert_eq!(of(1, 1), Ok(Value::float(0.1)));
        assert_eq!(of(3, -2), Ok(Value::integer(300)));
        assert_eq!(of(0, 76), Ok(Value::integer(0)));
        assert_eq!(of(1, -30), Err(ProblemKind::ValueOutOfRange));
        assert_eq!(of(i128::MAX, i32::MIN), Err(ProblemKind::ValueOutOfRange));
        assert_eq!(of(1, i32::MAX), Ok(Value::integer(0)), "as text that is too small for a float");
        let small = value(Kind::Decimal { bytes: 4, scale: 1 }, &25i32.to_le_bytes());
        assert_eq!(small, Ok(Value::float(2.5)));
        let mut wide = [0xff; 32];
        wide[0] = 0xfb;
        let kind = Kind::Decimal { bytes: 32, scale: 1 };
        assert_eq!(value(kind.clone(), &wide), Ok(Value::float(-0.5)));
        wide[31] = 0;
        assert_eq!(value(kind, &wide), Err(ProblemKind::ValueOutOfRange));
    }

    #[test]
    fn numbers_are_times_where_they_are_whole() {
        let time = |kind, bytes: &[u8], unit| {
            let array = array(kind, bytes);
            array.time_ms(0, unit).map(Option::unwrap).map_err(|fault| fault.kind)
        };
        let seconds = 1_700_000_000u64 * 1000;
        let float = |number: f64, unit| time(Kind::Float(8), &number.to_le_bytes(), unit);
        assert_eq!(float(1.7e9, None), Ok(seconds));
        assert_eq!(float(1.7e12, None), Ok(seconds));
        assert_eq!(float(1.7e18, Some(Unit::Nanoseconds)), Ok(seconds));
        assert_eq!(float(1.5, None), Err(ProblemKind::BadTime));
        assert_eq!(float(f64::NAN, None), Err(ProblemKind::BadTime));
        assert_eq!(float(1e300, None), Err(ProblemKind::TimeOutOfRange));
        assert_eq!(float(-1e300, None), Err(ProblemKind::TimeOutOfRange));
        assert_eq!(time(integer(4, false), &[0xff; 4], None), Ok(4_294_967_295_000));
        assert_eq!(time(Kind::Days, &1i32.to_le_bytes(), None), Ok(DAY_MS as u64));
        assert_eq!(time(Kind::Days, &[0xff; 4], None), Err(ProblemKind::TimeOutOfRange));
        let text = |text: &str, unit| {
            let offsets = [0i32.to_le_bytes(), (text.len() as i32).to_le_bytes()].concat();
            let mut array = array(Kind::Text(4), &offsets);
            array.buffers.push(text.as_bytes().into());
            array.time_ms(0, unit).map(Option::unwrap).map_err(|fault| fault.kind)
        };
        assert_eq!(text("1700000000", None), Ok(seconds));
        assert_eq!(text("1700000000", Some(Unit::Milliseconds)), Ok(1_700_000_000));
        assert_eq!(text("2023-11-14 22:13:20+00", None), Ok(seconds));
        assert_eq!(text("yesterday", Some(Unit::Milliseconds)), Err(ProblemKind::BadTime));
    }
}
