//! Template prediction: most objects differ from an earlier one in their time and value alone.
//!
//! A template is what an object has around its two numbers, byte by byte. Text that fits one is read
//! without searching, hashing or allocating; it is what [`judge`](super::object::judge) would make
//! of it, since nothing of what that looks at but two numbers has changed, and those are numbers of
//! JSON still. Objects with a fault fit no template, nor do those with a field of a point twice.

use std::ops::Range;

use memchr::memchr_iter;
use tsdbproof_core::Point;

use crate::json::walk::{Member, Members};
use crate::{SeriesId, json, number, prefix, spellings::Spellings};

/// An object read by its template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) series: SeriesId,
    pub(super) point: Point,
    /// Its bytes.
    pub(super) length: usize,
    /// Line ends among them.
    pub(super) line_ends: u32,
}

/// Every template seen so far, and a guess which is next.
#[derive(Debug, Default)]
pub(super) struct Templates {
    /// The bytes of all templates, one behind the other.
    text: Vec<u8>,
    all: Vec<Template>,
    /// Which of `all` have which raw bytes.
    spellings: Spellings,
    /// The template of the last object.
    last: u32,
    /// Series that templates are known of, at the most.
    series: u32,
}

#[derive(Debug, Clone, Copy)]
struct Template {
    /// Where its bytes begin in `text`.
    start: usize,
    lengths: [u32; 3],
    order: Order,
    line_ends: u32,
    series: SeriesId,
    /// The template of the object that followed last time.
    next: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    TimeFirst,
    ValueFirst,
}

/// Where an object's two numbers lie in its text, without their quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spans {
    order: Order,
    first: Range<usize>,
    second: Range<usize>,
    /// Bytes of the object.
    length: usize,
}

/// The raw bytes of a template: before, between and behind the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Raw<'a> {
    order: Order,
    parts: [&'a [u8]; 3],
}

/// Objects that are longer have no template.
const OBJECT_BYTES: usize = 4096;
/// Spellings of a series that are worth keeping, and how many more: a field that always changes
/// makes each object another.
const SPELLINGS: (usize, usize) = (8, 1024);

impl Spans {
    /// The spans of the object that `text` begins with; not to be trusted if that is not sound.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let mut members = Members::new(text.get(..OBJECT_BYTES).unwrap_or(text), 0);
        let (mut time, mut value) = (None, None);
        for Member { key, value: at } in members.by_ref() {
            let span = match text.get(key)? {
                b"timestamp" => &mut time,
                b"value" => &mut value,
                _ => continue,
            };
            if span.replace(without_quotes(text, at)?).is_some() {
                return None;
            }
        }
        let length = (text.get(members.at) == Some(&b'}')).then_some(members.at + 1)?;
        let (time, value) = (time?, value?);
        Some(if time.start < value.start {
            Spans { order: Order::TimeFirst, first: time, second: value, length }
        } else {
            Spans { order: Order::ValueFirst, first: value, second: time, length }
        })
    }
}

fn without_quotes(text: &[u8], at: Range<usize>) -> Option<Range<usize>> {
    match text.get(at.clone())? {
        [b'"', word @ .., b'"'] => (!word.contains(&b'\\')).then_some(at.start + 1..at.end - 1),
        _ => Some(at),
    }
}

impl<'a> Raw<'a> {
    fn of(text: &'a [u8], spans: &Spans) -> Option<Self> {
        let before = text.get(..spans.first.start)?;
        let between = text.get(spans.first.end..spans.second.start)?;
        let behind = text.get(spans.second.end..spans.length)?;
        Some(Raw { order: spans.order, parts: [before, between, behind] })
    }

    /// The point that `text` begins with, if it fits, and what is behind the template.
    #[inline(always)]
    fn read(self, text: &[u8]) -> Option<(Point, &[u8])> {
        let [before, between, behind] = self.parts;
        let rest = prefix::strip(text, before)?;
        let (timestamp_ms, value, rest) = match self.order {
            Order::TimeFirst => {
                let (timestamp_ms, rest) = leading_time_ms(rest, before)?;
                let rest = prefix::strip(rest, between)?;
                let (value, rest) = leading_value(rest, between)?;
                (timestamp_ms, value, rest)
            }
            Order::ValueFirst => {
                let (value, rest) = leading_value(rest, before)?;
                let rest = prefix::strip(rest, between)?;
                let (timestamp_ms, rest) = leading_time_ms(rest, between)?;
                (timestamp_ms, value, rest)
            }
        };
        Some((Point { timestamp_ms, value }, prefix::strip(rest, behind)?))
    }
}

/// A time behind these bytes: outside of quotes a number of JSON, which has no zero in front.
#[inline(always)]
fn leading_time_ms<'t>(text: &'t [u8], before: &[u8]) -> Option<(u64, &'t [u8])> {
    let sound = before.last() == Some(&b'"') || text.first() != Some(&b'0');
    number::leading_timestamp_ms(text).filter(|_| sound)
}

/// A value behind these bytes: outside of quotes a number of JSON.
#[inline(always)]
fn leading_value<'t>(text: &'t [u8], before: &[u8]) -> Option<(tsdbproof_core::Value, &'t [u8])> {
    match before.last() {
        Some(b'"') => number::leading_value(text),
        _ => json::number::leading_value(text),
    }
}

impl Template {
    #[inline]
    fn hit(&self, point: Point, length: usize) -> Hit {
        Hit { series: self.series, point, length, line_ends: self.line_ends }
    }
}

impl Templates {
    /// Reads objects from the front of `text` while they are of a series that is likely: the one
    /// that followed the last object's series last time, or that series itself. `found` takes each
    /// with what is behind it, and gives back where the next may begin. Gives back what is left.
    #[inline]
    pub(super) fn read_objects<'t>(
        &mut self,
        mut text: &'t [u8],
        limit: usize,
        mut found: impl FnMut(Hit, &'t [u8]) -> Option<&'t [u8]>,
    ) -> &'t [u8] {
        while let Some(next) = self.all.get(self.last as usize).map(|last| last.next) {
            let candidates = [next, self.last];
            let read = candidates.into_iter().find_map(|index| {
                let read = self.read_series(index, text, limit, &mut found)?;
                Some((index, read))
            });
            let Some((index, (rest, goes_on))) = read else { return text };
            self.follow(index);
            text = rest;
            if !goes_on {
                break;
            }
        }
        text
    }

    /// Reads objects of one template while it follows itself: what is behind them, and whether an
    /// object may begin there. `None` if the first is another's.
    #[inline]
    fn read_series<'t>(
        &self,
        index: u32,
        mut text: &'t [u8],
        limit: usize,
        found: &mut impl FnMut(Hit, &'t [u8]) -> Option<&'t [u8]>,
    ) -> Option<(&'t [u8], bool)> {
        let template = self.all.get(index as usize)?;
        let raw = self.raw(template)?;
        let mut read = None;
        while let Some((point, rest)) = raw.read(text)
            && text.len() - rest.len() <= limit
        {
            let next = found(template.hit(point, text.len() - rest.len()), rest);
            let Some(next) = next else { return Some((rest, false)) };
            text = next;
            read = Some((next, true));
            if template.next != index {
                break;
            }
        }
        read
    }

    /// The object that `text` begins with, if its template is known.
    pub(super) fn find(&mut self, text: &[u8], limit: usize) -> Option<Hit> {
        if self.all.is_empty() {
            return None;
        }
        let spans = Spans::of(text).filter(|spans| spans.length <= limit)?;
        let raw = Raw::of(text, &spans)?;
        let (index, template) = self.known(raw)?;
        let (point, rest) = raw.read(text)?;
        let hit = template.hit(point, text.len() - rest.len());
        self.follow(index);
        Some(hit)
    }

    /// Keeps the template of an object that was read the plain way.
    pub(super) fn learn(&mut self, text: &[u8], series: SeriesId) {
        self.series = self.series.max(series.0.saturating_add(1));
        let Some(spans) = Spans::of(text).filter(|spans| spans.length == text.len()) else {
            return;
        };
        let Some(raw) = Raw::of(text, &spans) else { return };
        if let Some((index, _)) = self.known(raw) {
            return self.follow(index);
        }
        let (each, more) = SPELLINGS;
        let index = self.all.len();
        if index >= (self.series as usize).saturating_mul(each).saturating_add(more) {
            return;
        }
        let (Some(template), Ok(index)) = (self.make(raw, series), u32::try_from(index)) else {
            return;
        };
        self.all.push(Template { next: index, ..template });
        if self.spellings.is_full(self.all.len()) {
            self.grow();
        } else {
            self.put(index);
        }
        self.follow(index);
    }

    fn make(&mut self, raw: Raw<'_>, series: SeriesId) -> Option<Template> {
        let lengths = raw.parts.map(|part| u32::try_from(part.len()).unwrap_or(u32::MAX));
        let start = self.text.len();
        raw.parts.iter().for_each(|part| self.text.extend_from_slice(part));
        let count = raw.parts.iter().map(|part| memchr_iter(b'\n', part).count()).sum::<usize>();
        let line_ends = u32::try_from(count).ok()?;
        Some(Template { start, lengths, order: raw.order, line_ends, series, next: 0 })
    }

    /// Bytes of memory, roughly.
    pub(super) fn memory_bytes(&self) -> usize {
        self.text.capacity()
            + self.all.capacity() * size_of::<Template>()
            + self.spellings.memory_bytes()
    }

    fn follow(&mut self, index: u32) {
        if let Some(last) = self.all.get_mut(self.last as usize) {
            last.next = index;
        }
        self.last = index;
    }

    #[inline]
    fn raw(&self, template: &Template) -> Option<Raw<'_>> {
        let [before, between, behind] = template.lengths;
        let text = self.text.get(template.start..)?;
        let (before, text) = text.split_at_checked(before as usize)?;
        let (between, text) = text.split_at_checked(between as usize)?;
        let behind = text.get(..behind as usize)?;
        Some(Raw { order: template.order, parts: [before, between, behind] })
    }

    fn known(&self, raw: Raw<'_>) -> Option<(u32, &Template)> {
        let hash = self.spellings.hash(raw.parts);
        let template = |index| Some((index, self.all.get(index as usize)?));
        let mut candidates = self.spellings.candidates(hash).filter_map(template);
        candidates.find(|(_, known)| self.raw(known) == Some(raw))
    }

    fn put(&mut self, index: u32) {
        let template = self.all.get(index as usize);
        let Some(raw) = template.and_then(|template| self.raw(template)) else { return };
        let hash = self.spellings.hash(raw.parts);
        self.spellings.put(hash, index);
    }

    fn grow(&mut self) {
        self.spellings.reset(self.all.len());
        for index in 0..self.all.len() as u32 {
            self.put(index);
        }
    }
}
