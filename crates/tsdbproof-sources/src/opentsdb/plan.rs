//! Which times of a metric are asked for, and in which windows: pure, so that every answer and every
//! refusal can be tried without a server.
//!
//! | times | how they are asked for |
//! | --- | --- |
//! | to 1970-04-26 | at once: OpenTSDB takes a start in so few digits for seconds |
//! | to 2010, and from tomorrow on | at once, unless the other side has points there |
//! | what the other side spans | in windows, from its start on |
//! | the rest | in windows, from there outwards; else from now backwards |
//! | from [`END_MS`] on | never: OpenTSDB 2.4.1 lets the end of its scan run over 32 bits |
//!
//! Windows begin with a day, grow while answers are small and shrink where they are large. A window
//! that is refused is halved, at hours, for an hour of a series is a row of the table. Of an hour the
//! last second is asked for by itself: a window that ends in it is refused for the next row as well.
//!
//! Source: OpenTSDB 2.4.1 `utils/DateTime.java`, `parseDateTimeString`; `core/TsdbQuery.java`,
//! `getScanEndTimeSeconds`.

use std::ops::Range;

const SECOND_MS: u64 = 1000;
const HOUR_MS: u64 = 3600 * SECOND_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// The first instant that can't be asked for: the scan goes on to the end of the row behind, and the
/// end of the row behind the one that begins here has 33 bits.
pub(super) const END_MS: u64 = 4_294_962_000_000;
/// Starts before it have too few digits to be milliseconds: 2,778 hours.
pub(super) const EARLY_MS: u64 = 10_000_800_000;
/// Nothing measured before 2010 was written by OpenTSDB as it came.
const OLD_MS: u64 = 1_262_304_000_000;

/// Bytes that an answer should have: enough to be worth a request, and little to a server.
const ANSWER_BYTES: u64 = 8 << 20;
/// The first window.
const FIRST_MS: u64 = DAY_MS;
/// Answers after which a longer window is tried again.
const PATIENCE: u32 = 16;
/// The longest window where points may stand.
const LONGEST_MS: u64 = 366 * DAY_MS;

/// What is still to be asked for of a metric.
#[derive(Debug)]
pub(super) struct Windows {
    /// The next one last.
    todo: Vec<Stretch>,
    /// How long the next window is.
    length_ms: u64,
    /// Answers that have to come before windows grow again: one was too much.
    patience: u32,
}

/// A stretch of time, from its start to before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    times: Range<u64>,
    taken: Taken,
}

/// How a stretch is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Whole,
    Forwards,
    Backwards,
}

/// What is to be done about a window that was refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Its halves are asked for next.
    Halved,
    /// It is one row of each series, or can't be halved for another reason.
    Least,
}

impl Windows {
    /// All times in `scope`. `known_ms` are the first and the last instant on the other side.
    pub(super) fn new(scope: Range<u64>, known_ms: Option<(u64, u64)>, now_ms: u64) -> Self {
        let tomorrow = hour_after(now_ms.max(OLD_MS) + DAY_MS);
        let known = known_ms.map(|(first, last)| hour_before(first)..hour_after(last + 1));
        let known = known.unwrap_or(tomorrow..tomorrow);
        let scope = scope.start.min(END_MS)..scope.end.min(END_MS);
        let mut borders =
            [scope.start, EARLY_MS, OLD_MS, known.start, known.end, tomorrow, scope.end]
                .map(|border| border.clamp(scope.start, scope.end.max(scope.start)));
        borders.sort_unstable();
        let stretches = borders.iter().zip(borders.iter().skip(1));
        let stretches =
            stretches.map(|(start, end)| *start..*end).filter(|times| !times.is_empty());
        let mut ranked: Vec<_> = stretches
            .map(|times| {
                let (rank, taken) = match &times {
                    times if times.start < EARLY_MS => (4, Taken::Whole),
                    times if known.contains(&times.start) => (0, Taken::Forwards),
                    times if times.end <= OLD_MS || times.start >= tomorrow => (3, Taken::Whole),
                    times if times.end <= known.start => (2, Taken::Backwards),
                    _ => (1, Taken::Forwards),
                };
                (rank, Stretch { times, taken })
            })
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let todo = ranked.into_iter().rev().map(|(_, stretch)| stretch).collect();
        Windows { todo, length_ms: FIRST_MS, patience: 0 }
    }

    /// The next window; `None` when all is asked for.
    pub(super) fn next(&mut self) -> Option<Range<u64>> {
        let Stretch { times, taken } = self.todo.pop()?;
        let is_short = times.end - times.start <= self.length_ms;
        let (window, rest) = match taken {
            Taken::Whole => (times, None),
            _ if is_short => (times, None),
            Taken::Forwards => {
                let border = hour_before(times.start + self.length_ms);
                (times.start..border, Some(border..times.end))
            }
            Taken::Backwards => {
                let border = hour_after(times.end - self.length_ms);
                (border..times.end, Some(times.start..border))
            }
        };
        self.todo
            .extend(rest.filter(|rest| !rest.is_empty()).map(|times| Stretch { times, taken }));
        Some(window)
    }

    /// A window was answered with so many bytes.
    pub(super) fn answered(&mut self, bytes: u64) {
        let length_ms = match bytes {
            bytes if bytes > 2 * ANSWER_BYTES => self.length_ms / 4,
            bytes if bytes > ANSWER_BYTES => self.length_ms / 2,
            bytes if bytes < ANSWER_BYTES / 16 => self.length_ms * 4,
            bytes if bytes < ANSWER_BYTES / 2 => self.length_ms * 2,
            _ => self.length_ms,
        };
        self.patience = self.patience.saturating_sub(1);
        if length_ms < self.length_ms || self.patience == 0 {
            self.length_ms = length_ms.clamp(HOUR_MS, LONGEST_MS);
        }
    }

    /// A window was refused, for being too much or for something that stands in it.
    pub(super) fn refused(&mut self, window: &Range<u64>, is_too_much: bool) -> Refused {
        let middle = hour_before(window.start.midpoint(window.end));
        let border = if middle <= window.start { middle + HOUR_MS } else { middle };
        let last_second = hour_after(window.start + 1) - SECOND_MS;
        let border = if border < window.end { border } else { last_second };
        if window.start < EARLY_MS || !(window.start + 1..window.end).contains(&border) {
            return Refused::Least;
        }
        for times in [border..window.end, window.start..border] {
            self.todo.push(Stretch { times, taken: Taken::Whole });
        }
        if is_too_much {
            self.length_ms = ((window.end - window.start) / 2).clamp(HOUR_MS, self.length_ms);
            self.patience = PATIENCE;
        }
        Refused::Halved
    }

    /// All that was not asked for yet, and that will not be: from its first to its last instant.
    pub(super) fn give_up(&mut self) -> Option<Range<u64>> {
        let all = std::mem::take(&mut self.todo).into_iter().map(|stretch| stretch.times);
        all.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
    }
}

/// The start of the hour of an instant.
fn hour_before(time_ms: u64) -> u64 {
    time_ms / HOUR_MS * HOUR_MS
}

/// The end of the last hour that begins before an instant.
fn hour_after(time_ms: u64) -> u64 {
    time_ms.div_ceil(HOUR_MS) * HOUR_MS
}

/// All times but these, in order.
pub(super) fn rest_of(mut times: Vec<Range<u64>>) -> Vec<Range<u64>> {
    times.sort_unstable_by_key(|it| it.start);
    let ends = std::iter::once(0).chain(times.iter().map(|it| it.end));
    let starts = times.iter().map(|it| it.start).chain([u64::MAX]);
    ends.zip(starts).map(|(end, start)| end..start).filter(|it| !it.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_774_000_000_123;
    const START_MS: u64 = 1_699_999_200_000;

    /// Every window, each answered with so many bytes.
    fn walk(mut windows: Windows, bytes: impl Fn(&Range<u64>) -> u64) -> Vec<Range<u64>> {
        let mut all = Vec::new();
        while let Some(window) = windows.next() {
            windows.answered(bytes(&window));
            all.push(window);
        }
        all
    }

    /// Windows side by side, without a gap and without a time twice.
    fn assert_covers(mut all: Vec<Range<u64>>, scope: Range<u64>) {
        all.sort_by_key(|window| window.start);
        assert_eq!(all.first().unwrap().start, scope.start);
        assert_eq!(all.last().unwrap().end, scope.end);
        all.windows(2).for_each(|pair| assert_eq!(pair[0].end, pair[1].start));
    }

    #[test]
    fn windows_cover_all_times_once_whatever_is_known() {
        for known in [
            None,
            Some((START_MS, START_MS + 6 * HOUR_MS)),
            Some((1000, 1000)),
            Some((1000, END_MS + 10 * HOUR_MS)),
            Some((START_MS + 7, END_MS + 10 * HOUR_MS)),
            Some((946_684_800_123, 946_684_800_123)),
            Some((EARLY_MS - 1, EARLY_MS)),
            Some((NOW_MS + 99 * DAY_MS, NOW_MS + 99 * DAY_MS)),
        ] {
            for bytes in [2, ANSWER_BYTES, 3 * ANSWER_BYTES] {
                for scope in
                    [0..END_MS, 0..u64::MAX, START_MS + 7..START_MS + DAY_MS + 9, 5..EARLY_MS + 9]
                {
                    let dense = START_MS..START_MS + 30 * DAY_MS;
                    let of =
                        |window: &Range<u64>| if dense.contains(&window.start) { bytes } else { 2 };
                    let windows = walk(Windows::new(scope.clone(), known, NOW_MS), of);
                    assert!(windows.len() < 1000, "{known:?} {scope:?}: {}", windows.len());
                    assert_covers(windows, scope.start..scope.end.min(END_MS));
                }
            }
        }
    }

    #[test]
    fn the_rest_is_all_that_did_not_come() {
        assert_eq!(rest_of(Vec::new()), vec![0..u64::MAX; 1]);
        assert_eq!(rest_of(vec![7..9, 3..5, 5..7]), [0..3, 9..u64::MAX]);
        assert_eq!(rest_of(vec![9..u64::MAX, 0..7]), vec![7..9; 1]);
    }

    #[test]
    fn an_empty_metric_costs_few_requests() {
        assert!(walk(Windows::new(0..u64::MAX, None, NOW_MS), |_| 2).len() < 30);
        let known = Some((START_MS, START_MS + 6 * HOUR_MS));
        assert!(walk(Windows::new(0..u64::MAX, known, NOW_MS), |_| 2).len() < 30);
    }

    #[test]
    fn windows_begin_and_end_at_hours_but_for_the_scope() {
        let known = Some((START_MS + 7, START_MS + 99 * HOUR_MS + 7));
        let windows = walk(Windows::new(9..START_MS + 7, known, NOW_MS), |_| ANSWER_BYTES * 3);
        for window in windows {
            assert!(window.start == 9 || window.start.is_multiple_of(HOUR_MS), "{window:?}");
            let is_end = window.end == START_MS + 7;
            assert!(is_end || window.end.is_multiple_of(HOUR_MS), "{window:?}");
        }
    }

    #[test]
    fn what_is_known_is_asked_for_first_and_no_border_is_too_early() {
        let known = Some((START_MS, START_MS + 6 * HOUR_MS));
        let windows = walk(Windows::new(0..u64::MAX, known, NOW_MS), |_| 2);
        assert_eq!(windows[0], START_MS..START_MS + 7 * HOUR_MS);
        assert!(windows.iter().all(|window| window.start == 0 || window.start >= EARLY_MS));
    }

    #[test]
    fn a_refused_window_is_halved_down_to_the_row() {
        let scope = START_MS + 7..START_MS + 100 * HOUR_MS;
        let bad = START_MS + 41 * HOUR_MS + 5;
        let mut windows = Windows::new(scope.clone(), Some((scope.start, scope.end - 1)), NOW_MS);
        let (mut fine, mut least, mut requests) = (Vec::new(), Vec::new(), 0);
        while let Some(window) = windows.next() {
            requests += 1;
            if !window.contains(&bad) {
                windows.answered(2);
                fine.push(window);
            } else if windows.refused(&window, false) == Refused::Least {
                least.push(window);
            }
        }
        let row = START_MS + 41 * HOUR_MS;
        assert_eq!(least, vec![row..row + HOUR_MS - SECOND_MS; 1]);
        assert!(requests < 25, "{requests}");
        fine.extend(least);
        assert_covers(fine, scope);
    }

    #[test]
    fn too_much_makes_the_next_windows_shorter() {
        let known = Some((START_MS, START_MS + 99 * DAY_MS));
        let mut windows = Windows::new(START_MS..START_MS + 99 * DAY_MS, known, NOW_MS);
        let window = windows.next().unwrap();
        assert_eq!(windows.refused(&window, true), Refused::Halved);
        let lengths: Vec<_> =
            (0..3).filter_map(|_| windows.next()).map(|it| it.end - it.start).collect();
        assert_eq!(lengths, [DAY_MS / 2, DAY_MS / 2, DAY_MS / 2]);
        assert_eq!(windows.give_up(), Some(START_MS + 3 * DAY_MS / 2..START_MS + 99 * DAY_MS));
        assert_eq!(windows.next(), None);
    }

    #[test]
    fn a_row_and_the_early_times_are_not_halved() {
        let mut windows = Windows::new(0..u64::MAX, None, NOW_MS);
        let last_second = START_MS + HOUR_MS - SECOND_MS;
        assert_eq!(windows.refused(&(START_MS..START_MS + HOUR_MS), true), Refused::Halved);
        assert_eq!(windows.next(), Some(START_MS..last_second));
        assert_eq!(windows.refused(&(START_MS..last_second), true), Refused::Least);
        assert_eq!(windows.refused(&(last_second..START_MS + HOUR_MS), true), Refused::Least);
        assert_eq!(windows.refused(&(START_MS + 1..START_MS + 9), true), Refused::Least);
        assert_eq!(windows.refused(&(0..EARLY_MS), true), Refused::Least);
        assert_eq!(windows.refused(&(START_MS + 9..START_MS + HOUR_MS + 9), true), Refused::Halved);
    }
}
