//! The patch that leads from one source to another, written from the hours that differ.

use std::io::Write;

use tsdbproof_core::{
    Error, Kind, Profile, Record, Series,
    digest::{Depth, Totals},
};

use super::{
    compare::{Found, Instants, are_equal, check_found, open, wanted},
    pairs::Pairs,
    verify::base_name,
};
use crate::{
    Host, Options,
    look::{Kept, Leaves, Looked, Merge},
    report::{PatchSource, PatchSummary, Report, Side},
    store::{
        manifest::FileMeta,
        patch::{Change, PatchWriter, State},
    },
};

/// One end of the patch.
pub(super) struct End<'a> {
    pub(super) leaves: &'a Leaves,
    /// Where its points can be found, unless it is a manifest.
    pub(super) looked: Option<&'a Looked>,
    pub(super) totals: Totals,
    pub(super) source: PatchSource,
}

/// What a side was read from: files in their order.
pub(super) fn source(names: &[String], files: &[FileMeta]) -> PatchSource {
    // Patches are the same whatever folder they are made in. A URL has no folder.
    let bare = |name: &String| match name.contains("://") {
        true => name.clone(),
        false => base_name(name.trim_end_matches('/')).to_owned(),
    };
    let (mut blake3, mut size_bytes) = (blake3::Hasher::new(), 0_u64);
    for file in files {
        size_bytes = size_bytes.saturating_add(file.size_bytes);
        blake3.update(&file.size_bytes.to_le_bytes());
        blake3.update(file.blocks.as_flattened());
    }
    let is_known = |file: &FileMeta| file.size_bytes == 0 || !file.blocks.is_empty();
    PatchSource {
        names: names.iter().map(bare).collect(),
        files: files.len() as u64,
        size_bytes,
        blake3: (size_bytes > 0 && files.iter().all(is_known))
            .then(|| blake3.finalize().to_string()),
    }
}

/// Writes the patch that makes current of base. Of a manifest as base it clears the hours that differ.
///
/// Errors: a side that is not whole, for a patch would delete what it lost; a manifest as current, or one
/// without hours.
pub(super) async fn write<H: Host>(
    host: &H,
    (ends, found): ([End<'_>; 2], Found),
    report: &Report,
    options: &Options,
    out: &mut (dyn Write + Send),
) -> Result<PatchSummary, Error> {
    refuse_gaps(report)?;
    refuse_manifests(&ends)?;
    // Whatever profile decides, a patch leads to the numbers as they are.
    let options = &Options { profile: Profile::Exact, ..options.clone() };
    let leaves = ends.each_ref().map(|end| end.leaves.clone());
    let clears = ends[0].looked.is_none();
    let mut points = points(host, &ends, found).await?;
    let mut pairs = Pairs::open(&leaves)?;
    let mut writer = PatchWriter::new(out)?;
    while let Some((series, _)) = pairs.next_series()? {
        for merge in &mut points {
            merge.seek(&series)?;
        }
        while let Some(rows) = pairs.next()? {
            let hour = rows.iter().flatten().map(|row| row.hour).next();
            let Some(hour) = hour.filter(|_| !are_equal(&rows, Profile::Exact)) else { continue };
            let base_points = rows[0].as_ref().map(|row| row.entry.exact.points);
            if clears && base_points.is_some() {
                writer.push(&series, Change::clear(hour))?;
            }
            let [in_base, in_current] =
                hour_changes(&mut points, hour, options, &series, &mut writer)?;
            let in_base = if clears { base_points.unwrap_or(0) } else { in_base };
            check_found(&rows, [in_base, in_current])?;
        }
    }
    let [base, current] = ends.map(End::into_state);
    let (_, counts) = writer.finish(base.clone(), current.clone(), options.scope.text())?;
    Ok(PatchSummary::new("", &base, &current, counts))
}

impl<'a> End<'a> {
    fn looked(&self) -> Result<&'a Looked, Error> {
        self.looked.ok_or_else(|| Error::usage("a manifest has no points"))
    }

    /// The end as a patch names it.
    fn into_state(self) -> State {
        let Totals { roots, all } = self.totals;
        let (points, last_ms) = (all.exact.points, all.last_ms);
        State { roots, points, last_ms, source: self.source }
    }
}

/// The points of the hours that differ, with others among them; none of a manifest. Those of two sources were found when
/// they were compared.
async fn points<H: Host>(
    host: &H,
    [base, current]: &[End<'_>; 2],
    found: Found,
) -> Result<[Merge<Kept>; 2], Error> {
    if let Some([of_base, of_current]) = found {
        return Ok([open(base.looked()?, &of_base)?, open(current.looked()?, &of_current)?]);
    }
    let leaves = [base.leaves.clone(), current.leaves.clone()];
    let [_, hours] = wanted(&leaves, |_, rows, _| !are_equal(rows, Profile::Exact))?;
    let of_current = current.looked()?.points_of(host, hours).await?;
    Ok([Merge::open(&base.leaves.spill, &[])?, open(current.looked()?, &of_current)?])
}

/// Manifests that can't be an end of a patch.
fn refuse_manifests([base, current]: &[End<'_>; 2]) -> Result<(), Error> {
    let refuse = |what: String, help| Err(Error::new(Kind::Unsupported, what).help(help));
    if current.looked.is_none() {
        let what = "no patch: CURRENT is a manifest, and a patch holds its points";
        return refuse(what.to_owned(), "name the backup itself in place of its manifest");
    }
    if base.looked.is_none() && base.leaves.depth != Depth::Hour {
        let depth = base.leaves.depth.name();
        let what = format!(
            "no patch: BASE is a manifest of depth {depth}, and a patch goes by the hours that differ"
        );
        return refuse(what, "name the backup itself, or a manifest made with --depth hour");
    }
    Ok(())
}

/// What was not read would pass for deleted.
fn refuse_gaps(report: &Report) -> Result<(), Error> {
    let is_whole = |side: &Side| {
        side.not_read.is_empty()
            && side.unread.is_empty()
            && side.left_out.is_empty()
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
pub(super) fn changes(base: &[Record], current: &[Record], hour: u32) -> Vec<Change> {
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
