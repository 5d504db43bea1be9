//! What shows in a series when its points are sorted, with what was noticed while they were read.

use tsdbproof_core::{Error, Point, Series};
use tsdbproof_formats::name_fault;

use super::{
    Found, Interval, Place,
    counter::Counter,
    gaps::Gaps,
    import::{Fate, Importer, stored},
    reading::{Notice, Noticed, Reading},
    units::Units,
};
use crate::{
    Options, Source,
    look::{Instant, Looked, Merge},
    report::FindingKind,
    time::time,
};

/// Looks at all series of a side.
pub(super) fn look_at_all(
    looked: &Looked,
    source: &Source,
    reading: &mut Reading,
    interval: Interval,
    options: &Options,
    found: &mut Found<'_>,
) -> Result<(), Error> {
    let mut noticed = reading.noticed()?;
    let mut walk = looked.walk(options.scope.duplicates)?;
    while let Some(series) = walk.next_series()? {
        let mut look = SeriesLook::open(&series, reading, interval, found);
        while let Some(instant) = walk.next()? {
            look.take(&instant, found);
        }
        look.finish(found);
        if noticed.seek(&series)? {
            tell_noticed(&series, source, &mut noticed, found)?;
        }
    }
    Ok(())
}

/// A series while its points are looked at.
struct SeriesLook<'a> {
    series: &'a Series,
    reading: &'a Reading,
    is_refused: bool,
    importer: Importer,
    gaps: Gaps,
    counter: Counter,
    units: Units,
}

impl<'a> SeriesLook<'a> {
    fn open(
        series: &'a Series,
        reading: &'a Reading,
        interval: Interval,
        found: &mut Found<'_>,
    ) -> Self {
        let fault = name_fault(series);
        let is_refused = fault.as_ref().is_some_and(|fault| !fault.is_taken());
        if let Some(fault) = fault {
            let kind = if is_refused { FindingKind::BadName } else { FindingKind::LostName };
            found.add(kind, &Place { series, timestamp_ms: None }, fault.to_string());
        }
        SeriesLook {
            series,
            reading,
            is_refused,
            importer: Importer::default(),
            gaps: Gaps::new(interval),
            counter: Counter::default(),
            units: Units::default(),
        }
    }

    fn at(&self, timestamp_ms: u64) -> Place<'a> {
        Place { series: self.series, timestamp_ms: Some(timestamp_ms) }
    }

    fn take(&mut self, instant: &Instant, found: &mut Found<'_>) {
        let place = self.at(instant.timestamp_ms);
        let mut values: Vec<_> = instant.read.iter().map(|kept| kept.record).collect();
        values.dedup();
        if values.len() > 1 {
            let values: Vec<_> = values.iter().map(|record| record.value().to_string()).collect();
            found.add(FindingKind::Conflict, &place, values.join(" and "));
        }
        if values.len() < instant.read.len() {
            let first = instant.read.first().map(|kept| kept.record.value().to_string());
            found.add(FindingKind::Duplicate, &place, first.unwrap_or_default());
        }
        self.gaps.take(instant.timestamp_ms, self.series, found);
        self.units.take(instant.timestamp_ms);
        for point in instant.points() {
            self.counter.take(point);
        }
        // Where files are imported as they are, their order decides, and was seen while reading.
        if instant.read.iter().any(|kept| !self.reading.counts(kept.input)) {
            instant.points().for_each(|point| self.import(point, found));
        }
    }

    fn import(&mut self, point: Point, found: &mut Found<'_>) {
        let last_ms = self.importer.last_ms().unwrap_or(0);
        let fate = if self.is_refused { Fate::BadName } else { self.importer.take(point) };
        tell_fate(fate, &self.at(point.timestamp_ms), point, last_ms, None, found);
    }

    fn finish(self, found: &mut Found<'_>) {
        self.gaps.finish(self.series, found);
        self.counter.tell(self.series, found);
        self.units.tell(self.series, found);
    }
}

/// Findings that depend on the order of lines.
fn tell_noticed(
    series: &Series,
    source: &Source,
    noticed: &mut Merge<Noticed>,
    found: &mut Found<'_>,
) -> Result<(), Error> {
    while let Some(Noticed { notice, hour, record, last_ms, input, byte }) = noticed.next()? {
        let point = record.in_hour(hour);
        let place = Place { series, timestamp_ms: Some(point.timestamp_ms) };
        let name = source.inputs.get(input as usize).map_or("", |input| input.name.as_str());
        let file = Some((name, byte));
        match notice {
            Notice::OutOfOrder => {
                let what = format!("{} stands behind {}", point.value, time(last_ms));
                found.add_in_file(FindingKind::OutOfOrder, &place, what, file);
            }
            Notice::Refused | Notice::Narrowed => {
                let fate = fate_again(series, point, notice);
                tell_fate(fate, &place, point, last_ms, file, found);
            }
        }
    }
    Ok(())
}

/// Why a point was noticed; the run does not keep the reason, which the point tells.
fn fate_again(series: &Series, point: Point, notice: Notice) -> Fate {
    let is_refused = name_fault(series).is_some_and(|fault| !fault.is_taken());
    match (notice, stored(point.value)) {
        (Notice::Narrowed, Some(narrow)) => Fate::Narrowed(narrow),
        _ if is_refused => Fate::BadName,
        (_, None) => Fate::TooLarge,
        _ if point.timestamp_ms == 0 => Fate::TimeZero,
        _ => Fate::NotLater,
    }
}

fn tell_fate(
    fate: Fate,
    place: &Place<'_>,
    point: Point,
    last_ms: u64,
    file: Option<(&str, u64)>,
    found: &mut Found<'_>,
) {
    let value = point.value;
    let (kind, what) = match fate {
        Fate::Stored => return,
        Fate::Narrowed(narrow) => {
            (FindingKind::ImportNarrows, format!("{value} would be stored as {narrow}"))
        }
        Fate::BadName => (FindingKind::ImportRefuses, format!("{value}: the name is refused")),
        Fate::NotLater => (
            FindingKind::ImportRefuses,
            format!("{value}: not later than {}, which comes before it", time(last_ms)),
        ),
        Fate::TooLarge => {
            (FindingKind::ImportRefuses, format!("{value}: beyond what a float32 holds"))
        }
        Fate::TimeZero => (FindingKind::ImportRefuses, format!("{value}: a time of 0")),
    };
    found.add_in_file(kind, place, what, file);
}
