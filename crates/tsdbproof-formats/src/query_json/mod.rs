//! Answers of `/api/query`, saved as they came.
//!
//! | part | what it is |
//! | --- | --- |
//! | file | answers one behind the other; an answer is an array, or objects without one |
//! | object | `metric`, `tags`, `aggregateTags`, `query`?, `tsuids`?, `annotations`?, `globalAnnotations`?, `dps`, `stats`?, in any order |
//! | `dps` | `{"time":value,…}`, in which a time may stand often, or `[[time,value],…]` |
//! | time | seconds or milliseconds, the same for a whole answer: `unit` |
//! | value | a number; `"NaN"` and `null` fill gaps, and are no points |
//! | others | `{"statsSummary":…}` is passed over, annotations are counted; errors and other answers are problems |
//!
//! An answer is a view of stored points, and not all of it can be undone:
//!
//! - What was aggregated is no stored point, and is refused where it can be seen: `aggregateTags`, a
//!   `query` that asked for it, an expression, filled gaps. A rate or a downsample of single series,
//!   and percentiles of histograms, look like stored points unless the answer shows its query.
//! - Times in whole seconds hide those within the second: [`Loss::WholeSeconds`] for every hour, for
//!   such an answer can't say that there were none.
//! - An integer beyond 2^53 in front of a float is printed as the double next to it:
//!   [`Loss::WideIntegers`] for the hour of each double that may be one.
//!
//! `dps` may be of any size: only points in front of what says whose they are, or of what unit, are
//! held. What is broken in it costs a pair, elsewhere an object.
//!
//! Source: OpenTSDB 2.4.1 `tsd/HttpJsonSerializer.java`, `formatQueryAsyncV1`; `tsd/QueryRpc.java`.
//!
//! [`Loss::WholeSeconds`]: tsdbproof_core::Loss::WholeSeconds
//! [`Loss::WideIntegers`]: tsdbproof_core::Loss::WideIntegers

mod answer;
mod body;
mod header;
mod item;
mod output;
mod pair;
mod reader;
mod unit;

use memchr::memmem;

use self::reader::Reader;
use crate::json::walk::Members;
use crate::{Access, BYTE_ORDER_MARK, Format, Score};

/// Saved answers of queries.
pub(crate) static FORMAT: Format = Format {
    name: "query-json",
    about: "answers of /api/query, as they came; ask with ms=true, or times within a second are lost",
    extensions: &["json"],
    example: r#"[{"metric":"sys.cpu.user","tags":{"host":"web01"},"aggregateTags":[],"dps":{"1700000000000":42}}]"#,
    score,
    access: Access::Stream {
        splits_at_lines: false,
        open: |options, at| Box::new(Reader::new(options, at)),
    },
    keeps_kind: false,
    write: None,
};

/// By the fields of the first object.
fn score(head: &[u8]) -> Score {
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let is_frame = |byte: &u8| matches!(byte, b'[' | b']' | b',') || byte.is_ascii_whitespace();
    match text.iter().position(|byte| !is_frame(byte)) {
        Some(at) if text.get(at) == Some(&b'{') => score_object(text, at),
        // A query that found nothing.
        None if text.contains(&b'[') => Score::Maybe,
        _ => Score::No,
    }
}

fn score_object(text: &[u8], at: usize) -> Score {
    let mut members = Members::new(text, at);
    let mut keys: Vec<_> = members.by_ref().map(|member| member.key).collect();
    keys.extend(members.cut_key());
    let has = |name: &[u8]| keys.iter().any(|key| text.get(key.clone()) == Some(name));
    let holds = |word: &[u8]| memmem::find(text, word).is_some();
    let is_put = has(b"timestamp") && has(b"value");
    match () {
        () if has(b"aggregateTags") || has(b"statsSummary") => Score::Yes,
        () if has(b"dps") && !is_put => Score::Yes,
        () if has(b"tsuid") && has(b"timestamp") => Score::Yes,
        () if has(b"outputs") && holds(b"\"dps\"") => Score::Yes,
        () if has(b"error") || holds(b"\"aggregateTags\"") && holds(b"\"dps\"") => Score::Maybe,
        () => Score::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_known_by_their_fields() {
        for (head, expected) in [
            (r#"[{"metric":"m","tags":{"a":"1"},"aggregateTags":[],"dps":{"1":5}}]"#, Score::Yes),
            ("\u{feff} [\n {\"dps\" : [[1,", Score::Yes),
            (r#"{"metric":"m","tags":{"a":"1"},"aggregateTags":["#, Score::Yes),
            (r#"[{"statsSummary":{"#, Score::Yes),
            (r#"[{"metric":"m","timestamp":1,"value":"5","tags":{},"tsuid":"01"}]"#, Score::Yes),
            (r#"{"outputs":[{"id":"e","dps":[[1,2]"#, Score::Yes),
            ("[]", Score::Maybe),
            (r#"{"error":{"code":400"#, Score::Maybe),
            (r#"[{"met,"tags":{"a":"1"},"aggregateTags":[],"dps":{"1":5}}]"#, Score::Maybe),
            ("", Score::No),
            ("\n", Score::No),
            ("m 1700000000 5 a=1\n", Score::No),
            (r#"[{"metric":"m","timestamp":1,"value":5,"tags":{"a":"1"},"dps":1}]"#, Score::No),
            (r#"{"tsuid":"","description":"x","startTime":1}"#, Score::No),
            (r#"["sum","min"]"#, Score::No),
        ] {
            assert_eq!(score(head.as_bytes()), expected, "{head}");
        }
    }
}
