//! Template prediction: most lines differ from an earlier one in their time and value alone.
//!
//! A template is what a line has around its two numbers: the bytes before the time, the blanks
//! between the numbers, the bytes behind the value. A line that fits a template
//! is read without searching, hashing or allocating; it is what [`line::parse`](super::line::parse)
//! would read, since nothing of what that looks at but the two numbers has changed. Lines with a
//! fault fit no template: names are judged when a template is learned, numbers each time.

use tsdbproof_core::Point;

use super::line::Fields;
use super::output::Output;
use crate::{PointSink, SeriesId, number, prefix, spellings::Spellings};

/// A line read by its template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) series: SeriesId,
    pub(super) point: Point,
    /// See [`Fields::irregular`].
    pub(super) irregular: bool,
}

/// Every template seen so far, and a guess which is next.
#[derive(Debug, Default)]
pub(super) struct Templates {
    /// The bytes of all templates, head and tail, one behind the other.
    text: Vec<u8>,
    all: Vec<Template>,
    /// Which of `all` have which raw bytes.
    spellings: Spellings,
    /// The template of the last line.
    last: u32,
    /// How many lines in a row were of another series than was likely.
    surprises: u32,
}

/// After so many surprises in a row nothing is likely, until what was likely comes.
const SURPRISES: u32 = 64;

#[derive(Debug, Clone, Copy)]
struct Template {
    /// Where its bytes begin in `text`.
    start: usize,
    head_length: u32,
    tail_length: u32,
    /// Blanks between time and value.
    blanks: u8,
    irregular: bool,
    series: SeriesId,
    /// The template of the line that followed last time.
    next: u32,
}

/// The raw bytes of a template, as they stand in a line.
#[derive(Debug, Clone, Copy)]
struct Raw<'a> {
    head: &'a [u8],
    blanks: u8,
    tail: &'a [u8],
}

impl<'a> Raw<'a> {
    fn of(text: &'a [u8], fields: &Fields) -> Option<Self> {
        let head = text.get(..fields.time.start)?;
        let blanks = u8::try_from(fields.value.start - fields.time.end).ok()?;
        let tail = text.get(fields.value.end..)?;
        Some(Raw { head, blanks, tail })
    }

    #[inline]
    fn is(self, other: Raw<'_>) -> bool {
        self.blanks == other.blanks
            && prefix::is_same(self.head, other.head)
            && prefix::is_same(self.tail, other.tail)
    }

    /// The point that `text` begins with, if it fits, and what is behind the template.
    #[inline(always)]
    fn read(self, text: &[u8]) -> Option<(Point, &[u8])> {
        let rest = prefix::strip(text, self.head)?;
        let (timestamp_ms, rest) = number::leading_timestamp_ms(rest)?;
        let mut rest = rest.strip_prefix(b" ")?;
        for _ in 1..self.blanks {
            rest = rest.strip_prefix(b" ")?;
        }
        let (value, rest) = number::leading_value(rest)?;
        let rest = prefix::strip(rest, self.tail)?;
        Some((Point { timestamp_ms, value }, rest))
    }

    /// The point of the line that `text` begins with, and what is behind its end.
    #[inline(always)]
    fn read_line(self, text: &[u8], line_limit: usize) -> Option<(Point, &[u8])> {
        let (point, rest) = self.read(text)?;
        // A CR alone is left to the plain way: it may be half of a CR LF.
        let ([b'\n', behind @ ..] | [b'\r', b'\n', behind @ ..]) = rest else { return None };
        (text.len() - behind.len() <= line_limit).then_some((point, behind))
    }
}

impl Template {
    #[inline]
    fn hit(&self, point: Point) -> Hit {
        Hit { series: self.series, point, irregular: self.irregular }
    }
}

impl Templates {
    /// Reads lines from the front of `text` while they are of a series that is likely: the one that
    /// followed the last line's series last time, or that series itself. Gives back what is left.
    #[inline]
    pub(super) fn read_lines<'t>(
        &mut self,
        mut text: &'t [u8],
        line_limit: usize,
        output: &mut Output,
        sink: &mut dyn PointSink,
    ) -> &'t [u8] {
        while self.surprises < SURPRISES
            && let Some(next) = self.all.get(self.last as usize).map(|last| last.next)
        {
            let candidates = [next, self.last];
            let read = candidates.into_iter().find_map(|index| {
                let rest = self.read_series(index, text, line_limit, output, sink)?;
                Some((index, rest))
            });
            let Some((index, rest)) = read else { return text };
            self.follow(index);
            text = rest;
        }
        text
    }

    /// Reads lines of one template while it follows itself. `None` if the first is another's.
    #[inline]
    fn read_series<'t>(
        &self,
        index: u32,
        text: &'t [u8],
        line_limit: usize,
        output: &mut Output,
        sink: &mut dyn PointSink,
    ) -> Option<&'t [u8]> {
        let template = self.all.get(index as usize)?;
        let raw = self.raw(template)?;
        let (first, mut rest) = raw.read_line(text, line_limit)?;
        let (points, most) = output.open_run(template.series, template.irregular, sink);
        let before = points.len();
        points.push(first);
        while template.next == index
            && points.len() < most
            && let Some((point, behind)) = raw.read_line(rest, line_limit)
        {
            points.push(point);
            rest = behind;
        }
        let lines = points.len() - before;
        output.take_lines(lines, text.len() - rest.len());
        Some(rest)
    }

    /// What the line of this text and this point holds, if its template is known.
    pub(super) fn find(&mut self, text: &[u8], fields: &Fields, point: Point) -> Option<Hit> {
        let raw = Raw::of(text, fields)?;
        let (index, template) =
            self.slots_of(raw).find(|(_, known)| self.raw(known).is_some_and(|it| it.is(raw)))?;
        let hit = template.hit(point);
        self.follow(index);
        Some(hit)
    }

    /// Keeps the template of a line that was read the plain way.
    pub(super) fn learn(&mut self, text: &[u8], fields: &Fields, series: SeriesId) {
        let index = self.all.len();
        let made = Raw::of(text, fields).and_then(|raw| self.make(raw, fields.irregular, series));
        let (Some(template), Ok(index)) = (made, u32::try_from(index)) else { return };
        self.all.push(Template { next: index, ..template });
        if self.spellings.is_full(self.all.len()) {
            self.grow();
        } else {
            self.put(index);
        }
        self.follow(index);
    }

    fn make(&mut self, raw: Raw<'_>, irregular: bool, series: SeriesId) -> Option<Template> {
        let head_length = u32::try_from(raw.head.len()).ok()?;
        let tail_length = u32::try_from(raw.tail.len()).ok()?;
        let start = self.text.len();
        self.text.extend_from_slice(raw.head);
        self.text.extend_from_slice(raw.tail);
        let blanks = raw.blanks;
        Some(Template { start, head_length, tail_length, blanks, irregular, series, next: 0 })
    }

    /// Bytes of memory, roughly.
    pub(super) fn memory_bytes(&self) -> usize {
        self.text.capacity()
            + self.all.capacity() * size_of::<Template>()
            + self.spellings.memory_bytes()
    }

    fn follow(&mut self, index: u32) {
        if let Some(last) = self.all.get_mut(self.last as usize) {
            let is_likely = index == last.next || index == self.last;
            self.surprises = if is_likely { 0 } else { self.surprises.saturating_add(1) };
            last.next = index;
        }
        self.last = index;
    }

    #[inline]
    fn raw(&self, template: &Template) -> Option<Raw<'_>> {
        let text = self.text.get(template.start..)?;
        let (head, text) = text.split_at_checked(template.head_length as usize)?;
        let tail = text.get(..template.tail_length as usize)?;
        Some(Raw { head, blanks: template.blanks, tail })
    }

    /// The templates that may be this one.
    fn slots_of(&self, raw: Raw<'_>) -> impl Iterator<Item = (u32, &Template)> {
        let hash = self.spellings.hash([raw.head, raw.tail]);
        let template = |index| Some((index, self.all.get(index as usize)?));
        self.spellings.candidates(hash).filter_map(template)
    }

    fn put(&mut self, index: u32) {
        let template = self.all.get(index as usize);
        let Some(raw) = template.and_then(|template| self.raw(template)) else { return };
        let hash = self.spellings.hash([raw.head, raw.tail]);
        self.spellings.put(hash, index);
    }

    fn grow(&mut self) {
        self.spellings.reset(self.all.len());
        for index in 0..self.all.len() as u32 {
            self.put(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use tsdbproof_core::{Hour, Loss, Problem, Tags};

    use super::*;

    fn fields(text: &[u8]) -> Fields {
        Fields::cut(text).expect("a line")
    }

    fn find(templates: &mut Templates, text: &[u8]) -> Option<Hit> {
        let (fields, point) = Fields::with_point(text).expect("a point");
        templates.find(text, &fields, point)
    }

    #[test]
    fn each_spelling_is_found_again_among_many() {
        let mut templates = Templates::default();
        let line = |n: u32| format!("m{} 1700000000 {n}.5 host=h{n}", n % 7).into_bytes();
        for n in 0..2000 {
            assert!(find(&mut templates, &line(n)).is_none());
            templates.learn(&line(n), &fields(&line(n)), SeriesId(n));
        }
        for n in (0..2000).rev() {
            let hit = find(&mut templates, &line(n)).expect("learned");
            assert_eq!(hit.series, SeriesId(n));
        }
        assert!(templates.memory_bytes() > 2000 * 10);
    }

    #[test]
    fn the_series_that_followed_last_time_is_guessed() {
        let mut templates = Templates::default();
        let lines =
            [&b"a 1700000000 1 h=1\n"[..], b"b 1700000000 2 h=1\r\n", b"c 1700000000 3 h=1\n"];
        for (line, id) in lines.iter().zip(0..) {
            let text = line.trim_ascii_end();
            templates.learn(text, &fields(text), SeriesId(id));
        }
        // Each line is given out alone.
        let mut output = Output::new(0, true);
        let mut guessed = |templates: &mut Templates, text: &[u8]| {
            let mut log = Log::default();
            let rest = templates.read_lines(text, 100, &mut output, &mut log).len();
            output.flush(&mut log);
            (log.0, rest)
        };
        // Nothing has followed `c` yet.
        assert_eq!(guessed(&mut templates, &lines.concat()), (vec![], lines.concat().len()));
        let text = lines[0].trim_ascii_end();
        assert!(find(&mut templates, text).is_some());
        let text = [lines[1], lines[2], lines[0], lines[1], b"b 1700000000 2 h=1\r"].concat();
        let expected = vec![(1, 0..20), (2, 20..39), (0, 39..58), (1, 58..78)];
        assert_eq!(guessed(&mut templates, &text), (expected, 19));
    }

    /// The series of points, and where they lie.
    #[derive(Default)]
    struct Log(Vec<(u32, Range<u64>)>);

    impl PointSink for Log {
        fn series(&mut self, _: &str, _: &Tags) -> SeriesId {
            unreachable!("templates know their series")
        }

        fn points(&mut self, series: SeriesId, _: &[Point], at: Range<u64>) {
            self.0.push((series.0, at));
        }

        fn loss(&mut self, _: SeriesId, _: Hour, _: Loss) {
            unreachable!("import text loses nothing")
        }

        fn problem(&mut self, problem: Problem) {
            panic!("{problem:?}");
        }
    }
}
