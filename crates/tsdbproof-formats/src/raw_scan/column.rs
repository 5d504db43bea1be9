//! A column of many points: a line with its bytes, and below it a line for each of its points.
//!
//! `[qualifier]\t[value] = N values:`, then N times `    [q]\t[v]\tOFFSET\tl or f\tTIME\t(DATE)`.
//!
//! Everything stands twice, so a point counts once its line says what the column's bytes hold.
//! `tsdb scan` 2.4.1 takes a compacted column that begins at second 80 to 95 (its first byte is 05,
//! as that of an append column) for an append column. The lines below are wrong then, while the
//! bytes are right: the lines have to be what that fault makes of the bytes, and the points are read
//! from the bytes. Source: OpenTSDB 2.4.1 `core/Internal.java`, `extractDataPoints`; 2.4.0 has it not.

use tsdbproof_core::{Point, Position, ProblemKind};

use super::{bytes, cell};
use crate::number::Fault;
use crate::opentsdb::column::{self, APPEND, Spot};
use crate::opentsdb::qualifier::Qualifier;

/// The fields of a point's line.
pub(super) type Fields<'a> = [&'a [u8]; 6];

/// The fields of a line that is laid out as that of a point or an annotation.
pub(super) fn fields(line: &[u8]) -> Option<Fields<'_>> {
    let mut fields = line.split(|byte| *byte == b'\t');
    let mut next = || fields.next();
    let found = [next()?, next()?, next()?, next()?, next()?, next()?];
    let [.., date] = found;
    let is_date = date.starts_with(b"(") && date.ends_with(b")");
    (fields.next().is_none() && is_date).then_some(found)
}

/// Checks the fields of a point's line that follow from its qualifier.
pub(super) fn check_fields(fields: &Fields<'_>, q: Qualifier, base_s: u32) -> Result<(), Fault> {
    let [_, _, offset, kind, time, _] = *fields;
    let number = |name, text: &[u8], expected: u64| {
        let agrees = bytes::number(text) == Some(expected);
        if agrees { Ok(()) } else { Err(disagreement(name, text, &expected.to_string())) }
    };
    number("offset", offset, cell::printed_offset(q, base_s))?;
    let expected: &[u8] = if q.is_float() { b"f" } else { b"l" };
    if kind != expected {
        return Err(disagreement("type", kind, if q.is_float() { "f" } else { "l" }));
    }
    number("time", time, cell::printed_time(q, base_s))
}

fn disagreement(name: &str, text: &[u8], expected: &str) -> Fault {
    let what = format!(
        "a point whose {name} is another than its bytes say; {}, expected {expected:?}",
        bytes::found(text)
    );
    Fault::new(ProblemKind::Disagreement, what)
}

/// A column whose points follow.
#[derive(Debug)]
pub(super) struct Column {
    /// Where its line is.
    pub(super) at: Position,
    value: Vec<u8>,
    /// The points, in the order of their lines.
    spots: Vec<Spot>,
    /// What the lines say instead if the scan took the column for an append column.
    misread: Option<Vec<Spot>>,
    is_misread: bool,
    /// A line of a misread column is not what the fault makes of its bytes: no point can be trusted.
    is_spoiled: bool,
    /// Lines taken so far.
    taken: usize,
}

/// What the line of a point below a column gives.
pub(super) enum Taken {
    Point(Point),
    /// Known only when the column is whole.
    Later,
}

impl Column {
    /// The column of these qualifier bytes. Errors: they do not fit the value.
    pub(super) fn new(qualifier: &[u8], value: Vec<u8>, at: Position) -> Result<Self, Fault> {
        let starts_as_append = qualifier.first() == Some(&APPEND);
        let (spots, misread) = match qualifier.len() {
            3 if starts_as_append => (column::appended(&value).map(column::last_of_each), None),
            length if length > 2 && length.is_multiple_of(2) => {
                let misread = column::appended(&value).filter(|_| starts_as_append);
                let compacted = column::compacted(qualifier, &value);
                (compacted.map(|(spots, _)| column::by_time(spots)), misread.map(column::by_time))
            }
            _ => (None, None),
        };
        let Some(spots) = spots else {
            let hint = if starts_as_append { MISREAD } else { "" };
            let (q, v) = (bytes::shown(qualifier), bytes::shown(&value));
            let what =
                format!("a column whose bytes can't be taken apart{hint}; found {q} and {v}");
            return Err(Fault::new(ProblemKind::BadCell, what));
        };
        Ok(Column { at, value, spots, misread, is_misread: false, is_spoiled: false, taken: 0 })
    }

    /// The number of lines that have to follow, if the scan says as many.
    pub(super) fn check_count(&mut self, said: u64) -> Result<(), Fault> {
        let is = |spots: &Vec<Spot>| spots.len() as u64 == said;
        let misread = self.misread.as_ref().is_some_and(is);
        if is(&self.spots) {
            return Ok(());
        }
        self.is_misread = misread;
        let held = self.spots.len();
        let what = format!("a column that says {said} values; its bytes hold {held}");
        if misread { Ok(()) } else { Err(Fault::new(ProblemKind::Disagreement, what)) }
    }

    fn lines(&self) -> &[Spot] {
        match &self.misread {
            Some(misread) if self.is_misread => misread,
            _ => &self.spots,
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.taken >= self.lines().len()
    }

    /// Takes the next line below. Errors: its point is left out.
    pub(super) fn take(&mut self, fields: &Fields<'_>, base_s: u32) -> Result<Taken, Fault> {
        let mut found = self.check(fields, base_s);
        if found.is_err() && self.taken == 0 && self.misread.is_some() && !self.is_misread {
            self.is_misread = true;
            let misread = self.check(fields, base_s);
            self.is_misread = misread.is_ok();
            found = if self.is_misread { misread } else { found };
        }
        let spot = self.lines().get(self.taken).copied();
        self.taken += 1;
        self.is_spoiled |= self.is_misread && found.is_err();
        found?;
        let Some(spot) = spot.filter(|_| !self.is_misread) else { return Ok(Taken::Later) };
        self.point(spot, base_s).map(Taken::Point)
    }

    fn check(&self, fields: &Fields<'_>, base_s: u32) -> Result<(), Fault> {
        let Some(spot) = self.lines().get(self.taken) else {
            let what = "a point below a column that has no more";
            return Err(Fault::new(ProblemKind::Disagreement, what));
        };
        let [qualifier, value, ..] = *fields;
        let read = bytes::all(qualifier).and_then(|bytes| Qualifier::of(&bytes));
        if read != Some(spot.qualifier) {
            let expected = bytes::shown(&spot.qualifier.to_bytes());
            return Err(disagreement("qualifier", qualifier, &expected));
        }
        let held = spot.value(&self.value);
        if bytes::all(value).as_deref() != Some(held) {
            return Err(disagreement("value", value, &bytes::shown(held)));
        }
        check_fields(fields, spot.qualifier, base_s)
    }

    fn point(&self, spot: Spot, base_s: u32) -> Result<Point, Fault> {
        let value = spot.value(&self.value);
        spot.qualifier.point(value, base_s).map_err(|what| {
            let bytes = [bytes::shown(&spot.qualifier.to_bytes()), bytes::shown(value)];
            Fault::new(ProblemKind::BadCell, format!("{what}; found {}", bytes.join(" and ")))
        })
    }

    /// What the end of the column gives, behind its last line: points that the scan misread.
    pub(super) fn end(self, base_s: u32) -> (Vec<Result<Point, Fault>>, Option<Fault>) {
        let (taken, count) = (self.taken, self.lines().len());
        if taken < count {
            let what = format!("a column with {taken} of {count} points below it");
            return (Vec::new(), Some(Fault::new(ProblemKind::Cut, what)));
        }
        if !self.is_misread {
            return (Vec::new(), None);
        }
        if self.is_spoiled {
            let what = format!(
                "a column whose lines are wrong{MISREAD}; its {} points are left out",
                self.spots.len()
            );
            return (Vec::new(), Some(Fault::new(ProblemKind::BadCell, what)));
        }
        let points: Vec<_> = self.spots.iter().map(|spot| self.point(*spot, base_s)).collect();
        let what = format!(
            "a column whose lines are wrong{MISREAD}; its {} points are read from its bytes",
            points.len()
        );
        (points, Some(Fault::new(ProblemKind::Misprint, what)))
    }

    /// Bytes of memory, roughly.
    pub(super) fn memory_bytes(&self) -> usize {
        let misread = self.misread.as_ref().map_or(0, Vec::capacity);
        self.value.capacity() + (self.spots.capacity() + misread) * size_of::<Spot>()
    }
}

/// The fault of the scan that prints other points than stand there.
pub(super) const MISREAD: &str =
    " (`tsdb scan` 2.4.1 misreads columns that begin at second 80 to 95 of an hour)";
