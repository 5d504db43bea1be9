//! Numbers, sizes and lists as sentences write them.

/// A number with thousands separators: `3,600`.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 point`, `3,600 points`, `2 series`.
pub(super) fn counted(n: u64, noun: &str) -> String {
    let ending = match n {
        1 => "",
        _ if noun.ends_with("series") => "",
        _ if noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{} {noun}{ending}", number(n))
}

/// A number of further things: `2 more points`.
pub(super) fn counted_more(n: u64, noun: &str) -> String {
    counted(n, &format!("more {noun}"))
}

/// Bytes in the largest fitting unit: `412 B`, `1.5 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut units = UNITS.iter();
    let mut unit = units.next().unwrap_or(&"");
    while tenths >= 10_240 {
        let Some(larger) = units.next() else { break };
        (unit, tenths) = (larger, tenths / 1024);
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Milliseconds with a sign, in the largest unit that leaves no rest: `+1 h`, `-90 s`.
pub(super) fn shift(ms: i64) -> String {
    let sign = if ms < 0 { '-' } else { '+' };
    let ms = ms.unsigned_abs();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms")];
    let (unit_ms, unit) =
        units.into_iter().find(|(unit_ms, _)| ms.is_multiple_of(*unit_ms)).unwrap_or((1, "ms"));
    format!("{sign}{} {unit}", number(ms / unit_ms))
}

/// Rows of cells as lines: the first column to the left, the others as `right` says.
pub(super) fn table(rows: &[Vec<String>], right: &[usize]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell: &String| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if right.contains(&column) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        let numbers = [0, 999, 1000, 3_600_000, u64::MAX].map(number).join(" ");
        assert_eq!(numbers, "0 999 1,000 3,600,000 18,446,744,073,709,551,615");
        assert_eq!([0, 1, 2].map(|n| counted(n, "point")).join(" "), "0 points 1 point 2 points");
        assert_eq!(counted(2, "series"), "2 series");
    }

    #[test]
    fn sizes_and_shifts_take_the_largest_fitting_unit() {
        let sizes = [0, 1023, 1024, 1536, (1 << 20) - 1, 1 << 20, u64::MAX].map(size).join(" ");
        assert_eq!(sizes, "0 B 1023 B 1.0 KiB 1.5 KiB 1023.9 KiB 1.0 MiB 16383.9 PiB");
        assert_eq!([3_600_000, -90_000, 1].map(shift).join(" "), "+1 h -90 s +1 ms");
    }
}
