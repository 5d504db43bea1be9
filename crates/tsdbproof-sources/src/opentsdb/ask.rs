//! What is asked of OpenTSDB, and what a refusal means: pure.
//!
//! To read, only these paths are asked for, none of which writes: `/api/query` (POST, which needs no
//! room in an address), `/api/search/lookup`, `/api/suggest`, `/api/version` and `/api/config`. A body
//! has no `delete`.
//!
//! Source: OpenTSDB 2.4.1 `tsd/QueryRpc.java`, `core/TSQuery.java`, `core/TSSubQuery.java`,
//! `tsd/SearchRpc.java`, `search/TimeSeriesLookup.java`.

use std::{ops::Range, sync::Arc};

use serde::Deserialize;
use serde_json::json;
use tsdbproof::{Error, Kind, Told, quote, shown};

use super::plan::EARLY_MS;

/// Names that a list may have: more than any server does, and a number that it takes.
pub(super) const NAMES: usize = 1_000_000;
/// Rows that a list of series may have been made of: the most that a server takes.
const ROWS: usize = i32::MAX as usize;
/// Buckets of a salted table, each of which is listed up to its share of that.
const MOST_BUCKETS: usize = 256;
/// Rows from which on such a list may have been cut.
pub(super) const SURE_ROWS: usize = ROWS / MOST_BUCKETS;
/// Characters of an answer that a message shows.
const MESSAGE_CHARS: usize = 240;

/// The version, which every server tells.
pub(super) const VERSION: &str = "/api/version";
/// Settings.
pub(super) const CONFIG: &str = "/api/config";
/// Points.
pub(super) const QUERY: &str = "/api/query";
/// Series.
pub(super) const LOOKUP: &str = "/api/search/lookup";

/// The path that lists metrics whose names begin so; all that begin with ASCII for an empty one.
pub(super) fn suggest(prefix: &str) -> String {
    let prefix: String = prefix.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/api/suggest?type=metrics&max={NAMES}&q={prefix}")
}

/// Beginnings of names that an empty one leaves out: it lists those from `!` to before `~`, and the
/// table of UIDs holds Latin-1.
///
/// Source: OpenTSDB 2.4.1 `uid/UniqueId.java`, `getSuggestScanner`.
pub(super) fn other_prefixes() -> impl Iterator<Item = String> {
    ('~'..='~').chain('\u{a1}'..='\u{ff}').map(String::from)
}

/// A query for all points of a metric, or of series of it, in a window.
///
/// No aggregation, times in milliseconds; the start and the end are inclusive.
pub(super) fn query(metric: &str, tsuids: Option<&[String]>, window: &Range<u64>) -> String {
    let (from, to) = asked(window);
    // In so few digits a start is seconds.
    let start = if from < EARLY_MS { from / 1000 } else { from };
    let of = match tsuids {
        Some(tsuids) => json!({ "aggregator": "none", "tsuids": tsuids }),
        None => json!({ "aggregator": "none", "metric": metric }),
    };
    json!({ "start": start, "end": to, "msResolution": true, "queries": [of] }).to_string()
}

/// The first and the last instant that are asked for to have this window.
fn asked(window: &Range<u64>) -> (u64, u64) {
    if window.start < EARLY_MS {
        return (0, window.end.max(EARLY_MS) - 1);
    }
    // An end has to lie behind the start.
    (window.start, (window.end - 1).max(window.start + 1))
}

/// What the answer for a window may hold.
pub(super) fn told(metric: &Arc<str>, window: &Range<u64>) -> Told {
    let (from_ms, to_ms) = asked(window);
    Told::Answer { metric: Arc::clone(metric), from_ms, to_ms }
}

/// A list of the series of a metric, from the table of points itself.
pub(super) fn lookup(metric: &str) -> String {
    json!({ "metric": metric, "useMeta": false, "limit": ROWS }).to_string()
}

/// Why a request was not answered.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is no such metric.
    Unknown,
    /// Fewer points may be had.
    TooMuch(String),
    /// Something that is stored can't be answered for.
    Broken(String),
    /// The same may be answered later.
    Later(String),
    /// Nothing more is to be asked.
    Final(Error),
}

/// What an answer of this status means. `body` is how it begins.
pub(super) fn refusal(status: u16, body: &[u8]) -> Refusal {
    let message = message(body);
    let is_json = message.is_some();
    let text = message.as_deref().unwrap_or_default();
    let what = match &message {
        Some(message) => format!("{status} {}", shown(message, MESSAGE_CHARS)),
        None => format!("{status}, and {}", quote(body)),
    };
    match status {
        400 if text.contains("No such name for 'metrics'") => Refusal::Unknown,
        400 | 500 if is_json => Refusal::Broken(what),
        408 | 413 => Refusal::TooMuch(what),
        424 | 429 | 500 | 502..=504 => Refusal::Later(what),
        _ => Refusal::Final(stopped(status, &what)),
    }
}

/// A status that ends the job, with what to do.
fn stopped(status: u16, what: &str) -> Error {
    let help = match status {
        300..=399 => "name the address that it leads to: no other host is ever asked by itself",
        401 => "say who you are: --auth-file FILE, or the variable TSDBPROOF_AUTH",
        403 => "ask whoever runs the server for the right to read, with the name of --auth-file",
        400 => "name an OpenTSDB, with https:// if it wants that, or ask whoever runs the server",
        404 | 405 => {
            "name the server alone, http://HOST:PORT, behind a proxy with the path before /api; \
             with tsd.mode=wo it answers no query, with ro it takes no point"
        }
        _ => "ask whoever runs the server what that means",
    };
    Error::new(Kind::Io, format!("the server answered {what}")).help(help)
}

/// The message of an error that OpenTSDB answers with.
fn message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        error: Fault,
    }
    #[derive(Deserialize)]
    struct Fault {
        message: String,
    }
    // A trace may be longer than what was read: the message stands in front of it.
    if let Ok(answer) = serde_json::from_slice::<Answer>(body) {
        return Some(answer.error.message);
    }
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.strip_prefix("{\"error\":")?.split_once("\"message\":")?;
    serde_json::Deserializer::from_str(rest).into_iter().next()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_ask_for_points_as_they_are_and_nothing_else() {
        let window = 1_699_999_200_000..1_700_002_800_000;
        let body = query("m \"x\"", None, &window);
        let expected = r#"{"start":1699999200000,"end":1700002799999,"msResolution":true,"queries":[{"aggregator":"none","metric":"m \"x\""}]}"#;
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&body), parse(expected));
        for body in [body, query("m", Some(&["01".into()]), &window), lookup("m")] {
            assert!(!body.contains("delete"), "{body}");
        }
        assert_eq!(suggest("é"), "/api/suggest?type=metrics&max=1000000&q=%C3%A9");
        assert_eq!(other_prefixes().count(), 96);
    }

    #[test]
    fn early_times_are_asked_for_at_once_and_no_window_is_empty() {
        assert_eq!(asked(&(5000..9000)), (0, EARLY_MS - 1));
        assert!(query("m", None, &(5000..9000)).contains("\"start\":0"));
        assert_eq!(asked(&(EARLY_MS..EARLY_MS + 1)), (EARLY_MS, EARLY_MS + 1));
        assert_eq!(asked(&(EARLY_MS..EARLY_MS + 9)), (EARLY_MS, EARLY_MS + 8));
    }

    #[test]
    fn a_refusal_says_what_can_be_done() {
        let error =
            |message: &str| format!(r#"{{"error":{{"code":1,"message":"{message}","trace":"cut"#);
        let of = |status, message| refusal(status, error(message).as_bytes());
        assert!(matches!(of(400, "No such name for 'metrics': 'x'"), Refusal::Unknown));
        assert!(matches!(of(400, "Duplicate timestamp for key=[0]"), Refusal::Broken(_)));
        assert!(matches!(of(500, "Corrupted value"), Refusal::Broken(_)));
        assert!(matches!(of(413, "Sorry"), Refusal::TooMuch(_)));
        assert!(matches!(refusal(408, b""), Refusal::TooMuch(_)));
        for status in [424, 429, 500, 502, 503, 504] {
            assert!(matches!(refusal(status, b"<html>"), Refusal::Later(_)), "{status}");
        }
        for (status, help) in [
            (301, "name the address"),
            (400, "whoever runs"),
            (401, "--auth-file"),
            (403, "the right to read"),
            (404, "http://HOST:PORT"),
            (405, "tsd.mode"),
        ] {
            let Refusal::Final(error) = refusal(status, b"<html>") else { panic!("{status}") };
            assert!(error.to_string().contains(help), "{error}");
        }
    }

    #[test]
    fn nothing_in_a_message_steers_a_terminal() {
        let Refusal::TooMuch(what) = refusal(413, br#"{"error":{"message":"a\u001b[2Jb"}}"#) else {
            panic!("too much")
        };
        assert_eq!(what, "413 a\\u{1b}[2Jb");
    }
}
