//! What stands in an answer: its values are taken here, and its points go out from here.

use tsdbproof_core::{ProblemKind, quote};

use super::answer::{Answer, Keyed};
use super::header::Field;
use super::item::{Item, Part, Points, Role};
use super::pair::{self, Held};
use crate::json::cursor::Cursor;
use crate::json::field::{self, no_points};
use crate::json::syntax::Place;
use crate::number::Fault;
use crate::{PointSink, ReadOptions};

/// The open answer, and the open object in it.
#[derive(Debug)]
pub(super) struct Body {
    allow_aggregated: bool,
    /// Whether an answer without its query is still to be told of.
    tells_unseen: bool,
    /// Bytes of points that wait for what stands behind them.
    limit: usize,
    /// Whether the open answer told its global annotations: each series repeats them.
    has_told_globals: bool,
    pub(super) item: Option<Item>,
    pub(super) answer: Answer,
}

impl Body {
    pub(super) fn new(options: &ReadOptions, at: u64) -> Self {
        let limit = options.limits.line_bytes;
        Body {
            allow_aggregated: options.allow_aggregated,
            tells_unseen: !options.allow_aggregated && !options.knows_query,
            limit,
            has_told_globals: false,
            item: None,
            answer: Answer::new(options.unit, limit, at),
        }
    }

    /// Goes on behind bytes; gives back what is left.
    pub(super) fn pass<'a>(&mut self, text: &'a [u8], length: usize) -> &'a [u8] {
        let (passed, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
        self.answer.output.cursor.pass(passed);
        rest
    }

    /// An answer begins with the next byte, unless one is open.
    pub(super) fn begin_answer(&mut self) {
        self.has_told_globals &= self.answer.begin();
    }

    /// An object begins with the next byte.
    pub(super) fn begin_item(&mut self) {
        self.begin_answer();
        self.item = Some(Item::new(self.answer.output.cursor));
    }

    /// Says what is to be done with the value that begins with this byte.
    pub(super) fn begin_value(&mut self, first: u8, sink: &mut dyn PointSink) -> Begun {
        let Some(item) = &mut self.item else { return Begun::Unwanted };
        match item.inner.map(|inner| inner.role) {
            Some(Role::Members) => return Begun::Wanted(Part::Value),
            Some(Role::Items) => return Begun::Wanted(Part::Pair),
            Some(Role::Notes) => {
                let fault = Fault::new(ProblemKind::Annotation, "an annotation, which is no point");
                self.answer.report(fault, sink);
                return Begun::Unwanted;
            }
            None if item.field == Field::Points => self.begin_points(sink),
            None => {}
        }
        self.begin_field(first)
    }

    fn begin_field(&mut self, first: u8) -> Begun {
        let Some(item) = &mut self.item else { return Begun::Unwanted };
        let is_told =
            item.field == Field::GlobalNotes && std::mem::replace(&mut self.has_told_globals, true);
        match (item.role(first), item.field) {
            (Some(role), _) if !is_told => {
                item.open(role);
                Begun::Opened
            }
            (_, Field::Notes | Field::GlobalNotes | Field::Other) => Begun::Unwanted,
            _ => Begun::Wanted(Part::Field),
        }
    }

    /// Decides where the points go that come.
    fn begin_points(&mut self, sink: &mut dyn PointSink) {
        let Some(item) = &mut self.item else { return };
        if std::mem::replace(&mut item.header.has_points, true) {
            let what = "`dps` twice in an object; what stands here is passed over";
            self.answer.report(Fault::new(ProblemKind::RepeatedField, what), sink);
            item.points = Points::Dropped;
        } else if !item.header.is_complete() {
            item.points = Points::Held(Vec::new());
        } else if let Ok(series) = item.header.series(self.allow_aggregated) {
            self.answer.set_series(series, sink);
            item.points = Points::Given;
        }
        // Why others are dropped is reported when the object is over.
    }

    /// The innermost container is over; its last byte was passed.
    pub(super) fn close(&mut self, sink: &mut dyn PointSink) {
        let Some(item) = &mut self.item else { return };
        if item.inner.take().is_some() {
            item.place = Place::After;
            return;
        }
        let Some(item) = self.item.take() else { return };
        let series = item.header.series(self.allow_aggregated);
        let is_unseen = item.header.has_points && !item.header.shows_query && series.is_ok();
        if is_unseen && std::mem::take(&mut self.tells_unseen) {
            let what = "an answer that does not show its query: values that it computed would look the same; ask with showQuery=true, or say --allow-aggregated";
            self.answer.report_at(Fault::new(ProblemKind::QueryUnseen, what), item.at, sink);
        }
        let fault = match (item.points, series) {
            _ if !item.header.has_points => item.header.stranger(),
            (Points::Held(points), Ok(series)) => {
                self.answer.set_series(series, sink);
                points.into_iter().for_each(|point| self.give(point, item.at, sink));
                None
            }
            // Of points that were given, something behind them speaks against them.
            (_, Err(fault)) => Some(fault),
            (Points::Given | Points::Dropped, Ok(_)) => None,
        };
        if let Some(fault) = fault {
            self.answer.report_at(fault, item.at, sink);
        }
    }

    /// Takes a point, whose bytes are passed, to where the points of its object go. It begins at
    /// `start`.
    #[inline]
    fn take_point(&mut self, point: Keyed, start: Cursor, sink: &mut dyn PointSink) {
        match self.item.as_mut().map(|item| &mut item.points) {
            Some(Points::Given) => self.give(point, start, sink),
            Some(Points::Held(points)) => {
                points.push(point);
                if points.len() * size_of::<Keyed>() > self.limit {
                    self.drop_held(sink);
                }
            }
            Some(Points::Dropped) | None => {}
        }
    }

    #[inline]
    fn give(&mut self, point: Keyed, start: Cursor, sink: &mut dyn PointSink) {
        if let Err(fault) = self.answer.point(point, sink) {
            self.answer.report_at(fault, start, sink);
        }
    }

    #[cold]
    fn drop_held(&mut self, sink: &mut dyn PointSink) {
        let limit = self.limit;
        let what = format!(
            "`dps` before `metric`, `tags` and `aggregateTags`, and too long to wait for them; expected at most {limit} bytes of points"
        );
        self.answer.report(Fault::new(ProblemKind::LineTooLong, what), sink);
        if let Some(item) = &mut self.item {
            item.points = Points::Dropped;
        }
    }

    /// Reads pairs as nearly all are; gives back what is left.
    #[inline]
    pub(super) fn read_pairs<'a>(
        &mut self,
        mut text: &'a [u8],
        sink: &mut dyn PointSink,
    ) -> &'a [u8] {
        loop {
            let inner = self.item.as_mut().and_then(|item| item.inner.as_mut());
            let Some(inner) = inner else { return text };
            let (read, behind_comma) = match (inner.role, inner.place) {
                (Role::Members, Place::Key | Place::FirstKey) => {
                    (pair::leading_member(text), Place::Key)
                }
                (Role::Items, Place::Value | Place::FirstItem) => {
                    (pair::leading_item(text), Place::Value)
                }
                _ => return text,
            };
            let Some((point, rest)) = read else { return text };
            let (rest, place) = match rest.strip_prefix(b",") {
                Some(rest) => (rest, behind_comma),
                None => (rest, Place::After),
            };
            inner.place = place;
            let start = self.answer.output.cursor;
            self.answer.output.cursor.pass_counted((text.len() - rest.len()) as u64, 0);
            self.take_point(point, start, sink);
            text = rest;
        }
    }

    /// A value of the innermost container is over.
    pub(super) fn end_value(&mut self) {
        if let Some(item) = &mut self.item {
            *item.innermost().0 = Place::After;
        }
    }

    /// Takes a whole value, and passes its bytes. Errors: it is text that says nothing where it
    /// stands, so its quotes may be those of other texts; nothing of it is passed.
    pub(super) fn take(
        &mut self,
        part: Part,
        value: &[u8],
        sink: &mut dyn PointSink,
    ) -> Result<(), Fault> {
        let inside = value.get(1..value.len().saturating_sub(1)).unwrap_or_default();
        let Some(item) = &mut self.item else {
            let text = field::utf8(value).unwrap_or_default();
            self.answer.report(no_points("no object", text), sink);
            self.pass(value, value.len());
            return Ok(());
        };
        match (part, &mut item.inner) {
            (Part::Time, Some(inner)) => {
                inner.key = Some((pair::key(inside)?, self.answer.output.cursor));
                inner.place = Place::Colon;
            }
            (Part::Value, Some(inner)) => {
                inner.place = Place::After;
                if let Some((key, start)) = inner.key.take() {
                    let held = sound_or_text(pair::held(value), value)?;
                    self.take_pair(held.map(|held| (key, held)), start, value, sink);
                    return Ok(());
                }
            }
            (Part::Pair, Some(inner)) => {
                inner.place = Place::After;
                let pair = sound_or_text(pair::item(value), value)?;
                self.take_pair(pair, self.answer.output.cursor, value, sink);
                return Ok(());
            }
            (Part::Key, _) if inside.contains(&b'{') => {
                let what = format!("a key that holds objects; found {}", quote(value));
                return Err(Fault::new(ProblemKind::BadJson, what));
            }
            (Part::Key, _) => {
                item.field = item.header.field(inside);
                item.place = Place::Colon;
            }
            (Part::Field, _) if item.field == Field::Points => {
                return Err(Fault::new(
                    ProblemKind::BadJson,
                    format!("`dps` that holds no points; found {}", quote(value)),
                ));
            }
            (Part::Field, _) => {
                item.header.take(item.field, value);
                item.place = Place::After;
            }
            // A pair stands in a container, and nothing else in an object.
            (Part::Time | Part::Value | Part::Pair, None) | (Part::Stranger, _) => {}
        }
        self.pass(value, value.len());
        Ok(())
    }

    /// Takes what stands at a time, and passes its bytes; the pair begins at `start`.
    fn take_pair(
        &mut self,
        pair: Result<(u64, Held), Fault>,
        start: Cursor,
        value: &[u8],
        sink: &mut dyn PointSink,
    ) {
        let fault = match pair {
            // That the series is refused is told once.
            _ if self.item.as_ref().is_some_and(|item| item.is_dropped()) => {
                self.pass(value, value.len());
                return;
            }
            Ok((key, Held::Value(found))) => {
                self.pass(value, value.len());
                return self.take_point((key, found), start, sink);
            }
            Ok((_, Held::Gap)) => self.gap(value),
            Err(fault) => fault,
        };
        self.answer.report(fault, sink);
        self.pass(value, value.len());
    }

    /// Why a time without a value gives no point.
    fn gap(&self, value: &[u8]) -> Fault {
        let found = quote(value);
        if self.allow_aggregated {
            let what = format!("a gap that a query filled in; found {found}");
            return Fault::new(ProblemKind::FilledGap, what);
        }
        let what = format!(
            "a gap that a downsampling query filled in: its values are none that are stored; found {found}; --allow-aggregated takes the others as they are"
        );
        Fault::new(ProblemKind::Aggregated, what)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.item.as_ref().map_or(0, Item::memory_bytes) + self.answer.memory_bytes()
    }
}

/// A fault of a value that is text is an error of its own.
fn sound_or_text<T>(found: Result<T, Fault>, value: &[u8]) -> Result<Result<T, Fault>, Fault> {
    match found {
        Err(fault) if value.starts_with(b"\"") => Err(fault),
        found => Ok(found),
    }
}

/// What is to be done with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// It is a container, which is read in parts from its second byte on.
    Opened,
    /// It is read as a whole.
    Wanted(Part),
    /// It is passed over.
    Unwanted,
}
