//! The footer's metadata: what a patch says beside its changes, as text by key.

use std::collections::{BTreeMap, HashMap};

use tsdbproof_core::{
    Error, Kind, Profile,
    digest::{RootText, Roots},
};

use super::{ChangeCounts, Meta, State, damaged, shown, table::VERSION};
use crate::store::file::{SHA256_BLANK, SHA256_KEY, VERSION_KEY};

const TOOL: &str = "tsdbproof.tool_version";
const SCOPE: &str = "tsdbproof.scope";
const ADDED: &str = "tsdbproof.added";
const REPLACED: &str = "tsdbproof.replaced";
const DELETED: &str = "tsdbproof.deleted";
const CLEARED_HOURS: &str = "tsdbproof.cleared_hours";
const CLEARED_POINTS: &str = "tsdbproof.cleared_points";

/// The keys of a state.
struct Keys {
    exact: &'static str,
    f32: &'static str,
    points: &'static str,
    last: &'static str,
    source: &'static str,
}

const BASE: Keys = Keys {
    exact: "tsdbproof.base_exact_root",
    f32: "tsdbproof.base_f32_root",
    points: "tsdbproof.base_points",
    last: "tsdbproof.base_last_ms",
    source: "tsdbproof.base_source",
};
const RESULT: Keys = Keys {
    exact: "tsdbproof.result_exact_root",
    f32: "tsdbproof.result_f32_root",
    points: "tsdbproof.result_points",
    last: "tsdbproof.result_last_ms",
    source: "tsdbproof.result_source",
};

/// The metadata of the footer. The digest of the file is still blank.
pub(super) fn to_text(meta: &Meta) -> Result<HashMap<String, String>, Error> {
    let mut text = vec![
        (VERSION_KEY, VERSION.to_owned()),
        (TOOL, env!("CARGO_PKG_VERSION").to_owned()),
        (SCOPE, meta.scope.clone()),
        (ADDED, meta.counts.added.to_string()),
        (REPLACED, meta.counts.replaced.to_string()),
        (DELETED, meta.counts.deleted.to_string()),
        (CLEARED_HOURS, meta.counts.cleared_hours.to_string()),
        (CLEARED_POINTS, meta.counts.cleared_points.to_string()),
        (SHA256_KEY, String::from_utf8_lossy(&SHA256_BLANK).into_owned()),
    ];
    for (keys, state) in [(&BASE, &meta.base), (&RESULT, &meta.result)] {
        let root = |profile| RootText::Root(profile, state.roots.of(profile)).to_string();
        let source = serde_json::to_string(&state.source);
        text.push((keys.exact, root(Profile::Exact)));
        text.push((keys.f32, root(Profile::F32)));
        text.push((keys.points, state.points.to_string()));
        text.push((keys.last, state.last_ms.to_string()));
        text.push((keys.source, source.map_err(|e| Error::new(Kind::Io, e.to_string()))?));
    }
    Ok(text.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Reads the metadata of the footer and holds it against the changes.
pub(super) fn from_text(text: &BTreeMap<&str, &str>, counts: ChangeCounts) -> Result<Meta, Error> {
    let get =
        |key| text.get(key).copied().ok_or_else(|| damaged(format!("no {key} in the footer")));
    let expected = [
        (ADDED, counts.added),
        (REPLACED, counts.replaced),
        (DELETED, counts.deleted),
        (CLEARED_HOURS, counts.cleared_hours),
    ];
    for (key, expected) in expected {
        let found = get(key)?;
        if found != expected.to_string() {
            return Err(damaged(format!("{key}; found {}, expected {expected}", shown(found))));
        }
    }
    let scope = get(SCOPE)?.to_owned();
    let (base, result) = (state(&get, &BASE)?, state(&get, &RESULT)?);
    let cleared_points = get(CLEARED_POINTS)?;
    let cleared_points =
        cleared_points.parse().map_err(|_| damaged(format!("{CLEARED_POINTS} is no number")))?;
    let counts = ChangeCounts { cleared_points, ..counts };
    let gone = counts.deleted.checked_add(cleared_points);
    let points = base.points.checked_add(counts.added).zip(gone);
    if points.and_then(|(points, gone)| points.checked_sub(gone)) != Some(result.points) {
        return Err(damaged("its changes do not lead from the points of its base to its result's"));
    }
    Ok(Meta { base, result, scope, counts })
}

fn state<'a>(
    get: &impl Fn(&'static str) -> Result<&'a str, Error>,
    keys: &Keys,
) -> Result<State, Error> {
    let broken = |key| damaged(format!("{key} in the footer can't be read"));
    let root = |key, profile| match get(key)?.parse() {
        Ok(RootText::Root(found, root)) if found == profile => Ok(root),
        _ => Err(broken(key)),
    };
    Ok(State {
        roots: Roots {
            exact: root(keys.exact, Profile::Exact)?,
            f32: root(keys.f32, Profile::F32)?,
        },
        points: get(keys.points)?.parse().map_err(|_| broken(keys.points))?,
        last_ms: get(keys.last)?.parse().map_err(|_| broken(keys.last))?,
        source: serde_json::from_str(get(keys.source)?).map_err(|_| broken(keys.source))?,
    })
}
