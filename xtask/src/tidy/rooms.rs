//! The rooms of `ARCHITECTURE.md`, and which of them may use which.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::Fault;
use crate::shell;

/// A crate and what it may use in what ships.
struct Room {
    name: &'static str,
    /// Crates of ours.
    ours: &'static [&'static str],
    /// Crates of others; `None`: any that is not in [`OUTSIDE`].
    others: Option<&'static [&'static str]>,
}

const fn room(name: &'static str, ours: &'static [&'static str]) -> Room {
    Room { name, ours, others: None }
}

const ROOMS: &[Room] = &[
    Room { name: "tsdbproof-core", ours: &[], others: Some(&["sha2"]) },
    room("tsdbproof-formats", &["tsdbproof-core"]),
    room("tsdbproof", &["tsdbproof-core", "tsdbproof-formats"]),
    room("tsdbproof-sources", &["tsdbproof"]),
    room("tsdbproof-cli", &["tsdbproof", "tsdbproof-sources"]),
    room("tsdbproof-wasm", &["tsdbproof"]),
    room("tsdbproof-tests", &[]),
    room("xtask", &[]),
    room("xtask-web", &[]),
];

/// Crates that give an inner room away: it would know of hosts, arguments or threads.
const OUTSIDE: &[(&str, &[&str])] = &[
    (
        "tsdbproof-formats",
        &["serde", "serde_json", "rayon", "clap", "wasm-bindgen", "js-sys", "tokio"],
    ),
    (
        "tsdbproof",
        &["rayon", "clap", "wasm-bindgen", "js-sys", "web-sys", "tempfile", "glob", "tokio"],
    ),
    ("tsdbproof-sources", &["clap", "indicatif"]),
];

/// What `cargo metadata` tells against the table above.
pub(super) fn faults() -> Result<Vec<Fault>, String> {
    let metadata = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let metadata: Json = serde_json::from_str(&shell::output(shell::cargo(&metadata))?)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no package")?;
    let ours: BTreeSet<&str> = packages.iter().filter_map(|it| it["name"].as_str()).collect();
    Ok(packages.iter().flat_map(|package| faults_of(package, &ours)).collect())
}

fn faults_of(package: &Json, ours: &BTreeSet<&str>) -> Vec<Fault> {
    let name = package["name"].as_str().unwrap_or_default();
    let manifest = format!("the manifest of {name}");
    let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
        return vec![Fault::new(manifest, 0, "a room that xtask/src/tidy/rooms.rs does not know")];
    };
    let mut faults = Vec::new();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let used = dependency["name"].as_str().unwrap_or_default();
        // An optional one ships with the host that asks for it: types of reports in TypeScript.
        let is_shipped = dependency["kind"].is_null() && dependency["optional"] != true;
        if ours.contains(used) && dependency["req"] != "^0.0.0" {
            faults.push(Fault::new(&manifest, 0, format!("{used} needs version = \"0.0.0\"")));
        }
        if is_shipped && !may_use(room, used, ours.contains(used)) {
            faults.push(Fault::new(&manifest, 0, format!("{name} must not know {used}")));
        }
    }
    faults
}

fn may_use(room: &Room, used: &str, is_ours: bool) -> bool {
    if is_ours {
        return room.ours.contains(&used);
    }
    let mut outside = OUTSIDE.iter().filter(|(name, _)| *name == room.name);
    room.others.is_none_or(|others| others.contains(&used))
        && !outside.any(|(_, crates)| crates.contains(&used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_that_points_outwards_is_a_fault() {
        let room = |name| ROOMS.iter().find(|room| room.name == name).expect("a room");
        assert!(may_use(room("tsdbproof"), "tsdbproof-core", true));
        assert!(!may_use(room("tsdbproof-core"), "tsdbproof", true));
        assert!(!may_use(room("tsdbproof-core"), "serde", false));
        assert!(!may_use(room("tsdbproof-cli"), "tsdbproof-core", true));
        assert!(!may_use(room("tsdbproof"), "rayon", false));
    }
}
