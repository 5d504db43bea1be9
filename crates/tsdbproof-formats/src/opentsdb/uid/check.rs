//! Mappings to a table of names, in the terms of `tsdb uid fsck`.

use std::cmp::Reverse;

use tsdbproof_core::{Position, Problem, ProblemKind, quote, sort};

use super::build::{Mapping, Mappings, Place, UidTableBuilder};
use super::{MAX_WIDTH, Names, UidKind, UidTable, latin_1};
use crate::opentsdb::names::is_allowed;

/// Where problems go, with the input that each is in.
type Report<'r> = &'r mut dyn FnMut(usize, Problem);

impl UidTableBuilder {
    /// The table, once all inputs are read. What contradicts itself is reported, by input.
    ///
    /// Neither the order of inputs nor that of cells changes anything. Of several mappings of one
    /// UID, or one name, the newest counts; of equally new ones that whose other side is the least.
    pub(crate) fn finish(self, report: Report<'_>) -> UidTable {
        let mut table = UidTable::default();
        let kinds = UidKind::ALL.into_iter().zip(&mut table.kinds).zip(self.kinds);
        for ((kind, names), mappings) in kinds {
            *names = Check { kind, width: width(&mappings), report }.names(mappings);
        }
        table
    }
}

/// The width of most UIDs; of equally many the wider.
fn width(mappings: &Mappings) -> u8 {
    let mut counts = [0_usize; MAX_WIDTH + 1];
    for mapping in mappings.forward.iter().chain(&mappings.reverse) {
        if let Some(count) = counts.get_mut(usize::from(mapping.width)) {
            *count += 1;
        }
    }
    let widths = (0..).zip(counts);
    widths.max_by_key(|(width, count)| (*count, *width)).map_or(0, |(width, _)| width)
}

/// The judge of the mappings of a kind.
struct Check<'r> {
    kind: UidKind,
    width: u8,
    report: Report<'r>,
}

impl Check<'_> {
    fn names(mut self, mappings: Mappings) -> Names {
        let Mappings { mut forward, mut reverse, counter } = mappings;
        if forward.is_empty() && reverse.is_empty() {
            return Names::default();
        }
        self.leave_out_other_widths(&mut forward);
        self.leave_out_other_widths(&mut reverse);
        self.keep_newest_names(&mut reverse);
        self.keep_newest_uids(&mut forward);
        forward.iter().for_each(|mapping| self.check_forward(mapping, &reverse, &forward));
        reverse.iter().for_each(|mapping| self.check_reverse(mapping, &forward));
        self.check_counter(counter, &forward);
        let names = reverse.into_iter().map(|mapping| (mapping.uid, latin_1(&mapping.name)));
        Names { width: Some(self.width), names: names.collect() }
    }

    fn leave_out_other_widths(&mut self, mappings: &mut Vec<Mapping>) {
        mappings.retain(|mapping| {
            let fits = mapping.width == self.width;
            if !fits {
                let (kind, width) = (self.kind.name(), self.width);
                let shown = self.shown(mapping);
                let what = format!(
                    "a UID of another width; found {kind} {shown}, expected {width} bytes as most have"
                );
                self.tell(ProblemKind::BadUid, mapping.place, what);
            }
            fits
        });
    }

    /// Leaves one name of each UID, ordered by UID.
    fn keep_newest_names(&mut self, reverse: &mut Vec<Mapping>) {
        sort::by(reverse, |a, b| {
            let key = |it: &Mapping| (it.uid, Reverse(it.written_ms));
            key(a).cmp(&key(b)).then_with(|| (&a.name, a.place).cmp(&(&b.name, b.place)))
        });
        reverse.dedup_by(|later, first| {
            let is_same = later.uid == first.uid;
            if is_same && later.name != first.name {
                let what =
                    format!("{}; {AS_FIRST}", self.two("a UID with two names", first, later));
                self.tell(ProblemKind::UidTwoNames, later.place, what);
            }
            is_same
        });
    }

    /// Leaves one UID of each name, ordered by name.
    fn keep_newest_uids(&mut self, forward: &mut Vec<Mapping>) {
        sort::by(forward, |a, b| {
            let key = |it: &Mapping| (Reverse(it.written_ms), it.uid, it.place);
            a.name.cmp(&b.name).then_with(|| key(a).cmp(&key(b)))
        });
        forward.dedup_by(|later, first| {
            let is_same = later.name == first.name;
            if is_same && later.uid != first.uid {
                let what = self.two("a name with two UIDs", first, later);
                self.tell(ProblemKind::NameTwoUids, later.place, what);
            }
            is_same
        });
    }

    /// Source: `tools/UidManager.java`, `fsck`: "Forward … mapping is missing reverse mapping",
    /// "Forward … is different than reverse mapping", "Inconsistent" and "Duplicate forward".
    fn check_forward(&mut self, mapping: &Mapping, reverse: &[Mapping], forward: &[Mapping]) {
        let found = reverse.binary_search_by_key(&mapping.uid, |it| it.uid).ok();
        match found.and_then(|index| reverse.get(index)) {
            None => {
                let what = format!(
                    "a name whose UID has none: {} {}; rows of it stand under a stand-in",
                    self.kind.name(),
                    self.shown(mapping)
                );
                self.tell(ProblemKind::UidWithoutName, mapping.place, what);
            }
            Some(back) if back.name != mapping.name => {
                let other = uid_of(&back.name, forward).map(|it| self.shown(it));
                let also = other.map_or(String::new(), |other| format!(", and forward {other}"));
                let what = self.two("a UID with two names", back, mapping);
                self.tell(
                    ProblemKind::UidTwoNames,
                    mapping.place,
                    format!("{what}{also}; {AS_FIRST}"),
                );
            }
            Some(_) => {}
        }
    }

    /// Source: the same: "Reverse … mapping is missing forward mapping", "Inconsistent reverse" and
    /// "Duplicate reverse".
    fn check_reverse(&mut self, mapping: &Mapping, forward: &[Mapping]) {
        match uid_of(&mapping.name, forward) {
            None => {
                let what = format!(
                    "a UID whose name has none: {} {}",
                    self.kind.name(),
                    self.shown(mapping)
                );
                self.tell(ProblemKind::NameWithoutUid, mapping.place, what);
            }
            Some(there) if there.uid != mapping.uid => {
                let what = self.two("a name with two UIDs", there, mapping);
                self.tell(ProblemKind::NameTwoUids, mapping.place, what);
            }
            Some(_) => {}
        }
        if !mapping.name.iter().all(|byte| is_allowed(char::from(*byte))) {
            let what = format!(
                "a name that OpenTSDB refuses, unless its settings allow its characters: {} {}",
                self.kind.name(),
                self.shown(mapping)
            );
            self.tell(ProblemKind::RefusedName, mapping.place, what);
        }
    }

    /// UIDs that are drawn at random leave the counter alone, so a small one is no proof of a fault.
    fn check_counter(&mut self, counter: Option<(u64, Place)>, forward: &[Mapping]) {
        let greatest = forward.iter().map(|it| it.uid).max();
        if let (Some((counter, place)), Some(greatest)) = (counter, greatest)
            && counter < greatest
        {
            let kind = self.kind.name();
            let what = format!(
                "a counter that is behind: {counter} {kind} were given, and {greatest} is one; \
                 OpenTSDB may give UIDs twice, unless it draws them at random"
            );
            self.tell(ProblemKind::UidCounter, place, what);
        }
    }

    fn two(&self, what: &str, first: &Mapping, second: &Mapping) -> String {
        format!("{what}: {} {} and {}", self.kind.name(), self.shown(first), self.shown(second))
    }

    /// `"web01" -> 000001`, as `tsdb uid fsck` writes it.
    fn shown(&self, mapping: &Mapping) -> String {
        let digits = usize::from(mapping.width) * 2;
        format!("{} -> {:0digits$x}", quote(latin_1(&mapping.name).as_bytes()), mapping.uid)
    }

    fn tell(&mut self, kind: ProblemKind, place: Place, what: String) {
        (self.report)(place.input, Problem { kind, at: Position::Byte(place.byte), what });
    }
}

const AS_FIRST: &str = "rows are read as the first says";

/// The mapping of a name.
fn uid_of<'m>(name: &[u8], forward: &'m [Mapping]) -> Option<&'m Mapping> {
    forward.get(forward.binary_search_by(|it| it.name[..].cmp(name)).ok()?)
}
