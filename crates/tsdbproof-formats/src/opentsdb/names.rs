//! Which names OpenTSDB takes, and which it keeps as another.
//!
//! Source: OpenTSDB 2.4.1 `core/Tags.java`, `validateString`; `uid/UniqueId.java`, `CHARSET`;
//! `core/IncomingDataPoints.java`, `checkMetricAndTags`.

use std::fmt;

use tsdbproof_core::Series;
use unicode_general_category::{GeneralCategory, get_general_category};

/// Tags that OpenTSDB takes of a point, unless `tsd.storage.max_tags` says otherwise.
const MAX_TAGS: usize = 8;

/// What is wrong with the name of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFault {
    /// A word without a character.
    Empty(&'static str),
    /// A character that OpenTSDB refuses, in a word of this sort.
    Refused(&'static str, char),
    /// A letter outside Latin-1, which is kept as `?`: other names become the same.
    Lost(&'static str, char),
    /// No tag, or more than OpenTSDB takes.
    Tags(usize),
}

impl NameFault {
    /// Whether the points are taken, though under another name.
    pub fn is_taken(&self) -> bool {
        matches!(self, NameFault::Lost(..))
    }
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameFault::Empty(sort) => write!(f, "an empty {sort}"),
            NameFault::Refused(sort, c) => write!(f, "{c:?} in a {sort}, which OpenTSDB refuses"),
            NameFault::Lost(sort, c) => write!(f, "{c:?} in a {sort}, which OpenTSDB keeps as `?`"),
            NameFault::Tags(0) => write!(f, "no tag; OpenTSDB takes no point without"),
            NameFault::Tags(count) => write!(f, "{count} tags; OpenTSDB takes {MAX_TAGS}"),
        }
    }
}

/// What OpenTSDB finds wrong with the name of a series: what it refuses before what it loses.
pub fn name_fault(series: &Series) -> Option<NameFault> {
    let pairs = series.tags.pairs();
    if pairs.is_empty() || pairs.len() > MAX_TAGS {
        return Some(NameFault::Tags(pairs.len()));
    }
    let metric = ("metric", series.metric.as_str());
    let tags = pairs.iter().flat_map(|(key, value)| [("tag key", key), ("tag value", value)]);
    let words = [metric].into_iter().chain(tags.map(|(sort, word)| (sort, word.as_str())));
    let mut lost = None;
    for fault in words.filter_map(|(sort, word)| word_fault(sort, word)) {
        if !fault.is_taken() {
            return Some(fault);
        }
        lost.get_or_insert(fault);
    }
    lost
}

fn word_fault(sort: &'static str, word: &str) -> Option<NameFault> {
    if word.is_empty() {
        return Some(NameFault::Empty(sort));
    }
    if let Some(refused) = word.chars().find(|c| !is_allowed(*c)) {
        return Some(NameFault::Refused(sort, refused));
    }
    word.chars().find(|c| *c > '\u{ff}').map(|lost| NameFault::Lost(sort, lost))
}

/// Whether OpenTSDB takes a name with this character, unless `tsd.core.tag.allow_specialchars` adds it.
pub(super) fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_./".contains(c) || !c.is_ascii() && is_java_letter(c)
}

/// Java's `Character.isLetter` of one UTF-16 unit: halves of a pair are no letters.
fn is_java_letter(c: char) -> bool {
    use GeneralCategory::{
        LowercaseLetter, ModifierLetter, OtherLetter, TitlecaseLetter, UppercaseLetter,
    };
    let letters = [UppercaseLetter, LowercaseLetter, TitlecaseLetter, ModifierLetter, OtherLetter];
    c <= '\u{ffff}' && letters.contains(&get_general_category(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tsdbproof_core::Tags;

    fn fault(metric: &str, tags: &[(&str, &str)]) -> Option<NameFault> {
        let tags = Tags::new(tags.iter().copied()).unwrap();
        name_fault(&Series { metric: metric.to_owned(), tags })
    }

    #[test]
    fn names_are_judged_as_opentsdb_does() {
        assert_eq!(fault("a-Z_0./é", &[("k", "ß")]), None);
        assert_eq!(fault("a?", &[("k", "v")]), Some(NameFault::Refused("metric", '?')));
        assert_eq!(fault("a", &[("k", "x y")]), Some(NameFault::Refused("tag value", ' ')));
        assert_eq!(fault("©", &[("k", "v")]), Some(NameFault::Refused("metric", '©')));
        // A letter to Unicode, a pair of halves to Java.
        assert_eq!(fault("𝒳", &[("k", "v")]), Some(NameFault::Refused("metric", '𝒳')));
        // No letters, though alphabetic: a Roman numeral, a combining mark.
        assert_eq!(fault("Ⅷ", &[("k", "v")]), Some(NameFault::Refused("metric", 'Ⅷ')));
        assert_eq!(fault("日", &[("k", "v")]), Some(NameFault::Lost("metric", '日')));
        assert_eq!(fault("日", &[("k", "?")]), Some(NameFault::Refused("tag value", '?')));
        assert_eq!(fault("a", &[]), Some(NameFault::Tags(0)));
        let keys: Vec<_> = (0..9).map(|key| key.to_string()).collect();
        let nine: Vec<_> = keys.iter().map(|key| (key.as_str(), "v")).collect();
        assert_eq!(fault("a", &nine), Some(NameFault::Tags(9)));
    }
}
