//! Times as JSON may write them: with a fraction or an exponent.

use tsdbproof_core::{ProblemKind, quote};

use crate::number::{self, Fault};

/// The time that a sound number of JSON writes, if that is a whole number.
pub(crate) fn whole_time_ms(raw: &str) -> Result<u64, Fault> {
    if !raw.contains(['.', 'e', 'E']) {
        return number::timestamp_ms(raw.as_bytes());
    }
    let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let is_small = exponent.starts_with('-');
    // More than any digits can make up for.
    let exponent: i64 = exponent
        .parse()
        .unwrap_or(if is_small { -1 << 40 } else { 1 << 40 })
        .clamp(-1 << 40, 1 << 40);
    let (sign, mantissa) = mantissa.split_at(usize::from(mantissa.starts_with('-')));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let zeros = exponent - fraction.len() as i64 + (digits.len() - significant.len()) as i64;
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return number::timestamp_ms(b"0");
    }
    if zeros < 0 {
        return Err(cut_time(raw));
    }
    let digits = zeros.saturating_add(significant.len() as i64);
    let Some(zeros) = usize::try_from(zeros).ok().filter(|_| digits <= 19) else {
        let what = format!(
            "a time that no row of OpenTSDB can hold; found {}, expected less than 4294967296000 ms",
            quote(raw.as_bytes())
        );
        return Err(Fault::new(ProblemKind::TimeOutOfRange, what));
    };
    number::timestamp_ms(format!("{sign}{significant}{}", "0".repeat(zeros)).as_bytes())
}

fn cut_time(raw: &str) -> Fault {
    let found = quote(raw.as_bytes());
    let mut what = format!(
        "a time that is no whole number; found {found}, expected seconds or milliseconds since 1970"
    );
    let stored = raw.parse().ok().map(|time: f64| time as i64).filter(|time| *time > 0);
    if let Some(time) = stored
        && let Ok(stored_ms) = number::timestamp_ms(time.to_string().as_bytes())
    {
        what += &format!("; OpenTSDB cuts it and would store {stored_ms} ms");
    }
    Fault::new(ProblemKind::BadTime, what)
}
