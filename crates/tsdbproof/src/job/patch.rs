//! The patch that leads from one source to another, written from the hours that differ.

use std::io::Write;

use tsdbproof_core::{Error, Kind, Profile, Record, Series, digest::Roots};

use super::compare::{Instants, Pairs, are_equal, check_found, open, wanted};
use crate::{
    Host, Options,
    look::{Kept, Looked, Merge},
    report::{PatchSummary, Report, Side},
    store::patch::{Change, PatchWriter, State},
};

/// A state as a patch names it.
fn state(side: &Side, roots: Roots) -> State {
    State { roots, points: side.totals.points, names: side.names.clone() }
}

/// Writes the patch that makes current of base.
///
/// Errors: a side that is not whole, for a patch would delete what it lost.
pub(super) async fn write<H: Host>(
    host: &H,
    sides: [(&Looked, Roots); 2],
    report: &Report,
    options: &Options,
    out: &mut (dyn Write + Send),
) -> Result<PatchSummary, Error> {
    refuse_gaps(report)?;
    let [Some(base), Some(current)] = [report.sides.first(), report.sides.get(1)] else {
        return Err(Error::usage("a side is missing"));
    };
    // Whatever profile decides, a patch leads to the numbers as they are.
    let options = &Options { profile: Profile::Exact, ..options.clone() };
    let leaves = sides.map(|(looked, _)| looked.leaves.clone());
    let [of_base, of_current] = wanted(&leaves, |rows, _| !are_equal(rows, Profile::Exact))?;
    let [(in_base, base_roots), (in_current, current_roots)] = sides;
    let runs =
        [in_base.points_of(host, of_base).await?, in_current.points_of(host, of_current).await?];
    let mut points = [open(in_base, &runs[0])?, open(in_current, &runs[1])?];
    let mut pairs = Pairs::open(&leaves)?;
    let mut writer = PatchWriter::new(out)?;
    while let Some((series, _)) = pairs.next_series()? {
        for merge in &mut points {
            merge.seek(&series)?;
        }
        while let Some(rows) = pairs.next()? {
            let hour = rows.iter().flatten().map(|row| row.hour).next();
            let Some(hour) = hour.filter(|_| !are_equal(&rows, Profile::Exact)) else { continue };
            check_found(&rows, hour_changes(&mut points, hour, options, &series, &mut writer)?)?;
        }
    }
    let (base, current) = (state(base, base_roots), state(current, current_roots));
    let (_, counts) = writer.finish(base.clone(), current.clone(), options.scope.text())?;
    Ok(PatchSummary::new("", &base, &current, counts))
}

/// What was not read would pass for deleted.
fn refuse_gaps(report: &Report) -> Result<(), Error> {
    let is_whole = |side: &Side| {
        side.not_read.is_empty()
            && side.losses.is_empty()
            && side.problems.iter().all(|it| !it.is_damage)
    };
    match report.sides.iter().find(|side| !is_whole(side)) {
        None => Ok(()),
        Some(side) => Err(Error::new(
            Kind::Malformed,
            format!(
                "no patch: {} is not whole, and a patch would take what it lost for deleted",
                side.role
            ),
        )
        .help("compare without --patch to see what is damaged, lost or not read")),
    }
}

/// Writes the changes of an hour; gives how many points each side has there.
fn hour_changes<W: Write>(
    [base, current]: &mut [Merge<Kept>; 2],
    hour: u32,
    options: &Options,
    series: &Series,
    writer: &mut PatchWriter<W>,
) -> Result<[u64; 2], Error> {
    let mut sides = [Instants::open(base, hour, options)?, Instants::open(current, hour, options)?];
    loop {
        let offsets = sides.each_ref().map(|side| side.next.first().map(|it| it.offset_ms()));
        let Some(next) = offsets.into_iter().flatten().min() else {
            return Ok(sides.map(|side| side.found));
        };
        let mut take = |index: usize| match offsets[index] == Some(next) {
            true => sides[index].take(),
            false => Ok(Vec::new()),
        };
        let (base, current) = (take(0)?, take(1)?);
        for change in changes(&base, &current, hour) {
            writer.push(series, change)?;
        }
    }
}

/// What makes the records of one instant those of the other side; each side's are distinct.
fn changes(base: &[Record], current: &[Record], hour: u32) -> Vec<Change> {
    let only_in = |these: &[Record], those: &[Record]| -> Vec<Record> {
        these.iter().filter(|record| !those.contains(record)).copied().collect()
    };
    let (gone, come) = (only_in(base, current), only_in(current, base));
    let change = |index: usize| {
        let (old, new) = (gone.get(index), come.get(index));
        let timestamp_ms = old.or(new)?.in_hour(hour).timestamp_ms;
        let value = |record: Option<&Record>| record.map(|record| record.value());
        Some(Change { timestamp_ms, old: value(old), new: value(new) })
    };
    (0..gone.len().max(come.len())).filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use tsdbproof_core::{Point, Value};

    use super::*;

    #[test]
    fn values_of_an_instant_are_a_set() {
        let records = |values: &[i64]| -> Vec<Record> {
            let point = |value: &i64| Point { timestamp_ms: 7, value: Value::integer(*value) };
            values.iter().map(|value| point(value).record()).collect()
        };
        let told = |base: &[i64], current: &[i64]| -> Vec<(Option<i64>, Option<i64>)> {
            let number = |value: Option<Value>| value.and_then(Value::as_integer);
            let changes = changes(&records(base), &records(current), 0);
            changes.iter().map(|it| (number(it.old), number(it.new))).collect()
        };
        assert_eq!(told(&[5], &[6]), [(Some(5), Some(6))]);
        assert_eq!(told(&[1, 2, 3], &[2, 4]), [(Some(1), Some(4)), (Some(3), None)]);
        assert_eq!(told(&[], &[1, 2]), [(None, Some(1)), (None, Some(2))]);
        assert_eq!(told(&[1], &[1]), []);
    }
}
